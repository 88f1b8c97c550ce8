//! The state that all brokers of the cluster share: who is up, which topics
//! there are and who leads them, what was written, what groups committed.

mod acks;
mod alarms;
mod broker;
mod configuration;
mod creation;
mod features;
mod fetch_sessions;
mod growth;
mod internal_topics;
mod leadership;
mod markers;
mod metadata_view;
mod partition;
mod reassignment;
mod replication;
mod retention;
mod topic;
mod topic_config;
mod upheaval;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::messages::{AnyResponse, FetchRequest};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

pub(crate) use acks::{AwaitedAppend, DelayedProduce};
pub(crate) use alarms::{Alarm, Alarms, Moment};
pub(crate) use broker::Broker;
pub(crate) use configuration::ELIGIBLE_LEADER_REPLICAS;
pub(crate) use creation::{CreationError, METADATA_TOPIC, NewTopic, Placement, TopicMade};
pub(crate) use features::Features;
pub(crate) use fetch_sessions::{FetchScope, PartitionAnswer, WantedPartition};
pub(crate) use internal_topics::{InternalTopic, java_string_hash};
pub(crate) use metadata_view::MetadataView;
pub(crate) use partition::{Appended, Partition, Readable};
pub(crate) use topic::{Topic, invalid_name, is_internal};
pub(crate) use topic_config::TimestampSource;

use acks::DelayedProduces;
use fetch_sessions::FetchSessions;

use crate::config::Config;
use crate::groups::Groups;
use crate::log::CheckedBatch;
use crate::machine::Ticket;
use crate::producer_state::ProducerError;
use crate::quotas::Quotas;
use crate::security::Security;
use crate::settings::DynamicSettings;
use crate::transactions::Transactions;

/// The number of the first broker; the others follow.
const FIRST_BROKER_ID: i32 = 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub config: Config,
    pub id: StrBytes,
    pub groups: Groups,
    pub features: Features,
    pub quotas: Quotas,
    /// What was set while the cluster ran.
    pub settings: DynamicSettings,
    pub transactions: Transactions,
    pub alarms: Alarms,
    /// Idle producers are looked for from then on.
    producers_due: Option<Instant>,
    pub fetch_sessions: FetchSessions,
    pub security: Security,
    brokers: BTreeMap<i32, Broker>,
    topics: BTreeMap<StrBytes, Topic>,
    names: BTreeMap<Uuid, StrBytes>,
    topics_created: usize,
    next_producer_id: i64,
    /// Batches that were recognised as already there.
    duplicates: u64,
    random: fastrand::Rng,
    events: Vec<Event>,
    /// Produce requests that wait for replicas.
    produces: DelayedProduces,
    /// Answers to requests that had to wait.
    answers: Vec<(Ticket, AnyResponse)>,
}

/// What happened to a partition, for those who wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// There are more bytes that consumers can read.
    Appended {
        topic: Uuid,
        partition: i32,
        readable: Readable,
    },
    /// It got another leader, or is gone.
    Changed { topic: Uuid, partition: i32 },
}

impl Cluster {
    /// A cluster without topics whose brokers are reached at `addresses`.
    pub(crate) fn new(
        config: Config,
        addresses: impl IntoIterator<Item = (StrBytes, u16)>,
    ) -> Self {
        let mut random = fastrand::Rng::with_seed(config.seed);
        let id = random_uuid(&mut random);
        let brokers = addresses
            .into_iter()
            .zip(FIRST_BROKER_ID..)
            .map(|((host, port), id)| (id, Broker::new(id, host, port)));
        let mut brokers: BTreeMap<i32, Broker> = brokers.collect();
        for (broker, rack) in brokers.values_mut().zip(&config.racks) {
            broker.rack = Some(StrBytes::from(rack.clone()));
        }
        let mut groups = config.groups;
        if !config.era.eases_rebalances() {
            groups.consumer_commits_at_old_epochs = false;
            groups.consumer_assignment_interval = Duration::ZERO;
        }
        let fetch_sessions = FetchSessions::new(config.seed, config.fetch_sessions_max);
        let mut security = Security::new(config.security.clone(), config.seed);
        security.writers_may_be_idempotent = config.era.lets_writers_be_idempotent();
        Self {
            security,
            brokers,
            features: Features::new(config.era),
            quotas: Quotas::default(),
            settings: Self::first_settings(config.era),
            id: StrBytes::from(id.to_string()),
            groups: Groups::new(groups, config.seed),
            config,
            transactions: Transactions::default(),
            alarms: Alarms::default(),
            producers_due: None,
            fetch_sessions,
            topics: BTreeMap::new(),
            names: BTreeMap::new(),
            topics_created: 0,
            next_producer_id: 0,
            duplicates: 0,
            random,
            events: Vec::new(),
            produces: DelayedProduces::default(),
            answers: Vec::new(),
        }
    }

