//! Fetch, versions 0–18: batches from each partition, at once or when there are
//! enough.
//!
//! - 1: throttle time. 3: a limit for the whole answer. 4: isolation level.
//! - 5: log start offset. 7: sessions (KIP-227). 9: leader epoch (KIP-320).
//! - 10: zstd. 11: rack (KIP-392). 12: flexible, diverging epoch (KIP-595).
//! - 13: topic ids. 15: replica state. 16: the leader, where it is another
//!   broker (KIP-951). 17: replica directory. 18: replica high watermark.
//!
//! Every request is served without a session, which brokers may do at any time:
//! a client that asks for one gets session id 0. Versions 0–3 cannot carry magic
//! 2, and are answered with UNSUPPORTED_VERSION where there are records, as by a
//! broker whose down-conversion is off.

use std::time::{Duration, Instant};

use kafka_protocol::messages::fetch::{
    EpochEndOffset, FetchPartition, FetchTopic, FetchableTopicResponse, LeaderIdAndEpoch,
    NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::{ErrorCode, RecordBytes, Uuid};

use super::leader_hint::LeaderHints;
use super::{Context, Handler, Outcome, name_of};
use crate::cluster::{Cluster, Event, Partition};
use crate::faults::Target;
use crate::log::{ReadLimit, corrupted};

/// The first version that can carry record batches of magic 2.
const FIRST_VERSION_OF_BATCHES: i16 = 4;

/// The first version with sessions, and an error at the top.
const FIRST_VERSION_OF_SESSIONS: i16 = 7;

/// The first version that followers serve too, and leaders point to them.
const FIRST_VERSION_OF_FOLLOWERS: i16 = 11;

/// The first version that names topics by id.
const FIRST_VERSION_OF_TOPIC_IDS: i16 = 13;

/// The first version that tells who leads.
const FIRST_VERSION_OF_LEADERS: i16 = 16;

/// The isolation level of those who want committed records only.
const READ_COMMITTED: i8 = 1;

/// A fetch that found less than it wants.
#[derive(Debug)]
pub(crate) struct FetchWait {
    pub request: FetchRequest,
    pub deadline: Instant,
    /// Where data may come from.
    pub partitions: Vec<(Uuid, i32)>,
    /// How much more has to come.
    missing_bytes: u64,
}

/// What a fetch finds.
pub(crate) struct FetchRead {
    pub response: FetchResponse,
    bytes: usize,
    failed: bool,
}

impl FetchWait {
    /// Whether the fetch is to be answered now that `event` happened to one of
    /// its partitions.
    pub(crate) fn is_satisfied_by(&mut self, event: &Event) -> bool {
        match event {
            Event::Appended { bytes, .. } => {
                self.missing_bytes = self.missing_bytes.saturating_sub(*bytes as u64);
                self.missing_bytes == 0
            }
            Event::Changed { .. } => true,
        }
    }
}

impl Handler for FetchRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic: &FetchTopic, partition: &FetchPartition| Target {
            topic: name_of(cluster, &topic.topic, topic.topic_id).unwrap_or_default(),
            partition: Some(partition.partition),
        };
        self.topics
            .iter()
            .flat_map(|topic| {
                topic
                    .partitions
                    .iter()
                    .map(move |wanted| target(topic, wanted))
            })
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<FetchResponse> {
        let injected = context
            .plan
            .whole_error()
            .filter(|_| context.version >= FIRST_VERSION_OF_SESSIONS);
        if let Some(code) = injected.or_else(|| session_error(&self)) {
            return Outcome::Answer(FetchResponse::new().with_error_code(code.code()));
        }
        let read = read(&self, context);
        let wanted = usize::try_from(self.min_bytes).unwrap_or(0);
        let wait = Duration::from_millis(u64::try_from(self.max_wait_ms).unwrap_or(0));
        if read.failed || read.bytes >= wanted || wait.is_zero() || self.topics.is_empty() {
            return Outcome::Answer(read.response);
        }
        let partitions = self.topics.iter().flat_map(|topic| {
            let name = name_of(context.cluster, &topic.topic, topic.topic_id);
            let id = name
                .and_then(|name| context.cluster.topic(&name))
                .map(|topic| topic.id);
            topic
                .partitions
                .iter()
                .filter_map(move |wanted| Some((id?, wanted.partition)))
        });
        Outcome::Wait(Box::new(FetchWait {
            deadline: context.now + wait,
            partitions: partitions.collect(),
            missing_bytes: (wanted - read.bytes) as u64,
            request: self,
        }))
    }
}

