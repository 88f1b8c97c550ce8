//! Assigned consumers that read on while faults strike and commit what they read, and the
//! fresh one that reads everything in the end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use kafka_client::{
    Assignment, Batch, Consumer, Error, IsolationLevel, Kafka, OffsetReset, Start, TopicPartition,
};
use kafka_sim::{CommitOutcome, ConsumerId, GroupId, Isolation};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::record::Recorder;
use super::{PARTITIONS, RECOVERY, TOPIC};
use crate::{BoxError, clock};

/// One that reads on, and one that begins again and again where it committed.
const GROUPS: [&str; 2] = ["steady", "restarting"];
const COMMIT_EVERY: Duration = Duration::from_secs(1);

type Offsets = Arc<Mutex<BTreeMap<i32, i64>>>;

pub(super) struct Readers {
    /// The offsets to reach before stopping.
    stop: watch::Sender<Option<Vec<i64>>>,
    tasks: Vec<(&'static str, JoinHandle<Result<(), BoxError>>)>,
}

impl Readers {
    pub(super) async fn start(
        kafka: &Kafka,
        seed: u64,
        recorder: &Arc<Recorder>,
    ) -> Result<Self, BoxError> {
        let (stop, stopped) = watch::channel(None);
        let mut tasks = Vec::new();
        for group in GROUPS {
            let isolation = match group {
                "steady" => Isolation::ReadUncommitted,
                _ => Isolation::ReadCommitted,
            };
            let (id, group_id) = recorder
                .with(|history, _| (history.consumer(group, isolation), history.group(group)));
            let reader = Reader {
                kafka: kafka.clone(),
                group,
                group_id,
                id,
                isolation,
                recorder: recorder.clone(),
                positions: Arc::default(),
                stored: Arc::default(),
                restarts: (group == "restarting").then(|| Rng::with_seed(seed)),
            };
            tasks.push((group, tokio::spawn(reader.run(stopped.clone()))));
        }
        Ok(Self { stop, tasks })
    }

    /// Waits until they have read up to `ends`, by partition; what went wrong.
    pub(super) async fn stop(self, ends: &[i64]) -> Vec<String> {
        self.stop.send_replace(Some(ends.to_vec()));
        let mut problems = Vec::new();
        for (name, mut task) in self.tasks {
            match timeout(RECOVERY, &mut task).await {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(error))) => problems.push(format!("consumer {name}: {error}")),
                Ok(Err(error)) => problems.push(format!("consumer {name}: {error}")),
                Err(_) => {
                    problems.push(format!("consumer {name} did not reach the end of the logs"));
                    task.abort();
                }
            }
        }
        problems
    }
}

struct Reader {
    kafka: Kafka,
    group: &'static str,
    group_id: GroupId,
    id: ConsumerId,
    isolation: Isolation,
    recorder: Arc<Recorder>,
    /// What it was handed, by partition: the next offset.
    positions: Offsets,
    /// What its commits were acknowledged for, by partition.
    stored: Offsets,
    /// When to begin again, if at all.
    restarts: Option<Rng>,
}

/// Why a consumer stopped reading.
enum Stopped {
    ToBeginAgain,
    AtTheEnd,
}

impl Reader {
    async fn run(mut self, stop: watch::Receiver<Option<Vec<i64>>>) -> Result<(), BoxError> {
        loop {
            let mut consumer = self.begin().await?;
            let committing = tokio::spawn(commit_on(
                consumer.clone(),
                self.id,
                self.group_id,
                self.recorder.clone(),
                self.positions.clone(),
                self.stored.clone(),
            ));
            let restart_at = self.restarts.as_mut().map(|random| {
                Instant::from_std(clock::now() + Duration::from_millis(random.u64(15_000..60_000)))
            });
            let stopped = self.read(&mut consumer, restart_at, stop.clone()).await;
            // A commit under way is of unknown outcome then.
            committing.abort();
            let _ = committing.await;
            if let Ok(Stopped::AtTheEnd) = stopped {
                commit(
                    &consumer,
                    self.id,
                    self.group_id,
                    &self.recorder,
                    &self.positions,
                    &self.stored,
                )
                .await;
            }
            // What it holds is of no use any more: a close that fails loses nothing.
            let _ = consumer.close(Duration::from_secs(5)).await;
            if let Stopped::AtTheEnd = stopped? {
                return Ok(());
            }
        }
    }

