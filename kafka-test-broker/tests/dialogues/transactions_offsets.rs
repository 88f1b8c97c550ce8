//! Offsets that count once a transaction is committed: AddOffsetsToTxn and
//! TxnOffsetCommit.

use std::time::Duration;

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;
use kafka_protocol::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::txn_offset_commit::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, ConsumerGroupHeartbeatRequest, EndTxnRequest, FindCoordinatorRequest,
    InitProducerIdRequest, OffsetFetchRequest, TxnOffsetCommitRequest,
};
use kafka_test_broker::{Era, TestCluster};

use crate::client::{Client, NOW_MS, cluster, code};
use crate::transactional::{Producer, WAYS, Way};

/// A cluster of one broker that coordinates the group `g`.
async fn one_broker() -> TestCluster {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let mut client = Client::dial(&cluster, 1);
    let request = FindCoordinatorRequest::new().with_coordinator_keys(vec!["g".into()]);
    let answer = client.call(&request, 4).await;
    assert_eq!(code(answer.coordinators[0].error_code), ErrorCode::None);
    cluster
}

fn add(producer: &Producer) -> AddOffsetsToTxnRequest {
    AddOffsetsToTxnRequest::new()
        .with_transactional_id(producer.name)
        .with_producer_id(producer.id)
        .with_producer_epoch(producer.epoch)
        .with_group_id("g")
}

fn commit(producer: &Producer, partition: i32, offset: i64) -> TxnOffsetCommitRequest {
    let partition = TxnOffsetCommitRequestPartition::new()
        .with_partition_index(partition)
        .with_committed_offset(offset)
        .with_committed_metadata(Some("note".into()));
    let topic = TxnOffsetCommitRequestTopic::new()
        .with_name("t")
        .with_partitions(vec![partition]);
    TxnOffsetCommitRequest::new()
        .with_transactional_id(producer.name)
        .with_producer_id(producer.id)
        .with_producer_epoch(producer.epoch)
        .with_group_id("g")
        .with_topics(vec![topic])
}

async fn committed(
    client: &mut Client,
    request: &TxnOffsetCommitRequest,
    version: i16,
) -> ErrorCode {
    let answer = client.call(request, version).await;
    code(answer.topics[0].partitions[0].error_code)
}

/// Commits an offset in the producer's transaction, whatever it takes.
async fn send(producer: &mut Producer, offset: i64) -> ErrorCode {
    let version = match producer.way {
        Way::V1 => {
            let request = add(producer);
            let added = producer.client.call(&request, 3).await;
            assert_eq!(code(added.error_code), ErrorCode::None);
            3
        }
        Way::V2 => 5,
    };
    let request = commit(producer, 0, offset);
    committed(&mut producer.client, &request, version).await
}

/// What is told of the group's offset.
async fn fetched(client: &mut Client, require_stable: bool) -> (i64, ErrorCode) {
    let topic = OffsetFetchRequestTopics::new()
        .with_name("t")
        .with_partition_indexes(vec![0]);
    let group = OffsetFetchRequestGroup::new()
        .with_group_id("g")
        .with_topics(Some(vec![topic]));
    let request = OffsetFetchRequest::new()
        .with_groups(vec![group])
        .with_require_stable(require_stable);
    let answer = client.call(&request, 8).await;
    let partition = &answer.groups[0].topics[0].partitions[0];
    (partition.committed_offset, code(partition.error_code))
}

#[tokio::test(start_paused = true)]
async fn offsets_count_once_the_transaction_is_committed() {
    for way in WAYS {
        let cluster = one_broker().await;
        let mut producer = Producer::new(&cluster, "a", way).await;
        let mut reader = Client::dial(&cluster, 1);
        assert_eq!(send(&mut producer, 5).await, ErrorCode::None);
        let unstable = (-1, ErrorCode::UnstableOffsetCommit);
        assert_eq!(fetched(&mut reader, true).await, unstable);
        assert_eq!(fetched(&mut reader, false).await, (-1, ErrorCode::None));
        assert_eq!(producer.end(true).await, ErrorCode::None);
        assert_eq!(fetched(&mut reader, true).await, (5, ErrorCode::None));
        assert_eq!(send(&mut producer, 6).await, ErrorCode::None);
        assert_eq!(producer.end(false).await, ErrorCode::None);
        assert_eq!(fetched(&mut reader, true).await, (5, ErrorCode::None));
        assert_eq!(cluster.committed_offset("g", "t", 0), Some(5));
    }
}

#[tokio::test(start_paused = true)]
async fn partition_of_the_group_has_to_be_part_of_the_transaction() {
    let cluster = one_broker().await;
    let mut producer = Producer::new(&cluster, "a", Way::V1).await;
    for (version, expected) in [
        (0, ErrorCode::InvalidTxnState),
        (3, ErrorCode::InvalidTxnState),
        (4, ErrorCode::TransactionAbortable),
    ] {
        let request = commit(&producer, 0, 5);
        assert_eq!(
            committed(&mut producer.client, &request, version).await,
            expected
        );
    }
    for version in 0..=4 {
        let request = add(&producer);
        let answer = producer.client.call(&request, version).await;
        assert_eq!(code(answer.error_code), ErrorCode::None);
        let request = commit(&producer, 0, i64::from(version));
        let code = committed(&mut producer.client, &request, version).await;
        assert_eq!(code, ErrorCode::None);
    }
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(cluster.committed_offset("g", "t", 0), Some(4));
}

