//! The handle, and how an operation is tried until it succeeds.

use std::future::Future;
use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, Lane, SendOptions, clock};
use kafka_protocol::{ApiKey, ErrorCode, Request};
use kafka_router::Router;

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

    /// Runs an operation on the client's runtime, where its timers are.
    pub(crate) async fn run<T, F, Fut>(&self, api: ApiKey, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Call) -> Fut,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        /// The operation's own error at the deadline says more; this is for
        /// when the runtime is too late to make it.
        const GRACE: Duration = Duration::from_secs(1);
        let begun = clock::now();
        let deadline = later(begun, self.config.timeout);
        let call = Call {
            router: self.router.clone(),
            request_timeout: self.config.request_timeout,
            begun,
            deadline,
            api,
            failures: 0,
            possibly_written: false,
        };
        let timeout = self.config.timeout;
        let late = move || Error::timeout("no end of the operation", timeout).with_api(api);
        let grace = later(deadline, GRACE);
        self.router.env().within(grace, late, operation(call)).await
    }
}

/// One operation under way: its deadline, and what its attempts came to so far.
pub(crate) struct Call {
    pub(crate) router: Router,
    request_timeout: Duration,
    begun: Instant,
    deadline: Instant,
    api: ApiKey,
    failures: u32,
    possibly_written: bool,
}

impl Call {
    /// A connection to the controller, which is to be asked `R`.
    ///
    /// # Errors
    ///
    /// At once where no controller is known and brokers are too old for `R`: before
    /// Kafka 0.10 none is ever named, and waiting for one would be in vain.
    pub(crate) async fn controller<R: Request>(&self) -> Result<Connection, Error> {
        // Also before the first metadata: those of such brokers would name none. Whom
        // nobody can reach the controller's connection tells.
        if self.router.cluster().controller_id().is_none()
            && let Ok(anyone) = self.anyone().await
        {
            anyone.version_of::<R>(None)?;
        }
        self.router
            .controller_connection(Lane::Control, self.deadline)
            .await
    }

    /// A connection to any broker.
    pub(crate) async fn anyone(&self) -> Result<Connection, Error> {
        self.router
            .any_connection(Lane::Control, self.deadline)
            .await
    }

    /// Sends a request in this version.
    pub(crate) async fn ask<R: Request>(
        &self,
        connection: &Connection,
        request: &R,
        version: i16,
    ) -> Result<R::Response, Error> {
        let options = SendOptions::new(self.patience()).with_version(version);
        connection.request(request, &options).await
    }

    /// Milliseconds that the broker may take over the request, somewhat less
    /// than what it is waited for, so that its answer arrives before that.
    pub(crate) fn broker_timeout_ms(&self) -> i32 {
        let patience = self.patience();
        let millis = (patience - patience / 10).as_millis();
        i32::try_from(millis).unwrap_or(i32::MAX)
    }

    /// Whether an attempt before may have been carried out.
    pub(crate) fn possibly_written(&self) -> bool {
        self.possibly_written
    }

    /// After an attempt that settled less than everything: waits and finds out
    /// whom to ask next. The error when there is no use in another attempt, or no
    /// time.
    pub(crate) async fn go_on(&mut self, outcome: Result<Unsettled, Error>) -> Result<(), Error> {
        let unsettled = match outcome {
            Ok(unsettled) => unsettled,
            Err(error) => return self.recover(error).await,
        };
        if unsettled.code == ErrorCode::NotController {
            let patience = self.deadline.min(later(clock::now(), self.request_timeout));
            // If this fails, the next attempt does too, and says more.
            let _ = self.router.refresh(&[], patience).await;
        }
        let error = Error::broker(unsettled.code).with_api(self.api);
        if unsettled.throttle >= self.left() {
            let hint = format!(
                "the broker asks to wait {:?}, which is longer than this call may take",
                unsettled.throttle
            );
            return Err(self.concluded(error.with_hint(hint)));
        }
        self.wait(error, unsettled.throttle).await
    }

    /// Waits before the next attempt; the error when there is no use in another,
    /// or no time.
    pub(crate) async fn recover(&mut self, error: Error) -> Result<(), Error> {
        self.wait(error, Duration::ZERO).await
    }

    async fn wait(&mut self, error: Error, at_least: Duration) -> Result<(), Error> {
        let backoff = self.router.config().backoff();
        let delay = backoff.delay(self.failures, self.router.env().random());
        let delay = delay.max(at_least);
        self.failures = self.failures.saturating_add(1);
        self.possibly_written |= error.possibly_written();
        if !error.is_retriable() {
            return Err(self.concluded(error));
        }
        if self.left() <= delay {
            let waited = self.deadline.saturating_duration_since(self.begun);
            let late = Error::timeout("no success", waited)
                .with_api(self.api)
                .with_source(error);
            return Err(self.concluded(late));
        }
        if error.broker_error().is_none() {
            // Whoever was asked may be gone; the controller may be elsewhere.
            self.router.request_refresh(None);
        }
        tokio::time::sleep(delay).await;
        Ok(())
    }

    fn concluded(&self, error: Error) -> Error {
        error
            .with_attempts(self.failures)
            .with_possibly_written(self.possibly_written)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(clock::now())
    }

    fn patience(&self) -> Duration {
        self.left().min(self.request_timeout)
    }
}

/// Why an attempt left something to do.
#[derive(Debug)]
pub(crate) struct Unsettled {
    code: ErrorCode,
    throttle: Duration,
}

impl Unsettled {
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

impl Default for Unsettled {
    fn default() -> Self {
        Self {
            code: ErrorCode::None,
            throttle: Duration::ZERO,
        }
    }
}

fn later(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay).unwrap_or(now)
}
