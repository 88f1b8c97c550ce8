//! The text of a cell: who was how fast, and under which settings.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::cells::{Cell, NKAFKA, Role};
use super::entrants::Program;
use super::measure::{Entered, Measured};
use super::run::Run;
use super::statistics::{Ratio, Spread};
use crate::bench::machine;

/// What the figures are of.
const MEASURED: &[&str] = &[
    "kafka-protocol",
    "kafka-net",
    "kafka-router",
    "kafka-producer",
    "kafka-consumer",
    "kafka-client",
    "bench/peers",
];

/// NKafka's own figures, as its README has them.
const NKAFKA_ROWS: &str = "\n\
    | published by NKafka, a MacBook | k records/s |\n|---|---:|\n\
    | NKafka | 170 |\n\
    | librdkafka through Confluent's .NET client, awaiting tasks | 220 |\n\
    | the same with delivery handlers | 320 |\n";

/// Of the run: the machine, and how busy it was.
pub(super) fn about(quick: bool, load: &str) -> String {
    let warning = if quick {
        "**A quick run: it shows that everything works, and its figures mean nothing.**\n\n"
    } else {
        ""
    };
    format!("{warning}{}{load}", machine::describe(MEASURED))
}

/// The section of a cell.
pub(super) fn cell(cell: &Cell, measured: &[Measured], plots: &[&str], about: &str) -> String {
    let mut text = format!("{}.\n\n", capital(cell.about));
    if let Some(missing) = cell.missing {
        let _ = writeln!(text, "Not measured: {missing}.");
        return text;
    }
    text.push_str(about);
    for plot in plots {
        let _ = write!(text, "\n![{}]({plot})\n", plot.trim_end_matches(".svg"));
    }
    for one in measured {
        let _ = write!(
            text,
            "\n### {}: {}, {} records a run\n\n{}",
            capital(one.role.name()),
            one.kind.name(),
            one.records,
            match one.role {
                Role::Latency => latencies(one),
                Role::Produce | Role::Consume => rates(one),
            }
        );
    }
    if cell.name == NKAFKA.name {
        text.push_str(NKAFKA_ROWS);
    }
    let _ = write!(text, "\n### Parity sheet\n\n{}", parity(measured));
    text
}

