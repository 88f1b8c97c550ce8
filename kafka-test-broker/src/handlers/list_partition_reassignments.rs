//! ListPartitionReassignments, version 0: partitions that are on the move
//! (KIP-455).

use kafka_protocol::StrBytes;
use kafka_protocol::messages::list_partition_reassignments::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use kafka_protocol::messages::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, Partition, Topic};
use crate::security::{Need, Operation};

impl Handler for ListPartitionReassignmentsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Describe)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<ListPartitionReassignmentsResponse> {
        let response = ListPartitionReassignmentsResponse::new().with_error_message(None);
        if let Some(code) = context.plan.whole_error() {
            let message = StrBytes::from_static(code.description());
            return Outcome::Answer(
                response
                    .with_error_code(code.code())
                    .with_error_message(Some(message)),
            );
        }
        let topics = context.cluster.topics().filter_map(|topic| {
            let partitions = ongoing(topic, |index| match &self.topics {
                None => true,
                Some(wanted) => wanted.iter().any(|wanted| {
                    wanted.name == topic.name && wanted.partition_indexes.contains(&index)
                }),
            });
            (!partitions.is_empty()).then(|| {
                OngoingTopicReassignment::new()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions)
            })
        });
        let topics: Vec<_> = topics.collect();
        Outcome::Answer(response.with_topics(topics))
    }
}

fn ongoing(topic: &Topic, wanted: impl Fn(i32) -> bool) -> Vec<OngoingPartitionReassignment> {
    let describe = |(partition, index): (&Partition, i32)| {
        let reassigning = partition.reassigning.as_ref()?;
        Some(
            OngoingPartitionReassignment::new()
                .with_partition_index(index)
                .with_replicas(partition.replicas.clone())
                .with_adding_replicas(reassigning.adding())
                .with_removing_replicas(reassigning.removing()),
        )
    };
    topic
        .partitions
        .iter()
        .zip(0..)
        .filter(|(_, index)| wanted(*index))
        .filter_map(describe)
        .collect()
}
