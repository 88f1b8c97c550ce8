//! Faults carried out.

use std::time::Duration;

use kafka_net::Random;
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::{Condition, Era, Fault, FaultId, Reaction};
use tokio::time::sleep;

use super::{FaultKind, Strike};
use crate::chance::{below, pick};
use crate::network::{Direction, LinkProfile};
use crate::world::World;

/// Returns how often the fault really happened.
pub(super) async fn carry_out(world: World, strike: Strike) -> u64 {
    let scene = Scene {
        random: Random::from_seed(strike.choice),
        lasts: strike.lasts,
        world,
    };
    match strike.kind {
        FaultKind::CutLink
        | FaultKind::CutAll
        | FaultKind::SilenceLink
        | FaultKind::SilenceOneWay
        | FaultKind::RefuseConnections
        | FaultKind::CutOffBroker
        | FaultKind::SlowLinks
        | FaultKind::NarrowLinks
        | FaultKind::LossyLinks
        | FaultKind::ChangeAddresses
        | FaultKind::DeadAddresses => scene.network(strike.kind).await,
        FaultKind::RestartBroker
        | FaultKind::RestartAll
        | FaultKind::PauseBroker
        | FaultKind::StopAtProduce
        | FaultKind::PauseAtProduce
        | FaultKind::MoveLeader
        | FaultKind::MoveBroker
        | FaultKind::CutOffFromOthers
        | FaultKind::HoldBackReplicas
        | FaultKind::FailDisk
        | FaultKind::ChangeRelease => scene.brokers(strike.kind).await,
        FaultKind::RecreateTopic
        | FaultKind::GrowTopic
        | FaultKind::DeleteRecords
        | FaultKind::Compact
        | FaultKind::MoveCoordinators
        | FaultKind::FreezeProcess
        | FaultKind::JumpClientClock
        | FaultKind::JumpBrokerClock => scene.others(strike.kind).await,
        kind => scene.requests(kind).await,
    }
}

struct Scene {
    world: World,
    random: Random,
    lasts: Duration,
}

impl Scene {
    async fn network(&self, kind: FaultKind) -> u64 {
        let network = self.world.network();
        match kind {
            FaultKind::CutLink => {
                let link = network.choose(&self.random);
                link.map_or(0, |link| self.cut(&[link]))
            }
            FaultKind::CutAll => self.cut_all(),
            FaultKind::SilenceLink | FaultKind::SilenceOneWay => {
                let directions: &[Direction] = match (kind, below(&self.random, 2)) {
                    (FaultKind::SilenceLink, _) => &[Direction::ToBroker, Direction::ToClient],
                    (_, 0) => &[Direction::ToBroker],
                    _ => &[Direction::ToClient],
                };
                let Some(link) = network.choose(&self.random) else {
                    return 0;
                };
                let silence = |silent| {
                    let each = directions.iter();
                    each.filter(|direction| network.silence(link, **direction, silent))
                        .count()
                };
                let silenced = silence(true) as u64;
                // Half of them for good, as far as the schedule knows.
                if below(&self.random, 2) == 0 {
                    sleep(self.lasts).await;
                    silence(false);
                }
                silenced.min(1)
            }
            FaultKind::RefuseConnections => {
                network.refuse_connections(true);
                let cut = self.cut_all();
                sleep(self.lasts).await;
                network.refuse_connections(false);
                cut
            }
            FaultKind::CutOffBroker => {
                let Some((host, port)) = self.address(self.broker()) else {
                    return 0;
                };
                let cut_off = network.links_to(&host, port).len() as u64;
                network.set_reachable(&host, port, false);
                sleep(self.lasts).await;
                network.set_reachable(&host, port, true);
                cut_off
            }
            FaultKind::SlowLinks => {
                let latency = Duration::from_millis(1 + below(&self.random, 150));
                let slow = LinkProfile {
                    latency,
                    jitter: latency * 2,
                    spread: 4,
                    ..network.profile()
                };
                self.with_profile(slow).await
            }
            FaultKind::NarrowLinks => {
                let narrow = LinkProfile {
                    bytes_per_second: Some(2_000 + below(&self.random, 100_000)),
                    ..network.profile()
                };
                self.with_profile(narrow).await
            }
            FaultKind::LossyLinks => {
                let lossy = LinkProfile {
                    loss: 0.005 + self.random.f64() * 0.1,
                    ..network.profile()
                };
                self.with_profile(lossy).await
            }
            FaultKind::ChangeAddresses => {
                network.change_addresses();
                self.cut_all().max(1)
            }
            _ => {
                network.add_dead_addresses(true);
                self.cut_all();
                sleep(self.lasts).await;
                network.add_dead_addresses(false);
                1
            }
        }
    }

