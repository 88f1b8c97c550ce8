use std::collections::BTreeSet;

use kafka_protocol::{ErrorCode, StrBytes};

use super::TransactionState::{self, CompleteAbort, CompleteCommit, Empty, Ongoing};
use super::{ProducerIdentity, TransactionVersion};

/// The largest epoch that a producer gets. The one above is the coordinator's,
/// to fence the last producer with.
const LAST_EPOCH: i16 = i16::MAX - 1;

/// A partition that a transaction wrote to.
pub(crate) type TopicPartition = (StrBytes, i32);

/// What the coordinator knows of one transactional id, and the rules by which
/// that changes (KIP-98, KIP-360, KIP-890).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transaction {
    pub state: TransactionState,
    pub producer_id: i64,
    /// The id before the last change; -1 for none.
    pub previous_producer_id: i64,
    /// The id to go on with once the transaction has ended; -1 for none.
    pub next_producer_id: i64,
    /// -1 before the first producer has got one.
    pub producer_epoch: i16,
    /// The epoch that the producer had before, if it may still name it; -1
    /// otherwise.
    pub last_producer_epoch: i16,
    pub timeout_ms: i32,
    /// What was written to, as far as it has no marker yet.
    pub partitions: BTreeSet<TopicPartition>,
    /// When the transaction began, by the wall clock; -1 for none.
    pub start_ms: i64,
    /// When this changed last, by the wall clock.
    pub updated_ms: i64,
    /// By which rules the producer made its last transaction.
    pub client_version: TransactionVersion,
}

/// What an InitProducerId comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Initialized {
    /// The producer may begin.
    Ready(ProducerIdentity),
    /// The open transaction of the producer before has to be aborted first, with
    /// an epoch that fences it.
    Fence,
}

impl Transaction {
    /// A transactional id that nobody has used.
    pub(crate) fn new(producer_id: i64, timeout_ms: i32, wall_ms: i64) -> Self {
        Self {
            state: Empty,
            producer_id,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: -1,
            last_producer_epoch: -1,
            timeout_ms,
            partitions: BTreeSet::new(),
            start_ms: -1,
            updated_ms: wall_ms,
            client_version: TransactionVersion::V0,
        }
    }

    /// Gives a producer its id and epoch. `expected` is what it believes to
    /// have, where it goes on after an error (KIP-360).
    pub(crate) fn initialize(
        &mut self,
        expected: Option<ProducerIdentity>,
        timeout_ms: i32,
        wall_ms: i64,
        new_producer_id: impl FnOnce() -> i64,
    ) -> Result<Initialized, ErrorCode> {
        if self.state.is_completing() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        if expected.is_some_and(|expected| !self.may_go_on(expected)) {
            return Err(ErrorCode::ProducerFenced);
        }
        if self.state == Ongoing {
            return Ok(Initialized::Fence);
        }
        let current = expected.is_none_or(|expected| expected.epoch == self.producer_epoch);
        let next = if self.is_exhausted() && current {
            ProducerIdentity {
                id: new_producer_id(),
                epoch: 0,
            }
        } else {
            ProducerIdentity {
                id: self.producer_id,
                epoch: self.next_epoch(expected)?,
            }
        };
        let first = self.producer_epoch == -1;
        self.last_producer_epoch = match expected {
            None => -1,
            Some(_) if first || current => self.producer_epoch,
            Some(_) => self.last_producer_epoch,
        };
        self.become_producer(next);
        self.state = Empty;
        self.timeout_ms = timeout_ms;
        self.partitions.clear();
        self.start_ms = -1;
        self.updated_ms = wall_ms;
        Ok(Initialized::Ready(next))
    }

