//! What passes over the wire, read along: the evidence for [`ROWS`](crate::ROWS).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use kafka_protocol::frame::{FrameDecoder, decode_body, open_request, open_response};
use kafka_protocol::messages::metadata::MetadataResponseTopic;
use kafka_protocol::messages::{
    ApiVersionsResponse, FetchRequest, FetchResponse, MetadataResponse, OffsetCommitRequest,
    OffsetCommitResponse, ProduceRequest, ProduceResponse,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, ErrorCode, Message, RecordBytes, StrBytes, Uuid};

use crate::network::Direction;
use crate::rows::Rows;
use crate::trace::Trace;

/// The longest frame that is read along; what is longer ends the reading of that link.
const MAX_FRAME: usize = 256 * 1024 * 1024;

/// What the taps of all links know together.
#[derive(Clone)]
pub(crate) struct Taps {
    rows: Rows,
    trace: Trace,
    known: Arc<Mutex<BTreeMap<StrBytes, Known>>>,
    abandoned: Arc<Mutex<BTreeSet<AbandonedCommit>>>,
}

/// An offset whose commit was asked for over a connection that ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AbandonedCommit {
    pub(crate) group: StrBytes,
    /// Named by either.
    pub(crate) topic: StrBytes,
    pub(crate) topic_id: Uuid,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// What one client was told.
#[derive(Default)]
struct Known {
    topic_ids: BTreeMap<StrBytes, Uuid>,
    partitions: BTreeMap<(StrBytes, Uuid), usize>,
    epochs: BTreeMap<(StrBytes, Uuid, i32), i32>,
    addresses: BTreeMap<i32, (StrBytes, i32)>,
    versions: BTreeMap<String, Vec<(i16, i16, i16)>>,
    /// Topics from which it fetched.
    read: BTreeSet<(StrBytes, Uuid)>,
}

impl Taps {
    pub(crate) fn new(rows: Rows, trace: Trace) -> Self {
        Self {
            rows,
            trace,
            known: Arc::default(),
            abandoned: Arc::default(),
        }
    }

    pub(crate) fn abandoned_commits(&self) -> BTreeSet<AbandonedCommit> {
        self.abandoned().clone()
    }

    fn abandoned(&self) -> MutexGuard<'_, BTreeSet<AbandonedCommit>> {
        self.abandoned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<StrBytes, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one link along.
pub(crate) struct Tap {
    taps: Taps,
    target: String,
    client: StrBytes,
    requests: FrameDecoder,
    answers: FrameDecoder,
    asked: VecDeque<Asked>,
    /// The bytes no longer make sense.
    lost: bool,
    /// Records went over it that want no answer.
    unacknowledged: bool,
}

/// A request without its answer.
struct Asked {
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    /// Topic, partition and, of a fetch or a commit, the offset.
    partitions: Vec<(TopicKey, i32, i64)>,
    /// Of a commit.
    group: StrBytes,
}

type TopicKey = (StrBytes, Uuid);

impl Tap {
    pub(crate) fn new(taps: &Taps, target: &str) -> Self {
        Self {
            taps: taps.clone(),
            target: target.to_owned(),
            client: StrBytes::default(),
            requests: FrameDecoder::new(MAX_FRAME),
            answers: FrameDecoder::new(MAX_FRAME),
            asked: VecDeque::new(),
            lost: false,
            unacknowledged: false,
        }
    }

    pub(crate) fn unanswered_produces(&self) -> usize {
        let produces = self
            .asked
            .iter()
            .filter(|asked| asked.key == ApiKey::Produce);
        produces.count()
    }

    /// Bytes arrived.
    pub(crate) fn delivered(&mut self, direction: Direction, bytes: &[u8]) {
        if self.lost {
            return;
        }
        let decoder = match direction {
            Direction::ToBroker => &mut self.requests,
            Direction::ToClient => &mut self.answers,
        };
        decoder.buffer().extend_from_slice(bytes);
        loop {
            let decoder = match direction {
                Direction::ToBroker => &mut self.requests,
                Direction::ToClient => &mut self.answers,
            };
            let read = match decoder.next() {
                Ok(None) => return,
                Ok(Some(frame)) => match direction {
                    Direction::ToBroker => self.on_request(frame),
                    Direction::ToClient => self.on_answer(frame),
                },
                Err(_) => None,
            };
            if read.is_none() {
                self.lost = true;
                return;
            }
        }
    }

