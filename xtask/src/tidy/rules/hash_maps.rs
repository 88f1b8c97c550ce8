//! Maps of the standard library iterate in a different order each run (invariant 7).

use super::{Finding, Rule, Workspace, banned_in_libraries};

pub(super) const RULE: Rule = Rule {
    name: "ordered-maps",
    holds: "library crates use ordered maps or a fixed hasher: what iterates repeats from a seed",
    check,
    planted: &[("kafka-x/src/lib.rs", "use std::collections::HashMap;\n")],
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    let why = "iterates in another order each run: BTreeMap or IndexMap, or an exception that says why it is never iterated";
    let mut findings = banned_in_libraries(workspace, &["HashMap", "HashSet"], why, &[]);
    // The derive runs at build time, and its output is checked there.
    findings.retain(|finding| !finding.path.starts_with("kafka-protocol/derive/"));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn hashed_collections_are_found_wherever_they_are_named() {
        assert_eq!(
            lines(&RULE, "struct A { a: std::collections::HashSet<u8> }"),
            [1]
        );
        assert_eq!(
            lines(&RULE, "use std::collections::{BTreeMap, HashMap};"),
            [1]
        );
        assert!(
            lines(
                &RULE,
                "use std::collections::BTreeMap;\nuse indexmap::IndexMap;"
            )
            .is_empty()
        );
    }
}
