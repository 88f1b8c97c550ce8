//! The hot path: a handle for one topic.

mod run;

use std::fmt;
use std::sync::Arc;

use kafka_net::{Error, ErrorKind, Random, clock};
use kafka_protocol::records::{BatchBuilder, NewRecord};
use kafka_router::PartitionChooser;

use crate::building::{BATCH_OVERHEAD, size_bound};
use crate::delivery::Delivery;
use crate::memory::Charge;
use crate::producer::Handle;
use crate::queue::Append;
use crate::record::RecordRef;
use crate::shared::{TopicState, TopicView};

/// Sends to one topic: the fastest way in.
///
/// Looks nothing up and allocates nothing per record; what it is given it
/// encodes at once, so it takes borrowed records. Records without a key stay on
/// one partition of this handle's own until the batch there is full or gone, so
/// give each task or thread its own clone.
///
/// Holds the producer open like [`Producer`](crate::Producer) itself.
pub struct TopicProducer {
    handle: Arc<Handle>,
    state: Arc<TopicState>,
    view: Arc<TopicView>,
    version: u64,
    chooser: Box<dyn PartitionChooser>,
    random: Random,
    /// Where the latest record without key or partition went.
    stay: Option<i32>,
    /// Chosen for the next such record already.
    ahead: Option<i32>,
}

/// What came of one try.
enum Attempt {
    Done(Delivery),
    NoRoom { bytes: usize },
    Refused(Error),
}

impl TopicProducer {
    pub(crate) fn new(handle: Arc<Handle>, state: Arc<TopicState>) -> Self {
        let shared = handle.shared();
        let chooser = shared.config.partitioner.state();
        let random = shared.router.env().random().fork();
        let version = state.version();
        Self {
            view: state.view(),
            handle,
            state,
            version,
            chooser,
            random,
            stay: None,
            ahead: None,
        }
    }

    /// The topic's name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// How many partitions the topic has, as far as is known.
    pub fn partition_count(&self) -> usize {
        self.state.view().partitions.len()
    }

    /// Hands a record to the producer, waiting for memory where there is none.
    ///
    /// Records of one handle that go to the same partition are delivered in the
    /// order of these calls. Dropped before it resolves, the record was not
    /// accepted and any memory it was granted goes back.
    ///
    /// # Errors
    ///
    /// The record was not accepted: [`RecordTooLarge`](ErrorKind::RecordTooLarge)
    /// for one above `max_request_size`; [`Timeout`](ErrorKind::Timeout) when
    /// there was no memory within `max_block`;
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a partition that the
    /// topic does not have; [`Closed`](ErrorKind::Closed) after `close`.
    pub async fn send(&mut self, record: RecordRef<'_>) -> Result<Delivery, Error> {
        let mut deadline = None;
        let mut credit = None;
        loop {
            let bytes = match self.attempt(&record, credit.take()) {
                Attempt::Done(delivery) => return Ok(delivery),
                Attempt::Refused(error) => return Err(error),
                Attempt::NoRoom { bytes } => bytes,
            };
            let shared = self.handle.shared();
            let deadline = *deadline.get_or_insert_with(|| clock::now() + shared.config.max_block);
            let room = shared.room(bytes, deadline).await;
            credit = Some(room.map_err(|error| error.with_topic(self.state.name.clone()))?);
        }
    }

    /// Hands a record to the producer if there is room now.
    ///
    /// # Errors
    ///
    /// The record was not accepted: [`QueueFull`](ErrorKind::QueueFull) when
    /// there is no memory now, else as [`send`](Self::send).
    pub fn try_send(&mut self, record: RecordRef<'_>) -> Result<Delivery, Error> {
        match self.attempt(&record, None) {
            Attempt::Done(delivery) => Ok(delivery),
            Attempt::Refused(error) => Err(error),
            Attempt::NoRoom { .. } => {
                let error = self.handle.shared().full();
                Err(error.with_topic(self.state.name.clone()))
            }
        }
    }

    /// With memory that was waited for.
    pub(crate) fn try_send_with(
        &mut self,
        record: RecordRef<'_>,
        credit: Charge,
    ) -> Result<Delivery, Error> {
        match self.attempt(&record, Some(credit)) {
            Attempt::Done(delivery) => Ok(delivery),
            Attempt::Refused(error) => Err(error),
            Attempt::NoRoom { .. } => Err(self.handle.shared().full()),
        }
    }

    /// The same without waiting; with memory that was waited for.
    fn attempt(&mut self, record: &RecordRef<'_>, credit: Option<Charge>) -> Attempt {
        self.refresh();
        let timestamp = record
            .timestamp
            .unwrap_or_else(|| self.handle.shared().wall_ms());
        let new = new_record(record, timestamp);
        let bound = size_bound(&new);
        if BATCH_OVERHEAD + bound > self.handle.max_record()
            && let Err(error) = self.check_size(&new, bound)
        {
            return Attempt::Refused(error);
        }
        let placed = record.key.is_some() || record.partition.is_some();
        let index = self.choose(record);
        let Some(partition) = self.view.partition(index) else {
            return Attempt::Refused(self.no_partition(record, index));
        };
        let appended = partition.queue().append(&new, bound, false, None);
        match appended {
            Append::Done {
                completion,
                index: at,
                edge,
            } => {
                partition.tell(edge);
                if !placed {
                    self.stay = Some(index);
                }
                Attempt::Done(Delivery::new(completion, at, timestamp))
            }
            Append::WouldOpen { edge } => {
                partition.tell(edge);
                self.open(record, index, placed, credit)
            }
            Append::NoRoom { edge, .. } => {
                partition.tell(edge);
                self.open(record, index, placed, credit)
            }
            Append::Refused(error) => Attempt::Refused(self.at(index, error)),
        }
    }

