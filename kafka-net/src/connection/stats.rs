use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::latency::{LatencyCounts, LatencyHistogram};

/// What one connection has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStats {
    /// Bytes handed to the socket.
    pub bytes_sent: u64,
    /// Bytes read from the socket.
    pub bytes_received: u64,
    /// Requests accepted, sent or not.
    pub requests: u64,
    /// Answers received.
    pub answers: u64,
    /// Requests written, in part or whole, and unanswered now.
    pub in_flight: u64,
    /// The most that were in flight at once.
    pub max_in_flight: u64,
    /// Requests whose connection ended when they were in flight: whether they
    /// took effect is unknown.
    pub lost: u64,
    /// Requests that ended without an answer: the lost ones, and those that were not
    /// written in time or before the connection's end.
    pub errors: u64,
    /// Answers by which the broker asked for a pause (KIP-219).
    pub throttles: u64,
    /// The pauses that it asked for, together.
    pub throttle_time: Duration,
    /// How long answers took.
    pub latency: LatencyHistogram,
}

/// Counts for one connection, and at the same time for all of its pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    own: Arc<Counts>,
    pool: Arc<Counts>,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    requests: AtomicU64,
    answers: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
    lost: AtomicU64,
    errors: AtomicU64,
    throttles: AtomicU64,
    throttle_time_ms: AtomicU64,
    latency: LatencyCounts,
}

impl Counters {
    pub(crate) fn of_pool(pool: Arc<Counts>) -> Self {
        Self {
            own: Arc::default(),
            pool,
        }
    }

    /// For another connection of the same pool.
    pub(super) fn fresh(&self) -> Self {
        Self::of_pool(self.pool.clone())
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.add(|counts| &counts.bytes_sent, bytes);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.add(|counts| &counts.bytes_received, bytes);
    }

    pub(super) fn requests(&self, count: usize) {
        self.add(|counts| &counts.requests, count);
    }

    pub(super) fn answered(&self, took: Duration) {
        self.add(|counts| &counts.answers, 1);
        for counts in [&self.own, &self.pool] {
            counts.latency.add(took);
        }
    }

    pub(super) fn errors(&self, count: usize) {
        self.add(|counts| &counts.errors, count);
    }

    pub(super) fn throttled(&self, pause: Duration) {
        self.add(|counts| &counts.throttles, 1);
        let ms = usize::try_from(pause.as_millis()).unwrap_or(usize::MAX);
        self.add(|counts| &counts.throttle_time_ms, ms);
    }

    pub(super) fn lost(&self, count: usize) {
        self.add(|counts| &counts.lost, count);
    }

    /// The driver, alone, moves the number in flight from one value to another.
    pub(super) fn in_flight(&self, from: usize, to: usize) {
        for counts in [&self.own, &self.pool] {
            if to >= from {
                let more = (to - from) as u64;
                let now = counts.in_flight.fetch_add(more, Ordering::Relaxed) + more;
                counts.max_in_flight.fetch_max(now, Ordering::Relaxed);
            } else {
                counts
                    .in_flight
                    .fetch_sub((from - to) as u64, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn snapshot(&self) -> ConnectionStats {
        self.own.snapshot()
    }

    fn add(&self, which: impl Fn(&Counts) -> &AtomicU64, amount: usize) {
        for counts in [&self.own, &self.pool] {
            which(counts).fetch_add(amount as u64, Ordering::Relaxed);
        }
    }
}

impl Counts {
    pub(crate) fn snapshot(&self) -> ConnectionStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ConnectionStats {
            bytes_sent: read(&self.bytes_sent),
            bytes_received: read(&self.bytes_received),
            requests: read(&self.requests),
            answers: read(&self.answers),
            in_flight: read(&self.in_flight),
            max_in_flight: read(&self.max_in_flight),
            lost: read(&self.lost),
            errors: read(&self.errors),
            throttles: read(&self.throttles),
            throttle_time: Duration::from_millis(read(&self.throttle_time_ms)),
            latency: self.latency.snapshot(),
        }
    }
}
