//! What must work once everything is well again, whatever was before: without this, a client
//! that never did anything any more would break no promise.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::produce::{CatchUnwind, SLACK, Sender, Waiting, drain};
use super::read::Reader;
use crate::history::CommitOutcome;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

impl Sender {
    /// A record to each topic is acknowledged. What chance alone still disturbs, the loss of
    /// links and mistakes in the partitioner, is overcome by another one.
    pub(super) async fn probe(&mut self) {
        let limit = self.plan.request_timeout * 3 + SLACK;
        let mut n = self.plan.records;
        for topic in self.plan.topics.clone() {
            if self.observer.is_disposable(&topic) {
                continue;
            }
            let deadline = Instant::now() + limit;
            loop {
                n += 1;
                if self.is_acknowledged(n, &topic).await {
                    break;
                }
                if Instant::now() > deadline {
                    self.observer.failed(format!(
                        "producer {} can't deliver a record to {topic} {limit:?} after all is well",
                        self.plan.number
                    ));
                    break;
                }
                sleep(PAUSE).await;
            }
        }
    }

    async fn is_acknowledged(&mut self, n: usize, topic: &str) -> bool {
        let (record, send, value) = self.record(n, topic);
        match CatchUnwind::new(self.producer.send(record)).await {
            Ok(Ok(delivery)) => {
                let topic = topic.to_owned();
                let waiting = Waiting {
                    n,
                    send,
                    topic,
                    value,
                    delivery,
                };
                drain(vec![waiting], &self.observer, &self.plan).await == 1
            }
            Ok(Err(error)) => {
                let why = self.refused(&error);
                self.refuse(n, send, &why);
                false
            }
            Err(panic) => {
                let why = self.panicked(panic);
                self.refuse(n, send, &why);
                false
            }
        }
    }
}

impl Reader {
    /// What it has read, its group can store.
    pub(super) async fn commit_in_the_end(&mut self) {
        let Some(group) = self.group else { return };
        let limit = self.plan.request_timeout * 3 + SLACK;
        let deadline = Instant::now() + limit;
        loop {
            let commits = self.note_commit(group, None);
            let committed = self.consumer.commit().await;
            let outcome = match &committed {
                Ok(()) => CommitOutcome::Stored,
                // Part of several can have been stored.
                Err(_) => CommitOutcome::Indeterminate,
            };
            self.note_committed(commits, outcome);
            let Err(error) = committed else { return };
            self.note(format_args!("last commit: {error}"));
            if Instant::now() > deadline {
                let number = self.plan.number;
                return self.observer.failed(format!(
                    "reader {number} can't commit {limit:?} after all is well: {error}"
                ));
            }
            sleep(PAUSE).await;
        }
    }
}
