//! The one place that asks for the time.

use std::time::Instant;

/// The moment it is.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub fn now() -> Instant {
    Instant::now()
}
