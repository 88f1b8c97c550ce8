//! Faults carried out.

mod requests;

use std::time::Duration;

use kafka_net::Random;
use kafka_protocol::ApiKey;
use kafka_test_broker::{Condition, Era, Fault, FaultId, Reaction};
use tokio::time::sleep;

use super::{FaultKind, Strike};
use crate::chance::{below, pick};
use crate::network::{Direction, LinkProfile};
use crate::world::World;

/// Returns how often the fault really happened.
pub(super) async fn carry_out(world: World, place: usize, strike: Strike) -> u64 {
    let scene = Scene {
        place,
        random: Random::from_seed(strike.choice),
        lasts: strike.lasts,
        world,
    };
    let times = match strike.kind {
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
        | FaultKind::HoldBackMetadata
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
        FaultKind::MoveLeaderAtProduce
        | FaultKind::DropAnswerAfterAppend
        | FaultKind::DropRequestBeforeAppend
        | FaultKind::RefuseProduce
        | FaultKind::RefuseAfterAppend
        | FaultKind::OutOfOrderSequence
        | FaultKind::UnknownProducer
        | FaultKind::TooLarge
        | FaultKind::OmitFromProduce
        | FaultKind::RepeatInProduce
        | FaultKind::DelayProduce
        | FaultKind::RevokePermission
        | FaultKind::DelayFetch
        | FaultKind::RefuseFetch
        | FaultKind::RefuseFetchPartitions
        | FaultKind::CorruptRecords
        | FaultKind::OmitFromFetch
        | FaultKind::RedirectFetch
        | FaultKind::TruncateAnswers
        | FaultKind::GarbageAnswers
        | FaultKind::WrongCorrelationIds
        | FaultKind::OversizedAnswers
        | FaultKind::RepeatAnswers
        | FaultKind::Throttle
        | FaultKind::OmitFromMetadata
        | FaultKind::NoBrokers
        | FaultKind::StaleLeaders
        | FaultKind::RefuseMetadata
        | FaultKind::RefuseVersions
        | FaultKind::RefuseCommits => scene.requests(strike.kind).await,
    };
    scene.note(format_args!("{} is over, hits: {times}", strike.kind));
    times
}

