//! kafka-consumer: every record is handed out once whatever is dropped, and
//! commits and look-ups leave the consumer as it was.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use kafka_client::{Consumer, Kafka, Record, Start};
use kafka_consumer::TopicPartition;
use kafka_suite::{BoxError, at_every_await, polled};
use kafka_test_broker::TestCluster;

use super::{LIMIT, Outcome, connected, expect, in_time};

const TOPIC: &str = "read";
const RECORDS: usize = 60;

struct World {
    _cluster: TestCluster,
    kafka: Kafka,
}

/// A cluster with `RECORDS` records in one-record batches over two partitions.
async fn world() -> Result<World, BoxError> {
    let cluster = TestCluster::builder()
        .brokers(2)
        .topic(TOPIC, 2)
        .start()
        .await?;
    let kafka = connected(&cluster).await?;
    let producer = kafka.producer().build().await?;
    for n in 0..RECORDS {
        let record = Record::to(TOPIC)
            .partition(i32::try_from(n % 2)?)
            .value(vec![b'v'; 400]);
        in_time(async { producer.send(record).await?.await }).await??;
    }
    Ok(World {
        _cluster: cluster,
        kafka,
    })
}

impl World {
    async fn consumer(&self) -> Result<Consumer, BoxError> {
        // Small fetches, so that there are many awaits on the way.
        let builder = self
            .kafka
            .consumer()
            .group("g")
            .partition_fetch_bytes(1024)
            .assign_topic(TOPIC, Start::Earliest);
        Ok(in_time(builder.build()).await??)
    }
}

/// What was handed out, each once and in order of its partition.
#[derive(Default)]
struct Seen(BTreeSet<(i32, i64)>);

impl Seen {
    fn add(&mut self, partition: i32, offset: i64) -> Outcome {
        let next = self
            .0
            .range((partition, 0)..(partition + 1, 0))
            .next_back()
            .map_or(0, |(_, last)| last + 1);
        expect("the next offset", offset, next)?;
        self.0.insert((partition, offset));
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.0.len() == RECORDS
    }
}

/// Alternates futures that are dropped after `polls` polls with patient ones:
/// a hand-out that went into a dropped future would be missing.
macro_rules! nothing_is_lost {
    ($what:literal, $world:ident, $reader:ident = $open:expr, $next:expr, |$item:ident, $seen:ident| $enter:expr) => {
        at_every_await($what, async |polls| -> Result<bool, BoxError> {
            let mut consumer = $world.consumer().await?;
            let mut $reader = $open(&mut consumer);
            let mut $seen = Seen::default();
            let mut done = polls > 0;
            while !$seen.is_complete() {
                match polled(polls, $next(&mut $reader)).await {
                    Some(item) => {
                        let $item = item;
                        $enter;
                    }
                    None => {
                        done = false;
                        let $item = in_time($next(&mut $reader)).await?;
                        $enter;
                    }
                }
            }
            // It completes at the first poll whenever something is buffered:
            // done when it did so every time, or when it is polled often enough.
            Ok(done || polls >= 8)
        })
        .await
    };
}

#[tokio::test]
async fn batches_and_records_dropped_at_every_await_are_not_lost() -> Outcome {
    let world = world().await?;
    nothing_is_lost!(
        "Consumer::next_batch",
        world,
        reader = |consumer| consumer,
        async |reader: &mut &mut Consumer| reader.next_batch().await,
        |item, seen| {
            let batch = item?.ok_or("ended")?;
            for record in &batch {
                seen.add(batch.partition(), record.offset())?;
            }
        }
    )?;
    nothing_is_lost!(
        "Consumer::next_record",
        world,
        reader = |consumer| consumer,
        async |reader: &mut &mut Consumer| reader.next_record().await,
        |item, seen| {
            let record = item?.ok_or("ended")?;
            seen.add(record.partition, record.offset)?;
        }
    )?;
    Ok(())
}

#[tokio::test]
async fn a_reader_that_loses_what_it_took_is_caught() -> Outcome {
    let world = world().await?;
    let result = nothing_is_lost!(
        "a leak",
        world,
        reader = |consumer| consumer,
        async |reader: &mut &mut Consumer| {
            let record = reader.next_record().await;
            // Dropped here, it takes the record along.
            tokio::task::yield_now().await;
            record
        },
        |item, seen| {
            let record = item?.ok_or("ended")?;
            seen.add(record.partition, record.offset)?;
        }
    );
    let error = result.err().ok_or("the leak was not seen")?;
    if error.contains("the next offset") {
        Ok(())
    } else {
        Err(error.into())
    }
}

#[tokio::test]
async fn streams_dropped_at_every_await_lose_nothing() -> Outcome {
    let world = world().await?;
    nothing_is_lost!(
        "BatchStream::next_batch",
        world,
        reader = |consumer: &mut Consumer| consumer.batches(),
        async |reader: &mut kafka_consumer::BatchStream| reader.next_batch().await,
        |item, seen| {
            let batch = item?.ok_or("ended")?;
            for record in &batch {
                seen.add(batch.partition(), record.offset())?;
            }
        }
    )?;
    nothing_is_lost!(
        "RecordStream::next_record",
        world,
        reader = |consumer: &mut Consumer| consumer.records(),
        async |reader: &mut kafka_consumer::RecordStream| reader.next_record().await,
        |item, seen| {
            let record = item?.ok_or("ended")?;
            seen.add(record.partition, record.offset)?;
        }
    )?;
    nothing_is_lost!(
        "RecordStream as a Stream",
        world,
        reader = |consumer: &mut Consumer| consumer.records(),
        async |reader: &mut kafka_consumer::RecordStream| {
            std::future::poll_fn(|cx| Pin::new(&mut *reader).poll_next(cx)).await
        },
        |item, seen| {
            let record = item.ok_or("ended")??;
            seen.add(record.partition, record.offset)?;
        }
    )?;
    nothing_is_lost!(
        "BatchStream as a Stream",
        world,
        reader = |consumer: &mut Consumer| consumer.batches(),
        async |reader: &mut kafka_consumer::BatchStream| {
            std::future::poll_fn(|cx| Pin::new(&mut *reader).poll_next(cx)).await
        },
        |item, seen| {
            let batch = item.ok_or("ended")??;
            for record in &batch {
                seen.add(batch.partition(), record.offset())?;
            }
        }
    )?;
    Ok(())
}

