//! The consumer as its callers see it.

mod commits;
mod queries;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_net::{Error, clock};
use kafka_router::Router;

use crate::assignment::{Assignment, Start, TopicPartition};
use crate::batch::Batch;
use crate::config::ConsumerConfig;
use crate::driver::{self, DriverGuard};
use crate::metrics::ConsumerMetrics;
use crate::record::OwnedRecord;
use crate::shared::Shared;
use crate::stream::{BatchStream, RecordStream};
use crate::subscription::Subscription;

/// A query that ends at its deadline says more than that it is over; the runtime may
/// need this long to let it.
const GRACE: Duration = Duration::from_secs(1);

/// Reads records from assigned partitions.
///
/// A handle; clones share one consumer. Taking batches or records borrows the
/// handle mutably, so that the batches of a partition don't go to several tasks by
/// accident; who wants to share the work among tasks clones it, and each batch then
/// goes to one of them. Everything else takes `&self`: another clone can pause,
/// seek or commit meanwhile.
///
/// One task on the client's runtime fetches ahead, in parallel from all brokers
/// concerned, within [`prefetch_bytes`](ConsumerConfig::prefetch_bytes). Positions
/// move with what was handed out, never with what was fetched. The futures hold
/// wakers, not timers, and may be polled anywhere. When the last handle and stream
/// is dropped the consumer closes by itself; nothing blocks.
///
/// Partitions that a topic gets later are not noticed yet: assign them as well.
pub struct Consumer {
    handle: Arc<Handle>,
    /// What [`Consumer::next_record`] is in the middle of.
    records: Option<RecordStream>,
}

impl Clone for Consumer {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
            records: None,
        }
    }
}

/// Closes the consumer when nobody holds it any longer.
pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    router: Router,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Commits that were asked for still go out; nobody waits for them here.
        drop(self.shared.close(self.shared.config.api_timeout));
    }
}

impl Consumer {
    /// A consumer without any partitions yet. Its task runs on the router's
    /// runtime.
    ///
    /// # Errors
    ///
    /// As [`ConsumerConfig::validate`].
    pub fn new(config: ConsumerConfig, router: Router) -> Result<Self, Error> {
        config.validate()?;
        let env = router.env().clone();
        let shared = Arc::new(Shared::new(config, env.random().clone()));
        let guard = DriverGuard(Arc::clone(&shared));
        // The task ends by itself; who closes the consumer is told by the state.
        drop(env.spawn(driver::run(guard, router.clone())));
        Ok(Self {
            handle: Arc::new(Handle { shared, router }),
            records: None,
        })
    }

    /// Consumes these partitions and no others from now on, each from its start.
    ///
    /// Returns at once; topics, leaders and offsets are looked up in the
    /// background. What was fetched before is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`](kafka_net::ErrorKind::InvalidArgument) for a partition named twice, an empty topic
    /// name, or a negative number; [`ErrorKind::Config`](kafka_net::ErrorKind::Config) for [`Start::Committed`]
    /// without a group. The assignment is then unchanged.
    pub fn assign(&self, assignments: impl IntoIterator<Item = Assignment>) -> Result<(), Error> {
        let assignments = assignments.into_iter().collect();
        self.open(|state| state.assign(assignments))
    }

    /// Consumes these partitions as well. Those assigned already stay where they
    /// are.
    ///
    /// # Errors
    ///
    /// As [`Consumer::assign`].
    pub fn incremental_assign(
        &self,
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Result<(), Error> {
        let assignments = assignments.into_iter().collect();
        self.open(|state| state.assign_more(assignments))
    }

    /// Consumes these partitions no longer; those not assigned are passed over.
    /// No record of theirs is handed out after this returns.
    pub fn incremental_unassign<P: Into<TopicPartition>>(
        &self,
        partitions: impl IntoIterator<Item = P>,
    ) {
        let partitions = collect(partitions);
        self.handle
            .shared
            .with(|state| state.subscription.unassign(&partitions));
    }

    /// Consumes all partitions that the topic has now as well, each from `start`.
    /// Those assigned already stay where they are. Waits until the topic is known,
    /// at most [`api_timeout`](ConsumerConfig::api_timeout). Dropping the future
    /// before that assigns nothing.
    ///
    /// # Errors
    ///
    /// What the brokers said of the topic, [`ErrorKind::Timeout`](kafka_net::ErrorKind::Timeout) when none
    /// answered; else as [`Consumer::assign`].
    pub async fn assign_topic(&self, topic: &str, start: Start) -> Result<(), Error> {
        Assignment::new(topic, 0, start).check(self.config().group.is_some())?;
        let deadline = clock::now() + self.config().api_timeout;
        let found = self.handle.router.topic(topic, deadline).await?;
        let partitions = found.partitions().iter();
        self.incremental_assign(
            partitions.map(|partition| Assignment::new(found.name().clone(), partition.id, start)),
        )
    }

    /// The assigned partitions, in order.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        self.read(Subscription::assignment)
    }