    /// Every broker, up or not, by id.
    pub(crate) fn brokers(&self) -> impl Iterator<Item = &Broker> {
        self.brokers.values()
    }

    /// Every broker's id, in ascending order.
    pub(crate) fn broker_ids(&self) -> Vec<i32> {
        self.brokers.keys().copied().collect()
    }

    pub(crate) fn broker(&self, id: i32) -> Option<&Broker> {
        self.brokers.get(&id)
    }

    pub(crate) fn is_up(&self, broker: i32) -> bool {
        self.broker(broker).is_some_and(|broker| broker.up)
    }

    /// The broker that clients are told to be the controller: any that is up
    /// passes on what only the controller may do.
    pub(crate) fn controller(&self) -> Option<i32> {
        self.brokers
            .values()
            .find(|broker| broker.is_active())
            .map(|broker| broker.id)
    }

    /// Every topic, by name.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    pub(crate) fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name)
    }

    /// How many topics were ever made.
    pub(crate) fn topics_created(&self) -> usize {
        self.topics_created
    }

    /// The name of the topic with this id.
    pub(crate) fn name_of(&self, id: Uuid) -> Option<&StrBytes> {
        self.names.get(&id)
    }

    pub(crate) fn partition(&self, topic: &str, partition: i32) -> Option<&Partition> {
        self.topic(topic)?.partition(partition)
    }

    /// What a fetch asks `broker` for, with what its session adds.
    pub(crate) fn begin_fetch(
        &mut self,
        broker: i32,
        request: &FetchRequest,
        version: i16,
        now: Instant,
    ) -> Result<FetchScope, ErrorCode> {
        let names = &self.names;
        self.fetch_sessions
            .begin(broker, request, version, now, |id| names.get(&id).cloned())
    }

    /// The partition as `broker` sees it, which may not know of a new leader.
    pub(crate) fn partition_at(
        &self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Option<&Partition> {
        Some(self.partition(topic, partition)?.seen_by(broker))
    }

    fn partition_mut(&mut self, topic: &str, partition: i32) -> Option<&mut Partition> {
        self.topics.get_mut(topic)?.partition_mut(partition)
    }

    /// Appends `batch` to a partition at `broker`; `None` when there is no such
    /// partition.
    pub(crate) fn append(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
        batch: &CheckedBatch,
        moment: Moment,
    ) -> Option<Result<Appended, ProducerError>> {
        let state = self.topics.get_mut(topic)?;
        let id = state.id;
        let least_in_sync = state.least_to_advance(state.partition(partition)?, self.config.era);
        let rules = state.config.log;
        let own = state.partition_mut(partition)?.seen_by_mut(broker);
        own.log.rules = rules;
        let appended = own.append(batch, moment.wall_ms);
        if appended.is_ok_and(|appended| appended.duplicate_with_timestamp.is_some()) {
            self.duplicates += 1;
        }
        if appended.is_ok_and(|appended| appended.duplicate_with_timestamp.is_none()) {
            let readable = own.advance(least_in_sync);
            let behind = own.replication.is_anyone_behind();
            self.tell_advanced(id, topic, partition, readable);
            if behind {
                self.watch_isr(topic, partition);
            }
        }
        Some(appended)
    }

    /// Moves a partition's high watermark up to where it can be, and tells those
    /// who wait for that.
    fn advance(&mut self, topic: &str, partition: i32) {
        let era = self.config.era;
        let Some(state) = self.topics.get_mut(topic) else {
            return;
        };
        let id = state.id;
        let least = state
            .partition(partition)
            .map_or(0, |partition| state.least_to_advance(partition, era));
        let readable = state
            .partition_mut(partition)
            .map_or(Readable::default(), |partition| partition.advance(least));
        self.tell_advanced(id, topic, partition, readable);
        self.check_acks(topic, partition);
    }

    fn tell_advanced(&mut self, id: Uuid, topic: &str, partition: i32, readable: Readable) {
        if readable != Readable::default() {
            self.events.push(Event::Appended {
                topic: id,
                partition,
                readable,
            });
            self.check_acks(topic, partition);
        }
    }

    /// Damages the stored batch that holds `offset`. Returns whether there is
    /// one.
    pub(crate) fn corrupt(&mut self, topic: &str, partition: i32, offset: i64) -> bool {
        let partition = self
            .topics
            .get_mut(topic)
            .and_then(|topic| topic.partition_mut(partition));
        partition.is_some_and(|partition| partition.log.corrupt(offset))
    }

    /// How many batches were recognised as already there.
    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// An id no producer has got before.
    pub(crate) fn new_producer_id(&mut self) -> i64 {
        let id = self.next_producer_id;
        self.next_producer_id += 1;
        id
    }

    /// Answers a request whose handler said [`Outcome::Later`]. Nothing happens
    /// where its connection is gone.
    ///
    /// [`Outcome::Later`]: crate::handlers::Outcome::Later
    pub(crate) fn resolve(&mut self, ticket: Ticket, response: impl Into<AnyResponse>) {
        self.answers.push((ticket, response.into()));
    }

    /// The answers since the last call.
    pub(crate) fn take_answers(&mut self) -> Vec<(Ticket, AnyResponse)> {
        std::mem::take(&mut self.answers)
    }

    /// Looks after that whose time has come.
    pub(crate) fn ring(&mut self, alarm: &Alarm, moment: Moment) {
        match alarm {
            Alarm::Produce(ticket) => self.expire_acks(*ticket),
            Alarm::Isr(topic, partition) => {
                if let Some(topic) = self.name_of(*topic).cloned() {
                    self.shrink_isr(&topic, *partition, moment);
                }
            }
            Alarm::Fence(broker) => self.fence(*broker, moment),
            Alarm::Group(id) => self.ring_group(id, moment),
            Alarm::GroupsLoaded(partition) => self.ring_groups_loaded(*partition, moment),
            Alarm::CleanUp => self.clean_up(moment),
            Alarm::OffsetRetention => self.ring_offset_retention(moment),
            Alarm::Transaction(id) => self.ring_transaction(id, moment),
        }
    }

    /// Lets coordinators know what happened to the partitions they lead, or led.
    pub(crate) fn settle(&mut self, moment: Moment) {
        self.settle_groups(moment);
        self.settle_transactions(moment);
    }

    /// Whether there are answers or events that were not taken yet.
    pub(crate) fn has_news(&self) -> bool {
        !self.answers.is_empty() || !self.events.is_empty()
    }

    /// What happened and was not taken yet.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// What happened since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

/// An id such as Kafka gives to topics and to members of consumer groups.
pub(crate) fn random_uuid(random: &mut fastrand::Rng) -> Uuid {
    loop {
        let id = Uuid::from_bytes(random.u128(..).to_be_bytes());
        // Kafka gives no id whose text looks like a command line option.
        if !id.is_zero() && !id.to_string().starts_with('-') {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The moment so many seconds after a start that is always the same.
    pub(super) fn at(seconds: u64) -> Moment {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let start = *START.get_or_init(crate::clock::now);
        Moment {
            now: start + Duration::from_secs(seconds),
            wall_ms: i64::try_from(seconds).unwrap() * 1_000,
        }
    }

    pub(super) fn cluster(brokers: i32) -> Cluster {
        let addresses = (0..brokers).map(|index| {
            (
                StrBytes::from_static("127.0.0.1"),
                9092 + u16::try_from(index).unwrap(),
            )
        });
        Cluster::new(
            Config {
                brokers,
                ..Config::new(0)
            },
            addresses,
        )
    }

    #[test]
    fn producer_ids_are_distinct() {
        let mut cluster = cluster(1);
        assert_ne!(cluster.new_producer_id(), cluster.new_producer_id());
    }
}
