use std::collections::BTreeSet;
use std::time::Duration;

use kafka_protocol::{ErrorCode, StrBytes};

use super::{
    Ended, Initialized, ProducerIdentity, TRANSACTION_VERSION, TopicPartition, Transaction,
    TransactionVersion,
};
use crate::cluster::{Alarm, Cluster, InternalTopic, Moment};

/// The longest transaction a producer may ask for, Kafka's
/// `transaction.max.timeout.ms`: a quarter of an hour.
const MAX_TIMEOUT_MS: i32 = 900_000;

/// Where transactional ids are kept.
pub(super) const STATE_TOPIC: InternalTopic = InternalTopic::TransactionState;

/// What a step made of a transaction.
pub(super) enum Step<T> {
    /// It is as it was.
    Same(T),
    /// It changed, which has to be written to the log of the coordinator.
    Changed(T),
}

/// What transactional ids do, asked of the broker that coordinates them.
///
/// All of these fail with `NOT_COORDINATOR` at another broker, and with
/// `COORDINATOR_NOT_AVAILABLE` where the coordinator's log lacks replicas in
/// sync.
impl Cluster {
    /// Gives the producer of a transactional id its id and epoch. An open
    /// transaction of the one before it is aborted first: that is answered
    /// `CONCURRENT_TRANSACTIONS`, so that the producer asks again.
    pub(crate) fn initialize_producer(
        &mut self,
        broker: i32,
        id: &str,
        expected: Option<ProducerIdentity>,
        timeout_ms: i32,
        moment: Moment,
    ) -> Result<ProducerIdentity, ErrorCode> {
        if id.is_empty() {
            return Err(ErrorCode::InvalidRequest);
        }
        if !(1..=MAX_TIMEOUT_MS).contains(&timeout_ms) {
            return Err(ErrorCode::InvalidTransactionTimeout);
        }
        self.check_transaction_coordinator(broker, id)?;
        if self.transactions.get(id).is_none() {
            let producer_id = self.new_producer_id();
            let new = Transaction::new(producer_id, timeout_ms, moment.wall_ms);
            self.transactions.put(id, new);
        }
        let version = self.transaction_version();
        let wall_ms = moment.wall_ms;
        self.transit(
            broker,
            id,
            moment,
            |transaction, new_id| match transaction.initialize(
                expected,
                timeout_ms,
                wall_ms,
                &mut *new_id,
            )? {
                Initialized::Ready(producer) => Ok(Step::Changed(Ok(producer))),
                Initialized::Fence => {
                    transaction.fence(version, wall_ms, new_id);
                    Ok(Step::Changed(Err(ErrorCode::ConcurrentTransactions)))
                }
            },
        )?
    }

    /// Makes partitions part of a transaction.
    pub(crate) fn add_to_transaction(
        &mut self,
        broker: i32,
        id: &str,
        producer: ProducerIdentity,
        partitions: &BTreeSet<TopicPartition>,
        version: TransactionVersion,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        if id.is_empty() {
            return Err(ErrorCode::InvalidRequest);
        }
        self.transit(broker, id, moment, |transaction, _| {
            let changed =
                transaction.add_partitions(producer, partitions, version, moment.wall_ms)?;
            Ok(match changed {
                true => Step::Changed(()),
                false => Step::Same(()),
            })
        })
    }

    /// Commits or aborts a transaction. Returns as what the producer goes on.
    pub(crate) fn end_transaction(
        &mut self,
        broker: i32,
        id: &str,
        producer: ProducerIdentity,
        committed: bool,
        version: TransactionVersion,
        moment: Moment,
    ) -> Result<ProducerIdentity, ErrorCode> {
        if id.is_empty() {
            return Err(ErrorCode::InvalidRequest);
        }
        self.transit(broker, id, moment, |transaction, new_id| {
            let ended = transaction.end(producer, committed, version, moment.wall_ms, new_id)?;
            Ok(match ended {
                Ended::Decided(next) => Step::Changed(next),
                Ended::Already(next) => Step::Same(next),
            })
        })
    }

