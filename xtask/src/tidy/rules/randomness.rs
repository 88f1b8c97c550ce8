//! Randomness comes from one seedable source (invariant 7).

use super::{Finding, Rule, Workspace, banned_in_libraries};

pub(super) const RULE: Rule = Rule {
    name: "one-random-source",
    holds: "randomness comes from kafka_net::Random (or the seed of the test broker and the simulation)",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "fn f() -> u32 { fastrand::u32(..) }\n",
    )],
};

/// The source itself, and where a seed becomes a generator.
const SOURCES: &[&str] = &["kafka-net/src/random.rs"];

fn check(workspace: &Workspace) -> Vec<Finding> {
    // A generator made from a seed repeats; a global or system one does not.
    let global = [
        "fastrand :: u8",
        "fastrand :: u16",
        "fastrand :: u32",
        "fastrand :: u64",
        "fastrand :: i32",
        "fastrand :: i64",
        "fastrand :: usize",
        "fastrand :: bool",
        "fastrand :: f64",
        "fastrand :: shuffle",
        "fastrand :: choice",
        "Rng :: new",
        "thread_rng",
        "rand :: rng",
        "getrandom",
        "RandomState",
    ];
    banned_in_libraries(
        workspace,
        &global,
        "cannot be repeated from a seed",
        SOURCES,
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn a_seeded_generator_is_fine_a_global_one_is_not() {
        assert!(lines(&RULE, "fn f(seed: u64) { fastrand::Rng::with_seed(seed); }").is_empty());
        assert_eq!(lines(&RULE, "\nfn f() { fastrand::Rng::new(); }"), [2]);
        assert_eq!(lines(&RULE, "fn f() { rand::thread_rng(); }"), [1]);
    }
}
