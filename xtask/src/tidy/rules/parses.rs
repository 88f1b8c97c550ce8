//! A file that the rules can't read is a file without rules.

use super::{Finding, Rule, Workspace};

pub(super) const RULE: Rule = Rule {
    name: "parses",
    holds: "every Rust file can be parsed, so every rule sees it",
    check,
    planted: &[("kafka-x/src/lib.rs", "fn {")],
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace
        .unreadable
        .iter()
        .map(|(path, error)| Finding::new(path, 0, error.clone()))
        .collect()
}
