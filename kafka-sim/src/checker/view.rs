//! The logs as the evidence shows them in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Evidence;
use crate::history::{
    ConsumerId, Event, History, Isolation, LogId, Promise, SendId, SendOutcome, TransactionId,
    TransactionOutcome, Visibility,
};

/// One record that the evidence shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown {
    pub(super) offset: i64,
    pub(super) value: u32,
    pub(super) visibility: Visibility,
}

/// A record of [`View::shown`] that compaction took out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gone {
    pub(super) offset: i64,
    pub(super) until: Duration,
    visibility: Visibility,
    pub(super) value: u32,
}

/// A record that somebody told of and that the evidence does not show there.
#[derive(Clone, Copy)]
pub(super) struct Stray {
    pub(super) log: LogId,
    pub(super) offset: i64,
    pub(super) value: u32,
    pub(super) witness: Witness,
}

#[derive(Clone, Copy)]
pub(super) enum Witness {
    Read(ConsumerId, Duration),
    Acknowledged(SendId),
}

#[derive(Default)]
struct Log {
    /// What is there, and what was until compaction took it out.
    shown: Vec<Shown>,
    gone: Vec<Gone>,
    /// Offsets of what is there, if some are gone.
    present: Vec<i64>,
    /// Offsets of what a read-committed consumer must be handed.
    committed: Vec<i64>,
    /// Fresh readers went up to here.
    fresh_end: Option<i64>,
    fresh_uncommitted: bool,
    /// After the last record that anybody told of.
    end: i64,
}

pub(super) struct View<'a> {
    pub(super) history: &'a History,
    pub(super) evidence: Evidence,
    logs: Vec<Log>,
    /// By value.
    places: Vec<(u32, LogId, i64, Visibility)>,
    pub(super) strays: Vec<Stray>,
    /// By value: the first that read it elsewhere than the evidence shows.
    stray_reads: BTreeMap<u32, Stray>,
    /// By value: who sent it first.
    senders: Vec<Option<SendId>>,
    /// By value: a read-committed consumer was handed it.
    committed_reads: Vec<bool>,
    /// By log and key: the last offset at which a record of it is shown that stays.
    latest: BTreeMap<(LogId, u32), i64>,
}

impl<'a> View<'a> {
    pub(super) fn new(history: &'a History, evidence: Evidence) -> Self {
        let mut view = Self {
            history,
            evidence,
            logs: history.logs.iter().map(|_| Log::default()).collect(),
            places: Vec::new(),
            strays: Vec::new(),
            stray_reads: BTreeMap::new(),
            senders: vec![None; history.values.len()],
            committed_reads: vec![false; history.values.len()],
            latest: BTreeMap::new(),
        };
        view.find_senders();
        view.find_reads();
        view.fill();
        view.find_strays();
        view
    }

    /// Polls with their records.
    pub(super) fn polls(
        history: &History,
    ) -> impl Iterator<Item = (Duration, ConsumerId, LogId, &[(i64, u32)])> {
        history.events.iter().filter_map(|event| match event {
            Event::Poll {
                now,
                consumer,
                log,
                records,
            } => Some((*now, *consumer, *log, records_of(history, *records))),
            _ => None,
        })
    }

    fn find_senders(&mut self) {
        for (index, send) in self.history.sends.iter().enumerate() {
            if let Some(sender) = self.senders.get_mut(send.value as usize) {
                sender.get_or_insert(SendId::at(index));
            }
        }
    }

    fn find_reads(&mut self) {
        for event in &self.history.events {
            if let Event::Assigned { consumer, log, .. } = event
                && self.is_fresh(*consumer)
                && let Some(log) = self.logs.get_mut(log.index())
            {
                log.fresh_end.get_or_insert(0);
            }
        }
        for (_, consumer, log, records) in Self::polls(self.history) {
            let committed = self.isolation(consumer) == Isolation::ReadCommitted;
            let fresh = self.is_fresh(consumer);
            for (_, value) in records {
                if let Some(read) = self.committed_reads.get_mut(*value as usize) {
                    *read |= committed;
                }
            }
            if let Some(log) = self.logs.get_mut(log.index()).filter(|_| fresh) {
                let read = records.iter().map(|(offset, _)| offset + 1).max();
                log.fresh_end = log.fresh_end.max(read);
                log.fresh_uncommitted |= !committed;
            }
        }
    }

