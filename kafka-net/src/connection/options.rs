use std::time::Duration;

/// How to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendOptions {
    /// From the start of the request to its answer, the wait in the queue
    /// included. The answer of a request that was written being overdue costs
    /// the connection: Kafka answers in order, so nothing behind it could be
    /// read.
    pub timeout: Duration,
    /// This version and no other, also one that is marked unstable. Default:
    /// the newest in common.
    pub version: Option<i16>,
    /// No newer version than this. Default: no bound. The right version can
    /// depend on the content: topics without ids need a Fetch below 13.
    pub max_version: Option<i16>,
    /// No older version than this. Default: no bound.
    pub min_version: Option<i16>,
}

impl SendOptions {
    /// The newest version in common, and this timeout.
    pub const fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            version: None,
            max_version: None,
            min_version: None,
        }
    }

    /// Sets [`SendOptions::version`].
    #[must_use]
    pub const fn with_version(mut self, version: i16) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets [`SendOptions::max_version`].
    #[must_use]
    pub const fn with_max_version(mut self, version: i16) -> Self {
        self.max_version = Some(version);
        self
    }

    /// Sets [`SendOptions::min_version`].
    #[must_use]
    pub const fn with_min_version(mut self, version: i16) -> Self {
        self.min_version = Some(version);
        self
    }
}
