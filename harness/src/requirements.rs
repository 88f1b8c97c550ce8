//! Java and Maven: are they there, and new enough?

use std::process::Command;

use crate::error::{Error, Result};

/// The oldest Java that Kafka 4.3's broker runs on.
const JAVA_MIN: u32 = 17;

/// Checks that `java` is on the path and is 17 or newer; returns its major version.
pub fn java() -> Result<u32> {
    let output = Command::new("java").arg("-version").output().map_err(|error| {
        Error::new(format!(
            "cannot run `java` ({error}): install a Java {JAVA_MIN} or newer runtime and compiler (JDK) and put it on PATH"
        ))
    })?;
    // `java -version` writes to standard error.
    let text = String::from_utf8_lossy(&output.stderr);
    match java_major(&text) {
        Some(major) if major >= JAVA_MIN => Ok(major),
        Some(major) => Err(Error::new(format!(
            "`java` is version {major}, Kafka's brokers need {JAVA_MIN} or newer"
        ))),
        None => Err(Error::new(format!(
            "`java -version` said nothing that names a version: {}",
            text.trim()
        ))),
    }
}

/// Checks that Maven is on the path; returns its first line of `mvn -version`.
pub fn mvn() -> Result<String> {
    let output = Command::new(MVN)
        .args(["-B", "-version"])
        .output()
        .map_err(|error| {
            Error::new(format!(
                "cannot run `{MVN}` ({error}): install Maven and put it on PATH"
            ))
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().find(|line| line.contains("Apache Maven")) {
        Some(line) if output.status.success() => Ok(line.trim().to_owned()),
        _ => Err(Error::new(format!(
            "`{MVN} -version` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}

/// What keeps real brokers from running here, if anything: the text says what
/// to install.
pub fn missing_requirement() -> Option<Error> {
    java().err().or_else(|| mvn().err())
}

pub(crate) const MVN: &str = if cfg!(windows) { "mvn.cmd" } else { "mvn" };

/// The major version in `version "17.0.15"` or, up to Java 8, `version "1.8.0"`.
fn java_major(text: &str) -> Option<u32> {
    let quoted = text.split('"').nth(1)?;
    let mut parts = quoted.split(['.', '-', '+', '_']).map(str::parse::<u32>);
    match parts.next()?.ok()? {
        1 => parts.next()?.ok(),
        major => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version_of_every_naming_scheme() {
        let check =
            |text: &str, expected: Option<u32>| assert_eq!(java_major(text), expected, "{text}");
        check(
            "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime",
            Some(17),
        );
        check("java version \"1.8.0_392\"", Some(8));
        check("openjdk version \"25\" 2025-09-16", Some(25));
        check("openjdk version \"26-ea\" 2026-03-17", Some(26));
        check("no Java here", None);
    }
}
