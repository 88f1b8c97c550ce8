//! DescribeTopicPartitions, version 0: topics and partitions in pages (KIP-966).
//!
//! Nobody but in-sync replicas is eligible to lead here, so the lists of
//! eligible leader replicas are empty.

use std::collections::BTreeSet;

use kafka_protocol::messages::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
    TopicRequest,
};
use kafka_protocol::messages::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::metadata::TOPIC_OPERATIONS;
use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, Partition, invalid_name, is_internal};
use crate::faults::Target;
use crate::security::{Need, Operation};

/// Kafka's `max.request.partition.size.limit`.
const MAX_PARTITIONS: i32 = 2_000;

impl Handler for DescribeTopicPartitionsRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic: StrBytes| Target {
            topic,
            partition: None,
        };
        let names = wanted(cluster, &self.topics);
        names.into_iter().map(target).collect()
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Describe, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeTopicPartitionsResponse> {
        let names = wanted(context.cluster, &self.topics);
        if let Some(cursor) = &self.cursor
            && is_wrong(cursor, &self.topics)
        {
            let refused = names.into_iter().map(|name| {
                let code = ErrorCode::InvalidRequest.code();
                topic_named(name).with_error_code(code)
            });
            let refused = refused.collect::<Vec<_>>();
            return Outcome::Answer(DescribeTopicPartitionsResponse::new().with_topics(refused));
        }
        let limit = self.response_partition_limit.clamp(1, MAX_PARTITIONS);
        let mut room = usize::try_from(limit).unwrap_or(1);
        let mut response = DescribeTopicPartitionsResponse::new();
        for name in names {
            let first = match &self.cursor {
                Some(cursor) if name < cursor.topic_name => continue,
                Some(cursor) if name == cursor.topic_name => cursor.partition_index,
                _ => 0,
            };
            if room == 0 {
                response.next_cursor = Some(cursor_at(name, first));
                break;
            }
            let (topic, next) = describe(context, name, first, room);
            room = room.saturating_sub(topic.partitions.len());
            response.topics.push(topic);
            if next.is_some() {
                response.next_cursor = next;
                break;
            }
        }
        Outcome::Answer(response)
    }
}

/// The topics asked for, once each and in order; all of them, if none is named.
fn wanted(cluster: &Cluster, topics: &[TopicRequest]) -> BTreeSet<StrBytes> {
    if topics.is_empty() {
        let all = cluster.topics();
        return all.map(|topic| topic.name.clone()).collect();
    }
    topics.iter().map(|topic| topic.name.clone()).collect()
}

/// A cursor points at a partition of one of the topics.
fn is_wrong(cursor: &Cursor, topics: &[TopicRequest]) -> bool {
    let named = |topic: &TopicRequest| topic.name == cursor.topic_name;
    cursor.partition_index < 0 || !(topics.is_empty() || topics.iter().any(named))
}

/// Up to `room` partitions of a topic, and where to go on if there are more.
fn describe(
    context: &Context<'_>,
    name: StrBytes,
    first: i32,
    room: usize,
) -> (DescribeTopicPartitionsResponseTopic, Option<Cursor>) {
    let described = topic_named(name.clone()).with_topic_authorized_operations(TOPIC_OPERATIONS);
    let topic = match (
        context.plan.topic_error(&name),
        context.cluster.topic(&name),
    ) {
        (None, Some(topic)) => topic,
        (injected, _) => {
            let code = injected.unwrap_or(if invalid_name(&name).is_some() {
                ErrorCode::InvalidTopicException
            } else {
                ErrorCode::UnknownTopicOrPartition
            });
            return (described.with_error_code(code.code()), None);
        }
    };
    let skipped = usize::try_from(first).unwrap_or(0);
    let partitions: Vec<_> = topic
        .partitions
        .iter()
        .zip(0..)
        .skip(skipped)
        .take(room)
        .map(|(partition, index)| describe_partition(context, partition, index))
        .collect();
    let next = skipped.saturating_add(partitions.len());
    let next = (next < topic.partitions.len())
        .then(|| cursor_at(name, i32::try_from(next).unwrap_or(i32::MAX)));
    let described = described
        .with_topic_id(topic.id)
        .with_is_internal(is_internal(&topic.name))
        .with_partitions(partitions);
    (described, next)
}

fn describe_partition(
    context: &Context<'_>,
    partition: &Partition,
    index: i32,
) -> DescribeTopicPartitionsResponsePartition {
    let offline = partition
        .replicas
        .iter()
        .copied()
        .filter(|id| !context.cluster.is_up(*id) || partition.offline.contains(id));
    let code = match partition.leader {
        Some(_) => ErrorCode::None,
        None => ErrorCode::LeaderNotAvailable,
    };
    DescribeTopicPartitionsResponsePartition::new()
        .with_error_code(code.code())
        .with_partition_index(index)
        .with_leader_id(partition.leader.unwrap_or(-1))
        .with_leader_epoch(partition.leader_epoch)
        .with_replica_nodes(partition.replicas.clone())
        .with_isr_nodes(partition.isr.clone())
        .with_eligible_leader_replicas(Some(Vec::new()))
        .with_last_known_elr(Some(Vec::new()))
        .with_offline_replicas(offline.collect::<Vec<_>>())
}

fn topic_named(name: StrBytes) -> DescribeTopicPartitionsResponseTopic {
    DescribeTopicPartitionsResponseTopic::new().with_name(Some(name))
}

fn cursor_at(topic: StrBytes, partition: i32) -> Cursor {
    Cursor::new()
        .with_topic_name(topic)
        .with_partition_index(partition)
}
