use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

use crate::Error;

/// How TCP sockets are set up. A [`crate::Connector`] of one's own may heed it or not.
///
/// The defaults suit most networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    nodelay: bool,
    keep_alive: bool,
    keep_alive_time: Option<Duration>,
    send_buffer_bytes: Option<usize>,
    receive_buffer_bytes: Option<usize>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            nodelay: true,
            keep_alive: true,
            keep_alive_time: None,
            send_buffer_bytes: None,
            receive_buffer_bytes: None,
        }
    }
}

impl SocketOptions {
    /// Whether small requests are sent at once, without waiting for the
    /// acknowledgement of earlier ones (`TCP_NODELAY`). Default true.
    pub fn nodelay(&self) -> bool {
        self.nodelay
    }

    /// Sets [`SocketOptions::nodelay`].
    #[must_use]
    pub fn with_nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Whether the operating system probes connections on which nothing happens
    /// (`SO_KEEPALIVE`), which also keeps firewalls from forgetting them. Default
    /// true.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Sets [`SocketOptions::keep_alive`].
    #[must_use]
    pub fn with_keep_alive(mut self, keep_alive: bool) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// The time without traffic after which the first probe is sent, and between
    /// probes; `None`, the default, for the operating system's (often 2 hours).
    /// 1 s to 9 h, in whole seconds; has no effect without
    /// [`SocketOptions::keep_alive`].
    pub fn keep_alive_time(&self) -> Option<Duration> {
        self.keep_alive_time
    }

    /// Sets [`SocketOptions::keep_alive_time`].
    #[must_use]
    pub fn with_keep_alive_time(mut self, time: Duration) -> Self {
        self.keep_alive_time = Some(time);
        self
    }

    /// The size of the operating system's buffer for what is sent (`SO_SNDBUF`);
    /// `None`, the default, lets it choose and adapt. 1 to 1 GiB; a hint, which
    /// systems round and bound.
    pub fn send_buffer_bytes(&self) -> Option<usize> {
        self.send_buffer_bytes
    }

    /// Sets [`SocketOptions::send_buffer_bytes`].
    #[must_use]
    pub fn with_send_buffer_bytes(mut self, bytes: usize) -> Self {
        self.send_buffer_bytes = Some(bytes);
        self
    }

    /// The size of the operating system's buffer for what is received
    /// (`SO_RCVBUF`), as [`SocketOptions::send_buffer_bytes`].
    pub fn receive_buffer_bytes(&self) -> Option<usize> {
        self.receive_buffer_bytes
    }

    /// Sets [`SocketOptions::receive_buffer_bytes`].
    #[must_use]
    pub fn with_receive_buffer_bytes(mut self, bytes: usize) -> Self {
        self.receive_buffer_bytes = Some(bytes);
        self
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        for (name, bytes) in [
            ("send_buffer_bytes", self.send_buffer_bytes),
            ("receive_buffer_bytes", self.receive_buffer_bytes),
        ] {
            if bytes.is_some_and(|bytes| !(1..=MAX_BUFFER_BYTES).contains(&bytes)) {
                return Err(Error::config(format!(
                    "{name} must be between 1 and {MAX_BUFFER_BYTES}"
                )));
            }
        }
        let times = Duration::from_secs(1)..=Duration::from_secs(9 * 3600);
        match self.keep_alive_time {
            Some(time) if !times.contains(&time) => {
                Err(Error::config("keep_alive_time must be between 1 s and 9 h"))
            }
            _ => Ok(()),
        }
    }

    /// A stream to `address` with these settings.
    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Before the connection: the buffers decide what window is offered.
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(u32::try_from(bytes).unwrap_or(u32::MAX))?;
        }
        if let Some(bytes) = self.receive_buffer_bytes {
            socket.set_recv_buffer_size(u32::try_from(bytes).unwrap_or(u32::MAX))?;
        }
        match self.keep_alive_time {
            Some(time) if self.keep_alive => {
                SockRef::from(&socket).set_tcp_keepalive(&probes(time))?;
            }
            _ => socket.set_keepalive(self.keep_alive)?,
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(self.nodelay)?;
        Ok(stream)
    }
}

const MAX_BUFFER_BYTES: usize = 1 << 30;

fn probes(time: Duration) -> TcpKeepalive {
    let probes = TcpKeepalive::new().with_time(time);
    // Not every system has it.
    #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "linux",
        target_os = "macos",
        target_os = "windows",
    ))]
    let probes = probes.with_interval(time);
    probes
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[track_caller]
    fn check(options: SocketOptions, setting: &str) {
        let text = options.validate().unwrap_err().to_string();
        assert!(text.contains(setting), "{text}");
    }

    #[test]
    fn wrong_settings_are_named() {
        let options = SocketOptions::default;
        options().validate().unwrap();
        for bytes in [0, MAX_BUFFER_BYTES + 1] {
            check(options().with_send_buffer_bytes(bytes), "send_buffer_bytes");
            check(
                options().with_receive_buffer_bytes(bytes),
                "receive_buffer_bytes",
            );
        }
        for time in [
            Duration::from_millis(999),
            Duration::from_secs(9 * 3600 + 1),
        ] {
            check(options().with_keep_alive_time(time), "keep_alive_time");
        }
    }

    #[tokio::test]
    async fn sockets_are_as_set() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = SocketOptions::default().connect(address).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        let usual = socket.recv_buffer_size().unwrap();

        let options = SocketOptions::default()
            .with_nodelay(false)
            .with_keep_alive_time(Duration::from_secs(77))
            .with_send_buffer_bytes(20_000)
            .with_receive_buffer_bytes(10_000);
        let stream = options.connect(address).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(!stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        // What Linux doubles, others take as it is.
        assert!(matches!(
            socket.recv_buffer_size().unwrap(),
            10_000 | 20_000
        ));
        assert!(matches!(
            socket.send_buffer_size().unwrap(),
            20_000 | 40_000
        ));
        assert_ne!(socket.recv_buffer_size().unwrap(), usual);
        #[cfg(target_os = "linux")]
        assert_eq!(
            socket.tcp_keepalive_time().unwrap(),
            Duration::from_secs(77)
        );

        let options = SocketOptions::default().with_keep_alive(false);
        let stream = options.connect(address).await.unwrap();
        assert!(!SockRef::from(&stream).keepalive().unwrap());
    }
}
