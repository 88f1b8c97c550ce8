//! What clients saw, held against what Kafka promises.

use std::collections::BTreeMap;
use std::fmt;

/// What happened to one value that a producer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Acknowledged, at this offset where the broker told one.
    Delivered { partition: i32, offset: Option<i64> },
    /// Failed, and the client said that it can't have been written.
    NotWritten,
    /// Failed, and the client said that it may have been written.
    Unknown,
}

/// Everything that was sent and read in a run. Values are unique over the run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Per producer, in the order of its `send`s.
    sends: BTreeMap<usize, Vec<Send>>,
    /// Per reader and partition, in the order of reading.
    reads: BTreeMap<(usize, i32), Vec<(i64, String)>>,
    /// Per partition: what the log holds in the end.
    log: BTreeMap<i32, Vec<(i64, String)>>,
}

#[derive(Clone, Debug)]
struct Send {
    value: String,
    outcome: Option<Outcome>,
}

/// A promise broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// Acknowledged, but not in the log where the acknowledgement says.
    Lost {
        /// The value.
        value: String,
        /// Partition and offset told.
        at: String,
    },
    /// In the log more than once, though the producer is idempotent.
    Duplicate {
        /// The value.
        value: String,
        /// How many times.
        times: usize,
    },
    /// In the log although the client said that it can't have been written.
    WrittenAfterFailure {
        /// The value.
        value: String,
    },
    /// In the log although nobody sent it.
    Invented {
        /// The value.
        value: String,
    },
    /// Two values of one producer stand in a partition in another order than sent.
    Reordered {
        /// The one sent first.
        first: String,
        /// The one sent later, found before it.
        second: String,
    },
    /// A send without an outcome after the run was drained.
    Unresolved {
        /// The value.
        value: String,
    },
    /// A reader's sequence differs from the log: something skipped, repeated or changed.
    ReadDiffers {
        /// Which reader.
        reader: usize,
        /// Which partition.
        partition: i32,
        /// Where the two part, and how.
        detail: String,
    },
    /// The run did not end, or an operation failed that must succeed after healing.
    Liveness(
        /// What did not happen.
        String,
    ),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { value, at } => {
                write!(f, "lost: {value} was acknowledged at {at} and is not there")
            }
            Self::Duplicate { value, times } => {
                write!(f, "duplicate: {value} stands {times} times in the log")
            }
            Self::WrittenAfterFailure { value } => {
                write!(
                    f,
                    "{value} was reported as not written and stands in the log"
                )
            }
            Self::Invented { value } => write!(f, "{value} stands in the log and nobody sent it"),
            Self::Reordered { first, second } => {
                write!(f, "reordered: {second} stands before {first}")
            }
            Self::Unresolved { value } => write!(f, "unresolved: {value} has no outcome"),
            Self::ReadDiffers {
                reader,
                partition,
                detail,
            } => {
                write!(f, "reader {reader}, partition {partition}: {detail}")
            }
            Self::Liveness(what) => write!(f, "liveness: {what}"),
        }
    }
}

impl History {
    /// Notes that a producer was given a value; returns its place for [`resolve`](Self::resolve).
    pub(crate) fn sent(&mut self, producer: usize, value: String) -> usize {
        let sends = self.sends.entry(producer).or_default();
        sends.push(Send {
            value,
            outcome: None,
        });
        sends.len() - 1
    }

    pub(crate) fn resolve(&mut self, producer: usize, place: usize, outcome: Outcome) {
        if let Some(send) = self.sends.get_mut(&producer).and_then(|s| s.get_mut(place)) {
            send.outcome = Some(outcome);
        }
    }

    pub(crate) fn read(&mut self, reader: usize, partition: i32, offset: i64, value: String) {
        self.reads
            .entry((reader, partition))
            .or_default()
            .push((offset, value));
    }

    pub(crate) fn logged(&mut self, partition: i32, offset: i64, value: String) {
        self.log.entry(partition).or_default().push((offset, value));
    }

    /// Values delivered, not written, of unknown outcome.
    pub fn outcomes(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for send in self.sends.values().flatten() {
            match send.outcome {
                Some(Outcome::Delivered { .. }) => counts.0 += 1,
                Some(Outcome::NotWritten) => counts.1 += 1,
                Some(Outcome::Unknown) | None => counts.2 += 1,
            }
        }
        counts
    }

    /// Every broken promise; empty when all held. `exactly_once` also forbids duplicates
    /// and reordering, which only idempotent producers rule out.
    pub fn check(&self, exactly_once: bool) -> Vec<Violation> {
        let places = self.places();
        let mut violations = Vec::new();
        self.check_sends(&places, exactly_once, &mut violations);
        if exactly_once {
            self.check_order(&places, &mut violations);
        }
        self.check_invented(&places, &mut violations);
        self.check_reads(&mut violations);
        violations
    }

    fn places(&self) -> BTreeMap<&str, Vec<(i32, i64)>> {
        let mut places: BTreeMap<&str, Vec<(i32, i64)>> = BTreeMap::new();
        for (partition, records) in &self.log {
            for (offset, value) in records {
                places.entry(value).or_default().push((*partition, *offset));
            }
        }
        places
    }

