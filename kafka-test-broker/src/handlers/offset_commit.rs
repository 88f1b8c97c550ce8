//! OffsetCommit, versions 0–10: keeps a group's offsets.
//!
//! - 0: Kafka kept these in ZooKeeper, whichever broker was asked; here they
//!   are with the others. 1: the coordinator keeps them. 2–4: retention time.
//! - 3: throttle time. 6: leader epoch (KIP-320). 7: static members.
//! - 8: flexible. 9: consumer groups (KIP-848). 10: topic ids.
//!
//! No group has members here, so only commits without membership are taken.

use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome, name_of};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::groups::CommittedOffset;
use crate::security::{Need, Operation};

/// The first version in which a missing group is told from a wrong generation.
const FIRST_VERSION_OF_CONSUMER_GROUPS: i16 = 9;

/// The first version that names topics by id.
const FIRST_VERSION_OF_TOPIC_IDS: i16 = 10;

impl Handler for OffsetCommitRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic: &OffsetCommitRequestTopic, partition: i32| Target {
            topic: name_of(cluster, &topic.name, topic.topic_id).unwrap_or_default(),
            partition: Some(partition),
        };
        let topics = self.topics.iter();
        topics
            .flat_map(|topic| {
                let partitions = topic.partitions.iter();
                partitions.map(move |partition| target(topic, partition.partition_index))
            })
            .collect()
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        let topics = targets.map(|target| Need::topic(Operation::Read, target.topic));
        let group = Need::group(Operation::Read, self.group_id.clone());
        std::iter::once(group).chain(topics).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<OffsetCommitResponse> {
        let membership = check_group(context, &self);
        let mut topics = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let name = name_of(context.cluster, &topic.name, topic.topic_id);
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let committed = commit(
                    context,
                    &self.group_id,
                    name.as_ref(),
                    partition,
                    membership,
                );
                let code = committed.err().unwrap_or(ErrorCode::None);
                partitions.push(
                    OffsetCommitResponsePartition::new()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(code.code()),
                );
            }
            topics.push(
                OffsetCommitResponseTopic::new()
                    .with_name(name.unwrap_or_else(|| topic.name.clone()))
                    .with_topic_id(topic.topic_id)
                    .with_partitions(partitions),
            );
        }
        Outcome::Answer(OffsetCommitResponse::new().with_topics(topics))
    }
}

/// Whether the client may commit for the group at all.
fn check_group(context: &Context<'_>, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
    if context.version == 0 {
        return Ok(());
    }
    context.check_coordinator(&request.group_id)?;
    if request.generation_id_or_member_epoch < 0 {
        return Ok(());
    }
    Err(
        if context.cluster.offsets.group(&request.group_id).is_some() {
            ErrorCode::UnknownMemberId
        } else if context.version >= FIRST_VERSION_OF_CONSUMER_GROUPS {
            ErrorCode::GroupIdNotFound
        } else {
            ErrorCode::IllegalGeneration
        },
    )
}

fn commit(
    context: &mut Context<'_>,
    group: &str,
    topic: Option<&StrBytes>,
    partition: &OffsetCommitRequestPartition,
    membership: Result<(), ErrorCode>,
) -> Result<(), ErrorCode> {
    let topic = topic.ok_or_else(|| context.unknown_topic(FIRST_VERSION_OF_TOPIC_IDS))?;
    let index = partition.partition_index;
    let injected = context.plan.error(topic, index);
    if let Some(injected) = injected.filter(|injected| !injected.applied) {
        return Err(injected.code);
    }
    context
        .cluster
        .partition(topic, index)
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    membership?;
    let metadata = partition.committed_metadata.clone().unwrap_or_default();
    if metadata.len() > context.cluster.config.offset_metadata_max_bytes {
        return Err(ErrorCode::OffsetMetadataTooLarge);
    }
    let offset = CommittedOffset {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata,
    };
    context.cluster.offsets.commit(group, topic, index, offset);
    injected.map_or(Ok(()), |injected| Err(injected.code))
}
