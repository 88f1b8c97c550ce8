//! Wall-clock time of the simulated world.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kafka_net::WallClock;
use tokio::time::Instant;

/// A wall clock that starts at 2026-01-01T00:00:00Z and runs with the virtual clock, but
/// for jumps. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct SimWallClock {
    started: Instant,
    jumped_ms: Arc<AtomicI64>,
}

/// 2026-01-01T00:00:00Z in milliseconds since the epoch.
pub(crate) const EPOCH_MS: i64 = 1_767_225_600_000;

impl SimWallClock {
    /// Starts now, in virtual time.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            jumped_ms: Arc::default(),
        }
    }

    /// Sets the clock forward by this many milliseconds, or back. Timers take no note.
    pub fn jump(&self, by_ms: i64) {
        self.jumped_ms.fetch_add(by_ms, Ordering::Relaxed);
    }
}

impl WallClock for SimWallClock {
    fn now_ms(&self) -> i64 {
        let elapsed = Instant::now().duration_since(self.started).as_millis();
        EPOCH_MS
            .saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX))
            .saturating_add(self.jumped_ms.load(Ordering::Relaxed))
    }
}
