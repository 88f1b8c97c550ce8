//! Produce, versions 0–13: appends one batch to each partition.
//!
//! - 1: throttle time. 2: append time. 3: magic 2, transactional id.
//! - 5: log start offset. 7: zstd. 8: errors of single records (KIP-467).
//! - 9: flexible. 10: the leader, where it is another broker (KIP-951).
//! - 12: transactions without AddPartitionsToTxn (KIP-890). 13: topic ids.
//!
//! Message sets of magic 0 and 1 (versions 0–2) are converted by the eras that do
//! so, and refused with UNSUPPORTED_FOR_MESSAGE_FORMAT by the others.

use kafka_protocol::messages::produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
    PartitionProduceResponse, TopicProduceData, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use std::time::Duration;

use super::leader_hint::LeaderHints;
use super::produce_in_transaction::InTransaction;
use super::{Context, Handler, Outcome, name_of};
use crate::cluster::{AwaitedAppend, Cluster, DelayedProduce, TimestampSource, is_internal};
use crate::faults::Target;
use crate::log::{
    Rejection, ValidationRules, check_batch, from_old_producer, is_sequenced, is_transactional,
};
use crate::producer_state::ProducerError;
use crate::security::{Need, Operation};

/// The first version that names topics by id.
const FIRST_VERSION_OF_TOPIC_IDS: i16 = 13;

/// The first version that carries batches of magic 2.
const FIRST_VERSION_OF_BATCHES: i16 = 3;

/// What a client calls itself that may write to internal topics.
const ADMIN_CLIENT: &str = "__admin_client";

/// The first version that tells who leads.
const FIRST_VERSION_OF_LEADERS: i16 = 10;

impl Handler for ProduceRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let topics = self.topic_data.iter();
        let target = |topic: &TopicProduceData, data: &PartitionProduceData| Target {
            topic: name_of(cluster, &topic.name, topic.topic_id).unwrap_or_default(),
            partition: Some(data.index),
        };
        topics
            .flat_map(|topic| {
                topic
                    .partition_data
                    .iter()
                    .map(move |data| target(topic, data))
            })
            .collect()
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        let topics = targets.map(|target| Need::topic(Operation::Write, target.topic));
        let ids = self.transactional_id.iter();
        let ids = ids.map(|id| Need::transactional_id(Operation::Write, id.clone()));
        let all = self.topic_data.iter();
        let mut all = all.flat_map(|topic| &topic.partition_data);
        let idempotent = !cluster.config.era.lets_writers_be_idempotent()
            && self.transactional_id.is_none()
            && all.any(|data| data.records.as_ref().is_some_and(is_sequenced));
        let cluster = idempotent.then(|| Need::cluster(Operation::IdempotentWrite));
        cluster.into_iter().chain(ids).chain(topics).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<ProduceResponse> {
        let whole = self.refusal();
        let (whole, transaction) = match whole {
            Some(code) => (Some(code), InTransaction::default()),
            None => match InTransaction::new(&self, context) {
                Ok(transaction) => (None, transaction),
                Err(code) => (Some(code), InTransaction::default()),
            },
        };
        let mut failed = false;
        let mut awaited = Vec::new();
        let mut responses = Vec::with_capacity(self.topic_data.len());
        for topic in &self.topic_data {
            let name = name_of(context.cluster, &topic.name, topic.topic_id);
            let mut partitions = Vec::with_capacity(topic.partition_data.len());
            for data in &topic.partition_data {
                let appended = match (whole, &name) {
                    (Some(code), _) => Err(Rejection::new(code, code.description())),
                    (None, None) => Err(context.unknown_topic(FIRST_VERSION_OF_TOPIC_IDS).into()),
                    (None, Some(name)) => append(context, self.acks, name, data, &transaction),
                };
                failed |= appended.is_err();
                let mut response = match appended {
                    Ok(Done { response, awaits }) => {
                        awaited.extend(awaits.map(|required_offset| AwaitedAppend {
                            topic: name.clone().unwrap_or_default(),
                            partition: data.index,
                            required_offset,
                            place: (responses.len(), partitions.len()),
                        }));
                        response
                    }
                    Err(rejection) => {
                        let log_start = rejection.at_log.then_some(name.as_deref());
                        let log_start = log_start.flatten().and_then(|name| {
                            let at = context.broker;
                            let partition = context.cluster.partition_at(at, name, data.index)?;
                            Some(partition.log.start_offset())
                        });
                        rejected(rejection, log_start)
                    }
                };
                response.index = data.index;
                partitions.push(response);
            }
            responses.push(
                TopicProduceResponse::new()
                    .with_name(name.unwrap_or_else(|| topic.name.clone()))
                    .with_topic_id(topic.topic_id)
                    .with_partition_responses(partitions),
            );
        }
        if self.acks == 0 {
            // The client wants to hear nothing, so all that tells it of an
            // error is that the connection is gone.
            return if failed {
                Outcome::Close
            } else {
                Outcome::NoAnswer
            };
        }
        let mut response = ProduceResponse::new().with_responses(responses);
        add_leaders(context.cluster, context.version, &mut response);
        if awaited.is_empty() {
            return Outcome::Answer(response);
        }
        let timeout = Duration::from_millis(u64::try_from(self.timeout_ms).unwrap_or(0));
        let produce = DelayedProduce {
            broker: context.broker,
            version: context.version,
            response,
            awaited,
        };
        let moment = context.moment();
        context
            .cluster
            .await_acks(context.ticket, produce, timeout, moment);
        Outcome::Later
    }
}

