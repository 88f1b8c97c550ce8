//! Time comes from one file in each crate (invariant 7).

use super::{Finding, Rule, Source, Workspace, tokens};

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
    "harness/src/clock.rs",
    "suite/src/clock.rs",
    "xtask/src/clock.rs",
    "bench/peers/src/clock.rs",
    "bench/peers/contract/src/clock.rs",
];

const ASKING: &[&str] = &["Instant :: now", "SystemTime :: now", ". elapsed ("];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Tests too: one that waits for real time is slow or flaky.
    for source in &workspace.sources {
        if may_ask(&source.path) || is_virtual(source) {
            continue;
        }
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

/// Examples are a user's code, and a user measures real time.
fn may_ask(path: &str) -> bool {
    CLOCK_FILES.contains(&path) || path.split('/').any(|part| part == "examples")
}

/// The simulation and tests run under a paused clock, so tokio's time is
/// virtual there; the standard library's never is.
fn is_virtual(source: &Source) -> bool {
    let code = &source.all_tokens;
    let std_imports = tokens::positions(code, "std :: time").into_iter();
    let names_instant = std_imports
        .filter_map(|index| code.get(index..))
        .flat_map(|rest| rest.iter().take_while(|token| token.text != ";"))
        .any(|token| token.text == "Instant");
    (source.in_package("kafka-sim") || source.library.items.is_empty())
        && !names_instant
        && tokens::find(code, "SystemTime").is_empty()
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
        for path in ["examples/a.rs", "kafka-x/examples/a.rs"] {
            assert!(findings(&RULE, &[(path, "fn f() { Instant::now(); }")]).is_empty());
        }
        assert!(
            findings(
                &RULE,
                &[("kafka-net/src/clock.rs", "fn now() { Instant::now(); }")]
            )
            .is_empty()
        );
    }

    #[test]
    fn the_simulation_and_tests_have_virtual_time() {
        let check = |text: &str, expected: usize| {
            let files = [
                ("kafka-sim/Cargo.toml", "[package]\nname = \"kafka-sim\"\n"),
                ("kafka-sim/src/a.rs", text),
            ];
            assert_eq!(findings(&RULE, &files).len(), expected, "{text}");
        };
        check(
            "use std::time::Duration;\nuse tokio::time::Instant;\nfn f() { Instant::now(); }",
            0,
        );
        check(
            "use std::time::{Duration, Instant};\nfn f() { Instant::now(); }",
            1,
        );
        check(
            "use tokio::time::Instant;\nfn f() { std::time::SystemTime::now(); }",
            1,
        );
        let test = "use tokio::time::Instant;\nfn f() { Instant::now(); }";
        assert!(findings(&RULE, &[("kafka-x/tests/a.rs", test)]).is_empty());
        assert_eq!(findings(&RULE, &[("kafka-x/src/a.rs", test)]).len(), 1);
    }
}
