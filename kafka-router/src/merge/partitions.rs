//! A topic's partitions after an answer.

use std::collections::BTreeMap;

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::metadata::MetadataResponsePartition;

use super::error_of;
use crate::cluster::{Broker, Partition};

/// Below this version, leader epochs may be stale in a way that makes old look
/// new (KAFKA-9212), so they count as unknown.
pub(super) const RELIABLE_EPOCHS_SINCE: i16 = 9;

/// Gaps a topic's list of partitions may have beyond twice its length. Brokers
/// list all partitions; a lone huge index must not buy a huge list.
const SPARE_PARTITIONS: usize = 16;

/// The partitions after this answer, in the order of their ids, without a gap.
pub(super) fn next_partitions(
    known: &[Partition],
    keep_omitted: bool,
    answer: Vec<MetadataResponsePartition>,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> Vec<Partition> {
    let limit = 2 * answer.len().max(known.len()) + SPARE_PARTITIONS;
    let mut slots: Vec<Option<Partition>> = known.iter().cloned().map(Some).collect();
    let mut count = if keep_omitted { slots.len() } else { 0 };
    for entry in answer {
        let Some(index) = usize::try_from(entry.partition_index)
            .ok()
            .filter(|index| *index < limit)
        else {
            tracing::warn!(
                partition = entry.partition_index,
                "impossible partition ignored"
            );
            continue;
        };
        count = count.max(index + 1);
        if slots.len() <= index {
            slots.resize(index + 1, None);
        }
        let next = partition_of(entry, version, brokers);
        if let Some(slot) = slots.get_mut(index)
            && slot
                .as_ref()
                .is_none_or(|old| !is_older(next.leader_epoch, old))
        {
            *slot = Some(next);
        }
    }
    slots.truncate(count);
    (0..)
        .zip(slots)
        .map(|(id, slot)| slot.unwrap_or_else(|| missing(id)))
        .collect()
}

/// Whether the partition is after this answer what it was before.
pub(super) fn is_known(
    known: &Partition,
    entry: &MetadataResponsePartition,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> bool {
    let epoch = epoch_of(entry, version);
    let (leader, error) = leader_of(entry, brokers);
    let rack = leader.and_then(|leader| leader.rack.as_ref());
    is_older(epoch, known)
        || (known.leader == leader.map(|leader| leader.id)
            && known.leader_epoch == epoch
            && known.leader_rack.as_ref() == rack
            && known.error == error
            && known.replicas == entry.replica_nodes
            && known.isr == entry.isr_nodes
            && known.offline == entry.offline_replicas)
}

fn is_older(epoch: i32, known: &Partition) -> bool {
    epoch >= 0 && epoch < known.leader_epoch
}

fn epoch_of(entry: &MetadataResponsePartition, version: i16) -> i32 {
    if version >= RELIABLE_EPOCHS_SINCE {
        entry.leader_epoch.max(-1)
    } else {
        -1
    }
}

/// The leader, if it is a live broker, and what is wrong with the partition.
fn leader_of<'a>(
    entry: &MetadataResponsePartition,
    brokers: &'a BTreeMap<i32, Broker>,
) -> (Option<&'a Broker>, Option<ErrorCode>) {
    let leader = brokers.get(&entry.leader_id);
    let missing = leader.is_none().then_some(ErrorCode::LeaderNotAvailable);
    (leader, error_of(entry.error_code).or(missing))
}

fn partition_of(
    entry: MetadataResponsePartition,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> Partition {
    let (leader, error) = leader_of(&entry, brokers);
    Partition {
        id: entry.partition_index,
        leader: leader.map(|leader| leader.id),
        leader_rack: leader.and_then(|leader| leader.rack.clone()),
        leader_epoch: epoch_of(&entry, version),
        replicas: entry.replica_nodes,
        isr: entry.isr_nodes,
        offline: entry.offline_replicas,
        eligible_leaders: None,
        error,
    }
}

/// A partition that must exist, since a later one does.
fn missing(id: i32) -> Partition {
    Partition {
        error: Some(ErrorCode::UnknownTopicOrPartition),
        ..Partition::new(id, None)
    }
}
