//! OffsetFetch, versions 0–10: what groups committed.
//!
//! - 0: from ZooKeeper, whichever broker is asked, in eras that have one; else
//!   from where all offsets are. 1: from the coordinator. 2: an error at the top; null topics
//!   mean all. 3: throttle time. 5: leader epoch. 6: flexible.
//! - 7: stable offsets only (KIP-447). 8: several groups (KIP-709).
//! - 9: consumer groups (KIP-848). 10: topic ids.

use kafka_protocol::messages::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchResponseGroup, OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions, OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::{Context, Handler, Outcome, name_of};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::groups::CommittedOffset;
use crate::security::{Need, Operation};

/// The first version that asks for several groups.
const FIRST_VERSION_OF_GROUPS: i16 = 8;

/// The first version that names topics by id.
const FIRST_VERSION_OF_TOPIC_IDS: i16 = 10;

/// The first version that can say what is wrong as a whole.
const FIRST_VERSION_OF_ERROR: i16 = 2;

impl Handler for OffsetFetchRequest {
    fn targets(&self, cluster: &Cluster) -> Vec<Target> {
        let target = |topic: StrBytes, partition: &i32| Target {
            topic,
            partition: Some(*partition),
        };
        let old = self.topics.iter().flatten().flat_map(|topic| {
            topic
                .partition_indexes
                .iter()
                .map(|index| target(topic.name.clone(), index))
        });
        let topics = self
            .groups
            .iter()
            .flat_map(|group| group.topics.iter().flatten());
        let new = topics.flat_map(|topic| {
            let name = name_of(cluster, &topic.name, topic.topic_id).unwrap_or_default();
            topic
                .partition_indexes
                .iter()
                .map(move |index| target(name.clone(), index))
        });
        old.chain(new).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<OffsetFetchResponse> {
        let response = OffsetFetchResponse::new();
        Outcome::Answer(if context.version < FIRST_VERSION_OF_GROUPS {
            one_group(context, &self, response)
        } else {
            let groups = self
                .groups
                .iter()
                .map(|group| one_of_groups(context, group, self.require_stable));
            response.with_groups(groups.collect::<Vec<_>>())
        })
    }
}

/// Versions 0–7: one group, topics by name.
fn one_group(
    context: &Context<'_>,
    request: &OffsetFetchRequest,
    response: OffsetFetchResponse,
) -> OffsetFetchResponse {
    let error = check_group(context, &request.group_id).err();
    if let Some(code) = error.filter(|_| context.version >= FIRST_VERSION_OF_ERROR) {
        return response.with_error_code(code.code());
    }
    let topics = match &request.topics {
        Some(topics) => topics
            .iter()
            .map(|topic| (topic.name.clone(), topic.partition_indexes.clone()))
            .collect(),
        None => all_committed(context, &request.group_id),
    };
    let topics = topics.into_iter().map(|(name, indexes)| {
        let partitions = indexes.into_iter().map(|index| {
            let found = match error {
                Some(code) => Err(code),
                None => {
                    let wanted = Wanted {
                        group: &request.group_id,
                        topic_id: Uuid::ZERO,
                        stable: request.require_stable,
                    };
                    look_up(context, wanted, &name, index)
                }
            };
            let partition = OffsetFetchResponsePartition::new().with_partition_index(index);
            let (offset, code) = offset_and_code(found);
            partition
                .with_committed_offset(offset.offset)
                .with_committed_leader_epoch(offset.leader_epoch)
                .with_metadata(offset.metadata)
                .with_error_code(code.code())
        });
        let partitions: Vec<_> = partitions.collect();
        OffsetFetchResponseTopic::new()
            .with_name(name)
            .with_partitions(partitions)
    });
    response.with_topics(topics.collect::<Vec<_>>())
}

/// From version 8 on: one of several groups, topics by name or id.
fn one_of_groups(
    context: &Context<'_>,
    request: &OffsetFetchRequestGroup,
    stable: bool,
) -> OffsetFetchResponseGroup {
    let response = OffsetFetchResponseGroup::new().with_group_id(request.group_id.clone());
    let member = request.member_id.as_deref();
    let checked = check_group(context, &request.group_id).and_then(|()| {
        let group = context.cluster.groups.get(&request.group_id);
        group.map_or(Ok(()), |group| {
            group.check_fetch(member, request.member_epoch)
        })
    });
    if let Err(code) = checked {
        return response.with_error_code(code.code());
    }
    let mut topics: Vec<(Option<StrBytes>, Uuid, Vec<i32>)> = match &request.topics {
        Some(topics) => topics
            .iter()
            .map(|topic| {
                let name = name_of(context.cluster, &topic.name, topic.topic_id);
                (name, topic.topic_id, topic.partition_indexes.clone())
            })
            .collect(),
        None => all_committed(context, &request.group_id)
            .into_iter()
            .map(|(name, indexes)| {
                let id = context
                    .cluster
                    .topic(&name)
                    .map_or(Uuid::ZERO, |topic| topic.id);
                (Some(name), id, indexes)
            })
            .collect(),
    };
    // What is not known comes last.
    topics.sort_by_key(|(name, _, _)| name.is_none());
    let topics = topics.into_iter().map(|(name, id, indexes)| {
        let partitions = indexes.into_iter().map(|index| {
            let found = match &name {
                Some(name) => {
                    let wanted = Wanted {
                        group: &request.group_id,
                        topic_id: id,
                        stable,
                    };
                    look_up(context, wanted, name, index)
                }
                None => Err(context.unknown_topic(FIRST_VERSION_OF_TOPIC_IDS)),
            };
            let partition = OffsetFetchResponsePartitions::new().with_partition_index(index);
            let (offset, code) = offset_and_code(found);
            partition
                .with_committed_offset(offset.offset)
                .with_committed_leader_epoch(offset.leader_epoch)
                .with_metadata(offset.metadata)
                .with_error_code(code.code())
        });
        let partitions: Vec<_> = partitions.collect();
        let topic = OffsetFetchResponseTopics::new().with_partitions(partitions);
        if context.version >= FIRST_VERSION_OF_TOPIC_IDS {
            topic.with_topic_id(id)
        } else {
            topic.with_name(name.unwrap_or_default())
        }
    });
    response.with_topics(topics.collect::<Vec<_>>())
}

fn check_group(context: &Context<'_>, group: &StrBytes) -> Result<(), ErrorCode> {
    context.check_allowed(&Need::group(Operation::Describe, group.clone()))?;
    match context.plan.whole_error() {
        Some(code) => Err(code),
        None if context.version == 0 => Ok(()),
        None => context.check_group(group),
    }
}

/// Every partition for which the group committed, by topic, of the topics that
/// whoever asks may know of.
fn all_committed(context: &Context<'_>, group: &str) -> Vec<(StrBytes, Vec<i32>)> {
    let mut topics: Vec<(StrBytes, Vec<i32>)> = Vec::new();
    for (name, index) in context
        .cluster
        .groups
        .offsets
        .group(group)
        .into_iter()
        .flat_map(|all| all.keys())
    {
        match topics.last_mut() {
            Some((last, indexes)) if last == name => indexes.push(*index),
            _ => topics.push((name.clone(), vec![*index])),
        }
    }
    topics.retain(|(name, _)| context.may(&Need::topic(Operation::Describe, name.clone())));
    topics
}

/// What is asked for in every partition of a topic.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    group: &'a str,
    /// Zero where the topic is named.
    topic_id: Uuid,
    /// No offset that a transaction may still replace.
    stable: bool,
}

