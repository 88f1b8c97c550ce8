//! What answers tell, on behalf of which client.

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, open_response};
use kafka_protocol::messages::metadata::MetadataResponseTopic;
use kafka_protocol::messages::{
    ApiVersionsResponse, FetchResponse, ListOffsetsResponse, MetadataResponse,
    OffsetCommitResponse, ProduceResponse,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, ErrorCode, Message, RecordBytes, StrBytes, Uuid};

use super::{Asked, Known, Tap};
use crate::pace::Deed;

impl Tap {
    /// `None` when it makes no sense.
    pub(super) fn on_answer(&mut self, frame: Bytes) -> Option<()> {
        let correlation_id = i32::from_be_bytes(*frame.first_chunk::<4>()?);
        let asked = self.asked.pop_front()?;
        if correlation_id != asked.correlation_id {
            self.hit(43);
            return None;
        }
        self.answered |= !is_of_handshake(asked.key);
        self.taps
            .trace
            .remark(|| format!("  < {} {:?} #{correlation_id}", self.target, asked.key));
        match asked.key {
            ApiKey::Produce => self.on_produce(&asked, &answer(&asked, frame)?),
            ApiKey::Fetch => self.on_fetch(&asked, &answer(&asked, frame)?),
            ApiKey::Metadata => self.on_metadata(&answer(&asked, frame)?),
            ApiKey::OffsetCommit => self.on_commit(&answer(&asked, frame)?),
            ApiKey::ListOffsets => self.on_offsets(&answer(&asked, frame)?),
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
        let partitions = topics.flat_map(|topic| {
            let (name, id) = (&topic.name, topic.topic_id);
            let partitions = topic.partition_responses.iter();
            partitions.map(move |partition| (label(name, id), partition))
        });
        for (topic, partition) in partitions {
            told.push(partition.index);
            let code = ErrorCode::from(partition.error_code);
            self.remark_code(partition.index, code);
            // What is not allowed goes back to the application, whose pace is its own.
            if !matches!(code, ErrorCode::None | ErrorCode::TopicAuthorizationFailed) {
                self.refused(ApiKey::Produce, &topic, partition.index);
            }
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
            self.refused(ApiKey::Fetch, "", -1);
        }
        let mut data = answer.responses.iter().flat_map(|topic| &topic.partitions);
        let empty = data.all(|data| {
            let records = data.records.as_ref();
            data.error_code == 0
                && records.is_none_or(|r| r.segments().iter().all(|s| s.is_empty()))
        });
        let waited = self.taps.trace.virtual_time().saturating_sub(asked.at);
        if answer.error_code == 0 && empty && waited < asked.max_wait / 2 {
            self.pace(Deed::EmptyFetch(self.target.clone()));
        }
        let mut known = self.taps.known();
        let known = known.entry(self.client.clone()).or_default();
        for topic in &answer.responses {
            let key = (topic.topic.clone(), topic.topic_id);
            known.read.insert(key.clone());
            for data in &topic.partitions {
                let code = ErrorCode::from(data.error_code);
                self.remark_code(data.partition_index, code);
                if code != ErrorCode::None {
                    let topic = label(&topic.topic, topic.topic_id);
                    self.refused(ApiKey::Fetch, &topic, data.partition_index);
                }
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
            let count = rest.get(57..61).and_then(|count| count.first_chunk());
            let magic = rest.get(16).copied();
            let count = count.filter(|_| magic == Some(2));
            let holes = count.is_some_and(|count| i32::from_be_bytes(*count) <= last);
            if base > due || holes {
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
            known.names.insert(topic.topic_id, name.clone());
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

    fn on_offsets(&self, answer: &ListOffsetsResponse) {
        for topic in &answer.topics {
            for partition in &topic.partitions {
                if partition.error_code != 0 {
                    self.refused(ApiKey::ListOffsets, &topic.name, partition.partition_index);
                }
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
            self.taps
                .known()
                .entry(self.client.clone())
                .or_default()
                .paused = true;
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

/// What a client asks before its own requests: who is there, and may it come in.
/// DescribeGroups, since that tells a broker of 0.9 from one that says nothing.
fn is_of_handshake(key: ApiKey) -> bool {
    matches!(
        key,
        ApiKey::ApiVersions
            | ApiKey::SaslHandshake
            | ApiKey::SaslAuthenticate
            | ApiKey::DescribeGroups
    )
}

/// A topic is named by either.
pub(super) fn label(name: &StrBytes, id: Uuid) -> String {
    match name.is_empty() {
        true => id.to_string(),
        false => name.to_string(),
    }
}

fn answer<M: Message>(asked: &Asked, frame: Bytes) -> Option<M> {
    let (_, body) = open_response(asked.key, asked.version, frame, Limits::default()).ok()?;
    decode_body(body, asked.version).ok()
}
