use std::time::Duration;

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
}

const MAX_BUFFER_BYTES: usize = 1 << 30;

#[cfg(test)]
mod tests {
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
}
