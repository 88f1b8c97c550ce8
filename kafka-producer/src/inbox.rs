//! Where callers leave word for a task of the sender.

use std::task::{Context, Poll, Waker};

use crate::sync::{Mutex, lock};

/// The partitions that a sender task should look at, and a way to wake it.
///
/// A partition is pushed when something changes that the task must know: a
/// batch was begun, or closed. Per batch, not per record; and the task is woken
/// only if it sleeps.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    partitions: Vec<u32>,
    poked: bool,
    waker: Option<Waker>,
}

impl Inbox {
    /// Asks the task to look at this partition.
    pub(crate) fn push(&self, partition: u32) {
        self.change(|state| state.partitions.push(partition));
    }

    /// Asks the task to look again, at nothing in particular.
    pub(crate) fn poke(&self) {
        self.change(|state| state.poked = true);
    }

    /// Moves what is there to `partitions`; whether there was anything.
    pub(crate) fn take(&self, partitions: &mut Vec<u32>) -> bool {
        let mut state = lock(&self.0);
        let any = state.poked || !state.partitions.is_empty();
        state.poked = false;
        partitions.append(&mut state.partitions);
        any
    }

    /// Ready when [`take`](Self::take) has something to give. One task polls.
    pub(crate) fn poll_filled(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.0);
        if state.poked || !state.partitions.is_empty() {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => state.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = lock(&self.0);
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
