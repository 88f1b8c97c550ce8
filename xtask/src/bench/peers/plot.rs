//! Bars with their spread, as SVG: no library, readable on light and on dark.

use std::fmt::Write;

use super::brokers::Kind;
use super::cells::Role;
use super::measure::Measured;
use super::page::by_median;
use super::run::Run;
use super::statistics::Spread;

const WIDTH: f64 = 760.0;
/// Of the names on the left, and of the figures on the right.
const NAMES: f64 = 190.0;
const FIGURES: f64 = 150.0;
const ROW: f64 = 24.0;
const BAR: f64 = 14.0;
const TOP: f64 = 44.0;

/// A row: its name, its spread, and whether it is ours.
struct Row<'a> {
    name: &'a str,
    spread: Spread,
    ours: bool,
}

/// A picture for each role that a cell measured against a real broker, with the name of
/// its file.
pub(super) fn of(measured: &[Measured]) -> Vec<(String, String)> {
    let real = measured.iter().filter(|one| one.kind == Kind::Real);
    real.map(|one| {
        let (figure, unit): (fn(&Run) -> f64, _) = match one.role {
            Role::Latency => (|run| run.latency.map_or(f64::NAN, |it| it.p99), "p99, ms"),
            Role::Produce | Role::Consume => {
                (Run::cpu_per_million, "client CPU-s per million records")
            }
        };
        let rows = by_median(one, figure).into_iter().filter_map(|entered| {
            Some(Row {
                name: entered.entrant.name,
                spread: Spread::of(entered.runs.values().map(figure))?,
                ours: entered.entrant.is_ours(),
            })
        });
        let rows: Vec<Row<'_>> = rows.filter(|row| row.spread.most.is_finite()).collect();
        let title = format!(
            "{}, {}: {unit}; less is better",
            one.cell.name,
            one.role.name()
        );
        (
            format!("peers-{}-{}.svg", one.cell.name, one.role.name()),
            bars(&title, &rows),
        )
    })
    .collect()
}

fn bars(title: &str, rows: &[Row<'_>]) -> String {
    let height = TOP + ROW * rows.len() as f64 + 12.0;
    let most = rows.iter().map(|row| row.spread.most).fold(0.0, f64::max);
    // Nothing at all still has a length.
    let scale = (WIDTH - NAMES - FIGURES) / most.max(1e-9);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{label}\">\n\
         <style>\n\
         text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }}\n\
         .title {{ font-weight: 600 }}\n\
         .ours {{ fill: #0969da }} .peer {{ fill: #8c959f }}\n\
         .spread {{ stroke: #1f2328; stroke-width: 1.5 }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #e6edf3 }} .ours {{ fill: #4493f8 }} .peer {{ fill: #6e7681 }}\n\
         .spread {{ stroke: #e6edf3 }}\n\
         }}\n\
         </style>\n\
         <text class=\"title\" x=\"8\" y=\"22\">{label}</text>\n",
        label = escaped(title),
    );
    for (index, row) in rows.iter().enumerate() {
        let top = TOP + ROW * index as f64;
        let (middle, baseline) = (top + BAR / 2.0, top + BAR - 2.0);
        let at = |figure: f64| NAMES + figure * scale;
        let class = if row.ours { "ours" } else { "peer" };
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"{class}\" x=\"{NAMES}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
             <line class=\"spread\" x1=\"{:.1}\" y1=\"{middle:.1}\" x2=\"{:.1}\" y2=\"{middle:.1}\"/>\n\
             <text x=\"{:.1}\" y=\"{baseline:.1}\">{:.3} ({:.3}–{:.3})</text>",
            NAMES - 8.0,
            escaped(row.name),
            (row.spread.median * scale).max(1.0),
            at(row.spread.least),
            at(row.spread.most),
            at(row.spread.most) + 8.0,
            row.spread.median,
            row.spread.least,
            row.spread.most,
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, least: f64, median: f64, most: f64, ours: bool) -> Row<'_> {
        Row {
            name,
            spread: Spread {
                least,
                median,
                most,
            },
            ours,
        }
    }

    fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
        let (_, rest) = element.split_once(&format!(" {name}=\""))?;
        Some(rest.split_once('"')?.0)
    }

    #[test]
    fn bars_are_as_long_as_their_medians_and_nothing_leaves_the_picture() {
        let rows = [
            row("ours", 0.9, 1.0, 1.5, true),
            row("a & b", 3.0, 4.0, 5.0, false),
        ];
        let svg = bars("who \"wins\"", &rows);
        let widths: Vec<f64> = svg
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .map(|line| attribute(line, "width").unwrap().parse().unwrap())
            .collect();
        assert_eq!(widths.len(), 2);
        assert!((widths[1] / widths[0] - 4.0).abs() < 0.05, "{widths:?}");
        for line in svg.lines().filter(|line| line.starts_with("<line")) {
            let (from, to) = (
                attribute(line, "x1").unwrap(),
                attribute(line, "x2").unwrap(),
            );
            let (from, to): (f64, f64) = (from.parse().unwrap(), to.parse().unwrap());
            assert!(NAMES <= from && from <= to && to <= WIDTH - FIGURES + 0.1);
        }
        assert!(svg.contains("a &amp; b") && svg.contains("who &quot;wins&quot;"));
        assert_eq!(svg.matches("class=\"ours\"").count(), 1);
    }

    #[test]
    fn it_is_well_formed_and_has_colours_for_the_dark() {
        let svg = bars("t", &[row("x", 0.0, 0.0, 0.0, false)]);
        assert!(svg.contains("prefers-color-scheme: dark"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let opened = svg.matches("<text").count();
        assert_eq!(opened, svg.matches("</text>").count());
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