/// A batch that was appended.
struct Done {
    response: PartitionProduceResponse,
    /// The offset that all in-sync replicas have to reach first, if any has not.
    awaits: Option<i64>,
}

/// What is wrong with a request as a whole.
trait Refusal {
    fn refusal(&self) -> Option<ErrorCode>;
}

impl Refusal for ProduceRequest {
    fn refusal(&self) -> Option<ErrorCode> {
        let mut all = self
            .topic_data
            .iter()
            .flat_map(|topic| &topic.partition_data);
        if self.transactional_id.is_none()
            && all.any(|data| data.records.as_ref().is_some_and(is_transactional))
        {
            return Some(ErrorCode::TransactionalIdAuthorizationFailed);
        }
        (!matches!(self.acks, -1..=1)).then_some(ErrorCode::InvalidRequiredAcks)
    }
}

/// Appends one partition's batch, or says why not.
fn append(
    context: &mut Context<'_>,
    acks: i16,
    topic: &StrBytes,
    data: &PartitionProduceData,
    transaction: &InTransaction,
) -> Result<Done, Rejection> {
    let injected = context.plan.error(topic, data.index);
    if let Some(injected) = injected.filter(|injected| !injected.applied) {
        return Err(injected.code.into());
    }
    let verified = transaction.verified(topic, data.index)?;
    let state = context
        .cluster
        .topic(topic)
        .and_then(|state| Some((state, state.partition(data.index)?)));
    let (state, partition) = state.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let rules = ValidationRules {
        max_message_bytes: state.config.max_message_bytes,
        timestamp_source: state.config.timestamp_source,
        timestamp_before_max_ms: state.config.timestamp_before_max_ms,
        timestamp_after_max_ms: state.config.timestamp_after_max_ms,
        records: context.cluster.config.validate_records,
        log: state.config.log,
    };
    if is_internal(topic) && context.client_id.as_str() != ADMIN_CLIENT {
        return Err(ErrorCode::InvalidTopicException.into());
    }
    let partition = partition.seen_by(context.broker);
    partition.check_leader(context.broker, -1)?;
    if acks == -1 && partition.isr.len() < state.least_in_sync(partition) {
        return Err(Rejection::from(ErrorCode::NotEnoughReplicas).at_log());
    }
    let is_old = context.version < FIRST_VERSION_OF_BATCHES;
    let mut batch = match &data.records {
        Some(set) if is_old && context.cluster.config.era.converts_records() => {
            let converted = from_old_producer(set)?;
            let version = FIRST_VERSION_OF_BATCHES;
            check_batch(Some(&converted), version, &rules, context.wall_ms)?
        }
        records => check_batch(records.as_ref(), context.version, &rules, context.wall_ms)?,
    };
    if let Some(sequenced) = &mut batch.sequenced {
        sequenced.verified = verified;
        sequenced.rules = context.cluster.config.era.producer_rules();
    }
    let appended = context
        .cluster
        .append(context.broker, topic, data.index, &batch, context.moment())
        .ok_or(ErrorCode::UnknownTopicOrPartition)??;
    if let Some(injected) = injected {
        return Err(injected.code.into());
    }
    let append_time = match rules.timestamp_source {
        TimestampSource::Broker => Some(context.wall_ms),
        TimestampSource::Producer => None,
    };
    let partition = context
        .cluster
        .partition_at(context.broker, topic, data.index)
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let required_offset = appended.base_offset + i64::from(batch.record_count);
    let waits = acks == -1 && partition.high_watermark() < required_offset;
    Ok(Done {
        response: PartitionProduceResponse::new()
            .with_base_offset(appended.base_offset)
            // Kafka answers a duplicate with the batch's own timestamp here,
            // whoever set it.
            .with_log_append_time_ms(
                appended
                    .duplicate_with_timestamp
                    .or(append_time)
                    .unwrap_or(-1),
            )
            .with_log_start_offset(partition.log.start_offset()),
        awaits: waits.then_some(required_offset),
    })
}

