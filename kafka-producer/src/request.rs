//! Produce requests and what is read from their answers.

use std::time::Duration;

use kafka_net::{Connection, SendOptions};
use kafka_protocol::messages::produce::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::records::{Compression, Magic};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::config::{Acks, ProducerConfig};
use crate::leader::ZSTD;
use crate::sender::{Part, PartAnswer};

/// What all requests of a producer have in common.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    acks: Acks,
    timeout: Duration,
    min_version: i16,
}

/// The first version that names topics by id (KIP-516).
const BY_ID: i16 = 13;
/// The first version that carries record batches (magic 2).
const BATCHES: i16 = 3;
/// The version for message sets of magic 1.
const MESSAGE_SETS: i16 = 2;
/// The last version for message sets of magic 0.
const MAX_WITHOUT_TIMESTAMPS: i16 = 1;
/// The first version whose throttle time is the client's to wait (KIP-219):
/// before it, the broker has waited with its answer.
const THROTTLED_HERE: i16 = 6;

impl Template {
    pub(crate) fn new(config: &ProducerConfig) -> Self {
        Self {
            acks: config.acks,
            timeout: config.request_timeout,
            min_version: match config.compression {
                Compression::Zstd => ZSTD,
                _ => BATCHES,
            },
        }
    }

    /// The request and how to send it. Its parts are of this format, and grouped by
    /// topic, in the order of each topic's first part.
    pub(crate) fn build(&self, magic: Magic, parts: &[Part]) -> (ProduceRequest, SendOptions) {
        let mut topics: Vec<TopicProduceData> = Vec::new();
        let mut all_ids = true;
        for part in parts {
            all_ids &= !part.topic_id.is_zero();
            let data = PartitionProduceData::new()
                .with_index(part.partition)
                .with_records(Some(part.records.clone()));
            // Parts of one topic mostly follow each other.
            let topic = topics
                .iter_mut()
                .rev()
                .find(|topic| topic.name == part.topic && topic.topic_id == part.topic_id);
            match topic {
                Some(topic) => topic.partition_data.push(data),
                None => topics.push(
                    TopicProduceData::new()
                        .with_name(part.topic.clone())
                        .with_topic_id(part.topic_id)
                        .with_partition_data(vec![data]),
                ),
            }
        }
        let timeout_ms = i32::try_from(self.timeout.as_millis()).unwrap_or(i32::MAX);
        let request = ProduceRequest::new()
            .with_acks(self.acks.wire())
            .with_timeout_ms(timeout_ms)
            .with_topic_data(topics);
        let options = SendOptions::new(self.timeout);
        let options = match magic {
            Magic::V0 => options.with_max_version(MAX_WITHOUT_TIMESTAMPS),
            Magic::V1 => options.with_version(MESSAGE_SETS),
            Magic::V2 if all_ids => options.with_min_version(self.min_version),
            Magic::V2 => options
                .with_min_version(self.min_version)
                .with_max_version(BY_ID - 1),
        };
        (request, options)
    }
}

/// Which partition a part of a request was for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    topic: StrBytes,
    topic_id: Uuid,
    partition: i32,
}

/// Whether a broker that does not lead says who does.
pub(crate) fn tells_leaders(response: &ProduceResponse) -> bool {
    let mut partitions = response
        .responses
        .iter()
        .flat_map(|topic| &topic.partition_responses);
    partitions.any(|partition| partition.current_leader.leader_id >= 0)
}

/// Leaders told for a topic by its name count for the topic that the records were
/// for: if the name means another one by now, whose epochs begin anew, its metadata
/// would be held for older than the news for ever. `id_of` is what the metadata says.
pub(crate) fn drop_news_of_others(
    asked: &[Asked],
    response: &mut ProduceResponse,
    id_of: impl Fn(&str) -> Option<Uuid>,
) {
    for topic in &mut response.responses {
        if !topic.topic_id.is_zero() {
            continue;
        }
        let meant = asked
            .iter()
            .find(|asked| asked.topic == topic.name)
            .map(|asked| asked.topic_id)
            .filter(|id| !id.is_zero());
        if meant.is_some_and(|id| id_of(&topic.name) != Some(id)) {
            for partition in &mut topic.partition_responses {
                partition.current_leader.leader_id = -1;
            }
        }
    }
}

impl From<&Part> for Asked {
    fn from(part: &Part) -> Self {
        Self {
            topic: part.topic.clone(),
            topic_id: part.topic_id,
            partition: part.partition,
        }
    }
}

