//! What was compared and what failed, for people and for the exit status.

use std::collections::BTreeMap;
use std::fmt;

/// Which messages belong together in the closing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Header,
    Request,
    Response,
    Data,
    InternalTopic,
}

/// The counts of one side.
#[derive(Clone, Debug, Default)]
struct Row {
    messages: u64,
    versions: u64,
    passed: u64,
    failed: u64,
}

/// The counts of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    rows: BTreeMap<Side, Row>,
}

impl Tally {
    /// One more message, with this many versions compared.
    pub(super) fn message(&mut self, side: Side, versions: usize) {
        let row = self.rows.entry(side).or_default();
        row.messages += 1;
        row.versions += versions as u64;
    }

    /// One more comparison.
    pub(super) fn compared(&mut self, side: Side, agreed: bool) {
        let row = self.rows.entry(side).or_default();
        if agreed {
            row.passed += 1;
        } else {
            row.failed += 1;
        }
    }

    pub(crate) fn passed(&self) -> u64 {
        self.rows.values().map(|row| row.passed).sum()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.rows.values().map(|row| row.failed).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16} {:>8} {:>8} {:>8} {:>8}",
            "side", "messages", "versions", "passed", "failed"
        )?;
        for (side, row) in &self.rows {
            let name = match side {
                Side::Header => "headers",
                Side::Request => "requests",
                Side::Response => "responses",
                Side::Data => "data",
                Side::InternalTopic => "internal topics",
            };
            let Row {
                messages,
                versions,
                passed,
                failed,
            } = row;
            writeln!(
                f,
                "{name:<16} {messages:>8} {versions:>8} {passed:>8} {failed:>8}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up() {
        let mut tally = Tally::default();
        tally.message(Side::Request, 3);
        tally.message(Side::Request, 2);
        tally.compared(Side::Request, true);
        tally.compared(Side::Request, false);
        tally.compared(Side::Data, true);
        assert_eq!((tally.passed(), tally.failed()), (2, 1));
        let text = tally.to_string();
        assert!(
            text.contains("requests                2        5        1        1"),
            "{text}"
        );
    }
}
