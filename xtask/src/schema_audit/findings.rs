//! What the audit found, gathered so that each difference is one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How a message falls short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortfall {
    /// Kafka says something else.
    Mismatch,
    /// Kafka has the message and we don't.
    Missing,
    /// Kafka has a newer stable version.
    Behind,
}

/// Where it is, and who says what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) message: String,
    /// The fields from the message down; empty for the message itself.
    pub(super) path: String,
    pub(super) shortfall: Shortfall,
    pub(super) ours: String,
    pub(super) theirs: String,
    /// Which jar says so.
    pub(super) jar: String,
}

/// All of them, each with the versions that show it.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<Finding, BTreeSet<i16>>);

impl Findings {
    /// Adds what `version` shows, or what concerns no version in particular.
    pub(super) fn add(&mut self, finding: Finding, version: Option<i16>) {
        self.0.entry(finding).or_default().extend(version);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (finding, versions) in other.0 {
            self.0.entry(finding).or_default().extend(versions);
        }
    }

    pub(super) fn count(&self, shortfall: Shortfall) -> u64 {
        let found = self.0.keys().filter(|one| one.shortfall == shortfall);
        found.map(|_| 1).sum()
    }

    pub(super) fn total(&self) -> u64 {
        self.0.keys().map(|_| 1).sum()
    }
}

impl fmt::Display for Findings {
    /// One line each, by message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (finding, versions) in &self.0 {
            let Finding {
                message,
                path,
                shortfall,
                ours,
                theirs,
                jar,
            } = finding;
            write!(f, "{shortfall} {message}")?;
            if !versions.is_empty() {
                write!(f, " v{}", shown(versions))?;
            }
            if !path.is_empty() {
                write!(f, " {path}")?;
            }
            writeln!(f, ": ours {ours}, {jar} {theirs}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mismatch => "mismatch",
            Self::Missing => "missing",
            Self::Behind => "behind",
        })
    }
}

/// `0-3,5`.
fn shown(versions: &BTreeSet<i16>) -> String {
    let mut ranges: Vec<(i16, i16)> = Vec::new();
    for version in versions {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *version => *last = *version,
            _ => ranges.push((*version, *version)),
        }
    }
    let texts: Vec<_> = ranges
        .into_iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        })
        .collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_all_versions_that_show_it() {
        let mut findings = Findings::default();
        for version in [0, 1, 2, 5] {
            let finding = Finding {
                message: "FetchRequest".to_owned(),
                path: "topics.topic".to_owned(),
                shortfall: Shortfall::Mismatch,
                ours: "int32".to_owned(),
                theirs: "string".to_owned(),
                jar: "4.4.0".to_owned(),
            };
            findings.add(finding, Some(version));
        }
        assert_eq!(
            findings.to_string(),
            "mismatch FetchRequest v0-2,5 topics.topic: ours int32, 4.4.0 string\n"
        );
        assert_eq!(findings.count(Shortfall::Mismatch), 1);
    }
}
