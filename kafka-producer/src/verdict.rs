//! What each answer to a batch means: the one table of Produce's error codes.

use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;

/// What to do with a batch that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// In the log.
    Written,
    /// Send the same bytes again after a pause.
    Retry {
        /// The metadata that led here is stale.
        refresh: bool,
        trace: Trace,
    },
    /// The broker's log does not hold what comes before it.
    Gap,
    /// The producer's epoch was succeeded by another.
    EpochPassed,
    /// Too large: send its halves.
    Split,
    /// Numbered batches are not allowed to this principal.
    NumbersForbidden,
    /// Sending it again would bring the same answer.
    Fail { trace: Trace },
}

/// What an attempt may have left in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nothing: refused before it was appended, or never sent.
    Nothing,
    /// Perhaps the batch.
    Possible,
}

impl Trace {
    pub(crate) fn possible(possible: bool) -> Self {
        if possible {
            Self::Possible
        } else {
            Self::Nothing
        }
    }
}

const fn retry(trace: Trace) -> Verdict {
    Verdict::Retry {
        refresh: false,
        trace,
    }
}

const fn refresh(trace: Trace) -> Verdict {
    Verdict::Retry {
        refresh: true,
        trace,
    }
}

const fn fail(trace: Trace) -> Verdict {
    Verdict::Fail { trace }
}

/// The meaning of a partition's error code in a Produce answer.
///
/// Which of them come before the leader appends and which can come after is
/// read from Kafka's own broker: what waits for the followers when leadership
/// or the topic goes (NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION …) is
/// in the old leader's log, and may survive.
pub(crate) fn of_code(code: ErrorCode) -> Verdict {
    use Trace::{Nothing, Possible};
    match code {
        // A duplicate is what an earlier attempt wrote.
        ErrorCode::None | ErrorCode::DuplicateSequenceNumber => Verdict::Written,

        // Someone else leads, or nobody yet, or our metadata is behind.
        ErrorCode::NotLeaderOrFollower
        | ErrorCode::UnknownTopicOrPartition
        | ErrorCode::LeaderNotAvailable
        | ErrorCode::ReplicaNotAvailable
        | ErrorCode::BrokerNotAvailable
        | ErrorCode::FencedLeaderEpoch
        | ErrorCode::UnknownLeaderEpoch
        | ErrorCode::PreferredLeaderNotAvailable
        | ErrorCode::ListenerNotFound
        | ErrorCode::KafkaStorageError
        | ErrorCode::NetworkException => refresh(Possible),
        // Which topic has the id is settled before anything is appended. If the
        // name has another id now, the batch fails when the metadata says so.
        ErrorCode::UnknownTopicId | ErrorCode::InconsistentTopicId => refresh(Nothing),

        // In the leader's log, but not on enough replicas in time.
        ErrorCode::RequestTimedOut | ErrorCode::NotEnoughReplicasAfterAppend => retry(Possible),
        // Checked before appending.
        ErrorCode::NotEnoughReplicas
        | ErrorCode::ThrottlingQuotaExceeded
        // Damaged on its way: the checksum is ours, so the next copy may arrive.
        | ErrorCode::CorruptMessage => retry(Nothing),

        ErrorCode::OutOfOrderSequenceNumber | ErrorCode::UnknownProducerId => Verdict::Gap,
        ErrorCode::InvalidProducerEpoch | ErrorCode::ProducerFenced => Verdict::EpochPassed,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => Verdict::Split,
        // What brokers before 2.8 answer without the IDEMPOTENT_WRITE permission.
        ErrorCode::ClusterAuthorizationFailed => Verdict::NumbersForbidden,

        ErrorCode::TopicAuthorizationFailed
        | ErrorCode::InvalidTopicException
        | ErrorCode::InvalidRequiredAcks
        | ErrorCode::InvalidTimestamp
        | ErrorCode::InvalidRecord
        | ErrorCode::InvalidRequest
        | ErrorCode::PolicyViolation
        | ErrorCode::UnsupportedForMessageFormat
        | ErrorCode::UnsupportedCompressionType
        | ErrorCode::UnsupportedVersion
        | ErrorCode::InvalidTxnState
        | ErrorCode::InvalidProducerIdMapping
        | ErrorCode::TransactionalIdAuthorizationFailed
        | ErrorCode::TransactionAbortable => fail(Nothing),

        // Codes that no broker gives to Produce today.
        code if code.is_retriable() && code.refreshes_metadata() => refresh(Possible),
        code if code.is_retriable() => retry(Possible),
        // UNKNOWN_SERVER_ERROR can come after the append as well as before.
        _ => fail(Possible),
    }
}

/// The meaning of a whole request's failure for each of its batches.
pub(crate) fn of_failure(error: &Error) -> Verdict {
    let trace = Trace::possible(error.possibly_written());
    match error.kind() {
        // Nothing that another connection would do better.
        ErrorKind::UnsupportedVersion
        | ErrorKind::Encode
        | ErrorKind::Config
        | ErrorKind::InvalidArgument
        | ErrorKind::Internal => fail(trace),
        ErrorKind::QueueFull => retry(trace),
        ErrorKind::Broker(code) => of_code(*code),
        // The connection is gone; so may the broker be. Whether the pool is closed
        // as well shows when another connection is asked for.
        _ => refresh(trace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_kafka_holds_for_retriable_is_tried_again() {
        for code in ErrorCode::ALL.iter().copied() {
            let verdict = of_code(code);
            if code.is_retriable() {
                assert!(matches!(verdict, Verdict::Retry { .. }), "{code}");
            }
            if let Verdict::Fail { .. } = verdict {
                assert!(!code.is_retriable(), "{code}");
            }
        }
    }

    #[test]
    fn stale_metadata_is_refreshed() {
        for code in [
            ErrorCode::NotLeaderOrFollower,
            ErrorCode::UnknownTopicOrPartition,
            ErrorCode::LeaderNotAvailable,
            ErrorCode::UnknownTopicId,
            ErrorCode::KafkaStorageError,
        ] {
            assert!(
                matches!(of_code(code), Verdict::Retry { refresh: true, .. }),
                "{code}"
            );
        }
    }

    #[test]
    fn unknown_codes_fail_without_a_claim_that_nothing_was_written() {
        assert_eq!(of_code(ErrorCode::Unknown(9999)), fail(Trace::Possible));
        assert_eq!(
            of_code(ErrorCode::UnknownServerError),
            fail(Trace::Possible)
        );
    }

    #[test]
    fn a_lost_connection_keeps_what_it_says_about_the_bytes() {
        let lost = |written| Error::new(ErrorKind::Disconnected).with_possibly_written(written);
        assert_eq!(of_failure(&lost(true)), refresh(Trace::Possible));
        assert_eq!(of_failure(&lost(false)), refresh(Trace::Nothing));
        assert_eq!(
            of_failure(&Error::new(ErrorKind::QueueFull)),
            retry(Trace::Nothing)
        );
        assert_eq!(
            of_failure(&Error::new(ErrorKind::UnsupportedVersion)),
            fail(Trace::Nothing)
        );
    }
}
