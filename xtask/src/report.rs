//! The closing table: what ran, how it ended, how long it took.

use std::fmt;
use std::time::Duration;

/// How a suite ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran: tests (or checks) that passed and that failed.
    Ran { passed: u64, failed: u64 },
    /// It could not run here, and why; a failure in CI.
    Skipped { reason: String, is_failure: bool },
}

impl Outcome {
    /// A suite that is one check.
    pub(crate) fn single(passed: bool) -> Self {
        Self::Ran {
            passed: u64::from(passed),
            failed: u64::from(!passed),
        }
    }

    /// Both, as one suite; what was skipped adds nothing.
    pub(crate) fn and(self, other: Self) -> Self {
        Self::Ran {
            passed: self.passed() + other.passed(),
            failed: self.failed() + other.failed(),
        }
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

    fn failed(&self) -> u64 {
        self.rows
            .iter()
            .map(|(_, outcome, _)| outcome.failed())
            .sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:<32} minutes", "suite", "result")?;
        for (suite, outcome, took) in &self.rows {
            let result = match outcome {
                Outcome::Ran { passed, failed: 0 } => format!("ok, {passed} passed"),
                Outcome::Ran { passed, failed } => {
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
            if let Outcome::Skipped { reason, .. } = outcome {
                writeln!(f, "SKIPPED {suite}: {reason}")?;
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
        report.add(
            "unit",
            Outcome::Ran {
                passed: 40,
                failed: 2,
            },
            Duration::from_secs(90),
        );
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
