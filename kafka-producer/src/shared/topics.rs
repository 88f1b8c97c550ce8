//! The topics of a producer, kept to what the metadata says.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use futures_util::FutureExt;
use kafka_net::{Error, clock};
use kafka_protocol::StrBytes;
use kafka_router::Topic;

use crate::completion::NO_SLOT;
use crate::inbox::Inbox;
use crate::queue::{Partition, PartitionQueue};
use crate::sender::Sender;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

use super::{Shared, TopicState, TopicView, closed};

impl Shared {
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
        let effects = {
            let mut sender = lock(&self.sender);
            sender.seek_leaders();
            sender.take_effects()
        };
        self.perform(effects, None);
    }

    /// Whoever waited for `topic` may come late with it: what counts is the newest
    /// that the router has, read under the sender's lock.
    fn update(self: &Arc<Self>, now: Instant, state: &TopicState, topic: &Arc<Topic>) {
        let mut topic = topic.clone();
        while let Some(newer) = self.update_unless_newer(now, state, &topic) {
            topic = newer;
        }
    }

    fn update_unless_newer(
        self: &Arc<Self>,
        now: Instant,
        state: &TopicState,
        topic: &Arc<Topic>,
    ) -> Option<Arc<Topic>> {
        // Before the sender's lock: the first use of a broker spawns its task.
        let leaders: BTreeSet<i32> = topic.partitions().iter().filter_map(|p| p.leader).collect();
        let inboxes: BTreeMap<i32, Arc<Inbox>> = leaders
            .into_iter()
            .map(|leader| (leader, self.inbox(leader)))
            .collect();
        let effects = {
            let mut sender = lock(&self.sender);
            let cluster = self.router.cluster();
            if let Some(newest) = cluster.topic(&state.name)
                && !Arc::ptr_eq(newest, topic)
            {
                return Some(newest.clone());
            }
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
        None
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
}
