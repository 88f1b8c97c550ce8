use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ApiKey;
use kafka_protocol::frame::open_response;
use kafka_protocol::wire::Limits;

/// How long the broker wants this client to wait before it asks again, as an answer says
/// (KIP-219); zero for most.
///
/// Read from the frame, so that it counts for answers nobody waits for, too. Two do not
/// have it near their beginning: ApiVersions, whose answer is decoded at the handshake,
/// and Produce, whose answers producers decode (see [`crate::Connection::throttle`]).
pub(super) fn asked_for(api: ApiKey, version: i16, frame: &Bytes) -> Duration {
    let Some(Field { skip, .. }) = field(api).filter(|field| version >= field.since) else {
        return Duration::ZERO;
    };
    // Whether the answer is whole is for whoever decodes it.
    let read = || {
        let (_, mut body) = open_response(api, version, frame.clone(), Limits::default())?;
        for _ in 0..skip {
            body.read_i16()?;
        }
        body.read_i32()
    };
    let ms = read().map_or(0, |ms| u64::try_from(ms).unwrap_or(0));
    Duration::from_millis(ms)
}

/// Where an API's answers carry the time.
#[derive(Clone, Copy, Debug)]
struct Field {
    /// The version from which on the client is to wait: before it, the broker has waited.
    since: i16,
    /// The int16s before it.
    skip: usize,
}

const fn first(since: i16) -> Option<Field> {
    Some(Field { since, skip: 0 })
}

const fn after(skip: usize, since: i16) -> Option<Field> {
    Some(Field { since, skip })
}

/// As Kafka's own client has it (`shouldClientThrottle`).
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
        | ApiKey::DescribeConfigs => first(2),
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
        | ApiKey::UnregisterBroker => first(0),
        // Behind the error code.
        ApiKey::OffsetDelete => after(1, 0),
        // And behind a time in milliseconds.
        ApiKey::RenewDelegationToken | ApiKey::ExpireDelegationToken => after(5, 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::Message;
    use kafka_protocol::frame::encode_response;
    use kafka_protocol::messages::{
        HeartbeatResponse, OffsetDeleteResponse, RenewDelegationTokenResponse, schemas,
    };
    use kafka_protocol::schema::FieldKind;

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

    #[test]
    fn it_stands_where_the_messages_have_it() {
        let mut found = 0;
        for api in ApiKey::ALL {
            let Some(Field { since, skip }) = field(*api) else {
                continue;
            };
            let (_, response) = schemas(*api);
            for version in since..=response.versions.max {
                let mut before = 0;
                let mut fields = response
                    .fields
                    .iter()
                    .filter(|field| field.versions.contains(version) && field.tag.is_none());
                let stands = fields.any(|field| {
                    let it_is = field.name == "throttle_time_ms";
                    before += match field.kind {
                        FieldKind::Int16 if !it_is => 1,
                        FieldKind::Int64 => 4,
                        _ => 0,
                    };
                    it_is
                });
                assert!(stands, "{api} {version}");
                assert_eq!(before, skip, "{api} {version}");
                found += 1;
            }
        }
        assert!(found > 100, "{found}");
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
    }
}
