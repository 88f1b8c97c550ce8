//! Metadata, versions 0–13: brokers, topics, partitions and their leaders.
//!
//! - 0: no topics named means all of them; from 1 on null does.
//! - 1: racks, controller, internal topics. 2: cluster id. 3: throttle time.
//! - 4: whether topics may be created. 5: offline replicas. 7: leader epochs.
//! - 8: authorized operations. 9: flexible. 10: topic ids in the answer, 12:
//!   in the request (KIP-516). 13: an error at the top.
//!
//! A topic that is created because it was asked for is answered with
//! UNKNOWN_TOPIC_OR_PARTITION this once, as by Kafka, whose controller takes a
//! moment.

use std::collections::BTreeSet;

use kafka_protocol::messages::metadata::{
    MetadataRequestTopic, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, MetadataView, NewTopic, Placement, invalid_name, is_internal};
use crate::faults::Target;
use crate::security::{Need, Operation};

/// The first version that names topics by id.
const FIRST_VERSION_OF_TOPIC_IDS: i16 = 12;

/// The first version with an error at the top.
const FIRST_VERSION_OF_ERROR: i16 = 13;

/// Bits of the operations that anyone may do to a topic: READ, WRITE, CREATE,
/// DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
pub(super) const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;

/// Bits of the operations that anyone may do to the cluster: CREATE, ALTER,
/// DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE.
pub(super) const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

impl Handler for MetadataRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic| Target {
            topic,
            partition: None,
        };
        match &self.topics {
            Some(topics) if !topics.is_empty() => topics
                .iter()
                .map(|topic| target(name_of(cluster, topic).unwrap_or_default()))
                .collect(),
            // All of them, but for those who want none from version 1 on.
            _ => cluster
                .topics()
                .map(|topic| target(topic.name.clone()))
                .collect(),
        }
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Describe, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<MetadataResponse> {
        let wants_topic_operations = self.include_topic_authorized_operations;
        let mut topics = match &self.topics {
            None => all_topics(context),
            Some(none) if none.is_empty() && context.version == 0 => all_topics(context),
            Some(wanted) => {
                let by_id = |topic: &MetadataRequestTopic| {
                    !topic.topic_id.is_zero() || topic.name.is_none()
                };
                if context.version < FIRST_VERSION_OF_TOPIC_IDS && wanted.iter().any(by_id) {
                    return Outcome::Answer(refused(ErrorCode::InvalidRequest, wanted));
                }
                let nameless =
                    |topic: &MetadataRequestTopic| topic.topic_id.is_zero() && topic.name.is_none();
                if wanted.iter().any(nameless) {
                    return Outcome::Answer(refused(ErrorCode::UnknownServerError, wanted));
                }
                named_topics(context, wanted, self.allow_auto_topic_creation)
            }
        };
        if wants_topic_operations {
            for topic in &mut topics {
                topic.topic_authorized_operations = TOPIC_OPERATIONS;
            }
        }
        let (brokers, controller) = match context.held_back() {
            Some(view) => (view.brokers.clone(), view.controller),
            None => (
                context.cluster.described_brokers(),
                context.cluster.controller(),
            ),
        };
        context.cluster.count_late_metadata(context.broker);
        let mut response = MetadataResponse::new()
            .with_brokers(brokers)
            .with_cluster_id(context.cluster.id.clone())
            .with_controller_id(controller.unwrap_or(-1))
            .with_topics(topics);
        if self.include_cluster_authorized_operations {
            response.cluster_authorized_operations = CLUSTER_OPERATIONS;
        }
        if let Some(code) = context.plan.whole_error()
            && context.version >= FIRST_VERSION_OF_ERROR
        {
            response = MetadataResponse::new().with_error_code(code.code());
        }
        Outcome::Answer(response)
    }
}

impl Context<'_> {
    /// What the broker that was asked knows, if that is out of date.
    fn held_back(&self) -> Option<&MetadataView> {
        let broker = self.cluster.broker(self.broker)?;
        broker.metadata_view.as_deref()
    }

    /// What the broker that was asked knows of a topic.
    fn described(&self, name: &str) -> Option<MetadataResponseTopic> {
        let mut topic = match self.held_back() {
            Some(view) => view.topics.get(name)?.clone(),
            None => {
                let topic = self.cluster.topic(name)?;
                self.cluster.described_topic(self.broker, topic)
            }
        };
        if self.version == 0 {
            topic.partitions.iter_mut().for_each(in_first_version);
        }
        Some(topic)
    }
}

/// The first version leaves out the replicas that are down.
fn in_first_version(partition: &mut MetadataResponsePartition) {
    let offline = std::mem::take(&mut partition.offline_replicas);
    if partition.error_code == 0 && !offline.is_empty() {
        partition.error_code = ErrorCode::ReplicaNotAvailable.code();
    }
    partition.replica_nodes.retain(|id| !offline.contains(id));
    partition.isr_nodes.retain(|id| !offline.contains(id));
}