/// What the group committed; nothing is no error.
fn look_up(
    context: &Context<'_>,
    wanted: Wanted<'_>,
    topic: &StrBytes,
    partition: i32,
) -> Result<Option<CommittedOffset>, ErrorCode> {
    if let Some(injected) = context.plan.error(topic, partition) {
        return Err(injected.code);
    }
    context.check_allowed(&Need::topic(Operation::Describe, topic.clone()))?;
    if context.version == 0 {
        context.check_zookeeper()?;
        if context.cluster.config.era.has_zookeeper() {
            let offsets = context.cluster.groups.zookeeper.group(wanted.group);
            let found = offsets.and_then(|offsets| offsets.get(&(topic.clone(), partition)));
            return match found {
                Some(committed) => Ok(Some(committed.clone())),
                // What ZooKeeper does not have might not be a topic at all.
                None => Err(ErrorCode::UnknownTopicOrPartition),
            };
        }
    }
    let offsets = &context.cluster.groups.offsets;
    if wanted.stable && offsets.is_pending(wanted.group, topic, partition) {
        return Err(ErrorCode::UnstableOffsetCommit);
    }
    // An offset that was committed by id is of the topic with that id alone.
    let other = |id: Uuid| !id.is_zero() && !wanted.topic_id.is_zero() && id != wanted.topic_id;
    let committed = offsets.group(wanted.group);
    Ok(committed
        .and_then(|offsets| offsets.get(&(topic.clone(), partition)))
        .filter(|committed| !other(committed.topic_id))
        .cloned())
}

fn offset_and_code(
    found: Result<Option<CommittedOffset>, ErrorCode>,
) -> (CommittedOffset, ErrorCode) {
    let none = || CommittedOffset {
        offset: -1,
        leader_epoch: -1,
        ..CommittedOffset::default()
    };
    match found {
        Ok(found) => (found.unwrap_or_else(none), ErrorCode::None),
        Err(code) => (none(), code),
    }
}
