//! Producers that note each value's outcome.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use kafka_client::{
    Acks, DefaultPartitioner, Delivery, Error, ErrorKind, Idempotence, Kafka, PartitionChooser,
    Partitioner, Producer, Record, Rejected, Topic,
};
use kafka_net::Random;

use super::contents;
use super::observed::Observer;
use super::plan::{Ending, ProducerPlan};
use crate::cancel::drop_after_polls;
use crate::chance::{below, chance, pick};
use crate::history::{ProducerId, Promise, SendId, SendOutcome};

/// One producer with its plan.
pub(super) struct Sender {
    pub(super) producer: Producer,
    pub(super) plan: ProducerPlan,
    random: Random,
    pub(super) observer: Observer,
    /// By topic.
    ids: BTreeMap<String, ProducerId>,
    waiting: Vec<Waiting>,
}

/// A record that the producer took.
pub(super) struct Waiting {
    pub(super) n: usize,
    pub(super) send: SendId,
    pub(super) topic: String,
    pub(super) value: String,
    pub(super) delivery: Delivery,
}

impl Sender {
    pub(super) async fn start(
        kafka: &Kafka,
        plan: ProducerPlan,
        observer: &Observer,
    ) -> Result<Self, Error> {
        let random = Random::from_seed(plan.choice);
        let mut builder = kafka
            .producer()
            .idempotence(plan.idempotence)
            .acks(plan.acks)
            .linger(plan.linger)
            .batch_size(plan.batch_size)
            .max_request_size(plan.max_request_size)
            .max_in_flight(plan.max_in_flight)
            .compression(plan.compression)
            .buffer_memory(plan.buffer_memory)
            .max_block(plan.max_block)
            .delivery_timeout(plan.delivery_timeout)
            .request_timeout(plan.request_timeout);
        if plan.panics > 0.0 {
            builder = builder.partitioner(Panicky {
                probability: plan.panics,
                random: random.fork(),
            });
        }
        let producer = builder.build().await?;
        let promise = match (plan.acks, plan.idempotence) {
            (Acks::All, Idempotence::Required) => Promise::ExactlyOnce,
            (Acks::All, _) => Promise::AtLeastOnce,
            _ => Promise::BestEffort,
        };
        // What is promised depends on the topic, and nothing of it on other topics.
        let mut ids = BTreeMap::new();
        for topic in &plan.topics {
            let name = format!("producer {} to {topic}", plan.number);
            let id = observer.lock().producer(name, topic, promise);
            ids.insert(topic.clone(), id);
        }
        Ok(Self {
            producer,
            plan,
            random,
            observer: observer.clone(),
            ids,
            waiting: Vec::new(),
        })
    }

    /// Sends the plan's records, and sees to it that each has its outcome by a time after
    /// which nothing more may be missing.
    pub(super) async fn run(mut self, healed: impl Future<Output = ()>) {
        self.ask_twice().await;
        for n in 0..self.plan.records {
            self.send(n).await;
            if chance(&self.random, self.plan.drops) {
                let polls = 1 + below(&self.random, 6) as u32;
                if drop_after_polls(polls, self.producer.flush())
                    .await
                    .is_none()
                {
                    self.hit(57);
                }
            }
            if !self.plan.pause.is_zero() {
                tokio::time::sleep(self.plan.pause).await;
            }
        }
        match self.plan.ending {
            Ending::Drained => {
                healed.await;
                self.drain(Some(self.producer.clone())).await;
                self.probe().await;
                if let Err(error) = self.producer.close(Duration::from_secs(30)).await {
                    self.note(format_args!("close: {error}"));
                }
            }
            Ending::Closed => {
                let in_flight = self.in_flight();
                let limit = Duration::from_millis(below(&self.random, 1500));
                let closing = self.producer.clone();
                let closed = tokio::spawn(async move { closing.close(limit).await });
                tokio::task::yield_now().await;
                self.send(self.plan.records).await;
                let late = limit + SLACK;
                if tokio::time::timeout(late, closed).await.is_err() {
                    self.observer.failed(format!(
                        "producer {} was not closed {late:?} after it was told to within {limit:?}",
                        self.plan.number
                    ));
                }
                self.hit_if(60, in_flight);
                self.drain(None).await;
            }
            Ending::Dropped => {
                let in_flight = self.in_flight();
                let Self {
                    producer,
                    plan,
                    random,
                    observer,
                    ids,
                    waiting,
                } = self;
                drop(producer);
                if in_flight {
                    observer.world().rows().hit(61);
                }
                healed.await;
                let _ = (random, ids);
                drain(waiting, &observer, &plan).await;
            }
        }
    }

