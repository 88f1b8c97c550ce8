//! Histories made by a small model of Kafka: sound as they are, and broken in one place.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::*;

/// A log, as the model's cluster holds it.
#[derive(Default)]
struct Log {
    records: Vec<(i64, String, Visibility)>,
    end: i64,
    /// What compaction took out, and when.
    gone: Vec<(i64, String, Duration)>,
    /// Where the open transaction's first record is.
    open_from: Option<i64>,
}

struct Model {
    random: Rng,
    history: History,
    now: u64,
    logs: [Log; 2],
    ids: [LogId; 2],
    /// Exactly once, at least once, transactional.
    producers: [ProducerId; 3],
    /// Of uncommitted and of committed records, and where each is in each log.
    consumers: [(ConsumerId, Isolation, [i64; 2]); 2],
    group: GroupId,
    transaction: Option<TransactionId>,
    sent: usize,
    committed: [Option<i64>; 2],
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut history = History::new();
        let ids = [history.log("t", "", 0), history.log("t", "", 1)];
        let producers = [
            history.producer("exact", Promise::ExactlyOnce),
            history.producer("plain", Promise::AtLeastOnce),
            history.producer("transactional", Promise::ExactlyOnce),
        ];
        let consumers = [ReadUncommitted, ReadCommitted].map(|isolation| {
            let id = history.consumer(format!("{isolation:?}"), isolation);
            for log in ids {
                history.assign(Duration::ZERO, id, log, Some(0));
            }
            (id, isolation, [0, 0])
        });
        let group = history.group("g");
        // The other one is not compacted.
        history.compacted(ids[1]);
        Self {
            random: Rng::with_seed(seed),
            history,
            now: 0,
            logs: Default::default(),
            ids,
            producers,
            consumers,
            group,
            transaction: None,
            sent: 0,
            committed: [None, None],
        }
    }

    /// Some hundred operations, and the end of the transaction that is open then.
    fn run(seed: u64) -> Self {
        let mut model = Self::new(seed);
        for _ in 0..300 {
            match model.random.u8(0..13) {
                0..=4 => model.send(),
                5 => model.begin_or_end(),
                6 => model.seek(),
                7 => model.commit(),
                8 => model.compact(),
                _ => model.poll(),
            }
        }
        if model.transaction.is_some() {
            model.begin_or_end();
        }
        model
    }

    fn tick(&mut self) -> Duration {
        self.now += 1;
        Duration::from_millis(self.now)
    }

    fn send(&mut self) {
        let log = self.random.usize(0..2);
        let kind = match self.transaction {
            Some(_) => self.random.usize(0..3),
            None => self.random.usize(0..2),
        };
        self.sent += 1;
        let value = format!("value {}", self.sent);
        let now = self.tick();
        let key = key_of(&value);
        let send = self
            .history
            .send_keyed(now, self.producers[kind], key, &value);
        // The outcome, and how often it is in the log.
        let (outcome, written) = match self.random.u8(0..10) {
            0 => (Some(Indeterminate), 0),
            1 => (Some(Indeterminate), 1),
            2 => (Some(Failed), 0),
            3 if kind == 1 => (None, 2),
            _ => (None, 1),
        };
        let mut offset = None;
        for _ in 0..written {
            let entry = &mut self.logs[log];
            offset = Some(entry.end);
            let visibility = match kind {
                2 => Visibility::Open,
                _ => Committed,
            };
            if kind == 2 {
                entry.open_from.get_or_insert(entry.end);
            }
            entry.records.push((entry.end, value.clone(), visibility));
            entry.end += 1;
        }
        // Some brokers do not tell the offset of what they had already.
        let told = offset.filter(|_| self.random.u8(0..10) > 0);
        let now = self.tick();
        let acknowledged = ack(self.ids[log], told);
        self.history
            .resolve(now, send, outcome.unwrap_or(acknowledged));
    }

    fn begin_or_end(&mut self) {
        let now = self.tick();
        let Some(open) = self.transaction.take() else {
            self.transaction = Some(self.history.begin(now, self.producers[2]));
            return;
        };
        self.history.end(now, open);
        let commits = self.random.bool();
        for log in &mut self.logs {
            let ended = match commits {
                true => Committed,
                false => Aborted,
            };
            let records = log.records.iter_mut();
            for record in records.filter(|record| record.2 == Visibility::Open) {
                record.2 = ended;
            }
            // The marker.
            if log.open_from.take().is_some() {
                log.end += 1;
            }
        }
        let outcome = match (self.random.u8(0..4), commits) {
            (0, _) => TransactionOutcome::Indeterminate,
            (_, true) => TransactionOutcome::Committed,
            (_, false) => TransactionOutcome::Aborted,
        };
        let now = self.tick();
        self.history.ended(now, open, outcome);
    }

    fn poll(&mut self) {
        let (who, log) = (self.random.usize(0..2), self.random.usize(0..2));
        let most = self.random.usize(1..8);
        let now = self.tick();
        let (id, isolation, positions) = &mut self.consumers[who];
        let stable = self.logs[log].open_from.unwrap_or(i64::MAX);
        let records = self.logs[log].records.iter();
        let records = records.filter(|(offset, _, visibility)| match isolation {
            ReadCommitted => *offset < stable && *visibility == Committed,
            _ => true,
        });
        let records = records.filter(|record| record.0 >= positions[log]);
        let records: Vec<_> = records.take(most).map(|r| (r.0, r.1.clone())).collect();
        if let Some((last, _)) = records.last() {
            positions[log] = last + 1;
            self.history.poll(now, *id, self.ids[log], records);
        }
    }

    fn seek(&mut self) {
        let (who, log) = (self.random.usize(0..2), self.random.usize(0..2));
        let to = self.random.i64(0..=self.logs[log].end);
        let now = self.tick();
        self.consumers[who].2[log] = to;
        let consumer = self.consumers[who].0;
        self.history.seek(now, consumer, self.ids[log], Some(to));
    }

    fn commit(&mut self) {
        let log = self.random.usize(0..2);
        let (consumer, _, positions) = self.consumers[0];
        let (now, offset) = (self.tick(), positions[log]);
        let commit = self
            .history
            .commit(now, consumer, self.group, self.ids[log], offset);
        let now = self.tick();
        let outcome = match self.random.u8(0..4) {
            0 => CommitOutcome::Refused,
            1 => CommitOutcome::Indeterminate,
            _ => CommitOutcome::Stored,
        };
        let stored = match outcome {
            CommitOutcome::Refused => false,
            CommitOutcome::Indeterminate => self.random.bool(),
            CommitOutcome::Stored => true,
        };
        if stored {
            self.committed[log] = Some(offset);
        }
        self.history.committed(now, commit, outcome);
    }

    /// As far as no transaction is open.
    fn compact(&mut self) {
        let now = self.tick();
        let log = &mut self.logs[1];
        let stable = log.open_from.unwrap_or(log.end);
        let compactable = log.records.iter().filter(|record| record.0 < stable);
        let committed = compactable.filter(|record| record.2 == Committed);
        let latest: BTreeMap<String, i64> = committed
            .map(|record| (key_of(&record.1), record.0))
            .collect();
        log.records.retain(|(offset, value, visibility)| {
            let latest = latest.get(&key_of(value)).is_some_and(|at| at > offset);
            let goes = *offset < stable && *visibility == Committed && latest;
            if goes {
                log.gone.push((*offset, value.clone(), now));
            }
            !goes
        });
    }

    fn check(mut self, evidence: Evidence) -> Vec<Violation> {
        let now = self.tick();
        let fresh = self.history.fresh_consumer("fresh", ReadUncommitted);
        for (log, id) in self.logs.iter().zip(self.ids) {
            for (offset, value, visibility) in &log.records {
                self.history.stored(id, *offset, value, *visibility);
            }
            for (offset, value, until) in &log.gone {
                self.history
                    .stored_until(*until, id, *offset, value, Committed);
            }
            self.history.assign(now, fresh, id, Some(0));
            let records = log.records.iter().map(|r| (r.0, &r.1));
            self.history.poll(now, fresh, id, records);
        }
        for (id, offset) in self.ids.into_iter().zip(self.committed) {
            self.history.stored_offset(self.group, id, offset);
        }
        self.history.check(evidence)
    }
}