#[tokio::test(start_paused = true)]
async fn offsets_that_are_refused() {
    let cluster = one_broker().await;
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    let (ok, client) = (commit(&producer, 0, 5), &mut producer.client);
    let mut long = ok.clone();
    long.topics[0].partitions[0].committed_metadata = Some("x".repeat(4_097).into());
    let mut unknown = ok.clone();
    unknown.topics[0].partitions[0].partition_index = 9;
    let (id, epoch) = (producer.id, producer.epoch);
    for (request, expected) in [
        (unknown, ErrorCode::UnknownTopicOrPartition),
        (ok.clone().with_group_id(""), ErrorCode::InvalidGroupId),
        (
            ok.clone().with_producer_epoch(epoch + 1),
            ErrorCode::InvalidProducerEpoch,
        ),
        (
            ok.clone().with_producer_id(id + 1),
            ErrorCode::InvalidProducerIdMapping,
        ),
        (
            ok.clone()
                .with_generation_id_or_member_epoch(3)
                .with_member_id("m"),
            ErrorCode::IllegalGeneration,
        ),
        (long, ErrorCode::OffsetMetadataTooLarge),
        (ok, ErrorCode::None),
    ] {
        assert_eq!(committed(client, &request, 5).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn offsets_wait_for_the_marker() {
    let cluster = one_broker().await;
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    assert_eq!(send(&mut producer, 5).await, ErrorCode::None);
    cluster.hold_transaction_markers(true);
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    assert_eq!(
        send(&mut producer, 6).await,
        ErrorCode::ConcurrentTransactions
    );
    cluster.hold_transaction_markers(false);
    assert_eq!(cluster.committed_offset("g", "t", 0), Some(5));
}

/// A heartbeat to the group `g`; at epoch 0 of a new member.
fn beat(member: &'static str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    let request = ConsumerGroupHeartbeatRequest::new()
        .with_group_id("g")
        .with_member_id(member)
        .with_member_epoch(epoch);
    if epoch > 0 {
        return request;
    }
    request
        .with_rebalance_timeout_ms(5_000)
        .with_subscribed_topic_names(Some(vec!["t".into()]))
        .with_topic_partitions(Some(vec![]))
}

#[tokio::test(start_paused = true)]
async fn members_commit_at_their_epoch_what_is_theirs() {
    let cluster = one_broker().await;
    let mut client = Client::dial(&cluster, 1);
    let joined = client.call(&beat("m", 0), 1).await;
    assert_eq!((joined.error_code, joined.member_epoch), (0, 2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.call(&beat("n", 0), 1).await;
    client.call(&beat("m", 2), 1).await;
    let owned = TopicPartitions::new()
        .with_topic_id(cluster.topic_id("t").unwrap())
        .with_partitions(vec![0]);
    let kept = beat("m", 2).with_topic_partitions(Some(vec![owned]));
    assert_eq!(client.call(&kept, 1).await.member_epoch, 3);
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    for (epoch, partition, expected) in [
        (2, 1, ErrorCode::IllegalGeneration),
        (9, 0, ErrorCode::IllegalGeneration),
        (2, 0, ErrorCode::None),
        (3, 0, ErrorCode::None),
    ] {
        let request = commit(&producer, partition, 7)
            .with_member_id("m")
            .with_generation_id_or_member_epoch(epoch);
        let code = committed(&mut producer.client, &request, 5).await;
        assert_eq!(code, expected, "epoch {epoch}, partition {partition}");
    }
}

#[tokio::test(start_paused = true)]
async fn marker_of_a_new_producer_keeps_the_old_one_from_committing() {
    let cluster = TestCluster::builder()
        .era(Era::V2_8)
        .brokers(1)
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    for kind in [0, 1] {
        let find = FindCoordinatorRequest::new()
            .with_key("g")
            .with_key_type(kind);
        client.call(&find, 3).await;
    }
    let init = InitProducerIdRequest::new()
        .with_transactional_id(Some("a".into()))
        .with_transaction_timeout_ms(60_000);
    let old = client.call(&init, 4).await;
    let add = |epoch| {
        AddOffsetsToTxnRequest::new()
            .with_transactional_id("a")
            .with_producer_id(old.producer_id)
            .with_producer_epoch(epoch)
            .with_group_id("g")
    };
    let commit = |epoch, offset| {
        let partition = TxnOffsetCommitRequestPartition::new().with_committed_offset(offset);
        let topic = TxnOffsetCommitRequestTopic::new()
            .with_name("t")
            .with_partitions(vec![partition]);
        TxnOffsetCommitRequest::new()
            .with_transactional_id("a")
            .with_producer_id(old.producer_id)
            .with_producer_epoch(epoch)
            .with_group_id("g")
            .with_topics(vec![topic])
    };
    assert_eq!(client.call(&add(old.producer_epoch), 3).await.error_code, 0);
    let first = commit(old.producer_epoch, 1);
    assert_eq!(committed(&mut client, &first, 3).await, ErrorCode::None);
    let mut new = client.call(&init, 4).await;
    while new.error_code != 0 {
        new = client.call(&init, 4).await;
    }
    assert!(new.producer_epoch > old.producer_epoch);
    let zombie = commit(old.producer_epoch, 99);
    let refused = committed(&mut client, &zombie, 3).await;
    assert_eq!(refused, ErrorCode::InvalidProducerEpoch);
    assert_eq!(client.call(&add(new.producer_epoch), 3).await.error_code, 0);
    let end = EndTxnRequest::new()
        .with_transactional_id("a")
        .with_producer_id(new.producer_id)
        .with_producer_epoch(new.producer_epoch)
        .with_committed(true);
    assert_eq!(client.call(&end, 3).await.error_code, 0);
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
}
