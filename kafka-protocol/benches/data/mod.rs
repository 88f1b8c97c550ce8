//! What the benchmarks encode and decode; those of `bench/peers` too.

#![allow(dead_code, reason = "each benchmark takes its part")]
#![allow(unreachable_pub, reason = "shared between benchmarks")]
#![allow(clippy::unwrap_used, reason = "a benchmark may stop")]

use bytes::Bytes;
use kafka_protocol::messages::fetch::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::{
    OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use kafka_protocol::messages::produce::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiVersionsResponse, FetchResponse, JoinGroupResponse, MetadataResponse, OffsetCommitRequest,
    OffsetFetchResponse, ProduceRequest,
};
use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_protocol::{ApiKey, RecordBytes, StrBytes, Uuid};

const HEADER_LEN: usize = 61;
const CHECKED_FROM: usize = 21;
pub const NOW: i64 = 1_763_700_000_000;
pub const TOPICS: usize = 10;
pub const PARTITIONS_PER_TOPIC: usize = 10;
pub const PARTITIONS: usize = TOPICS * PARTITIONS_PER_TOPIC;

/// Values that compress about as well as JSON does.
pub fn values(count: usize, len: usize) -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut value = || {
        let mut value = Vec::with_capacity(len + 40);
        while value.len() < len {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            value.extend_from_slice(format!("{{\"id\":{},\"state\":", state >> 44).as_bytes());
            value.extend_from_slice(b"\"shipped\"},");
        }
        value.truncate(len);
        value
    };
    (0..count).map(|_| value()).collect()
}

pub fn record(index: usize, value: &[u8]) -> NewRecord<'_> {
    NewRecord {
        timestamp: NOW + (index / 100) as i64,
        key: None,
        value: Some(value),
        headers: &[],
    }
}

/// One batch of these values, uncompressed.
pub fn batch(values: &[Vec<u8>]) -> RecordBytes {
    let mut builder = BatchBuilder::new();
    for (index, value) in values.iter().enumerate() {
        builder.append(&record(index, value)).unwrap();
    }
    let mut plain = Compressor::new(Compression::None).unwrap();
    let sealed = builder.seal(&mut plain).unwrap();
    sealed.to_record_bytes(&BatchStamp::default())
}

fn topic_name(topic: usize) -> StrBytes {
    StrBytes::from(format!("orders-of-region-{topic:04}"))
}

fn topic_id(topic: usize) -> Uuid {
    Uuid::from_bytes((topic as u128 + 77_777).to_be_bytes())
}

/// A topic has an id on the wire in these versions, and else a name.
pub fn fetch_response(records: &RecordBytes) -> FetchResponse {
    let partition = |index: usize| {
        PartitionData::new()
            .with_partition_index(index as i32)
            .with_high_watermark(123_456_789)
            .with_last_stable_offset(123_456_789)
            .with_log_start_offset(1_000)
            .with_records(records.clone())
    };
    let topic = |topic: usize| {
        FetchableTopicResponse::new()
            .with_topic(topic_name(topic))
            .with_topic_id(topic_id(topic))
            .with_partitions((0..PARTITIONS_PER_TOPIC).map(partition).collect::<Vec<_>>())
    };
    FetchResponse::new().with_responses((0..TOPICS).map(topic).collect::<Vec<_>>())
}

pub fn produce_request(records: impl Fn(usize) -> RecordBytes) -> ProduceRequest {
    let partition = |index: usize| {
        PartitionProduceData::new()
            .with_index((index % PARTITIONS_PER_TOPIC) as i32)
            .with_records(records(index))
    };
    let topic = |topic: usize| {
        let first = topic * PARTITIONS_PER_TOPIC;
        TopicProduceData::new()
            .with_name(topic_name(topic))
            .with_topic_id(topic_id(topic))
            .with_partition_data(
                (first..first + PARTITIONS_PER_TOPIC)
                    .map(partition)
                    .collect::<Vec<_>>(),
            )
    };
    ProduceRequest::new()
        .with_acks(-1)
        .with_timeout_ms(30_000)
        .with_topic_data((0..TOPICS).map(topic).collect::<Vec<_>>())
}

/// 1,000 topics of three partitions with three replicas, as large clusters answer.
pub fn metadata_response() -> MetadataResponse {
    let brokers = (0..6).map(|node| {
        MetadataResponseBroker::new()
            .with_node_id(node)
            .with_host(format!("broker-{node}.kafka.example.org"))
            .with_port(9092)
            .with_rack(StrBytes::from("zone-a"))
    });
    let partition = |index: i32| {
        let nodes: Vec<i32> = (0..3).map(|n| (index + n) % 6).collect();
        MetadataResponsePartition::new()
            .with_partition_index(index)
            .with_leader_id(index % 6)
            .with_leader_epoch(12)
            .with_replica_nodes(nodes.clone())
            .with_isr_nodes(nodes)
    };
    let topic = |topic: usize| {
        MetadataResponseTopic::new()
            .with_name(topic_name(topic))
            .with_topic_id(topic_id(topic))
            .with_partitions((0..3).map(partition).collect::<Vec<_>>())
    };
    MetadataResponse::new()
        .with_brokers(brokers.collect::<Vec<_>>())
        .with_cluster_id(StrBytes::from("5L6g3nShT-eMCtK--X86sw"))
        .with_controller_id(1)
        .with_topics((0..1_000).map(topic).collect::<Vec<_>>())
}

