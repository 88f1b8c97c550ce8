use std::time::Duration;

use kafka_protocol::{ApiKey, StrBytes};

#[cfg(feature = "tls")]
use crate::TlsConfig;
use crate::{AddressMap, ApiVersionsTable, Error, Proxy, Sasl, SocketOptions};

/// How connections are made, bounded and timed.
///
/// The defaults suit most clusters. [`crate::Pool::new`] checks the settings
/// with [`NetConfig::validate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetConfig {
    client_id: StrBytes,
    client_software_name: StrBytes,
    client_software_version: StrBytes,
    connect_timeout: Duration,
    connect_timeout_max: Option<Duration>,
    connection_attempt_delay: Duration,
    request_timeout: Duration,
    max_in_flight: usize,
    max_queued_requests: usize,
    max_queued_bytes: usize,
    max_response_len: usize,
    reconnect_backoff: Duration,
    reconnect_backoff_max: Duration,
    idle_timeout: Duration,
    socket: SocketOptions,
    proxy: Option<Proxy>,
    address_map: Option<AddressMap>,
    assumed_versions: Option<ApiVersionsTable>,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
    sasl: Option<Sasl>,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            client_id: StrBytes::from_static("kafka-rust"),
            client_software_name: StrBytes::from_static("kafka-rust"),
            client_software_version: StrBytes::from_static(env!("CARGO_PKG_VERSION")),
            connect_timeout: Duration::from_secs(10),
            connect_timeout_max: None,
            connection_attempt_delay: Duration::from_millis(250),
            request_timeout: Duration::from_secs(30),
            max_in_flight: 100,
            max_queued_requests: 1000,
            max_queued_bytes: 64 * 1024 * 1024,
            max_response_len: 128 * 1024 * 1024,
            reconnect_backoff: Duration::from_millis(50),
            reconnect_backoff_max: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(9 * 60),
            socket: SocketOptions::default(),
            proxy: None,
            address_map: None,
            assumed_versions: None,
            #[cfg(feature = "tls")]
            tls: None,
            sasl: None,
        }
    }
}

impl NetConfig {
    /// The name in the broker's logs, metrics and quotas. Default `kafka-rust`;
    /// at most 32,767 bytes.
    pub fn client_id(&self) -> &StrBytes {
        &self.client_id
    }

