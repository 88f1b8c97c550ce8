//! Sending a request to whoever it is for, again where that helps.

use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, ErrorKind, Lane, Waiting};
use kafka_protocol::{ErrorCode, Request, StrBytes};

use crate::call::Call;
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
        let work = async move |call| attempts(call, &request, code_of).await;
        self.call(to, R::KEY, deadline, work)
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
}

/// Attempt after attempt, until an answer comes whose code is not one that passes.
pub(crate) async fn attempts<R: Request>(
    mut call: Call,
    request: &R,
    code_of: impl Fn(&R::Response) -> ErrorCode,
) -> Result<R::Response, Error> {
    loop {
        match attempt(&call, request, &code_of).await {
            Ok(response) => return Ok(response),
            Err(error) => call.go_on(error, Duration::ZERO).await?,
        }
    }
}

/// Whoever called looks at the codes.
pub(crate) fn unjudged<T>(_: &T) -> ErrorCode {
    ErrorCode::None
}

/// Asks once; an answer with a code that passes is an error.
async fn attempt<R: Request>(
    call: &Call,
    request: &R,
    code_of: &impl Fn(&R::Response) -> ErrorCode,
) -> Result<R::Response, Error> {
    let connection = call.connection().await?;
    let response = call.ask(&connection, request, None).await?;
    let code = code_of(&response);
    if disposition(code) == Disposition::Fail {
        return Ok(response);
    }
    // Whatever else it is told, it may have begun: who gives up waiting, and who no
    // longer leads or coordinates, may have appended what the followers have by now.
    // Which topic has the id is settled before anything is done.
    let begun = !matches!(
        code,
        ErrorCode::UnknownTopicId | ErrorCode::InconsistentTopicId
    );
    Err(Error::broker(code)
        .with_api(R::KEY)
        .with_broker(connection.broker())
        .with_possibly_written(begun))
}
