use std::fmt;
use std::sync::Arc;

use crate::BrokerAddress;

/// Where to dial a broker instead of where it says that it listens: for port forwards,
/// tunnels, and clusters whose advertised names mean nothing here.
///
/// Asked before each attempt to connect, with the address from metadata or from the
/// bootstrap list; what it returns is dialled (and named to the proxy, if one is set),
/// its id ignored. All else goes by the advertised address: errors, logs, which
/// connection serves which broker, and the name that the broker's certificate has to
/// bear, unless [`AddressMap::with_dialled_tls_name`] says otherwise.
///
/// Runs on the client's runtime, so it must not block.
///
/// ```
/// use kafka_net::{AddressMap, BrokerAddress, NetConfig};
///
/// // kafka-0 to kafka-2, each forwarded to a port of this machine.
/// let map = AddressMap::new(|broker: &BrokerAddress| {
///     match broker.host.strip_prefix("kafka-").and_then(|n| n.parse::<u16>().ok()) {
///         Some(n) if n < 3 => BrokerAddress::new("localhost", 19092 + n),
///         _ => broker.clone(),
///     }
/// });
/// let config = NetConfig::default().with_address_map(map);
/// # config.validate().unwrap();
/// ```
///
/// Clones share the function; two are equal when they share it.
#[derive(Clone)]
pub struct AddressMap {
    map: Arc<dyn Fn(&BrokerAddress) -> BrokerAddress + Send + Sync>,
    dialled_tls_name: bool,
}

impl AddressMap {
    /// What `map` makes of an advertised address is dialled.
    pub fn new(map: impl Fn(&BrokerAddress) -> BrokerAddress + Send + Sync + 'static) -> Self {
        Self {
            map: Arc::new(map),
            dialled_tls_name: false,
        }
    }

    /// Lets the broker's certificate bear the name dialled, not the one advertised: for
    /// what ends TLS in front of the brokers. `TlsConfig::with_server_name`, where set,
    /// outranks both.
    #[must_use]
    pub fn with_dialled_tls_name(mut self) -> Self {
        self.dialled_tls_name = true;
        self
    }

    pub(crate) fn dialled(&self, advertised: &BrokerAddress) -> BrokerAddress {
        (self.map)(advertised)
    }

    pub(crate) fn has_dialled_tls_name(&self) -> bool {
        self.dialled_tls_name
    }
}

impl fmt::Debug for AddressMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressMap")
            .field("dialled_tls_name", &self.dialled_tls_name)
            .finish_non_exhaustive()
    }
}

impl PartialEq for AddressMap {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.map, &other.map) && self.dialled_tls_name == other.dialled_tls_name
    }
}

impl Eq for AddressMap {}