    /// Aborts a transaction that takes longer than its producer said.
    pub(crate) fn ring_transaction(&mut self, id: &StrBytes, moment: Moment) {
        let Some((coordinator, _)) = self.working_coordinator(id) else {
            return self.retry_ring(id, moment);
        };
        let version = self.transaction_version();
        let fenced = self.transit(coordinator, id, moment, |transaction, new_id| {
            if !transaction.has_timed_out(moment.wall_ms) {
                return Ok(Step::Same(()));
            }
            transaction.fence(version, moment.wall_ms, new_id);
            Ok(Step::Changed(()))
        });
        match fenced {
            Ok(()) => self.watch_transaction(id, moment),
            Err(_) => self.retry_ring(id, moment),
        }
    }

    /// The wall clock was set: transactions time out by what it says now.
    pub(crate) fn reset_transaction_alarms(&mut self, moment: Moment) {
        let ids: Vec<StrBytes> = self.transactions.iter().map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.watch_transaction(&id, moment);
        }
    }

    /// The rules by which coordinators end transactions of themselves.
    fn transaction_version(&self) -> TransactionVersion {
        TransactionVersion::at_most_newest(self.features.level(TRANSACTION_VERSION))
    }

    /// Forgets every transactional id without an open transaction that was idle
    /// for so long.
    pub(crate) fn expire_transactional_ids(&mut self, idle_ms: i64, moment: Moment) {
        for id in self.transactions.expire(moment.wall_ms, idle_ms) {
            self.alarms.set(Alarm::Transaction(id), None);
        }
    }

    /// The epoch in which `broker` coordinates a transactional id.
    pub(crate) fn check_transaction_coordinator(
        &self,
        broker: i32,
        id: &str,
    ) -> Result<i32, ErrorCode> {
        let partition = self
            .partition(STATE_TOPIC.name(), STATE_TOPIC.partition_of(id))
            .ok_or(ErrorCode::NotCoordinator)?;
        if partition.leader != Some(broker) {
            return Err(ErrorCode::NotCoordinator);
        }
        Ok(partition.leader_epoch)
    }

    /// Takes a step with a transaction, unless `step` or the coordinator's log
    /// forbids it.
    fn transit<T>(
        &mut self,
        broker: i32,
        id: &str,
        moment: Moment,
        step: impl FnOnce(&mut Transaction, &mut dyn FnMut() -> i64) -> Result<Step<T>, ErrorCode>,
    ) -> Result<T, ErrorCode> {
        self.check_transaction_coordinator(broker, id)?;
        let known = self.transactions.get(id);
        let mut transaction = known.cloned().ok_or(ErrorCode::InvalidProducerIdMapping)?;
        match step(&mut transaction, &mut || self.new_producer_id())? {
            Step::Same(result) => Ok(result),
            Step::Changed(result) => {
                self.check_transaction_log(id)?;
                self.transactions.put(id, transaction);
                self.watch_transaction(id, moment);
                Ok(result)
            }
        }
    }

    /// Whether the log of an id's coordinator takes records.
    pub(super) fn check_transaction_log(&self, id: &str) -> Result<(), ErrorCode> {
        let partition = STATE_TOPIC.partition_of(id);
        self.check_in_sync(STATE_TOPIC.name(), partition)
            .map_err(|_| ErrorCode::CoordinatorNotAvailable)
    }

    /// Sets the alarm of an id to where its transaction times out.
    fn watch_transaction(&mut self, id: &str, moment: Moment) {
        let deadline_ms = self.transactions.get(id).and_then(Transaction::deadline_ms);
        let due = deadline_ms.map(|deadline_ms| {
            // Only what is past its deadline has timed out.
            let left_ms = deadline_ms.saturating_sub(moment.wall_ms).saturating_add(1);
            moment.now + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
        });
        let alarm = Alarm::Transaction(StrBytes::from(id.to_owned()));
        self.alarms.set(alarm, due);
    }

    /// Looks again later, as Kafka does in a fixed rhythm.
    fn retry_ring(&mut self, id: &StrBytes, moment: Moment) {
        let again = moment.now + Duration::from_secs(1);
        self.alarms.set(Alarm::Transaction(id.clone()), Some(again));
    }
}