fn rates(measured: &Measured) -> String {
    let mut text = String::from(
        "| client | runs | CPU-s per million: median (least–most) | by ours (95 %) \
         | k records/s | MB/s | peak RSS MB | allocations a record | syscalls per MB \
         | bytes a request | broker CPU-s per million | first record ms | whole process CPU-s |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let ours = ours(measured);
    for entered in by_median(measured, Run::cpu_per_million) {
        if let Some(row) = failed(entered, 12) {
            text.push_str(&row);
            continue;
        }
        let spread = |figure: fn(&Run) -> f64| Spread::of(entered.runs.values().map(figure));
        let optional = |figure: fn(&Run) -> Option<f64>, digits: usize| {
            let known = Spread::of(entered.runs.values().filter_map(figure));
            known.map_or(String::new(), |it| format!("{:.digits$}", it.median))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            named(entered),
            entered.runs.len(),
            spread(Run::cpu_per_million).map_or(String::new(), shown),
            ratio(entered, ours, Run::cpu_per_million),
            spread(|run| run.records_per_second() / 1e3).map_or(String::new(), |it| median(it, 0)),
            spread(Run::megabytes_per_second).map_or(String::new(), |it| median(it, 0)),
            spread(|run| run.peak_rss_mb).map_or(String::new(), |it| median(it, 0)),
            allocations(entered),
            syscalls(entered),
            optional(|run| run.bytes_per_request, 0),
            optional(|run| Some(run.broker_cpu_s? / run.records * 1e6), 3),
            optional(|run| run.first_record_ms, 1),
            spread(|run| run.whole_cpu_s).map_or(String::new(), |it| median(it, 2)),
        );
    }
    text
}

fn latencies(measured: &Measured) -> String {
    let mut text = String::from(
        "| client | runs | p50 ms (least–most) | by ours (95 %) | p99 | p99.9 | max \
         | sender's own lag p50 / p99 | client CPU-s a second | broker CPU-s a run |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let ours = ours(measured);
    let p50 = |run: &Run| run.latency.map_or(f64::NAN, |latency| latency.p50);
    for entered in by_median(measured, p50) {
        if let Some(row) = failed(entered, 9) {
            text.push_str(&row);
            continue;
        }
        let of = |figure: fn(&Run) -> Option<f64>, digits: usize| {
            let known = Spread::of(entered.runs.values().filter_map(figure));
            known.map_or(String::new(), |it| median(it, digits))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} / {} | {} | {} |",
            named(entered),
            entered.runs.len(),
            Spread::of(entered.runs.values().map(p50)).map_or(String::new(), shown),
            ratio(entered, ours, p50),
            of(|run| Some(run.latency?.p99), 2),
            of(|run| Some(run.latency?.p999), 2),
            of(|run| Some(run.latency?.max), 2),
            of(|run| Some(run.late?.p50), 2),
            of(|run| Some(run.late?.p99), 2),
            of(|run| Some(run.cpu_s / run.elapsed_s), 3),
            of(|run| run.broker_cpu_s, 2),
        );
    }
    text
}

fn parity(measured: &[Measured]) -> String {
    let mut text =
        String::from("| role | client | version | settings in effect |\n|---|---|---|---|\n");
    let mut told: BTreeMap<(Role, &str), String> = BTreeMap::new();
    for one in measured {
        for entered in &one.results {
            let Some(run) = entered.runs.values().next() else {
                continue;
            };
            let settings: Vec<String> = run
                .settings
                .iter()
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            let row = format!(
                "| {} | {} | {} | {} |",
                one.role.name(),
                entered.entrant.name,
                run.version,
                settings.join(", ")
            );
            told.insert((one.role, entered.entrant.name), row);
        }
    }
    for row in told.values() {
        let _ = writeln!(text, "{row}");
    }
    text
}

/// The row of an entrant without a single run.
fn failed(entered: &Entered, columns: usize) -> Option<String> {
    let why = entered
        .failure
        .as_ref()
        .filter(|_| entered.runs.is_empty())?;
    let why = why.replace('|', "/").replace('\n', " ");
    let rest = " |".repeat(columns - 1);
    Some(format!(
        "| {} | not measured: {why} |{rest}\n",
        entered.entrant.name
    ))
}

fn named(entered: &Entered) -> String {
    let name = entered.entrant.name;
    match &entered.failure {
        // It ran, and then it did not.
        Some(why) => format!(
            "{name} (then failed: {})",
            why.replace('|', "/").replace('\n', " ")
        ),
        None if entered.entrant.is_ours() => format!("**{name}**"),
        None => name.to_owned(),
    }
}

fn allocations(entered: &Entered) -> String {
    match entered.allocations_per_record {
        Some(count) => format!("{count:.3}"),
        None if entered.entrant.program == Program::FranzGo => String::new(),
        None => entered.entrant.program.not_counted().to_owned(),
    }
}

fn syscalls(entered: &Entered) -> String {
    match &entered.syscalls_per_mb {
        Ok(count) => format!("{count:.1}"),
        Err(why) => why.clone(),
    }
}

fn ours(measured: &Measured) -> Option<&Entered> {
    measured
        .results
        .iter()
        .find(|entered| entered.entrant.is_ours())
}

/// An entrant's figure by ours of the same round, over all rounds that both had.
fn ratio(entered: &Entered, ours: Option<&Entered>, figure: impl Fn(&Run) -> f64) -> String {
    let Some(ours) = ours.filter(|ours| ours.entrant != entered.entrant) else {
        return "1".to_owned();
    };
    let pairs = entered.runs.iter().filter_map(|(round, run)| {
        let beside = ours.runs.get(round)?;
        Some((figure(run), figure(beside)))
    });
    let pairs: Vec<(f64, f64)> = pairs.collect();
    Ratio::of_pairs(&pairs).map_or(String::new(), |ratio| {
        format!("{:.2} ({:.2}–{:.2})", ratio.mean, ratio.low, ratio.high)
    })
}

/// The least median first, those without one last.
pub(super) fn by_median(measured: &Measured, figure: impl Fn(&Run) -> f64) -> Vec<&Entered> {
    let mut sorted: Vec<&Entered> = measured.results.iter().collect();
    let median = |entered: &Entered| {
        let spread = Spread::of(entered.runs.values().map(&figure));
        spread.map_or(f64::INFINITY, |spread| spread.median)
    };
    sorted.sort_by(|one, other| median(one).total_cmp(&median(other)));
    sorted
}

fn shown(spread: Spread) -> String {
    format!(
        "{:.3} ({:.3}–{:.3})",
        spread.median, spread.least, spread.most
    )
}

fn median(spread: Spread, digits: usize) -> String {
    format!("{:.digits$}", spread.median)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::super::brokers::Kind;
    use super::super::cells::BASELINE;
    use super::super::entrants::taking_part;
    use super::*;

    fn run(cpu_s: f64) -> Run {
        Run {
            version: "1.2".to_owned(),
            records: 1e6,
            bytes: 1e8,
            elapsed_s: 0.5,
            cpu_s,
            settings: BTreeMap::from([("acks".to_owned(), "all".to_owned())]),
            ..Run::default()
        }
    }

    fn measured(cpu_s: &[(Program, &[f64])]) -> Measured {
        let entrants = taking_part(Role::Produce, true, &Program::ALL);
        let results = cpu_s.iter().map(|(program, figures)| Entered {
            entrant: *entrants.iter().find(|one| one.program == *program).unwrap(),
            runs: figures
                .iter()
                .map(|cpu_s| run(*cpu_s))
                .enumerate()
                .collect(),
            failure: figures.is_empty().then(|| "no | such\nthing".to_owned()),
            allocations_per_record: None,
            syscalls_per_mb: Err("strace is not installed".to_owned()),
        });
        Measured {
            cell: BASELINE,
            role: Role::Produce,
            kind: Kind::Real,
            records: 1_000_000,
            results: results.collect(),
        }
    }

    #[test]
    fn rows_are_sorted_and_a_losing_or_failing_one_is_not_left_out() {
        let measured = measured(&[
            (Program::Ours, &[0.2, 0.2]),
            (Program::Java, &[0.4, 0.8]),
            (Program::Kacrab, &[]),
            (Program::Floor, &[0.1, 0.1]),
        ]);
        let text = rates(&measured);
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(rows.len(), 4);
        assert!(
            rows[0].starts_with("| floor | 2 | 0.100 (0.100–0.100) | 0.50 (0.50–0.50) | 2000 |")
        );
        assert!(rows[1].starts_with("| **ours** | 2 | 0.200 (0.200–0.200) | 1 |"));
        assert!(
            rows[2].contains("0.600 (0.400–0.800) | 2.83 (2.00–4.00)"),
            "{}",
            rows[2]
        );
        assert!(rows[2].contains("JVM, not counted") && rows[2].contains("strace is not"));
        assert!(rows[3].starts_with("| kacrab | not measured: no / such thing |"));
        let columns = |row: &str| row.matches('|').count();
        let expected = columns(text.lines().next().unwrap());
        assert!(rows.iter().all(|row| columns(row) == expected), "{text}");
    }

    #[test]
    fn a_section_has_the_parity_sheet_of_all() {
        let measured = measured(&[(Program::Ours, &[0.2]), (Program::Java, &[0.4])]);
        let text = cell(&BASELINE, &[measured], &["a.svg"], "- cores: 2\n");
        assert!(text.contains("![a](a.svg)"), "{text}");
        assert!(
            text.contains("| produce | java | 1.2 | acks all |"),
            "{text}"
        );
        let tls = Cell::find("tls").unwrap();
        assert!(cell(&tls, &[], &[], "").contains("Not measured: the peer programs"));
    }

    #[test]
    fn nkafkas_rows_stand_beside() {
        let text = cell(&NKAFKA, &[], &[], "");
        for rate in ["170", "220", "320"] {
            assert!(text.contains(rate));
        }
    }
}
