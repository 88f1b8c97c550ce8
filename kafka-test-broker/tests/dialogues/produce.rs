//! Produce: what is appended, what is refused, and how the answer says so.

use crate::client::{
    Client, NOW_MS, batch, changed, cluster, code, logged, produce, resealed, sequenced, stamped,
    the_partition, timed,
};
use kafka_protocol::messages::{FindCoordinatorRequest, ProduceRequest};
use kafka_protocol::records::{
    BatchBuilder, BatchStamp, Compression, Compressor, NewRecord, TimestampType,
};
use kafka_protocol::{ErrorCode, RecordBytes, Uuid};
use kafka_test_broker::TestCluster;

#[tokio::test]
async fn every_version_from_3_appends_in_every_codec_it_may() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let id = cluster.topic_id("t").unwrap();
    let mut client = Client::dial(&cluster, 1);
    let mut expected = Vec::new();
    for version in 3..=13 {
        for codec in [
            Compression::None,
            Compression::Gzip,
            Compression::Snappy,
            Compression::Lz4,
            Compression::Zstd,
        ] {
            let records = stamped(&["a", "b"], codec, &BatchStamp::default());
            let request = produce(
                "t",
                if version >= 13 { id } else { Uuid::ZERO },
                0,
                Some(records),
            );
            let response = client.call(&request, version).await;
            assert_eq!(response.throttle_time_ms, 0);
            assert_eq!(
                response.responses[0].topic_id,
                request.topic_data[0].topic_id
            );
            let partition = the_partition(response);
            if version < 7 && codec == Compression::Zstd {
                assert_eq!(
                    code(partition.error_code),
                    ErrorCode::UnsupportedCompressionType
                );
                continue;
            }
            let base = expected.len() as i64;
            assert_eq!(
                code(partition.error_code),
                ErrorCode::None,
                "v{version} {codec}"
            );
            assert_eq!((partition.index, partition.base_offset), (0, base));
            assert_eq!(partition.log_append_time_ms, -1);
            assert_eq!(
                partition.log_start_offset,
                if version >= 5 { 0 } else { -1 }
            );
            expected.extend([(base, "a".to_owned()), (base + 1, "b".to_owned())]);
        }
    }
    assert_eq!(logged(&cluster, "t", 0), expected);
    assert_eq!(cluster.end_offset("t", 0), expected.len() as i64);
}

#[tokio::test]
async fn stored_batch_differs_from_the_sent_one_in_its_stamp_only() {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[]);
    cluster.move_leader("t", 0, 2);
    let mut client = Client::dial(&cluster, 2);
    let sent = sequenced(5, 3, 0, &["x", "y"]);
    client.produce("t", 0, batch(&["before"])).await;
    client.produce("t", 0, sent.clone()).await;
    let stored = cluster.log("t", 0).pop().unwrap();
    assert_eq!(
        (stored.base_offset(), stored.partition_leader_epoch()),
        (1, 1)
    );
    assert_eq!(
        (
            stored.producer_id(),
            stored.producer_epoch(),
            stored.base_sequence()
        ),
        (5, 3, 0)
    );
    assert_eq!(stored.raw()[16..], sent.into_bytes()[16..]);
}

/// Produces `records` in `version` and expects a refusal that leaves no trace.
/// The answer tells where the log starts if the refusal is the log's.
async fn refused(
    cluster: &TestCluster,
    version: i16,
    records: Option<RecordBytes>,
    expected: ErrorCode,
    log_start: i64,
) {
    let mut client = Client::dial(cluster, 1);
    let before = cluster.end_offset("t", 0);
    let request = produce("t", Uuid::ZERO, 0, records);
    let partition = the_partition(client.call(&request, version).await);
    assert_eq!(code(partition.error_code), expected);
    assert_eq!(partition.base_offset, -1);
    assert_eq!(partition.log_start_offset, log_start);
    assert_eq!(cluster.end_offset("t", 0), before);
}

