//! Other people's clients on the embedded cluster.

use std::process::{Command, Stdio};

use kafka_harness::missing_requirement;

use super::{Scale, in_ci};
use crate::report::Outcome;
use crate::transcripts::{self, Options};

/// What builds and runs the programs, and how each is asked whether it is there.
const TOOLS: [(&str, &str, &str); 2] = [
    ("go", "version", "Go, for the scenarios of franz-go"),
    ("python3", "--version", "Python 3, for those of librdkafka"),
];

/// Every scenario that must hold.
pub(super) fn run(_scale: &Scale) -> Outcome {
    if let Some(missing) = missing(&TOOLS) {
        let reason = format!("{missing}; no client of others was tried");
        println!("SKIPPED: {reason}");
        return Outcome::Skipped {
            reason,
            is_failure: in_ci(),
        };
    }
    match transcripts::run(&Options::default()) {
        Ok(tally) => Outcome::ran(tally.passed, tally.failed)
            .because(tally.failures)
            .noting(tally.notes),
        Err(error) => Outcome::broken(&error),
    }
}

fn missing(tools: &[(&str, &str, &str)]) -> Option<String> {
    if let Some(missing) = missing_requirement() {
        return Some(missing.to_string());
    }
    let absent = tools.iter().find(|(program, question, _)| {
        let mut asked = Command::new(program);
        asked
            .arg(question)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        !asked.status().is_ok_and(|status| status.success())
    });
    absent.map(|(program, _, purpose)| format!("`{program}` is missing ({purpose})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_not_there_is_named() {
        let tools = [("true", "", ""), ("no-such-tool", "version", "for nothing")];
        let missing = missing(&tools).unwrap();
        assert!(
            missing.contains("no-such-tool") || missing.contains("Java"),
            "{missing}"
        );
        assert!(super::missing(&[("true", "", "")]).is_none_or(|text| !text.contains("true")));
    }
}
