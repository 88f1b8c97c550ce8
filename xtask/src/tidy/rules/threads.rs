//! Library code spawns no threads (invariant 7).

use super::{Finding, Rule, Workspace, banned_in_libraries};

pub(super) const RULE: Rule = Rule {
    name: "no-threads",
    holds: "library crates spawn no threads: a simulation could not order them",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "fn f() { std::thread::spawn(|| {}); }\n",
    )],
};

const THREADS: &[&str] = &[
    "thread :: spawn",
    "thread :: scope",
    "thread :: Builder",
    "thread :: sleep",
    "spawn_blocking",
    "block_in_place",
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    banned_in_libraries(
        workspace,
        THREADS,
        "takes a thread that no simulation can order",
        &[
            // The program runs whole simulations side by side, each on one thread.
            "kafka-sim/src/bin/sim/main.rs",
            // Disks may block; a simulation has certificates in memory.
            "kafka-net/src/tls/files.rs",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn threads_are_found_and_tasks_are_not() {
        assert_eq!(
            lines(&RULE, "fn f() { tokio::task::spawn_blocking(|| {}); }"),
            [1]
        );
        assert!(lines(&RULE, "fn f(h: Handle) { h.spawn(async {}); }").is_empty());
        assert!(
            lines(
                &RULE,
                "#[cfg(test)] mod tests { fn f() { std::thread::spawn(|| {}); } }"
            )
            .is_empty()
        );
    }
}
