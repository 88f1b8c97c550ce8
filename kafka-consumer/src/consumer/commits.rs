//! Committing a group's offsets, and reading what was committed.

use std::collections::BTreeMap;

use kafka_net::{Error, ErrorKind, Waiting, clock};
use kafka_protocol::{ApiKey, Uuid};
use tokio::sync::oneshot;

use super::{Consumer, GRACE, collect};
use crate::assignment::TopicPartition;
use crate::commit::{Commit, OffsetAndMetadata, Position};
use crate::coordinator;
use crate::error;
use crate::group;
use crate::shared::State;
use crate::subscription::Subscription;

impl Consumer {
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
    /// [`ErrorKind::Config`] without a [`group`](crate::ConsumerConfig::group); what the
    /// coordinator refused; [`ErrorKind::Timeout`] after
    /// [`api_timeout`](crate::ConsumerConfig::api_timeout), when the commit may or may
    /// not have been stored.
    pub async fn commit(&self) -> Result<(), Error> {
        self.need_group("Consumer::commit")?;
        self.store(|state| state.subscription.uncommitted()).await
    }

    /// Commits up to and including one record or batch: from an
    /// [`OwnedRecord`](crate::OwnedRecord),
    /// a [`Batch`](crate::Batch), or
    /// [`Batch::position_after`](crate::Batch::position_after) of a record.
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
        let topic_id = |state: &Subscription, partition: &TopicPartition| {
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
    /// [`ErrorKind::Config`] without a [`group`](crate::ConsumerConfig::group); what the
    /// coordinator refused; what kept it from answering for
    /// [`api_timeout`](crate::ConsumerConfig::api_timeout).
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

    async fn store(&self, commits: impl FnOnce(&State) -> Vec<Commit>) -> Result<(), Error> {
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
        let (group, limit) = (config.group.clone(), config.api_timeout);
        let late = move || {
            let error = Error::timeout("the committed offsets were not found out", limit)
                .with_api(ApiKey::OffsetFetch);
            match group {
                Some(group) => error.with_hint(group::of_group(&group)),
                None => error,
            }
        };
        let grace = clock::after(deadline, GRACE);
        self.handle.router.env().within(grace, late, async move {
            let found = coordinator::committed(&router, &config, &wanted, deadline).await?;
            let partitions = wanted.into_iter().map(|(partition, _)| partition);
            let found = partitions.zip(found);
            found
                .map(|(partition, offset)| Ok((partition, offset?)))
                .collect()
        })
    }

    fn need_group(&self, what: &str) -> Result<(), Error> {
        match self.config().group {
            Some(_) => Ok(()),
            None => Err(error::no_group(what)),
        }
    }
}