/// Reads what the request asks for and there is at this moment.
pub(crate) fn read(request: &FetchRequest, context: &Context<'_>) -> FetchRead {
    let mut hints = LeaderHints::default();
    let mut reader = Reader {
        context,
        request,
        read_committed: request.isolation_level == READ_COMMITTED,
        room: usize::try_from(request.max_bytes).unwrap_or(0),
        bytes: 0,
        failed: false,
    };
    let mut responses = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let name = name_of(context.cluster, &topic.topic, topic.topic_id);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in &topic.partitions {
            let mut data = match reader.read(name.as_deref(), wanted) {
                Ok(data) => data,
                Err(code) => {
                    reader.failed = true;
                    // As in Kafka, where the places that do not exist are
                    // answered elsewhere.
                    let unknown = [
                        ErrorCode::UnknownTopicId,
                        ErrorCode::UnknownTopicOrPartition,
                    ];
                    let aborted = unknown.contains(&code).then(Vec::new);
                    empty()
                        .with_error_code(code.code())
                        .with_high_watermark(-1)
                        .with_aborted_transactions(aborted)
                }
            };
            data.partition_index = wanted.partition;
            add_leader(context, name.as_deref(), &mut data, &mut hints);
            partitions.push(data);
        }
        responses.push(
            FetchableTopicResponse::new()
                .with_topic(name.unwrap_or_else(|| topic.topic.clone()))
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions),
        );
    }
    let endpoints = hints.addresses.into_iter().map(|address| {
        NodeEndpoint::new()
            .with_node_id(address.id)
            .with_host(address.host)
            .with_port(address.port)
    });
    let response = FetchResponse::new()
        .with_responses(responses)
        .with_node_endpoints(endpoints.collect::<Vec<_>>());
    FetchRead {
        response,
        bytes: reader.bytes,
        failed: reader.failed,
    }
}

/// Reads one partition after the other under the limits of the whole request.
struct Reader<'a> {
    context: &'a Context<'a>,
    request: &'a FetchRequest,
    read_committed: bool,
    /// What the answer may still hold.
    room: usize,
    bytes: usize,
    /// An error, or a divergence: a reason to answer at once.
    failed: bool,
}

