//! Trouble on the way: each kind with a clear error or none, nothing lost, nothing
//! twice, and the other partitions undisturbed.

mod support;

use std::time::Duration;

use kafka_consumer::{Assignment, ConsumerConfig, OffsetReset, Start};
use kafka_net::ErrorKind;
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};

use support::{Bench, bench, next, next_error, nothing, offsets, read, until, with};

/// Topic "t" with ten batches of one record in partition 0, and an empty partition 1.
async fn ten(builder: kafka_test_broker::TestClusterBuilder) -> Bench {
    let bench = with(builder);
    bench.cluster.create_topic("t", 2);
    bench.fill("t", 0, 10, 10).await;
    bench
}

async fn ten_on_one() -> Bench {
    ten(TestCluster::builder()).await
}

fn fetches() -> Condition {
    Condition::api(ApiKey::Fetch)
}

#[tokio::test(start_paused = true)]
async fn an_offset_beyond_the_end_goes_where_the_policy_says() {
    let bench = ten_on_one().await;
    bench.cluster.delete_records("t", 0, 4);
    let config = |policy| ConsumerConfig::default().offset_reset(policy);
    for start in [Start::Offset(1_000), Start::Offset(2)] {
        let mut earliest = bench.reading(config(OffsetReset::Earliest), start);
        assert_eq!(offsets(&mut earliest, 6).await, [4, 5, 6, 7, 8, 9]);

        let mut latest = bench.reading(config(OffsetReset::Latest), start);
        nothing(&mut latest).await;
        assert_eq!(latest.position("t", 0), Some(10));

        let mut fail = bench.reading(config(OffsetReset::Fail), start);
        let error = next_error(&mut fail).await;
        assert_eq!(*error.kind(), ErrorKind::OffsetOutOfRange);
        let offset = fail.position("t", 0).unwrap().to_string();
        let text = error.to_string();
        for part in ["t-0", &offset, "offsets 4 to 10", "offset_reset"] {
            assert!(text.contains(part), "{text}");
        }
        nothing(&mut fail).await;
        assert_eq!(fail.metrics().stopped_partitions, 1);
        fail.seek("t", 0, Start::Offset(8)).unwrap();
        assert_eq!(offsets(&mut fail, 2).await, [8, 9]);
    }
}