    async fn brokers(&self, kind: FaultKind) -> u64 {
        let cluster = self.world.cluster();
        let broker = self.broker();
        match kind {
            FaultKind::RestartBroker => {
                self.stop(broker);
                sleep(self.lasts).await;
                cluster.start_broker(broker);
                1
            }
            FaultKind::RestartAll => {
                let ids = cluster.broker_ids();
                ids.iter().for_each(|id| self.stop(*id));
                sleep(self.lasts).await;
                for id in &ids {
                    cluster.start_broker(*id);
                }
                1
            }
            FaultKind::PauseBroker => {
                cluster.pause_broker(broker);
                sleep(self.lasts).await;
                cluster.resume_broker(broker);
                1
            }
            FaultKind::StopAtProduce => {
                let at = Condition::api(ApiKey::Produce).nth(1 + below(&self.random, 4));
                let hits = self.during(at.broker(broker), Reaction::StopBroker).await;
                self.world.rows().hit_times(1, hits);
                sleep(self.lasts).await;
                cluster.start_broker(broker);
                hits
            }
            FaultKind::PauseAtProduce => {
                let at = Condition::api(ApiKey::Produce).broker(broker);
                let at = at.nth(1 + below(&self.random, 4));
                let hits = self.during(at, Reaction::PauseBroker).await;
                sleep(self.lasts).await;
                cluster.resume_broker(broker);
                hits
            }
            FaultKind::MoveLeader => {
                let (topic, partition) = self.partition();
                u64::from(cluster.move_leader(&topic, partition, broker))
            }
            FaultKind::CutOffFromOthers => {
                cluster.cut_off_broker(broker);
                // The controller takes a while to notice.
                sleep(self.lasts * 5).await;
                cluster.reconnect_broker(broker);
                1
            }
            FaultKind::HoldBackReplicas => {
                cluster.hold_back_replicas(broker);
                sleep(self.lasts).await;
                cluster.release_replicas(broker);
                1
            }
            FaultKind::FailDisk => {
                cluster.fail_disk(broker);
                sleep(self.lasts).await;
                cluster.mend_disk(broker);
                1
            }
            FaultKind::ChangeRelease => {
                let releases = [
                    Era::V2_0,
                    Era::V2_4,
                    Era::V2_8,
                    Era::V3_9,
                    Era::V4_0,
                    Era::V4_3,
                ];
                let usual = cluster.era();
                if !releases.contains(&usual) {
                    return 0;
                }
                let other = *pick(&self.random, &releases).unwrap_or(&usual);
                cluster.restart_as(other);
                u64::from(other != usual)
            }
            _ => {
                // The first stays: whoever knows no other address begins there.
                let first = cluster.broker_ids().first().copied();
                let port = 20_000 + below(&self.random, 20_000) as u16;
                let moves = Some(broker) != first && cluster.move_broker(broker, "moved", port);
                u64::from(moves)
            }
        }
    }

