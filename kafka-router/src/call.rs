//! How an operation is tried until it succeeds.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, ErrorKind, SendOptions, Waiting, clock};
use kafka_protocol::{ApiKey, Request};

use crate::destination::Destination;
use crate::disposition::is_worth_another_attempt;
use crate::router::Router;
use crate::shared::closed;

/// One operation under way: whom it is for, its deadline, and what its attempts came
/// to so far.
///
/// For operations of several requests, or of requests that depend on the broker's
/// version; [`Router::send`] is the same for a single one. What is to be tried again
/// says the operation: it calls [`Call::go_on`] with the error and begins anew.
///
/// ```no_run
/// use std::time::Duration;
///
/// use kafka_net::{Error, clock};
/// use kafka_protocol::ApiKey;
/// use kafka_protocol::messages::MetadataRequest;
/// use kafka_router::{Call, Destination, Router};
///
/// # async fn count(router: Router) -> Result<usize, Error> {
/// async fn attempt(call: &Call) -> Result<usize, Error> {
///     let connection = call.connection().await?;
///     // Before version 1 no topics means all of them, since then null does.
///     let version = connection.version_of::<MetadataRequest>(None)?;
///     let topics = (version == 0).then(Vec::new);
///     let request = MetadataRequest::new().with_topics(topics);
///     let answer = call.ask(&connection, &request, Some(version)).await?;
///     Ok(answer.topics.len())
/// }
///
/// let deadline = clock::now() + Duration::from_secs(30);
/// let work = async move |mut call: Call| {
///     loop {
///         match attempt(&call).await {
///             Ok(count) => return Ok(count),
///             Err(error) => call.go_on(error, Duration::ZERO).await?,
///         }
///     }
/// };
/// router.call(Destination::Any, ApiKey::Metadata, deadline, work).await
/// # }
/// ```
#[derive(Debug)]
pub struct Call {
    router: Router,
    to: Destination,
    api: ApiKey,
    begun: Instant,
    deadline: Instant,
    request_timeout: Duration,
    /// Of all attempts.
    all_failures: u32,
    /// In a row, since the last that brought anything.
    failures: u32,
    last: Option<Error>,
    effect: Effect,
}

impl Router {
    /// Runs an operation on the client's runtime, where its timers are, until it ends by
    /// itself or the router is closed. `api` is named in its errors.
    ///
    /// # Errors
    ///
    /// The operation's own; [`ErrorKind::Closed`](kafka_net::ErrorKind::Closed), and
    /// [`ErrorKind::Timeout`](kafka_net::ErrorKind::Timeout) where it goes on after the
    /// deadline. Both say whether it may have had its effect.
    pub fn call<T, F, Fut>(
        &self,
        to: Destination,
        api: ApiKey,
        deadline: Instant,
        operation: F,
    ) -> Waiting<T>
    where
        T: Send + 'static,
        F: FnOnce(Call) -> Fut,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let effect = Effect::default();
        let so_far = effect.clone();
        let describe = move |error: Error| {
            let error = error.with_api(api);
            error.with_possibly_written(so_far.is_possible())
        };
        let call = Call {
            router: self.clone(),
            to,
            api,
            begun: clock::now(),
            deadline,
            request_timeout: self.request_timeout(),
            all_failures: 0,
            failures: 0,
            last: None,
            effect,
        };
        self.run_describing(deadline, describe, operation(call))
    }

    /// Asks once. The request counts among those that the broker has yet to answer.
    pub(crate) async fn ask<R: Request>(
        &self,
        connection: &Connection,
        request: &R,
        options: &SendOptions,
    ) -> Result<R::Response, Error> {
        let _load = self.shared().loads.begin(connection.broker().id);
        connection.request(request, options).await
    }
}

