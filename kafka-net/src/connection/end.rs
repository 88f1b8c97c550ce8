use std::io;
use std::time::Instant;

use kafka_protocol::frame::FrameError;

use super::in_flight::{Failed, Mismatch};
use super::link::{Peer, Reply};
use crate::transport;
use crate::waiting::runtime_gone;
use crate::{Error, ErrorKind};

/// Why a connection came to its end.
#[derive(Debug)]
pub(super) enum End {
    /// All handles are gone, or it was closed; all requests are done.
    Drained,
    /// Nothing to do for the idle time.
    Idle,
    /// A handle said so.
    Told(Error),
    /// The broker closed, this many bytes into an answer.
    PeerClosed { mid_answer: usize },
    /// Reading or writing failed.
    Io(io::Error),
    /// A length that cannot be one.
    Frame(FrameError),
    /// The first bytes that came are a TLS alert's or handshake's.
    TlsListener,
    /// An answer too short for its correlation id.
    Stump { len: usize },
    /// An answer out of turn.
    Mismatch(Mismatch),
    /// An answer did not come in time.
    Overdue(Instant),
    /// Of a request, not of the connection: it was held back all its time.
    Throttled,
    /// The driver was dropped with its runtime.
    RuntimeGone,
}

impl End {
    /// Whether everything came to its regular end.
    pub(super) fn is_graceful(&self) -> bool {
        matches!(self, Self::Drained | Self::Idle)
    }

    /// Whether the peer did what a broker does not do.
    pub(super) fn is_misbehaviour(&self) -> bool {
        matches!(
            self,
            Self::Frame(_) | Self::TlsListener | Self::Stump { .. } | Self::Mismatch(_)
        )
    }

    /// Whether the connection was just lost.
    pub(super) fn is_transport(&self) -> bool {
        matches!(self, Self::PeerClosed { .. } | Self::Io(_))
    }

    pub(super) fn overdue_at(&self) -> Option<Instant> {
        match self {
            Self::Overdue(now) => Some(*now),
            _ => None,
        }
    }

    /// What the connection itself ended with.
    pub(super) fn reason(&self, peer: &Peer) -> Error {
        let error = match self {
            Self::Drained => Error::closed("the connection"),
            Self::Idle => Error::new(ErrorKind::Disconnected)
                .with_message("the connection was closed after being idle"),
            Self::Told(error) => return error.clone(),
            Self::PeerClosed { mid_answer: 0 } => {
                Error::new(ErrorKind::Disconnected).with_message("the broker closed the connection")
            }
            Self::PeerClosed { mid_answer } => Error::new(ErrorKind::Disconnected).with_message(
                format!("the broker closed the connection {mid_answer} bytes into an answer"),
            ),
            Self::Io(error) => transport::failure(error).unwrap_or_else(|| {
                Error::new(ErrorKind::Disconnected)
                    .with_message(format!("connection lost: {error}"))
            }),
            Self::Frame(error) => Error::new(ErrorKind::FrameTooLarge)
                .with_message(error.to_string())
                .with_hint(match error.hint() {
                    Some(_) => "check that the address is a plaintext Kafka listener",
                    None => {
                        "is this a Kafka listener? if larger answers are wanted, raise \
                         max_response_len"
                    }
                }),
            Self::TlsListener => Error::new(ErrorKind::Tls)
                .with_message("this looks like a TLS listener, and TLS is off here")
                .with_hint("turn TLS on (NetConfig::with_tls), or dial a plaintext listener"),
            Self::Stump { len } => Error::new(ErrorKind::Malformed)
                .with_message(format!("the broker sent an answer of {len} bytes")),
            Self::Mismatch(Mismatch {
                expected: Some(expected),
                found,
            }) => Error::new(ErrorKind::CorrelationMismatch).with_message(format!(
                "the broker answered request {found} when {expected} was next"
            )),
            Self::Mismatch(Mismatch {
                expected: None,
                found,
            }) => Error::new(ErrorKind::CorrelationMismatch).with_message(format!(
                "the broker answered request {found} when none was outstanding"
            )),
            Self::Overdue(_) => {
                Error::new(ErrorKind::Timeout).with_message("another request's answer was overdue")
            }
            Self::Throttled => Error::new(ErrorKind::Timeout),
            Self::RuntimeGone => runtime_gone(),
        };
        error.with_broker(&peer.broker)
    }

    /// What a request fails with that was under way.
    pub(super) fn error_for(&self, failed: &Failed<Reply>, reason: &Error, peer: &Peer) -> Error {
        let error = match (self, failed.timed_out) {
            (Self::Throttled, Some(timeout)) => Error::timeout(
                "not sent, because the broker throttles this client,",
                timeout,
            )
            .with_hint("send less, or have the client's quota raised"),
            (_, Some(timeout)) => Error::timeout("no answer", timeout),
            // These concern the request whose answer was next.
            (Self::Frame(_) | Self::TlsListener | Self::Stump { .. } | Self::Mismatch(_), None)
                if failed.was_next =>
            {
                reason.clone()
            }
            // Here the reason is each request's own.
            (Self::PeerClosed { .. } | Self::Idle | Self::RuntimeGone | Self::Drained, None) => {
                reason.clone()
            }
            (Self::Io(error), None) if transport::failure(error).is_some() => {
                Error::new(ErrorKind::Disconnected)
                    .with_message("connection lost")
                    .with_source(reason.clone())
            }
            (Self::Io(error), None) => {
                // io::Error cannot be shared; its kind and text can.
                let cause = io::Error::new(error.kind(), error.to_string());
                Error::new(ErrorKind::Disconnected)
                    .with_message("connection lost")
                    .with_source(cause)
            }
            (Self::Told(told), None) if told.kind() == &ErrorKind::Closed => told.clone(),
            _ => Error::new(ErrorKind::Disconnected).with_source(reason.clone()),
        };
        error
            .with_api(failed.reply.api)
            .with_broker(&peer.broker)
            .with_possibly_written(failed.possibly_written)
    }
}
