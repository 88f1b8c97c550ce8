//! Library code never panics (invariant 6).

use super::{Finding, Rule, Workspace, tokens};
use crate::tidy::tokens::Token;

pub(super) const RULE: Rule = Rule {
    name: "no-panics",
    holds: "library code outside of tests has no unwrap, expect, panic!, unreachable! or assert!",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "fn f(x: Option<u8>) -> u8 { x.unwrap() }\n",
    )],
};

const PANICKING: &[&str] = &[
    ". unwrap (",
    ". expect (",
    ". unwrap_err (",
    ". expect_err (",
    "panic ! (",
    "unreachable ! (",
    "assert ! (",
    "assert_eq ! (",
    "assert_ne ! (",
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace.library_sources() {
        let code = &source.library_tokens;
        for pattern in PANICKING {
            for index in tokens::positions(code, pattern) {
                if !is_evaluated_by_the_compiler(code, index) {
                    let line = code.get(index).map_or(0, |token| token.line);
                    let text = format!(
                        "`{}` can panic",
                        pattern.trim_end_matches('(').replace(' ', "")
                    );
                    findings.push(Finding::new(&source.path, line, text));
                }
            }
        }
    }
    findings
}

/// `const _: () = assert!(…)` fails the build, not the program.
fn is_evaluated_by_the_compiler(code: &[Token], index: usize) -> bool {
    let before = code.get(index.saturating_sub(6)..index).unwrap_or_default();
    !tokens::find(before, "const _ : ( ) =").is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;

    #[test]
    fn every_panic_is_found_outside_of_tests() {
        assert_eq!(lines(&RULE, "fn f() {\n x.expect(\"y\");\n}"), [2]);
        assert_eq!(lines(&RULE, "fn f() { unreachable!(\"never\") }"), [1]);
        assert_eq!(
            lines(&RULE, "fn f() { info!(\"{}\", x.unwrap()); }"),
            [1],
            "inside a macro"
        );
        assert_eq!(lines(&RULE, "fn f() { assert!(x); }"), [1]);
        assert!(
            lines(
                &RULE,
                "const _: () = assert!(A < B);\nfn f() { x.unwrap_or(1); debug_assert!(y); }"
            )
            .is_empty()
        );
        assert!(lines(&RULE, "#[cfg(test)] mod tests { fn f() { x.unwrap() } }").is_empty());
    }
}
