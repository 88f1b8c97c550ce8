//! Members that speak the classic protocol in a consumer group, as they do while
//! an application moves from one protocol to the other.
//!
//! Nobody waits for anybody: JoinGroup and SyncGroup are answered at once, with
//! the member's epoch for a generation and what the member has for an assignment.
//! The answer to a heartbeat has it join again whenever there is a next step.

use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;
use kafka_protocol::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition,
    ConsumerProtocolSubscription,
};
use kafka_protocol::{ErrorCode, Message, StrBytes, VersionRange};

use super::heartbeat::Change;
use super::member::{ClassicTraits, Member, MemberState};
use super::membership::milliseconds;
use super::{ConsumerGroup, Timer, Topics};
use crate::cluster::Moment;
use crate::groups::classic::{CONSUMER, Joining, Leaving, Protocol, Syncing};

/// The first version in which a new member first gets an id, and then joins with
/// it (KIP-394).
const FIRST_VERSION_OF_MEMBER_ID: i16 = 4;

impl ConsumerGroup {
    /// A client joins, or joins again.
    ///
    /// # Errors
    ///
    /// What is wrong, with the member id that the answer carries.
    pub(crate) fn join_classic(
        &mut self,
        joining: &Joining,
        topics: &dyn Topics,
        moment: Moment,
    ) -> Result<JoinGroupResponse, (ErrorCode, StrBytes)> {
        let refused = |code: ErrorCode| (code, StrBytes::default());
        let newcomer = joining.member_id.is_empty();
        let id = match newcomer {
            true => &joining.fresh_id,
            false => &joining.member_id,
        };
        self.check_size(id).map_err(|size| refused(size.code))?;
        if !self.knows_classic(&joining.protocol_type, &joining.protocols) {
            return Err(refused(ErrorCode::InconsistentGroupProtocol));
        }
        let instance_id = joining.instance_id.as_deref();
        let needs_id = joining.waiter.version >= FIRST_VERSION_OF_MEMBER_ID;
        if newcomer && instance_id.is_none() && needs_id {
            return Err((ErrorCode::MemberIdRequired, id.clone()));
        }
        let known = instance_id.and_then(|instance| self.static_member(instance));
        let (before, predecessor) = match (instance_id, known) {
            (None, _) => {
                let member = self.members.get(id).cloned();
                (member.unwrap_or_else(|| Member::new(id.clone())), None)
            }
            (Some(_), None) if newcomer => (Member::new(id.clone()), None),
            (Some(_), Some(known)) if newcomer => {
                (known.succeeded_by(id.clone()), Some(known.id.clone()))
            }
            (Some(_), _) => {
                let member = self.find(id, instance_id);
                (
                    member.map_err(|unknown| refused(unknown.code))?.clone(),
                    None,
                )
            }
        };
        let downgrades = known.is_some_and(|known| self.is_last_of_new_protocol(known));
        let subscription = joining.protocols.first().and_then(read_subscription);
        let subscription = subscription.ok_or_else(|| refused(ErrorCode::UnknownServerError))?;
        let after = updated(&before, joining, &subscription);
        let regex = self
            .check_regex(&before, &after)
            .map_err(|regex| refused(regex.code))?;
        let owned = owned(&subscription, topics);
        let change = Change {
            before,
            after,
            predecessor,
            regex,
            downgrades,
        };
        let (_, member) = self.change(change, Some(&owned), topics, moment);
        self.timers.cancel(&member.id, Timer::Join);
        self.start_session(&member.id, moment.now);
        let sync_due = moment.now + milliseconds(joining.rebalance_timeout_ms);
        self.timers.set(&member.id, Timer::Sync, sync_due);
        let protocol = joining.protocols.first();
        Ok(JoinGroupResponse::new()
            .with_member_id(member.id)
            .with_generation_id(member.epoch)
            .with_protocol_type(Some(StrBytes::from_static(CONSUMER)))
            .with_protocol_name(protocol.map(|protocol| protocol.name.clone())))
    }

