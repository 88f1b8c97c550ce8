//! The directory of one running cluster: data, configuration, logs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};
use crate::paths;
use crate::process::is_alive;

/// Directories of ended processes kept for a look at their logs.
const KEPT: usize = 20;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Creates `target/kafka-run/<process id>-<n>-<version>` and clears away what
/// earlier processes left.
pub(crate) fn create(version: &str) -> Result<PathBuf> {
    let root = paths::run_root();
    prune(&root);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let dir = root.join(format!("{}-{number}-{version}", std::process::id()));
    // A left-over of an earlier process that had the same id.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)
        .map_err(|error| Error::io(format_args!("creating {}", dir.display()), &error))?;
    Ok(dir)
}

/// Drops the data of clusters whose process is gone, and all but the newest of
/// their logs. Best effort: another process may be pruning at the same time.
fn prune(root: &Path) {
    let mut ended: Vec<PathBuf> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| owner(path).is_some_and(|pid| !is_alive(pid)))
        .collect();
    ended.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
    let surplus = ended.len().saturating_sub(KEPT);
    for (index, dir) in ended.iter().enumerate() {
        if index < surplus {
            let _ = fs::remove_dir_all(dir);
        } else {
            remove_data(dir);
        }
    }
}

fn remove_data(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn owner(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dead_process_left_is_cleared() {
        let root = paths::run_root().join(format!("prune-{}", std::process::id()));
        // Above any process id: nobody's.
        let dead = root.join("4294967294-0-4.3.1");
        let ours = root.join(format!("{}-7-4.3.1", std::process::id()));
        for dir in [&dead, &ours] {
            fs::create_dir_all(dir.join("data-1")).unwrap();
            fs::write(dir.join("broker-1.log"), "log").unwrap();
        }
        prune(&root);
        assert!(!dead.join("data-1").exists() && dead.join("broker-1.log").exists());
        assert!(ours.join("data-1").exists());
        fs::remove_dir_all(&root).unwrap();
    }
}
