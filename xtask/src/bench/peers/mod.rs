//! This client beside every peer: the same work, on the same broker, taking turns.
//!
//! README.md of `bench/peers` tells what each figure means.

mod brokers;
mod cells;
mod entrants;
mod load;
mod measure;
mod page;
mod plot;
mod programs;
mod run;
mod sections;
mod statistics;
mod syscalls;

use std::fs;
use std::path::PathBuf;

use kafka_harness::{Installation, KafkaVersion, missing_requirement, target_dir};

use self::brokers::{Broker, Kind};
use self::cells::{BASELINE, Cell, LATENCIES, MATRIX, NKAFKA, Role};
use self::entrants::Program;
use self::load::Load;
use self::measure::{Measured, Scale, measure};
use self::programs::Programs;
pub(super) use self::run::Run;
use self::sections::{Page, Section};
use crate::bench::root;
use crate::error::{Error, Result};

/// The broker of all figures.
const VERSION: &str = "4.3.1";
/// Where the page is kept, from the root; a quick run leaves its own in the build
/// directory.
const PAGE: &str = "bench/results/peers.md";
/// Two runs that are to rank alike want at least these.
const ROUNDS: usize = 7;

/// What is measured, and how long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Few records, one round, programs that are not optimised: shows that everything
    /// works.
    pub(crate) quick: bool,
    /// The cells of the matrix as well.
    pub(crate) matrix: bool,
    /// NKafka's own test alone.
    pub(crate) nkafka: bool,
    /// One cell alone.
    pub(crate) only: Option<String>,
    /// These programs and ours; none named are all.
    pub(crate) peers: Vec<String>,
    /// 7 by default, 1 with `quick`.
    pub(crate) rounds: Option<usize>,
    /// Of a run, instead of the cell's own.
    pub(crate) records: Option<u64>,
}

/// Measures, prints the tables and writes the page; `false` when a program failed that
/// was there to be measured.
///
/// # Errors
///
/// When there is no Java or Maven, a peer or cell is unknown, or ours does not build.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if let Some(missing) = missing_requirement() {
        return Err(missing.into());
    }
    let cells = chosen(options)?;
    let scale = Scale {
        rounds: options
            .rounds
            .unwrap_or(if options.quick { 1 } else { ROUNDS })
            .max(1),
        quick: options.quick,
        records: options.records,
        programs: programs(options)?,
    };
    let kafka = Installation::ensure(KafkaVersion::find(VERSION)?)?;
    let programs = Programs::build(&scale.programs, options.quick, kafka.clone())?;
    let real = Broker::real(&kafka)?;
    let mut failed = 0;
    for cell in &cells {
        let load = Load::start();
        let measured = match cell.missing {
            Some(_) => Vec::new(),
            None => one_cell(&scale, &programs, &real, cell)?,
        };
        // Hours of work may come after it.
        write(options, cell, &measured, &load)?;
        let results = measured.iter().flat_map(|one| &one.results);
        let unbuilt = |program| programs.missing.contains_key(program);
        let there = results.filter(|one| !unbuilt(&one.entrant.program));
        failed += there.filter(|one| one.failure.is_some()).count();
    }
    Ok(failed == 0)
}

fn one_cell(
    scale: &Scale,
    programs: &Programs,
    real: &Broker,
    cell: &Cell,
) -> Result<Vec<Measured>> {
    let everyone = cell.name == BASELINE.name || cell.rate.is_some();
    let null = Broker::null(programs, cell)?;
    let mut measured = Vec::new();
    for role in cell.roles() {
        measured.push(measure(
            scale,
            programs,
            real,
            Kind::Real,
            cell,
            role,
            everyone,
        )?);
        // Latency is about brokers that store; NKafka's test had one.
        if role != Role::Latency && cell.name != NKAFKA.name {
            measured.push(measure(
                scale,
                programs,
                &null,
                Kind::Null,
                cell,
                role,
                everyone,
            )?);
        }
    }
    Ok(measured)
}

fn chosen(options: &Options) -> Result<Vec<Cell>> {
    if let Some(name) = &options.only {
        return Ok(vec![Cell::find(name)?]);
    }
    if options.nkafka {
        return Ok(vec![NKAFKA]);
    }
    let mut cells = vec![BASELINE];
    cells.extend(LATENCIES);
    if options.matrix {
        cells.extend(MATRIX);
    }
    Ok(cells)
}

fn programs(options: &Options) -> Result<Vec<Program>> {
    if options.nkafka {
        return Ok(vec![Program::Ours, Program::Librdkafka]);
    }
    if options.peers.is_empty() {
        return Ok(Program::ALL.to_vec());
    }
    let mut programs = vec![Program::Ours];
    for name in &options.peers {
        let program = Program::find(name).ok_or_else(|| {
            let known = Program::ALL.map(Program::name).join(", ");
            Error::new(format!("no peer {name:?}; there are {known}"))
        })?;
        if !programs.contains(&program) {
            programs.push(program);
        }
    }
    Ok(programs)
}

/// Prints what a cell showed, and puts it into the page in the place of what the page had
/// of it.
fn write(options: &Options, cell: &Cell, measured: &[Measured], load: &Load) -> Result<()> {
    let path = if options.quick {
        target_dir().join("peers/quick/peers.md")
    } else {
        root().join(PAGE)
    };
    let dir = path.parent().map(PathBuf::from).unwrap_or_default();
    let cannot = |error: std::io::Error| Error::new(format!("{}: {error}", path.display()));
    fs::create_dir_all(&dir).map_err(cannot)?;
    let plots = plot::of(measured);
    for (name, svg) in &plots {
        fs::write(dir.join(name), svg).map_err(cannot)?;
    }
    let names: Vec<&str> = plots.iter().map(|(name, _)| name.as_str()).collect();
    let about = page::about(options.quick, &load.told());
    let section = Section::of(cell, page::cell(cell, measured, &names, &about));
    println!("\n{}", section.text());
    let mut kept = Page::parse(&fs::read_to_string(&path).unwrap_or_default());
    kept.put(section);
    fs::write(&path, kept.text()).map_err(cannot)?;
    println!("written to {}", path.display());
    Ok(())
}
