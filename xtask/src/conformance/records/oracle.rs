//! The Java programs on the classes of each release.

use std::iter;
use std::path::Path;

use bytes::Bytes;
use kafka_harness::{LineProgram, MessageJars};
use kafka_protocol::records::Magic;

use crate::error::Result;

use super::case::{Case, Release};
use super::hex;

/// What was found, or what is wrong with it.
pub(super) type Answer<T> = std::result::Result<T, String>;

/// A running program.
pub(super) struct Oracle {
    program: LineProgram,
}

impl Oracle {
    pub(super) fn start(release: &Release) -> Result<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("java")
            .join(release.program);
        let java = MessageJars::ensure(release.version)?.java_tool();
        Ok(Self {
            program: java.line_program::<&str>(&file, &[])?,
        })
    }

    /// Bytes that Kafka writes.
    pub(super) fn make(&mut self, case: &Case, seed: u64) -> Result<Answer<Bytes>> {
        self.ask_bytes(format!(
            "make\t{}\t{}\t{}\t{}",
            case.magic.id(),
            case.codec.name(),
            case.shape.name(),
            case.seed(seed).cast_signed()
        ))
    }

    /// What Kafka finds in `bytes`, as text.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Answer<String>> {
        self.ask(format!("read\t{}", hex::of(bytes)))
    }

    /// What Kafka makes of `bytes` for a client that knows nothing newer than
    /// `magic` and asked for `first_offset`.
    pub(super) fn convert_down(
        &mut self,
        bytes: &[u8],
        magic: Magic,
        first_offset: i64,
    ) -> Result<Answer<Bytes>> {
        let hex = hex::of(bytes);
        self.ask_bytes(format!("convert\t{}\t{first_offset}\t{hex}", magic.id()))
    }

    /// What Kafka makes of messages in magic 2.
    pub(super) fn convert_up(&mut self, bytes: &[u8]) -> Result<Answer<Bytes>> {
        self.ask_bytes(format!("rebuild\t{}", hex::of(bytes)))
    }

    fn ask_bytes(&mut self, question: String) -> Result<Answer<Bytes>> {
        let answer = self.ask(question)?;
        Ok(answer.and_then(|line| {
            hex::parse(&line).ok_or_else(|| format!("no bytes, but {}", hex::cut(&line)))
        }))
    }

    fn ask(&mut self, question: String) -> Result<Answer<String>> {
        let mut answer = String::new();
        self.program
            .ask(iter::once(question), |line| line.clone_into(&mut answer))?;
        Ok(match answer.strip_prefix('!') {
            Some(thrown) => Err(format!("Kafka's classes threw {}", hex::cut(thrown))),
            None => Ok(answer),
        })
    }
}
