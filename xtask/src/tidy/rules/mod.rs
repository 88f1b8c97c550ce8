//! The rules, one file each.

mod biased_select;
mod bounded_queues;
mod cancel_safety;
mod clock;
mod connector;
mod crate_docs;
mod dependencies;
mod facade;
mod file_size;
mod hash_maps;
mod lints;
mod machine_paths;
mod panics;
mod parses;
mod protocol_purity;
mod pure_machines;
mod randomness;
mod registry_hosts;
mod threads;
mod unfinished;
mod unsafe_code;

use super::{Finding, Rule, tokens};
use crate::tidy::workspace::{Source, Workspace};

/// All rules.
pub(super) const ALL: &[&Rule] = &[
    &parses::RULE,
    &dependencies::RULE,
    &protocol_purity::RULE,
    &pure_machines::RULE,
    &clock::RULE,
    &randomness::RULE,
    &connector::RULE,
    &biased_select::RULE,
    &hash_maps::RULE,
    &threads::RULE,
    &bounded_queues::RULE,
    &panics::RULE,
    &unsafe_code::RULE,
    &unfinished::RULE,
    &cancel_safety::RULE,
    &facade::RULE,
    &crate_docs::RULE,
    &lints::RULE,
    &file_size::RULE,
    &machine_paths::RULE,
    &registry_hosts::RULE,
];

/// One finding for each place in the library part of `source` where one of
/// these token sequences stands.
fn banned(source: &Source, patterns: &[&str], why: &str) -> Vec<Finding> {
    patterns
        .iter()
        .flat_map(|pattern| {
            tokens::find(&source.library_tokens, pattern)
                .into_iter()
                .map(|line| {
                    Finding::new(
                        &source.path,
                        line,
                        format!("`{}` {why}", pattern.replace(' ', "")),
                    )
                })
        })
        .collect()
}

/// [`banned`] over every source of the crates that users depend on.
fn banned_in_libraries(
    workspace: &Workspace,
    patterns: &[&str],
    why: &str,
    except: &[&str],
) -> Vec<Finding> {
    workspace
        .library_sources()
        .filter(|source| !except.contains(&source.path.as_str()))
        .flat_map(|source| banned(source, patterns, why))
        .collect()
}

/// Shared by the tests of the rules.
#[cfg(test)]
mod testing {
    use crate::tidy::tree::Tree;
    use crate::tidy::{Finding, Rule, Workspace};

    /// What `rule` finds in these files.
    pub(super) fn findings(rule: &Rule, files: &[(&str, &str)]) -> Vec<Finding> {
        (rule.check)(&Workspace::parse(&Tree::of(files)))
    }

    /// The lines of what `rule` finds in one library file.
    pub(super) fn lines(rule: &Rule, text: &str) -> Vec<usize> {
        findings(rule, &[("kafka-x/src/a.rs", text)])
            .iter()
            .map(|finding| finding.line)
            .collect()
    }
}
