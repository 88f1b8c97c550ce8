//! ApiVersions, and what happens to requests that are not served or are no
//! requests.

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::header::RequestHeader;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, ProduceRequest,
};
use kafka_protocol::wire::{Limits, Sink};
use kafka_protocol::{ApiKey, ErrorCode, VersionRange};
use kafka_test_broker::{Era, TestCluster};

use crate::client::{Client, batch, cluster, code};

fn software(name: &'static str, version: &'static str) -> ApiVersionsRequest {
    ApiVersionsRequest::new()
        .with_client_software_name(name)
        .with_client_software_version(version)
}

fn ranges(response: &ApiVersionsResponse) -> Vec<(i16, i16, i16)> {
    let keys = response.api_keys.iter();
    keys.map(|key| (key.api_key, key.min_version, key.max_version))
        .collect()
}

#[tokio::test]
async fn every_version_lists_what_is_served() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    for version in 0..=4 {
        let response = client.call(&software("test", "1.0"), version).await;
        assert_eq!(code(response.error_code), ErrorCode::None);
        assert!(ranges(&response).is_sorted());
        for (key, min, max) in ranges(&response) {
            let key = ApiKey::from_code(key).unwrap();
            let newest = Era::V4_3.api_versions();
            let newest = newest.iter().find(|(known, _)| *known == key);
            assert_eq!(
                (min, Some(max)),
                (0, newest.map(|(_, range)| range.max)),
                "{key}"
            );
        }
        let served = ranges(&response).into_iter().map(|(key, ..)| key);
        assert!(
            [0, 1, 2, 3, 18, 19]
                .iter()
                .all(|key| served.clone().any(|other| other == *key))
        );
    }
}

/// Sends ApiVersions in a version there is not yet.
async fn ask_in(client: &mut Client, version: i16) -> Bytes {
    let mut sink = Sink::new();
    let header = RequestHeader {
        api_key: ApiKey::ApiVersions.code(),
        api_version: version,
        correlation_id: 77,
        client_id: Some("future".into()),
        ..RequestHeader::default()
    };
    header.encode(&mut sink, 2).unwrap();
    // Whatever the body is, nobody here can know.
    sink.put_slice(b"\xff\xfe");
    client.send_body(sink).await;
    client.frame().await.unwrap()
}

#[tokio::test]
async fn version_from_the_future_is_answered_in_version_0_with_the_range() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    for version in [5, 6, 100] {
        let frame = ask_in(&mut client, version).await;
        let (header, body) =
            open_response(ApiKey::ApiVersions, 0, frame, Limits::default()).unwrap();
        assert_eq!(header.correlation_id, 77);
        let response: ApiVersionsResponse = decode_body(body, 0).unwrap();
        assert_eq!(code(response.error_code), ErrorCode::UnsupportedVersion);
        assert_eq!(ranges(&response), [(18, 0, 4)]);
    }
    // The connection goes on.
    let response = client.call(&software("test", "1.0"), 4).await;
    assert_eq!(code(response.error_code), ErrorCode::None);
}

#[tokio::test]
async fn software_must_have_a_proper_name() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    for (name, version, expected) in [
        ("a", "1", ErrorCode::None),
        ("apache-kafka-java", "4.3.1", ErrorCode::None),
        ("", "1", ErrorCode::InvalidRequest),
        ("a", "", ErrorCode::InvalidRequest),
        ("-a", "1", ErrorCode::InvalidRequest),
        ("a.", "1", ErrorCode::InvalidRequest),
        ("a b", "1", ErrorCode::InvalidRequest),
    ] {
        let response = client.call(&software(name, version), 3).await;
        assert_eq!(code(response.error_code), expected, "{name:?} {version:?}");
    }
    assert_eq!(
        code(client.call(&software("", ""), 2).await.error_code),
        ErrorCode::None
    );
}

