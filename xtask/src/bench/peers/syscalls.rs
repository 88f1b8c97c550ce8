//! Calls into the kernel, counted by strace.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use kafka_harness::target_dir;

/// Where strace leaves its table.
pub(super) struct Counter(PathBuf);

/// The same program under strace, which has to be there.
///
/// # Errors
///
/// Why nothing can be counted.
pub(super) fn count(program: &Command) -> Result<(Command, Counter), String> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut asked = Command::new("strace");
    asked.arg("-V").stdout(Stdio::null()).stderr(Stdio::null());
    if !asked.status().is_ok_and(|status| status.success()) {
        return Err("strace is not installed".to_owned());
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let dir = target_dir().join("peers");
    fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
    let table = dir.join(format!("strace-{}-{number}", std::process::id()));
    let mut strace = Command::new("strace");
    strace.args(["-c", "-f", "-o"]).arg(&table);
    strace.arg(program.get_program()).args(program.get_args());
    Ok((strace, Counter(table)))
}

impl Counter {
    /// How many there were; the table is gone afterwards.
    pub(super) fn read(self) -> Result<f64, String> {
        let table = fs::read_to_string(&self.0).map_err(|error| error.to_string())?;
        let _ = fs::remove_file(&self.0);
        total(&table).ok_or_else(|| "strace left no total".to_owned())
    }
}

/// The calls of the last line, `100.00 SECONDS USECS CALLS [ERRORS] total`.
fn total(table: &str) -> Option<f64> {
    let line = table.lines().rev().find(|line| line.ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_straces_table() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     60.00    0.000600           6       100           write\n\
                     40.00    0.000400           8        50         2 read\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     100.00    0.001000           6       150         2 total\n";
        assert_eq!(total(table), Some(150.0));
        assert_eq!(
            total(&table.replace("         2 total", "           total")),
            Some(150.0)
        );
        assert_eq!(total("nothing"), None);
    }
}
