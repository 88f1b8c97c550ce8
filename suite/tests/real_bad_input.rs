//! Bad input against a real broker: a clear error within its deadline, and
//! nothing else disturbed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use kafka_client::{
    Assignment, Consumer, ConsumerConfig, Error, ErrorCode, ErrorKind, Kafka, NewTopic,
    OffsetReset, Record, Start,
};
use kafka_harness::ClusterOptions;
use kafka_suite::{BoxError, Broker};
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

/// Well above every deadline that is configured here.
const LIMIT: Duration = Duration::from_secs(30);

fn strict() -> ClusterOptions {
    ClusterOptions::default().property("auto.create.topics.enable", false)
}

/// The producer still works.
async fn send_one(kafka: &Kafka, topic: &str) -> Result<(), BoxError> {
    let producer = kafka.producer().build().await?;
    timeout(LIMIT, producer.send(Record::to(topic).value("fine")))
        .await??
        .await?;
    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_topic_is_named_within_max_block() -> Result<(), BoxError> {
    let broker = Broker::start(&strict())?;
    let kafka = broker.connect().await?;
    kafka
        .admin()
        .create_topic(NewTopic::new("known", 1, 1))
        .await?;

    let producer = kafka
        .producer()
        .max_block(Duration::from_secs(3))
        .build()
        .await?;
    let sent = timeout(LIMIT, producer.send(Record::to("missing").value("x"))).await?;
    // Refused at once or by the delivery: either way the cause is named.
    let error = match sent {
        Err(error) => error,
        Ok(delivery) => timeout(LIMIT, delivery).await?.unwrap_err(),
    };
    names(&error, &["missing", "UNKNOWN_TOPIC_OR_PARTITION"]);
    assert!(!error.possibly_written());
    // The same producer goes on.
    timeout(LIMIT, producer.send(Record::to("known").value("x")))
        .await??
        .await?;

    let config = ConsumerConfig::default().api_timeout(Duration::from_secs(3));
    let consumer = Consumer::new(config, kafka.router().clone())?;
    let assigned = timeout(LIMIT, consumer.assign_topic("missing", Start::Earliest)).await?;
    let error = assigned.err().ok_or("a consumer of nothing")?;
    names(&error, &["missing", "UNKNOWN_TOPIC_OR_PARTITION"]);

    let topics =
        block_in_place(|| broker.tool("org.apache.kafka.tools.TopicCommand", &["--list"], b""))?;
    assert!(
        !topics.lines().any(|topic| topic == "missing"),
        "nothing was created: {topics}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_over_the_limit_fails_alone() -> Result<(), BoxError> {
    let broker = Broker::start(&strict().property("message.max.bytes", 100_000))?;
    let kafka = broker.connect().await?;
    kafka
        .admin()
        .create_topic(NewTopic::new("limited", 1, 1))
        .await?;

    // Over the producer's own limit: refused before it is accepted.
    let producer = kafka
        .producer()
        .max_request_size(512 * 1024)
        .build()
        .await?;
    let record = Record::to("limited").value(vec![b'x'; 600 * 1024]);
    let error = timeout(LIMIT, producer.send(record))
        .await?
        .err()
        .ok_or("an oversized record was accepted")?;
    assert_eq!(error.kind(), &ErrorKind::RecordTooLarge, "{error}");

    // Over the broker's limit: its neighbours in the same batch are delivered.
    let record = |size: usize| Record::to("limited").value(vec![b'x'; size]);
    let small = producer.send(record(1_000)).await?;
    let large = producer.send(record(150_000)).await?;
    let after = producer.send(record(2_000)).await?;
    let error = timeout(LIMIT, large)
        .await
        .map_err(|_| "the large one hangs")?
        .unwrap_err();
    assert!(
        error.broker_error() == Some(ErrorCode::MessageTooLarge)
            || error.kind() == &ErrorKind::RecordTooLarge,
        "{error}"
    );
    assert!(!error.possibly_written(), "{error}");
    names(&error, &["limited"]);
    let small = timeout(LIMIT, small)
        .await
        .map_err(|_| "the one before hangs")??;
    let after = timeout(LIMIT, after)
        .await
        .map_err(|_| "the one after hangs")??;
    assert!(
        small.offset < after.offset,
        "order is kept around the refused record"
    );

    // Many that fit alone but not together: split, all delivered, in order.
    let mut deliveries = Vec::new();
    for _ in 0..50 {
        deliveries.push(producer.send(record(20_000)).await?);
    }
    let mut last = after.offset;
    for delivery in deliveries {
        let offset = timeout(LIMIT, delivery).await??.offset;
        assert!(offset > last, "{offset:?} after {last:?}");
        last = offset;
    }
    producer.close(Duration::from_secs(10)).await?;
    send_one(&kafka, "limited").await
}

/// A topic of 20 records of which the first 10 are deleted.
async fn topic_from_ten_to_twenty(broker: &Broker, kafka: &Kafka) -> Result<(), BoxError> {
    kafka
        .admin()
        .create_topic(NewTopic::new("cut", 1, 1))
        .await?;
    let producer = kafka.producer().build().await?;
    for n in 0..20 {
        // One batch each, so that deleting cuts where it is told to.
        producer
            .send(Record::to("cut").value(format!("record {n}")))
            .await?
            .await?;
    }
    producer.close(Duration::from_secs(10)).await?;
    let file = broker.cluster.dir().join("delete.json");
    let plan = "{\"partitions\": [{\"topic\": \"cut\", \"partition\": 0, \"offset\": 10}], \"version\": 1}";
    std::fs::write(&file, plan)?;
    let arguments = ["--offset-json-file", &file.display().to_string()];
    block_in_place(|| {
        broker.tool(
            "org.apache.kafka.tools.DeleteRecordsCommand",
            &arguments,
            b"",
        )
    })?;
    Ok(())
}

async fn consumer_at(kafka: &Kafka, offset: i64, policy: OffsetReset) -> Result<Consumer, Error> {
    let assignment = Assignment::new("cut", 0, Start::Offset(offset));
    kafka
        .consumer()
        .offset_reset(policy)
        .assign([assignment])
        .build()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offset_out_of_range_follows_the_policy() -> Result<(), BoxError> {
    let broker = Broker::start(&strict())?;
    let kafka = broker.connect().await?;
    topic_from_ten_to_twenty(&broker, &kafka).await?;

    for outside in [3, 1_000_000] {
        // Earliest: goes on with the oldest record there is.
        let mut consumer = consumer_at(&kafka, outside, OffsetReset::Earliest).await?;
        let batch = timeout(LIMIT, consumer.next_batch())
            .await??
            .ok_or("ended")?;
        let first = batch
            .records()
            .next()
            .map(|record| (record.offset(), record.value() == Some(b"record 10")));
        assert_eq!(first, Some((10, true)), "earliest from {outside}");
        consumer.close(LIMIT).await?;

        // Fail: an error that names the partition and what is wrong, each time.
        let mut consumer = consumer_at(&kafka, outside, OffsetReset::Fail).await?;
        let error = timeout(LIMIT, consumer.next_batch())
            .await?
            .err()
            .ok_or("no error under Fail")?;
        assert_eq!(error.kind(), &ErrorKind::OffsetOutOfRange, "{error}");
        names(&error, &["cut", &outside.to_string()]);
        consumer.close(LIMIT).await?;
    }

    // Latest: only what comes from now on.
    for (outside, end) in [(3, 20), (1_000_000, 21)] {
        let mut consumer = consumer_at(&kafka, outside, OffsetReset::Latest).await?;
        let found = async {
            while consumer.position("cut", 0) != Some(end) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(LIMIT, found).await?;
        assert!(
            timeout(Duration::from_secs(1), consumer.next_batch())
                .await
                .is_err(),
            "latest from {outside}"
        );
        send_one(&kafka, "cut").await?;
        let batch = timeout(LIMIT, consumer.next_batch())
            .await??
            .ok_or("ended")?;
        assert!(
            batch.first_offset() >= 20,
            "latest from {outside}: {}",
            batch.first_offset()
        );
        consumer.close(LIMIT).await?;
    }
    Ok(())
}

fn names(error: &Error, wanted: &[&str]) {
    let text = error.to_string();
    for word in wanted {
        assert!(text.contains(word), "{word} in {text:?}");
    }
}