    /// Makes partitions part of the transaction, which begins with the first.
    /// Returns whether anything changed.
    pub(crate) fn add_partitions(
        &mut self,
        producer: ProducerIdentity,
        partitions: &BTreeSet<TopicPartition>,
        version: TransactionVersion,
        wall_ms: i64,
    ) -> Result<bool, ErrorCode> {
        if self.state.is_completing() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        self.check_producer(producer)?;
        if self.state == Ongoing && partitions.is_subset(&self.partitions) {
            return Ok(false);
        }
        if self.state != Ongoing {
            self.start_ms = wall_ms;
        }
        self.previous_producer_id = self.producer_id;
        self.state = Ongoing;
        self.partitions.extend(partitions.iter().cloned());
        self.updated_ms = wall_ms;
        self.client_version = version;
        Ok(true)
    }

    /// Whether the producer may write to a partition as part of its transaction
    /// (KIP-890).
    pub(crate) fn verify(
        &self,
        producer: ProducerIdentity,
        partition: &TopicPartition,
    ) -> Result<(), ErrorCode> {
        self.check_producer(producer)?;
        if self.state.is_completing() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        if self.partitions.contains(partition) {
            Ok(())
        } else {
            Err(ErrorCode::TransactionAbortable)
        }
    }

    /// The last marker is written.
    pub(crate) fn complete(&mut self, wall_ms: i64) {
        self.state = match self.state {
            TransactionState::PrepareCommit => CompleteCommit,
            TransactionState::PrepareAbort => CompleteAbort,
            _ => return,
        };
        self.become_producer(self.successor());
        self.next_producer_id = -1;
        self.partitions.clear();
        self.updated_ms = wall_ms;
    }

    /// Whether a transaction is open for longer than its producer allows.
    pub(crate) fn has_timed_out(&self, wall_ms: i64) -> bool {
        self.deadline_ms()
            .is_some_and(|deadline| deadline < wall_ms)
    }

    /// When the open transaction has run as long as its producer allows, by the
    /// wall clock; `None` when none is open.
    pub(crate) fn deadline_ms(&self) -> Option<i64> {
        let timed = self.state == Ongoing && self.timeout_ms != i32::MAX;
        timed.then(|| self.start_ms.saturating_add(i64::from(self.timeout_ms)))
    }

    /// Whether no epoch is left for another producer.
    pub(super) fn is_exhausted(&self) -> bool {
        self.producer_epoch >= LAST_EPOCH
    }

    /// The producer's id and epoch once the transaction has ended.
    pub(super) fn successor(&self) -> ProducerIdentity {
        if self.client_version.has_epoch_bump() && self.next_producer_id != -1 {
            return ProducerIdentity {
                id: self.next_producer_id,
                epoch: 0,
            };
        }
        self.identity()
    }

    pub(super) fn identity(&self) -> ProducerIdentity {
        ProducerIdentity {
            id: self.producer_id,
            epoch: self.producer_epoch,
        }
    }

    pub(super) fn check_producer(&self, producer: ProducerIdentity) -> Result<(), ErrorCode> {
        if producer.id != self.producer_id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        if producer.epoch != self.producer_epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        Ok(())
    }

    /// Whether a producer with this id may go on. Its epoch is looked at later.
    fn may_go_on(&self, expected: ProducerIdentity) -> bool {
        // Nobody has used the id since it expired: the producer is the first.
        self.producer_epoch == -1
            || expected.id == self.producer_id
            // It may not have heard that its epochs were used up.
            || (expected.id == self.previous_producer_id && expected.epoch >= LAST_EPOCH)
    }

    fn next_epoch(&self, expected: Option<ProducerIdentity>) -> Result<i16, ErrorCode> {
        let epoch = self.producer_epoch;
        if self.is_exhausted() {
            // Kafka trips over it, too.
            return Err(ErrorCode::UnknownServerError);
        }
        match expected {
            Some(expected) if epoch != -1 && expected.epoch != epoch => {
                // It may not have heard of the epoch that it was given.
                if expected.epoch == self.last_producer_epoch {
                    Ok(epoch)
                } else {
                    Err(ErrorCode::ProducerFenced)
                }
            }
            _ => Ok(epoch + 1),
        }
    }

