//! What someone who does not wait wants to be brought up to date.

use std::collections::BTreeSet;

use kafka_protocol::StrBytes;

/// Wishes gathered until the next question.
#[derive(Debug, Default)]
pub(super) struct Nudges {
    /// The brokers, at least.
    any: bool,
    /// All topics in use.
    all: bool,
    topics: BTreeSet<StrBytes>,
}

impl Nudges {
    /// The brokers and these topics.
    pub(super) fn part(&mut self, topics: impl IntoIterator<Item = StrBytes>) {
        self.any = true;
        self.topics.extend(topics);
    }

    /// The brokers and all topics in use.
    pub(super) fn everything(&mut self) {
        self.any = true;
        self.all = true;
    }

    pub(super) fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }

    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// The topics, and whether all are wanted; nothing is left.
    pub(super) fn take(&mut self) -> (BTreeSet<StrBytes>, bool) {
        let Self { topics, all, .. } = std::mem::take(self);
        (topics, all)
    }
}
