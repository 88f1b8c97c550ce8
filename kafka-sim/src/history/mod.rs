//! What clients did and saw, as a list of operations with their beginnings and ends.

mod entries;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indexmap::IndexSet;

pub use entries::{
    ClientId, CommitId, CommitOutcome, ConsumerId, GroupId, Isolation, LogId, ProducerId, Promise,
    SendId, SendOutcome, TransactionId, TransactionOutcome, Visibility,
};
pub(crate) use entries::{
    Commit, Consumer, Event, ExtraOutcome, Incarnation, Producer, Send, StatedEpoch, Stored,
    StoredOffset, Transaction,
};

/// The operations of a run, for [`check`](History::check).
///
/// Each operation that can fail is recorded twice: when it is invoked, and how it ended.
/// What never ends is treated as if it may or may not have happened. Times are durations
/// since the start of the run, of whatever clock the run has. Record an invocation before
/// the call to the client and its end after the client answered: only then is the order of
/// the history one that the client can be held to.
///
/// Values tell records apart: each [`send`](Self::send) has one that no other send has.
/// A partition is a *log*: that of one topic in one of its incarnations, because a topic
/// that is deleted and created again starts a new log.
///
/// The memory is linear in what is recorded: about 64 bytes a send besides its value, and
/// 16 bytes a record read.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub(crate) values: IndexSet<Box<[u8]>>,
    pub(crate) logs: IndexSet<Incarnation>,
    /// By log: since when records below which offset may have been removed.
    pub(crate) removals: Vec<Vec<(Duration, i64)>>,
    pub(crate) compacted: BTreeSet<LogId>,
    pub(crate) keys: IndexSet<Box<[u8]>>,
    /// By value: its key.
    pub(crate) key_of: BTreeMap<u32, u32>,
    pub(crate) groups: IndexSet<Box<str>>,
    pub(crate) clients: IndexSet<Box<str>>,
    pub(crate) stated_epochs: Vec<StatedEpoch>,
    pub(crate) producers: Vec<Producer>,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) sends: Vec<Send>,
    /// Outcomes beyond a send's first.
    pub(crate) extra_outcomes: Vec<ExtraOutcome>,
    /// What consumers did, in order.
    pub(crate) events: Vec<Event>,
    /// The records of all polls: offset and value.
    pub(crate) read: Vec<(i64, u32)>,
    pub(crate) commits: Vec<Commit>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) stored_offsets: Vec<StoredOffset>,
    pub(crate) abandoned_commits: BTreeSet<(GroupId, LogId, i64)>,
}

/// Who takes part, and in what.
impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// The log of one partition. Name the incarnation by the topic's id, or by counting
    /// how often the topic was created; the same three name the same log.
    pub fn log(&mut self, topic: &str, incarnation: &str, partition: i32) -> LogId {
        let (index, new) = self.logs.insert_full(Incarnation {
            topic: topic.into(),
            incarnation: incarnation.into(),
            partition,
        });
        if new {
            self.removals.push(Vec::new());
        }
        LogId::at(index)
    }

    /// Records of the log below `offset` may be gone without loss, from now on and also
    /// before: retention, or deletion of records. For a deleted topic, all: `i64::MAX`.
    pub fn removed_below(&mut self, log: LogId, offset: i64) {
        self.removed_below_since(Duration::ZERO, log, offset);
    }

    /// As [`removed_below`](Self::removed_below), but who read before `since` must have been
    /// handed them.
    pub fn removed_below_since(&mut self, since: Duration, log: LogId, offset: i64) {
        if let Some(removals) = self.removals.get_mut(log.index()) {
            removals.push((since, offset));
        }
    }

    /// The log is compacted, from now on and also before: a record may be gone once a
    /// committed one of the same key is behind it in the log. The last of each key stays,
    /// and so does whatever was sent without a key ([`send`](Self::send)). Records without
    /// a value, which compaction takes out even if they are the last, are not known here.
    pub fn compacted(&mut self, log: LogId) {
        self.compacted.insert(log);
    }

    /// A producer. One that is made anew, with a new producer id, is another one here.
    pub fn producer(&mut self, name: impl Into<String>, promise: Promise) -> ProducerId {
        self.producers.push(Producer {
            name: name.into(),
            promise,
            open: None,
        });
        ProducerId::at(self.producers.len() - 1)
    }

    /// It turned out that a producer can't be held to more than this.
    pub(crate) fn promise_at_most(&mut self, producer: ProducerId, promise: Promise) {
        if let Some(producer) = self.producers.get_mut(producer.index())
            && producer.promise == Promise::ExactlyOnce
        {
            producer.promise = promise;
        }
    }

    /// A consumer.
    pub fn consumer(&mut self, name: impl Into<String>, isolation: Isolation) -> ConsumerId {
        self.consumers.push(Consumer {
            name: name.into(),
            isolation,
            fresh: false,
        });
        ConsumerId::at(self.consumers.len() - 1)
    }

    /// A consumer of a new client that reads its logs from their beginning after
    /// everything was healed, and until it has read all there is: a witness of what the
    /// logs hold in the end.
    pub fn fresh_consumer(&mut self, name: impl Into<String>, isolation: Isolation) -> ConsumerId {
        let id = self.consumer(name, isolation);
        if let Some(consumer) = self.consumers.last_mut() {
            consumer.fresh = true;
        }
        id
    }

    /// A consumer group.
    pub fn group(&mut self, name: &str) -> GroupId {
        GroupId::at(self.groups.insert_full(name.into()).0)
    }

    /// A client: all that shares one view of the cluster. Name it as no other one.
    pub fn client(&mut self, name: &str) -> ClientId {
        ClientId::at(self.clients.insert_full(name.into()).0)
    }

    /// A client states in a request that a log's leader is that of this epoch. Leader epochs
    /// only grow, and a client must not believe metadata that is older than what it has; so
    /// later it states none that is lower. The order of calls does not matter, `now` does:
    /// what is stated in one moment is in no order.
    pub fn leader_epoch(&mut self, now: Duration, client: ClientId, log: LogId, epoch: i32) {
        self.stated_epochs.push(StatedEpoch {
            at: now,
            client,
            log,
            epoch,
        });
    }
}

