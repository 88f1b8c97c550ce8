//! Where things are kept.

use std::env;
use std::path::{Path, PathBuf};

/// The build directory: `CARGO_TARGET_DIR` where it is set, else `target` of
/// this workspace.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => workspace_root().join("target"),
    }
}

/// The jars of one Kafka version.
pub(crate) fn installation_dir(version: &str) -> PathBuf {
    target_dir().join("kafka").join(version)
}

/// Parent of the directories of running clusters.
pub(crate) fn run_root() -> PathBuf {
    target_dir().join("kafka-run")
}

fn workspace_root() -> PathBuf {
    // Cargo sets the variable for `cargo run` and `cargo test`; a binary
    // started by hand falls back to where it was built.
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .ancestors()
        .find(|dir| dir.join("Cargo.lock").is_file())
        .map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".."),
            Path::to_path_buf,
        )
}
