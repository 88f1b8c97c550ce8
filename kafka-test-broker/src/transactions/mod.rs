//! What transaction coordinators keep: the state of every transactional id
//! (KIP-98, KIP-360, KIP-890).
//!
//! The rules are [`Transaction`]'s; [`Transactions`] knows all of them by id and
//! which are being completed. What they have to do with the rest of the cluster,
//! who coordinates and which partitions get markers, is in `coordination`.
//! As all brokers share it, the state outlives every move of a coordinator.

mod coordination;
mod ending;
mod listing;
mod markers;
mod state;
mod table;
mod transaction;
mod verification;

pub(crate) use ending::Ended;
pub(crate) use listing::Filter;
pub(crate) use state::TransactionState;
pub(crate) use table::Transactions;
pub(crate) use transaction::{Initialized, TopicPartition, Transaction};
pub(crate) use verification::TransactionUse;

/// The feature whose level says by which rules transactions are made.
pub(crate) const TRANSACTION_VERSION: &str = "transaction.version";

/// A producer's id and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerIdentity {
    pub id: i64,
    pub epoch: i16,
}

/// A level of Kafka's feature `transaction.version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TransactionVersion(i16);

impl TransactionVersion {
    /// Partitions are added by requests of their own.
    pub(crate) const V0: Self = Self(0);
    /// Each transaction has an epoch of its own, and writing adds a partition
    /// (KIP-890).
    pub(crate) const V2: Self = Self(2);

    /// The level by its number, at most the newest.
    pub(crate) fn at_most_newest(level: i16) -> Self {
        Self(level).clamp(Self::V0, Self::V2)
    }

    pub(crate) fn level(self) -> i16 {
        self.0
    }

    pub(crate) fn has_epoch_bump(self) -> bool {
        self >= Self::V2
    }
}
