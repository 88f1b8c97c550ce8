//! The APIs by which brokers and administrators handle transactions:
//! AddPartitionsToTxn from version 4 on, WriteTxnMarkers, DescribeProducers,
//! DescribeTransactions and ListTransactions.

use std::time::Duration;

use kafka_protocol::messages::add_partitions_to_txn::AddPartitionsToTxnTransaction;
use kafka_protocol::messages::describe_producers::TopicRequest;
use kafka_protocol::messages::write_txn_markers::{WritableTxnMarker, WritableTxnMarkerTopic};
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, DescribeProducersRequest, DescribeTransactionsRequest,
    ListTransactionsRequest, WriteTxnMarkersRequest,
};
use kafka_protocol::{ErrorCode, StrBytes};
use kafka_test_broker::TestCluster;

use crate::client::{Client, NOW_MS, cluster, code};
use crate::transactional::{Producer, Way, add, in_topic};

async fn two_partitions() -> (TestCluster, Producer) {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let producer = Producer::new(&cluster, "a", Way::V1).await;
    (cluster, producer)
}

#[tokio::test(start_paused = true)]
async fn partitions_are_added_all_or_none() {
    let (cluster, mut producer) = two_partitions().await;
    let (id, epoch) = (producer.id, producer.epoch);
    for version in 0..=3 {
        let request = add("a", id, epoch, "t", &[0, 7]);
        let answer = producer.client.call(&request, version).await;
        let partitions = &answer.results_by_topic_v3_and_below[0].results_by_partition;
        let codes: Vec<_> = partitions
            .iter()
            .map(|partition| code(partition.partition_error_code))
            .collect();
        let expected = [
            ErrorCode::OperationNotAttempted,
            ErrorCode::UnknownTopicOrPartition,
        ];
        assert_eq!(codes, expected);
    }
    assert_eq!(cluster.transaction_state("a"), Some("Empty"));
    assert_eq!(producer.add("t", &[0, 1]).await, ErrorCode::None);
    assert_eq!(cluster.transaction_state("a"), Some("Ongoing"));
}

#[tokio::test(start_paused = true)]
async fn brokers_add_and_verify_for_several_producers() {
    let (_cluster, mut producer) = two_partitions().await;
    assert_eq!(producer.add("t", &[0]).await, ErrorCode::None);
    let transaction = |name: &'static str, id, epoch, verify_only, partitions: &[i32]| {
        AddPartitionsToTxnTransaction::new()
            .with_transactional_id(name)
            .with_producer_id(id)
            .with_producer_epoch(epoch)
            .with_verify_only(verify_only)
            .with_topics(vec![in_topic("t", partitions)])
    };
    let (id, epoch) = (producer.id, producer.epoch);
    let request = AddPartitionsToTxnRequest::new().with_transactions(vec![
        transaction("a", id, epoch, true, &[0, 1]),
        transaction("b", id, epoch, true, &[0]),
        transaction("a", id, epoch + 1, false, &[0]),
        transaction("a", id, epoch, false, &[1]),
        transaction("a", id, epoch, true, &[1, 9]),
    ]);
    for version in 4..=5 {
        let answer = producer.client.call(&request, version).await;
        assert_eq!(answer.error_code, 0);
        let results = answer.results_by_transaction.iter();
        let codes: Vec<Vec<_>> = results
            .map(|result| {
                let partitions = &result.topic_results[0].results_by_partition;
                partitions
                    .iter()
                    .map(|partition| code(partition.partition_error_code))
                    .collect()
            })
            .collect();
        let second = match version {
            4 => ErrorCode::TransactionAbortable,
            // It was added by the first request.
            _ => ErrorCode::None,
        };
        assert_eq!(codes[0], [ErrorCode::None, second]);
        assert_eq!(codes[1], [ErrorCode::InvalidProducerIdMapping]);
        assert_eq!(codes[2], [ErrorCode::ProducerFenced]);
        assert_eq!(codes[3], [ErrorCode::None]);
        let unknown = [
            ErrorCode::OperationNotAttempted,
            ErrorCode::UnknownTopicOrPartition,
        ];
        assert_eq!(codes[4], unknown);
    }
}

fn marker(id: i64, epoch: i16, coordinator_epoch: i32, partitions: &[i32]) -> WritableTxnMarker {
    let topic = WritableTxnMarkerTopic::new()
        .with_name("t")
        .with_partition_indexes(partitions.to_vec());
    WritableTxnMarker::new()
        .with_producer_id(id)
        .with_producer_epoch(epoch)
        .with_coordinator_epoch(coordinator_epoch)
        .with_topics(vec![topic])
}

