//! The load of the latency runs, and what it met.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock;

/// Microseconds from when each record was due to its acknowledgement; all are kept, so
/// that percentiles are exact.
#[derive(Clone, Debug)]
pub struct Latencies {
    micros: Arc<[AtomicU32]>,
    done: Arc<AtomicU64>,
}

impl Latencies {
    pub fn of(records: u64) -> Self {
        Self {
            micros: (0..records).map(|_| AtomicU32::new(u32::MAX)).collect(),
            done: Arc::default(),
        }
    }

    /// Record `n`, due at `due`, is acknowledged now.
    pub fn acknowledged(&self, n: u64, due: Instant) {
        let taken = clock::now().saturating_duration_since(due).as_micros();
        let taken = u32::try_from(taken).unwrap_or(u32::MAX - 1);
        if let Some(place) = self.micros.get(n as usize) {
            place.store(taken, Ordering::Relaxed);
            self.done.fetch_add(1, Ordering::Release);
        }
    }

    /// How many records are acknowledged.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// Blocks until every record is acknowledged.
    ///
    /// # Errors
    ///
    /// When none was for 30 seconds.
    pub fn wait(&self) -> Result<(), String> {
        let (mut seen, mut since) = (self.done(), clock::now());
        while self.done() < self.micros.len() as u64 {
            thread::sleep(Duration::from_millis(2));
            if self.done() > seen {
                (seen, since) = (self.done(), clock::now());
            } else if clock::now().duration_since(since) > Duration::from_secs(30) {
                return Err(format!("{seen} of {} acknowledged", self.micros.len()));
            }
        }
        Ok(())
    }

    /// p50, p99, p99.9 and the most, in microseconds.
    pub(crate) fn percentiles(&self) -> [u32; 4] {
        let all = self
            .micros
            .iter()
            .map(|micros| micros.load(Ordering::Relaxed));
        percentiles(all.collect())
    }
}

fn percentiles(mut micros: Vec<u32>) -> [u32; 4] {
    micros.sort_unstable();
    // The least figure that at least this share of the records does not exceed.
    [0.5, 0.99, 0.999, 1.0].map(|share| {
        let rank = (share * micros.len() as f64).ceil() as usize;
        micros.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    })
}

/// Calls `send` for each of `records` when it is due, `rate` a second, on this thread;
/// one that comes late does not put off those after it. Returns how late the calls were
/// themselves, as [`Latencies::percentiles`] does.
///
/// # Errors
///
/// The first of `send`.
pub fn open_loop(
    rate: u64,
    records: u64,
    mut send: impl FnMut(u64, Instant) -> Result<(), String>,
) -> Result<[u32; 4], String> {
    let start = clock::now();
    let mut late = Vec::with_capacity(records as usize);
    for n in 0..records {
        let due = start + Duration::from_nanos(n * 1_000_000_000 / rate);
        let mut now = clock::now();
        if due > now {
            thread::sleep(due - now);
            now = clock::now();
        }
        let lag = now.saturating_duration_since(due).as_micros();
        late.push(u32::try_from(lag).unwrap_or(u32::MAX));
        send(n, due)?;
    }
    Ok(percentiles(late))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_records_themselves() {
        let micros = (1..=1000).rev().collect();
        assert_eq!(percentiles(micros), [500, 990, 999, 1000]);
        assert_eq!(percentiles(vec![7]), [7; 4]);
    }

    #[test]
    fn times_run_from_when_a_record_was_due() {
        let latencies = Latencies::of(3);
        let late = open_loop(1_000, 3, |n, due| {
            if n == 0 {
                thread::sleep(Duration::from_millis(30));
            }
            latencies.acknowledged(n, due);
            Ok(())
        });
        // The third was due 28 milliseconds before the first was done.
        assert!(late.unwrap()[0] >= 28_000);
        latencies.wait().unwrap();
        assert!(latencies.percentiles()[0] >= 28_000);
    }
}
