//! ListOffsets: where a log begins and ends, and what was written when.

use std::collections::BTreeMap;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;
use kafka_protocol::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsTopic,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};
use kafka_router::{Disposition, disposition};

use crate::assignment::TopicPartition;
use crate::config::IsolationLevel;

/// What came of asking for one offset.
#[derive(Clone, Debug)]
pub(crate) enum OffsetFound {
    At {
        offset: i64,
        /// Of the record there, in milliseconds; −1 where none was asked for.
        timestamp: i64,
    },
    /// No record has that timestamp or a later one.
    None,
    /// This partition may be asked again.
    Retry {
        error: Error,
        /// Whether its leader has to be asked for first.
        refresh: bool,
    },
    /// The request as a whole failed; the broker has its own back-off.
    Later,
    Failed(Error),
}

impl OffsetFound {
    /// The meaning of an error code other than "none".
    pub(crate) fn of_code(code: ErrorCode) -> Self {
        let error = Error::broker(code);
        match code {
            ErrorCode::UnknownServerError => Self::Retry {
                error,
                refresh: false,
            },
            // The topic may have been made anew, and its epochs have begun again.
            ErrorCode::UnknownLeaderEpoch => Self::Retry {
                error,
                refresh: true,
            },
            ErrorCode::UnsupportedForMessageFormat => Self::Failed(error.with_hint(
                "the topic's message format has no timestamps (before Kafka 0.10); \
                 start from an offset instead",
            )),
            _ => match disposition(code) {
                Disposition::Fail => Self::Failed(error),
                Disposition::Retry | Disposition::FindCoordinatorAndRetry => Self::Retry {
                    error,
                    refresh: false,
                },
                Disposition::RefreshAndRetry | Disposition::FindControllerAndRetry => Self::Retry {
                    error,
                    refresh: true,
                },
            },
        }
    }
}

/// One offset to ask for: the partition, its leader's epoch, and −2 for the first
/// offset, −1 for the end, or milliseconds since 1970.
pub(crate) type Question<'a> = (&'a TopicPartition, i32, i64);

/// The lowest version that can carry a question: v0 knows the ends of the log, but
/// finds timestamps only to the nearest log file (KIP-79).
pub(crate) fn min_version(timestamp: i64) -> i16 {
    i16::from(timestamp >= 0)
}

/// The request in this version.
pub(crate) fn request<'a>(
    version: i16,
    isolation: IsolationLevel,
    timeout_ms: i32,
    questions: impl IntoIterator<Item = Question<'a>>,
) -> ListOffsetsRequest {
    let mut request = ListOffsetsRequest::new();
    request.replica_id = -1;
    if version >= 2 {
        // Before, there were no transactions.
        request.isolation_level = isolation.code();
    }
    request.timeout_ms = timeout_ms;
    for (partition, leader_epoch, timestamp) in questions {
        let mut wanted = ListOffsetsPartition::new();
        wanted.partition_index = partition.partition;
        wanted.current_leader_epoch = leader_epoch;
        wanted.timestamp = timestamp;
        match request.topics.last_mut() {
            Some(last) if last.name == partition.topic => last.partitions.push(wanted),
            _ => {
                let mut topic = ListOffsetsTopic::new();
                topic.name = partition.topic.clone();
                topic.partitions.push(wanted);
                request.topics.push(topic);
            }
        }
    }
    request
}

/// The answer to each of `asked`, in their order.
pub(crate) fn read<'a>(
    asked: impl IntoIterator<Item = &'a TopicPartition>,
    response: &ListOffsetsResponse,
) -> Vec<OffsetFound> {
    let topics = response.topics.iter();
    let answers: BTreeMap<(&str, i32), &ListOffsetsPartitionResponse> = topics
        .flat_map(|topic| {
            let name = topic.name.as_str();
            let partitions = topic.partitions.iter();
            partitions.map(move |partition| ((name, partition.partition_index), partition))
        })
        .collect();
    asked
        .into_iter()
        .map(|wanted| {
            let answer = answers.get(&(wanted.topic.as_str(), wanted.partition));
            answer.map_or_else(left_out, |answer| found_in(answer))
        })
        .collect()
}

