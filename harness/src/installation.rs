//! The jars of one Kafka version on this machine.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::java::JavaTool;
use crate::paths;
use crate::requirements::{self, MVN};
use crate::version::KafkaVersion;

static DOWNLOADING: Mutex<()> = Mutex::new(());

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
    /// It goes to a directory of its own and is renamed when complete, so an
    /// interrupted one leaves nothing half done and parallel ones don't meet.
    pub fn ensure(version: KafkaVersion) -> Result<Self> {
        // Tests of one process start side by side and want the same jars.
        let _one_at_a_time = DOWNLOADING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = Self::cached(version) {
            return Ok(cached);
        }
        requirements::java()?;
        requirements::mvn()?;
        let dir = paths::installation_dir(version.number());
        let names: Vec<_> = version
            .artifacts()
            .iter()
            .map(|(group, name, version)| format!("{group}:{name}:{version}"))
            .collect();
        eprintln!(
            "downloading Kafka {version} with Maven ({}), kept in {}",
            names.join(", "),
            dir.display()
        );
        download(version, &dir)?;
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
        JavaTool::new(self.clone())
    }

    /// All jars, as the JVM's class path wants them.
    pub(crate) fn class_path(&self) -> OsString {
        self.dir.join("*").into_os_string()
    }
}

fn download(version: KafkaVersion, dir: &Path) -> Result<()> {
    let parent = dir.parent().unwrap_or(dir);
    let temporary = parent.join(format!(".{version}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&temporary);
    let jars = temporary.join("jars");
    fs::create_dir_all(&jars)
        .map_err(|error| Error::io(format_args!("creating {}", jars.display()), &error))?;
    let result = collect(version, &temporary, &jars).and_then(|()| publish(&jars, dir));
    let _ = fs::remove_dir_all(&temporary);
    result
}

fn collect(version: KafkaVersion, temporary: &Path, jars: &Path) -> Result<()> {
    let pom = temporary.join("pom.xml");
    fs::write(&pom, pom_xml(version))
        .map_err(|error| Error::io(format_args!("writing {}", pom.display()), &error))?;
    let mut output_directory = OsString::from("-DoutputDirectory=");
    output_directory.push(jars);
    let output = Command::new(MVN)
        .args(["-B", "-q", "-f"])
        .arg(&pom)
        .arg("dependency:copy-dependencies")
        .arg(output_directory)
        .output()
        .map_err(|error| Error::io(format_args!("running {MVN}"), &error))?;
    if !output.status.success() {
        return Err(Error::new(format!(
            "Maven could not collect Kafka {version} ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    remove_other_loggers(jars)
}

/// One logger only: with a second SLF4J binding on the class path it is chance
/// which of them answers, and the broker's log is how the harness knows it is up.
fn remove_other_loggers(jars: &Path) -> Result<()> {
    let list = |error| Error::io(format_args!("listing {}", jars.display()), &error);
    for entry in fs::read_dir(jars).map_err(list)? {
        let path = entry.map_err(list)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if ["slf4j-log4j12", "slf4j-reload4j", "logback"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            fs::remove_file(&path)
                .map_err(|error| Error::io(format_args!("removing {}", path.display()), &error))?;
        }
    }
    Ok(())
}

fn publish(jars: &Path, dir: &Path) -> Result<()> {
    match fs::rename(jars, dir) {
        Ok(()) => Ok(()),
        // Another process finished the same download first: its jars are as good.
        Err(_) if dir.is_dir() => Ok(()),
        Err(error) => Err(Error::io(
            format_args!("renaming {} to {}", jars.display(), dir.display()),
            &error,
        )),
    }
}

fn pom_xml(version: KafkaVersion) -> String {
    let dependencies: String = version
        .artifacts()
        .iter()
        .map(|(group, name, version)| {
            format!(
                "  <dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>\n"
            )
        })
        .collect();
    format!(
        "<project>\n <modelVersion>4.0.0</modelVersion>\n <groupId>harness</groupId>\n <artifactId>kafka-{version}</artifactId>\n \
         <version>1</version>\n <packaging>pom</packaging>\n <dependencies>\n{dependencies} </dependencies>\n</project>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pom_names_every_artifact_and_no_host() {
        let pom = pom_xml(KafkaVersion::find("0.10.2.2").unwrap());
        for (group, name, version) in [
            ("org.apache.kafka", "kafka_2.11", "0.10.2.2"),
            ("org.slf4j", "slf4j-simple", "1.7.36"),
            ("javax.xml.bind", "jaxb-api", "2.3.1"),
            ("log4j", "log4j", "1.2.17"),
        ] {
            let wanted = format!(
                "<groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
            );
            assert!(pom.contains(&wanted), "{wanted} in {pom}");
        }
        assert!(!pom.contains("://"), "{pom}");
    }
}
