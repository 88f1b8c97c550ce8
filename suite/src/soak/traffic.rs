//! Producers at a steady rate, each value's outcome recorded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_client::{Compression, Delivery, Idempotence, Kafka, Producer, ProducerMetrics, Record};
use kafka_sim::{ProducerId, Promise, SendId, SendOutcome};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::TOPIC;
use super::record::Recorder;
use crate::BoxError;

/// Deliveries of one producer that may be waited for; then its sending waits.
const WAITING: usize = 20_000;
/// Records are sent in bursts this far apart.
const BURST: Duration = Duration::from_millis(50);

/// No fault, nor several in a row, keeps a partition away for so long.
const PATIENT: Duration = Duration::from_secs(120);

/// What makes a producer different from the others.
struct Kind {
    name: &'static str,
    idempotence: Idempotence,
    compression: Compression,
    delivery_timeout: Duration,
    keyed: bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "keyed",
        idempotence: Idempotence::Required,
        compression: Compression::None,
        delivery_timeout: PATIENT,
        keyed: true,
    },
    Kind {
        name: "compressing",
        idempotence: Idempotence::Required,
        compression: Compression::Lz4,
        delivery_timeout: PATIENT,
        keyed: false,
    },
    // Gives up where the others wait: its records expire, in flight or before.
    Kind {
        name: "hasty",
        idempotence: Idempotence::Required,
        compression: Compression::None,
        delivery_timeout: Duration::from_secs(8),
        keyed: true,
    },
    Kind {
        name: "plain",
        idempotence: Idempotence::Disabled,
        compression: Compression::None,
        delivery_timeout: PATIENT,
        keyed: false,
    },
];

pub(super) struct Traffic {
    senders: Vec<Sender>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<(&'static str, JoinHandle<()>)>>,
}

struct Sender {
    name: &'static str,
    producer: Producer,
    counts: Arc<Counts>,
}

/// Of one producer.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    failed: AtomicU64,
    indeterminate: AtomicU64,
}

impl Counts {
    fn losses(&self) -> [u64; 2] {
        [&self.failed, &self.indeterminate].map(|count| count.load(Ordering::Relaxed))
    }

    fn unresolved(&self) -> u64 {
        let resolved = [&self.acknowledged, &self.failed, &self.indeterminate];
        let resolved: u64 = resolved.iter().map(|n| n.load(Ordering::Relaxed)).sum();
        self.sent.load(Ordering::Relaxed).saturating_sub(resolved)
    }
}

/// Sums over all producers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) failed: u64,
    pub(super) indeterminate: u64,
    pub(super) in_flight: usize,
}

impl Traffic {
    /// `rate` records a second of all producers together.
    pub(super) async fn start(
        kafka: &Kafka,
        rate: u32,
        recorder: &Arc<Recorder>,
    ) -> Result<Self, BoxError> {
        let (stop, stopped) = watch::channel(false);
        let mut senders = Vec::new();
        let mut tasks = Vec::new();
        let each = rate / KINDS.len() as u32;
        for kind in &KINDS {
            let producer = kafka
                .producer()
                .idempotence(kind.idempotence)
                .compression(kind.compression)
                .linger(Duration::from_millis(2))
                .batch_size(4096)
                .buffer_memory(4 * 1024 * 1024)
                .max_block(Duration::from_secs(30))
                .delivery_timeout(kind.delivery_timeout)
                .build()
                .await?;
            let promise = match kind.idempotence {
                Idempotence::Disabled => Promise::AtLeastOnce,
                _ => Promise::ExactlyOnce,
            };
            let sender = Sender {
                name: kind.name,
                producer,
                counts: Arc::default(),
            };
            let sending = Sending {
                producer: sender.producer.clone(),
                kind,
                id: recorder.with(|history, _| history.producer(kind.name, promise)),
                counts: sender.counts.clone(),
                recorder: recorder.clone(),
                burst: (f64::from(each) * BURST.as_secs_f64()).ceil() as u64,
            };
            let (deliveries, waiting) = mpsc::channel(WAITING);
            let resolving = resolve(waiting, sender.counts.clone(), recorder.clone());
            tasks.push((kind.name, tokio::spawn(resolving)));
            let stopped = stopped.clone();
            tasks.push((kind.name, tokio::spawn(sending.run(deliveries, stopped))));
            senders.push(sender);
        }
        Ok(Self {
            senders,
            stop,
            tasks: Mutex::new(tasks),
        })
    }

    /// What producers have lost that had patience enough for every fault.
    pub(super) fn losses(&self) -> Vec<String> {
        let patient = KINDS.iter().zip(&self.senders).filter(|(kind, sender)| {
            let [failed, indeterminate] = sender.counts.losses();
            kind.delivery_timeout == PATIENT && failed + indeterminate > 0
        });
        patient
            .map(|(kind, sender)| {
                let [failed, indeterminate] = sender.counts.losses();
                format!(
                    "producer {} waits {PATIENT:?} for a delivery, and yet {failed} records failed \
                     and the outcome of {indeterminate} is unknown",
                    kind.name
                )
            })
            .collect()
    }

