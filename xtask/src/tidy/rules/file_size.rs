//! A file is a room with one purpose.

use super::{Finding, Rule, Workspace};

pub(super) const RULE: Rule = Rule {
    name: "file-size",
    holds: "a Rust file has at most 600 lines with its tests (aim at 400 without)",
    check,
    planted: &[("kafka-x/src/lib.rs", LONG)],
};

const MOST: usize = 600;
const LONG: &str = {
    const LINES: [u8; MOST + 1] = [b'\n'; MOST + 1];
    match std::str::from_utf8(&LINES) {
        Ok(text) => text,
        Err(_) => "",
    }
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace
        .sources
        .iter()
        .filter_map(|source| {
            let lines = source.text.lines().count();
            // An exception states the size, so that the file cannot grow under it.
            (lines > MOST).then(|| Finding {
                weight: lines,
                ..Finding::new(&source.path, 0, format!("{lines} lines"))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    #[test]
    fn the_limit_is_exact_and_the_size_is_the_weight() {
        let check = |lines: usize| {
            let text = "\n".repeat(lines);
            findings(&RULE, &[("suite/tests/a.rs", text.as_str())])
                .first()
                .map(|finding| finding.weight)
        };
        assert_eq!(check(600), None);
        assert_eq!(check(601), Some(601));
    }
}
