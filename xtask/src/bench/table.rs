//! What the benchmarks print, as tables.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::error::{Error, Result};

/// The table of cases from the lines that the two programs of `bench/peers` print.
pub(super) fn compared(times: &str, allocations: &str) -> Result<String> {
    let allocations = counts(allocations);
    let mut names = Vec::new();
    let mut cells: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for line in times.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, unit, side, figures @ ..] = &fields[..] else {
            continue;
        };
        let figures: Option<Vec<f64>> = figures.iter().map(|text| text.parse().ok()).collect();
        let figures = figures
            .filter(|figures| figures.len() == 3)
            .ok_or_else(|| Error::new(format!("not a line of times: {line:?}")))?;
        if !names.contains(&(*name, *unit)) {
            names.push((*name, *unit));
        }
        cells.insert((*name, *side), figures);
    }
    let mut table = String::from(
        "| case | unit | ours | bare loop | peer | ratio | allocations: ours | peer |\n\
         |---|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (name, unit) in names {
        let cell = |side| {
            cells
                .get(&(name, side))
                .map_or(String::new(), |cell| shown(cell))
        };
        let median = |side| cells.get(&(name, side)).and_then(|cell| cell.first());
        let ratio = median("peer")
            .zip(median("ours"))
            .map_or(String::new(), |(peer, ours)| format!("{:.2}", peer / ours));
        let count = |side| allocations.get(&(name, side)).copied().unwrap_or("");
        let _ = writeln!(
            table,
            "| {name} | {unit} | {} | {} | {} | {ratio} | {} | {} |",
            cell("ours"),
            cell("bare"),
            cell("peer"),
            count("ours"),
            count("peer"),
        );
    }
    Ok(table)
}

/// The table of criterion's figures from its output in cargo's own format.
pub(super) fn alone(output: &str) -> String {
    let mut table = String::from("| benchmark | ns | ± |\n|---|---:|---:|\n");
    for line in output.lines() {
        if let Some((name, median, spread)) = bench(line) {
            let _ = writeln!(table, "| {name} | {median} | {spread} |");
        }
    }
    table
}

/// The fields of `test NAME ... bench:  123 ns/iter (+/- 4)`.
fn bench(line: &str) -> Option<(&str, &str, &str)> {
    let (name, figures) = line.strip_prefix("test ")?.split_once(" ... bench:")?;
    let (median, spread) = figures.split_once("ns/iter (+/- ")?;
    Some((name, median.trim(), spread.trim().strip_suffix(')')?))
}

fn counts(lines: &str) -> BTreeMap<(&str, &str), &str> {
    lines
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once('\t')?;
            let (side, count) = rest.split_once('\t')?;
            Some(((name, side), count))
        })
        .collect()
}

/// Median and quartiles, with no more digits than they deserve.
fn shown(figures: &[f64]) -> String {
    let [median, lower, upper] = figures else {
        return String::new();
    };
    let digits = usize::from(*median < 1_000.0);
    format!("{median:.digits$} ({lower:.digits$}–{upper:.digits$})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_each_case() {
        let times = "a\trecord\tours\t10.00\t9.00\t11.00\n\
                     a\trecord\tpeer\t31.00\t30.00\t32.00\n\
                     b\tframe\tours\t2000.40\t1999.00\t2001.00\n";
        let table = compared(times, "a\tours\t0.0010\na\tpeer\t2.0000\n").unwrap();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| a | record | 10.0 (9.0–11.0) |  | 31.0 (30.0–32.0) | 3.10 | 0.0010 | 2.0000 |",
                "| b | frame | 2000 (1999–2001) |  |  |  |  |  |",
            ]
        );
        assert!(compared("a\trecord\tours\tfast\n", "").is_err());
    }

    #[test]
    fn criterions_lines_among_others() {
        let output = "Running benches/records.rs\n\
                      test encode/append 100 B ... bench:       12345 ns/iter (+/- 67)\n";
        let expected = "| encode/append 100 B | 12345 | 67 |";
        assert_eq!(alone(output).lines().last(), Some(expected));
    }
}
