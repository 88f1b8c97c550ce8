//! The cluster of one that clients are told of.

use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use kafka_protocol::messages::api_versions::ApiVersion;
use kafka_protocol::messages::find_coordinator::Coordinator;
use kafka_protocol::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    AnyRequest, ApiVersionsResponse, FindCoordinatorResponse, InitProducerIdResponse,
    ListOffsetsResponse, MetadataRequest, MetadataResponse,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, Message, Uuid, frame};

use crate::{fetch, produce};

const NODE: i32 = 1;
const HOST: &str = "127.0.0.1";
const EARLIEST: i64 = -2;
/// Every API there is here, with the versions spoken.
const SPOKEN: [(ApiKey, i16, i16); 7] = [
    (ApiKey::Produce, 3, produce::VERSION_MAX),
    (ApiKey::Fetch, 4, fetch::VERSION_MAX),
    (ApiKey::ListOffsets, 1, 7),
    (ApiKey::Metadata, 0, 12),
    (ApiKey::FindCoordinator, 0, 4),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::InitProducerId, 0, 4),
];

pub(crate) struct Cluster {
    port: i32,
    ends: Vec<AtomicI64>,
    producers: AtomicI64,
}

impl Cluster {
    pub(crate) fn new(port: u16, partitions: i32) -> Self {
        Self {
            port: i32::from(port),
            ends: (0..partitions).map(|_| AtomicI64::new(0)).collect(),
            producers: AtomicI64::new(1),
        }
    }

    /// Records were produced; the first one's offset.
    pub(crate) fn append(&self, partition: i32, records: u64) -> i64 {
        let end = usize::try_from(partition)
            .ok()
            .and_then(|at| self.ends.get(at));
        end.map_or(0, |end| end.fetch_add(records as i64, Ordering::Relaxed))
    }

    /// The answer's frame.
    pub(crate) fn answer(&self, request: Bytes) -> Result<Bytes, String> {
        let head = request
            .first_chunk::<8>()
            .ok_or("a request without a header")?;
        let (key, version) = (
            i16::from_be_bytes([head[0], head[1]]),
            i16::from_be_bytes([head[2], head[3]]),
        );
        let correlation_id = i32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        // A version too new is answered in version 0, which the client then reads.
        if key == ApiKey::ApiVersions.code() && version > 4 {
            let answer = versions().with_error_code(35);
            return encoded(ApiKey::ApiVersions, 0, correlation_id, &answer);
        }
        let (_, request) =
            frame::decode_request(request, Limits::default()).map_err(|error| error.to_string())?;
        match request {
            AnyRequest::ApiVersions(_) => {
                encoded(ApiKey::ApiVersions, version, correlation_id, &versions())
            }
            AnyRequest::Metadata(request) => encoded(
                ApiKey::Metadata,
                version,
                correlation_id,
                &self.metadata(&request),
            ),
            AnyRequest::InitProducerId(_) => {
                let answer = InitProducerIdResponse::new()
                    .with_producer_id(self.producers.fetch_add(1, Ordering::Relaxed));
                encoded(ApiKey::InitProducerId, version, correlation_id, &answer)
            }
            AnyRequest::FindCoordinator(request) => {
                let keys = request.coordinator_keys.into_iter().map(|key| {
                    Coordinator::new()
                        .with_key(key)
                        .with_node_id(NODE)
                        .with_host(HOST)
                        .with_port(self.port)
                });
                let mut answer = FindCoordinatorResponse::new();
                if version >= 4 {
                    answer = answer.with_coordinators(keys.collect::<Vec<_>>());
                } else {
                    answer = answer
                        .with_node_id(NODE)
                        .with_host(HOST)
                        .with_port(self.port);
                }
                encoded(ApiKey::FindCoordinator, version, correlation_id, &answer)
            }
            AnyRequest::ListOffsets(request) => {
                let topics = request.topics.into_iter().map(|topic| {
                    let partitions = topic.partitions.into_iter().map(|partition| {
                        let earliest = partition.timestamp == EARLIEST;
                        ListOffsetsPartitionResponse::new()
                            .with_partition_index(partition.partition_index)
                            .with_offset(if earliest { 0 } else { fetch::END })
                            .with_leader_epoch(if version >= 4 { 0 } else { -1 })
                    });
                    ListOffsetsTopicResponse::new()
                        .with_name(topic.name)
                        .with_partitions(partitions.collect::<Vec<_>>())
                });
                let answer = ListOffsetsResponse::new().with_topics(topics.collect::<Vec<_>>());
                encoded(ApiKey::ListOffsets, version, correlation_id, &answer)
            }
            other => Err(format!("{} is not spoken here", other.key().name())),
        }
    }

    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let partition = |index: usize| {
            MetadataResponsePartition::new()
                .with_partition_index(i32::try_from(index).unwrap_or(0))
                .with_leader_id(NODE)
                .with_leader_epoch(0)
                .with_replica_nodes(vec![NODE])
                .with_isr_nodes(vec![NODE])
        };
        let topics = request.topics.iter().flatten().map(|topic| {
            let name = topic.name.clone().unwrap_or_default();
            let id = name.bytes().fold(1_u128, |id, byte| {
                id.wrapping_mul(31).wrapping_add(u128::from(byte))
            });
            MetadataResponseTopic::new()
                .with_name(name)
                .with_topic_id(Uuid::from_bytes(id.to_be_bytes()))
                .with_partitions((0..self.ends.len()).map(partition).collect::<Vec<_>>())
        });
        let broker = MetadataResponseBroker::new()
            .with_node_id(NODE)
            .with_host(HOST)
            .with_port(self.port);
        MetadataResponse::new()
            .with_brokers(vec![broker])
            .with_cluster_id(kafka_protocol::StrBytes::from("null"))
            .with_controller_id(NODE)
            .with_topics(topics.collect::<Vec<_>>())
    }
}

fn versions() -> ApiVersionsResponse {
    let keys = SPOKEN.iter().map(|(key, min, max)| {
        ApiVersion::new()
            .with_api_key(key.code())
            .with_min_version(*min)
            .with_max_version(*max)
    });
    ApiVersionsResponse::new().with_api_keys(keys.collect::<Vec<_>>())
}

fn encoded<M: Message>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    answer: &M,
) -> Result<Bytes, String> {
    let frame = frame::encode_response(key, version, correlation_id, answer);
    frame
        .map(|frame| frame.into_bytes())
        .map_err(|error| error.to_string())
}