#[tokio::test]
async fn batches_that_kafka_refuses() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let check =
        |records, expected, log_start| refused(&cluster, 9, Some(records), expected, log_start);
    let good = || batch(&["a", "b"]);
    let (invalid, corrupt) = (ErrorCode::InvalidRecord, ErrorCode::CorruptMessage);
    refused(&cluster, 9, None, invalid, -1).await;
    check(RecordBytes::new(), invalid, -1).await;
    // Half a batch, two batches.
    check(changed(good(), |bytes| bytes.truncate(70)), invalid, -1).await;
    check(
        changed(good(), |bytes| bytes.extend(bytes.clone())),
        invalid,
        -1,
    )
    .await;
    // Damaged, and damaged where the checksum does not reach.
    check(changed(good(), |bytes| bytes[65] ^= 1), corrupt, -1).await;
    check(changed(good(), |bytes| bytes[7] = 1), invalid, 0).await;
    check(changed(good(), |bytes| bytes[16] = 9), corrupt, -1).await;
    check(changed(good(), |bytes| bytes[16] = 1), invalid, -1).await;
    check(changed(good(), |bytes| bytes[11] = 20), corrupt, -1).await;
    check(changed(good(), |bytes| bytes[8] = 0xff), corrupt, -1).await;
    // Counts: more records than offsets, fewer, none, and not what the body holds.
    check(resealed(good(), |bytes| bytes[60] = 3), invalid, 0).await;
    check(resealed(good(), |bytes| bytes[60] = 1), invalid, 0).await;
    check(resealed(good(), |bytes| bytes[60] = 0), invalid, 0).await;
    for count in [1, 3] {
        let lying = resealed(good(), |bytes| {
            bytes[26] = count - 1;
            bytes[60] = count;
        });
        check(lying, invalid, 0).await;
    }
    // A control batch, a sequence below zero.
    check(resealed(good(), |bytes| bytes[22] |= 0x20), invalid, 0).await;
    check(sequenced(1, 0, -1, &["a"]), invalid, 0).await;
    // A codec there is not, one that is not the one used.
    let unknown = ErrorCode::UnknownServerError;
    check(resealed(good(), |bytes| bytes[22] |= 7), unknown, 0).await;
    check(resealed(good(), |bytes| bytes[22] |= 1), unknown, 0).await;
    let old = changed(good(), |bytes| bytes[16] = 1);
    refused(
        &cluster,
        2,
        Some(old),
        ErrorCode::UnsupportedForMessageFormat,
        -1,
    )
    .await;
}

#[tokio::test]
async fn piece_of_a_second_batch_is_dropped() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let more = changed(batch(&["a"]), |bytes| bytes.extend_from_within(..30));
    let partition = client.produce("t", 0, more).await;
    assert_eq!(code(partition.error_code), ErrorCode::None);
    let stored = cluster.log("t", 0).pop().unwrap();
    assert_eq!(stored.encoded_len(), batch(&["a"]).len());
}

#[tokio::test]
async fn header_that_lies_about_time_is_put_right() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let other_max = resealed(batch(&["a"]), |bytes| bytes[35..43].fill(0));
    let by_broker = resealed(batch(&["a"]), |bytes| bytes[22] |= 8);
    for lie in [other_max, by_broker] {
        let partition = client.produce("t", 0, lie).await;
        assert_eq!(code(partition.error_code), ErrorCode::None);
        let stored = cluster.log("t", 0).pop().unwrap();
        assert_eq!(stored.timestamp_type(), TimestampType::CreateTime);
        assert_eq!(stored.max_timestamp(), NOW_MS);
    }
    // Their checksums fit.
    assert_eq!(logged(&cluster, "t", 0).len(), 2);
}

#[tokio::test]
async fn only_brokers_set_the_time_of_appending() {
    let cluster = cluster(1);
    cluster.create_topic_on("t", &[&[1]], &[("message.timestamp.type", "LogAppendTime")]);
    let by_broker = resealed(batch(&["a"]), |bytes| bytes[22] |= 8);
    refused(&cluster, 9, Some(by_broker), ErrorCode::InvalidTimestamp, 0).await;
}