async fn write(
    client: &mut Client,
    version: i16,
    markers: Vec<WritableTxnMarker>,
) -> Vec<ErrorCode> {
    let request = WriteTxnMarkersRequest::new().with_markers(markers);
    let answer = client.call(&request, version).await;
    let topics = answer.markers.iter().flat_map(|marker| &marker.topics);
    let partitions = topics.flat_map(|topic| &topic.partitions);
    partitions
        .map(|partition| code(partition.error_code))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn administrator_ends_a_transaction_that_hangs() {
    let (cluster, mut producer) = two_partitions().await;
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    let (id, epoch) = (producer.id, producer.epoch);
    let client = &mut producer.client;
    assert_eq!(cluster.last_stable_offset("t", 0), 0);
    let unknown = write(client, 1, vec![marker(id, epoch, 0, &[9])]).await;
    assert_eq!(unknown, [ErrorCode::UnknownTopicOrPartition]);
    let ended = write(client, 1, vec![marker(id, epoch, 3, &[0, 1])]).await;
    assert_eq!(ended, [ErrorCode::None; 2]);
    assert_eq!(cluster.last_stable_offset("t", 0), 2);
    assert_eq!(cluster.end_offset("t", 1), 1);
    // From a coordinator that was replaced, and of an epoch that is over.
    let late = write(client, 1, vec![marker(id, epoch, 2, &[0])]).await;
    assert_eq!(late, [ErrorCode::TransactionCoordinatorFenced]);
    let newer = write(client, 2, vec![marker(id, epoch + 2, 3, &[0])]).await;
    assert_eq!(newer, [ErrorCode::None]);
    let old = write(client, 2, vec![marker(id, epoch, 3, &[0])]).await;
    assert_eq!(old, [ErrorCode::InvalidProducerEpoch]);
    // The coordinator cannot end it there any more, and gives up.
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(cluster.transaction_state("a"), Some("PrepareCommit"));
}

#[tokio::test(start_paused = true)]
async fn markers_of_one_producer_are_answered_together() {
    let (_cluster, mut producer) = two_partitions().await;
    let markers = vec![
        marker(5, 0, 0, &[0]),
        marker(6, 0, 0, &[0]),
        marker(5, 0, 0, &[1]),
    ];
    let request = WriteTxnMarkersRequest::new().with_markers(markers);
    let answer = producer.client.call(&request, 1).await;
    let ids: Vec<_> = answer
        .markers
        .iter()
        .map(|marker| marker.producer_id)
        .collect();
    assert_eq!(ids, [5, 6]);
    assert_eq!(answer.markers[0].topics.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn leader_is_asked_to_write_markers() {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[&[1, 2]], &[]));
    for (broker, expected) in [
        (1, ErrorCode::None),
        (2, ErrorCode::NotLeaderOrFollower),
        (3, ErrorCode::UnknownTopicOrPartition),
    ] {
        let mut client = Client::dial(&cluster, broker);
        let written = write(&mut client, 1, vec![marker(5, 0, 0, &[0])]).await;
        assert_eq!(written, [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn producers_of_a_partition_are_described_by_every_replica() {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[&[1, 2]], &[]));
    let mut leader = Client::dial(&cluster, 1);
    let idempotent = crate::client::sequenced(7, 3, 0, &["x", "y"]);
    leader.produce("t", 0, idempotent).await;
    let request = |name: &'static str, partition| {
        let topic = TopicRequest::new()
            .with_name(name)
            .with_partition_indexes(vec![partition]);
        DescribeProducersRequest::new().with_topics(vec![topic])
    };
    for broker in [1, 2] {
        let mut client = Client::dial(&cluster, broker);
        let answer = client.call(&request("t", 0), 0).await;
        let partition = &answer.topics[0].partitions[0];
        assert_eq!(code(partition.error_code), ErrorCode::None);
        let [producer] = &partition.active_producers[..] else {
            panic!("{partition:?}")
        };
        assert_eq!((producer.producer_id, producer.producer_epoch), (7, 3));
        assert_eq!(producer.last_sequence, 1);
        assert_eq!(producer.last_timestamp, NOW_MS);
        assert_eq!(producer.coordinator_epoch, -1);
        assert_eq!(producer.current_txn_start_offset, -1);
    }
    for (name, partition, broker, expected, message) in [
        ("t", 0, 3, ErrorCode::NotLeaderOrFollower, false),
        ("t", 1, 1, ErrorCode::UnknownTopicOrPartition, false),
        ("u", 0, 1, ErrorCode::UnknownTopicOrPartition, true),
        ("a b", 0, 1, ErrorCode::InvalidTopicException, true),
    ] {
        let mut client = Client::dial(&cluster, broker);
        let answer = client.call(&request(name, partition), 0).await;
        let partition = &answer.topics[0].partitions[0];
        assert_eq!(code(partition.error_code), expected);
        assert_eq!(partition.error_message.is_some(), message);
    }
}

#[tokio::test(start_paused = true)]
async fn open_transaction_of_a_producer_is_described() {
    let (_cluster, mut producer) = two_partitions().await;
    producer.write("t", 0, &["x"]).await;
    producer.end(true).await;
    producer.write("t", 0, &["y"]).await;
    let topic = TopicRequest::new()
        .with_name("t")
        .with_partition_indexes(vec![0]);
    let request = DescribeProducersRequest::new().with_topics(vec![topic]);
    let answer = producer.client.call(&request, 0).await;
    let found = &answer.topics[0].partitions[0].active_producers[0];
    assert_eq!(found.producer_id, producer.id);
    assert_eq!(found.current_txn_start_offset, 2);
    assert_eq!(found.coordinator_epoch, 0);
}

#[tokio::test(start_paused = true)]
async fn transactions_are_described() {
    let (_cluster, mut producer) = two_partitions().await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    producer.add("t", &[0, 1]).await;
    let ids = ["a", "nobody", ""].map(StrBytes::from_static).to_vec();
    let request = DescribeTransactionsRequest::new().with_transactional_ids(ids);
    let answer = producer.client.call(&request, 0).await;
    let [found, unknown, unnamed] = &answer.transaction_states[..] else {
        panic!("{answer:?}")
    };
    assert_eq!(found.transaction_state, "Ongoing");
    assert_eq!(found.transaction_timeout_ms, 60_000);
    assert_eq!(found.transaction_start_time_ms, NOW_MS + 5);
    assert_eq!(
        (found.producer_id, found.producer_epoch),
        (producer.id, producer.epoch)
    );
    assert_eq!(found.topics[0].topic, "t");
    assert_eq!(found.topics[0].partitions, [0, 1]);
    assert_eq!(code(unknown.error_code), ErrorCode::TransactionalIdNotFound);
    assert_eq!(code(unnamed.error_code), ErrorCode::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn transactions_are_listed_by_filter() {
    let (cluster, mut a) = two_partitions().await;
    let b = Producer::new(&cluster, "b-1", Way::V1).await;
    a.add("t", &[0]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut client = Client::dial(&cluster, 1);
    let mut list = async |version, request: ListTransactionsRequest| {
        let answer = client.call(&request, version).await;
        let states = answer.transaction_states.iter();
        let ids: Vec<_> = states
            .map(|state| state.transactional_id.to_string())
            .collect();
        (
            code(answer.error_code),
            ids.join(","),
            answer.unknown_state_filters,
        )
    };
    let all = ListTransactionsRequest::new;
    let states = |names: &[&'static str]| {
        let names = names.iter().copied().map(StrBytes::from_static);
        all().with_state_filters(names.collect::<Vec<_>>())
    };
    let none = Vec::<StrBytes>::new;
    for version in 0..=2 {
        let listed = list(version, all()).await;
        assert_eq!(listed, (ErrorCode::None, "a,b-1".into(), none()));
    }
    let listed = list(0, states(&["Ongoing"])).await;
    assert_eq!(listed, (ErrorCode::None, "a".into(), none()));
    let listed = list(0, states(&["Empty", "Asleep"])).await;
    let unknown = vec![StrBytes::from_static("Asleep")];
    assert_eq!(listed, (ErrorCode::None, "b-1".into(), unknown));
    let listed = list(0, all().with_producer_id_filters(vec![b.id])).await;
    assert_eq!(listed.1, "b-1");
    // An id without a transaction has been open for ever.
    let listed = list(1, all().with_duration_filter(1_000)).await;
    assert_eq!(listed.1, "b-1");
    let listed = list(1, all().with_duration_filter(999)).await;
    assert_eq!(listed.1, "a,b-1");
    let pattern = |pattern: &'static str| all().with_transactional_id_pattern(Some(pattern.into()));
    assert_eq!(list(2, pattern("b-.*")).await.1, "b-1");
    assert_eq!(list(2, pattern("b")).await.1, "");
    assert_eq!(
        list(2, pattern("(")).await.0,
        ErrorCode::InvalidRegularExpression
    );
}
