//! What is in the log comes out, from wherever reading begins.

mod support;

use std::time::Duration;

use kafka_consumer::{Assignment, ConsumerConfig, OwnedRecord, Start, TimestampType};
use kafka_net::ErrorKind;
use kafka_protocol::records::{BatchBuilder, Compression, Header, NewRecord};
use kafka_protocol::{ApiKey, VersionRange};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster};

use support::{LONG, bench, next, nothing, offsets, read, with};

#[tokio::test(start_paused = true)]
async fn every_codec_comes_out_as_it_went_in() {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    for codec in Compression::ALL {
        bench.produce_as("t", 0, &["a", "b"], codec).await;
    }
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    for (n, codec) in (0..).zip(Compression::ALL) {
        let batch = next(&mut consumer).await.unwrap();
        assert_eq!(batch.compression(), codec);
        assert_eq!((batch.topic().as_str(), batch.partition()), ("t", 0));
        assert_eq!(
            (batch.first_offset(), batch.last_offset()),
            (2 * n, 2 * n + 1)
        );
        assert_eq!((batch.len(), batch.is_empty()), (2, false));
        assert_eq!(batch.high_watermark(), 10);
        assert_eq!(batch.timestamp_type(), TimestampType::CreateTime);
        let values: Vec<_> = batch
            .records()
            .map(|record| record.value().unwrap())
            .collect();
        assert_eq!(values, [b"a", b"b"]);
        let timestamps: Vec<_> = batch.records().map(|record| record.timestamp()).collect();
        assert_eq!(timestamps, [1_000, 1_001]);
        assert_eq!(consumer.position("t", 0), Some(2 * n + 2));
    }
    assert_eq!(consumer.lag("t", 0), Some(0));
    let metrics = consumer.metrics();
    assert_eq!((metrics.batches, metrics.records), (5, 10));
    assert_eq!(
        (metrics.buffered_bytes, metrics.assigned_partitions),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn records_of_all_brokers_come_once_and_in_order_of_their_partitions() {
    let bench = with(TestCluster::builder().brokers(3));
    bench.cluster.create_topic("t", 6);
    for partition in 0..6 {
        for n in 0..20 {
            bench.produce("t", partition, &[&n.to_string()]).await;
        }
    }
    let mut consumer = bench.consumer(ConsumerConfig::default().partition_fetch_bytes(1024));
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    assert_eq!(consumer.assignment().len(), 6);
    let records = read(&mut consumer, 120).await;
    for partition in 0..6 {
        let offsets = records.iter().filter(|(p, _, _)| *p == partition);
        let offsets: Vec<i64> = offsets.map(|(_, offset, _)| *offset).collect();
        assert_eq!(offsets, (0..20).collect::<Vec<_>>());
    }
    assert!(
        records
            .iter()
            .all(|(_, offset, value)| *value == offset.to_string())
    );
    nothing(&mut consumer).await;
}

#[tokio::test(start_paused = true)]
async fn each_start_begins_where_it_says() {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    // Timestamps 1000 to 1004 each.
    for _ in 0..3 {
        bench.produce("t", 0, &["a", "b", "c", "d", "e"]).await;
    }
    bench.cluster.delete_records("t", 0, 5);
    for (start, first) in [
        (Start::Earliest, 5),
        (Start::Offset(7), 7),
        (Start::Timestamp(1_003), 8),
    ] {
        let mut consumer = bench.reading(ConsumerConfig::default(), start);
        let expected: Vec<i64> = (first..15).collect();
        assert_eq!(
            offsets(&mut consumer, expected.len()).await,
            expected,
            "{start:?}"
        );
    }
    for start in [Start::Latest, Start::Timestamp(9_999), Start::Offset(15)] {
        let mut consumer = bench.reading(ConsumerConfig::default(), start);
        nothing(&mut consumer).await;
        assert_eq!(consumer.position("t", 0), Some(15), "{start:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_a_fetch_waits_is_there_at_once() {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    nothing(&mut consumer).await;
    let requests = bench.cluster.requests_seen(ApiKey::Fetch);
    assert!((8..15).contains(&requests), "{requests} in five seconds");
    let before = tokio::time::Instant::now();
    bench.produce("t", 0, &["a"]).await;
    next(&mut consumer).await.unwrap();
    assert!(
        before.elapsed() < Duration::from_millis(5),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn every_version_of_the_requests_reads_the_same() {
    for version in 4..=18 {
        let builder = TestCluster::builder().era(Era::EveryVersion).api_versions(
            ApiKey::Fetch,
            VersionRange {
                min: 0,
                max: version,
            },
        );
        let bench = with(builder);
        bench.cluster.create_topic("t", 1);
        bench.produce("t", 0, &["a", "b"]).await;
        let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
        assert_eq!(offsets(&mut consumer, 2).await, [0, 1], "Fetch v{version}");
    }
    for version in 0..=11 {
        let builder = TestCluster::builder().era(Era::EveryVersion).api_versions(
            ApiKey::ListOffsets,
            VersionRange {
                min: 0,
                max: version,
            },
        );
        let bench = with(builder);
        bench.cluster.create_topic("t", 1);
        bench.produce("t", 0, &["a", "b"]).await;
        bench.cluster.delete_records("t", 0, 1);
        let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
        assert_eq!(
            offsets(&mut consumer, 1).await,
            [1],
            "ListOffsets v{version}"
        );
        let mut consumer = bench.reading(ConsumerConfig::default(), Start::Timestamp(1_001));
        if version == 0 {
            let error = next(&mut consumer).await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::UnsupportedVersion);
            let text = error.to_string();
            assert!(text.contains("t-0") && text.contains("0.10.1"), "{text}");
        } else {
            assert_eq!(
                offsets(&mut consumer, 1).await,
                [1],
                "ListOffsets v{version}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn records_one_by_one_own_all_their_parts() {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    let large = vec![b'l'; 100_000];
    let headers = [
        Header {
            key: "h",
            value: Some(b"1"),
        },
        Header {
            key: "h",
            value: None,
        },
    ];
    let mut builder = BatchBuilder::new();
    for (timestamp, key, value, headers) in [
        (5, Some(&b"k"[..]), Some(&b"v"[..]), &headers[..]),
        (6, None, None, &[]),
        (7, Some(b""), Some(&large), &[]),
    ] {
        let record = NewRecord {
            timestamp,
            key,
            value,
            headers,
        };
        builder.append(&record).unwrap();
    }
    bench.append("t", 0, builder, Compression::None).await;
    let consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    let mut stream = consumer.records();
    let mut records: Vec<OwnedRecord> = Vec::new();
    for _ in 0..3 {
        let record = tokio::time::timeout(LONG, stream.next_record()).await;
        records.push(record.unwrap().unwrap().unwrap());
        assert_eq!(consumer.position("t", 0), Some(records.len() as i64));
    }
    let [first, second, third] = &records[..] else {
        panic!("{records:?}");
    };
    assert_eq!(first.key.as_deref(), Some(&b"k"[..]));
    assert_eq!(first.value.as_deref(), Some(&b"v"[..]));
    assert_eq!((first.offset, first.timestamp), (0, 5));
    assert_eq!((first.topic.as_str(), first.partition), ("t", 0));
    let seen: Vec<_> = first
        .headers
        .iter()
        .map(|header| (header.key.as_str(), header.value.as_deref()))
        .collect();
    assert_eq!(seen, [("h", Some(&b"1"[..])), ("h", None)]);
    assert_eq!((&second.key, &second.value), (&None, &None));
    assert_eq!(third.key.as_deref(), Some(&b""[..]));
    assert_eq!(third.value.as_deref(), Some(&large[..]));
    assert_eq!(third.position().offset(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_within_a_batch_gives_the_rest_back() {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    bench.produce("t", 0, &["a", "b", "c", "d"]).await;
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    let mut stream = consumer.records();
    assert_eq!(stream.next_record().await.unwrap().unwrap().offset, 0);
    drop(stream);
    // One by one, and then the rest as a batch, from the same handle.
    assert_eq!(consumer.next_record().await.unwrap().unwrap().offset, 1);
    assert_eq!(consumer.position("t", 0), Some(2));
    let batch = next(&mut consumer).await.unwrap();
    assert_eq!((batch.first_offset(), batch.len()), (2, 2));
    assert_eq!(consumer.metrics().records, 4);
    assert_eq!(consumer.metrics().buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn clones_share_the_work_and_no_record_goes_to_two() {
    let bench = bench();
    bench.cluster.create_topic("t", 3);
    for partition in 0..3 {
        bench.fill("t", partition, 30, 10).await;
    }
    let consumer = bench.consumer(ConsumerConfig::default().partition_fetch_bytes(1024));
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let mut consumer = consumer.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while let Some(batch) = consumer.next_batch().await.unwrap() {
                    seen.extend(batch.records().map(|r| (batch.partition(), r.offset())));
                    tokio::task::yield_now().await;
                }
                seen
            })
        })
        .collect();
    support::until(|| consumer.metrics().records == 90).await;
    consumer.close(Duration::from_secs(5)).await.unwrap();
    let mut seen = Vec::new();
    for worker in workers {
        seen.extend(worker.await.unwrap());
    }
    seen.sort_unstable();
    let expected: Vec<_> = (0..3).flat_map(|p| (0..30).map(move |o| (p, o))).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn waiting_data_do_not_hold_up_other_partitions() {
    let bench = bench();
    bench.cluster.create_topic("t", 2);
    bench.fill("t", 0, 40, 900).await;
    let config = ConsumerConfig::default().partition_fetch_bytes(2_048);
    let mut consumer = bench.consumer(config);
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    // Partition 0 has more than fits; nobody takes it.
    support::until(|| consumer.metrics().buffered_bytes > 2_048).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.produce("t", 1, &["late"]).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let mut partitions = Vec::new();
    for _ in 0..2 {
        partitions.push(next(&mut consumer).await.unwrap().partition());
    }
    assert!(partitions.contains(&1), "{partitions:?}");
    // And what has room again is fetched at once, though partition 1 has nothing.
    let before = tokio::time::Instant::now();
    read(&mut consumer, 39).await;
    assert!(
        before.elapsed() < Duration::from_millis(50),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_next_fetch_is_under_way_before_the_caller_comes_back() {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    bench.fill("t", 0, 20, 900).await;
    let config = ConsumerConfig::default().partition_fetch_bytes(4_096);
    let mut consumer = bench.reading(config, Start::Earliest);
    next(&mut consumer).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let metrics = consumer.metrics();
    assert!(metrics.fetches >= 2, "{metrics:?}");
    assert!(metrics.buffered_bytes > 4_096, "{metrics:?}");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_answer_that_is_late_does_not_hold_up_another_brokers() {
    let bench = with(TestCluster::builder().brokers(2));
    bench.cluster.create_topic_on("t", &[&[1], &[2]], &[]);
    bench.produce("t", 0, &["slow"]).await;
    bench.produce("t", 1, &["quick"]).await;
    let slow = Condition::api(ApiKey::Fetch).broker(1);
    let delay = Reaction::Delay(Duration::from_secs(20));
    bench.cluster.faults().add(Fault::new(slow, delay));
    let mut consumer = bench.consumer(ConsumerConfig::default());
    let assignments = [0, 1].map(|p| Assignment::new("t", p, Start::Earliest));
    consumer.assign(assignments).unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(next(&mut consumer).await.unwrap().partition(), 1);
    assert!(before.elapsed() < Duration::from_secs(1));
    assert_eq!(next(&mut consumer).await.unwrap().partition(), 0);
    assert!(before.elapsed() > Duration::from_secs(19));
}
