use std::collections::BTreeMap;

/// The transactions of one partition that its last stable offset waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct UnstableTransactions {
    /// Whose transaction is open, by the offset of its first record.
    undecided: BTreeMap<i64, i64>,
    /// Where the marker lies that ended a transaction, by the offset of the
    /// transaction's first record. It counts once it is replicated.
    decided: BTreeMap<i64, i64>,
}

/// A transaction that was aborted, as a partition's index lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AbortedTransaction {
    pub producer_id: i64,
    pub first_offset: i64,
    /// The offset of the marker.
    pub last_offset: i64,
    /// The last stable offset once the marker is replicated. A reader that stops
    /// before it needs no transaction further on in the index.
    pub last_stable_offset: i64,
}

/// Every aborted transaction of one partition, in the order of their markers.
#[derive(Clone, Debug, Default)]
pub(super) struct AbortedIndex {
    transactions: Vec<AbortedTransaction>,
}

impl UnstableTransactions {
    pub(super) fn begin(&mut self, first_offset: i64, producer_id: i64) {
        self.undecided.insert(first_offset, producer_id);
    }

    pub(super) fn decide(&mut self, first_offset: i64, marker_offset: i64) {
        self.undecided.remove(&first_offset);
        self.decided.insert(first_offset, marker_offset);
    }

    /// The first offset of the open transactions of all producers but one.
    pub(super) fn first_undecided_but_of(&self, producer_id: i64) -> Option<i64> {
        self.undecided
            .iter()
            .find(|(_, other)| **other != producer_id)
            .map(|(first_offset, _)| *first_offset)
    }

    /// The first offset whose outcome is open, or not yet replicated.
    pub(super) fn first_unstable(&self, high_watermark: i64) -> Option<i64> {
        let undecided = self.undecided.keys().next().copied();
        let unreplicated = self.decided.iter();
        let unreplicated = unreplicated
            .filter(|(_, marker)| **marker >= high_watermark)
            .map(|(first_offset, _)| *first_offset)
            .next();
        undecided.into_iter().chain(unreplicated).min()
    }

    /// What is left of it when the log is cut at `end`, and what happened in it
    /// before is still to be learnt.
    pub(super) fn truncated(&self, end: i64) -> Self {
        let decided = self.decided.iter();
        let decided = decided.filter(|(_, marker)| **marker < end);
        Self {
            undecided: BTreeMap::new(),
            decided: decided.map(|(first, marker)| (*first, *marker)).collect(),
        }
    }

    pub(super) fn forget_replicated(&mut self, high_watermark: i64) {
        self.decided.retain(|_, marker| *marker >= high_watermark);
    }
}

impl AbortedIndex {
    /// Adds a transaction, unless it is listed: a log is read again after it was
    /// cut.
    pub(super) fn push(&mut self, transaction: AbortedTransaction) {
        let marker = |listed: &AbortedTransaction| listed.last_offset;
        let found = self
            .transactions
            .binary_search_by_key(&transaction.last_offset, marker);
        if let Err(at) = found {
            self.transactions.insert(at, transaction);
        }
    }

    /// What is left of it when the log is cut at `end`.
    pub(super) fn truncated(&self, end: i64) -> Self {
        let left = self.transactions.iter();
        let left = left.take_while(|transaction| transaction.last_offset < end);
        Self {
            transactions: left.copied().collect(),
        }
    }

    /// What a reader of `from..to` has to know of, in the order Kafka gives it.
    pub(super) fn between(&self, from: i64, to: i64) -> Vec<AbortedTransaction> {
        let mut found = Vec::new();
        for transaction in &self.transactions {
            if transaction.last_offset >= from && transaction.first_offset < to {
                found.push(*transaction);
            }
            if transaction.last_stable_offset >= to {
                break;
            }
        }
        found
    }

    /// Drops what nobody can ask for any more.
    pub(super) fn forget_before(&mut self, log_start_offset: i64) {
        self.transactions
            .retain(|transaction| transaction.last_offset >= log_start_offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decided_transaction_is_unstable_until_its_marker_is_replicated() {
        let mut unstable = UnstableTransactions::default();
        assert_eq!(unstable.first_unstable(0), None);
        unstable.begin(5, 1);
        unstable.begin(7, 2);
        assert_eq!(unstable.first_undecided_but_of(1), Some(7));
        assert_eq!(unstable.first_undecided_but_of(3), Some(5));
        unstable.decide(5, 9);
        assert_eq!(unstable.first_unstable(9), Some(5));
        assert_eq!(unstable.first_unstable(10), Some(7));
        unstable.forget_replicated(10);
        assert_eq!(unstable.first_unstable(9), Some(7));
        unstable.decide(7, 11);
        assert_eq!(unstable.first_unstable(12), None);
    }

    #[test]
    fn aborted_transactions_are_found_by_overlap() {
        let mut index = AbortedIndex::default();
        let aborted = |first_offset, last_offset, last_stable_offset| AbortedTransaction {
            producer_id: first_offset,
            first_offset,
            last_offset,
            last_stable_offset,
        };
        // The one of 0 to 10 was still open when the others ended.
        for transaction in [
            aborted(2, 4, 0),
            aborted(5, 7, 0),
            aborted(0, 10, 11),
            aborted(12, 14, 15),
        ] {
            index.push(transaction);
        }
        let found = |from, to| {
            let found = index.between(from, to).into_iter();
            found.map(|found| found.first_offset).collect::<Vec<_>>()
        };
        assert_eq!(found(0, 15), [2, 5, 0, 12]);
        assert_eq!(found(0, 5), [2, 0]);
        assert_eq!(found(5, 11), [5, 0]);
        assert_eq!(found(8, 12), [0]);
        assert_eq!(found(11, 12), Vec::<i64>::new());
        assert_eq!(found(11, 13), [12]);
        index.forget_before(8);
        assert_eq!(index.transactions.len(), 2);
    }
}