/// What was said of each part, in the order of `asked`; `None` where nothing
/// was. Of a partition that is answered twice the first answer counts, and one
/// that nobody asked about is passed over. With it, for how long to send
/// nothing.
pub(crate) fn read(
    version: i16,
    asked: &[Asked],
    response: ProduceResponse,
) -> (Vec<Option<PartAnswer>>, Duration) {
    let mut answers: Vec<Option<PartAnswer>> = vec![None; asked.len()];
    // Brokers answer in the order of the request, so the search starts where the
    // last one ended.
    let mut next = 0;
    for topic in response.responses {
        for partition in topic.partition_responses {
            let is_asked = |asked: &Asked| {
                asked.partition == partition.index
                    && if version >= BY_ID {
                        asked.topic_id == topic.topic_id
                    } else {
                        asked.topic == topic.name
                    }
            };
            let place = (next..asked.len())
                .chain(0..next)
                .find(|at| asked.get(*at).is_some_and(is_asked));
            let Some(place) = place else {
                tracing::warn!(
                    partition = partition.index,
                    "a Produce answer has a partition that the request had not"
                );
                continue;
            };
            next = place + 1;
            let Some(answer) = answers.get_mut(place) else {
                continue;
            };
            if answer.is_some() {
                tracing::warn!(
                    partition = partition.index,
                    "a Produce answer has a partition twice; the first counts"
                );
                continue;
            }
            let faulty = partition.record_errors.first();
            let message = partition
                .error_message
                .or_else(|| faulty.and_then(|record| record.batch_index_error_message.clone()));
            *answer = Some(PartAnswer {
                code: ErrorCode::from(partition.error_code),
                base_offset: partition.base_offset,
                log_append_ms: partition.log_append_time_ms,
                message,
                leader_known: partition.current_leader.leader_id >= 0,
            });
        }
    }
    let throttle = match version {
        ..THROTTLED_HERE => 0,
        _ => u64::try_from(response.throttle_time_ms).unwrap_or(0),
    };
    (
        answers,
        Duration::from_millis(throttle).min(Connection::MAX_THROTTLE),
    )
}

#[cfg(test)]
mod tests {
    use kafka_protocol::RecordBytes;
    use kafka_protocol::messages::produce::{PartitionProduceResponse, TopicProduceResponse};

    use super::*;

    fn part(topic: &'static str, id: u8, partition: i32) -> Part {
        Part {
            topic: StrBytes::from_static(topic),
            topic_id: Uuid::from_bytes([id; 16]),
            partition,
            records: RecordBytes::default(),
        }
    }

    fn template() -> Template {
        Template::new(&ProducerConfig::default())
    }

