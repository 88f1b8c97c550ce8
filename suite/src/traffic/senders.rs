//! One idempotent producer, and a task for each partition that sends through it at a steady
//! pace.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_client::{Delivery, Idempotence, Kafka, Producer, ProducerMetrics, RecordRef};
use kafka_sim::Promise;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::board::{Board, Place, Sent};
use super::fleeting::Outcome;
use crate::BoxError;

/// A partition gets so many records at a time …
const BURST: usize = 2;
/// … so often.
const PACE: Duration = Duration::from_millis(100);
/// Deliveries of one partition that may be waited for; then its sending waits.
const WAITING: usize = 20_000;
/// No fault keeps a partition away for so long.
const PATIENT: Duration = Duration::from_secs(120);

pub(super) struct Senders {
    producer: Producer,
    board: Arc<Board>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<(Place, JoinHandle<()>)>>,
}

impl Senders {
    pub(super) async fn start(kafka: &Kafka, board: &Arc<Board>) -> Result<Self, BoxError> {
        let producer = kafka
            .producer()
            .idempotence(Idempotence::Required)
            .linger(Duration::from_millis(2))
            .delivery_timeout(PATIENT)
            .build()
            .await?;
        Ok(Self {
            producer,
            board: board.clone(),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
        })
    }

    /// Sends to this partition as well, from when the producer knows it.
    pub(super) fn add(&self, place: Place) {
        let (deliveries, waiting) = mpsc::channel(WAITING);
        let resolving = resolve(self.board.clone(), place, waiting);
        let sending = send(
            self.producer.clone(),
            self.board.clone(),
            place,
            deliveries,
            self.stop.subscribe(),
        );
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push((place, tokio::spawn(resolving)));
        tasks.push((place, tokio::spawn(sending)));
    }

    /// Produce requests in flight to a broker, or to all.
    pub(super) fn in_flight(&self, broker: Option<u32>) -> usize {
        let in_flight = self.producer.metrics().in_flight;
        let wanted = in_flight
            .iter()
            .filter(|(id, _)| broker.is_none_or(|broker| broker.cast_signed() == **id));
        wanted.map(|(_, requests)| requests.now).sum()
    }

    pub(super) fn metrics(&self) -> ProducerMetrics {
        self.producer.metrics()
    }

    /// Sends no more and waits for all outcomes.
    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for ((topic, partition), task) in tasks {
            let problem = match timeout(PATIENT + Duration::from_secs(60), task).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "some sends have no outcome".to_owned(),
            };
            self.board
                .problem(format!("sending to {topic}-{partition}: {problem}"));
        }
        if let Err(error) = self.producer.close(Duration::from_secs(30)).await {
            self.board
                .problem(format!("the producer did not close: {error}"));
        }
    }
}

async fn send(
    producer: Producer,
    board: Arc<Board>,
    place: Place,
    deliveries: mpsc::Sender<(Sent, Delivery)>,
    stop: watch::Receiver<bool>,
) {
    let (topic, partition) = place;
    let name = format!("sender to {topic}-{partition}");
    let id = board.with(|notes, _| notes.history.producer(name, Promise::ExactlyOnce));
    let mut handle = match producer.topic(topic).await {
        Ok(handle) => handle,
        Err(error) => return board.problem(format!("no producer for {topic}: {error}")),
    };
    // A partition that was added takes records once the metadata tells of it.
    while handle.partition_count() <= partition as usize && !*stop.borrow() {
        sleep(PACE).await;
    }
    let mut ticks = interval(PACE);
    // A stall is not made up for: the rate stays what it is.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0_u64.. {
        if n.is_multiple_of(BURST as u64) {
            ticks.tick().await;
        }
        if *stop.borrow() {
            break;
        }
        let (sent, value) = board.send(place, id, n);
        let record = RecordRef::value(value.as_bytes()).with_partition(partition);
        match handle.send(record).await {
            Ok(delivery) => {
                board.accepted(sent);
                // Nobody resolves any more only if that task panicked, which its join tells.
                let _ = deliveries.send((sent, delivery)).await;
            }
            // Not accepted, so not written.
            Err(error) => {
                let refused = format!("{topic}-{partition}: {error}");
                match sent {
                    Sent::Lasting(_) => board.problem(refused),
                    Sent::Fleeting(_) => println!("{refused}"),
                }
                board.resolve(place, sent, Outcome::Failed);
            }
        }
    }
}

async fn resolve(board: Arc<Board>, place: Place, mut waiting: mpsc::Receiver<(Sent, Delivery)>) {
    while let Some((sent, delivery)) = waiting.recv().await {
        let outcome = match delivery.await {
            Ok(ack) => Outcome::Delivered(ack.offset),
            Err(error) => {
                if let Sent::Lasting(_) = sent {
                    let (topic, partition) = place;
                    board.problem(format!(
                        "{topic}-{partition} stays, and a record of it was lost: {error}"
                    ));
                }
                match error.possibly_written() {
                    true => Outcome::Unknown,
                    false => Outcome::Failed,
                }
            }
        };
        board.resolve(place, sent, outcome);
    }
}
