//! What the tasks of a run write into.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_protocol::Uuid;

use crate::checker::Violation;
use crate::ground_truth::records;
use crate::history::{History, LogId, ProducerId, Promise};
use crate::world::World;

/// The history of a run with what is needed to write it. Cloning gives another handle.
#[derive(Clone)]
pub(super) struct Observer {
    world: World,
    doubtful: Doubtful,
    nothing_is_final: bool,
    observed: Arc<Mutex<Observed>>,
}

/// Who names topics without their ids: once there is another of the same name, nobody can
/// tell which one such a request means.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubtful {
    pub(super) producers: bool,
    pub(super) readers: bool,
}

#[derive(Default)]
pub(super) struct Observed {
    pub(super) history: History,
    pub(super) violations: Vec<Violation>,
    producers: Vec<(ProducerId, String)>,
    /// Which deleted topic held a value, at which offset; and how many logs were looked at.
    buried: BTreeMap<Vec<u8>, Vec<(i64, Uuid)>>,
    buried_logs: usize,
    /// The same of what compaction removed.
    compacted_logs: usize,
}

impl Observed {
    /// A producer, as far as it sends to this topic.
    pub(super) fn producer(&mut self, name: String, topic: &str, promise: Promise) -> ProducerId {
        let id = self.history.producer(name, promise);
        self.producers.push((id, topic.to_owned()));
        id
    }
}

impl Observer {
    pub(super) fn new(world: &World, doubtful: Doubtful, nothing_is_final: bool) -> Self {
        Self {
            world: world.clone(),
            doubtful,
            nothing_is_final,
            observed: Arc::default(),
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Whether a reader of this topic can't know, by now, which one it reads.
    pub(super) fn readers_doubt(&self, topic: &str) -> bool {
        self.doubtful.readers && self.world.was_recreated(topic)
    }

    /// See [`Plan::nothing_is_final`](super::plan::Plan::nothing_is_final).
    pub(super) fn nothing_is_final(&self) -> bool {
        self.nothing_is_final
    }

    /// Whether records of this topic may go.
    pub(super) fn is_disposable(&self, topic: &str) -> bool {
        let topics = self.world.disposable_topics();
        topics.iter().any(|disposable| disposable == topic)
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
        self.world.log(&mut self.lock().history, topic, partition)
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

    /// Who could not know which topic it wrote to may have written to both.
    pub(super) fn lower_promises(&self) {
        let mut observed = self.lock();
        let Observed {
            history, producers, ..
        } = &mut *observed;
        for (id, topic) in producers {
            if self.doubtful.producers && self.world.was_recreated(topic) {
                history.promise_at_most(*id, Promise::AtLeastOnce);
            }
        }
    }

    /// Copies what the brokers hold, and held, into the history.
    pub(super) fn note_ground_truth(&self) {
        let history = &mut self.lock().history;
        self.world.note_ground_truth(history);
        self.world.note_leader_epochs(history);
    }
}
