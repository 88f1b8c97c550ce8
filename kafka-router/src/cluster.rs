//! The cluster as it was last seen: an immutable snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use kafka_net::BrokerAddress;
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::merge::Ids;

/// What the metadata said last: brokers, controller, and the topics in use.
///
/// A snapshot never changes; a newer one replaces it. Holding one is cheap and
/// blocks nobody. Look-ups by topic name, topic id and broker id don't depend
/// on how many there are.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub(crate) generation: u64,
    pub(crate) cluster_id: Option<StrBytes>,
    pub(crate) controller_id: Option<i32>,
    pub(crate) brokers: BTreeMap<i32, Broker>,
    pub(crate) topics: IndexMap<StrBytes, Arc<Topic>>,
    pub(crate) names_by_id: IndexMap<Uuid, StrBytes>,
    /// The earlier ids of topics in use that were recreated or dropped out.
    pub(crate) ids: BTreeMap<StrBytes, Ids>,
    /// How many answers in a row knew only older epochs of topics without ids.
    pub(crate) setbacks: BTreeMap<StrBytes, u8>,
}

impl Cluster {
    /// Grows by one with each snapshot. 0 means that no broker has answered
    /// yet. Every answered refresh gives a new generation, whether or not
    /// anything changed; a topic that did not change keeps its `Arc`.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The cluster's own id; `None` before the first answer and from brokers
    /// older than 0.10.1 (Metadata v2).
    #[must_use]
    pub fn cluster_id(&self) -> Option<&StrBytes> {
        self.cluster_id.as_ref()
    }

    /// The broker that takes administrative requests; `None` while there is no
    /// controller and from brokers older than 0.10 (Metadata v1). A KRaft
    /// cluster names any live broker here, which passes the requests on.
    #[must_use]
    pub fn controller_id(&self) -> Option<i32> {
        self.controller_id
    }

    /// The brokers, ordered by id.
    pub fn brokers(&self) -> impl ExactSizeIterator<Item = &Broker> + '_ {
        self.brokers.values()
    }

    /// The broker with this id.
    #[must_use]
    pub fn broker(&self, id: i32) -> Option<&Broker> {
        self.brokers.get(&id)
    }

    /// The topic with this name, if it is in use and the cluster knows it.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        self.topics.get(name)
    }

    /// The topic with this id (KIP-516; brokers from 2.8 on tell ids).
    #[must_use]
    pub fn topic_by_id(&self, id: Uuid) -> Option<&Arc<Topic>> {
        self.topics.get(self.names_by_id.get(&id)?)
    }

    /// The topics in use that the cluster knows.
    pub fn topics(&self) -> impl ExactSizeIterator<Item = &Arc<Topic>> + '_ {
        self.topics.values()
    }
}

/// A broker as its cluster advertises it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broker {
    /// Its id in the cluster.
    pub id: i32,
    /// Host name or address to connect to.
    pub host: StrBytes,
    /// TCP port to connect to.
    pub port: u16,
    /// Rack or availability zone, where one is configured.
    pub rack: Option<StrBytes>,
}

impl Broker {
    /// A broker without a rack.
    #[must_use]
    pub fn new(id: i32, host: impl Into<StrBytes>, port: u16) -> Self {
        Self {
            id,
            host: host.into(),
            port,
            rack: None,
        }
    }

    /// The broker as a message tells it; `None` where nobody could connect to it.
    /// A copy of its own: a view of the message's buffer would keep all of that in
    /// memory for as long as the snapshot lives.
    pub(crate) fn told(
        id: i32,
        host: &StrBytes,
        port: i32,
        rack: Option<&StrBytes>,
    ) -> Option<Self> {
        let port = u16::try_from(port).ok().filter(|port| *port != 0)?;
        if id < 0 || host.is_empty() {
            return None;
        }
        Some(Self {
            id,
            host: host.detach(),
            port,
            rack: rack.map(StrBytes::detach),
        })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> BrokerAddress {
        BrokerAddress {
            id: Some(self.id),
            host: self.host.clone(),
            port: self.port,
        }
    }
}

/// A topic and its partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    name: StrBytes,
    id: Uuid,
    is_internal: bool,
    error: Option<ErrorCode>,
    partitions: Vec<Partition>,
    available: Vec<i32>,
}

