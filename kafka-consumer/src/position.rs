//! Where a partition is being read: what was handed out, what is fetched next.

use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use kafka_net::{Error, Random};
use kafka_router::Backoff;

use crate::assignment::Start;
use crate::config::OffsetReset;

/// What is known of the place from which a partition is fetched.
///
/// ```text
///         assign, seek, a reset by policy
///                      │
///                      ▼          retriable failure: after a back-off
///   Start::Offset ┌─ Needed(look-up) ◄───────────────┐
///        ┌────────┘    │ planned                     │
///        │             ▼                             │
///        │          LookingUp(look-up) ──────────────┤
///        │             │ the answer                  │ out of range
///        ▼             ▼                             │ (look-up by policy)
///       Fetching { next_offset } ────────────────────┘
///                      │ refused for good, corrupt, out of range under Fail
///                      ▼
///                   Stopped ── until seek or assign
/// ```
///
/// A partition's generation is counted up by everything that makes answers to
/// earlier questions worthless (seek, assignment, reset), so a seek wins over any
/// look-up or fetch that is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Needed(LookUp),
    LookingUp(LookUp),
    Fetching { next_offset: i64 },
    Stopped,
}

impl Phase {
    pub(crate) fn starting_at(start: Start) -> Self {
        match start {
            Start::Offset(next_offset) => Self::Fetching { next_offset },
            Start::Earliest => Self::Needed(LookUp::Earliest),
            Start::Latest => Self::Needed(LookUp::Latest),
            Start::Timestamp(ms) => Self::Needed(LookUp::Timestamp(ms)),
            Start::Committed => Self::Needed(LookUp::Committed),
        }
    }
}

/// A question whose answer is a position, or the text of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    Earliest,
    Latest,
    Timestamp(i64),
    Committed,
    /// `offset` was refused as out of range and the policy is to fail: the error
    /// names what the log holds, which takes two questions.
    RangeStart {
        offset: i64,
    },
    RangeEnd {
        offset: i64,
        log_start: i64,
    },
}

impl LookUp {
    /// The question that the policy asks; `None` where it is to fail.
    pub(crate) fn by_policy(policy: OffsetReset) -> Option<Self> {
        match policy {
            OffsetReset::Earliest => Some(Self::Earliest),
            OffsetReset::Latest => Some(Self::Latest),
            OffsetReset::Fail => None,
        }
    }

    /// The timestamp that asks it in ListOffsets; `None` for the one question that
    /// goes to the group's coordinator instead.
    pub(crate) fn timestamp(self) -> Option<i64> {
        match self {
            Self::Earliest | Self::RangeStart { .. } => Some(EARLIEST),
            Self::Latest | Self::RangeEnd { .. } => Some(LATEST),
            Self::Timestamp(ms) => Some(ms),
            Self::Committed => None,
        }
    }
}

/// ListOffsets' timestamp for the first offset in the log.
pub(crate) const EARLIEST: i64 = -2;
/// ListOffsets' timestamp for the offset after the last.
pub(crate) const LATEST: i64 = -1;

/// What of a partition was handed out to the caller.
///
/// Shared with the record stream that reads the partition, so that handing out a
/// record costs one store and no lock. A seek or an assignment retires the cursor
/// and puts a new one in its place, which is how the stream learns of it.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// The offset after the last one handed out; −1 while it is not known.
    position: AtomicI64,
    leader_epoch: AtomicI32,
    gate: AtomicU8,
}

/// Whether a stream may hand out more of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// Give it back, it is wanted later.
    Paused,
    /// Drop it.
    Retired,
}

impl Cursor {
    pub(crate) fn new(position: Option<i64>, paused: bool) -> Self {
        let cursor = Self {
            position: AtomicI64::new(position.unwrap_or(-1)),
            leader_epoch: AtomicI32::new(-1),
            gate: AtomicU8::new(0),
        };
        if paused {
            cursor.set_gate(Gate::Paused);
        }
        cursor
    }

    pub(crate) fn position(&self) -> Option<i64> {
        let position = self.position.load(Ordering::Acquire);
        (position >= 0).then_some(position)
    }

    pub(crate) fn move_to(&self, position: i64) {
        self.position.store(position, Ordering::Release);
    }