#[tokio::test(start_paused = true)]
async fn records_deleted_under_way_reset_the_position_behind_what_was_fetched() {
    let bench = ten_on_one().await;
    let config = ConsumerConfig::default().partition_fetch_bytes(1_024);
    let mut consumer = bench.reading(config, Start::Earliest);
    assert_eq!(offsets(&mut consumer, 1).await, [0]);
    consumer.pause([("t", 0)]).unwrap();
    bench.fill("t", 0, 90, 100).await;
    bench.cluster.delete_records("t", 0, 95);
    consumer.resume([("t", 0)]).unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&99) {
        seen.extend(offsets(&mut consumer, 1).await);
    }
    let kept: Vec<i64> = (95..100).collect();
    assert!(seen.ends_with(&kept), "{seen:?}");
    assert!(seen.is_sorted(), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_checksum_is_told_once_and_stops_that_partition_alone() {
    let bench = ten_on_one().await;
    bench.fill("t", 1, 3, 10).await;
    bench.cluster.corrupt("t", 0, 4);
    let mut consumer = bench.consumer(ConsumerConfig::default());
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    let (mut seen, mut errors) = (Vec::new(), Vec::new());
    while seen.len() < 7 || errors.is_empty() {
        match next(&mut consumer).await {
            Ok(batch) => seen.push((batch.partition(), batch.first_offset())),
            Err(error) => errors.push(error),
        }
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
    );
    let text = errors[0].to_string();
    assert_eq!(*errors[0].kind(), ErrorKind::Corrupt);
    for part in ["t-0", "offset 4", "CRC", "seek to 5"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(
        consumer.position("t", 0),
        Some(4),
        "the damage is not passed over"
    );
    nothing(&mut consumer).await;
    // The other one lives on, and so does this one behind the damage.
    bench.fill("t", 1, 1, 10).await;
    assert_eq!(read(&mut consumer, 1).await[0].0, 1);
    consumer.seek("t", 0, Start::Offset(5)).unwrap();
    assert_eq!(offsets(&mut consumer, 5).await, [5, 6, 7, 8, 9]);
    // Mended, it can be read.
    bench.cluster.corrupt("t", 0, 4);
    consumer.seek("t", 0, Start::Offset(4)).unwrap();
    assert_eq!(offsets(&mut consumer, 1).await, [4]);
}

#[tokio::test(start_paused = true)]
async fn damage_on_the_way_is_seen() {
    let bench = ten_on_one().await;
    let faults = bench.cluster.faults();
    let id = faults.add(Fault::new(fetches(), Reaction::CorruptRecords).once());
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    let error = next_error(&mut consumer).await;
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert_eq!(faults.hits(id), 1);
    consumer.seek("t", 0, Start::Offset(0)).unwrap();
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_an_answer_every_record_comes_once() {
    for reaction in [
        Reaction::DropBeforeApply,
        Reaction::DropAfterApply,
        Reaction::CloseConnection,
        Reaction::Truncate,
        Reaction::Garbage,
        Reaction::WrongCorrelationId,
        Reaction::OversizedLength,
        Reaction::DuplicateAnswer,
        Reaction::Silence,
        Reaction::Delay(Duration::from_secs(100)),
        Reaction::TopLevelError(ErrorCode::UnknownServerError),
        Reaction::TopLevelError(ErrorCode::FetchSessionIdNotFound),
        Reaction::Error(ErrorCode::NotLeaderOrFollower),
        Reaction::Error(ErrorCode::UnknownTopicId),
        Reaction::Error(ErrorCode::KafkaStorageError),
        Reaction::Error(ErrorCode::UnknownLeaderEpoch),
    ] {
        let bench = ten_on_one().await;
        let faults = bench.cluster.faults();
        let id = faults.add(Fault::new(fetches().every(2), reaction.clone()).times(4));
        let config = ConsumerConfig::default().partition_fetch_bytes(1_024);
        let mut consumer = bench.reading(config, Start::Earliest);
        let all: Vec<i64> = (0..60).collect();
        let reader = tokio::spawn(async move { offsets(&mut consumer, 60).await });
        for _ in 0..5 {
            bench.fill("t", 0, 10, 300).await;
            tokio::time::sleep(Duration::from_secs(100)).await;
        }
        assert_eq!(reader.await.unwrap(), all, "{reaction:?}");
        assert_eq!(faults.hits(id), 4, "{reaction:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_while_the_first_offset_is_looked_up() {
    for reaction in [
        Reaction::DropBeforeApply,
        Reaction::Garbage,
        Reaction::Silence,
        Reaction::Error(ErrorCode::NotLeaderOrFollower),
        Reaction::Error(ErrorCode::OffsetNotAvailable),
        Reaction::Error(ErrorCode::UnknownServerError),
    ] {
        let bench = ten_on_one().await;
        let look_ups = Condition::api(ApiKey::ListOffsets);
        let faults = bench.cluster.faults();
        // Two timeouts would last long enough to be reported.
        let times = if reaction == Reaction::Silence { 1 } else { 3 };
        let id = faults.add(Fault::new(look_ups, reaction.clone()).times(times));
        let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
        assert_eq!(offsets(&mut consumer, 10).await.len(), 10, "{reaction:?}");
        assert_eq!(faults.hits(id), times, "{reaction:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_moves_is_followed() {
    let bench = with(TestCluster::builder().brokers(3));
    bench.cluster.create_topic_on("t", &[&[1, 2, 3]], &[]);
    let config = ConsumerConfig::default().partition_fetch_bytes(1_024);
    let mut consumer = bench.reading(config, Start::Earliest);
    let reader = tokio::spawn(async move { offsets(&mut consumer, 120).await });
    for to in [2, 3, 1, 1, 2, 3] {
        bench.fill("t", 0, 20, 100).await;
        assert!(bench.cluster.move_leader("t", 0, to));
        // Long enough for a long poll at the old leader, and shorter.
        let wait = if to == 1 { 20 } else { 700 };
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let refreshed = bench
            .router
            .refresh(&["t"], kafka_net::clock::now() + support::LONG);
        refreshed.await.unwrap();
    }
    assert_eq!(reader.await.unwrap(), (0..120).collect::<Vec<i64>>());
}

#[tokio::test(start_paused = true)]
async fn a_moved_leader_costs_one_round_trip_and_no_metadata() {
    let bench = ten(TestCluster::builder().brokers(3)).await;
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
    // Each broker once, so that a move costs no connection either.
    let mut end = 10;
    for to in [1, 2, 3] {
        bench.cluster.move_leader("t", 0, to);
        bench.fill("t", 0, 1, 10).await;
        assert_eq!(offsets(&mut consumer, 1).await, [end]);
        end += 1;
    }
    // The producer behind `fill` asks for no metadata either.
    let asked = || bench.cluster.requests_seen(ApiKey::Metadata);
    let metadata = asked();
    for to in [1, 2, 3, 1] {
        assert!(bench.cluster.move_leader("t", 0, to));
        bench.fill("t", 0, 1, 10).await;
        let begun = tokio::time::Instant::now();
        assert_eq!(offsets(&mut consumer, 1).await, [end]);
        // No backoff, which is 80 ms at least.
        assert!(begun.elapsed() < Duration::from_millis(50), "to {to}");
        end += 1;
    }
    assert_eq!(asked(), metadata);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_restarts_is_read_on() {
    let bench = ten(TestCluster::builder()).await;
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
    for _ in 0..3 {
        bench.cluster.stop_broker(1);
        nothing(&mut consumer).await;
        assert!(bench.cluster.start_broker(1));
        bench.fill("t", 0, 10, 10).await;
        assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
    }
    assert_eq!(consumer.position("t", 0), Some(40));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stays_away_is_reported_once_a_minute_and_comes_back() {
    let bench = ten_on_one().await;
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
    bench.cluster.stop_broker(1);
    let before = tokio::time::Instant::now();
    for minutes in 1..=3 {
        let error = next_error(&mut consumer).await;
        assert!(error.is_retriable(), "{error}");
        let passed = before.elapsed().as_secs();
        assert!(
            (minutes * 58..minutes * 66).contains(&passed),
            "{passed} s: {error}"
        );
    }
    bench.cluster.start_broker(1);
    bench.fill("t", 0, 1, 10).await;
    assert_eq!(offsets(&mut consumer, 1).await, [10]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_partition_and_lets_the_others_be() {
    let bench = ten_on_one().await;
    bench.fill("t", 1, 1, 10).await;
    let refused = Reaction::Error(ErrorCode::TopicAuthorizationFailed);
    let id = bench
        .cluster
        .faults()
        .add(Fault::new(fetches().partition(0), refused));
    let mut consumer = bench.consumer(ConsumerConfig::default());
    consumer.assign_topic("t", Start::Offset(0)).await.unwrap();
    let (mut errors, mut seen) = (Vec::new(), Vec::new());
    while errors.is_empty() || seen.is_empty() {
        match next(&mut consumer).await {
            Ok(batch) => seen.push(batch.partition()),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(seen, [1]);
    assert_eq!(
        errors[0].broker_error(),
        Some(ErrorCode::TopicAuthorizationFailed)
    );
    assert!(errors[0].to_string().contains("t-0"), "{}", errors[0]);
    bench.cluster.faults().remove(id);
    consumer.seek("t", 0, Start::Offset(0)).unwrap();
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_does_not_exist_is_told_and_read_once_it_does() {
    let bench = with(TestCluster::builder().auto_create_topics(false));
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    let before = tokio::time::Instant::now();
    let error = next_error(&mut consumer).await;
    let text = error.to_string();
    assert!(
        text.contains('t') && text.contains("UNKNOWN_TOPIC"),
        "{text}"
    );
    assert!(
        before.elapsed() <= Duration::from_secs(62),
        "{:?}",
        before.elapsed()
    );
    bench.cluster.create_topic("t", 1);
    bench.produce("t", 0, &["a"]).await;
    assert_eq!(offsets(&mut consumer, 1).await, [0]);

    let error = bench
        .consumer(ConsumerConfig::default())
        .assign_topic("missing", Start::Earliest)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_does_not_exist_is_told() {
    let bench = ten_on_one().await;
    let mut consumer = bench.consumer(ConsumerConfig::default());
    let assignments = [0, 7].map(|p| Assignment::new("t", p, Start::Earliest));
    consumer.assign(assignments).unwrap();
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
    let error = next_error(&mut consumer).await;
    assert!(error.to_string().contains("t-7"), "{error}");
    assert_eq!(
        error.broker_error(),
        Some(ErrorCode::UnknownTopicOrPartition)
    );
}

#[tokio::test(start_paused = true)]
async fn a_topic_created_anew_is_read_from_where_the_policy_says() {
    for policy in [OffsetReset::Earliest, OffsetReset::Fail] {
        let bench = ten_on_one().await;
        let config = ConsumerConfig::default().offset_reset(policy);
        let mut consumer = bench.reading(config, Start::Earliest);
        assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
        bench.cluster.delete_topic("t");
        bench.cluster.create_topic("t", 2);
        bench.fill("t", 0, 20, 10).await;
        if policy == OffsetReset::Fail {
            let error = next_error(&mut consumer).await;
            assert!(error.to_string().contains("created anew"), "{error}");
            consumer.seek("t", 0, Start::Earliest).unwrap();
        }
        assert_eq!(
            offsets(&mut consumer, 20).await,
            (0..20).collect::<Vec<i64>>()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_above_every_limit_still_comes() {
    let bench = bench();
    bench.cluster.create_topic("t", 2);
    for partition in 0..2 {
        bench.fill("t", partition, 3, 200_000).await;
    }
    let config = ConsumerConfig::default()
        .partition_fetch_bytes(1_024)
        .fetch_max_bytes(2_048)
        .prefetch_bytes(2_048);
    let mut consumer = bench.consumer(config);
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    assert_eq!(read(&mut consumer, 6).await.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_costs_one_timeout_and_disturbs_nobody() {
    let bench = with(TestCluster::builder().brokers(2));
    bench.cluster.create_topic_on("t", &[&[1], &[2]], &[]);
    bench.fill("t", 0, 1, 10).await;
    let silent = Fault::new(fetches().broker(1), Reaction::Silence).once();
    bench.cluster.faults().add(silent);
    let mut consumer = bench.consumer(ConsumerConfig::default());
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    let before = tokio::time::Instant::now();
    for n in 0..5 {
        bench.produce("t", 1, &["x"]).await;
        assert_eq!(read(&mut consumer, 1).await[0].0, 1, "{n}");
    }
    assert!(before.elapsed() < Duration::from_secs(1));
    assert_eq!(read(&mut consumer, 1).await[0].0, 0);
    let passed = before.elapsed();
    assert!(
        passed > Duration::from_secs(30) && passed < Duration::from_secs(33),
        "{passed:?}"
    );
    until(|| consumer.metrics().failed_fetches == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_died_is_not_waited_for_once_there_is_another() {
    let bench = ten(TestCluster::builder()
        .brokers(3)
        .default_replication_factor(3))
    .await;
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    assert_eq!(offsets(&mut consumer, 10).await.len(), 10);
    let leader = bench.cluster.leader("t", 0).unwrap();
    let (_, port) = bench.cluster.broker_address(leader).unwrap();
    bench
        .refused
        .store(port, std::sync::atomic::Ordering::Relaxed);
    let faults = bench.cluster.faults();
    let fault = Fault::new(fetches().broker(leader), Reaction::DropBeforeApply);
    let fault = faults.add(fault);
    // The cluster takes its time to notice.
    tokio::time::sleep(Duration::from_secs(3)).await;
    faults.remove(fault);
    let mut others = bench.cluster.broker_ids().into_iter();
    let other = others.find(|id| *id != leader).unwrap();
    assert!(bench.cluster.move_leader("t", 0, other));
    bench.fill("t", 0, 1, 10).await;
    let begun = tokio::time::Instant::now();
    offsets(&mut consumer, 1).await;
    let time = begun.elapsed();
    assert!(time < Duration::from_secs(5), "{time:?}");
}
