//! A sound history with all that Kafka allows, for anomalies to be planted in.

mod compaction;
mod planted;
mod random;

use std::time::Duration;

use super::*;
use crate::history::{
    ClientId, CommitOutcome, ConsumerId, GroupId, Isolation, LogId, ProducerId, Promise, SendId,
    SendOutcome, TransactionId, TransactionOutcome, Visibility,
};

use Isolation::{ReadCommitted, ReadUncommitted};
use SendOutcome::{Acknowledged, Failed, Indeterminate};
use Visibility::{Aborted, Committed};

type Records = Vec<(i64, &'static str, Visibility)>;

/// A history under construction; what the logs hold is kept apart until the end, so that a
/// plant can change it.
struct Story {
    history: History,
    now: u64,
    a: LogId,
    b: LogId,
    /// Idempotent, plain, acks=1, transactional.
    exact: ProducerId,
    plain: ProducerId,
    loose: ProducerId,
    transactional: ProducerId,
    follower: ConsumerId,
    committed: ConsumerId,
    group: GroupId,
    processed: GroupId,
    client: ClientId,
    transaction: TransactionId,
    last_send: SendId,
    /// What `a` and `b` hold.
    stored: [Records; 2],
    /// What the fresh reader does not reach, of `a`.
    unreached: usize,
    offsets: [Option<i64>; 2],
}

impl Story {
    /// All promises are kept.
    fn sound() -> Self {
        let mut history = History::new();
        let (a, b) = (history.log("t", "1", 0), history.log("t", "1", 1));
        let exact = history.producer("exact", Promise::ExactlyOnce);
        let plain = history.producer("plain", Promise::AtLeastOnce);
        let loose = history.producer("loose", Promise::BestEffort);
        let transactional = history.producer("transactional", Promise::ExactlyOnce);
        let follower = history.consumer("follower", ReadUncommitted);
        let committed = history.consumer("committed", ReadCommitted);
        let (group, processed) = (history.group("g"), history.group("processed"));
        let client = history.client("client");
        let unused = history.begin(Duration::ZERO, transactional);
        history.end(Duration::ZERO, unused);
        history.ended(Duration::ZERO, unused, TransactionOutcome::Aborted);
        let last_send = history.send(Duration::ZERO, exact, "e0");
        history.resolve(
            Duration::ZERO,
            last_send,
            Acknowledged {
                log: a,
                offset: Some(0),
            },
        );
        let mut story = Self {
            history,
            now: 0,
            a,
            b,
            exact,
            plain,
            loose,
            transactional,
            follower,
            committed,
            group,
            processed,
            client,
            transaction: unused,
            last_send,
            stored: [vec![(0, "e0", Committed)], Vec::new()],
            unreached: 0,
            offsets: [None, None],
        };
        story.tell();
        story
    }

    fn tell(&mut self) {
        let (a, b) = (self.a, self.b);
        let now = self.tick();
        self.history.assign(now, self.follower, a, Some(0));
        self.history
            .own(now, self.committed, a, Some(0), (self.group, 1));
        self.write(self.plain, "p1", a, 1);
        self.write(self.exact, "e2", a, 2);

        let first = self.begin();
        self.write(self.transactional, "t3", a, 3); // and its marker at 4
        self.write(self.transactional, "t0", b, 0);
        let now = self.tick();
        self.history.send_offset(now, first, self.processed, a, 3);
        self.end(first, TransactionOutcome::Committed);

        // Written twice, and acknowledged the second time.
        self.send(self.plain, "p6", ack(a, Some(6)));
        self.stored[0].extend([(5, "p6", Committed), (6, "p6", Committed)]);
        // Of unknown outcome: one is there, one is not.
        self.send(self.exact, "e7", Indeterminate);
        self.stored[0].push((7, "e7", Committed));
        self.send(self.exact, "gone", Indeterminate);
        self.send(self.exact, "refused", Failed);
        self.send(self.loose, "lost", ack(a, Some(7)));
        self.poll(
            self.follower,
            a,
            &[(0, "e0"), (1, "p1"), (2, "e2"), (3, "t3")],
        );
        self.poll(
            self.committed,
            a,
            &[(0, "e0"), (1, "p1"), (2, "e2"), (3, "t3")],
        );
        self.commit(self.follower, a, 4, CommitOutcome::Stored);
        // Past the marker, which nobody is handed.
        self.commit(self.follower, a, 5, CommitOutcome::Stored);
        self.offsets = [Some(5), Some(3)];
        self.commit(self.follower, a, 2, CommitOutcome::Refused);

        let second = self.begin();
        self.send(self.transactional, "t8", ack(a, Some(8)));
        self.stored[0].push((8, "t8", Aborted)); // marker at 9
        let now = self.tick();
        self.history.send_offset(now, second, self.processed, a, 8);
        self.end(second, TransactionOutcome::Aborted);

        let third = self.begin();
        self.write(self.transactional, "t10", a, 10); // marker at 11
        self.write(self.transactional, "t9", b, 9);
        self.send(self.transactional, "t?", Indeterminate);
        self.end(third, TransactionOutcome::Indeterminate);
        self.transaction = third;

        // Compaction took the values from 1 to 6 out of b.
        self.send(self.exact, "e3", ack(b, Some(3)));
        self.history.removed_below(b, 7);
        self.write(self.exact, "e8", b, 8);
        self.stored[1].sort();
        // The broker did not tell the offset.
        self.send(self.exact, "e12", ack(a, None));
        self.stored[0].push((12, "e12", Committed));
        self.last_send = self.send(self.plain, "p13", ack(a, Some(13)));
        self.stored[0].push((13, "p13", Committed));

        self.poll(
            self.follower,
            a,
            &[(5, "p6"), (6, "p6"), (7, "e7"), (8, "t8")],
        );
        self.poll(
            self.committed,
            a,
            &[(5, "p6"), (6, "p6"), (7, "e7"), (10, "t10")],
        );
        let now = self.tick();
        self.history.revoke(now, self.committed, a);
        let other = self.history.consumer("other", ReadCommitted);
        let now = self.tick();
        self.history.own(now, other, a, None, (self.group, 1));
        self.poll(other, a, &[(12, "e12")]);
        // Back to the beginning, by the application's will.
        self.history.seek(now, self.follower, a, Some(1));
        self.poll(self.follower, a, &[(1, "p1")]);

        // Newer and newer, and both in one moment. Others know less.
        for (at, epoch) in [(9, 4), (2, 3), (4, 4), (4, 3), (1, 3)] {
            self.believe(self.client, a, at, epoch);
        }
        let other = self.history.client("other");
        self.believe(other, a, 9, 3);
        self.believe(self.client, b, 9, 0);
    }

    fn tick(&mut self) -> Duration {
        self.now += 1;
        Duration::from_secs(self.now)
    }

    fn send(&mut self, producer: ProducerId, value: &'static str, outcome: SendOutcome) -> SendId {
        let now = self.tick();
        let send = self.history.send(now, producer, value);
        let now = self.tick();
        self.history.resolve(now, send, outcome);
        send
    }

    /// Sent, acknowledged and there.
    fn write(&mut self, producer: ProducerId, value: &'static str, log: LogId, offset: i64) {
        self.send(producer, value, ack(log, Some(offset)));
        self.stored[log.index()].push((offset, value, Committed));
    }

    fn begin(&mut self) -> TransactionId {
        let now = self.tick();
        self.history.begin(now, self.transactional)
    }

    fn end(&mut self, transaction: TransactionId, outcome: TransactionOutcome) {
        let now = self.tick();
        self.history.end(now, transaction);
        let now = self.tick();
        self.history.ended(now, transaction, outcome);
    }

    fn poll(&mut self, consumer: ConsumerId, log: LogId, records: &[(i64, &str)]) {
        let now = self.tick();
        self.history
            .poll(now, consumer, log, records.iter().copied());
    }

    fn commit(&mut self, consumer: ConsumerId, log: LogId, offset: i64, outcome: CommitOutcome) {
        let now = self.tick();
        let commit = self.history.commit(now, consumer, self.group, log, offset);
        let now = self.tick();
        self.history.committed(now, commit, outcome);
    }

    fn believe(&mut self, client: ClientId, log: LogId, at: u64, epoch: i32) {
        let at = Duration::from_secs(at);
        self.history.leader_epoch(at, client, log, epoch);
    }

    fn unstore(&mut self, value: &str) {
        for records in &mut self.stored {
            records.retain(|record| record.1 != value);
        }
    }

    /// What is found, the logs shown to the cluster's owner and to fresh readers.
    fn check(mut self, evidence: Evidence, isolation: Isolation) -> Vec<Violation> {
        let now = self.tick();
        let fresh = self.history.fresh_consumer("fresh", isolation);
        for (log, records) in [self.a, self.b].into_iter().zip(&self.stored) {
            for (offset, value, visibility) in records {
                self.history.stored(log, *offset, value, *visibility);
            }
            self.history.assign(now, fresh, log, Some(0));
            let missed = if log == self.a { self.unreached } else { 0 };
            let seen = records.iter().take(records.len() - missed);
            let seen = seen.filter(|(_, _, visibility)| {
                isolation == ReadUncommitted || *visibility == Committed
            });
            let seen = seen.map(|(offset, value, _)| (*offset, value));
            self.history.poll(now, fresh, log, seen);
        }
        let groups = [self.group, self.processed];
        for (group, offset) in groups.into_iter().zip(self.offsets) {
            self.history.stored_offset(group, self.a, offset);
        }
        self.history.check(evidence)
    }
}

fn ack(log: LogId, offset: Option<i64>) -> SendOutcome {
    Acknowledged { log, offset }
}
