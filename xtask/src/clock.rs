//! The one place of this crate that asks for the time.

use std::time::{Duration, Instant};

/// Measures how long a suite takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "suites take real minutes")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "suites take real minutes")]
    pub(crate) fn read(&self) -> Duration {
        self.0.elapsed()
    }
}
