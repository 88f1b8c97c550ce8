//! Offsets that count once a transaction is committed: AddOffsetsToTxn and
//! TxnOffsetCommit.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::txn_offset_commit::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, FindCoordinatorRequest, OffsetFetchRequest, TxnOffsetCommitRequest,
};
use kafka_test_broker::TestCluster;

use crate::client::{Client, cluster, code};
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
