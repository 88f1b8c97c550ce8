//! What the handles and the tasks of one producer share.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use futures_util::FutureExt;
use kafka_net::{Error, ErrorKind, clock};
use kafka_protocol::StrBytes;
use kafka_protocol::records::Compressor;
use kafka_router::{Router, Topic};

use crate::completion::{Completion, NO_SLOT, Outcome, Resolver};
use crate::config::ProducerConfig;
use crate::driver;
use crate::inbox::Inbox;
use crate::memory::{Charge, Joined, Memory};
use crate::queue::{Partition, PartitionQueue};
use crate::request::Template;
use crate::sender::{Effects, Sender};
use crate::sync::{AtomicI64, AtomicU64, Mutex, Ordering, lock};

/// See the module.
///
/// Locks are taken in this order, each for a moment: `life`, then `sender`, then
/// a partition's queue. Callers who append take the queue's alone.
pub(crate) struct Shared {
    pub(crate) config: ProducerConfig,
    pub(crate) template: Template,
    pub(crate) compressor: Compressor,
    pub(crate) router: Router,
    pub(crate) memory: Arc<Memory>,
    pub(crate) sender: Mutex<Sender>,
    /// The main task's. Partitions without a leader are told about here.
    pub(crate) main: Arc<Inbox>,
    inboxes: Mutex<BTreeMap<i32, Arc<Inbox>>>,
    topics: Mutex<BTreeMap<StrBytes, Arc<TopicState>>>,
    /// Topics that are being made known with nobody waiting.
    asked_for: Mutex<BTreeSet<StrBytes>>,
    /// Milliseconds since the Unix epoch: renewed with each batch that begins
    /// and, while anything is buffered, every [`driver::TICK`].
    wall_ms: AtomicI64,
    life: Mutex<Life>,
    /// Done once no more records are taken.
    closing: Arc<Completion>,
    /// Done once the tasks have ended.
    ended: Arc<Completion>,
}

#[derive(Debug)]
struct Life {
    /// `None` once resolved, as below.
    closing: Option<Resolver>,
    ended: Option<Resolver>,
    /// When to give up what is not delivered yet.
    deadline: Option<Instant>,
}

/// A topic that is or was produced to.
#[derive(Debug)]
pub(crate) struct TopicState {
    pub(crate) name: StrBytes,
    version: AtomicU64,
    view: Mutex<Arc<TopicView>>,
}

/// A topic as the metadata had it last.
#[derive(Debug)]
pub(crate) struct TopicView {
    pub(crate) topic: Arc<Topic>,
    /// By partition number.
    pub(crate) partitions: Vec<Arc<Partition>>,
}

impl TopicState {
    /// Changes with the view.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn view(&self) -> Arc<TopicView> {
        lock(&self.view).clone()
    }
}

impl TopicView {
    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<Partition>> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

impl Shared {
    pub(crate) fn new(config: ProducerConfig, compressor: Compressor, router: Router) -> Self {
        let (closing, closing_resolver) = Completion::new(-1);
        let (ended, ended_resolver) = Completion::new(-1);
        let wall_ms = router.env().wall_clock().now_ms();
        Self {
            template: Template::new(&config),
            memory: Arc::new(Memory::new(config.buffer_memory.limit())),
            sender: Mutex::new(Sender::new(&config, router.env().random().fork())),
            config,
            compressor,
            router,
            main: Arc::default(),
            inboxes: Mutex::default(),
            topics: Mutex::default(),
            asked_for: Mutex::default(),
            wall_ms: AtomicI64::new(wall_ms),
            life: Mutex::new(Life {
                closing: Some(closing_resolver),
                ended: Some(ended_resolver),
                deadline: None,
            }),
            closing,
            ended,
        }
    }