    /// Begins a batch with the record: at another partition if the one it was
    /// meant for has had its batch from this handle.
    #[cold]
    fn open(
        &mut self,
        record: &RecordRef<'_>,
        index: i32,
        placed: bool,
        credit: Option<Charge>,
    ) -> Attempt {
        let mut index = index;
        if !placed {
            if self.stay == Some(index) {
                let view = &self.view;
                let queued = |id| view.partition(id).map_or(0, |one| one.queue().batches());
                self.chooser
                    .on_new_batch(index, &view.topic, &queued, &self.random);
                index = self.choose(record);
            }
            self.stay = Some(index);
        }
        let Some(partition) = self.view.partition(index).cloned() else {
            return Attempt::Refused(self.no_partition(record, index));
        };
        let now_ms = self.handle.shared().renew_wall_ms();
        let timestamp = record.timestamp.unwrap_or(now_ms);
        let new = new_record(record, timestamp);
        let appended = partition
            .queue()
            .append(&new, size_bound(&new), true, credit);
        match appended {
            Append::Done {
                completion,
                index,
                edge,
            } => {
                partition.tell(edge);
                Attempt::Done(Delivery::new(completion, index, timestamp))
            }
            Append::NoRoom { bytes, edge } => {
                partition.tell(edge);
                Attempt::NoRoom { bytes }
            }
            Append::WouldOpen { edge } => {
                // Not with leave to open one.
                partition.tell(edge);
                Attempt::Refused(Error::new(ErrorKind::Internal))
            }
            Append::Refused(error) => Attempt::Refused(self.at(index, error)),
        }
    }

    /// Appends with memory that was reserved: never waits.
    pub(crate) fn append_reserved(&mut self, record: &RecordRef<'_>, charge: Charge) -> Delivery {
        let name = self.state.name.clone();
        self.try_send_with(*record, charge).unwrap_or_else(|error| {
            let error = if *error.kind() == ErrorKind::QueueFull {
                error.with_hint("the record is larger than what its permit reserved")
            } else {
                error
            };
            Delivery::failed(record.partition.unwrap_or(-1), error.with_topic(name))
        })
    }

    fn choose(&mut self, record: &RecordRef<'_>) -> i32 {
        if let Some(partition) = record.partition {
            return partition;
        }
        if record.key.is_none()
            && let Some(ahead) = self.ahead.take()
        {
            return ahead;
        }
        self.chooser
            .choose(record.key, &self.view.topic, &self.random)
    }

    /// Takes over what the metadata says now, if that changed.
    #[inline]
    fn refresh(&mut self) {
        let version = self.state.version();
        if version != self.version {
            self.version = version;
            self.view = self.state.view();
        }
    }

    #[cold]
    fn check_size(&self, record: &NewRecord<'_>, bound: usize) -> Result<(), Error> {
        let config = &self.handle.shared().config;
        let (limit, setting) = config.max_record();
        let size = BATCH_OVERHEAD + BatchBuilder::new().record_size(record);
        if size <= limit && BATCH_OVERHEAD + bound <= config.buffer_memory.limit() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::RecordTooLarge)
            .with_topic(self.state.name.clone())
            .with_message(format!(
                "the record takes {size} bytes with its batch's header, {setting} is {limit}"
            )))
    }

    #[cold]
    fn no_partition(&self, record: &RecordRef<'_>, index: i32) -> Error {
        let count = self.view.partitions.len();
        let error = Error::new(ErrorKind::InvalidArgument).with_topic(self.state.name.clone());
        if index < 0 && record.partition.is_none() && count > 0 {
            return error
                .with_message("the record names no partition, and the partitioner chose none");
        }
        let has = match count {
            0 => "no partitions".to_owned(),
            1 => "1 partition (0)".to_owned(),
            _ => format!("{count} partitions (0 to {})", count - 1),
        };
        error.with_partition(index).with_message(format!(
            "there is no partition {index}: the topic has {has}"
        ))
    }

    #[cold]
    fn at(&self, index: i32, error: Error) -> Error {
        error
            .with_topic(self.state.name.clone())
            .with_partition(index)
    }
}

/// A handle that chooses partitions on its own.
impl Clone for TopicProducer {
    fn clone(&self) -> Self {
        Self::new(self.handle.clone(), self.state.clone())
    }
}

impl fmt::Debug for TopicProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicProducer")
            .field("topic", &self.state.name)
            .field("partitions", &self.view.partitions.len())
            .finish_non_exhaustive()
    }
}

#[inline]
fn new_record<'a>(record: &RecordRef<'a>, timestamp: i64) -> NewRecord<'a> {
    NewRecord {
        timestamp,
        key: record.key,
        value: record.value,
        headers: record.headers,
    }
}
