use std::collections::BTreeSet;

use fastrand::Rng;

use super::*;

/// What a client of the protocol does.
struct Consumer {
    id: String,
    epoch: i32,
    topics: Vec<&'static str>,
    regex: bool,
    owned: Partitions,
    /// What it was told to own, and has not done yet.
    told: Option<Partitions>,
    /// Whether the next heartbeat has to say everything.
    full: bool,
}

impl Consumer {
    fn beat(&mut self, world: &mut World, loses_answer: bool) {
        let mut request = match self.epoch == 0 || self.full {
            true if self.regex => join_regex(&self.id, "[ab]"),
            true => join(&self.id, &self.topics),
            false => stay(&self.id, self.epoch),
        };
        request.member_epoch = self.epoch;
        request.rebalance_timeout_ms = 300_000;
        let owned = self.owned.iter().map(|(topic, partitions)| {
            TopicPartitions::new()
                .with_topic_id(*topic)
                .with_partitions(partitions.iter().copied().collect::<Vec<_>>())
        });
        request.topic_partitions = Some(owned.collect());
        match world.heartbeat(&request) {
            Ok(_) if loses_answer => {
                // What it has not done yet may be out of date; it asks again.
                self.told = None;
                self.full = true;
            }
            Ok(response) => {
                self.epoch = response.member_epoch;
                self.full = false;
                if let Some(assignment) = response.assignment {
                    let topics = assignment.topic_partitions.into_iter();
                    let told = topics
                        .map(|topic| (topic.topic_id, topic.partitions.into_iter().collect()));
                    self.told = Some(told.collect());
                }
            }
            Err(ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId) => {
                self.epoch = 0;
                self.owned.clear();
                self.told = None;
                self.full = true;
            }
            Err(code) => panic!("{code:?} to {request:?}"),
        }
    }

    /// Does what it was told.
    fn obey(&mut self) {
        if let Some(told) = self.told.take() {
            self.owned = told;
        }
    }
}

