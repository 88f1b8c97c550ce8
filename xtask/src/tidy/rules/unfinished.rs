//! Nothing is left open in the code.

use super::{Finding, Rule, Workspace, tokens};

pub(super) const RULE: Rule = Rule {
    name: "unfinished",
    holds: "no todo!, unimplemented!, dbg!, #[ignore], and no comment that promises work",
    check,
    planted: &[("kafka-x/src/lib.rs", "fn f() { unimplemented!() }\n")],
};

const CODE: &[&str] = &["todo !", "unimplemented !", "dbg !", "# [ ignore"];
/// In two halves, so that this file does not find itself.
const PROMISES: &[(&str, &str)] = &[("FIX", "ME"), ("TO", "DO"), ("XX", "X"), ("HA", "CK")];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        for pattern in CODE {
            for line in tokens::find(&source.all_tokens, pattern) {
                findings.push(Finding::new(
                    &source.path,
                    line,
                    format!("`{}`", pattern.replace(' ', "")),
                ));
            }
        }
        for (index, line) in source.text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("//") else {
                continue;
            };
            let mut words = comment.split(|letter: char| !letter.is_alphanumeric());
            if let Some(word) =
                words.find(|word| PROMISES.iter().any(|(a, b)| **word == format!("{a}{b}")))
            {
                findings.push(Finding::new(
                    &source.path,
                    index + 1,
                    format!("{word}: an issue, not a comment"),
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
    fn open_ends_are_found_in_code_tests_and_comments() {
        assert_eq!(lines(&RULE, "fn f() { todo!() }"), [1]);
        assert_eq!(
            lines(
                &RULE,
                "#[cfg(test)] mod tests {\n #[test]\n #[ignore = \"slow\"]\n fn f() {} }"
            ),
            [3]
        );
        let comment = format!("fn f() {{}} // {}{}: later\n", "FIX", "ME");
        assert_eq!(lines(&RULE, &comment), [1]);
        assert!(
            lines(
                &RULE,
                "fn f() {} // nothing to do here, and TODOs is a word\n"
            )
            .is_empty()
        );
    }
}