impl Topic {
    /// A topic without an error, as tests of a
    /// [`Partitioner`](crate::Partitioner) need it. The partitions are taken in
    /// order: each one's id becomes its position.
    ///
    /// ```
    /// use kafka_protocol::Uuid;
    /// use kafka_router::{Partition, Topic};
    ///
    /// let topic = Topic::new("orders", Uuid::default(), vec![
    ///     Partition::new(0, Some(1)),
    ///     Partition::new(1, None),
    /// ]);
    /// assert_eq!(topic.available(), [0]);
    /// ```
    #[must_use]
    pub fn new(name: impl Into<StrBytes>, id: Uuid, mut partitions: Vec<Partition>) -> Self {
        for (index, partition) in (0..).zip(&mut partitions) {
            partition.id = index;
        }
        Self::build(name.into(), id, false, None, partitions)
    }

    /// `partitions` are in the order of their ids, without a gap.
    pub(crate) fn build(
        name: StrBytes,
        id: Uuid,
        is_internal: bool,
        error: Option<ErrorCode>,
        partitions: Vec<Partition>,
    ) -> Self {
        let available = partitions
            .iter()
            .filter(|partition| partition.leader.is_some())
            .map(|partition| partition.id)
            .collect();
        Self {
            name,
            id,
            is_internal,
            error,
            partitions,
            available,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &StrBytes {
        &self.name
    }

    /// Its id (KIP-516); zero where the brokers don't tell.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whether Kafka keeps its own state in it, such as `__consumer_offsets`.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.is_internal
    }

    /// What the brokers said was wrong with the topic as a whole when last
    /// asked, for instance that this client may not see it. The partitions are
    /// then those of the last good answer.
    #[must_use]
    pub fn error(&self) -> Option<ErrorCode> {
        self.error
    }

    /// The partitions; the index is the partition id.
    #[must_use]
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// The partition with this id.
    #[must_use]
    pub fn partition(&self, id: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(id).ok()?)
    }

    /// Ids of the partitions that have a leader, ascending.
    #[must_use]
    pub fn available(&self) -> &[i32] {
        &self.available
    }

    /// Whether a caller that waits for the topic can go ahead with it.
    pub(crate) fn is_usable(&self) -> bool {
        self.error.is_none() && !self.partitions.is_empty()
    }
}

/// One partition of a topic.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Partition {
    /// Its number within the topic.
    pub id: i32,
    /// The broker that leads it; `None` while there is no leader, or while the
    /// leader is not among the live brokers.
    pub leader: Option<i32>,
    /// Counts the partition's leaders; −1 where it is unknown: brokers before
    /// 2.4 don't tell one that can be relied on (KAFKA-9212).
    pub leader_epoch: i32,
    /// The rack of the leader, where it has one (`broker.rack`).
    pub leader_rack: Option<StrBytes>,
    /// Brokers that hold a copy, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync with the leader.
    pub isr: Vec<i32>,
    /// Those of them that are offline (KIP-112; brokers from 1.0 on tell).
    pub offline: Vec<i32>,
    /// Who may lead besides those in sync (KIP-966), where the answer tells: only
    /// [`Router::describe_topics`](crate::Router::describe_topics) brings it.
    pub eligible_leaders: Option<Box<EligibleLeaders>>,
    /// What the broker said is wrong with it.
    pub error: Option<ErrorCode>,
}

/// Replicas out of sync that may lead a partition all the same, or might (KIP-966).
/// Both are empty unless the cluster's `eligible.leader.replicas.version` is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EligibleLeaders {
    /// They have every committed record.
    pub replicas: Vec<i32>,
    /// They were in sync or eligible until they shut down uncleanly.
    pub last_known: Vec<i32>,
}

impl Partition {
    /// A partition of which only the leader is known.
    #[must_use]
    pub fn new(id: i32, leader: Option<i32>) -> Self {
        Self {
            id,
            leader,
            leader_epoch: -1,
            leader_rack: None,
            replicas: Vec::new(),
            isr: Vec::new(),
            offline: Vec::new(),
            eligible_leaders: None,
            error: None,
        }
    }
}
