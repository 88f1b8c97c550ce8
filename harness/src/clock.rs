//! The one place of this crate that asks for the time.

use std::time::Instant;

/// The monotonic clock, for the deadlines of real processes.
#[expect(
    clippy::disallowed_methods,
    reason = "real processes run on the real clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
