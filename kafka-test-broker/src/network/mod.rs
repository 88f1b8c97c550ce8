//! What carries frames to the machine and back: the same for TCP connections
//! and for links inside the process.

mod connection;
mod outbox;
mod transport;

pub(crate) use connection::serve;
pub(crate) use transport::Transport;

/// Bytes that a link inside the process holds in each direction before the
/// writer has to wait: about what a socket buffer does.
pub(crate) const LINK_BUFFER_BYTES: usize = 256 * 1024;
