//! The handle, and how an operation is tried until it succeeds.

use std::future::Future;
use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, Lane, clock};
use kafka_protocol::{ApiKey, ErrorCode, Request};
use kafka_router::{Call, Destination, Router};

use crate::config::AdminConfig;

/// Administers a cluster.
///
/// A handle; clones share the router's connections. Every operation ends within
/// [`AdminConfig::timeout`]. Its future may be polled anywhere, on the client's
/// runtime or not. Dropping it ends the attempts; a request that was sent may
/// still be carried out.
///
/// An operation whose answer was lost is tried again, so it can fail because it
/// has succeeded: creating a topic then says that it exists. Such an error says
/// so ([`Error::possibly_written`]).
#[derive(Clone, Debug)]
pub struct Admin {
    router: Router,
    config: AdminConfig,
}

impl Admin {
    /// A handle that reaches the cluster by this router.
    #[must_use]
    pub fn new(router: Router, config: AdminConfig) -> Self {
        Self { router, config }
    }

    /// The same with another time for a whole operation.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            router: self.router.clone(),
            config: self.config.clone().timeout(timeout),
        }
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    pub(crate) fn config(&self) -> &AdminConfig {
        &self.config
    }

    /// When an operation that begins now has to end.
    pub(crate) fn deadline(&self) -> Instant {
        let now = clock::now();
        now.checked_add(self.config.timeout).unwrap_or(now)
    }

    /// Runs an operation on the client's runtime, where its timers are.
    pub(crate) async fn run<T, F, Fut>(
        &self,
        to: Destination,
        api: ApiKey,
        operation: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Call) -> Fut,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let request_timeout = self.config.request_timeout;
        let begin = |call: Call| operation(call.with_request_timeout(request_timeout));
        self.router.call(to, api, self.deadline(), begin).await
    }
}

/// A connection to the controller, which is to be asked `R`.
///
/// # Errors
///
/// At once where no controller is known and brokers are too old for `R`: before
/// Kafka 0.10 none is ever named, and waiting for one would be in vain.
pub(crate) async fn controller<R: Request>(call: &Call) -> Result<Connection, Error> {
    let router = call.router();
    // Also before the first metadata: those of such brokers would name none. Whom
    // nobody can reach the controller's connection tells.
    if router.cluster().controller_id().is_none()
        && let Ok(anyone) = router.any_connection(Lane::Control, call.deadline()).await
    {
        anyone.version_of::<R>(None)?;
    }
    call.connection().await
}

/// Milliseconds that the broker may take over the request, somewhat less than what it
/// is waited for, so that its answer arrives before that.
pub(crate) fn broker_timeout_ms(call: &Call) -> i32 {
    let patience = call.patience();
    let millis = (patience - patience / 10).as_millis();
    i32::try_from(millis).unwrap_or(i32::MAX)
}

/// After an attempt that settled less than everything: waits and finds out whom to
/// ask next. The error when there is no use in another attempt, or no time.
pub(crate) async fn go_on(call: &mut Call, outcome: Result<Unsettled, Error>) -> Result<(), Error> {
    match outcome {
        Ok(unsettled) => {
            let error = Error::broker(unsettled.code).with_api(unsettled.api);
            call.go_on(error, unsettled.throttle).await
        }
        Err(error) => call.go_on(error, Duration::ZERO).await,
    }
}

/// Why an attempt left something to do.
#[derive(Debug)]
pub(crate) struct Unsettled {
    api: ApiKey,
    code: ErrorCode,
    throttle: Duration,
}

impl Unsettled {
    /// Nothing yet.
    pub(crate) fn new(api: ApiKey) -> Self {
        Self {
            api,
            code: ErrorCode::None,
            throttle: Duration::ZERO,
        }
    }

    /// Takes note of a code after which the same request belongs to another
    /// broker or to a later moment; false for any other code.
    pub(crate) fn takes(&mut self, code: ErrorCode, throttle_time_ms: i32) -> bool {
        match code {
            ErrorCode::NotController => self.code = code,
            ErrorCode::ThrottlingQuotaExceeded => {
                let millis = u64::try_from(throttle_time_ms).unwrap_or(0);
                self.throttle = Duration::from_millis(millis);
                self.code = code;
            }
            _ => return false,
        }
        true
    }
}
