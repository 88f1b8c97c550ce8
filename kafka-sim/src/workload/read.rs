//! Readers that note what they are handed.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_client::{
    Assignment, Batch, Consumer, Error, ErrorKind, IsolationLevel, Kafka, OffsetReset, Start,
    TopicPartition,
};
use kafka_net::{Random, watch};

use super::contents;
use super::observed::Observer;
use super::plan::ReaderPlan;
use crate::cancel::drop_after_polls;
use crate::chance::{below, chance, pick};
use crate::history::{CommitId, CommitOutcome, ConsumerId, GroupId, Isolation, LogId};

/// Where a reader is to arrive: the ends of the logs, once they are known.
pub(super) type Goal = Option<BTreeMap<TopicPartition, i64>>;

/// A consumer of all partitions of some topics from their beginning.
pub(super) struct Reader {
    pub(super) consumer: Consumer,
    pub(super) plan: ReaderPlan,
    random: Random,
    pub(super) observer: Observer,
    id: ConsumerId,
    pub(super) group: Option<GroupId>,
    /// By partition: the log that is read, and the next offset in it.
    places: BTreeMap<TopicPartition, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    log: LogId,
    /// `None` where only the cluster knows.
    next: Option<i64>,
    /// It was told to read from there, and has not read since: in which topic of the
    /// name, only the client knows.
    sought: bool,
}

impl Reader {
    /// `fresh`: a witness of what there is in the end.
    pub(super) async fn start(
        kafka: &Kafka,
        plan: ReaderPlan,
        observer: &Observer,
        fresh: bool,
    ) -> Result<Self, Error> {
        let cluster = observer.world().cluster();
        let mut partitions = Vec::new();
        for topic in &plan.topics {
            for partition in 0..cluster.partition_count(topic) {
                partitions.push(TopicPartition::new(topic.clone(), partition));
            }
        }
        let assignments = partitions
            .iter()
            .map(|at| Assignment::new(at.topic.clone(), at.partition, Start::Earliest));
        let mut builder = kafka
            .consumer()
            .offset_reset(plan.offset_reset)
            .fetch_min_bytes(plan.fetch_min_bytes)
            .fetch_max_wait(plan.fetch_max_wait)
            .partition_fetch_bytes(plan.partition_fetch_bytes)
            .prefetch_bytes(plan.prefetch_bytes)
            .request_timeout(plan.request_timeout)
            .isolation(plan.isolation)
            .config(|config| config.api_timeout(Duration::from_secs(10)))
            .assign(assignments);
        if let Some(group) = &plan.group {
            builder = builder.group(group.clone());
        }
        let consumer = builder.build().await?;
        let (id, group) = {
            let history = &mut observer.lock().history;
            let name = format!("reader {}", plan.number);
            let isolation = match plan.isolation {
                IsolationLevel::ReadCommitted => Isolation::ReadCommitted,
                _ => Isolation::ReadUncommitted,
            };
            let id = match fresh {
                false => history.consumer(name, isolation),
                true => history.fresh_consumer(name, isolation),
            };
            (id, plan.group.as_deref().map(|group| history.group(group)))
        };
        let mut reader = Self {
            random: Random::from_seed(plan.choice),
            consumer,
            plan,
            observer: observer.clone(),
            id,
            group,
            places: BTreeMap::new(),
        };
        for partition in partitions {
            let log = observer.present(&partition.topic, partition.partition);
            let now = observer.now();
            let next = Some(0);
            let history = &mut observer.lock().history;
            history.assign(now, id, log, next);
            let sought = true;
            reader.places.insert(partition, Place { log, next, sought });
        }
        Ok(reader)
    }

    /// Reads until it has arrived.
    pub(super) async fn run(mut self, mut goal: watch::Receiver<Goal>) {
        while !self.has_arrived(&goal) {
            let polls = match chance(&self.random, self.plan.drops) {
                true => 1 + below(&self.random, 4) as u32,
                false => u32::MAX,
            };
            tokio::select! {
                biased;
                _ = goal.changed() => {}
                // A log may end in offsets without records: then no batch tells of its end.
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                polled = drop_after_polls(polls, self.consumer.next_batch()) => match polled {
                    None => self.hit(58),
                    Some(Ok(None)) => return self.observer.failed(format!(
                        "reader {} ended before the log did",
                        self.plan.number
                    )),
                    Some(Ok(Some(batch))) => {
                        let homewards = goal.with(Option::is_some);
                        self.on_batch(&batch, homewards).await;
                    }
                    Some(Err(error)) => self.on_error(&error).await,
                },
            }
        }
        self.note_arrival();
        self.commit_in_the_end().await;
        let limit = Duration::from_secs(10);
        let closing = self.consumer.close(limit);
        if tokio::time::timeout(limit * 2, closing).await.is_err() {
            let number = self.plan.number;
            self.observer
                .failed(format!("reader {number} was not closed"));
        }
    }

