//! Groups change their protocol while their members work: to a consumer group
//! when the first member of the new protocol joins a classic one, and back when
//! the last one goes.

use std::collections::BTreeMap;

use kafka_protocol::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition,
};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::assignor::Partitions;
use super::classic::{read_subscription, version_of};
use super::member::{ClassicTraits, Member};
use super::{ConsumerGroup, Refusal, Topics};
use crate::cluster::Moment;
use crate::groups::GroupSettings;
use crate::groups::classic::{self, ClassicGroup, Protocol};

impl ConsumerGroup {
    /// What a classic group of consumers becomes: its members have their
    /// partitions, and its generation is the epoch.
    ///
    /// # Errors
    ///
    /// `GROUP_ID_NOT_FOUND` when the group is of something else, too large, or
    /// what its members say cannot be read, or would be lost: data of an assignor
    /// of their own. `UNKNOWN_SERVER_ERROR` before the first generation.
    pub(super) fn from_classic(
        id: &str,
        classic: &ClassicGroup,
        settings: GroupSettings,
        topics: &dyn Topics,
        moment: Moment,
    ) -> Result<Self, Refusal> {
        let refuse = |why: &str| {
            let message = format!("classic group {id} cannot become a consumer group: {why}");
            Refusal::new(ErrorCode::GroupIdNotFound, message)
        };
        if !classic.is_of_consumers() {
            return Err(refuse("it is not of consumers"));
        }
        if classic.members().count() > settings.consumer_max_size {
            return Err(refuse("it is too large"));
        }
        let protocol = classic.protocol().ok_or_else(|| {
            let message = format!("classic group {id} has no protocol yet");
            Refusal::new(ErrorCode::UnknownServerError, message)
        })?;
        let mut group = Self::new(id, settings);
        group.epoch = classic.generation();
        group.target_epoch = classic.generation();
        for member in classic.members() {
            let assigned = read_assignment(member, topics)
                .ok_or_else(|| refuse("an assignment cannot be read, or would lose data"))?;
            let agreed = member
                .protocols
                .iter()
                .find(|known| known.name == *protocol);
            let subscription = agreed.and_then(read_subscription);
            let subscription =
                subscription.ok_or_else(|| refuse("a subscription cannot be read"))?;
            let epochs = assigned.iter().map(|(topic, partitions)| {
                let since = partitions.iter().map(|index| (*index, group.epoch));
                (*topic, since.collect())
            });
            let made = Member {
                epoch: group.epoch,
                previous_epoch: group.epoch,
                instance_id: member.instance_id.clone(),
                rack_id: subscription.rack_id.as_ref().map(StrBytes::detach),
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                topics: subscription.topics.iter().map(StrBytes::detach).collect(),
                assigned: epochs.collect(),
                classic: Some(ClassicTraits {
                    session_timeout_ms: member.session_timeout_ms,
                    protocols: member.protocols.clone(),
                }),
                ..Member::new(member.id.clone())
            };
            group.target.insert(made.id.clone(), assigned);
            let id = made.id.clone();
            group.put(made);
            group.start_session(&id, moment.now);
        }
        group.see_topics(topics);
        Ok(group)
    }

    /// The classic group it becomes, once [`ConsumerGroup::has_become_classic`].
    pub(crate) fn to_classic(&self, moment: Moment) -> ClassicGroup {
        let names: BTreeMap<Uuid, &StrBytes> = self
            .seen
            .iter()
            .map(|(name, info)| (info.id, name))
            .collect();
        let none = Partitions::new();
        let members = self.members.values().filter_map(|member| {
            let traits = member.classic.as_ref()?;
            let target = self.target.get(&member.id).unwrap_or(&none);
            Some(classic::Member {
                id: member.id.clone(),
                instance_id: member.instance_id.clone(),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                session_timeout_ms: traits.session_timeout_ms,
                protocols: traits.protocols.clone(),
                assignment: write_assignment(target, &names, traits.protocols.first()),
                joining: None,
                syncing: None,
                is_new: false,
                session_due: None,
            })
        });
        let members = members.collect();
        let mut group =
            ClassicGroup::of_consumers(&self.id, self.settings, self.epoch, members, moment);
        if self.becomes_classic == Some(Rejoin::Yes) {
            group.rebalance_now(moment);
        }
        group
    }

    /// Whether it is to be a classic group from now on.
    pub(crate) fn has_become_classic(&self) -> bool {
        self.becomes_classic.is_some()
    }

    /// Whether all the others speak the classic protocol, and would not be too many
    /// for a classic group with one more.
    pub(super) fn is_last_of_new_protocol(&self, member: &Member) -> bool {
        let mut others = self.members.values().filter(|other| other.id != member.id);
        !member.uses_classic_protocol()
            && self.members.len() <= self.settings.max_size
            && others.all(Member::uses_classic_protocol)
    }

    /// Whether, without these members, all that are left speak the classic
    /// protocol, and are not too many for a classic group.
    pub(super) fn is_classic_without(&self, ids: &[StrBytes]) -> bool {
        let left = || {
            self.members
                .values()
                .filter(|member| !ids.contains(&member.id))
        };
        let count = left().count();
        count > 0 && count <= self.settings.max_size && left().all(Member::uses_classic_protocol)
    }
}

/// Whether members have to join again when their group becomes a classic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejoin {
    Yes,
    No,
}

/// What a member was assigned, of topics that exist; nothing before its first
/// assignment.
fn read_assignment(member: &classic::Member, topics: &dyn Topics) -> Option<Partitions> {
    if member.assignment.is_empty() {
        return Some(Partitions::new());
    }
    let (assignment, _) = ConsumerProtocolAssignment::from_bytes(member.assignment.clone()).ok()?;
    if assignment.user_data.is_some_and(|data| !data.is_empty()) {
        return None;
    }
    let mut assigned = Partitions::new();
    for topic in &assignment.assigned_partitions {
        if let Some(info) = topics.by_name(&topic.topic) {
            assigned
                .entry(info.id)
                .or_default()
                .extend(&topic.partitions);
        }
    }
    assigned.retain(|_, partitions| !partitions.is_empty());
    Some(assigned)
}

fn write_assignment(
    target: &Partitions,
    names: &BTreeMap<Uuid, &StrBytes>,
    protocol: Option<&Protocol>,
) -> bytes::Bytes {
    let topics = target.iter().filter_map(|(id, partitions)| {
        let topic = ConsumerProtocolAssignmentTopicPartition::new()
            .with_topic(StrBytes::clone(names.get(id)?))
            .with_partitions(partitions.iter().copied().collect::<Vec<_>>());
        Some(topic)
    });
    let assignment =
        ConsumerProtocolAssignment::new().with_assigned_partitions(topics.collect::<Vec<_>>());
    let version = protocol.map_or(0, version_of);
    assignment.to_bytes(version).unwrap_or_default()
}
