//! Gathering the members, and beginning the next generation.

use std::time::{Duration, Instant};

use kafka_protocol::ErrorCode;

use super::join::refused;
use super::{ClassicGroup, ClassicState, milliseconds};
use crate::cluster::Moment;

/// What ends the gathering of members, if nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinTimer {
    /// A group that was empty waits for more members, and longer if some come.
    Initial {
        due: Instant,
        delay: Duration,
        remaining: Duration,
    },
    /// A group waits for its members to come back.
    Rejoin { due: Instant },
}

impl JoinTimer {
    pub(super) fn due(self) -> Instant {
        match self {
            Self::Initial { due, .. } | Self::Rejoin { due } => due,
        }
    }
}

impl ClassicGroup {
    /// Begins to gather members, or ends it if that is all.
    pub(super) fn rebalance(&mut self, moment: Moment) {
        if self.state == ClassicState::PreparingRebalance {
            self.complete_join_if_all_are_here(moment);
        } else {
            self.prepare_rebalance(moment);
        }
    }

    /// Begins to gather members.
    pub(super) fn prepare_rebalance(&mut self, moment: Moment) {
        if self.state == ClassicState::CompletingRebalance {
            for member in self.members.values_mut() {
                member.assignment = bytes::Bytes::new();
            }
            self.propagate(ErrorCode::RebalanceInProgress, moment);
        }
        self.pending_syncs.clear();
        self.sync_due = None;
        self.is_initial = self.state == ClassicState::Empty;
        self.enter(ClassicState::PreparingRebalance, moment);
        if !self.is_initial {
            return match self.all_joined() {
                true => self.complete_join(moment),
                false => self.wait_for_members(moment),
            };
        }
        let delay = self.settings.initial_rebalance_delay;
        if delay.is_zero() {
            return self.complete_join(moment);
        }
        self.join_timer = Some(JoinTimer::Initial {
            due: moment.now + delay,
            delay,
            remaining: self.rebalance_timeout().saturating_sub(delay),
        });
    }

    /// Begins the next generation if all are here, and the group was not empty
    /// before: then it waits for more.
    pub(super) fn complete_join_if_all_are_here(&mut self, moment: Moment) {
        let preparing = self.state == ClassicState::PreparingRebalance;
        if preparing && !self.is_initial && self.all_joined() {
            self.complete_join(moment);
        }
    }

    /// The time to gather members is up.
    pub(super) fn join_time_is_up(&mut self, timer: JoinTimer, moment: Moment) {
        match timer {
            JoinTimer::Initial {
                delay, remaining, ..
            } if self.new_member_added && !remaining.is_zero() => {
                self.new_member_added = false;
                let next = self.settings.initial_rebalance_delay.min(remaining);
                self.join_timer = Some(JoinTimer::Initial {
                    due: moment.now + next,
                    delay: next,
                    remaining: remaining.saturating_sub(delay),
                });
            }
            _ => self.complete_join(moment),
        }
    }

    /// Begins the next generation with those that are here, and static members.
    pub(super) fn complete_join(&mut self, moment: Moment) {
        self.join_timer = None;
        let missing = self.members.values();
        let missing = missing.filter(|m| m.joining.is_none() && m.instance_id.is_none());
        let missing: Vec<_> = missing.map(|member| member.id.clone()).collect();
        for id in missing {
            self.remove(&id);
        }
        if !self.elect_joined_leader() && !self.members.is_empty() {
            // Until their sessions end.
            return self.wait_for_members(moment);
        }
        self.generation += 1;
        self.pending_syncs.clear();
        self.protocol = self.select_protocol();
        self.subscribed = self.read_subscriptions();
        if self.members.is_empty() {
            self.enter(ClassicState::Empty, moment);
            return self.log();
        }
        self.enter(ClassicState::CompletingRebalance, moment);
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            let response = self.joined(&id);
            self.answer_join(&id, response);
            self.prolong(&id, moment.now);
            if let Some(member) = self.members.get_mut(&id) {
                member.is_new = false;
            }
            self.pending_syncs.insert(id);
        }
        self.sync_due = Some(moment.now + self.rebalance_timeout());
    }

    /// Whoever did not ask for its assignment in time is out.
    pub(super) fn sync_time_is_up(&mut self, moment: Moment) {
        let late = std::mem::take(&mut self.pending_syncs);
        if late.is_empty() {
            return;
        }
        for id in late {
            self.remove(&id);
        }
        self.prepare_rebalance(moment);
    }

    /// A member, or one that was to become one, was silent for too long.
    pub(super) fn session_is_over(&mut self, member_id: &str, moment: Moment) {
        if self.pending_joins.remove(member_id).is_some() {
            if self.state == ClassicState::PreparingRebalance && self.all_joined() {
                self.complete_join(moment);
            }
            return;
        }
        let Some(member) = self.members.get_mut(member_id) else {
            return;
        };
        member.session_due = None;
        if member.waits_rightly() {
            return;
        }
        self.answer_join(member_id, refused(ErrorCode::UnknownMemberId));
        self.remove(member_id);
        match self.state {
            ClassicState::Stable | ClassicState::CompletingRebalance => self.rebalance(moment),
            ClassicState::PreparingRebalance if self.all_joined() => self.complete_join(moment),
            _ => {}
        }
    }

    /// Whether every member waits in JoinGroup, and nobody is to come back.
    fn all_joined(&self) -> bool {
        self.pending_joins.is_empty() && self.members.values().all(|m| m.joining.is_some())
    }

    fn wait_for_members(&mut self, moment: Moment) {
        // A timeout of nothing must not keep the clock from moving on.
        let timeout = self.rebalance_timeout().max(Duration::from_millis(1));
        let due = moment.now + timeout;
        self.join_timer = Some(JoinTimer::Rejoin { due });
    }

    /// The longest of all members'.
    pub(super) fn rebalance_timeout(&self) -> Duration {
        let timeouts = self.members.values().map(|m| m.rebalance_timeout_ms);
        milliseconds(timeouts.max().unwrap_or(0))
    }

    /// Sees to it that the leader is one that is here. Returns whether it is.
    fn elect_joined_leader(&mut self) -> bool {
        let joined = |id: &_| self.members.get(id).is_some_and(|m| m.joining.is_some());
        match &self.leader {
            None => false,
            Some(leader) if joined(leader) => true,
            Some(_) => {
                let mut members = self.members.values();
                let Some(other) = members.find(|m| m.joining.is_some()) else {
                    return false;
                };
                self.leader = Some(other.id.clone());
                true
            }
        }
    }
}
