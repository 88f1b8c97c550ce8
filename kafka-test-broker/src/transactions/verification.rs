use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ErrorCode;

use super::coordination::STATE_TOPIC;
use super::{ProducerIdentity, TopicPartition, TransactionVersion};
use crate::cluster::{Cluster, Moment};

/// What the leader of a partition asks of the transaction coordinator before the
/// first write of a transaction to it (KIP-890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionUse {
    /// Whether the partition is part of the transaction, for clients that do not
    /// know `TRANSACTION_ABORTABLE`.
    VerifyForOldClients,
    /// Whether the partition is part of the transaction.
    Verify,
    /// To add the partition.
    Add,
}

impl TransactionUse {
    /// By the version of a Produce request.
    pub(crate) fn of_produce(version: i16) -> Self {
        match version {
            12.. => Self::Add,
            11 => Self::Verify,
            _ => Self::VerifyForOldClients,
        }
    }

    /// By the version of a TxnOffsetCommit request.
    pub(crate) fn of_offset_commit(version: i16) -> Self {
        match version {
            5.. => Self::Add,
            4 => Self::Verify,
            _ => Self::VerifyForOldClients,
        }
    }
}

impl Cluster {
    /// Asks the coordinator of a transactional id about partitions, or to add
    /// them. Returns those that may not be written to.
    pub(crate) fn use_in_transaction(
        &mut self,
        id: &str,
        producer: ProducerIdentity,
        partitions: &BTreeSet<TopicPartition>,
        usage: TransactionUse,
        moment: Moment,
    ) -> BTreeMap<TopicPartition, ErrorCode> {
        let Some(coordinator) = self.coordinator(STATE_TOPIC, id).map(|broker| broker.id) else {
            let refused = partitions.iter().cloned();
            return refused
                .map(|place| (place, ErrorCode::CoordinatorNotAvailable))
                .collect();
        };
        let refused = match usage {
            TransactionUse::Add => {
                let version = TransactionVersion::V2;
                let added =
                    self.add_to_transaction(coordinator, id, producer, partitions, version, moment);
                let refused = partitions.iter().cloned();
                match added {
                    Ok(()) => BTreeMap::new(),
                    Err(code) => refused.map(|place| (place, code)).collect(),
                }
            }
            TransactionUse::Verify | TransactionUse::VerifyForOldClients => {
                self.verify_in_transaction(coordinator, id, producer, partitions)
            }
        };
        let told = |(place, code)| (place, usage.told_to_producers(code));
        refused.into_iter().map(told).collect()
    }

    /// Which of the partitions are not part of a transaction.
    pub(crate) fn verify_in_transaction(
        &self,
        broker: i32,
        id: &str,
        producer: ProducerIdentity,
        partitions: &BTreeSet<TopicPartition>,
    ) -> BTreeMap<TopicPartition, ErrorCode> {
        let verify = |place: &TopicPartition| {
            if id.is_empty() {
                return Err(ErrorCode::InvalidRequest);
            }
            self.check_transaction_coordinator(broker, id)?;
            let transaction = self.transactions.get(id);
            let transaction = transaction.ok_or(ErrorCode::InvalidProducerIdMapping)?;
            transaction.verify(producer, place)
        };
        let refused = partitions.iter();
        refused
            .filter_map(|place| verify(place).err().map(|code| (place.clone(), code)))
            .collect()
    }
}

impl TransactionUse {
    /// The coordinator's code as those who write are told it.
    fn told_to_producers(self, code: ErrorCode) -> ErrorCode {
        match code {
            // Whoever writes gets this one, and may abort and go on.
            ErrorCode::ProducerFenced => ErrorCode::InvalidProducerEpoch,
            ErrorCode::TransactionAbortable if self == Self::VerifyForOldClients => {
                ErrorCode::InvalidTxnState
            }
            code => code,
        }
    }
}