    fn check_sends(
        &self,
        places: &BTreeMap<&str, Vec<(i32, i64)>>,
        exactly_once: bool,
        violations: &mut Vec<Violation>,
    ) {
        for Send { value, outcome } in self.sends.values().flatten() {
            let found = places.get(value.as_str()).map_or(&[][..], Vec::as_slice);
            match outcome {
                None => violations.push(Violation::Unresolved {
                    value: value.clone(),
                }),
                Some(Outcome::Delivered { partition, offset }) => {
                    let there = found
                        .iter()
                        .any(|(p, o)| p == partition && offset.is_none_or(|offset| *o == offset));
                    if !there {
                        violations.push(Violation::Lost {
                            value: value.clone(),
                            at: format!("partition {partition}, offset {offset:?}"),
                        });
                    }
                }
                Some(Outcome::NotWritten) if !found.is_empty() => {
                    violations.push(Violation::WrittenAfterFailure {
                        value: value.clone(),
                    });
                }
                Some(Outcome::NotWritten | Outcome::Unknown) => {}
            }
            if exactly_once && found.len() > 1 {
                violations.push(Violation::Duplicate {
                    value: value.clone(),
                    times: found.len(),
                });
            }
        }
    }

    fn check_order(
        &self,
        places: &BTreeMap<&str, Vec<(i32, i64)>>,
        violations: &mut Vec<Violation>,
    ) {
        for sends in self.sends.values() {
            let mut last: BTreeMap<i32, (i64, &str)> = BTreeMap::new();
            for Send { value, .. } in sends {
                let Some([(partition, offset)]) = places.get(value.as_str()).map(Vec::as_slice)
                else {
                    continue;
                };
                if let Some((before, first)) = last.get(partition)
                    && before > offset
                {
                    violations.push(Violation::Reordered {
                        first: (*first).to_owned(),
                        second: value.clone(),
                    });
                }
                last.insert(*partition, (*offset, value));
            }
        }
    }

    fn check_invented(
        &self,
        places: &BTreeMap<&str, Vec<(i32, i64)>>,
        violations: &mut Vec<Violation>,
    ) {
        let sent: std::collections::BTreeSet<&str> = self
            .sends
            .values()
            .flatten()
            .map(|s| s.value.as_str())
            .collect();
        for value in places.keys().filter(|value| !sent.contains(*value)) {
            violations.push(Violation::Invented {
                value: (*value).to_owned(),
            });
        }
    }

    fn check_reads(&self, violations: &mut Vec<Violation>) {
        for ((reader, partition), read) in &self.reads {
            let log = self.log.get(partition).map_or(&[][..], Vec::as_slice);
            let parts = read
                .iter()
                .zip(log)
                .position(|(a, b)| a != b)
                .or_else(|| (read.len() != log.len()).then(|| read.len().min(log.len())));
            if let Some(at) = parts {
                violations.push(Violation::ReadDiffers {
                    reader: *reader,
                    partition: *partition,
                    detail: format!(
                        "record {at} read is {:?}, the log has {:?} ({} read, {} in the log)",
                        read.get(at),
                        log.get(at),
                        read.len(),
                        log.len()
                    ),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two values sent, delivered, logged and read: nothing is wrong.
    fn sound() -> History {
        let mut history = History::default();
        for (place, value) in ["a", "b"].into_iter().enumerate() {
            let offset = place as i64;
            assert_eq!(history.sent(0, value.into()), place);
            let delivered = Outcome::Delivered {
                partition: 0,
                offset: Some(offset),
            };
            history.resolve(0, place, delivered);
            history.logged(0, offset, value.into());
            history.read(0, 0, offset, value.into());
        }
        history
    }

    fn check(plant: impl FnOnce(&mut History), expected: &[&str]) {
        let mut history = sound();
        plant(&mut history);
        let found: Vec<String> = history
            .check(true)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} lacks {expected}");
        }
    }

    #[test]
    fn each_planted_anomaly_is_found() {
        check(|_| {}, &[]);
        check(
            |h| {
                h.log.get_mut(&0).unwrap().pop();
                h.reads.get_mut(&(0, 0)).unwrap().pop();
            },
            &["lost: b"],
        );
        check(
            |h| {
                h.logged(0, 2, "b".into());
                h.read(0, 0, 2, "b".into());
            },
            &["duplicate: b"],
        );
        check(
            |h| h.resolve(0, 1, Outcome::NotWritten),
            &["b was reported as not written"],
        );
        check(
            |h| {
                h.logged(0, 2, "z".into());
                h.read(0, 0, 2, "z".into());
            },
            &["z stands in the log"],
        );
        check(
            |h| {
                let swapped = [("a", 1), ("b", 0)];
                h.log.insert(0, vec![(0, "b".into()), (1, "a".into())]);
                h.reads
                    .insert((0, 0), vec![(0, "b".into()), (1, "a".into())]);
                for (place, (_, offset)) in swapped.into_iter().enumerate() {
                    let outcome = Outcome::Delivered {
                        partition: 0,
                        offset: Some(offset),
                    };
                    h.resolve(0, place, outcome);
                }
            },
            &["reordered: b stands before a"],
        );
        check(
            |h| {
                h.sent(0, "c".into());
            },
            &["unresolved: c"],
        );
        check(
            |h| {
                h.reads.get_mut(&(0, 0)).unwrap().remove(0);
            },
            &["reader 0, partition 0: record 0"],
        );
        check(
            |h| {
                h.reads.get_mut(&(0, 0)).unwrap().pop();
            },
            &["reader 0, partition 0: record 1"],
        );
        check(
            |h| h.read(0, 0, 1, "b".into()),
            &["reader 0, partition 0: record 2"],
        );
    }

    #[test]
    fn unknown_outcome_allows_both() {
        let mut history = sound();
        history.resolve(0, 1, Outcome::Unknown);
        assert_eq!(history.check(true), []);
        history.sent(0, "c".into());
        history.resolve(0, 2, Outcome::Unknown);
        assert_eq!(history.check(true), []);
        assert_eq!(history.outcomes(), (1, 0, 2));
    }
}
