//! Random histories against a cluster that keeps Kafka's rules.
//!
//! The model's brokers number-check every batch as Kafka does (a duplicate of
//! the last five is answered with its offset, a gap is refused), lose answers
//! before and after appending, move leaders, and time passes. Whatever happens,
//! the producer must keep its promises.

use std::collections::BTreeSet;

use kafka_net::ErrorKind;
use proptest::prelude::*;

use crate::config::Idempotence;

use super::*;

const PARTITIONS: i32 = 3;
const BROKERS: i32 = 2;
/// What the brokers take; a few records are larger by themselves.
const MAX_BATCH_BYTES: usize = 250;

#[derive(Clone, Copy, Debug)]
enum Op {
    Send {
        partition: i32,
        size: u16,
    },
    Flush {
        partition: i32,
    },
    Pump {
        broker: i32,
    },
    /// A broker's task takes drafts, or sends those it took before.
    Turn {
        broker: i32,
    },
    Answer {
        nth: u8,
        fate: Fate,
    },
    Pass {
        ms: u16,
    },
    Lead {
        partition: i32,
        broker: Option<i32>,
    },
    Identify,
    /// The leader forgets what it knows of producers.
    Forget {
        partition: i32,
    },
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Appended,
    AppendedAnswerLost,
    NeverArrived,
    ProvablyUnsent,
    Refused(ErrorCode),
    AppendedButRefused(ErrorCode),
    LeftOut,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let partition = 0..PARTITIONS;
    let fate = prop_oneof![
        10 => Just(Fate::Appended),
        2 => Just(Fate::AppendedAnswerLost),
        2 => Just(Fate::NeverArrived),
        1 => Just(Fate::ProvablyUnsent),
        2 => prop_oneof![
            Just(ErrorCode::NotEnoughReplicas),
            Just(ErrorCode::InvalidRecord),
            Just(ErrorCode::InvalidProducerEpoch),
        ].prop_map(Fate::Refused),
        2 => prop_oneof![
            Just(ErrorCode::NotLeaderOrFollower),
            Just(ErrorCode::NotEnoughReplicasAfterAppend),
            Just(ErrorCode::RequestTimedOut),
        ].prop_map(Fate::AppendedButRefused),
        1 => Just(Fate::LeftOut),
    ];
    let op = prop_oneof![
        10 => (partition.clone(), prop_oneof![9 => 1..40_u16, 1 => 100..700_u16])
            .prop_map(|(partition, size)| Op::Send { partition, size }),
        3 => partition.clone().prop_map(|partition| Op::Flush { partition }),
        10 => (1..=BROKERS).prop_map(|broker| Op::Pump { broker }),
        10 => (1..=BROKERS).prop_map(|broker| Op::Turn { broker }),
        10 => (any::<u8>(), fate).prop_map(|(nth, fate)| Op::Answer { nth, fate }),
        3 => prop_oneof![5 => 1..200_u16, 1 => 1000..20_000_u16].prop_map(|ms| Op::Pass { ms }),
        1 => (partition.clone(), proptest::option::of(1..=BROKERS))
            .prop_map(|(partition, broker)| Op::Lead { partition, broker }),
        2 => Just(Op::Identify),
        1 => partition.prop_map(|partition| Op::Forget { partition }),
    ];
    proptest::collection::vec(op, 1..250)
}

/// One partition's log, and what its leader knows of producers.
#[derive(Default)]
struct Log {
    values: Vec<String>,
    /// (id, epoch, first sequence, records, offset) of the latest batches.
    known: Vec<(i64, i16, i32, usize, i64)>,
    /// No producer's epoch up to this is accepted.
    passed: Option<i16>,
    rules: Rules,
}

/// What differs between brokers.
#[derive(Clone, Copy, Debug, Default)]
struct Rules {
    /// Before 2.4: a producer that it does not know must begin with 0.
    strict: bool,
    /// Before 1.0: only the latest batch is known again, not the last five.
    forgetful: bool,
}

