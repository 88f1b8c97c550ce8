//! The situations that a client must survive, numbered, and how often each really arose.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A part of the client's work that can be disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Family {
    /// Producing.
    Producer,
    /// Transactions.
    Transaction,
    /// Consuming, and committing offsets.
    Consumer,
    /// The cluster and the network.
    Cluster,
    /// TLS, SASL and permissions.
    Auth,
    /// The client's own process: time, cancellation, shutting down.
    Runtime,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Producer => "producer",
            Self::Transaction => "transaction",
            Self::Consumer => "consumer",
            Self::Cluster => "cluster",
            Self::Auth => "auth",
            Self::Runtime => "runtime",
        };
        f.pad(name)
    }
}

/// One situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub number: u8,
    /// What it disturbs.
    pub family: Family,
    /// What happens.
    pub name: &'static str,
    /// What counts as one: always something seen to happen, never a fault that was planned.
    pub hit: &'static str,
    /// What it waits for, where this project's clients can't meet it yet.
    pub pending: Option<&'static str>,
}

const fn row(number: u8, family: Family, name: &'static str, hit: &'static str) -> Row {
    Row {
        number,
        family,
        name,
        hit,
        pending: None,
    }
}

const fn pending(number: u8, family: Family, name: &'static str, why: &'static str) -> Row {
    Row {
        number,
        family,
        name,
        hit: "",
        pending: Some(why),
    }
}

const TRANSACTIONS: &str = "transactions in the producer";
const GROUPS: &str = "group membership in the consumer";
const SECURITY: &str = "TLS and SASL in the client";

