use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long answers took, from the last byte of the request to the whole answer, in
/// buckets of fixed bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencyHistogram {
    counts: [u64; BUCKETS],
    total_us: u64,
}

const BUCKETS: usize = BOUNDS_US.len() + 1;

/// What each bucket holds up to, inclusive; the last one has no bound.
const BOUNDS_US: [u64; 16] = [
    250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000, 30_000_000,
];

impl LatencyHistogram {
    /// The answers counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The time of all of them together.
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.total_us)
    }

    /// The average; zero when nothing was counted.
    pub fn mean(&self) -> Duration {
        Duration::from_micros(self.total_us.checked_div(self.count()).unwrap_or(0))
    }

    /// Each bucket's inclusive bound, `None` for the last one, and what it counted: from
    /// 250 µs to 30 s.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS_US.iter().map(|us| Some(Duration::from_micros(*us)));
        bounds.chain([None]).zip(self.counts)
    }

    /// The bound of the bucket within which this share of the answers came, for example
    /// 0.99; `None` when nothing was counted, or when they took more than the greatest
    /// bound.
    pub fn within(&self, share: f64) -> Option<Duration> {
        let all = self.count();
        let mut so_far = 0;
        self.buckets()
            .find(|(_, count)| {
                so_far += count;
                so_far > 0 && so_far as f64 >= share * all as f64
            })
            .and_then(|(bound, _)| bound)
    }
}

/// The same while it is being counted.
#[derive(Debug, Default)]
pub(super) struct LatencyCounts {
    counts: [AtomicU64; BUCKETS],
    total_us: AtomicU64,
}

impl LatencyCounts {
    pub(super) fn add(&self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.total_us.fetch_add(us, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> LatencyHistogram {
        LatencyHistogram {
            counts: std::array::from_fn(|bucket| {
                let count = self.counts.get(bucket);
                count.map_or(0, |count| count.load(Ordering::Relaxed))
            }),
            total_us: self.total_us.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_in_the_bucket_of_its_bound() {
        let counts = LatencyCounts::default();
        for us in [0, 250, 251, 1_000, 1_001, 30_000_000, 30_000_001] {
            counts.add(Duration::from_micros(us));
        }
        let histogram = counts.snapshot();
        let filled: Vec<_> = histogram
            .buckets()
            .filter(|(_, count)| *count > 0)
            .map(|(bound, count)| (bound.map(|bound| bound.as_micros()), count))
            .collect();
        assert_eq!(
            filled,
            [
                (Some(250), 2),
                (Some(500), 1),
                (Some(1_000), 1),
                (Some(2_000), 1),
                (Some(30_000_000), 1),
                (None, 1),
            ]
        );
        assert_eq!(histogram.count(), 7);
        assert_eq!(histogram.total(), Duration::from_micros(60_002_503));
        assert_eq!(histogram.mean(), Duration::from_micros(8_571_786));
    }

    #[test]
    fn shares_are_told_by_bounds() {
        let counts = LatencyCounts::default();
        assert_eq!(counts.snapshot().within(0.5), None);
        assert_eq!(counts.snapshot().mean(), Duration::ZERO);
        for _ in 0..99 {
            counts.add(Duration::from_micros(300));
        }
        counts.add(Duration::from_secs(60));
        let histogram = counts.snapshot();
        assert_eq!(histogram.within(0.0), Some(Duration::from_micros(500)));
        assert_eq!(histogram.within(0.99), Some(Duration::from_micros(500)));
        assert_eq!(histogram.within(0.999), None);
    }
}