    /// Of two that ask for a topic that nobody knows yet, the first gives up.
    async fn ask_twice(&mut self) {
        let Some(topic) = self.plan.topics.first().cloned() else {
            return;
        };
        if self.plan.drops == 0.0 {
            return;
        }
        let (first, second) = tokio::join!(
            drop_after_polls(1, self.producer.topic(&topic)),
            self.producer.topic(&topic)
        );
        self.hit_if(59, first.is_none() && second.is_ok());
    }

    async fn send(&mut self, n: usize) {
        let Some(topic) = pick(&self.random, &self.plan.topics).cloned() else {
            return;
        };
        let (record, send, value) = self.record(n, &topic);
        match self.hand_over(record, &topic).await {
            Ok(delivery) => self.waiting.push(Waiting {
                n,
                send,
                topic,
                value,
                delivery,
            }),
            Err(why) => {
                self.refuse(n, send, &why);
            }
        }
    }

    /// The next record, noted as about to be sent, with its value.
    pub(super) fn record(&self, n: usize, topic: &str) -> (Record, SendId, String) {
        let compacted = self.plan.compacted.iter().any(|name| name == topic);
        let key = (self.plan.keyed || compacted).then(|| format!("key {}", n % KEYS));
        let origin = n
            .is_multiple_of(3)
            .then(|| format!("{}.{n}", self.plan.number));
        let told = contents::told(
            key.as_deref().map(str::as_bytes),
            origin.as_deref().map(str::as_bytes),
        );
        let value = value(&self.plan, n, &told);
        let mut record = Record::to(topic.to_owned()).value(value.clone());
        if let Some(key) = &key {
            record = record.key(key.clone());
        }
        if let Some(origin) = origin {
            record = record.header(contents::HEADER, origin);
        }
        let now = self.observer.now();
        let history = &mut self.observer.lock().history;
        let id = match self.ids.get(topic) {
            Some(id) => *id,
            // Its plan names all topics that it sends to.
            None => history.producer("nobody", Promise::BestEffort),
        };
        let send = match key.filter(|_| compacted) {
            Some(key) => history.send_keyed(now, id, key, &value),
            None => history.send(now, id, &value),
        };
        (record, send, value)
    }

    /// Refused at the door: never accepted, so never written.
    pub(super) fn refuse(&self, n: usize, send: SendId, why: &str) {
        self.note(format_args!("send {}.{n} refused: {why}", self.plan.number));
        let now = self.observer.now();
        let mut observed = self.observer.lock();
        observed.history.resolve(now, send, SendOutcome::Failed);
    }

