//! The one file of this crate that asks for the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The present on tokio's clock, so that a paused clock reaches the cluster.
///
/// Works outside a runtime too, where it is the system's monotonic clock.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Milliseconds since 1970 by the system's clock.
///
/// Read once, when a cluster is built and no wall clock was given: from then on
/// the cluster's wall clock moves with [`now`].
#[allow(clippy::disallowed_methods)]
pub(crate) fn system_wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Waits until `deadline` on tokio's clock; without one, forever.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
