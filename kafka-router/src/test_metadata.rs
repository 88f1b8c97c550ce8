//! Metadata answers for tests.

use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::{StrBytes, Uuid};

/// A topic id; 0 is none.
pub(crate) fn id(number: u8) -> Uuid {
    let mut bytes = [0; 16];
    bytes[15] = number;
    Uuid::from_bytes(bytes)
}

/// An answer of cluster "cluster" with brokers at host-N:9092.
pub(crate) fn response(brokers: &[i32], topics: Vec<MetadataResponseTopic>) -> MetadataResponse {
    let brokers: Vec<_> = brokers
        .iter()
        .map(|id| {
            MetadataResponseBroker::new()
                .with_node_id(*id)
                .with_host(format!("host-{id}"))
                .with_port(9092)
        })
        .collect();
    MetadataResponse::new()
        .with_cluster_id(Some(StrBytes::from("cluster")))
        .with_brokers(brokers)
        .with_topics(topics)
}

/// A topic whose partitions have these leaders and leader epochs.
pub(crate) fn topic(name: &str, topic: u8, leaders: &[(i32, i32)]) -> MetadataResponseTopic {
    let partitions: Vec<_> = (0..)
        .zip(leaders)
        .map(|(index, (leader, epoch))| partition(index, *leader, *epoch))
        .collect();
    MetadataResponseTopic::new()
        .with_name(Some(StrBytes::from(name)))
        .with_topic_id(id(topic))
        .with_partitions(partitions)
}

/// A partition with this leader and leader epoch.
pub(crate) fn partition(index: i32, leader: i32, epoch: i32) -> MetadataResponsePartition {
    MetadataResponsePartition::new()
        .with_partition_index(index)
        .with_leader_id(leader)
        .with_leader_epoch(epoch)
        .with_replica_nodes(vec![1, 2])
        .with_isr_nodes(vec![1])
}