    /// A member asks for its assignment.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID`, `FENCED_INSTANCE_ID`, `ILLEGAL_GENERATION`,
    /// `INCONSISTENT_GROUP_PROTOCOL`; `REBALANCE_IN_PROGRESS` when there is a
    /// newer target.
    pub(crate) fn sync_classic(
        &mut self,
        syncing: &Syncing,
        topics: &dyn Topics,
        moment: Moment,
    ) -> Result<Bytes, ErrorCode> {
        let instance_id = syncing.instance_id.as_deref();
        let member = self.find_classic(&syncing.member_id, instance_id, syncing.generation)?;
        let id = member.id.clone();
        let protocol = member.classic.as_ref().and_then(|it| it.protocols.first());
        let protocol = protocol.ok_or(ErrorCode::UnknownMemberId)?;
        let other = |told: &Option<StrBytes>, own: &str| {
            told.as_ref().is_some_and(|told| told.as_str() != own)
        };
        if other(&syncing.protocol_type, CONSUMER) || other(&syncing.protocol_name, &protocol.name)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        let revokes = member.state == MemberState::UnrevokedPartitions;
        if self.target_epoch > member.epoch && !revokes {
            self.expect_to_join(&id, moment.now);
            return Err(ErrorCode::RebalanceInProgress);
        }
        let assignment = assignment(member, version_of(protocol), topics)?;
        self.timers.cancel(&id, Timer::Sync);
        self.start_session(&id, moment.now);
        Ok(assignment)
    }

    /// A member is alive.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID`, `FENCED_INSTANCE_ID`, `ILLEGAL_GENERATION`;
    /// `REBALANCE_IN_PROGRESS` when it has a step to take.
    pub(crate) fn heartbeat_classic(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        let member = self.find_classic(member_id, instance_id, generation)?;
        let id = member.id.clone();
        let has_to_join = member.epoch < self.target_epoch
            || match member.state {
                MemberState::Stable => false,
                MemberState::UnrevokedPartitions => true,
                MemberState::UnreleasedPartitions => !self.waits_for_others(member),
            };
        self.start_session(&id, moment.now);
        if !has_to_join {
            return Ok(());
        }
        self.expect_to_join(&id, moment.now);
        Err(ErrorCode::RebalanceInProgress)
    }

