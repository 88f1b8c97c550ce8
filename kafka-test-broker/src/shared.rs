use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::StrBytes;
use tokio::sync::{Notify, watch};

use crate::clock;
use crate::machine::{Action, ConnectionId, Machine, Output};

/// The machine with all that its drivers share; cloning gives another handle.
///
/// One lock, held for as long as one request takes to be served and never over
/// an await.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    machine: Machine,
    mailboxes: BTreeMap<ConnectionId, Mailbox>,
    /// When the ticker wakes.
    armed: Option<Instant>,
    /// That is to be sooner than the ticker believes.
    rearm: Arc<Notify>,
}

/// What other connections, or the outside, caused for a connection.
///
/// Holds no more than the answer to the one request under way, and the closing.
#[derive(Debug, Default)]
struct Mailbox {
    actions: Vec<Action>,
    arrived: Arc<Notify>,
}

/// What a connection is to do next.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub actions: Vec<Action>,
    /// A request is under way: no further one is to be read.
    pub busy: bool,
    /// When to call [`Shared::advance`].
    pub deadline: Option<Instant>,
}

impl Shared {
    pub(crate) fn new(machine: Machine) -> Self {
        Self(Arc::new(Mutex::new(State {
            machine,
            mailboxes: BTreeMap::new(),
            armed: None,
            rearm: Arc::default(),
        })))
    }

    /// Opens a connection; `None` when the broker is down. The second half tells
    /// when [`Shared::collect`] has something.
    pub(crate) fn connect(
        &self,
        broker: i32,
        client_host: StrBytes,
    ) -> Option<(ConnectionId, Arc<Notify>)> {
        let mut state = self.lock();
        let id = state.machine.connect(broker, client_host)?;
        let mailbox = Mailbox::default();
        let arrived = mailbox.arrived.clone();
        state.mailboxes.insert(id, mailbox);
        Some((id, arrived))
    }

    pub(crate) fn disconnect(&self, id: ConnectionId) {
        let mut state = self.lock();
        state.mailboxes.remove(&id);
        state.machine.disconnect(id);
    }

    /// A request has arrived.
    pub(crate) fn handle(&self, id: ConnectionId, frame: Bytes) -> Turn {
        let mut state = self.lock();
        let outputs = state.machine.handle(clock::now(), id, frame);
        state.turn(id, outputs)
    }

    /// A deadline has passed.
    pub(crate) fn advance(&self, id: ConnectionId) -> Turn {
        let mut state = self.lock();
        let outputs = state.machine.advance(clock::now());
        state.turn(id, outputs)
    }

    /// Takes what others caused for this connection.
    pub(crate) fn collect(&self, id: ConnectionId) -> Turn {
        self.lock().turn(id, Vec::new())
    }

    /// Looks at the machine.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        look(&self.lock().machine)
    }

    /// Does something to the machine, and passes on what comes of it.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Machine, Instant) -> (T, Vec<Output>),
    ) -> T {
        let mut state = self.lock();
        let (result, outputs) = change(&mut state.machine, clock::now());
        state.deliver(outputs, None);
        result
    }

    /// Does what the cluster has to do by itself, until `shutdown`.
    pub(crate) async fn tick(self, mut shutdown: watch::Receiver<()>) {
        let rearm = self.lock().rearm.clone();
        loop {
            let next = self.arm();
            tokio::select! {
                biased;
                _ = shutdown.changed() => return,
                () = rearm.notified() => {}
                () = clock::sleep_until(next) => {
                    self.change(|machine, now| ((), machine.advance(now)));
                }
            }
        }
    }

    /// When the ticker has to wake.
    fn arm(&self) -> Option<Instant> {
        let mut state = self.lock();
        state.armed = state.machine.next_due();
        state.armed
    }

    /// The broker that is reached at an address.
    pub(crate) fn broker_at(&self, host: &str, port: u16) -> Option<i32> {
        self.with(|machine| {
            let mut brokers = machine.cluster().brokers();
            let here = |broker_host: &StrBytes| {
                broker_host.as_str() == host || (is_loopback(broker_host) && is_loopback(host))
            };
            brokers
                .find(|broker| broker.port == port && here(&broker.host))
                .map(|broker| broker.id)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked has a failing test already; the others may go on.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self, id: ConnectionId, outputs: Vec<Output>) -> Turn {
        self.deliver(outputs, Some(id));
        let mailbox = self.mailboxes.get_mut(&id);
        let (busy, deadline) = self.machine.progress_of(id);
        Turn {
            actions: mailbox
                .map(|mailbox| std::mem::take(&mut mailbox.actions))
                .unwrap_or_default(),
            busy,
            deadline,
        }
    }

    /// Puts actions into the mailboxes; whoever is at its own needs no call.
    fn deliver(&mut self, outputs: Vec<Output>, present: Option<ConnectionId>) {
        for (id, action) in outputs {
            if let Some(mailbox) = self.mailboxes.get_mut(&id) {
                mailbox.actions.push(action);
                if present != Some(id) {
                    mailbox.arrived.notify_one();
                }
            }
        }
        let next = self.machine.next_due();
        if next.is_some_and(|next| self.armed.is_none_or(|armed| next < armed)) {
            self.armed = next;
            self.rearm.notify_one();
        }
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}