    /// To a position that does not follow from what was handed out. The epoch of the
    /// batch before would say that the log there ends earlier: whoever starts from
    /// such a commit would go back for nothing. −1 where no epoch is known.
    pub(crate) fn jump_to(&self, position: i64, leader_epoch: i32) {
        self.set_leader_epoch(leader_epoch);
        self.move_to(position);
    }

    /// The leader epoch of the batch that was handed out last; −1 if unknown.
    pub(crate) fn leader_epoch(&self) -> i32 {
        self.leader_epoch.load(Ordering::Acquire)
    }

    pub(crate) fn set_leader_epoch(&self, epoch: i32) {
        self.leader_epoch.store(epoch, Ordering::Release);
    }

    pub(crate) fn gate(&self) -> Gate {
        match self.gate.load(Ordering::Acquire) {
            0 => Gate::Open,
            1 => Gate::Paused,
            _ => Gate::Retired,
        }
    }

    pub(crate) fn set_gate(&self, gate: Gate) {
        let code = match gate {
            Gate::Open => 0,
            Gate::Paused => 1,
            Gate::Retired => 2,
        };
        self.gate.store(code, Ordering::Release);
    }
}

/// When to try again what failed, and when to tell the caller that it keeps
/// failing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retry {
    failures: u32,
    not_before: Option<Instant>,
    failing_since: Option<Instant>,
    last_failed: Option<Instant>,
    last_error: Option<Error>,
}

impl Retry {
    /// It failed; the next try waits its time.
    pub(crate) fn failed(
        &mut self,
        now: Instant,
        error: Error,
        backoff: &Backoff,
        random: &Random,
    ) {
        self.not_before = Some(now + backoff.delay(self.failures, random));
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
        self.last_failed = Some(now);
        self.last_error = Some(error);
    }

    pub(crate) fn succeeded(&mut self) {
        if self.failures > 0 {
            *self = Self::default();
        }
    }

    /// How often it has failed since it last succeeded.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Whatever it waited for has come early.
    pub(crate) fn try_now(&mut self) {
        self.not_before = None;
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|at| at <= now)
    }

    /// When to look again, if it waits.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.not_before
    }

    /// The last error, with the number of tries, once for each `limit` during
    /// which nothing succeeded. Only where it is still being tried: what nobody
    /// asks for any longer (paused, unassigned) is no news.
    pub(crate) fn report(&mut self, limit: Duration) -> Option<Error> {
        let last_failed = self.last_failed?;
        if last_failed.saturating_duration_since(self.failing_since?) < limit {
            return None;
        }
        self.failing_since = Some(last_failed);
        let error = self.last_error.clone()?;
        Some(error.with_attempts(self.failures))
    }
}

#[cfg(test)]
mod tests {
    use kafka_net::ErrorKind;

    use super::*;

    #[test]
    fn a_lasting_failure_is_reported_once_per_limit() {
        let start = kafka_net::clock::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let limit = Duration::from_secs(60);
        let mut retry = Retry::default();
        assert!(retry.is_due(start));
        let fail = |retry: &mut Retry, seconds| {
            let error = Error::new(ErrorKind::Disconnected);
            let backoff = Backoff::default();
            retry.failed(at(seconds), error, &backoff, &Random::from_seed(1));
            retry.report(limit)
        };
        assert!(fail(&mut retry, 0).is_none());
        assert!(!retry.is_due(start));
        assert!(retry.is_due(start + Duration::from_millis(120)));
        assert!(fail(&mut retry, 59).is_none());
        let reported = fail(&mut retry, 60);
        assert_eq!(reported.unwrap().context().attempts(), Some(3));
        assert!(retry.report(limit).is_none(), "once");
        assert!(fail(&mut retry, 119).is_none());
        assert!(fail(&mut retry, 120).is_some());
        retry.succeeded();
        assert!(retry.is_due(start));
        assert!(fail(&mut retry, 300).is_none(), "it begins anew");
    }

    #[test]
    fn a_cursor_knows_no_position_before_the_first() {
        let cursor = Cursor::new(None, true);
        assert_eq!(cursor.position(), None);
        assert_eq!(cursor.gate(), Gate::Paused);
        cursor.move_to(0);
        cursor.set_gate(Gate::Retired);
        assert_eq!(cursor.position(), Some(0));
        assert_eq!(cursor.gate(), Gate::Retired);
    }
}