impl Reader<'_> {
    fn read(
        &mut self,
        topic: Option<&str>,
        wanted: &FetchPartition,
    ) -> Result<PartitionData, ErrorCode> {
        let context = self.context;
        let topic = topic.ok_or_else(|| context.unknown_topic(FIRST_VERSION_OF_TOPIC_IDS))?;
        if let Some(injected) = context.plan.error(topic, wanted.partition) {
            return Err(injected.code);
        }
        let partition = context
            .cluster
            .partition_at(context.broker, topic, wanted.partition)
            .ok_or(ErrorCode::UnknownTopicOrPartition)?;
        // Replicas copy from the leader only, and old clients know no others.
        let from_any = context.version >= FIRST_VERSION_OF_FOLLOWERS && self.request.replica_id < 0;
        if from_any {
            partition.check_replica(context.broker, wanted.current_leader_epoch)?;
        } else {
            partition.check_leader(context.broker, wanted.current_leader_epoch)?;
        }
        let log = &partition.log;
        let replica = partition.replica(context.broker);
        let mut data = empty()
            .with_high_watermark(replica.high_watermark)
            .with_last_stable_offset(replica.high_watermark)
            .with_log_start_offset(log.start_offset());
        let preferred = (partition.leader == Some(context.broker) && from_any)
            .then(|| self.preferred_replica(partition, wanted.fetch_offset))
            .flatten();
        if let Some(preferred) = preferred {
            data.preferred_read_replica = preferred;
            self.failed = true;
            return Ok(data);
        }
        if self.read_committed {
            data.aborted_transactions = Some(Vec::new());
        }
        if let Some(diverging) = divergence(partition, wanted)? {
            data.diverging_epoch = diverging;
            self.failed = true;
            return Ok(data);
        }
        if !(log.start_offset()..=replica.end_offset).contains(&wanted.fetch_offset) {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let records = log.read(
            wanted.fetch_offset,
            replica.high_watermark,
            ReadLimit {
                max_bytes: usize::try_from(wanted.partition_max_bytes)
                    .unwrap_or(0)
                    .min(self.room),
                at_least_one_batch: self.bytes == 0,
                cut_last_batch: context.cluster.config.cut_last_batch,
            },
        );
        if context.version < FIRST_VERSION_OF_BATCHES && !records.is_empty() {
            return Err(ErrorCode::UnsupportedVersion);
        }
        self.room = self.room.saturating_sub(records.len());
        self.bytes += records.len();
        Ok(data.with_records(if context.plan.corrupt_records {
            corrupted(records)
        } else {
            records
        }))
    }

    /// The replica in the client's rack that it had better read from: of those
    /// in sync, the one that has most (KIP-392). `None` for the leader itself.
    fn preferred_replica(&self, partition: &Partition, offset: i64) -> Option<i32> {
        let rack = &self.request.rack_id;
        let brokers = &self.context.cluster;
        let nearby = |id: &i32| {
            let broker = brokers.broker(*id).filter(|broker| broker.is_active());
            broker.is_some_and(|broker| broker.rack.as_ref() == Some(rack))
        };
        if rack.is_empty() || nearby(&partition.leader?) {
            return None;
        }
        let has = |id: &i32| {
            let start = partition.log.start_offset();
            (start..=partition.replica(*id).end_offset).contains(&offset)
        };
        partition
            .isr
            .iter()
            .copied()
            .filter(|id| nearby(id) && has(id))
            .max_by_key(|id| (partition.replica(*id).end_offset, *id))
    }
}

fn empty() -> PartitionData {
    PartitionData::new()
        .with_aborted_transactions(None)
        .with_records(RecordBytes::new())
}

/// Where the log parted from what the client has read, if it did (KIP-595).
fn divergence(
    partition: &Partition,
    wanted: &FetchPartition,
) -> Result<Option<EpochEndOffset>, ErrorCode> {
    if wanted.last_fetched_epoch < 0 {
        return Ok(None);
    }
    let end = partition
        .epochs
        .end_of(wanted.last_fetched_epoch, partition.log.end_offset())
        .ok_or(ErrorCode::OffsetOutOfRange)?;
    let diverges = end.epoch < wanted.last_fetched_epoch || end.end_offset < wanted.fetch_offset;
    Ok(diverges.then(|| {
        EpochEndOffset::new()
            .with_epoch(end.epoch)
            .with_end_offset(end.end_offset)
    }))
}

/// What is wrong with the session named, of which there are none.
fn session_error(request: &FetchRequest) -> Option<ErrorCode> {
    // 0 opens a session, -1 ends one or wants none; any other goes on with one.
    (!matches!(request.session_epoch, -1 | 0)).then_some(ErrorCode::FetchSessionIdNotFound)
}

/// Tells who leads, where that is why there are no records.
fn add_leader(
    context: &Context<'_>,
    topic: Option<&str>,
    data: &mut PartitionData,
    hints: &mut LeaderHints,
) {
    let wrong_leader = matches!(
        ErrorCode::from(data.error_code),
        ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch
    );
    if context.version < FIRST_VERSION_OF_LEADERS || !wrong_leader {
        return;
    }
    let partition = topic.and_then(|topic| context.cluster.partition(topic, data.partition_index));
    if let Some(partition) = partition {
        let hint = hints.hint(context.cluster, partition);
        data.current_leader = LeaderIdAndEpoch::new()
            .with_leader_id(hint.leader_id)
            .with_leader_epoch(hint.leader_epoch);
    }
}
