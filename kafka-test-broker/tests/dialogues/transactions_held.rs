//! Transactions whose markers are held up: on purpose, by a coordinator that
//! moves, or by a partition without a leader.

use std::time::Duration;

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::describe_transactions::TransactionState;
use kafka_protocol::messages::{DescribeTransactionsRequest, InitProducerIdRequest};
use kafka_protocol::records::{BatchLimits, ControlRecord};
use kafka_test_broker::TestCluster;

use crate::client::{Client, cluster, code};
use crate::transactional::{Producer, WAYS, Way, committed_values, coordinator, init, read};

async fn state(client: &mut Client, name: &'static str) -> TransactionState {
    let request = DescribeTransactionsRequest::new().with_transactional_ids(vec![name.into()]);
    let answer = client.call(&request, 0).await;
    let [state] = &answer.transaction_states[..] else {
        panic!("{answer:?}")
    };
    state.clone()
}

/// A cluster of three whose topic `t` is led by the coordinator of `a`, and `u`
/// held by another broker alone.
async fn three_brokers() -> (TestCluster, i32) {
    let cluster = cluster(3);
    let here = coordinator(&cluster, "a").await;
    let there = here % 3 + 1;
    let everywhere = [here, there, there % 3 + 1];
    assert!(cluster.create_topic_on("t", &[&everywhere], &[]));
    assert!(cluster.create_topic_on("u", &[&[there]], &[]));
    (cluster, here)
}

