//! What is tolerated: `rule | path | count | reason`, a list that only shrinks.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::Tree;

/// Where the list is.
pub(super) const PATH: &str = "xtask/tidy_exceptions.txt";

/// The list, and what earlier revisions of it added up to.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    entries: Vec<Entry>,
    malformed: Vec<Finding>,
    earlier_totals: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    rule: String,
    path: String,
    count: usize,
    line: usize,
}

impl Exceptions {
    pub(super) fn of(tree: &Tree) -> Self {
        let (entries, malformed) = parse(tree.get(PATH).unwrap_or_default());
        let earlier_totals = tree
            .history
            .iter()
            .map(|text| total(&parse(text).0))
            .collect();
        Self {
            entries,
            malformed,
            earlier_totals,
        }
    }

    /// Leaves the findings that no entry covers. An entry covers exactly its
    /// count: with more, all show; with fewer, the entry has to shrink.
    pub(super) fn apply(&self, rule: &str, findings: Vec<Finding>) -> Vec<Finding> {
        let mut left = findings;
        for entry in self.entries.iter().filter(|entry| entry.rule == rule) {
            let weight: usize = left
                .iter()
                .filter(|finding| finding.path == entry.path)
                .map(|finding| finding.weight)
                .sum();
            if weight > entry.count {
                let message = format!(
                    "the exception for this file covers {}, it now has {weight}",
                    entry.count
                );
                left.push(Finding::new(PATH, entry.line, message));
                continue;
            }
            left.retain(|finding| finding.path != entry.path);
            if weight < entry.count {
                let message = format!(
                    "{} has {weight}, not {}: shrink this exception",
                    entry.path, entry.count
                );
                left.push(Finding::new(PATH, entry.line, message));
            }
        }
        left
    }

    /// What is wrong with the list itself.
    pub(super) fn own_findings(&self, rules: &BTreeSet<&str>) -> Vec<Finding> {
        let mut findings = self.malformed.clone();
        for entry in self
            .entries
            .iter()
            .filter(|entry| !rules.contains(entry.rule.as_str()))
        {
            findings.push(Finding::new(
                PATH,
                entry.line,
                format!("there is no rule {:?}", entry.rule),
            ));
        }
        let now = total(&self.entries);
        if let Some(before) = self.earlier_totals.iter().find(|before| now > **before) {
            findings.push(Finding::new(
                PATH,
                0,
                format!("the list grew from {before} to {now}; it may only shrink"),
            ));
        }
        findings
    }
}

fn total(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.count).sum()
}

fn parse(text: &str) -> (Vec<Entry>, Vec<Finding>) {
    let mut entries = Vec::new();
    let mut malformed = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        match parts.as_slice() {
            [rule, path, count, reason] if !reason.is_empty() => match count.parse() {
                Ok(count) if count > 0 => {
                    entries.push(Entry {
                        rule: (*rule).to_owned(),
                        path: (*path).to_owned(),
                        count,
                        line: index + 1,
                    });
                }
                _ => malformed.push(Finding::new(
                    PATH,
                    index + 1,
                    format!("{count:?} is no count"),
                )),
            },
            _ => malformed.push(Finding::new(
                PATH,
                index + 1,
                "not `rule | path | count | reason`",
            )),
        }
    }
    (entries, malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Exceptions {
        Exceptions::of(&Tree::of(&[(PATH, text)]))
    }

    fn found(path: &str, count: usize) -> Vec<Finding> {
        (1..=count)
            .map(|line| Finding::new(path, line, "found"))
            .collect()
    }

    #[test]
    fn an_entry_covers_exactly_its_count() {
        let exceptions = list("# why\n\nclock | a.rs | 2 | a reason\n");
        assert!(exceptions.apply("clock", found("a.rs", 2)).is_empty());
        assert_eq!(
            exceptions.apply("clock", found("a.rs", 3)).len(),
            4,
            "all of them, and the entry"
        );
        assert!(
            exceptions.apply("clock", found("a.rs", 1))[0]
                .message
                .contains("shrink")
        );
        assert!(
            exceptions.apply("clock", Vec::new())[0]
                .message
                .contains("shrink"),
            "stale"
        );
        assert_eq!(
            exceptions.apply("clock", found("b.rs", 1)).len(),
            2,
            "another file is not covered"
        );
        assert_eq!(
            exceptions.apply("other", found("a.rs", 2)).len(),
            2,
            "nor another rule"
        );
    }

    #[test]
    fn the_list_may_not_grow() {
        let rules = BTreeSet::from(["clock"]);
        let check = |before: &str, now: &str, expected: usize| {
            let mut tree = Tree::of(&[(PATH, now)]);
            tree.history = vec![before.to_owned()];
            assert_eq!(
                Exceptions::of(&tree).own_findings(&rules).len(),
                expected,
                "{before} → {now}"
            );
        };
        check("clock | a.rs | 2 | r", "clock | a.rs | 1 | r", 0);
        check("clock | a.rs | 2 | r", "clock | a.rs | 2 | r", 0);
        check(
            "clock | a.rs | 2 | r",
            "clock | a.rs | 2 | r\nclock | b.rs | 1 | r",
            1,
        );
    }

    #[test]
    fn an_entry_needs_a_rule_a_count_and_a_reason() {
        let rules = BTreeSet::from(["clock"]);
        for wrong in [
            "clock | a.rs | 1",
            "clock | a.rs | 1 | ",
            "clock | a.rs | 0 | r",
            "clok | a.rs | 1 | r",
            "nonsense",
        ] {
            assert_eq!(list(wrong).own_findings(&rules).len(), 1, "{wrong}");
        }
    }
}