    /// Sets [`NetConfig::client_id`].
    #[must_use]
    pub fn with_client_id(mut self, client_id: impl Into<StrBytes>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// The software name told to brokers (KIP-511). Default `kafka-rust`.
    pub fn client_software_name(&self) -> &StrBytes {
        &self.client_software_name
    }

    /// The software version told to brokers (KIP-511). Default: this crate's.
    pub fn client_software_version(&self) -> &StrBytes {
        &self.client_software_version
    }

    /// Sets [`NetConfig::client_software_name`] and
    /// [`NetConfig::client_software_version`]. Both consist of letters, digits,
    /// `.` and `-`, and begin and end with a letter or a digit, or brokers
    /// refuse the connection.
    #[must_use]
    pub fn with_client_software(
        mut self,
        name: impl Into<StrBytes>,
        version: impl Into<StrBytes>,
    ) -> Self {
        self.client_software_name = name.into();
        self.client_software_version = version.into();
        self
    }

    /// The time for one attempt to connect: name resolution, all addresses,
    /// the TLS handshake and the negotiation of versions. Each attempt that fails
    /// doubles it for the next, up to [`NetConfig::connect_timeout_max`], and up
    /// to 20 % are then added or taken at random. Default 10 s, as Java's
    /// `socket.connection.setup.timeout.ms`; above 0.
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Sets [`NetConfig::connect_timeout`].
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The longest time for one attempt to connect, before the random part.
    /// Default 30 s, as Java's `socket.connection.setup.timeout.max.ms`, or
    /// [`NetConfig::connect_timeout`] if that is more; not below that.
    pub fn connect_timeout_max(&self) -> Duration {
        let default = Duration::from_secs(30).max(self.connect_timeout);
        self.connect_timeout_max.unwrap_or(default)
    }

    /// Sets [`NetConfig::connect_timeout_max`].
    #[must_use]
    pub fn with_connect_timeout_max(mut self, timeout: Duration) -> Self {
        self.connect_timeout_max = Some(timeout);
        self
    }

    /// Of a name's several addresses, the next is tried after this long, while
    /// those before it are still being tried (RFC 8305, "Connection Attempt
    /// Delay"); one that fails is followed at once. Default 250 ms; 10 ms to
    /// 2 s.
    pub fn connection_attempt_delay(&self) -> Duration {
        self.connection_attempt_delay
    }

    /// Sets [`NetConfig::connection_attempt_delay`].
    #[must_use]
    pub fn with_connection_attempt_delay(mut self, delay: Duration) -> Self {
        self.connection_attempt_delay = delay;
        self
    }

    /// The time from a request's start to its answer, for requests whose caller
    /// names none. Default 30 s; above 0.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Sets [`NetConfig::request_timeout`].
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Requests of one connection that may await their answers at once; the
    /// next ones queue. Default 100; 1 to 10,000.
    pub fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Sets [`NetConfig::max_in_flight`].
    #[must_use]
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// Requests of one connection that may queue beyond those in flight.
    /// Default 1,000; at most 1,000,000.
    pub fn max_queued_requests(&self) -> usize {
        self.max_queued_requests
    }

    /// Sets [`NetConfig::max_queued_requests`].
    #[must_use]
    pub fn with_max_queued_requests(mut self, requests: usize) -> Self {
        self.max_queued_requests = requests;
        self
    }

    /// Bytes of one connection's requests that may wait to be written. A larger
    /// request is taken when nothing else waits. Default 64 MiB; above 0.
    pub fn max_queued_bytes(&self) -> usize {
        self.max_queued_bytes
    }

    /// Sets [`NetConfig::max_queued_bytes`].
    #[must_use]
    pub fn with_max_queued_bytes(mut self, bytes: usize) -> Self {
        self.max_queued_bytes = bytes;
        self
    }

    /// The largest answer taken, in bytes; a longer one closes the connection.
    /// Memory is taken as the bytes arrive, not as they are announced. Default
    /// 128 MiB; 1 KiB to 2 GiB − 1.
    pub fn max_response_len(&self) -> usize {
        self.max_response_len
    }

    /// Sets [`NetConfig::max_response_len`].
    #[must_use]
    pub fn with_max_response_len(mut self, bytes: usize) -> Self {
        self.max_response_len = bytes;
        self
    }

    /// The pause after a first failed attempt to connect; each further one
    /// doubles it, and up to 20 % are added or taken at random so that clients
    /// do not return all at once. Default 50 ms; above 0.
    pub fn reconnect_backoff(&self) -> Duration {
        self.reconnect_backoff
    }

    /// The longest pause between attempts to connect, before the random part.
    /// Default 1 s; not below [`NetConfig::reconnect_backoff`].
    pub fn reconnect_backoff_max(&self) -> Duration {
        self.reconnect_backoff_max
    }

    /// Sets [`NetConfig::reconnect_backoff`] and
    /// [`NetConfig::reconnect_backoff_max`].
    #[must_use]
    pub fn with_reconnect_backoff(mut self, first: Duration, max: Duration) -> Self {
        self.reconnect_backoff = first;
        self.reconnect_backoff_max = max;
        self
    }

    /// A connection without requests for this long is closed. Below the
    /// broker's own limit (`connections.max.idle.ms`, 10 minutes unless
    /// changed), so that no request meets a connection that the broker is just
    /// closing. Default 9 minutes; above 0; [`Duration::MAX`] for never.
    pub fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Sets [`NetConfig::idle_timeout`].
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How TCP sockets are set up; see [`SocketOptions`] for the defaults.
    pub fn socket(&self) -> &SocketOptions {
        &self.socket
    }

    /// Sets [`NetConfig::socket`].
    #[must_use]
    pub fn with_socket(mut self, options: SocketOptions) -> Self {
        self.socket = options;
        self
    }

    /// The proxy through which brokers are reached; `None`, the default, for
    /// directly.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Sets [`NetConfig::proxy`].
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Where to dial brokers instead of where they say that they listen; `None`,
    /// the default, for just there.
    pub fn address_map(&self) -> Option<&AddressMap> {
        self.address_map.as_ref()
    }

    /// Sets [`NetConfig::address_map`].
    #[must_use]
    pub fn with_address_map(mut self, map: AddressMap) -> Self {
        self.address_map = Some(map);
        self
    }

    /// What every broker speaks, where it is not asked: for brokers that don't
    /// answer the question or answer it wrongly. `None`, the default, to ask each
    /// one, on each connection, which also finds out those of 0.8.2 and 0.9, which
    /// don't know the question. Those are not asked again for five minutes, nor while
    /// the connection that asked lives: each time, 0.9 may pass over a request of
    /// another connection, whoever's it is, so with brokers of that release it is
    /// better to name it here.
    pub fn assumed_versions(&self) -> Option<&ApiVersionsTable> {
        self.assumed_versions.as_ref()
    }

    /// Sets [`NetConfig::assumed_versions`], for example to
    /// [`ApiVersionsTable::of_release`]. Brokers are then told nothing of this
    /// client's software (KIP-511), and that an address is one of Kafka at all is
    /// not found out before the first request.
    #[must_use]
    pub fn with_assumed_versions(mut self, versions: ApiVersionsTable) -> Self {
        self.assumed_versions = Some(versions);
        self
    }

    /// How connections are encrypted; `None` for plain text, the default. With
    /// the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(&self) -> Option<&TlsConfig> {
        self.tls.as_ref()
    }

