use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use kafka_protocol::records::RecordBatch;
use kafka_protocol::{ApiKey, StrBytes, Uuid};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::builder::TestClusterBuilder;
use crate::cluster::{Cluster, InternalTopic, Moment, NewTopic, Partition, Placement, is_internal};
use crate::era::Era;
use crate::faults::{Fault, FaultId};
use crate::groups::GroupView;
use crate::network;
use crate::server::Server;
use crate::shared::Shared;

/// A Kafka cluster inside the process.
///
/// Cloning gives another handle to the same cluster. When the last one is
/// dropped the brokers stop, at once and without blocking: their ports are free
/// and their connections close.
#[derive(Clone, Debug)]
pub struct TestCluster {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Shared,
    /// Empty for a cluster without sockets.
    servers: Vec<Server>,
    /// Its end ends every connection.
    stop: watch::Sender<()>,
    max_request_bytes: usize,
    /// Does what a cluster without sockets does by itself, once somebody has
    /// dialled.
    ticker: Mutex<Option<JoinHandle<()>>>,
}

impl TestCluster {
    pub(crate) fn new(
        shared: Shared,
        servers: Vec<Server>,
        stop: watch::Sender<()>,
        max_request_bytes: usize,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                shared,
                servers,
                stop,
                max_request_bytes,
                ticker: Mutex::new(None),
            }),
        }
    }

    /// Starts one broker on a free port of 127.0.0.1.
    ///
    /// Dropping the future starts nothing. It never waits.
    ///
    /// # Errors
    ///
    /// When no port can be had, and outside of a tokio runtime.
    ///
    /// # Panics
    ///
    /// In a runtime without I/O or time, as all of tokio does there: build it
    /// with `enable_all`.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A cluster that is not like the default one.
    pub fn builder() -> TestClusterBuilder {
        TestClusterBuilder::new()
    }

    /// The addresses of all brokers, `host:port` with commas between.
    pub fn bootstrap(&self) -> String {
        self.look(|cluster| {
            let addresses = cluster
                .brokers()
                .map(|broker| match broker.host.contains(':') {
                    true => format!("[{}]:{}", broker.host, broker.port),
                    false => format!("{}:{}", broker.host, broker.port),
                });
            addresses.collect::<Vec<_>>().join(",")
        })
    }

    /// The brokers' ids, up or not, in ascending order.
    pub fn broker_ids(&self) -> Vec<i32> {
        self.look(Cluster::broker_ids)
    }

    /// Host and port at which a broker is reached, `None` when there is none
    /// with this id.
    pub fn broker_address(&self, id: i32) -> Option<(String, u16)> {
        self.look(|cluster| {
            cluster
                .broker(id)
                .map(|broker| (broker.host.to_string(), broker.port))
        })
    }

    /// Opens a connection inside the process to the broker at this address, as
    /// it is advertised. A task on the current runtime serves it.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` where no broker is, or one that is down; another
    /// kind outside of a tokio runtime.
    pub fn dial(&self, host: &str, port: u16) -> io::Result<DuplexStream> {
        let (near, far) = tokio::io::duplex(network::LINK_BUFFER_BYTES);
        self.accept(host, port, far)?;
        Ok(near)
    }

    /// The same over a stream of the caller's, whose other end is the client's.
    ///
    /// # Errors
    ///
    /// As [`TestCluster::dial`].
    pub fn accept(
        &self,
        host: &str,
        port: u16,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> io::Result<()> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let broker = self
            .inner
            .shared
            .broker_at(host, port)
            .filter(|id| self.look(|cluster| cluster.is_up(*id)))
            .ok_or(io::ErrorKind::ConnectionRefused)?;
        self.tick_on(&runtime);
        runtime.spawn(network::serve(
            stream,
            self.inner.shared.clone(),
            broker,
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            self.inner.max_request_bytes,
            self.inner.stop.subscribe(),
        ));
        Ok(())
    }

    /// Makes a topic with the default number of replicas. Returns whether it
    /// did: not where there is one, or the name or number is invalid.
    pub fn create_topic(&self, name: &str, partitions: i32) -> bool {
        let placement = Placement::Spread {
            partitions: Some(partitions),
            replication_factor: None,
        };
        self.change(|cluster| {
            cluster
                .create_topic(&NewTopic::new(name, placement), false)
                .is_ok()
        })
    }

    /// Makes a topic with settings by Kafka's names (`max.message.bytes`,
    /// `message.timestamp.type`, `min.insync.replicas`, …), its partitions held
    /// by these brokers, the leader first. Returns whether it did.
    pub fn create_topic_on(
        &self,
        name: &str,
        replicas: &[&[i32]],
        settings: &[(&str, &str)],
    ) -> bool {
        let assigned = replicas.iter().map(|replicas| replicas.to_vec()).collect();
        let mut topic = NewTopic::new(name, Placement::Assigned(assigned));
        let owned = |(name, value): &(&str, &str)| ((*name).into(), Some((*value).into()));
        topic.config = settings.iter().map(owned).collect();
        self.change(|cluster| cluster.create_topic(&topic, false).is_ok())
    }

    /// Removes a topic. Returns whether there was one.
    pub fn delete_topic(&self, name: &str) -> bool {
        self.change(|cluster| cluster.delete_topic(name))
    }

    /// The names of all topics but Kafka's own, in order.
    pub fn topic_names(&self) -> Vec<String> {
        self.look(|cluster| {
            let topics = cluster.topics().map(|topic| &topic.name);
            let names = topics.filter(|name| !is_internal(name));
            names.map(ToString::to_string).collect()
        })
    }

    /// A topic's id, `None` when there is no such topic.
    pub fn topic_id(&self, name: &str) -> Option<Uuid> {
        self.look(|cluster| cluster.topic(name).map(|topic| topic.id))
    }

    /// How many partitions a topic has, 0 when there is no such topic.
    pub fn partition_count(&self, topic: &str) -> i32 {
        let count = self.look(|cluster| cluster.topic(topic).map(|topic| topic.partitions.len()));
        count
            .and_then(|count| i32::try_from(count).ok())
            .unwrap_or(0)
    }

    /// Who leads a partition, `None` when nobody does or there is none.
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        self.look_at(topic, partition, |partition| partition.leader)
            .flatten()
    }

    /// A partition's leader epoch, `None` when there is no such partition.
    pub fn leader_epoch(&self, topic: &str, partition: i32) -> Option<i32> {
        self.look_at(topic, partition, |partition| partition.leader_epoch)
    }

    /// What a partition holds: every batch as a reader gets it, in order. Empty
    /// when there is no such partition.
    pub fn log(&self, topic: &str, partition: i32) -> Vec<RecordBatch> {
        self.look_at(topic, partition, |partition| partition.log.batches())
            .unwrap_or_default()
    }

    /// The oldest offset of a partition that can be read, 0 when there is no
    /// such partition.
    pub fn start_offset(&self, topic: &str, partition: i32) -> i64 {
        self.look_at(topic, partition, |partition| partition.log.start_offset())
            .unwrap_or(0)
    }

    /// The offset that the next record of a partition will get, 0 when there is
    /// no such partition.
    pub fn end_offset(&self, topic: &str, partition: i32) -> i64 {
        self.look_at(topic, partition, |partition| partition.log.end_offset())
            .unwrap_or(0)
    }

    /// The offset that a group committed for a partition.
    pub fn committed_offset(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        self.look(|cluster| {
            let offsets = cluster.groups.offsets.group(group)?;
            let place = (StrBytes::from(topic.to_owned()), partition);
            offsets.get(&place).map(|committed| committed.offset)
        })
    }

    /// The broker that coordinates a group, as FindCoordinator tells it: with the
    /// first question `__consumer_offsets` is made. `None` while nobody leads the
    /// group's partition of that topic.
    pub fn coordinator(&self, group: &str) -> Option<i32> {
        let topic = InternalTopic::ConsumerOffsets;
        self.change(|cluster| {
            let found = cluster.find_coordinator(topic, group);
            found.ok().map(|broker| broker.id)
        })
    }

    /// A group as its coordinator sees it, `None` when there is none.
    pub fn group(&self, id: &str) -> Option<GroupView> {
        self.look(|cluster| Some(cluster.groups.get(id)?.view(cluster)))
    }

    /// Deletes what a group committed as if `offsets.retention.minutes` had gone
    /// by, and the group with it if it has no members. What members are subscribed
    /// to stays, and what transactions have pending.
    pub fn expire_offsets(&self, group: &str) {
        self.change(|cluster| cluster.expire_offsets(group, i64::MAX));
    }

    /// Makes broker `to` the coordinator of a group, and of all others whose names
    /// fall into the same partition of `__consumer_offsets`. Returns whether it is
    /// now: not when it holds no replica in sync or is down.
    ///
    /// Members that wait are sent away, and the group goes on from what was last
    /// written to the log.
    pub fn move_coordinator(&self, group: &str, to: i32) -> bool {
        let topic = InternalTopic::ConsumerOffsets;
        self.coordinator(group);
        self.move_leader(topic.name(), topic.partition_of(group), to)
    }

    /// Makes the records of a partition before `offset` unreadable, as Kafka's
    /// DeleteRecords does. Returns whether there is such a partition.
    pub fn delete_records(&self, topic: &str, partition: i32, offset: i64) -> bool {
        self.change(|cluster| cluster.delete_records(topic, partition, offset))
    }

    /// Damages the stored batch that holds `offset`, so that its checksum fails
    /// for whoever fetches it. Returns whether there is one. Doing it twice
    /// mends it.
    pub fn corrupt(&self, topic: &str, partition: i32, offset: i64) -> bool {
        self.change(|cluster| cluster.corrupt(topic, partition, offset))
    }

    /// Takes a broker down: its connections are closed and new ones refused.
    /// What it led goes to the next in-sync replica that is up, in a new epoch,
    /// or stays without a leader. Nothing happens to one that is down or does
    /// not exist.
    pub fn stop_broker(&self, id: i32) {
        for server in self
            .inner
            .servers
            .iter()
            .filter(|server| server.broker() == id)
        {
            server.stop();
        }
        self.inner
            .shared
            .change(|machine, now| ((), machine.stop_broker(now, id)));
    }

    /// Brings a broker back with all it had: its log, what it knows of
    /// producers, and offsets. Returns whether it is up now: not when it does
    /// not exist, or its port was taken meanwhile.
    pub fn start_broker(&self, id: i32) -> bool {
        self.change_now(|cluster, moment| cluster.start_broker(id, moment));
        for server in self
            .inner
            .servers
            .iter()
            .filter(|server| server.broker() == id)
        {
            if let Err(error) = server.restart() {
                tracing::error!(broker = id, %error, "cannot listen again");
                self.stop_broker(id);
            }
        }
        self.look(|cluster| cluster.is_up(id))
    }

    /// Whether a broker is up.
    pub fn is_up(&self, id: i32) -> bool {
        self.look(|cluster| cluster.is_up(id))
    }

    /// Makes broker `to` the leader of a partition, in a new epoch. Returns
    /// whether it did: not when `to` holds no replica in sync or is down. It may
    /// be the present leader: then only the epoch changes.
    pub fn move_leader(&self, topic: &str, partition: i32, to: i32) -> bool {
        self.change_now(|cluster, moment| cluster.move_leader(topic, partition, to, moment))
    }

    /// The offset up to which a partition is read by those who read committed
    /// records only, 0 when there is no such partition.
    pub fn last_stable_offset(&self, topic: &str, partition: i32) -> i64 {
        self.look_at(topic, partition, |partition| {
            partition.last_stable_offset(partition.high_watermark())
        })
        .unwrap_or(0)
    }

    /// The broker that coordinates a transactional id: the leader of its partition
    /// of `__transaction_state`. `None` while there is none, and before anybody
    /// has asked for a coordinator.
    pub fn transaction_coordinator(&self, transactional_id: &str) -> Option<i32> {
        let topic = InternalTopic::TransactionState;
        self.look(|cluster| Some(cluster.coordinator(topic, transactional_id)?.id))
    }

    /// Makes broker `to` the coordinator of a transactional id, and of all that
    /// share its partition, as [`TestCluster::move_leader`] does. Transactions go
    /// on where they were.
    pub fn move_transaction_coordinator(&self, transactional_id: &str, to: i32) -> bool {
        let topic = InternalTopic::TransactionState;
        self.move_leader(topic.name(), topic.partition_of(transactional_id), to)
    }

    /// Where a transactional id stands, by Kafka's name (`Empty`, `Ongoing`,
    /// `PrepareCommit`, …); `None` when it is not known.
    pub fn transaction_state(&self, transactional_id: &str) -> Option<&'static str> {
        self.look(|cluster| {
            let transaction = cluster.transactions.get(transactional_id)?;
            Some(transaction.state.name())
        })
    }

    /// Holds the markers of transactions back, or lets them go. Meanwhile those
    /// that are committed or aborted stay `PrepareCommit` or `PrepareAbort`: their
    /// producers are told `CONCURRENT_TRANSACTIONS`, and readers of committed
    /// records wait.
    pub fn hold_transaction_markers(&self, hold: bool) {
        self.change(|cluster| cluster.hold_markers(hold));
    }

    /// Forgets every transactional id that has no open transaction, as Kafka does
    /// with those idle for `transactional.id.expiration.ms`. Their producers are
    /// told `INVALID_PRODUCER_ID_MAPPING`.
    pub fn expire_transactional_ids(&self) {
        self.change_now(|cluster, moment| cluster.expire_transactional_ids(0, moment));
    }

    /// Makes every partition forget the producers that have no open transaction in
    /// it, as Kafka does with those idle for `producer.id.expiration.ms`.
    pub fn expire_producers(&self) {
        self.change(Cluster::expire_producers);
    }

    /// Freezes a broker, as SIGSTOP does: connections to it open and requests are
    /// taken, but nothing is done or answered until
    /// [`TestCluster::resume_broker`]. It follows nobody, and after
    /// `broker.session.timeout.ms` (9 s) others lead in its place. Stopping it
    /// ends that too.
    pub fn pause_broker(&self, id: i32) {
        self.inner
            .shared
            .change(|machine, now| (machine.pause_broker(now, id), Vec::new()));
    }

    /// Lets a frozen broker go on: it serves what arrived meanwhile.
    pub fn resume_broker(&self, id: i32) {
        self.inner
            .shared
            .change(|machine, now| ((), machine.resume_broker(now, id)));
    }

    /// Whether a broker is frozen.
    pub fn is_paused(&self, id: i32) -> bool {
        self.inner.shared.with(|machine| machine.is_paused(id))
    }

    /// Tells clients from now on to reach a broker at another address. Its
    /// connections are closed, as by a restart. Returns whether it did: not when
    /// another broker is there, or the cluster serves real sockets.
    pub fn move_broker(&self, id: i32, host: &str, port: u16) -> bool {
        if !self.inner.servers.is_empty() {
            return false;
        }
        let moved = self.change(|cluster| cluster.move_broker(id, host, port));
        if moved && self.is_up(id) {
            self.inner
                .shared
                .change(|machine, _| ((), machine.close_connections_to(id)));
        }
        moved
    }

    /// Which release the brokers pass for.
    pub fn era(&self) -> Era {
        self.look(|cluster| cluster.config.era)
    }

    /// Lets the brokers pass for those of another release from now on, with all they
    /// have. Their connections are closed, as by a restart; each negotiates anew.
    pub fn restart_as(&self, era: Era) {
        self.change(|cluster| cluster.config.era = era);
        for id in self.broker_ids() {
            self.inner
                .shared
                .change(|machine, _| ((), machine.close_connections_to(id)));
        }
    }

    /// Gives every group and transactional id another coordinator: the partitions
    /// of `__consumer_offsets` and `__transaction_state` get their next in-sync
    /// replica as leader.
    pub fn move_coordinators(&self) {
        self.change_now(Cluster::move_coordinators);
    }

    /// Deletes a topic and makes one with the same name, partitions and settings.
    /// Its id is another, its records and committed offsets are gone. Returns
    /// whether there was one.
    pub fn recreate_topic(&self, name: &str) -> bool {
        self.change(|cluster| cluster.recreate_topic(name))
    }

    /// Adds partitions to a topic until it has `count`. Returns whether it did.
    pub fn grow_topic(&self, name: &str, count: i32) -> bool {
        self.change(|cluster| cluster.grow_topic(name, count))
    }

    /// Moves the brokers' wall clock by this many milliseconds; nothing but
    /// timestamps and what is counted by them takes note.
    pub fn jump_wall_clock(&self, by_ms: i64) {
        self.inner
            .shared
            .change(|machine, now| (machine.jump_wall_clock(now, by_ms), Vec::new()));
    }

    /// How many produced batches were recognised as ones that were there already,
    /// so that nothing was appended and success answered.
    pub fn duplicates_recognised(&self) -> u64 {
        self.look(Cluster::duplicates)
    }

    /// The faults of this cluster.
    pub fn faults(&self) -> Faults {
        Faults {
            shared: self.inner.shared.clone(),
        }
    }

    /// How many requests of an API have arrived, at all brokers.
    pub fn requests_seen(&self, api: ApiKey) -> u64 {
        self.inner.shared.with(|machine| machine.requests_seen(api))
    }

    /// Keeps a ticker going, unless there is one or sockets have theirs. It may
    /// have ended with the runtime it ran on.
    fn tick_on(&self, runtime: &Handle) {
        if !self.inner.servers.is_empty() {
            return;
        }
        let ticker = self.inner.ticker.lock();
        let mut ticker = ticker.unwrap_or_else(PoisonError::into_inner);
        if ticker.as_ref().is_none_or(JoinHandle::is_finished) {
            let shared = self.inner.shared.clone();
            *ticker = Some(runtime.spawn(shared.tick(self.inner.stop.subscribe())));
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> T {
        self.inner.shared.with(|machine| look(machine.cluster()))
    }

    pub(crate) fn look_at<T>(
        &self,
        topic: &str,
        partition: i32,
        look: impl FnOnce(&Partition) -> T,
    ) -> Option<T> {
        self.look(|cluster| cluster.partition(topic, partition).map(look))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        self.change_now(|cluster, _| change(cluster))
    }

    pub(crate) fn change_now<T>(&self, change: impl FnOnce(&mut Cluster, Moment) -> T) -> T {
        self.inner
            .shared
            .change(|machine, now| machine.change(now, change))
    }
}

/// The faults of a cluster: see [`TestCluster::faults`].
#[derive(Clone, Debug)]
pub struct Faults {
    shared: Shared,
}

impl Faults {
    /// Adds a fault; it holds from the next request on.
    pub fn add(&self, fault: Fault) -> FaultId {
        self.shared
            .change(|machine, _| (machine.faults_mut().add(fault), Vec::new()))
    }

    /// Ends a fault. What it did stays done: delays end, silent connections stay
    /// silent.
    pub fn remove(&self, id: FaultId) {
        self.shared
            .change(|machine, _| (machine.faults_mut().remove(id), Vec::new()));
    }

    /// Ends every fault.
    pub fn clear(&self) {
        self.shared
            .change(|machine, _| (machine.faults_mut().clear(), Vec::new()));
    }

    /// How many requests a fault has happened to; known after its end too.
    pub fn hits(&self, id: FaultId) -> u64 {
        self.shared.with(|machine| machine.faults().hits(id))
    }
}
