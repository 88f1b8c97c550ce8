//! The picture at the end: checks by releases.

use std::fmt;

use super::Mark;

/// What came of each check at each release.
#[derive(Clone, Debug, Default)]
pub struct Table {
    releases: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
}

#[derive(Clone, Copy, Debug)]
struct Cell(Option<Mark>);

impl Table {
    /// A column for a release; what follows is entered there.
    pub fn begin(&mut self, release: &str) {
        self.releases.push(release.to_owned());
    }

    /// What came of a check; `None` for something that was not to come.
    pub fn enter(&mut self, check: &str, mark: Option<Mark>) {
        let column = self.releases.len().saturating_sub(1);
        let place = self.rows.iter().position(|(name, _)| name == check);
        let place = place.unwrap_or_else(|| {
            self.rows.push((check.to_owned(), Vec::new()));
            self.rows.len() - 1
        });
        if let Some((_, cells)) = self.rows.get_mut(place) {
            // A release whose broker did not even start has no marks.
            cells.resize(column, Cell(None));
            cells.push(Cell(mark));
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|(name, _)| name.chars().count()).max();
        let width = width.unwrap_or(0);
        write!(f, "{:width$}", "")?;
        for release in &self.releases {
            write!(f, "  {release:<8}")?;
        }
        writeln!(f)?;
        for (name, cells) in &self.rows {
            write!(f, "{name:width$}")?;
            for cell in cells {
                write!(f, "  {cell:<8}")?;
            }
            writeln!(f)?;
        }
        write!(
            f,
            "✓ works   refused: with an error that names the release needed   – the brokers \
             have no such thing   ✗ failed"
        )
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            Some(Mark::Works) => "✓",
            Some(Mark::Refused) => "refused",
            Some(Mark::Lacks) => "–",
            None => "✗",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::default();
        for (release, mark) in [
            ("0.8.2.2", Some(Mark::Refused)),
            ("4.3.1", Some(Mark::Works)),
            ("9", None),
        ] {
            table.begin(release);
            table.enter("zstd", mark);
        }
        let text = table.to_string();
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], "      0.8.2.2   4.3.1     9");
        assert_eq!(lines[1], "zstd  refused   ✓         ✗");
    }
}
