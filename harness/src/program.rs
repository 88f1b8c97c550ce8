//! Programs run to their end, and servers that run until they are dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::clock;
use crate::error::{Error, Result};
use crate::process::{isolate, spawn_guard, tail};

/// Runs any program with `input` as its standard input, and waits for its end.
///
/// How it ended is in the output: another status than 0 is no error here.
///
/// # Errors
///
/// When it cannot be started or is still running after `timeout`; it is killed
/// then, and the error shows what it printed.
pub fn run_program(
    name: &str,
    command: &mut Command,
    input: &[u8],
    timeout: Duration,
) -> Result<ToolOutput> {
    let child = spawn(name, command)?;
    attend(name, child, input, timeout)
}

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct ToolOutput {
    pub(crate) name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error: its log.
    pub stderr: Vec<u8>,
}

impl ToolOutput {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn successful(self) -> Result<Self> {
        if self.status.success() {
            return Ok(self);
        }
        Err(Error::new(format!(
            "{} failed ({}):\n{}\n{}",
            self.name,
            self.status,
            tail(&String::from_utf8_lossy(&self.stdout), 20),
            tail(&String::from_utf8_lossy(&self.stderr), 40)
        )))
    }
}

/// A program that serves until it is dropped, and says where on its first line.
#[derive(Debug)]
pub struct ServerProgram {
    child: Child,
    guard: Option<Child>,
    first_line: String,
}

impl ServerProgram {
    /// Starts it and waits for its first line of standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be started or ends without a line; what it has to say of
    /// that goes to our standard error.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        isolate(command);
        let mut child = command
            .spawn()
            .map_err(|error| Error::io(format_args!("starting {name}"), &error))?;
        let guard = spawn_guard(child.id());
        let mut first_line = String::new();
        let read = child
            .stdout
            .as_mut()
            .map(|stdout| BufReader::new(stdout).read_line(&mut first_line));
        let server = Self {
            child,
            guard,
            first_line: first_line.trim().to_owned(),
        };
        match read {
            Some(Ok(_)) if !server.first_line.is_empty() => Ok(server),
            _ => Err(Error::new(format!("{name} ended without a word"))),
        }
    }

    /// What it said first, without the line's end.
    pub fn first_line(&self) -> &str {
        &self.first_line
    }
}

impl Drop for ServerProgram {
    fn drop(&mut self) {
        release(self.guard.as_mut());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a program with all three of its pipes in our hands.
pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Child> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    isolate(command);
    command
        .spawn()
        .map_err(|error| Error::io(format_args!("starting {name}"), &error))
}

/// Feeds and drains all three pipes at once, so that neither side can
/// block the other, and ends the program at the deadline.
pub(crate) fn attend(
    name: &str,
    mut child: Child,
    input: &[u8],
    timeout: Duration,
) -> Result<ToolOutput> {
    let mut guard = spawn_guard(child.id());
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let deadline = clock::now() + timeout;
    let (status, out, err) = thread::scope(|scope| {
        scope.spawn(move || feed(stdin, input));
        let out = scope.spawn(move || drain(stdout));
        let err = scope.spawn(move || drain(stderr));
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if clock::now() < deadline => thread::sleep(Duration::from_millis(20)),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    break None;
                }
            }
        };
        (
            status,
            out.join().unwrap_or_default(),
            err.join().unwrap_or_default(),
        )
    });
    release(guard.as_mut());
    match status {
        Some(status) => Ok(ToolOutput {
            name: name.to_owned(),
            status,
            stdout: out,
            stderr: err,
        }),
        None => Err(Error::new(format!(
            "{name} was still running after {:?} and was killed; it had printed:\n{}\n{}",
            timeout,
            tail(&String::from_utf8_lossy(&out), 20),
            tail(&String::from_utf8_lossy(&err), 40)
        ))),
    }
}

/// Tells a guard that the end is ours: the process id may belong to somebody
/// else a moment later.
fn release(guard: Option<&mut Child>) {
    if let Some(guard) = guard {
        let pipe = guard.stdin.take();
        let _ = pipe.map(|mut pipe| pipe.write_all(b"released\n"));
        let _ = guard.wait();
    }
}

fn feed(pipe: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut pipe) = pipe {
        // A program may end without reading all of it: its own business.
        let _ = pipe.write_all(input);
    }
}

pub(crate) fn drain(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}
