//! The closing table: what ran, how it ended, how long it took.

use std::fmt;
use std::time::Duration;

use crate::failures::{Failure, summary};

/// How a suite ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran: tests (or checks) that passed and that failed.
    Ran {
        passed: u64,
        failed: u64,
        /// Those that failed, as far as they are known by name.
        failures: Vec<Failure>,
        /// What is to be known though it passed, a line each.
        notes: Vec<String>,
    },
    /// It could not run here, and why; a failure in CI.
    Skipped { reason: String, is_failure: bool },
}

impl Outcome {
    /// A suite that is one check.
    pub(crate) fn single(passed: bool) -> Self {
        Self::ran(u64::from(passed), u64::from(!passed))
    }

    /// So many passed and failed.
    pub(crate) fn ran(passed: u64, failed: u64) -> Self {
        Self::Ran {
            passed,
            failed,
            failures: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// One failure: the suite could not do its work. It is told at once, too.
    pub(crate) fn broken(why: &dyn fmt::Display) -> Self {
        let why = why.to_string();
        eprintln!("{why}");
        Self::single(false).because([Failure::new("could not run", &why)])
    }

    /// With the names of those that failed.
    pub(crate) fn because(mut self, more: impl IntoIterator<Item = Failure>) -> Self {
        if let Self::Ran { failures, .. } = &mut self {
            failures.extend(more);
        }
        self
    }

    /// With what is to be known though it passed.
    pub(crate) fn noting(mut self, more: impl IntoIterator<Item = String>) -> Self {
        if let Self::Ran { notes, .. } = &mut self {
            notes.extend(more);
        }
        self
    }

    /// Both, as one suite; what was skipped adds nothing.
    pub(crate) fn and(self, other: Self) -> Self {
        let both = Self::ran(
            self.passed() + other.passed(),
            self.failed() + other.failed(),
        );
        [self, other].into_iter().fold(both, |both, one| match one {
            Self::Ran {
                failures, notes, ..
            } => both.because(failures).noting(notes),
            Self::Skipped { .. } => both,
        })
    }

    pub(crate) fn passed(&self) -> u64 {
        match self {
            Self::Ran { passed, .. } => *passed,
            Self::Skipped { .. } => 0,
        }
    }

    pub(crate) fn failed(&self) -> u64 {
        match self {
            Self::Ran { failed, .. } => *failed,
            Self::Skipped { is_failure, .. } => u64::from(*is_failure),
        }
    }
}

/// All suites of one run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    pub(crate) fn add(&mut self, suite: &'static str, outcome: Outcome, took: Duration) {
        self.rows.push((suite, outcome, took));
    }

    pub(crate) fn is_success(&self) -> bool {
        self.failed() == 0
    }

    /// What failed, suite by suite.
    fn failures(&self) -> Vec<(&'static str, Failure)> {
        let mut all = Vec::new();
        for (suite, outcome, _) in &self.rows {
            match outcome {
                Outcome::Ran { failed: 0, .. } => {}
                Outcome::Ran {
                    failed, failures, ..
                } if failures.is_empty() => {
                    let name = format!("{failed} failed, told by the suite above");
                    all.push((*suite, Failure::new(name, "")));
                }
                Outcome::Ran { failures, .. } => {
                    all.extend(failures.iter().map(|failure| (*suite, failure.clone())));
                }
                Outcome::Skipped { reason, is_failure } => {
                    if *is_failure {
                        all.push((*suite, Failure::new("skipped with CI=true", reason)));
                    }
                }
            }
        }
        all
    }

    fn failed(&self) -> u64 {
        self.rows
            .iter()
            .map(|(_, outcome, _)| outcome.failed())
            .sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = summary(&self.failures());
        if !failures.is_empty() {
            writeln!(f, "what failed:\n{}\n", failures.join("\n"))?;
        }
        writeln!(f, "{:<12} {:<32} minutes", "suite", "result")?;
        for (suite, outcome, took) in &self.rows {
            let result = match outcome {
                Outcome::Ran {
                    passed, failed: 0, ..
                } => format!("ok, {passed} passed"),
                Outcome::Ran { passed, failed, .. } => {
                    format!("FAILED, {passed} passed, {failed} failed")
                }
                Outcome::Skipped {
                    is_failure: true, ..
                } => "FAILED, skipped with CI=true".to_owned(),
                Outcome::Skipped { .. } => "SKIPPED".to_owned(),
            };
            writeln!(
                f,
                "{suite:<12} {result:<32} {:.1}",
                took.as_secs_f64() / 60.0
            )?;
        }
        let total: Duration = self.rows.iter().map(|(_, _, took)| *took).sum();
        writeln!(f, "{:<12} {:<32} {:.1}", "", "", total.as_secs_f64() / 60.0)?;
        for (suite, outcome, _) in &self.rows {
            match outcome {
                Outcome::Skipped { reason, .. } => writeln!(f, "SKIPPED {suite}: {reason}")?,
                Outcome::Ran { notes, .. } => {
                    for note in notes {
                        writeln!(f, "NOTE {suite}: {note}")?;
                    }
                }
            }
        }
        let passed: u64 = self
            .rows
            .iter()
            .map(|(_, outcome, _)| outcome.passed())
            .sum();
        // The line that others read: plain, last.
        writeln!(f, "{passed} passed, {} failed", self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_one_plain_line() {
        let mut report = Report::default();
        report.add("unit", Outcome::ran(40, 2), Duration::from_secs(90));
        report.add("fmt", Outcome::single(true), Duration::from_secs(3));
        let text = report.to_string();
        assert_eq!(text.lines().last(), Some("41 passed, 2 failed"));
        assert!(
            text.contains("unit         FAILED, 40 passed, 2 failed      1.5"),
            "{text}"
        );
        assert!(!report.is_success());
    }

    #[test]
    fn what_failed_is_named_right_before_the_table() {
        let mut report = Report::default();
        let failed = |name: &str| Outcome::ran(1, 1).because([Failure::new(name, "why\nnot")]);
        let both = failed("one").and(failed("two"));
        let both = both.noting(["three was slow".to_owned()]);
        report.add("unit", both, Duration::ZERO);
        report.add("sim", Outcome::ran(0, 3), Duration::ZERO);
        report.add("fmt", Outcome::single(true), Duration::ZERO);
        let text = report.to_string();
        let expected = "what failed:\nunit: one\n    why\n    not\nunit: two\n    why\n    not\n\
            sim: 3 failed, told by the suite above\n\nsuite ";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("\nNOTE unit: three was slow\n"), "{text}");
        assert!(text.ends_with("3 passed, 5 failed\n"), "{text}");
    }

    #[test]
    fn a_skip_is_loud_and_fails_only_where_asked() {
        let check = |is_failure: bool, last: &str| {
            let mut report = Report::default();
            report.add(
                "real",
                Outcome::Skipped {
                    reason: "no Java".to_owned(),
                    is_failure,
                },
                Duration::ZERO,
            );
            let text = report.to_string();
            assert!(text.contains("SKIPPED real: no Java"), "{text}");
            assert_eq!(text.lines().last(), Some(last));
            assert_eq!(report.is_success(), !is_failure);
        };
        check(false, "0 passed, 0 failed");
        check(true, "0 passed, 1 failed");
    }
}