    fn fill(&mut self) {
        match self.evidence {
            Evidence::Logs => {
                for stored in &self.history.stored {
                    if let Some(log) = self.logs.get_mut(stored.log.index()) {
                        log.shown.push(Shown {
                            offset: stored.offset,
                            value: stored.value,
                            visibility: stored.visibility,
                        });
                        log.gone.extend(stored.until.map(|until| Gone {
                            offset: stored.offset,
                            until,
                            visibility: stored.visibility,
                            value: stored.value,
                        }));
                    }
                }
            }
            Evidence::FreshReaders => {
                for (_, consumer, log, records) in Self::polls(self.history) {
                    if !self.is_fresh(consumer) {
                        continue;
                    }
                    for (offset, value) in records {
                        let visibility = self.inferred_visibility(*value);
                        if let Some(log) = self.logs.get_mut(log.index()) {
                            log.shown.push(Shown {
                                offset: *offset,
                                value: *value,
                                visibility,
                            });
                        }
                    }
                }
            }
        }
        for (index, log) in self.logs.iter_mut().enumerate() {
            log.shown.sort_unstable();
            log.shown.dedup();
            log.gone.sort_unstable();
            let mut gone = log.gone.iter().map(|gone| gone.offset).peekable();
            let id = LogId::at(index);
            let compacted = self.history.compacted.contains(&id);
            for shown in &log.shown {
                self.places
                    .push((shown.value, id, shown.offset, shown.visibility));
                while gone.next_if(|gone| *gone < shown.offset).is_some() {}
                let there = gone.peek() != Some(&shown.offset);
                if there && !log.gone.is_empty() {
                    log.present.push(shown.offset);
                }
                if there && shown.visibility == Visibility::Committed {
                    log.committed.push(shown.offset);
                }
                // What readers saw and nobody knows to be aborted may be committed.
                let last = match self.evidence {
                    Evidence::Logs => shown.visibility == Visibility::Committed,
                    Evidence::FreshReaders => shown.visibility != Visibility::Aborted,
                };
                let key = self.history.key_of.get(&shown.value);
                if let Some(key) = key.filter(|_| compacted && last) {
                    self.latest.insert((id, *key), shown.offset);
                }
            }
        }
        self.places.sort_unstable();
    }

    /// Without the markers, the outcome that the producer saw or what readers of committed
    /// records were handed tells whether a transaction was committed.
    fn inferred_visibility(&self, value: u32) -> Visibility {
        let Some(transaction) = self.transaction_of(value) else {
            return Visibility::Committed;
        };
        let entry = self.history.transactions.get(transaction.index());
        match entry.and_then(|entry| entry.outcome) {
            Some(TransactionOutcome::Committed) => Visibility::Committed,
            Some(TransactionOutcome::Aborted) => Visibility::Aborted,
            _ if self.is_read_committed(value) => Visibility::Committed,
            _ => Visibility::Open,
        }
    }

