//! A group whose members agree among themselves: the coordinator gathers them,
//! and one of them, the leader, assigns (KIP-62 and before, KIP-345, KIP-394,
//! KIP-800, KIP-814).
//!
//! [`ClassicGroup`] decides everything, and knows neither sockets nor alarms.
//! Inputs are [`ClassicGroup::join`], [`ClassicGroup::sync`],
//! [`ClassicGroup::heartbeat`], [`ClassicGroup::leave`],
//! [`ClassicGroup::check_commit`], and [`ClassicGroup::advance`] at
//! [`ClassicGroup::next_due`]; what it answers is in
//! [`ClassicGroup::take_replies`].

mod convert;
mod join;
mod leave;
mod member;
mod protocols;
mod rebalance;
mod record;
mod state;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use kafka_protocol::internal_topics::consumer_offsets::classic::GroupMetadataValue;
use kafka_protocol::{ErrorCode, StrBytes};

pub(crate) use join::Joining;
pub(crate) use leave::Leaving;
pub(crate) use member::{Member, Protocol, Waiter};
use rebalance::JoinTimer;
pub(crate) use state::ClassicState;
pub(crate) use sync::Syncing;

use super::{AgeFrom, Committer, GroupSettings, Reply};
use crate::cluster::Moment;

/// The protocol type of consumers, whose subscriptions a coordinator can read.
pub(crate) const CONSUMER: &str = "consumer";

/// How long the JoinGroup of a new member may wait.
const NEW_MEMBER_JOIN_TIMEOUT: Duration = Duration::from_secs(300);

/// See the module.
#[derive(Debug)]
pub(crate) struct ClassicGroup {
    id: StrBytes,
    settings: GroupSettings,
    state: ClassicState,
    /// When the state was entered, in milliseconds since 1970; -1 when unknown.
    state_since_ms: i64,
    /// What it is of; `None` for one that only keeps offsets.
    protocol_type: Option<StrBytes>,
    /// What the members agreed on.
    protocol: Option<StrBytes>,
    generation: i32,
    leader: Option<StrBytes>,
    /// In the order in which they joined.
    members: IndexMap<StrBytes, Member>,
    /// The member id of each static member.
    static_members: BTreeMap<StrBytes, StrBytes>,
    /// Who got an id and is to come back with it, and until when.
    pending_joins: BTreeMap<StrBytes, Instant>,
    /// Who has not asked for its assignment in this generation.
    pending_syncs: BTreeSet<StrBytes>,
    /// What consumers subscribe to; `None` when it cannot be read.
    subscribed: Option<BTreeSet<StrBytes>>,
    /// The group was empty before it began to gather members.
    is_initial: bool,
    /// Another member came since the wait for more began.
    new_member_added: bool,
    join_timer: Option<JoinTimer>,
    /// When members that did not ask for their assignment are taken out.
    sync_due: Option<Instant>,
    replies: Vec<Reply>,
    /// What the log has of this group.
    logged: Option<GroupMetadataValue>,
}

impl ClassicGroup {
    /// An empty group.
    pub(crate) fn new(id: &str, settings: GroupSettings, wall_ms: i64) -> Self {
        Self {
            id: StrBytes::from(id),
            settings,
            state: ClassicState::Empty,
            state_since_ms: wall_ms,
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: IndexMap::new(),
            static_members: BTreeMap::new(),
            pending_joins: BTreeMap::new(),
            pending_syncs: BTreeSet::new(),
            subscribed: None,
            is_initial: false,
            new_member_added: false,
            join_timer: None,
            sync_due: None,
            replies: Vec::new(),
            logged: None,
        }
    }

    pub(crate) fn state(&self) -> ClassicState {
        self.state
    }

    pub(crate) fn generation(&self) -> i32 {
        self.generation
    }

    pub(crate) fn protocol_type(&self) -> Option<&StrBytes> {
        self.protocol_type.as_ref()
    }