fn all_topics(context: &Context<'_>) -> Vec<MetadataResponseTopic> {
    let names: Vec<StrBytes> = match context.held_back() {
        Some(view) => view.topics.keys().cloned().collect(),
        None => context
            .cluster
            .topics()
            .map(|topic| topic.name.clone())
            .collect(),
    };
    // Nobody learns of topics that they may not know of.
    let hidden = Some(ErrorCode::TopicAuthorizationFailed);
    names
        .iter()
        .filter(|name| context.plan.topic_error(name) != hidden)
        .filter_map(|name| Some(or_failed(context, context.described(name)?, name)))
        .collect()
}

/// Each topic that is named, once.
fn named_topics(
    context: &mut Context<'_>,
    wanted: &[MetadataRequestTopic],
    may_create: bool,
) -> Vec<MetadataResponseTopic> {
    let mut seen = BTreeSet::new();
    let mut topics = Vec::with_capacity(wanted.len());
    for topic in wanted {
        let Some(name) = known_name(context, topic) else {
            if seen.insert((topic.topic_id, StrBytes::default())) {
                topics.push(unknown_id(topic.topic_id));
            }
            continue;
        };
        if !seen.insert((Uuid::ZERO, name.clone())) {
            continue;
        }
        if let Some(known) = context.described(&name) {
            let described = or_failed(context, known, &name);
            topics.push(match described.error_code {
                0 => described,
                // Whoever asks by id is not told the name.
                _ if !topic.topic_id.is_zero() => described
                    .with_name(None)
                    .with_topic_id(topic.topic_id)
                    .with_is_internal(false),
                _ => described,
            });
        } else {
            let code = context.plan.topic_error(&name).unwrap_or_else(|| {
                match context.cluster.topic(&name).is_some() {
                    // This broker has not heard of it.
                    true => ErrorCode::UnknownTopicOrPartition,
                    false => create_or_refuse(context, &name, may_create),
                }
            });
            topics.push(failed(code, &name));
        }
    }
    topics
}

/// Makes a topic that is missing, if that is wanted; says what is the matter
/// with it in any case.
fn create_or_refuse(context: &mut Context<'_>, name: &StrBytes, may_create: bool) -> ErrorCode {
    if invalid_name(name).is_some() {
        return ErrorCode::InvalidTopicException;
    }
    if !may_create || !context.cluster.config.auto_create_topics {
        return ErrorCode::UnknownTopicOrPartition;
    }
    let creation = Need::topic(Operation::Create, name.clone());
    if !context.may(&creation) {
        return creation.refusal();
    }
    let placement = Placement::Spread {
        partitions: None,
        replication_factor: None,
    };
    match context
        .cluster
        .create_topic(&NewTopic::new(name, placement), false)
    {
        Ok(_) => ErrorCode::UnknownTopicOrPartition,
        Err(error) => error.code,
    }
}

fn or_failed(
    context: &Context<'_>,
    described: MetadataResponseTopic,
    name: &StrBytes,
) -> MetadataResponseTopic {
    match context.plan.topic_error(name) {
        Some(code) => failed(code, name),
        None => described,
    }
}

fn failed(code: ErrorCode, name: &StrBytes) -> MetadataResponseTopic {
    MetadataResponseTopic::new()
        .with_error_code(code.code())
        .with_name(name.clone())
        .with_is_internal(is_internal(name))
}

/// The answer to a request that is wrong as a whole.
fn refused(code: ErrorCode, wanted: &[MetadataRequestTopic]) -> MetadataResponse {
    let topics = wanted.iter().map(|topic| {
        MetadataResponseTopic::new()
            .with_error_code(code.code())
            .with_name(Some(topic.name.clone().unwrap_or_default()))
            .with_topic_id(topic.topic_id)
    });
    MetadataResponse::new()
        .with_topics(topics.collect::<Vec<_>>())
        .with_error_code(code.code())
}

fn unknown_id(id: Uuid) -> MetadataResponseTopic {
    MetadataResponseTopic::new()
        .with_error_code(ErrorCode::UnknownTopicId.code())
        .with_name(None)
        .with_topic_id(id)
}

/// The topic's name, whichever way the request names it; `None` for an unknown
/// id.
fn name_of(cluster: &Cluster, topic: &MetadataRequestTopic) -> Option<StrBytes> {
    if topic.topic_id.is_zero() {
        topic.name.clone()
    } else {
        cluster.name_of(topic.topic_id).cloned()
    }
}

/// The same, as far as the broker that was asked knows.
fn known_name(context: &Context<'_>, topic: &MetadataRequestTopic) -> Option<StrBytes> {
    match context.held_back() {
        Some(view) if !topic.topic_id.is_zero() => view.names.get(&topic.topic_id).cloned(),
        _ => name_of(context.cluster, topic),
    }
}
