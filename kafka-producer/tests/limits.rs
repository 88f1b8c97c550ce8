//! Bounds, back-pressure, flush, close, and ends of all kinds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![allow(clippy::disallowed_methods, reason = "tokio's own clock, paused")]

mod support;

use std::time::Duration;

use futures_util::FutureExt;
use kafka_net::ErrorKind;
use kafka_producer::{Producer, ProducerConfig, Record, RecordRef};
use kafka_protocol::ApiKey;
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};
use support::{Rig, seconds};

fn config() -> ProducerConfig {
    ProducerConfig::default()
}

fn small() -> ProducerConfig {
    config()
        .buffer_memory(16 * 1024)
        .batch_size(4096)
        .max_request_size(8192)
        .max_block(seconds(3))
}

/// No Produce request is answered, or applied.
fn dam(rig: &Rig) {
    rig.cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Produce),
        Reaction::DropBeforeApply,
    ));
}

fn fill(producer: &Producer) -> Vec<kafka_producer::Delivery> {
    let mut accepted = Vec::new();
    while let Ok(delivery) = producer.try_send(Record::to("t").value(vec![b'x'; 500])) {
        accepted.push(delivery);
        assert!(accepted.len() < 100, "no bound");
    }
    accepted
}

async fn warmed(rig: &Rig, config: ProducerConfig) -> Producer {
    let producer = rig.producer(config);
    let first = producer.send(Record::to("t").value("first")).await.unwrap();
    first.await.unwrap();
    producer
}