struct Scene {
    world: World,
    /// The fault's number, as `--only` names it.
    place: usize,
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
                self.note(format_args!("link {link}"));
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
                self.note(format_args!("{host}:{port}"));
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
                self.cut_all()
            }
            FaultKind::DeadAddresses => {
                network.add_dead_addresses(true);
                let before = network.dials();
                self.cut_all();
                sleep(self.lasts).await;
                network.add_dead_addresses(false);
                network.dials() - before
            }
            _ => 0,
        }
    }

    async fn brokers(&self, kind: FaultKind) -> u64 {
        let cluster = self.world.cluster();
        let broker = self.broker();
        if !matches!(kind, FaultKind::RestartAll | FaultKind::ChangeRelease) {
            self.note(format_args!("broker {broker}"));
        }
        // A broker alone has no others.
        let follows = cluster.is_up(broker) && cluster.broker_ids().len() > 1;
        match kind {
            FaultKind::RestartBroker => {
                let stopped = self.stop(broker);
                sleep(self.lasts).await;
                cluster.start_broker(broker);
                u64::from(stopped)
            }
            FaultKind::RestartAll => {
                let ids = cluster.broker_ids();
                let stopped = ids.iter().filter(|id| self.stop(**id)).count();
                sleep(self.lasts).await;
                for id in &ids {
                    cluster.start_broker(*id);
                }
                stopped as u64
            }
            FaultKind::PauseBroker => {
                let ran = cluster.is_up(broker) && !cluster.is_paused(broker);
                cluster.pause_broker(broker);
                sleep(self.lasts).await;
                cluster.resume_broker(broker);
                u64::from(ran)
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
                self.note(format_args!("{topic}-{partition} to broker {broker}"));
                u64::from(cluster.move_leader(&topic, partition, broker))
            }
            FaultKind::CutOffFromOthers => {
                cluster.cut_off_broker(broker);
                // The controller takes a while to notice.
                sleep(self.lasts * 5).await;
                cluster.reconnect_broker(broker);
                u64::from(follows)
            }
            FaultKind::HoldBackReplicas => {
                cluster.hold_back_replicas(broker);
                sleep(self.lasts).await;
                cluster.release_replicas(broker);
                u64::from(follows)
            }
            FaultKind::HoldBackMetadata => {
                cluster.hold_back_metadata(broker);
                self.change_something();
                // Someone has to ask.
                let link = self.world.network().choose(&self.random);
                link.map(|link| self.cut(&[link]));
                sleep(self.lasts).await;
                cluster.release_metadata(broker)
            }
            FaultKind::FailDisk => {
                let ran = cluster.is_up(broker);
                cluster.fail_disk(broker);
                sleep(self.lasts).await;
                cluster.mend_disk(broker);
                u64::from(ran)
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
            FaultKind::MoveBroker => {
                // The first stays: whoever knows no other address begins there.
                let first = cluster.broker_ids().first().copied();
                let port = 20_000 + below(&self.random, 20_000) as u16;
                let moves = Some(broker) != first && cluster.move_broker(broker, "moved", port);
                u64::from(moves)
            }
            _ => 0,
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
                self.note(format_args!("{topic} to {more} partitions"));
                u64::from(more <= MOST_PARTITIONS && cluster.grow_topic(&topic, more))
            }
            FaultKind::MoveCoordinators => {
                cluster.move_coordinators();
                u64::from(cluster.broker_ids().len() > 1)
            }
            FaultKind::FreezeProcess => {
                let process = pick(&self.random, &self.world.processes()).cloned();
                let Some(process) = process else {
                    return 0;
                };
                process.freeze();
                sleep(self.lasts).await;
                // Someone in it would have gone on.
                let stood_still = u64::from(process.held_up() > 0);
                process.thaw();
                self.world.rows().hit_times(56, stood_still);
                stood_still
            }
            FaultKind::JumpClientClock | FaultKind::JumpBrokerClock => {
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
                self.note(format_args!("by {by_ms} ms"));
                u64::from(by_ms != 0)
            }
            _ => 0,
        }
    }

    /// There is news: of a topic that may go, or of leaders.
    fn change_something(&self) {
        let cluster = self.world.cluster();
        let topics = self.world.disposable_topics();
        match pick(&self.random, &topics) {
            Some(topic) if below(&self.random, 3) == 0 => {
                self.world.recreate_topic(topic);
            }
            _ => {
                for _ in 0..1 + below(&self.random, 3) {
                    let (topic, partition) = self.partition();
                    let leader = self.broker();
                    self.note(format_args!("{topic}-{partition} to broker {leader}"));
                    cluster.move_leader(&topic, partition, leader);
                }
            }
        }
    }

    /// The fault for as long as it lasts; returns its hits.
    async fn during(&self, condition: Condition, reaction: Reaction) -> u64 {
        self.note(format_args!("{reaction:?} to {condition:?}"));
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

    fn cut_all(&self) -> u64 {
        let links = self.world.network().link_ids();
        let cut = self.cut(&links);
        self.world.rows().hit_times(63, u64::from(cut >= CROWD));
        cut
    }

    fn cut(&self, links: &[u64]) -> u64 {
        let network = self.world.network();
        self.note(format_args!("links {links:?}"));
        links.iter().filter(|link| network.cut(**link)).count() as u64
    }

    /// Whether it was up.
    fn stop(&self, broker: i32) -> bool {
        if !self.world.cluster().is_up(broker) {
            return false;
        }
        let network = self.world.network();
        let links = self
            .address(broker)
            .map(|(host, port)| network.links_to(&host, port));
        let producing = network.unanswered_produces(&links.unwrap_or_default());
        self.world.rows().hit_times(1, u64::from(producing > 0));
        self.world.cluster().stop_broker(broker);
        true
    }

    /// Whom or what it hits.
    fn note(&self, what: impl std::fmt::Display) {
        let trace = self.world.trace();
        trace.note(format_args!("fault {}: {what}", self.place));
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

/// Topics grow up to this.
const MOST_PARTITIONS: i32 = 12;

/// Clocks jump by up to this, back and forth: brokers refuse timestamps more than an hour
/// in their future.
const MOST_CLOCK_JUMP_MS: i64 = 25 * 60 * 1000;
