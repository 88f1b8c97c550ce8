//! Time comes from one file in each crate (invariant 7).

use super::{Finding, Rule, Workspace, tokens};

pub(super) const RULE: Rule = Rule {
    name: "one-clock",
    holds: "only a clock file asks for the time, so that a paused clock reaches everything",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "fn f() -> std::time::Instant { std::time::Instant::now() }\n",
    )],
};

const CLOCK_FILES: &[&str] = &[
    "kafka-net/src/clock.rs",
    "kafka-test-broker/src/clock.rs",
    "kafka-sim/src/clock.rs",
    "harness/src/clock.rs",
    "suite/src/clock.rs",
    "xtask/src/clock.rs",
];

const ASKING: &[&str] = &["Instant :: now", "SystemTime :: now", ". elapsed ("];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Tests too: one that waits for real time is slow or flaky. Not the
    // examples: they are a user's code, which measures real time.
    for source in workspace
        .sources
        .iter()
        .filter(|source| !may_ask(&source.path))
    {
        for pattern in ASKING {
            for line in tokens::find(&source.all_tokens, pattern) {
                let text = format!(
                    "`{}` outside of a clock file: take `now` as an argument",
                    pattern.replace(' ', "")
                );
                findings.push(Finding::new(&source.path, line, text));
            }
        }
    }
    findings
}

fn may_ask(path: &str) -> bool {
    CLOCK_FILES.contains(&path) || path.starts_with("examples/")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, lines};
    use super::*;

    #[test]
    fn every_way_to_ask_is_found_and_naming_the_type_is_free() {
        let text = "use std::time::{Instant, SystemTime};\n\
            fn a(now: Instant) -> Instant { now }\n\
            fn b() { Instant::now(); }\n\
            fn c() { SystemTime::now(); }\n\
            fn d(start: Instant) { start.elapsed(); }\n\
            fn e() { tokio::time::Instant::now(); }\n";
        let mut found = lines(&RULE, text);
        found.sort_unstable();
        assert_eq!(found, [3, 4, 5, 6]);
    }

    #[test]
    fn the_clock_files_and_the_examples_may_ask() {
        assert!(findings(&RULE, &[("examples/a.rs", "fn f() { Instant::now(); }")]).is_empty());
        assert!(
            findings(
                &RULE,
                &[("kafka-net/src/clock.rs", "fn now() { Instant::now(); }")]
            )
            .is_empty()
        );
    }
}
