//! DeleteTopics, versions 0–6: removes topics and what was written to them.
//!
//! - 1: throttle time. 4: flexible. 5: error messages. 6: topic ids.
//!
//! Every broker takes it: those that are not the controller pass it on, but for
//! those with a ZooKeeper.

use kafka_protocol::messages::delete_topics::{DeletableTopicResult, DeleteTopicState};
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::security::{Need, Operation};

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

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Delete, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DeleteTopicsResponse> {
        let by_name = |name| DeleteTopicState::new().with_name(Some(name));
        let named = self.topic_names.into_iter().map(by_name);
        let wanted: Vec<DeleteTopicState> = named.chain(self.topics).collect();
        let mut results = Vec::with_capacity(wanted.len());
        for (index, state) in wanted.iter().enumerate() {
            // What is named twice is answered once.
            let (before, after) = (&wanted[..index], &wanted[index + 1..]);
            if before.contains(state) {
                continue;
            }
            let result = DeletableTopicResult::new()
                .with_name(state.name.clone())
                .with_topic_id(state.topic_id);
            let (result, deleted) = if after.contains(state) {
                (result, Err(ErrorCode::InvalidRequest))
            } else {
                delete(context, state, result)
            };
            results.push(match deleted {
                Ok(()) => result,
                Err(code) => result
                    .with_error_code(code.code())
                    .with_error_message(StrBytes::from_static(code.description())),
            });
        }
        Outcome::Answer(DeleteTopicsResponse::new().with_responses(results))
    }
}

/// Deletes one topic, or says why not. The answer tells name and id, where both
/// are known.
fn delete(
    context: &mut Context<'_>,
    state: &DeleteTopicState,
    result: DeletableTopicResult,
) -> (DeletableTopicResult, Result<(), ErrorCode>) {
    if state.name.is_some() != state.topic_id.is_zero() {
        return (result, Err(ErrorCode::InvalidRequest));
    }
    let Some(name) = name_of(context.cluster, state) else {
        return (result, Err(ErrorCode::UnknownTopicId));
    };
    let id = context.cluster.topic(&name).map(|topic| topic.id);
    let result = result
        .with_name(Some(name.clone()))
        .with_topic_id(id.unwrap_or(state.topic_id));
    let injected = context.plan.topic_error(&name);
    if let Some(code) = injected.or(context.not_controller()) {
        return (result, Err(code));
    }
    let deleted = if context.cluster.delete_topic(&name) {
        Ok(())
    } else {
        Err(ErrorCode::UnknownTopicOrPartition)
    };
    (result, deleted)
}

/// The topic's name, whichever way the request names it.
fn name_of(cluster: &Cluster, state: &DeleteTopicState) -> Option<StrBytes> {
    match &state.name {
        Some(name) => Some(name.clone()),
        None => cluster.name_of(state.topic_id).cloned(),
    }
}
