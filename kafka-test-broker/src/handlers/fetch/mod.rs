//! Fetch, versions 0–18: batches from each partition, at once or when there are
//! enough.
//!
//! - 1: throttle time. 3: a limit for the whole answer. 4: isolation level.
//! - 5: log start offset. 7: sessions (KIP-227). 9: leader epoch (KIP-320).
//! - 10: zstd. 11: rack (KIP-392). 12: flexible, diverging epoch (KIP-595).
//! - 13: topic ids. 15: replica state. 16: the leader, where it is another
//!   broker (KIP-951). 17: replica directory. 18: replica high watermark.
//!
//! Versions 0–3 cannot carry magic 2, and are answered with UNSUPPORTED_VERSION
//! where there are records, as by a broker whose down-conversion is off.

mod partition;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kafka_protocol::messages::fetch::{
    FetchPartition, FetchTopic, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint,
};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::leader_hint::LeaderHints;
use super::{Context, Handler, Outcome, name_of};
use crate::cluster::{Cluster, FetchScope, PartitionAnswer, Readable};
use crate::faults::Target;
use crate::security::{Need, Operation};
use partition::PartitionReader;

/// The first version with sessions, and an error at the top.
const FIRST_VERSION_OF_SESSIONS: i16 = 7;

/// The first version that tells who leads.
const FIRST_VERSION_OF_LEADERS: i16 = 16;

/// Kafka's `fetch.max.bytes` of brokers: no answer is larger.
const MAX_BYTES: i32 = 55 * 1024 * 1024;

/// A fetch that found less than it wants.
#[derive(Debug)]
pub(crate) struct FetchWait {
    request: FetchRequest,
    scope: FetchScope,
    pub deadline: Instant,
    /// Where data may come from.
    pub partitions: Vec<(Uuid, i32)>,
    /// How much more has to come.
    missing_bytes: u64,
}

/// What a fetch finds.
struct FetchRead {
    answers: Vec<PartitionAnswer>,
    bytes: usize,
    /// Whether there is a reason not to wait.
    at_once: bool,
}

impl FetchWait {
    /// Whether it is to be answered now that there are more bytes.
    pub(crate) fn is_satisfied_by(&mut self, readable: Readable) -> bool {
        let bytes = if partition::reads_committed(&self.request) {
            readable.stable_bytes
        } else {
            readable.bytes
        };
        self.missing_bytes = self.missing_bytes.saturating_sub(bytes as u64);
        self.missing_bytes == 0
    }

    /// Whether it is to be answered now that something else has changed.
    pub(crate) fn is_due(&mut self, context: &Context<'_>) -> bool {
        let read = read(&self.request, &self.scope, context);
        let missing = wanted_bytes(&self.request).saturating_sub(read.bytes);
        self.missing_bytes = missing as u64;
        read.at_once || missing == 0
    }

    /// The answer, with what there is at this moment.
    pub(crate) fn finish(self, context: &mut Context<'_>) -> FetchResponse {
        let read = read(&self.request, &self.scope, context);
        answer(self.scope, read.answers, context)
    }
}

impl Handler for FetchRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic: &FetchTopic, partition: &FetchPartition| Target {
            topic: name_of(cluster, &topic.topic, topic.topic_id).unwrap_or_default(),
            partition: Some(partition.partition),
        };
        let named = self.topics.iter().flat_map(|topic| {
            let partitions = topic.partitions.iter();
            partitions.map(move |wanted| target(topic, wanted))
        });
        let mut targets: Vec<Target> = named.collect();
        let named: BTreeSet<(StrBytes, Option<i32>)> = targets
            .iter()
            .map(|target| (target.topic.clone(), target.partition))
            .collect();
        let session = cluster.fetch_sessions.partitions(self.session_id);
        let added = session
            .map(|(topic, partition)| (topic, Some(partition)))
            .filter(|place| !named.contains(place))
            .map(|(topic, partition)| Target { topic, partition });
        targets.extend(added);
        targets
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Read, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<FetchResponse> {
        let failed =
            |code: ErrorCode| Outcome::Answer(FetchResponse::new().with_error_code(code.code()));
        let injected = context
            .plan
            .whole_error()
            .filter(|_| context.version >= FIRST_VERSION_OF_SESSIONS);
        if let Some(code) = injected {
            return failed(code);
        }
        let (broker, version, now) = (context.broker, context.version, context.now);
        let begun = context.cluster.begin_fetch(broker, &self, version, now);
        let scope = match begun {
            Ok(scope) => scope,
            Err(code) => return failed(code),
        };
        let read = read(&self, &scope, context);
        let missing = wanted_bytes(&self).saturating_sub(read.bytes);
        let wait = Duration::from_millis(u64::try_from(self.max_wait_ms).unwrap_or(0));
        if read.at_once || missing == 0 || wait.is_zero() {
            return Outcome::Answer(answer(scope, read.answers, context));
        }
        let partitions = scope.wanted.iter().filter_map(|wanted| {
            let topic = context.cluster.topic(wanted.topic.as_ref()?)?;
            Some((topic.id, wanted.wanted.partition))
        });
        Outcome::Wait(Box::new(FetchWait {
            deadline: now + wait,
            partitions: partitions.collect(),
            missing_bytes: missing as u64,
            request: self,
            scope,
        }))
    }
}

