//! Sending a request to whoever it is for, again where that helps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, ErrorKind, Lane, SendOptions, Waiting, clock};
use kafka_protocol::{ErrorCode, Request, StrBytes};

use crate::coordinator::CoordinatorKind;
use crate::destination::Destination;
use crate::disposition::{Disposition, disposition};
use crate::router::Router;

/// Requests that find their own way.
///
/// Each is sent again, with backoff and until the deadline, when the connection
/// or the look-up failed in a way that may pass. An answer lost on its way makes
/// the broker do the same twice: use these for requests that can bear it, and
/// look at [`Error::possibly_written`] where it matters. Error codes within an
/// answer are the caller's to judge: in advance by what is given to
/// [`Router::send`], else afterwards. Dropping the future ends the attempts; what
/// was sent, was sent.
impl Router {
    /// To wherever it belongs, until an answer comes whose code is not one that
    /// passes.
    ///
    /// `code_of` tells the code that an answer as a whole has, or
    /// [`ErrorCode::None`]. What it asks for is done ([`disposition`]): the same
    /// again, or first new metadata, another look-up of the coordinator or of the
    /// controller, each after a backoff. An answer with any other code is the result.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use kafka_net::{Error, clock};
    /// use kafka_protocol::ErrorCode;
    /// use kafka_protocol::messages::HeartbeatRequest;
    /// use kafka_router::{CoordinatorKind, Destination, Router};
    ///
    /// # async fn heartbeat(router: Router) -> Result<(), Error> {
    /// let request = HeartbeatRequest::new().with_group_id("billing");
    /// let to = Destination::Coordinator {
    ///     kind: CoordinatorKind::Group,
    ///     key: "billing".into(),
    /// };
    /// let deadline = clock::now() + Duration::from_secs(10);
    /// // Follows the coordinator, and waits while it loads the group.
    /// let answer = router.send(to, request, |answer| answer.error_code.into(), deadline);
    /// println!("{}", ErrorCode::from(answer.await?.error_code));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] at the deadline, with the last failure as its source; at
    /// once what trying again cannot mend, for instance
    /// [`ErrorKind::UnsupportedVersion`], and with [`Destination::Coordinator`] and
    /// [`Destination::Leader`] what [`Router::coordinator`] and [`Router::topic`] give
    /// at once.
    pub fn send<R, F>(
        &self,
        to: Destination,
        request: R,
        code_of: F,
        deadline: Instant,
    ) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
        F: Fn(&R::Response) -> ErrorCode + Send + Sync + 'static,
    {
        self.send_shared(to, Arc::new(request), code_of, deadline)
    }

    /// To any broker.
    ///
    /// # Errors
    ///
    /// As [`Router::send`].
    pub fn send_any<R>(&self, request: R, deadline: Instant) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        self.send(Destination::Any, request, unjudged, deadline)
    }

    /// To the controller. That the broker is no longer the controller is the
    /// caller's to see in the answer (NOT_CONTROLLER); [`Router::refresh`] then
    /// finds the new one.
    ///
    /// # Errors
    ///
    /// As [`Router::send`].
    pub fn send_controller<R>(&self, request: R, deadline: Instant) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        self.send(Destination::Controller, request, unjudged, deadline)
    }

    /// To the coordinator of a group, a transactional id or a share partition, on the
    /// group lane. That the broker is no longer its coordinator is the caller's to see
    /// in the answer (NOT_COORDINATOR); [`Router::forget_coordinator`] then makes the
    /// next call look it up.
    ///
    /// # Errors
    ///
    /// As [`Router::send`].
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
        let key = StrBytes::from(key);
        let to = Destination::Coordinator { kind, key };
        self.send(to, request, unjudged, deadline)
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

    pub(crate) fn request_timeout(&self) -> Duration {
        self.pool().config().request_timeout()
    }

    pub(crate) fn send_shared<R, F>(
        &self,
        to: Destination,
        request: Arc<R>,
        code_of: F,
        deadline: Instant,
    ) -> Waiting<R::Response>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
        F: Fn(&R::Response) -> ErrorCode + Send + Sync + 'static,
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
                let attempt = async {
                    let connection = to.connect(&router, last.as_ref(), deadline).await?;
                    ask(&router, &connection, &*request, &code_of, deadline, &effect).await
                };
                let error = match attempt.await {
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
                tokio::time::sleep(delay).await;
                to.recover(&router, &error, deadline).await;
                last = Some(error);
            }
        };
        self.run_describing(deadline, describe, work)
    }
}

/// Whoever called looks at the codes.
fn unjudged<T>(_: &T) -> ErrorCode {
    ErrorCode::None
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

/// Asks once; an answer with a code that passes is an error.
async fn ask<R: Request>(
    router: &Router,
    connection: &Connection,
    request: &R,
    code_of: &impl Fn(&R::Response) -> ErrorCode,
    deadline: Instant,
    effect: &Effect,
) -> Result<R::Response, Error> {
    let left = deadline.saturating_duration_since(clock::now());
    let options = SendOptions::new(left.min(router.request_timeout()));
    let before = effect.begin();
    let load = router.shared().loads.begin(connection.broker().id);
    let result = connection.request(request, &options).await;
    drop(load);
    let response = match result {
        Ok(response) => response,
        Err(error) => {
            if !error.possibly_written() {
                effect.take_back(before);
            }
            return Err(error);
        }
    };
    let code = code_of(&response);
    // Whatever else it is told, it may have begun: who gives up waiting, and who no
    // longer leads or coordinates, may have appended what the followers have by now.
    if disposition(code) == Disposition::Fail {
        return Ok(response);
    }
    // Which topic has the id is settled before anything is done.
    if matches!(
        code,
        ErrorCode::UnknownTopicId | ErrorCode::InconsistentTopicId
    ) {
        effect.take_back(before);
    }
    Err(Error::broker(code)
        .with_api(R::KEY)
        .with_broker(connection.broker()))
}
