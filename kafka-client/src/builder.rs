//! Connection settings, up to a connected [`Kafka`].

use std::time::Duration;

use kafka_consumer::ConsumerConfig;
use kafka_net::{
    AddressMap, ApiVersionsTable, BrokerAddress, Environment, Error, NetConfig, Pool, Proxy, Sasl,
    SocketOptions, clock,
};
use kafka_producer::ProducerConfig;
use kafka_router::{MetadataRecovery, Router, RouterConfig};

use crate::kafka::Kafka;

/// Settings of the connection to a cluster. Made by [`Kafka::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect` is awaited"]
pub struct KafkaBuilder {
    bootstrap: String,
    pub(crate) net: NetConfig,
    pub(crate) router: RouterConfig,
    pub(crate) producer: ProducerConfig,
    pub(crate) consumer: ConsumerConfig,
    request_timeout: Duration,
    connect_within: Duration,
    environment: Option<Environment>,
}

impl KafkaBuilder {
    pub(crate) fn new(bootstrap: String) -> Self {
        Self {
            bootstrap,
            net: NetConfig::default(),
            router: RouterConfig::new([]),
            producer: ProducerConfig::default(),
            consumer: ConsumerConfig::default(),
            request_timeout: Duration::from_secs(30),
            connect_within: Duration::from_secs(30),
            environment: None,
        }
    }

