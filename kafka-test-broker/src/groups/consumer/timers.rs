use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use kafka_protocol::StrBytes;

/// What a member has to do in time, or be fenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Send a heartbeat.
    Session,
    /// Give up partitions.
    Rebalance,
    /// Join again, in the classic protocol, when told to.
    Join,
    /// Fetch its assignment, in the classic protocol, after it joined.
    Sync,
}

/// The timers of a group's members, one of each kind.
#[derive(Debug, Default)]
pub(super) struct Timers {
    at: BTreeMap<(StrBytes, Timer), Instant>,
    due: BTreeSet<(Instant, StrBytes, Timer)>,
}

impl Timers {
    /// Sets a timer in place of the one there was.
    pub(super) fn set(&mut self, member: &StrBytes, timer: Timer, at: Instant) {
        self.cancel(member, timer);
        self.at.insert((member.clone(), timer), at);
        self.due.insert((at, member.clone(), timer));
    }

    /// Sets a timer that does not run yet.
    pub(super) fn set_if_absent(&mut self, member: &StrBytes, timer: Timer, at: Instant) {
        if !self.at.contains_key(&(member.clone(), timer)) {
            self.set(member, timer, at);
        }
    }

    pub(super) fn cancel(&mut self, member: &StrBytes, timer: Timer) {
        if let Some(at) = self.at.remove(&(member.clone(), timer)) {
            self.due.remove(&(at, member.clone(), timer));
        }
    }

    /// Cancels every timer of a member.
    pub(super) fn cancel_all(&mut self, member: &StrBytes) {
        for timer in [Timer::Session, Timer::Rebalance, Timer::Join, Timer::Sync] {
            self.cancel(member, timer);
        }
    }

    pub(super) fn clear(&mut self) {
        self.at.clear();
        self.due.clear();
    }

    /// When the first one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, ..)| *at)
    }

    /// Takes one that is due by `now`, the earliest first.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(StrBytes, Timer)> {
        self.due.first().filter(|(at, ..)| *at <= now)?;
        let (_, member, timer) = self.due.pop_first()?;
        self.at.remove(&(member.clone(), timer));
        Some((member, timer))
    }
}