    fn has_arrived(&self, goal: &watch::Receiver<Goal>) -> bool {
        goal.with(|goal| {
            let Some(ends) = goal else { return false };
            self.places.keys().all(|at| {
                let end = ends.get(at).copied().unwrap_or(0);
                let position = self.consumer.position(&at.topic, at.partition);
                position.is_some_and(|position| position >= end)
            })
        })
    }

    /// All that it was to be handed it must have been handed: that it has arrived is its own
    /// word, which the history judges.
    fn note_arrival(&self) {
        for (at, place) in &self.places {
            let Some(position) = self.consumer.position(&at.topic, at.partition) else {
                continue;
            };
            let present = self.observer.present(&at.topic, at.partition);
            if place.log != present {
                // Which of the topics it is a position of, only the client knows.
                if place.sought || self.observer.readers_doubt(&at.topic) {
                    continue;
                }
                let now = self.observer.now();
                let history = &mut self.observer.lock().history;
                history.assign(now, self.id, present, Some(0));
            }
            let now = self.observer.now();
            let history = &mut self.observer.lock().history;
            history.position(now, self.id, present, position);
        }
    }

    /// Where to go on after an error: where what it was handed ends. That the client stands
    /// elsewhere by itself is for the history to judge.
    fn after_error(&self, at: &TopicPartition) -> Option<i64> {
        let position = self.consumer.position(&at.topic, at.partition);
        let Some(place) = self.places.get(at) else {
            return position;
        };
        let present = self.observer.present(&at.topic, at.partition);
        if place.log != present || self.observer.readers_doubt(&at.topic) {
            return position;
        }
        if let Some(position) = position {
            let now = self.observer.now();
            let history = &mut self.observer.lock().history;
            history.position(now, self.id, present, position);
        }
        place.next.or(position)
    }

    /// `homewards`: it is time to arrive.
    async fn on_batch(&mut self, batch: &Batch, homewards: bool) {
        let at = batch.topic_partition();
        let first = batch.records().next();
        let first = first.and_then(|record| record.value().map(<[u8]>::to_vec));
        let first = first.unwrap_or_default();
        let log = self
            .observer
            .log_of(&at.topic, at.partition, Some(batch.first_offset()), &first);
        let now = self.observer.now();
        self.observer.world().trace().note(format_args!(
            "reader {} {at}: {} records to {}",
            self.plan.number,
            batch.len(),
            batch.next_offset(),
        ));
        if let Some(record) = batch.records().find(|record| !contents::is_whole(record)) {
            self.observer.failed(format!(
                "reader {} was handed a record whose key or headers are not those that were \
                 sent: {at} at {}",
                self.plan.number,
                record.offset()
            ));
        }
        let in_doubt = self.observer.readers_doubt(&at.topic);
        {
            let history = &mut self.observer.lock().history;
            let known = self.places.get(&at);
            let before = known.map(|place| place.log).filter(|before| *before != log);
            if let Some(before) = before {
                history.revoke(now, self.id, before);
                // By name it reads on in the new topic where it was in the old.
                let sought = known.is_some_and(|place| place.sought);
                let from = Some(0).filter(|_| !in_doubt && !sought);
                history.assign(now, self.id, log, from);
            } else if in_doubt && known.and_then(|place| place.next) > Some(batch.first_offset()) {
                // And begins anew when it learns that it is a new one.
                history.seek(now, self.id, log, None);
            }
            let records = batch.records();
            let records = records.map(|r| (r.offset(), r.value().unwrap_or_default()));
            history.poll(now, self.id, log, records);
            if !in_doubt {
                history.position(now, self.id, log, batch.next_offset());
            }
        }
        let next = Some(batch.next_offset());
        let sought = false;
        self.places.insert(at.clone(), Place { log, next, sought });
        if chance(&self.random, self.plan.commits) {
            self.commit(batch).await;
        }
        if !homewards && chance(&self.random, self.plan.seeks) {
            self.seek_anywhere();
        }
    }

    async fn commit(&mut self, batch: &Batch) {
        let Some(group) = self.group else { return };
        let all = below(&self.random, 2) == 0;
        let own = batch.topic_partition();
        let commits = self.note_commit(group, Some(&own).filter(|_| !all));
        let polls = match chance(&self.random, self.plan.drops) {
            true => 1 + below(&self.random, 4) as u32,
            false => u32::MAX,
        };
        let committed = match all {
            true => drop_after_polls(polls, self.consumer.commit()).await,
            false => drop_after_polls(polls, self.consumer.commit_through(batch)).await,
        };
        let outcome = match &committed {
            None => {
                self.hit(57);
                CommitOutcome::Indeterminate
            }
            Some(Ok(())) => CommitOutcome::Stored,
            Some(Err(error)) => {
                self.note(format_args!("commit: {error}"));
                // Part of several can have been stored.
                match error.possibly_written() || all {
                    true => CommitOutcome::Indeterminate,
                    false => CommitOutcome::Refused,
                }
            }
        };
        self.note_committed(commits, outcome);
        if outcome == CommitOutcome::Stored {
            self.note_stored(group, Some(&own).filter(|_| !all));
        }
    }

