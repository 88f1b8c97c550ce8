//! What passes over the wire, read along: the evidence for [`ROWS`](crate::ROWS).

mod answers;
mod epochs;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::frame::{FrameDecoder, decode_body, open_request};
use kafka_protocol::messages::{
    FetchRequest, ListOffsetsRequest, OffsetCommitRequest, ProduceRequest,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, RecordBytes, StrBytes, Uuid};
use tokio::time::Instant;

use crate::network::Direction;
use crate::pace::{Deed, Paces};
use crate::rows::Rows;
use crate::trace::Trace;
pub(crate) use epochs::StatedEpochs;

/// The longest frame that is read along; what is longer ends the reading of that link.
const MAX_FRAME: usize = 256 * 1024 * 1024;

/// What the taps of all links know together.
#[derive(Clone)]
pub(crate) struct Taps {
    rows: Rows,
    trace: Trace,
    paces: Paces,
    known: Arc<Mutex<BTreeMap<StrBytes, Known>>>,
    abandoned: Arc<Mutex<BTreeSet<AbandonedCommit>>>,
    stated: Arc<Mutex<StatedEpochs>>,
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

/// Metadata below this version tells leader epochs that may be stale.
const RELIABLE_EPOCHS_SINCE: i16 = 9;

/// What one client was told.
#[derive(Default)]
struct Known {
    topic_ids: BTreeMap<StrBytes, Uuid>,
    /// For traces: a topic is meant by either.
    names: BTreeMap<Uuid, StrBytes>,
    partitions: BTreeMap<(StrBytes, Uuid), usize>,
    epochs: BTreeMap<(StrBytes, Uuid, i32), i32>,
    addresses: BTreeMap<i32, (StrBytes, i32)>,
    versions: BTreeMap<String, Vec<(i16, i16, i16)>>,
    /// Topics from which it fetched.
    read: BTreeSet<(StrBytes, Uuid)>,
    /// Was asked for a pause: what it asks after that may have waited, and tells what it
    /// believed before. Fetches are begun anew.
    paused: bool,
    /// Has metadata of a version whose leader epochs count as unknown, as they do for
    /// Kafka's client (KAFKA-9212): what it learns after that begins anew.
    forgets_epochs: bool,
}

impl Taps {
    pub(crate) fn new(rows: Rows, trace: Trace, paces: Paces) -> Self {
        Self {
            rows,
            trace,
            paces,
            known: Arc::default(),
            abandoned: Arc::default(),
            stated: Arc::default(),
        }
    }

    pub(crate) fn abandoned_commits(&self) -> BTreeSet<AbandonedCommit> {
        self.abandoned().clone()
    }

    /// What clients believed of partitions' leaders.
    pub(crate) fn stated_epochs(&self) -> StatedEpochs {
        self.stated().clone()
    }

    fn stated(&self) -> MutexGuard<'_, StatedEpochs> {
        self.stated.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// When the first byte of the next request was written.
    begun: Option<Instant>,
    answers: FrameDecoder,
    asked: VecDeque<Asked>,
    /// The bytes no longer make sense.
    lost: bool,
    /// Records went over it that want no answer.
    unacknowledged: bool,
    /// Something was answered besides the handshake. A request from before may have waited
    /// for the connection, and tells what its client believed then.
    answered: bool,
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
    /// Of a fetch: how long it may be held.
    max_wait: Duration,
    at: Duration,
}

type TopicKey = (StrBytes, Uuid);

impl Tap {
    pub(crate) fn new(taps: &Taps, target: &str) -> Self {
        Self {
            taps: taps.clone(),
            target: target.to_owned(),
            client: StrBytes::default(),
            requests: FrameDecoder::new(MAX_FRAME),
            begun: None,
            answers: FrameDecoder::new(MAX_FRAME),
            asked: VecDeque::new(),
            lost: false,
            unacknowledged: false,
            answered: false,
        }
    }

    pub(crate) fn unanswered_produces(&self) -> usize {
        let produces = self
            .asked
            .iter()
            .filter(|asked| asked.key == ApiKey::Produce);
        produces.count()
    }

