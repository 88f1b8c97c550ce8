use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, open_response};
use kafka_protocol::messages::{CreateDelegationTokenResponse, DescribeDelegationTokenResponse};
use kafka_protocol::wire::{Limits, Reader};
use kafka_protocol::{ApiKey, DecodeError};

/// How long the broker wants this client to wait before it asks again, as an answer says
/// (KIP-219); zero for most.
///
/// Read from the frame, so that it counts for answers nobody waits for, too. Two are
/// decoded elsewhere: ApiVersions at the handshake, and Produce, which is large, by
/// producers (see [`crate::Connection::throttle`]).
pub(super) fn asked_for(api: ApiKey, version: i16, frame: &Bytes) -> Duration {
    let Some(Field { place, .. }) = field(api).filter(|field| version >= field.since) else {
        return Duration::ZERO;
    };
    // Whether the answer is whole is for whoever decodes it.
    let read = || {
        let (_, mut body) = open_response(api, version, frame.clone(), Limits::default())?;
        match place {
            Place::After(int16s) => {
                for _ in 0..int16s {
                    body.read_i16()?;
                }
                body.read_i32()
            }
            Place::Behind(decode) => decode(body, version),
        }
    };
    let ms = read().map_or(0, |ms| u64::try_from(ms).unwrap_or(0));
    Duration::from_millis(ms)
}

/// Which pauses somebody should hear of: the long ones, but not each while they go on.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    last: Option<Instant>,
}

/// What a quota costs nobody notices below this.
const LONG: Duration = Duration::from_secs(1);

/// At least, between two warnings.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

impl Warnings {
    /// Whether this pause is one of them.
    pub(super) fn is_due(&mut self, now: Instant, pause: Duration) -> bool {
        let recent = |last| now.saturating_duration_since(last) < WARNING_INTERVAL;
        if pause < LONG || self.last.is_some_and(recent) {
            return false;
        }
        self.last = Some(now);
        true
    }
}

/// Where an API's answers carry the time.
#[derive(Clone, Copy, Debug)]
struct Field {
    /// The version from which on the client is to wait: before it, the broker has waited.
    since: i16,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// With so many int16s before it.
    After(usize),
    /// With what has no fixed length before it: the answer has to be decoded.
    Behind(fn(Reader, i16) -> Result<i32, DecodeError>),
}

const fn first(since: i16) -> Option<Field> {
    after(0, since)
}

const fn after(int16s: usize, since: i16) -> Option<Field> {
    let place = Place::After(int16s);
    Some(Field { since, place })
}

const fn behind(decode: fn(Reader, i16) -> Result<i32, DecodeError>, since: i16) -> Option<Field> {
    let place = Place::Behind(decode);
    Some(Field { since, place })
}