    /// The next batch of records; partitions take turns. `None` once the consumer
    /// is closed.
    ///
    /// Waits for data without a deadline. Dropping the future loses nothing: a
    /// batch counts as handed out when this returns it, and not before.
    ///
    /// # Errors
    ///
    /// Each error is returned once and names topic and partition; the next call
    /// goes on with the other partitions. An error that
    /// [`is_retriable`](Error::is_retriable) tells of something that has kept a
    /// partition from being read for
    /// [`api_timeout`](ConsumerConfig::api_timeout) and is still being tried.
    /// After any other, the partition is stopped where it was until a
    /// [`seek`](Consumer::seek): [`ErrorKind::OffsetOutOfRange`](kafka_net::ErrorKind::OffsetOutOfRange) under
    /// [`OffsetReset::Fail`](crate::OffsetReset::Fail), [`ErrorKind::Corrupt`](kafka_net::ErrorKind::Corrupt) for
    /// a batch that fails its checks, [`ErrorKind::Broker`](kafka_net::ErrorKind::Broker) for what the broker
    /// refuses for good. [`ErrorKind::Closed`](kafka_net::ErrorKind::Closed) when the runtime is gone.
    pub async fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        // The rest of the batch that next_record was in goes first.
        self.records = None;
        self.batches().next_batch().await
    }

    /// The next record; `None` once the consumer is closed.
    ///
    /// Until its batch is through, or [`next_batch`](Consumer::next_batch) is called
    /// or this handle is dropped, only this handle is handed records of that
    /// partition. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// As [`Consumer::next_batch`].
    pub async fn next_record(&mut self) -> Result<Option<OwnedRecord>, Error> {
        let handle = &self.handle;
        self.records
            .get_or_insert_with(|| RecordStream::new(Arc::clone(handle)))
            .next_record()
            .await
    }

    /// The batches as a stream, which keeps the consumer open.
    pub fn batches(&self) -> BatchStream {
        BatchStream::new(Arc::clone(&self.handle))
    }

    /// The records as a stream, which keeps the consumer open.
    pub fn records(&self) -> RecordStream {
        RecordStream::new(Arc::clone(&self.handle))
    }

    /// Hands out no more records of these partitions, and fetches no more, until
    /// [`resume`](Consumer::resume). What was fetched is kept, as long as paused
    /// partitions take up no more than half of
    /// [`prefetch_bytes`](ConsumerConfig::prefetch_bytes); else it is fetched
    /// again then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`](kafka_net::ErrorKind::InvalidArgument) if one of them is not assigned; nothing
    /// changes then.
    pub fn pause<P: Into<TopicPartition>>(
        &self,
        partitions: impl IntoIterator<Item = P>,
    ) -> Result<(), Error> {
        let partitions = collect(partitions);
        self.open(|state| state.pause(&partitions))
    }

    /// Goes on where [`pause`](Consumer::pause) stopped.
    ///
    /// # Errors
    ///
    /// As [`Consumer::pause`].
    pub fn resume<P: Into<TopicPartition>>(
        &self,
        partitions: impl IntoIterator<Item = P>,
    ) -> Result<(), Error> {
        let partitions = collect(partitions);
        self.open(|state| state.resume(&partitions))
    }

    /// The paused partitions, in order.
    pub fn paused(&self) -> Vec<TopicPartition> {
        self.read(Subscription::paused)
    }

    /// Goes on from `start`. What was fetched is dropped, and a look-up or fetch
    /// in flight no longer counts: nothing from before is handed out after this
    /// returns. Also sets a partition going again that an error stopped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`](kafka_net::ErrorKind::InvalidArgument) for a partition that is not assigned or a
    /// negative offset or timestamp; [`ErrorKind::Config`](kafka_net::ErrorKind::Config) for
    /// [`Start::Committed`] without a group.
    pub fn seek(&self, topic: &str, partition: i32, start: Start) -> Result<(), Error> {
        let partition = TopicPartition::new(topic, partition);
        self.open(|state| state.seek(&partition, start))
    }

    /// The offset after the last record handed out; before the first, where
    /// reading begins. `None` while that is being looked up, and for a partition
    /// that is not assigned.
    pub fn position(&self, topic: &str, partition: i32) -> Option<i64> {
        let partition = TopicPartition::new(topic, partition);
        self.read(|state| state.position(&partition))
    }

    /// How many offsets lie between the position and the end of what could be read
    /// when the partition was last fetched. `None` while either is unknown.
    pub fn lag(&self, topic: &str, partition: i32) -> Option<i64> {
        let partition = TopicPartition::new(topic, partition);
        self.read(|state| state.lag(&partition))
    }

    /// Closes the consumer, for all its handles: nothing more is handed out, and
    /// commits that were asked for are finished, within `timeout`. Positions are
    /// not committed by closing. Dropping the future lets the closing go on.
    ///
    /// # Errors
    ///
    /// None at present. Closing again waits for the same end.
    pub async fn close(&self, timeout: Duration) -> Result<(), Error> {
        if let Some(ended) = self.handle.shared.close(timeout) {
            // An error here means that the driver is gone: also an end.
            let _ = ended.await;
        }
        Ok(())
    }

    /// Counters and gauges, all of one moment.
    pub fn metrics(&self) -> ConsumerMetrics {
        self.handle.shared.with(|state| ConsumerMetrics::of(state))
    }

    /// The settings.
    pub fn config(&self) -> &ConsumerConfig {
        &self.handle.shared.config
    }

    fn read<T>(&self, read: impl FnOnce(&Subscription) -> T) -> T {
        self.handle.shared.with(|state| read(&state.subscription))
    }

    /// A change that a closed consumer refuses.
    fn open(
        &self,
        change: impl FnOnce(&mut Subscription) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.handle.shared.change(change)
    }

    fn shared_config(&self) -> Arc<ConsumerConfig> {
        Arc::clone(&self.handle.shared.config)
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("assignment", &self.assignment())
            .finish_non_exhaustive()
    }
}

fn collect<P: Into<TopicPartition>>(
    partitions: impl IntoIterator<Item = P>,
) -> Vec<TopicPartition> {
    partitions.into_iter().map(Into::into).collect()
}
