//! Fetch: what is returned, within which limits, and when.

use std::time::Duration;

use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::{ErrorCode, Uuid};
use kafka_test_broker::{Era, TestCluster};
use tokio::time::Instant;

use crate::client::{
    Client, NOW_MS, batch, cluster, code, fetch, leftover, produce, records, the_data,
};

/// One partition with three batches: a, b | c | d, e, f.
async fn filled() -> (TestCluster, Client) {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let mut client = Client::dial(&cluster, 1);
    for values in [&["a", "b"][..], &["c"], &["d", "e", "f"]] {
        client.produce("t", 0, batch(values)).await;
    }
    (cluster, client)
}

fn values(response: FetchResponse) -> Vec<(i64, String)> {
    records(the_data(response).records)
}

#[tokio::test]
async fn every_version_from_4_reads_from_the_batch_that_holds_the_offset() {
    let (cluster, mut client) = filled().await;
    let id = cluster.topic_id("t").unwrap();
    for version in 4..=18 {
        for (offset, first) in [(0, 0), (1, 0), (2, 2), (3, 3), (5, 3)] {
            let mut request = fetch("t", 0, offset)
                .with_session_id(0)
                .with_session_epoch(0);
            if version >= 13 {
                request.topics[0].topic_id = id;
            }
            if version >= 15 {
                request.replica_id = -1;
            }
            let response = client.call(&request, version).await;
            assert_eq!(code(response.error_code), ErrorCode::None, "v{version}");
            assert_eq!(response.session_id > 0, version >= 7);
            let data = the_data(response);
            assert_eq!(code(data.error_code), ErrorCode::None, "v{version}");
            assert_eq!((data.high_watermark, data.last_stable_offset), (6, 6));
            assert_eq!(data.log_start_offset, if version >= 5 { 0 } else { -1 });
            assert_eq!(data.preferred_read_replica, -1);
            let read = records(data.records);
            let offsets: Vec<i64> = read.iter().map(|(offset, _)| *offset).collect();
            assert_eq!(
                offsets,
                (first..6).collect::<Vec<_>>(),
                "v{version} from {offset}"
            );
            assert_eq!(read.last().unwrap().1, "f");
        }
    }
}

#[tokio::test]
async fn oldest_versions_cannot_carry_batches() {
    let (_cluster, mut client) = filled().await;
    for version in 0..=3 {
        let data = the_data(client.call(&fetch("t", 0, 0), version).await);
        assert_eq!(
            code(data.error_code),
            ErrorCode::UnsupportedVersion,
            "v{version}"
        );
        let data = the_data(client.call(&fetch("t", 1, 0), version).await);
        assert_eq!(
            code(data.error_code),
            ErrorCode::None,
            "v{version}: nothing to carry"
        );
    }
}

#[tokio::test]
async fn isolation_decides_whether_aborted_transactions_are_listed() {
    let (_cluster, mut client) = filled().await;
    let data = the_data(client.call(&fetch("t", 0, 0), 12).await);
    assert_eq!(data.aborted_transactions, None);
    let data = the_data(
        client
            .call(&fetch("t", 0, 0).with_isolation_level(1), 12)
            .await,
    );
    assert_eq!(data.aborted_transactions, Some(Vec::new()));
    assert_eq!(records(data.records).len(), 6);
}

#[tokio::test]
async fn offsets_outside_of_the_log() {
    let (cluster, mut client) = filled().await;
    cluster.delete_records("t", 0, 2);
    for offset in [-1, 0, 1, 7, i64::MAX] {
        let data = client.fetch("t", 0, offset).await;
        assert_eq!(
            code(data.error_code),
            ErrorCode::OffsetOutOfRange,
            "{offset}"
        );
        assert_eq!(data.high_watermark, -1);
        assert!(data.records.is_some_and(|records| records.is_empty()));
    }
    let data = client.fetch("t", 0, 2).await;
    assert_eq!((data.log_start_offset, records(data.records).len()), (2, 4));
    let data = client.fetch("t", 0, 6).await;
    assert_eq!(
        (code(data.error_code), data.high_watermark),
        (ErrorCode::None, 6)
    );
    assert!(data.records.is_some_and(|records| records.is_empty()));
}

