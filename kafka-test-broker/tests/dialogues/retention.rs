//! What becomes of old records: segments, retention, compaction.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_protocol::{ErrorCode, RecordBytes};
use kafka_test_broker::TestCluster;

use crate::client::{Client, NOW_MS, batch, cluster, code, logged, records, sequenced, timed};

fn topic(settings: &[(&str, &str)]) -> (TestCluster, Client) {
    let cluster = cluster(1);
    assert!(cluster.create_topic_on("t", &[&[1]], settings));
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

/// One batch of these keys and values.
fn keyed(all: &[(&str, Option<&str>)], compression: Compression) -> RecordBytes {
    let mut builder = BatchBuilder::new();
    for (key, value) in all {
        let record = NewRecord {
            timestamp: NOW_MS,
            key: Some(key.as_bytes()),
            value: value.map(str::as_bytes),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let sealed = builder.seal(&mut Compressor::new(compression).unwrap());
    sealed.unwrap().to_record_bytes(&BatchStamp::default())
}

/// Offsets of the records that are left.
fn offsets(cluster: &TestCluster) -> Vec<i64> {
    let logged = logged(cluster, "t", 0).into_iter();
    logged.map(|(offset, _)| offset).collect()
}

#[tokio::test(start_paused = true)]
async fn segments_go_when_they_are_too_old() {
    let (cluster, mut client) = topic(&[("retention.ms", "1000")]);
    for offset in 0..3 {
        client
            .produce(
                "t",
                0,
                timed(
                    &[(NOW_MS + offset, "x")],
                    Compression::None,
                    &BatchStamp::default(),
                ),
            )
            .await;
        cluster.roll_segment("t", 0);
    }
    assert!(!cluster.expire("t", 0));
    tokio::time::sleep(Duration::from_millis(1_001)).await;
    assert!(cluster.expire("t", 0));
    assert_eq!(
        (cluster.start_offset("t", 0), offsets(&cluster)),
        (1, vec![1, 2])
    );
    assert_eq!(records(client.fetch("t", 0, 1).await.records).len(), 2);
    // The last one too, though it was written to.
    client.produce("t", 0, batch(&["y"])).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(cluster.expire("t", 0));
    assert_eq!(
        (cluster.start_offset("t", 0), cluster.end_offset("t", 0)),
        (4, 4)
    );
    assert!(!cluster.expire("t", 0));
    assert_eq!(client.produce("t", 0, batch(&["z"])).await.base_offset, 4);
}

#[tokio::test]
async fn segments_go_when_they_are_too_many() {
    // The least that Kafka allows a segment, with room for one batch.
    let value = "x".repeat(700_000);
    let len = batch(&[&value]).len();
    let retained = (2 * len).to_string();
    let settings = [
        ("segment.bytes", "1048576"),
        ("retention.bytes", &*retained),
    ];
    let (cluster, mut client) = topic(&settings);
    for _ in 0..5 {
        client.produce("t", 0, batch(&[&value])).await;
    }
    assert!(cluster.expire("t", 0));
    assert_eq!(
        (cluster.start_offset("t", 0), offsets(&cluster)),
        (3, vec![3, 4])
    );
    assert!(!cluster.expire("t", 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_that_not_all_replicas_have() {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[("retention.ms", "0")]);
    let mut client = Client::dial(&cluster, 1);
    client.produce("t", 0, batch(&["a"])).await;
    cluster.roll_segment("t", 0);
    cluster.hold_back_replicas(2);
    client.produce("t", 0, batch(&["b"])).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(cluster.expire("t", 0));
    assert_eq!(cluster.start_offset("t", 0), 1);
}

#[tokio::test(start_paused = true)]
async fn brokers_clean_up_by_the_clock_when_asked_to() {
    let cluster = TestCluster::builder()
        .clean_up_interval(Duration::from_secs(300))
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic_on("t", &[&[1]], &[("retention.ms", "1000")]);
    let mut client = Client::dial(&cluster, 1);
    client.produce("t", 0, batch(&["a"])).await;
    tokio::time::sleep(Duration::from_secs(299)).await;
    assert_eq!(cluster.start_offset("t", 0), 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(cluster.start_offset("t", 0), 1);
}

#[tokio::test(start_paused = true)]
async fn cleaning_up_forgets_producers_idle_for_a_day() {
    let cluster = TestCluster::builder()
        .clean_up_interval(Duration::from_secs(300))
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let first = client.produce("t", 0, sequenced(9, 0, 0, &["a"])).await;
    assert_eq!(first.error_code, 0);
    cluster.jump_wall_clock(25 * 3_600_000);
    tokio::time::sleep(Duration::from_secs(301)).await;
    let kept = client.produce("t", 0, sequenced(9, 0, 5, &["b"])).await;
    assert_eq!(code(kept.error_code), ErrorCode::OutOfOrderSequenceNumber);
    cluster.jump_wall_clock(-25 * 3_600_000);
    for (hours, expected) in [
        (23, ErrorCode::OutOfOrderSequenceNumber),
        // Nothing is known of it, so that it may begin anywhere.
        (2, ErrorCode::None),
    ] {
        cluster.jump_wall_clock(hours * 3_600_000);
        // Kafka looks for them every ten minutes.
        tokio::time::sleep(Duration::from_secs(901)).await;
        let records = sequenced(9, 0, 7, &["b"]);
        let answer = client.produce("t", 0, records).await;
        assert_eq!(code(answer.error_code), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn compaction_keeps_the_last_of_each_key_where_it_lay() {
    let (cluster, mut client) = topic(&[("cleanup.policy", "compact")]);
    let some = |value| Some(value);
    for all in [
        &[("a", some("1")), ("b", some("1")), ("a", some("2"))][..],
        &[("c", some("1"))],
        &[("c", some("2")), ("a", some("3"))],
    ] {
        client.produce("t", 0, keyed(all, Compression::Lz4)).await;
    }
    assert!(!cluster.compact("t", 0), "there is but one segment");
    cluster.roll_segment("t", 0);
    client
        .produce("t", 0, keyed(&[("b", Some("2"))], Compression::None))
        .await;
    assert!(cluster.compact("t", 0));
    assert!(!cluster.compact("t", 0), "nothing new");
    let left = logged(&cluster, "t", 0);
    let left: Vec<_> = left
        .iter()
        .map(|(offset, value)| (*offset, &**value))
        .collect();
    // What is in the last segment is not looked at.
    assert_eq!(left, [(1, "1"), (4, "2"), (5, "3"), (6, "2")]);
    let batches = cluster.log("t", 0);
    let ranges: Vec<_> = batches
        .iter()
        .map(|it| (it.base_offset(), it.last_offset()))
        .collect();
    assert_eq!(ranges, [(0, 2), (4, 5), (6, 6)]);
    // Whoever asks for what is gone gets what comes after it.
    assert_eq!(records(client.fetch("t", 0, 3).await.records)[0].0, 4);
}

#[tokio::test(start_paused = true)]
async fn tombstones_stay_for_a_while() {
    let (cluster, mut client) = topic(&[
        ("cleanup.policy", "compact"),
        ("delete.retention.ms", "5000"),
    ]);
    let round = async |client: &mut Client| {
        cluster.roll_segment("t", 0);
        client
            .produce("t", 0, keyed(&[("z", Some("1"))], Compression::None))
            .await;
        cluster.compact("t", 0);
        offsets(&cluster)
    };
    client
        .produce(
            "t",
            0,
            keyed(&[("a", Some("1")), ("a", None)], Compression::None),
        )
        .await;
    assert_eq!(round(&mut client).await, [1, 2]);
    assert_eq!(
        cluster.log("t", 0)[0].delete_horizon(),
        Some(NOW_MS + 5_000)
    );
    tokio::time::sleep(Duration::from_millis(4_999)).await;
    assert_eq!(round(&mut client).await, [1, 2, 3]);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(round(&mut client).await, [3, 4]);
}

#[tokio::test]
async fn last_batch_of_a_producer_stays_if_empty() {
    let (cluster, mut client) = topic(&[("cleanup.policy", "compact")]);
    let sequenced = |sequence| {
        let mut builder = BatchBuilder::new();
        let record = NewRecord {
            timestamp: NOW_MS,
            key: Some(b"k"),
            value: Some(b"v"),
            headers: &[],
        };
        builder.append(&record).unwrap();
        let stamp = BatchStamp {
            producer_id: 7,
            producer_epoch: 0,
            base_sequence: sequence,
            ..BatchStamp::default()
        };
        let sealed = builder.seal(&mut Compressor::new(Compression::None).unwrap());
        sealed.unwrap().to_record_bytes(&stamp)
    };
    client.produce("t", 0, sequenced(0)).await;
    client.produce("t", 0, sequenced(1)).await;
    client
        .produce("t", 0, keyed(&[("k", Some("w"))], Compression::None))
        .await;
    cluster.roll_segment("t", 0);
    client
        .produce("t", 0, keyed(&[("z", Some("w"))], Compression::None))
        .await;
    assert!(cluster.compact("t", 0));
    let batches = cluster.log("t", 0);
    let left: Vec<_> = batches
        .iter()
        .map(|it| (it.base_offset(), it.record_count()))
        .collect();
    assert_eq!(left, [(1, 0), (2, 1), (3, 1)]);
    // A truncated log still knows where its producer was.
    cluster.truncate("t", 0, 3);
    let refused = client.produce("t", 0, sequenced(3)).await;
    assert_ne!(refused.error_code, 0);
    assert_eq!(client.produce("t", 0, sequenced(2)).await.error_code, 0);
}

#[tokio::test]
async fn topics_that_do_not_say_so_are_not_compacted() {
    let (cluster, mut client) = topic(&[]);
    for _ in 0..2 {
        client
            .produce("t", 0, keyed(&[("a", Some("1"))], Compression::None))
            .await;
        cluster.roll_segment("t", 0);
    }
    assert!(!cluster.compact("t", 0));
    assert_eq!(offsets(&cluster), [0, 1]);
}

/// Whatever is written, rolled and compacted, of each key the last value stays,
/// in the order of offsets, and nothing that was never written.
#[tokio::test]
async fn compaction_never_changes_what_keys_are() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (cluster, mut client) = topic(&[("cleanup.policy", "compact")]);
        let mut truth: BTreeMap<String, (i64, Option<String>)> = BTreeMap::new();
        let mut written: BTreeMap<i64, (String, Option<String>)> = BTreeMap::new();
        let codecs = [Compression::None, Compression::Gzip, Compression::Zstd];
        for turn in 0..40 {
            match random.u8(0..6) {
                0 => assert!(cluster.roll_segment("t", 0)),
                1 => drop(cluster.compact("t", 0)),
                _ => {
                    let all: Vec<(String, Option<String>)> = (0..random.usize(1..5))
                        .map(|at| {
                            let key = format!("k{}", random.u8(0..5));
                            let value = (random.u8(0..4) > 0).then(|| format!("{turn}.{at}"));
                            (key, value)
                        })
                        .collect();
                    let borrowed: Vec<_> = all
                        .iter()
                        .map(|(key, value)| (&**key, value.as_deref()))
                        .collect();
                    let codec = codecs[random.usize(0..codecs.len())];
                    let answer = client.produce("t", 0, keyed(&borrowed, codec)).await;
                    assert_eq!(answer.error_code, 0);
                    for (offset, (key, value)) in (answer.base_offset..).zip(all) {
                        truth.insert(key.clone(), (offset, value.clone()));
                        written.insert(offset, (key, value));
                    }
                }
            }
            let left = offsets(&cluster);
            assert!(left.is_sorted_by(|a, b| a < b), "seed {seed}");
            assert!(left.iter().all(|offset| written.contains_key(offset)));
            for (key, (offset, _)) in &truth {
                assert!(left.contains(offset), "seed {seed}: {key} at {offset}");
            }
        }
    }
}
