//! What lies between a socket and the frames on it.

use std::fmt;
use std::net::IpAddr;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::serve;
use crate::shared::Shared;

/// Plain text, or TLS where that is built in and configured.
#[derive(Clone, Default)]
pub(crate) struct Transport {
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Transport {
    /// TLS with the certificates and rules of `config`.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(config: std::sync::Arc<rustls::ServerConfig>) -> Self {
        Self {
            tls: Some(config.into()),
        }
    }

    /// Serves one client of `broker` until either side closes.
    pub(crate) async fn serve(
        self,
        stream: TcpStream,
        shared: Shared,
        broker: i32,
        client: IpAddr,
        max_request_bytes: usize,
        shutdown: watch::Receiver<()>,
    ) {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls {
            let mut ended = shutdown.clone();
            // Whoever says nothing must not keep a stopped cluster alive.
            let accepted = tokio::select! {
                biased;
                _ = ended.changed() => return,
                accepted = tls.accept(stream) => accepted,
            };
            return match accepted {
                Ok(stream) => {
                    serve(stream, shared, broker, client, max_request_bytes, shutdown).await;
                }
                Err(error) => tracing::debug!(broker, %error, "TLS handshake failed"),
            };
        }
        serve(stream, shared, broker, client, max_request_bytes, shutdown).await;
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
