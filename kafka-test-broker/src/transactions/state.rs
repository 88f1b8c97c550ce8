/// Where a transactional id stands.
///
/// ```text
///            partition added                EndTxn
///   Empty ───────────────────► Ongoing ───────────────► PrepareCommit ──► CompleteCommit
///     ▲                        ▲  │  └────────────────► PrepareAbort  ──► CompleteAbort
///     │ InitProducerId         │  │ timeout, or             ▲ markers written   │
///     │                        │  └ InitProducerId:         │                   │
///     │        partition added │    PrepareEpochFence ──────┘                   │
///     └────────────────────────┴───────── Complete… ◄───────────────────────────┘
///
///   Empty, CompleteCommit, CompleteAbort ──► Dead           (expired: forgotten)
///   Empty, CompleteCommit, CompleteAbort ──► PrepareAbort   (aborting nothing, KIP-890)
/// ```
///
/// `PrepareEpochFence` and `Dead` are passed within one step: nobody gets to see
/// them, but clients may ask for transactions in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TransactionState {
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
    Dead,
    PrepareEpochFence,
}

const ALL: [TransactionState; 8] = [
    TransactionState::Empty,
    TransactionState::Ongoing,
    TransactionState::PrepareCommit,
    TransactionState::PrepareAbort,
    TransactionState::CompleteCommit,
    TransactionState::CompleteAbort,
    TransactionState::Dead,
    TransactionState::PrepareEpochFence,
];

impl TransactionState {
    /// As Kafka calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
            Self::Dead => "Dead",
            Self::PrepareEpochFence => "PrepareEpochFence",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the transaction is decided and its markers are being written.
    pub(crate) fn is_completing(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }

    /// Whether an id may be forgotten in it.
    pub(crate) fn may_expire(self) -> bool {
        matches!(
            self,
            Self::Empty | Self::CompleteCommit | Self::CompleteAbort
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for state in ALL {
            assert_eq!(TransactionState::from_name(state.name()), Some(state));
        }
        assert_eq!(TransactionState::from_name("ongoing"), None);
    }
}