#[tokio::test]
async fn limits_of_partition_and_answer() {
    let (_cluster, mut client) = filled().await;
    let len = |values: &[&str]| batch(values).len() as i32;
    let (first, second) = (len(&["a", "b"]), len(&["c"]));
    // The first batch always comes whole; then the answer ends at the limit,
    // within a batch if need be.
    for (limit, whole, cut) in [
        (0, 2, 0),
        (first - 1, 2, 0),
        (first, 2, 0),
        (first + 10, 2, 10),
        (first + second, 3, 0),
        (first + second + 61, 3, 61),
    ] {
        for partition_limit in [true, false] {
            let mut request = fetch("t", 0, 0);
            if partition_limit {
                request.topics[0].partitions[0].partition_max_bytes = limit;
            } else {
                request.max_bytes = limit;
            }
            let data = the_data(client.call(&request, 12).await);
            assert_eq!(records(data.records.clone()).len(), whole, "{limit}");
            assert_eq!(leftover(data.records), cut as usize, "{limit}");
        }
    }
}

#[tokio::test]
async fn whole_batches_only_where_asked_for() {
    let builder = TestCluster::builder()
        .wall_clock_ms(NOW_MS)
        .partial_batches(false);
    let cluster = builder.topic("t", 1).build_offline();
    let mut client = Client::dial(&cluster, 1);
    client.produce("t", 0, batch(&["a"])).await;
    client.produce("t", 0, batch(&["b"])).await;
    let mut request = fetch("t", 0, 0);
    request.max_bytes = batch(&["a"]).len() as i32 + 30;
    let data = the_data(client.call(&request, 12).await);
    assert_eq!(records(data.records.clone()), [(0, "a".to_owned())]);
    assert_eq!(leftover(data.records), 0);
}

#[tokio::test]
async fn answer_is_filled_in_the_order_asked_for() {
    let (_cluster, mut client) = filled().await;
    client.produce("t", 1, batch(&["other"])).await;
    let mut request = fetch("t", 1, 0);
    let more = request.topics[0].partitions[0].clone();
    request.topics[0].partitions.push(more.with_partition(0));
    let response = client.call(&request, 12).await;
    let partitions = &response.responses[0].partitions;
    assert_eq!(records(partitions[0].records.clone()).len(), 1);
    assert_eq!(records(partitions[1].records.clone()).len(), 6);
    // Only the first that has anything may go beyond the limit.
    request.max_bytes = 1;
    let response = client.call(&request, 12).await;
    let partitions = &response.responses[0].partitions;
    assert_eq!(records(partitions[0].records.clone()).len(), 1);
    assert!(
        partitions[1]
            .records
            .as_ref()
            .is_some_and(|records| records.is_empty())
    );
    assert_eq!(partitions[1].high_watermark, 6);
}

#[tokio::test]
async fn unknown_places_and_leaders() {
    let cluster = cluster(3);
    cluster.create_topic_on("t", &[&[2, 3]], &[]);
    let id = cluster.topic_id("t").unwrap();
    let mut client = Client::dial(&cluster, 1);
    let nowhere = client.fetch("nope", 0, 0).await;
    assert_eq!(code(nowhere.error_code), ErrorCode::UnknownTopicOrPartition);
    let nowhere = client.fetch("t", 1, 0).await;
    assert_eq!(code(nowhere.error_code), ErrorCode::UnknownTopicOrPartition);
    let mut request = fetch("t", 0, 0);
    for wrong in [Uuid::ZERO, Uuid::from_bytes([7; 16])] {
        request.topics[0].topic_id = wrong;
        let data = the_data(client.call(&request, 13).await);
        assert_eq!(code(data.error_code), ErrorCode::UnknownTopicId);
    }
    request.topics[0].topic_id = id;
    for version in 13..=18 {
        let response = client.call(&request, version).await;
        let ports: Vec<i32> = response
            .node_endpoints
            .iter()
            .map(|node| node.port)
            .collect();
        let data = the_data(response);
        assert_eq!(code(data.error_code), ErrorCode::NotLeaderOrFollower);
        let hinted = version >= 16;
        assert_eq!(data.current_leader.leader_id, if hinted { 2 } else { -1 });
        assert_eq!(ports, if hinted { vec![9093] } else { Vec::new() });
    }
    // Broker 3 holds the partition, but does not lead it.
    let request = fetch("t", 0, 0);
    let data = the_data(Client::dial(&cluster, 3).call(&request, 10).await);
    assert_eq!(code(data.error_code), ErrorCode::NotLeaderOrFollower);
}