#[tokio::test]
async fn refusal_tells_which_record_is_to_blame_from_version_8() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let hour_ms = 3_600_000;
    let late = |timestamps: &[i64]| {
        let records: Vec<_> = timestamps.iter().map(|at| (*at, "x")).collect();
        timed(&records, Compression::Lz4, &BatchStamp::default())
    };
    let far = NOW_MS + 2 * hour_ms;
    for version in [7, 8] {
        let request = produce("t", Uuid::ZERO, 0, Some(late(&[NOW_MS, far, NOW_MS, far])));
        let partition = the_partition(client.call(&request, version).await);
        assert_eq!(code(partition.error_code), ErrorCode::InvalidTimestamp);
        let blamed: Vec<i32> = partition
            .record_errors
            .iter()
            .map(|error| error.batch_index)
            .collect();
        if version >= 8 {
            assert_eq!(blamed, [1, 3]);
            assert!(partition.error_message.unwrap().contains("timestamps"));
        } else {
            assert!(blamed.is_empty());
        }
    }
    // No timestamp at all is none that is wrong, and the past is as far as it likes.
    for timestamps in [[-1, -1], [0, NOW_MS + hour_ms / 2]] {
        let partition = client.produce("t", 0, late(&timestamps)).await;
        assert_eq!(
            code(partition.error_code),
            ErrorCode::None,
            "{timestamps:?}"
        );
    }
}

#[tokio::test]
async fn batch_above_the_topics_limit_is_too_large_and_one_at_it_is_not() {
    let cluster = cluster(1);
    let len = batch(&["0123456789"]).len();
    let limit = len.to_string();
    cluster.create_topic_on("t", &[&[1]], &[("max.message.bytes", &limit)]);
    refused(
        &cluster,
        9,
        Some(batch(&["0123456789+"])),
        ErrorCode::MessageTooLarge,
        -1,
    )
    .await;
    let mut client = Client::dial(&cluster, 1);
    let partition = client.produce("t", 0, batch(&["0123456789"])).await;
    assert_eq!(code(partition.error_code), ErrorCode::None);
}

#[tokio::test]
async fn default_limit_is_kafkas() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let of_len = |len: usize| {
        // A header of 61 bytes and a record with 3 + 1 + 1 + 3 + 1 bytes around its value.
        let body = "x".repeat(len - 61 - 3 - 1 - 1 - 1 - 1 - 3 - 1);
        let records = batch(&[&body]);
        assert_eq!(records.len(), len);
        records
    };
    let mut client = Client::dial(&cluster, 1);
    let partition = client.produce("t", 0, of_len(1_048_588)).await;
    assert_eq!(code(partition.error_code), ErrorCode::None);
    refused(
        &cluster,
        9,
        Some(of_len(1_048_589)),
        ErrorCode::MessageTooLarge,
        -1,
    )
    .await;
}

#[tokio::test]
async fn unknown_places_and_wrong_brokers() {
    let cluster = cluster(3);
    cluster.create_topic_on("t", &[&[2, 3]], &[]);
    let id = cluster.topic_id("t").unwrap();
    let mut client = Client::dial(&cluster, 1);
    let unknown = client.produce("nope", 0, batch(&["a"])).await;
    assert_eq!(code(unknown.error_code), ErrorCode::UnknownTopicOrPartition);
    let unknown = client.produce("t", 7, batch(&["a"])).await;
    assert_eq!(code(unknown.error_code), ErrorCode::UnknownTopicOrPartition);
    for wrong in [Uuid::ZERO, Uuid::from_bytes([9; 16])] {
        let request = produce("", wrong, 0, Some(batch(&["a"])));
        let unknown = the_partition(client.call(&request, 13).await);
        assert_eq!(code(unknown.error_code), ErrorCode::UnknownTopicId);
    }
    for version in 9..=13 {
        let request = produce(
            "t",
            if version >= 13 { id } else { Uuid::ZERO },
            0,
            Some(batch(&["a"])),
        );
        let response = client.call(&request, version).await;
        let endpoints: Vec<_> = response
            .node_endpoints
            .iter()
            .map(|node| (node.node_id, node.port))
            .collect();
        let partition = the_partition(response);
        assert_eq!(code(partition.error_code), ErrorCode::NotLeaderOrFollower);
        let leader = (
            partition.current_leader.leader_id,
            partition.current_leader.leader_epoch,
        );
        if version >= 10 {
            assert_eq!((leader, &endpoints[..]), ((2, 0), &[(2, 9093)][..]));
        } else {
            assert_eq!((leader, &endpoints[..]), ((-1, -1), &[][..]));
        }
    }
    assert_eq!(cluster.end_offset("t", 0), 0);
}

