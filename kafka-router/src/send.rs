//! Sending a request to whoever it is for, again where that helps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use kafka_net::{Connection, Error, ErrorKind, Lane, SendOptions, Waiting, clock};
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
        self.retrying::<R, _>(deadline, move |router, failed, effect| {
            let request = Arc::clone(&request);
            // The broker that failed comes last this time.
            let avoid = failed.and_then(|error| error.context().broker()?.id);
            Box::pin(async move {
                let connection = router
                    .any_connection_but(avoid, Lane::Control, deadline)
                    .await?;
                ask(&router, &connection, &*request, deadline, &effect).await
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
        self.retrying::<R, _>(deadline, move |router, failed, effect| {
            if failed.is_some() {
                router.request_refresh(None);
            }
            let request = Arc::clone(&request);
            Box::pin(async move {
                let connection = router
                    .controller_connection(Lane::Control, deadline)
                    .await?;
                ask(&router, &connection, &*request, deadline, &effect).await
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
        self.retrying::<R, _>(deadline, move |router, failed, effect| {
            if failed.is_some() {
                router.forget_coordinator(kind, &key);
            }
            let (request, key) = (Arc::clone(&request), Arc::clone(&key));
            Box::pin(async move {
                let node = router.coordinator(kind, &key, deadline).await?;
                // A coordinator that is gone must not be waited for: another one
                // may be found by the next look-up.
                let patience = deadline.min(later_by(router.request_timeout()));
                let connection = router.attempt(node, Lane::Group, patience).await?;
                ask(&router, &connection, &*request, deadline, &effect).await
            })
        })
    }

    /// Like [`Router::connection`], but one failed attempt is enough: for whoever
    /// has to find out anew whom to ask when a broker does not answer. A broker
    /// that the snapshot doesn't have is asked for once. The failure brings a
    /// refresh on. Dropping the future gives up the wait; an attempt that is under
    /// way is finished and its connection kept for the next who asks.
    ///
    /// # Errors
    ///
    /// That of the attempt, for instance
    /// [`ErrorKind::Connect`](kafka_net::ErrorKind::Connect), which is also what a
    /// broker gives that no metadata names;
    /// [`ErrorKind::Timeout`](kafka_net::ErrorKind::Timeout) at the deadline.
    pub fn attempt(&self, broker_id: i32, lane: Lane, deadline: Instant) -> Waiting<Connection> {
        if let Some(connection) = self.existing(broker_id, lane) {
            return Waiting::ready(Ok(connection));
        }
        let router = self.clone();
        self.run(deadline, async move {
            let mut address = router.broker(broker_id);
            if address.is_none() {
                router.refresh(&[], deadline).await?;
                address = router.broker(broker_id);
            }
            let Some(address) = address else {
                return Err(Error::new(ErrorKind::Connect)
                    .with_message(format!("the metadata names no broker {broker_id}")));
            };
            let made = router.pool().attempt(&address, lane, deadline).await;
            if made.is_err() {
                router.request_refresh(None);
            }
            made
        })
    }

    fn request_timeout(&self) -> Duration {
        self.pool().config().request_timeout()
    }

    /// Makes attempts until one succeeds, one fails for good, or there is no
    /// time for another. Each is told how the last one failed, and says whether
    /// it may have had an effect.
    fn retrying<R, F>(&self, deadline: Instant, mut attempt: F) -> Waiting<R::Response>
    where
        R: Request,
        R::Response: Send + 'static,
        F: FnMut(Router, Option<&Error>, Effect) -> BoxFuture<'static, Result<R::Response, Error>>
            + Send
            + 'static,
    {
        let router = self.clone();
        let begun = clock::now();
        let effect = Effect::default();
        let so_far = effect.clone();
        let describe = move |error: Error| {
            let error = error.with_api(R::KEY);
            error.with_possibly_written(so_far.is_possible())
        };
        let work = async move {
            let backoff = router.config().backoff();
            let mut last: Option<Error> = None;
            let mut failures = 0;
            loop {
                let error = match attempt(router.clone(), last.as_ref(), effect.clone()).await {
                    Ok(response) => return Ok(response),
                    Err(error) => error,
                };
                let delay = backoff.delay(failures, router.env().random());
                failures = failures.saturating_add(1);
                if !error.is_retriable() {
                    return Err(finish(error, failures, &effect));
                }
                let left = deadline.saturating_duration_since(clock::now());
                if left <= delay {
                    let waited = deadline.saturating_duration_since(begun);
                    let late = Error::timeout("no success", waited)
                        .with_api(R::KEY)
                        .with_source(error);
                    return Err(finish(late, failures, &effect));
                }
                last = Some(error);
                tokio::time::sleep(delay).await;
            }
        };
        self.run_describing(deadline, describe, work)
    }
}

/// Whether the request may have taken effect, over all attempts. Known from
/// outside too, for when the attempts are cut short.
#[derive(Clone, Debug, Default)]
struct Effect(Arc<AtomicBool>);

impl Effect {
    fn is_possible(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Possible from now on; whether it was before.
    fn begin(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }

    /// This time nothing was written after all.
    fn take_back(&self, before: bool) {
        self.0.store(before, Ordering::Relaxed);
    }
}

fn finish(error: Error, attempts: u32, effect: &Effect) -> Error {
    error
        .with_attempts(attempts)
        .with_possibly_written(effect.is_possible())
}

async fn ask<R: Request>(
    router: &Router,
    connection: &Connection,
    request: &R,
    deadline: Instant,
    effect: &Effect,
) -> Result<R::Response, Error> {
    let left = deadline.saturating_duration_since(clock::now());
    let options = SendOptions::new(left.min(router.request_timeout()));
    let before = effect.begin();
    let result = connection.request(request, &options).await;
    if let Err(error) = &result
        && !error.possibly_written()
    {
        effect.take_back(before);
    }
    result
}

fn later_by(delay: Duration) -> Instant {
    let now = clock::now();
    now.checked_add(delay).unwrap_or(now)
}