/// As Kafka's own client has it (`shouldClientThrottle`). Of what it passes over, newer
/// than KIP-219 for the most part, the time counts all the same: brokers read nothing
/// meanwhile, whatever was asked.
fn field(api: ApiKey) -> Option<Field> {
    match api {
        ApiKey::Fetch => first(8),
        ApiKey::Metadata => first(6),
        ApiKey::OffsetCommit | ApiKey::OffsetFetch => first(4),
        ApiKey::ListOffsets | ApiKey::JoinGroup | ApiKey::CreateTopics => first(3),
        ApiKey::FindCoordinator
        | ApiKey::Heartbeat
        | ApiKey::LeaveGroup
        | ApiKey::SyncGroup
        | ApiKey::DescribeGroups
        | ApiKey::ListGroups
        | ApiKey::DeleteTopics
        | ApiKey::DescribeConfigs
        | ApiKey::OffsetForLeaderEpoch => first(2),
        ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::EndTxn
        | ApiKey::TxnOffsetCommit
        | ApiKey::InitProducerId
        | ApiKey::DeleteRecords
        | ApiKey::DeleteGroups
        | ApiKey::DescribeAcls
        | ApiKey::CreateAcls
        | ApiKey::DeleteAcls
        | ApiKey::AlterConfigs
        | ApiKey::AlterReplicaLogDirs
        | ApiKey::DescribeLogDirs
        | ApiKey::CreatePartitions => first(1),
        ApiKey::ElectLeaders
        | ApiKey::IncrementalAlterConfigs
        | ApiKey::AlterPartitionReassignments
        | ApiKey::ListPartitionReassignments
        | ApiKey::DescribeUserScramCredentials
        | ApiKey::AlterUserScramCredentials
        | ApiKey::DescribeTopicPartitions
        | ApiKey::UnregisterBroker
        | ApiKey::AddRaftVoter
        | ApiKey::AllocateProducerIds
        | ApiKey::AlterClientQuotas
        | ApiKey::AlterPartition
        | ApiKey::AlterShareGroupOffsets
        | ApiKey::AssignReplicasToDirs
        | ApiKey::BrokerHeartbeat
        | ApiKey::BrokerRegistration
        | ApiKey::ConsumerGroupDescribe
        | ApiKey::ConsumerGroupHeartbeat
        | ApiKey::ControllerRegistration
        | ApiKey::DeleteShareGroupOffsets
        | ApiKey::DescribeClientQuotas
        | ApiKey::DescribeCluster
        | ApiKey::DescribeProducers
        | ApiKey::DescribeShareGroupOffsets
        | ApiKey::DescribeTransactions
        | ApiKey::FetchSnapshot
        | ApiKey::GetTelemetrySubscriptions
        | ApiKey::ListConfigResources
        | ApiKey::ListTransactions
        | ApiKey::PushTelemetry
        | ApiKey::RemoveRaftVoter
        | ApiKey::ShareAcknowledge
        | ApiKey::ShareFetch
        | ApiKey::ShareGroupDescribe
        | ApiKey::ShareGroupHeartbeat
        | ApiKey::StreamsGroupDescribe
        | ApiKey::StreamsGroupHeartbeat
        | ApiKey::StreamsGroupTopologyDescriptionUpdate
        | ApiKey::UnregisterController
        | ApiKey::UpdateFeatures
        | ApiKey::UpdateRaftVoter => first(0),
        // Behind the error code.
        ApiKey::OffsetDelete => after(1, 0),
        // And behind a time in milliseconds.
        ApiKey::RenewDelegationToken | ApiKey::ExpireDelegationToken => after(5, 1),
        ApiKey::CreateDelegationToken => behind(
            |body, version| {
                decode_body::<CreateDelegationTokenResponse>(body, version)
                    .map(|response| response.throttle_time_ms)
            },
            1,
        ),
        ApiKey::DescribeDelegationToken => behind(
            |body, version| {
                decode_body::<DescribeDelegationTokenResponse>(body, version)
                    .map(|response| response.throttle_time_ms)
            },
            1,
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::Message;
    use kafka_protocol::frame::encode_response;
    use kafka_protocol::messages::describe_delegation_token::DescribedDelegationToken;
    use kafka_protocol::messages::{
        HeartbeatResponse, OffsetDeleteResponse, RenewDelegationTokenResponse, schemas,
    };
    use kafka_protocol::schema::{FieldKind, FieldSchema, MessageSchema};

    use super::*;

    #[track_caller]
    fn check<M: Message>(api: ApiKey, version: i16, response: &M, ms: u64) {
        let frame = encode_response(api, version, 7, response).unwrap();
        let frame = frame.into_bytes().slice(4..);
        let asked = asked_for(api, version, &frame);
        assert_eq!(asked, Duration::from_millis(ms), "{api} {version}");
        for cut in 0..frame.len().min(8) {
            asked_for(api, version, &frame.slice(..cut));
        }
    }

    /// Who decodes these reads the time as well.
    const ELSEWHERE: [ApiKey; 2] = [ApiKey::ApiVersions, ApiKey::Produce];

    #[test]
    fn it_stands_where_the_messages_have_it() {
        for api in ApiKey::ALL {
            let (_, response) = schemas(*api);
            let has_it = |version| {
                let mut fields = response.fields.iter();
                fields.any(|field| {
                    field.name == "throttle_time_ms" && field.versions.contains(version)
                })
            };
            let newest = response.versions.max;
            let known = field(*api);
            let expected = has_it(newest) && !ELSEWHERE.contains(api);
            assert_eq!(known.is_some(), expected, "{api}");
            let Some(Field { since, place }) = known else {
                continue;
            };
            let since = since.max(response.versions.min);
            let mut versions = response.versions.min..=newest;
            let first = versions.find(|version| has_it(*version) && !waits_itself(*api, *version));
            assert_eq!(Some(since), first, "{api}");
            for version in since..=newest {
                assert!(has_it(version), "{api} {version}");
                let before = int16s_before(response, version);
                match place {
                    Place::After(int16s) => assert_eq!(before, Some(int16s), "{api} {version}"),
                    Place::Behind(_) => assert_eq!(before, None, "{api} {version}"),
                }
            }
        }
    }

    /// Whether the broker waits before it answers in this version: KIP-219, with which it
    /// no longer does, came with 2.0, and with a new version of each API there was.
    fn waits_itself(api: ApiKey, version: i16) -> bool {
        let release = api.first_release(version).unwrap_or_default();
        release.starts_with("0.") || release.starts_with("1.")
    }

    /// As many as the fields before it have the length of; `None` where that differs.
    fn int16s_before(response: &MessageSchema, version: i16) -> Option<usize> {
        let in_version = |field: &&FieldSchema| field.versions.contains(version);
        let fields = response.fields.iter().filter(in_version);
        let before = fields.filter(|field| field.tag.is_none());
        let before = before.take_while(|field| field.name != "throttle_time_ms");
        let lengths = before.map(|field| match field.kind {
            FieldKind::Int16 => Some(1),
            FieldKind::Int32 => Some(2),
            FieldKind::Int64 => Some(4),
            _ => None,
        });
        lengths.sum()
    }

    #[test]
    fn it_is_found_wherever_it_stands() {
        let heartbeat = HeartbeatResponse::new().with_throttle_time_ms(300);
        check(ApiKey::Heartbeat, 1, &heartbeat, 0);
        check(ApiKey::Heartbeat, 2, &heartbeat, 300);
        check(ApiKey::Heartbeat, 4, &heartbeat, 300);
        let negative = HeartbeatResponse::new().with_throttle_time_ms(-1);
        check(ApiKey::Heartbeat, 4, &negative, 0);
        let offsets = OffsetDeleteResponse::new()
            .with_error_code(69i16)
            .with_throttle_time_ms(300);
        check(ApiKey::OffsetDelete, 0, &offsets, 300);
        let renewed = RenewDelegationTokenResponse::new()
            .with_expiry_timestamp_ms(i64::MAX)
            .with_throttle_time_ms(300);
        check(ApiKey::RenewDelegationToken, 1, &renewed, 300);
        check(ApiKey::RenewDelegationToken, 2, &renewed, 300);
        let created = CreateDelegationTokenResponse::new()
            .with_principal_name("alice")
            .with_throttle_time_ms(300);
        let listed = DescribeDelegationTokenResponse::new()
            .with_tokens(vec![DescribedDelegationToken::new().with_token_id("t")])
            .with_throttle_time_ms(300);
        for (version, ms) in [(0, 0), (1, 300), (2, 300), (3, 300)] {
            check(ApiKey::CreateDelegationToken, version, &created, ms);
            check(ApiKey::DescribeDelegationToken, version, &listed, ms);
        }
    }
}
