use std::io;
#[cfg(feature = "tls")]
use std::sync::Arc;

#[cfg(feature = "tls")]
use crate::tls::{self, TlsClient};
use crate::{BoxStream, BrokerAddress, Environment, Error, NetConfig};

/// What lies between a connected stream and the frames on it: nothing, or TLS
/// where that is built in and set. A pool has one, which all of its connections
/// share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transport {
    #[cfg(feature = "tls")]
    tls: Option<Arc<TlsClient>>,
}

impl Transport {
    #[cfg(feature = "tls")]
    pub(crate) fn new(config: &NetConfig, env: &Environment) -> Self {
        let client = |tls: &tls::TlsConfig| TlsClient::new(tls.clone(), env.wall_clock().clone());
        Self {
            tls: config.tls().map(client).map(Arc::new),
        }
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) fn new(_config: &NetConfig, _env: &Environment) -> Self {
        Self {}
    }

    /// Whether [`Transport::secure`] does anything.
    #[cfg(feature = "tls")]
    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) fn is_encrypted(&self) -> bool {
        false
    }

    /// Encrypts a new stream. The caller watches the time.
    #[cfg(feature = "tls")]
    pub(crate) async fn secure(
        &self,
        env: &Environment,
        broker: &BrokerAddress,
        stream: BoxStream,
    ) -> Result<BoxStream, Error> {
        match &self.tls {
            Some(tls) => tls.handshake(env, broker, stream).await,
            None => Ok(stream),
        }
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) async fn secure(
        &self,
        _env: &Environment,
        _broker: &BrokerAddress,
        stream: BoxStream,
    ) -> Result<BoxStream, Error> {
        Ok(stream)
    }

    /// How often changed certificate files were taken over, and could not be.
    #[cfg(feature = "tls")]
    pub(crate) fn reloads(&self) -> (u64, u64) {
        self.tls.as_ref().map_or((0, 0), |tls| tls.reloads())
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) fn reloads(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// What a connection's end means that TLS brought about.
#[cfg(feature = "tls")]
pub(crate) fn failure(error: &io::Error) -> Option<Error> {
    tls::of_established(error)
}

#[cfg(not(feature = "tls"))]
pub(crate) fn failure(_error: &io::Error) -> Option<Error> {
    None
}