    async fn others(&self, kind: FaultKind) -> u64 {
        let cluster = self.world.cluster();
        match kind {
            FaultKind::RecreateTopic => match pick(&self.random, &self.world.disposable_topics()) {
                Some(topic) => u64::from(self.world.recreate_topic(topic)),
                None => 0,
            },
            FaultKind::DeleteRecords => {
                let topics = self.world.disposable_topics();
                let Some(topic) = pick(&self.random, &topics) else {
                    return 0;
                };
                let partition = self.partition_of(topic);
                let start = cluster.start_offset(topic, partition);
                let end = cluster.end_offset(topic, partition);
                let held = u64::try_from(end - start).unwrap_or(0);
                let offset = start + below(&self.random, held + 1) as i64;
                u64::from(self.world.delete_records(topic, partition, offset))
            }
            FaultKind::Compact => {
                // Where nothing is to be compacted, nothing happens.
                let topics = cluster.topic_names();
                let partitions = topics.iter().flat_map(|topic| {
                    (0..cluster.partition_count(topic)).map(move |partition| (topic, partition))
                });
                let compacted = partitions
                    .filter(|_| below(&self.random, 2) == 0)
                    .filter(|(topic, partition)| self.world.compact(topic, *partition) > 0);
                compacted.count() as u64
            }
            FaultKind::GrowTopic => {
                let (topic, _) = self.partition();
                let more = cluster.partition_count(&topic) + 1 + below(&self.random, 3) as i32;
                u64::from(more <= MOST_PARTITIONS && cluster.grow_topic(&topic, more))
            }
            FaultKind::MoveCoordinators => {
                cluster.move_coordinators();
                1
            }
            FaultKind::FreezeProcess => {
                let process = pick(&self.random, &self.world.processes()).cloned();
                let Some(process) = process else {
                    return 0;
                };
                process.freeze();
                sleep(self.lasts).await;
                process.thaw();
                self.world.rows().hit(56);
                1
            }
            kind => {
                let most = MOST_CLOCK_JUMP_MS;
                let by_ms = below(&self.random, 2 * most as u64) as i64 - most;
                let jump = |by_ms| match kind {
                    FaultKind::JumpClientClock => self.world.wall_clock().jump(by_ms),
                    _ => cluster.jump_wall_clock(by_ms),
                };
                let before = cluster.requests_seen(ApiKey::Produce);
                jump(by_ms);
                sleep(self.lasts).await;
                jump(-by_ms);
                let produced = cluster.requests_seen(ApiKey::Produce) > before;
                self.world.rows().hit_times(55, u64::from(produced));
                1
            }
        }
    }

    /// What requests and their answers meet for a while.
    async fn requests(&self, kind: FaultKind) -> u64 {
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
            _ => (
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

    /// The fault for as long as it lasts; returns its hits.
    async fn during(&self, condition: Condition, reaction: Reaction) -> u64 {
        let faults = self.world.cluster().faults();
        let id: FaultId = faults.add(Fault::new(condition, reaction));
        sleep(self.lasts).await;
        faults.remove(id);
        faults.hits(id)
    }

    /// All links have this profile for as long as it lasts.
    async fn with_profile(&self, profile: LinkProfile) -> u64 {
        let network = self.world.network();
        let usual = self.world.usual_profile();
        network.set_profile_of_all(profile);
        let links = network.open_links() as u64;
        sleep(self.lasts).await;
        network.set_profile_of_all(usual);
        links
    }

    fn perhaps(&self, one: Condition, other: Condition) -> Condition {
        match below(&self.random, 2) {
            0 => one,
            _ => one.and(other),
        }
    }

    fn cut_all(&self) -> u64 {
        let links = self.world.network().link_ids();
        let cut = self.cut(&links);
        self.world.rows().hit_times(63, u64::from(cut >= CROWD));
        cut
    }

    fn cut(&self, links: &[u64]) -> u64 {
        let network = self.world.network();
        let producing = network.unanswered_produces(links);
        self.world.rows().hit_times(1, u64::from(producing > 0));
        links.iter().filter(|link| network.cut(**link)).count() as u64
    }

    fn stop(&self, broker: i32) {
        let network = self.world.network();
        let links = self
            .address(broker)
            .map(|(host, port)| network.links_to(&host, port));
        let producing = network.unanswered_produces(&links.unwrap_or_default());
        self.world.rows().hit_times(1, u64::from(producing > 0));
        self.world.cluster().stop_broker(broker);
    }

    fn address(&self, broker: i32) -> Option<(String, u16)> {
        self.world.cluster().broker_address(broker)
    }

    fn broker(&self) -> i32 {
        let ids = self.world.cluster().broker_ids();
        pick(&self.random, &ids).copied().unwrap_or(0)
    }

    fn partition(&self) -> (String, i32) {
        let topics = self.world.cluster().topic_names();
        let topic = pick(&self.random, &topics).cloned().unwrap_or_default();
        let partition = self.partition_of(&topic);
        (topic, partition)
    }

    fn partition_of(&self, topic: &str) -> i32 {
        let count = self.world.cluster().partition_count(topic);
        below(&self.random, u64::try_from(count).unwrap_or(0)) as i32
    }
}

/// Connections that make a crowd when all have to be opened again at once.
const CROWD: u64 = 5;

/// No broker has this id.
const NO_BROKER: i32 = 1001;

/// Topics grow up to this.
const MOST_PARTITIONS: i32 = 12;

/// Clocks jump by up to this, back and forth: brokers refuse timestamps more than an hour
/// in their future.
const MOST_CLOCK_JUMP_MS: i64 = 25 * 60 * 1000;
