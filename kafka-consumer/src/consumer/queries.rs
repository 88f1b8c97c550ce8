//! Asking where logs begin and end, and what was written when.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_net::{Error, ErrorKind, Waiting, clock};

use super::{Consumer, GRACE, collect};
use crate::assignment::{Assignment, Start, TopicPartition};
use crate::error;
use crate::leader::{self, OffsetAndTimestamp, Wanted};
use crate::position::{EARLIEST, LATEST};

impl Consumer {
    /// The first offset of each partition's log. Dropping the future ends the
    /// look-up.
    ///
    /// # Errors
    ///
    /// What the brokers refused, or what kept them from answering for
    /// [`api_timeout`](crate::ConsumerConfig::api_timeout); names the partition.
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
            clock::after(deadline, GRACE),
            move || leader::late(&late),
            leader::query(router, config, wanted, deadline),
        )
    }
}
