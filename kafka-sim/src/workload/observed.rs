//! What the tasks of a run write into.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_protocol::Uuid;
use kafka_protocol::records::{BatchLimits, RecordBatch};

use crate::checker::Violation;
use crate::history::{History, LogId, Visibility};
use crate::world::World;

/// The history of a run with what is needed to write it. Cloning gives another handle.
#[derive(Clone)]
pub(super) struct Observer {
    world: World,
    doubtful: Doubtful,
    observed: Arc<Mutex<Observed>>,
}

/// Topics of which a client can't know whether they are the ones they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubtful {
    pub(super) for_producers: Vec<String>,
    pub(super) for_readers: Vec<String>,
}

#[derive(Default)]
pub(super) struct Observed {
    pub(super) history: History,
    pub(super) violations: Vec<Violation>,
    /// Which deleted topic held a value, at which offset; and how many logs were looked at.
    buried: BTreeMap<Vec<u8>, Vec<(i64, Uuid)>>,
    buried_logs: usize,
    /// The same of what compaction removed.
    compacted_logs: usize,
}

impl Observer {
    pub(super) fn new(world: &World, doubtful: Doubtful) -> Self {
        Self {
            world: world.clone(),
            doubtful,
            observed: Arc::default(),
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn doubtful(&self) -> &Doubtful {
        &self.doubtful
    }

    pub(super) fn now(&self) -> Duration {
        self.world.trace().virtual_time()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Observed> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that should have happened and did not.
    pub(super) fn failed(&self, facts: impl Into<String>) {
        let violation = Violation::liveness(facts);
        self.world.trace().note(format_args!("{violation}"));
        self.lock().violations.push(violation);
    }

    /// The log of the topic as it is now.
    pub(super) fn present(&self, topic: &str, partition: i32) -> LogId {
        let id = self.world.cluster().topic_id(topic).unwrap_or_default();
        self.lock().history.log(topic, &id.to_string(), partition)
    }

    /// The log that holds or held this value at this offset: topics are made anew, and
    /// neither acknowledgements nor batches tell which one they mean.
    pub(super) fn log_of(
        &self,
        topic: &str,
        partition: i32,
        offset: Option<i64>,
        value: &[u8],
    ) -> LogId {
        let mut observed = self.lock();
        let removed = self.world.removed_since(observed.buried_logs);
        observed.buried_logs += removed.len();
        for log in &removed {
            for (offset, value) in records(&log.batches) {
                let places = observed.buried.entry(value).or_default();
                places.push((offset, log.topic_id));
            }
        }
        let compacted = self.world.compacted_since(observed.compacted_logs);
        observed.compacted_logs += compacted.len();
        for log in &compacted {
            for (offset, value) in records(&log.batches) {
                if log.removed.contains(&offset) {
                    let places = observed.buried.entry(value).or_default();
                    places.push((offset, log.topic_id));
                }
            }
        }
        let places = observed.buried.get(value);
        let mut places = places.into_iter().flatten();
        let id = places.find(|(at, _)| offset.is_none_or(|offset| *at == offset));
        let id = id.map(|(_, id)| *id);
        let id = id.or_else(|| self.world.cluster().topic_id(topic));
        let id = id.unwrap_or_default().to_string();
        observed.history.log(topic, &id, partition)
    }

    /// Copies what the brokers hold, and held, into the history.
    pub(super) fn note_ground_truth(&self) {
        let cluster = self.world.cluster();
        let mut observed = self.lock();
        let history = &mut observed.history;
        for log in self.world.removed_since(0) {
            let id = history.log(&log.topic, &log.topic_id.to_string(), log.partition);
            history.removed_below(id, log.below);
            for (offset, value) in records(&log.batches) {
                if offset < log.below {
                    history.stored(id, offset, value, Visibility::Committed);
                }
            }
        }
        for log in self.world.compacted_since(0) {
            let id = history.log(&log.topic, &log.topic_id.to_string(), log.partition);
            history.compacted(id);
            for (offset, value) in records(&log.batches) {
                if log.removed.contains(&offset) {
                    history.stored_until(log.at, id, offset, value, Visibility::Committed);
                }
            }
        }
        for topic in cluster.topic_names() {
            let topic_id = cluster.topic_id(&topic).unwrap_or_default().to_string();
            for partition in 0..cluster.partition_count(&topic) {
                let id = history.log(&topic, &topic_id, partition);
                let start = cluster.start_offset(&topic, partition);
                for (offset, value) in records(&cluster.log(&topic, partition)) {
                    if offset >= start {
                        history.stored(id, offset, value, Visibility::Committed);
                    }
                }
            }
        }
    }
}

/// Offset and value of every record.
fn records(batches: &[RecordBatch]) -> Vec<(i64, Vec<u8>)> {
    let limits = BatchLimits::default();
    let mut found = Vec::new();
    for batch in batches {
        match batch.decompress(&limits) {
            Ok(records) => {
                for record in &records {
                    found.push((record.offset(), record.value().unwrap_or_default().to_vec()));
                }
            }
            Err(error) => {
                let problem = format!("unreadable batch: {error}");
                found.push((batch.base_offset(), problem.into_bytes()));
            }
        }
    }
    found
}
