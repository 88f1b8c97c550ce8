//! CreateTopics, versions 0–7: makes topics, all that can be made.
//!
//! - 1: dry runs; error messages. 2: throttle time. 4: defaults for partitions
//!   and replicas (KIP-464). 5: flexible; the answer describes the topic
//!   (KIP-525). 7: topic ids.
//!
//! Every broker takes it: those that are not the controller pass it on, but for
//! those with a ZooKeeper.

use std::collections::BTreeMap;

use kafka_protocol::messages::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult,
};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, CreationError, NewTopic, Placement, TopicMade};
use crate::faults::Target;
use crate::security::{Need, Operation};
use crate::settings::{self, Scope};

/// The first version that describes the topics made.
const FIRST_VERSION_OF_DESCRIPTIONS: i16 = 5;

/// The most partitions that one request may ask for.
const MAX_PARTITIONS: i64 = 10_000;

impl Handler for CreateTopicsRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let target = |topic: &CreatableTopic| Target {
            topic: topic.name.clone(),
            partition: None,
        };
        self.topics.iter().map(target).collect()
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Create, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<CreateTopicsResponse> {
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in &self.topics {
            *named.entry(&topic.name).or_default() += 1;
        }
        let refused = refused_as_a_whole(context, &self);
        let mut results = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            // What is named twice is answered once.
            let Some(times) = named.remove(topic.name.as_str()) else {
                continue;
            };
            let injected = context.plan.topic_error(&topic.name);
            let made = match injected.or(refused) {
                Some(code) => refuse(code, code.description()),
                None if times > 1 => {
                    refuse(ErrorCode::InvalidRequest, "named twice in one request")
                }
                None => new_topic(topic)
                    .and_then(|new| context.cluster.create_topic(&new, self.validate_only)),
            };
            let result = CreatableTopicResult::new().with_name(topic.name.clone());
            results.push(match made {
                Ok(made) => describe(context, made, result),
                Err(CreationError { code, message }) => result
                    .with_error_code(code.code())
                    .with_error_message(StrBytes::from(message)),
            });
        }
        Outcome::Answer(CreateTopicsResponse::new().with_topics(results))
    }
}

/// Why no topic is made at all, if so.
fn refused_as_a_whole(context: &Context<'_>, request: &CreateTopicsRequest) -> Option<ErrorCode> {
    let wanted = |topic: &CreatableTopic| match topic.num_partitions {
        -1 if topic.assignments.is_empty() => i64::from(context.cluster.config.default_partitions),
        -1 => topic.assignments.len() as i64,
        count => i64::from(count),
    };
    let all: i64 = request.topics.iter().map(wanted).sum();
    let too_many = (all > MAX_PARTITIONS).then_some(ErrorCode::PolicyViolation);
    context.not_controller().or(too_many)
}

fn new_topic(topic: &CreatableTopic) -> Result<NewTopic, CreationError> {
    let config = topic.configs.iter().map(|setting| {
        let value = setting.value.as_ref().map(|value| value.to_string());
        (setting.name.to_string(), value)
    });
    Ok(NewTopic {
        name: topic.name.to_string(),
        placement: placement(topic)?,
        config: config.collect(),
    })
}

fn placement(topic: &CreatableTopic) -> Result<Placement, CreationError> {
    if topic.assignments.is_empty() {
        // -1 is "as by default"; 0 is refused, with the rest of the numbers.
        return Ok(Placement::Spread {
            partitions: (topic.num_partitions != -1).then_some(topic.num_partitions),
            replication_factor: (topic.replication_factor != -1)
                .then_some(topic.replication_factor),
        });
    }
    if topic.replication_factor != -1 || topic.num_partitions != -1 {
        return refuse(
            ErrorCode::InvalidRequest,
            "replicas are assigned, and numbers of partitions or replicas given too",
        );
    }
    let assigned: BTreeMap<i32, Vec<i32>> = topic
        .assignments
        .iter()
        .map(|assignment| (assignment.partition_index, assignment.broker_ids.clone()))
        .collect();
    if assigned.len() < topic.assignments.len() {
        return refuse(
            ErrorCode::InvalidReplicaAssignment,
            "a partition is assigned twice",
        );
    }
    if assigned
        .keys()
        .zip(0..)
        .any(|(index, expected)| *index != expected)
    {
        return refuse(
            ErrorCode::InvalidReplicaAssignment,
            "partitions are numbered from 0 without gaps",
        );
    }
    Ok(Placement::Assigned(assigned.into_values().collect()))
}

fn describe(
    context: &Context<'_>,
    made: TopicMade,
    result: CreatableTopicResult,
) -> CreatableTopicResult {
    let result = result.with_error_message(None).with_topic_id(made.id);
    if context.version < FIRST_VERSION_OF_DESCRIPTIONS {
        return result;
    }
    let cluster = &context.cluster;
    let settings = settings::all(Scope::Topic).map(|setting| {
        let value = cluster.topic_setting(setting, &made.given, context.broker);
        CreatableTopicConfigs::new()
            .with_name(StrBytes::from_static(setting.name))
            .with_value(value.value.map(StrBytes::from))
            .with_config_source(value.source as i8)
    });
    result
        .with_num_partitions(made.partitions)
        .with_replication_factor(made.replication_factor)
        .with_configs(settings.collect::<Vec<_>>())
}

fn refuse<T>(code: ErrorCode, message: &str) -> Result<T, CreationError> {
    Err(CreationError {
        code,
        message: message.to_owned(),
    })
}
