//! A broker of one release and a client connected to it.

use std::time::Duration;

use kafka_client::{
    Batch, Consumer, Error, ErrorKind, Kafka, OwnedRecord, ProducerBuilder, Start, WallClock,
};
use kafka_net::SystemWallClock;
use tokio::time::timeout;

use super::Release;
use crate::{BoxError, clock};

/// How long anything may take.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// A broker of one release, a client, and topics for the checks.
#[derive(Debug)]
pub struct Ground {
    /// The client.
    pub kafka: Kafka,
    release: String,
}

impl Ground {
    /// Connects to a broker of this release.
    pub async fn connect(bootstrap: &str, release: &str) -> Result<Self, BoxError> {
        let kafka = Kafka::builder(bootstrap).client_id("matrix").connect();
        Ok(Self {
            kafka: kafka.await?,
            release: release.to_owned(),
        })
    }

    /// Which release the broker is of.
    pub fn release(&self) -> Release {
        Release::of(&self.release)
    }

    /// Its number.
    pub fn number(&self) -> &str {
        &self.release
    }

    /// A producer whose records of a moment go in one batch.
    pub(super) fn producer(&self) -> ProducerBuilder {
        self.kafka.producer().linger(Duration::from_millis(50))
    }

    /// Reads the first `count` records of a topic's only partition.
    pub async fn read(&self, topic: &str, count: usize) -> Result<Vec<OwnedRecord>, BoxError> {
        let batches = self.read_batches(topic, count).await?;
        Ok(batches.iter().flat_map(Batch::to_owned_records).collect())
    }

    /// The same as batches; fails if there are more records.
    pub(super) async fn read_batches(
        &self,
        topic: &str,
        count: usize,
    ) -> Result<Vec<Batch>, BoxError> {
        let consumer = self.kafka.consumer();
        let mut consumer = consumer
            .assign_topic(topic, Start::Earliest)
            .build()
            .await?;
        let batches = batches(&mut consumer, count).await?;
        consumer.close(LIMIT).await?;
        Ok(batches)
    }
}

/// The next `count` records of a consumer; fails if the last batch has more.
pub(super) async fn batches(consumer: &mut Consumer, count: usize) -> Result<Vec<Batch>, BoxError> {
    let mut batches = Vec::new();
    let mut records = 0;
    while records < count {
        let batch = timeout(LIMIT, consumer.next_batch())
            .await
            .map_err(|_| format!("{records} of {count} records after {LIMIT:?}"))??
            .ok_or("the consumer ended")?;
        records += batch.len();
        batches.push(batch);
    }
    if records > count {
        return Err(format!("{records} records instead of {count}").into());
    }
    Ok(batches)
}

/// The value, or `None` where the client said that brokers have to be of this release.
pub(super) fn unless_too_old<T>(
    result: Result<T, Error>,
    since: &str,
) -> Result<Option<T>, BoxError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if *error.kind() == ErrorKind::UnsupportedVersion => {
            let text = error.to_string();
            let named = text.contains(&format!("Kafka {since} or later"));
            let is_safe = !error.possibly_written() && !error.is_retriable();
            match named && is_safe {
                true => Ok(None),
                false => Err(format!("does not name Kafka {since}: {text}").into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Fails with what was expected.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), BoxError> {
    match holds {
        true => Ok(()),
        false => Err(what().into()),
    }
}

/// Milliseconds since 1970, somewhat in the past, for records' timestamps.
pub(super) fn recent_ms() -> i64 {
    SystemWallClock.now_ms() - 600_000
}

/// From now on.
pub(super) fn deadline() -> std::time::Instant {
    clock::now() + LIMIT
}
