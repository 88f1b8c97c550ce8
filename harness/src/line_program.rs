//! A Java program that is asked line by line.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread::{self, JoinHandle};

use crate::error::{Error, Result};
use crate::process::{spawn_guard, tail};
use crate::program::drain;

/// A running program that answers each line of its input with one line.
///
/// One process serves any number of questions, so that its start is paid for
/// once. Dropping it ends it.
#[derive(Debug)]
pub struct LineProgram {
    name: String,
    child: Child,
    guard: Option<Child>,
    stdin: Option<BufWriter<ChildStdin>>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl LineProgram {
    pub(crate) fn new(name: String, mut child: Child) -> Self {
        let stderr = child.stderr.take();
        Self {
            guard: spawn_guard(child.id()),
            stdin: child.stdin.take().map(BufWriter::new),
            stdout: child.stdout.take().map(BufReader::new),
            stderr: Some(thread::spawn(move || drain(stderr))),
            name,
            child,
        }
    }

    /// Sends `questions` and hands each answer, in order, to `answer`.
    ///
    /// Questions are drawn and written on another thread while answers are read:
    /// neither pipe can block the other, however many there are.
    ///
    /// # Errors
    ///
    /// When the program ends, or closes a pipe, before the last answer: the error
    /// shows what it wrote to standard error. The program is then of no more use.
    pub fn ask(
        &mut self,
        questions: impl ExactSizeIterator<Item = String> + Send,
        mut answer: impl FnMut(&str),
    ) -> Result<()> {
        let (Some(mut stdin), Some(mut stdout)) = (self.stdin.take(), self.stdout.take()) else {
            return Err(self.failure());
        };
        let count = questions.len();
        let stdin = thread::scope(|scope| {
            let writer = scope.spawn(move || write(&mut stdin, questions).then_some(stdin));
            if !read(&mut stdout, count, &mut answer) {
                // Whoever writes to a program that is gone gets an error, not silence.
                let _ = self.child.kill();
                return None;
            }
            writer.join().ok().flatten()
        });
        let Some(stdin) = stdin else {
            return Err(self.failure());
        };
        (self.stdin, self.stdout) = (Some(stdin), Some(stdout));
        Ok(())
    }

    fn failure(&mut self) -> Error {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let printed = self.stderr.take().map(JoinHandle::join);
        let printed = printed
            .and_then(std::result::Result::ok)
            .unwrap_or_default();
        Error::new(format!(
            "{} stopped answering:\n{}",
            self.name,
            tail(&String::from_utf8_lossy(&printed), 40)
        ))
    }
}

impl Drop for LineProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(guard) = &mut self.guard {
            let _ = guard
                .stdin
                .take()
                .map(|mut pipe| pipe.write_all(b"released\n"));
            let _ = guard.wait();
        }
    }
}

fn write(stdin: &mut impl Write, questions: impl Iterator<Item = String>) -> bool {
    for question in questions {
        if writeln!(stdin, "{question}").is_err() {
            return false;
        }
    }
    stdin.flush().is_ok()
}

/// `false` when the answers end too early.
fn read(stdout: &mut impl BufRead, count: usize, answer: &mut impl FnMut(&str)) -> bool {
    let mut line = String::new();
    for _ in 0..count {
        line.clear();
        match stdout.read_line(&mut line) {
            Ok(read) if read > 0 => answer(line.trim_end_matches(['\r', '\n'])),
            _ => return false,
        }
    }
    true
}
