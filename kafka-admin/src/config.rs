//! Settings of an administration handle.

use std::time::Duration;

/// Settings of an [`Admin`](crate::Admin).
///
/// ```
/// use std::time::Duration;
/// use kafka_admin::AdminConfig;
///
/// let config = AdminConfig::default().timeout(Duration::from_secs(10));
/// # let _ = config;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConfig {
    pub(crate) timeout: Duration,
    pub(crate) request_timeout: Duration,
}

impl AdminConfig {
    /// The time for a whole operation, all attempts included
    /// (`default.api.timeout.ms`). Default 60 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The time for one request, after which it is sent again, elsewhere if
    /// possible. Default 30 s; never more than what is left of the operation.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
        }
    }
}
