//! The one place of this crate that asks for the time.

use std::time::Instant;

/// The monotonic clock: real brokers run on the real clock.
#[expect(
    clippy::disallowed_methods,
    reason = "real brokers run on the real clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
