//! The stream of a broker that does not get to send its alert.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use kafka_net::BoxStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// As Kafka 2.8 and older refuse a client's certificate: in the place of the alert goes the
/// whole network buffer, with what was sent last at its beginning and zeros behind it.
pub(crate) struct Repeating {
    stream: BoxStream,
    /// The server's side of the handshake.
    flight: Vec<u8>,
    /// The client has read it and gone on.
    is_answered: bool,
    has_repeated: bool,
}

const BUFFER: usize = 16 << 10;

impl Repeating {
    pub(crate) fn new(stream: BoxStream) -> Self {
        Self {
            stream,
            flight: Vec::new(),
            is_answered: false,
            has_repeated: false,
        }
    }

    /// With TLS 1.2 it was sent in one piece; with TLS 1.3 what is encrypted came last.
    fn last_sent(&self) -> &[u8] {
        let mut last = self.flight.as_slice();
        loop {
            let length = usize::from(u16::from_be_bytes([last[3], last[4]]));
            let (record, rest) = last.split_at(5 + length);
            if rest.is_empty() {
                return match record[0] {
                    0x17 => record,
                    _ => &self.flight,
                };
            }
            last = rest;
        }
    }
}

impl AsyncRead for Repeating {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.is_answered = !self.flight.is_empty();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Repeating {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.is_answered {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
            self.flight.extend_from_slice(&buf[..count]);
            return Poll::Ready(Ok(count));
        }
        if !self.has_repeated {
            let mut all = self.last_sent().to_vec();
            all.resize(BUFFER, 0);
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &all))?;
            assert_eq!(count, all.len(), "there is room for it");
            self.has_repeated = true;
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
