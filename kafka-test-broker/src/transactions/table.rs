use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::StrBytes;

use super::{TopicPartition, Transaction};

/// Every transactional id that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transactions {
    by_id: BTreeMap<StrBytes, Transaction>,
    /// Those that are decided and wait for markers.
    completing: BTreeMap<StrBytes, Completion>,
    /// Whether markers are held back.
    pub(super) markers_held: bool,
}

/// A transaction on its way from the decision to the last marker.
#[derive(Clone, Debug)]
pub(super) struct Completion {
    /// All that it wrote to: a new coordinator does not know which of them have
    /// their markers, and begins anew.
    partitions: BTreeSet<TopicPartition>,
    /// The epoch of the coordinator at work; -1 for none yet.
    coordinator_epoch: i32,
    /// A partition refused its marker for good: this coordinator writes no more
    /// of them.
    given_up: bool,
    /// Markers that the coordinator at work wrote, and that not all in sync have
    /// as far as it knows.
    written: BTreeMap<TopicPartition, WrittenMarker>,
}

/// A marker in a partition's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrittenMarker {
    /// In which epoch: the leader of another one may not have it.
    pub leader_epoch: i32,
    /// The offset after it.
    pub end_offset: i64,
}

impl Transactions {
    pub(crate) fn get(&self, id: &str) -> Option<&Transaction> {
        self.by_id.get(id)
    }

    /// Every transactional id, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&StrBytes, &Transaction)> {
        self.by_id.iter()
    }

    /// Remembers a transaction as it is now.
    pub(super) fn put(&mut self, id: &str, transaction: Transaction) {
        // A copy, so that a small name does not keep a whole request alive.
        let id = StrBytes::from(id.to_owned());
        if transaction.state.is_completing() {
            self.completing.insert(
                id.clone(),
                Completion {
                    partitions: transaction.partitions.clone(),
                    coordinator_epoch: -1,
                    given_up: false,
                    written: BTreeMap::new(),
                },
            );
        }
        self.by_id.insert(id, transaction);
    }

    /// The ids whose transactions wait for markers.
    pub(super) fn completing(&self) -> Vec<StrBytes> {
        self.completing.keys().cloned().collect()
    }

    pub(super) fn is_any_completing(&self) -> bool {
        !self.completing.is_empty()
    }

    /// A coordinator is at work on a transaction that waits for markers. Returns
    /// the transaction; `None` where it has given up on it.
    pub(super) fn resume(&mut self, id: &str, coordinator_epoch: i32) -> Option<&mut Transaction> {
        let completion = self.completing.get_mut(id)?;
        let transaction = self.by_id.get_mut(id)?;
        if completion.coordinator_epoch != coordinator_epoch {
            if completion.coordinator_epoch != -1 {
                transaction.partitions.clone_from(&completion.partitions);
            }
            completion.coordinator_epoch = coordinator_epoch;
            completion.given_up = false;
            completion.written.clear();
        }
        (!completion.given_up).then_some(transaction)
    }

    /// The marker that the coordinator at work wrote to a partition, if any.
    pub(super) fn written_in(&self, id: &str, place: &TopicPartition) -> Option<WrittenMarker> {
        self.completing.get(id)?.written.get(place).copied()
    }

    /// A marker was written to a partition.
    pub(super) fn wrote_in(&mut self, id: &str, place: &TopicPartition, written: WrittenMarker) {
        if let Some(completion) = self.completing.get_mut(id) {
            completion.written.insert(place.clone(), written);
        }
    }

    /// A transaction needs nothing more in a partition.
    pub(super) fn ended_in(&mut self, id: &str, place: &TopicPartition) {
        if let Some(completion) = self.completing.get_mut(id) {
            completion.written.remove(place);
        }
        if let Some(transaction) = self.by_id.get_mut(id) {
            transaction.partitions.remove(place);
        }
    }

    /// The coordinator at work writes no more markers of a transaction.
    pub(super) fn give_up(&mut self, id: &str) {
        if let Some(completion) = self.completing.get_mut(id) {
            completion.given_up = true;
        }
    }

    /// The last marker of a transaction is written.
    pub(super) fn complete(&mut self, id: &str, wall_ms: i64) {
        self.completing.remove(id);
        if let Some(transaction) = self.by_id.get_mut(id) {
            transaction.complete(wall_ms);
        }
    }

    /// Forgets the ids that were idle for so long, and returns them.
    pub(super) fn expire(&mut self, wall_ms: i64, idle_ms: i64) -> BTreeSet<StrBytes> {
        let expired = self.by_id.iter().filter(|(_, transaction)| {
            transaction.state.may_expire()
                && wall_ms.saturating_sub(transaction.updated_ms) >= idle_ms
        });
        let expired: BTreeSet<StrBytes> = expired.map(|(id, _)| id.clone()).collect();
        self.by_id.retain(|id, _| !expired.contains(id));
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transactions::TransactionState;

    fn in_state(state: TransactionState, updated_ms: i64) -> Transaction {
        let mut transaction = Transaction::new(1, 1_000, updated_ms);
        transaction.state = state;
        transaction
    }

    #[test]
    fn idle_ids_expire_unless_a_transaction_is_open() {
        let mut transactions = Transactions::default();
        for (id, state, updated_ms) in [
            ("a", TransactionState::Empty, 0),
            ("b", TransactionState::Ongoing, 0),
            ("c", TransactionState::PrepareAbort, 0),
            ("d", TransactionState::CompleteAbort, 0),
            ("e", TransactionState::CompleteCommit, 1),
        ] {
            transactions.put(id, in_state(state, updated_ms));
        }
        let expired = transactions.expire(100, 100);
        assert!(expired.iter().map(StrBytes::as_str).eq(["a", "d"]));
        let left: Vec<_> = transactions.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(left, ["b", "c", "e"]);
    }

    #[test]
    fn new_coordinator_begins_anew() {
        let mut transactions = Transactions::default();
        let mut transaction = in_state(TransactionState::PrepareCommit, 0);
        let partitions = [0, 1].map(|number| (StrBytes::from_static("t"), number));
        transaction.partitions.extend(partitions.clone());
        transactions.put("a", transaction);
        assert_eq!(transactions.completing().len(), 1);
        let resumed = transactions.resume("a", 3).unwrap();
        resumed.partitions.remove(&partitions[0]);
        assert_eq!(transactions.resume("a", 3).unwrap().partitions.len(), 1);
        transactions.give_up("a");
        assert!(transactions.resume("a", 3).is_none());
        assert_eq!(transactions.resume("a", 4).unwrap().partitions.len(), 2);
        transactions.complete("a", 5);
        assert!(!transactions.is_any_completing());
        let state = transactions.get("a").unwrap().state;
        assert_eq!(state, TransactionState::CompleteCommit);
        assert!(transactions.resume("a", 5).is_none());
    }
}
