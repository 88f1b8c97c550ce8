//! Reactions that change the cluster or the answer, and the same by hand.

use std::time::Duration;

use kafka_protocol::messages::{
    ApiVersionsRequest, FindCoordinatorRequest, MetadataRequest, MetadataResponse, ProduceRequest,
};
use kafka_protocol::{ApiKey, ErrorCode, Uuid};
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};
use tokio::time::Instant;

use crate::client::{Client, batch, cluster, code, fetch, produce, sequenced};

/// Three brokers, the first of which leads both partitions of "t", and a fault.
fn three(api: ApiKey, reaction: Reaction) -> (TestCluster, Client) {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[&[1, 2, 3], &[1, 2, 3]], &[]));
    let condition = Condition::api(api);
    cluster.faults().add(Fault::new(condition, reaction).once());
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

async fn metadata(client: &mut Client) -> MetadataResponse {
    let all = MetadataRequest::new().with_topics(None);
    client.call(&all, 12).await
}

/// Of both partitions.
fn both() -> ProduceRequest {
    let mut both = produce("t", Uuid::ZERO, 0, Some(batch(&["a"])));
    let data = both.topic_data[0].partition_data[0].clone();
    both.topic_data[0].partition_data.push(data.with_index(1));
    both
}

async fn answered(client: &mut Client) -> Vec<(i32, ErrorCode)> {
    let answer = client.call(&both(), 9).await;
    let partitions = answer.responses[0].partition_responses.iter();
    partitions
        .map(|partition| (partition.index, code(partition.error_code)))
        .collect()
}

