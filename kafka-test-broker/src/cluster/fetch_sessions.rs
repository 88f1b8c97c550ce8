//! Fetch sessions (KIP-227): brokers remember what a consumer asks for, so that
//! it names changes only, and is told of changes only.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch::{FetchPartition, PartitionData};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

/// The first version that names topics by id.
const FIRST_VERSION_OF_TOPIC_IDS: i16 = 13;

/// After so long any session may be closed for another one.
const EVICTION_AGE: Duration = Duration::from_secs(120);

/// The epochs of a request that opens a session, and of one that wants none.
const OPENING: i32 = 0;
const NONE: i32 = -1;

/// Keeps session ids apart from all else that is left to chance.
const SESSION_SEED: u64 = 0x0066_6574_6368;

/// The sessions of all brokers. Ids are unique among all of them.
#[derive(Debug)]
pub(crate) struct FetchSessions {
    sessions: BTreeMap<i32, FetchSession>,
    random: fastrand::Rng,
    max_per_broker: usize,
}

/// A partition that a consumer wants to read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WantedPartition {
    /// `None` where the id is not known.
    pub topic: Option<StrBytes>,
    pub topic_id: Uuid,
    pub wanted: FetchPartition,
}

/// What a fetch asks for, with what its session adds.
#[derive(Debug)]
pub(crate) struct FetchScope {
    pub wanted: Vec<WantedPartition>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// No session, before or after.
    Alone,
    /// Opens a session.
    Opens { by_id: bool, from_replica: bool },
    /// Goes on with a session, which is in this epoch now.
    GoesOn { id: i32, epoch: i32 },
}

#[derive(Debug)]
struct FetchSession {
    broker: i32,
    /// What the next request has to say.
    epoch: i32,
    by_id: bool,
    from_replica: bool,
    opened: Instant,
    last_used: Instant,
    /// Whether it was old enough, when used last, to be closed for any other.
    evictable: bool,
    partitions: PartitionQueue,
}

/// Partitions in the order in which they are read: those that had something go
/// to the end.
#[derive(Debug, Default)]
struct PartitionQueue {
    places: BTreeMap<Key, u64>,
    queue: BTreeMap<u64, Remembered>,
    next: u64,
}

/// Names a partition in a session: by the topic's id, or else by its name.
type Key = (Uuid, StrBytes, i32);

/// What a session knows of a partition.
#[derive(Debug)]
struct Remembered {
    partition: WantedPartition,
    high_watermark: i64,
    log_start_offset: i64,
}

/// A partition's answer, with the place it is for.
#[derive(Debug)]
pub(crate) struct PartitionAnswer {
    pub topic: Option<StrBytes>,
    pub topic_id: Uuid,
    pub data: PartitionData,
}

impl FetchSessions {
    pub(crate) fn new(seed: u64, max_per_broker: usize) -> Self {
        Self {
            sessions: BTreeMap::new(),
            random: fastrand::Rng::with_seed(seed ^ SESSION_SEED),
            max_per_broker,
        }
    }