    pub(super) fn become_producer(&mut self, next: ProducerIdentity) {
        self.previous_producer_id = self.producer_id;
        self.producer_id = next.id;
        self.producer_epoch = next.epoch;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: i64 = 40;
    const V0: TransactionVersion = TransactionVersion::V0;
    const V2: TransactionVersion = TransactionVersion::V2;

    fn producer(id: i64, epoch: i16) -> ProducerIdentity {
        ProducerIdentity { id, epoch }
    }

    fn ready(id: i64, epoch: i16) -> Result<Initialized, ErrorCode> {
        Ok(Initialized::Ready(producer(id, epoch)))
    }

    fn partitions(numbers: &[i32]) -> BTreeSet<TopicPartition> {
        let place = |number: &i32| (StrBytes::from_static("t"), *number);
        numbers.iter().map(place).collect()
    }

    /// A transactional id whose producer has got its first epoch.
    fn initialized() -> Transaction {
        let mut transaction = Transaction::new(ID, 60_000, 5);
        assert_eq!(transaction.initialize(None, 60_000, 5, || 41), ready(ID, 0));
        transaction
    }

    #[test]
    fn each_producer_gets_the_next_epoch() {
        let mut transaction = initialized();
        assert_eq!(transaction.initialize(None, 1_000, 6, || 41), ready(ID, 1));
        assert_eq!(transaction.timeout_ms, 1_000);
        assert_eq!(transaction.updated_ms, 6);
        assert_eq!(transaction.last_producer_epoch, -1);
    }

    #[test]
    fn producer_goes_on_from_its_epoch() {
        let mut transaction = initialized();
        let mut init = |expected| transaction.initialize(Some(expected), 60_000, 6, || 41);
        assert_eq!(init(producer(ID, 0)), ready(ID, 1));
        // It did not hear the answer, and asks again.
        assert_eq!(init(producer(ID, 0)), ready(ID, 1));
        assert_eq!(init(producer(ID, 1)), ready(ID, 2));
        assert_eq!(init(producer(ID, 0)), Err(ErrorCode::ProducerFenced));
        assert_eq!(init(producer(ID, 3)), Err(ErrorCode::ProducerFenced));
        assert_eq!(init(producer(ID + 1, 2)), Err(ErrorCode::ProducerFenced));
        // Another producer took over: its predecessor may not come back.
        assert_eq!(transaction.initialize(None, 60_000, 7, || 41), ready(ID, 3));
        let before = transaction.initialize(Some(producer(ID, 2)), 60_000, 8, || 41);
        assert_eq!(before, Err(ErrorCode::ProducerFenced));
    }

    #[test]
    fn producer_of_an_expired_id_is_as_good_as_new() {
        let mut transaction = Transaction::new(ID, 60_000, 5);
        let went_on = transaction.initialize(Some(producer(7, 12)), 60_000, 6, || 41);
        assert_eq!(went_on, ready(ID, 0));
        assert_eq!(transaction.last_producer_epoch, -1);
    }

    #[test]
    fn used_up_epochs_bring_a_new_id() {
        let mut transaction = initialized();
        transaction.producer_epoch = LAST_EPOCH - 1;
        assert_eq!(
            transaction.initialize(None, 60_000, 6, || 41),
            ready(ID, LAST_EPOCH)
        );
        let last = producer(ID, LAST_EPOCH);
        let went_on = transaction.initialize(Some(last), 60_000, 7, || 41);
        assert_eq!(went_on, ready(41, 0));
        assert_eq!(transaction.previous_producer_id, ID);
        // It did not hear the answer, and asks again.
        let again = transaction.initialize(Some(last), 60_000, 8, || 42);
        assert_eq!(again, ready(41, 0));
        let other = transaction.initialize(Some(producer(ID, 3)), 60_000, 9, || 42);
        assert_eq!(other, Err(ErrorCode::ProducerFenced));
        // Whoever has another than the last epoch of an id without any left.
        transaction.producer_epoch = LAST_EPOCH;
        let stuck = transaction.initialize(Some(producer(41, 3)), 60_000, 9, || 42);
        assert_eq!(stuck, Err(ErrorCode::UnknownServerError));
    }

    #[test]
    fn open_transaction_is_fenced_and_a_decided_one_waited_for() {
        let mut transaction = initialized();
        transaction
            .add_partitions(producer(ID, 0), &partitions(&[0]), V2, 6)
            .unwrap();
        let next = transaction.initialize(None, 60_000, 7, || 41);
        assert_eq!(next, Ok(Initialized::Fence));
        assert!(transaction.fence(V2, 7, || 41));
        let next = transaction.initialize(None, 60_000, 7, || 41);
        assert_eq!(next, Err(ErrorCode::ConcurrentTransactions));
        transaction.complete(8);
        assert_eq!(transaction.initialize(None, 60_000, 9, || 41), ready(ID, 2));
        assert_eq!((transaction.start_ms, transaction.state), (-1, Empty));
    }

    #[test]
    fn partitions_begin_the_transaction_and_join_it() {
        let mut transaction = initialized();
        let me = producer(ID, 0);
        let mut add = |producer, numbers: &[i32], now| {
            transaction.add_partitions(producer, &partitions(numbers), V0, now)
        };
        assert_eq!(add(me, &[0], 6), Ok(true));
        assert_eq!(add(me, &[0], 7), Ok(false));
        assert_eq!(add(me, &[0, 1], 8), Ok(true));
        assert_eq!(
            add(producer(ID, 1), &[0], 9),
            Err(ErrorCode::ProducerFenced)
        );
        assert_eq!(
            add(producer(ID + 1, 0), &[0], 9),
            Err(ErrorCode::InvalidProducerIdMapping)
        );
        assert_eq!((transaction.start_ms, transaction.updated_ms), (6, 8));
        assert_eq!(transaction.partitions, partitions(&[0, 1]));
        transaction.end(me, true, V0, 9, || 41).unwrap();
        let late = transaction.add_partitions(me, &partitions(&[2]), V0, 9);
        assert_eq!(late, Err(ErrorCode::ConcurrentTransactions));
        transaction.complete(10);
        let next = transaction.add_partitions(me, &partitions(&[2]), V0, 11);
        assert_eq!((next, transaction.start_ms), (Ok(true), 11));
        assert_eq!(transaction.partitions, partitions(&[2]));
    }

    #[test]
    fn verification_adds_nothing() {
        let mut transaction = initialized();
        let me = producer(ID, 0);
        let place = |number| (StrBytes::from_static("t"), number);
        let abortable = Err(ErrorCode::TransactionAbortable);
        assert_eq!(transaction.verify(me, &place(0)), abortable);
        transaction
            .add_partitions(me, &partitions(&[0]), V0, 6)
            .unwrap();
        assert_eq!(transaction.verify(me, &place(0)), Ok(()));
        assert_eq!(transaction.verify(me, &place(1)), abortable);
        assert_eq!(
            transaction.verify(producer(ID, 1), &place(0)),
            Err(ErrorCode::ProducerFenced)
        );
        assert_eq!(
            transaction.verify(producer(ID + 1, 0), &place(0)),
            Err(ErrorCode::InvalidProducerIdMapping)
        );
        transaction.end(me, false, V0, 7, || 41).unwrap();
        assert_eq!(
            transaction.verify(me, &place(0)),
            Err(ErrorCode::ConcurrentTransactions)
        );
        transaction.complete(8);
        assert_eq!(transaction.verify(me, &place(0)), abortable);
    }

    #[test]
    fn only_open_transactions_time_out() {
        let mut transaction = initialized();
        assert!(!transaction.has_timed_out(i64::MAX));
        transaction
            .add_partitions(producer(ID, 0), &partitions(&[0]), V0, 1_000)
            .unwrap();
        assert_eq!(transaction.deadline_ms(), Some(61_000));
        assert!(!transaction.has_timed_out(61_000));
        assert!(transaction.has_timed_out(61_001));
        transaction.timeout_ms = i32::MAX;
        assert!(!transaction.has_timed_out(i64::MAX));
        transaction.complete(5);
        assert_eq!(transaction.state, Ongoing);
    }
}
