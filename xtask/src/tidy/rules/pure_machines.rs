//! Decisions are made in plain state machines (invariant 2).

use super::{Finding, Rule, Workspace, banned};

pub(super) const RULE: Rule = Rule {
    name: "pure-state-machines",
    holds: "a file that is a pure state machine knows no runtime, socket, task, lock or clock",
    check,
    planted: &[(
        "kafka-x/src/machine.rs",
        "//! Pure state machine of a connection.\n\nuse tokio::time::sleep;\n",
    )],
};

/// What a pure file says of itself in its documentation.
const MARKER: &str = "pure state machine";

const IMPURE: &[&str] = &[
    "tokio",
    "futures_util",
    "async",
    "await",
    "spawn",
    "std :: net",
    "std :: thread",
    "std :: fs",
    "std :: io",
    "Instant :: now",
    "SystemTime",
    "clock :: now",
    "WallClock",
    "JoinHandle",
    "Mutex",
    "RwLock",
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace
        .library_sources()
        .filter(|source| is_pure(&source.text))
        .flat_map(|source| {
            banned(
                source,
                IMPURE,
                "in a pure state machine: it belongs in the driver",
            )
        })
        .collect()
}

fn is_pure(text: &str) -> bool {
    let docs = text.lines().take_while(|line| line.starts_with("//!"));
    let docs: Vec<&str> = docs
        .map(|line| line.trim_start_matches("//!").trim())
        .collect();
    docs.join(" ").to_lowercase().contains(MARKER)
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn a_marked_file_is_held_to_it_and_its_tests_are_free() {
        let pure = "//! The accumulator: a pure state\n//! machine.\n";
        assert_eq!(
            lines(&RULE, &format!("{pure}use tokio::sync::Notify;")),
            [3]
        );
        assert_eq!(lines(&RULE, &format!("{pure}async fn f() {{}}")), [3]);
        assert!(lines(&RULE, &format!("{pure}fn f(now: std::time::Instant) {{}}")).is_empty());
        assert!(
            lines(
                &RULE,
                &format!("{pure}#[cfg(test)] mod tests {{ use tokio::time; }}")
            )
            .is_empty()
        );
        assert!(lines(&RULE, "//! A driver.\nuse tokio::time::sleep;").is_empty());
    }
}
