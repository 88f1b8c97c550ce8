//! Each crate says what it is for; each library shows it with an example.

use super::{Finding, Rule, Workspace};
use crate::tidy::workspace::Package;

pub(super) const RULE: Rule = Rule {
    name: "crate-docs",
    holds: "every crate begins with documentation, every library's has a compiled example",
    check,
    planted: &[
        ("kafka-net/Cargo.toml", "[package]\nname = \"kafka-net\"\n"),
        ("kafka-net/src/lib.rs", "pub fn f() {}\n"),
    ],
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = format!("{}/src/lib.rs", package.dir);
        let Some(source) = workspace.sources.iter().find(|source| source.path == path) else {
            continue;
        };
        let docs: Vec<&str> = source
            .text
            .lines()
            .take_while(|line| line.starts_with("//!") || line.starts_with("#!"))
            .collect();
        if !docs.first().is_some_and(|line| line.starts_with("//! ")) {
            findings.push(Finding::new(
                &path,
                1,
                "the crate's documentation is missing",
            ));
        } else if needs_example(package) && !has_compiled_example(&docs) {
            findings.push(Finding::new(
                &path,
                1,
                "the crate's documentation has no example that is compiled",
            ));
        }
    }
    findings
}

/// The derive is kafka-protocol's own part, and shown there.
fn needs_example(package: &Package) -> bool {
    package.is_library() && package.name != "kafka-protocol-derive"
}

/// A fence that rustdoc compiles: bare, `no_run`, `should_panic` or `rust`.
fn has_compiled_example(docs: &[&str]) -> bool {
    let mut inside = false;
    docs.iter()
        .filter_map(|line| line.strip_prefix("//!").map(str::trim))
        .any(|line| {
            let Some(language) = line.strip_prefix("```") else {
                return false;
            };
            inside = !inside;
            inside
                && matches!(
                    language,
                    "" | "rust" | "no_run" | "rust,no_run" | "should_panic"
                )
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    #[test]
    fn a_library_needs_words_and_an_example_that_compiles() {
        let check = |text: &str, expected: usize| {
            let files = [
                ("kafka-net/Cargo.toml", "[package]\nname = \"kafka-net\"\n"),
                ("kafka-net/src/lib.rs", text),
            ];
            assert_eq!(findings(&RULE, &files).len(), expected, "{text}");
        };
        check("//! Words.\n//!\n//! ```no_run\n//! f();\n//! ```\n", 0);
        check("//! Words.\n//!\n//! ```text\n//! drawing\n//! ```\n", 1);
        check("//! Words only.\n", 1);
        check("use a::b;\n", 1);
    }
}
