//! Faults that requests and answers meet at the brokers.

use std::time::Duration;

use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::{Condition, Reaction};

use super::Scene;
use crate::chance::{below, pick};
use crate::schedule::FaultKind;

impl Scene {
    /// What requests and their answers meet for a while.
    pub(super) async fn requests(&self, kind: FaultKind) -> u64 {
        let produce = || Condition::api(ApiKey::Produce);
        let fetch = || Condition::api(ApiKey::Fetch);
        let metadata = || Condition::api(ApiKey::Metadata);
        let often = || 0.1 + 0.8 * self.random.f64();
        let some = || Condition::Partition(below(&self.random, 4) as i32);
        let error = |codes: &[ErrorCode]| {
            Reaction::Error(*pick(&self.random, codes).unwrap_or(&ErrorCode::UnknownServerError))
        };
        let delay = || Duration::from_millis(1 + below(&self.random, 400));
        let any = || {
            let apis = [
                ApiKey::Produce,
                ApiKey::Produce,
                ApiKey::Fetch,
                ApiKey::Metadata,
                ApiKey::InitProducerId,
                ApiKey::ListOffsets,
                ApiKey::OffsetCommit,
            ];
            let apis = apis.into_iter().filter(|_| below(&self.random, 2) == 0);
            Condition::Any(apis.map(Condition::Api).collect()).probability(0.3)
        };
        let (condition, reaction) = match kind {
            FaultKind::MoveLeaderAtProduce => (produce().probability(0.1), Reaction::MoveLeader),
            FaultKind::DropAnswerAfterAppend => {
                (produce().probability(often()), Reaction::DropAfterApply)
            }
            FaultKind::DropRequestBeforeAppend => {
                (produce().probability(often()), Reaction::DropBeforeApply)
            }
            FaultKind::RefuseProduce => (
                self.perhaps(produce(), some()).probability(often()),
                error(&[
                    ErrorCode::NotLeaderOrFollower,
                    ErrorCode::NotEnoughReplicas,
                    ErrorCode::LeaderNotAvailable,
                    ErrorCode::KafkaStorageError,
                    ErrorCode::UnknownTopicOrPartition,
                    ErrorCode::RequestTimedOut,
                ]),
            ),
            FaultKind::RefuseAfterAppend => (
                self.perhaps(produce(), some()).probability(often()),
                Reaction::ErrorAfterApply(
                    *pick(
                        &self.random,
                        &[
                            ErrorCode::NotEnoughReplicasAfterAppend,
                            ErrorCode::RequestTimedOut,
                            ErrorCode::NotLeaderOrFollower,
                        ],
                    )
                    .unwrap_or(&ErrorCode::RequestTimedOut),
                ),
            ),
            FaultKind::OutOfOrderSequence => (
                self.perhaps(produce(), some())
                    .first(1 + below(&self.random, 3)),
                Reaction::Error(ErrorCode::OutOfOrderSequenceNumber),
            ),
            FaultKind::UnknownProducer => (
                self.perhaps(produce(), some())
                    .first(1 + below(&self.random, 3)),
                Reaction::Error(ErrorCode::UnknownProducerId),
            ),
            FaultKind::TooLarge => (
                self.perhaps(produce(), some())
                    .first(1 + below(&self.random, 4)),
                error(&[ErrorCode::MessageTooLarge, ErrorCode::RecordListTooLarge]),
            ),
            FaultKind::OmitFromProduce => (
                produce().and(some()).probability(0.5),
                Reaction::OmitPartitions,
            ),
            FaultKind::RepeatInProduce => (
                produce().and(some()).probability(0.5),
                Reaction::RepeatPartitions,
            ),
            FaultKind::DelayProduce => (produce().probability(often()), Reaction::Delay(delay())),
            FaultKind::RevokePermission => (
                produce()
                    .or(Condition::Api(ApiKey::Fetch))
                    .or(Condition::Api(ApiKey::Metadata)),
                Reaction::Error(ErrorCode::TopicAuthorizationFailed),
            ),
            FaultKind::DelayFetch => (fetch().probability(often()), Reaction::Delay(delay())),
            FaultKind::RefuseFetch => (
                fetch().probability(often()),
                Reaction::TopLevelError(
                    *pick(
                        &self.random,
                        &[
                            ErrorCode::UnknownServerError,
                            ErrorCode::FetchSessionIdNotFound,
                            ErrorCode::InvalidFetchSessionEpoch,
                            ErrorCode::KafkaStorageError,
                        ],
                    )
                    .unwrap_or(&ErrorCode::UnknownServerError),
                ),
            ),
            FaultKind::RefuseFetchPartitions => (
                self.perhaps(fetch(), some()).probability(often()),
                error(&[
                    ErrorCode::NotLeaderOrFollower,
                    ErrorCode::FencedLeaderEpoch,
                    ErrorCode::UnknownLeaderEpoch,
                    ErrorCode::OffsetNotAvailable,
                    ErrorCode::KafkaStorageError,
                    ErrorCode::UnknownTopicOrPartition,
                    ErrorCode::UnknownTopicId,
                ]),
            ),
            FaultKind::CorruptRecords => (fetch().probability(0.2), Reaction::CorruptRecords),
            FaultKind::OmitFromFetch => (fetch().and(some()), Reaction::OmitPartitions),
            FaultKind::RedirectFetch => (
                self.perhaps(fetch(), some()).probability(often()),
                Reaction::RedirectFetch(NO_BROKER),
            ),
            FaultKind::TruncateAnswers => (any(), Reaction::Truncate),
            FaultKind::GarbageAnswers => (any(), Reaction::Garbage),
            FaultKind::WrongCorrelationIds => (any(), Reaction::WrongCorrelationId),
            FaultKind::OversizedAnswers => (any(), Reaction::OversizedLength),
            FaultKind::RepeatAnswers => (any(), Reaction::DuplicateAnswer),
            FaultKind::Throttle => (any(), Reaction::Throttle(delay())),
            FaultKind::OmitFromMetadata => {
                (metadata().probability(often()), Reaction::OmitPartitions)
            }
            FaultKind::NoBrokers => (metadata().probability(often()), Reaction::NoBrokers),
            FaultKind::StaleLeaders => (metadata().probability(often()), Reaction::StaleLeaders),
            FaultKind::RefuseMetadata => (
                metadata().probability(often()),
                error(&[
                    ErrorCode::LeaderNotAvailable,
                    ErrorCode::UnknownTopicOrPartition,
                    ErrorCode::UnknownServerError,
                ]),
            ),
            FaultKind::RefuseVersions => {
                // It is met by whoever connects anew.
                self.cut_all();
                let versions = Condition::api(ApiKey::ApiVersions);
                (versions.probability(often()), Reaction::RefuseOwnVersions)
            }
            FaultKind::RefuseCommits => (
                Condition::api(ApiKey::OffsetCommit).probability(often()),
                error(&[
                    ErrorCode::NotCoordinator,
                    ErrorCode::CoordinatorNotAvailable,
                    ErrorCode::CoordinatorLoadInProgress,
                    ErrorCode::UnknownMemberId,
                    ErrorCode::IllegalGeneration,
                    ErrorCode::RequestTimedOut,
                ]),
            ),
            _ => return 0,
        };
        if matches!(
            kind,
            FaultKind::OmitFromMetadata | FaultKind::NoBrokers | FaultKind::StaleLeaders
        ) {
            // Someone has to ask.
            self.world
                .network()
                .choose(&self.random)
                .map(|link| self.cut(&[link]));
        }
        self.during(condition, reaction).await
    }

    fn perhaps(&self, one: Condition, other: Condition) -> Condition {
        match below(&self.random, 2) {
            0 => one,
            _ => one.and(other),
        }
    }
}

/// No broker has this id.
const NO_BROKER: i32 = 1001;