    /// A consumer that begins where the group has committed.
    async fn begin(&self) -> Result<Consumer, BoxError> {
        let level = match self.isolation {
            Isolation::ReadCommitted => IsolationLevel::ReadCommitted,
            _ => IsolationLevel::ReadUncommitted,
        };
        let consumer = self
            .kafka
            .consumer()
            .group(self.group)
            .isolation(level)
            .offset_reset(OffsetReset::Fail)
            .build()
            .await?;
        let committed = patiently(|| consumer.committed(partitions())).await?;
        let mut starts = Vec::new();
        for (partition, committed) in committed {
            let offset = committed.map_or(0, |committed| committed.offset);
            // Nobody else commits for the group, and each consumer goes on only.
            let acknowledged = lock(&self.stored).get(&partition.partition).copied();
            if acknowledged > Some(offset) {
                return Err(format!(
                    "{partition}: {offset} is what the group has committed, though \
                     {acknowledged:?} was acknowledged before"
                )
                .into());
            }
            starts.push((partition.partition, offset));
        }
        *self.lock() = starts.iter().copied().collect();
        self.recorder.with(|history, now| {
            for (partition, offset) in &starts {
                let log = self.recorder.log(history, *partition);
                history.assign(now, self.id, log, Some(*offset));
            }
        });
        consumer.assign(starts.into_iter().map(|(partition, offset)| {
            let start = match offset {
                0 => Start::Earliest,
                offset => Start::Offset(offset),
            };
            Assignment::new(TOPIC, partition, start)
        }))?;
        Ok(consumer)
    }

