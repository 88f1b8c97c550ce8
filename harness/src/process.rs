//! One child process: its log, its signals, and the promise that it dies with us.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
#[cfg(unix)]
use std::thread;
use std::time::{Duration, Instant};

use crate::clock;
use crate::error::{Error, Result};

/// Lines of a log shown with an error.
const TAIL_LINES: usize = 40;

/// A running child whose output goes to a log file.
///
/// Dropping it kills the child. Should this process itself be killed, a guard
/// (a shell waiting for our end of its pipe to close) kills the child instead.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    guard: Option<Child>,
    log: PathBuf,
    log_start: u64,
}

impl Process {
    /// Starts `command` with both outputs appended to `log`.
    pub(crate) fn start(name: String, command: &mut Command, log: &Path) -> Result<Self> {
        let open = |error| Error::io(format_args!("opening {}", log.display()), &error);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .map_err(open)?;
        let log_start = file.metadata().map_err(open)?.len();
        let copy = file.try_clone().map_err(open)?;
        isolate(command);
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(copy)
            .spawn()
            .map_err(|error| Error::io(format_args!("starting {name}"), &error))?;
        let guard = spawn_guard(child.id());
        Ok(Self {
            name,
            child,
            guard,
            log: log.to_path_buf(),
            log_start,
        })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged since it was started.
    pub(crate) fn log_text(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let start = usize::try_from(self.log_start)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned()
    }

    /// An error about this process, with the end of its log.
    pub(crate) fn failure(&self, what: &str) -> Error {
        Error::new(format!(
            "{} {what}; the end of its log {}:\n{}",
            self.name,
            self.log.display(),
            tail(&self.log_text(), TAIL_LINES)
        ))
    }

    /// Its exit status if it has ended.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills it at once (SIGKILL) and waits until it is gone.
    pub(crate) fn kill_hard(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            // A line tells the guard that the end is ours: the process id may
            // belong to somebody else a moment later.
            if let Some(mut pipe) = guard.stdin.take() {
                let _ = pipe.write_all(b"released\n");
            }
            let _ = guard.wait();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by its name, such as `STOP`.
    #[cfg(unix)]
    fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        let output = Command::new("kill")
            .args(["-s", signal, pid.as_str()])
            .output()
            .map_err(|error| Error::io("running `kill`", &error))?;
        if output.status.success() {
            Ok(())
        } else {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Error::new(format!(
                "signal {signal} to {} failed: {reason}",
                self.name
            )))
        }
    }

