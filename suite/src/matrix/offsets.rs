//! Where logs begin and end, what was written when, and what a group committed.

use kafka_client::{OffsetAndMetadata, Record, Start, TopicPartition};
use tokio::time::{sleep, timeout};

use super::ground::{LIMIT, batches, deadline, ensure, recent_ms, unless_too_old};
use super::{Ground, Mark};
use crate::{BoxError, clock};

/// Four records, a second apart; the time of the first.
async fn four(ground: &Ground, topic: &str) -> Result<i64, BoxError> {
    let producer = ground.producer().build().await?;
    let time = recent_ms();
    for n in 0..4 {
        let record = Record::to(topic)
            .value(n.to_string())
            .timestamp_ms(time + 1000 * n);
        timeout(LIMIT, producer.send(record).await?).await??;
    }
    Ok(time)
}

pub(super) async fn ends(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "ends";
    four(ground, topic).await?;
    let consumer = ground.kafka.consumer().assign_topic(topic, Start::Latest);
    let mut consumer = consumer.build().await?;
    let first: Vec<i64> = consumer
        .beginning_offsets([(topic, 0)])
        .await?
        .into_values()
        .collect();
    let end: Vec<i64> = consumer
        .end_offsets([(topic, 0)])
        .await?
        .into_values()
        .collect();
    ensure((&first[..], &end[..]) == (&[0], &[4]), || {
        format!("from {first:?} to {end:?}")
    })?;
    // From the end on: nothing of what is there, everything of what comes.
    let until = deadline();
    while consumer.position(topic, 0) != Some(4) {
        ensure(clock::now() < until, || "the end is not found".to_owned())?;
        sleep(std::time::Duration::from_millis(20)).await;
    }
    let early = timeout(std::time::Duration::from_millis(700), consumer.next_batch()).await;
    ensure(early.is_err(), || format!("{early:?} from the end on"))?;
    let producer = ground.producer().build().await?;
    timeout(
        LIMIT,
        producer.send(Record::to(topic).value("later")).await?,
    )
    .await??;
    let later = batches(&mut consumer, 1).await?;
    let offsets: Vec<_> = later.iter().map(|batch| batch.first_offset()).collect();
    ensure(offsets == [4], || format!("offsets {offsets:?}"))?;
    Ok(Mark::Works)
}

pub(super) async fn by_time(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "by-time";
    let time = four(ground, topic).await?;
    let consumer = ground.kafka.consumer().build().await?;
    for (asked, wanted) in [
        (time - 5, Some((0, time))),
        (time + 1500, Some((2, time + 2000))),
        (time + 9000, None),
    ] {
        let found = consumer.offsets_for_times([((topic, 0), asked)]).await;
        let Some(found) = unless_too_old(found, "0.10.1")? else {
            return Ok(Mark::Refused);
        };
        let found = found.into_values().next().flatten();
        let found = found.map(|found| (found.offset, found.timestamp));
        ensure(found == wanted, || {
            format!("{found:?} instead of {wanted:?}")
        })?;
    }
    Ok(Mark::Works)
}

pub(super) async fn start_by_time(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "start-by-time";
    let time = four(ground, topic).await?;
    let start = Start::Timestamp(time + 2500);
    let consumer = ground.kafka.consumer().assign_topic(topic, start);
    let mut consumer = consumer.build().await?;
    let first = timeout(LIMIT, consumer.next_batch()).await?;
    let Some(first) = unless_too_old(first, "0.10.1")? else {
        return Ok(Mark::Refused);
    };
    let offset = first.map(|batch| batch.first_offset());
    ensure(offset == Some(3), || format!("starts at {offset:?}"))?;
    Ok(Mark::Works)
}

pub(super) async fn committed(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "committed";
    four(ground, topic).await?;
    let place = TopicPartition::new(topic, 0);
    let consumer = || ground.kafka.consumer().group("matrix");
    let first = consumer().build().await?;
    let nothing = first.committed([place.clone()]).await?;
    ensure(nothing.get(&place) == Some(&None), || {
        format!("{nothing:?}")
    })?;
    let stored = OffsetAndMetadata::new(2).with_metadata("half way");
    first.commit_offsets([(place.clone(), stored)]).await?;
    // Another one reads it, goes on from there, and commits what it was handed.
    let assigned = consumer().assign_topic(topic, Start::Committed);
    let mut second = assigned.build().await?;
    let kept = second.committed([place.clone()]).await?;
    let kept = kept.get(&place).cloned().flatten();
    let told = kept
        .as_ref()
        .map(|kept| (kept.offset, kept.metadata.as_deref()));
    ensure(told == Some((2, Some("half way"))), || format!("{kept:?}"))?;
    let read = batches(&mut second, 2).await?;
    let from = read.first().map(|batch| batch.first_offset());
    ensure(from == Some(2), || format!("goes on at {from:?}"))?;
    second.commit().await?;
    let after = second.committed([place.clone()]).await?;
    let after = after.get(&place).cloned().flatten().map(|kept| kept.offset);
    ensure(after == Some(4), || format!("{after:?} at the end"))?;
    Ok(Mark::Works)
}