/// What producers do.
impl History {
    /// A value is handed to a producer; it belongs to the producer's open transaction, if
    /// there is one.
    pub fn send(&mut self, now: Duration, producer: ProducerId, value: impl AsRef<[u8]>) -> SendId {
        let value = self.value(value.as_ref());
        let transaction = self.producers.get(producer.index()).and_then(|p| p.open);
        self.sends.push(Send {
            producer,
            value,
            transaction,
            invoked: now,
            resolved: Duration::ZERO,
            outcome: None,
        });
        SendId::at(self.sends.len() - 1)
    }

    /// As [`send`](Self::send), with the record's key: see [`compacted`](Self::compacted).
    pub fn send_keyed(
        &mut self,
        now: Duration,
        producer: ProducerId,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> SendId {
        let send = self.send(now, producer, value);
        let key = entries::narrow(self.keys.insert_full(key.as_ref().into()).0);
        if let Some(entry) = self.sends.get(send.index()) {
            self.key_of.insert(entry.value, key);
        }
        send
    }

    /// A send has its outcome. Call it as often as the client says so: twice is found.
    pub fn resolve(&mut self, now: Duration, send: SendId, outcome: SendOutcome) {
        match self.sends.get_mut(send.index()) {
            Some(entry) if entry.outcome.is_none() => {
                entry.outcome = Some(outcome);
                entry.resolved = now;
            }
            Some(_) => self.extra_outcomes.push(ExtraOutcome {
                send,
                at: now,
                outcome,
            }),
            None => {}
        }
    }

    /// A producer begins a transaction: its sends from here to the [`end`](Self::end)
    /// belong to it.
    pub fn begin(&mut self, now: Duration, producer: ProducerId) -> TransactionId {
        let id = TransactionId::at(self.transactions.len());
        self.transactions.push(Transaction {
            producer,
            begun: now,
            end_invoked: None,
            ended: None,
            outcome: None,
        });
        if let Some(producer) = self.producers.get_mut(producer.index()) {
            producer.open = Some(id);
        }
        id
    }

    /// A group's offset is made part of a transaction: the next record to read in `log`.
    pub fn send_offset(
        &mut self,
        now: Duration,
        transaction: TransactionId,
        group: GroupId,
        log: LogId,
        offset: i64,
    ) {
        self.commits.push(Commit {
            group,
            log,
            offset,
            transaction: Some(transaction),
            invoked: now,
            ended: None,
            outcome: None,
        });
    }

    /// The application asks for the transaction to be committed or aborted.
    pub fn end(&mut self, now: Duration, transaction: TransactionId) {
        let Some(entry) = self.transactions.get_mut(transaction.index()) else {
            return;
        };
        entry.end_invoked = Some(now);
        if let Some(producer) = self.producers.get_mut(entry.producer.index()) {
            producer.open = None;
        }
    }

    /// The transaction has its outcome.
    pub fn ended(
        &mut self,
        now: Duration,
        transaction: TransactionId,
        outcome: TransactionOutcome,
    ) {
        if let Some(entry) = self.transactions.get_mut(transaction.index()) {
            entry.ended = Some(now);
            entry.outcome = Some(outcome);
        }
    }
}

/// What consumers do.
impl History {
    /// A consumer is given a log to read, from this offset on (0 for the earliest), or
    /// from where only the cluster knows.
    pub fn assign(&mut self, now: Duration, consumer: ConsumerId, log: LogId, from: Option<i64>) {
        self.event(Event::assigned(now, consumer, log, from, None));
    }

    /// As [`assign`](Self::assign), by a group in this epoch (generation, for the classic
    /// protocol): no two members own a log in one epoch at the same time.
    pub fn own(
        &mut self,
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        from: Option<i64>,
        (group, epoch): (GroupId, i32),
    ) {
        self.event(Event::assigned(
            now,
            consumer,
            log,
            from,
            Some((group, epoch)),
        ));
    }

