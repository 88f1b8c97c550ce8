//! The consumer as its callers see it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_net::{Error, ErrorKind, Waiting, clock};
use kafka_protocol::Uuid;
use kafka_router::Router;
use tokio::sync::oneshot;

use crate::assignment::{Assignment, Start, TopicPartition};
use crate::batch::Batch;
use crate::commit::{Commit, OffsetAndMetadata, Position};
use crate::config::ConsumerConfig;
use crate::driver::{self, DriverGuard};
use crate::error;
use crate::leader::{self, OffsetAndTimestamp, Wanted};
use crate::metrics::ConsumerMetrics;
use crate::position::{EARLIEST, LATEST};
use crate::record::OwnedRecord;
use crate::shared::Shared;
use crate::stream::{BatchStream, RecordStream};
use crate::{coordinator, subscription};

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
#[derive(Clone)]
pub struct Consumer {
    handle: Arc<Handle>,
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
        })
    }

    /// Consumes these partitions and no others from now on, each from its start.
    ///
    /// Returns at once; topics, leaders and offsets are looked up in the
    /// background. What was fetched before is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] for a partition named twice, an empty topic
    /// name, or a negative number; [`ErrorKind::Config`] for [`Start::Committed`]
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
    /// What the brokers said of the topic, [`ErrorKind::Timeout`] when none
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
        self.read(subscription::Subscription::assignment)
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
    /// [`seek`](Consumer::seek): [`ErrorKind::OffsetOutOfRange`] under
    /// [`OffsetReset::Fail`](crate::OffsetReset::Fail), [`ErrorKind::Corrupt`] for
    /// a batch that fails its checks, [`ErrorKind::Broker`] for what the broker
    /// refuses for good. [`ErrorKind::Closed`] when the runtime is gone.
    pub async fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        self.batches().next_batch().await
    }

    /// The next record; `None` once the consumer is closed. For many records
    /// [`records`](Consumer::records) costs less.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// As [`Consumer::next_batch`].
    pub async fn next_record(&mut self) -> Result<Option<OwnedRecord>, Error> {
        self.records().next_record().await
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
    /// [`ErrorKind::InvalidArgument`] if one of them is not assigned; nothing
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
        self.read(subscription::Subscription::paused)
    }

    /// Goes on from `start`. What was fetched is dropped, and a look-up or fetch
    /// in flight no longer counts: nothing from before is handed out after this
    /// returns. Also sets a partition going again that an error stopped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] for a partition that is not assigned or a
    /// negative offset or timestamp; [`ErrorKind::Config`] for
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

    /// Commits the positions of all assigned partitions: everything that was
    /// handed out, as Kafka's own client does. Where nothing has moved since the
    /// last commit, there is nothing to do.
    ///
    /// Commits are sent one after another in the order of the calls, so an older
    /// one never overwrites a newer one; those that wait are sent as one. Dropping
    /// the future does not stop the commit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] without a [`group`](ConsumerConfig::group); what the
    /// coordinator refused; [`ErrorKind::Timeout`] after
    /// [`api_timeout`](ConsumerConfig::api_timeout), when the commit may or may
    /// not have been stored.
    pub async fn commit(&self) -> Result<(), Error> {
        self.need_group("Consumer::commit")?;
        self.store(|state| state.subscription.uncommitted()).await
    }

    /// Commits up to and including one record or batch: from an [`OwnedRecord`],
    /// a [`Batch`], or [`Batch::position_after`] of a record.
    ///
    /// Dropping the future does not stop the commit.
    ///
    /// # Errors
    ///
    /// As [`Consumer::commit`].
    pub async fn commit_through(&self, through: impl Into<Position>) -> Result<(), Error> {
        self.commit_offsets([<(TopicPartition, OffsetAndMetadata)>::from(through.into())])
            .await
    }

    /// Commits these offsets, each that of the next record to read; the partitions
    /// need not be assigned.
    ///
    /// Dropping the future does not stop the commit.
    ///
    /// # Errors
    ///
    /// As [`Consumer::commit`]; [`ErrorKind::InvalidArgument`] for a negative
    /// offset.
    pub async fn commit_offsets<P, O>(
        &self,
        offsets: impl IntoIterator<Item = (P, O)>,
    ) -> Result<(), Error>
    where
        P: Into<TopicPartition>,
        O: Into<OffsetAndMetadata>,
    {
        self.need_group("Consumer::commit_offsets")?;
        let mut commits = BTreeMap::new();
        for (partition, value) in offsets {
            let (partition, value) = (partition.into(), value.into());
            partition.check()?;
            if value.offset < 0 {
                return Err(error::at(
                    &partition,
                    Error::new(ErrorKind::InvalidArgument)
                        .with_message(format!("offset {} is negative", value.offset)),
                ));
            }
            commits.insert(partition, value);
        }
        let cluster = self.handle.router.cluster();
        let topic_id = |state: &subscription::Subscription, partition: &TopicPartition| {
            let assigned = state.topic_id(partition);
            let known = || Some(cluster.topic(&partition.topic)?.id());
            assigned.or_else(known).unwrap_or_default()
        };
        self.store(|state| {
            let commits = commits.into_iter();
            commits
                .map(|(partition, value)| Commit {
                    topic_id: topic_id(&state.subscription, &partition),
                    partition,
                    value,
                })
                .collect()
        })
        .await
    }

    /// What the group committed for these partitions; `None` where it committed
    /// nothing. Dropping the future ends the look-up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] without a [`group`](ConsumerConfig::group); what the
    /// coordinator refused; what kept it from answering for
    /// [`api_timeout`](ConsumerConfig::api_timeout).
    pub async fn committed<P: Into<TopicPartition>>(
        &self,
        partitions: impl IntoIterator<Item = P>,
    ) -> Result<BTreeMap<TopicPartition, Option<OffsetAndMetadata>>, Error> {
        self.need_group("Consumer::committed")?;
        let cluster = self.handle.router.cluster();
        let mut wanted: Vec<(TopicPartition, Uuid)> = Vec::new();
        for partition in collect(partitions) {
            partition.check()?;
            let known = cluster.topic(&partition.topic).map(|topic| topic.id());
            wanted.push((partition, known.unwrap_or_default()));
        }
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.committed_of(wanted).await
    }

    /// The first offset of each partition's log. Dropping the future ends the
    /// look-up.
    ///
    /// # Errors
    ///
    /// What the brokers refused, or what kept them from answering for
    /// [`api_timeout`](ConsumerConfig::api_timeout); names the partition.
    pub async fn beginning_offsets<P: Into<TopicPartition>>(
        &self,
        partitions: impl IntoIterator<Item = P>,
    ) -> Result<BTreeMap<TopicPartition, i64>, Error> {
        self.ends(collect(partitions), EARLIEST).await
    }

    /// The offset after the last record of each partition that can be read: the
    /// high watermark, or, under
    /// [`IsolationLevel::ReadCommitted`](crate::IsolationLevel::ReadCommitted),
    /// the last stable offset. Dropping the future ends the look-up.
    ///
    /// # Errors
    ///
    /// As [`Consumer::beginning_offsets`].
    pub async fn end_offsets<P: Into<TopicPartition>>(
        &self,
        partitions: impl IntoIterator<Item = P>,
    ) -> Result<BTreeMap<TopicPartition, i64>, Error> {
        self.ends(collect(partitions), LATEST).await
    }

    /// For each partition, the first record whose timestamp, in milliseconds since
    /// 1970, is the one given or later; `None` where there is none. Brokers from
    /// 0.10.1 on know. Dropping the future ends the look-up.
    ///
    /// # Errors
    ///
    /// As [`Consumer::beginning_offsets`]; [`ErrorKind::InvalidArgument`] for a
    /// negative timestamp; [`ErrorKind::UnsupportedVersion`] from older brokers.
    pub async fn offsets_for_times<P: Into<TopicPartition>>(
        &self,
        timestamps: impl IntoIterator<Item = (P, i64)>,
    ) -> Result<BTreeMap<TopicPartition, Option<OffsetAndTimestamp>>, Error> {
        let mut wanted = Wanted::new();
        for (partition, timestamp) in timestamps {
            let partition = partition.into();
            Assignment {
                partition: partition.clone(),
                start: Start::Timestamp(timestamp),
            }
            .check(false)?;
            wanted.insert(partition, timestamp);
        }
        self.query(wanted).await
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

    fn read<T>(&self, read: impl FnOnce(&subscription::Subscription) -> T) -> T {
        self.handle.shared.with(|state| read(&state.subscription))
    }

    /// A change that a closed consumer refuses.
    fn open(
        &self,
        change: impl FnOnce(&mut subscription::Subscription) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.handle.shared.change(change)
    }

    fn need_group(&self, what: &str) -> Result<(), Error> {
        match self.config().group {
            Some(_) => Ok(()),
            None => Err(error::no_group(what)),
        }
    }

    async fn store(
        &self,
        commits: impl FnOnce(&crate::shared::State) -> Vec<Commit>,
    ) -> Result<(), Error> {
        let waiting: Option<oneshot::Receiver<_>> = self.handle.shared.commit(commits)?;
        match waiting {
            Some(waiting) => waiting.await.unwrap_or_else(|_| Err(error::closed())),
            None => Ok(()),
        }
    }

    fn committed_of(
        &self,
        wanted: Vec<(TopicPartition, Uuid)>,
    ) -> Waiting<BTreeMap<TopicPartition, Option<OffsetAndMetadata>>> {
        let (router, config) = (self.handle.router.clone(), self.shared_config());
        let deadline = clock::now() + config.api_timeout;
        let late = Arc::clone(&config);
        let late =
            move || Error::timeout("the committed offsets were not found out", late.api_timeout);
        self.handle.router.env().within(deadline, late, async move {
            let found = coordinator::committed(&router, &config, &wanted, deadline).await?;
            let partitions = wanted.into_iter().map(|(partition, _)| partition);
            let found = partitions.zip(found);
            found
                .map(|(partition, offset)| Ok((partition, offset?)))
                .collect()
        })
    }

    async fn ends(
        &self,
        partitions: Vec<TopicPartition>,
        end: i64,
    ) -> Result<BTreeMap<TopicPartition, i64>, Error> {
        let mut wanted = Wanted::new();
        for partition in partitions {
            partition.check()?;
            wanted.insert(partition, end);
        }
        let found = self.query(wanted).await?;
        let found = found.into_iter().map(|(partition, at)| match at {
            Some(at) => Ok((partition, at.offset)),
            None => Err(error::at(
                &partition,
                Error::new(ErrorKind::UnexpectedResponse)
                    .with_message("the broker named no end of the log"),
            )),
        });
        found.collect()
    }

    fn query(&self, wanted: Wanted) -> Waiting<leader::Found> {
        let (router, config) = (self.handle.router.clone(), self.shared_config());
        let deadline = clock::now() + config.api_timeout;
        let late = Arc::clone(&config);
        self.handle.router.env().within(
            deadline,
            move || leader::late(&late),
            leader::query(router, config, wanted, deadline),
        )
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
