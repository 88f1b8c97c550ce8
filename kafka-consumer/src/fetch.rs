//! The fetch request, and what the error codes of its answer mean.
//!
//! Each request names everything it wants (session id 0, epoch −1: no incremental
//! session, KIP-227). From v13 on topics go by id, before by name; a request
//! carries both, and whichever the version knows is written.

use std::time::Duration;

use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic};
use kafka_protocol::{ErrorCode, Uuid};

use crate::config::ConsumerConfig;
use crate::partition::Partition;

/// The last version that names topics instead of giving their ids.
const LAST_BY_NAME: i16 = 12;

/// Gathers partitions into a request, in the order in which the broker is to fill
/// its answer.
#[derive(Debug)]
pub(crate) struct Builder {
    request: FetchRequest,
    max_bytes: i32,
    by_name: bool,
}

impl Builder {
    /// For an answer of at most `max_bytes`, which the broker may hold for `wait`.
    pub(crate) fn new(config: &ConsumerConfig, max_bytes: usize, wait: Duration) -> Self {
        let max_bytes = to_i32(max_bytes);
        let mut request = FetchRequest::new();
        request.max_wait_ms = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        request.min_bytes = to_i32(config.fetch_min_bytes).min(max_bytes);
        request.max_bytes = max_bytes;
        request.isolation_level = config.isolation.code();
        Self {
            request,
            max_bytes,
            by_name: false,
        }
    }

    /// Asks for records of `partition` from `offset` on.
    pub(crate) fn add(&mut self, partition: &Partition, offset: i64) {
        self.by_name |= partition.topic_id == Uuid::default();
        let mut wanted = FetchPartition::new();
        wanted.partition = partition.name.partition;
        wanted.fetch_offset = offset;
        wanted.current_leader_epoch = partition.leader_epoch;
        wanted.partition_max_bytes = to_i32(partition.fetch_bytes).min(self.max_bytes);
        let topics = &mut self.request.topics;
        match topics.last_mut() {
            Some(last) if last.topic == partition.name.topic => last.partitions.push(wanted),
            _ => {
                let mut topic = FetchTopic::new();
                topic.topic = partition.name.topic.clone();
                topic.topic_id = partition.topic_id;
                topic.partitions.push(wanted);
                topics.push(topic);
            }
        }
    }

    /// The request and the highest version it may be sent in.
    pub(crate) fn build(self) -> (FetchRequest, Option<i16>) {
        (self.request, self.by_name.then_some(LAST_BY_NAME))
    }
}

fn to_i32(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

/// What an error code of a fetched partition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Records,
    /// Whoever answered leads the partition, and will be able to later.
    Retry,
    /// Who leads the partition, or what its topic is, has to be asked again.
    RefreshAndRetry,
    /// The offset is not in the log: the policy decides.
    OutOfRange,
    /// Asking again would bring the same.
    Stop,
}

/// Reads the error code of a fetched partition.
pub(crate) fn verdict(code: ErrorCode) -> Verdict {
    match code {
        ErrorCode::None => Verdict::Records,
        ErrorCode::OffsetOutOfRange => Verdict::OutOfRange,
        // The log on the broker's disk is damaged; Kafka's own client gives up too.
        ErrorCode::CorruptMessage => Verdict::Stop,
        // The broker will catch up with the high watermark.
        ErrorCode::OffsetNotAvailable
        // "Something unexpected": Kafka's own client tries again.
        | ErrorCode::UnknownServerError => Verdict::Retry,
        // Meant for followers; a leader that is asked again reads the tiered part.
        ErrorCode::OffsetMovedToTieredStorage
        | ErrorCode::BrokerNotAvailable
        // Either the broker is behind, or the topic was made anew and its epochs
        // began again, which only the metadata tells.
        | ErrorCode::UnknownLeaderEpoch => Verdict::RefreshAndRetry,
        code if code.is_retriable() => match kafka_router::disposition(code) {
            kafka_router::Disposition::Retry => Verdict::Retry,
            _ => Verdict::RefreshAndRetry,
        },
        _ => Verdict::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that a fetch does not stop at, by their numbers; everything else
    /// stops the partition with an error.
    const RETRIED: &[i16] = &[
        -1, 7, 13, 14, 15, 16, 19, 20, 51, 70, 71, 78, 88, 89, 106, 122, 123, 133,
    ];
    const REFRESHED: &[i16] = &[3, 5, 6, 8, 9, 41, 56, 72, 74, 75, 80, 83, 84, 100, 103, 109];

    #[test]
    fn every_code_has_its_verdict() {
        for code in i16::MIN..=i16::MAX {
            let expected = match code {
                0 => Verdict::Records,
                1 => Verdict::OutOfRange,
                code if REFRESHED.contains(&code) => Verdict::RefreshAndRetry,
                code if RETRIED.contains(&code) => match ErrorCode::from(code) {
                    // Not what a fetch is answered with; whoever says it is not
                    // who was meant.
                    ErrorCode::NetworkException
                    | ErrorCode::CoordinatorNotAvailable
                    | ErrorCode::NotCoordinator => Verdict::RefreshAndRetry,
                    _ => Verdict::Retry,
                },
                _ => Verdict::Stop,
            };
            assert_eq!(verdict(ErrorCode::from(code)), expected, "{code}");
        }
    }
}
