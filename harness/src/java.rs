//! Kafka's own tools and small Java programs, run to their end.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::clock;
use crate::error::{Error, Result};
use crate::line_program::LineProgram;
use crate::process::{isolate, spawn_guard, tail};

/// Runs Java on the jars of one Kafka version.
#[derive(Clone, Debug)]
pub struct JavaTool {
    class_path: OsString,
    timeout: Duration,
    heap_mb: u32,
}

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct ToolOutput {
    name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error: its log.
    pub stderr: Vec<u8>,
}

impl JavaTool {
    pub(crate) fn new(class_path: OsString) -> Self {
        Self {
            class_path,
            timeout: Duration::from_secs(120),
            heap_mb: 512,
        }
    }

    /// How long a program may run before it is killed; 120 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Heap of the program in megabytes; 512 by default.
    #[must_use]
    pub fn heap_mb(mut self, heap_mb: u32) -> Self {
        self.heap_mb = heap_mb;
        self
    }

    /// Runs a class of Kafka's, such as `org.apache.kafka.tools.TopicCommand`,
    /// with `stdin` as its input, and waits for it.
    ///
    /// Fails when it ends with another status than 0 or takes too long; the
    /// error shows what it printed.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        class: &str,
        arguments: &[S],
        stdin: &[u8],
    ) -> Result<ToolOutput> {
        self.finish(class, OsStr::new(class), arguments, stdin)?
            .successful()
    }

    /// Starts a Java program in a single source file that answers each line of
    /// its input with one line, until its input ends.
    pub fn line_program<S: AsRef<OsStr>>(
        &self,
        file: &Path,
        arguments: &[S],
    ) -> Result<LineProgram> {
        let name = name_of(file);
        let child = self.spawn(&name, file.as_os_str(), arguments)?;
        Ok(LineProgram::new(name, child))
    }

    /// As [`run`](Self::run), for a Java program in a single source file.
    pub fn java_program<S: AsRef<OsStr>>(
        &self,
        file: &Path,
        arguments: &[S],
        stdin: &[u8],
    ) -> Result<ToolOutput> {
        let name = name_of(file);
        self.finish(&name, file.as_os_str(), arguments, stdin)?
            .successful()
    }

    fn finish<S: AsRef<OsStr>>(
        &self,
        name: &str,
        main: &OsStr,
        arguments: &[S],
        stdin: &[u8],
    ) -> Result<ToolOutput> {
        let child = self.spawn(name, main, arguments)?;
        self.attend(name, child, stdin)
    }

    /// Starts a program with all three of its pipes in our hands.
    pub(crate) fn spawn<S: AsRef<OsStr>>(
        &self,
        name: &str,
        main: &OsStr,
        arguments: &[S],
    ) -> Result<Child> {
        let mut command = Command::new("java");
        command
            .arg(format!("-Xmx{}m", self.heap_mb))
            .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
            .arg("-cp")
            .arg(&self.class_path)
            .arg(main)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        isolate(&mut command);
        command
            .spawn()
            .map_err(|error| Error::io(format_args!("starting {name}"), &error))
    }

    /// Feeds and drains all three pipes at once, so that neither side can
    /// block the other, and ends the program at the deadline.
    fn attend(&self, name: &str, mut child: Child, input: &[u8]) -> Result<ToolOutput> {
        let mut guard = spawn_guard(child.id());
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let deadline = clock::now() + self.timeout;
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
        if let Some(guard) = &mut guard {
            let _ = guard
                .stdin
                .take()
                .map(|mut pipe| pipe.write_all(b"released\n"));
            let _ = guard.wait();
        }
        match status {
            Some(status) => Ok(ToolOutput {
                name: name.to_owned(),
                status,
                stdout: out,
                stderr: err,
            }),
            None => Err(Error::new(format!(
                "{name} was still running after {:?} and was killed; it had printed:\n{}\n{}",
                self.timeout,
                tail(&String::from_utf8_lossy(&out), 20),
                tail(&String::from_utf8_lossy(&err), 40)
            ))),
        }
    }
}

impl ToolOutput {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    fn successful(self) -> Result<Self> {
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

fn name_of(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
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