/// One of a few, so that each comes again.
fn key_of(value: &str) -> String {
    let number = value.rsplit(' ').next().unwrap_or_default();
    format!(
        "key {}",
        number.len() + usize::from(number.ends_with(['1', '3', '5']))
    )
}

#[test]
fn what_a_sound_cluster_does_is_no_finding() {
    for seed in 0..200 {
        for evidence in [Evidence::Logs, Evidence::FreshReaders] {
            let found = Model::run(seed).check(evidence);
            assert_eq!(found, [], "seed {seed}, {evidence:?}");
        }
    }
}

/// Breaks each history in one place; where that could be done, one of these is found.
fn broken(expected: &[Anomaly], damage: impl Fn(&mut Model, usize) -> bool) {
    let mut done = 0;
    for seed in 0..200 {
        let mut model = Model::run(seed);
        let place = model.random.usize(0..1000);
        if !damage(&mut model, place) {
            continue;
        }
        done += 1;
        let found = model.check(Evidence::Logs);
        assert!(
            found.iter().any(|v| expected.contains(&v.anomaly())),
            "seed {seed}: {found:?}"
        );
    }
    assert!(done > 50, "only {done} histories could be broken");
}

#[test]
fn one_record_gone() {
    let expected = [
        Anomaly::LostWrite,
        Anomaly::TornTransaction,
        Anomaly::Misplaced,
    ];
    broken(&expected, |model, place| {
        let kept = model.history.sends.iter().filter_map(|send| {
            let value = model.history.values.get_index(send.value as usize)?;
            let open = send.transaction.is_some();
            let acknowledged = matches!(send.outcome, Some(Acknowledged { .. }));
            (acknowledged && !open).then(|| String::from_utf8_lossy(value).into_owned())
        });
        // Of the other log, compaction may have taken it.
        let kept = kept.filter(|value| {
            let mut records = model.logs[0].records.iter();
            records.any(|record| record.1 == *value)
        });
        let kept: Vec<String> = kept.collect();
        let gone = kept[place % kept.len()].clone();
        for log in &mut model.logs {
            log.records.retain(|record| record.1 != gone);
        }
        true
    });
}

