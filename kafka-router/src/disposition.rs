//! What an error code asks of the one who sent the request.

use kafka_net::Error;
use kafka_protocol::ErrorCode;

/// What to do after a broker answered with an error code.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Send the same request to the same broker again after a backoff.
    Retry,
    /// Ask for new metadata, then send to whoever it names, after a backoff.
    RefreshAndRetry,
    /// Look the coordinator up again, then send to the one found, after a
    /// backoff.
    FindCoordinatorAndRetry,
    /// Ask for new metadata, then send to the controller it names, after a backoff.
    FindControllerAndRetry,
    /// Sending it again would bring the same answer.
    Fail,
}

/// What `code` asks for in general.
///
/// Retriable exactly where Kafka's own client holds the code for retriable
/// ([`ErrorCode::is_retriable`]), but for ELECTION_NOT_NEEDED: that class of errors is
/// about metadata out of date, this one says that the leader is the one wished for. That
/// client hands it to its caller, too, and its tools count it as success. An API may
/// know better: a duplicate sequence
/// number is a success for a producer, an unknown topic is the answer itself
/// for an administrator. [`ErrorCode::None`] is [`Disposition::Fail`]: there is
/// nothing to send again.
///
/// ```
/// use kafka_protocol::ErrorCode;
/// use kafka_router::{Disposition, disposition};
///
/// assert_eq!(disposition(ErrorCode::NotLeaderOrFollower), Disposition::RefreshAndRetry);
/// assert_eq!(disposition(ErrorCode::MessageTooLarge), Disposition::Fail);
/// ```
#[must_use]
pub fn disposition(code: ErrorCode) -> Disposition {
    match code {
        // The leader, the replica or the topic is elsewhere, or not there yet.
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::LeaderNotAvailable
        | ErrorCode::NotLeaderOrFollower
        | ErrorCode::ReplicaNotAvailable
        | ErrorCode::NetworkException
        | ErrorCode::KafkaStorageError
        | ErrorCode::ListenerNotFound
        | ErrorCode::FencedLeaderEpoch
        | ErrorCode::PreferredLeaderNotAvailable
        | ErrorCode::EligibleLeadersNotAvailable
        | ErrorCode::UnknownTopicId
        | ErrorCode::InconsistentTopicId => Disposition::RefreshAndRetry,
        ErrorCode::NotController => Disposition::FindControllerAndRetry,
        ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
            Disposition::FindCoordinatorAndRetry
        }
        ErrorCode::ElectionNotNeeded => Disposition::Fail,
        // Everything else that passes by itself where it happened: the
        // coordinator loads its state, replicas catch up, a session is begun
        // anew, a quota refills.
        code if code.is_retriable() => Disposition::Retry,
        _ => Disposition::Fail,
    }
}

/// Whether the same request may succeed later or elsewhere.
pub(crate) fn is_worth_another_attempt(error: &Error) -> bool {
    match error.broker_error() {
        Some(code) => disposition(code) != Disposition::Fail,
        None => error.is_retriable(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code that is not `Fail`, as Kafka's own exception classes have it
    /// (`InvalidMetadataException` refreshes; NOT_CONTROLLER is told apart).
    const RETRIED: &[(i16, Disposition)] = {
        use Disposition::{
            FindControllerAndRetry, FindCoordinatorAndRetry, RefreshAndRetry, Retry,
        };
        &[
            (2, Retry),
            (3, RefreshAndRetry),
            (5, RefreshAndRetry),
            (6, RefreshAndRetry),
            (7, Retry),
            (9, RefreshAndRetry),
            (13, RefreshAndRetry),
            (14, Retry),
            (15, FindCoordinatorAndRetry),
            (16, FindCoordinatorAndRetry),
            (19, Retry),
            (20, Retry),
            (41, FindControllerAndRetry),
            (51, Retry),
            (56, RefreshAndRetry),
            (70, Retry),
            (71, Retry),
            (72, RefreshAndRetry),
            (74, RefreshAndRetry),
            (75, Retry),
            (78, Retry),
            (80, RefreshAndRetry),
            (83, RefreshAndRetry),
            (88, Retry),
            (89, Retry),
            (100, RefreshAndRetry),
            (103, RefreshAndRetry),
            (106, Retry),
            (122, Retry),
            (123, Retry),
            (133, Retry),
        ]
    };

    #[test]
    fn every_code_has_the_disposition_kafkas_own_client_gives_it() {
        for code in i16::MIN..=i16::MAX {
            let expected = RETRIED
                .iter()
                .find(|(retried, _)| *retried == code)
                .map_or(Disposition::Fail, |(_, disposition)| *disposition);
            assert_eq!(disposition(ErrorCode::from(code)), expected, "code {code}");
        }
    }

    #[test]
    fn retried_and_retriable_are_the_same_codes() {
        for code in i16::MIN..=i16::MAX {
            let code = ErrorCode::from(code);
            let retried = disposition(code) != Disposition::Fail;
            let retriable = code.is_retriable() && code != ErrorCode::ElectionNotNeeded;
            assert_eq!(retried, retriable, "{code:?}");
            let error = Error::broker(code);
            assert_eq!(is_worth_another_attempt(&error), retried, "{code:?}");
        }
    }
}
