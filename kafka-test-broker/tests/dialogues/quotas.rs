//! AlterClientQuotas, DescribeClientQuotas, and what quotas do.

use std::time::Duration;

use kafka_protocol::messages::alter_client_quotas::{EntityData, OpData, RequestEntryData};
use kafka_protocol::messages::describe_client_quotas::ComponentData;
use kafka_protocol::messages::{
    AlterClientQuotasRequest, DescribeClientQuotasRequest, HeartbeatRequest, MetadataRequest,
};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};
use tokio::time::Instant;

use crate::client::{Client, batch, cluster, code, fetch, produce};

fn entity(names: &[(&str, Option<&str>)]) -> Vec<EntityData> {
    let one = |(kind, name): &(&str, Option<&str>)| {
        EntityData::new()
            .with_entity_type((*kind).to_owned())
            .with_entity_name(name.map(|name| StrBytes::from(name.to_owned())))
    };
    names.iter().map(one).collect()
}

fn quota(names: &[(&str, Option<&str>)], key: &str, value: Option<f64>) -> RequestEntryData {
    let op = OpData::new()
        .with_key(key.to_owned())
        .with_value(value.unwrap_or_default())
        .with_remove(value.is_none());
    RequestEntryData::new()
        .with_entity(entity(names))
        .with_ops(vec![op])
}

async fn alter(client: &mut Client, entries: Vec<RequestEntryData>) -> Vec<ErrorCode> {
    let request = AlterClientQuotasRequest::new().with_entries(entries);
    let response = client.call(&request, 1).await;
    let entries = response.entries.iter();
    entries.map(|entry| code(entry.error_code)).collect()
}

/// Sets a quota of the client of these tests.
async fn limit(client: &mut Client, key: &str, value: Option<f64>) {
    let entry = quota(&[("client-id", Some("test"))], key, value);
    assert_eq!(alter(client, vec![entry]).await, [ErrorCode::None]);
}

#[tokio::test(start_paused = true)]
async fn who_produces_too_fast_pauses() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    limit(&mut client, "producer_byte_rate", Some(1_000.0)).await;
    let request = produce(
        "t",
        Uuid::ZERO,
        0,
        Some(batch(&["x".repeat(9_000).as_str()])),
    );
    assert_eq!(client.call(&request, 9).await.throttle_time_ms, 0);
    let before = Instant::now();
    let pause = client.call(&request, 9).await.throttle_time_ms;
    assert!((8_000..9_000).contains(&pause), "{pause}");
    // The answer came at once; the next request waits.
    assert!(before.elapsed() < Duration::from_millis(100));
    client.call(&MetadataRequest::new(), 9).await;
    assert!(before.elapsed() >= Duration::from_millis(pause.unsigned_abs().into()));
    assert_eq!(cluster.end_offset("t", 0), 2);
    // Others are not concerned; nor is anyone without a quota.
    limit(&mut client, "producer_byte_rate", None).await;
    assert_eq!(client.call(&request, 9).await.throttle_time_ms, 0);
}

