//! Jars from Maven, into a directory of their own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::requirements::{self, MVN};

static DOWNLOADING: Mutex<()> = Mutex::new(());

/// One artifact to collect.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    group: String,
    name: String,
    version: String,
    alone: bool,
}

impl Dependency {
    /// The artifact with all that it needs to run.
    pub(crate) fn new(group: &str, name: &str, version: &str) -> Self {
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            alone: false,
        }
    }

    /// Without what it depends on.
    pub(crate) fn alone(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    fn xml(&self) -> String {
        let Self {
            group,
            name,
            version,
            ..
        } = self;
        let exclusions = if self.alone {
            "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
        } else {
            ""
        };
        format!(
            "  <dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>{exclusions}</dependency>\n"
        )
    }
}

/// Collects the jars of `dependencies` in `dir`, unless it is there already.
///
/// A download is announced on standard error. It goes to a directory of its own
/// and is renamed when complete, so an interrupted one leaves nothing half done
/// and parallel ones don't meet.
pub(crate) fn collect(what: &str, dependencies: &[Dependency], dir: &Path) -> Result<()> {
    // Tests of one process start side by side and want the same jars.
    let _one_at_a_time = DOWNLOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if dir.is_dir() {
        return Ok(());
    }
    requirements::java()?;
    requirements::mvn()?;
    let names: Vec<_> = dependencies
        .iter()
        .map(|one| format!("{}:{}:{}", one.group, one.name, one.version))
        .collect();
    eprintln!(
        "downloading {what} with Maven ({}), kept in {}",
        names.join(", "),
        dir.display()
    );
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let parent = dir.parent().unwrap_or(dir);
    let temporary = parent.join(format!(".{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&temporary);
    let jars = temporary.join("jars");
    fs::create_dir_all(&jars)
        .map_err(|error| Error::io(format_args!("creating {}", jars.display()), &error))?;
    let result = download(what, dependencies, &temporary, &jars).and_then(|()| publish(&jars, dir));
    let _ = fs::remove_dir_all(&temporary);
    result
}

fn download(what: &str, dependencies: &[Dependency], temporary: &Path, jars: &Path) -> Result<()> {
    let mut output_directory = OsString::from("-DoutputDirectory=");
    output_directory.push(jars);
    let goal = "dependency:copy-dependencies";
    run(what, dependencies, temporary, goal, &[&output_directory])?;
    remove_other_loggers(jars)
}

/// Runs `goal` in a project of its own in `dir` that depends on `dependencies`.
pub(crate) fn run(
    what: &str,
    dependencies: &[Dependency],
    dir: &Path,
    goal: &str,
    settings: &[&OsStr],
) -> Result<()> {
    let pom = dir.join("pom.xml");
    fs::write(&pom, pom_xml(dependencies))
        .map_err(|error| Error::io(format_args!("writing {}", pom.display()), &error))?;
    let output = Command::new(MVN)
        .args(["-B", "-q", "-f"])
        .arg(&pom)
        .arg(goal)
        .args(settings)
        .output()
        .map_err(|error| Error::io(format_args!("running {MVN}"), &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(format!(
        "Maven could not collect {what} ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
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

fn pom_xml(dependencies: &[Dependency]) -> String {
    let dependencies: String = dependencies.iter().map(Dependency::xml).collect();
    format!(
        "<project>\n <modelVersion>4.0.0</modelVersion>\n <groupId>harness</groupId>\n <artifactId>jars</artifactId>\n \
         <version>1</version>\n <packaging>pom</packaging>\n <dependencies>\n{dependencies} </dependencies>\n</project>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::KafkaVersion;

    #[test]
    fn the_pom_names_every_artifact_and_no_host() {
        let artifacts = KafkaVersion::find("0.10.2.2").unwrap().artifacts();
        let dependencies: Vec<_> = artifacts
            .iter()
            .map(|(group, name, version)| Dependency::new(group, name, version))
            .collect();
        let pom = pom_xml(&dependencies);
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
        assert!(!pom.contains("://") && !pom.contains("exclusion"), "{pom}");
        let alone = pom_xml(&[Dependency::new("g", "n", "1").alone()]);
        assert!(alone.contains("<exclusions>"), "{alone}");
    }
}
