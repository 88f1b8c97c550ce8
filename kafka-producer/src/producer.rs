//! The handle that users hold.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind, clock};
use kafka_protocol::StrBytes;
use kafka_router::Router;

use crate::completion::NO_SLOT;
use crate::config::{Acks, FOREVER, Idempotence, ProducerConfig};
use crate::delivery::Delivery;
use crate::driver;
use crate::metrics::ProducerMetrics;
use crate::permit::Permit;
use crate::record::{Record, Rejected};
use crate::shared::{Shared, TopicState};
use crate::sync::{Mutex, lock};
use crate::topic::TopicProducer;

/// Sends records to a Kafka cluster.
///
/// Records are batched per partition and sent by tasks on the client's runtime;
/// the handle itself may be used anywhere. Clones share everything but the
/// choice of partitions: records without a key stay on one partition per clone
/// and topic while a batch fills, so a clone per task or thread keeps those out
/// of each other's way.
///
/// When the last handle (a [`TopicProducer`] or [`Permit`] counts) is dropped,
/// nothing blocks, and what was accepted is still delivered or reported, within
/// the delivery timeout and for as long as the runtime lives.
///
/// # What dropping a future means
///
/// | future | dropped before it resolved |
/// |---|---|
/// | [`send`](Self::send) | the record was not accepted and is gone with the future |
/// | [`reserve`](Self::reserve), [`reserve_bytes`](Self::reserve_bytes) | nothing is reserved |
/// | [`topic`](Self::topic) | nothing happened; the topic may have been created |
/// | [`flush`](Self::flush) | what was flushed is sent without lingering all the same |
/// | [`close`](Self::close) | polled once, the producer closes all the same |
/// | [`Delivery`] | the record is delivered all the same, nobody learns how |
pub struct Producer {
    handle: Arc<Handle>,
    /// This clone's, so that clones don't share the choice of partitions.
    topics: Mutex<BTreeMap<StrBytes, Arc<Mutex<TopicProducer>>>>,
}

/// What keeps a producer open: closes it when the last one holding it is gone.
#[derive(Debug)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
    max_record: usize,
}

impl Handle {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The most bytes of a batch of one record.
    pub(crate) fn max_record(&self) -> usize {
        self.max_record
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close(None);
    }
}

impl Producer {
    /// A producer that finds its brokers with `router`; its tasks run on the
    /// router's runtime. Nothing is sent before the first record or topic.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config), naming the settings that can't be or can't
    /// be together, or the codec that was not built in.
    pub fn new(config: ProducerConfig, router: Router) -> Result<Self, Error> {
        config.validate()?;
        let compressor = config.compressor()?;
        if config.idempotence == Idempotence::Auto && config.acks != Acks::All {
            tracing::warn!(
                acks = ?config.acks,
                "idempotence needs acks All and is off: a retry can write a batch twice"
            );
        }
        let (max_record, _) = config.max_record();
        let shared = Arc::new(Shared::new(config, compressor, router));
        driver::spawn_main(&shared);
        Ok(Self {
            handle: Arc::new(Handle { shared, max_record }),
            topics: Mutex::default(),
        })
    }

    /// The settings.
    pub fn config(&self) -> &ProducerConfig {
        &self.shared().config
    }

    /// Hands a record to the producer, waiting for the topic's metadata and for
    /// memory where needed, `max_block` in all. When it returns, the record is
    /// the producer's: buffered, in order.
    ///
    /// Records that one task sends one after the other to the same partition are
    /// delivered in that order. Dropped before it resolves, the record was not
    /// accepted; [`reserve`](Self::reserve) waits first and then sends without
    /// waiting.
    ///
    /// # Errors
    ///
    /// The record was not accepted: [`RecordTooLarge`](ErrorKind::RecordTooLarge)
    /// at once, naming the setting; [`Timeout`](ErrorKind::Timeout) or the
    /// broker's word when the topic or memory was not there within `max_block`;
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a partition that the
    /// topic does not have; [`Closed`](ErrorKind::Closed) after
    /// [`close`](Self::close).
    pub async fn send(&self, record: Record) -> Result<Delivery, Error> {
        let mut deadline = None;
        let topic = self.own_topic(&record.topic, &mut deadline).await?;
        loop {
            match record.lend(|lent| lock(&topic).try_send(lent)) {
                Err(error) if *error.kind() == ErrorKind::QueueFull => {}
                result => return result,
            }
            let bytes = record.lend(|lent| crate::permit::bytes_for(&lent));
            let room = self.room(&record.topic, bytes, &mut deadline).await?;
            let sent = record.lend(|lent| lock(&topic).try_send_with(lent, room));
            match sent {
                Err(error) if *error.kind() == ErrorKind::QueueFull => {}
                result => return result,
            }
        }
    }