    /// One of the ways to hand a record over. The error is text: it may be that the future
    /// was dropped.
    async fn hand_over(&mut self, record: Record, topic: &str) -> Result<Delivery, String> {
        let mut record = record;
        match below(&self.random, 4) {
            0 => match self.try_send(record) {
                Ok(Ok(delivery)) => return Ok(delivery),
                Ok(Err(rejected)) if *rejected.error.kind() == ErrorKind::QueueFull => {
                    self.note_full();
                    record = rejected.record;
                }
                Ok(Err(rejected)) => return Err(self.refused(&rejected.error)),
                Err(panic) => return Err(self.panicked(panic)),
            },
            1 => {
                let reserved = self
                    .dropping(self.producer.reserve_bytes(topic, 1200))
                    .await;
                let permit = match reserved {
                    Some(Ok(Ok(permit))) => permit,
                    Some(Ok(Err(error))) => return Err(self.refused(&error)),
                    Some(Err(panic)) => return Err(self.panicked(panic)),
                    None => return Err("its reservation was dropped".to_owned()),
                };
                if chance(&self.random, self.plan.drops) {
                    drop(permit);
                    return Err("its permit was dropped".to_owned());
                }
                let sent = catch_unwind(AssertUnwindSafe(|| permit.send(record)));
                return sent.map_err(|panic| self.panicked(panic));
            }
            _ => {}
        }
        match self.dropping(self.producer.send(record)).await {
            Some(Ok(Ok(delivery))) => Ok(delivery),
            Some(Ok(Err(error))) => Err(self.refused(&error)),
            Some(Err(panic)) => Err(self.panicked(panic)),
            None => Err("it was dropped".to_owned()),
        }
    }