#[tokio::test(start_paused = true)]
async fn a_record_too_large_is_refused_at_once_by_name() {
    let rig = Rig::with_topic(1);
    let producer = warmed(&rig, small()).await;
    let error = producer
        .send(Record::to("t").value(vec![b'x'; 9000]))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::RecordTooLarge);
    let text = error.to_string();
    assert!(
        text.contains("max_request_size") && text.contains("8192"),
        "{text}"
    );
    // One that fits a request and no batch goes alone.
    let large = producer.send(Record::to("t").value(vec![b'x'; 8000])).await;
    large.unwrap().await.unwrap();
    assert_eq!(producer.metrics().buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_buffer_gives_the_record_back_and_makes_send_wait() {
    let rig = Rig::with_topic(1);
    let producer = warmed(&rig, small()).await;
    dam(&rig);
    let accepted = fill(&producer);
    assert!(accepted.len() > 10, "{}", accepted.len());
    assert!(producer.metrics().buffered_bytes <= 16 * 1024);
    let rejected = producer
        .try_send(Record::to("t").value(vec![b'x'; 500]))
        .unwrap_err();
    assert_eq!(*rejected.error.kind(), ErrorKind::QueueFull);
    assert!(rejected.error.to_string().contains("buffer_memory"));

    // Waits for as long as it may, in vain.
    let start = tokio::time::Instant::now();
    let error = producer.send(rejected.record.clone()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(start.elapsed().as_secs(), 3);
    assert!(error.to_string().contains("buffer_memory"), "{error}");

    // And goes on once there is room.
    let waiting = tokio::spawn({
        let producer = producer.clone();
        async move { producer.send(rejected.record).await.unwrap().await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    rig.cluster.faults().clear();
    waiting.await.unwrap();
    for delivery in accepted {
        delivery.await.unwrap();
    }
    assert_eq!(producer.metrics().buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_senders_are_served_in_order() {
    let rig = Rig::with_topic(1);
    let producer = warmed(&rig, small().max_block(seconds(60))).await;
    dam(&rig);
    let accepted = fill(&producer).len();
    let mut tasks = Vec::new();
    for n in 0..20 {
        let producer = producer.clone();
        tasks.push(tokio::spawn(async move {
            let value = format!("{n:03}{}", "x".repeat(500));
            let record = Record::to("t").value(value);
            producer.send(record).await.unwrap().await.unwrap().offset
        }));
        tokio::task::yield_now().await;
    }
    rig.cluster.faults().clear();
    let mut last = None;
    for task in tasks {
        let offset = task.await.unwrap();
        assert!(offset > last, "{offset:?} after {last:?}");
        last = offset;
    }
    assert_eq!(rig.values("t", 0).len(), 1 + accepted + 20);
}

#[tokio::test(start_paused = true)]
async fn a_send_dropped_while_waiting_is_not_accepted() {
    let rig = Rig::with_topic(1);
    let producer = warmed(&rig, small()).await;
    dam(&rig);
    let accepted = fill(&producer);
    for _ in 0..10 {
        let mut waiting = Box::pin(producer.send(Record::to("t").value(vec![b'y'; 500])));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
    }
    rig.cluster.faults().clear();
    for delivery in accepted {
        delivery.await.unwrap();
    }
    producer.flush().await.unwrap();
    assert!(
        !rig.values("t", 0)
            .iter()
            .any(|value| value.starts_with('y'))
    );
    assert_eq!(producer.metrics().buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_permit_sends_without_waiting_and_gives_back_what_it_does_not_need() {
    let rig = Rig::with_topic(1);
    let producer = warmed(&rig, small()).await;
    dam(&rig);
    let permit = producer.reserve("t").await.unwrap();
    assert_eq!(producer.metrics().buffered_bytes, 8192);
    let _accepted = fill(&producer);
    let delivery = permit.send(Record::to("t").value("reserved"));
    assert_eq!(delivery.partition(), 0);
    let dropped = producer.reserve_bytes("t", 100).now_or_never();
    drop(dropped);
    rig.cluster.faults().clear();
    delivery.await.unwrap();
    producer.flush().await.unwrap();
    assert_eq!(producer.metrics().buffered_bytes, 0);

    let permit = producer.reserve_bytes("t", 10).await.unwrap();
    let other = permit.send(Record::to("other").value("x"));
    assert_eq!(*other.await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    drop(producer.reserve("t").await.unwrap());
    assert_eq!(producer.metrics().buffered_bytes, 0);

    let permit = producer.reserve("t").await.unwrap();
    producer.close(seconds(1)).await.unwrap();
    let late = permit.send(Record::to("t").value("late"));
    assert_eq!(*late.await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_topic_is_waited_for_and_named() {
    let builder = TestCluster::builder().auto_create_topics(false);
    let rig = Rig::new(builder);
    let producer = rig.producer(config().max_block(seconds(2)));
    let start = tokio::time::Instant::now();
    let error = producer
        .send(Record::to("absent").value("x"))
        .await
        .unwrap_err();
    assert_eq!(error.context().topic(), Some("absent"), "{error}");
    assert!(start.elapsed() <= seconds(4));

    let rejected = producer
        .try_send(Record::to("later").value("x"))
        .unwrap_err();
    assert_eq!(*rejected.error.kind(), ErrorKind::QueueFull);
    rig.cluster.create_topic("later", 1);
    tokio::time::sleep(seconds(1)).await;
    let delivery = producer.try_send(rejected.record).unwrap();
    delivery.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn flush_covers_what_was_accepted_before() {
    let rig = Rig::with_topic(3);
    let producer = rig.producer(config().linger(seconds(60)));
    let mut deliveries = Vec::new();
    for n in 0..300 {
        let record = Record::to("t").value(format!("{n}")).partition(n % 3);
        deliveries.push(producer.send(record).await.unwrap());
    }
    let start = tokio::time::Instant::now();
    producer.flush().await.unwrap();
    assert!(start.elapsed() < seconds(1), "no lingering");
    for delivery in deliveries {
        assert!(delivery.now_or_never().unwrap().is_ok());
    }
    producer.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn close_delivers_then_refuses() {
    let rig = Rig::with_topic(1);
    let producer = rig.producer(config().linger(seconds(60)));
    let mut topic = producer.topic("t").await.unwrap();
    let delivery = topic.send(RecordRef::value(b"a")).await.unwrap();
    let (one, two) = tokio::join!(producer.close(seconds(5)), producer.close(seconds(9)));
    one.unwrap();
    two.unwrap();
    delivery.now_or_never().unwrap().unwrap();
    for error in [
        producer.send(Record::to("t").value("b")).await.unwrap_err(),
        producer
            .send(Record::to("new").value("b"))
            .await
            .unwrap_err(),
        topic.send(RecordRef::value(b"b")).await.unwrap_err(),
        topic.try_send(RecordRef::value(b"b")).unwrap_err(),
        producer.topic("t").await.unwrap_err(),
        producer.reserve("t").await.unwrap_err(),
        producer
            .try_send(Record::to("t").value("b"))
            .unwrap_err()
            .error,
        producer
            .try_send(Record::to("u").value("b"))
            .unwrap_err()
            .error,
    ] {
        assert_eq!(*error.kind(), ErrorKind::Closed, "{error}");
    }
    producer.flush().await.unwrap();
    producer.close(seconds(1)).await.unwrap();
    assert_eq!(rig.values("t", 0), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn close_gives_up_at_its_deadline() {
    let rig = Rig::with_topic(1);
    let producer = warmed(&rig, small().max_block(seconds(60))).await;
    rig.cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Produce),
        Reaction::Silence,
    ));
    let accepted = fill(&producer);
    let waiting = tokio::spawn({
        let producer = producer.clone();
        async move { producer.send(Record::to("t").value(vec![b'x'; 500])).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let start = tokio::time::Instant::now();
    let error = producer.close(seconds(2)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert_eq!(start.elapsed().as_secs(), 2);
    let refused = waiting.await.unwrap().unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::Closed);
    let (mut unknown, mut not) = (0, 0);
    for delivery in accepted {
        let error = delivery.now_or_never().unwrap().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Closed);
        if error.possibly_written() {
            unknown += 1;
        } else {
            not += 1;
        }
    }
    assert!(unknown > 0, "some were in flight");
    let _ = not;
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_dropped_still_delivers() {
    let rig = Rig::with_topic(1);
    let producer = rig.producer(config().linger(seconds(1)));
    let clone = producer.clone();
    let mut topic = producer.topic("t").await.unwrap();
    let delivery = topic.send(RecordRef::value(b"a")).await.unwrap();
    drop((producer, clone, topic));
    assert_eq!(delivery.await.unwrap().offset, Some(0));
}

#[test]
fn a_runtime_that_ends_resolves_everything() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (producer, accepted, waiting, rig) = runtime.block_on(async {
        let rig = Rig::with_topic(1);
        let producer = warmed(&rig, small()).await;
        dam(&rig);
        let accepted = fill(&producer);
        let mut waiting = {
            let producer = producer.clone();
            Box::pin(async move { producer.send(Record::to("t").value(vec![b'x'; 500])).await })
        };
        assert!(waiting.as_mut().now_or_never().is_none());
        tokio::time::sleep(Duration::from_millis(20)).await;
        (producer, accepted, waiting, rig)
    });
    drop(runtime);
    // Outside any runtime.
    for delivery in accepted {
        let error = delivery.now_or_never().expect("resolved").unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Closed);
    }
    let error = waiting.now_or_never().expect("resolved").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Closed);
    let error = producer
        .send(Record::to("t").value("x"))
        .now_or_never()
        .expect("resolved")
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Closed);
    let closed = producer.close(seconds(1)).now_or_never().expect("resolved");
    assert_eq!(*closed.unwrap_err().kind(), ErrorKind::Closed);
    producer.flush().now_or_never().expect("resolved").unwrap();
    drop((producer, rig));
}

#[test]
fn handles_work_outside_the_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let rig = runtime.block_on(async { Rig::with_topic(1) });
    let producer = {
        let _entered = runtime.enter();
        rig.producer(config())
    };
    let offset = futures_executor::block_on(async {
        let delivery = producer.send(Record::to("t").value("x")).await.unwrap();
        producer.flush().await.unwrap();
        delivery.await.unwrap().offset
    });
    assert_eq!(offset, Some(0));
    futures_executor::block_on(producer.close(seconds(5))).unwrap();
}