fn rejected(rejection: Rejection, log_start: Option<i64>) -> PartitionProduceResponse {
    tracing::debug!(code = %rejection.code, reason = rejection.message, "batch refused");
    let response = PartitionProduceResponse::new()
        .with_error_code(rejection.code.code())
        .with_base_offset(-1)
        .with_log_start_offset(log_start.unwrap_or(-1));
    let response = if rejection.told || !rejection.records.is_empty() {
        response.with_error_message(StrBytes::from(rejection.message))
    } else {
        response
    };
    let records = rejection.records.into_iter().map(|(index, message)| {
        BatchIndexAndErrorMessage::new()
            .with_batch_index(index)
            .with_batch_index_error_message(StrBytes::from(message))
    });
    response.with_record_errors(records.collect::<Vec<_>>())
}

/// Tells who leads, where that is why a batch was refused.
pub(crate) fn add_leaders(cluster: &Cluster, version: i16, response: &mut ProduceResponse) {
    if version < FIRST_VERSION_OF_LEADERS {
        return;
    }
    let mut hints = LeaderHints::default();
    for topic in &mut response.responses {
        for answer in &mut topic.partition_responses {
            if ErrorCode::from(answer.error_code) != ErrorCode::NotLeaderOrFollower {
                continue;
            }
            let name = if topic.topic_id.is_zero() {
                Some(&topic.name)
            } else {
                cluster.name_of(topic.topic_id)
            };
            let partition = name.and_then(|name| cluster.partition(name, answer.index));
            if let Some(partition) = partition {
                let hint = hints.hint(cluster, partition);
                answer.current_leader = LeaderIdAndEpoch::new()
                    .with_leader_id(hint.leader_id)
                    .with_leader_epoch(hint.leader_epoch);
            }
        }
    }
    let endpoints = hints.addresses.into_iter().map(|address| {
        NodeEndpoint::new()
            .with_node_id(address.id)
            .with_host(address.host)
            .with_port(address.port)
    });
    response.node_endpoints = endpoints.collect();
}

impl From<ErrorCode> for Rejection {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, code.description())
    }
}

impl From<ProducerError> for Rejection {
    fn from(error: ProducerError) -> Self {
        Self::new(error.code(), error.to_string()).at_log()
    }
}
