//! Metadata answers out of arbitrary bytes, one after the other into one snapshot, and
//! what must hold of every snapshot. The tests of this crate and its fuzz target share
//! it.

use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{Message, StrBytes, Uuid};
use kafka_router::{Cluster, Topic};

/// A version's number, two bytes for a length, and so many bytes of an answer; again
/// and again until the bytes end. Returns how many answers became snapshots.
pub(crate) fn history(mut bytes: &[u8]) -> u64 {
    let mut cluster = Cluster::default();
    while let [version, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (body, later) = rest.split_at(len);
        bytes = later;
        let version = i16::from(*version) % (MetadataResponse::VERSIONS.max + 1);
        let mut reader = Reader::new(body.to_vec().into());
        let Ok(answer) = MetadataResponse::decode(&mut reader, version) else {
            continue;
        };
        let told: usize = answer.topics.iter().map(|t| t.partitions.len()).sum();
        match cluster.updated(answer, version) {
            Ok(next) => {
                check(&cluster, &next, told, version);
                cluster = next;
            }
            // Nothing comes of it.
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    cluster.generation()
}

fn check(before: &Cluster, after: &Cluster, told: usize, version: i16) {
    assert_eq!(after.generation(), before.generation() + 1);
    assert!(after.brokers().len() > 0, "a view without brokers");
    for broker in after.brokers() {
        assert!(broker.id >= 0 && broker.port > 0 && !broker.host.is_empty());
        assert_eq!(after.broker(broker.id), Some(broker));
    }
    for topic in after.topics() {
        let found = after.topic(topic.name());
        assert!(found.is_some_and(|found| std::sync::Arc::ptr_eq(found, topic)));
        if !topic.id().is_zero() {
            let found = after.topic_by_id(topic.id());
            assert_eq!(found.map(|found| found.id()), Some(topic.id()));
        }
        check_partitions(topic);
        let known = before.topic(topic.name());
        let many = known.map_or(0, |known| known.partitions().len()).max(told);
        assert!(
            topic.partitions().len() <= 2 * many + 16,
            "bought with an index"
        );
        if let Some(known) = known.filter(|known| known.id() == topic.id() && !known.id().is_zero())
        {
            check_progress(known, topic, version);
        }
    }
}

fn check_partitions(topic: &Topic) {
    let mut available = topic.available().iter();
    for (id, partition) in (0..).zip(topic.partitions()) {
        assert_eq!(partition.id, id);
        assert_eq!(topic.partition(id), Some(partition));
        assert!(partition.leader_epoch >= -1);
        if partition.leader.is_some() {
            assert_eq!(available.next(), Some(&id));
        }
    }
    assert_eq!(available.next(), None);
}

/// The same topic as before: no leader of an epoch that is over.
fn check_progress(before: &Topic, after: &Topic, version: i16) {
    for (known, now) in before.partitions().iter().zip(after.partitions()) {
        // Epochs before version 9 count as unknown.
        let unknown = now.leader_epoch == -1;
        assert!(
            now.leader_epoch >= known.leader_epoch || unknown,
            "partition {}: {} after {} (v{version})",
            now.id,
            now.leader_epoch,
            known.leader_epoch
        );
    }
}

/// Histories that mean something: leaders move, partitions are added, topics go,
/// come back and fail, in every version.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let versions = MetadataResponse::VERSIONS;
    (versions.min..=versions.max)
        .map(|version| {
            let answers = [
                answer(3, &[(1, &[1, 2, 3], 0), (2, &[1], 0)], version),
                answer(3, &[(1, &[2, 2, 3, 1], 1), (2, &[1], 0)], version),
                answer(2, &[(1, &[1, 2, 9, 1], 0)], version),
                answer(0, &[], version),
                answer(3, &[(9, &[3], 0)], version),
                answer(3, &[(1, &[1, 2, 3], 2)], version),
            ];
            answers.concat()
        })
        .collect()
}

/// Topics are given by id, leaders and epoch; that with id 9 bears the name of 1.
fn answer(brokers: i32, topics: &[(u8, &[i32], i32)], version: i16) -> Vec<u8> {
    let brokers: Vec<_> = (1..=brokers)
        .map(|id| {
            MetadataResponseBroker::new()
                .with_node_id(id)
                .with_host(StrBytes::from(format!("b{id}")))
                .with_port(9092)
        })
        .collect();
    let topics: Vec<_> = topics
        .iter()
        .map(|(id, leaders, epoch)| {
            let partitions: Vec<_> = (0..)
                .zip(*leaders)
                .map(|(index, leader)| {
                    MetadataResponsePartition::new()
                        .with_partition_index(index)
                        .with_leader_id(*leader)
                        .with_leader_epoch(if version >= 7 { *epoch } else { -1 })
                        .with_replica_nodes(vec![1, 2])
                        .with_isr_nodes(vec![1])
                })
                .collect();
            let id_known = if version >= 10 { *id } else { 0 };
            MetadataResponseTopic::new()
                .with_name(Some(StrBytes::from(format!("t{}", id % 8))))
                .with_topic_id(Uuid::from_bytes([id_known; 16]))
                .with_partitions(partitions)
        })
        .collect();
    let answer = MetadataResponse::new()
        .with_brokers(brokers)
        .with_topics(topics);
    let mut sink = Sink::with_capacity(512);
    let mut bytes = vec![version.to_be_bytes()[1], 0, 0];
    if answer.encode(&mut sink, version).is_ok() {
        bytes.extend_from_slice(&sink.finish().into_bytes());
    }
    let len = u16::try_from(bytes.len() - 3).unwrap_or(0);
    bytes[1..3].copy_from_slice(&len.to_be_bytes());
    bytes
}
