//! `select!` is biased: a random branch order repeats from no seed (invariant 7).

use super::{Finding, Rule, Workspace, tokens};

pub(super) const RULE: Rule = Rule {
    name: "biased-select",
    holds: "every `select!` begins with `biased;`",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "async fn f() { tokio::select! { _ = a() => {}, _ = b() => {} } }\n",
    )],
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        let tokens = &source.all_tokens;
        for index in tokens::positions(tokens, "select !") {
            // The bracket, then the first word.
            let first = tokens.get(index + 3).map(|token| token.text.as_str());
            let line = tokens.get(index).map_or(0, |token| token.line);
            if first != Some("biased") {
                findings.push(Finding::new(
                    &source.path,
                    line,
                    "`select!` without `biased;`",
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
    fn biased_has_to_come_first() {
        assert!(
            lines(
                &RULE,
                "async fn f() { tokio::select! { biased; _ = a() => {} } }"
            )
            .is_empty()
        );
        assert!(lines(&RULE, "async fn f() { select! { biased; _ = a() => {} } }").is_empty());
        assert_eq!(
            lines(
                &RULE,
                "async fn f() {\n  futures::select! { _ = biased() => {} }\n}"
            ),
            [2]
        );
        assert_eq!(
            lines(
                &RULE,
                "#[cfg(test)] mod t { async fn f() { select! { _ = a() => {} } } }"
            ),
            [1]
        );
    }
}
