//! Runs the comparison of messages: which release is asked for which version, in
//! which order, and what is told of failures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use kafka_harness::{LineProgram, MessageJars};

use super::codecs::{self, Codec, Transcoded};
use super::compare;
use super::tally::{Side, Tally};
use super::{Maker, Only, Options};
use crate::error::Error;
use crate::vectors;

// One generator, here and in the crate's own tests.
#[allow(
    dead_code,
    clippy::panic,
    reason = "the tests use more of it, and may panic"
)]
#[path = "../../../kafka-protocol/tests/support/generator.rs"]
mod generator;

/// Failures that are told in full.
const SHOWN: usize = 20;
/// Messages of ours that are held at a time.
const CHUNK: usize = 2000;

pub(super) fn run(options: &Options) -> Result<Tally, Error> {
    let codecs = codecs::all()?;
    let mut run = Run {
        options,
        tally: Tally::default(),
        shown: 0,
        vectors: BTreeMap::new(),
    };
    let mut newest = Oracle::start(MessageJars::NEWEST)?;
    let ranges = newest.ranges(&codecs)?;
    // What 4.x dropped is asked of the last release that had it.
    let (mut now, mut dropped) = (Vec::new(), Vec::new());
    for (codec, range) in codecs.iter().zip(&ranges) {
        let versions: Vec<i16> = codec.versions().collect();
        run.tally.message(codec.side, versions.len());
        if let Some((_, highest)) = range
            && versions.iter().all(|version| version < highest)
        {
            let text = format!("Kafka {} has version {highest}", newest.release);
            run.failed(codec, &text);
        }
        for version in versions {
            match range {
                Some((lowest, highest)) if (*lowest..=*highest).contains(&version) => {
                    now.push((codec, version));
                }
                _ => dropped.push((codec, version)),
            }
        }
    }
    run.ask(&mut newest, &now)?;
    drop(newest);
    let mut complete = Oracle::start(MessageJars::LAST_COMPLETE)?;
    run.ask(&mut complete, &dropped)?;
    if let Some(path) = &options.record {
        let lines: Vec<_> = run.vectors.values().map(String::as_str).collect();
        fs::write(path, lines.concat())
            .map_err(|error| Error::new(format!("{} can't be written: {error}", path.display())))?;
        println!("{} vectors in {}", lines.len(), path.display());
    }
    Ok(run.tally)
}

/// A running Java program on the jars of one release.
struct Oracle {
    release: &'static str,
    program: LineProgram,
}

impl Oracle {
    fn start(release: &str) -> Result<Self, Error> {
        let jars = MessageJars::ensure(release)?;
        let program = jars
            .java_tool()
            .line_program::<&str>(&java_file("MessageOracle.java"), &[])?;
        Ok(Self {
            release: jars.release(),
            program,
        })
    }

    /// The lowest and highest version of each message; none where there is no
    /// such class.
    fn ranges(&mut self, codecs: &[Codec]) -> Result<Vec<Option<(i16, i16)>>, Error> {
        let mut ranges = Vec::with_capacity(codecs.len());
        let mut wrong = None;
        let questions = codecs.iter().map(|codec| format!("range\t{}", codec.class));
        self.program.ask(questions, |line| {
            let range = line
                .split_once('\t')
                .and_then(|(lowest, highest)| Some((lowest.parse().ok()?, highest.parse().ok()?)));
            if range.is_none() && line != "none" {
                wrong = Some(line.to_owned());
            }
            ranges.push(range);
        })?;
        match wrong {
            None => Ok(ranges),
            Some(line) => Err(Error::new(format!("no range of versions: {line}"))),
        }
    }
}

/// Longer ones are not kept: there are thousands, in a file that people clone.
const MAX_VECTOR_LEN: usize = 1000;

struct Run<'a> {
    options: &'a Options,
    tally: Tally,
    shown: usize,
    /// What Kafka made and we agree on: lines by API, side, version and index.
    vectors: BTreeMap<(i16, Side, i16, u32), String>,
}

/// One value to compare.
#[derive(Clone, Copy)]
struct Case<'a> {
    codec: &'a Codec,
    version: i16,
    maker: Maker,
    index: u32,
}

