//! `unsafe` only where ARCHITECTURE.md allows it (invariant 9).

use super::{Finding, Rule, Workspace, tokens};

pub(super) const RULE: Rule = Rule {
    name: "no-unsafe",
    holds: "no file has `unsafe`, and none relaxes the lint that forbids it",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "fn f(p: *const u8) -> u8 { unsafe { *p } }\n",
    )],
};

/// Audited modules: none so far. One in kafka-protocol may be added where a
/// measured gain justifies it.
const ALLOWED: &[&str] = &[];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace
        .sources
        .iter()
        .filter(|source| !ALLOWED.contains(&source.path.as_str()))
    {
        for pattern in ["unsafe", "allow ( unsafe_code", "expect ( unsafe_code"] {
            for line in tokens::find(&source.all_tokens, pattern) {
                findings.push(Finding::new(
                    &source.path,
                    line,
                    "`unsafe` is not allowed here",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn unsafe_is_found_in_tests_too_and_forbidding_it_is_fine() {
        assert_eq!(
            lines(&RULE, "#[cfg(test)] mod tests {\n unsafe fn f() {} }"),
            [2]
        );
        assert_eq!(lines(&RULE, "#![allow(unsafe_code)]"), [1]);
        assert!(lines(&RULE, "#![forbid(unsafe_code)]\n/// unsafe to call").is_empty());
    }
}
