//! The command line.

use std::str::FromStr;

const USAGE: &str = "\
usage: PROGRAM produce|consume|latency --bootstrap ADDRESS --topic NAME
  [--partitions N] [--records N] [--warmup N] [--size BYTES] [--acks all|1|0]
  [--linger-ms N] [--batch-bytes N] [--in-flight N]
  [--codec none|gzip|snappy|lz4|zstd] [--tasks N] [--mode default|best]
  [--payload random|text] [--rate PER_SECOND] [--variant NAME]";

/// What to do. A setting of the client that is `None` was not named on the command
/// line: the client's own default in [`Mode::Default`], what its documents call best
/// for throughput in [`Mode::Best`].
#[derive(Clone, Debug)]
pub struct Job {
    pub role: Role,
    pub bootstrap: String,
    pub topic: String,
    pub partitions: i32,
    /// Records of the measured part.
    pub records: u64,
    /// Records sent and acknowledged before it; none when consuming.
    pub warmup: u64,
    /// Bytes of a value.
    pub size: usize,
    pub acks: Acks,
    pub linger_ms: Option<u64>,
    pub batch_bytes: Option<usize>,
    pub in_flight: Option<usize>,
    pub codec: Codec,
    /// Tasks or threads that send, or consumers that share the partitions.
    pub tasks: usize,
    pub mode: Mode,
    pub texture: Texture,
    /// Records a second of an open-loop load.
    pub rate: u64,
    /// One of the ways that a program knows; empty is the one it takes by itself.
    pub variant: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends records as fast as the client takes them and awaits every acknowledgement.
    Produce,
    /// Reads every record of the topic by assignment, without a group.
    Consume,
    /// Sends at a fixed rate; times run from when a record was due.
    Latency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    All,
    Leader,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Default,
    Best,
}

/// What values look like to a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// Bytes by chance.
    Random,
    /// Small JSON documents.
    Text,
}

impl Job {
    /// # Errors
    ///
    /// What is wrong with the arguments, and the usage.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        parse(arguments).map_err(|problem| format!("{problem}\n{USAGE}"))
    }

    /// A setting as given, or else what `best` has in [`Mode::Best`].
    pub fn setting<T>(&self, given: Option<T>, best: T) -> Option<T> {
        given.or_else(|| (self.mode == Mode::Best).then_some(best))
    }

    /// The partitions of one of the consumers, `0..self.tasks`.
    pub fn share(&self, task: usize) -> Vec<i32> {
        let tasks = i32::try_from(self.tasks.max(1)).unwrap_or(i32::MAX);
        let task = i32::try_from(task).unwrap_or(i32::MAX);
        (0..self.partitions)
            .filter(|partition| partition % tasks == task)
            .collect()
    }

    /// How many records the partitions of one of the consumers have: record `n` of a
    /// topic made for consuming is in partition `n % partitions`.
    pub fn share_records(&self, task: usize) -> u64 {
        let partitions = u64::try_from(self.partitions).unwrap_or(1);
        let of = |partition: i32| {
            let early = u64::try_from(partition).is_ok_and(|it| it < self.records % partitions);
            self.records / partitions + u64::from(early)
        };
        self.share(task).into_iter().map(of).sum()
    }

    /// How many of `records` one of the tasks sends.
    pub fn part(&self, records: u64, task: usize) -> u64 {
        let tasks = self.tasks.max(1) as u64;
        records / tasks + u64::from((task as u64) < records % tasks)
    }
}

impl Acks {
    /// As Kafka's properties have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Leader => "1",
            Self::None => "0",
        }
    }
}

