//! Transactions as their producers and readers see them, in both versions
//! (KIP-98, KIP-890).

use std::time::Duration;

use kafka_protocol::messages::list_offsets::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{
    ApiVersionsRequest, FetchRequest, ListOffsetsRequest, MetadataRequest,
};
use kafka_protocol::records::{BatchLimits, ControlRecord};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, cluster, code, produce, sequenced, the_data, the_partition};
use crate::transactional::{
    Producer, WAYS, Way, add, batches, committed_values, coordinator, end, init, long_poll, read,
    transactional,
};

fn one_broker() -> TestCluster {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    cluster
}

async fn latest(client: &mut Client, isolation_level: i8) -> i64 {
    let partition = ListOffsetsPartition::new()
        .with_timestamp(-1)
        .with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::new()
        .with_name("t")
        .with_partitions(vec![partition]);
    let request = ListOffsetsRequest::new()
        .with_replica_id(-1)
        .with_isolation_level(isolation_level)
        .with_topics(vec![topic]);
    client.call(&request, 7).await.topics[0].partitions[0].offset
}

#[tokio::test(start_paused = true)]
async fn coordinator_is_a_leader_of_the_topic_of_states() {
    let cluster = cluster(3);
    assert_eq!(cluster.partition_count("__transaction_state"), 0);
    let found = coordinator(&cluster, "a").await;
    assert_eq!(cluster.partition_count("__transaction_state"), 50);
    // Java's hash of "a" is 97.
    assert_eq!(cluster.leader("__transaction_state", 47), Some(found));
    assert_eq!(cluster.transaction_coordinator("a"), Some(found));
    let mut client = Client::dial(&cluster, 1);
    let metadata = client
        .call(&MetadataRequest::new().with_topics(None), 9)
        .await;
    let topics = metadata.topics.iter();
    let internal: Vec<_> = topics.filter(|topic| topic.is_internal).collect();
    assert_eq!(internal.len(), 1);
    let mut other = Client::dial(&cluster, found % 3 + 1);
    let answer = other.call(&init("a"), 5).await;
    assert_eq!(code(answer.error_code), ErrorCode::NotCoordinator);
}

#[tokio::test(start_paused = true)]
async fn every_producer_gets_the_next_epoch_and_fences_the_last() {
    let cluster = one_broker();
    let mut client = Client::dial(&cluster, coordinator(&cluster, "a").await);
    let mut id = None;
    for version in 0..=5 {
        let answer = client.call(&init("a"), version).await;
        assert_eq!(code(answer.error_code), ErrorCode::None);
        assert_eq!(*id.get_or_insert(answer.producer_id), answer.producer_id);
        assert_eq!(answer.producer_epoch, version);
    }
    let id = id.unwrap();
    // One that goes on from its epoch, and one that was fenced.
    let goes_on = |epoch| {
        let request = init("a").with_producer_id(id);
        request.with_producer_epoch(epoch)
    };
    for (version, epoch, expected) in [
        (5, 5, (ErrorCode::None, 6)),
        (5, 5, (ErrorCode::None, 6)),
        (4, 3, (ErrorCode::ProducerFenced, -1)),
        (3, 3, (ErrorCode::InvalidProducerEpoch, -1)),
        (3, 6, (ErrorCode::None, 7)),
    ] {
        let answer = client.call(&goes_on(epoch), version).await;
        assert_eq!((code(answer.error_code), answer.producer_epoch), expected);
    }
    let other = goes_on(7).with_producer_id(id + 1);
    let answer = client.call(&other, 5).await;
    assert_eq!(code(answer.error_code), ErrorCode::ProducerFenced);
    assert_eq!(answer.producer_id, -1);
}

