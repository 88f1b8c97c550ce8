//! Replicas that fall behind, and what producers and consumers see of it.

use std::time::Duration;

use kafka_protocol::messages::fetch::PartitionData;
use kafka_protocol::messages::{FetchRequest, MetadataRequest, ProduceRequest};
use kafka_protocol::{ApiKey, ErrorCode, Uuid};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster};
use tokio::time::Instant;

use crate::client::{
    Client, NOW_MS, batch, cluster, code, fetch, logged, produce, records, sequenced, the_data,
    the_partition,
};

/// Three brokers that hold the partition 0 of "t", 1 leading it.
fn replicated(settings: &[(&str, &str)]) -> (TestCluster, Client) {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[&[1, 2, 3]], settings));
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

fn request(value: &str, acks: i16, timeout_ms: i32) -> ProduceRequest {
    produce("t", Uuid::ZERO, 0, Some(batch(&[value])))
        .with_acks(acks)
        .with_timeout_ms(timeout_ms)
}

async fn send(client: &mut Client, value: &str, acks: i16) -> (ErrorCode, i64) {
    let answer = client.call(&request(value, acks, 1_000), 9).await;
    let partition = the_partition(answer);
    (code(partition.error_code), partition.base_offset)
}

fn read(data: &PartitionData) -> Vec<String> {
    let records = records(data.records.clone());
    records.into_iter().map(|(_, value)| value).collect()
}

#[tokio::test(start_paused = true)]
async fn acks_all_waits_for_the_replicas_and_consumers_for_both() {
    let (cluster, mut client) = replicated(&[]);
    assert_eq!(send(&mut client, "a", -1).await, (ErrorCode::None, 0));
    cluster.hold_back_replicas(3);
    let start = Instant::now();
    client.send(&request("b", -1, 10_000), 9).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(cluster.end_offset("t", 0), 2);
    assert_eq!(cluster.high_watermark("t", 0), 1);
    let mut consumer = Client::dial(&cluster, 1);
    let data = consumer.fetch("t", 0, 0).await;
    assert_eq!((read(&data), data.high_watermark), (vec!["a".into()], 1));
    // What is beyond the high watermark is not out of range.
    let data = consumer.fetch("t", 0, 2).await;
    assert_eq!(
        (code(data.error_code), data.high_watermark),
        (ErrorCode::None, 1)
    );
    cluster.release_replicas(3);
    let partition = the_partition(client.answer::<ProduceRequest>(9).await);
    assert_eq!(
        (code(partition.error_code), partition.base_offset),
        (ErrorCode::None, 1)
    );
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(consumer.fetch("t", 0, 1).await.high_watermark, 2);
}

#[tokio::test(start_paused = true)]
async fn acks_all_times_out_and_the_batch_stays() {
    let (cluster, mut client) = replicated(&[]);
    cluster.hold_back_replicas(2);
    let start = Instant::now();
    assert_eq!(
        send(&mut client, "a", -1).await,
        (ErrorCode::RequestTimedOut, 0)
    );
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    // Who asks for less, waits for less.
    assert_eq!(send(&mut client, "b", 1).await, (ErrorCode::None, 1));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(cluster.high_watermark("t", 0), 0);
    cluster.release_replicas(2);
    assert_eq!(cluster.high_watermark("t", 0), 2);
}

