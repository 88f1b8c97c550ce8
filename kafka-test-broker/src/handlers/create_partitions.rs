//! CreatePartitions, versions 0–3: gives topics more partitions (KIP-195).
//!
//! - 1: throttled after the answer. 2: flexible. 3: may be throttled (KIP-599).

use std::collections::BTreeMap;

use kafka_protocol::messages::create_partitions::{
    CreatePartitionsTopic, CreatePartitionsTopicResult,
};
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, CreationError};
use crate::faults::Target;
use crate::security::{Need, Operation};

impl Handler for CreatePartitionsRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let target = |topic: &CreatePartitionsTopic| Target {
            topic: topic.name.clone(),
            partition: None,
        };
        self.topics.iter().map(target).collect()
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Alter, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<CreatePartitionsResponse> {
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in &self.topics {
            *named.entry(&topic.name).or_default() += 1;
        }
        let mut results = Vec::with_capacity(named.len());
        for topic in &self.topics {
            // What is named twice is answered once.
            let Some(times) = named.remove(topic.name.as_str()) else {
                continue;
            };
            let refused = context.plan.topic_error(&topic.name);
            let refused = refused.or_else(|| context.not_controller());
            let added = match refused {
                Some(code) => Err(refuse(code, code.description())),
                None if times > 1 => Err(refuse(
                    ErrorCode::InvalidRequest,
                    "named twice in one request",
                )),
                None => add(context, topic, self.validate_only),
            };
            let result = CreatePartitionsTopicResult::new().with_name(topic.name.clone());
            results.push(match added {
                Ok(()) => result,
                Err(CreationError { code, message }) => {
                    let message = (!message.is_empty()).then(|| StrBytes::from(message));
                    result
                        .with_error_code(code.code())
                        .with_error_message(message)
                }
            });
        }
        Outcome::Answer(CreatePartitionsResponse::new().with_results(results))
    }
}

fn add(
    context: &mut Context<'_>,
    topic: &CreatePartitionsTopic,
    dry_run: bool,
) -> Result<(), CreationError> {
    let assigned: Option<Vec<Vec<i32>>> = topic.assignments.as_ref().map(|assignments| {
        let replicas = assignments.iter().map(|new| new.broker_ids.clone());
        replicas.collect()
    });
    context
        .cluster
        .add_partitions(&topic.name, topic.count, assigned.as_deref(), dry_run)
}

fn refuse(code: ErrorCode, message: &str) -> CreationError {
    CreationError {
        code,
        message: message.to_owned(),
    }
}
