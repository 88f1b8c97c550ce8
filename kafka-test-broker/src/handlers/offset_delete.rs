//! OffsetDelete, version 0: single offsets that a group committed (KIP-496).

use kafka_protocol::messages::offset_delete::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::security::{Need, Operation};

impl Handler for OffsetDeleteRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let topics = self.topics.iter();
        topics
            .flat_map(|topic| {
                topic.partitions.iter().map(|partition| Target {
                    topic: topic.name.clone(),
                    partition: Some(partition.partition_index),
                })
            })
            .collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let topics = self.topics.iter();
        let topics = topics.map(|topic| Need::topic(Operation::Read, topic.name.clone()));
        let group = Need::group(Operation::Delete, self.group_id.clone());
        std::iter::once(group).chain(topics).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<OffsetDeleteResponse> {
        let response = OffsetDeleteResponse::new();
        if let Err(code) = check(context, &self) {
            return Outcome::Answer(response.with_error_code(code.code()));
        }
        let group = &self.group_id;
        let mut topics: Vec<OffsetDeleteResponseTopic> = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let index = partition.partition_index;
                let deleted = delete(context, group, &topic.name, index);
                let code = deleted.err().unwrap_or(ErrorCode::None);
                let answer = OffsetDeleteResponsePartition::new().with_partition_index(index);
                partitions.push(answer.with_error_code(code.code()));
            }
            // What is not there comes first, as in Kafka.
            let missing = ErrorCode::UnknownTopicOrPartition.code();
            partitions.sort_by_key(|partition| partition.error_code != missing);
            let topic = OffsetDeleteResponseTopic::new().with_name(topic.name.clone());
            topics.push(topic.with_partitions(partitions));
        }
        let unknown = |topic: &OffsetDeleteResponseTopic| {
            let missing = ErrorCode::UnknownTopicOrPartition.code();
            let mut partitions = topic.partitions.iter();
            partitions.any(|partition| partition.error_code == missing)
        };
        topics.sort_by_key(|topic| !unknown(topic));
        context.cluster.touch_group(group);
        Outcome::Answer(response.with_topics(topics))
    }
}

fn check(context: &Context<'_>, request: &OffsetDeleteRequest) -> Result<(), ErrorCode> {
    if let Some(code) = context.plan.whole_error() {
        return Err(code);
    }
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    context.check_group(&request.group_id)?;
    let group = context.cluster.groups.get(&request.group_id);
    group
        .ok_or(ErrorCode::GroupIdNotFound)?
        .check_offset_delete()
}

fn delete(
    context: &mut Context<'_>,
    group: &str,
    topic: &StrBytes,
    partition: i32,
) -> Result<(), ErrorCode> {
    if let Some(injected) = context.plan.error(topic, partition) {
        return Err(injected.code);
    }
    if context.cluster.partition(topic, partition).is_none() {
        return Err(ErrorCode::UnknownTopicOrPartition);
    }
    let groups = &mut context.cluster.groups;
    if groups
        .get(group)
        .is_some_and(|group| group.is_subscribed_to(topic))
    {
        return Err(ErrorCode::GroupSubscribedToTopic);
    }
    groups.offsets.delete(group, topic, partition);
    Ok(())
}
