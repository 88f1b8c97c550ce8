use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use kafka_protocol::{ApiKey, StrBytes, VersionRange};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::clock;
use crate::cluster::{Cluster, NewTopic, Placement};
use crate::config::Config;
use crate::era::Era;
use crate::faults::Fault;
use crate::machine::Machine;
use crate::network::Transport;
use crate::security::SaslMechanism;
use crate::server::{self, Server};
use crate::shared::Shared;
use crate::test_cluster::TestCluster;
use crate::transactions::TRANSACTION_VERSION;

/// The first port of a cluster without sockets.
const OFFLINE_PORT: u16 = 9092;

/// Says what a [`TestCluster`] is to be like.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until the cluster is started"]
pub struct TestClusterBuilder {
    config: Config,
    listen: SocketAddr,
    advertised_host: Option<String>,
    faults: Vec<Fault>,
    transaction_version: Option<i16>,
    topics: Vec<(String, i32)>,
    transport: Transport,
}

impl TestClusterBuilder {
    pub(crate) fn new() -> Self {
        Self {
            config: Config::new(clock::system_wall_ms()),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            advertised_host: None,
            faults: Vec::new(),
            transaction_version: None,
            topics: Vec::new(),
            transport: Transport::default(),
        }
    }

    /// How many brokers there are, numbered from 1. Default and least: 1.
    pub fn brokers(mut self, count: i32) -> Self {
        self.config.brokers = count.max(1);
        self
    }

    /// Which release of Kafka the brokers pass for. Default: the newest.
    pub fn era(mut self, era: Era) -> Self {
        self.config.era = era;
        self
    }

    /// Partitions of a topic that does not say how many it wants. Default and
    /// least: 1.
    pub fn default_partitions(mut self, count: i32) -> Self {
        self.config.default_partitions = count.max(1);
        self
    }

    /// Replicas of a topic that does not say how many it wants, at most one for
    /// each broker. Default: 3.
    pub fn default_replication_factor(mut self, count: i16) -> Self {
        self.config.default_replication_factor = Some(count);
        self
    }

    /// Whether a client that asks for a topic that is not there gets one made,
    /// unless it wants none. Default: yes.
    pub fn auto_create_topics(mut self, yes: bool) -> Self {
        self.config.auto_create_topics = yes;
        self
    }

    /// Where the first broker listens; the others get the ports that follow, or,
    /// with port 0, any that are free. Default: 127.0.0.1 and port 0. Without
    /// sockets, port 0 stands for 9092.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The host by which brokers tell clients to reach them. Default: the
    /// address that they listen at.
    pub fn advertised_host(mut self, host: impl Into<String>) -> Self {
        self.advertised_host = Some(host.into());
        self
    }

    /// What decides all that is left to chance: topic ids, faults with a
    /// probability, garbage. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// The brokers' wall clock at the start, in milliseconds since 1970. From
    /// then on it moves with tokio's clock. Default: the system's.
    pub fn wall_clock_ms(mut self, ms: i64) -> Self {
        self.config.wall_clock_ms = ms;
        self
    }

    /// The largest batch taken, in bytes, by topics that do not set
    /// `max.message.bytes`. Default: 1,048,588, as in Kafka.
    pub fn max_message_bytes(mut self, bytes: i32) -> Self {
        self.config.max_message_bytes = bytes;
        self
    }