#[tokio::test]
async fn assigning_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    at_every_await(
        "Consumer::assign_topic",
        async |polls| -> Result<bool, BoxError> {
            let mut consumer = in_time(world.kafka.consumer().build()).await??;
            let done = polled(polls, consumer.assign_topic(TOPIC, Start::Earliest))
                .await
                .transpose()?
                .is_some();
            // All of it or nothing.
            expect(
                "partitions assigned",
                consumer.assignment().len(),
                if done { 2 } else { 0 },
            )?;
            in_time(consumer.assign_topic(TOPIC, Start::Earliest)).await??;
            in_time(consumer.next_batch()).await??.ok_or("ended")?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn commits_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    let zero = || TopicPartition::new(TOPIC, 0);
    let committed = async |consumer: &Consumer| -> Result<Option<i64>, BoxError> {
        let all = in_time(consumer.committed([zero()])).await??;
        Ok(all
            .get(&zero())
            .and_then(|found| found.as_ref())
            .map(|found| found.offset))
    };
    at_every_await(
        "Consumer::commit_offsets",
        async |polls| -> Result<bool, BoxError> {
            let consumer = world.consumer().await?;
            let wanted = 10 + i64::try_from(polls)?;
            let done = polled(polls, consumer.commit_offsets([(zero(), wanted)]))
                .await
                .transpose()?
                .is_some();
            // Begun or not, a later commit comes after it.
            in_time(consumer.commit_offsets([(zero(), wanted + 1)])).await??;
            expect("committed", committed(&consumer).await?, Some(wanted + 1))?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Consumer::commit",
        async |polls| -> Result<bool, BoxError> {
            let mut consumer = world.consumer().await?;
            let batch = in_time(consumer.next_batch()).await??.ok_or("ended")?;
            let done = polled(polls, consumer.commit())
                .await
                .transpose()?
                .is_some();
            in_time(consumer.commit_through(&batch)).await??;
            in_time(consumer.commit()).await??;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Consumer::commit_through",
        async |polls| -> Result<bool, BoxError> {
            let mut consumer = world.consumer().await?;
            let batch = in_time(consumer.next_batch()).await??.ok_or("ended")?;
            let done = polled(polls, consumer.commit_through(&batch))
                .await
                .transpose()?
                .is_some();
            in_time(consumer.commit_through(&batch)).await??;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Consumer::committed",
        async |polls| -> Result<bool, BoxError> {
            let consumer = world.consumer().await?;
            let done = polled(polls, consumer.committed([zero()]))
                .await
                .transpose()?
                .is_some();
            committed(&consumer).await?.ok_or("nothing is committed")?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn offset_look_ups_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    let zero = || TopicPartition::new(TOPIC, 0);
    let half = i64::try_from(RECORDS / 2)?;
    at_every_await(
        "Consumer::beginning_offsets",
        async |polls| -> Result<bool, BoxError> {
            let consumer = world.consumer().await?;
            let done = polled(polls, consumer.beginning_offsets([zero()]))
                .await
                .transpose()?
                .is_some();
            expect(
                "beginning",
                in_time(consumer.beginning_offsets([zero()]))
                    .await??
                    .get(&zero()),
                Some(&0),
            )?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Consumer::end_offsets",
        async |polls| -> Result<bool, BoxError> {
            let consumer = world.consumer().await?;
            let done = polled(polls, consumer.end_offsets([zero()]))
                .await
                .transpose()?
                .is_some();
            expect(
                "end",
                in_time(consumer.end_offsets([zero()])).await??.get(&zero()),
                Some(&half),
            )?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Consumer::offsets_for_times",
        async |polls| -> Result<bool, BoxError> {
            let consumer = world.consumer().await?;
            let done = polled(polls, consumer.offsets_for_times([(zero(), 1)]))
                .await
                .transpose()?
                .is_some();
            let found = in_time(consumer.offsets_for_times([(zero(), 1)])).await??;
            expect(
                "first of all times",
                found.get(&zero()).map(Option::is_some),
                Some(true),
            )?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn closing_a_consumer_dropped_at_every_await() -> Outcome {
    let world = world().await?;
    at_every_await("Consumer::close", async |polls| -> Result<bool, BoxError> {
        let mut consumer = world.consumer().await?;
        in_time(consumer.next_batch()).await??.ok_or("ended")?;
        let done = polled(polls, consumer.close(LIMIT))
            .await
            .transpose()?
            .is_some();
        in_time(consumer.close(LIMIT)).await??;
        if in_time(consumer.next_batch()).await??.is_some() {
            return Err("a batch after closing".into());
        }
        Ok(done)
    })
    .await?;
    // Another consumer of the same client is not disturbed.
    let mut other = world.consumer().await?;
    tokio::time::timeout(Duration::from_secs(10), other.next_batch())
        .await??
        .ok_or("ended")?;
    Ok(())
}
