//! What a consumer counts.

use crate::shared::State;

/// A snapshot of a consumer's counters, taken at once and consistent in itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerMetrics {
    /// Assigned partitions now.
    pub assigned_partitions: usize,
    /// Those of them that are paused.
    pub paused_partitions: usize,
    /// Those of them that an error stopped until a seek.
    pub stopped_partitions: usize,
    /// Bytes that were fetched and wait to be handed out.
    pub buffered_bytes: usize,
    /// The most that ever waited; stays within
    /// [`prefetch_bytes`](crate::ConsumerConfig::prefetch_bytes), but for single
    /// batches larger than what was left of it.
    pub max_buffered_bytes: usize,
    /// Bytes that fetches in flight may bring.
    pub in_flight_bytes: usize,
    /// Fetches in flight: at most one to each broker.
    pub fetches_in_flight: usize,
    /// Fetches sent since the consumer was built.
    pub fetches: u64,
    /// Those of them that failed as a whole.
    pub failed_fetches: u64,
    /// Bytes of record batches that came.
    pub fetched_bytes: u64,
    /// Batches handed out.
    pub batches: u64,
    /// Records handed out; for a stream of records, those of the batch it is at.
    pub records: u64,
}

impl ConsumerMetrics {
    pub(crate) fn of(state: &State) -> Self {
        let gauges = state.subscription.gauges();
        let counters = state.subscription.counters();
        Self {
            assigned_partitions: gauges.assigned,
            paused_partitions: gauges.paused,
            stopped_partitions: gauges.stopped,
            buffered_bytes: gauges.buffered_bytes,
            max_buffered_bytes: gauges.peak_buffered_bytes,
            in_flight_bytes: gauges.in_flight_bytes,
            fetches_in_flight: gauges.fetches_in_flight,
            fetches: counters.fetches,
            failed_fetches: counters.fetch_failures,
            fetched_bytes: counters.fetched_bytes,
            batches: counters.batches,
            records: counters.records,
        }
    }
}
