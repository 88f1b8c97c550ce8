use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::StrBytes;
use kafka_protocol::frame::FrameDecoder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{Notify, watch};

use super::outbox::Outbox;
use crate::clock;
use crate::machine::{Action, ConnectionId};
use crate::shared::{Shared, Turn};

/// Answers gathered before they are written, while more requests lie ready.
const GATHER_BYTES: usize = 64 * 1024;

/// Serves one client of `broker` until either side closes, or `shutdown` does.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    shared: Shared,
    broker: i32,
    client: IpAddr,
    max_request_bytes: usize,
    shutdown: watch::Receiver<()>,
) {
    // As Kafka shows addresses.
    let client_host = StrBytes::from(format!("/{client}"));
    let Some((id, arrived)) = shared.connect(broker, client_host) else {
        return;
    };
    let mut connection = Connection {
        stream,
        shared,
        id,
        decoder: FrameDecoder::new(max_request_bytes),
        ahead: None,
        outbox: Outbox::default(),
        busy: false,
        deadline: None,
        closing: false,
    };
    if let Err(error) = connection.run(&arrived, shutdown).await {
        tracing::debug!(broker, %error, "connection ended");
    }
}

struct Connection<S> {
    stream: S,
    shared: Shared,
    id: ConnectionId,
    decoder: FrameDecoder,
    /// A request that arrived while another is under way.
    ahead: Option<Bytes>,
    outbox: Outbox,
    /// A request is under way.
    busy: bool,
    /// When the request under way is due.
    deadline: Option<Instant>,
    /// Nothing is read any more; what is left is written.
    closing: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// `arrived` tells that something was caused by others.
    async fn run(&mut self, arrived: &Notify, mut shutdown: watch::Receiver<()>) -> io::Result<()> {
        // Both wait for as long as the connection lives: to make them anew for each
        // chunk would cost as much as to read it.
        let mut shut_down = pin!(shutdown.changed());
        let mut caused = pin!(arrived.notified());
        loop {
            self.feed()?;
            if self.closing && self.outbox.is_empty() {
                return Ok(());
            }
            // While a request is under way one more is read ahead, so that a
            // client that closes meanwhile is noticed.
            let reading = self.ahead.is_none();
            tokio::select! {
                biased;
                // Also when the cluster is gone, which is an error here.
                _ = &mut shut_down => return Ok(()),
                () = &mut caused => {
                    caused.set(arrived.notified());
                    let turn = self.shared.collect(self.id);
                    self.take(turn);
                }
                progress = transfer(
                    &mut self.stream,
                    &mut self.outbox,
                    &mut self.decoder,
                    reading,
                ) => {
                    if progress? == Progress::End {
                        return Ok(());
                    }
                }
                () = clock::sleep_until(self.deadline), if self.busy => {
                    let turn = self.shared.advance(self.id);
                    self.take(turn);
                }
            }
        }
    }

    /// Hands over requests until one stays under way, or there are answers
    /// enough to write.
    fn feed(&mut self) -> io::Result<()> {
        while !self.closing && self.outbox.bytes() < GATHER_BYTES {
            if self.ahead.is_none() {
                self.ahead = self.decoder.next().map_err(invalid)?;
            }
            if self.busy {
                break;
            }
            let Some(frame) = self.ahead.take() else {
                break;
            };
            let turn = self.shared.handle(self.id, frame);
            self.take(turn);
        }
        Ok(())
    }

    fn take(&mut self, turn: Turn) {
        self.busy = turn.busy;
        self.deadline = turn.deadline;
        for action in turn.actions {
            match action {
                Action::Send(frame) => self.outbox.push(frame),
                Action::Close => self.closing = true,
            }
        }
    }
}

#[derive(PartialEq)]
enum Progress {
    Made,
    /// The client has closed.
    End,
}

/// Writes what there is to write, or else reads, if that is wanted. Dropping the
/// future loses nothing.
async fn transfer(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    outbox: &mut Outbox,
    decoder: &mut FrameDecoder,
    reading: bool,
) -> io::Result<Progress> {
    if !outbox.is_empty() {
        outbox.write_some(stream).await?;
    } else if !reading {
        std::future::pending::<()>().await;
    } else if stream.read_buf(decoder.buffer()).await? == 0 {
        return Ok(Progress::End);
    }
    Ok(Progress::Made)
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.shared.disconnect(self.id);
    }
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
