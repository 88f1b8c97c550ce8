//! What all tasks of a run write down.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_client::Batch;
use kafka_sim::{ConsumerId, History, LogId, ProducerId, SendId, SendOutcome};

use super::fleeting::{Fleeting, Outcome};
use super::gaps::{Tick, windows};
use super::{FLEETING, LONGEST_GAP, witness};
use crate::clock;

/// A partition of a topic.
pub(super) type Place = (&'static str, i32);

pub(super) struct Board {
    started: Instant,
    inner: Mutex<Notes>,
}

#[derive(Default)]
pub(super) struct Notes {
    /// Of the topics that stay.
    pub(super) history: History,
    /// Of the topic that does not.
    pub(super) fleeting: Fleeting,
    pub(super) marks: BTreeMap<Place, Marks>,
    /// The offset after the last record that the consumer was handed.
    pub(super) positions: BTreeMap<Place, i64>,
    pub(super) problems: Vec<String>,
    /// Begin, end and name of each fault.
    pub(super) faults: Vec<(Duration, Duration, String)>,
}

/// When what happened to a partition.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) acknowledged: Vec<Duration>,
    pub(super) read: Vec<Duration>,
    /// Whether the consumer was handed a record that is not the witness's.
    pub(super) own_read: bool,
    pub(super) ticks: Vec<Tick>,
}

/// A send that waits for its outcome.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    Lasting(SendId),
    Fleeting(usize),
}

impl Board {
    pub(super) fn start() -> Self {
        Self {
            started: clock::now(),
            inner: Mutex::default(),
        }
    }

    /// Since the start of the run.
    pub(super) fn now(&self) -> Duration {
        clock::now() - self.started
    }

    /// Under the lock, so that the times of the notes go forward.
    pub(super) fn with<T>(&self, note: impl FnOnce(&mut Notes, Duration) -> T) -> T {
        let mut notes = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut notes, self.now())
    }

    /// How many windows were longer, up to now, than a gap may be.
    pub(super) fn long_windows(&self) -> usize {
        self.with(|notes, _| {
            let windows = notes.marks.values().flat_map(|marks| windows(&marks.ticks));
            let long = windows.filter(|window| window.length() > LONGEST_GAP);
            long.count()
        })
    }

    pub(super) fn problem(&self, problem: String) {
        println!("{problem}");
        self.with(|notes, _| notes.problems.push(problem));
    }

    /// A record of ours is about to be sent: its value.
    pub(super) fn send(&self, place: Place, producer: ProducerId, n: u64) -> (Sent, String) {
        let (topic, partition) = place;
        self.with(|notes, now| {
            if topic == FLEETING {
                let number = notes.fleeting.send(partition);
                return (Sent::Fleeting(number), Fleeting::value(number));
            }
            let value = format!("{topic}-{partition} {n}");
            let send = notes.history.send(now, producer, &value);
            (Sent::Lasting(send), value)
        })
    }

    pub(super) fn accepted(&self, sent: Sent) {
        if let Sent::Fleeting(number) = sent {
            self.with(|notes, now| notes.fleeting.accepted(now, number));
        }
    }

    pub(super) fn resolve(&self, place: Place, sent: Sent, outcome: Outcome) {
        self.with(|notes, now| {
            if matches!(outcome, Outcome::Delivered(_)) {
                notes.marks.entry(place).or_default().acknowledged.push(now);
            }
            match sent {
                Sent::Fleeting(number) => notes.fleeting.resolve(number, outcome),
                Sent::Lasting(send) => notes.resolve(now, place, send, outcome),
            }
        });
    }

    /// The consumer was handed a batch.
    pub(super) fn read(&self, consumer: ConsumerId, place: Place, batch: &Batch) {
        self.with(|notes, now| {
            let records = batch.records();
            let records = records.map(|r| (r.offset(), r.value().unwrap_or_default()));
            let mut values = batch.records().map(|r| r.value().unwrap_or_default());
            let marks = notes.marks.entry(place).or_default();
            marks.read.push(now);
            marks.own_read |= values.any(|value| !value.starts_with(witness::NAME.as_bytes()));
            notes.positions.insert(place, batch.next_offset());
            if place.0 == FLEETING {
                return records.for_each(|(offset, value)| {
                    notes.fleeting.read(place.1, offset, value);
                });
            }
            let log = notes.log(place);
            notes.history.poll(now, consumer, log, records);
        });
    }
}

impl Marks {
    /// What is wrong with a partition that was there at all.
    pub(super) fn unused(&self, (topic, partition): Place) -> Option<String> {
        match (self.acknowledged.is_empty(), self.own_read) {
            (false, true) => None,
            (true, _) => Some(format!(
                "{topic}-{partition}: nothing was ever acknowledged"
            )),
            _ => Some(format!("{topic}-{partition}: nothing sent was ever read")),
        }
    }
}

impl Notes {
    /// Of a topic that stays.
    pub(super) fn log(&mut self, (topic, partition): Place) -> LogId {
        self.history.log(topic, "", partition)
    }

    /// Whether the consumer was handed all below `end`, of the topic as it is now.
    pub(super) fn is_read(&self, place: Place, end: i64) -> bool {
        let since = match place.0 {
            FLEETING => self.fleeting.created(),
            _ => Duration::ZERO,
        };
        let marks = self.marks.get(&place);
        let last = marks.and_then(|marks| marks.read.last());
        // Something that was given up may yet be written after the end was asked for.
        let position = self.positions.get(&place);
        let is_there = position.is_some_and(|position| *position >= end);
        end == 0 || (is_there && last.is_some_and(|last| *last > since))
    }

    pub(super) fn resolve(&mut self, now: Duration, place: Place, send: SendId, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Delivered(offset) => SendOutcome::Acknowledged {
                log: self.log(place),
                offset,
            },
            Outcome::Failed => SendOutcome::Failed,
            Outcome::Unknown => SendOutcome::Indeterminate,
        };
        self.history.resolve(now, send, outcome);
    }
}