#[tokio::test(start_paused = true)]
async fn replica_that_lags_for_long_is_out_of_sync_and_holds_up_nobody() {
    let (cluster, mut client) = replicated(&[]);
    cluster.hold_back_replicas(3);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(
        cluster.in_sync_replicas("t", 0),
        [1, 2, 3],
        "it has everything"
    );
    cluster.release_replicas(3);
    cluster.hold_back_replicas(3);
    let start = Instant::now();
    client.send(&request("a", -1, 60_000), 9).await;
    let partition = the_partition(client.answer::<ProduceRequest>(9).await);
    assert_eq!(code(partition.error_code), ErrorCode::None);
    assert_eq!(start.elapsed(), Duration::from_secs(30));
    assert_eq!(cluster.in_sync_replicas("t", 0), [1, 2]);
    cluster.release_replicas(3);
    assert_eq!(cluster.in_sync_replicas("t", 0), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn too_few_in_sync_refuse_acks_all_and_hide_the_rest() {
    let (cluster, mut client) = replicated(&[("min.insync.replicas", "2")]);
    cluster.stop_broker(2);
    assert_eq!(send(&mut client, "a", -1).await, (ErrorCode::None, 0));
    cluster.stop_broker(3);
    assert_eq!(
        send(&mut client, "b", -1).await,
        (ErrorCode::NotEnoughReplicas, -1)
    );
    // Taken, but the high watermark does not move below the minimum (KIP-966).
    assert_eq!(send(&mut client, "c", 1).await, (ErrorCode::None, 1));
    assert_eq!(cluster.high_watermark("t", 0), 1);
    cluster.start_broker(2);
    assert_eq!(cluster.high_watermark("t", 0), 2);
}

#[tokio::test(start_paused = true)]
async fn in_sync_replicas_that_get_too_few_leave_acks_all_waiting() {
    let (cluster, mut client) = replicated(&[("min.insync.replicas", "3")]);
    cluster.hold_back_replicas(3);
    client.send(&request("a", -1, 40_000), 9).await;
    let partition = the_partition(client.answer::<ProduceRequest>(9).await);
    assert_eq!(cluster.in_sync_replicas("t", 0), [1, 2]);
    assert_eq!(code(partition.error_code), ErrorCode::RequestTimedOut);
}

#[tokio::test(start_paused = true)]
async fn failover_to_who_lacks_something_loses_only_what_was_not_acknowledged() {
    let (cluster, mut client) = replicated(&[]);
    assert_eq!(send(&mut client, "a", -1).await, (ErrorCode::None, 0));
    cluster.hold_back_replicas(2);
    client.send(&request("b", -1, 10_000), 9).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(cluster.move_leader("t", 0, 2));
    let partition = the_partition(client.answer::<ProduceRequest>(9).await);
    assert_eq!(code(partition.error_code), ErrorCode::NotLeaderOrFollower);
    assert_eq!(logged(&cluster, "t", 0), [(0, "a".to_owned())]);
    let mut client = Client::dial(&cluster, 2);
    assert_eq!(send(&mut client, "c", -1).await, (ErrorCode::None, 1));
    assert_eq!(cluster.log("t", 0)[1].partition_leader_epoch(), 1);
    // Whoever read the lost record is told where its log parted.
    let mut request = fetch("t", 0, 2);
    request.topics[0].partitions[0].last_fetched_epoch = 0;
    let data = the_data(client.call(&request, 12).await);
    assert_eq!(
        (data.diverging_epoch.epoch, data.diverging_epoch.end_offset),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn answer_tells_who_leads_now_where_it_waited_for_replicas() {
    let (cluster, mut client) = replicated(&[]);
    cluster.hold_back_replicas(2);
    client.send(&request("b", -1, 10_000), 10).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(cluster.move_leader("t", 0, 3));
    let answer = client.answer::<ProduceRequest>(10).await;
    assert_eq!(answer.node_endpoints[0].port, 9094);
    let partition = the_partition(answer);
    assert_eq!(code(partition.error_code), ErrorCode::NotLeaderOrFollower);
    assert_eq!(partition.current_leader.leader_id, 3);
    assert_eq!(partition.current_leader.leader_epoch, 1);
}

#[tokio::test(start_paused = true)]
async fn unclean_election_loses_what_the_new_leader_lacks() {
    let (cluster, mut client) = replicated(&[]);
    assert_eq!(send(&mut client, "a", -1).await, (ErrorCode::None, 0));
    cluster.hold_back_replicas(3);
    let acknowledged = request("b", -1, 60_000);
    let partition = the_partition(client.call(&acknowledged, 9).await);
    assert_eq!(code(partition.error_code), ErrorCode::None);
    assert_eq!(cluster.in_sync_replicas("t", 0), [1, 2]);
    assert!(!cluster.move_leader("t", 0, 3), "not in sync");
    assert!(cluster.elect_unclean("t", 0, 3));
    assert_eq!(logged(&cluster, "t", 0), [(0, "a".to_owned())]);
    assert_eq!(
        (cluster.high_watermark("t", 0), cluster.end_offset("t", 0)),
        (1, 1)
    );
    assert_eq!(cluster.in_sync_replicas("t", 0), [3, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn topic_that_allows_it_elects_unclean_by_itself() {
    for (allowed, leader) in [("true", Some(2)), ("false", None)] {
        let cluster = cluster(2);
        let settings = [("unclean.leader.election.enable", allowed)];
        cluster.create_topic_on("t", &[&[1, 2]], &settings);
        let mut client = Client::dial(&cluster, 1);
        cluster.stop_broker(2);
        send(&mut client, "a", -1).await;
        cluster.stop_broker(1);
        assert_eq!(cluster.leader("t", 0), None);
        cluster.start_broker(2);
        assert_eq!(cluster.leader("t", 0), leader, "{allowed}");
        assert_eq!(cluster.end_offset("t", 0), i64::from(leader.is_none()));
    }
}

#[tokio::test(start_paused = true)]
async fn sequences_are_those_of_the_log_that_is_left() {
    let (cluster, mut client) = replicated(&[]);
    let send = async |client: &mut Client, sequence| {
        let answer = client
            .produce("t", 0, sequenced(7, 0, sequence, &["x"]))
            .await;
        code(answer.error_code)
    };
    assert_eq!(send(&mut client, 0).await, ErrorCode::None);
    cluster.hold_back_replicas(2);
    assert_eq!(send(&mut client, 1).await, ErrorCode::RequestTimedOut);
    assert_eq!(send(&mut client, 2).await, ErrorCode::RequestTimedOut);
    cluster.move_leader("t", 0, 2);
    let mut client = Client::dial(&cluster, 2);
    assert_eq!(
        send(&mut client, 3).await,
        ErrorCode::OutOfOrderSequenceNumber
    );
    assert_eq!(send(&mut client, 1).await, ErrorCode::None);
    assert_eq!(cluster.end_offset("t", 0), 2);
}

#[tokio::test(start_paused = true)]
async fn truncation_begins_an_epoch() {
    let (cluster, mut client) = replicated(&[]);
    for value in ["a", "b", "c"] {
        send(&mut client, value, -1).await;
    }
    assert!(cluster.truncate("t", 0, 1));
    assert_eq!(cluster.leader_epoch("t", 0), Some(1));
    assert_eq!(
        (cluster.end_offset("t", 0), cluster.high_watermark("t", 0)),
        (1, 1)
    );
    assert_eq!(send(&mut client, "d", -1).await, (ErrorCode::None, 1));
    assert!(!cluster.truncate("u", 0, 1));
}

#[tokio::test(start_paused = true)]
async fn broker_cut_off_leads_on_for_itself_and_loses_what_it_took() {
    let (cluster, mut client) = replicated(&[]);
    assert_eq!(send(&mut client, "a", -1).await, (ErrorCode::None, 0));
    cluster.cut_off_broker(1);
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(cluster.leader("t", 0), Some(1), "its session goes on");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(cluster.leader("t", 0), Some(2));
    assert_eq!(cluster.in_sync_replicas("t", 0), [2, 3]);
    // Two leaders, each with a record at offset 1.
    assert_eq!(send(&mut client, "lost", 1).await, (ErrorCode::None, 1));
    assert_eq!(
        send(&mut client, "late", -1).await,
        (ErrorCode::RequestTimedOut, 2)
    );
    let mut other = Client::dial(&cluster, 2);
    assert_eq!(send(&mut other, "kept", -1).await, (ErrorCode::None, 1));
    let data = client.fetch("t", 0, 0).await;
    assert_eq!((read(&data), data.high_watermark), (vec!["a".into()], 1));
    let leaders = async |client: &mut Client| {
        let answer = client
            .call(&MetadataRequest::new().with_topics(None), 9)
            .await;
        (
            answer.topics[0].partitions[0].leader_id,
            answer.brokers.len(),
        )
    };
    assert_eq!(leaders(&mut client).await.0, 1);
    assert_eq!(leaders(&mut other).await, (2, 2));
    client.send(&request("later", -1, 10_000), 9).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.reconnect_broker(1);
    let partition = the_partition(client.answer::<ProduceRequest>(9).await);
    assert_eq!(code(partition.error_code), ErrorCode::NotLeaderOrFollower);
    assert_eq!(cluster.in_sync_replicas("t", 0), [2, 3, 1]);
    let all: Vec<_> = logged(&cluster, "t", 0)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert_eq!(all, ["a", "kept"]);
    assert_eq!(leaders(&mut client).await, (2, 3));
}

#[tokio::test(start_paused = true)]
async fn broker_cut_off_that_alone_was_in_sync_keeps_what_it_took() {
    let (cluster, mut client) = replicated(&[]);
    cluster.stop_broker(2);
    cluster.stop_broker(3);
    cluster.cut_off_broker(1);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(cluster.leader("t", 0), None);
    assert_eq!(send(&mut client, "mine", -1).await, (ErrorCode::None, 0));
    cluster.start_broker(2);
    assert_eq!(cluster.leader("t", 0), None, "2 is not in sync");
    cluster.reconnect_broker(1);
    assert_eq!(cluster.leader("t", 0), Some(1));
    assert_eq!(logged(&cluster, "t", 0), [(0, "mine".to_owned())]);
    assert_eq!(cluster.high_watermark("t", 0), 1);
}

#[tokio::test(start_paused = true)]
async fn failed_disk_hands_over_and_answers_with_its_own_error() {
    let (cluster, mut client) = replicated(&[]);
    assert_eq!(send(&mut client, "a", -1).await, (ErrorCode::None, 0));
    cluster.fail_disk(1);
    assert_eq!(
        send(&mut client, "b", -1).await,
        (ErrorCode::KafkaStorageError, -1)
    );
    let data = client.fetch("t", 0, 0).await;
    assert_eq!(code(data.error_code), ErrorCode::KafkaStorageError);
    assert_eq!(cluster.leader("t", 0), Some(2));
    let answer = client
        .call(&MetadataRequest::new().with_topics(None), 9)
        .await;
    assert_eq!(answer.brokers.len(), 3);
    assert_eq!(answer.topics[0].partitions[0].offline_replicas, [1]);
    cluster.mend_disk(1);
    assert_eq!(cluster.in_sync_replicas("t", 0), [2, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn followers_serve_what_they_know_to_be_everywhere() {
    let (cluster, mut client) = replicated(&[]);
    send(&mut client, "a", -1).await;
    let mut follower = Client::dial(&cluster, 2);
    let data = follower.fetch("t", 0, 0).await;
    assert_eq!((read(&data), data.high_watermark), (vec!["a".into()], 1));
    cluster.hold_back_replicas(2);
    send(&mut client, "b", 1).await;
    let data = follower.fetch("t", 0, 1).await;
    assert_eq!((read(&data), data.high_watermark), (Vec::new(), 1));
    let data = follower.fetch("t", 0, 2).await;
    assert_eq!(code(data.error_code), ErrorCode::OffsetOutOfRange);
    // Clients that know nothing of it are sent away, and so are replicas.
    let data = the_data(follower.call(&fetch("t", 0, 0), 10).await);
    assert_eq!(code(data.error_code), ErrorCode::NotLeaderOrFollower);
    let data = the_data(
        follower
            .call(&fetch("t", 0, 0).with_replica_id(3), 12)
            .await,
    );
    assert_eq!(code(data.error_code), ErrorCode::NotLeaderOrFollower);
}

#[tokio::test(start_paused = true)]
async fn consumers_are_sent_to_a_replica_in_their_rack() {
    let cluster = TestCluster::builder()
        .brokers(3)
        .racks(["a", "b", "b"])
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic_on("t", &[&[1, 2, 3]], &[]);
    let mut client = Client::dial(&cluster, 1);
    send(&mut client, "x", -1).await;
    let mut ask = async |rack: &str, version| {
        let request = fetch("t", 0, 0).with_rack_id(rack.to_owned());
        let data = the_data(client.call(&request, version).await);
        (data.preferred_read_replica, read(&data).len())
    };
    assert_eq!(ask("b", 12).await, (3, 0));
    assert_eq!(ask("a", 12).await, (-1, 1));
    assert_eq!(ask("c", 12).await, (-1, 1));
    assert_eq!(ask("", 12).await, (-1, 1));
    cluster.stop_broker(3);
    assert_eq!(ask("b", 12).await, (2, 0));
    let answer = client.call(&MetadataRequest::new(), 9).await;
    let racks: Vec<_> = answer
        .brokers
        .iter()
        .map(|broker| broker.rack.as_deref())
        .collect();
    assert_eq!(racks, [Some("a"), Some("b")]);
    // The answer comes at once, whatever the client would wait for.
    let request = fetch("t", 0, 1).with_rack_id("b").with_max_wait_ms(10_000);
    let start = Instant::now();
    client.send(&request, 12).await;
    client.answer::<FetchRequest>(12).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// Whatever brokers do, short of an unclean election: what was acknowledged by
/// all in sync, two at least, stays where it was, and nothing that consumers saw
/// is taken back.
#[tokio::test(start_paused = true)]
async fn what_all_acknowledged_is_never_lost() {
    let (mut acknowledged_in_all, mut failovers) = (0, 0);
    for seed in 0..80 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (cluster, _) = replicated(&[("min.insync.replicas", "2")]);
        let mut acknowledged: Vec<(i64, String)> = Vec::new();
        let mut high_watermark = 0;
        for turn in 0..60 {
            let broker = random.i32(1..=3);
            match random.u8(0..20) {
                0 => cluster.stop_broker(broker),
                1 | 2 => drop(cluster.start_broker(broker)),
                3 => cluster.hold_back_replicas(broker),
                4 => cluster.release_replicas(broker),
                5 => cluster.cut_off_broker(broker),
                6 => cluster.reconnect_broker(broker),
                7 => drop(cluster.move_leader("t", 0, broker)),
                8 => match cluster.is_paused(broker) {
                    true => cluster.resume_broker(broker),
                    false if cluster.is_up(broker) => cluster.pause_broker(broker),
                    false => {}
                },
                9 => tokio::time::sleep(Duration::from_secs(random.u64(1..40))).await,
                _ => {
                    // To the leader, or whoever may believe to lead.
                    let leader = cluster.leader("t", 0).filter(|_| random.u8(0..4) > 0);
                    let broker = leader.unwrap_or(broker);
                    if !cluster.is_up(broker) || cluster.is_paused(broker) {
                        continue;
                    }
                    let mut client = Client::dial(&cluster, broker);
                    let value = format!("{turn}");
                    let acks = if random.bool() { -1 } else { 1 };
                    let (code, offset) = send(&mut client, &value, acks).await;
                    if acks == -1 && code == ErrorCode::None {
                        acknowledged.push((offset, value));
                    }
                }
            }
            let now = cluster.high_watermark("t", 0);
            assert!(
                now >= high_watermark,
                "seed {seed} turn {turn}: {now} < {high_watermark}"
            );
            assert!(now <= cluster.end_offset("t", 0), "seed {seed}");
            high_watermark = now;
        }
        for broker in 1..=3 {
            cluster.resume_broker(broker);
            cluster.reconnect_broker(broker);
            cluster.release_replicas(broker);
            cluster.start_broker(broker);
        }
        assert_eq!(cluster.in_sync_replicas("t", 0).len(), 3, "seed {seed}");
        assert_eq!(cluster.high_watermark("t", 0), cluster.end_offset("t", 0));
        let log = logged(&cluster, "t", 0);
        for record in &acknowledged {
            assert!(log.contains(record), "seed {seed}: {record:?} is gone");
        }
        let leader = cluster.leader("t", 0).unwrap();
        let mut consumer = Client::dial(&cluster, leader);
        let read = records(consumer.fetch("t", 0, 0).await.records);
        assert_eq!(read, log, "seed {seed}");
        acknowledged_in_all += acknowledged.len();
        failovers += cluster.leader_epoch("t", 0).unwrap();
    }
    assert!(acknowledged_in_all > 100, "{acknowledged_in_all}");
    assert!(failovers > 100, "{failovers}");
}

#[tokio::test(start_paused = true)]
async fn brokers_before_3_7_read_on_under_the_least_in_sync() {
    for (era, expected) in [(Era::V2_8, 1), (Era::V3_9, 0)] {
        let cluster = TestCluster::builder()
            .era(era)
            .brokers(2)
            .wall_clock_ms(NOW_MS)
            .build_offline();
        let settings = [("min.insync.replicas", "2")];
        assert!(cluster.create_topic_on("t", &[&[1, 2]], &settings));
        cluster.stop_broker(2);
        let mut client = Client::dial(&cluster, 1);
        assert_eq!(send(&mut client, "a", 1).await, (ErrorCode::None, 0));
        assert_eq!(cluster.high_watermark("t", 0), expected, "{era}");
    }
}

/// Waits for an answer, for an hour at most.
async fn comes(client: &mut Client) -> (ErrorCode, i64) {
    let answer = client.answer::<ProduceRequest>(9);
    let answer = tokio::time::timeout(Duration::from_secs(3_600), answer).await;
    let partition = the_partition(answer.expect("an answer"));
    (code(partition.error_code), partition.base_offset)
}

#[tokio::test(start_paused = true)]
async fn answer_that_waited_for_replicas_is_held_back_and_comes() {
    let (cluster, mut client) = replicated(&[]);
    cluster.hold_back_replicas(3);
    let delay = Reaction::Delay(Duration::from_millis(100));
    let fault = Fault::new(Condition::api(ApiKey::Produce), delay);
    cluster.faults().add(fault);
    client.send(&request("b", -1, 10_000), 9).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.release_replicas(3);
    let start = Instant::now();
    assert_eq!(comes(&mut client).await, (ErrorCode::None, 0));
    assert_eq!(start.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn broker_that_froze_while_replicas_copied_answers_when_it_goes_on() {
    let (cluster, mut client) = replicated(&[]);
    cluster.hold_back_replicas(3);
    client.send(&request("b", -1, 10_000), 9).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.pause_broker(1);
    cluster.release_replicas(3);
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.resume_broker(1);
    assert_eq!(comes(&mut client).await, (ErrorCode::None, 0));
}

#[tokio::test(start_paused = true)]
async fn frozen_broker_does_later_what_a_client_sent_that_is_gone() {
    let (cluster, mut client) = replicated(&[]);
    cluster.pause_broker(1);
    client.send(&request("b", -1, 10_000), 9).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(client);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.end_offset("t", 0), 0);
    cluster.resume_broker(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.end_offset("t", 0), 1);
}