    /// The client gives the link up while these bytes are on their way to the broker, which
    /// will still read them.
    pub(crate) fn left_behind<'a>(&mut self, chunks: impl Iterator<Item = &'a [u8]>) {
        for chunk in chunks {
            self.delivered(Direction::ToBroker, chunk);
        }
    }

    /// The link is over.
    pub(crate) fn ended(&mut self, cut: bool, silent: bool) {
        if self.answers.pending() > 0 && !self.lost {
            self.hit(42);
        }
        if silent && !cut && !self.asked.is_empty() {
            self.hit(41);
        }
        if cut && self.unacknowledged {
            self.hit(10);
        }
        let commits = self.asked.iter();
        let commits = commits.filter(|asked| asked.key == ApiKey::OffsetCommit);
        let abandoned = commits.flat_map(|asked| {
            let of = asked.partitions.iter();
            of.map(|((topic, topic_id), partition, offset)| AbandonedCommit {
                group: asked.group.clone(),
                topic: topic.clone(),
                topic_id: *topic_id,
                partition: *partition,
                offset: *offset,
            })
        });
        self.taps.abandoned().extend(abandoned);
    }

    fn hit(&self, row: u8) {
        self.taps.rows.hit(row);
    }

    /// `None` when it makes no sense.
    fn on_request(&mut self, frame: Bytes) -> Option<()> {
        let (header, body) = open_request(frame, Limits::default()).ok()?;
        let key = ApiKey::from_code(header.api_key)?;
        let version = header.api_version;
        let mut partitions = Vec::new();
        let mut wants_answer = true;
        let mut group = StrBytes::default();
        match key {
            ApiKey::Produce => {
                let request: ProduceRequest = decode_body(body, version).ok()?;
                wants_answer = request.acks != 0;
                self.unacknowledged |= !wants_answer;
                for topic in &request.topic_data {
                    let key = (topic.name.clone(), topic.topic_id);
                    let data = topic.partition_data.iter();
                    partitions.extend(data.map(|data| (key.clone(), data.index, 0)));
                }
                self.remark_produce(&request);
            }
            ApiKey::Fetch => {
                let request: FetchRequest = decode_body(body, version).ok()?;
                for topic in &request.topics {
                    let key = (topic.topic.clone(), topic.topic_id);
                    let wanted = topic.partitions.iter();
                    partitions.extend(wanted.map(|p| (key.clone(), p.partition, p.fetch_offset)));
                }
            }
            ApiKey::OffsetCommit => {
                let request: OffsetCommitRequest = decode_body(body, version).ok()?;
                for topic in &request.topics {
                    let key = (topic.name.clone(), topic.topic_id);
                    let of = topic.partitions.iter();
                    partitions
                        .extend(of.map(|p| (key.clone(), p.partition_index, p.committed_offset)));
                }
                group = request.group_id;
            }
            _ => {}
        }
        self.taps.trace.remark(|| {
            let asked = partitions
                .iter()
                .map(|((name, _), partition, offset)| format!(" {name}-{partition}@{offset}"));
            let asked = asked.collect::<String>();
            let correlation_id = header.correlation_id;
            format!(
                "  > {} {key:?} v{version} #{correlation_id}{asked}",
                self.target
            )
        });
        self.client = header.client_id.unwrap_or_default();
        if wants_answer {
            self.asked.push_back(Asked {
                key,
                version,
                correlation_id: header.correlation_id,
                partitions,
                group,
            });
        }
        Some(())
    }

    fn remark_produce(&self, request: &ProduceRequest) {
        self.taps.trace.remark(|| {
            let topics = request.topic_data.iter();
            let batches = topics.flat_map(|topic| {
                topic.partition_data.iter().map(|data| {
                    let stamp = data.records.as_ref().and_then(Stamp::read);
                    format!(" {}-{}:{stamp:?}", topic.name, data.index)
                })
            });
            format!("    produces{}", batches.collect::<String>())
        });
    }