    /// Encrypts every connection. With the feature `tls`.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How to log in. Default: not at all.
    pub fn sasl(&self) -> Option<&Sasl> {
        self.sasl.as_ref()
    }

    /// Sets [`NetConfig::sasl`]. PLAIN and OAUTHBEARER need TLS besides, unless
    /// [`Sasl::dangerous_without_tls`] says otherwise.
    #[must_use]
    pub fn with_sasl(mut self, sasl: Sasl) -> Self {
        self.sasl = Some(sasl);
        self
    }

    /// Whether what goes over the wire can be read there.
    fn is_plaintext(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return false;
        }
        true
    }

    /// Checks the settings' bounds, alone and against each other.
    ///
    /// Certificates and keys given in memory are looked into; files are not
    /// read before the first connection.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Config`], naming the settings.
    pub fn validate(&self) -> Result<(), Error> {
        if self.client_id.len() > i16::MAX as usize {
            return Err(wrong("client_id", "is longer than 32767 bytes"));
        }
        for (name, text) in [
            ("client_software_name", &self.client_software_name),
            ("client_software_version", &self.client_software_version),
        ] {
            if !is_software_token(text) {
                return Err(wrong(
                    name,
                    "must consist of letters, digits, '.' and '-', and begin and end with a \
                     letter or digit",
                ));
            }
        }
        for (name, duration) in [
            ("connect_timeout", self.connect_timeout),
            ("request_timeout", self.request_timeout),
            ("reconnect_backoff", self.reconnect_backoff),
            ("idle_timeout", self.idle_timeout),
        ] {
            if duration.is_zero() {
                return Err(wrong(name, "must be above 0"));
            }
        }
        if self.connect_timeout > self.connect_timeout_max() {
            return Err(Error::config(format!(
                "connect_timeout ({:?}) is above connect_timeout_max ({:?})",
                self.connect_timeout,
                self.connect_timeout_max()
            )));
        }
        let delays = Duration::from_millis(10)..=Duration::from_secs(2);
        if !delays.contains(&self.connection_attempt_delay) {
            return Err(wrong(
                "connection_attempt_delay",
                "must be between 10 ms and 2 s",
            ));
        }
        if self.reconnect_backoff > self.reconnect_backoff_max {
            return Err(Error::config(format!(
                "reconnect_backoff ({:?}) is above reconnect_backoff_max ({:?})",
                self.reconnect_backoff, self.reconnect_backoff_max
            )));
        }
        if !(1..=10_000).contains(&self.max_in_flight) {
            return Err(wrong("max_in_flight", "must be between 1 and 10000"));
        }
        if self.max_queued_requests > 1_000_000 {
            return Err(wrong("max_queued_requests", "must be at most 1000000"));
        }
        if self.max_queued_bytes == 0 {
            return Err(wrong("max_queued_bytes", "must be above 0"));
        }
        if !(1024..=i32::MAX as usize).contains(&self.max_response_len) {
            return Err(wrong(
                "max_response_len",
                "must be between 1024 and 2147483647",
            ));
        }
        let assumed = self.assumed_versions.as_ref();
        if assumed.is_some_and(|table| table.range(ApiKey::Metadata).is_none()) {
            return Err(wrong("assumed_versions", "must have Metadata among them"));
        }
        self.socket.validate()?;
        if let Some(proxy) = &self.proxy {
            proxy.validate()?;
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            tls.validate()?;
        }
        match &self.sasl {
            Some(sasl) if self.is_plaintext() && !sasl.is_fit_for_plaintext() => {
                Err(Error::config(format!(
                    "sasl is {} and tls is not set: whoever listens on the wire could log in \
                     with what is sent",
                    sasl.name()
                ))
                .with_hint("set tls, or use SCRAM, or opt in by Sasl::dangerous_without_tls"))
            }
            _ => Ok(()),
        }
    }
}