    async fn read(
        &self,
        consumer: &mut Consumer,
        restart_at: Option<Instant>,
        mut stop: watch::Receiver<Option<Vec<i64>>>,
    ) -> Result<Stopped, BoxError> {
        let far = Instant::from_std(clock::now() + Duration::from_secs(1_000_000));
        let restart = sleep_until(restart_at.unwrap_or(far));
        tokio::pin!(restart);
        let mut ends = stop.borrow().clone();
        loop {
            if ends.as_ref().is_some_and(|ends| self.is_at(ends)) {
                return Ok(Stopped::AtTheEnd);
            }
            tokio::select! {
                biased;
                // Not any more once the end is in sight.
                () = &mut restart, if ends.is_none() => return Ok(Stopped::ToBeginAgain),
                changed = stop.changed(), if ends.is_none() => {
                    changed?;
                    ends.clone_from(&stop.borrow());
                }
                batch = consumer.next_batch() => match batch {
                    Ok(Some(batch)) => self.note(&batch),
                    Ok(None) => return Err("the consumer ended".into()),
                    // Something has lasted for a minute: it goes on trying.
                    Err(error) if error.is_retriable() => println!("consumer {}: {error}", self.group),
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    fn note(&self, batch: &Batch) {
        note(&self.recorder, self.id, batch);
        self.lock().insert(batch.partition(), batch.next_offset());
    }

    fn is_at(&self, ends: &[i64]) -> bool {
        let positions = self.lock();
        (0..)
            .zip(ends)
            .all(|(partition, end)| positions.get(&partition).copied().unwrap_or(0) >= *end)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, i64>> {
        lock(&self.positions)
    }
}

fn lock(offsets: &Mutex<BTreeMap<i32, i64>>) -> MutexGuard<'_, BTreeMap<i32, i64>> {
    offsets.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(recorder: &Recorder, id: ConsumerId, batch: &Batch) {
    recorder.with(|history, now| {
        let log = recorder.log(history, batch.partition());
        let records = batch.records();
        let records = records.map(|r| (r.offset(), r.value().unwrap_or_default()));
        history.poll(now, id, log, records);
    });
}

async fn commit_on(
    consumer: Consumer,
    id: ConsumerId,
    group: GroupId,
    recorder: Arc<Recorder>,
    positions: Offsets,
    stored: Offsets,
) {
    loop {
        sleep(COMMIT_EVERY).await;
        commit(&consumer, id, group, &recorder, &positions, &stored).await;
    }
}

/// Commits everything that was handed out.
async fn commit(
    consumer: &Consumer,
    id: ConsumerId,
    group: GroupId,
    recorder: &Recorder,
    positions: &Mutex<BTreeMap<i32, i64>>,
    stored: &Mutex<BTreeMap<i32, i64>>,
) {
    let positions = lock(positions).clone();
    let commits = recorder.with(|history, now| {
        let positions = positions.iter();
        let commits = positions.map(|(partition, offset)| {
            let log = recorder.log(history, *partition);
            history.commit(now, id, group, log, *offset)
        });
        commits.collect::<Vec<_>>()
    });
    let offsets = positions.iter();
    let offsets = offsets.map(|(partition, offset)| ((TOPIC, *partition), *offset));
    let outcome = match consumer.commit_offsets(offsets).await {
        Ok(()) => {
            lock(stored).extend(positions);
            CommitOutcome::Stored
        }
        Err(_) => CommitOutcome::Indeterminate,
    };
    recorder.with(|history, now| {
        for commit in commits {
            history.committed(now, commit, outcome);
        }
    });
}

/// A fresh consumer reads everything up to `ends`.
pub(super) async fn read_all(
    kafka: &Kafka,
    ends: &[i64],
    recorder: &Recorder,
) -> Result<(), BoxError> {
    let mut consumer = kafka
        .consumer()
        .offset_reset(OffsetReset::Fail)
        .assign(partitions().map(|(topic, n)| Assignment::new(topic, n, Start::Earliest)))
        .build()
        .await?;
    let id = recorder.with(|history, now| {
        let id = history.fresh_consumer("fresh", Isolation::ReadUncommitted);
        for partition in 0..PARTITIONS {
            let log = recorder.log(history, partition);
            history.assign(now, id, log, Some(0));
        }
        id
    });
    let mut left: BTreeMap<i32, i64> = (0..).zip(ends.iter().copied()).collect();
    left.retain(|_, end| *end > 0);
    while !left.is_empty() {
        let batch = consumer.next_batch().await?.ok_or("the consumer ended")?;
        note(recorder, id, &batch);
        left.retain(|partition, end| *partition != batch.partition() || batch.next_offset() < *end);
    }
    consumer.close(Duration::from_secs(10)).await?;
    Ok(())
}

/// What the groups have stored in the end.
pub(super) async fn stored_offsets(kafka: &Kafka, recorder: &Recorder) -> Result<(), BoxError> {
    for group in GROUPS {
        let consumer = kafka.consumer().group(group).build().await?;
        let stored = patiently(|| consumer.committed(partitions())).await?;
        recorder.with(|history, _| {
            let group = history.group(group);
            for (TopicPartition { partition, .. }, stored) in stored {
                let log = recorder.log(history, partition);
                history.stored_offset(group, log, stored.map(|stored| stored.offset));
            }
        });
    }
    Ok(())
}

fn partitions() -> impl Iterator<Item = (&'static str, i32)> {
    (0..PARTITIONS).map(|partition| (TOPIC, partition))
}

/// Faults can outlast a call's own patience, but not for long.
async fn patiently<T, F: Future<Output = Result<T, Error>>>(
    mut call: impl FnMut() -> F,
) -> Result<T, Error> {
    for _ in 0..4 {
        match call().await {
            Err(error) if error.is_retriable() => println!("trying again: {error}"),
            result => return result,
        }
    }
    call().await
}
