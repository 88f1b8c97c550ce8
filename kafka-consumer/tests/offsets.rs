//! A group's offsets: committed in order, through any coordinator trouble, in every
//! version; and where logs begin and end.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use kafka_consumer::{
    Assignment, Consumer, ConsumerConfig, OffsetAndMetadata, OffsetReset, Start, TopicPartition,
};
use kafka_net::ErrorKind;
use kafka_protocol::{ApiKey, ErrorCode, VersionRange};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster};

use support::{Bench, bench, next, next_error, nothing, offsets, with};

fn group() -> ConsumerConfig {
    ConsumerConfig::default().group("g")
}

fn t(partition: i32) -> TopicPartition {
    TopicPartition::new("t", partition)
}

async fn filled(builder: kafka_test_broker::TestClusterBuilder) -> Bench {
    let bench = with(builder);
    bench.cluster.create_topic("t", 2);
    for partition in 0..2 {
        bench.produce("t", partition, &["a", "b", "c", "d"]).await;
        bench.produce("t", partition, &["e", "f"]).await;
    }
    bench
}

/// What the cluster has for partition 0.
fn stored(bench: &Bench) -> Option<i64> {
    bench.cluster.committed_offset("g", "t", 0)
}

async fn committed(consumer: &Consumer) -> Option<i64> {
    let found = consumer.committed([t(0)]).await.unwrap();
    found[&t(0)].as_ref().map(|found| found.offset)
}

#[tokio::test(start_paused = true)]
async fn a_commit_covers_what_was_handed_out_and_no_more() {
    let bench = filled(TestCluster::builder()).await;
    let mut consumer = bench.reading(group(), Start::Earliest);
    next(&mut consumer).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    consumer.commit().await.unwrap();
    assert_eq!(stored(&bench), Some(4), "fetched is not handed out");
    let requests = bench.cluster.requests_seen(ApiKey::OffsetCommit);
    consumer.commit().await.unwrap();
    assert_eq!(
        bench.cluster.requests_seen(ApiKey::OffsetCommit),
        requests,
        "nothing moved"
    );
    // The next one begins there.
    let mut other = bench.reading(group(), Start::Committed);
    assert_eq!(offsets(&mut other, 2).await, [4, 5]);
    // Record by record: what the stream has handed out, in the middle of a batch.
    consumer.seek("t", 0, Start::Offset(0)).unwrap();
    let mut records = consumer.records();
    for _ in 0..2 {
        records.next_record().await.unwrap().unwrap();
    }
    consumer.commit().await.unwrap();
    assert_eq!(stored(&bench), Some(2));
}

#[tokio::test(start_paused = true)]
async fn going_back_is_committed_whatever_is_still_under_way() {
    let bench = filled(TestCluster::builder()).await;
    let mut consumer = bench.reading(group(), Start::Earliest);
    next(&mut consumer).await.unwrap();
    consumer.commit().await.unwrap();
    assert_eq!(stored(&bench), Some(4));
    next(&mut consumer).await.unwrap();
    let late = Reaction::Delay(Duration::from_secs(2));
    let late = Fault::new(Condition::api(ApiKey::OffsetCommit), late);
    bench.cluster.faults().add(late.once());
    let soon = Duration::from_secs(1);
    let given_up = tokio::time::timeout(soon, consumer.commit()).await;
    assert!(given_up.is_err(), "{given_up:?}");
    assert_eq!(stored(&bench), Some(6), "stored, and not answered yet");
    consumer.seek("t", 0, Start::Offset(4)).unwrap();
    consumer.commit().await.unwrap();
    assert_eq!(stored(&bench), Some(4));
}

#[tokio::test(start_paused = true)]
async fn a_commit_can_stop_at_one_record() {
    let bench = filled(TestCluster::builder()).await;
    let mut consumer = bench.reading(group(), Start::Earliest);
    let batch = next(&mut consumer).await.unwrap();
    let second = batch.records().nth(1).unwrap();
    consumer
        .commit_through(batch.position_after(&second))
        .await
        .unwrap();
    assert_eq!(stored(&bench), Some(2));
    consumer.commit_through(&batch).await.unwrap();
    assert_eq!(stored(&bench), Some(4));
    let owned = batch.to_owned_records();
    consumer.commit_through(&owned[0]).await.unwrap();
    assert_eq!(stored(&bench), Some(1));
}

