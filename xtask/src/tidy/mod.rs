//! The architecture's rules, as far as a program can check them.
//!
//! A rule looks at an in-memory [`Workspace`] and returns findings; each
//! carries a planted violation, and is itself at fault when it does not find
//! that. `tidy_exceptions.txt` lists what is tolerated, with reasons; the list
//! may only shrink.

mod exceptions;
mod rules;
mod tokens;
mod tree;
mod workspace;

use std::collections::BTreeSet;
use std::fmt;

use exceptions::Exceptions;
use tree::Tree;
use workspace::Workspace;

use crate::error::Result;

/// One rule of ARCHITECTURE.md or of the way we work.
pub(crate) struct Rule {
    name: &'static str,
    /// What holds when it finds nothing, for the person who broke it.
    holds: &'static str,
    check: fn(&Workspace) -> Vec<Finding>,
    /// Files (path, text) in which the rule has to find something.
    planted: &'static [(&'static str, &'static str)],
}

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    /// 0 when it is about the whole file.
    line: usize,
    message: String,
    /// What an exception counts: 1 each, or a size.
    weight: usize,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
            weight: 1,
        }
    }
}

/// The result of all rules.
pub(crate) struct Verdict {
    broken: Vec<(&'static str, &'static str, Vec<Finding>)>,
    tolerated: usize,
}

/// Checks the files of the repository we were started in.
pub(crate) fn check_workspace() -> Result<Verdict> {
    let tree = Tree::of_repository()?;
    let workspace = Workspace::parse(&tree);
    Ok(judge(&workspace, &Exceptions::of(&tree)))
}

fn judge(workspace: &Workspace, exceptions: &Exceptions) -> Verdict {
    let mut broken = Vec::new();
    let mut tolerated = 0;
    for rule in rules::ALL {
        let found = (rule.check)(workspace);
        let all = found.len();
        let mut findings = exceptions.apply(rule.name, found);
        tolerated += all.saturating_sub(findings.len());
        if (rule.check)(&Workspace::parse(&Tree::of(rule.planted))).is_empty() {
            findings.push(Finding::new(
                "xtask/src/tidy/rules",
                0,
                "this rule does not find its own planted violation",
            ));
        }
        if !findings.is_empty() {
            broken.push((rule.name, rule.holds, findings));
        }
    }
    let names: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let findings = exceptions.own_findings(&names);
    if !findings.is_empty() {
        broken.push((
            "exceptions",
            "the list of exceptions is well-formed and only shrinks",
            findings,
        ));
    }
    Verdict { broken, tolerated }
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        self.broken.is_empty()
    }

    /// The rules, the one about the list of exceptions included.
    pub(crate) fn rules(&self) -> u64 {
        rules::ALL.len() as u64 + 1
    }

    pub(crate) fn broken_rules(&self) -> u64 {
        self.broken.len() as u64
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, holds, findings) in &self.broken {
            writeln!(f, "{name}: {holds}")?;
            for finding in findings {
                match finding.line {
                    0 => writeln!(f, "  {}: {}", finding.path, finding.message)?,
                    line => writeln!(f, "  {}:{line}: {}", finding.path, finding.message)?,
                }
            }
        }
        let broken = self.broken_rules();
        writeln!(
            f,
            "tidy: {} rules, {broken} broken, {} exceptions",
            self.rules(),
            self.tolerated
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_finds_its_planted_violation() {
        for rule in rules::ALL {
            let findings = (rule.check)(&Workspace::parse(&Tree::of(rule.planted)));
            assert!(!findings.is_empty(), "{}", rule.name);
        }
    }

    #[test]
    fn rule_names_are_distinct() {
        let names: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), rules::ALL.len());
    }

    #[test]
    fn a_planted_violation_shows_in_the_verdict_and_an_exception_covers_it() {
        let planted = [
            ("kafka-x/Cargo.toml", "[package]\nname = \"kafka-x\"\n"),
            ("kafka-x/src/lib.rs", "fn f() { todo!() }\n"),
        ];
        let verdict = judge(
            &Workspace::parse(&Tree::of(&planted)),
            &Exceptions::default(),
        );
        let text = verdict.to_string();
        assert!(
            !verdict.is_clean() && text.contains("kafka-x/src/lib.rs:1"),
            "{text}"
        );
        let list = [(
            "xtask/tidy_exceptions.txt",
            "unfinished | kafka-x/src/lib.rs | 1 | until it is written\n",
        )];
        let covered = judge(
            &Workspace::parse(&Tree::of(&planted)),
            &Exceptions::of(&Tree::of(&list)),
        )
        .to_string();
        assert!(!covered.contains("unfinished"), "{covered}");
    }
}
