use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};

use crate::SocketOptions;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connected byte stream: TCP, or whatever a [`Connector`] makes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + ?Sized> Stream for T {}

/// An owned [`Stream`].
pub type BoxStream = Box<dyn Stream>;

/// How names become addresses and addresses become streams.
///
/// Everything that leaves the process goes through here, so a test or a
/// simulation that brings its own connector owns the whole network. Both futures
/// run on the client's runtime and may be dropped at any await.
pub trait Connector: Send + Sync + 'static + fmt::Debug {
    /// The addresses behind a host name, in the order to try them.
    ///
    /// Called again for each attempt to connect, so that a changed name is
    /// followed. An empty list counts as a failure.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

    /// Opens a stream to one address.
    ///
    /// Need not watch the time: the caller drops it at its deadline.
    fn connect(&self, addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>>;

    /// Opens a stream to one address whose socket is set up like this. What a
    /// [`crate::Pool`] calls; by default, [`Connector::connect`].
    fn connect_with(
        &self,
        addr: SocketAddr,
        options: &SocketOptions,
    ) -> BoxFuture<'static, io::Result<BoxStream>> {
        let _ = options;
        self.connect(addr)
    }
}

/// Plain TCP through the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpConnector;

impl Connector for TcpConnector {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(lookup_host((host.as_str(), port)).await?.collect()) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        self.connect_with(addr, &SocketOptions::default())
    }

    fn connect_with(
        &self,
        addr: SocketAddr,
        options: &SocketOptions,
    ) -> BoxFuture<'static, io::Result<BoxStream>> {
        let options = options.clone();
        Box::pin(async move { Ok(Box::new(open(addr, &options).await?) as BoxStream) })
    }
}

/// A stream whose socket is set up like this.
async fn open(address: SocketAddr, options: &SocketOptions) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Before the connection: the buffers decide what window is offered.
    if let Some(bytes) = options.send_buffer_bytes() {
        socket.set_send_buffer_size(u32::try_from(bytes).unwrap_or(u32::MAX))?;
    }
    if let Some(bytes) = options.receive_buffer_bytes() {
        socket.set_recv_buffer_size(u32::try_from(bytes).unwrap_or(u32::MAX))?;
    }
    match options.keep_alive_time() {
        Some(time) if options.keep_alive() => {
            SockRef::from(&socket).set_tcp_keepalive(&probes(time))?;
        }
        _ => socket.set_keepalive(options.keep_alive())?,
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(options.nodelay())?;
    Ok(stream)
}

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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn bytes_travel_both_ways() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = TcpConnector.resolve("127.0.0.1", port).await.unwrap();
        assert_eq!(addresses, [listener.local_addr().unwrap()]);

        let mut ours = TcpConnector.connect(addresses[0]).await.unwrap();
        let (mut theirs, _) = listener.accept().await.unwrap();
        assert!(ours.is_write_vectored());
        ours.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        theirs.read_exact(&mut heard).await.unwrap();
        theirs.write_all(&heard).await.unwrap();
        ours.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
    }

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let refused = TcpConnector.connect(address).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn sockets_are_as_set() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = open(address, &SocketOptions::default()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        let usual = socket.recv_buffer_size().unwrap();

        let options = SocketOptions::default()
            .with_nodelay(false)
            .with_keep_alive_time(Duration::from_secs(77))
            .with_send_buffer_bytes(20_000)
            .with_receive_buffer_bytes(10_000);
        let stream = open(address, &options).await.unwrap();
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
        let stream = open(address, &options).await.unwrap();
        assert!(!SockRef::from(&stream).keepalive().unwrap());
    }
}