    /// What it was told to be committed is what the group has from now on.
    fn note_stored(&self, group: GroupId, alone: Option<&TopicPartition>) {
        let Some(name) = &self.plan.group else { return };
        let now = self.observer.now();
        let cluster = self.observer.world().cluster();
        for (at, place) in &self.places {
            // Of a topic that is made anew, what was committed is gone.
            if alone.is_none_or(|alone| alone == at) && !self.observer.is_disposable(&at.topic) {
                let stored = cluster.committed_offset(name, &at.topic, at.partition);
                let history = &mut self.observer.lock().history;
                history.stored_offset_at(now, group, place.log, stored);
            }
        }
    }

    /// It is about to commit where it stands, in all partitions or one.
    pub(super) fn note_commit(
        &self,
        group: GroupId,
        alone: Option<&TopicPartition>,
    ) -> Vec<CommitId> {
        let now = self.observer.now();
        let mut commits = Vec::new();
        for (at, place) in &self.places {
            // What was looked up and not read yet is committed as well.
            let position = self.consumer.position(&at.topic, at.partition);
            if let Some(next) = position.filter(|_| alone.is_none_or(|alone| alone == at)) {
                let history = &mut self.observer.lock().history;
                commits.push(history.commit(now, self.id, group, place.log, next));
            }
        }
        commits
    }

    pub(super) fn note_committed(&self, commits: Vec<CommitId>, outcome: CommitOutcome) {
        let now = self.observer.now();
        let history = &mut self.observer.lock().history;
        for commit in commits {
            history.committed(now, commit, outcome);
        }
    }

    fn seek_anywhere(&mut self) {
        let all: Vec<TopicPartition> = self.places.keys().cloned().collect();
        let Some(at) = pick(&self.random, &all).cloned() else {
            return;
        };
        let next = self.places.get(&at).and_then(|place| place.next);
        let to = match (below(&self.random, 3), next) {
            (0, _) | (_, None) => None,
            (_, Some(next)) => Some(below(&self.random, next.unsigned_abs() + 1) as i64),
        };
        self.seek(&at, to);
        if below(&self.random, 2) == 0 {
            // And once more while that is looked up.
            self.seek(&at, to);
        }
    }

    /// To the beginning, or to an offset.
    fn seek(&mut self, at: &TopicPartition, to: Option<i64>) {
        let unknown = self.consumer.position(&at.topic, at.partition).is_none();
        let start = to.map_or(Start::Earliest, Start::Offset);
        if let Err(error) = self.consumer.seek(&at.topic, at.partition, start) {
            return self.observer.failed(format!("seek in {at}: {error}"));
        }
        if unknown {
            self.hit(39);
        }
        self.note(format_args!(
            "reader {} seeks in {at} to {to:?}",
            self.plan.number
        ));
        self.place(at.clone(), to);
    }

    /// Whatever stopped a partition, it is set going again.
    async fn on_error(&mut self, error: &Error) {
        self.note(format_args!("reader {}: {error}", self.plan.number));
        let context = error.context();
        let (Some(topic), Some(partition)) = (context.topic(), context.partition()) else {
            return;
        };
        let at = TopicPartition::new(topic.to_owned(), partition);
        match error.kind() {
            ErrorKind::Corrupt => self.hit(40),
            _ if error.is_retriable() => return,
            _ => {}
        }
        // Not at once: what refuses now is likely to go on a while.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let to = match error.kind() {
            ErrorKind::OffsetOutOfRange => None,
            _ => self.after_error(&at),
        };
        self.seek(&at, to);
    }

    /// The history learns where the reader stands.
    fn place(&mut self, at: TopicPartition, next: Option<i64>) {
        let log = match self.places.get(&at) {
            Some(place) if next.is_some() => place.log,
            _ => self.observer.present(&at.topic, at.partition),
        };
        let now = self.observer.now();
        let history = &mut self.observer.lock().history;
        // What was deleted from the beginning is not missed.
        history.seek(now, self.id, log, next.or(Some(0)));
        let sought = true;
        self.places.insert(at, Place { log, next, sought });
    }

    fn hit(&self, row: u8) {
        self.observer.world().rows().hit(row);
    }

    pub(super) fn note(&self, event: impl std::fmt::Display) {
        self.observer.world().trace().note(event);
    }
}

/// What to read for one who reads everything.
pub(super) fn everything(
    number: usize,
    topics: Vec<String>,
    request_timeout: Duration,
) -> ReaderPlan {
    ReaderPlan {
        number,
        topics,
        group: None,
        offset_reset: OffsetReset::Earliest,
        fetch_min_bytes: 1,
        fetch_max_wait: Duration::from_millis(100),
        partition_fetch_bytes: 16 * 1024,
        prefetch_bytes: 1024 * 1024,
        request_timeout,
        commits: 0.0,
        seeks: 0.0,
        drops: 0.0,
        isolation: IsolationLevel::ReadUncommitted,
        choice: 0,
    }
}