    /// What `request` asks `broker` for, where `name_of` tells names by id.
    pub(crate) fn begin(
        &mut self,
        broker: i32,
        request: &FetchRequest,
        version: i16,
        now: Instant,
        name_of: impl Fn(Uuid) -> Option<StrBytes>,
    ) -> Result<FetchScope, ErrorCode> {
        let by_id = version >= FIRST_VERSION_OF_TOPIC_IDS;
        let name = |name: &StrBytes, id: Uuid| match by_id {
            true => name_of(id),
            false => Some(name.clone()),
        };
        let mut asked = PartitionQueue::default();
        for topic in &request.topics {
            let name = name(&topic.topic, topic.topic_id);
            for wanted in &topic.partitions {
                asked.put(WantedPartition {
                    topic: name.clone(),
                    topic_id: topic.topic_id,
                    wanted: wanted.clone(),
                });
            }
        }
        if matches!(request.session_epoch, OPENING | NONE) {
            self.close(broker, request.session_id);
            return Ok(FetchScope {
                wanted: asked.all(),
                kind: if request.session_epoch == NONE {
                    Kind::Alone
                } else {
                    Kind::Opens {
                        by_id,
                        from_replica: request.replica_id >= 0,
                    }
                },
            });
        }
        let id = request.session_id;
        let session = self.sessions.get_mut(&id);
        let session = session
            .filter(|session| session.broker == broker)
            .ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.epoch != request.session_epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if session.by_id != by_id {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        let added = asked.all();
        for partition in &added {
            session.partitions.put(partition.clone());
        }
        for topic in &request.forgotten_topics_data {
            for partition in &topic.partitions {
                let key = key(topic.topic_id, &topic.topic, *partition);
                session.partitions.remove(&key);
            }
        }
        if session.partitions.queue.is_empty() {
            self.sessions.remove(&id);
            return Ok(FetchScope {
                wanted: added,
                kind: Kind::Alone,
            });
        }
        session.used(now);
        session.epoch = next_epoch(session.epoch);
        for remembered in session.partitions.queue.values_mut() {
            let partition = &mut remembered.partition;
            if partition.topic.is_none() {
                partition.topic = name_of(partition.topic_id);
            }
        }
        Ok(FetchScope {
            wanted: session.partitions.all(),
            kind: Kind::GoesOn {
                id,
                epoch: session.epoch,
            },
        })
    }

    /// Takes from the answers what the client need not be told, and returns the
    /// id of its session, 0 when there is none.
    pub(crate) fn end(
        &mut self,
        broker: i32,
        scope: FetchScope,
        answers: &mut Vec<PartitionAnswer>,
        now: Instant,
    ) -> Result<i32, ErrorCode> {
        match scope.kind {
            Kind::Alone => Ok(0),
            Kind::Opens {
                by_id,
                from_replica,
            } => {
                if !self.make_room(broker, from_replica, answers.len(), now) {
                    return Ok(0);
                }
                let mut partitions = PartitionQueue::default();
                for partition in scope.wanted {
                    partitions.put(partition);
                }
                let mut session = FetchSession {
                    broker,
                    epoch: next_epoch(OPENING),
                    by_id,
                    from_replica,
                    opened: now,
                    last_used: now,
                    evictable: false,
                    partitions: PartitionQueue::default(),
                };
                // In the order of the answers, which has what is unknown last.
                for answer in answers {
                    let key = answer.key();
                    if let Some(mut known) = partitions.remove(&key) {
                        known.tell(&answer.data);
                        known.high_watermark = answer.data.high_watermark;
                        session.partitions.push(key, known);
                    }
                }
                let id = self.new_id();
                self.sessions.insert(id, session);
                Ok(id)
            }
            Kind::GoesOn { id, epoch } => {
                let session = self.sessions.get_mut(&id);
                let Some(session) = session.filter(|session| session.epoch == epoch) else {
                    answers.clear();
                    return Err(ErrorCode::InvalidFetchSessionEpoch);
                };
                answers.retain(|answer| session.partitions.tell(answer));
                Ok(id)
            }
        }
    }

    /// What [`FetchSessions::end`] returns for an answer that is not given now:
    /// no session begins with it, and one that goes on stays as it is.
    pub(crate) fn leave(&self, scope: &FetchScope) -> (i32, ErrorCode) {
        let Kind::GoesOn { id, epoch } = scope.kind else {
            return (0, ErrorCode::None);
        };
        match self
            .sessions
            .get(&id)
            .filter(|session| session.epoch == epoch)
        {
            Some(_) => (id, ErrorCode::None),
            None => (0, ErrorCode::InvalidFetchSessionEpoch),
        }
    }

    /// The partitions of a session, by the names of their topics.
    pub(crate) fn partitions(&self, id: i32) -> impl Iterator<Item = (StrBytes, i32)> {
        let session = self.sessions.get(&id).into_iter();
        let all = session.flat_map(|session| session.partitions.queue.values());
        all.map(|remembered| &remembered.partition).map(|it| {
            let topic = it.topic.clone().unwrap_or_default();
            (topic, it.wanted.partition)
        })
    }

    /// A broker forgets all its sessions when it stops.
    pub(crate) fn forget(&mut self, broker: i32) {
        self.sessions.retain(|_, session| session.broker != broker);
    }

    fn close(&mut self, broker: i32, id: i32) {
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| session.broker == broker)
        {
            self.sessions.remove(&id);
        }
    }

