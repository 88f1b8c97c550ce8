//! Groups whose partitions the coordinator assigns (KIP-848).
//!
//! [`ConsumerGroup`] decides everything, and knows neither sockets nor alarms nor
//! the cluster, of which it is shown the [`Topics`]. Inputs are
//! [`ConsumerGroup::heartbeat`], [`ConsumerGroup::leave`] and
//! [`ConsumerGroup::advance`] at [`ConsumerGroup::next_due`].
//!
//! Three epochs keep everyone in step. The *group's* grows when members,
//! subscriptions or the topics' partitions change. The *target's* follows when an
//! assignor has made a target of it, at most once in the assignment interval. A
//! *member's* follows when it has given up what the target takes from it.
//!
//! | file | holds |
//! |---|---|
//! | `heartbeat.rs` | what a heartbeat does |
//! | `membership.rs` | who joins, who leaves, who is fenced |
//! | `reconcile.rs` | a member's way to its target |
//! | `target.rs`, `assignor/` | how the target is made |
//! | `regex.rs`, `re2.rs`, `subscriptions.rs` | what members subscribe to |
//! | `classic.rs`, `convert.rs` | members of the classic protocol, and the move from one to the other |
//! | `offsets.rs`, `describe.rs` | who may commit; how the group is shown |
//! | `coordinator.rs` | where requests find their group |

mod assignor;
mod classic;
mod convert;
mod coordinator;
mod describe;
mod heartbeat;
mod member;
mod membership;
mod offsets;
mod re2;
mod reconcile;
mod regex;
mod subscriptions;
mod target;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::GroupSettings;
use crate::cluster::Moment;
use assignor::Assignments;
use convert::Rejoin;
use member::{AWAY, Member};
use regex::Resolved;
use subscriptions::Subscriptions;
use timers::{Timer, Timers};

/// See the module.
#[derive(Debug)]
pub(crate) struct ConsumerGroup {
    id: StrBytes,
    settings: GroupSettings,
    epoch: i32,
    /// The epoch the target was made for.
    target_epoch: i32,
    /// When it was made.
    target_made: Option<Instant>,
    target: Assignments,
    members: BTreeMap<StrBytes, Member>,
    /// The partitions that members have, or have yet to give up.
    owned: BTreeSet<(Uuid, i32)>,
    subscriptions: Subscriptions,
    resolved: BTreeMap<StrBytes, Resolved>,
    /// The topics subscribed to as they were when last looked at.
    seen: BTreeMap<StrBytes, TopicInfo>,
    /// Whatever they are by now is not a change.
    seen_is_old: bool,
    timers: Timers,
    becomes_classic: Option<Rejoin>,
}

/// The cluster's topics, as a group needs them.
pub(crate) trait Topics {
    fn by_name(&self, name: &str) -> Option<TopicInfo>;
    fn name_of(&self, id: Uuid) -> Option<StrBytes>;
    fn names(&self) -> Box<dyn Iterator<Item = &StrBytes> + '_>;
    /// How many topics were ever made.
    fn created(&self) -> usize;
}

/// What of a topic concerns its consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TopicInfo {
    pub id: Uuid,
    pub partitions: i32,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub id: StrBytes,
    pub host: StrBytes,
}

/// A group's state, as Kafka names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsumerState {
    Empty,
    /// The target has yet to be made.
    Assigning,
    /// Members have yet to get there.
    Reconciling,
    Stable,
}

impl ConsumerState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
        }
    }
}

impl ConsumerGroup {
    /// An empty group.
    pub(crate) fn new(id: &str, settings: GroupSettings) -> Self {
        Self {
            id: StrBytes::from(id),
            settings,
            epoch: 1,
            target_epoch: 1,
            target_made: None,
            target: Assignments::new(),
            members: BTreeMap::new(),
            owned: BTreeSet::new(),
            subscriptions: Subscriptions::default(),
            resolved: BTreeMap::new(),
            seen: BTreeMap::new(),
            seen_is_old: false,
            timers: Timers::default(),
            becomes_classic: None,
        }
    }

    pub(crate) fn state(&self) -> ConsumerState {
        let reconciled = |member: &Member| member.is_reconciled_to(self.target_epoch);
        if self.members.is_empty() {
            ConsumerState::Empty
        } else if self.epoch > self.target_epoch {
            ConsumerState::Assigning
        } else if self.members.values().all(reconciled) {
            ConsumerState::Stable
        } else {
            ConsumerState::Reconciling
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether members are subscribed to a topic.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscriptions.has_topic(topic)
    }

    /// When [`ConsumerGroup::advance`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Fences those whose time is up.
    pub(crate) fn advance(&mut self, moment: Moment) {
        while let Some((id, timer)) = self.timers.take_due(moment.now) {
            // Whoever went away has nothing to give up any more.
            let away = |member: &Member| member.epoch == AWAY;
            if timer != Timer::Rebalance || !self.members.get(&id).is_some_and(away) {
                self.fence(&[id]);
            }
        }
    }

    /// Its coordinator lost it: no timeout runs, the rest is in the log.
    pub(crate) fn unload(mut self) -> Self {
        self.timers.clear();
        self
    }

    /// A coordinator has read the group: timeouts run from now on.
    pub(crate) fn loaded(&mut self, moment: Moment) {
        let ids: Vec<StrBytes> = self.members.keys().cloned().collect();
        for id in ids {
            self.start_session(&id, moment.now);
            self.time_revocation(&id, moment.now);
        }
    }
}

impl Refusal {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }
}