#[tokio::test]
async fn leader_epochs_are_compared() {
    let (cluster, mut client) = filled().await;
    cluster.move_leader("t", 0, 1);
    for (epoch, expected) in [
        (-1, ErrorCode::None),
        (0, ErrorCode::FencedLeaderEpoch),
        (1, ErrorCode::None),
        (2, ErrorCode::UnknownLeaderEpoch),
    ] {
        let mut request = fetch("t", 0, 0);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        let data = the_data(client.call(&request, 12).await);
        assert_eq!(code(data.error_code), expected, "{epoch}");
    }
}

#[tokio::test]
async fn divergence_is_told_instead_of_records() {
    let (cluster, mut client) = filled().await;
    cluster.move_leader("t", 0, 1);
    client.produce("t", 0, batch(&["g"])).await;
    let mut ask = async |epoch, offset| {
        let mut request = fetch("t", 0, offset);
        request.topics[0].partitions[0].last_fetched_epoch = epoch;
        let data = the_data(client.call(&request, 12).await);
        let diverging = (data.diverging_epoch.epoch, data.diverging_epoch.end_offset);
        (
            code(data.error_code),
            diverging,
            records(data.records).len(),
        )
    };
    assert_eq!(ask(1, 6).await, (ErrorCode::None, (-1, -1), 1));
    assert_eq!(ask(0, 6).await, (ErrorCode::None, (-1, -1), 1));
    // Epoch 0 ended at 6: whoever read 7 in it read something else.
    assert_eq!(ask(0, 7).await, (ErrorCode::None, (0, 6), 0));
    assert_eq!(ask(9, 7).await, (ErrorCode::OffsetOutOfRange, (-1, -1), 0));
}

fn waiting(wait_ms: i32, min_bytes: i32) -> FetchRequest {
    fetch("t", 0, 6)
        .with_max_wait_ms(wait_ms)
        .with_min_bytes(min_bytes)
}