    fn find_strays(&mut self) {
        let mut strays = Vec::new();
        for (now, consumer, log, records) in Self::polls(self.history) {
            for (offset, value) in records {
                if !self.shows(log, *offset, *value) {
                    strays.push(Stray {
                        log,
                        offset: *offset,
                        value: *value,
                        witness: Witness::Read(consumer, now),
                    });
                }
            }
        }
        for stray in &strays {
            self.stray_reads.entry(stray.value).or_insert(*stray);
        }
        for (index, send) in self.history.sends.iter().enumerate() {
            let Some(SendOutcome::Acknowledged {
                log,
                offset: Some(offset),
            }) = send.outcome
            else {
                continue;
            };
            // Where acknowledgements promise nothing, another value may take the place.
            let promised = self.promise(SendId::at(index)) != Promise::BestEffort;
            if promised && !self.shows(log, offset, send.value) {
                strays.push(Stray {
                    log,
                    offset,
                    value: send.value,
                    witness: Witness::Acknowledged(SendId::at(index)),
                });
            }
        }
        // Stable: of several witnesses, the first.
        strays.sort_by_key(|stray| (stray.log, stray.offset, stray.value));
        strays.dedup_by_key(|stray| (stray.log, stray.offset, stray.value));
        self.strays = strays;
        for (index, log) in self.logs.iter_mut().enumerate() {
            let shown = log.shown.last().map(|shown| shown.offset);
            let id = LogId::at(index);
            let strays = self.strays.partition_point(|stray| stray.log <= id);
            let stray = self.strays.get(strays.wrapping_sub(1));
            let stray = stray.filter(|stray| stray.log == id).map(|s| s.offset);
            log.end = shown.max(stray).map_or(0, |last| last.saturating_add(1));
        }
    }

    /// After the last record of a log that anybody told of.
    pub(super) fn end(&self, log: LogId) -> i64 {
        self.logs.get(log.index()).map_or(0, |log| log.end)
    }

    /// What is shown of a log, by offset.
    pub(super) fn shown(&self, log: LogId) -> &[Shown] {
        self.logs.get(log.index()).map_or(&[], |log| &log.shown)
    }

    pub(super) fn shown_at(&self, log: LogId, offset: i64) -> &[Shown] {
        let shown = self.shown(log);
        let start = shown.partition_point(|shown| shown.offset < offset);
        let end = shown.partition_point(|shown| shown.offset <= offset);
        shown.get(start..end).unwrap_or_default()
    }

    fn shows(&self, log: LogId, offset: i64, value: u32) -> bool {
        let mut at = self.shown_at(log, offset).iter();
        at.any(|shown| shown.value == value)
    }

    /// Where a value is shown.
    pub(super) fn places(&self, value: u32) -> &[(u32, LogId, i64, Visibility)] {
        let start = self.places.partition_point(|place| place.0 < value);
        let end = self.places.partition_point(|place| place.0 <= value);
        self.places.get(start..end).unwrap_or_default()
    }

    pub(super) fn stray_read(&self, value: u32) -> Option<Stray> {
        self.stray_reads.get(&value).copied()
    }

