//! What a seed means: topology, release, traffic, settings, network, faults.

use std::time::Duration;

use kafka_client::{Acks, Compression, Idempotence, IsolationLevel, OffsetReset};
use kafka_net::Random;
use kafka_test_broker::Era;

use super::profile::Profile;
use crate::chance::{below, pick};
use crate::network::LinkProfile;
use crate::schedule::{FaultKind, Schedule, Strike};

/// Everything about a run that is decided beforehand.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) brokers: i32,
    pub(super) era: Era,
    pub(super) topics: Vec<TopicPlan>,
    pub(super) max_message_bytes: i32,
    pub(super) partial_batches: bool,
    pub(super) auto_create: bool,
    pub(super) link: LinkProfile,
    pub(super) clients: Vec<ClientPlan>,
    pub(super) operations: usize,
    pub(super) schedule: Schedule,
}

#[derive(Clone, Debug)]
pub(super) struct TopicPlan {
    pub(super) name: String,
    pub(super) partitions: i32,
    /// Faults may delete its records, or the whole topic.
    pub(super) disposable: bool,
    /// Its records have keys, of which the last stay.
    pub(super) compacted: bool,
}

/// One client with all that uses it.
#[derive(Clone, Debug)]
pub(super) struct ClientPlan {
    pub(super) request_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) metadata_max_age: Duration,
    pub(super) producers: Vec<ProducerPlan>,
    pub(super) readers: Vec<ReaderPlan>,
}

#[derive(Clone, Debug)]
pub(super) struct ProducerPlan {
    pub(super) number: usize,
    pub(super) topics: Vec<String>,
    /// Those of them that take no record without a key.
    pub(super) compacted: Vec<String>,
    pub(super) records: usize,
    pub(super) value_size: usize,
    pub(super) pause: Duration,
    pub(super) keyed: bool,
    pub(super) idempotence: Idempotence,
    pub(super) acks: Acks,
    pub(super) linger: Duration,
    pub(super) batch_size: usize,
    pub(super) max_request_size: usize,
    pub(super) max_in_flight: usize,
    pub(super) compression: Compression,
    pub(super) buffer_memory: usize,
    pub(super) max_block: Duration,
    pub(super) delivery_timeout: Duration,
    pub(super) request_timeout: Duration,
    /// Probabilities: of dropping a future early, of a panic in the partitioner.
    pub(super) drops: f64,
    pub(super) panics: f64,
    pub(super) ending: Ending,
    pub(super) choice: u64,
}

/// How a producer's life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Closed when everything has its outcome.
    Drained,
    /// Closed while records are in flight.
    Closed,
    /// Its handle is dropped while records are in flight.
    Dropped,
}

#[derive(Clone, Debug)]
pub(super) struct ReaderPlan {
    pub(super) number: usize,
    pub(super) topics: Vec<String>,
    pub(super) group: Option<String>,
    pub(super) offset_reset: OffsetReset,
    pub(super) fetch_min_bytes: usize,
    pub(super) fetch_max_wait: Duration,
    pub(super) partition_fetch_bytes: usize,
    pub(super) prefetch_bytes: usize,
    pub(super) request_timeout: Duration,
    /// Probabilities, at each batch.
    pub(super) commits: f64,
    pub(super) seeks: f64,
    pub(super) drops: f64,
    pub(super) isolation: IsolationLevel,
    pub(super) choice: u64,
}

impl ProducerPlan {
    /// Whether what it accepts is to be delivered in the end, unless a fault is final.
    pub(super) fn must_deliver(&self) -> bool {
        self.delivery_timeout == AMPLE && self.ending == Ending::Drained && self.acks != Acks::None
    }
}

/// A delivery timeout that outlives all faults.
const AMPLE: Duration = Duration::from_secs(120);

/// Faults that a producer is told of with an error that trying again does not help.
const FINAL: [FaultKind; 5] = [
    FaultKind::OutOfOrderSequence,
    FaultKind::OmitFromProduce,
    FaultKind::UnknownProducer,
    FaultKind::TooLarge,
    FaultKind::RevokePermission,
];

/// What brokers take at most, unless told otherwise.
const USUAL_MAX_MESSAGE_BYTES: i32 = 1_048_588;

/// The releases, the newest more often.
const ERAS: [Era; 12] = [
    Era::V0_11,
    Era::V1_1,
    Era::V2_0,
    Era::V2_4,
    Era::V2_8,
    Era::V2_8,
    Era::V3_9,
    Era::V4_0,
    Era::V4_3,
    Era::V4_3,
    Era::V4_3,
    Era::V4_3,
];

struct Dice(Random);

