//! The tasks that pump the sender: one for the producer as a whole, one per
//! broker. They hold the runtime's timers and the requests; every decision is
//! the sender's.

mod broker;
mod main;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::inbox::Inbox;
use crate::shared::Shared;

/// How old the coarse clock gets while anything is buffered.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Starts the producer's task.
pub(crate) fn spawn_main(shared: &Arc<Shared>) {
    let guard = Guard::new(shared);
    // It ends by itself; nobody waits on its handle.
    drop(shared.router.env().spawn(main::run(guard)));
}

/// Starts a broker's task.
pub(crate) fn spawn_broker(shared: &Arc<Shared>, broker: i32, inbox: Arc<Inbox>) {
    let guard = Guard::new(shared);
    drop(shared.router.env().spawn(broker::run(guard, broker, inbox)));
}

/// A task's hold on the producer. Dropped with the task before its time, it
/// fails everyone who waits.
struct Guard {
    shared: Arc<Shared>,
    armed: bool,
}

impl Guard {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: shared.clone(),
            armed: true,
        }
    }

    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.armed {
            self.shared.die();
        }
    }
}

/// Waits until then, or for ever.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits until there is something in the inbox.
async fn filled(inbox: &Inbox) {
    std::future::poll_fn(|cx| inbox.poll_filled(cx)).await;
}