pub fn api_versions_response() -> ApiVersionsResponse {
    let key = |key: &ApiKey| {
        kafka_protocol::messages::api_versions::ApiVersion::new()
            .with_api_key(key.code())
            .with_max_version(7)
    };
    ApiVersionsResponse::new().with_api_keys(ApiKey::ALL.iter().map(key).collect::<Vec<_>>())
}

pub fn offset_commit_request() -> OffsetCommitRequest {
    let partition = |index: usize| {
        OffsetCommitRequestPartition::new()
            .with_partition_index(index as i32)
            .with_committed_offset(1_000_000 + index as i64)
            .with_committed_leader_epoch(5)
    };
    let topic = |topic: usize| {
        OffsetCommitRequestTopic::new()
            .with_name(topic_name(topic))
            .with_topic_id(topic_id(topic))
            .with_partitions((0..PARTITIONS_PER_TOPIC).map(partition).collect::<Vec<_>>())
    };
    OffsetCommitRequest::new()
        .with_group_id("billing")
        .with_member_id("consumer-1-6f1f6d0e-8a0e-4d0c-9d6e-1f3c3f3b3f3b")
        .with_generation_id_or_member_epoch(3)
        .with_topics((0..TOPICS).map(topic).collect::<Vec<_>>())
}

pub fn join_group_response() -> JoinGroupResponse {
    let member = |index: usize| {
        kafka_protocol::messages::join_group::JoinGroupResponseMember::new()
            .with_member_id(format!(
                "consumer-{index}-6f1f6d0e-8a0e-4d0c-9d6e-1f3c3f3b3f3b"
            ))
            .with_metadata(Bytes::from(vec![7; 60]))
    };
    JoinGroupResponse::new()
        .with_generation_id(3)
        .with_protocol_name(StrBytes::from("range"))
        .with_leader("consumer-0-6f1f6d0e-8a0e-4d0c-9d6e-1f3c3f3b3f3b")
        .with_member_id("consumer-0-6f1f6d0e-8a0e-4d0c-9d6e-1f3c3f3b3f3b")
        .with_members((0..50).map(member).collect::<Vec<_>>())
}

/// Versions 1 to 7: one group, without a field for it.
pub fn offset_fetch_response() -> OffsetFetchResponse {
    let partition = |index: usize| {
        OffsetFetchResponsePartition::new()
            .with_partition_index(index as i32)
            .with_committed_offset(1_000_000 + index as i64)
            .with_committed_leader_epoch(5)
    };
    let topic = |topic: usize| {
        OffsetFetchResponseTopic::new()
            .with_name(topic_name(topic))
            .with_partitions((0..PARTITIONS_PER_TOPIC).map(partition).collect::<Vec<_>>())
    };
    OffsetFetchResponse::new().with_topics((0..TOPICS).map(topic).collect::<Vec<_>>())
}

/// Values one after the other with room for a few fields, and their checksum.
pub fn bare_encode(values: &[Vec<u8>]) -> u64 {
    let mut batch = vec![0; HEADER_LEN];
    for value in values {
        batch.extend_from_slice(&[0; 8]);
        batch.extend_from_slice(value);
    }
    u64::from(crc32c::crc32c(&batch[CHECKED_FROM..]))
}

/// The checksum, and one look at each record; nothing is checked.
pub fn bare_read(batch: &[u8]) -> u64 {
    let mut total = u64::from(crc32c::crc32c(&batch[CHECKED_FROM..]));
    let mut at = HEADER_LEN;
    while at < batch.len() {
        let mut varint = || {
            let (low, high) = (batch[at], batch[at + 1]);
            if low < 0x80 {
                at += 1;
                usize::from(low >> 1)
            } else {
                at += 2;
                usize::from(low & 0x7f) >> 1 | usize::from(high) << 6
            }
        };
        varint();
        varint();
        varint();
        let offset = varint();
        varint();
        let len = varint();
        total += u64::from(batch[at]) + offset as u64;
        at += len + 1;
    }
    total
}

/// A frame without its length prefix.
pub fn body_of(frame: kafka_protocol::wire::Segments) -> Bytes {
    frame.into_bytes().slice(4..)
}
