//! A running Kafka cluster whose brokers can be killed, paused and restarted.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::broker::{self, LOG4J};
use crate::clock;
use crate::error::{Error, Result};
use crate::installation::Installation;
use crate::ports;
use crate::process::{Process, write_file};
use crate::properties::{self, Behind, Listener, Node};
use crate::run_dir;
use crate::version::{Dialect, Era};

/// How a cluster is started; `default()` suits tests.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    properties: Vec<(String, String)>,
    heap_mb: u32,
    start_timeout: Duration,
    first_port: Option<u16>,
    advertised: Vec<u16>,
    listeners: Vec<(String, String)>,
    jaas: Option<String>,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            properties: Vec::new(),
            heap_mb: 512,
            start_timeout: Duration::from_secs(300),
            first_port: None,
            advertised: Vec::new(),
            listeners: Vec::new(),
            jaas: None,
        }
    }
}

impl ClusterOptions {
    /// Sets a broker property on every node, replacing the harness's own.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl ToString) -> Self {
        self.properties.push((name.to_owned(), value.to_string()));
        self
    }

    /// Heap of each broker in megabytes; 512 by default, enough for tests.
    #[must_use]
    pub fn heap_mb(mut self, heap_mb: u32) -> Self {
        self.heap_mb = heap_mb;
        self
    }

    /// How long the cluster, or a restarted broker, may take until it serves;
    /// 300 seconds by default.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Puts broker 1 on this port, broker 2 on the next, and so on; by default
    /// each gets a free port.
    #[must_use]
    pub fn first_port(mut self, port: u16) -> Self {
        self.first_port = Some(port);
        self
    }

    /// Gives each broker a listener for clients behind a proxy: brokers 1, 2, …
    /// advertise these ports of 127.0.0.1, where something must forward to
    /// [`RealCluster::behind`]. Brokers talk to each other directly. KRaft only;
    /// by default there are no proxies.
    #[must_use]
    pub fn advertise(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.advertised = ports.into_iter().collect();
        self
    }

    /// Gives each broker one more listener, on a free port: its name, in capital
    /// letters, and its protocol as in `listener.security.protocol.map`. What the
    /// protocol needs is set by [`ClusterOptions::property`], for this listener
    /// alone with names of `listener.name.NAME.`, in small letters, which 0.10.2 does
    /// not heed yet.
    /// [`RealCluster::listener`] tells its address. From 0.10.2 on; not together
    /// with [`ClusterOptions::advertise`].
    #[must_use]
    pub fn listener(mut self, name: &str, protocol: &str) -> Self {
        self.listeners.push((name.to_owned(), protocol.to_owned()));
        self
    }

    /// The text of a JAAS file for every broker: where brokers before 1.1, which know no
    /// `sasl.jaas.config`, look for `KafkaServer`. None by default.
    #[must_use]
    pub fn jaas(mut self, text: impl Into<String>) -> Self {
        self.jaas = Some(text.into());
        self
    }
}

/// A real Kafka cluster on 127.0.0.1, with brokers 1 to n.
///
/// Dropping it kills every process it started and removes its data; when the
/// thread is panicking its directory is kept and named, for the logs.
#[derive(Debug)]
pub struct RealCluster {
    installation: Installation,
    options: ClusterOptions,
    dir: PathBuf,
    nodes: Vec<Node>,
    // Declared before the ZooKeeper, so dropped before it: a broker of that
    // era hangs when its ZooKeeper goes first.
    brokers: BTreeMap<u32, Process>,
    zookeeper: Option<Process>,
    zookeeper_port: u16,
}

impl RealCluster {
    /// Starts `nodes` brokers and waits until each serves.
    ///
    /// An error shows the end of the log of the process that failed.
    pub fn start(
        installation: &Installation,
        nodes: u32,
        options: &ClusterOptions,
    ) -> Result<Self> {
        let version = installation.version();
        if nodes == 0 {
            return Err(Error::new("a cluster needs at least one node"));
        }
        if !options.advertised.is_empty()
            && (version.era() != Era::KRaft || options.advertised.len() != nodes as usize)
        {
            return Err(Error::new(
                "proxies need a KRaft cluster and one port for each broker",
            ));
        }
        let mut cluster = Self {
            installation: installation.clone(),
            options: options.clone(),
            dir: run_dir::create(version.number())?,
            nodes: plan_nodes(nodes, options)?,
            brokers: BTreeMap::new(),
            zookeeper: None,
            zookeeper_port: 0,
        };
        if let Some(jaas) = &options.jaas {
            write_file(&cluster.jaas(), jaas)?;
        }
        let deadline = clock::now() + options.start_timeout;
        match version.era() {
            Era::KRaft => cluster.prepare_kraft()?,
            Era::ZooKeeper => cluster.prepare_zookeeper(deadline)?,
        }
        // All at once, then wait: a quorum needs most of its nodes to get up.
        for id in 1..=nodes {
            cluster.spawn_broker(id)?;
        }
        for id in 1..=nodes {
            cluster.wait_for(id, deadline)?;
        }
        Ok(cluster)
    }

