//! Idempotent producers: InitProducerId, and what their sequence numbers do.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::InitProducerIdRequest;
use kafka_protocol::messages::produce::PartitionProduceResponse;
use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_protocol::{RecordBytes, Uuid};
use kafka_test_broker::{Era, TestCluster};

use crate::client::{Client, NOW_MS, cluster, code, logged, produce, sequenced, the_partition};

fn without_transactions() -> InitProducerIdRequest {
    InitProducerIdRequest::new().with_transactional_id(None)
}

async fn one_partition() -> (TestCluster, Client) {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[]);
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

async fn send(client: &mut Client, epoch: i16, sequence: i32, values: &[&str]) -> (ErrorCode, i64) {
    let partition: PartitionProduceResponse = client
        .produce("t", 0, sequenced(9, epoch, sequence, values))
        .await;
    (code(partition.error_code), partition.base_offset)
}

#[tokio::test]
async fn every_version_gives_a_new_id() {
    let (_cluster, mut client) = one_partition().await;
    let mut ids = Vec::new();
    for version in 0..=5 {
        let response = client.call(&without_transactions(), version).await;
        assert_eq!(
            (code(response.error_code), response.producer_epoch),
            (ErrorCode::None, 0)
        );
        ids.push(response.producer_id);
    }
    // Whoever has one gets another all the same.
    let request = without_transactions()
        .with_producer_id(ids[0])
        .with_producer_epoch(3);
    let response = client.call(&request, 3).await;
    assert_eq!(
        (code(response.error_code), response.producer_epoch),
        (ErrorCode::None, 0)
    );
    ids.push(response.producer_id);
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn ids_that_are_refused() {
    let (_cluster, mut client) = one_partition().await;
    let transactional = InitProducerIdRequest::new().with_transactional_id(Some("tx".into()));
    let half = without_transactions().with_producer_id(5);
    let other_half = without_transactions().with_producer_epoch(5);
    for (request, expected) in [
        (transactional, ErrorCode::InvalidTransactionTimeout),
        (half, ErrorCode::InvalidRequest),
        (other_half, ErrorCode::InvalidRequest),
    ] {
        let response = client.call(&request, 5).await;
        assert_eq!(code(response.error_code), expected);
        assert_eq!((response.producer_id, response.producer_epoch), (-1, -1));
    }
}

#[tokio::test]
async fn duplicate_is_answered_with_the_original_offset() {
    let (cluster, mut client) = one_partition().await;
    for (sequence, values) in [(0, &["a", "b"][..]), (2, &["c"]), (3, &["d"])] {
        send(&mut client, 0, sequence, values).await;
    }
    assert_eq!(
        send(&mut client, 0, 0, &["a", "b"]).await,
        (ErrorCode::None, 0)
    );
    assert_eq!(send(&mut client, 0, 3, &["d"]).await, (ErrorCode::None, 3));
    let partition = client.produce("t", 0, sequenced(9, 0, 2, &["c"])).await;
    assert_eq!(
        (partition.base_offset, partition.log_append_time_ms),
        (2, NOW_MS)
    );
    assert_eq!(logged(&cluster, "t", 0).len(), 4);
}

#[tokio::test]
async fn gap_is_refused_and_filled_later() {
    let (cluster, mut client) = one_partition().await;
    assert_eq!(send(&mut client, 0, 0, &["a"]).await, (ErrorCode::None, 0));
    assert_eq!(
        send(&mut client, 0, 2, &["c"]).await,
        (ErrorCode::OutOfOrderSequenceNumber, -1)
    );
    assert_eq!(send(&mut client, 0, 1, &["b"]).await, (ErrorCode::None, 1));
    assert_eq!(send(&mut client, 0, 2, &["c"]).await, (ErrorCode::None, 2));
    let values: Vec<_> = logged(&cluster, "t", 0)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert_eq!(values, ["a", "b", "c"]);
}

#[tokio::test]
async fn new_epoch_begins_at_zero_and_ends_the_old_one() {
    let (_cluster, mut client) = one_partition().await;
    send(&mut client, 0, 0, &["a"]).await;
    assert_eq!(
        send(&mut client, 1, 1, &["b"]).await.0,
        ErrorCode::OutOfOrderSequenceNumber
    );
    assert_eq!(send(&mut client, 1, 0, &["b"]).await, (ErrorCode::None, 1));
    assert_eq!(
        send(&mut client, 0, 1, &["x"]).await.0,
        ErrorCode::InvalidProducerEpoch
    );
    // What was a duplicate in the old epoch no longer is.
    assert_eq!(
        send(&mut client, 0, 0, &["a"]).await.0,
        ErrorCode::InvalidProducerEpoch
    );
}

#[tokio::test]
async fn sixth_last_batch_is_no_longer_known() {
    let (cluster, mut client) = one_partition().await;
    for sequence in 0..6 {
        assert_eq!(
            send(&mut client, 0, sequence, &["x"]).await.0,
            ErrorCode::None
        );
    }
    assert_eq!(
        send(&mut client, 0, 0, &["x"]).await.0,
        ErrorCode::OutOfOrderSequenceNumber
    );
    assert_eq!(send(&mut client, 0, 1, &["x"]).await, (ErrorCode::None, 1));
    assert_eq!(cluster.end_offset("t", 0), 6);
}

#[tokio::test]
async fn state_outlives_leader_and_broker() {
    let (cluster, mut client) = one_partition().await;
    send(&mut client, 0, 0, &["a"]).await;
    cluster.stop_broker(1);
    let mut client = Client::dial(&cluster, 2);
    assert_eq!(send(&mut client, 0, 0, &["a"]).await, (ErrorCode::None, 0));
    assert_eq!(send(&mut client, 0, 1, &["b"]).await, (ErrorCode::None, 1));
    cluster.stop_broker(2);
    cluster.start_broker(2);
    let mut client = Client::dial(&cluster, 2);
    assert_eq!(send(&mut client, 0, 1, &["b"]).await, (ErrorCode::None, 1));
    assert_eq!(
        send(&mut client, 0, 3, &["d"]).await.0,
        ErrorCode::OutOfOrderSequenceNumber
    );
}

#[tokio::test]
async fn partitions_and_producers_are_apart() {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let mut client = Client::dial(&cluster, 1);
    for partition in 0..2 {
        for producer_id in [3, 4] {
            let answer = client
                .produce("t", partition, sequenced(producer_id, 0, 0, &["x"]))
                .await;
            assert_eq!(code(answer.error_code), ErrorCode::None);
        }
        assert_eq!(cluster.end_offset("t", partition), 2);
    }
}

fn of_era(era: Era) -> (TestCluster, Client) {
    let cluster = TestCluster::builder()
        .era(era)
        .brokers(1)
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic("t", 1);
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

async fn send_old(client: &mut Client, sequence: i32) -> ErrorCode {
    let records = sequenced(9, 0, sequence, &["a"]);
    let request = produce("t", Uuid::ZERO, 0, Some(records));
    code(the_partition(client.call(&request, 3).await).error_code)
}

#[tokio::test]
async fn brokers_before_1_0_know_the_last_batch_only() {
    let (_cluster, mut client) = of_era(Era::V0_11);
    for (sequence, expected) in [
        (5, ErrorCode::OutOfOrderSequenceNumber),
        (0, ErrorCode::None),
        (1, ErrorCode::None),
        (1, ErrorCode::None),
        (0, ErrorCode::OutOfOrderSequenceNumber),
    ] {
        assert_eq!(send_old(&mut client, sequence).await, expected);
    }
}

#[tokio::test]
async fn brokers_before_2_4_forget_whose_records_are_gone() {
    for (era, expected) in [
        (Era::V2_0, ErrorCode::UnknownProducerId),
        (Era::V2_4, ErrorCode::None),
    ] {
        let (cluster, mut client) = of_era(era);
        assert_eq!(send_old(&mut client, 0).await, ErrorCode::None);
        assert!(cluster.delete_records("t", 0, 1));
        assert_eq!(send_old(&mut client, 1).await, expected, "{era}");
    }
}

/// A batch of so many records of one key.
fn keyed(sequence: i32, count: usize) -> RecordBytes {
    let mut builder = BatchBuilder::new();
    for _ in 0..count {
        let record = NewRecord {
            timestamp: NOW_MS,
            key: Some(b"k"),
            value: Some(b"v"),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let stamp = BatchStamp {
        producer_id: 9,
        producer_epoch: 0,
        base_sequence: sequence,
        ..BatchStamp::default()
    };
    let mut compressor = Compressor::new(Compression::None).unwrap();
    let batch = builder.seal(&mut compressor).unwrap();
    batch.to_record_bytes(&stamp)
}

#[tokio::test]
async fn compaction_takes_no_sequence_numbers() {
    let cluster = cluster(1);
    assert!(cluster.create_topic_on("t", &[&[1]], &[("cleanup.policy", "compact")]));
    let mut client = Client::dial(&cluster, 1);
    assert_eq!(client.produce("t", 0, keyed(0, 3)).await.error_code, 0);
    assert!(cluster.roll_segment("t", 0));
    assert!(cluster.compact("t", 0));
    assert_eq!(client.produce("t", 0, keyed(3, 1)).await.error_code, 0);
    // What is known of the producer now comes from the log.
    assert!(cluster.truncate("t", 0, 3));
    assert_eq!(client.produce("t", 0, keyed(3, 1)).await.error_code, 0);
}