#[tokio::test]
async fn acknowledgements() {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[("min.insync.replicas", "2")]);
    let mut client = Client::dial(&cluster, 1);
    let request = |acks| produce("t", Uuid::ZERO, 0, Some(batch(&["a"]))).with_acks(acks);
    for wrong in [-2, 2, i16::MAX] {
        let partition = the_partition(client.call(&request(wrong), 9).await);
        assert_eq!(code(partition.error_code), ErrorCode::InvalidRequiredAcks);
    }
    assert_eq!(cluster.end_offset("t", 0), 0);
    for acks in [-1, 1] {
        let partition = the_partition(client.call(&request(acks), 9).await);
        assert_eq!(code(partition.error_code), ErrorCode::None);
    }
    // With one replica left, only those who ask for all of them are refused.
    cluster.stop_broker(2);
    let partition = the_partition(client.call(&request(-1), 9).await);
    assert_eq!(code(partition.error_code), ErrorCode::NotEnoughReplicas);
    let partition = the_partition(client.call(&request(1), 9).await);
    assert_eq!(
        (code(partition.error_code), partition.base_offset),
        (ErrorCode::None, 2)
    );
}

#[tokio::test]
async fn without_acknowledgement_there_is_no_answer_and_an_error_closes() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    for _ in 0..3 {
        client
            .send(
                &produce("t", Uuid::ZERO, 0, Some(batch(&["a"]))).with_acks(0),
                9,
            )
            .await;
    }
    // The next answer belongs to the next request that wants one.
    let partition = client.produce("t", 0, batch(&["b"])).await;
    assert_eq!(partition.base_offset, 3);
    client
        .send(
            &produce("nope", Uuid::ZERO, 0, Some(batch(&["a"]))).with_acks(0),
            9,
        )
        .await;
    client.expect_closed().await;
}

#[tokio::test(start_paused = true)]
async fn append_time_is_the_brokers_where_the_topic_says_so() {
    let cluster = cluster(1);
    cluster.create_topic_on("t", &[&[1]], &[("message.timestamp.type", "LogAppendTime")]);
    let mut client = Client::dial(&cluster, 1);
    tokio::time::advance(std::time::Duration::from_millis(250)).await;
    let far = NOW_MS * 2;
    let records = timed(
        &[(far, "a"), (5, "b")],
        Compression::Gzip,
        &BatchStamp::default(),
    );
    let partition = client.produce("t", 0, records).await;
    assert_eq!(
        (code(partition.error_code), partition.log_append_time_ms),
        (ErrorCode::None, NOW_MS + 250)
    );
    let stored = cluster.log("t", 0).pop().unwrap();
    assert_eq!(stored.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(stored.max_timestamp(), NOW_MS + 250);
    // The checksum was computed anew.
    assert_eq!(logged(&cluster, "t", 0).len(), 2);
}

#[tokio::test]
async fn partitions_of_one_request_fare_each_on_its_own() {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let mut request = produce("t", Uuid::ZERO, 0, Some(batch(&["a"])));
    let data = request.topic_data[0].partition_data[0].clone();
    let broken = changed(batch(&["b"]), |bytes| bytes[65] ^= 1);
    request.topic_data[0]
        .partition_data
        .push(data.clone().with_index(1).with_records(broken));
    request.topic_data[0]
        .partition_data
        .push(data.with_index(2));
    let mut client = Client::dial(&cluster, 1);
    let response = client.call(&request, 9).await;
    let codes: Vec<_> = response.responses[0]
        .partition_responses
        .iter()
        .map(|partition| (partition.index, code(partition.error_code)))
        .collect();
    assert_eq!(
        codes,
        [
            (0, ErrorCode::None),
            (1, ErrorCode::CorruptMessage),
            (2, ErrorCode::UnknownTopicOrPartition)
        ]
    );
    assert_eq!(
        (cluster.end_offset("t", 0), cluster.end_offset("t", 1)),
        (1, 0)
    );
}

#[tokio::test]
async fn transactional_batch_is_not_authorized() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let stamp = BatchStamp {
        producer_id: 1,
        producer_epoch: 0,
        base_sequence: 0,
        transactional: true,
        ..BatchStamp::default()
    };
    let records = stamped(&["a"], Compression::None, &stamp);
    refused(
        &cluster,
        9,
        Some(records),
        ErrorCode::TransactionalIdAuthorizationFailed,
        -1,
    )
    .await;
}

