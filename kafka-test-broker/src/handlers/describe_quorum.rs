//! DescribeQuorum, versions 0–2: the voters of the metadata quorum (KIP-595).
//!
//! - 1: when replicas fetched and had caught up (KIP-836). 2: error messages,
//!   directories, addresses (KIP-853).
//!
//! Every broker is a controller too. None of them keeps a metadata log here: it
//! passes for one that grows with each change of the features, and that all have
//! read to its end.

use kafka_protocol::messages::describe_quorum::{
    Listener, Node, ReplicaState, RequestPartitionData, RequestTopicData, ResponsePartitionData,
    ResponseTopicData,
};
use kafka_protocol::messages::{DescribeQuorumRequest, DescribeQuorumResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{CONTROLLER_LISTENER, Context, Handler, Outcome};
use crate::cluster::{Cluster, METADATA_TOPIC};
use crate::security::{Need, Operation};

/// The first version that tells where the voters are.
const FIRST_VERSION_OF_NODES: i16 = 2;

impl Handler for DescribeQuorumRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Describe)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeQuorumResponse> {
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(DescribeQuorumResponse::new().with_error_code(code.code()));
        }
        let mut found = false;
        let topics = self.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let described = describe(context, topic, partition);
                found |= described.error_code == ErrorCode::None.code();
                described
            });
            ResponseTopicData::new()
                .with_topic_name(topic.topic_name.clone())
                .with_partitions(partitions.collect::<Vec<_>>())
        });
        let topics: Vec<_> = topics.collect();
        let nodes = if found && context.version >= FIRST_VERSION_OF_NODES {
            nodes(context)
        } else {
            Vec::new()
        };
        Outcome::Answer(
            DescribeQuorumResponse::new()
                .with_topics(topics)
                .with_nodes(nodes),
        )
    }
}

fn describe(
    context: &Context<'_>,
    topic: &RequestTopicData,
    partition: &RequestPartitionData,
) -> ResponsePartitionData {
    let described = ResponsePartitionData::new().with_partition_index(partition.partition_index);
    if topic.topic_name.as_str() != METADATA_TOPIC || partition.partition_index != 0 {
        let code = ErrorCode::UnknownTopicOrPartition;
        return described
            .with_error_code(code.code())
            .with_error_message(StrBytes::from_static(code.description()));
    }
    let end = context.cluster.features.epoch() + 1;
    let voters = context.cluster.brokers().map(|broker| {
        ReplicaState::new()
            .with_replica_id(broker.id)
            .with_log_end_offset(end)
            .with_last_fetch_timestamp(context.wall_ms)
            .with_last_caught_up_timestamp(context.wall_ms)
    });
    described
        .with_leader_id(context.cluster.controller().unwrap_or(-1))
        .with_leader_epoch(1)
        .with_high_watermark(end)
        .with_current_voters(voters.collect::<Vec<_>>())
}

fn nodes(context: &Context<'_>) -> Vec<Node> {
    let nodes = context.cluster.brokers().map(|broker| {
        let listener = Listener::new()
            .with_name(StrBytes::from_static(CONTROLLER_LISTENER))
            .with_host(broker.host.clone())
            .with_port(broker.port);
        Node::new()
            .with_node_id(broker.id)
            .with_listeners(vec![listener])
    });
    nodes.collect()
}
