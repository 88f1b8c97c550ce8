use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::StrBytes;

use crate::machine::Ticket;

/// A member of a classic group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub id: StrBytes,
    /// Names a static member (KIP-345).
    pub instance_id: Option<StrBytes>,
    pub client_id: StrBytes,
    pub client_host: StrBytes,
    pub rebalance_timeout_ms: i32,
    pub session_timeout_ms: i32,
    /// The protocols it knows, best first.
    pub protocols: Vec<Protocol>,
    /// What the leader gave it.
    pub assignment: Bytes,
    /// Its JoinGroup, while that waits.
    pub joining: Option<Waiter>,
    /// Its SyncGroup, while that waits.
    pub syncing: Option<Waiter>,
    /// It has not been told its generation yet.
    pub is_new: bool,
    /// When it is taken for dead.
    pub session_due: Option<Instant>,
}

/// A protocol that a member knows, and what it tells the leader for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub name: StrBytes,
    pub metadata: Bytes,
}

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub ticket: Ticket,
    pub version: i16,
}

impl Member {
    /// What it tells the leader if `protocol` is the group's.
    pub(crate) fn metadata(&self, protocol: Option<&StrBytes>) -> Bytes {
        let known = |known: &&Protocol| Some(&known.name) == protocol;
        let found = self.protocols.iter().find(known);
        found
            .map(|found| found.metadata.clone())
            .unwrap_or_default()
    }

    /// Whether silence is no sign of death: it waits for others. A new member is
    /// not spared, for it may wait in many copies of one that gave up.
    pub(crate) fn waits_rightly(&self) -> bool {
        !self.is_new && (self.joining.is_some() || self.syncing.is_some())
    }
}
