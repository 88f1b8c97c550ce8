//! Every queue has a bound (invariant 4).

use super::{Finding, Rule, Workspace, banned_in_libraries};

pub(super) const RULE: Rule = Rule {
    name: "bounded-queues",
    holds: "queues of library crates have a named bound",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "fn f() { let (a, b) = tokio::sync::mpsc::unbounded_channel::<u8>(); }\n",
    )],
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    let unbounded = [
        "unbounded_channel",
        "mpsc :: unbounded",
        "async_channel :: unbounded",
        "mpsc :: channel ( )",
    ];
    banned_in_libraries(workspace, &unbounded, "has no bound", &[])
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn unbounded_channels_are_found() {
        assert_eq!(lines(&RULE, "fn f() { std::sync::mpsc::channel(); }"), [1]);
        assert!(lines(&RULE, "fn f() { tokio::sync::mpsc::channel(16); }").is_empty());
    }
}