#[tokio::test(start_paused = true)]
async fn empty_fetch_waits_exactly_as_long_as_it_may() {
    let (_cluster, mut client) = filled().await;
    for wait_ms in [0, 1, 500, 30_000] {
        let asked = Instant::now();
        let data = the_data(client.call(&waiting(wait_ms, 1), 12).await);
        assert_eq!(asked.elapsed(), Duration::from_millis(wait_ms as u64));
        assert_eq!(
            (code(data.error_code), data.high_watermark),
            (ErrorCode::None, 6)
        );
        assert!(data.records.is_some_and(|records| records.is_empty()));
    }
    // Nothing is wanted, so there is nothing to wait for.
    let asked = Instant::now();
    client.call(&waiting(1_000, 0), 12).await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waiting_fetch_is_answered_once_there_is_enough() {
    let (cluster, mut client) = filled().await;
    let mut producer = Client::dial(&cluster, 1);
    let len = batch(&["x"]).len() as i32;
    let asked = Instant::now();
    client.send(&waiting(10_000, 2 * len), 12).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    producer.produce("t", 1, batch(&["elsewhere"])).await;
    producer.produce("t", 0, batch(&["x"])).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    producer.produce("t", 0, batch(&["y"])).await;
    let read = values(client.answer::<FetchRequest>(12).await);
    assert_eq!(read, [(6, "x".to_owned()), (7, "y".to_owned())]);
    assert_eq!(asked.elapsed(), Duration::from_millis(200));
    // Too little, too late: what there is.
    client.send(&waiting(1_000, 1 << 20), 12).await;
    let read = values(client.answer::<FetchRequest>(12).await);
    assert_eq!(read.len(), 2);
    assert_eq!(asked.elapsed(), Duration::from_millis(1_200));
}

#[tokio::test(start_paused = true)]
async fn error_in_one_partition_ends_the_wait_for_all() {
    let (_cluster, mut client) = filled().await;
    let with = |topic: &str, partition, offset| {
        let mut request = waiting(10_000, 1);
        let wanted = FetchPartition::new()
            .with_partition(partition)
            .with_fetch_offset(offset);
        request.topics.push(
            FetchTopic::new()
                .with_topic(topic.to_owned())
                .with_partitions(vec![wanted]),
        );
        request
    };
    let asked = Instant::now();
    let response = client.call(&with("t", 1, 99), 12).await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(
        code(response.responses[0].partitions[1].error_code),
        ErrorCode::OffsetOutOfRange
    );
    // Nobody waits for a place that does not exist, unless for others too.
    let response = client.call(&with("nope", 0, 0), 12).await;
    assert_eq!(asked.elapsed(), Duration::from_secs(10));
    assert_eq!(
        code(response.responses[1].partitions[0].error_code),
        ErrorCode::UnknownTopicOrPartition
    );
    let mut request = with("nope", 0, 0);
    request.topics.remove(0);
    client.call(&request, 12).await;
    assert_eq!(asked.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn move_of_the_leader_and_deletion_end_the_wait() {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[]);
    let mut client = Client::dial(&cluster, 1);
    let wait = |epoch| {
        let mut request = fetch("t", 0, 0).with_max_wait_ms(10_000);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        request
    };
    let asked = Instant::now();
    client.send(&wait(0), 12).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    cluster.move_leader("t", 0, 2);
    let data = the_data(client.answer::<FetchRequest>(12).await);
    assert_eq!(code(data.error_code), ErrorCode::FencedLeaderEpoch);
    assert_eq!(asked.elapsed(), Duration::from_millis(50));

    let mut client = Client::dial(&cluster, 2);
    client.send(&wait(1), 12).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    cluster.delete_topic("t");
    let data = the_data(client.answer::<FetchRequest>(12).await);
    assert_eq!(code(data.error_code), ErrorCode::UnknownTopicOrPartition);
    assert_eq!(asked.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn requests_behind_a_waiting_one_are_served_after_it_in_order() {
    let (cluster, mut client) = filled().await;
    let asked = Instant::now();
    client.send(&waiting(1_000, 1), 12).await;
    let request = produce("t", Uuid::ZERO, 1, Some(batch(&["later"])));
    client.send(&request, 9).await;
    client.send(&request, 9).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(cluster.end_offset("t", 1), 0);
    for _ in 0..3 {
        client.frame().await.unwrap();
    }
    assert_eq!(asked.elapsed(), Duration::from_millis(1_000));
    assert_eq!(cluster.end_offset("t", 1), 2);
}

#[tokio::test(start_paused = true)]
async fn client_that_leaves_while_it_waits_is_forgotten() {
    let (cluster, mut client) = filled().await;
    client.send(&waiting(60_000, 1), 12).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    drop(client);
    tokio::time::sleep(Duration::from_millis(10)).await;
    let mut producer = Client::dial(&cluster, 1);
    let partition = producer.produce("t", 0, batch(&["x"])).await;
    assert_eq!(code(partition.error_code), ErrorCode::None);
}

#[tokio::test]
async fn oldest_versions_are_cut_within_the_first_message() {
    let cluster = TestCluster::builder()
        .era(Era::V2_8)
        .brokers(1)
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let long = "x".repeat(5_000);
    client.produce("t", 0, batch(&[&long])).await;
    let mut request = fetch("t", 0, 0);
    request.topics[0].partitions[0].partition_max_bytes = 100;
    let mut len = async |version| {
        let data = the_data(client.call(&request, version).await);
        data.records.map_or(0, |records| records.len())
    };
    for version in 0..=2 {
        assert_eq!(len(version).await, 100);
    }
    assert!(len(3).await > 5_000);
}