impl Run<'_> {
    fn ask(&mut self, oracle: &mut Oracle, versions: &[(&Codec, i16)]) -> Result<(), Error> {
        if self.options.only.is_none() {
            println!(
                "Kafka {}: {} versions, {} values each way",
                oracle.release,
                versions.len(),
                self.options.per_version
            );
        }
        self.ask_theirs(oracle, &self.cases(versions, Maker::Kafka))?;
        self.ask_ours(oracle, &self.cases(versions, Maker::Us))
    }

    fn cases<'a>(&self, versions: &[(&'a Codec, i16)], maker: Maker) -> Vec<Case<'a>> {
        let case = |(codec, version): &(&'a Codec, i16), index| Case {
            codec,
            version: *version,
            maker,
            index,
        };
        match &self.options.only {
            None => versions
                .iter()
                .flat_map(|version| (0..self.options.per_version).map(move |i| case(version, i)))
                .collect(),
            // Beyond the count too, so that a replay needs no other option.
            Some(only) => versions
                .iter()
                .filter(|(codec, version)| {
                    (codec.schema.name, *version, maker)
                        == (only.message.as_str(), only.version, only.maker)
                })
                .map(|version| case(version, only.index))
                .collect(),
        }
    }

    fn ask_theirs(&mut self, oracle: &mut Oracle, cases: &[Case<'_>]) -> Result<(), Error> {
        let seed = self.options.seed;
        let mut left = cases.iter();
        let questions = cases.iter().map(|case| {
            format!(
                "make\t{}\t{}\t{}\t{}",
                case.codec.class,
                case.version,
                case.kind(),
                case.seed(seed).cast_signed()
            )
        });
        oracle.program.ask(questions, |line| {
            if let Some(case) = left.next() {
                let result = compare::theirs(case.codec, case.version, line);
                if result.is_ok() {
                    self.keep(case, line);
                }
                self.note(case, result);
            }
        })?;
        Ok(())
    }

    fn keep(&mut self, case: &Case<'_>, line: &str) {
        let (side, key) = (case.codec.side, case.codec.schema.key);
        let name = match side {
            Side::Request => "request",
            Side::Response => "response",
            _ => return,
        };
        if let (Some(_), Some(key), Some((hex, _))) =
            (&self.options.record, key, line.split_once('\t'))
            && hex.len() / 2 <= MAX_VECTOR_LEN
        {
            let line = format!("{}\t{name}\t{}\t{hex}\n", key.code(), case.version);
            let place = (key.code(), side, case.version, case.index);
            self.vectors.insert(place, line);
        }
    }

    fn ask_ours(&mut self, oracle: &mut Oracle, cases: &[Case<'_>]) -> Result<(), Error> {
        for chunk in cases.chunks(CHUNK) {
            let mut made = Vec::with_capacity(chunk.len());
            for case in chunk {
                match case.make(self.options.seed) {
                    Ok(message) => made.push((case, message)),
                    Err(error) => self.note(case, Err(error)),
                }
            }
            let mut left = made.iter();
            let questions = made.iter().map(|(case, message)| {
                let hex = compare::to_hex(&message.bytes);
                format!("read\t{}\t{}\t{hex}", case.codec.class, case.version)
            });
            oracle.program.ask(questions, |line| {
                if let Some((case, message)) = left.next() {
                    self.note(case, compare::ours(message, line));
                }
            })?;
        }
        Ok(())
    }

    fn note(&mut self, case: &Case<'_>, result: Result<(), String>) {
        match result {
            Ok(()) => self.tally.compared(case.codec.side, true),
            Err(error) => {
                let only = Only {
                    message: case.codec.schema.name.to_owned(),
                    version: case.version,
                    maker: case.maker,
                    index: case.index,
                };
                let seed = self.options.seed;
                let replay =
                    format!("cargo xtask conformance messages --seed {seed} --only {only}");
                self.failed(
                    case.codec,
                    &format!(
                        "version {}, made by {}: {error}\n  replay: {replay}",
                        case.version,
                        case.maker.name()
                    ),
                );
            }
        }
    }

    fn failed(&mut self, codec: &Codec, text: &str) {
        self.tally.compared(codec.side, false);
        self.shown += 1;
        if self.shown <= SHOWN {
            let key = codec.schema.key.map_or(String::new(), |key| {
                format!(" (key {}, {:?})", key.code(), codec.side).to_lowercase()
            });
            println!("FAILED {}{key}, {text}", codec.schema.name);
        } else if self.shown == SHOWN + 1 {
            println!("… further failures are counted only");
        }
    }
}

impl Case<'_> {
    /// The first few are of a kind each, the rest are of chance.
    fn kind(&self) -> &'static str {
        match self.index {
            0 => "defaults",
            1 => "full",
            2 => "empty",
            _ => "random",
        }
    }

    /// Differs from any other value's, and stays when others come or go.
    fn seed(&self, seed: u64) -> u64 {
        let mut state = seed;
        for byte in self.codec.class.bytes() {
            state = mixed(state ^ u64::from(byte));
        }
        for number in [
            u64::from(self.version.unsigned_abs()),
            self.maker as u64,
            u64::from(self.index),
        ] {
            state = mixed(state ^ number);
        }
        state
    }

    fn make(&self, seed: u64) -> Result<Transcoded, String> {
        let choices = choices(self.index, self.seed(seed));
        let bytes = Bytes::from(generator::message(
            self.codec.schema,
            self.version,
            &mut generator::Choices(&choices),
        ));
        let shown = || compare::shown(&bytes);
        let made = self
            .codec
            .transcode(bytes.clone(), self.version)
            .map_err(|error| format!("{error}\n  made as {}", shown()))?;
        match vectors::difference(&made.bytes, &bytes) {
            None => Ok(made),
            Some(offset) => Err(format!(
                "written otherwise than its schema says, from offset {offset} on\n  made as {}\n  written {}",
                shown(),
                compare::shown(&made.bytes)
            )),
        }
    }
}

/// What the generator chooses by; nothing makes everything zero or empty.
fn choices(index: u32, seed: u64) -> Vec<u8> {
    const LEN: usize = 4096;
    let mut choices = Vec::new();
    let mut state = seed;
    while index > 0 && choices.len() < LEN {
        state = mixed(state);
        choices.extend(state.to_le_bytes());
    }
    choices
}

/// SplitMix64: each number follows from the last, and looks like chance.
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

fn java_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("java")
        .join(name)
}