/// The broker said nothing of a partition that it was asked about.
fn left_out() -> OffsetFound {
    OffsetFound::Retry {
        error: Error::new(ErrorKind::UnexpectedResponse)
            .with_message("the broker's answer leaves the partition out"),
        refresh: true,
    }
}

fn found_in(answer: &ListOffsetsPartitionResponse) -> OffsetFound {
    let code = ErrorCode::from(answer.error_code);
    if code != ErrorCode::None {
        return OffsetFound::of_code(code);
    }
    let offset = answer
        .old_style_offsets
        .first()
        .copied()
        .unwrap_or(answer.offset);
    if offset >= 0 {
        OffsetFound::At {
            offset,
            timestamp: answer.timestamp,
        }
    } else {
        OffsetFound::None
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::list_offsets::ListOffsetsTopicResponse;

    use super::*;

    fn t(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition::new(topic, partition)
    }

    #[test]
    fn questions_are_grouped_by_topic_and_speak_for_a_client() {
        let asked = [(t("a", 0), 3, -2), (t("a", 1), -1, 77), (t("b", 0), 5, -1)];
        let questions = asked.iter().map(|(p, epoch, time)| (p, *epoch, *time));
        let request = request(7, IsolationLevel::ReadCommitted, 500, questions);
        assert_eq!(request.replica_id, -1);
        assert_eq!((request.isolation_level, request.timeout_ms), (1, 500));
        let topics: Vec<_> = request
            .topics
            .iter()
            .map(|topic| (topic.name.as_str(), topic.partitions.len()))
            .collect();
        assert_eq!(topics, [("a", 2), ("b", 1)]);
        let second = &request.topics[0].partitions[1];
        assert_eq!((second.timestamp, second.current_leader_epoch), (77, -1));
    }

    #[test]
    fn every_version_can_carry_what_is_asked_of_it() {
        use kafka_protocol::Message;
        use kafka_protocol::wire::Sink;
        for version in 0..=11 {
            let partition = t("a", 0);
            let questions = [(&partition, 4, -2)];
            let request = request(version, IsolationLevel::ReadCommitted, 500, questions);
            request.encode(&mut Sink::new(), version).unwrap();
        }
        assert_eq!((min_version(-2), min_version(0)), (0, 1));
    }

    fn answer(topic: &str, partitions: &[(i32, i16, i64)]) -> ListOffsetsTopicResponse {
        let mut answered = ListOffsetsTopicResponse::new();
        answered.name = topic.into();
        for (partition, code, offset) in partitions {
            let mut found = ListOffsetsPartitionResponse::new();
            found.partition_index = *partition;
            found.error_code = *code;
            found.offset = *offset;
            answered.partitions.push(found);
        }
        answered
    }

    #[test]
    fn answers_come_back_in_the_order_of_the_questions() {
        let mut response = ListOffsetsResponse::new();
        response.topics = vec![
            answer("b", &[(0, 0, 9)]),
            answer("a", &[(1, 6, -1), (0, 0, 4), (2, 0, -1), (3, 29, -1)]),
        ];
        let asked = [
            t("a", 0),
            t("a", 1),
            t("a", 2),
            t("a", 3),
            t("a", 4),
            t("b", 0),
        ];
        let found = read(&asked, &response);
        assert!(
            matches!(
                &found[..],
                [
                    OffsetFound::At { offset: 4, .. },
                    OffsetFound::Retry { refresh: true, .. },
                    OffsetFound::None,
                    OffsetFound::Failed(_),
                    // Left out of the answer.
                    OffsetFound::Retry { refresh: true, .. },
                    OffsetFound::At { offset: 9, .. },
                ]
            ),
            "{found:?}"
        );
    }

    #[test]
    fn the_oldest_version_lists_offsets() {
        let mut topic = answer("a", &[(0, 0, -1), (1, 0, -1)]);
        topic.partitions[0].old_style_offsets = vec![50, 20];
        let mut response = ListOffsetsResponse::new();
        response.topics = vec![topic];
        let found = read(&[t("a", 0), t("a", 1)], &response);
        assert!(matches!(
            &found[..],
            [OffsetFound::At { offset: 50, .. }, OffsetFound::None]
        ));
    }
}
