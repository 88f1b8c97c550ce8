//! AlterPartitionReassignments, versions 0–1: moves partitions to other brokers
//! (KIP-455).
//!
//! - 1: whether the number of replicas may change (KIP-860).
//!
//! Every broker takes it: those that are not the controller pass it on.

use kafka_protocol::messages::alter_partition_reassignments::{
    ReassignablePartition, ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for AlterPartitionReassignmentsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AlterPartitionReassignmentsResponse> {
        let response = AlterPartitionReassignmentsResponse::new().with_error_message(None);
        if let Some(code) = context.plan.whole_error() {
            let message = StrBytes::from_static(code.description());
            return Outcome::Answer(
                response
                    .with_error_code(code.code())
                    .with_error_message(Some(message)),
            );
        }
        let may_resize = self.allow_replication_factor_change;
        let mut topics = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let partitions = topic.partitions.iter().map(|wanted| {
                let done = reassign(context, &topic.name, wanted, may_resize);
                let code = done.err().unwrap_or(ErrorCode::None);
                // Kafka gives no reason where there was nothing to cancel.
                let is_told =
                    !matches!(code, ErrorCode::None | ErrorCode::NoReassignmentInProgress);
                let message = is_told.then(|| StrBytes::from_static(code.description()));
                ReassignablePartitionResponse::new()
                    .with_partition_index(wanted.partition_index)
                    .with_error_code(code.code())
                    .with_error_message(message)
            });
            topics.push(
                ReassignableTopicResponse::new()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions.collect::<Vec<_>>()),
            );
        }
        Outcome::Answer(
            response
                .with_allow_replication_factor_change(may_resize)
                .with_responses(topics),
        )
    }
}

fn reassign(
    context: &mut Context<'_>,
    topic: &str,
    wanted: &ReassignablePartition,
    may_resize: bool,
) -> Result<(), ErrorCode> {
    let index = wanted.partition_index;
    let moment = context.moment();
    let present = context.cluster.partition(topic, index);
    let present = present.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if let Some(target) = &wanted.replicas
        && !may_resize
        && target.len() != present.replicas.len()
    {
        return Err(ErrorCode::InvalidReplicationFactor);
    }
    context
        .cluster
        .reassign(topic, index, wanted.replicas.as_deref(), moment)
}