fn wrong(setting: &str, text: &str) -> Error {
    Error::config(format!("{setting} {text}"))
}

/// What KIP-511 allows; a broker answers anything else with INVALID_REQUEST.
fn is_software_token(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let bytes = text.as_bytes();
    bytes.iter().copied().all(inner)
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, ErrorKind};

    #[track_caller]
    fn check(config: NetConfig, expected: &str) {
        let error = config.validate().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn defaults_are_valid() {
        NetConfig::default().validate().unwrap();
    }

    #[cfg(feature = "tls")]
    #[test]
    fn what_is_sent_over_tls_may_be_secret() {
        let plain = Sasl::plain(Credentials::new("alice", "secret"));
        let config = NetConfig::default().with_sasl(plain);
        config.validate().unwrap_err();
        config.with_tls(TlsConfig::new()).validate().unwrap();
    }

    #[test]
    fn wrong_settings_are_named() {
        let config = NetConfig::default;
        check(config().with_client_id("x".repeat(32768)), "client_id");
        for bad in ["", "-a", "a-", "a b", "naïve", "a/1"] {
            check(
                config().with_client_software(bad, "1"),
                "client_software_name",
            );
            check(
                config().with_client_software("a", bad),
                "client_software_version",
            );
        }
        check(
            config().with_connect_timeout(Duration::ZERO),
            "connect_timeout",
        );
        check(
            config().with_connect_timeout_max(Duration::from_secs(9)),
            "connect_timeout (10s) is above connect_timeout_max (9s)",
        );
        config()
            .with_connect_timeout(Duration::from_secs(60))
            .validate()
            .unwrap();
        for ms in [0, 9, 2001] {
            check(
                config().with_connection_attempt_delay(Duration::from_millis(ms)),
                "connection_attempt_delay",
            );
        }
        check(
            config().with_request_timeout(Duration::ZERO),
            "request_timeout",
        );
        check(config().with_idle_timeout(Duration::ZERO), "idle_timeout");
        check(
            config().with_socket(SocketOptions::default().with_send_buffer_bytes(0)),
            "send_buffer_bytes",
        );
        check(config().with_proxy(Proxy::socks5("", 1080)), "proxy");
        check(
            config().with_assumed_versions(ApiVersionsTable::of_ranges([])),
            "assumed_versions",
        );
        check(config().with_max_in_flight(0), "max_in_flight");
        check(config().with_max_in_flight(10_001), "max_in_flight");
        check(
            config().with_max_queued_requests(1_000_001),
            "max_queued_requests",
        );
        check(config().with_max_queued_bytes(0), "max_queued_bytes");
        check(config().with_max_response_len(1023), "max_response_len");
        check(config().with_max_response_len(1 << 31), "max_response_len");
        let plain = Sasl::plain(Credentials::new("alice", "secret"));
        check(
            config().with_sasl(plain.clone()),
            "sasl is PLAIN and tls is not set",
        );
        let without_tls = config().with_sasl(plain.dangerous_without_tls());
        without_tls.validate().unwrap();
        assert!(!format!("{without_tls:?}").contains("secret"));
        let scram = Sasl::scram_sha_256(Credentials::new("alice", "secret"));
        config().with_sasl(scram).validate().unwrap();
        let second = Duration::from_secs(1);
        check(
            config().with_reconnect_backoff(Duration::ZERO, second),
            "reconnect_backoff",
        );
        check(
            config().with_reconnect_backoff(2 * second, second),
            "reconnect_backoff (2s) is above reconnect_backoff_max (1s)",
        );
    }
}