    fn on_answer(&mut self, frame: Bytes) -> Option<()> {
        let correlation_id = i32::from_be_bytes(*frame.first_chunk::<4>()?);
        let asked = self.asked.pop_front()?;
        if correlation_id != asked.correlation_id {
            self.hit(43);
            return None;
        }
        self.taps
            .trace
            .remark(|| format!("  < {} {:?} #{correlation_id}", self.target, asked.key));
        match asked.key {
            ApiKey::Produce => self.on_produce(&asked, &answer(&asked, frame)?),
            ApiKey::Fetch => self.on_fetch(&asked, &answer(&asked, frame)?),
            ApiKey::Metadata => self.on_metadata(&answer(&asked, frame)?),
            ApiKey::OffsetCommit => self.on_commit(&answer(&asked, frame)?),
            ApiKey::ApiVersions => {
                let refused =
                    frame.get(4..6) == Some(&ErrorCode::UnsupportedVersion.code().to_be_bytes());
                let version = if refused { 0 } else { asked.version };
                let asked_in = asked.version;
                let asked = Asked { version, ..asked };
                self.on_versions(asked_in, refused, &answer(&asked, frame)?);
            }
            _ => {}
        }
        Some(())
    }

    fn on_produce(&self, asked: &Asked, answer: &ProduceResponse) {
        self.on_throttle(answer.throttle_time_ms);
        let mut wanted: Vec<i32> = asked.partitions.iter().map(|(_, p, _)| *p).collect();
        let topics = answer.responses.iter();
        let mut told = Vec::new();
        for partition in topics.flat_map(|topic| &topic.partition_responses) {
            told.push(partition.index);
            let code = ErrorCode::from(partition.error_code);
            self.remark_code(partition.index, code);
            match code {
                ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch => self.hit(3),
                ErrorCode::OutOfOrderSequenceNumber => self.hit(4),
                ErrorCode::UnknownProducerId => self.hit(5),
                ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => self.hit(7),
                ErrorCode::TopicAuthorizationFailed => self.hit(54),
                _ => {}
            }
        }
        wanted.sort_unstable();
        told.sort_unstable();
        if wanted != told {
            self.hit(11);
        }
    }

    fn on_fetch(&self, asked: &Asked, answer: &FetchResponse) {
        self.on_throttle(answer.throttle_time_ms);
        if answer.error_code != 0 {
            self.hit(38);
        }
        let mut known = self.taps.known();
        let known = known.entry(self.client.clone()).or_default();
        for topic in &answer.responses {
            let key = (topic.topic.clone(), topic.topic_id);
            known.read.insert(key.clone());
            for data in &topic.partitions {
                let code = ErrorCode::from(data.error_code);
                self.remark_code(data.partition_index, code);
                match code {
                    ErrorCode::OffsetOutOfRange => self.hit(31),
                    ErrorCode::UnknownTopicId | ErrorCode::InconsistentTopicId => self.hit(33),
                    ErrorCode::TopicAuthorizationFailed => self.hit(54),
                    _ => {}
                }
                let replica = data.preferred_read_replica;
                if replica >= 0 && !known.addresses.contains_key(&replica) {
                    self.hit(34);
                }
                let wanted = asked.partitions.iter();
                let mut wanted = wanted.filter(|(topic, partition, _)| {
                    *topic == key && *partition == data.partition_index
                });
                if let (Some((_, _, from)), Some(records)) = (wanted.next(), &data.records) {
                    self.on_records(*from, records);
                }
            }
        }
    }

    fn on_records(&self, from: i64, records: &RecordBytes) {
        let mut due = from;
        let bytes = match records.segments() {
            [one] => one.clone(),
            many => many.concat().into(),
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let header = rest.get(..27).and_then(|header| {
                let base = i64::from_be_bytes(*header.first_chunk()?);
                let len = i32::from_be_bytes(*header.get(8..)?.first_chunk()?);
                let last = i32::from_be_bytes(*header.get(23..)?.first_chunk()?);
                Some((base, usize::try_from(len).ok()?, last))
            });
            let Some((base, len, last)) = header else {
                return self.hit(35);
            };
            let Some(next) = rest.get(12 + len..) else {
                return self.hit(35);
            };
            if base > due {
                self.hit(37);
            }
            due = base.saturating_add(i64::from(last)).saturating_add(1);
            rest = next;
        }
    }

    fn on_metadata(&self, answer: &MetadataResponse) {
        self.on_throttle(answer.throttle_time_ms);
        if answer.brokers.is_empty() {
            self.hit(44);
        }
        let mut known = self.taps.known();
        let known = known.entry(self.client.clone()).or_default();
        for broker in &answer.brokers {
            let address = (broker.host.clone(), broker.port);
            let before = known.addresses.insert(broker.node_id, address.clone());
            if before.is_some_and(|before| before != address) {
                self.hit(46);
            }
        }
        for topic in &answer.topics {
            self.taps.trace.remark(|| {
                let partitions = topic.partitions.iter();
                let leaders = partitions
                    .map(|p| format!(" {}/{}", p.leader_id, p.leader_epoch))
                    .collect::<String>();
                let name = topic.name.clone().unwrap_or_default();
                let id = topic.topic_id;
                format!("    {name} {id} error {}:{leaders}", topic.error_code)
            });
            self.on_topic(known, topic);
        }
    }