    /// Members leave, or are taken out. Returns what became of each.
    pub(crate) fn leave_classic(&mut self, members: &[Leaving<'_>]) -> Vec<Result<(), ErrorCode>> {
        let found = members.iter().map(|leaving| {
            let member = match leaving.instance_id.filter(|_| leaving.member_id.is_empty()) {
                // An admin names a static member by its instance alone.
                Some(instance) => self
                    .static_member(instance)
                    .ok_or(ErrorCode::UnknownMemberId)?,
                None => self
                    .find(leaving.member_id, leaving.instance_id)
                    .map_err(|unknown| unknown.code)?,
            };
            Ok(member.id.clone())
        });
        let found: Vec<Result<StrBytes, ErrorCode>> = found.collect();
        let ids: Vec<StrBytes> = found.iter().flatten().cloned().collect();
        self.fence(&ids);
        found.into_iter().map(|found| found.map(|_| ())).collect()
    }

    /// Whether all members of the classic protocol know one of `protocols`.
    fn knows_classic(&self, protocol_type: &str, protocols: &[Protocol]) -> bool {
        let classic = || {
            self.members
                .values()
                .filter_map(|member| member.classic.as_ref())
        };
        let known = |name: &StrBytes| {
            let knows = |it: &ClassicTraits| it.protocols.iter().any(|known| known.name == *name);
            classic().all(knows)
        };
        protocol_type == CONSUMER && protocols.iter().any(|protocol| known(&protocol.name))
    }

    fn find_classic(
        &self,
        id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<&Member, ErrorCode> {
        let member = self.find(id, instance_id).map_err(|unknown| unknown.code)?;
        if !member.uses_classic_protocol() {
            return Err(ErrorCode::UnknownMemberId);
        }
        match member.epoch == generation {
            true => Ok(member),
            false => Err(ErrorCode::IllegalGeneration),
        }
    }

    /// Whether something of a member's target is still another's.
    fn waits_for_others(&self, member: &Member) -> bool {
        let target = self.target.get(&member.id).into_iter().flatten();
        let mut target = target.flat_map(|(topic, partitions)| {
            partitions.iter().map(|partition| (*topic, *partition))
        });
        let has = |topic, partition: &i32| {
            let assigned = member.assigned.get(&topic);
            assigned.is_some_and(|assigned| assigned.contains_key(partition))
        };
        target.any(|(topic, partition)| {
            !has(topic, &partition) && self.owned.contains(&(topic, partition))
        })
    }

    /// A member was told to join again, and has its rebalance timeout for it.
    fn expect_to_join(&mut self, id: &StrBytes, now: Instant) {
        let ms = self
            .members
            .get(id)
            .map_or(0, |member| member.rebalance_timeout_ms);
        let due = now + milliseconds(ms);
        self.timers.set_if_absent(id, Timer::Join, due);
    }
}

/// What a member subscribes to in its metadata.
pub(super) fn read_subscription(protocol: &Protocol) -> Option<ConsumerProtocolSubscription> {
    let read = ConsumerProtocolSubscription::from_bytes(protocol.metadata.clone());
    read.ok().map(|(subscription, _)| subscription)
}

/// A member's partitions, as the classic protocol writes them.
fn assignment(member: &Member, version: i16, topics: &dyn Topics) -> Result<Bytes, ErrorCode> {
    let assigned = member.assigned.iter().filter_map(|(id, partitions)| {
        let topic = ConsumerProtocolAssignmentTopicPartition::new()
            .with_topic(topics.name_of(*id)?)
            .with_partitions(partitions.keys().copied().collect::<Vec<_>>());
        Some(topic)
    });
    let assignment =
        ConsumerProtocolAssignment::new().with_assigned_partitions(assigned.collect::<Vec<_>>());
    let written = assignment.to_bytes(version);
    written.map_err(|_| ErrorCode::UnknownServerError)
}

/// The version of a member's metadata, or the newest that is known.
pub(super) fn version_of(protocol: &Protocol) -> i16 {
    let VersionRange { min, max, .. } = ConsumerProtocolAssignment::VERSIONS;
    let version = match protocol.metadata.get(..2) {
        Some(&[high, low]) => i16::from_be_bytes([high, low]),
        _ => max,
    };
    version.clamp(min, max)
}

/// The member with what JoinGroup tells about it.
fn updated(
    member: &Member,
    joining: &Joining,
    subscription: &ConsumerProtocolSubscription,
) -> Member {
    let mut member = member.clone();
    if let Some(instance_id) = &joining.instance_id {
        member.instance_id = Some(instance_id.clone());
    }
    if let Some(rack_id) = &subscription.rack_id {
        member.rack_id = Some(rack_id.detach());
    }
    if joining.rebalance_timeout_ms != -1 {
        member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
    }
    member.topics = subscription.topics.iter().map(StrBytes::detach).collect();
    member.regex = StrBytes::default();
    member.client_id = joining.client_id.clone();
    member.client_host = joining.client_host.clone();
    member.classic = Some(ClassicTraits {
        session_timeout_ms: joining.session_timeout_ms,
        protocols: joining.protocols.clone(),
    });
    member
}

/// What a member says it owns, of topics that exist.
fn owned(subscription: &ConsumerProtocolSubscription, topics: &dyn Topics) -> Vec<TopicPartitions> {
    let owned = subscription.owned_partitions.iter();
    owned
        .filter_map(|topic| {
            let info = topics.by_name(&topic.topic)?;
            let partitions = TopicPartitions::new().with_topic_id(info.id);
            Some(partitions.with_partitions(topic.partitions.clone()))
        })
        .collect()
}
