//! The hot path allocates nothing per record.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use allocation_counter::measure;
use kafka_producer::{Delivery, ProducerConfig, RecordRef, TopicProducer};
use kafka_protocol::records::Header;
use support::Rig;

const RECORDS: u64 = 20_000;

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

fn is_done(delivery: &mut Delivery, waker: &Waker) -> bool {
    match Pin::new(delivery).poll(&mut Context::from_waker(waker)) {
        Poll::Ready(result) => {
            result.unwrap();
            true
        }
        Poll::Pending => false,
    }
}

fn send(topic: &mut TopicProducer, deliveries: &mut Vec<Delivery>) {
    let headers = [Header {
        key: "h",
        value: Some(b"1"),
    }];
    for n in 0..RECORDS {
        let value = [b'x'; 100];
        let mut record = RecordRef::value(&value);
        if n % 3 == 0 {
            record = record.with_key(b"key");
        }
        if n % 5 == 0 {
            record = record.with_headers(&headers);
        }
        deliveries.push(topic.try_send(record).unwrap());
    }
}

/// The single-threaded runtime keeps the sender's tasks out of the count: what
/// is counted is the caller's part alone.
#[tokio::test(start_paused = true)]
async fn sending_and_awaiting_allocate_per_batch_not_per_record() {
    let rig = Rig::with_topic(4);
    let producer = rig.producer(ProducerConfig::default());
    let mut topic = producer.topic("t").await.unwrap();
    let mut deliveries = Vec::with_capacity(RECORDS as usize);
    // Steady state: batches have found their size.
    for _ in 0..3 {
        send(&mut topic, &mut deliveries);
        producer.flush().await.unwrap();
        deliveries.clear();
    }

    let sending = measure(|| send(&mut topic, &mut deliveries));
    let batches = {
        let before = producer.metrics().batches_sent;
        producer.flush().await.unwrap();
        producer.metrics().batches_sent - before
    };
    let per_record = sending.count_total as f64 / RECORDS as f64;
    assert!(per_record <= 0.005, "{per_record} allocations a record");
    // Builder, completion, and places in a few queues.
    assert!(
        sending.count_total <= 8 * batches,
        "{} allocations for {batches} batches",
        sending.count_total
    );

    let waker = Waker::from(Arc::new(Nobody));
    let awaiting = measure(|| assert!(deliveries.iter_mut().all(|d| is_done(d, &waker))));
    assert_eq!(awaiting.count_total, 0);
    let dropping = measure(|| deliveries.clear());
    assert_eq!(dropping.count_total, 0);
}

#[tokio::test(start_paused = true)]
async fn awaiting_what_is_not_done_yet_allocates_once_a_batch() {
    let rig = Rig::with_topic(1);
    let producer = rig.producer(ProducerConfig::default());
    let mut topic = producer.topic("t").await.unwrap();
    let mut deliveries = Vec::with_capacity(2000);
    for _ in 0..2000 {
        deliveries.push(topic.try_send(RecordRef::value(b"value")).unwrap());
    }
    let waker = Waker::from(Arc::new(Nobody));
    let waiting = measure(|| assert!(!deliveries.iter_mut().any(|d| is_done(d, &waker))));
    assert!(waiting.count_total <= 2, "{}", waiting.count_total);
    producer.flush().await.unwrap();
    assert!(deliveries.iter_mut().all(|d| is_done(d, &waker)));
}