#[tokio::test]
async fn partitions_missing_from_an_answer_or_in_it_twice() {
    let fine = ErrorCode::None;
    let (cluster, mut client) = three(ApiKey::Produce, Reaction::RepeatPartitions);
    assert_eq!(
        answered(&mut client).await,
        [(0, fine), (1, fine), (0, fine), (1, fine)]
    );
    let second = Condition::api(ApiKey::Produce).partition(1);
    let faults = cluster.faults();
    faults.add(Fault::new(second, Reaction::OmitPartitions).once());
    assert_eq!(answered(&mut client).await, [(0, fine)]);
    assert_eq!(answered(&mut client).await, [(0, fine), (1, fine)]);
    assert_eq!(cluster.end_offset("t", 1), 3, "left out, yet done");

    let fault = Fault::new(Condition::api(ApiKey::Fetch), Reaction::OmitPartitions);
    faults.add(fault.once());
    let answer = client.call(&fetch("t", 0, 0), 12).await;
    assert!(answer.responses[0].partitions.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn reader_is_sent_elsewhere() {
    let (cluster, mut client) = three(ApiKey::Fetch, Reaction::RedirectFetch(77));
    let written = batch(&["a"]);
    client.produce("t", 0, written).await;
    let answer = client.fetch("t", 0, 0).await;
    assert_eq!(answer.preferred_read_replica, 77);
    assert!(answer.records.is_none_or(|records| records.is_empty()));
    assert_eq!(client.fetch("t", 0, 0).await.preferred_read_replica, -1);
    assert_eq!(cluster.end_offset("t", 0), 1);
}

#[tokio::test]
async fn metadata_that_is_not_the_whole_truth() {
    let (cluster, mut client) = three(ApiKey::Metadata, Reaction::NoBrokers);
    let answer = metadata(&mut client).await;
    assert_eq!((answer.brokers.len(), answer.topics.len()), (0, 1));

    let faults = cluster.faults();
    let omit = Fault::new(Condition::api(ApiKey::Metadata), Reaction::OmitPartitions);
    faults.add(omit.once());
    assert!(metadata(&mut client).await.topics[0].partitions.is_empty());

    assert!(cluster.move_leader("t", 0, 2));
    let stale = Fault::new(Condition::api(ApiKey::Metadata), Reaction::StaleLeaders);
    faults.add(stale.once());
    let told = |answer: MetadataResponse| {
        let partitions = answer.topics[0].partitions.iter();
        partitions
            .map(|p| (p.leader_id, p.leader_epoch))
            .collect::<Vec<_>>()
    };
    let stale = told(metadata(&mut client).await);
    assert_eq!(stale, [(1, 0), (1, 0)], "epoch 0 has nothing before it");
    assert_eq!(told(metadata(&mut client).await), [(2, 1), (1, 0)]);
}

#[tokio::test(start_paused = true)]
async fn throttled_client_is_not_read_for_as_long() {
    let time = Duration::from_millis(700);
    let (_cluster, mut client) = three(ApiKey::Produce, Reaction::Throttle(time));
    let started = Instant::now();
    let answer = client.call(&both(), 9).await;
    assert_eq!(answer.throttle_time_ms, 700);
    assert!(started.elapsed() < time, "answered at once");
    let answer = client.call(&both(), 9).await;
    assert_eq!(answer.throttle_time_ms, 0);
    assert!(started.elapsed() >= time, "and then read late");
}

#[tokio::test]
async fn advice_on_versions_that_helps_nobody() {
    let (_cluster, mut client) = three(ApiKey::ApiVersions, Reaction::RefuseOwnVersions);
    let request = ApiVersionsRequest::new()
        .with_client_software_name("a")
        .with_client_software_version("1");
    client.send(&request, 3).await;
    let answer = client.answer::<ApiVersionsRequest>(0).await;
    assert_eq!(code(answer.error_code), ErrorCode::UnsupportedVersion);
    assert_eq!(answer.api_keys.len(), 1);
    assert!(answer.api_keys[0].max_version >= 3);
    assert_eq!(client.call(&request, 3).await.error_code, 0);
}

#[tokio::test]
async fn cluster_changes_before_the_request_is_served() {
    let (cluster, mut client) = three(ApiKey::Produce, Reaction::MoveLeader);
    let moved = ErrorCode::NotLeaderOrFollower;
    assert_eq!(answered(&mut client).await, [(0, moved), (1, moved)]);
    assert_eq!(cluster.leader("t", 0), Some(2));

    let (cluster, mut client) = three(ApiKey::Produce, Reaction::RecreateTopic);
    let before = cluster.topic_id("t");
    client.call(&both(), 9).await;
    assert_ne!(cluster.topic_id("t"), before);
    assert_eq!(cluster.end_offset("t", 1), 1);

    let jump = Reaction::JumpWallClock(-5_000_000);
    let (cluster, mut client) = three(ApiKey::Produce, jump);
    let refused = ErrorCode::InvalidTimestamp;
    assert_eq!(answered(&mut client).await[0].1, refused, "from the future");
    cluster.jump_wall_clock(5_000_000);
    assert_eq!(answered(&mut client).await[0].1, ErrorCode::None);
}

#[tokio::test]
async fn coordinator_moves_to_another_broker() {
    let (cluster, mut client) = three(ApiKey::FindCoordinator, Reaction::MoveCoordinators);
    let request = FindCoordinatorRequest::new().with_key("g");
    let first = client.call(&request, 2).await.node_id;
    assert_eq!(client.call(&request, 2).await.node_id, first);
    cluster.move_coordinators();
    assert_eq!(client.call(&request, 2).await.node_id, first % 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn broker_stops_or_freezes_with_the_answer() {
    let (cluster, mut client) = three(ApiKey::Produce, Reaction::StopBroker);
    client.send(&both(), 9).await;
    client.expect_closed().await;
    assert!(!cluster.is_up(1));
    assert_eq!(cluster.end_offset("t", 0), 1, "it was done");

    let (cluster, mut client) = three(ApiKey::Produce, Reaction::PauseBroker);
    client.send(&both(), 9).await;
    client.expect_silence().await;
    assert!(cluster.is_paused(1) && cluster.is_up(1));
    assert_eq!(cluster.end_offset("t", 0), 1, "it was done");
    let mut other = Client::dial(&cluster, 1);
    other.send(&both(), 9).await;
    other.expect_silence().await;
    assert_eq!(cluster.end_offset("t", 0), 1, "it was not");
    cluster.resume_broker(1);
    client.answer::<ProduceRequest>(9).await;
    // Its session timed out meanwhile, and others lead.
    let late = other.answer::<ProduceRequest>(9).await;
    let refused = &late.responses[0].partition_responses[0];
    assert_eq!(code(refused.error_code), ErrorCode::NotLeaderOrFollower);
    assert_ne!(cluster.leader("t", 0), Some(1));
    assert_eq!(cluster.end_offset("t", 0), 1);
}

#[tokio::test(start_paused = true)]
async fn frozen_broker_answers_what_waited_when_it_goes_on() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut reader = Client::dial(&cluster, 1);
    let waiting = fetch("t", 0, 0).with_max_wait_ms(500).with_min_bytes(1);
    reader.send(&waiting, 12).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    cluster.pause_broker(1);
    reader.expect_silence().await;
    cluster.resume_broker(1);
    let answer = reader
        .answer::<kafka_protocol::messages::FetchRequest>(12)
        .await;
    assert_eq!(answer.error_code, 0);
    assert_eq!(cluster.duplicates_recognised(), 0);
    let twice = || sequenced(7, 0, 0, &["a"]);
    let mut writer = Client::dial(&cluster, 1);
    for _ in 0..2 {
        assert_eq!(writer.produce("t", 0, twice()).await.base_offset, 0);
    }
    assert_eq!(cluster.duplicates_recognised(), 1);
}

#[tokio::test]
async fn broker_moves_house() {
    let cluster = cluster(2);
    let mut client = Client::dial(&cluster, 1);
    let mut other = Client::dial(&cluster, 2);
    metadata(&mut client).await;
    let (host, port) = cluster.broker_address(1).unwrap();
    assert!(
        !cluster.move_broker(1, &host, port + 1),
        "broker 2 is there"
    );
    assert!(cluster.move_broker(1, "10.1.1.1", 9999));
    client.expect_closed().await;
    assert!(cluster.dial(&host, port).is_err());
    let answer = metadata(&mut other).await;
    assert_eq!(answer.brokers[0].host.as_str(), "10.1.1.1");
    assert_eq!(answer.brokers[0].port, 9999);
    metadata(&mut Client::dial(&cluster, 1)).await;
}

#[tokio::test]
async fn topic_grows_by_hand() {
    let (cluster, mut client) = three(ApiKey::Fetch, Reaction::Silence);
    assert!(cluster.grow_topic("t", 4) && !cluster.grow_topic("u", 4));
    let answer = metadata(&mut client).await;
    assert_eq!(answer.topics[0].partitions.len(), 4);
    assert!(cluster.recreate_topic("t"));
    assert_eq!(cluster.partition_count("t"), 4);
}
