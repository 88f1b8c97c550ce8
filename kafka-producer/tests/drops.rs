//! Every public future, polled k times and dropped, for each k up to its end:
//! no accepted record is lost, nothing is wedged, no memory stays behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use kafka_producer::{Delivery, Producer, ProducerConfig, Record, RecordRef};
use kafka_protocol::ApiKey;
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};
use support::{Rig, seconds};

/// Polls the future up to `polls` times, waiting for its waker in between; its
/// output if it came to an end.
async fn poll_times<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let result = future.as_mut().poll(cx).map(Some);
        if result.is_pending() && left == 0 {
            return Poll::Ready(None);
        }
        result
    })
    .await
}

/// Answers take a moment, so that there is something to drop in.
fn rig() -> Rig {
    let rig = Rig::new(TestCluster::builder().topic("t", 2));
    rig.cluster.faults().add(Fault::new(
        Condition::always(),
        Reaction::Delay(Duration::from_millis(3)),
    ));
    rig
}

fn config() -> ProducerConfig {
    ProducerConfig::default()
        .buffer_memory(8192)
        .batch_size(2048)
        .max_request_size(4096)
}

/// Nothing is wedged: a record goes through, and the buffer is empty then.
async fn still_works(rig: &Rig, producer: &Producer) {
    let last = producer.send(Record::to("t").value("last")).await.unwrap();
    last.await.unwrap();
    producer.flush().await.unwrap();
    assert_eq!(producer.metrics().buffered_bytes, 0);
    let _ = rig;
}

fn all_values(rig: &Rig) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for partition in 0..rig.cluster.partition_count("t") {
        for value in rig.values("t", partition) {
            assert!(
                value == "last" || all.insert(value.clone()),
                "{value} twice"
            );
        }
    }
    all
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Delivery, kafka_net::Error>> + 'a>>;

/// A send that is dropped is in the log if and only if it returned a handle.
async fn check_send(send: impl for<'a> Fn(&'a Producer, String) -> Sending<'a>) {
    for fill in [false, true] {
        for polls in 0..12 {
            let rig = rig();
            let producer = rig.producer(config());
            if fill {
                // Known topic, no memory.
                let mut topic = producer.topic("t").await.unwrap();
                while topic.try_send(RecordRef::value(b"filler")).is_ok() {}
            }
            let value = "x".repeat(1000);
            let accepted = poll_times(send(&producer, value.clone()), polls).await;
            still_works(&rig, &producer).await;
            let there = (0..2).any(|p| rig.values("t", p).contains(&value));
            assert_eq!(there, accepted.is_some(), "{polls} polls");
            if let Some(delivery) = accepted {
                delivery.unwrap().await.unwrap();
            }
            producer.close(seconds(5)).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn producer_send() {
    check_send(|producer, value| Box::pin(producer.send(Record::to("t").value(value)))).await;
}

#[tokio::test(start_paused = true)]
async fn topic_producer_send() {
    check_send(|producer, value| {
        Box::pin(async move {
            let mut topic = producer.topic("t").await?;
            topic.send(RecordRef::value(value.as_bytes())).await
        })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn topic_producer_send_batch() {
    for polls in 0..12 {
        let rig = rig();
        let producer = rig.producer(config());
        let mut topic = producer.topic("t").await.unwrap();
        let values: Vec<_> = (0..20)
            .map(|n| format!("{n:03}{}", "x".repeat(1000)))
            .collect();
        let records: Vec<_> = values
            .iter()
            .map(|v| RecordRef::value(v.as_bytes()))
            .collect();
        let mut deliveries = Vec::new();
        poll_times(topic.send_batch(&records, &mut deliveries), polls).await;
        let accepted = deliveries.len();
        still_works(&rig, &producer).await;
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        let expected: BTreeSet<_> = values[..accepted].iter().cloned().collect();
        assert_eq!(all_values(&rig), expected, "{polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn producer_reserve() {
    for fill in [false, true] {
        for polls in 0..12 {
            let rig = rig();
            let producer = rig.producer(config());
            if fill {
                let mut topic = producer.topic("t").await.unwrap();
                while topic.try_send(RecordRef::value(b"filler")).is_ok() {}
            }
            let permit = poll_times(producer.reserve("t"), polls).await;
            drop(permit);
            let small = poll_times(producer.reserve_bytes("t", 10), polls).await;
            if let Some(permit) = small {
                let delivery = permit.unwrap().send(Record::to("t").value("p"));
                delivery.await.unwrap();
            }
            still_works(&rig, &producer).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn producer_topic() {
    for polls in 0..12 {
        let rig = rig();
        let producer = rig.producer(config());
        poll_times(producer.topic("t"), polls).await;
        still_works(&rig, &producer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn producer_flush() {
    for polls in 0..12 {
        let rig = rig();
        let producer = rig.producer(config().linger(seconds(1)));
        let mut topic = producer.topic("t").await.unwrap();
        let mut deliveries = Vec::new();
        for n in 0..10 {
            let value = format!("{n}");
            deliveries.push(
                topic
                    .send(RecordRef::value(value.as_bytes()))
                    .await
                    .unwrap(),
            );
        }
        poll_times(producer.flush(), polls).await;
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        still_works(&rig, &producer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn producer_close() {
    for polls in 0..12 {
        let rig = rig();
        let producer = rig.producer(config().linger(seconds(1)));
        let mut topic = producer.topic("t").await.unwrap();
        let delivery = topic.send(RecordRef::value(b"a")).await.unwrap();
        let begun = poll_times(producer.close(seconds(5)), polls).await;
        drop(begun);
        delivery.await.unwrap();
        let refused = topic.try_send(RecordRef::value(b"b")).is_err();
        assert_eq!(refused, polls > 0, "polled once, it closes");
        producer.close(seconds(5)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn delivery() {
    for polls in 0..6 {
        let rig = rig();
        let producer = rig.producer(config());
        let delivery = producer.send(Record::to("t").value("a")).await.unwrap();
        poll_times(delivery, polls).await;
        still_works(&rig, &producer).await;
        assert_eq!(all_values(&rig).len(), 1);
    }
}

/// Dropped handles of one batch don't hide the outcome from the others.
#[tokio::test(start_paused = true)]
async fn deliveries_side_by_side() {
    let rig = rig();
    rig.cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Produce).first(1),
        Reaction::DropAfterApply,
    ));
    let producer = rig.producer(config());
    let mut topic = producer.topic("t").await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..20 {
        let delivery = topic.send(RecordRef::value(b"v")).await.unwrap();
        if n % 2 == 0 {
            tasks.push(tokio::spawn(delivery));
        } else {
            tokio::spawn(poll_times(delivery, 1));
        }
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}
