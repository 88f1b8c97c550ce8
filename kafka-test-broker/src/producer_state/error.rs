use kafka_protocol::ErrorCode;
use thiserror::Error;

/// Why a batch or a marker is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ProducerError {
    /// A newer incarnation of the producer has written already.
    #[error("epoch {got} of producer {producer_id} is older than {newest}, the newest seen")]
    OldEpoch {
        producer_id: i64,
        got: i16,
        newest: i16,
    },
    /// A batch before this one is missing, or this one is an old one.
    #[error("sequence {got} of producer {producer_id} with epoch {epoch} does not follow {last}")]
    OutOfOrder {
        producer_id: i64,
        epoch: i16,
        got: i32,
        last: i32,
    },
    /// No batch of the producer is known, and this one is not its first.
    #[error("no batch of producer {producer_id} is known")]
    Unknown { producer_id: i64 },
    /// The coordinator was not asked whether the partition is part of the
    /// transaction, and none is open here.
    #[error("producer {producer_id} has no open transaction that the partition is part of")]
    NotInTransaction { producer_id: i64 },
    /// A batch outside of the transaction that is open here.
    #[error("producer {producer_id} writes outside of its open transaction")]
    TransactionOpen { producer_id: i64 },
    /// A newer coordinator has ended a transaction of the producer already.
    #[error("coordinator epoch {got} for producer {producer_id} is older than {newest}")]
    CoordinatorFenced {
        producer_id: i64,
        got: i32,
        newest: i32,
    },
}

impl ProducerError {
    /// Kafka's code for it.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::OldEpoch { .. } => ErrorCode::InvalidProducerEpoch,
            Self::OutOfOrder { .. } => ErrorCode::OutOfOrderSequenceNumber,
            Self::Unknown { .. } => ErrorCode::UnknownProducerId,
            Self::NotInTransaction { .. } | Self::TransactionOpen { .. } => {
                ErrorCode::InvalidTxnState
            }
            Self::CoordinatorFenced { .. } => ErrorCode::TransactionCoordinatorFenced,
        }
    }
}
