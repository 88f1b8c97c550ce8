use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::StrBytes;

use super::answer::Answer;
use super::purgatory::{Parked, ParkedFetch};
use crate::faults::Plan;

/// Names a connection for as long as the machine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(super) u64);

/// Names one request of a connection for as long as the machine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket {
    pub(super) connection: ConnectionId,
    pub(super) request: u64,
}

impl Ticket {
    pub(crate) fn connection(self) -> ConnectionId {
        self.connection
    }
}

#[cfg(test)]
impl Ticket {
    /// Of a request that never was.
    pub(crate) fn fake(request: u64) -> Self {
        Self {
            connection: ConnectionId(0),
            request,
        }
    }

    pub(crate) fn number(self) -> u64 {
        self.request
    }
}

/// A client's connection to one broker.
#[derive(Debug)]
pub(super) struct Connection {
    pub broker: i32,
    /// The client's address, as Kafka shows it: `/127.0.0.1`.
    pub client_host: StrBytes,
    /// What the client called itself last.
    pub client_id: StrBytes,
    /// Requests received, the one under way included.
    pub requests: u64,
    pub state: State,
    /// When the state ends by itself.
    pub deadline: Option<Instant>,
    /// Requests that wait for the one under way. As long as drivers read no
    /// further while one is under way, it holds one at most.
    pub backlog: VecDeque<Bytes>,
    /// The client is gone; what it sent is still to be done.
    pub departed: bool,
}

/// ```text
///           request            answer, deadline or event
///   Idle ──────► Fetching / Parked / HeldAnswer / HeldRequest / Muted ──► Idle
///     └──────────────────────────► Silent                (fault: for good)
/// ```
#[derive(Debug)]
pub(super) enum State {
    /// Ready for the next request.
    Idle,
    /// A fetch waits for data.
    Fetching(Box<ParkedFetch>),
    /// The answer comes when the cluster resolves the request's ticket.
    Parked(Box<Parked>),
    /// A fault holds an answer back.
    HeldAnswer(Answer),
    /// A fault holds a request back; what else it does is decided already.
    HeldRequest(Bytes, Box<Plan>),
    /// Nothing is read for a while: the client was throttled.
    Muted,
    /// A fault made the connection half-open: nothing is answered any more.
    Silent,
}

impl Connection {
    pub(super) fn new(broker: i32, client_host: StrBytes) -> Self {
        Self {
            broker,
            client_host,
            client_id: StrBytes::default(),
            requests: 0,
            state: State::Idle,
            deadline: None,
            backlog: VecDeque::new(),
            departed: false,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle | State::Silent)
    }

    /// Whether requests wait for their turn.
    pub(super) fn has_requests(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// The request to serve now, if there is one and nothing is under way.
    pub(super) fn next_request(&mut self) -> Option<Bytes> {
        match self.state {
            State::Idle => self.backlog.pop_front(),
            State::Silent => {
                self.backlog.clear();
                None
            }
            _ => None,
        }
    }
}