    /// Bytes arrived that were written at `written`.
    pub(crate) fn delivered(&mut self, direction: Direction, bytes: &[u8], written: Instant) {
        if self.lost {
            return;
        }
        if direction == Direction::ToBroker {
            self.begun.get_or_insert(written);
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
                    Direction::ToBroker => {
                        let begun = self.begun.take().unwrap_or(written);
                        // The next has begun in the same bytes.
                        self.begun = (self.requests.pending() > 0).then_some(written);
                        self.on_request(frame, begun)
                    }
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
    pub(crate) fn left_behind<'a>(&mut self, chunks: impl Iterator<Item = (&'a [u8], Instant)>) {
        for (chunk, written) in chunks {
            self.delivered(Direction::ToBroker, chunk, written);
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

    fn is_paused(&self) -> bool {
        let known = self.taps.known();
        known.get(&self.client).is_some_and(|known| known.paused)
    }

    fn forgets_epochs(&self) -> bool {
        let known = self.taps.known();
        known
            .get(&self.client)
            .is_some_and(|known| known.forgets_epochs)
    }

    fn pace(&self, deed: Deed) {
        self.taps.paces.note(&self.client, deed);
    }

    fn refused(&self, key: ApiKey, topic: &str, partition: i32) {
        self.pace(Deed::Refused(key, topic.into(), partition));
    }

    fn hit(&self, row: u8) {
        self.taps.rows.hit(row);
    }

    /// `None` when it makes no sense.
    fn on_request(&mut self, frame: Bytes, begun: Instant) -> Option<()> {
        let (header, body) = open_request(frame, Limits::default()).ok()?;
        let key = ApiKey::from_code(header.api_key)?;
        let begun = self.taps.trace.time_of(begun);
        let version = header.api_version;
        if let Some(client) = &header.client_id {
            self.client = client.clone();
        }
        let mut partitions = Vec::new();
        let mut wants_answer = true;
        let mut group = StrBytes::default();
        let mut max_wait = Duration::ZERO;
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
                let max_wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0);
                max_wait = Duration::from_millis(max_wait_ms);
                if self.answered && !self.forgets_epochs() {
                    epochs::note_fetch(&mut self.taps.stated(), &self.client, begun, &request);
                }
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
            ApiKey::ListOffsets => {
                let request: ListOffsetsRequest = decode_body(body, version).ok()?;
                if self.answered && !self.forgets_epochs() && !self.is_paused() {
                    let stated = &mut self.taps.stated();
                    epochs::note_list_offsets(stated, &self.client, begun, &request);
                }
            }
            ApiKey::Metadata if version < RELIABLE_EPOCHS_SINCE => {
                self.taps
                    .known()
                    .entry(self.client.clone())
                    .or_default()
                    .forgets_epochs = true;
            }
            _ => {}
        }
        self.taps.trace.remark(|| {
            let asked = partitions.iter().map(|((name, id), partition, offset)| {
                format!(" {}-{partition}@{offset}", self.name_of(name, *id))
            });
            let asked = asked.collect::<String>();
            let correlation_id = header.correlation_id;
            format!(
                "  > {} {key:?} v{version} #{correlation_id}{asked}",
                self.target
            )
        });
        // ListOffsets is not among them: each seek of the application may ask. Nor is
        // ApiVersions: each connection asks it, and how often those are opened is counted
        // for each address.
        if matches!(
            key,
            ApiKey::Metadata
                | ApiKey::FindCoordinator
                | ApiKey::OffsetForLeaderEpoch
                | ApiKey::InitProducerId
                | ApiKey::OffsetFetch
        ) {
            self.pace(Deed::Ask(key));
        }
        if wants_answer {
            self.asked.push_back(Asked {
                key,
                version,
                correlation_id: header.correlation_id,
                partitions,
                group,
                max_wait,
                at: self.taps.trace.virtual_time(),
            });
        }
        Some(())
    }

    /// A topic as people call it.
    fn name_of(&self, name: &StrBytes, id: Uuid) -> String {
        let known = self.taps.known();
        let known = known.get(&self.client);
        let told = known.and_then(|known| known.names.get(&id));
        match told.filter(|_| name.is_empty()) {
            Some(told) => told.to_string(),
            None => answers::label(name, id),
        }
    }

    fn remark_produce(&self, request: &ProduceRequest) {
        self.taps.trace.remark(|| {
            let topics = request.topic_data.iter();
            let batches = topics.flat_map(|topic| {
                topic.partition_data.iter().map(|data| {
                    let stamp = data.records.as_ref().and_then(Stamp::read);
                    let topic = self.name_of(&topic.name, topic.topic_id);
                    format!(" {topic}-{}:{stamp:?}", data.index)
                })
            });
            format!("    produces{}", batches.collect::<String>())
        });
    }
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

#[cfg(test)]
mod tests;
