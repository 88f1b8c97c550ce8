//! The jars that carry the classes of Kafka's messages.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::java::JavaTool;
use crate::maven::{self, Dependency};
use crate::paths;

/// The classes that write and read the messages of one Kafka release.
///
/// `kafka-clients` holds those of the protocol, the three coordinators' jars those
/// of the internal topics. Far smaller than an
/// [`Installation`](crate::Installation), and of releases that need no broker.
#[derive(Clone, Debug)]
pub struct MessageJars {
    release: &'static str,
    dir: PathBuf,
}

/// Kafka's own JSON library: the clients' jar calls it without bringing it.
const JACKSON: (&str, &str, &str) = ("com.fasterxml.jackson.core", "jackson-databind", "2.21.2");
const SLF4J: (&str, &str, &str) = ("org.slf4j", "slf4j-simple", "1.7.36");
const KAFKA: &str = "org.apache.kafka";
const COORDINATORS: [&str; 3] = [
    "kafka-group-coordinator",
    "kafka-share-coordinator",
    "kafka-transaction-coordinator",
];

/// The releases, newest first, and whether the coordinators have jars of their own.
const RELEASES: [(&str, bool); 7] = [
    ("4.4.0", true),
    ("4.3.1", true),
    ("3.9.1", false),
    ("2.8.2", false),
    ("0.10.2.2", false),
    ("0.9.0.1", false),
    ("0.8.2.2", false),
];

impl MessageJars {
    /// The release that has the newest messages.
    pub const NEWEST: &'static str = "4.4.0";

    /// The last release that has every version down to 0.
    pub const LAST_COMPLETE: &'static str = "3.9.1";

    /// The jars of `release`, downloaded first when they are not there yet.
    ///
    /// The releases are 4.4.0 and 4.3.1, and of the clients' jar alone 3.9.1, 2.8.2,
    /// 0.10.2.2, 0.9.0.1 and 0.8.2.2, of which the last three have no messages, but
    /// the record formats of their time.
    ///
    /// # Errors
    ///
    /// For another release, without Java or Maven, and when the download fails.
    pub fn ensure(release: &str) -> Result<Self> {
        let Some((release, has_coordinators)) =
            RELEASES.into_iter().find(|(known, _)| *known == release)
        else {
            let known = RELEASES.map(|(release, _)| release).join(", ");
            return Err(Error::new(format!(
                "no messages of Kafka {release:?} here; known are {known}"
            )));
        };
        let dir = paths::installation_dir(&format!("messages-{release}"));
        let mut dependencies = vec![Dependency::new(KAFKA, "kafka-clients", release)];
        for (group, name, version) in [JACKSON, SLF4J] {
            dependencies.push(Dependency::new(group, name, version));
        }
        if has_coordinators {
            let alone = |name| Dependency::new(KAFKA, name, release).alone();
            dependencies.extend(COORDINATORS.map(alone));
        }
        maven::collect(
            &format!("the messages of Kafka {release}"),
            &dependencies,
            &dir,
        )?;
        Ok(Self { release, dir })
    }

    /// The release, such as `4.4.0`.
    pub fn release(&self) -> &'static str {
        self.release
    }

    /// Where the jars are kept.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs small Java programs on these jars.
    pub fn java_tool(&self) -> JavaTool {
        JavaTool::new(self.dir.join("*").into_os_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_release_is_refused_with_the_known_ones() {
        let error = MessageJars::ensure("1.0.0").unwrap_err().to_string();
        assert!(
            error.contains("1.0.0") && error.contains(MessageJars::NEWEST),
            "{error}"
        );
        assert!(error.contains(MessageJars::LAST_COMPLETE), "{error}");
    }
}
