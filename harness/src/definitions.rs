//! Kafka's definitions of its messages: the JSON files inside its jars.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::message_jars::MessageJars;

/// Where the files lie in a jar.
const FOLDER: &str = "common/message";

/// The message definitions of one jar.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// The jar's artifact, such as `kafka-clients`.
    pub artifact: String,
    /// Each file, sorted by name: its name without `.json`, and its text, which
    /// is JSON with `//` comments.
    pub files: Vec<(String, String)>,
}

impl MessageJars {
    /// The definitions in each of Kafka's jars that has some; unpacked by the
    /// JDK's `jar` into a directory that lasts no longer than the call.
    ///
    /// # Errors
    ///
    /// When `jar` can't be run or a file can't be read.
    pub fn definitions(&self) -> Result<Vec<Definitions>> {
        let mut found = Vec::new();
        for jar in list(self.dir())? {
            let name = jar.file_name().unwrap_or_default().to_string_lossy();
            let end = format!("-{}.jar", self.release());
            if let Some(artifact) = name.strip_suffix(&end)
                && artifact.starts_with("kafka-")
            {
                let artifact = artifact.to_owned();
                let files = unpacked(&jar, self.dir())?;
                if !files.is_empty() {
                    found.push(Definitions { artifact, files });
                }
            }
        }
        Ok(found)
    }
}

fn unpacked(jar: &Path, beside: &Path) -> Result<Vec<(String, String)>> {
    let name = jar.file_stem().unwrap_or_default().to_string_lossy();
    let temporary = beside.with_file_name(format!(".{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&temporary);
    fs::create_dir_all(&temporary)
        .map_err(|error| Error::io(format_args!("creating {}", temporary.display()), &error))?;
    let files = unpack(jar, &temporary).and_then(|()| read(&temporary.join(FOLDER)));
    let _ = fs::remove_dir_all(&temporary);
    files
}

fn unpack(jar: &Path, dir: &Path) -> Result<()> {
    let output = Command::new("jar")
        .arg("--extract")
        .arg("--file")
        .arg(jar)
        .arg(FOLDER)
        .current_dir(dir)
        .output()
        .map_err(|error| {
            Error::new(format!(
                "cannot run `jar` ({error}): install a JDK, not just a runtime, and put it on PATH"
            ))
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(format!(
        "`jar` could not unpack {} ({}):\n{}",
        jar.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )))
}

fn read(dir: &Path) -> Result<Vec<(String, String)>> {
    // A jar without the folder unpacks to nothing.
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for path in list(dir)? {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = fs::read_to_string(&path)
                .map_err(|error| Error::io(format_args!("reading {}", path.display()), &error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            files.push((name.into_owned(), text));
        }
    }
    Ok(files)
}

/// What is in a directory, sorted.
fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let named = |error| Error::io(format_args!("listing {}", dir.display()), &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(named)? {
        paths.push(entry.map_err(named)?.path());
    }
    paths.sort();
    Ok(paths)
}