impl Call {
    /// The same with another time for one request than the pool's request timeout.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// By whom it is routed.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// When it has to end.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The time for a request that is sent now: the request timeout, or what is left
    /// until the deadline.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.left().min(self.request_timeout)
    }

    /// Whether an attempt so far may have been carried out.
    #[must_use]
    pub fn possibly_written(&self) -> bool {
        self.effect.is_possible()
    }

    /// A connection to whom it is for; to another one than the last time where that
    /// failed and any broker will do. Dropping the future gives up the wait.
    ///
    /// # Errors
    ///
    /// As [`Router::any_connection`], [`Router::controller_connection`],
    /// [`Router::connection`] and, for leaders and coordinators, [`Router::topic`],
    /// [`Router::coordinator`] and [`Router::attempt`];
    /// [`ErrorKind::Closed`](kafka_net::ErrorKind::Closed) once the router is closed.
    pub async fn connection(&self) -> Result<Connection, Error> {
        let last = self.last.as_ref();
        let connecting = self.to.connect(&self.router, last, self.deadline);
        // Ends here at close, so that the operation still returns what it has achieved.
        self.router.shared().unless_closed(closed, connecting).await
    }

    /// Sends a request, in this version or the newest in common. What its answer says is
    /// the operation's to judge. Once sent, dropping the future doesn't take it back.
    ///
    /// # Errors
    ///
    /// As [`Connection::request`]; [`ErrorKind::Closed`](kafka_net::ErrorKind::Closed)
    /// once the router is closed.
    pub async fn ask<R: Request>(
        &self,
        connection: &Connection,
        request: &R,
        version: Option<i16>,
    ) -> Result<R::Response, Error> {
        let mut options = SendOptions::new(self.patience());
        options.version = version;
        if self.router.shared().has_ended() {
            return Err(closed());
        }
        // Known from outside too, should this be cut short.
        self.effect.begin();
        let ended = || closed().with_possibly_written(true);
        let asking = self.router.ask(connection, request, &options);
        let result = self.router.shared().unless_closed(ended, asking).await;
        if !result.as_ref().is_err_and(|error| error.possibly_written()) {
            self.effect.take_back();
        }
        result
    }

    /// After an attempt that failed: waits, for a backoff and no shorter than
    /// `at_least`, and looks up anew what the error asks for. Dropping the future gives
    /// up the wait.
    ///
    /// # Errors
    ///
    /// When there is no use in another attempt that of the last one, when there is no
    /// time for it [`ErrorKind::Timeout`](kafka_net::ErrorKind::Timeout) with that as
    /// its source, and [`ErrorKind::Closed`](kafka_net::ErrorKind::Closed) once the router
    /// is closed: what the operation has achieved by then is its own to return. All of
    /// them say whether any attempt may have had its effect.
    pub async fn go_on(&mut self, error: Error, at_least: Duration) -> Result<(), Error> {
        if error.possibly_written() {
            self.effect.begin();
        }
        let backoff = self.router.config().backoff();
        let delay = backoff.delay(self.failures, self.router.env().random());
        let delay = delay.max(at_least);
        self.failures = self.failures.saturating_add(1);
        self.all_failures = self.all_failures.saturating_add(1);
        if !is_worth_another_attempt(&error) {
            return Err(self.concluded(error));
        }
        if at_least >= self.left() && !at_least.is_zero() {
            return Err(self.concluded(error.with_hint(format!(
                "the broker asks to wait {at_least:?}, which is longer than this call may take"
            ))));
        }
        if self.left() <= delay {
            let waited = self.deadline.saturating_duration_since(self.begun);
            let late = Error::timeout("no success", waited)
                .with_api(self.api)
                .with_source(error);
            return Err(self.concluded(late));
        }
        let wait = async {
            tokio::time::sleep(delay).await;
            self.to.recover(&self.router, &error, self.deadline).await;
            Ok(())
        };
        let waited = self.router.shared().unless_closed(closed, wait).await;
        waited.map_err(|cut_short| self.concluded(cut_short.with_api(self.api)))?;
        self.last = Some(error);
        Ok(())
    }

    /// The last attempt brought a part of what is wanted: the next failure is a first one
    /// again. Whom to avoid stays as it is.
    pub(crate) fn progressed(&mut self) {
        self.failures = 0;
    }

    fn concluded(&self, error: Error) -> Error {
        // Whoever waited for a connection was told no more than that.
        let error = match error.kind() {
            ErrorKind::Closed => error.with_api(self.api),
            _ => error,
        };
        error
            .with_attempts(self.all_failures)
            .with_possibly_written(self.effect.is_possible())
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(clock::now())
    }
}

/// Whether the operation may have taken effect: how many of its requests are under way
/// or were lost, over all attempts. Known from outside too, for when the attempts are cut
/// short.
#[derive(Clone, Debug, Default)]
struct Effect(Arc<AtomicUsize>);

impl Effect {
    fn is_possible(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// One more may have its effect from now on.
    fn begin(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// That one was not written after all, or its answer tells what it did.
    fn take_back(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
