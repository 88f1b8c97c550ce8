//! kafka-producer: what was accepted is delivered, what was dropped before is
//! not there, and the next record goes through. The embedded broker's log is
//! the judge.

use std::time::Duration;

use kafka_client::{Kafka, Producer, Record, RecordRef};
use kafka_protocol::ApiKey;
use kafka_suite::{BoxError, at_every_await, polled};
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};

use super::{LIMIT, Outcome, connected, expect, in_time, stored};

struct World {
    cluster: TestCluster,
    kafka: Kafka,
}

async fn world() -> Result<World, BoxError> {
    let cluster = TestCluster::builder()
        .brokers(2)
        .default_partitions(2)
        .start()
        .await?;
    let kafka = connected(&cluster).await?;
    Ok(World { cluster, kafka })
}

impl World {
    /// Sends one more record and expects `accepted` others beside it.
    async fn settle(&self, producer: &Producer, topic: &str, accepted: i64) -> Outcome {
        in_time(async { producer.send(Record::to(topic).value("probe")).await?.await }).await??;
        in_time(producer.flush()).await??;
        expect(
            "records in the log",
            stored(&self.cluster, topic),
            accepted + 1,
        )
    }
}

#[tokio::test]
async fn sends_to_an_unknown_topic_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    // A topic of its own for each number of polls: metadata has to be awaited.
    at_every_await("Producer::send", async |polls| -> Result<bool, BoxError> {
        let (producer, topic) = (
            world.kafka.producer().build().await?,
            format!("send-{polls}"),
        );
        let sent = polled(polls, producer.send(Record::to(topic.as_str()).value("v")))
            .await
            .transpose()?;
        world
            .settle(&producer, &topic, i64::from(sent.is_some()))
            .await?;
        Ok(sent.is_some())
    })
    .await?;
    at_every_await(
        "Producer::reserve",
        async |polls| -> Result<bool, BoxError> {
            let (producer, topic) = (
                world.kafka.producer().build().await?,
                format!("reserve-{polls}"),
            );
            let permit = polled(polls, producer.reserve(&topic)).await.transpose()?;
            let done = permit.is_some();
            if let Some(permit) = permit {
                in_time(permit.send(Record::to(topic.as_str()).value("v"))).await??;
            }
            world.settle(&producer, &topic, i64::from(done)).await?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Producer::reserve_bytes",
        async |polls| -> Result<bool, BoxError> {
            let (producer, topic) = (
                world.kafka.producer().build().await?,
                format!("bytes-{polls}"),
            );
            // A permit that is dropped gives its space back.
            let done = polled(polls, producer.reserve_bytes(&topic, 1000))
                .await
                .transpose()?
                .is_some();
            world.settle(&producer, &topic, 0).await?;
            expect("bytes still held", producer.metrics().buffered_bytes, 0)?;
            Ok(done)
        },
    )
    .await?;
    at_every_await("Producer::topic", async |polls| -> Result<bool, BoxError> {
        let (producer, topic) = (
            world.kafka.producer().build().await?,
            format!("topic-{polls}"),
        );
        let done = polled(polls, producer.topic(&topic))
            .await
            .transpose()?
            .is_some();
        world.settle(&producer, &topic, 0).await?;
        Ok(done)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn sends_into_a_full_buffer_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    at_every_await(
        "TopicProducer::send",
        async |polls| -> Result<bool, BoxError> {
            let topic = format!("full-{polls}");
            world.cluster.create_topic(&topic, 1);
            let producer = world
                .kafka
                .producer()
                .batch_size(16 * 1024)
                .buffer_memory(64 * 1024)
                .build()
                .await?;
            let mut handle = in_time(producer.topic(&topic)).await??;
            // Slow answers: the buffer stays full for a while, then there is room.
            let slow = world.cluster.faults().add(Fault::new(
                Condition::api(ApiKey::Produce).topic(topic.as_str()),
                Reaction::Delay(Duration::from_millis(100)),
            ));
            let value = [b'v'; 4000];
            let mut deliveries = Vec::new();
            while let Ok(delivery) = handle.try_send(RecordRef::value(&value)) {
                deliveries.push(delivery);
            }
            let waited = polled(polls, handle.send(RecordRef::value(&value)))
                .await
                .transpose()?;
            let done = waited.is_some();
            deliveries.extend(waited);
            let accepted = i64::try_from(deliveries.len())?;
            for delivery in deliveries {
                in_time(delivery).await??;
            }
            world.cluster.faults().remove(slow);
            world.settle(&producer, &topic, accepted).await?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn batches_and_deliveries_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    at_every_await(
        "TopicProducer::send_batch",
        async |polls| -> Result<bool, BoxError> {
            let topic = format!("batch-{polls}");
            world.cluster.create_topic(&topic, 1);
            let producer = world
                .kafka
                .producer()
                .batch_size(16 * 1024)
                .buffer_memory(64 * 1024)
                .build()
                .await?;
            let mut handle = in_time(producer.topic(&topic)).await??;
            // More than the buffer takes: the call waits between records.
            let value = [b'v'; 4000];
            let records: Vec<_> = (0..40).map(|_| RecordRef::value(&value)).collect();
            let mut deliveries = Vec::new();
            let sending = handle.send_batch(&records, &mut deliveries);
            let done = polled(polls, sending).await.transpose()?.is_some();
            in_time(producer.flush()).await??;
            let accepted = i64::try_from(deliveries.len())?;
            expect("in the log", stored(&world.cluster, &topic), accepted)?;
            // Dropped, a beginning of the batch was accepted; completed, all of it.
            if done {
                expect("records of the batch", accepted, 40)?;
            }
            expect(
                "records acknowledged",
                producer.metrics().records_acked,
                u64::try_from(accepted)?,
            )?;
            world.settle(&producer, &topic, accepted).await?;
            Ok(done)
        },
    )
    .await?;
    // try_send, Permit::send and TopicProducer::try_send all return a Delivery.
    at_every_await("Delivery", async |polls| -> Result<bool, BoxError> {
        let topic = format!("delivery-{polls}");
        world.cluster.create_topic(&topic, 1);
        let producer = world.kafka.producer().build().await?;
        let permit = in_time(producer.reserve(&topic)).await??;
        let mut done = polled(polls, permit.send(Record::to(topic.as_str()).value("p")))
            .await
            .transpose()?
            .is_some();
        let tried = producer
            .try_send(Record::to(topic.as_str()).value("t"))
            .map_err(|rejected| rejected.error)?;
        done &= polled(polls, tried).await.transpose()?.is_some();
        let mut handle = in_time(producer.topic(&topic)).await??;
        done &= polled(polls, handle.try_send(RecordRef::value(b"h"))?)
            .await
            .transpose()?
            .is_some();
        // Dropping the handle of a record changes nothing about the record.
        world.settle(&producer, &topic, 3).await?;
        Ok(done)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn flushing_and_closing_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    at_every_await("Producer::flush", async |polls| -> Result<bool, BoxError> {
        let topic = format!("flush-{polls}");
        world.cluster.create_topic(&topic, 2);
        let producer = world
            .kafka
            .producer()
            .linger(Duration::from_secs(5))
            .build()
            .await?;
        let delivery = in_time(producer.send(Record::to(topic.as_str()).value("v"))).await??;
        let done = polled(polls, producer.flush()).await.transpose()?.is_some();
        in_time(producer.flush()).await??;
        in_time(delivery).await??;
        expect("records in the log", stored(&world.cluster, &topic), 1)?;
        Ok(done)
    })
    .await?;
    at_every_await("Producer::close", async |polls| -> Result<bool, BoxError> {
        let topic = format!("close-{polls}");
        world.cluster.create_topic(&topic, 2);
        let producer = world
            .kafka
            .producer()
            .linger(Duration::from_millis(50))
            .build()
            .await?;
        let delivery = in_time(producer.send(Record::to(topic.as_str()).value("v"))).await??;
        let done = polled(polls, producer.close(LIMIT))
            .await
            .transpose()?
            .is_some();
        // Closed or about to be: what was accepted is delivered all the same.
        in_time(delivery).await??;
        in_time(producer.close(LIMIT)).await??;
        expect("records in the log", stored(&world.cluster, &topic), 1)?;
        Ok(done)
    })
    .await?;
    Ok(())
}