    /// A consumer gives up a log.
    pub fn revoke(&mut self, now: Duration, consumer: ConsumerId, log: LogId) {
        self.event(Event::Revoked { now, consumer, log });
    }

    /// A consumer's position is set; `None` where only the cluster knows to what.
    pub fn seek(&mut self, now: Duration, consumer: ConsumerId, log: LogId, to: Option<i64>) {
        self.event(Event::Seek {
            now,
            consumer,
            log,
            to,
        });
    }

    /// A consumer tells that `offset` is the next that it will hand out: it must have handed
    /// out all that can be read below.
    pub fn position(&mut self, now: Duration, consumer: ConsumerId, log: LogId, offset: i64) {
        self.event(Event::Position {
            now,
            consumer,
            log,
            offset,
        });
    }

    /// A consumer was handed records of a log: offset and value of each, in order.
    pub fn poll<V: AsRef<[u8]>>(
        &mut self,
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        records: impl IntoIterator<Item = (i64, V)>,
    ) {
        let start = self.read.len();
        for (offset, value) in records {
            let value = self.value(value.as_ref());
            self.read.push((offset, value));
        }
        let end = self.read.len();
        self.event(Event::Poll {
            now,
            consumer,
            log,
            records: (entries::narrow(start), entries::narrow(end)),
        });
    }

    /// A consumer commits that `offset` is the next record to read.
    pub fn commit(
        &mut self,
        now: Duration,
        consumer: ConsumerId,
        group: GroupId,
        log: LogId,
        offset: i64,
    ) -> CommitId {
        self.commits.push(Commit {
            group,
            log,
            offset,
            transaction: None,
            invoked: now,
            ended: None,
            outcome: None,
        });
        let commit = CommitId::at(self.commits.len() - 1);
        self.event(Event::Commit {
            now,
            consumer,
            log,
            offset,
        });
        commit
    }

    /// A commit has its outcome.
    pub fn committed(&mut self, now: Duration, commit: CommitId, outcome: CommitOutcome) {
        if let Some(entry) = self.commits.get_mut(commit.index()) {
            entry.ended = Some(now);
            entry.outcome = Some(outcome);
        }
    }

    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
}

/// What the cluster holds in the end.
impl History {
    /// A record in a partition's log, as the cluster itself shows it: the ground truth of
    /// [`Evidence::Logs`](crate::Evidence::Logs).
    pub fn stored(
        &mut self,
        log: LogId,
        offset: i64,
        value: impl AsRef<[u8]>,
        visibility: Visibility,
    ) {
        self.store(log, offset, value.as_ref(), visibility, None);
    }

    /// As [`stored`](Self::stored), of a record that was in the log until compaction took
    /// it out: who was handed later records before that must have been handed this one.
    pub fn stored_until(
        &mut self,
        end: Duration,
        log: LogId,
        offset: i64,
        value: impl AsRef<[u8]>,
        visibility: Visibility,
    ) {
        self.store(log, offset, value.as_ref(), visibility, Some(end));
    }

    fn store(
        &mut self,
        log: LogId,
        offset: i64,
        value: &[u8],
        visibility: Visibility,
        until: Option<Duration>,
    ) {
        let value = self.value(value);
        self.stored.push(Stored {
            log,
            offset,
            value,
            visibility,
            until,
        });
    }

    /// A request to commit this offset was left without an answer: its connection was given
    /// up. A broker may still carry it out, even after a newer one, since nothing numbers
    /// offset commits; no client can prevent that.
    pub fn abandoned_commit(&mut self, group: GroupId, log: LogId, offset: i64) {
        self.abandoned_commits.insert((group, log, offset));
    }

    /// What a group's committed offset is after everything else; `None` for none.
    pub fn stored_offset(&mut self, group: GroupId, log: LogId, offset: Option<i64>) {
        self.stored_offset_at(Duration::MAX, group, log, offset);
    }

    /// What a group's committed offset is at this moment, as its coordinator itself shows it:
    /// what was committed later does not explain it.
    pub fn stored_offset_at(
        &mut self,
        now: Duration,
        group: GroupId,
        log: LogId,
        offset: Option<i64>,
    ) {
        self.stored_offsets.push(StoredOffset {
            at: now,
            group,
            log,
            offset,
        });
    }

    /// Sends that were acknowledged, that failed for certain, and of unknown outcome.
    pub fn outcomes(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for send in &self.sends {
            match send.outcome {
                Some(SendOutcome::Acknowledged { .. }) => counts.0 += 1,
                Some(SendOutcome::Failed) => counts.1 += 1,
                Some(SendOutcome::Indeterminate) | None => counts.2 += 1,
            }
        }
        counts
    }

    /// Records handed to consumers so far.
    pub fn records_read(&self) -> usize {
        self.read.len()
    }

    fn value(&mut self, value: &[u8]) -> u32 {
        if let Some(index) = self.values.get_index_of(value) {
            return entries::narrow(index);
        }
        entries::narrow(self.values.insert_full(value.into()).0)
    }
}
