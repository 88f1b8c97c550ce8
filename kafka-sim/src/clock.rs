//! Wall-clock time of the simulated world.

use kafka_net::WallClock;
use tokio::time::Instant;

/// A wall clock that starts at 2026-01-01T00:00:00Z and runs with the virtual clock.
#[derive(Clone, Debug)]
pub struct SimWallClock {
    started: Instant,
}

/// 2026-01-01T00:00:00Z in milliseconds since the epoch.
pub(crate) const EPOCH_MS: i64 = 1_767_225_600_000;

impl SimWallClock {
    /// Starts now, in virtual time.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl WallClock for SimWallClock {
    fn now_ms(&self) -> i64 {
        let elapsed = Instant::now().duration_since(self.started).as_millis();
        EPOCH_MS.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }
}