    /// Name, id, and per partition its number, code and offset.
    type Topics = Vec<(&'static str, u8, Vec<(i32, i16, i64)>)>;

    fn response(topics: Topics) -> ProduceResponse {
        let topics = topics
            .into_iter()
            .map(|(name, id, partitions)| {
                let partitions = partitions
                    .into_iter()
                    .map(|(index, code, offset)| {
                        PartitionProduceResponse::new()
                            .with_index(index)
                            .with_error_code(code)
                            .with_base_offset(offset)
                    })
                    .collect::<Vec<_>>();
                TopicProduceResponse::new()
                    .with_name(StrBytes::from_static(name))
                    .with_topic_id(Uuid::from_bytes([id; 16]))
                    .with_partition_responses(partitions)
            })
            .collect::<Vec<_>>();
        ProduceResponse::new().with_responses(topics)
    }

    fn offsets(answers: &[Option<PartAnswer>]) -> Vec<Option<i64>> {
        answers
            .iter()
            .map(|answer| answer.as_ref().map(|answer| answer.base_offset))
            .collect()
    }

    #[test]
    fn news_of_a_name_that_means_another_topic_is_dropped() {
        let asked: Vec<_> = [part("a", 1, 0), part("b", 2, 0), part("c", 0, 0)]
            .iter()
            .map(Asked::from)
            .collect();
        let refused = |id| vec![(0, 6, -1), (id, 6, -1)];
        let mut told = response(vec![
            ("a", 0, refused(1)),
            ("b", 0, refused(1)),
            ("c", 0, refused(1)),
            ("", 9, refused(1)),
        ]);
        for topic in &mut told.responses {
            for partition in &mut topic.partition_responses {
                partition.current_leader.leader_id = 3;
            }
        }
        // `a` was made anew, of `c` no id was known.
        let now = |topic: &str| Some(Uuid::from_bytes([if topic == "b" { 2 } else { 7 }; 16]));
        drop_news_of_others(&asked, &mut told, now);
        let leaders = told.responses.iter().map(|topic| {
            let partitions = topic.partition_responses.iter();
            partitions
                .map(|partition| partition.current_leader.leader_id)
                .collect::<Vec<_>>()
        });
        let leaders: Vec<_> = leaders.collect();
        assert!(tells_leaders(&told));
        assert!(!tells_leaders(&response(vec![("a", 0, refused(1))])));
        assert_eq!(leaders, [[-1, -1], [3, 3], [3, 3], [3, 3]]);
    }

    #[test]
    fn parts_are_grouped_by_topic() {
        let parts = [part("a", 1, 0), part("b", 2, 7), part("a", 1, 1)];
        let (request, options) = template().build(Magic::V2, &parts);
        let topics: Vec<_> = request
            .topic_data
            .iter()
            .map(|t| (t.name.as_str(), t.partition_data.len()))
            .collect();
        assert_eq!(topics, [("a", 2), ("b", 1)]);
        assert_eq!(options.max_version, None);
        assert_eq!(options.min_version, Some(3));
    }

    #[test]
    fn an_unknown_id_keeps_the_request_below_13_and_zstd_above_6() {
        let (_, options) = template().build(Magic::V2, &[part("a", 1, 0), part("b", 0, 0)]);
        assert_eq!(options.max_version, Some(12));
        let zstd = ProducerConfig::default().compression(Compression::Zstd);
        let (_, options) = Template::new(&zstd).build(Magic::V2, &[part("a", 1, 0)]);
        assert_eq!(options.min_version, Some(7));
    }

    #[test]
    fn message_sets_go_in_the_versions_that_carry_them() {
        let parts = [part("a", 0, 0)];
        let (_, options) = template().build(Magic::V0, &parts);
        assert_eq!((options.version, options.max_version), (None, Some(1)));
        assert_eq!(options.min_version, None);
        let (_, options) = template().build(Magic::V1, &parts);
        assert_eq!(options.version, Some(2));
    }

    #[test]
    fn answers_are_matched_by_name_or_by_id_in_any_order() {
        let asked: Vec<_> = [part("a", 1, 0), part("a", 1, 1), part("b", 2, 0)]
            .iter()
            .map(Asked::from)
            .collect();
        let (by_name, _) = read(
            12,
            &asked,
            response(vec![
                ("b", 0, vec![(0, 0, 30)]),
                ("a", 0, vec![(1, 0, 20), (0, 0, 10)]),
            ]),
        );
        assert_eq!(offsets(&by_name), [Some(10), Some(20), Some(30)]);
        let (by_id, _) = read(
            13,
            &asked,
            response(vec![
                ("", 2, vec![(0, 0, 30)]),
                ("", 1, vec![(0, 0, 10), (1, 0, 20)]),
            ]),
        );
        assert_eq!(offsets(&by_id), [Some(10), Some(20), Some(30)]);
    }

    #[test]
    fn of_two_answers_the_first_counts_and_an_omission_shows() {
        let asked: Vec<_> = [part("a", 1, 0), part("a", 1, 1)]
            .iter()
            .map(Asked::from)
            .collect();
        let (answers, _) = read(
            12,
            &asked,
            response(vec![("a", 0, vec![(0, 0, 10), (0, 6, 99), (5, 0, 1)])]),
        );
        assert_eq!(offsets(&answers), [Some(10), None]);
    }

    #[test]
    fn throttling_is_read_and_nonsense_is_not() {
        let (_, throttle) = read(12, &[], response(vec![]).with_throttle_time_ms(250));
        assert_eq!(throttle, Duration::from_millis(250));
        let (_, throttle) = read(6, &[], response(vec![]).with_throttle_time_ms(250));
        assert_eq!(throttle, Duration::from_millis(250));
        // The broker has waited already (KIP-219).
        let (_, throttle) = read(12, &[], response(vec![]).with_throttle_time_ms(i32::MAX));
        assert_eq!(throttle, Connection::MAX_THROTTLE);
        let (_, throttle) = read(5, &[], response(vec![]).with_throttle_time_ms(250));
        assert_eq!(throttle, Duration::ZERO);
        let (_, throttle) = read(12, &[], response(vec![]).with_throttle_time_ms(-1));
        assert_eq!(throttle, Duration::ZERO);
    }
}
