//! OffsetCommit, versions 0–10: keeps a group's offsets.
//!
//! - 0: kept in ZooKeeper, whichever broker is asked, and apart from the others,
//!   in eras that have one. 1: the coordinator keeps them. 2–4: retention time.
//! - 3: throttle time. 6: leader epoch (KIP-320). 7: static members.
//! - 8: flexible. 9: consumer groups (KIP-848). 10: topic ids.

use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::{Context, Handler, Outcome, name_of};
use crate::cluster::Cluster;
use crate::era::Era;
use crate::faults::Target;
use crate::groups::{CommittedOffset, Committer, GroupSettings};
use crate::security::{Need, Operation};

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
        let mut answers = Answers::default();
        let mut known = Vec::new();
        for topic in &self.topics {
            let name = name_of(context.cluster, &topic.name, topic.topic_id);
            let described = name.as_ref().and_then(|name| context.cluster.topic(name));
            let id = topic.topic_id;
            for partition in &topic.partitions {
                let index = partition.partition_index;
                let Some(name) = &name else {
                    let code = context.unknown_topic(FIRST_VERSION_OF_TOPIC_IDS);
                    answers.add(&topic.name, id, index, code);
                    continue;
                };
                match described.and_then(|topic| topic.partition(index)) {
                    Some(_) => known.push((name.clone(), id, partition)),
                    None => answers.add(name, id, index, ErrorCode::UnknownTopicOrPartition),
                }
            }
        }
        if !known.is_empty() {
            let was_there = context.cluster.groups.get(&self.group_id).is_some();
            let membership = check_group(context, &self).and_then(|()| {
                let mut known = known.iter();
                known.try_for_each(|(name, id, partition)| {
                    check_partition(context, &self, name, *id, partition)
                })
            });
            for (name, id, partition) in known {
                let committed = match membership {
                    Ok(()) => commit(context, &self, &name, id, partition),
                    Err(code) => Err(context.injected(&name, partition).unwrap_or(code)),
                };
                let code = committed.err().unwrap_or(ErrorCode::None);
                answers.add(&name, id, partition.partition_index, code);
            }
            context.cluster.touch_group(&self.group_id);
            if !was_there && !context.cluster.groups.offsets.has_any(&self.group_id) {
                // Made for offsets of which none could be kept.
                context.cluster.delete_group(&self.group_id);
            }
        }
        Outcome::Answer(OffsetCommitResponse::new().with_topics(answers.topics))
    }
}

/// What became of each partition, in the order in which Kafka tells it: what is
/// not there comes first.
#[derive(Default)]
struct Answers {
    topics: Vec<OffsetCommitResponseTopic>,
}

impl Answers {
    fn add(&mut self, name: &StrBytes, id: Uuid, partition: i32, code: ErrorCode) {
        let answer = OffsetCommitResponsePartition::new()
            .with_partition_index(partition)
            .with_error_code(code.code());
        let same =
            |topic: &&mut OffsetCommitResponseTopic| topic.topic_id == id && topic.name == *name;
        if let Some(topic) = self.topics.iter_mut().find(same) {
            topic.partitions.push(answer);
        } else {
            let topic = OffsetCommitResponseTopic::new()
                .with_name(name.clone())
                .with_topic_id(id);
            self.topics.push(topic.with_partitions(vec![answer]));
        }
    }
}

/// Whether the client may commit for the group at all.
fn check_group(context: &mut Context<'_>, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
    context.check_unapplied()?;
    let moment = context.moment();
    if context.version == 0 {
        context.check_zookeeper()?;
        if context.cluster.config.era.has_zookeeper() {
            return Ok(());
        }
        context.cluster.groups.ensure(&request.group_id, moment);
        return Ok(());
    }
    let group = &request.group_id;
    context
        .cluster
        .check_group_coordinator(context.broker, group)?;
    let committer = committer(request, context.version);
    let groups = &mut context.cluster.groups;
    groups.check_commit(group, committer, moment).map(|_| ())
}

/// Whether the client may commit for this partition. What is not kept for its
/// metadata need not be its own.
fn check_partition(
    context: &Context<'_>,
    request: &OffsetCommitRequest,
    name: &StrBytes,
    id: Uuid,
    partition: &OffsetCommitRequestPartition,
) -> Result<(), ErrorCode> {
    let groups = &context.cluster.groups;
    let Some(group) = groups.get(&request.group_id) else {
        return Ok(());
    };
    let metadata = partition.committed_metadata.as_deref().unwrap_or_default();
    if context.version == 0 || is_too_large(metadata, &groups.settings) {
        return Ok(());
    }
    let topic = context.cluster.topic(name);
    let id = topic.map_or(id, |topic| topic.id);
    let committer = committer(request, context.version);
    group.check_commit_of(committer, id, partition.partition_index)
}

fn committer(request: &OffsetCommitRequest, version: i16) -> Committer<'_> {
    Committer {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
        generation: request.generation_id_or_member_epoch,
        transactional: false,
        version,
    }
}

pub(super) fn is_too_large(metadata: &str, settings: &GroupSettings) -> bool {
    metadata.encode_utf16().count() > settings.offset_metadata_max_bytes
}

fn commit(
    context: &mut Context<'_>,
    request: &OffsetCommitRequest,
    topic: &StrBytes,
    topic_id: Uuid,
    partition: &OffsetCommitRequestPartition,
) -> Result<(), ErrorCode> {
    let index = partition.partition_index;
    let injected = context.plan.error(topic, index);
    if let Some(injected) = injected.filter(|injected| !injected.applied) {
        return Err(injected.code);
    }
    let metadata = partition.committed_metadata.clone().unwrap_or_default();
    let in_zookeeper = context.version == 0 && context.cluster.config.era.has_zookeeper();
    let groups = &mut context.cluster.groups;
    if is_too_large(&metadata, &groups.settings) {
        return Err(ErrorCode::OffsetMetadataTooLarge);
    }
    let kept = request.retention_time_ms;
    let committed_ms = match partition.commit_timestamp {
        -1 => context.wall_ms,
        timestamp => timestamp,
    };
    let offset = CommittedOffset {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata,
        committed_ms,
        expires_ms: (kept != -1).then(|| context.wall_ms.saturating_add(kept)),
        topic_id,
        ..CommittedOffset::default()
    };
    let store = if in_zookeeper {
        &mut groups.zookeeper
    } else {
        &mut groups.offsets
    };
    store.commit(&request.group_id, topic, index, offset);
    injected.map_or(Ok(()), |injected| Err(injected.code))
}

impl Context<'_> {
    /// Whether there is somewhere to keep offsets of version 0: not in 3.9,
    /// which still takes the version.
    pub(super) fn check_zookeeper(&self) -> Result<(), ErrorCode> {
        match self.cluster.config.era {
            Era::V3_9 => Err(ErrorCode::UnsupportedVersion),
            _ => Ok(()),
        }
    }

    /// The error that a fault has for this partition.
    fn injected(
        &self,
        topic: &StrBytes,
        partition: &OffsetCommitRequestPartition,
    ) -> Option<ErrorCode> {
        let injected = self.plan.error(topic, partition.partition_index);
        injected.map(|injected| injected.code)
    }
}