    #[allow(
        clippy::result_large_err,
        reason = "the record comes back in it, as from the producer"
    )]
    fn try_send(&self, record: Record) -> std::thread::Result<Result<Delivery, Rejected>> {
        catch_unwind(AssertUnwindSafe(
            #[allow(clippy::result_large_err)]
            || self.producer.try_send(record),
        ))
    }

    /// The output, unless chance drops the future before.
    async fn dropping<F: Future>(&self, future: F) -> Option<std::thread::Result<F::Output>> {
        let future = CatchUnwind::new(future);
        if !chance(&self.random, self.plan.drops) {
            return Some(future.await);
        }
        let polls = 1 + below(&self.random, 5) as u32;
        let output = drop_after_polls(polls, future).await;
        self.hit_if(57, output.is_none());
        output
    }

    pub(super) fn refused(&self, error: &Error) -> String {
        match error.kind() {
            ErrorKind::Closed => self.hit(13),
            ErrorKind::Timeout => self.note_full(),
            _ => {}
        }
        error.to_string()
    }

    pub(super) fn panicked(&self, panic: Box<dyn Any + Send>) -> String {
        if !panic.is::<Planned>() {
            resume_unwind(panic);
        }
        self.hit(62);
        "the partitioner panicked".to_owned()
    }

    fn note_full(&self) {
        let metrics = self.producer.metrics();
        self.hit_if(8, 2 * metrics.buffered_bytes > self.plan.buffer_memory);
    }

    fn in_flight(&self) -> bool {
        let metrics = self.producer.metrics();
        metrics.in_flight.values().any(|broker| broker.now > 0)
    }

    async fn drain(&mut self, producer: Option<Producer>) {
        let waiting = std::mem::take(&mut self.waiting);
        drain(waiting, &self.observer, &self.plan).await;
        // Permits and batches are gone: so must be the memory, but for requests whose
        // answer is still awaited.
        let Some(producer) = producer else { return };
        let deadline = tokio::time::Instant::now() + self.plan.request_timeout + SLACK;
        while producer.metrics().buffered_bytes > 0 {
            if tokio::time::Instant::now() > deadline {
                let held = producer.metrics().buffered_bytes;
                return self.observer.failed(format!(
                    "producer {} holds {held} bytes of memory with nothing to send",
                    self.plan.number
                ));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn hit(&self, row: u8) {
        self.observer.world().rows().hit(row);
    }

    fn hit_if(&self, row: u8, condition: bool) {
        if condition {
            self.hit(row);
        }
    }

    fn note(&self, event: impl std::fmt::Display) {
        self.observer.world().trace().note(event);
    }
}

/// Time beyond its limit that anything may take before it counts as stuck.
pub(super) const SLACK: Duration = Duration::from_secs(20);

/// Waits for the outcomes: when everything works, they come within the time that one
/// request and its retries take. Returns how many were acknowledged.
pub(super) async fn drain(
    waiting: Vec<Waiting>,
    observer: &Observer,
    plan: &ProducerPlan,
) -> usize {
    let mut acknowledged = 0;
    let limit = plan.request_timeout * 3 + SLACK;
    let deadline = tokio::time::Instant::now() + limit;
    for Waiting {
        n,
        send,
        topic,
        value,
        mut delivery,
    } in waiting
    {
        let outcome = match tokio::time::timeout_at(deadline, &mut delivery).await {
            Err(_) => {
                observer.failed(format!(
                    "record {n} of producer {} has no outcome {limit:?} after all is well",
                    plan.number
                ));
                continue;
            }
            Ok(Ok(ack)) => {
                acknowledged += 1;
                SendOutcome::Acknowledged {
                    log: observer.log_of(&topic, ack.partition, ack.offset, value.as_bytes()),
                    offset: ack.offset,
                }
            }
            Ok(Err(error)) => {
                let is_due = plan.must_deliver() && observer.nothing_is_final();
                if is_due && !observer.is_disposable(&topic) {
                    observer.failed(format!(
                        "record {n} of producer {} had {:?} and nothing in its way for good: {error}",
                        plan.number, plan.delivery_timeout
                    ));
                }
                if error.possibly_written() && *error.kind() == ErrorKind::Timeout {
                    observer.world().rows().hit(6);
                }
                observer
                    .world()
                    .trace()
                    .note(format_args!("record {}.{n}: {error}", plan.number));
                if error.possibly_written() {
                    SendOutcome::Indeterminate
                } else {
                    SendOutcome::Failed
                }
            }
        };
        let now = observer.now();
        observer
            .world()
            .trace()
            .note(format_args!("sent {}.{n} {outcome:?}", plan.number));
        observer.lock().history.resolve(now, send, outcome);
    }
    acknowledged
}

/// So few that keys come again within a log, from several producers.
const KEYS: usize = 17;

/// A value that no other send of the run has, with what tells of the rest of its record.
fn value(plan: &ProducerPlan, n: usize, told: &str) -> String {
    let mut value = format!("{told}producer {} record {n} ", plan.number);
    while value.len() < plan.value_size {
        value.push(char::from(b'a' + (value.len() % 26) as u8));
    }
    value
}

/// The partitioner of a user who makes mistakes.
#[derive(Debug)]
struct Panicky {
    probability: f64,
    random: Random,
}

/// What such a panic carries, so that others are not mistaken for it.
struct Planned;

impl Partitioner for Panicky {
    fn state(&self) -> Box<dyn PartitionChooser> {
        Box::new(PanickyChooser {
            inner: DefaultPartitioner::new().state(),
            probability: self.probability,
            random: self.random.fork(),
        })
    }
}

struct PanickyChooser {
    inner: Box<dyn PartitionChooser>,
    probability: f64,
    random: Random,
}

impl PartitionChooser for PanickyChooser {
    fn choose(&mut self, key: Option<&[u8]>, topic: &Topic, random: &Random) -> i32 {
        if chance(&self.random, self.probability) {
            // Unlike `panic!`, prints nothing.
            resume_unwind(Box::new(Planned));
        }
        self.inner.choose(key, topic, random)
    }

    fn on_new_batch(
        &mut self,
        partition: i32,
        topic: &Topic,
        queued: &dyn Fn(i32) -> usize,
        random: &Random,
    ) {
        self.inner.on_new_batch(partition, topic, queued, random);
    }
}

/// A future whose panics are its output.
pub(super) struct CatchUnwind<F>(Pin<Box<F>>);

impl<F> CatchUnwind<F> {
    pub(super) fn new(future: F) -> Self {
        Self(Box::pin(future))
    }
}

impl<F: Future> Future for CatchUnwind<F> {
    type Output = std::thread::Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