#[tokio::test(start_paused = true)]
async fn requests_for_an_epoch_that_are_refused() {
    let cluster = one_broker();
    let mut client = Client::dial(&cluster, coordinator(&cluster, "a").await);
    let unnamed = init("").with_transactional_id(Some("".into()));
    for (request, expected) in [
        (unnamed, ErrorCode::InvalidRequest),
        (init("a").with_producer_id(3), ErrorCode::InvalidRequest),
        (init("a").with_producer_epoch(3), ErrorCode::InvalidRequest),
        (
            init("a").with_transaction_timeout_ms(0),
            ErrorCode::InvalidTransactionTimeout,
        ),
        (
            init("a").with_transaction_timeout_ms(900_001),
            ErrorCode::InvalidTransactionTimeout,
        ),
        (
            init("a").with_transaction_timeout_ms(900_000),
            ErrorCode::None,
        ),
    ] {
        let answer = client.call(&request, 5).await;
        assert_eq!(code(answer.error_code), expected, "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn committed_records_are_read_once_they_are_committed() {
    for way in WAYS {
        let cluster = one_broker();
        let mut producer = Producer::new(&cluster, "a", way).await;
        let mut reader = Client::dial(&cluster, 1);
        reader
            .produce("t", 0, crate::client::batch(&["before"]))
            .await;
        assert_eq!(producer.write("t", 0, &["x", "y"]).await, ErrorCode::None);
        reader
            .produce("t", 0, crate::client::batch(&["after"]))
            .await;

        let data = read(&mut reader, "t", 0, 0, true).await;
        assert_eq!((data.high_watermark, data.last_stable_offset), (4, 1));
        assert_eq!(committed_values(&data), ["before"]);
        let data = read(&mut reader, "t", 0, 0, false).await;
        assert_eq!(data.aborted_transactions, None);
        assert_eq!(batches(data.records).len(), 3);
        assert_eq!(latest(&mut reader, 0).await, 4);
        assert_eq!(latest(&mut reader, 1).await, 1);

        let epoch = producer.epoch;
        assert_eq!(producer.end(true).await, ErrorCode::None);
        assert_eq!(producer.epoch, epoch + way.bump());
        let data = read(&mut reader, "t", 0, 0, true).await;
        assert_eq!((data.high_watermark, data.last_stable_offset), (5, 5));
        assert_eq!(committed_values(&data), ["before", "x", "y", "after"]);
        assert_eq!(data.aborted_transactions, Some(Vec::new()));
        assert_eq!(latest(&mut reader, 1).await, 5);
        // Once more from the same producer.
        assert_eq!(producer.write("t", 0, &["z"]).await, ErrorCode::None);
        assert_eq!(producer.end(true).await, ErrorCode::None);
        let data = read(&mut reader, "t", 0, 5, true).await;
        assert_eq!(committed_values(&data), ["z"]);
    }
}

#[tokio::test(start_paused = true)]
async fn markers_say_who_ended_what() {
    for way in WAYS {
        let cluster = one_broker();
        let mut producer = Producer::new(&cluster, "a", way).await;
        assert_eq!(producer.write("t", 1, &["x"]).await, ErrorCode::None);
        assert_eq!(producer.end(false).await, ErrorCode::None);
        let log = cluster.log("t", 1);
        let [_, marker] = &log[..] else {
            panic!("{log:?}")
        };
        assert!(marker.is_control() && marker.is_transactional());
        assert_eq!(marker.producer_id(), producer.id);
        assert_eq!(marker.producer_epoch(), way.bump());
        assert_eq!(marker.base_sequence(), -1);
        let records = marker.decompress(&BatchLimits::default()).unwrap();
        let record = ControlRecord::read(&records.get(0).unwrap()).unwrap();
        let ControlRecord::Abort(record) = record else {
            panic!("{record:?}")
        };
        assert_eq!(record.coordinator_epoch, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn aborted_records_are_listed_for_those_who_read_past_them() {
    for way in WAYS {
        let cluster = one_broker();
        let mut a = Producer::new(&cluster, "a", way).await;
        let mut b = Producer::new(&cluster, "b", way).await;
        // 0: a, 1: b, 2: a, 3: end of a, 4: b, 5: end of b, 6: a, 7: end of a.
        a.write("t", 0, &["a0"]).await;
        b.write("t", 0, &["b0"]).await;
        a.write("t", 0, &["a1"]).await;
        a.end(false).await;
        b.write("t", 0, &["b1"]).await;
        let mut reader = Client::dial(&cluster, 1);
        // The second transaction holds up the first.
        let data = read(&mut reader, "t", 0, 0, true).await;
        assert_eq!(data.last_stable_offset, 1);
        assert_eq!(data.aborted_transactions.as_ref().map(Vec::len), Some(1));
        assert_eq!(committed_values(&data), Vec::<String>::new());
        b.end(true).await;
        a.write("t", 0, &["a2"]).await;
        a.end(false).await;
        let data = read(&mut reader, "t", 0, 0, true).await;
        assert_eq!(committed_values(&data), ["b0", "b1"]);
        let aborted = |data: kafka_protocol::messages::fetch::PartitionData| {
            let aborted = data.aborted_transactions.unwrap().into_iter();
            aborted
                .map(|aborted| (aborted.producer_id, aborted.first_offset))
                .collect::<Vec<_>>()
        };
        assert_eq!(aborted(data), [(a.id, 0), (a.id, 6)]);
        // From within the second one on.
        let data = read(&mut reader, "t", 0, 4, true).await;
        assert_eq!(aborted(data), [(a.id, 6)]);
        let data = read(&mut reader, "t", 0, 8, true).await;
        assert_eq!(aborted(data), []);
    }
}

#[tokio::test(start_paused = true)]
async fn partition_has_to_be_part_of_the_transaction() {
    let cluster = one_broker();
    let mut producer = Producer::new(&cluster, "a", Way::V1).await;
    let (id, epoch) = (producer.id, producer.epoch);
    let mut send = async |version, id, epoch, sequence| {
        let records = transactional(id, epoch, sequence, &["x"]);
        let request = produce("t", Uuid::ZERO, 0, Some(records));
        let request = request.with_transactional_id(Some("a".into()));
        let answer = the_partition(producer.client.call(&request, version).await);
        (code(answer.error_code), answer.error_message)
    };
    let told = Some(StrBytes::from_static(
        "Partition was not added to the transaction",
    ));
    assert_eq!(
        send(10, id, epoch, 0).await,
        (ErrorCode::InvalidTxnState, told)
    );
    assert_eq!(
        send(11, id, epoch, 0).await,
        (ErrorCode::TransactionAbortable, None)
    );
    // Of another producer, or of an epoch that it does not have.
    assert_eq!(
        send(11, id + 9, 0, 0).await.0,
        ErrorCode::InvalidProducerIdMapping
    );
    assert_eq!(
        send(12, id, epoch + 1, 0).await.0,
        ErrorCode::InvalidProducerEpoch
    );
    assert_eq!(cluster.end_offset("t", 0), 0);
    // Writing adds it from version 12 on, beginning with sequence number 0.
    assert_eq!(
        send(12, id, epoch, 3).await.0,
        ErrorCode::OutOfOrderSequenceNumber
    );
    assert_eq!(send(12, id, epoch, 0).await.0, ErrorCode::None);
    // Now that it is open here, nobody is asked any more.
    assert_eq!(send(10, id, epoch, 1).await.0, ErrorCode::None);
}

#[tokio::test(start_paused = true)]
async fn batches_of_a_transaction_need_its_id_and_nothing_else() {
    let cluster = one_broker();
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    let records = transactional(producer.id, producer.epoch, 0, &["x"]);
    let request = produce("t", Uuid::ZERO, 0, Some(records));
    let answer = the_partition(producer.client.call(&request, 12).await);
    let refused = ErrorCode::TransactionalIdAuthorizationFailed;
    assert_eq!(code(answer.error_code), refused);
    // While one is open, the producer may not write outside of it.
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    let outside = sequenced(producer.id, producer.epoch, 1, &["y"]);
    let answer = producer.client.produce("t", 0, outside).await;
    assert_eq!(code(answer.error_code), ErrorCode::InvalidTxnState);
    // Partitions that it did not write to are as free as ever.
    let outside = sequenced(producer.id, producer.epoch, 0, &["y"]);
    let answer = producer.client.produce("t", 1, outside).await;
    assert_eq!(code(answer.error_code), ErrorCode::None);
}

#[tokio::test(start_paused = true)]
async fn new_producer_aborts_what_the_last_left_open() {
    for way in WAYS {
        let builder = TestCluster::builder().transaction_version(match way {
            Way::V1 => 1,
            Way::V2 => 2,
        });
        let cluster = builder.build_offline();
        cluster.create_topic("t", 1);
        let mut old = Producer::new(&cluster, "a", way).await;
        assert_eq!(old.write("t", 0, &["x"]).await, ErrorCode::None);
        let mut new = Producer::uninitialized(&cluster, "a", way).await;
        let answer = new.init().await;
        assert_eq!(code(answer.error_code), ErrorCode::ConcurrentTransactions);
        assert_eq!(code(new.init().await.error_code), ErrorCode::None);
        // One epoch to abort with, and one for the new producer.
        assert_eq!((new.id, new.epoch), (old.id, old.epoch + 2));
        assert_eq!(cluster.log("t", 0)[1].producer_epoch(), old.epoch + 1);
        assert_eq!(
            old.write_only("t", 0, &["y"]).await,
            ErrorCode::InvalidProducerEpoch
        );
        assert_eq!(old.end(true).await, ErrorCode::ProducerFenced);
        assert_eq!(new.write("t", 0, &["z"]).await, ErrorCode::None);
        assert_eq!(new.end(true).await, ErrorCode::None);
        let mut reader = Client::dial(&cluster, 1);
        let data = read(&mut reader, "t", 0, 0, true).await;
        assert_eq!(committed_values(&data), ["z"]);
    }
}

#[tokio::test(start_paused = true)]
async fn fenced_producers_are_told_by_the_name_that_they_know() {
    let cluster = one_broker();
    let mut producer = Producer::new(&cluster, "a", Way::V1).await;
    let (id, old) = (producer.id, producer.epoch);
    producer.init().await;
    for version in 0..=4 {
        let expected = match version {
            0 | 1 => ErrorCode::InvalidProducerEpoch,
            _ => ErrorCode::ProducerFenced,
        };
        let answer = producer
            .client
            .call(&end("a", id, old, true), version)
            .await;
        assert_eq!(code(answer.error_code), expected);
        if version < 4 {
            let request = add("a", id, old, "t", &[0]);
            let answer = producer.client.call(&request, version).await;
            let topic = &answer.results_by_topic_v3_and_below[0];
            let partition = &topic.results_by_partition[0];
            assert_eq!(code(partition.partition_error_code), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ends_that_come_again_or_out_of_place() {
    let cluster = one_broker();
    let mut producer = Producer::new(&cluster, "a", Way::V1).await;
    assert_eq!(producer.end(true).await, ErrorCode::InvalidTxnState);
    assert_eq!(producer.end(false).await, ErrorCode::InvalidTxnState);
    producer.write("t", 0, &["x"]).await;
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(producer.end(true).await, ErrorCode::None);
    assert_eq!(producer.end(false).await, ErrorCode::InvalidTxnState);
    assert_eq!(cluster.end_offset("t", 0), 2);

    let mut producer = Producer::new(&cluster, "b", Way::V2).await;
    let (id, epoch) = (producer.id, producer.epoch);
    assert_eq!(producer.end(true).await, ErrorCode::InvalidTxnState);
    // Nothing may have arrived of what there is to abort.
    assert_eq!(producer.end(false).await, ErrorCode::None);
    assert_eq!(producer.epoch, epoch + 1);
    producer.write("t", 1, &["x"]).await;
    assert_eq!(producer.end(true).await, ErrorCode::None);
    // Again with the epoch that it had, the answer having been lost.
    let again = producer
        .client
        .call(&end("b", id, epoch + 1, true), 5)
        .await;
    assert_eq!(code(again.error_code), ErrorCode::None);
    assert_eq!(again.producer_epoch, epoch + 2);
    let other = producer
        .client
        .call(&end("b", id, epoch + 1, false), 5)
        .await;
    assert_eq!(code(other.error_code), ErrorCode::InvalidTxnState);
    assert_eq!((other.producer_id, other.producer_epoch), (-1, -1));
    let older = producer.client.call(&end("b", id, epoch, true), 5).await;
    assert_eq!(code(older.error_code), ErrorCode::ProducerFenced);
    let unknown = producer.client.call(&end("c", id, 0, true), 5).await;
    assert_eq!(
        code(unknown.error_code),
        ErrorCode::InvalidProducerIdMapping
    );
    let unnamed = producer.client.call(&end("", id, 0, true), 5).await;
    assert_eq!(code(unnamed.error_code), ErrorCode::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn transaction_that_takes_too_long_is_aborted() {
    for way in WAYS {
        let cluster = one_broker();
        let mut producer = Producer::new(&cluster, "a", way).await;
        let mut reader = Client::dial(&cluster, 1);
        assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(producer.write("t", 0, &["y"]).await, ErrorCode::None);
        reader.send(&long_poll("t", 0, 10_000), 12).await;
        tokio::time::sleep(Duration::from_millis(1_001)).await;
        // The marker is what the reader waits for.
        let data = the_data(reader.answer::<FetchRequest>(12).await);
        assert_eq!(data.last_stable_offset, 3);
        assert_eq!(committed_values(&data), Vec::<String>::new());
        assert_eq!(
            producer.write_only("t", 0, &["z"]).await,
            ErrorCode::InvalidProducerEpoch
        );
        let ended = producer.end(true).await;
        let expected = match way {
            Way::V1 => ErrorCode::ProducerFenced,
            // Its epoch is the one before, as if it asked again.
            Way::V2 => ErrorCode::InvalidTxnState,
        };
        assert_eq!(ended, expected);
        assert_eq!(code(producer.init().await.error_code), ErrorCode::None);
        assert_eq!(producer.write("t", 0, &["z"]).await, ErrorCode::None);
        assert_eq!(producer.end(true).await, ErrorCode::None);
    }
}

#[tokio::test(start_paused = true)]
async fn readers_of_committed_records_wait_for_the_marker() {
    let cluster = one_broker();
    let mut producer = Producer::new(&cluster, "a", Way::V2).await;
    let mut reader = Client::dial(&cluster, 1);
    reader.send(&long_poll("t", 0, 60_000), 12).await;
    assert_eq!(producer.write("t", 0, &["x"]).await, ErrorCode::None);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(producer.write("t", 0, &["y"]).await, ErrorCode::None);
    let early = tokio::time::timeout(Duration::from_secs(1), reader.frame()).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(producer.end(true).await, ErrorCode::None);
    let data = the_data(reader.answer::<FetchRequest>(12).await);
    assert_eq!(committed_values(&data), ["x", "y"]);
}

#[tokio::test(start_paused = true)]
async fn feature_tells_the_version_of_transactions() {
    for level in 0..=2 {
        let builder = TestCluster::builder().transaction_version(level);
        let cluster = builder.build_offline();
        let mut client = Client::dial(&cluster, 1);
        let request = ApiVersionsRequest::new()
            .with_client_software_name("test")
            .with_client_software_version("1");
        let answer = client.call(&request, 4).await;
        let mut finalized = answer.finalized_features.iter();
        let found = finalized.find(|feature| feature.name == "transaction.version");
        assert_eq!(found.map_or(0, |found| found.max_version_level), level);
    }
}