impl Dice {
    fn between(&self, least: u64, most: u64) -> u64 {
        least + below(&self.0, most - least + 1)
    }

    fn ms(&self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.between(least, most))
    }

    fn one_in(&self, n: u64) -> bool {
        below(&self.0, n) == 0
    }
}

impl Plan {
    /// Whether producers may name a topic without its id. Then nobody can tell a topic
    /// that was made anew from the one before until metadata does, and what is sent again
    /// can come to lie in both.
    pub(super) fn produces_by_name(&self) -> bool {
        self.era < Era::V4_3 || self.changes_release()
    }

    /// The same of fetches.
    pub(super) fn fetches_by_name(&self) -> bool {
        self.era < Era::V3_9 || self.changes_release()
    }

    fn changes_release(&self) -> bool {
        let strikes = self.schedule.strikes().iter();
        let mut kinds = strikes.map(|strike| strike.kind);
        kinds.any(|kind| kind == FaultKind::ChangeRelease)
    }

    /// Whether all that a producer meets passes by itself.
    pub(super) fn nothing_is_final(&self) -> bool {
        let strikes = self.schedule.strikes().iter();
        let mut kinds = strikes.map(|strike| strike.kind);
        // A batch that may have been written is not split when it turns out to be too large.
        self.max_message_bytes == USUAL_MAX_MESSAGE_BYTES
            && !kinds.any(|kind| FINAL.contains(&kind))
    }

    pub(super) fn draw(seed: u64, profile: Profile) -> Self {
        let dice = Dice(Random::from_seed(seed ^ 0x706c_616e));
        let era = pick(&dice.0, &ERAS).copied().unwrap_or_default();
        let topics: Vec<TopicPlan> = (0..dice.between(1, 3))
            .map(|number| TopicPlan {
                name: format!("t{number}"),
                partitions: dice.between(1, 6) as i32,
                disposable: number > 0 && dice.one_in(2),
                compacted: dice.one_in(3),
            })
            .collect();
        let (most_producers, most_readers, records) = profile.traffic();
        let mut clients: Vec<ClientPlan> = (0..dice.between(1, 3)).map(|_| client(&dice)).collect();
        for number in 0..dice.between(1, most_producers) as usize {
            let at = dice.between(0, clients.len() as u64 - 1) as usize;
            if let Some(client) = clients.get_mut(at) {
                let plan = producer(&dice, number, &topics, records, client.request_timeout);
                client.producers.push(plan);
            }
        }
        for number in 0..dice.between(1, most_readers) as usize {
            let at = dice.between(0, clients.len() as u64 - 1) as usize;
            if let Some(client) = clients.get_mut(at) {
                let plan = reader(&dice, number, &topics, client.request_timeout);
                client.readers.push(plan);
            }
        }
        let (most_faults, within) = profile.faults();
        let schedule = Schedule::draw(&dice.0.fork(), &profile.kinds(), most_faults, within);
        let changes = |strike: &Strike| strike.kind == FaultKind::ChangeRelease;
        if era < Era::V2_4 || schedule.strikes().iter().any(changes) {
            // Brokers before 2.1 know no zstd, and refuse it for good.
            let producers = clients.iter_mut().flat_map(|client| &mut client.producers);
            for producer in producers.filter(|plan| plan.compression == Compression::Zstd) {
                producer.compression = Compression::Lz4;
            }
        }
        Self {
            brokers: dice.between(1, 5) as i32,
            era,
            topics,
            max_message_bytes: match dice.between(0, 4) {
                0 => dice.between(700, 4000) as i32,
                _ => USUAL_MAX_MESSAGE_BYTES,
            },
            partial_batches: !dice.one_in(3),
            auto_create: !dice.one_in(4),
            link: link(&dice),
            clients,
            operations: match dice.between(0, 2) {
                0 => dice.between(1, 6) as usize,
                _ => 0,
            },
            schedule,
        }
    }
}

fn link(dice: &Dice) -> LinkProfile {
    LinkProfile {
        latency: Duration::from_micros(dice.between(50, 5_000)),
        jitter: Duration::from_micros(dice.between(0, 5_000)),
        max_chunk: match dice.between(0, 15) {
            0 => 7,
            1 | 2 => 300,
            _ => 64 * 1024,
        },
        bytes_per_second: dice.one_in(5).then(|| dice.between(50_000, 5_000_000)),
        loss: if dice.one_in(5) { 0.002 } else { 0.0 },
        spread: dice.between(1, 4) as u32,
    }
}

fn client(dice: &Dice) -> ClientPlan {
    ClientPlan {
        request_timeout: dice.ms(400, 2000),
        connect_timeout: dice.ms(300, 2000),
        metadata_max_age: match dice.between(0, 2) {
            0 => dice.ms(200, 3000),
            _ => Duration::from_secs(300),
        },
        producers: Vec::new(),
        readers: Vec::new(),
    }
}