    /// The addresses of all brokers, `127.0.0.1:p1,127.0.0.1:p2`.
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<_> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        addresses.join(",")
    }

    /// The address of one broker.
    pub fn address(&self, node: u32) -> Result<String> {
        Ok(format!("127.0.0.1:{}", self.node(node)?.port))
    }

    /// Where the proxy of a broker's clients has to forward to; see
    /// [`ClusterOptions::advertise`].
    pub fn behind(&self, node: u32) -> Result<String> {
        let behind = self.node(node)?.behind;
        let behind = behind.ok_or_else(|| Error::new("the cluster has no proxies"))?;
        Ok(format!("127.0.0.1:{}", behind.port))
    }

    /// The address of the ZooKeeper beside the brokers, for tools of its time.
    pub fn zookeeper(&self) -> Result<String> {
        match self.zookeeper {
            Some(_) => Ok(format!("127.0.0.1:{}", self.zookeeper_port)),
            None => Err(Error::new("the brokers have no ZooKeeper")),
        }
    }

    /// The address of a listener of [`ClusterOptions::listener`].
    pub fn listener(&self, node: u32, name: &str) -> Result<String> {
        let listeners = &self.node(node)?.listeners;
        let found = listeners.iter().find(|listener| listener.name == name);
        let found = found.ok_or_else(|| Error::new(format!("no listener {name}")))?;
        Ok(format!("127.0.0.1:{}", found.port))
    }

    /// The directory with logs, configuration and data.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a broker keeps its partitions: one directory each, `topic-n`.
    pub fn data_dir(&self, node: u32) -> PathBuf {
        self.dir.join(format!("data-{node}"))
    }

    /// The jars this cluster runs on.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// `kill -9` of one broker; returns when the process is gone.
    pub fn kill_hard(&mut self, node: u32) -> Result<()> {
        self.node(node)?;
        match self.brokers.remove(&node) {
            Some(mut broker) => {
                broker.kill_hard();
                Ok(())
            }
            None => Err(Error::new(format!("broker {node} is not running"))),
        }
    }

    /// Shuts one broker down in good order (SIGTERM): it hands its leaderships over
    /// first. Returns when the process is gone.
    #[cfg(unix)]
    pub fn shut_down(&mut self, node: u32) -> Result<()> {
        self.node(node)?;
        let Some(mut broker) = self.brokers.remove(&node) else {
            return Err(Error::new(format!("broker {node} is not running")));
        };
        broker.terminate(clock::now() + self.options.start_timeout)
    }

    /// Starts a killed broker again, on its port and data, and waits until it serves.
    pub fn restart(&mut self, node: u32) -> Result<()> {
        self.node(node)?;
        if self.brokers.contains_key(&node) {
            return Err(Error::new(format!("broker {node} is running already")));
        }
        let deadline = clock::now() + self.options.start_timeout;
        loop {
            self.spawn_broker(node)?;
            let Err(error) = self.wait_for(node, deadline) else {
                return Ok(());
            };
            let ended = self
                .brokers
                .remove(&node)
                .is_none_or(|mut broker| broker.exited().is_some());
            // A ZooKeeper-era broker refuses to start while the session of its
            // killed self lives on: that passes.
            if !ended || self.zookeeper.is_none() || clock::now() >= deadline {
                return Err(error);
            }
            thread::sleep(Duration::from_secs(1));
        }
    }

    /// Sets a broker property on every node, as [`ClusterOptions::property`] does: for
    /// each from its next start on.
    pub fn set_property(&mut self, name: &str, value: impl ToString) -> Result<()> {
        let property = (name.to_owned(), value.to_string());
        self.options.properties.push(property);
        self.write_configurations()
    }

    /// Stops the broker's process in its tracks (SIGSTOP): its sockets stay
    /// open and silent. Returns when it stands still.
    #[cfg(unix)]
    pub fn pause(&self, node: u32) -> Result<()> {
        self.running(node)?.pause()
    }

    /// Lets a paused broker go on (SIGCONT).
    #[cfg(unix)]
    pub fn resume(&self, node: u32) -> Result<()> {
        self.running(node)?.resume()
    }

    /// Whether the broker's process is there.
    pub fn is_running(&mut self, node: u32) -> bool {
        self.brokers
            .get_mut(&node)
            .is_some_and(|broker| broker.exited().is_none())
    }

    /// The number of the broker's process, for looking at what it uses.
    pub fn process_id(&self, node: u32) -> Result<u32> {
        Ok(self.running(node)?.id())
    }

    /// What the broker has logged since it was last started.
    pub fn log_text(&self, node: u32) -> Result<String> {
        Ok(self.running(node)?.log_text())
    }

    fn node(&self, node: u32) -> Result<&Node> {
        let found = self.nodes.iter().find(|candidate| candidate.id == node);
        found.ok_or_else(|| {
            Error::new(format!(
                "no broker {node}; there are 1 to {}",
                self.nodes.len()
            ))
        })
    }

    fn running(&self, node: u32) -> Result<&Process> {
        self.brokers
            .get(&node)
            .ok_or_else(|| Error::new(format!("broker {node} is not running")))
    }

    fn configuration(&self, node: u32) -> PathBuf {
        self.dir.join(format!("broker-{node}.properties"))
    }

    fn jaas(&self) -> PathBuf {
        self.dir.join("jaas.conf")
    }

    fn write_configurations(&self) -> Result<()> {
        let version = self.installation.version();
        for node in &self.nodes {
            let data = self.data_dir(node.id);
            let mut own = match version.era() {
                Era::KRaft => properties::kraft(node, &self.nodes, &data),
                Era::ZooKeeper => properties::zookeeper_era(
                    version.dialect(),
                    node,
                    self.nodes.len(),
                    self.zookeeper_port,
                    &data,
                ),
            };
            properties::add_listeners(&mut own, &node.listeners);
            write_file(
                &self.configuration(node.id),
                &properties::render(own, &self.options.properties),
            )?;
        }
        Ok(())
    }

    fn prepare_kraft(&self) -> Result<()> {
        self.write_configurations()?;
        // One JVM each: side by side, they take as long as one.
        thread::scope(|scope| {
            let formats: Vec<_> = self
                .nodes
                .iter()
                .map(|node| {
                    scope.spawn(|| {
                        broker::format_storage(&self.installation, &self.configuration(node.id))
                    })
                })
                .collect();
            formats.into_iter().try_for_each(|format| {
                format
                    .join()
                    .unwrap_or_else(|_| Err(Error::new("formatting a data directory panicked")))
            })
        })
    }

    fn prepare_zookeeper(&mut self, deadline: Instant) -> Result<()> {
        let port = ports::free_port()?;
        let configuration = self.dir.join("zookeeper.properties");
        let own = properties::zookeeper(port, &self.dir.join("data-zookeeper"));
        write_file(&configuration, &properties::render(own, &[]))?;
        write_file(&self.dir.join("log4j.properties"), LOG4J)?;
        let mut command = broker::jvm(&self.installation, 256, self.log4j().as_deref());
        command
            .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
            .arg(&configuration);
        let mut process = Process::start(
            "ZooKeeper".to_owned(),
            &mut command,
            &self.dir.join("zookeeper.log"),
        )?;
        broker::wait_ready(&mut process, port, deadline, |_| true)?;
        self.zookeeper = Some(process);
        self.zookeeper_port = port;
        self.write_configurations()
    }

    fn log4j(&self) -> Option<PathBuf> {
        let version = self.installation.version();
        let wanted = version.era() == Era::ZooKeeper && version.dialect() < Dialect::Modern;
        wanted.then(|| self.dir.join("log4j.properties"))
    }

    fn spawn_broker(&mut self, node: u32) -> Result<()> {
        let mut command = broker::jvm(
            &self.installation,
            self.options.heap_mb,
            self.log4j().as_deref(),
        );
        if self.options.jaas.is_some() {
            let mut setting = OsString::from("-Djava.security.auth.login.config=");
            setting.push(self.jaas());
            command.arg(setting);
        }
        command.arg("kafka.Kafka").arg(self.configuration(node));
        let name = format!("Kafka {} broker {node}", self.installation.version());
        let log = self.dir.join(format!("broker-{node}.log"));
        self.brokers
            .insert(node, Process::start(name, &mut command, &log)?);
        Ok(())
    }

    fn wait_for(&mut self, node: u32, deadline: Instant) -> Result<()> {
        let port = self.node(node)?.port;
        let missing = || Error::new(format!("broker {node} is not running"));
        let process = self.brokers.get_mut(&node).ok_or_else(missing)?;
        broker::wait_ready(process, port, deadline, broker::says_started)
    }
}

