use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::Buf;
use kafka_protocol::wire::Segments;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Pieces given to the socket at once.
const MAX_SLICES: usize = 64;

/// Frames that are to be written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Segments>,
    bytes: usize,
    /// TLS holds back the end of what it took while the socket is full.
    unflushed: bool,
}

impl Outbox {
    pub(super) fn push(&mut self, frame: Segments) {
        if !frame.is_empty() {
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty() && !self.unflushed
    }

    /// Bytes that are to be written.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes as much as the stream takes at once, or flushes when all is written. Dropping the future loses
    /// nothing: either nothing was written, or what was is gone from here.
    pub(super) async fn write_some(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        if self.frames.is_empty() {
            stream.flush().await?;
            self.unflushed = false;
            return Ok(());
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut filled = 0;
        for frame in &self.frames {
            filled += frame.chunks_vectored(&mut slices[filled..]);
        }
        let written = stream.write_vectored(&slices[..filled]).await?;
        if written == 0 && filled > 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.advance(written);
        self.unflushed = true;
        Ok(())
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while let Some(frame) = self.frames.front_mut() {
            if written < frame.len() {
                frame.advance(written);
                return;
            }
            written -= frame.len();
            self.frames.pop_front();
        }
    }
}
