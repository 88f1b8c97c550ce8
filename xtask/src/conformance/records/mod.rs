//! Record batches and message sets beside Kafka's own classes: every format, codec
//! and shape, both ways.
//!
//! Kafka's batches are read by us, record by record, and written again from those
//! records: to the same bytes where nothing is compressed, to what unpacks to the
//! same bytes where something is. Ours are read by Kafka's classes, those of its
//! first releases as well. Then batches are converted between formats by both.

mod case;
mod conversion;
mod difference;
mod hex;
mod make;
mod oracle;
mod random;
mod rewrite;
mod table;
mod text;

use bytes::Bytes;

use crate::error::Result;

use case::{Case, Maker, RELEASES, Release};
use oracle::{Answer, Oracle};
pub(crate) use table::Table;

/// Failures that are told in full.
const SHOWN: usize = 20;

/// Compares, with `cases` of each shape of each format, codec, release and way.
///
/// # Errors
///
/// Without the jars, and when a Java program stops.
pub(crate) fn run(seed: u64, cases: u32) -> Result<Table> {
    let mut run = Run {
        seed,
        cases,
        judge: Oracle::start(&Release::JUDGE)?,
        table: Table::default(),
        shown: 0,
    };
    for release in &RELEASES {
        run.release(release)?;
    }
    Ok(run.table)
}

struct Run {
    seed: u64,
    cases: u32,
    /// Says what is in Kafka's bytes and in ours alike, to the last compressed byte,
    /// and converts.
    judge: Oracle,
    table: Table,
    shown: usize,
}

impl Run {
    fn release(&mut self, release: &'static Release) -> Result<()> {
        let mut oracle = Oracle::start(release)?;
        let (theirs, ours) = (
            release.cases(Maker::Kafka, self.cases),
            release.cases(Maker::Us, self.cases),
        );
        println!(
            "Kafka {}: {} of its own, {} of ours",
            release.version,
            theirs.len(),
            ours.len()
        );
        for case in &theirs {
            let result = self.theirs(case, &mut oracle)?;
            self.note(case, result);
        }
        for case in &ours {
            let result = self.ours(case, &mut oracle)?;
            self.note(case, result);
        }
        Ok(())
    }

    /// Kafka made it: read, written again and converted by us.
    fn theirs(&mut self, case: &Case, oracle: &mut Oracle) -> Result<Answer<()>> {
        let made = match oracle.make(case, self.seed)? {
            Ok(made) => made,
            Err(thrown) => return Ok(Err(thrown)),
        };
        let reader = if case.release.is_reader() {
            oracle
        } else {
            &mut self.judge
        };
        let read = match reader.read(&made)? {
            Ok(told) => text::of(&made).and_then(|ours| difference::check(&ours, &told)),
            Err(thrown) => Err(thrown),
        };
        let checked = match read {
            Ok(()) => self.written_again(&made)?,
            Err(error) => Err(error),
        };
        let checked = match checked {
            Ok(()) => conversion::check(&mut self.judge, case, &made)?,
            Err(error) => Err(error),
        };
        Ok(checked.map_err(|error| format!("{error}\n  Kafka's {}", hex::shown(&made))))
    }

    /// We made it, and Kafka reads it.
    fn ours(&mut self, case: &Case, oracle: &mut Oracle) -> Result<Answer<()>> {
        let made = match make::made(case, self.seed) {
            Ok(made) => made,
            Err(error) => return Ok(Err(error)),
        };
        let read = match oracle.read(&made)? {
            Ok(told) => text::of(&made).and_then(|ours| difference::check(&ours, &told)),
            Err(thrown) => Err(thrown),
        };
        Ok(read.map_err(|error| format!("{error}\n  ours {}", hex::shown(&made))))
    }

    /// What Kafka finds in our bytes must be what it finds in its own, compressed
    /// lengths aside.
    fn written_again(&mut self, kafkas: &Bytes) -> Result<Answer<()>> {
        let ours = match rewrite::rewritten(kafkas) {
            Ok(ours) => ours,
            Err(error) => return Ok(Err(error)),
        };
        let (kafkas, ours) = match (self.judge.read(kafkas)?, self.judge.read(&ours)?) {
            (Ok(kafkas), Ok(ours)) => (kafkas, ours),
            (Err(thrown), _) | (_, Err(thrown)) => return Ok(Err(thrown)),
        };
        let checked = difference::check_remade(&ours, &kafkas);
        Ok(checked.map_err(|error| format!("written again: {error}")))
    }

    fn note(&mut self, case: &Case, result: Answer<()>) {
        self.table.compared(case, result.is_ok());
        let Err(error) = result else { return };
        self.shown += 1;
        if self.shown <= SHOWN {
            println!(
                "FAILED {case}: {error}\n  replay: cargo xtask conformance records --seed {}",
                self.seed
            );
        } else if self.shown == SHOWN + 1 {
            println!("… further failures are counted only");
        }
    }
}
