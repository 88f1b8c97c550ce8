//! The parts of a history.

use std::fmt;
use std::time::Duration;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(u32);

        impl $name {
            pub(crate) fn at(index: usize) -> Self {
                Self(narrow(index))
            }

            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// One partition of one incarnation of a topic, in one history.
    LogId,
    /// A producer in one history.
    ProducerId,
    /// A consumer in one history.
    ConsumerId,
    /// A consumer group in one history.
    GroupId,
    /// A client in one history: what shares its metadata.
    ClientId,
    /// One send in one history.
    SendId,
    /// One commit of an offset in one history.
    CommitId,
    /// One transaction in one history.
    TransactionId,
}

/// What a producer's settings promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// Idempotent, acks=all: what is acknowledged is there, once, in the order sent.
    ExactlyOnce,
    /// acks=all with retries: what is acknowledged is there, perhaps more than once.
    AtLeastOnce,
    /// acks=0 or acks=1: what is acknowledged may still be lost with its leader.
    BestEffort,
}

/// Which records a consumer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// All below the high watermark.
    ReadUncommitted,
    /// Only those of no transaction or of a committed one.
    ReadCommitted,
}

/// How a send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Acknowledged: it is in this log, at this offset where the broker told one.
    Acknowledged {
        /// The log.
        log: LogId,
        /// The offset; `None` where the broker did not tell.
        offset: Option<i64>,
    },
    /// Failed, and the client said that it was not written.
    Failed,
    /// The client does not know.
    Indeterminate,
}

/// How a commit of an offset ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Stored by the group's coordinator.
    Stored,
    /// Refused: not stored.
    Refused,
    /// The client does not know.
    Indeterminate,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// Committed.
    Committed,
    /// Aborted.
    Aborted,
    /// The client does not know.
    Indeterminate,
}

/// What the log's transaction markers say of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Of no transaction, or of a committed one.
    Committed,
    /// Of an aborted transaction.
    Aborted,
    /// Of a transaction that has not ended.
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Incarnation {
    pub(crate) topic: Box<str>,
    pub(crate) incarnation: Box<str>,
    pub(crate) partition: i32,
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.topic)?;
        if !self.incarnation.is_empty() {
            write!(f, "#{}", self.incarnation)?;
        }
        write!(f, "-{}", self.partition)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Producer {
    pub(crate) name: String,
    pub(crate) promise: Promise,
    pub(crate) open: Option<TransactionId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) isolation: Isolation,
    pub(crate) fresh: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) producer: ProducerId,
    pub(crate) value: u32,
    pub(crate) transaction: Option<TransactionId>,
    pub(crate) invoked: Duration,
    pub(crate) resolved: Duration,
    pub(crate) outcome: Option<SendOutcome>,
}

#[derive(Clone, Debug)]
pub(crate) struct ExtraOutcome {
    pub(crate) send: SendId,
    pub(crate) at: Duration,
    pub(crate) outcome: SendOutcome,
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Assigned {
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        from: Option<i64>,
        /// Group and epoch.
        by: Option<(GroupId, i32)>,
    },
    Revoked {
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
    },
    Seek {
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        to: Option<i64>,
    },
    Poll {
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        /// From and up to, in the history's `read`.
        records: (u32, u32),
    },
    Commit {
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        offset: i64,
    },
    Position {
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        offset: i64,
    },
}

impl Event {
    pub(crate) fn assigned(
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        from: Option<i64>,
        by: Option<(GroupId, i32)>,
    ) -> Self {
        Self::Assigned {
            now,
            consumer,
            log,
            from,
            by,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct StatedEpoch {
    pub(crate) at: Duration,
    pub(crate) client: ClientId,
    pub(crate) log: LogId,
    pub(crate) epoch: i32,
}

#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) group: GroupId,
    pub(crate) log: LogId,
    pub(crate) offset: i64,
    /// Part of this transaction, whose outcome is then its own.
    pub(crate) transaction: Option<TransactionId>,
    pub(crate) invoked: Duration,
    pub(crate) ended: Option<Duration>,
    pub(crate) outcome: Option<CommitOutcome>,
}

#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) producer: ProducerId,
    pub(crate) begun: Duration,
    pub(crate) end_invoked: Option<Duration>,
    pub(crate) ended: Option<Duration>,
    pub(crate) outcome: Option<TransactionOutcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stored {
    pub(crate) log: LogId,
    pub(crate) offset: i64,
    pub(crate) value: u32,
    pub(crate) visibility: Visibility,
    /// When compaction took it out.
    pub(crate) until: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) struct StoredOffset {
    /// `Duration::MAX` for after everything else.
    pub(crate) at: Duration,
    pub(crate) group: GroupId,
    pub(crate) log: LogId,
    pub(crate) offset: Option<i64>,
}

/// A history holds fewer than 2³² of anything: it would not fit in memory. What came
/// after could not be told apart, which the checker would report as repeated values.
pub(crate) fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
