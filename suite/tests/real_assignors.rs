//! The embedded broker's assignors against those of Kafka's group coordinator.
//!
//! Both sides hold to the same vectors: this suite has Kafka's classes answer
//! them, the embedded broker's own tests have its assignors answer them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;

use fastrand::Rng;
use kafka_harness::{Installation, KafkaVersion, LineProgram};
use kafka_suite::{BoxError, NEWEST, java_file};

/// How often the groups of fresh vectors change.
const ROUNDS: usize = 5;

fn oracle() -> Result<LineProgram, BoxError> {
    let java = Installation::ensure(KafkaVersion::find(NEWEST)?)?.java_tool();
    let none: [&str; 0] = [];
    Ok(java.line_program(&java_file("AssignOracle.java"), &none)?)
}

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../kafka-test-broker/src/groups/consumer/assignor/vectors.txt")
}

#[test]
fn kafka_assigns_as_the_vectors_say() -> Result<(), BoxError> {
    let text = std::fs::read_to_string(vectors())?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(" => ")).collect();
    assert!(pairs.len() >= 200, "{}", pairs.len());
    let questions: Vec<String> = pairs.iter().map(|(asked, _)| (*asked).to_owned()).collect();
    let mut expected = pairs.iter();
    oracle()?.ask(questions.into_iter(), |answer| {
        let (question, expected) = expected.next().unwrap();
        assert_eq!(answer, *expected, "{question}");
    })?;
    Ok(())
}

/// With `FRESH_VECTORS=FILE:GROUPS` the file gets new vectors, of that many
/// groups, each changing a few times and keeping what it was assigned before.
#[test]
fn fresh_vectors_are_answered() -> Result<(), BoxError> {
    let (file, groups) = match std::env::var("FRESH_VECTORS") {
        Ok(wish) => {
            let (file, groups) = wish.rsplit_once(':').unwrap();
            (Some(PathBuf::from(file)), groups.parse()?)
        }
        Err(_) => (None, 20),
    };
    let mut random = Rng::with_seed(848);
    let mut groups: Vec<Group> = (0..groups).map(|_| Group::new(&mut random)).collect();
    let mut oracle = oracle()?;
    let mut text = String::from(
        "# Groups as suite/java/AssignOracle.java reads them, and what the assignors of\n\
         # Kafka's own group coordinator answer. Written by suite/tests/real_assignors.rs.\n",
    );
    for _ in 0..ROUNDS {
        let questions: Vec<String> = groups.iter().map(Group::question).collect();
        let mut asked = questions.clone().into_iter();
        let mut group = groups.iter_mut();
        oracle.ask(questions.into_iter(), |answer| {
            let question = asked.next().unwrap();
            assert!(!answer.starts_with('!'), "{question}: {answer}");
            writeln!(text, "{question} => {answer}").unwrap();
            group.next().unwrap().take(answer);
        })?;
        for group in &mut groups {
            group.change(&mut random);
        }
    }
    if let Some(file) = file {
        std::fs::write(file, text)?;
    }
    Ok(())
}

/// A group under way.
struct Group {
    assignor: &'static str,
    /// Whether all members subscribe to the same topics.
    alike: bool,
    topics: Vec<(String, u32)>,
    members: Vec<Member>,
    most_members: usize,
}

struct Member {
    id: String,
    instance: String,
    subscribed: Vec<usize>,
    assigned: String,
}

impl Group {
    fn new(random: &mut Rng) -> Self {
        // Few groups are large, and those reach the larger hash tables.
        let large = random.u8(0..10) == 0;
        let most_topics = if large { 30 } else { 5 };
        let most_partitions = if large { 40 } else { 9 };
        let topics = (0..random.usize(1..=most_topics))
            .map(|_| (uuid(random), random.u32(1..=most_partitions)))
            .collect();
        let mut group = Self {
            assignor: if random.u8(0..4) == 0 {
                "range"
            } else {
                "uniform"
            },
            alike: random.bool(),
            topics,
            members: Vec::new(),
            most_members: if large { 30 } else { 6 },
        };
        for _ in 0..random.usize(1..=group.most_members) {
            group.join(random);
        }
        group
    }

    fn join(&mut self, random: &mut Rng) {
        let subscribed = match self.members.first() {
            Some(first) if self.alike => first.subscribed.clone(),
            _ => self.some_topics(random),
        };
        let instance = match random.u8(0..4) {
            0 => format!("s{}", random.u32(..)),
            _ => String::new(),
        };
        self.members.push(Member {
            id: uuid(random),
            instance,
            subscribed,
            assigned: String::new(),
        });
    }

    fn some_topics(&self, random: &mut Rng) -> Vec<usize> {
        (0..self.topics.len())
            .filter(|_| random.u8(0..4) > 0)
            .collect()
    }

    fn question(&self) -> String {
        let topics: Vec<String> = self
            .topics
            .iter()
            .map(|(id, partitions)| format!("{id}:{partitions}"))
            .collect();
        let members: Vec<String> = self
            .members
            .iter()
            .map(|member| {
                let subscribed: Vec<String> =
                    member.subscribed.iter().map(usize::to_string).collect();
                format!(
                    "{}/{}/{}/{}",
                    member.id,
                    member.instance,
                    subscribed.join("."),
                    member.assigned
                )
            })
            .collect();
        format!(
            "{} {} {}",
            self.assignor,
            topics.join(","),
            members.join(";")
        )
    }

    fn take(&mut self, answer: &str) {
        for part in answer.split(';') {
            let (id, assigned) = part.split_once('/').unwrap();
            let member = self.members.iter_mut().find(|member| member.id == id);
            member.unwrap().assigned = assigned.to_owned();
        }
    }

    fn change(&mut self, random: &mut Rng) {
        for _ in 0..random.usize(1..=3) {
            match random.u8(0..6) {
                0 | 1 if self.members.len() < self.most_members => self.join(random),
                2 if self.members.len() > 1 => {
                    let who = random.usize(..self.members.len());
                    self.members.remove(who);
                }
                3 => {
                    let topic = random.usize(..self.topics.len());
                    self.topics[topic].1 += random.u32(1..=3);
                }
                4 if self.alike => {
                    let subscribed = self.some_topics(random);
                    for member in &mut self.members {
                        member.subscribed.clone_from(&subscribed);
                    }
                }
                4 => {
                    let subscribed = self.some_topics(random);
                    let who = random.usize(..self.members.len());
                    self.members[who].subscribed = subscribed;
                }
                _ => self.topics.push((uuid(random), random.u32(1..=9))),
            }
        }
    }
}

/// A random id in Kafka's form.
fn uuid(random: &mut Rng) -> String {
    kafka_protocol::Uuid::from_bytes(random.u128(..).to_be_bytes()).to_string()
}
