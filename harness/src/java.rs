//! Kafka's own tools and small Java programs, run to their end.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use crate::error::Result;
use crate::line_program::LineProgram;
use crate::program::{self, ToolOutput};

/// Runs Java on the jars of one Kafka version.
#[derive(Clone, Debug)]
pub struct JavaTool {
    class_path: OsString,
    timeout: Duration,
    heap_mb: u32,
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
        program::attend(name, child, stdin, self.timeout)
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
            .args(arguments);
        program::spawn(name, &mut command)
    }
}

fn name_of(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