#[tokio::test(start_paused = true)]
async fn held_markers_leave_a_transaction_decided() {
    for (way, committed) in WAYS.into_iter().flat_map(|way| [(way, true), (way, false)]) {
        let cluster = cluster(1);
        cluster.create_topic("t", 1);
        let mut producer = Producer::new(&cluster, "a", way).await;
        producer.write("t", 0, &["x"]).await;
        cluster.hold_transaction_markers(true);
        assert_eq!(producer.end(committed).await, ErrorCode::None);
        let mut client = Client::dial(&cluster, 1);
        let decided = state(&mut client, "a").await;
        let expected = if committed {
            "PrepareCommit"
        } else {
            "PrepareAbort"
        };
        assert_eq!(decided.transaction_state, expected);
        assert_eq!(decided.topics.len(), 1);
        let data = read(&mut client, "t", 0, 0, true).await;
        assert_eq!(data.last_stable_offset, 0);
        // Whatever the producer wants next has to wait.
        let busy = ErrorCode::ConcurrentTransactions;
        assert_eq!(producer.write("t", 0, &["y"]).await, busy);
        assert_eq!(producer.end(true).await, busy);
        let answer = client.call(&init("a"), 5).await;
        assert_eq!(code(answer.error_code), busy);
        cluster.hold_transaction_markers(false);
        let complete = state(&mut client, "a").await;
        let expected = if committed {
            "CompleteCommit"
        } else {
            "CompleteAbort"
        };
        assert_eq!(complete.transaction_state, expected);
        assert_eq!(complete.topics, []);
        assert_eq!(producer.write("t", 0, &["y"]).await, ErrorCode::None);
        assert_eq!(producer.end(true).await, ErrorCode::None);
        let data = read(&mut client, "t", 0, 0, true).await;
        let expected: &[&str] = if committed { &["x", "y"] } else { &["y"] };
        assert_eq!(committed_values(&data), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn older_producers_are_told_to_come_again_while_markers_are_held() {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let mut producer = Producer::new(&cluster, "a", Way::V1).await;
    producer.write("t", 0, &["x"]).await;
    producer.add("t", &[1]).await;
    cluster.hold_transaction_markers(true);
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(
        producer.write_only("t", 1, &["y"]).await,
        ErrorCode::NotEnoughReplicas
    );
}

#[tokio::test(start_paused = true)]
async fn next_coordinator_writes_what_the_last_has_not() {
    for way in WAYS {
        let (cluster, here) = three_brokers().await;
        let mut producer = Producer::new(&cluster, "a", way).await;
        producer.write("t", 0, &["x"]).await;
        cluster.hold_transaction_markers(true);
        assert_eq!(producer.end(true).await, ErrorCode::None);
        let there = here % 3 + 1;
        assert!(cluster.move_transaction_coordinator("a", there));
        assert_eq!(cluster.transaction_coordinator("a"), Some(there));
        assert_eq!(producer.end(true).await, ErrorCode::NotCoordinator);
        assert_eq!(producer.add("t", &[0]).await, ErrorCode::NotCoordinator);
        assert_eq!(
            code(producer.init().await.error_code),
            ErrorCode::NotCoordinator
        );
        let mut client = Client::dial(&cluster, there);
        let decided = state(&mut client, "a").await;
        assert_eq!(decided.transaction_state, "PrepareCommit");
        cluster.hold_transaction_markers(false);
        let complete = state(&mut client, "a").await;
        assert_eq!(complete.transaction_state, "CompleteCommit");
        let log = cluster.log("t", 0);
        let records = log[1].decompress(&BatchLimits::default()).unwrap();
        let marker = ControlRecord::read(&records.get(0).unwrap()).unwrap();
        let ControlRecord::Commit(marker) = marker else {
            panic!("{marker:?}")
        };
        assert_eq!(marker.coordinator_epoch, 1);
        let answer = client.call(&init("a"), 5).await;
        assert_eq!(code(answer.error_code), ErrorCode::None);
        assert_eq!(answer.producer_epoch, 1 + way.bump());
    }
}

#[tokio::test(start_paused = true)]
async fn marker_waits_for_a_leader() {
    let (cluster, here) = three_brokers().await;
    let there = here % 3 + 1;
    let mut producer = Producer::new(&cluster, "a", Way::V1).await;
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    assert_eq!(producer.add("u", &[0]).await, ErrorCode::None);
    cluster.stop_broker(there);
    assert_eq!(producer.end(true).await, ErrorCode::None);
    let mut client = Client::dial(&cluster, here);
    let decided = state(&mut client, "a").await;
    assert_eq!(decided.transaction_state, "PrepareCommit");
    // The other partition has its marker already.
    assert_eq!(decided.topics[0].topic, "u");
    assert_eq!(cluster.end_offset("t", 0), 2);
    assert!(cluster.start_broker(there));
    let complete = state(&mut client, "a").await;
    assert_eq!(complete.transaction_state, "CompleteCommit");
    assert_eq!(cluster.end_offset("u", 0), 1);
}

#[tokio::test(start_paused = true)]
async fn deleted_topic_holds_up_nobody() {
    let (cluster, here) = three_brokers().await;
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    producer.write("t", 0, &["x"]).await;
    cluster.hold_transaction_markers(true);
    assert_eq!(producer.end(false).await, ErrorCode::None);
    cluster.delete_topic("t");
    cluster.hold_transaction_markers(false);
    let mut client = Client::dial(&cluster, here);
    let complete = state(&mut client, "a").await;
    assert_eq!(complete.transaction_state, "CompleteAbort");
}

#[tokio::test(start_paused = true)]
async fn nobody_coordinates_while_the_partition_has_no_leader() {
    let cluster = cluster(2);
    cluster.create_topic("t", 1);
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    let coordinator = cluster.transaction_coordinator("a").unwrap();
    cluster.move_leader("t", 0, coordinator);
    producer.write("t", 0, &["x"]).await;
    let other = coordinator % 2 + 1;
    cluster.stop_broker(coordinator);
    cluster.stop_broker(other);
    assert_eq!(cluster.transaction_coordinator("a"), None);
    // Its time runs out while nobody is there to notice.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(cluster.transaction_state("a"), Some("Ongoing"));
    cluster.start_broker(other);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(cluster.transaction_state("a"), Some("CompleteAbort"));
    assert_eq!(cluster.last_stable_offset("t", 0), 2);
}

#[tokio::test(start_paused = true)]
async fn coordinator_without_its_replicas_in_sync_decides_nothing() {
    let (cluster, here) = three_brokers().await;
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    for other in cluster.broker_ids() {
        if other != here {
            cluster.stop_broker(other);
        }
    }
    let unavailable = ErrorCode::CoordinatorNotAvailable;
    assert_eq!(producer.end(true).await, unavailable);
    assert_eq!(cluster.transaction_state("a"), Some("Ongoing"));
    cluster.start_broker(here % 3 + 1);
    assert_eq!(producer.end(true).await, ErrorCode::None);
}

#[tokio::test(start_paused = true)]
async fn expired_ids_start_anew() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut idle = Producer::new(&cluster, "a", Way::V1).await;
    let mut open = Producer::new(&cluster, "b", Way::V1).await;
    open.write("t", 0, &["x"]).await;
    cluster.expire_transactional_ids();
    assert_eq!(
        idle.add("t", &[0]).await,
        ErrorCode::InvalidProducerIdMapping
    );
    assert_eq!(cluster.transaction_state("a"), None);
    assert_eq!(open.end(true).await, ErrorCode::None);
    let old = (idle.id, idle.epoch);
    assert_eq!(code(idle.init().await.error_code), ErrorCode::None);
    assert_ne!(idle.id, old.0);
    assert_eq!(idle.epoch, 0);
}

#[tokio::test(start_paused = true)]
async fn expired_producers_are_forgotten_by_their_partitions() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    for (sequence, expected) in [
        (0, ErrorCode::None),
        (5, ErrorCode::OutOfOrderSequenceNumber),
    ] {
        let records = crate::client::sequenced(9, 0, sequence, &["x"]);
        let answer = client.produce("t", 0, records).await;
        assert_eq!(code(answer.error_code), expected);
    }
    cluster.expire_producers();
    let records = crate::client::sequenced(9, 0, 5, &["x"]);
    let answer = client.produce("t", 0, records).await;
    assert_eq!(code(answer.error_code), ErrorCode::None);
}

#[tokio::test(start_paused = true)]
async fn marker_that_a_new_leader_lacks_is_written_again() {
    for way in WAYS {
        let cluster = cluster(3);
        assert!(cluster.create_topic_on("t", &[&[1, 2]], &[]));
        let mut producer = Producer::new(&cluster, "a", way).await;
        assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
        cluster.hold_back_replicas(2);
        assert_eq!(producer.end(true).await, ErrorCode::None);
        assert_eq!(cluster.transaction_state("a"), Some("PrepareCommit"));
        cluster.stop_broker(1);
        cluster.release_replicas(2);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(cluster.transaction_state("a"), Some("CompleteCommit"));
        // What comes after it does not decide about it.
        producer.reconnect().await;
        assert_eq!(producer.write("t", 0, &["y"]).await, ErrorCode::None);
        assert_eq!(producer.end(false).await, ErrorCode::None);
        let mut client = Client::dial(&cluster, 2);
        let data = read(&mut client, "t", 0, 0, true).await;
        assert_eq!(committed_values(&data), ["x"], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn frozen_coordinator_aborts_nothing() {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[&[1, 2, 3]], &[]));
    let mut producer = Producer::uninitialized(&cluster, "a", Way::V2).await;
    let request = InitProducerIdRequest::new()
        .with_transactional_id(Some("a".into()))
        .with_transaction_timeout_ms(1_000);
    let answer = producer.client.call(&request, 5).await;
    producer.become_producer(answer.producer_id, answer.producer_epoch);
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    let at = coordinator(&cluster, "a").await;
    cluster.pause_broker(at);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(cluster.transaction_state("a"), Some("Ongoing"));
    cluster.resume_broker(at);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(cluster.transaction_state("a"), Some("CompleteAbort"));
}

#[tokio::test(start_paused = true)]
async fn frozen_leader_takes_no_marker() {
    let cluster = cluster(3);
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    let at = coordinator(&cluster, "a").await;
    let other = if at == 1 { 2 } else { 1 };
    assert!(cluster.create_topic_on("t", &[&[other, at]], &[]));
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    cluster.pause_broker(other);
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(cluster.transaction_state("a"), Some("PrepareCommit"));
    cluster.resume_broker(other);
    assert_eq!(cluster.transaction_state("a"), Some("CompleteCommit"));
}

#[tokio::test(start_paused = true)]
async fn transactions_time_out_by_the_wall_clock() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    cluster.jump_wall_clock(3_600_000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.transaction_state("a"), Some("CompleteAbort"));
}