    fn on_topic(&self, known: &mut Known, topic: &MetadataResponseTopic) {
        let name = topic.name.clone().unwrap_or_default();
        match ErrorCode::from(topic.error_code) {
            ErrorCode::None => {}
            ErrorCode::TopicAuthorizationFailed => return self.hit(54),
            _ => return,
        }
        if !topic.topic_id.is_zero() {
            let before = known.topic_ids.insert(name.clone(), topic.topic_id);
            let before = before.filter(|before| *before != topic.topic_id);
            let was_read = |id| {
                // Fetches name topics by name or by id, with the other left out.
                let by_name = (name.clone(), Uuid::ZERO);
                let by_id = (StrBytes::default(), id);
                known.read.contains(&by_name) || known.read.contains(&by_id)
            };
            if before.is_some_and(was_read) {
                self.hit(33);
            }
        }
        let key = (name.clone(), topic.topic_id);
        let most = known.partitions.entry(key).or_default();
        if topic.partitions.len() < *most {
            self.hit(12);
        }
        *most = topic.partitions.len().max(*most);
        let mut partitions = topic.partitions.iter();
        if !topic.partitions.is_empty() && partitions.all(|p| p.leader_id < 0) {
            self.hit(9);
        }
        for partition in &topic.partitions {
            let key = (name.clone(), topic.topic_id, partition.partition_index);
            let last = known.epochs.entry(key).or_insert(-1);
            if partition.leader_epoch >= 0 && partition.leader_epoch < *last {
                self.hit(45);
            }
            *last = partition.leader_epoch.max(*last);
        }
    }

    fn on_commit(&self, answer: &OffsetCommitResponse) {
        self.on_throttle(answer.throttle_time_ms);
        let topics = answer.topics.iter();
        for partition in topics.flat_map(|topic| &topic.partitions) {
            match ErrorCode::from(partition.error_code) {
                ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => self.hit(23),
                ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => self.hit(25),
                _ => {}
            }
        }
    }

    fn on_versions(&self, asked_in: i16, refused: bool, answer: &ApiVersionsResponse) {
        let served = answer.api_keys.iter();
        let served: Vec<_> = served
            .map(|api| (api.api_key, api.min_version, api.max_version))
            .collect();
        if refused {
            let own = served
                .iter()
                .find(|(key, ..)| *key == ApiKey::ApiVersions.code());
            if own.is_some_and(|(_, _, max)| *max >= asked_in) {
                self.hit(49);
            }
            return;
        }
        let mut known = self.taps.known();
        let known = known.entry(self.client.clone()).or_default();
        let before = known.versions.insert(self.target.clone(), served.clone());
        if before.is_some_and(|before| before != served) {
            self.hit(50);
        }
    }

    fn on_throttle(&self, throttle_ms: i32) {
        if throttle_ms > 0 {
            self.hit(48);
        }
    }

    fn remark_code(&self, partition: i32, code: ErrorCode) {
        if code != ErrorCode::None {
            self.taps
                .trace
                .remark(|| format!("    partition {partition}: {code}"));
        }
    }
}

fn answer<M: Message>(asked: &Asked, frame: Bytes) -> Option<M> {
    let (_, body) = open_response(asked.key, asked.version, frame, Limits::default()).ok()?;
    decode_body(body, asked.version).ok()
}

/// How a batch is numbered, read at its fixed places.
struct Stamp(i64, i16, i32, i32);

impl Stamp {
    fn read(records: &RecordBytes) -> Option<Self> {
        let bytes: Vec<u8> = records.segments().concat();
        let at = |place: usize| bytes.get(place..);
        Some(Self(
            i64::from_be_bytes(*at(43)?.first_chunk()?),
            i16::from_be_bytes(*at(51)?.first_chunk()?),
            i32::from_be_bytes(*at(53)?.first_chunk()?),
            i32::from_be_bytes(*at(57)?.first_chunk()?),
        ))
    }
}

impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(id, epoch, sequence, records) = self;
        write!(f, "{id}/{epoch}/{sequence}+{records}")
    }
}
