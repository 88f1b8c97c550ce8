//! Nothing in the repository knows the machine it was written on.

use super::{Finding, Rule, Workspace};

pub(super) const RULE: Rule = Rule {
    name: "no-machine-paths",
    holds: "no file names an absolute path of somebody's machine",
    check,
    planted: &[("README.md", concat!("cd /ho", "me/ann/kafka\n"))],
};

/// In two halves, so that this file does not find itself.
const ROOTS: &[(&str, &str)] = &[
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
    ("C:\\", "Users"),
    ("/mn", "t/"),
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &workspace.texts {
        for (index, line) in text.lines().enumerate() {
            for (a, b) in ROOTS {
                if starts_somewhere(line, &format!("{a}{b}")) {
                    findings.push(Finding::new(path, index + 1, format!("{a}{b}…")));
                }
            }
        }
    }
    findings
}

/// Whether `root` begins an absolute path: `a/home/b` and a URL's path don't.
fn starts_somewhere(line: &str, root: &str) -> bool {
    line.match_indices(root).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|letter| {
            letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '}' | '>')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    #[test]
    fn absolute_paths_are_found_and_relative_ones_are_not() {
        let check = |line: String, expected: usize| {
            assert_eq!(
                findings(&RULE, &[("docs/a.md", line.as_str())]).len(),
                expected,
                "{line}"
            );
        };
        check(format!("let p = \"{}{}ann\";", "/ho", "me/"), 1);
        check(format!("path={}{}x", "/wo", "rk/"), 1);
        check(format!("src{}{}x.rs", "/ho", "me/"), 0);
        check("target/kafka and ~/.cargo".to_owned(), 0);
    }
}
