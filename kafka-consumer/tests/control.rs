//! Pausing, seeking and changing the assignment while data are on their way; the
//! bound on memory; closing and being dropped.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use kafka_consumer::{Assignment, ConsumerConfig, Start, TopicPartition};
use kafka_net::ErrorKind;
use kafka_protocol::ApiKey;
use kafka_test_broker::TestCluster;

use support::{Bench, bench, next, nothing, offsets, read, until, with};

/// Topic "t" with `partitions` partitions of `count` batches of one record.
async fn filled(partitions: i32, count: usize, bytes: usize) -> Bench {
    let bench = bench();
    bench.cluster.create_topic("t", partitions);
    for partition in 0..partitions {
        bench.fill("t", partition, count, bytes).await;
    }
    bench
}

fn small() -> ConsumerConfig {
    ConsumerConfig::default().partition_fetch_bytes(4_096)
}

#[tokio::test(start_paused = true)]
async fn paused_partitions_rest_and_go_on_where_they_were() {
    let bench = filled(2, 50, 300).await;
    let mut consumer = bench.consumer(small());
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    read(&mut consumer, 10).await;
    consumer.pause([("t", 0)]).unwrap();
    assert_eq!(consumer.paused(), [TopicPartition::new("t", 0)]);
    let stood_at = consumer.position("t", 0).unwrap();
    let rest = 50 - consumer.position("t", 1).unwrap();
    let records = read(&mut consumer, usize::try_from(rest).unwrap()).await;
    assert!(records.iter().all(|(partition, _, _)| *partition == 1));
    nothing(&mut consumer).await;
    assert_eq!(consumer.position("t", 0), Some(stood_at));
    consumer.resume([("t", 0)]).unwrap();
    let rest: Vec<i64> = (stood_at..50).collect();
    assert_eq!(offsets(&mut consumer, rest.len()).await, rest);
    let error = consumer.pause([("t", 5)]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn a_seek_holds_from_the_next_record_on() {
    let bench = filled(1, 50, 300).await;
    let mut consumer = bench.reading(small(), Start::Earliest);
    for (round, target) in [40, 3, 0, 49, 20, 20].into_iter().enumerate() {
        // At every stage of the fetching.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        consumer.seek("t", 0, Start::Offset(target)).unwrap();
        assert_eq!(consumer.position("t", 0), Some(target));
        assert_eq!(offsets(&mut consumer, 1).await, [target]);
    }
    consumer.seek("t", 0, Start::Earliest).unwrap();
    assert_eq!(
        offsets(&mut consumer, 50).await,
        (0..50).collect::<Vec<i64>>()
    );
    consumer.seek("t", 0, Start::Latest).unwrap();
    nothing(&mut consumer).await;
    assert_eq!(consumer.position("t", 0), Some(50));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_records_heeds_a_pause_and_a_seek_within_a_batch() {
    let bench = bench();
    bench.cluster.create_topic("t", 2);
    bench.produce("t", 0, &["0", "1", "2", "3", "4", "5"]).await;
    let consumer = bench.reading(small(), Start::Earliest);
    let mut stream = consumer.records();
    assert_eq!(stream.next().await.unwrap().unwrap().offset, 0);
    consumer.pause([("t", 0)]).unwrap();
    let wait = tokio::time::timeout(Duration::from_secs(3), stream.next());
    assert!(wait.await.is_err(), "paused in the middle of a batch");
    assert_eq!(consumer.position("t", 0), Some(1));
    consumer.resume([("t", 0)]).unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().offset, 1);
    consumer.seek("t", 0, Start::Offset(4)).unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().offset, 4);
    consumer
        .assign([Assignment::new("t", 1, Start::Earliest)])
        .unwrap();
    bench.produce("t", 1, &["x"]).await;
    let record = stream.next().await.unwrap().unwrap();
    assert_eq!((record.partition, record.offset), (1, 0));
    assert_eq!(consumer.metrics().buffered_bytes, 0);
    consumer.close(Duration::from_secs(1)).await.unwrap();
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_assignment_changes_while_data_are_on_their_way() {
    let bench = filled(4, 20, 300).await;
    let mut consumer = bench.consumer(small());
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    read(&mut consumer, 7).await;
    consumer.incremental_unassign([("t", 0), ("t", 1), ("t", 9)]);
    let two = [TopicPartition::new("t", 2), TopicPartition::new("t", 3)];
    assert_eq!(consumer.assignment(), two);
    assert_eq!(consumer.position("t", 0), None);
    let left: i64 = [2, 3]
        .map(|p| 20 - consumer.position("t", p).unwrap())
        .iter()
        .sum();
    let records = read(&mut consumer, usize::try_from(left).unwrap()).await;
    assert!(records.iter().all(|(partition, _, _)| *partition >= 2));
    nothing(&mut consumer).await;
    consumer
        .incremental_assign([
            Assignment::new("t", 0, Start::Offset(15)),
            Assignment::new("t", 2, Start::Earliest),
        ])
        .unwrap();
    let records = read(&mut consumer, 5).await;
    assert!(records.iter().all(|(partition, _, _)| *partition == 0));
    nothing(&mut consumer).await;
    consumer
        .assign([Assignment::new("t", 2, Start::Offset(18))])
        .unwrap();
    assert_eq!(offsets(&mut consumer, 2).await, [18, 19]);
    consumer.assign([]).unwrap();
    nothing(&mut consumer).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_stays_within_the_budget() {
    let bench = with(TestCluster::builder().brokers(3));
    bench.cluster.create_topic("t", 12);
    for partition in 0..12 {
        bench.fill("t", partition, 30, 1_000).await;
    }
    let config = ConsumerConfig::default()
        .partition_fetch_bytes(8_192)
        .prefetch_bytes(40_000);
    let mut consumer = bench.consumer(config);
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    let mut count = 0;
    while count < 12 * 30 {
        // A caller that is slow now and then, and pauses others meanwhile.
        if count % 40 == 0 {
            consumer.pause([("t", count % 12)]).unwrap();
            tokio::time::sleep(Duration::from_secs(2)).await;
            consumer.resume([("t", count % 12)]).unwrap();
        }
        let batch = next(&mut consumer).await.unwrap();
        count += i32::try_from(batch.len()).unwrap();
        let metrics = consumer.metrics();
        assert!(metrics.fetches_in_flight <= 3, "{metrics:?}");
    }
    let metrics = consumer.metrics();
    assert!(metrics.max_buffered_bytes > 20_000, "{metrics:?}");
    // To the budget comes what one fetch of one partition brings.
    assert!(metrics.max_buffered_bytes <= 40_000 + 8_192, "{metrics:?}");
    assert_eq!(metrics.buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn batches_that_are_held_on_to_do_not_stop_the_fetcher() {
    let bench = filled(2, 60, 1_000).await;
    let config = small().prefetch_bytes(8_192);
    let mut consumer = bench.consumer(config);
    consumer.assign_topic("t", Start::Earliest).await.unwrap();
    let mut held = Vec::new();
    while held.len() < 120 {
        held.push(next(&mut consumer).await.unwrap());
    }
    assert!(
        held.iter()
            .all(|batch| batch.records().next().unwrap().value().unwrap().len() == 1_000)
    );
}

#[tokio::test(start_paused = true)]
async fn closed_it_ends_for_everyone_and_says_so() {
    let bench = filled(1, 5, 10).await;
    let mut consumer = bench.reading(small(), Start::Earliest);
    next(&mut consumer).await.unwrap();
    let mut other = consumer.clone();
    other.seek("t", 0, Start::Latest).unwrap();
    let waiting = tokio::spawn(async move { other.next_batch().await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    consumer.close(Duration::from_secs(1)).await.unwrap();
    assert!(waiting.await.unwrap().unwrap().is_none());
    assert!(consumer.next_batch().await.unwrap().is_none());
    assert!(consumer.next_record().await.unwrap().is_none());
    assert!(consumer.batches().next().await.is_none());
    for refused in [
        consumer.seek("t", 0, Start::Earliest),
        consumer.assign([Assignment::new("t", 0, Start::Earliest)]),
        consumer.pause([("t", 0)]),
    ] {
        assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Closed);
    }
    // Again, and at once.
    consumer.close(Duration::from_secs(1)).await.unwrap();
    let fetches = bench.cluster.requests_seen(ApiKey::Fetch);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.cluster.requests_seen(ApiKey::Fetch), fetches);
}

#[tokio::test(start_paused = true)]
async fn dropped_without_a_word_it_stops_fetching() {
    let bench = filled(1, 5, 10).await;
    let consumer = bench.reading(small(), Start::Earliest);
    let stream = consumer.batches();
    until(|| consumer.metrics().buffered_bytes > 0).await;
    drop(consumer);
    // The stream keeps it open.
    let batches: Vec<_> = stream.take(5).collect().await;
    assert!(batches.iter().all(Result::is_ok));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let fetches = bench.cluster.requests_seen(ApiKey::Fetch);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.cluster.requests_seen(ApiKey::Fetch), fetches);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_never_waits_still_lets_the_fetcher_run() {
    // On a runtime of one thread: a fetch goes out while there are data to take.
    let bench = filled(1, 200, 300).await;
    let mut consumer = bench.reading(small(), Start::Earliest);
    let first = next(&mut consumer).await.unwrap();
    assert_eq!(first.first_offset(), 0);
    let (mut most, mut count) = (0, 1);
    while count < 200 {
        next(&mut consumer).await.unwrap();
        count += 1;
        most = most.max(consumer.metrics().fetches);
        let metrics = consumer.metrics();
        assert!(
            metrics.buffered_bytes > 0 || metrics.fetches_in_flight > 0 || count == 200,
            "{count}: {metrics:?}"
        );
    }
    assert!(most >= 15, "{most}");
}

#[tokio::test(start_paused = true)]
async fn endless_timeouts_are_as_good_as_any() {
    let bench = filled(1, 3, 10).await;
    let config = small()
        .group("g")
        .request_timeout(Duration::MAX)
        .api_timeout(Duration::MAX)
        .retry_backoff_max(Duration::MAX);
    let mut consumer = bench.reading(config, Start::Earliest);
    assert_eq!(offsets(&mut consumer, 2).await, [0, 1]);
    let commit = consumer.commit();
    let close = async {
        tokio::task::yield_now().await;
        consumer.close(Duration::MAX).await
    };
    let (commit, close) = tokio::join!(commit, close);
    commit.unwrap();
    close.unwrap();
    assert_eq!(bench.cluster.committed_offset("g", "t", 0), Some(2));
}
