//! The cluster and the proxies before it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_client::Kafka;
use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};
use tokio::task::spawn_blocking;

use crate::proxy::Proxy;
use crate::{BoxError, NEWEST};

/// Heap of each broker.
const HEAP_MB: u32 = 600;

pub(crate) struct Arena {
    cluster: Arc<Mutex<RealCluster>>,
    brokers: u32,
    /// That of broker 1, of broker 2, …; none where nobody goes through them.
    proxies: Vec<Proxy>,
    /// The brokers' own addresses, past the proxies.
    direct: String,
}

impl Arena {
    /// With a proxy before each broker, or none before any; with these properties on every
    /// broker besides those that the runs have in common.
    pub(crate) async fn start(
        brokers: u32,
        is_proxied: bool,
        own: &[(&str, &str)],
    ) -> Result<Self, BoxError> {
        let mut proxies = Vec::new();
        for _ in 0..if is_proxied { brokers } else { 0 } {
            proxies.push(Proxy::bind().await?);
        }
        let mut options = ClusterOptions::default()
            .heap_mb(HEAP_MB)
            .advertise(proxies.iter().map(Proxy::port))
            // For the groups' offsets as well.
            .property("min.insync.replicas", brokers.min(2))
            .property("offsets.topic.num.partitions", 3)
            // A broker that came back soon leads again: else later faults would miss it.
            .property("leader.imbalance.check.interval.seconds", 10)
            .property("unclean.leader.election.enable", false);
        for (name, value) in own {
            options = options.property(name, value);
        }
        let cluster = spawn_blocking(move || {
            let installation = Installation::ensure(KafkaVersion::find(NEWEST)?)?;
            RealCluster::start(&installation, brokers, &options)
        })
        .await??;
        for (broker, proxy) in (1..).zip(&proxies) {
            proxy.forward_to(cluster.behind(broker)?.parse()?);
        }
        Ok(Self {
            brokers,
            direct: cluster.bootstrap(),
            cluster: Arc::new(Mutex::new(cluster)),
            proxies,
        })
    }

    /// A client that reaches the brokers through the proxies.
    pub(crate) async fn connect(&self, name: &str) -> Result<Kafka, BoxError> {
        let proxies = self.proxies.iter();
        let addresses: Vec<String> = proxies
            .map(|proxy| format!("127.0.0.1:{}", proxy.port()))
            .collect();
        let kafka = Kafka::builder(addresses.join(","))
            .client_id(name)
            .request_timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_secs(3));
        Ok(kafka.connect().await?)
    }

    /// A client that no fault of the network reaches.
    pub(crate) async fn connect_directly(&self) -> Result<Kafka, BoxError> {
        let kafka = Kafka::builder(self.direct.as_str())
            .client_id("operator")
            .request_timeout(Duration::from_secs(5));
        Ok(kafka.connect().await?)
    }

    /// The brokers' own addresses, that of broker 1 first.
    pub(crate) fn direct(&self) -> &str {
        &self.direct
    }

    pub(crate) fn proxies(&self) -> &[Proxy] {
        &self.proxies
    }

    pub(crate) fn proxy(&self, broker: u32) -> Option<&Proxy> {
        self.proxies.get((broker as usize).checked_sub(1)?)
    }

    /// Everything works again; returns when all brokers serve.
    pub(crate) async fn heal(&self) -> Result<(), BoxError> {
        for proxy in &self.proxies {
            proxy.heal();
        }
        let brokers = 1..=self.brokers;
        self.with_cluster(move |cluster| {
            for broker in brokers {
                if cluster.is_running(broker) {
                    cluster.resume(broker)?;
                } else {
                    cluster.restart(broker)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// What the harness does blocks.
    pub(crate) async fn with_cluster(
        &self,
        change: impl FnOnce(&mut RealCluster) -> kafka_harness::Result<()> + Send + 'static,
    ) -> Result<(), BoxError> {
        let cluster = self.cluster.clone();
        let changed = spawn_blocking(move || {
            let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut cluster)
        });
        Ok(changed.await??)
    }
}