    /// What the members agreed on.
    pub(crate) fn protocol(&self) -> Option<&StrBytes> {
        self.protocol.as_ref()
    }

    pub(crate) fn leader(&self) -> Option<&StrBytes> {
        self.leader.as_ref()
    }

    /// The members in the order in which they joined.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state == ClassicState::Empty
    }

    /// Whether it is a group of consumers.
    pub(crate) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    /// Whether members are subscribed to a topic, or may be.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed {
            Some(topics) => topics.contains(topic),
            None => self.is_of_consumers(),
        }
    }

    /// See [`super::Group::offsets_age_from`].
    pub(crate) fn offsets_age_from(&self) -> Option<AgeFrom> {
        match (&self.protocol_type, self.state) {
            (None, _) => Some(AgeFrom::Commit),
            (Some(_), ClassicState::Empty) if self.state_since_ms < 0 => Some(AgeFrom::Commit),
            (Some(_), ClassicState::Empty) => Some(AgeFrom::Time(self.state_since_ms)),
            (Some(_), ClassicState::Stable)
                if self.is_of_consumers() && self.subscribed.is_some() =>
            {
                Some(AgeFrom::Commit)
            }
            _ => None,
        }
    }

    /// Whether `committer` may commit. For a member it counts as a heartbeat.
    pub(crate) fn check_commit(
        &mut self,
        committer: Committer<'_>,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        let Committer {
            member_id,
            instance_id,
            generation,
            transactional,
            ..
        } = committer;
        if generation < 0 && self.state == ClassicState::Empty {
            return Ok(());
        }
        if generation >= 0 || !member_id.is_empty() || instance_id.is_some() {
            self.check_member(member_id, instance_id)?;
            if generation != self.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else if !transactional && self.state != ClassicState::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        if transactional {
            return Ok(());
        }
        if self.state == ClassicState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        self.prolong(member_id, moment.now);
        Ok(())
    }

    /// Whether there is such a member, and it is not another instance that goes
    /// by the same static name.
    fn check_member(&self, member_id: &str, instance_id: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance_id) = instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(known) if known.as_str() != member_id => {
                    return Err(ErrorCode::FencedInstanceId);
                }
                Some(_) => {}
            }
        }
        match self.members.contains_key(member_id) {
            true => Ok(()),
            false => Err(ErrorCode::UnknownMemberId),
        }
    }

    /// A sign of life of a member.
    fn prolong(&mut self, member_id: &str, now: Instant) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.session_due = Some(now + milliseconds(member.session_timeout_ms));
        }
    }

    fn enter(&mut self, state: ClassicState, moment: Moment) {
        self.state = state;
        self.state_since_ms = moment.wall_ms;
    }

    /// When [`ClassicGroup::advance`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let sessions = self
            .members
            .values()
            .filter_map(|member| member.session_due);
        let joins = self.join_timer.map(JoinTimer::due).into_iter();
        let pending = self.pending_joins.values().copied();
        sessions
            .chain(pending)
            .chain(joins)
            .chain(self.sync_due)
            .min()
    }

    /// Does what is due, the earliest first.
    pub(crate) fn advance(&mut self, moment: Moment) {
        while let Some(due) = self.next_due().filter(|due| *due <= moment.now) {
            let mut members = self.members.values();
            let mut pending = self.pending_joins.iter();
            if let Some(member) = members.find(|member| member.session_due == Some(due)) {
                let id = member.id.clone();
                self.session_is_over(&id, moment);
            } else if let Some((id, _)) = pending.find(|(_, until)| **until == due) {
                let id = id.clone();
                self.session_is_over(&id, moment);
            } else if let Some(timer) = self.join_timer.take_if(|timer| timer.due() == due) {
                self.join_time_is_up(timer, moment);
            } else {
                self.sync_due = None;
                self.sync_time_is_up(moment);
            }
        }
    }

    /// The answers that are ready.
    pub(crate) fn take_replies(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.replies)
    }
}

fn milliseconds(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
