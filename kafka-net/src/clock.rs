//! The one place that asks for the time.
//!
//! State machines take `now` as an argument; drivers get it here. Under
//! `tokio::time::pause` this clock stands still with the runtime's timers, which
//! is what lets a whole client run in virtual time.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The current instant of the runtime's clock.
///
/// A paused clock belongs to its runtime: called from a thread outside, this is
/// the system's monotonic clock.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// `start` plus `wait`, or some 30 years later where the sum would overflow.
///
/// Timeouts are the user's to choose, and `Instant + Duration` panics.
pub fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    start
        .checked_add(wait)
        .or_else(|| start.checked_add(FAR))
        .unwrap_or(start)
}

/// Wall-clock time, for record timestamps, and for the validity of certificates,
/// and nothing else.
///
/// Timeouts never depend on it, so a clock that jumps changes timestamps only.
pub trait WallClock: Send + Sync + 'static + fmt::Debug {
    /// Milliseconds since 1970-01-01T00:00:00Z, negative before.
    fn now_ms(&self) -> i64;
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWallClock;

impl WallClock for SystemWallClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one file that may read the clocks"
    )]
    fn now_ms(&self) -> i64 {
        let time = SystemTime::now();
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn now_stands_still_with_a_paused_clock() {
        let start = now();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let passed = now() - start;
        assert!(passed >= Duration::from_secs(3600) && passed < Duration::from_secs(3601));
    }

    #[test]
    fn endless_timeouts_do_not_panic() {
        let start = now();
        assert!(after(start, Duration::MAX) > start + Duration::from_secs(1 << 29));
        assert_eq!(
            after(start, Duration::from_secs(1)),
            start + Duration::from_secs(1)
        );
    }

    #[test]
    fn wall_clock_counts_from_1970() {
        // 2020-01-01 and 2200-01-01.
        let now_ms = SystemWallClock.now_ms();
        assert!((1_577_836_800_000..7_258_118_400_000).contains(&now_ms));
    }
}