/// All of them, by number.
pub const ROWS: [Row; 63] = {
    use Family::{Auth, Cluster, Consumer, Producer, Runtime, Transaction};
    [
        row(
            1,
            Producer,
            "broker killed while it produces",
            "a broker went down with produce requests unanswered",
        ),
        row(
            2,
            Producer,
            "answer lost after the append",
            "the broker recognised a batch that was sent again",
        ),
        row(
            3,
            Producer,
            "leadership lost",
            "a produce answer said NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH",
        ),
        row(
            4,
            Producer,
            "OUT_OF_ORDER_SEQUENCE_NUMBER",
            "a produce answer said so",
        ),
        row(
            5,
            Producer,
            "UNKNOWN_PRODUCER_ID",
            "a produce answer said so",
        ),
        row(
            6,
            Producer,
            "delivery timeout in flight",
            "a delivery failed, its outcome unknown",
        ),
        row(7, Producer, "MESSAGE_TOO_LARGE", "a produce answer said so"),
        row(
            8,
            Producer,
            "memory limit reached",
            "a send found no room, or waited for it in vain",
        ),
        row(
            9,
            Producer,
            "no partition has a leader",
            "metadata said so of a topic",
        ),
        row(
            10,
            Producer,
            "connection dies, acks=0",
            "a connection that carried unacknowledged records was cut",
        ),
        row(
            11,
            Producer,
            "partition missing or repeated in a produce answer",
            "the answer's partitions were not those asked for",
        ),
        row(
            12,
            Producer,
            "metadata omits a partition",
            "metadata told of fewer partitions than before",
        ),
        row(
            13,
            Producer,
            "send after or during close",
            "a send was refused because the producer was closed",
        ),
        pending(
            14,
            Transaction,
            "coordinator moves during EndTxn",
            TRANSACTIONS,
        ),
        pending(15, Transaction, "EndTxn without an answer", TRANSACTIONS),
        pending(16, Transaction, "fenced", TRANSACTIONS),
        pending(17, Transaction, "INVALID_PRODUCER_EPOCH", TRANSACTIONS),
        pending(18, Transaction, "CONCURRENT_TRANSACTIONS", TRANSACTIONS),
        pending(
            19,
            Transaction,
            "AddPartitionsToTxn fails after earlier ones",
            TRANSACTIONS,
        ),
        pending(
            20,
            Transaction,
            "every produce of a transaction failed",
            TRANSACTIONS,
        ),
        pending(21, Transaction, "transaction version changes", TRANSACTIONS),
        pending(22, Transaction, "abort rewinds the consumer", TRANSACTIONS),
        row(
            23,
            Consumer,
            "coordinator moves during a commit",
            "an offset commit was answered NOT_COORDINATOR or COORDINATOR_NOT_AVAILABLE",
        ),
        pending(24, Consumer, "rebalance during a poll", GROUPS),
        pending(
            25,
            Consumer,
            "commit refused: unknown member or generation",
            GROUPS,
        ),
        pending(26, Consumer, "static member fenced", GROUPS),
        pending(27, Consumer, "poll interval exceeded", GROUPS),
        pending(28, Consumer, "KIP-848 member fenced", GROUPS),
        pending(29, Consumer, "unknown topic id assigned", GROUPS),
        pending(30, Consumer, "senseless assignment", GROUPS),
        row(
            31,
            Consumer,
            "OFFSET_OUT_OF_RANGE",
            "a fetch answer said so",
        ),
        pending(
            32,
            Consumer,
            "log truncated",
            "positions checked against leader epochs (KIP-320) in the consumer",
        ),
        row(
            33,
            Consumer,
            "topic recreated under a reader",
            "a topic that was being read got another id",
        ),
        row(
            34,
            Consumer,
            "redirected to a follower that is unknown",
            "a fetch answer named a replica of which metadata had told nothing",
        ),
        row(
            35,
            Consumer,
            "batch cut off at the end of a fetch",
            "a fetch answer ended within a batch",
        ),
        pending(
            36,
            Consumer,
            "aborted transactions in any order",
            TRANSACTIONS,
        ),
        row(
            37,
            Consumer,
            "gap in the offsets",
            "a fetch answer had a hole before or within a batch, as compaction leaves them",
        ),
        row(
            38,
            Consumer,
            "fetch refused as a whole",
            "a fetch answer had an error at the top",
        ),
        row(
            39,
            Consumer,
            "seek while a position is looked up",
            "a seek found no position",
        ),
        row(
            40,
            Consumer,
            "checksum mismatch",
            "a consumer reported a batch as corrupt",
        ),
        row(
            41,
            Cluster,
            "half-open connection or frozen broker",
            "a client gave up a connection that had been silent",
        ),
        row(
            42,
            Cluster,
            "frame cut off",
            "a connection ended within a frame",
        ),
        row(
            43,
            Cluster,
            "wrong correlation id",
            "an answer was to another request than the next",
        ),
        row(
            44,
            Cluster,
            "metadata without brokers",
            "metadata named no broker",
        ),
        row(
            45,
            Cluster,
            "metadata goes back in time",
            "metadata had a lower leader epoch than the same client was told before",
        ),
        row(
            46,
            Cluster,
            "broker moves",
            "metadata told another address of a broker",
        ),
        row(
            47,
            Cluster,
            "addresses change or are dead",
            "a client dialled an address at which nobody is",
        ),
        row(48, Cluster, "throttled", "an answer named a throttle time"),
        row(
            49,
            Cluster,
            "advice on versions leads nowhere",
            "ApiVersions was refused in a version that the refusal recommends",
        ),
        row(
            50,
            Cluster,
            "rolling upgrade",
            "a broker served other versions than on the connection before",
        ),
        pending(51, Auth, "re-authentication due", SECURITY),
        pending(52, Auth, "token refresh fails", SECURITY),
        pending(53, Auth, "certificate unacceptable", SECURITY),
        row(
            54,
            Auth,
            "permission revoked",
            "an answer said TOPIC_AUTHORIZATION_FAILED",
        ),
        row(
            55,
            Runtime,
            "wall clock jumps",
            "a clock was set while records were sent",
        ),
        row(
            56,
            Runtime,
            "process frozen, none of a group",
            "a client's tasks were due and stood still while the cluster's time went on",
        ),
        row(
            57,
            Runtime,
            "future dropped: send, flush, commit",
            "one was dropped while it waited",
        ),
        row(
            58,
            Runtime,
            "poll cancelled",
            "a poll was dropped while it waited",
        ),
        row(
            59,
            Runtime,
            "first to ask for metadata gives up",
            "of several that waited for a topic the first was dropped",
        ),
        row(
            60,
            Runtime,
            "shutdown in flight",
            "a producer was closed with records in flight",
        ),
        row(
            61,
            Runtime,
            "client dropped without close",
            "a client's handles were dropped with records in flight",
        ),
        row(
            62,
            Runtime,
            "callback panics",
            "a partitioner panicked and the producer was used on",
        ),
        row(
            63,
            Runtime,
            "thundering reconnect",
            "all of five or more connections were cut at once",
        ),
    ]
};

/// How often each row was met, by number.
pub type RowCounts = BTreeMap<u8, u64>;

/// The counts of a run. Cloning gives another handle to the same.
#[derive(Clone, Debug, Default)]
pub struct Rows(Arc<Mutex<RowCounts>>);

impl Rows {
    /// The row with this number was met.
    pub fn hit(&self, number: u8) {
        self.hit_times(number, 1);
    }

    /// It was met so many times.
    pub fn hit_times(&self, number: u8, times: u64) {
        if times > 0 {
            *self.lock().entry(number).or_default() += times;
        }
    }

    /// All that were met.
    pub fn counts(&self) -> RowCounts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, RowCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_and_each_row_is_counted_or_waits() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.number), place + 1);
            assert_eq!(row.pending.is_some(), row.hit.is_empty(), "{row:?}");
        }
    }
}
