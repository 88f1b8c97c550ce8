//! Bugs that could have been ours, as changes to the client's code.

/// One planted bug.
#[derive(Debug)]
pub(super) struct Mutant {
    /// What `--mutants NAME` picks it by.
    pub(super) name: &'static str,
    pub(super) family: Family,
    pub(super) file: &'static str,
    /// Found exactly once in the file.
    pub(super) original: &'static str,
    pub(super) planted: &'static str,
    pub(super) finder: Finder,
}

/// The kinds of faults a client has to live with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Producer,
    Consumer,
    Network,
    Runtime,
}

/// Who has to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finder {
    /// The simulation, within [`SEEDS`](super::SEEDS) seeds.
    Simulation,
    /// The producer's threads against each other under a scheduler.
    Interleavings,
}

/// All of them.
pub(super) const ALL: &[Mutant] = &[
    Mutant {
        name: "sequence-reused",
        family: Family::Producer,
        file: "kafka-producer/src/idempotence.rs",
        original: "self.next = advance(base, records);",
        planted: "self.next = advance(base, records.saturating_sub(1).max(1));",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "retry-renumbered",
        family: Family::Producer,
        file: "kafka-producer/src/sender/settle.rs",
        original: "let attempt = batch.attempts.saturating_sub(1);",
        planted: "let attempt = batch.attempts.saturating_sub(1);
        if let Some(batch) = partition.batches.get_mut(index) {
            batch.sequence = None;
        }",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "retry-goes-last",
        family: Family::Producer,
        file: "kafka-producer/src/sender/settle.rs",
        original: "        let attempt = batch.attempts.saturating_sub(1);",
        planted: "        let attempt = batch.attempts.saturating_sub(1);
        if let Some(mut batch) = partition.batches.remove(index) {
            batch.sequence = None;
            partition.batches.push_back(batch);
        }",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "lost-answer-means-unwritten",
        family: Family::Producer,
        file: "kafka-producer/src/verdict.rs",
        original: "let trace = Trace::possible(error.possibly_written());",
        planted: "let trace = Trace::Nothing;",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "refusal-taken-for-success",
        family: Family::Producer,
        file: "kafka-producer/src/verdict.rs",
        original: "ErrorCode::None | ErrorCode::DuplicateSequenceNumber => Verdict::Written",
        planted: "ErrorCode::None
        | ErrorCode::NotLeaderOrFollower
        | ErrorCode::DuplicateSequenceNumber => Verdict::Written",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "split-numbered-alike",
        family: Family::Producer,
        file: "kafka-producer/src/batch.rs",
        original: "self.sequence = self.sequence.map(|base| advance(base, records));",
        planted: "let _ = advance;",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "split-backwards",
        family: Family::Producer,
        file: "kafka-producer/src/sender/settle.rs",
        original: "for (at, part) in parts.into_iter().enumerate() {
                partition.batches.insert(index + at, part);",
        planted: "for part in parts {
                partition.batches.insert(index, part);",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "left-out-means-written",
        family: Family::Producer,
        file: "kafka-producer/src/sender/answers.rs",
        original: "None => self.missing(key, id),",
        planted: "None => Report {
                    verdict: Verdict::Written,
                    ..self.missing(key, id)
                },",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "checksum-unchecked",
        family: Family::Consumer,
        file: "kafka-consumer/src/decode.rs",
        original: ".with_check_crc(config.check_crcs)",
        planted: ".with_check_crc(false)",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "failed-fetch-moves-position",
        family: Family::Consumer,
        file: "kafka-consumer/src/subscription/answer.rs",
        original: "let refresh = data.current_leader.leader_id < 0;",
        planted: "let refresh = data.current_leader.leader_id < 0;
                if let Some(partition) = slot_mut(&mut self.partitions, item.slot) {
                    partition.phase = Phase::Fetching {
                        next_offset: item.offset + 1,
                    };
                }",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "cut-batch-counted-whole",
        family: Family::Consumer,
        file: "kafka-consumer/src/walk.rs",
        original: "Ok(Extent { len, .. }) if len > rest.len() => {",
        planted: "Ok(Extent { len, next, .. }) if len > rest.len() => {
                    if walk.next_offset.is_some() {
                        walk.next_offset = Some(next);
                    }",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "refused-fetch-asked-again-at-once",
        family: Family::Consumer,
        file: "kafka-consumer/src/position.rs",
        original: "self.not_before = Some(now + backoff.delay(self.failures, random));",
        planted: "let _ = (now, backoff.delay(self.failures, random));",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "batch-ends-where-its-records-are-counted",
        family: Family::Consumer,
        file: "kafka-consumer/src/batch.rs",
        original: "next_offset: batch.next_offset(),",
        planted: "next_offset: batch.base_offset() + i64::from(batch.record_count()),",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "older-commit-retried",
        family: Family::Consumer,
        file: "kafka-consumer/src/commit_queue.rs",
        original: "        for commit in commits {
            self.wanted.insert(",
        planted: "        for commit in commits {
            if self.wanted.contains_key(&commit.partition) {
                continue;
            }
            self.wanted.insert(",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "commit-confirmed-by-the-one-before",
        family: Family::Consumer,
        file: "kafka-consumer/src/commit_queue.rs",
        original: "for job in self.jobs.iter_mut().filter(|job| job.sent) {
                        job.left.remove(&partition);",
        planted: "for job in self.jobs.iter_mut() {
                        job.left.remove(&partition);",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "correlation-unchecked",
        family: Family::Network,
        file: "kafka-net/src/connection/in_flight.rs",
        original: "Some(entry) if entry.request.correlation_id == correlation_id => {",
        planted: "Some(entry) if entry.request.correlation_id != correlation_id.wrapping_sub(99) => {",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "only-the-next-possibly-written",
        family: Family::Network,
        file: "kafka-net/src/connection/in_flight.rs",
        original: "possibly_written: self.touched,",
        planted: "possibly_written: self.touched && first,",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "in-flight-entry-dropped",
        family: Family::Network,
        file: "kafka-net/src/connection/in_flight.rs",
        original: "let mut entries = self.sent.drain(..).chain(self.unsent.drain(..));",
        planted: "if self.sent.len() > 1 {
            std::mem::forget(self.sent.pop_back());
        }
        let mut entries = self.sent.drain(..).chain(self.unsent.drain(..));",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "overdue-kept-open",
        family: Family::Network,
        file: "kafka-net/src/connection/in_flight.rs",
        original: "must_close: self.earliest.is_some_and(|earliest| earliest <= now),",
        planted: "must_close: false,",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "older-epoch-believed",
        family: Family::Network,
        file: "kafka-router/src/merge/partitions.rs",
        original: "epoch >= 0 && epoch < known.leader_epoch",
        planted: "epoch < -1 && epoch < known.leader_epoch",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "moved-broker-dialled-on",
        family: Family::Network,
        file: "kafka-router/src/merge.rs",
        original: "let brokers = usable_brokers(&response);",
        planted: "let mut brokers = usable_brokers(&response);
        for known in self.brokers.values() {
            if let Some(told) = brokers.get_mut(&known.id) {
                *told = known.clone();
            }
        }",
        finder: Finder::Simulation,
    },
    Mutant {
        name: "joining-the-line-looks-at-nothing",
        family: Family::Runtime,
        file: "kafka-producer/src/memory.rs",
        original: "        self.grant();
        let room = Room {",
        planted: "        let room = Room {",
        finder: Finder::Interleavings,
    },
    Mutant {
        name: "outcome-missed-while-registering",
        family: Family::Runtime,
        file: "kafka-producer/src/completion.rs",
        original: "        let mut progress = lock(&self.progress);
        if let Some(segments) = self.done.get() {
            return Poll::Ready(outcome_of(segments, index));
        }
        if progress",
        planted: "        let mut progress = lock(&self.progress);
        if progress",
        finder: Finder::Interleavings,
    },
    Mutant {
        name: "edge-told-once-only",
        family: Family::Runtime,
        file: "kafka-producer/src/queue.rs",
        original: "    pub(crate) fn look(&mut self, now: Instant) -> Backlog {
        self.told = false;",
        planted: "    pub(crate) fn look(&mut self, now: Instant) -> Backlog {",
        finder: Finder::Interleavings,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_original_is_in_the_code_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for mutant in ALL {
            let code = fs::read_to_string(root.join(mutant.file)).unwrap();
            let places = code.matches(mutant.original).count();
            assert_eq!(places, 1, "{} in {}", mutant.name, mutant.file);
            assert!(!mutant.planted.contains(mutant.original) || mutant.planted != mutant.original);
        }
    }

    #[test]
    fn there_are_enough_of_every_family() {
        let names: BTreeSet<_> = ALL.iter().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.len() >= 12);
        let families: BTreeSet<_> = ALL.iter().map(|mutant| mutant.family).collect();
        assert_eq!(families.len(), 4);
        for finder in [Finder::Simulation, Finder::Interleavings] {
            assert!(ALL.iter().any(|mutant| mutant.finder == finder));
        }
    }
}