impl Drop for RealCluster {
    fn drop(&mut self) {
        for broker in self.brokers.values_mut() {
            broker.kill_hard();
        }
        if let Some(zookeeper) = &mut self.zookeeper {
            zookeeper.kill_hard();
        }
        if thread::panicking() {
            eprintln!("the cluster's logs are kept in {}", self.dir.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

fn plan_nodes(count: u32, options: &ClusterOptions) -> Result<Vec<Node>> {
    (1..=count)
        .map(|id| {
            let port = match options.first_port {
                Some(first) => {
                    let port = u32::from(first) + id - 1;
                    ports::claim_port(
                        u16::try_from(port).map_err(|_| Error::new(format!("no port {port}")))?,
                    )?
                }
                None => ports::free_port()?,
            };
            let advertised = options.advertised.get(id as usize - 1);
            let behind = advertised.map(|advertised| {
                Ok(Behind {
                    port: ports::free_port()?,
                    advertised: *advertised,
                })
            });
            let listeners = options.listeners.iter().map(|(name, protocol)| {
                Ok(Listener {
                    name: name.clone(),
                    protocol: protocol.clone(),
                    port: ports::free_port()?,
                })
            });
            Ok(Node {
                id,
                port,
                controller_port: ports::free_port()?,
                behind: behind.transpose()?,
                listeners: listeners.collect::<Result<_>>()?,
            })
        })
        .collect()
}
