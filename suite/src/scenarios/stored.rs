//! The transcripts of a real Kafka.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::Scenario;
use crate::BoxError;

/// What differs between a scenario's stored transcript and this one, as the lines
/// that are gone (`-`) and those that are new (`+`); nothing if they are equal.
///
/// # Errors
///
/// When there is no stored transcript.
pub fn compare(scenario: &Scenario, left: &str) -> Result<Option<String>, BoxError> {
    let path = path_of(scenario);
    let stored = fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; record it first", path.display()))?;
    Ok(difference(&stored, left))
}

/// The names of all stored transcripts.
///
/// # Errors
///
/// When their directory can't be read.
pub fn names_stored() -> Result<BTreeSet<String>, BoxError> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory())? {
        let path = entry?.path();
        let stem = path.file_stem().ok_or("a file without a name")?;
        names.insert(stem.to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Keeps a transcript.
pub(super) fn keep(scenario: &Scenario, text: &str) -> Result<(), BoxError> {
    Ok(fs::write(path_of(scenario), text)?)
}

pub(super) fn difference(stored: &str, left: &str) -> Option<String> {
    if stored == left {
        return None;
    }
    let mut stored: Vec<&str> = stored.lines().collect();
    let mut left: Vec<&str> = left.lines().collect();
    let same = stored
        .iter()
        .zip(&left)
        .take_while(|(one, other)| one == other);
    let same = same.count();
    let mut text = format!("    line {}\n", same + 1);
    stored.drain(..same);
    left.drain(..same);
    while stored.last().is_some() && stored.last() == left.last() {
        stored.pop();
        left.pop();
    }
    for line in stored {
        let _ = writeln!(text, "  - {line}");
    }
    for line in left {
        let _ = writeln!(text, "  + {line}");
    }
    Some(text)
}

fn path_of(scenario: &Scenario) -> PathBuf {
    directory().join(format!("{}.txt", scenario.name))
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_without_what_is_the_same() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        let shown = difference("a\nb\nc\nd\n", "a\nx\nd\n");
        assert_eq!(shown.as_deref(), Some("    line 2\n  - b\n  - c\n  + x\n"));
        assert!(difference("a\n", "").is_some());
    }
}
