//! What failed and why, for whoever reads only the end of a run.

/// One test, scenario or seed that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    name: String,
    why: Vec<String>,
}

/// Lines of one failure, and of all.
const MOST_LINES: usize = 15;
const MOST_LINES_IN_ALL: usize = 100;
/// Characters of a line.
const MOST_CHARS: usize = 200;

impl Failure {
    /// Keeps the first lines of `why`.
    pub(crate) fn new(name: impl Into<String>, why: &str) -> Self {
        let lines = why.lines().map(str::trim_end);
        let lines = lines.filter(|line| !line.is_empty());
        Self {
            name: cut(&name.into()),
            why: lines.take(MOST_LINES - 1).map(cut).collect(),
        }
    }

    /// Of a program that does not name what failed: its complaints, or else the
    /// last that it printed.
    pub(crate) fn of_program(name: &str, stdout: &str, stderr: &str) -> Self {
        let complaints = complaints(stdout, stderr);
        if !complaints.is_empty() {
            return Self::new(name, &complaints);
        }
        let last = |text: &str, most: usize| {
            let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
            let from = lines.len().saturating_sub(most);
            lines.get(from..).unwrap_or_default().join("\n")
        };
        let half = MOST_LINES / 2;
        Self::new(name, &[last(stdout, half), last(stderr, half)].join("\n"))
    }

    #[cfg(test)]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    #[cfg(test)]
    pub(crate) fn why(&self) -> String {
        self.why.join("\n")
    }
}

/// The failures of suites, each with its suite's name: every one is named as long
/// as there is room, and room for those that come later is kept.
pub(crate) fn summary(failures: &[(&str, Failure)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, (suite, failure)) in failures.iter().enumerate() {
        let later = failures.len() - at - 1;
        let room = MOST_LINES_IN_ALL.saturating_sub(lines.len());
        if room <= 1 && later > 0 {
            lines.push(format!("... and {} more", later + 1));
            break;
        }
        lines.push(format!("{suite}: {}", failure.name));
        let room = room.saturating_sub(1 + later);
        lines.extend(
            failure
                .why
                .iter()
                .take(room)
                .map(|why| format!("    {why}")),
        );
    }
    lines
}

/// Compilers' errors, each with what follows it, and files that rustfmt changes.
fn complaints(stdout: &str, stderr: &str) -> String {
    const FOLLOWING: usize = 4;
    let mut kept = Vec::new();
    let mut left = 0;
    for line in stderr.lines() {
        if line.starts_with("error") {
            left = FOLLOWING;
        }
        if left > 0 {
            left -= 1;
            kept.push(line);
        }
    }
    kept.extend(stdout.lines().filter(|line| line.starts_with("Diff in ")));
    kept.join("\n")
}

fn cut(line: &str) -> String {
    if line.chars().count() <= MOST_CHARS {
        return line.to_owned();
    }
    let head: String = line.chars().take(MOST_CHARS).collect();
    format!("{head}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_bounded() {
        let long = "x".repeat(1000) + "\n\n" + &"line\n".repeat(50);
        let failure = Failure::new("name", &long);
        assert_eq!(failure.why.len(), MOST_LINES - 1);
        assert_eq!(failure.why.first().unwrap().len(), MOST_CHARS + 3);
    }

    #[test]
    fn all_are_named_before_any_is_told_at_length() {
        let of = |count: usize, lines: usize| -> Vec<_> {
            let why = "why\n".repeat(lines);
            let one = |at| ("unit", Failure::new(format!("test {at}"), &why));
            (0..count).map(one).collect()
        };
        assert_eq!(summary(&of(1, 2)), ["unit: test 0", "    why", "    why"]);
        for count in [7, 30, 99, 100] {
            let lines = summary(&of(count, 50));
            assert!(lines.len() <= MOST_LINES_IN_ALL, "{count}");
            let names = lines.iter().filter(|line| line.starts_with("unit: "));
            assert_eq!(names.count(), count);
        }
        let lines = summary(&of(300, 50));
        assert_eq!(lines.len(), MOST_LINES_IN_ALL);
        assert_eq!(lines.last().unwrap(), "... and 201 more");
        assert!(summary(&[]).is_empty());
    }

    #[test]
    fn a_program_is_known_by_its_complaints_or_its_last_lines() {
        let stderr =
            "   Compiling a\nerror[E0308]: mismatched types\n --> a.rs:1:1\n  |\n1 | x\n  |\n";
        let failure = Failure::of_program("clippy", "", stderr);
        assert_eq!(
            failure.why(),
            "error[E0308]: mismatched types\n --> a.rs:1:1\n  |\n1 | x"
        );
        let failure = Failure::of_program("fmt", "Diff in a.rs:3:\n+x\n", "");
        assert_eq!(failure.why(), "Diff in a.rs:3:");
        let failure = Failure::of_program("soak", "a\n\nb\n", "c\n");
        assert_eq!(failure.why(), "a\nb\nc");
    }
}