    /// The largest request taken, in bytes; a larger one closes the connection.
    /// Default: 100 MiB, as in Kafka.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.config.max_request_bytes = bytes;
        self
    }

    /// Whether every record of a produced batch is parsed, which takes
    /// decompressing it, or the batch's header believed once its checksum fits.
    /// Default: yes, as in Kafka.
    pub fn validate_records(mut self, yes: bool) -> Self {
        self.config.validate_records = yes;
        self
    }

    /// Whether the records of a fetch answer may end in the middle of a batch.
    /// Default: yes, as in Kafka.
    pub fn partial_batches(mut self, yes: bool) -> Self {
        self.config.cut_last_batch = yes;
        self
    }

    /// How often the brokers remove old segments and compact logs, as the
    /// settings of each topic say. Default: never, but when
    /// [`TestCluster::expire`] and [`TestCluster::compact`] are called.
    pub fn clean_up_interval(mut self, interval: Duration) -> Self {
        self.config.clean_up_interval = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// How many fetch sessions each broker keeps (KIP-227). When there are no
    /// more, old and small ones are closed for others, or a client gets none.
    /// Default: 1,000, as in Kafka.
    pub fn fetch_sessions_max(mut self, count: usize) -> Self {
        self.config.fetch_sessions_max = count;
        self
    }

    /// In which rack each broker stands, the first broker's first; those beyond
    /// stand in none. If any is given, leaders send consumers that name a rack
    /// to an in-sync replica there, as with Kafka's `RackAwareReplicaSelector`
    /// (KIP-392). Default: none.
    pub fn racks<R: Into<String>>(mut self, racks: impl IntoIterator<Item = R>) -> Self {
        self.config.racks = racks.into_iter().map(Into::into).collect();
        self
    }

    /// How long a group that was empty waits for more members after its first,
    /// Kafka's `group.initial.rebalance.delay.ms`. Default: not at all, where
    /// Kafka waits 3 s.
    pub fn group_initial_rebalance_delay(mut self, delay: Duration) -> Self {
        self.config.groups.initial_rebalance_delay = delay;
        self
    }

    /// The session timeouts that members of classic groups may have, Kafka's
    /// `group.min.session.timeout.ms` and `group.max.session.timeout.ms`. Default:
    /// 6 s to 30 min, as in Kafka.
    pub fn group_session_timeouts(mut self, shortest: Duration, longest: Duration) -> Self {
        let ms = |timeout: Duration| i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        self.config.groups.min_session_timeout_ms = ms(shortest);
        self.config.groups.max_session_timeout_ms = ms(longest);
        self
    }

    /// How many members a classic group may have, Kafka's `group.max.size`.
    /// Default: as many as come, as in Kafka.
    pub fn group_max_size(mut self, members: usize) -> Self {
        self.config.groups.max_size = members;
        self
    }

    /// How long committed offsets are kept that no member needs, Kafka's
    /// `offsets.retention.minutes`. Default: 7 days, as in Kafka.
    pub fn offsets_retention(mut self, retention: Duration) -> Self {
        self.config.groups.offsets_retention = retention;
        self
    }

    /// How long a broker reads groups that were moved to it, and answers
    /// `COORDINATOR_LOAD_IN_PROGRESS`. Default: not at all.
    pub fn coordinator_load_time(mut self, time: Duration) -> Self {
        self.config.groups.load_time = time;
        self
    }

    /// How long a replica that lacks something stays in sync. Default: 30 s, as
    /// in Kafka.
    pub fn replica_lag_max(mut self, lag: Duration) -> Self {
        self.config.replica_lag_max = lag;
        self
    }

    /// How long a broker that is cut off from the others keeps what it leads.
    /// Default: 9 s, as in Kafka.
    pub fn broker_session_timeout(mut self, timeout: Duration) -> Self {
        self.config.broker_session_timeout = timeout;
        self
    }

    /// Serves an API in these versions only, of those it is served in.
    pub fn api_versions(mut self, api: ApiKey, versions: VersionRange) -> Self {
        self.config.api_overrides.insert(api, Some(versions));
        self
    }

    /// Does not serve an API: a client that asks for it is disconnected.
    pub fn without_api(mut self, api: ApiKey) -> Self {
        self.config.api_overrides.insert(api, None);
        self
    }

    /// Speaks TLS on every socket: with the certificates, the demand for client
    /// certificates, and the versions of `config`. Default: plain text.
    ///
    /// Connections of [`TestCluster::dial`] stay in plain text. Whoever shows a
    /// certificate is `User:ANONYMOUS` all the same, unless they log in by SASL.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: std::sync::Arc<rustls::ServerConfig>) -> Self {
        self.transport = Transport::tls(config);
        self
    }

    /// Lets in only those who log in, in one of these ways. Default: everybody.
    ///
    /// What a connection sends before, other than ApiVersions, closes it.
    pub fn sasl(mut self, mechanisms: impl IntoIterator<Item = SaslMechanism>) -> Self {
        self.config.security.mechanisms = mechanisms.into_iter().collect();
        self
    }

    /// A user who can log in with this password, by PLAIN and SCRAM.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        let passwords = &mut self.config.security.passwords;
        passwords.insert(name.into(), password.into());
        self
    }

    /// How long a connection that logged in is served before it has to do so
    /// anew (KIP-368), Kafka's `connections.max.reauth.ms`. Default: for ever;
    /// clients are told then when their token expires, but not held to it.
    pub fn max_reauth(mut self, time: Duration) -> Self {
        self.config.security.max_reauth = Some(time);
        self
    }

    /// Lets nobody do anything but what ACLs allow, except for these users, who
    /// may do everything. Default: everybody may do everything.
    ///
    /// ```
    /// use kafka_test_broker::{SaslMechanism, TestCluster};
    ///
    /// let cluster = TestCluster::builder()
    ///     .sasl([SaslMechanism::ScramSha256])
    ///     .user("admin", "admin-secret")
    ///     .user("shop", "shop-secret")
    ///     .acls_with_super_users(["admin"])
    ///     .build_offline();
    /// assert!(!cluster.bootstrap().is_empty());
    /// ```
    pub fn acls_with_super_users<U: AsRef<str>>(
        mut self,
        users: impl IntoIterator<Item = U>,
    ) -> Self {
        let security = &mut self.config.security;
        security.authorizes = true;
        let principals = users.into_iter();
        let principals = principals.map(|user| format!("User:{}", user.as_ref()));
        security.super_users.extend(principals);
        self
    }

    /// The level of Kafka's feature `transaction.version`: with 0 and 1, clients
    /// make partitions part of transactions by requests of their own; with 2, by
    /// writing to them, and every transaction has an epoch of its own (KIP-890).
    /// Default: the era's, which is 2 from 4.0 on; it cannot be set before.
    pub fn transaction_version(mut self, level: i16) -> Self {
        self.transaction_version = Some(level);
        self
    }

    /// A fault there is from the start.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// A topic there is from the start.
    pub fn topic(mut self, name: impl Into<String>, partitions: i32) -> Self {
        self.topics.push((name.into(), partitions));
        self
    }

    /// Starts the cluster on real sockets.
    ///
    /// Dropping the future starts nothing. It never waits.
    ///
    /// # Errors
    ///
    /// When a port can't be had, when one of [`TestClusterBuilder::topic`] can't
    /// be made, and outside of a tokio runtime.
    ///
    /// # Panics
    ///
    /// In a runtime without I/O or time, as all of tokio does there: build it
    /// with `enable_all`.
    pub async fn start(self) -> io::Result<TestCluster> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let listeners = server::bind(self.listen, self.config.brokers)?;
        let mut addresses = Vec::with_capacity(listeners.len());
        for listener in &listeners {
            addresses.push(self.advertised(listener.local_addr()?));
        }
        let max_request_bytes = self.config.max_request_bytes;
        let transport = self.transport.clone();
        let shared = self.build(addresses)?;
        let (stop, shutdown) = watch::channel(());
        let ids = shared.with(|machine| machine.cluster().broker_ids());
        let servers = ids.into_iter().zip(listeners).map(|(id, listener)| {
            let (runtime, shared, shutdown) = (runtime.clone(), shared.clone(), shutdown.clone());
            let transport = transport.clone();
            Server::start(
                id,
                listener,
                runtime,
                shared,
                transport,
                max_request_bytes,
                shutdown,
            )
        });
        let servers = servers.collect::<io::Result<Vec<_>>>()?;
        runtime.spawn(shared.clone().tick(stop.subscribe()));
        Ok(TestCluster::new(shared, servers, stop, max_request_bytes))
    }

    /// Builds the cluster without sockets: connections are made with
    /// [`TestCluster::dial`]. Needs no runtime.
    ///
    /// A topic of [`TestClusterBuilder::topic`] that can't be made is left out.
    pub fn build_offline(self) -> TestCluster {
        let first = match self.listen.port() {
            0 => OFFLINE_PORT,
            port => port,
        };
        let ports = first..=u16::MAX;
        let wanted = usize::try_from(self.config.brokers).unwrap_or(1);
        let addresses: Vec<_> = ports
            .take(wanted)
            .map(|port| self.advertised(SocketAddr::new(self.listen.ip(), port)))
            .collect();
        let max_request_bytes = self.config.max_request_bytes;
        let machine = self.machine(addresses);
        let (stop, _) = watch::channel(());
        TestCluster::new(Shared::new(machine.0), Vec::new(), stop, max_request_bytes)
    }

    fn build(self, addresses: Vec<(StrBytes, u16)>) -> io::Result<Shared> {
        match self.machine(addresses) {
            (machine, None) => Ok(Shared::new(machine)),
            (_, Some(problem)) => Err(io::Error::new(io::ErrorKind::InvalidInput, problem)),
        }
    }

    /// The machine, and what is wrong with the topics.
    fn machine(self, addresses: Vec<(StrBytes, u16)>) -> (Machine, Option<String>) {
        let mut cluster = Cluster::new(self.config, addresses);
        if let Some(level) = self.transaction_version {
            cluster.features.set(TRANSACTION_VERSION, level);
        }
        let mut problem = None;
        for (name, partitions) in &self.topics {
            let placement = Placement::Spread {
                partitions: Some(*partitions),
                replication_factor: None,
            };
            if let Err(error) = cluster.create_topic(&NewTopic::new(name, placement), false) {
                problem = Some(error.message);
            }
        }
        let mut machine = Machine::new(clock::now(), cluster);
        for fault in self.faults {
            machine.faults_mut().add(fault);
        }
        (machine, problem)
    }

    fn advertised(&self, address: SocketAddr) -> (StrBytes, u16) {
        let host = match &self.advertised_host {
            Some(host) => host.clone(),
            None => address.ip().to_string(),
        };
        (StrBytes::from(host), address.port())
    }
}