#[tokio::test(start_paused = true)]
async fn who_fetches_too_fast_gets_nothing_for_a_while() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    client
        .produce("t", 0, batch(&["x".repeat(30_000).as_str()]))
        .await;
    limit(&mut client, "consumer_byte_rate", Some(2_000.0)).await;
    let throttled = client.call(&fetch("t", 0, 0), 12).await;
    assert!(
        (5_000..6_000).contains(&throttled.throttle_time_ms),
        "{throttled:?}"
    );
    assert!(throttled.responses.is_empty());
    limit(&mut client, "consumer_byte_rate", Some(5_000.0)).await;
    let response = client.call(&fetch("t", 0, 0), 12).await;
    assert_eq!(
        (response.throttle_time_ms, response.responses.len()),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn fetch_without_records_for_its_pace_changes_no_session() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let long = "x".repeat(30_000);
    client.produce("t", 0, batch(&[&long])).await;
    limit(&mut client, "consumer_byte_rate", Some(2_000.0)).await;
    let opening = fetch("t", 0, 0).with_session_epoch(0);
    let throttled = client.call(&opening, 12).await;
    assert!(throttled.throttle_time_ms > 0 && throttled.responses.is_empty());
    assert_eq!((throttled.error_code, throttled.session_id), (0, 0));
    limit(&mut client, "consumer_byte_rate", None).await;
    let id = client.call(&opening, 12).await.session_id;
    assert!(id > 0);
    // What the session did not tell it tells later.
    client.produce("t", 0, batch(&[&long])).await;
    limit(&mut client, "consumer_byte_rate", Some(2_000.0)).await;
    let next = |epoch| {
        fetch("t", 0, 1)
            .with_session_id(id)
            .with_session_epoch(epoch)
    };
    let throttled = client.call(&next(1), 12).await;
    assert!(throttled.throttle_time_ms > 0 && throttled.responses.is_empty());
    assert_eq!((throttled.error_code, throttled.session_id), (0, id));
    limit(&mut client, "consumer_byte_rate", None).await;
    let response = client.call(&next(2), 12).await;
    assert_eq!((response.session_id, response.responses.len()), (id, 1));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_tell_the_pause_too() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    limit(&mut client, "request_percentage", Some(0.01)).await;
    let mut pauses = 0;
    for _ in 0..20 {
        let request = HeartbeatRequest::new().with_group_id("g");
        let response = client.call(&request, 4).await;
        pauses += i32::from(response.throttle_time_ms > 0);
    }
    assert!(pauses >= 5, "{pauses}");
}

#[tokio::test(start_paused = true)]
async fn who_keeps_brokers_busy_pauses() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    limit(&mut client, "request_percentage", Some(0.01)).await;
    let mut pauses = 0;
    for _ in 0..20 {
        let response = client.call(&MetadataRequest::new(), 9).await;
        assert!(response.throttle_time_ms <= 1_000);
        pauses += i32::from(response.throttle_time_ms > 0);
    }
    assert!(pauses >= 5, "{pauses}");
}

#[tokio::test]
async fn wrong_quotas_are_refused() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    let bytes = "producer_byte_rate";
    for (names, key, value, expected) in [
        (
            &[("user", Some("u"))][..],
            bytes,
            Some(5.0),
            ErrorCode::None,
        ),
        (
            &[("user", None), ("client-id", None)],
            "request_percentage",
            Some(0.5),
            ErrorCode::None,
        ),
        (
            &[("ip", Some("1.2.3.4"))],
            "connection_creation_rate",
            Some(5.0),
            ErrorCode::None,
        ),
        (
            &[("ip", Some("no host"))],
            "connection_creation_rate",
            Some(5.0),
            ErrorCode::InvalidRequest,
        ),
        (
            &[("ip", Some("1.2.3.4"))],
            bytes,
            Some(5.0),
            ErrorCode::InvalidRequest,
        ),
        (
            &[("ip", Some("1.2.3.4")), ("user", None)],
            bytes,
            Some(5.0),
            ErrorCode::InvalidRequest,
        ),
        (
            &[("nope", Some("u"))],
            bytes,
            Some(5.0),
            ErrorCode::InvalidRequest,
        ),
        (
            &[("user", Some(""))],
            bytes,
            Some(5.0),
            ErrorCode::InvalidRequest,
        ),
        (&[], bytes, Some(5.0), ErrorCode::InvalidRequest),
        (
            &[("user", Some("u"))],
            "nope",
            Some(5.0),
            ErrorCode::InvalidRequest,
        ),
        (&[("user", Some("u"))], "nope", None, ErrorCode::None),
        (
            &[("user", Some("u"))],
            bytes,
            Some(0.0),
            ErrorCode::InvalidRequest,
        ),
        (
            &[("user", Some("u"))],
            bytes,
            Some(f64::NAN),
            ErrorCode::InvalidRequest,
        ),
        (
            &[("user", Some("u"))],
            bytes,
            Some(1.5),
            ErrorCode::InvalidRequest,
        ),
    ] {
        let result = alter(&mut client, vec![quota(names, key, value)]).await;
        assert_eq!(result, [expected], "{names:?} {key} {value:?}");
    }
    let one = quota(&[("user", Some("u"))], bytes, Some(7.0));
    let twice = alter(&mut client, vec![one.clone(), one]).await;
    assert_eq!(twice, [ErrorCode::InvalidRequest]);
    // The first of them was set all the same.
    let all = client.call(&DescribeClientQuotasRequest::new(), 1).await;
    let mut values = all.entries.iter().flatten().flat_map(|entry| &entry.values);
    assert!(values.any(|value| value.value == 7.0));
}

