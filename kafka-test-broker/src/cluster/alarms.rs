//! What the cluster has to do by itself, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use kafka_protocol::{StrBytes, Uuid};

use crate::machine::Ticket;

/// What is to be looked after when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// A group's earliest timeout.
    Group(StrBytes),
    /// A broker has read the groups in this partition of `__consumer_offsets`.
    GroupsLoaded(i32),
    /// Some committed offset has expired.
    OffsetRetention,
    /// A transactional id's timeout.
    Transaction(StrBytes),
    /// A produce request that waits for its replicas.
    Produce(Ticket),
    /// A partition whose replicas fall out of sync.
    Isr(Uuid, i32),
    /// The session of a broker that was cut off.
    Fence(i32),
    /// Old records.
    CleanUp,
}

/// The time, as it goes into the machine with whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub now: Instant,
    /// The wall clock, in milliseconds since 1970.
    pub wall_ms: i64,
}

/// Every alarm that is set; one at most for each thing to look after.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    at: BTreeMap<Alarm, Instant>,
    due: BTreeSet<(Instant, Alarm)>,
}

impl Alarms {
    /// Sets an alarm in place of the one there was; `None` only takes it away.
    pub(crate) fn set(&mut self, alarm: Alarm, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.at.insert(alarm.clone(), at),
            None => self.at.remove(&alarm),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&(before, alarm.clone()));
        }
        if let Some(at) = at {
            self.due.insert((at, alarm));
        }
    }

    /// When the first one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one that is due by `now`, the earliest first.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Alarm> {
        self.due.first().filter(|(at, _)| *at <= now)?;
        let (_, alarm) = self.due.pop_first()?;
        self.at.remove(&alarm);
        Some(alarm)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    #[test]
    fn one_alarm_each_and_the_earliest_first() {
        let start = clock::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let group = |name| Alarm::Group(StrBytes::from_static(name));
        let mut alarms = Alarms::default();
        alarms.set(group("a"), Some(after(3)));
        alarms.set(group("b"), Some(after(2)));
        alarms.set(group("c"), Some(after(1)));
        alarms.set(group("a"), Some(after(1)));
        alarms.set(group("c"), None);
        assert_eq!(alarms.next(), Some(after(1)));
        assert_eq!(alarms.take_due(start), None);
        assert_eq!(alarms.take_due(after(2)), Some(group("a")));
        assert_eq!(alarms.take_due(after(2)), Some(group("b")));
        assert_eq!(alarms.take_due(after(9)), None);
        assert_eq!(alarms.next(), None);
    }
}
