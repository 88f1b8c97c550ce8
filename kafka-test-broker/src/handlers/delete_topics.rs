//! DeleteTopics, versions 0–6: removes topics and what was written to them.
//!
//! - 1: throttle time. 4: flexible. 5: error messages. 6: topic ids.
//!
//! Every broker takes it: those that are not the controller pass it on.

use kafka_protocol::messages::delete_topics::{DeletableTopicResult, DeleteTopicState};
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::faults::Target;

impl Handler for DeleteTopicsRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic: StrBytes| Target {
            topic,
            partition: None,
        };
        let by_id = self
            .topics
            .iter()
            .map(|state| name_of(cluster, state).unwrap_or_default());
        self.topic_names
            .iter()
            .cloned()
            .chain(by_id)
            .map(target)
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DeleteTopicsResponse> {
        let mut results = Vec::with_capacity(self.topic_names.len() + self.topics.len());
        for name in &self.topic_names {
            let deleted = delete(context, name);
            results.push(result(Some(name.clone()), Uuid::ZERO, deleted));
        }
        for state in &self.topics {
            let known = name_of(context.cluster, state);
            // The answer tells both, where both are known.
            let id = match &known {
                Some(name) => context
                    .cluster
                    .topic(name)
                    .map_or(state.topic_id, |topic| topic.id),
                None => state.topic_id,
            };
            let deleted = match &known {
                _ if state.name.is_some() && !state.topic_id.is_zero() => {
                    Err(ErrorCode::InvalidRequest)
                }
                Some(name) => delete(context, name),
                None if state.topic_id.is_zero() => Err(ErrorCode::InvalidRequest),
                None => Err(ErrorCode::UnknownTopicId),
            };
            results.push(result(known, id, deleted));
        }
        Outcome::Answer(DeleteTopicsResponse::new().with_responses(results))
    }
}

fn delete(context: &mut Context<'_>, name: &str) -> Result<(), ErrorCode> {
    if let Some(code) = context.plan.topic_error(name) {
        return Err(code);
    }
    if context.cluster.delete_topic(name) {
        Ok(())
    } else {
        Err(ErrorCode::UnknownTopicOrPartition)
    }
}

fn result(
    name: Option<StrBytes>,
    id: Uuid,
    deleted: Result<(), ErrorCode>,
) -> DeletableTopicResult {
    let result = DeletableTopicResult::new()
        .with_name(name)
        .with_topic_id(id);
    match deleted {
        Ok(()) => result,
        Err(code) => result
            .with_error_code(code.code())
            .with_error_message(StrBytes::from_static(code.description())),
    }
}

/// The topic's name, whichever way the request names it.
fn name_of(cluster: &Cluster, state: &DeleteTopicState) -> Option<StrBytes> {
    match &state.name {
        Some(name) => Some(name.clone()),
        None => cluster.name_of(state.topic_id).cloned(),
    }
}