    /// Whether there is room for one more, if need be after closing another:
    /// one that was not used for long, or is old and has fewer partitions.
    fn make_room(&mut self, broker: i32, from_replica: bool, size: usize, now: Instant) -> bool {
        let here = || {
            let all = self.sessions.iter();
            all.filter(|(_, session)| session.broker == broker)
        };
        if here().count() < self.max_per_broker {
            return true;
        }
        let stalest = here().min_by_key(|(id, session)| (session.last_used, **id));
        let stale = stalest
            .filter(|(_, session)| now.saturating_duration_since(session.last_used) > EVICTION_AGE);
        let least = || {
            here()
                .filter(|(_, session)| session.evictable || (from_replica && !session.from_replica))
                .min_by_key(|(id, session)| (session.from_replica, session.partitions.len(), **id))
                .filter(|(_, session)| {
                    (from_replica, size) >= (session.from_replica, session.partitions.len())
                })
        };
        let Some(id) = stale.or_else(least).map(|(id, _)| *id) else {
            return false;
        };
        self.sessions.remove(&id);
        true
    }

    fn new_id(&mut self) -> i32 {
        loop {
            let id = self.random.i32(1..i32::MAX);
            if !self.sessions.contains_key(&id) {
                return id;
            }
        }
    }
}

impl FetchSession {
    fn used(&mut self, now: Instant) {
        self.last_used = now;
        self.evictable = now.saturating_duration_since(self.opened) > EVICTION_AGE;
    }
}

impl PartitionQueue {
    fn len(&self) -> usize {
        self.queue.len()
    }

    fn all(&self) -> Vec<WantedPartition> {
        let all = self.queue.values();
        all.map(|remembered| remembered.partition.clone()).collect()
    }

    /// Puts a partition at the end, or, if it is there, changes what is wanted
    /// of it.
    fn put(&mut self, partition: WantedPartition) {
        let name = partition.topic.clone().unwrap_or_default();
        let key = key(partition.topic_id, &name, partition.wanted.partition);
        let present = self.places.get(&key).and_then(|at| self.queue.get_mut(at));
        match present {
            Some(remembered) => remembered.partition.wanted = partition.wanted,
            None => self.push(
                key,
                Remembered {
                    partition,
                    high_watermark: -1,
                    log_start_offset: -1,
                },
            ),
        }
    }

    fn push(&mut self, key: Key, remembered: Remembered) {
        self.places.insert(key, self.next);
        self.queue.insert(self.next, remembered);
        self.next += 1;
    }

    fn remove(&mut self, key: &Key) -> Option<Remembered> {
        self.queue.remove(&self.places.remove(key)?)
    }

    /// Remembers what the client is told; says whether it has to be. A partition
    /// that had records goes to the end, so that none is starved.
    fn tell(&mut self, answer: &PartitionAnswer) -> bool {
        let key = answer.key();
        let Some(at) = self.places.get(&key) else {
            return true;
        };
        let Some(remembered) = self.queue.get_mut(at) else {
            return true;
        };
        let told = remembered.tell(&answer.data);
        if has_records(&answer.data)
            && let Some(remembered) = self.remove(&key)
        {
            self.push(key, remembered);
        }
        told
    }
}

impl Remembered {
    fn tell(&mut self, data: &PartitionData) -> bool {
        let failed = data.error_code != 0;
        let changed = self.high_watermark != data.high_watermark
            || self.log_start_offset != data.log_start_offset;
        self.high_watermark = if failed { -1 } else { data.high_watermark };
        self.log_start_offset = data.log_start_offset;
        failed
            || changed
            || has_records(data)
            || data.preferred_read_replica >= 0
            || data.diverging_epoch.epoch >= 0
    }
}

impl PartitionAnswer {
    fn key(&self) -> Key {
        let name = self.topic.clone().unwrap_or_default();
        key(self.topic_id, &name, self.data.partition_index)
    }
}

fn key(topic_id: Uuid, name: &StrBytes, partition: i32) -> Key {
    match topic_id.is_zero() {
        true => (topic_id, name.clone(), partition),
        false => (topic_id, StrBytes::default(), partition),
    }
}

fn has_records(data: &PartitionData) -> bool {
    data.records
        .as_ref()
        .is_some_and(|records| !records.is_empty())
}

/// Epochs of a session go on from 1 after the last there is.
fn next_epoch(epoch: i32) -> i32 {
    epoch.checked_add(1).unwrap_or(1)
}
