//! What `cargo test` prints, read.

use crate::failures::Failure;

/// Sums the lines `test result: ok. 12 passed; 0 failed; …`.
pub(crate) fn count_tests(output: &str) -> (u64, u64) {
    let mut totals = (0, 0);
    for line in output
        .lines()
        .filter(|line| line.starts_with("test result: "))
    {
        let count = |what: &str| {
            let before = line.split(what).next().unwrap_or_default();
            before
                .rsplit(' ')
                .next()
                .and_then(|number| number.parse::<u64>().ok())
                .unwrap_or(0)
        };
        totals.0 += count(" passed;");
        totals.1 += count(" failed;");
    }
    totals
}

/// Each failed test with what it said; where that was not captured, what is on
/// standard error under its name, and the rest of what panicked there once for all.
pub(crate) fn failed_tests(stdout: &str, stderr: &str) -> Vec<Failure> {
    let mut sections = sections(stdout);
    let mut failures = Vec::new();
    let mut untold = false;
    for name in names(stdout) {
        let known = sections.iter().position(|(of, _)| *of == name);
        let why = match known {
            Some(at) => sections.swap_remove(at).1,
            None => panics(stderr, Some(name)),
        };
        untold |= why.is_empty();
        failures.push(Failure::new(name, &why));
    }
    let panics = panics(stderr, None);
    if untold && !panics.is_empty() {
        failures.push(Failure::new("on standard error", &panics));
    }
    let again: Vec<_> = stderr
        .lines()
        .filter(|line| line.starts_with("    `-p ") || line.starts_with("error: test failed, "))
        .collect();
    if !failures.is_empty() && !again.is_empty() {
        failures.push(Failure::new("to run them again", &again.join("\n")));
    }
    failures
}

/// The names under `failures:`.
fn names(stdout: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut listed = false;
    for line in stdout.lines() {
        match line.strip_prefix("    ") {
            Some(name) if listed => names.push(name.trim_end()),
            _ => listed = line == "failures:",
        }
    }
    names
}

/// What is between `---- NAME stdout ----` and the next such line, or the list of
/// the names.
fn sections(stdout: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let mut open = false;
    for line in stdout.lines() {
        let title = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = title {
            sections.push((name, String::new()));
            open = true;
        } else if line == "failures:" || line.starts_with("test result: ") {
            open = false;
        } else if let Some((_, text)) = sections.last_mut().filter(|_| open) {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

/// Panics, and errors that tests returned, with the lines after them; those of the
/// thread of that name, if there is one.
fn panics(stderr: &str, thread: Option<&str>) -> String {
    let mut kept = Vec::new();
    let mut open = false;
    for line in stderr.lines() {
        let panicked = line.starts_with("thread '") && line.contains("panicked at");
        if panicked || line.starts_with("Error: ") {
            open = match thread {
                Some(name) => panicked && line.contains(&format!("'{name}'")),
                None => true,
            };
        } else if line.is_empty() || line.starts_with("note: ") {
            open = false;
        }
        if open {
            kept.push(line);
        }
    }
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_result_line() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 15 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n";
        assert_eq!(count_tests(output), (17, 1));
        assert_eq!(count_tests("error: could not compile"), (0, 0));
    }

    const CAPTURED: &str = "running 3 tests\ntest a::one ... FAILED\n\nfailures:\n\n\
        ---- a::one stdout ----\n\nthread 'a::one' (7) panicked at a.rs:3:5:\nleft: 1\n\
        ---- src/lib.rs - doc (line 9) stdout ----\nTest executable failed\n\n\n\
        failures:\n    a::one\n    src/lib.rs - doc (line 9)\n\n\
        test result: FAILED. 1 passed; 2 failed; 0 ignored\n";

    fn told(stdout: &str, stderr: &str) -> Vec<(String, String)> {
        let failures = failed_tests(stdout, stderr);
        let pair = |one: &Failure| (one.name().to_owned(), one.why());
        failures.iter().map(pair).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(name, why): &(&str, &str)| ((*name).to_owned(), (*why).to_owned());
        expected.iter().map(pair).collect()
    }

    #[test]
    fn failed_tests_are_named_with_what_they_said() {
        let stderr = "error: 1 target failed:\n    `-p a --lib`\n";
        assert_eq!(
            told(CAPTURED, stderr),
            pairs(&[
                (
                    "a::one",
                    "thread 'a::one' (7) panicked at a.rs:3:5:\nleft: 1"
                ),
                ("src/lib.rs - doc (line 9)", "Test executable failed"),
                ("to run them again", "    `-p a --lib`"),
            ])
        );
        assert!(told("test a ... ok\ntest result: ok. 1 passed; 0 failed;\n", "").is_empty());
    }

    #[test]
    fn what_was_not_captured_is_found_on_standard_error() {
        let stdout = "test one ... FAILED\ntest two ... FAILED\n\nfailures:\n\nfailures:\n    one\n    \
            two\n\ntest result: FAILED. 0 passed; 2 failed;\n";
        let stderr = "thread 'one' panicked at a.rs:1:1:\nno\nnote: run with\n\
            Error: \"refused\"\nnoise\n";
        assert_eq!(
            told(stdout, stderr),
            pairs(&[
                ("one", "thread 'one' panicked at a.rs:1:1:\nno"),
                ("two", ""),
                (
                    "on standard error",
                    "thread 'one' panicked at a.rs:1:1:\nno\nError: \"refused\"\nnoise"
                ),
            ])
        );
    }
}