/// Whoever was fenced and has not heard of it does not count.
fn nobody_shares(world: &World, consumers: &[Consumer]) {
    let mut seen = BTreeSet::new();
    let members = &world.group.members;
    let known = |consumer: &&Consumer| members.contains_key(consumer.id.as_str());
    for consumer in consumers.iter().filter(known) {
        for (topic, partitions) in &consumer.owned {
            for partition in partitions {
                assert!(
                    seen.insert((*topic, *partition)),
                    "{topic} {partition} twice"
                );
            }
        }
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn converge(world: &mut World, consumers: &mut [Consumer]) {
    for _ in 0..30 {
        world.pass(1_000);
        for consumer in consumers.iter_mut() {
            consumer.beat(world, false);
            consumer.obey();
        }
        nobody_shares(world, consumers);
    }
    assert_eq!(world.group.state(), ConsumerState::Stable);
    for name in NAMES {
        let count = world.topics.topics.get(name).copied().unwrap_or(0);
        let wants = |consumer: &Consumer| match consumer.regex {
            true => name != "c",
            false => consumer.topics.contains(&name),
        };
        let wanted = consumers.iter().any(wants);
        let has = |consumer: &Consumer| consumer.owned.get(&id_of(name)).map_or(0, BTreeSet::len);
        assert!(consumers.iter().all(|one| wants(one) || has(one) == 0));
        let owned: usize = consumers.iter().map(has).sum();
        assert_eq!(
            owned,
            if wanted {
                usize::try_from(count).unwrap()
            } else {
                0
            }
        );
    }
}

/// Members come and go, crash, lose answers, change their minds, and dawdle;
/// topics come and grow. No partition ever has two owners, and once it is quiet,
/// everyone has a fair share.
#[test]
fn random_lives_never_share_and_always_converge() {
    for seed in 0..150 {
        let mut random = Rng::with_seed(seed);
        let mut world = World::new(&[("a", random.i32(1..8))]);
        let mut consumers: Vec<Consumer> = Vec::new();
        let mut next_id = 0;
        for _ in 0..150 {
            world.pass(random.u64(0..3_000));
            match random.u8(0..20) {
                0 | 1 if consumers.len() < 7 => {
                    next_id += 1;
                    consumers.push(Consumer {
                        id: format!("m{next_id}"),
                        epoch: 0,
                        topics: NAMES.into_iter().filter(|_| random.bool()).collect(),
                        regex: random.u8(0..4) == 0,
                        owned: Partitions::new(),
                        told: None,
                        full: true,
                    });
                }
                2 if !consumers.is_empty() => {
                    let consumer = consumers.swap_remove(random.usize(..consumers.len()));
                    let id = StrBytes::from(&*consumer.id);
                    // Or it crashes without a word.
                    if random.bool() && consumer.epoch > 0 {
                        let _ = world.group.leave(&id, -1, None);
                    }
                }
                3 if !consumers.is_empty() => {
                    let who = random.usize(..consumers.len());
                    consumers[who].topics = NAMES.into_iter().filter(|_| random.bool()).collect();
                    consumers[who].full = true;
                }
                4 => {
                    let name = NAMES[random.usize(..3)];
                    let count = world.topics.topics.get(name).copied().unwrap_or(0);
                    world.topics.set(name, count + random.i32(1..4));
                }
                _ if !consumers.is_empty() => {
                    let who = random.usize(..consumers.len());
                    let loses = random.u8(0..8) == 0;
                    consumers[who].beat(&mut world, loses);
                    if random.u8(0..3) > 0 {
                        let who = random.usize(..consumers.len());
                        consumers[who].obey();
                    }
                }
                _ => {}
            }
            nobody_shares(&world, &consumers);
        }
        // Whoever crashed is forgotten by now.
        for _ in 0..50 {
            world.pass(1_000);
            for consumer in &mut consumers {
                consumer.beat(&mut world, false);
            }
        }
        assert_eq!(world.group.members.len(), consumers.len(), "seed {seed}");
        if !consumers.is_empty() {
            converge(&mut world, &mut consumers);
        }
    }
}

/// One more member takes its share, and moves nothing else; one less leaves its
/// share to the others, who keep what they have.
#[test]
fn assignments_are_sticky() {
    for seed in 0..40 {
        let mut random = Rng::with_seed(seed);
        let mut world = World::new(&[("a", random.i32(4..30)), ("b", random.i32(4..30))]);
        let consumer = |id: usize| Consumer {
            id: format!("m{id}"),
            epoch: 0,
            topics: vec!["a", "b"],
            regex: false,
            owned: Partitions::new(),
            told: None,
            full: true,
        };
        let mut consumers: Vec<Consumer> = (0..random.usize(1..6)).map(consumer).collect();
        let flat = |consumer: &Consumer| -> BTreeSet<(Uuid, i32)> {
            let topics = consumer.owned.iter();
            topics
                .flat_map(|(topic, partitions)| partitions.iter().map(|index| (*topic, *index)))
                .collect()
        };
        let fair = |consumers: &[Consumer]| {
            let sizes = || consumers.iter().map(|consumer| flat(consumer).len());
            assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1);
        };
        converge(&mut world, &mut consumers);
        fair(&consumers);
        let before: Vec<_> = consumers.iter().map(flat).collect();
        consumers.push(consumer(9));
        converge(&mut world, &mut consumers);
        fair(&consumers);
        for (consumer, before) in consumers.iter().zip(&before) {
            assert!(flat(consumer).is_subset(before), "seed {seed}");
        }
        let before: Vec<_> = consumers.iter().map(flat).collect();
        let gone = consumers.pop().unwrap();
        let gone = StrBytes::from(&*gone.id);
        world.group.leave(&gone, -1, None).unwrap();
        converge(&mut world, &mut consumers);
        for (consumer, before) in consumers.iter().zip(&before) {
            assert!(flat(consumer).is_superset(before), "seed {seed}");
        }
    }
}
