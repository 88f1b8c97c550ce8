//! What the handles and the tasks of one producer share.

mod life;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::StrBytes;
use kafka_protocol::records::Compressor;
use kafka_router::{Router, Topic};

use crate::completion::{Completion, Resolver};
use crate::config::ProducerConfig;
use crate::driver;
use crate::inbox::Inbox;
use crate::memory::{Charge, Joined, Memory};
use crate::queue::Partition;
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
    /// Every partition refuses records: what is drained now stays drained.
    closed_off: bool,
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
                closed_off: false,
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
