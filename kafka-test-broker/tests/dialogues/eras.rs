//! Brokers that pass for those of other releases.

use kafka_protocol::frame::{decode_body, open_response};
use kafka_protocol::header::RequestHeader;
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::OffsetFetchRequestTopic;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, OffsetCommitRequest,
    OffsetFetchRequest, ProduceRequest,
};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Magic, MessageSetBuilder,
    NewRecord, RecordBatch,
};
use kafka_protocol::wire::{Limits, Sink};
use kafka_protocol::{ApiKey, ErrorCode, RecordBytes, Uuid, VersionRange};
use kafka_test_broker::{Era, TestCluster};

use crate::client::{Client, NOW_MS, code, the_data, the_partition};

fn cluster_of(era: Era) -> TestCluster {
    TestCluster::builder().era(era).brokers(2).build_offline()
}

fn software() -> ApiVersionsRequest {
    ApiVersionsRequest::new()
        .with_client_software_name("test")
        .with_client_software_version("1.0")
}

/// The versions of one API that the answer lists.
fn listed(response: &ApiVersionsResponse, key: ApiKey) -> Option<VersionRange> {
    let mut keys = response.api_keys.iter();
    keys.find(|api| api.api_key == key.code())
        .map(|api| VersionRange::new(api.min_version, api.max_version))
}

#[tokio::test]
async fn each_era_lists_the_versions_of_its_release() {
    for era in Era::RELEASES.into_iter().filter(|era| *era >= Era::V0_10_0) {
        let cluster = cluster_of(era);
        let mut client = Client::dial(&cluster, 1);
        let response = client.call(&software(), 0).await;
        assert_eq!(code(response.error_code), ErrorCode::None);
        let real = era.api_versions();
        for api in &response.api_keys {
            let key = ApiKey::from_code(api.api_key).unwrap();
            let range = VersionRange::new(api.min_version, api.max_version);
            assert!(real.contains(&(key, range)), "{era}: {key} {range:?}");
        }
        for key in [
            ApiKey::Produce,
            ApiKey::Fetch,
            ApiKey::Metadata,
            ApiKey::ApiVersions,
        ] {
            assert!(listed(&response, key).is_some(), "{era}: {key}");
        }
    }
}

/// The answer, in version 0, to ApiVersions in a version there is not yet.
async fn ask_for_version_99(client: &mut Client) -> ApiVersionsResponse {
    let mut sink = Sink::new();
    let header = RequestHeader {
        api_key: ApiKey::ApiVersions.code(),
        api_version: 99,
        correlation_id: 7,
        ..RequestHeader::default()
    };
    header.encode(&mut sink, 2).unwrap();
    client.send_body(sink).await;
    let frame = client.frame().await.unwrap();
    let (_, body) = open_response(ApiKey::ApiVersions, 0, frame, Limits::default()).unwrap();
    decode_body(body, 0).unwrap()
}