    /// Sends no more and waits for all outcomes; what went wrong.
    pub(super) async fn stop(&self) -> Vec<String> {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut problems = Vec::new();
        for (name, task) in tasks {
            match timeout(Duration::from_secs(180), task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => problems.push(format!("producer {name}: {error}")),
                Err(_) => problems.push(format!("producer {name} has sends without an outcome")),
            }
        }
        for sender in &self.senders {
            if let Err(error) = sender.producer.close(Duration::from_secs(30)).await {
                problems.push(format!("producer {} did not close: {error}", sender.name));
            }
        }
        problems
    }

    /// Produce requests in flight to a broker.
    pub(super) fn in_flight(&self, broker: u32) -> usize {
        let broker = broker.cast_signed();
        self.senders
            .iter()
            .filter_map(|sender| Some(sender.producer.metrics().in_flight.get(&broker)?.now))
            .sum()
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for sender in &self.senders {
            let counts = &sender.counts;
            totals.sent += counts.sent.load(Ordering::Relaxed);
            totals.acknowledged += counts.acknowledged.load(Ordering::Relaxed);
            totals.failed += counts.failed.load(Ordering::Relaxed);
            totals.indeterminate += counts.indeterminate.load(Ordering::Relaxed);
            let in_flight = sender.producer.metrics().in_flight;
            totals.in_flight += in_flight.values().map(|broker| broker.now).sum::<usize>();
        }
        totals
    }

    /// By producer.
    pub(super) fn acknowledged(&self) -> Vec<u64> {
        let senders = self.senders.iter();
        senders
            .map(|sender| sender.counts.acknowledged.load(Ordering::Relaxed))
            .collect()
    }

    /// Whether every producer got acknowledgements since, and has hardly a backlog.
    pub(super) fn flows_since(&self, before: &[u64]) -> bool {
        let now = self.acknowledged();
        let senders = self.senders.iter().zip(now.iter().zip(before));
        senders.into_iter().all(|(sender, (now, before))| {
            now >= &(before + 20) && sender.counts.unresolved() < 500
        })
    }

    /// By producer: outcomes and backlog, for a finding.
    pub(super) fn describe(&self) -> String {
        let senders = self.senders.iter().map(|sender| {
            let metrics = sender.producer.metrics();
            format!(
                "{}: {:?}, unresolved {}, {} bytes buffered, in flight {:?}",
                sender.name,
                sender.counts,
                sender.counts.unresolved(),
                metrics.buffered_bytes,
                metrics.in_flight
            )
        });
        senders.collect::<Vec<_>>().join("; ")
    }

    /// By producer.
    pub(super) fn metrics(&self) -> Vec<(&'static str, ProducerMetrics)> {
        let senders = self.senders.iter();
        senders
            .map(|sender| (sender.name, sender.producer.metrics()))
            .collect()
    }
}

struct Sending {
    producer: Producer,
    kind: &'static Kind,
    id: ProducerId,
    counts: Arc<Counts>,
    recorder: Arc<Recorder>,
    burst: u64,
}

impl Sending {
    async fn run(self, deliveries: mpsc::Sender<(SendId, Delivery)>, stop: watch::Receiver<bool>) {
        let mut ticks = interval(BURST);
        // A stall is not made up for: the rate stays what it is.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut n = 0_u64;
        while !*stop.borrow() {
            ticks.tick().await;
            for _ in 0..self.burst {
                n += 1;
                self.send(n, &deliveries).await;
                if *stop.borrow() {
                    break;
                }
            }
        }
    }

    async fn send(&self, n: u64, deliveries: &mpsc::Sender<(SendId, Delivery)>) {
        let value = format!("{}-{n}", self.kind.name);
        // Batches of all sizes; the value stays short, since the history keeps it.
        let padding = vec![b'x'; (n * 37 % 400) as usize];
        let mut record = Record::to(TOPIC)
            .value(value.clone())
            .header("padding", padding);
        if self.kind.keyed {
            record = record.key(format!("key {}", n % 61));
        }
        let send = self
            .recorder
            .with(|history, now| history.send(now, self.id, value));
        self.counts.sent.fetch_add(1, Ordering::Relaxed);
        match self.producer.send(record).await {
            Ok(delivery) => {
                // Nobody resolves any more only if that task panicked, which its join tells.
                let _ = deliveries.send((send, delivery)).await;
            }
            // Not accepted, so not written.
            Err(_) => {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                self.recorder
                    .with(|history, now| history.resolve(now, send, SendOutcome::Failed));
            }
        }
    }
}

async fn resolve(
    mut waiting: mpsc::Receiver<(SendId, Delivery)>,
    counts: Arc<Counts>,
    recorder: Arc<Recorder>,
) {
    while let Some((send, delivery)) = waiting.recv().await {
        let delivered = delivery.await;
        let count = recorder.with(|history, now| {
            let (outcome, count) = match delivered {
                Ok(ack) => (
                    SendOutcome::Acknowledged {
                        log: recorder.log(history, ack.partition),
                        offset: ack.offset,
                    },
                    &counts.acknowledged,
                ),
                Err(error) if error.possibly_written() => {
                    (SendOutcome::Indeterminate, &counts.indeterminate)
                }
                Err(_) => (SendOutcome::Failed, &counts.failed),
            };
            history.resolve(now, send, outcome);
            count
        });
        count.fetch_add(1, Ordering::Relaxed);
    }
}