impl Rules {
    fn remembers(self) -> usize {
        if self.forgetful { 1 } else { 5 }
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    (any::<bool>(), any::<bool>()).prop_map(|(strict, forgetful)| Rules {
        strict: strict || forgetful,
        forgetful,
    })
}

impl Log {
    /// As Kafka's leader does: appended or a duplicate, with the offset, or
    /// refused.
    fn append(&mut self, part: &SentPart) -> Result<i64, ErrorCode> {
        if part.bytes > MAX_BATCH_BYTES {
            return Err(ErrorCode::MessageTooLarge);
        }
        if part.producer_id >= 0 {
            if self.passed >= Some(part.epoch) {
                return Err(ErrorCode::InvalidProducerEpoch);
            }
            let same = |known: &&(i64, i16, i32, usize, i64)| {
                known.0 == part.producer_id && known.1 == part.epoch
            };
            if let Some(duplicate) = self
                .known
                .iter()
                .filter(same)
                .find(|k| k.2 == part.sequence && k.3 == part.values.len())
            {
                return Ok(duplicate.4);
            }
            let last = self.known.iter().rev().find(same);
            let expected = match last {
                Some(last) => last.2 + last.3 as i32,
                None if self.rules.strict && self.known.is_empty() && part.sequence != 0 => {
                    return Err(ErrorCode::UnknownProducerId);
                }
                // Kafka takes any number from a producer it does not know.
                None if self.known.is_empty() => part.sequence,
                None => 0,
            };
            if part.sequence != expected {
                return Err(ErrorCode::OutOfOrderSequenceNumber);
            }
        }
        let offset = self.values.len() as i64;
        self.values.extend(part.values.clone());
        self.known.push((
            part.producer_id,
            part.epoch,
            part.sequence,
            part.values.len(),
            offset,
        ));
        if self.known.len() > self.rules.remembers() {
            self.known.remove(0);
        }
        Ok(offset)
    }
}

struct History {
    world: World,
    logs: Vec<Log>,
    flying: Vec<(i32, Sent)>,
    /// Taken by a broker's task and not sent yet.
    drafts: BTreeMap<i32, Vec<Draft>>,
    sent: Vec<(i32, String, Delivery)>,
    epoch: i16,
    idempotent: bool,
}

impl History {
    fn new(config: ProducerConfig, idempotent: bool, rules: Rules) -> Self {
        let log = |_| Log {
            rules,
            ..Log::default()
        };
        let mut world = World::fresh(config, &[1, 2, 1]);
        world.remembers = rules.remembers();
        Self {
            world,
            logs: (0..PARTITIONS).map(log).collect(),
            flying: Vec::new(),
            drafts: BTreeMap::new(),
            sent: Vec::new(),
            epoch: 0,
            idempotent,
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Send { partition, size } => {
                let value = format!("{:05}{}", self.sent.len(), "x".repeat(size as usize));
                if let Some(delivery) = self.world.try_send(partition, &value) {
                    self.sent.push((partition, value, delivery));
                }
            }
            Op::Flush { partition } => {
                let shared = self.world.partitions[partition as usize].clone();
                let edge = shared.queue().flush();
                shared.tell(edge);
            }
            Op::Turn { broker } => match self.drafts.remove(&broker) {
                Some(drafts) => self.dispatch(broker, drafts),
                None => {
                    if let Step::Seal(drafts) = self.world.step(broker) {
                        self.drafts.insert(broker, drafts);
                    }
                }
            },
            Op::Pump { broker } => {
                if let Some(drafts) = self.drafts.remove(&broker) {
                    self.dispatch(broker, drafts);
                }
                while let Some(request) = self.world.next(broker) {
                    self.flying.push((broker, request));
                    let there = self.flying.iter().filter(|f| f.0 == broker).count();
                    assert!(there <= 5, "{there} requests in flight");
                }
            }
            Op::Answer { nth, fate } => {
                // A connection answers in order: the oldest of some broker.
                let brokers: BTreeSet<_> = self.flying.iter().map(|f| f.0).collect();
                let Some(broker) = brokers.iter().nth(nth as usize % brokers.len().max(1)) else {
                    return;
                };
                let at = self.flying.iter().position(|f| f.0 == *broker).unwrap();
                self.answer(at, fate);
            }
            Op::Pass { ms } => self.world.pass(Duration::from_millis(ms.into())),
            Op::Lead { partition, broker } => self.world.lead(partition, broker),
            Op::Identify => self.identify(),
            Op::Forget { partition } => {
                // What Kafka does when a producer's newest record is old; with
                // records of now, only when all is idle.
                if self.flying.is_empty() && self.world.sender.is_drained() {
                    self.world.pass(Duration::from_secs(10));
                    self.logs[partition as usize].known.clear();
                }
            }
        }
        self.check();
    }

    fn dispatch(&mut self, broker: i32, drafts: Vec<Draft>) {
        if let Some(request) = self.world.dispatch(broker, drafts) {
            self.flying.push((broker, request));
        }
    }

    fn identify(&mut self) {
        if self.world.sender.ask_at(self.world.now).is_some() {
            self.epoch += 1;
            self.world.identify(1, self.epoch);
        }
    }