#[tokio::test(start_paused = true)]
async fn offsets_are_kept_with_their_text_in_every_version() {
    let range = |max| VersionRange { min: 0, max };
    for version in 0..=10 {
        let builder = TestCluster::builder()
            .era(Era::EveryVersion)
            .api_versions(ApiKey::OffsetCommit, range(version))
            .api_versions(ApiKey::OffsetFetch, range(version));
        let bench = filled(builder).await;
        let consumer = bench.consumer(group());
        let value = OffsetAndMetadata::new(3).with_metadata("why");
        consumer.commit_offsets([(("t", 0), value)]).await.unwrap();
        assert_eq!(stored(&bench), Some(3), "v{version}");
        let found = consumer.committed([t(0), t(1)]).await.unwrap();
        let kept = found[&t(0)].as_ref().unwrap();
        assert_eq!(
            (kept.offset, kept.metadata.as_deref()),
            (3, Some("why")),
            "v{version}"
        );
        assert_eq!(found[&t(1)], None, "v{version}");
        // A topic that this client has never heard of.
        let unheard = consumer.committed([("u", 0)]).await.unwrap();
        assert_eq!(unheard[&TopicPartition::new("u", 0)], None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_survives_what_becomes_of_its_coordinator() {
    for reaction in [
        Reaction::Error(ErrorCode::NotCoordinator),
        Reaction::Error(ErrorCode::CoordinatorNotAvailable),
        Reaction::Error(ErrorCode::CoordinatorLoadInProgress),
        Reaction::Error(ErrorCode::RequestTimedOut),
        Reaction::Error(ErrorCode::UnknownTopicOrPartition),
        Reaction::DropBeforeApply,
        Reaction::DropAfterApply,
        Reaction::Garbage,
        Reaction::Silence,
    ] {
        let bench = filled(TestCluster::builder()).await;
        let commits = Condition::api(ApiKey::OffsetCommit);
        let faults = bench.cluster.faults();
        let id = faults.add(Fault::new(commits, reaction.clone()).once());
        let mut consumer = bench.reading(group(), Start::Earliest);
        next(&mut consumer).await.unwrap();
        consumer.commit().await.unwrap();
        assert_eq!(
            (stored(&bench), faults.hits(id)),
            (Some(4), 1),
            "{reaction:?}"
        );
        faults.clear();
        let look_ups = Condition::api(ApiKey::OffsetFetch);
        faults.add(Fault::new(look_ups, reaction.clone()).once());
        assert_eq!(committed(&consumer).await, Some(4), "{reaction:?}");
        faults.add(Fault::new(Condition::api(ApiKey::FindCoordinator), reaction).once());
        bench
            .router
            .forget_coordinator(kafka_router::CoordinatorKind::Group, "g");
        next(&mut consumer).await.unwrap();
        consumer.commit().await.unwrap();
        assert_eq!(stored(&bench), Some(6));
    }
}

#[tokio::test(start_paused = true)]
async fn offsets_that_nobody_tells_fail_with_the_reason() {
    let bench = filled(TestCluster::builder()).await;
    let refusal = Reaction::Error(ErrorCode::CoordinatorNotAvailable);
    let look_ups = Condition::api(ApiKey::FindCoordinator);
    bench.cluster.faults().add(Fault::new(look_ups, refusal));
    let consumer = bench.consumer(group().api_timeout(Duration::from_secs(3)));
    let error = consumer.committed([t(0)]).await.unwrap_err().to_string();
    for told in ["FindCoordinator", "COORDINATOR_NOT_AVAILABLE"] {
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_commit_never_overwrites_a_newer_one() {
    let bench = filled(TestCluster::builder()).await;
    let delay = Reaction::DelayBeforeApply(Duration::from_secs(5));
    let slow = Fault::new(Condition::api(ApiKey::OffsetCommit), delay).once();
    bench.cluster.faults().add(slow);
    let consumer = bench.consumer(group());
    let first = consumer.clone();
    let first = tokio::spawn(async move { first.commit_offsets([(t(0), 1)]).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (second, third) = tokio::join!(
        biased;
        consumer.commit_offsets([(t(0), 2), (t(1), 2)]),
        consumer.commit_offsets([(t(0), 3)]),
    );
    for result in [first.await.unwrap(), second, third] {
        result.unwrap();
    }
    assert_eq!(stored(&bench), Some(3));
    assert_eq!(bench.cluster.committed_offset("g", "t", 1), Some(2));
    let requests = bench.cluster.requests_seen(ApiKey::OffsetCommit);
    assert_eq!(requests, 2, "those that waited went as one");
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_future_is_dropped_goes_out_all_the_same() {
    let bench = filled(TestCluster::builder()).await;
    let consumer = bench.consumer(group());
    for polls in 0..6 {
        let offset = i64::try_from(polls).unwrap() + 1;
        let future = consumer.commit_offsets([(t(0), offset)]);
        support::dropped_after(polls, future).await;
        if polls > 0 {
            support::until(|| stored(&bench) == Some(offset)).await;
        }
    }
    // Dropped with the consumer itself.
    support::dropped_after(1, consumer.commit_offsets([(t(0), 99)])).await;
    drop(consumer);
    support::until(|| stored(&bench) == Some(99)).await;
}

#[tokio::test(start_paused = true)]
async fn closing_finishes_commits_within_its_time() {
    let bench = filled(TestCluster::builder()).await;
    let faults = bench.cluster.faults();
    let delay = Reaction::DelayBeforeApply(Duration::from_secs(5));
    faults.add(Fault::new(Condition::api(ApiKey::OffsetCommit), delay));
    for (limit, kept) in [(20, true), (2, false)] {
        let consumer = bench.consumer(group());
        let offset = if kept { 1 } else { 2 };
        let commit = consumer.clone();
        let waiting = tokio::spawn(async move { commit.commit_offsets([(t(0), offset)]).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = tokio::time::Instant::now();
        consumer.close(Duration::from_secs(limit)).await.unwrap();
        assert!(before.elapsed() < Duration::from_secs(6));
        let result = waiting.await.unwrap();
        assert_eq!(result.is_ok(), kept, "{result:?}");
        if let Err(error) = result {
            assert_eq!(*error.kind(), ErrorKind::Closed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_cannot_be_made_ends_at_its_deadline_with_the_cause() {
    let bench = filled(TestCluster::builder()).await;
    let consumer = bench.consumer(group());
    consumer.commit_offsets([(t(0), 1)]).await.unwrap();
    bench.cluster.stop_broker(1);
    let before = tokio::time::Instant::now();
    let error = consumer.commit_offsets([(t(0), 2)]).await.unwrap_err();
    let passed = before.elapsed().as_secs();
    assert!((59..62).contains(&passed), "{passed}");
    assert!(error.is_retriable() && error.possibly_written(), "{error}");
    let error = consumer.committed([t(0)]).await.unwrap_err();
    assert!(error.is_retriable(), "{error}");
    let error = consumer.end_offsets([t(0)]).await.unwrap_err();
    assert!(error.is_retriable(), "{error}");
    let passed = before.elapsed().as_secs();
    assert!((170..185).contains(&passed), "{passed}");
    bench.cluster.start_broker(1);
    assert_eq!(committed(&consumer).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_refused_commit_names_the_partition_and_a_group_with_members_its_reason() {
    let bench = filled(TestCluster::builder()).await;
    let commits = Condition::api(ApiKey::OffsetCommit);
    let faults = bench.cluster.faults();
    let refused = Reaction::Error(ErrorCode::TopicAuthorizationFailed);
    faults.add(Fault::new(commits.clone().partition(1), refused));
    let consumer = bench.consumer(group());
    let error = consumer
        .commit_offsets([(t(0), 1), (t(1), 1)])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("t-1"), "{error}");
    assert_eq!(stored(&bench), Some(1), "the other one is stored");
    faults.clear();
    let members = Reaction::Error(ErrorCode::UnknownMemberId);
    faults.add(Fault::new(commits, members));
    let error = consumer.commit_offsets([(t(0), 2)]).await.unwrap_err();
    assert!(error.to_string().contains("has members"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn without_a_group_the_setting_is_named() {
    let bench = filled(TestCluster::builder()).await;
    let consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    let errors = [
        consumer.commit().await.unwrap_err(),
        consumer.commit_offsets([(t(0), 1)]).await.unwrap_err(),
        consumer.committed([t(0)]).await.unwrap_err(),
        consumer.seek("t", 0, Start::Committed).unwrap_err(),
        consumer
            .assign_topic("t", Start::Committed)
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("ConsumerConfig::group"),
            "{error}"
        );
    }
    let error = bench
        .consumer(group())
        .commit_offsets([(t(0), -1)])
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn nothing_committed_goes_where_the_policy_says() {
    let bench = filled(TestCluster::builder()).await;
    let config = |policy| group().offset_reset(policy);
    let mut earliest = bench.reading(config(OffsetReset::Earliest), Start::Committed);
    assert_eq!(offsets(&mut earliest, 1).await[0], 0);
    let mut latest = bench.reading(config(OffsetReset::Latest), Start::Committed);
    nothing(&mut latest).await;
    assert_eq!(latest.position("t", 0), Some(6));
    let mut fail = bench.reading(config(OffsetReset::Fail), Start::Committed);
    let error = next_error(&mut fail).await;
    assert!(error.to_string().contains("no committed offset"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn logs_are_asked_for_their_ends_and_times_at_all_their_leaders() {
    let bench = with(TestCluster::builder().brokers(3));
    bench.cluster.create_topic("t", 6);
    for partition in 0..6 {
        // Timestamps 1000, 1001, 1002.
        bench.produce("t", partition, &["a", "b", "c"]).await;
    }
    bench.cluster.delete_records("t", 4, 2);
    let faults = bench.cluster.faults();
    let moved = Reaction::Error(ErrorCode::NotLeaderOrFollower);
    faults.add(Fault::new(Condition::api(ApiKey::ListOffsets).partition(3), moved).times(2));
    let consumer = bench.consumer(ConsumerConfig::default());
    let all = || (0..6).map(t);
    let begin = consumer.beginning_offsets(all()).await.unwrap();
    assert_eq!(begin.into_values().collect::<Vec<_>>(), [0, 0, 0, 0, 2, 0]);
    let end = consumer.end_offsets(all()).await.unwrap();
    assert!(end.into_values().all(|end| end == 3));
    let times = consumer
        .offsets_for_times([(t(0), 0), (t(1), 1_001), (t(2), 1_003)])
        .await
        .unwrap();
    let found = |p| times[&t(p)].map(|at| (at.offset, at.timestamp));
    assert_eq!(found(0), Some((0, 1_000)));
    assert_eq!(found(1), Some((1, 1_001)));
    assert_eq!(found(2), None);
    assert!(
        consumer
            .end_offsets([] as [TopicPartition; 0])
            .await
            .unwrap()
            .is_empty()
    );
    let error = consumer.offsets_for_times([(t(0), -1)]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
    let error = consumer.end_offsets([t(77)]).await.unwrap_err();
    assert!(error.to_string().contains("t-77"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_a_refusal_concerns_is_named_by_a_look_up_too() {
    let bench = bench();
    bench.cluster.create_topic("t", 2);
    let refused = Reaction::Error(ErrorCode::TopicAuthorizationFailed);
    let look_ups = Condition::api(ApiKey::ListOffsets).partition(1);
    bench.cluster.faults().add(Fault::new(look_ups, refused));
    let consumer = bench.consumer(ConsumerConfig::default());
    consumer
        .assign([Assignment::new("t", 0, Start::Earliest)])
        .unwrap();
    let error = consumer.end_offsets([t(0), t(1)]).await.unwrap_err();
    assert!(error.to_string().contains("t-1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_died_is_looked_up_anew_at_once() {
    for reads in [false, true] {
        let three = TestCluster::builder().brokers(3);
        let bench = filled(three.default_replication_factor(3)).await;
        let consumer = bench.reading(group(), Start::Earliest);
        consumer.commit_offsets([(t(0), 3_i64)]).await.unwrap();
        let kind = kafka_router::CoordinatorKind::Group;
        let deadline = kafka_net::clock::now() + support::LONG;
        let node = bench.router.coordinator(kind, "g", deadline).await.unwrap();
        bench.cluster.stop_broker(node);
        tokio::time::sleep(Duration::from_secs(20)).await;
        let begun = tokio::time::Instant::now();
        if reads {
            let mut other = bench.reading(group(), Start::Committed);
            assert_eq!(offsets(&mut other, 1).await[0], 3);
        } else {
            consumer.commit_offsets([(t(0), 5_i64)]).await.unwrap();
            assert_eq!(stored(&bench), Some(5));
        }
        let time = begun.elapsed();
        assert!(time < Duration::from_secs(5), "{reads}: {time:?}");
    }
}