/// How many bytes are worth answering for.
fn wanted_bytes(request: &FetchRequest) -> usize {
    usize::try_from(request.min_bytes.min(request.max_bytes).min(MAX_BYTES)).unwrap_or(0)
}

/// Reads what the request asks for and there is at this moment.
fn read(request: &FetchRequest, scope: &FetchScope, context: &Context<'_>) -> FetchRead {
    let room = usize::try_from(request.max_bytes.min(MAX_BYTES)).unwrap_or(0);
    let mut reader = PartitionReader::new(context, request, room);
    let mut answers = Vec::with_capacity(scope.wanted.len());
    let mut unknown = Vec::new();
    for wanted in &scope.wanted {
        let mut answer = PartitionAnswer {
            topic: wanted.topic.clone(),
            topic_id: wanted.topic_id,
            data: reader.read(wanted),
        };
        answer.data.partition_index = wanted.wanted.partition;
        // As in Kafka, places that do not exist come last, or that one may not read.
        match ErrorCode::from(answer.data.error_code) {
            ErrorCode::UnknownTopicId
            | ErrorCode::UnknownTopicOrPartition
            | ErrorCode::TopicAuthorizationFailed => unknown.push(answer),
            _ => answers.push(answer),
        }
    }
    // Nobody waits for what does not exist.
    let at_once = reader.at_once || answers.is_empty();
    answers.append(&mut unknown);
    FetchRead {
        answers,
        bytes: reader.bytes,
        at_once,
    }
}

/// Puts the answer together, as the client's session has it.
fn answer(
    scope: FetchScope,
    mut answers: Vec<PartitionAnswer>,
    context: &mut Context<'_>,
) -> FetchResponse {
    let mut hints = LeaderHints::default();
    for answer in &mut answers {
        add_leader(context, answer, &mut hints);
    }
    let records = answers.iter().filter_map(|it| it.data.records.as_ref());
    let pause = context.count_fetched(records.map(|records| records.len()).sum());
    if !pause.is_zero() {
        // No records now, and no session because of them.
        let sessions = &context.cluster.fetch_sessions;
        let (session, error) = sessions.leave(&scope);
        return FetchResponse::new()
            .with_error_code(error.code())
            .with_session_id(session)
            .with_throttle_time_ms(i32::try_from(pause.as_millis()).unwrap_or(i32::MAX));
    }
    let sessions = &mut context.cluster.fetch_sessions;
    let (session, error) = match sessions.end(context.broker, scope, &mut answers, context.now) {
        Ok(session) => (session, ErrorCode::None),
        Err(code) => (0, code),
    };
    let mut responses: Vec<FetchableTopicResponse> = Vec::new();
    for answer in answers {
        let topic = answer.topic.unwrap_or_default();
        let same = |last: &&mut FetchableTopicResponse| {
            last.topic_id == answer.topic_id && (last.topic == topic || !last.topic_id.is_zero())
        };
        match responses.last_mut().filter(same) {
            Some(last) => last.partitions.push(answer.data),
            None => responses.push(
                FetchableTopicResponse::new()
                    .with_topic(topic)
                    .with_topic_id(answer.topic_id)
                    .with_partitions(vec![answer.data]),
            ),
        }
    }
    let endpoints = hints.addresses.into_iter().map(|address| {
        NodeEndpoint::new()
            .with_node_id(address.id)
            .with_host(address.host)
            .with_port(address.port)
    });
    FetchResponse::new()
        .with_error_code(error.code())
        .with_session_id(session)
        .with_responses(responses)
        .with_node_endpoints(endpoints.collect::<Vec<_>>())
}

/// Tells who leads, where that is why there are no records.
fn add_leader(context: &Context<'_>, answer: &mut PartitionAnswer, hints: &mut LeaderHints) {
    let wrong_leader = matches!(
        ErrorCode::from(answer.data.error_code),
        ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch
    );
    if context.version < FIRST_VERSION_OF_LEADERS || !wrong_leader {
        return;
    }
    let index = answer.data.partition_index;
    let topic = answer.topic.as_deref();
    let partition = topic.and_then(|topic| context.cluster.partition(topic, index));
    if let Some(partition) = partition {
        let hint = hints.hint(context.cluster, partition);
        answer.data.current_leader = LeaderIdAndEpoch::new()
            .with_leader_id(hint.leader_id)
            .with_leader_epoch(hint.leader_epoch);
    }
}