    /// Offsets of a log that a consumer of this isolation must be handed.
    pub(super) fn visible(&self, log: LogId, isolation: Isolation) -> Visible<'_> {
        match (self.logs.get(log.index()), isolation) {
            (Some(log), Isolation::ReadCommitted) => Visible::Offsets(&log.committed),
            (Some(log), Isolation::ReadUncommitted) if log.gone.is_empty() => {
                Visible::Shown(&log.shown)
            }
            (Some(log), Isolation::ReadUncommitted) => Visible::Offsets(&log.present),
            (None, _) => Visible::Offsets(&[]),
        }
    }

    /// How far the evidence goes: nothing is known of offsets from here on.
    pub(super) fn known_up_to(&self, log: LogId) -> i64 {
        match self.evidence {
            Evidence::Logs => i64::MAX,
            Evidence::FreshReaders => self.fresh_end(log).unwrap_or(0),
        }
    }

    /// How far fresh readers got; `None` where there was none.
    pub(super) fn fresh_end(&self, log: LogId) -> Option<i64> {
        self.logs.get(log.index())?.fresh_end
    }

    /// What a log's fresh readers had to be handed.
    pub(super) fn fresh_visible(&self, log: LogId) -> Visible<'_> {
        let entry = self.logs.get(log.index());
        if entry.is_some_and(|log| log.fresh_uncommitted) {
            self.visible(log, Isolation::ReadUncommitted)
        } else {
            self.visible(log, Isolation::ReadCommitted)
        }
    }

    /// Records below may be gone in the end.
    pub(super) fn removed_below(&self, log: LogId) -> i64 {
        self.removed_below_by(Duration::MAX, log)
    }

    /// Records below may have been gone at this time.
    pub(super) fn removed_below_by(&self, now: Duration, log: LogId) -> i64 {
        let removals = self.history.removals.get(log.index());
        let removals = removals.into_iter().flatten();
        let done = removals.filter(|(since, _)| *since <= now);
        done.map(|(_, below)| *below).max().unwrap_or(0)
    }

    /// Whether compaction may have taken this value out of its place in the log, because
    /// a later one of its key is there. Where the offset is unknown, any of its key will do.
    pub(super) fn is_superseded(&self, log: LogId, offset: Option<i64>, value: u32) -> bool {
        let key = self.history.key_of.get(&value);
        let latest = key.and_then(|key| self.latest.get(&(log, *key)));
        latest.is_some_and(|latest| offset.is_none_or(|offset| *latest > offset))
    }

    /// What compaction took out of a log, by offset.
    pub(super) fn gone(&self, log: LogId) -> &[Gone] {
        self.logs.get(log.index()).map_or(&[], |log| &log.gone)
    }

    /// The first record in `from..to` that a consumer of this isolation could still be
    /// handed at that time, and which is gone since.
    pub(super) fn still_there(
        &self,
        log: LogId,
        isolation: Isolation,
        (from, to): (i64, i64),
        now: Duration,
    ) -> Option<Gone> {
        let gone = self.gone(log);
        let start = gone.partition_point(|gone| gone.offset < from);
        let mut within = gone.get(start..)?.iter().take_while(|g| g.offset < to);
        let found = within.find(|gone| {
            let visible =
                isolation == Isolation::ReadUncommitted || gone.visibility == Visibility::Committed;
            visible && now < gone.until
        });
        found.copied()
    }

    pub(super) fn sender(&self, value: u32) -> Option<SendId> {
        self.senders.get(value as usize).copied().flatten()
    }

    pub(super) fn transaction_of(&self, value: u32) -> Option<TransactionId> {
        let send = self.history.sends.get(self.sender(value)?.index())?;
        send.transaction
    }

    pub(super) fn is_read_committed(&self, value: u32) -> bool {
        let read = self.committed_reads.get(value as usize);
        read.copied().unwrap_or(false)
    }

    pub(super) fn promise(&self, send: SendId) -> Promise {
        let producer = self.history.sends.get(send.index()).map(|s| s.producer);
        let producer = producer.and_then(|id| self.history.producers.get(id.index()));
        producer.map_or(Promise::BestEffort, |producer| producer.promise)
    }

    pub(super) fn isolation(&self, consumer: ConsumerId) -> Isolation {
        let consumer = self.history.consumers.get(consumer.index());
        consumer.map_or(Isolation::ReadUncommitted, |consumer| consumer.isolation)
    }

    fn is_fresh(&self, consumer: ConsumerId) -> bool {
        let consumer = self.history.consumers.get(consumer.index());
        consumer.is_some_and(|consumer| consumer.fresh)
    }
}

/// Sorted offsets.
#[derive(Clone, Copy)]
pub(super) enum Visible<'a> {
    Offsets(&'a [i64]),
    Shown(&'a [Shown]),
}

impl Visible<'_> {
    /// The first offset in `from..to`, and how many there are.
    pub(super) fn between(self, from: i64, to: i64) -> Option<(i64, usize)> {
        let (start, end) = (self.below(from), self.below(to));
        let count = end.checked_sub(start).filter(|count| *count > 0)?;
        let first = match self {
            Self::Offsets(offsets) => *offsets.get(start)?,
            Self::Shown(shown) => shown.get(start)?.offset,
        };
        Some((first, count))
    }

    fn below(self, offset: i64) -> usize {
        match self {
            Self::Offsets(offsets) => offsets.partition_point(|at| *at < offset),
            Self::Shown(shown) => shown.partition_point(|at| at.offset < offset),
        }
    }
}

pub(super) fn records_of(history: &History, (from, to): (u32, u32)) -> &[(i64, u32)] {
    let range = from as usize..to as usize;
    history.read.get(range).unwrap_or_default()
}
