//! A large cluster's metadata.

use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::{StrBytes, Uuid};

/// The newest version, which every broker of Kafka 4 speaks.
pub(crate) const VERSION: i16 = 13;

const BROKERS: usize = 30;

/// So many topics with so many partitions each, three replicas, on thirty brokers in
/// three racks. `moves` says by the partition's number in the cluster how often its
/// leader moved on.
pub(crate) fn answer(
    topics: usize,
    partitions: usize,
    moves: impl Fn(usize) -> i32,
) -> MetadataResponse {
    let brokers: Vec<_> = (0..BROKERS)
        .map(|id| {
            MetadataResponseBroker::new()
                .with_node_id(to_i32(id))
                .with_host(format!("broker-{id}.kafka.example.com"))
                .with_port(9092)
                .with_rack(Some(StrBytes::from(format!("rack-{}", id % 3))))
        })
        .collect();
    let topics: Vec<_> = (0..topics)
        .map(|topic| {
            let partitions: Vec<_> = (0..partitions)
                .map(|index| {
                    let at = topic * partitions + index;
                    partition(at, index, moves(at))
                })
                .collect();
            MetadataResponseTopic::new()
                .with_name(Some(StrBytes::from(topic_name(topic))))
                .with_topic_id(Uuid::from_bytes((topic as u128 + 1).to_be_bytes()))
                .with_partitions(partitions)
        })
        .collect();
    MetadataResponse::new()
        .with_cluster_id(Some(StrBytes::from("large")))
        .with_controller_id(1)
        .with_brokers(brokers)
        .with_topics(topics)
}

/// The name of a topic by its number.
pub(crate) fn topic_name(number: usize) -> String {
    format!("company.department.service.events-{number:05}")
}

fn partition(at: usize, index: usize, moves: i32) -> MetadataResponsePartition {
    let replicas: Vec<i32> = (0..3).map(|n| to_i32((at + n) % BROKERS)).collect();
    let leader = replicas[usize::try_from(moves).map_or(0, |moves| moves % 3)];
    MetadataResponsePartition::new()
        .with_partition_index(to_i32(index))
        .with_leader_id(leader)
        .with_leader_epoch(5 + moves)
        .with_isr_nodes(replicas.clone())
        .with_replica_nodes(replicas)
}

fn to_i32(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
