//! How a producer ends: closed, abandoned, or cut off.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Instant;

use kafka_net::Error;

use crate::completion::{NO_SLOT, Outcome};
use crate::sender::Sender;
use crate::sync::lock;

use super::{Shared, closed};

impl Shared {
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if self.closing.is_done() {
            return Err(closed());
        }
        Ok(())
    }

    /// Takes no more records; gives up what is not delivered at the deadline,
    /// the earliest of all that were ever given.
    pub(crate) fn close(&self, deadline: Option<Instant>) {
        let first = {
            let mut life = lock(&self.life);
            life.deadline = life.deadline.into_iter().chain(deadline).min();
            life.closing.take()
        };
        if let Some(resolver) = first {
            // From here on new partitions refuse by themselves.
            resolver.resolve(Outcome::Failed(closed()));
            let partitions: Vec<_> = lock(&self.sender).partitions().cloned().collect();
            for partition in partitions {
                let edge = partition.queue().refuse(closed());
                partition.tell(edge);
            }
            self.memory.refuse(&closed());
            lock(&self.life).closed_off = true;
        }
        self.main.poke();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_done()
    }

    /// Whether nothing can be accepted any more. Later than
    /// [`is_closing`](Self::is_closing): in between, partitions are closed one
    /// by one.
    pub(crate) fn is_closed_off(&self) -> bool {
        lock(&self.life).closed_off
    }

    pub(crate) fn close_deadline(&self) -> Option<Instant> {
        lock(&self.life).deadline
    }

    /// The tasks end; whoever waits for that learns how it went.
    pub(crate) fn end(&self, outcome: Result<(), Error>) {
        let resolver = lock(&self.life).ended.take();
        if let Some(resolver) = resolver {
            resolver.resolve(match outcome {
                Ok(()) => Outcome::Written {
                    base_offset: None,
                    log_append_ms: None,
                },
                Err(error) => Outcome::Failed(error),
            });
        }
        self.wake_brokers();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_done()
    }

    pub(crate) async fn wait_for_end(&self) -> Result<(), Error> {
        let mut slot = NO_SLOT;
        poll_fn(|cx| self.ended.poll_record(0, &mut slot, cx))
            .await
            .map(drop)
    }

    /// A task is gone before its time: its runtime ended, or it panicked.
    /// Everything that waits fails.
    pub(crate) fn die(self: &Arc<Self>) {
        if self.has_ended() {
            return;
        }
        let error = Error::closed("the runtime of the producer");
        self.close(None);
        self.fail_rest(&error);
        self.end(Err(error));
    }

    /// Gives everything that has no outcome yet one.
    pub(crate) fn fail_rest(&self, reason: &Error) {
        let effects = {
            let mut sender = lock(&self.sender);
            sender.fail_all(&Sender::ended(reason), true);
            sender.take_effects()
        };
        for finished in effects.finished {
            finished.tell();
        }
    }
}