#[test]
fn two_records_exchanged() {
    let expected = [Anomaly::InconsistentOffset, Anomaly::NonmonotonicSend];
    broken(&expected, |model, place| {
        let records = &mut model.logs[0].records;
        let at = place % (records.len() - 1);
        let (first, second) = (records[at].1.clone(), records[at + 1].1.clone());
        (records[at].1, records[at + 1].1) = (second.clone(), first.clone());
        // Known to be elsewhere: acknowledged there, or read there.
        let told = |value: &str| {
            let value = model.history.values.get_index_of(value.as_bytes());
            let told = model.history.sends.iter().any(|send| {
                Some(send.value as usize) == value
                    && matches!(
                        send.outcome,
                        Some(Acknowledged {
                            offset: Some(_),
                            ..
                        })
                    )
            });
            let mut read = model.history.read.iter();
            told || read.any(|(_, read)| Some(*read as usize) == value)
        };
        // A plain producer's duplicate has two places, and may have been told at the other.
        first != second && told(&first) && told(&second) && !is_doubled(model, &[first, second])
    });
}

fn is_doubled(model: &Model, values: &[String]) -> bool {
    values.iter().any(|value| {
        let records = model.logs.iter().flat_map(|log| &log.records);
        records.filter(|record| record.1 == *value).count() > 1
    })
}

#[test]
fn a_record_that_a_consumer_was_not_handed() {
    broken(&[Anomaly::PollSkip], |model, place| {
        let polls: Vec<(usize, usize)> = model
            .history
            .events
            .iter()
            .filter_map(|event| match event {
                crate::history::Event::Poll { records, .. } => {
                    Some((records.0 as usize, records.1 as usize))
                }
                _ => None,
            })
            .filter(|(from, to)| to - from > 2)
            .collect();
        if polls.is_empty() {
            return false;
        }
        // The second record of a poll is that of its third, twice.
        let (from, _) = polls[place % polls.len()];
        model.history.read[from + 1] = model.history.read[from + 2];
        true
    });
}

#[test]
fn an_outcome_that_is_not_true() {
    broken(&[Anomaly::WrittenAfterFailure], |model, place| {
        let acknowledged = model.history.sends.iter_mut();
        let mut acknowledged: Vec<_> = acknowledged
            .filter(|send| matches!(send.outcome, Some(Acknowledged { .. })))
            .collect();
        let place = place % acknowledged.len();
        acknowledged[place].outcome = Some(Failed);
        true
    });
}