    fn answer(&mut self, at: usize, fate: Fate) {
        let (broker, request) = self.flying.remove(at);
        let mut answers = Vec::new();
        for part in &request.parts {
            let log = &mut self.logs[part.partition as usize];
            let appended = |log: &mut Log| match log.append(part) {
                Ok(offset) => (ErrorCode::None, offset),
                Err(code) => (code, -1),
            };
            answers.push(match fate {
                Fate::Appended | Fate::AppendedAnswerLost => Some(appended(log)),
                Fate::NeverArrived | Fate::ProvablyUnsent => None,
                Fate::Refused(ErrorCode::InvalidProducerEpoch) => {
                    log.passed = log.passed.max(Some(part.epoch));
                    Some(appended(log))
                }
                Fate::Refused(code) => Some((code, -1)),
                Fate::AppendedButRefused(code) => match appended(log) {
                    (ErrorCode::None, _) => Some((code, -1)),
                    refused => Some(refused),
                },
                Fate::LeftOut => {
                    appended(log);
                    None
                }
            });
        }
        match fate {
            Fate::AppendedAnswerLost | Fate::NeverArrived => {
                // The connection is gone, and with it everything behind.
                self.world.lose(&request);
                while let Some(next) = self.flying.iter().position(|f| f.0 == broker) {
                    let (_, request) = self.flying.remove(next);
                    self.world.lose(&request);
                }
            }
            Fate::ProvablyUnsent => {
                self.world
                    .fail(&request, Error::new(ErrorKind::Disconnected));
                while let Some(next) = self.flying.iter().position(|f| f.0 == broker) {
                    let (_, request) = self.flying.remove(next);
                    self.world
                        .fail(&request, Error::new(ErrorKind::Disconnected));
                }
            }
            _ => {
                let answers = answers
                    .into_iter()
                    .map(|a| a.map(|(code, offset)| part_answer(code, offset)))
                    .collect();
                self.world
                    .sender
                    .on_answer(self.world.now, request.id, answers, Duration::ZERO);
                self.world.perform();
            }
        }
    }

    fn check(&mut self) {
        let memory = self.world.memory.used();
        assert!(memory <= 64 * 1024, "{memory} bytes used");
        if self.idempotent {
            for log in &self.logs {
                let distinct: BTreeSet<_> = log.values.iter().collect();
                assert_eq!(
                    distinct.len(),
                    log.values.len(),
                    "doubled: {:?}",
                    log.values
                );
                assert!(log.values.is_sorted(), "reordered: {:?}", log.values);
            }
        }
    }

    /// The cluster heals; everything that can be delivered is.
    fn heal(&mut self) {
        let before = self.sent.len();
        for partition in 0..PARTITIONS {
            self.world.lead(partition, Some(1 + partition % BROKERS));
            self.apply(Op::Flush { partition });
            self.apply(Op::Send { partition, size: 1 });
            self.apply(Op::Flush { partition });
        }
        for _ in 0..360 {
            self.identify();
            // Answers and new requests take turns, so that much stays in flight.
            for _ in 0..self.flying.len().min(2) {
                self.answer(0, Fate::Appended);
            }
            for broker in 1..=BROKERS {
                self.apply(Op::Pump { broker });
            }
            self.world.pass(Duration::from_millis(100));
            self.check();
        }
        assert!(self.flying.is_empty(), "it never comes to rest");
        for (_, value, delivery) in &mut self.sent[before..] {
            let stands = stands(delivery);
            assert!(
                matches!(stands, Stands::At(_)),
                "{value} is stuck: {stands:?}"
            );
        }
    }

    /// Every accepted record has one outcome, and the logs bear it out.
    fn conclude(mut self) {
        for (partition, value, delivery) in &mut self.sent {
            let log = &self.logs[*partition as usize].values;
            let places: Vec<_> = (0..).zip(log).filter(|(_, v)| *v == value).collect();
            match stands(delivery) {
                Stands::Pending => panic!("{value} has no outcome"),
                Stands::At(offset) => {
                    assert!(!places.is_empty(), "{value} was acknowledged and is lost");
                    if let Some(offset) = offset {
                        assert!(
                            places.iter().any(|(at, _)| *at == offset),
                            "{value} is not at {offset} but {places:?}"
                        );
                    }
                }
                Stands::Failed {
                    possibly_written: false,
                } => assert!(places.is_empty(), "{value} failed and is there"),
                Stands::Failed {
                    possibly_written: true,
                } => {}
            }
        }
        assert!(self.world.sender.is_drained());
        assert_eq!(self.world.memory.used(), 0);
        assert!(self.world.sender.outstanding().is_empty());
    }
}

fn config(idempotence: Idempotence, linger_ms: u64) -> ProducerConfig {
    ProducerConfig::default()
        .idempotence(idempotence)
        .linger(Duration::from_millis(linger_ms))
        .batch_size(1024)
        .max_request_size(2048)
        .buffer_memory(64 * 1024)
        .request_timeout(Duration::from_secs(10))
        .delivery_timeout(Duration::from_secs(30))
}

fn run(ops: Vec<Op>, idempotence: Idempotence, linger_ms: u64, rules: Rules) {
    let idempotent = idempotence != Idempotence::Disabled;
    let mut history = History::new(config(idempotence, linger_ms), idempotent, rules);
    for op in ops {
        history.apply(op);
    }
    history.heal();
    history.conclude();
}

/// As many as are asked for, or what a change can afford.
fn proptest_config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(400),
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(proptest_config())]

    #[test]
    fn idempotent_histories_lose_double_and_reorder_nothing(ops in ops(), linger in 0..6_u64, rules in rules()) {
        run(ops, Idempotence::Required, linger, rules);
    }

    #[test]
    fn plain_histories_lose_nothing(ops in ops(), linger in 0..6_u64) {
        run(ops, Idempotence::Disabled, linger, Rules::default());
    }
}
