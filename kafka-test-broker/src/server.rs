//! Real sockets: one listener for each broker.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::clock;
use crate::network::Transport;
use crate::shared::Shared;

/// How long to wait after an accept that failed, for want of file descriptors
/// for example.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(10);

/// Where one broker listens.
#[derive(Debug)]
pub(crate) struct Server {
    broker: i32,
    address: SocketAddr,
    runtime: Handle,
    shared: Shared,
    transport: Transport,
    max_request_bytes: usize,
    shutdown: watch::Receiver<()>,
    listening: Mutex<Option<Listening>>,
}

#[derive(Debug)]
struct Listening {
    slot: Arc<Slot>,
    acceptor: AbortHandle,
}

/// The socket, where it can be closed at once from outside of its task.
#[derive(Debug)]
struct Slot(Mutex<Option<TcpListener>>);

/// Binds the first of `count` consecutive ports, and the others behind it; with
/// port 0, any free ports.
pub(crate) fn bind(first: SocketAddr, count: i32) -> io::Result<Vec<StdListener>> {
    let ports = (0..count).map(|index| match first.port() {
        0 => Ok(0),
        port => u16::try_from(i32::from(port) + index)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "no port is left")),
    });
    ports
        .map(|port| {
            let address = SocketAddr::new(first.ip(), port?);
            // Of several ports, which one is taken.
            let named =
                |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
            let listener = StdListener::bind(address).map_err(named)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        })
        .collect()
}

impl Server {
    /// Serves `broker` on `listener` with tasks of `runtime`, until `shutdown`.
    pub(crate) fn start(
        broker: i32,
        listener: StdListener,
        runtime: Handle,
        shared: Shared,
        transport: Transport,
        max_request_bytes: usize,
        shutdown: watch::Receiver<()>,
    ) -> io::Result<Self> {
        let server = Self {
            broker,
            address: listener.local_addr()?,
            runtime,
            shared,
            transport,
            max_request_bytes,
            shutdown,
            listening: Mutex::new(None),
        };
        server.listen(listener)?;
        Ok(server)
    }

    pub(crate) fn broker(&self) -> i32 {
        self.broker
    }

    /// Refuses connections from now on.
    pub(crate) fn stop(&self) {
        if let Some(listening) = lock(&self.listening).take() {
            listening.slot.close();
            listening.acceptor.abort();
        }
    }

    /// Takes connections again, at the same address.
    pub(crate) fn restart(&self) -> io::Result<()> {
        if lock(&self.listening).is_some() {
            return Ok(());
        }
        let listener = StdListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        self.listen(listener)
    }

    fn listen(&self, listener: StdListener) -> io::Result<()> {
        // Sockets belong to a runtime, and this may be called from outside.
        let _inside = self.runtime.enter();
        let slot = Arc::new(Slot(Mutex::new(Some(TcpListener::from_std(listener)?))));
        let acceptor = self.runtime.spawn(accept(
            slot.clone(),
            self.runtime.clone(),
            self.shared.clone(),
            self.transport.clone(),
            self.broker,
            self.max_request_bytes,
            self.shutdown.clone(),
        ));
        *lock(&self.listening) = Some(Listening {
            slot,
            acceptor: acceptor.abort_handle(),
        });
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Slot {
    fn close(&self) {
        lock(&self.0).take();
    }

    /// `None` once the socket is closed.
    fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<(TcpStream, IpAddr)>>> {
        match lock(&self.0).as_ref() {
            Some(listener) => listener
                .poll_accept(context)
                .map(|accepted| Some(accepted.map(|(stream, peer)| (stream, peer.ip())))),
            None => Poll::Ready(None),
        }
    }
}

async fn accept(
    slot: Arc<Slot>,
    runtime: Handle,
    shared: Shared,
    transport: Transport,
    broker: i32,
    max_request_bytes: usize,
    shutdown: watch::Receiver<()>,
) {
    while let Some(accepted) = poll_fn(|context| slot.poll_accept(context)).await {
        match accepted.and_then(|accepted| accepted.0.set_nodelay(true).map(|()| accepted)) {
            Ok((stream, client)) => {
                let (shared, shutdown) = (shared.clone(), shutdown.clone());
                let transport = transport.clone();
                let serving =
                    transport.serve(stream, shared, broker, client, max_request_bytes, shutdown);
                runtime.spawn(serving);
            }
            Err(error) => {
                tracing::warn!(broker, %error, "connection not accepted");
                clock::sleep_until(Some(clock::now() + ACCEPT_RETRY_DELAY)).await;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