    /// The time for records that name none.
    pub(crate) fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::Relaxed)
    }

    /// Renews and returns it.
    pub(crate) fn renew_wall_ms(&self) -> i64 {
        let now = self.router.env().wall_clock().now_ms();
        self.wall_ms.store(now, Ordering::Relaxed);
        now
    }

    /// The topic's state, waiting for its metadata where that is not known.
    pub(crate) async fn open(
        self: &Arc<Self>,
        name: &str,
        deadline: Instant,
    ) -> Result<Arc<TopicState>, Error> {
        self.check_open()?;
        if let Some(state) = self.known(name) {
            return Ok(state);
        }
        let mut waiting = self.router.topic(name, deadline);
        let mut slot = NO_SLOT;
        let topic = poll_fn(|cx| {
            if let Poll::Ready(topic) = waiting.poll_unpin(cx) {
                return Poll::Ready(topic);
            }
            self.closing
                .poll_done(&mut slot, cx)
                .map(|()| Err(closed()))
        })
        .await
        .map_err(|error| error.with_topic(name))?;
        Ok(self.register(&topic))
    }

    /// The topic's state, if it is known.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<TopicState>> {
        lock(&self.topics).get(name).cloned()
    }

    /// Makes the topic known in time, without anyone waiting for it.
    pub(crate) fn ask_for(self: &Arc<Self>, name: &StrBytes) {
        if !lock(&self.asked_for).insert(name.clone()) {
            return;
        }
        let (shared, name) = (self.clone(), name.clone());
        drop(self.router.env().spawn(async move {
            let deadline = clock::now() + shared.config.max_block;
            if let Err(error) = shared.open(&name, deadline).await {
                tracing::debug!(topic = &*name, %error, "no metadata for a topic");
            }
            lock(&shared.asked_for).remove(&name);
        }));
    }

    /// Takes a topic in, or updates it to what the metadata says now.
    fn register(self: &Arc<Self>, topic: &Arc<Topic>) -> Arc<TopicState> {
        let state = lock(&self.topics)
            .entry(topic.name().clone())
            .or_insert_with(|| {
                Arc::new(TopicState {
                    name: topic.name().detach(),
                    version: AtomicU64::new(0),
                    view: Mutex::new(Arc::new(TopicView {
                        topic: topic.clone(),
                        partitions: Vec::new(),
                    })),
                })
            })
            .clone();
        self.update(clock::now(), &state, topic);
        state
    }

    /// Brings all topics up to what the metadata says now.
    pub(crate) fn update_topics(self: &Arc<Self>, now: Instant) {
        let cluster = self.router.cluster();
        let states: Vec<_> = lock(&self.topics).values().cloned().collect();
        for state in states {
            // A topic that the metadata leaves out for once keeps its records
            // and its leaders: the brokers will say if they are wrong.
            if let Some(topic) = cluster.topic(&state.name)
                && !Arc::ptr_eq(topic, &state.view().topic)
            {
                self.update(now, &state, topic);
            }
        }
    }

    fn update(self: &Arc<Self>, now: Instant, state: &TopicState, topic: &Arc<Topic>) {
        // Before the sender's lock: the first use of a broker spawns its task.
        let leaders: BTreeSet<i32> = topic.partitions().iter().filter_map(|p| p.leader).collect();
        let inboxes: BTreeMap<i32, Arc<Inbox>> = leaders
            .into_iter()
            .map(|leader| (leader, self.inbox(leader)))
            .collect();
        let effects = {
            let mut sender = lock(&self.sender);
            let mut view = lock(&state.view);
            let mut partitions = view.partitions.clone();
            for (index, metadata) in topic.partitions().iter().enumerate() {
                let key = match partitions.get(index) {
                    Some(partition) => {
                        sender.set_topic_id(now, partition.key, topic.id());
                        partition.key
                    }
                    None => {
                        let partition = self.new_partition(&sender, state, topic, metadata.id);
                        partitions.push(partition.clone());
                        sender.add(partition.clone(), topic.id());
                        partition.key
                    }
                };
                let inbox = metadata
                    .leader
                    .and_then(|leader| inboxes.get(&leader))
                    .unwrap_or(&self.main);
                sender.lead(now, key, metadata.leader, metadata.leader_epoch, inbox);
            }
            *view = Arc::new(TopicView {
                topic: topic.clone(),
                partitions,
            });
            state.version.fetch_add(1, Ordering::Release);
            sender.take_effects()
        };
        self.perform(effects, None);
    }

    fn new_partition(
        &self,
        sender: &Sender,
        state: &TopicState,
        topic: &Topic,
        index: i32,
    ) -> Arc<Partition> {
        let mut queue = PartitionQueue::new(
            index,
            topic.id(),
            self.config.effective_batch_size(),
            self.memory.clone(),
            self.main.clone(),
        );
        // `close` refuses the partitions it finds under the sender's lock, after
        // it is marked.
        if self.closing.is_done() {
            queue.refuse(closed());
        }
        Arc::new(Partition::new(
            sender.next_key(),
            state.name.clone(),
            index,
            queue,
        ))
    }

    /// The inbox of a broker's task, which is started with it.
    pub(crate) fn inbox(self: &Arc<Self>, broker: i32) -> Arc<Inbox> {
        let mut inboxes = lock(&self.inboxes);
        if let Some(inbox) = inboxes.get(&broker) {
            return inbox.clone();
        }
        let inbox = Arc::new(Inbox::default());
        inboxes.insert(broker, inbox.clone());
        drop(inboxes);
        driver::spawn_broker(self, broker, inbox.clone());
        inbox
    }

    /// Wakes all brokers' tasks.
    pub(crate) fn wake_brokers(&self) {
        let inboxes: Vec<_> = lock(&self.inboxes).values().cloned().collect();
        for inbox in inboxes {
            inbox.poke();
        }
    }

    /// Does what the sender decided, with no lock held. `me` is the broker whose
    /// task asks; it looks again by itself.
    pub(crate) fn perform(self: &Arc<Self>, effects: Effects, me: Option<i32>) {
        let any_finished = !effects.finished.is_empty();
        for finished in effects.finished {
            finished.tell();
        }
        for topic in &effects.refresh {
            self.router.request_refresh(Some(topic));
        }
        for broker in effects.wake {
            if Some(broker) != me {
                self.inbox(broker).poke();
            }
        }
        if let Some(reason) = effects.warning {
            tracing::warn!(
                %reason,
                "idempotence is off from now on: a retry can write a batch twice"
            );
        }
        if effects.wake_main || (any_finished && self.closing.is_done()) {
            self.main.poke();
        }
    }

    /// Waits in line for memory.
    pub(crate) async fn room(&self, bytes: usize, deadline: Instant) -> Result<Charge, Error> {
        let (room, joined) = self.memory.wait(bytes, deadline);
        if joined == Joined::Sooner {
            self.main.poke();
        }
        room.await
    }

    /// Why room did not come in time.
    pub(crate) fn no_room(&self) -> Error {
        let what = format!(
            "no room in buffer_memory ({} bytes)",
            self.config.buffer_memory.limit()
        );
        Error::timeout(what, self.config.max_block)
            .with_hint("the cluster takes records more slowly than they are sent")
    }

    /// Why there is no room now.
    pub(crate) fn full(&self) -> Error {
        Error::new(ErrorKind::QueueFull).with_message(format!(
            "buffer_memory ({} bytes) is full",
            self.config.buffer_memory.limit()
        ))
    }

    /// Closes all open batches; everything that has no outcome yet.
    pub(crate) fn flush(&self) -> Vec<Arc<Completion>> {
        let (edges, outstanding) = {
            let sender = lock(&self.sender);
            let edges: Vec<_> = sender
                .partitions()
                .map(|partition| (partition.clone(), partition.queue().flush()))
                .collect();
            (edges, sender.outstanding())
        };
        for (partition, edge) in edges {
            partition.tell(edge);
        }
        outstanding
    }

    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if self.closing.is_done() {
            return Err(closed());
        }
        Ok(())
    }

    /// Takes no more records; gives up what is not delivered at the deadline,
    /// the earliest of all that were ever given.
    pub(crate) fn close(&self, deadline: Option<Instant>) {
        let first = {
            let mut life = lock(&self.life);
            life.deadline = life.deadline.into_iter().chain(deadline).min();
            life.closing.take()
        };
        if let Some(resolver) = first {
            // From here on new partitions refuse by themselves.
            resolver.resolve(Outcome::Failed(closed()));
            let partitions: Vec<_> = lock(&self.sender).partitions().cloned().collect();
            for partition in partitions {
                let edge = partition.queue().refuse(closed());
                partition.tell(edge);
            }
            self.memory.refuse(&closed());
        }
        self.main.poke();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_done()
    }

    pub(crate) fn close_deadline(&self) -> Option<Instant> {
        lock(&self.life).deadline
    }

    /// The tasks end; whoever waits for that learns how it went.
    pub(crate) fn end(&self, outcome: Result<(), Error>) {
        let resolver = lock(&self.life).ended.take();
        if let Some(resolver) = resolver {
            resolver.resolve(match outcome {
                Ok(()) => Outcome::Written {
                    base_offset: None,
                    log_append_ms: None,
                },
                Err(error) => Outcome::Failed(error),
            });
        }
        self.wake_brokers();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_done()
    }

    pub(crate) async fn wait_for_end(&self) -> Result<(), Error> {
        let mut slot = NO_SLOT;
        poll_fn(|cx| self.ended.poll_record(0, &mut slot, cx))
            .await
            .map(drop)
    }

    /// A task is gone before its time: its runtime ended, or it panicked.
    /// Everything that waits fails.
    pub(crate) fn die(self: &Arc<Self>) {
        if self.has_ended() {
            return;
        }
        let error = Error::closed("the runtime of the producer");
        self.close(None);
        let effects = {
            let mut sender = lock(&self.sender);
            sender.fail_all(&Sender::ended(&error), true);
            sender.take_effects()
        };
        for finished in effects.finished {
            finished.tell();
        }
        self.end(Err(error));
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("config", &self.config)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

/// What everyone gets who comes too late.
#[cold]
pub(crate) fn closed() -> Error {
    Error::closed("the producer")
}