fn some_of(dice: &Dice, topics: &[TopicPlan]) -> Vec<String> {
    let names = topics.iter().map(|topic| topic.name.clone());
    let mut names: Vec<String> = names.filter(|_| !dice.one_in(3)).collect();
    if names.is_empty() {
        names.extend(topics.first().map(|topic| topic.name.clone()));
    }
    names
}

fn producer(
    dice: &Dice,
    number: usize,
    topics: &[TopicPlan],
    records: u64,
    request_timeout: Duration,
) -> ProducerPlan {
    let (idempotence, acks) = match dice.between(0, 9) {
        0 => (Idempotence::Disabled, Acks::All),
        1 => (Idempotence::Disabled, Acks::Leader),
        2 => (Idempotence::Disabled, Acks::None),
        3 => (Idempotence::Auto, Acks::All),
        _ => (Idempotence::Required, Acks::All),
    };
    let linger = dice.ms(0, 20);
    let batch_size = dice.between(512, 8000) as usize;
    let compacted = topics.iter().filter(|topic| topic.compacted);
    ProducerPlan {
        number,
        topics: some_of(dice, topics),
        compacted: compacted.map(|topic| topic.name.clone()).collect(),
        records: dice.between(10, records) as usize,
        value_size: dice.between(20, 400) as usize,
        pause: match dice.between(0, 3) {
            0 => Duration::ZERO,
            _ => dice.ms(1, 30),
        },
        keyed: dice.one_in(2),
        idempotence,
        acks,
        linger,
        batch_size,
        max_request_size: batch_size + dice.between(1000, 20_000) as usize,
        max_in_flight: dice.between(1, 5) as usize,
        compression: match dice.between(0, 5) {
            0 => Compression::Gzip,
            1 => Compression::Snappy,
            2 => Compression::Lz4,
            3 => Compression::Zstd,
            _ => Compression::None,
        },
        buffer_memory: match dice.between(0, 3) {
            0 => 4096 + 2 * batch_size + dice.between(0, 16_000) as usize,
            _ => 32 * 1024 * 1024,
        },
        max_block: dice.ms(50, 5000),
        // Either ample, so that everything must be delivered, or so short that some
        // records expire under faults.
        delivery_timeout: match dice.between(0, 2) {
            0 => linger + request_timeout + dice.ms(10, 1500),
            _ => AMPLE,
        },
        request_timeout,
        drops: if dice.one_in(3) { 0.05 } else { 0.0 },
        panics: if dice.one_in(6) { 0.02 } else { 0.0 },
        ending: match dice.between(0, 5) {
            0 => Ending::Closed,
            1 => Ending::Dropped,
            _ => Ending::Drained,
        },
        choice: dice.0.u64(),
    }
}

fn reader(
    dice: &Dice,
    number: usize,
    topics: &[TopicPlan],
    request_timeout: Duration,
) -> ReaderPlan {
    let group = dice.one_in(2).then(|| format!("g{number}"));
    ReaderPlan {
        number,
        topics: some_of(dice, topics),
        commits: if group.is_some() { 0.4 } else { 0.0 },
        group,
        offset_reset: match dice.between(0, 2) {
            0 => OffsetReset::Fail,
            _ => OffsetReset::Earliest,
        },
        fetch_min_bytes: match dice.between(0, 2) {
            0 => dice.between(1, 3000) as usize,
            _ => 1,
        },
        fetch_max_wait: dice.ms(10, 500),
        partition_fetch_bytes: dice.between(1024, 20_000) as usize,
        prefetch_bytes: dice.between(20_000, 200_000) as usize,
        request_timeout: request_timeout + Duration::from_millis(500),
        seeks: if dice.one_in(3) { 0.1 } else { 0.0 },
        drops: if dice.one_in(2) { 0.2 } else { 0.0 },
        isolation: match dice.between(0, 2) {
            0 => IsolationLevel::ReadCommitted,
            _ => IsolationLevel::ReadUncommitted,
        },
        choice: dice.0.u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_repeat_and_differ() {
        let of = |seed| format!("{:?}", Plan::draw(seed, Profile::Default));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    #[test]
    fn every_plan_has_a_producer_and_a_reader() {
        for profile in Profile::ALL {
            for seed in 0..50 {
                let plan = Plan::draw(seed, profile);
                let clients = || plan.clients.iter();
                assert!(clients().any(|client| !client.producers.is_empty()));
                assert!(clients().any(|client| !client.readers.is_empty()));
            }
        }
    }
}