#[tokio::test]
async fn header_alone_is_believed_where_records_are_not_validated() {
    let builder = TestCluster::builder()
        .wall_clock_ms(NOW_MS)
        .validate_records(false);
    let cluster = builder.topic("t", 1).build_offline();
    let mut client = Client::dial(&cluster, 1);
    // A body that does not decompress.
    let broken = resealed(batch(&["a"]), |bytes| bytes[22] |= 1);
    let partition = client.produce("t", 0, broken).await;
    assert_eq!(code(partition.error_code), ErrorCode::None);
    let request: ProduceRequest = produce(
        "t",
        Uuid::ZERO,
        0,
        Some(timed(
            &[(NOW_MS * 2, "x")],
            Compression::None,
            &BatchStamp::default(),
        )),
    );
    let partition = the_partition(client.call(&request, 9).await);
    assert_eq!(code(partition.error_code), ErrorCode::InvalidTimestamp);
}

#[tokio::test]
async fn compacted_topics_take_no_record_without_key() {
    let cluster = cluster(1);
    cluster.create_topic_on("t", &[&[1]], &[("cleanup.policy", "compact")]);
    let mut client = Client::dial(&cluster, 1);
    let mut builder = BatchBuilder::new();
    for key in [Some(&b"k"[..]), None, Some(b"l"), None] {
        let record = NewRecord {
            timestamp: NOW_MS,
            key,
            value: Some(b"v"),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let sealed = builder.seal(&mut Compressor::new(Compression::None).unwrap());
    let records = sealed.unwrap().to_record_bytes(&BatchStamp::default());
    let refused = client.produce("t", 0, records).await;
    assert_eq!(code(refused.error_code), ErrorCode::InvalidRecord);
    let wrong: Vec<_> = refused
        .record_errors
        .iter()
        .map(|it| it.batch_index)
        .collect();
    assert_eq!(wrong, [1, 3]);
    assert!(refused.error_message.is_some());
}

#[tokio::test]
async fn batches_are_stored_in_the_codec_of_their_topic() {
    let codecs = [
        ("uncompressed", Compression::None),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ];
    for (name, stored) in codecs {
        let cluster = cluster(1);
        cluster.create_topic_on("t", &[&[1]], &[("compression.type", name)]);
        let mut client = Client::dial(&cluster, 1);
        for (_, sent) in codecs {
            let batch = stamped(&["a", "b"], sent, &BatchStamp::default());
            let answer = client.produce("t", 0, batch).await;
            assert_eq!(
                code(answer.error_code),
                ErrorCode::None,
                "{sent:?} to {name}"
            );
        }
        let batches = cluster.log("t", 0);
        assert!(
            batches.iter().all(|batch| batch.compression() == stored),
            "{name}"
        );
        let values: Vec<_> = logged(&cluster, "t", 0)
            .into_iter()
            .map(|(_, it)| it)
            .collect();
        assert_eq!(values, ["a", "b"].repeat(5), "{name}");
    }
}

#[tokio::test]
async fn internal_topics_take_no_records_from_clients() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    let find = FindCoordinatorRequest::new().with_key("g");
    client.call(&find, 1).await;
    let answer = client.produce("__consumer_offsets", 0, batch(&["a"])).await;
    assert_eq!(code(answer.error_code), ErrorCode::InvalidTopicException);
    assert_eq!(cluster.end_offset("__consumer_offsets", 0), 0);
}
