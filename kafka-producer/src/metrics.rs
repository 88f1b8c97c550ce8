//! What a producer has done so far.

use std::collections::BTreeMap;

/// Counters of the sender, kept per batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) records_sent: u64,
    pub(crate) records_acked: u64,
    pub(crate) records_failed: u64,
    pub(crate) batches: u64,
    pub(crate) retries: u64,
    pub(crate) splits: u64,
    pub(crate) requests: u64,
    pub(crate) lost_requests: u64,
}

/// A snapshot of what a producer has done and holds; see
/// [`Producer::metrics`](crate::Producer::metrics).
///
/// Counts start at zero with the producer and only grow; they are kept batch by
/// batch, so a record counts when its batch does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerMetrics {
    /// Bytes of [`buffer_memory`](crate::ProducerConfig::buffer_memory) in use.
    pub buffered_bytes: usize,
    /// Requests in flight, by broker.
    pub in_flight: BTreeMap<i32, InFlight>,
    /// Records that went into a request, each counted once.
    pub records_sent: u64,
    /// Records that were delivered.
    pub records_acked: u64,
    /// Records that were not, or not known to be.
    pub records_failed: u64,
    /// Batches that went into a request, each counted once.
    pub batches_sent: u64,
    /// Times that a batch went into a request again.
    pub retries: u64,
    /// Batches that were split because the broker found them too large.
    pub splits: u64,
    /// Produce requests.
    pub requests: u64,
    /// Requests that ended without an answer after bytes of them may have
    /// reached the broker: a connection lost, or a timeout.
    pub requests_lost_unacknowledged: u64,
}

/// Requests in flight to one broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InFlight {
    /// Now.
    pub now: usize,
    /// The most there ever were at once.
    pub max: usize,
}

impl ProducerMetrics {
    /// The most requests that were in flight at once to any broker.
    pub fn max_in_flight(&self) -> usize {
        self.in_flight.values().map(|b| b.max).max().unwrap_or(0)
    }

    pub(crate) fn new(
        counters: &Counters,
        in_flight: BTreeMap<i32, (usize, usize)>,
        buffered_bytes: usize,
    ) -> Self {
        Self {
            buffered_bytes,
            in_flight: in_flight
                .into_iter()
                .map(|(broker, (now, max))| (broker, InFlight { now, max }))
                .collect(),
            records_sent: counters.records_sent,
            records_acked: counters.records_acked,
            records_failed: counters.records_failed,
            batches_sent: counters.batches,
            retries: counters.retries,
            splits: counters.splits,
            requests: counters.requests,
            requests_lost_unacknowledged: counters.lost_requests,
        }
    }
}
