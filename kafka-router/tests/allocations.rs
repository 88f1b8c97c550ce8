//! What a refresh of a large cluster allocates, and what finding a leader does not.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/large.rs"]
mod large;

use std::hint::black_box;
use std::sync::Arc;

use allocation_counter::measure;
use kafka_router::Cluster;
use large::{VERSION, answer, topic_name};

const TOPICS: usize = 500;

fn cluster(partitions: usize) -> Cluster {
    Cluster::from_metadata(answer(TOPICS, partitions, |_| 0), VERSION).unwrap()
}

/// Allocations to build the next snapshot, and how many topics kept their `Arc`.
fn refreshed(partitions: usize, moves: impl Fn(usize) -> i32) -> (u64, usize) {
    let first = cluster(partitions);
    let later = answer(TOPICS, partitions, moves);
    let mut next = None;
    let info = measure(|| next = Some(first.updated(later, VERSION).unwrap()));
    let next = next.unwrap();
    let kept = first
        .topics()
        .filter(|topic| Arc::ptr_eq(topic, next.topic(topic.name()).unwrap()));
    (info.count_total, kept.count())
}

#[test]
fn a_refresh_without_news_allocates_by_brokers_not_by_topics_or_partitions() {
    let (small, kept) = refreshed(10, |_| 0);
    assert_eq!(kept, TOPICS);
    let (large, kept) = refreshed(40, |_| 0);
    assert_eq!(kept, TOPICS);
    assert_eq!(small, large);
    // Three for each of thirty brokers, the maps, and the nodes of the ordered ones.
    assert!(large < 250, "{large}");
}

#[test]
fn a_topic_with_news_is_built_and_the_others_are_shared() {
    // One partition in each of five topics.
    let (count, kept) = refreshed(20, |at| i32::from(at % 2_000 == 7));
    assert_eq!(kept, TOPICS - 5);
    let (none, _) = refreshed(20, |_| 0);
    assert!(count < none + 5 * 3 * 20 + 50, "{count} after {none}");
}

#[test]
fn finding_a_leader_allocates_nothing() {
    let cluster = cluster(20);
    let names: Vec<String> = (0..TOPICS).map(topic_name).collect();
    let info = measure(|| {
        for round in 0..10_000_usize {
            let topic = cluster.topic(&names[round * 7 % TOPICS]).unwrap();
            let partition = topic.partition((round % 20) as i32).unwrap();
            let leader = cluster.broker(partition.leader.unwrap()).unwrap();
            black_box((leader, cluster.topic_by_id(topic.id()).unwrap()));
        }
    });
    assert_eq!(info.count_total, 0);
}