impl Codec {
    /// As Kafka's properties have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Job, String> {
    let role = match arguments.next().as_deref() {
        Some("produce") => Role::Produce,
        Some("consume") => Role::Consume,
        Some("latency") => Role::Latency,
        Some(other) => return Err(format!("no role {other:?}")),
        None => return Err("a role is missing".to_owned()),
    };
    let mut job = Job {
        role,
        bootstrap: String::new(),
        topic: String::new(),
        partitions: 6,
        records: 1_000_000,
        warmup: 0,
        size: 100,
        acks: Acks::All,
        linger_ms: None,
        batch_bytes: None,
        in_flight: None,
        codec: Codec::None,
        tasks: 1,
        mode: Mode::Default,
        texture: Texture::Random,
        rate: 10_000,
        variant: String::new(),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--bootstrap" => job.bootstrap = value,
            "--topic" => job.topic = value,
            "--variant" => job.variant = value,
            "--partitions" => job.partitions = number(&name, &value)?,
            "--records" => job.records = number(&name, &value)?,
            "--warmup" => job.warmup = number(&name, &value)?,
            "--size" => job.size = number(&name, &value)?,
            "--linger-ms" => job.linger_ms = Some(number(&name, &value)?),
            "--batch-bytes" => job.batch_bytes = Some(number(&name, &value)?),
            "--in-flight" => job.in_flight = Some(number(&name, &value)?),
            "--tasks" => job.tasks = number(&name, &value)?,
            "--rate" => job.rate = number(&name, &value)?,
            "--acks" => {
                job.acks = one_of(
                    &name,
                    &value,
                    [Acks::All, Acks::Leader, Acks::None],
                    Acks::name,
                )?;
            }
            "--codec" => {
                let all = [
                    Codec::None,
                    Codec::Gzip,
                    Codec::Snappy,
                    Codec::Lz4,
                    Codec::Zstd,
                ];
                job.codec = one_of(&name, &value, all, Codec::name)?;
            }
            "--mode" => {
                job.mode = match value.as_str() {
                    "default" => Mode::Default,
                    "best" => Mode::Best,
                    _ => return Err(format!("no mode {value:?}")),
                }
            }
            "--payload" => {
                job.texture = match value.as_str() {
                    "random" => Texture::Random,
                    "text" => Texture::Text,
                    _ => return Err(format!("no payload {value:?}")),
                }
            }
            _ => return Err(format!("no argument {name:?}")),
        }
    }
    if job.bootstrap.is_empty() || job.topic.is_empty() {
        return Err("--bootstrap and --topic are wanted".to_owned());
    }
    if job.partitions < 1 || job.records < 1 || job.tasks < 1 || job.rate < 1 {
        return Err("partitions, records, tasks and rate are at least 1".to_owned());
    }
    Ok(job)
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("{name}: not a number: {value:?}"))
}

fn one_of<T: Copy, const N: usize>(
    name: &str,
    value: &str,
    all: [T; N],
    named: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = all.into_iter().find(|one| named(*one) == value);
    found.ok_or_else(|| format!("{name}: not {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Job, String> {
        Job::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_not_given_is_the_clients_own_or_its_best() {
        let job = parsed("produce --bootstrap b:1 --topic t --mode default").unwrap();
        assert_eq!(job.setting(job.linger_ms, 20), None);
        let job = parsed("produce --bootstrap b:1 --topic t --mode best").unwrap();
        assert_eq!(job.setting(job.linger_ms, 20), Some(20));
        let job = parsed("produce --bootstrap b:1 --topic t --mode best --linger-ms 3").unwrap();
        assert_eq!(job.setting(job.linger_ms, 20), Some(3));
    }

    #[test]
    fn tasks_share_all_there_is() {
        let job = parsed("consume --bootstrap b:1 --topic t --partitions 7 --tasks 3").unwrap();
        assert_eq!((0..3).map(|task| job.share(task).len()).sum::<usize>(), 7);
        assert_eq!((0..3).map(|task| job.part(100, task)).sum::<u64>(), 100);
        assert_eq!(
            (0..3).map(|task| job.share_records(task)).sum::<u64>(),
            job.records
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for line in [
            "",
            "destroy --bootstrap b:1 --topic t",
            "produce --topic t",
            "produce --bootstrap b:1 --topic t --records many",
            "produce --bootstrap b:1 --topic t --records 0",
            "produce --bootstrap b:1 --topic t --codec zip",
            "produce --bootstrap b:1 --topic t --size",
        ] {
            let problem = parsed(line).unwrap_err();
            assert!(problem.contains("usage: "), "{line}: {problem}");
        }
    }
}