    /// The name under which brokers log, meter and limit this client. Default as in
    /// [`NetConfig::client_id`].
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.net = self.net.with_client_id(id.into());
        self
    }

    /// Encrypts every connection, to the brokers that metadata names as well. Default:
    /// plain text. With the cargo feature `tls`.
    ///
    /// ```
    /// use kafka_client::{Kafka, TlsConfig};
    ///
    /// let builder = Kafka::builder("kafka-1.example.org:9093").tls(
    ///     TlsConfig::new()
    ///         .with_root_file("/etc/kafka/ca.pem")
    ///         .with_client_files("/etc/kafka/client.pem", "/etc/kafka/client.key"),
    /// );
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: kafka_net::TlsConfig) -> Self {
        self.net = self.net.with_tls(tls);
        self
    }

    /// How long an answer may take before its connection is given up. Default 30 s. Also
    /// the default of producers and consumers.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self.net = self.net.with_request_timeout(timeout);
        self.producer = self.producer.request_timeout(timeout);
        self.consumer = self.consumer.request_timeout(timeout);
        self
    }

    /// How long one connection attempt may take, negotiation included; each that fails
    /// doubles it for the next. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.net = self.net.with_connect_timeout(timeout);
        self
    }

    /// How long one connection attempt may take at most, after others have failed.
    /// Default as in [`NetConfig::connect_timeout_max`].
    pub fn connect_timeout_max(mut self, timeout: Duration) -> Self {
        self.net = self.net.with_connect_timeout_max(timeout);
        self
    }

    /// The proxy through which brokers are reached. Default: directly.
    ///
    /// ```
    /// use kafka_client::{Kafka, Proxy};
    ///
    /// let builder = Kafka::builder("kafka-1.example.org:9092")
    ///     .proxy(Proxy::socks5("proxy.example.org", 1080).with_credentials("me", "secret"));
    /// # let _ = builder;
    /// ```
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.net = self.net.with_proxy(proxy);
        self
    }

    /// Where to dial brokers instead of where they say that they listen, for port
    /// forwards and tunnels. Default: just there. See [`AddressMap`] for what becomes of
    /// the name that TLS checks.
    pub fn address_map(mut self, map: AddressMap) -> Self {
        self.net = self.net.with_address_map(map);
        self
    }

    /// What every broker speaks, where brokers answer that question wrongly or not at
    /// all: for example [`ApiVersionsTable::of_release`]. Default: each is asked, on each
    /// connection.
    pub fn assumed_versions(mut self, versions: ApiVersionsTable) -> Self {
        self.net = self.net.with_assumed_versions(versions);
        self
    }

    /// How TCP sockets are set up: buffers, keep-alive probes. Default as in
    /// [`SocketOptions`].
    pub fn socket(mut self, options: SocketOptions) -> Self {
        self.net = self.net.with_socket(options);
        self
    }

    /// How long [`connect`](Self::connect) goes on trying the addresses. Default 30 s.
    pub fn connect_within(mut self, limit: Duration) -> Self {
        self.connect_within = limit;
        self
    }

    /// Whether brokers may create a topic that a client asks for and that does not exist,
    /// where they are set up to. Default `true`, as in the Java client.
    pub fn allow_auto_topic_creation(mut self, allow: bool) -> Self {
        self.router = self.router.with_allow_auto_topic_creation(allow);
        self
    }

    /// Age at which the view of the cluster is refreshed though no error asked for it.
    /// Default 5 min.
    pub fn metadata_max_age(mut self, age: Duration) -> Self {
        self.router = self.router.with_metadata_max_age(age);
        self
    }

    /// Whether the bootstrap addresses count again once there was an answer (KIP-899).
    /// Default [`MetadataRecovery::Rebootstrap`].
    pub fn metadata_recovery(mut self, recovery: MetadataRecovery) -> Self {
        self.router = self.router.with_metadata_recovery(recovery);
        self
    }

    /// After how long without metadata, though it was asked for, the bootstrap addresses
    /// are asked first (KIP-1102). Default 5 min; zero turns to them after the first
    /// failure.
    pub fn rebootstrap_trigger(mut self, trigger: Duration) -> Self {
        self.router = self.router.with_rebootstrap_trigger(trigger);
        self
    }

    /// How to log in to brokers. Default: not at all.
    ///
    /// PLAIN and OAUTHBEARER need TLS besides, or whoever listens on the wire could log
    /// in as well. Credentials that change come from a
    /// [`CredentialsProvider`](crate::CredentialsProvider), tokens from a
    /// [`TokenProvider`](crate::TokenProvider).
    ///
    /// ```
    /// use kafka_client::{Credentials, Kafka, Sasl};
    /// # use kafka_test_broker::{SaslMechanism, TestCluster};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let password = "alice-secret";
    /// # let cluster = TestCluster::builder()
    /// #     .sasl([SaslMechanism::ScramSha256])
    /// #     .user("alice", password)
    /// #     .start()
    /// #     .await?;
    /// # let address = cluster.bootstrap();
    /// let kafka = Kafka::builder(address)
    ///     .sasl(Sasl::scram_sha_256(Credentials::new("alice", password)))
    ///     .connect()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sasl(mut self, sasl: Sasl) -> Self {
        self.net = self.net.with_sasl(sasl);
        self
    }

    /// All settings of the connection layer, for those that have no method here.
    pub fn net(mut self, change: impl FnOnce(NetConfig) -> NetConfig) -> Self {
        self.net = change(self.net);
        self
    }

    /// All settings of the routing layer, for those that have no method here. The
    /// bootstrap addresses stay those given to [`Kafka::builder`].
    pub fn routing(mut self, change: impl FnOnce(RouterConfig) -> RouterConfig) -> Self {
        self.router = change(self.router);
        self
    }

    /// Clock, randomness, connector and runtime. Default: TCP, the system's clock and
    /// randomness, and the runtime in which [`connect`](Self::connect) is called.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Connects to any of the addresses and learns the cluster's brokers.
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// `Config` for settings that can't work, naming them; `Authentication` at once when a
    /// broker does not let this client in; otherwise, once
    /// [`connect_within`](Self::connect_within) has passed, a `Timeout` whose source is
    /// the last failure, naming the address.
    pub async fn connect(self) -> Result<Kafka, Error> {
        let bootstrap = parse_bootstrap(&self.bootstrap)?;
        let environment = match self.environment {
            Some(environment) => environment,
            None => Environment::system()?,
        };
        self.producer.validate()?;
        self.consumer.validate()?;
        let pool = Pool::new(self.net, environment)?;
        let router = Router::new(self.router.with_bootstrap(bootstrap), pool)?;
        router.ready(clock::now() + self.connect_within).await?;
        Ok(Kafka::new(
            router,
            self.producer,
            self.consumer,
            self.request_timeout,
        ))
    }
}

fn parse_bootstrap(text: &str) -> Result<Vec<BrokerAddress>, Error> {
    let addresses = text
        .split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty())
        .map(str::parse)
        .collect::<Result<Vec<BrokerAddress>, Error>>()?;
    if addresses.is_empty() {
        return Err(Error::config(
            "no bootstrap address: give at least one host:port of a broker",
        ));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let hosts = |text| {
            parse_bootstrap(text).map(|list| {
                list.iter()
                    .map(|a| (a.host.to_string(), a.port))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            hosts("a:1, b:2 ,").unwrap(),
            [("a".to_owned(), 1), ("b".to_owned(), 2)]
        );
        assert_eq!(hosts("[::1]:9092").unwrap()[0].1, 9092);
        for bad in ["", " , ", "a", "a:", "a:70000", ":1"] {
            let error = hosts(bad).unwrap_err();
            assert!(
                matches!(error.kind(), kafka_net::ErrorKind::Config),
                "{bad}: {error}"
            );
        }
    }
}
