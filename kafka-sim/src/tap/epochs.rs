//! The leader epochs that clients state in their requests: what they believe.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::messages::{FetchRequest, ListOffsetsRequest};
use kafka_protocol::{StrBytes, Uuid};

/// Of one partition, by one client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) client: StrBytes,
    /// Named by either.
    pub(crate) topic: StrBytes,
    pub(crate) topic_id: Uuid,
    pub(crate) partition: i32,
}

/// When an epoch was stated first, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: Duration,
    pub(crate) last: Duration,
}

/// By subject and epoch.
pub(crate) type StatedEpochs = BTreeMap<Subject, BTreeMap<i32, Span>>;

/// A request that was begun to be written at `at`.
pub(super) fn note_fetch(
    stated: &mut StatedEpochs,
    client: &StrBytes,
    at: Duration,
    request: &FetchRequest,
) {
    for topic in &request.topics {
        for partition in &topic.partitions {
            let epoch = partition.current_leader_epoch;
            let subject = || Subject {
                client: client.clone(),
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                partition: partition.partition,
            };
            note(stated, at, epoch, subject);
        }
    }
}

/// The same.
pub(super) fn note_list_offsets(
    stated: &mut StatedEpochs,
    client: &StrBytes,
    at: Duration,
    request: &ListOffsetsRequest,
) {
    for topic in &request.topics {
        for partition in &topic.partitions {
            let epoch = partition.current_leader_epoch;
            let subject = || Subject {
                client: client.clone(),
                topic: topic.name.clone(),
                topic_id: Uuid::ZERO,
                partition: partition.partition_index,
            };
            note(stated, at, epoch, subject);
        }
    }
}

fn note(stated: &mut StatedEpochs, at: Duration, epoch: i32, subject: impl FnOnce() -> Subject) {
    if epoch < 0 {
        return;
    }
    let epochs = stated.entry(subject()).or_default();
    let span = epochs.entry(epoch).or_insert(Span {
        first: at,
        last: at,
    });
    // Links are read as bytes arrive: what was written first may arrive last.
    span.first = span.first.min(at);
    span.last = span.last.max(at);
}
