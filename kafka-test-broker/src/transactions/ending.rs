use kafka_protocol::ErrorCode;

use super::TransactionState::{
    CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit,
};
use super::{ProducerIdentity, Transaction, TransactionVersion};

/// What an EndTxn comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is decided: markers are to be written. The producer goes on as this.
    Decided(ProducerIdentity),
    /// It was decided before, and the producer asks again.
    Already(ProducerIdentity),
}

impl Transaction {
    /// Commits or aborts the transaction as its producer says.
    ///
    /// Where transactions have epochs of their own, a producer that did not hear
    /// the answer asks again with the epoch before; otherwise with the same
    /// (KIP-890):
    ///
    /// ```text
    ///                    with epoch bump                     without
    ///                    again           anew
    ///   Empty            fenced          abort: PrepareAbort  INVALID_TXN_STATE
    ///   CompleteAbort    abort: done     abort: PrepareAbort  abort: done
    ///   CompleteCommit   commit: done    abort: PrepareAbort  commit: done
    /// ```
    ///
    /// All else of these is `INVALID_TXN_STATE`.
    pub(crate) fn end(
        &mut self,
        producer: ProducerIdentity,
        committed: bool,
        version: TransactionVersion,
        wall_ms: i64,
        new_producer_id: impl FnOnce() -> i64,
    ) -> Result<Ended, ErrorCode> {
        if !version.has_epoch_bump() {
            return self.end_without_bump(producer, committed, wall_ms);
        }
        if self.state.is_completing() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        let overflown = self.previous_producer_id == producer.id
            && producer.epoch == i16::MAX - 1
            && self.producer_epoch == 0;
        let bumped = producer
            .epoch
            .checked_add(1)
            .is_some_and(|next| next == self.producer_epoch);
        if producer.id != self.producer_id && !overflown {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        let again = (overflown || bumped) && matches!(self.state, CompleteAbort | CompleteCommit);
        if !again && producer.epoch != self.producer_epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        match (self.state, committed) {
            (Ongoing, _) => {
                let start_ms = self.start_ms;
                Ok(self.decide_with_bump(committed, start_ms, wall_ms, new_producer_id))
            }
            (CompleteCommit, true) | (CompleteAbort, false) if again => {
                Ok(Ended::Already(self.identity()))
            }
            // The producer cannot know whether any of its batches has arrived
            // and begun a transaction.
            (Empty | CompleteCommit | CompleteAbort, false) if !again => {
                Ok(self.decide_with_bump(false, wall_ms, wall_ms, new_producer_id))
            }
            _ => Err(ErrorCode::InvalidTxnState),
        }
    }

    /// Aborts the open transaction with an epoch that its producer does not have:
    /// it took too long, or there is a new producer. Returns whether one is open.
    pub(crate) fn fence(
        &mut self,
        version: TransactionVersion,
        wall_ms: i64,
        new_producer_id: impl FnOnce() -> i64,
    ) -> bool {
        if self.state != Ongoing {
            return false;
        }
        if version.has_epoch_bump() {
            self.decide_with_bump(false, self.start_ms, wall_ms, new_producer_id);
        } else {
            self.producer_epoch = self.producer_epoch.saturating_add(1);
            self.last_producer_epoch = -1;
            self.decide(false, wall_ms);
        }
        true
    }

    fn end_without_bump(
        &mut self,
        producer: ProducerIdentity,
        committed: bool,
        wall_ms: i64,
    ) -> Result<Ended, ErrorCode> {
        self.check_producer(producer)?;
        if self.state.is_completing() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        match (self.state, committed) {
            (Ongoing, _) => {
                self.decide(committed, wall_ms);
                Ok(Ended::Decided(self.successor()))
            }
            (CompleteCommit, true) | (CompleteAbort, false) => Ok(Ended::Already(self.identity())),
            _ => Err(ErrorCode::InvalidTxnState),
        }
    }

    fn decide(&mut self, committed: bool, wall_ms: i64) {
        self.become_producer(self.identity());
        self.client_version = TransactionVersion::V0;
        self.next_producer_id = -1;
        self.state = if committed {
            PrepareCommit
        } else {
            PrepareAbort
        };
        self.updated_ms = wall_ms;
    }

    /// Decides with an epoch of its own for what comes after.
    fn decide_with_bump(
        &mut self,
        committed: bool,
        start_ms: i64,
        wall_ms: i64,
        new_producer_id: impl FnOnce() -> i64,
    ) -> Ended {
        let next = if self.is_exhausted() {
            new_producer_id()
        } else {
            -1
        };
        let epoch = self.producer_epoch;
        self.decide(committed, wall_ms);
        self.next_producer_id = next;
        self.last_producer_epoch = epoch;
        self.producer_epoch = epoch.saturating_add(1);
        self.client_version = TransactionVersion::V2;
        self.start_ms = start_ms;
        Ended::Decided(self.successor())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kafka_protocol::StrBytes;

    use super::*;
    use crate::transactions::{Initialized, TransactionState};

    const ID: i64 = 40;
    const V0: TransactionVersion = TransactionVersion::V0;
    const V2: TransactionVersion = TransactionVersion::V2;

    fn producer(id: i64, epoch: i16) -> ProducerIdentity {
        ProducerIdentity { id, epoch }
    }

    fn in_state(state: TransactionState, epoch: i16, version: TransactionVersion) -> Transaction {
        let mut transaction = Transaction::new(ID, 60_000, 5);
        transaction.producer_epoch = epoch;
        transaction.last_producer_epoch = epoch - 1;
        transaction.state = state;
        transaction.client_version = version;
        if state == Ongoing || state.is_completing() {
            transaction.start_ms = 6;
            let partition = (StrBytes::from_static("t"), 0);
            transaction.partitions = BTreeSet::from([partition]);
        }
        transaction
    }

    /// Ends a transaction in `state` whose epoch is 5, and says what became of
    /// the request and of the transaction.
    fn check(
        state: TransactionState,
        epoch: i16,
        committed: bool,
        version: TransactionVersion,
    ) -> (Result<Ended, ErrorCode>, TransactionState) {
        let mut transaction = in_state(state, 5, version);
        let ended = transaction.end(producer(ID, epoch), committed, version, 9, || 41);
        (ended, transaction.state)
    }

    #[test]
    fn without_bump() {
        use ErrorCode::{ConcurrentTransactions, InvalidTxnState, ProducerFenced};
        let same = producer(ID, 5);
        for (state, committed, expected, after) in [
            (Ongoing, true, Ok(Ended::Decided(same)), PrepareCommit),
            (Ongoing, false, Ok(Ended::Decided(same)), PrepareAbort),
            (
                CompleteCommit,
                true,
                Ok(Ended::Already(same)),
                CompleteCommit,
            ),
            (CompleteCommit, false, Err(InvalidTxnState), CompleteCommit),
            (
                CompleteAbort,
                false,
                Ok(Ended::Already(same)),
                CompleteAbort,
            ),
            (CompleteAbort, true, Err(InvalidTxnState), CompleteAbort),
            (Empty, true, Err(InvalidTxnState), Empty),
            (Empty, false, Err(InvalidTxnState), Empty),
            (
                PrepareCommit,
                true,
                Err(ConcurrentTransactions),
                PrepareCommit,
            ),
            (
                PrepareAbort,
                true,
                Err(ConcurrentTransactions),
                PrepareAbort,
            ),
        ] {
            assert_eq!(check(state, 5, committed, V0), (expected, after));
            // Neither an older nor a newer producer may.
            assert_eq!(check(state, 4, committed, V0), (Err(ProducerFenced), state));
            assert_eq!(check(state, 6, committed, V0), (Err(ProducerFenced), state));
        }
        let mut transaction = in_state(Ongoing, 5, V0);
        let other = transaction.end(producer(ID + 9, 5), true, V0, 9, || 41);
        assert_eq!(other, Err(ErrorCode::InvalidProducerIdMapping));
    }

    #[test]
    fn with_bump() {
        use ErrorCode::{ConcurrentTransactions, InvalidTxnState, ProducerFenced};
        let (same, next) = (producer(ID, 5), producer(ID, 6));
        let anew = Ok(Ended::Decided(next));
        let done = Ok(Ended::Already(same));
        // The state, commit or abort, what the epoch comes to, and the one before.
        for (state, committed, current, again) in [
            (Ongoing, true, anew, Err(ProducerFenced)),
            (Ongoing, false, anew, Err(ProducerFenced)),
            (Empty, true, Err(InvalidTxnState), Err(ProducerFenced)),
            (Empty, false, anew, Err(ProducerFenced)),
            (
                CompleteAbort,
                true,
                Err(InvalidTxnState),
                Err(InvalidTxnState),
            ),
            (CompleteAbort, false, anew, done),
            (CompleteCommit, true, Err(InvalidTxnState), done),
            (CompleteCommit, false, anew, Err(InvalidTxnState)),
            (
                PrepareAbort,
                false,
                Err(ConcurrentTransactions),
                Err(ConcurrentTransactions),
            ),
            (
                PrepareCommit,
                true,
                Err(ConcurrentTransactions),
                Err(ConcurrentTransactions),
            ),
        ] {
            let (ended, after) = check(state, 5, committed, V2);
            assert_eq!(ended, current, "{state:?} {committed}");
            let decided = if committed {
                PrepareCommit
            } else {
                PrepareAbort
            };
            assert_eq!(after, if current.is_ok() { decided } else { state });
            assert_eq!(check(state, 4, committed, V2), (again, state), "{state:?}");
        }
        assert_eq!(check(Ongoing, 6, true, V2).0, Err(ProducerFenced));
        let mut transaction = in_state(Ongoing, 5, V2);
        let other = transaction.end(producer(ID + 9, 5), true, V2, 9, || 41);
        assert_eq!(other, Err(ErrorCode::InvalidProducerIdMapping));
    }

    #[test]
    fn aborting_nothing_begins_and_ends_at_once() {
        let mut transaction = in_state(Empty, 0, V0);
        transaction
            .end(producer(ID, 0), false, V2, 9, || 41)
            .unwrap();
        assert_eq!((transaction.start_ms, transaction.updated_ms), (9, 9));
        assert!(transaction.partitions.is_empty());
        transaction.complete(10);
        assert_eq!(transaction.state, CompleteAbort);
        assert_eq!(transaction.identity(), producer(ID, 1));
    }

    #[test]
    fn used_up_epochs_bring_a_new_id() {
        let mut transaction = in_state(Ongoing, i16::MAX - 1, V2);
        let last = producer(ID, i16::MAX - 1);
        let ended = transaction.end(last, true, V2, 9, || 41);
        assert_eq!(ended, Ok(Ended::Decided(producer(41, 0))));
        // The markers still carry the old id, and the epoch that nobody gets.
        assert_eq!(transaction.identity(), producer(ID, i16::MAX));
        transaction.complete(10);
        assert_eq!(transaction.identity(), producer(41, 0));
        assert_eq!(transaction.last_producer_epoch, i16::MAX - 1);
        // Who did not hear it asks again.
        let again = transaction.end(last, true, V2, 11, || 42);
        assert_eq!(again, Ok(Ended::Already(producer(41, 0))));
        let other = transaction.end(last, false, V2, 11, || 42);
        assert_eq!(other, Err(ErrorCode::InvalidTxnState));
        let goes_on = transaction.initialize(Some(last), 60_000, 12, || 43);
        assert_eq!(goes_on, Ok(Initialized::Ready(producer(41, 0))));
    }

    #[test]
    fn fencing_takes_an_epoch() {
        for (version, last) in [(V0, -1), (V2, 5)] {
            let mut transaction = in_state(Ongoing, 5, V2);
            assert!(transaction.fence(version, 9, || 41));
            assert_eq!(transaction.state, PrepareAbort);
            assert_eq!(transaction.identity(), producer(ID, 6));
            assert_eq!(transaction.last_producer_epoch, last);
            assert!(!transaction.fence(version, 9, || 41));
            transaction.complete(10);
            let end = transaction.end(producer(ID, 5), true, version, 9, || 41);
            let fenced = match version.has_epoch_bump() {
                true => ErrorCode::InvalidTxnState,
                false => ErrorCode::ProducerFenced,
            };
            assert_eq!(end, Err(fenced));
        }
        // The last epoch that a producer can have leaves one to fence it with.
        let mut transaction = in_state(Ongoing, i16::MAX - 1, V0);
        assert!(transaction.fence(V0, 9, || 41));
        assert_eq!(transaction.producer_epoch, i16::MAX);
        transaction.complete(10);
        let next = transaction.initialize(None, 60_000, 11, || 41);
        assert_eq!(next, Ok(Initialized::Ready(producer(41, 0))));
        let mut transaction = in_state(Ongoing, i16::MAX - 1, V2);
        assert!(transaction.fence(V2, 9, || 41));
        transaction.complete(10);
        assert_eq!(transaction.identity(), producer(41, 0));
    }
}
