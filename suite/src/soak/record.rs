//! The history that all tasks of a run write into.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_sim::{History, LogId};

use super::TOPIC;
use crate::clock;

pub(super) struct Recorder {
    started: Instant,
    topic_id: String,
    history: Mutex<History>,
}

impl Recorder {
    pub(super) fn start(topic_id: String) -> Self {
        Self {
            started: clock::now(),
            topic_id,
            history: Mutex::default(),
        }
    }

    /// Since the start of the run.
    pub(super) fn now(&self) -> Duration {
        clock::now() - self.started
    }

    /// Under the lock, so that the times of the history go forward.
    pub(super) fn with<T>(&self, note: impl FnOnce(&mut History, Duration) -> T) -> T {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut history, self.now())
    }

    pub(super) fn log(&self, history: &mut History, partition: i32) -> LogId {
        history.log(TOPIC, &self.topic_id, partition)
    }
}
