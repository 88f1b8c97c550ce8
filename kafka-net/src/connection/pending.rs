use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, open_response};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, DecodeError, Message};

use super::link::{Answer, Link};
use crate::waiting::{polled_after_end, runtime_gone};
use crate::{Error, ErrorKind};

/// The answer to a request that was started.
///
/// Holds a waker and no timer: the connection's task enforces the deadline, and
/// when it ends, resolves this with an error. The answer is decoded here, in the
/// caller's poll, so that the connection's task is free for its socket; an
/// answer that does not decode closes the connection.
///
/// Dropping it discards the answer. The request is sent all the same.
#[must_use = "dropping it discards the answer, though not the request"]
pub struct Pending<T> {
    state: State,
    link: Arc<Link>,
    api: ApiKey,
    version: i16,
    decode: Decode<T>,
}

/// Makes an answer of its frame.
type Decode<T> = fn(ApiKey, i16, Bytes) -> Result<T, DecodeError>;

enum State {
    /// It never got as far as the queue.
    Refused(Error),
    Sent(Answer),
    Taken,
}

impl<T> Pending<T> {
    /// The version the request was encoded in, and so the answer's.
    pub fn version(&self) -> i16 {
        self.version
    }

    pub(super) fn refused(link: Arc<Link>, api: ApiKey, version: i16, error: Error) -> Self {
        Self {
            state: State::Refused(error.with_api(api).with_broker(&link.peer.broker)),
            link,
            api,
            version,
            decode: |_, _, _| unreachable_answer(),
        }
    }

    fn finish(&self, frame: Bytes) -> Result<T, Error> {
        (self.decode)(self.api, self.version, frame).map_err(|cause| {
            let version = self.version;
            let error = Error::new(ErrorKind::Malformed)
                .with_message(format!("the answer (version {version}) does not decode"))
                .with_api(self.api)
                .with_broker(&self.link.peer.broker)
                .with_source(cause);
            tracing::warn!(%error, "malformed answer");
            self.link.close_with(error.clone());
            error.with_possibly_written(true)
        })
    }
}

impl<T: Message> Pending<T> {
    pub(super) fn answer(link: Arc<Link>, api: ApiKey, version: i16, answer: Answer) -> Self {
        Self {
            state: State::Sent(answer),
            link,
            api,
            version,
            decode: |api, version, frame| {
                let (_, body) = open_response(api, version, frame, Limits::default())?;
                decode_body(body, version)
            },
        }
    }
}

impl Pending<()> {
    pub(super) fn written(link: Arc<Link>, api: ApiKey, version: i16, answer: Answer) -> Self {
        Self {
            state: State::Sent(answer),
            link,
            api,
            version,
            decode: |_, _, _| Ok(()),
        }
    }
}

/// A refused request has no frame to decode.
fn unreachable_answer<T>() -> Result<T, DecodeError> {
    Err(DecodeError::new(kafka_protocol::DecodeErrorKind::Missing(
        0,
    )))
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let State::Sent(answer) = &mut this.state {
            let answer = ready!(Pin::new(answer).poll(cx));
            this.state = State::Taken;
            return Poll::Ready(match answer {
                Ok(Ok(frame)) => this.finish(frame),
                Ok(Err(error)) => Err(error),
                // The driver answers everyone even when it is dropped.
                Err(_) => Err(runtime_gone().with_possibly_written(true)),
            });
        }
        Poll::Ready(Err(
            match std::mem::replace(&mut this.state, State::Taken) {
                State::Refused(error) => error,
                _ => polled_after_end(),
            },
        ))
    }
}

// Nothing in here is ever pinned in place.
impl<T> Unpin for Pending<T> {}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("api", &self.api)
            .field("version", &self.version)
            .field("broker", &self.link.peer.broker)
            .finish_non_exhaustive()
    }
}