    /// Hands a record to the producer if that is possible at once.
    ///
    /// # Errors
    ///
    /// The record comes back with the reason: of kind
    /// [`QueueFull`](ErrorKind::QueueFull) when there is no memory now, or the
    /// topic's metadata is not known yet (it is asked for); else as
    /// [`send`](Self::send).
    #[allow(
        clippy::result_large_err,
        reason = "the record comes back as it was given, without an allocation"
    )]
    pub fn try_send(&self, record: Record) -> Result<Delivery, Rejected> {
        let known = lock(&self.topics).get(&*record.topic).cloned();
        let known = match known {
            Some(topic) => Some(topic),
            None => self
                .shared()
                .known(&record.topic)
                .map(|state| self.remember(state)),
        };
        let result = match known {
            Some(topic) => record.lend(|lent| lock(&topic).try_send(lent)),
            None => Err(self.not_known_yet(&record.topic)),
        };
        result.map_err(|error| Rejected { record, error })
    }

    /// Waits until a record of any size that the settings allow can be sent to
    /// `topic` without waiting, at most `max_block`.
    ///
    /// The space is kept until the permit is used or dropped: with the default
    /// settings about 30 permits can exist at a time, or more with
    /// [`reserve_bytes`](Self::reserve_bytes). Dropped before it resolves,
    /// nothing is reserved.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), except for what only a record can be wrong in.
    pub async fn reserve(&self, topic: &str) -> Result<Permit, Error> {
        self.reserve_bytes(topic, usize::MAX).await
    }

    /// Like [`reserve`](Self::reserve), for a record whose key, value and headers
    /// take `bytes` at most (names and values of headers, and 10 for each). More
    /// than the largest record counts as that.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    pub async fn reserve_bytes(&self, topic: &str, bytes: usize) -> Result<Permit, Error> {
        let mut deadline = None;
        let name = StrBytes::from(topic);
        let own = self.own_topic(&name, &mut deadline).await?;
        let bytes = crate::permit::room_for(bytes).min(self.handle.max_record);
        let room = self.room(&name, bytes, &mut deadline).await?;
        Ok(Permit::new(self.handle.clone(), name, own, room))
    }

    /// A handle for one topic, for many records: see [`TopicProducer`]. Waits for
    /// the topic's metadata, at most `max_block`.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ErrorKind::Timeout) or the broker's word when the topic was
    /// not there in time; at once when the brokers refuse the topic for good,
    /// and [`Closed`](ErrorKind::Closed) after [`close`](Self::close).
    pub async fn topic(&self, name: &str) -> Result<TopicProducer, Error> {
        let deadline = clock::now() + self.shared().config.max_block;
        let state = self.shared().open(name, deadline).await?;
        Ok(TopicProducer::new(self.handle.clone(), state))
    }

    /// Sends everything that was accepted before this call without further
    /// lingering and waits until all of it has its outcome, whatever that is:
    /// the deliveries tell. At most the delivery timeout.
    ///
    /// Begins when first polled. Dropped later, batches that it closed are sent
    /// without lingering all the same.
    ///
    /// # Errors
    ///
    /// None today; a producer that ended has given everything its outcome.
    pub async fn flush(&self) -> Result<(), Error> {
        for completion in self.shared().flush() {
            let mut slot = NO_SLOT;
            poll_fn(|cx| completion.poll_done(&mut slot, cx)).await;
        }
        Ok(())
    }

    /// Takes no more records from any handle, delivers what was accepted, and
    /// after `timeout` fails what is not delivered by then: in flight, with its
    /// outcome unknown ([`Error::possibly_written`]).
    ///
    /// Callers who wait for memory or metadata fail at once. Called again, also
    /// at the same time, the earliest deadline holds and all learn how it went.
    /// Begins when first polled; dropped later, the producer closes all the same.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ErrorKind::Timeout) when something was not delivered in time,
    /// [`Closed`](ErrorKind::Closed) when the runtime ended first.
    pub async fn close(&self, timeout: Duration) -> Result<(), Error> {
        self.shared()
            .close(Some(clock::now() + timeout.min(FOREVER)));
        self.shared().wait_for_end().await
    }

    /// What the producer has done and holds now.
    pub fn metrics(&self) -> ProducerMetrics {
        let shared = self.shared();
        let buffered = shared.memory.used();
        let sender = lock(&shared.sender);
        ProducerMetrics::new(sender.counters(), sender.in_flight(), buffered)
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    /// This clone's handle for a topic, opened where it is not yet.
    async fn own_topic(
        &self,
        name: &StrBytes,
        deadline: &mut Option<Instant>,
    ) -> Result<Arc<Mutex<TopicProducer>>, Error> {
        let known = lock(&self.topics).get(&**name).cloned();
        if let Some(topic) = known {
            return Ok(topic);
        }
        let deadline = self.deadline(deadline);
        let state = self.shared().open(name, deadline).await?;
        Ok(self.remember(state))
    }

    fn remember(&self, state: Arc<TopicState>) -> Arc<Mutex<TopicProducer>> {
        lock(&self.topics)
            .entry(state.name.clone())
            .or_insert_with(|| Arc::new(Mutex::new(TopicProducer::new(self.handle.clone(), state))))
            .clone()
    }

    async fn room(
        &self,
        topic: &StrBytes,
        bytes: usize,
        deadline: &mut Option<Instant>,
    ) -> Result<crate::memory::Charge, Error> {
        self.shared().check_open()?;
        let deadline = self.deadline(deadline);
        let room = self.shared().room(bytes, deadline).await;
        room.map_err(|error| error.with_topic(topic.clone()))
    }

    /// Set by the first wait, for all of them together.
    fn deadline(&self, deadline: &mut Option<Instant>) -> Instant {
        *deadline.get_or_insert_with(|| clock::now() + self.shared().config.max_block)
    }

    #[cold]
    fn not_known_yet(&self, topic: &StrBytes) -> Error {
        if let Err(closed) = self.shared().check_open() {
            return closed;
        }
        self.shared().ask_for(topic);
        Error::new(ErrorKind::QueueFull)
            .with_topic(topic.clone())
            .with_message("the topic's metadata is not known yet")
            .with_hint("await `topic` or `send` once, or try again")
    }
}

impl Clone for Producer {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            topics: Mutex::default(),
        }
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("config", self.config())
            .field("closed", &self.shared().is_closing())
            .finish_non_exhaustive()
    }
}
