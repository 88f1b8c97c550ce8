use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::lookup_host;

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
        Box::pin(async move { Ok(Box::new(options.connect(addr).await?) as BoxStream) })
    }
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
}
