//! The jars of one Kafka version on this machine.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::Result;
use crate::java::JavaTool;
use crate::maven::{self, Dependency};
use crate::paths;
use crate::version::KafkaVersion;

/// A Kafka version whose jars are on disk, collected by Maven.
#[derive(Clone, Debug)]
pub struct Installation {
    version: KafkaVersion,
    dir: PathBuf,
}

impl Installation {
    /// The installation of `version`, downloaded first when it is not there yet.
    ///
    /// A download is announced on standard error: what, and where it is kept.
    pub fn ensure(version: KafkaVersion) -> Result<Self> {
        if let Some(cached) = Self::cached(version) {
            return Ok(cached);
        }
        let artifacts = version.artifacts();
        let dependencies = artifacts
            .iter()
            .map(|(group, name, version)| Dependency::new(group, name, version));
        let dir = paths::installation_dir(version.number());
        maven::collect(
            &format!("Kafka {version}"),
            &dependencies.collect::<Vec<_>>(),
            &dir,
        )?;
        Ok(Self { version, dir })
    }

    /// The installation of `version` if it has been downloaded before.
    pub fn cached(version: KafkaVersion) -> Option<Self> {
        let dir = paths::installation_dir(version.number());
        dir.is_dir().then_some(Self { version, dir })
    }

    /// Where the jars of `version` are kept once they are downloaded.
    pub fn place(version: KafkaVersion) -> PathBuf {
        paths::installation_dir(version.number())
    }

    /// Which Kafka this is.
    pub fn version(&self) -> KafkaVersion {
        self.version
    }

    /// Runs Kafka's tools and small Java programs on these jars.
    pub fn java_tool(&self) -> JavaTool {
        JavaTool::new(self.class_path())
    }

    /// All jars, as the JVM's class path wants them.
    pub fn class_path(&self) -> OsString {
        self.dir.join("*").into_os_string()
    }
}
