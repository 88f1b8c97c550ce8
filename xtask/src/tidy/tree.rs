//! The files to check, in memory: paths with forward slashes, from the root.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::error::{Error, Result};

/// Text files by path.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
    /// Earlier texts of the list of exceptions, by revision.
    pub(super) history: Vec<String>,
}

impl Tree {
    /// A tree of these files.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        Self {
            files,
            history: Vec::new(),
        }
    }

    /// The files git knows or would add, of the repository we were started in.
    pub(super) fn of_repository() -> Result<Self> {
        let root = root()?;
        let listed = git(
            &root,
            &[
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "-z",
            ],
        )
        .ok_or_else(|| Error::new("tidy needs git: `git ls-files` failed"))?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // Gone from the work tree but not from the index, or not text: nothing to check.
            if let Ok(text) = fs::read_to_string(root.join(path)) {
                files.insert(path.to_owned(), text);
            }
        }
        let history = ["HEAD", "HEAD^"]
            .iter()
            .filter_map(|revision| {
                git(
                    &root,
                    &["show", &format!("{revision}:{}", super::exceptions::PATH)],
                )
            })
            .collect();
        Ok(Self { files, history })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

fn root() -> Result<PathBuf> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = manifest.parent().map(PathBuf::from);
    root.filter(|root| root.join("Cargo.lock").is_file())
        .ok_or_else(|| Error::new("no workspace around xtask"))
}

fn git(root: &PathBuf, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .current_dir(root)
        .args(arguments)
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