#[tokio::test]
async fn version_from_the_future_is_told_the_range_from_2_4_on() {
    for (era, range) in [
        (Era::V0_10_0, None),
        (Era::V0_11, None),
        (Era::V2_0, None),
        (Era::V2_4, Some(VersionRange::new(0, 3))),
        (Era::V2_8, Some(VersionRange::new(0, 3))),
        (Era::V4_3, Some(VersionRange::new(0, 4))),
    ] {
        let cluster = cluster_of(era);
        let mut client = Client::dial(&cluster, 1);
        let response = ask_for_version_99(&mut client).await;
        assert_eq!(code(response.error_code), ErrorCode::UnsupportedVersion);
        assert_eq!(listed(&response, ApiKey::ApiVersions), range, "{era}");
        assert_eq!(response.api_keys.len(), usize::from(range.is_some()));
        // The connection goes on.
        client.call(&software(), 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn before_0_10_nobody_answers_to_api_versions() {
    let mut client = Client::dial(&cluster_of(Era::V0_8_2), 1);
    client.send(&software(), 0).await;
    client.expect_closed().await;

    // 0.9 passes over it, and answers what comes next.
    let cluster = cluster_of(Era::V0_9);
    let mut client = Client::dial(&cluster, 1);
    client.send(&software(), 3).await;
    let metadata = client.call(&MetadataRequest::new(), 0).await;
    assert_eq!(metadata.brokers.len(), 2);
    client.send(&MetadataRequest::new(), 1).await;
    client.expect_silence().await;
}

#[tokio::test]
async fn features_are_those_of_the_era() {
    let check =
        async |era, version, supported: &[&str], epoch: Option<i64>, finalized: &[(&str, i16)]| {
            let cluster = cluster_of(era);
            let response = Client::dial(&cluster, 1).call(&software(), version).await;
            let names: Vec<_> = response
                .supported_features
                .iter()
                .map(|f| f.name.as_str())
                .collect();
            assert_eq!(names, supported, "{era} v{version}");
            let levels: Vec<_> = response
                .finalized_features
                .iter()
                .map(|f| (f.name.as_str(), f.max_version_level))
                .collect();
            assert_eq!(levels, finalized, "{era} v{version}");
            match epoch {
                Some(epoch) => assert_eq!(response.finalized_features_epoch, epoch, "{era}"),
                None => assert!(response.finalized_features_epoch > 0, "{era}"),
            }
        };
    check(Era::V2_4, 3, &[], Some(-1), &[]).await;
    check(Era::V2_8, 3, &[], Some(0), &[]).await;
    check(
        Era::V3_9,
        3,
        &["metadata.version"],
        None,
        &[("metadata.version", 21)],
    )
    .await;
    let both = ["kraft.version", "metadata.version"];
    check(Era::V3_9, 4, &both, None, &[("metadata.version", 21)]).await;
    let newest = [
        ("eligible.leader.replicas.version", 1),
        ("group.version", 1),
        ("metadata.version", 30),
        ("share.version", 1),
        ("streams.version", 1),
        ("transaction.version", 2),
    ];
    check(Era::V4_3, 3, &["metadata.version"], None, &newest).await;
    check(Era::V4_3, 2, &[], Some(-1), &[]).await;
}

#[tokio::test]
async fn produce_is_advertised_from_0_but_served_from_3() {
    let cluster = cluster_of(Era::V4_3);
    let mut client = Client::dial(&cluster, 1);
    let response = client.call(&software(), 4).await;
    assert_eq!(
        listed(&response, ApiKey::Produce),
        Some(VersionRange::new(0, 13))
    );
    client.call(&ProduceRequest::new().with_acks(1), 3).await;
    client.send(&ProduceRequest::new().with_acks(1), 2).await;
    client.expect_closed().await;
}

#[tokio::test]
async fn offsets_of_version_0_have_a_store_of_their_own() {
    let commit = |topic: &str| {
        let partition = OffsetCommitRequestPartition::new().with_committed_offset(5);
        let topic = OffsetCommitRequestTopic::new()
            .with_name(topic.to_owned())
            .with_partitions(vec![partition]);
        OffsetCommitRequest::new()
            .with_group_id("g")
            .with_topics(vec![topic])
    };
    let topic = OffsetFetchRequestTopic::new()
        .with_name("t")
        .with_partition_indexes(vec![0, 1]);
    let fetch = OffsetFetchRequest::new()
        .with_group_id("g")
        .with_topics(Some(vec![topic]));
    let unknown = ErrorCode::UnknownTopicOrPartition;
    for (era, expected, found) in [
        (
            Era::V0_8_2,
            ErrorCode::None,
            [(5, ErrorCode::None), (-1, unknown)],
        ),
        (
            Era::V2_4,
            ErrorCode::None,
            [(5, ErrorCode::None), (-1, unknown)],
        ),
        (
            Era::V3_9,
            ErrorCode::UnsupportedVersion,
            [(-1, ErrorCode::UnsupportedVersion); 2],
        ),
        (
            Era::EveryVersion,
            ErrorCode::None,
            [(5, ErrorCode::None), (-1, ErrorCode::None)],
        ),
    ] {
        let cluster = cluster_of(era);
        cluster.create_topic("t", 2);
        // Whichever broker is asked.
        let mut client = Client::dial(&cluster, 2);
        let answer = client.call(&commit("t"), 0).await;
        let result = code(answer.topics[0].partitions[0].error_code);
        assert_eq!(result, expected, "{era}");
        let answer = client.call(&commit("nope"), 0).await;
        assert_eq!(
            code(answer.topics[0].partitions[0].error_code),
            unknown,
            "{era}"
        );
        let answer = Client::dial(&cluster, 1).call(&fetch, 0).await;
        let partitions = answer.topics[0].partitions.iter();
        let offsets: Vec<_> = partitions
            .map(|p| (p.committed_offset, code(p.error_code)))
            .collect();
        assert_eq!(offsets, found, "{era}");
        let apart = era != Era::EveryVersion;
        assert_eq!(
            cluster.committed_offset("g", "t", 0).is_none(),
            apart,
            "{era}"
        );
    }
}

/// A message set of one record in an old format.
fn message_set(magic: Magic, value: &[u8], compression: Compression) -> RecordBytes {
    let mut builder = match magic {
        Magic::V0 => MessageSetBuilder::v0(),
        _ => MessageSetBuilder::v1(),
    };
    let record = NewRecord {
        timestamp: NOW_MS,
        value: Some(value),
        ..NewRecord::default()
    };
    builder.append(&record).unwrap();
    let mut compressor = Compressor::new(compression).unwrap();
    let set = builder.seal(&mut compressor).unwrap();
    RecordBytes::from_segments([set.raw().clone()])
}

/// Produces and fetches one record in these versions; the format that comes back.
async fn there_and_back(era: Era, sent: Magic, produce: i16, fetch: i16) -> (Magic, String) {
    let cluster = TestCluster::builder()
        .era(era)
        .topic("t", 1)
        .wall_clock_ms(NOW_MS)
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    for codec in [Compression::None, Compression::Gzip, Compression::Snappy] {
        let records = Some(message_set(sent, b"v", codec));
        let request = crate::client::produce("t", Uuid::ZERO, 0, records);
        let answer = the_partition(client.call(&request, produce).await);
        assert_eq!(
            code(answer.error_code),
            ErrorCode::None,
            "{era:?} {codec:?}"
        );
    }
    let request = crate::client::fetch("t", 0, 1);
    let data = the_data(client.call(&request, fetch).await);
    assert_eq!(code(data.error_code), ErrorCode::None);
    let mut bytes = data.records.unwrap().into_bytes();
    let limits = BatchLimits::default();
    let set = RecordBatch::parse(&mut bytes, &limits).unwrap().unwrap();
    assert_eq!(set.last_offset(), 1, "the record asked for comes first");
    let records = set.decompress(&limits).unwrap();
    let value = records.iter().next().unwrap().value().unwrap().to_vec();
    (set.magic(), String::from_utf8(value).unwrap())
}

#[tokio::test(start_paused = true)]
async fn old_clients_get_the_format_they_know() {
    let v = "v".to_owned();
    for (era, sent, produce, fetch, got) in [
        (Era::V0_8_2, Magic::V0, 0, 0, Magic::V0),
        (Era::V0_9, Magic::V0, 1, 1, Magic::V0),
        (Era::V0_10_2, Magic::V1, 2, 3, Magic::V1),
        (Era::V0_10_2, Magic::V0, 1, 2, Magic::V1),
        (Era::V2_8, Magic::V1, 2, 1, Magic::V0),
        (Era::V3_9, Magic::V0, 0, 4, Magic::V2),
    ] {
        let back = there_and_back(era, sent, produce, fetch).await;
        assert_eq!(back, (got, v.clone()), "{era:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn old_clients_cannot_be_given_what_they_do_not_know() {
    let cluster = TestCluster::builder()
        .era(Era::V2_8)
        .topic("t", 1)
        .wall_clock_ms(NOW_MS)
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    let mut builder = BatchBuilder::new();
    let record = NewRecord {
        timestamp: NOW_MS,
        value: Some(b"v"),
        ..NewRecord::default()
    };
    builder.append(&record).unwrap();
    let mut compressor = Compressor::new(Compression::Zstd).unwrap();
    let batch = builder.seal(&mut compressor).unwrap();
    let batch = batch.to_record_bytes(&BatchStamp::default());
    let answer = client.produce("t", 0, batch).await;
    assert_eq!(code(answer.error_code), ErrorCode::None);
    let request = crate::client::fetch("t", 0, 0);
    let data = the_data(client.call(&request, 3).await);
    assert_eq!(code(data.error_code), ErrorCode::UnsupportedCompressionType);

    // Not a message, and one of the new format in an old request.
    for wrong in [
        RecordBytes::from_segments([bytes::Bytes::from_static(b"nonsense nonsense nonsense")]),
        crate::client::batch(&["v"]),
    ] {
        let request = crate::client::produce("t", Uuid::ZERO, 0, Some(wrong));
        let answer = the_partition(client.call(&request, 2).await);
        assert_ne!(code(answer.error_code), ErrorCode::None);
    }
    assert_eq!(cluster.end_offset("t", 0), 1);
}