#[tokio::test]
async fn quotas_are_found_by_what_they_are_for() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    let bytes = "producer_byte_rate";
    let made = vec![
        quota(
            &[("user", Some("u")), ("client-id", Some("c"))],
            bytes,
            Some(1.0),
        ),
        quota(&[("user", Some("u"))], bytes, Some(2.0)),
        quota(&[("user", None)], bytes, Some(3.0)),
        quota(&[("ip", None)], "connection_creation_rate", Some(4.0)),
    ];
    assert_eq!(alter(&mut client, made).await, [ErrorCode::None; 4]);
    let mut find = async |components: &[(&str, i8, Option<&str>)], strict| {
        let component = |(kind, how, name): &(&str, i8, Option<&str>)| {
            ComponentData::new()
                .with_entity_type((*kind).to_owned())
                .with_match_type(*how)
                .with_matches(name.map(|name| StrBytes::from(name.to_owned())))
        };
        let request = DescribeClientQuotasRequest::new()
            .with_components(components.iter().map(component).collect::<Vec<_>>())
            .with_strict(strict);
        let response = client.call(&request, 1).await;
        let mut values: Vec<f64> = response
            .entries
            .iter()
            .flatten()
            .flat_map(|entry| entry.values.iter().map(|value| value.value))
            .collect();
        values.sort_by(f64::total_cmp);
        (code(response.error_code), values)
    };
    let found = |values: &[f64]| (ErrorCode::None, values.to_vec());
    assert_eq!(find(&[], false).await, found(&[1.0, 2.0, 3.0, 4.0]));
    assert_eq!(find(&[], true).await, found(&[]));
    assert_eq!(
        find(&[("user", 0, Some("u"))], false).await,
        found(&[1.0, 2.0])
    );
    assert_eq!(find(&[("user", 0, Some("u"))], true).await, found(&[2.0]));
    assert_eq!(find(&[("user", 1, None)], false).await, found(&[3.0]));
    assert_eq!(
        find(&[("user", 2, None)], false).await,
        found(&[1.0, 2.0, 3.0])
    );
    assert_eq!(find(&[("ip", 2, None)], true).await, found(&[4.0]));
    let invalid = (ErrorCode::InvalidRequest, vec![]);
    assert_eq!(
        find(&[("ip", 2, None), ("user", 2, None)], false).await,
        invalid
    );
    assert_eq!(find(&[("user", 0, None)], false).await, invalid);
    assert_eq!(find(&[("user", 1, Some("u"))], false).await, invalid);
    assert_eq!(find(&[("user", 9, None)], false).await, invalid);
    assert_eq!(find(&[("", 2, None)], false).await, invalid);
    assert_eq!(
        find(&[("user", 2, None), ("user", 2, None)], false).await,
        invalid
    );
    let unsupported = (ErrorCode::UnsupportedVersion, vec![]);
    assert_eq!(find(&[("nope", 2, None)], false).await, unsupported);
}
