//! The consumer that reads on through all faults, and the fresh one that reads everything in
//! the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_client::{Assignment, Consumer, Kafka, OffsetReset, Start};
use kafka_sim::{ConsumerId, Isolation};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::board::{Board, Place};
use super::{FLEETING, RECOVERY, TOPICS};
use crate::{BoxError, clock};

pub(super) struct Reader {
    consumer: Consumer,
    id: ConsumerId,
    board: Arc<Board>,
    task: JoinHandle<()>,
}

impl Reader {
    /// Reads nothing yet.
    pub(super) async fn start(kafka: &Kafka, board: &Arc<Board>) -> Result<Self, BoxError> {
        let consumer = consumer(kafka).await?;
        let id = board.with(|notes, _| {
            let isolation = Isolation::ReadUncommitted;
            notes.history.consumer("steady", isolation)
        });
        let task = tokio::spawn(read(consumer.clone(), id, board.clone()));
        Ok(Self {
            consumer,
            id,
            board: board.clone(),
            task,
        })
    }

    /// Reads this partition as well.
    pub(super) fn add(&self, place: Place) -> Result<(), BoxError> {
        assign(&self.consumer, &self.board, self.id, place)
    }

    /// Waits until it has read up to these offsets, and closes it.
    pub(super) async fn stop(&self, ends: &BTreeMap<Place, i64>) {
        let deadline = clock::now() + RECOVERY;
        loop {
            let behind = self.board.with(|notes, _| {
                let mut ends = ends.iter();
                let behind = ends.find(|(place, end)| !notes.is_read(**place, **end));
                behind.map(|(place, end)| (*place, *end, notes.positions.get(place).copied()))
            });
            let Some(behind) = behind else { break };
            if clock::now() >= deadline || self.task.is_finished() {
                self.board.problem(format!(
                    "the consumer did not reach the end of a log: {behind:?}"
                ));
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        self.task.abort();
        // It has nothing to lose.
        let _ = self.consumer.close(Duration::from_secs(5)).await;
    }
}

/// What is deleted is read anew from its beginning, in its next incarnation.
async fn consumer(kafka: &Kafka) -> Result<Consumer, BoxError> {
    let consumer = kafka.consumer().offset_reset(OffsetReset::Earliest);
    Ok(consumer.build().await?)
}

fn assign(
    consumer: &Consumer,
    board: &Board,
    id: ConsumerId,
    place: Place,
) -> Result<(), BoxError> {
    let (topic, partition) = place;
    if topic != FLEETING {
        board.with(|notes, now| {
            let log = notes.log(place);
            notes.history.assign(now, id, log, Some(0));
        });
    }
    let assignment = Assignment::new(topic, partition, Start::Earliest);
    Ok(consumer.incremental_assign([assignment])?)
}

fn known(topic: &str) -> Option<&'static str> {
    TOPICS.into_iter().find(|known| *known == topic)
}

async fn read(mut consumer: Consumer, id: ConsumerId, board: Arc<Board>) {
    loop {
        match consumer.next_batch().await {
            Ok(Some(batch)) => {
                if let Some(topic) = known(batch.topic()) {
                    board.read(id, (topic, batch.partition()), &batch);
                }
            }
            Ok(None) => return,
            // Something has lasted for a minute: it goes on trying.
            Err(error) if error.is_retriable() => println!("the consumer: {error}"),
            Err(error) => return board.problem(format!("the consumer: {error}")),
        }
    }
}

/// The end of each partition's log.
pub(super) async fn ends(
    kafka: &Kafka,
    places: &[Place],
) -> Result<BTreeMap<Place, i64>, BoxError> {
    let consumer = consumer(kafka).await?;
    let found = consumer.end_offsets(places.iter().copied()).await?;
    let places = found
        .into_iter()
        .filter_map(|(found, end)| Some(((known(&found.topic)?, found.partition), end)));
    Ok(places.collect())
}

/// A fresh consumer reads everything up to `ends`.
pub(super) async fn read_all(
    kafka: &Kafka,
    board: &Board,
    ends: &BTreeMap<Place, i64>,
) -> Result<(), BoxError> {
    let mut consumer = consumer(kafka).await?;
    let id = board.with(|notes, _| {
        let isolation = Isolation::ReadUncommitted;
        notes.history.fresh_consumer("fresh", isolation)
    });
    for place in ends.keys() {
        assign(&consumer, board, id, *place)?;
    }
    let mut left = ends.clone();
    left.retain(|_, end| *end > 0);
    while !left.is_empty() {
        let batch = timeout(RECOVERY, consumer.next_batch()).await;
        let batch = batch.map_err(|_| format!("a fresh consumer is stuck before {left:?}"))?;
        let batch = batch?.ok_or("the consumer ended")?;
        let topic = known(batch.topic()).ok_or("another topic")?;
        let place = (topic, batch.partition());
        board.with(|notes, now| {
            let records = batch.records();
            let records = records.map(|r| (r.offset(), r.value().unwrap_or_default()));
            if topic == FLEETING {
                let end = ends.get(&place).copied().unwrap_or_default();
                let below = records.filter(|(offset, _)| *offset < end);
                return below.for_each(|(offset, value)| {
                    notes.fleeting.held(place.1, offset, value);
                });
            }
            let log = notes.log(place);
            notes.history.poll(now, id, log, records);
        });
        left.retain(|at, end| *at != place || batch.next_offset() < *end);
    }
    consumer.close(Duration::from_secs(10)).await?;
    Ok(())
}
