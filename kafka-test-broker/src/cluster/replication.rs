//! How far the replicas of a partition have come.
//!
//! Replication is instantaneous: a replica that follows has all that the leader
//! has. So only those are kept here that do not follow: down, cut off, or held
//! back. Each has a beginning of the leader's log, up to where it stopped.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The replicas that do not follow, and what all that are in sync have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replication {
    high_watermark: i64,
    behind: BTreeMap<i32, Behind>,
}

/// A replica that does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Behind {
    /// The end of its log.
    end_offset: i64,
    /// The high watermark as the leader told it last.
    high_watermark: i64,
    /// When it had all that the leader had.
    since: Instant,
}

impl Replication {
    /// The first offset that a consumer does not get: the end of what every
    /// replica in sync has. It goes back in unclean elections only.
    pub(crate) fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// The end of a replica's log, where the leader's ends at `log_end`.
    pub(crate) fn end_of(&self, replica: i32, log_end: i64) -> i64 {
        self.behind
            .get(&replica)
            .map_or(log_end, |behind| behind.end_offset)
    }

    /// The high watermark as a replica knows it.
    pub(crate) fn high_watermark_of(&self, replica: i32) -> i64 {
        self.behind
            .get(&replica)
            .map_or(self.high_watermark, |behind| behind.high_watermark)
    }

    /// Whether any replica does not follow.
    pub(crate) fn is_anyone_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// A replica follows no longer; what it has stays where it is.
    pub(crate) fn stops(&mut self, replica: i32, log_end: i64, now: Instant) {
        let high_watermark = self.high_watermark;
        self.behind.entry(replica).or_insert(Behind {
            end_offset: log_end,
            high_watermark,
            since: now,
        });
    }

    /// A replica is new: it has nothing.
    pub(crate) fn starts_empty(&mut self, replica: i32, now: Instant) {
        let behind = Behind {
            end_offset: 0,
            high_watermark: 0,
            since: now,
        };
        self.behind.insert(replica, behind);
    }

    /// A replica has everything: it follows, or leads.
    pub(crate) fn catches_up(&mut self, replica: i32) {
        self.behind.remove(&replica);
    }

    /// Nothing is left from `offset` on, at any replica.
    pub(crate) fn truncate(&mut self, offset: i64) {
        self.high_watermark = self.high_watermark.min(offset);
        for behind in self.behind.values_mut() {
            behind.end_offset = behind.end_offset.min(offset);
            behind.high_watermark = behind.high_watermark.min(offset);
        }
    }

    /// Moves the high watermark up to what all of `isr` have; says whether it
    /// moved.
    pub(crate) fn advance(&mut self, isr: &[i32], log_end: i64) -> bool {
        let ends = self.behind.iter().filter(|(id, _)| isr.contains(id));
        let reached = ends
            .map(|(_, behind)| behind.end_offset)
            .fold(log_end, i64::min);
        let moves = reached > self.high_watermark;
        if moves {
            self.high_watermark = reached;
        }
        moves
    }

    /// Those of `isr` that have been behind for longer than `lag_max`.
    pub(crate) fn out_of_sync(
        &self,
        isr: &[i32],
        log_end: i64,
        lag_max: Duration,
        now: Instant,
    ) -> Vec<i32> {
        self.lagging(isr, log_end)
            .filter(|(_, since)| now.saturating_duration_since(*since) >= lag_max)
            .map(|(id, _)| id)
            .collect()
    }

    /// When the first of `isr` will have been behind for `lag_max`.
    pub(crate) fn next_out_of_sync(
        &self,
        isr: &[i32],
        log_end: i64,
        lag_max: Duration,
    ) -> Option<Instant> {
        self.lagging(isr, log_end)
            .map(|(_, since)| since + lag_max)
            .min()
    }

    /// A replica that has everything is in sync however long ago it asked last.
    fn lagging(&self, isr: &[i32], log_end: i64) -> impl Iterator<Item = (i32, Instant)> {
        self.behind
            .iter()
            .filter(move |(id, behind)| isr.contains(id) && behind.end_offset < log_end)
            .map(|(id, behind)| (*id, behind.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const LAG_MAX: Duration = Duration::from_secs(30);

    #[test]
    fn high_watermark_is_the_least_end_in_sync() {
        let now = clock::now();
        let mut replication = Replication::default();
        assert!(replication.advance(&[1, 2, 3], 10));
        assert!(!replication.advance(&[1, 2, 3], 10));
        replication.stops(2, 10, now);
        replication.stops(3, 10, now);
        assert!(!replication.advance(&[1, 2, 3], 15));
        assert_eq!(replication.high_watermark(), 10);
        assert_eq!(
            (replication.end_of(1, 15), replication.end_of(2, 15)),
            (15, 10)
        );
        replication.catches_up(3);
        assert!(!replication.advance(&[1, 2, 3], 15));
        assert!(replication.advance(&[1, 3], 15), "2 is not in sync");
        assert_eq!(replication.high_watermark_of(2), 10);
        assert_eq!(replication.high_watermark_of(3), 15);
        // Whoever leaves the watermark behind cannot pull it back.
        assert!(!replication.advance(&[1, 2, 3], 15));
        replication.truncate(12);
        assert_eq!(replication.high_watermark(), 12);
        assert_eq!(replication.end_of(2, 12), 10);
    }

    #[test]
    fn out_of_sync_is_who_misses_something_for_long() {
        let start = clock::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut replication = Replication::default();
        replication.stops(2, 10, start);
        replication.stops(2, 99, at(20));
        let out = |replication: &Replication, end, seconds| {
            replication.out_of_sync(&[1, 2], end, LAG_MAX, at(seconds))
        };
        assert!(out(&replication, 10, 1_000).is_empty(), "it has everything");
        assert!(out(&replication, 11, 29).is_empty());
        assert_eq!(out(&replication, 11, 30), [2]);
        let next = |isr: &[i32], end| replication.next_out_of_sync(isr, end, LAG_MAX);
        assert_eq!(next(&[1, 2], 11), Some(at(30)));
        assert_eq!(next(&[1, 2], 10), None);
        assert_eq!(next(&[1], 11), None);
    }
}
