//! Sending a request to whoever it is for, again where that helps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use kafka_net::{Connection, Error, Lane, SendOptions, Waiting, clock};
use kafka_protocol::Request;

use crate::coordinator::CoordinatorKind;
use crate::router::Router;

/// Requests that find their own way.
///
/// Each is sent again, with backoff and until the deadline, when the connection
/// or the look-up failed in a way that may pass. An answer lost on its way makes
/// the broker do the same twice: use these for requests that can bear it, and
/// look at [`Error::possibly_written`] where it matters. Error codes within an
/// answer are the caller's to judge. Dropping the future ends the attempts; what
/// was sent, was sent.
impl Router {
    /// To any broker.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`](kafka_net::ErrorKind::Timeout) at the deadline, with
    /// the last failure as its source; at once what trying again cannot mend, for
    /// instance [`ErrorKind::UnsupportedVersion`](kafka_net::ErrorKind::UnsupportedVersion).
    pub fn send_any<R>(&self, request: R, deadline: Instant) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        let request = Arc::new(request);
        self.retrying::<R, _>(deadline, move |router, failed| {
            let request = Arc::clone(&request);
            // The broker that failed comes last this time.
            let avoid = failed.and_then(|error| error.context().broker()?.id);
            Box::pin(async move {
                let connection = router
                    .any_connection_but(avoid, Lane::Control, deadline)
                    .await?;
                ask(&router, &connection, &*request, deadline).await
            })
        })
    }

    /// To the controller. That the broker is no longer the controller is the
    /// caller's to see in the answer (NOT_CONTROLLER); [`Router::refresh`] then
    /// finds the new one.
    ///
    /// # Errors
    ///
    /// As [`Router::send_any`].
    pub fn send_controller<R>(&self, request: R, deadline: Instant) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        let request = Arc::new(request);
        self.retrying::<R, _>(deadline, move |router, failed| {
            if failed.is_some() {
                router.request_refresh(None);
            }
            let request = Arc::clone(&request);
            Box::pin(async move {
                let connection = router
                    .controller_connection(Lane::Control, deadline)
                    .await?;
                ask(&router, &connection, &*request, deadline).await
            })
        })
    }

    /// To the coordinator of a group or a transactional id, on the group lane.
    /// That the broker is no longer its coordinator is the caller's to see in the
    /// answer (NOT_COORDINATOR); [`Router::forget_coordinator`] then makes the
    /// next call look it up.
    ///
    /// # Errors
    ///
    /// As [`Router::send_any`], and at once what [`Router::coordinator`] gives at
    /// once.
    pub fn send_coordinator<R>(
        &self,
        kind: CoordinatorKind,
        key: &str,
        request: R,
        deadline: Instant,
    ) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        let request = Arc::new(request);
        let key: Arc<str> = Arc::from(key);
        self.retrying::<R, _>(deadline, move |router, failed| {
            if failed.is_some() {
                router.forget_coordinator(kind, &key);
            }
            let (request, key) = (Arc::clone(&request), Arc::clone(&key));
            Box::pin(async move {
                let node = router.coordinator(kind, &key, deadline).await?;
                // A coordinator that is gone for good must not be waited for
                // until the end: another one is found after the next look-up.
                let patience = deadline.min(later_by(router.request_timeout()));
                let connection = router.connection(node, Lane::Group, patience).await?;
                ask(&router, &connection, &*request, deadline).await
            })
        })
    }

    fn request_timeout(&self) -> Duration {
        self.pool().config().request_timeout()
    }

    /// Makes attempts until one succeeds, one fails for good, or there is no
    /// time for another. Each is told how the last one failed.
    fn retrying<R, F>(&self, deadline: Instant, mut attempt: F) -> Waiting<R::Response>
    where
        R: Request,
        R::Response: Send + 'static,
        F: FnMut(Router, Option<&Error>) -> BoxFuture<'static, Result<R::Response, Error>>
            + Send
            + 'static,
    {
        let router = self.clone();
        let begun = clock::now();
        let work = async move {
            let backoff = router.config().backoff();
            let mut last: Option<Error> = None;
            let mut possibly_written = false;
            let mut failures = 0;
            loop {
                let error = match attempt(router.clone(), last.as_ref()).await {
                    Ok(response) => return Ok(response),
                    Err(error) => error,
                };
                let delay = backoff.delay(failures, router.env().random());
                failures = failures.saturating_add(1);
                possibly_written |= error.possibly_written();
                if !error.is_retriable() {
                    return Err(finish(error, failures, possibly_written));
                }
                let left = deadline.saturating_duration_since(clock::now());
                if left <= delay {
                    let waited = deadline.saturating_duration_since(begun);
                    let late = Error::timeout("no success", waited)
                        .with_api(R::KEY)
                        .with_source(error);
                    return Err(finish(late, failures, possibly_written));
                }
                last = Some(error);
                tokio::time::sleep(delay).await;
            }
        };
        self.run(deadline, work)
    }
}

fn finish(error: Error, attempts: u32, possibly_written: bool) -> Error {
    error
        .with_attempts(attempts)
        .with_possibly_written(possibly_written)
}

async fn ask<R: Request>(
    router: &Router,
    connection: &Connection,
    request: &R,
    deadline: Instant,
) -> Result<R::Response, Error> {
    let left = deadline.saturating_duration_since(clock::now());
    let options = SendOptions::new(left.min(router.request_timeout()));
    connection.request(request, &options).await
}

fn later_by(delay: Duration) -> Instant {
    let now = clock::now();
    now.checked_add(delay).unwrap_or(now)
}