#[tokio::test]
async fn narrowed_versions_and_hidden_apis() {
    let cluster = TestCluster::builder()
        .api_versions(ApiKey::Metadata, VersionRange::new(1, 4))
        .without_api(ApiKey::InitProducerId)
        .without_api(ApiKey::ApiVersions)
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    client.call(&MetadataRequest::new(), 4).await;
    client.send(&MetadataRequest::new(), 5).await;
    client.expect_closed().await;
    // As an old broker does that has never heard of it.
    let mut client = Client::dial(&cluster, 1);
    client.send(&software("test", "1"), 3).await;
    client.expect_closed().await;
}

#[tokio::test]
async fn requests_that_are_not_served_close_the_connection() {
    let cluster = cluster(1);
    for (key, version) in [
        (11, 0),
        (50, 0),
        (999, 0),
        (-1, 0),
        (3, 14),
        (3, -1),
        (0, 14),
    ] {
        let mut sink = Sink::new();
        let header = RequestHeader {
            api_key: key,
            api_version: version,
            ..RequestHeader::default()
        };
        header.encode(&mut sink, 2).unwrap();
        let mut client = Client::dial(&cluster, 1);
        client.send_body(sink).await;
        client.expect_closed().await;
    }
    assert_eq!(cluster.requests_seen(ApiKey::JoinGroup), 1);
    assert_eq!(cluster.requests_seen(ApiKey::Metadata), 2);
}

#[tokio::test]
async fn frames_that_are_no_requests_close_the_connection() {
    let builder = TestCluster::builder().max_request_bytes(1_000);
    let cluster = builder.build_offline();
    let good = encode_request(&MetadataRequest::new(), 9, 1, None)
        .unwrap()
        .into_bytes();
    let too_long = {
        let mut bytes = good.to_vec();
        bytes.push(0);
        bytes[3] += 1;
        bytes
    };
    let cut = {
        let mut bytes = good[..good.len() - 1].to_vec();
        bytes[3] -= 1;
        bytes
    };
    for bytes in [
        &[0, 0, 0, 0][..],
        &[0, 0, 0, 2, 0, 3],
        &[0xff; 4],
        &[0x7f, 0xff, 0xff, 0xff],
        &[0, 0, 3, 0xe9],
        b"GET / HTTP/1.1\r\n\r\n",
        &cut,
    ] {
        let mut client = Client::dial(&cluster, 1);
        client.send_bytes(bytes).await;
        client.expect_closed().await;
    }
    let mut client = Client::dial(&cluster, 1);
    client.send_bytes(&good).await;
    assert!(client.frame().await.is_some());
    // What follows a request is not looked at: librdkafka sends such.
    client.send_bytes(&too_long).await;
    assert!(client.frame().await.is_some());
}

#[tokio::test]
async fn array_that_claims_more_than_there_is_costs_nothing() {
    let cluster = cluster(1);
    let mut sink = Sink::new();
    let header = RequestHeader {
        api_key: 3,
        api_version: 1,
        ..RequestHeader::default()
    };
    header.encode(&mut sink, 1).unwrap();
    sink.put_i32(i32::MAX);
    let mut client = Client::dial(&cluster, 1);
    client.send_body(sink).await;
    client.expect_closed().await;
}

#[tokio::test]
async fn many_requests_at_once_are_answered_in_order() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let mut bytes = Vec::new();
    for correlation_id in 0..1_000 {
        let request: ProduceRequest =
            crate::client::produce("t", kafka_protocol::Uuid::ZERO, 0, Some(batch(&["x"])));
        let frame = encode_request(&request, 9, correlation_id, None).unwrap();
        bytes.extend_from_slice(&frame.into_bytes());
    }
    client.send_bytes(&bytes[..bytes.len() / 2 + 1]).await;
    client.send_bytes(&bytes[bytes.len() / 2 + 1..]).await;
    for correlation_id in 0..1_000 {
        let frame = client.frame().await.unwrap();
        let (header, _) = open_response(ApiKey::Produce, 9, frame, Limits::default()).unwrap();
        assert_eq!(header.correlation_id, correlation_id);
    }
    assert_eq!(cluster.end_offset("t", 0), 1_000);
    assert_eq!(cluster.requests_seen(ApiKey::Produce), 1_000);
}