    /// Asks it to end (SIGTERM) and waits until it is gone.
    #[cfg(unix)]
    pub(crate) fn terminate(&mut self, deadline: Instant) -> Result<()> {
        self.signal("TERM")?;
        while self.exited().is_none() {
            if clock::now() >= deadline {
                return Err(self.failure("did not end on SIGTERM"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        // Only its guard is left.
        self.kill_hard();
        Ok(())
    }

    /// Stops it (SIGSTOP) and waits until all its threads have stopped: each
    /// does so only when it is next scheduled.
    #[cfg(unix)]
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal("STOP")?;
        for _ in 0..3_000 {
            if threads_stopped(self.child.id()) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(self.failure("did not stop on SIGSTOP"))
    }

    /// Lets it go on (SIGCONT).
    #[cfg(unix)]
    pub(crate) fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }
}

/// Whether every thread of the process is stopped, by what Linux tells of them.
#[cfg(target_os = "linux")]
fn threads_stopped(pid: u32) -> bool {
    let Ok(mut tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return true;
    };
    tasks.all(|task| {
        let stat = task.and_then(|task| fs::read_to_string(task.path().join("stat")));
        // `pid (name) state …`; the name may hold anything but ends the last `)`.
        stat.is_ok_and(|stat| {
            let state = stat.rsplit(')').next().unwrap_or_default();
            state.trim_start().starts_with('T')
        })
    })
}

/// Nothing tells cheaply: a moment has to do.
#[cfg(all(unix, not(target_os = "linux")))]
fn threads_stopped(_pid: u32) -> bool {
    thread::sleep(Duration::from_millis(100));
    true
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_hard();
    }
}

/// Whether a process of this id exists.
#[cfg(unix)]
pub(crate) fn is_alive(pid: u32) -> bool {
    let probe = Command::new("kill")
        .args(["-s", "0", pid.to_string().as_str()])
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

/// Whether a process of this id exists: assumed, where there is no cheap way to know.
#[cfg(not(unix))]
pub(crate) fn is_alive(_pid: u32) -> bool {
    true
}

/// The last `lines` lines.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..)
        .unwrap_or_default()
        .join("\n")
}

/// A process group of its own: Ctrl-C in a terminal reaches us, and we decide
/// when the broker goes.
#[cfg(unix)]
pub(crate) fn isolate(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
pub(crate) fn isolate(_command: &mut Command) {}

/// Kills `pid` when our end of the pipe closes without a word.
///
/// No guard is no failure: it only matters when this process dies hard.
#[cfg(unix)]
pub(crate) fn spawn_guard(pid: u32) -> Option<Child> {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "read -r _ || kill -s KILL \"$1\"",
            "sh",
            pid.to_string().as_str(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    isolate(&mut command);
    command.spawn().ok()
}

#[cfg(not(unix))]
pub(crate) fn spawn_guard(_pid: u32) -> Option<Child> {
    None
}

/// Writes a file of a run directory.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<()> {
    File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::io(format_args!("writing {}", path.display()), &error))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn sleeper(log: &Path) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", "echo up; exec sleep 600"]);
        Process::start("sleeper".to_owned(), &mut command, log).unwrap()
    }

    fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
        for _ in 0..3_000 {
            if condition() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{what} did not happen");
    }

    fn temp_log(name: &str) -> PathBuf {
        let dir = crate::paths::run_root();
        fs::create_dir_all(&dir).unwrap();
        let log = dir.join(format!("test-{name}-{}.log", std::process::id()));
        let _ = fs::remove_file(&log);
        log
    }

    #[test]
    fn dropping_kills_and_reaps() {
        let log = temp_log("drop");
        let process = sleeper(&log);
        let pid = process.child.id();
        wait_until("its log line", || process.log_text().contains("up"));
        assert!(is_alive(pid));
        drop(process);
        assert!(!is_alive(pid));
        fs::remove_file(&log).unwrap();
    }

    #[test]
    fn the_guard_kills_when_its_owner_vanishes() {
        let log = temp_log("guard");
        let mut process = sleeper(&log);
        // What the kernel does to our end of the pipe when we are killed.
        drop(process.guard.as_mut().unwrap().stdin.take());
        wait_until("the guard's kill", || process.exited().is_some());
        fs::remove_file(&log).unwrap();
    }

    #[test]
    fn a_stopped_process_goes_on_after_cont() {
        let log = temp_log("stop");
        let mut command = Command::new("sh");
        command.args(["-c", "while :; do echo tick; sleep 0.02; done"]);
        let process = Process::start("ticker".to_owned(), &mut command, &log).unwrap();
        wait_until("a tick", || process.log_text().contains("tick"));
        process.pause().unwrap();
        let stopped = process.log_text().len();
        thread::sleep(Duration::from_millis(200));
        assert_eq!(process.log_text().len(), stopped);
        process.resume().unwrap();
        wait_until("ticks after CONT", || process.log_text().len() > stopped);
        drop(process);
        fs::remove_file(&log).unwrap();
    }

    #[test]
    fn a_process_asked_to_end_ends_or_is_reported() {
        let log = temp_log("terminate");
        let mut willing = sleeper(&log);
        let late = clock::now() + Duration::from_secs(60);
        willing.terminate(late).unwrap();
        assert!(willing.exited().is_some());
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap '' TERM; echo deaf; while :; do sleep 0.05; done",
        ]);
        let mut deaf = Process::start("deaf".to_owned(), &mut command, &log).unwrap();
        wait_until("its log line", || deaf.log_text().contains("deaf"));
        let soon = clock::now() + Duration::from_millis(100);
        let error = deaf.terminate(soon).unwrap_err().to_string();
        assert!(error.contains("did not end on SIGTERM"), "{error}");
        assert!(deaf.exited().is_none());
        drop(deaf);
        fs::remove_file(&log).unwrap();
    }

    #[test]
    fn a_failure_shows_the_end_of_the_log() {
        let log = temp_log("tail");
        let mut command = Command::new("sh");
        command.args(["-c", "for i in $(seq 100); do echo line $i; done; exit 3"]);
        let mut process = Process::start("talker".to_owned(), &mut command, &log).unwrap();
        wait_until("its end", || process.exited().is_some());
        let text = process.failure("died").to_string();
        assert!(
            text.contains("talker died")
                && text.contains("line 100")
                && !text.contains("line 60\n"),
            "{text}"
        );
        fs::remove_file(&log).unwrap();
    }
}
