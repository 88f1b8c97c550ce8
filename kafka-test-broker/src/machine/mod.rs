//! The cluster as one pure state machine: frames and the time go in, frames
//! come out.
//!
//! It reads no clock and knows no socket. Requests of one connection are served
//! one at a time in their order, as Kafka does by muting the connection; what
//! arrives meanwhile waits its turn.

mod answer;
mod connection;
mod purgatory;
mod serve;
#[cfg(test)]
mod tests;
mod throttle;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::wire::Segments;
use kafka_protocol::{ApiKey, StrBytes};

use crate::cluster::{Cluster, Event, Moment};
use crate::faults::FaultSet;
use connection::{Connection, State};
pub(crate) use connection::{ConnectionId, Ticket};
use purgatory::Purgatory;
pub(crate) use serve::Exchange;

/// What the driver of a connection has to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Write this.
    Send(Segments),
    /// Write what was to be sent before, then close.
    Close,
}

/// An action and the connection it is for.
pub(crate) type Output = (ConnectionId, Action);

/// Keeps what faults draw apart from what the cluster draws, so that a fault
/// that is added changes no topic's id.
const FAULT_SEED: u64 = 0x6661_756c_7473;

/// Clients that are gone while a frozen broker has a request of theirs: those
/// beyond are forgotten with what they sent.
const MAX_DEPARTED: usize = 100;

/// See the module.
#[derive(Debug)]
pub(crate) struct Machine {
    cluster: Cluster,
    faults: FaultSet,
    connections: BTreeMap<ConnectionId, Connection>,
    connected: u64,
    /// Connections that may have a request to serve.
    runnable: VecDeque<ConnectionId>,
    /// Fetches that wait for data.
    purgatory: Purgatory,
    timers: BTreeSet<(Instant, ConnectionId)>,
    /// Brokers that take connections and requests and do nothing.
    paused: BTreeSet<i32>,
    /// Connections of paused brokers whose wait is over.
    overdue: BTreeSet<ConnectionId>,
    /// By how much the wall clock was set.
    wall_jump_ms: i64,
    requests: BTreeMap<ApiKey, u64>,
    started: Instant,
    outputs: Vec<Output>,
}

impl Machine {
    /// The cluster's wall clock stands at its configured time at `now`.
    pub(crate) fn new(now: Instant, cluster: Cluster) -> Self {
        let random = fastrand::Rng::with_seed(cluster.config.seed ^ FAULT_SEED);
        let mut machine = Self {
            cluster,
            faults: FaultSet::new(random),
            connections: BTreeMap::new(),
            connected: 0,
            runnable: VecDeque::new(),
            purgatory: Purgatory::default(),
            timers: BTreeSet::new(),
            paused: BTreeSet::new(),
            overdue: BTreeSet::new(),
            wall_jump_ms: 0,
            requests: BTreeMap::new(),
            started: now,
            outputs: Vec::new(),
        };
        let moment = machine.moment(now);
        machine.cluster.plan_clean_up(moment);
        machine
    }

    /// Opens a connection to `broker` from `client_host`; `None` when it is down.
    pub(crate) fn connect(&mut self, broker: i32, client_host: StrBytes) -> Option<ConnectionId> {
        if !self.cluster.is_up(broker) {
            return None;
        }
        self.connected += 1;
        let id = ConnectionId(self.connected);
        self.connections
            .insert(id, Connection::new(broker, client_host));
        self.cluster.security.connected(id);
        Some(id)
    }

    /// The client is gone. What it sent to a frozen broker lies there, and is done
    /// when the broker goes on.
    pub(crate) fn disconnect(&mut self, id: ConnectionId) {
        let departed = self.connections.values().filter(|it| it.departed).count();
        if let Some(connection) = self.connections.get_mut(&id)
            && connection.has_requests()
            && self.paused.contains(&connection.broker)
            && departed < MAX_DEPARTED
        {
            connection.departed = true;
            return;
        }
        self.remove(id);
    }

    fn remove(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        self.cluster.security.disconnected(id);
        if let Some(due) = connection.deadline {
            self.timers.remove(&(due, id));
        }
        self.overdue.remove(&id);
        if let State::Fetching(parked) = connection.state {
            self.purgatory.remove(id, &parked.wait);
        }
    }

    /// A frame, without its length, has arrived.
    pub(crate) fn handle(&mut self, now: Instant, id: ConnectionId, frame: Bytes) -> Vec<Output> {
        self.ring(now);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.backlog.push_back(frame);
            self.runnable.push_back(id);
        }
        self.run(now)
    }

    /// Does what is due by `now`.
    pub(crate) fn advance(&mut self, now: Instant) -> Vec<Output> {
        self.ring(now);
        while let Some(&(_, id)) = self.timers.first().filter(|(due, _)| *due <= now) {
            self.wake(now, id);
        }
        self.run(now)
    }

    /// When [`Machine::advance`] has something to do for a connection next.
    #[cfg(test)]
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// When [`Machine::advance`] has something to do next: for the cluster, or for
    /// a connection, whose driver need not know of it.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(due, _)| *due);
        self.cluster.alarms.next().into_iter().chain(timer).min()
    }

    /// Whether a request of this connection is under way, so that reading on would
    /// only pile up requests, and when [`Machine::advance`] has something to do for
    /// it.
    pub(crate) fn progress_of(&self, id: ConnectionId) -> (bool, Option<Instant>) {
        let Some(connection) = self.connections.get(&id) else {
            return (false, None);
        };
        let waits = connection.has_requests() && self.paused.contains(&connection.broker);
        (connection.is_busy() || waits, connection.deadline)
    }

    /// How many requests of an API have arrived.
    pub(crate) fn requests_seen(&self, api: ApiKey) -> u64 {
        self.requests.get(&api).copied().unwrap_or(0)
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(crate) fn faults(&self) -> &FaultSet {
        &self.faults
    }

    pub(crate) fn faults_mut(&mut self) -> &mut FaultSet {
        &mut self.faults
    }

    /// Changes the cluster from outside, and lets those who wait know.
    pub(crate) fn change<T>(
        &mut self,
        now: Instant,
        change: impl FnOnce(&mut Cluster, Moment) -> T,
    ) -> (T, Vec<Output>) {
        self.ring(now);
        let moment = self.moment(now);
        let result = change(&mut self.cluster, moment);
        (result, self.run(now))
    }

    /// Takes a broker down and closes its connections.
    pub(crate) fn stop_broker(&mut self, now: Instant, broker: i32) -> Vec<Output> {
        self.take_down(now, broker);
        self.run(now)
    }

    /// The same, for the midst of serving a request.
    fn take_down(&mut self, now: Instant, broker: i32) {
        for id in self.connections_of(broker) {
            self.close(id);
        }
        self.paused.remove(&broker);
        let moment = self.moment(now);
        self.cluster.stop_broker(broker, moment);
    }

    /// Closes every connection to a broker that stays up.
    pub(crate) fn close_connections_to(&mut self, broker: i32) -> Vec<Output> {
        for id in self.connections_of(broker) {
            self.close(id);
        }
        std::mem::take(&mut self.outputs)
    }

    /// Freezes a broker: it takes connections and requests, and does nothing.
    pub(crate) fn pause_broker(&mut self, now: Instant, broker: i32) {
        self.paused.insert(broker);
        let moment = self.moment(now);
        self.cluster.pause(broker, true, moment);
    }

    /// Lets a frozen broker go on where it was.
    pub(crate) fn resume_broker(&mut self, now: Instant, broker: i32) -> Vec<Output> {
        if self.paused.remove(&broker) {
            let moment = self.moment(now);
            self.cluster.pause(broker, false, moment);
            for id in self.connections_of(broker) {
                if self.overdue.remove(&id) {
                    self.wake(now, id);
                }
                self.runnable.push_back(id);
            }
        }
        self.run(now)
    }

    /// Whether a broker is frozen.
    pub(crate) fn is_paused(&self, broker: i32) -> bool {
        self.paused.contains(&broker)
    }

    /// Sets the brokers' wall clock forward, or back.
    pub(crate) fn jump_wall_clock(&mut self, now: Instant, by_ms: i64) {
        self.wall_jump_ms = self.wall_jump_ms.saturating_add(by_ms);
        let moment = self.moment(now);
        self.cluster.reset_transaction_alarms(moment);
        self.cluster.reset_offset_retention(moment);
    }

    fn connections_of(&self, broker: i32) -> Vec<ConnectionId> {
        let here = |(id, connection): (&ConnectionId, &Connection)| {
            (connection.broker == broker).then_some(*id)
        };
        self.connections.iter().filter_map(here).collect()
    }

    /// Serves whatever can be served.
    fn run(&mut self, now: Instant) -> Vec<Output> {
        loop {
            self.settle(now);
            let Some(id) = self.runnable.pop_front() else {
                break;
            };
            let Some(frame) = self
                .connections
                .get_mut(&id)
                .filter(|connection| !self.paused.contains(&connection.broker))
                .and_then(Connection::next_request)
            else {
                continue;
            };
            self.runnable.push_front(id);
            self.receive(now, id, frame, None);
            self.settle_departed(id);
        }
        std::mem::take(&mut self.outputs)
    }

    /// Does what the cluster does by itself.
    fn ring(&mut self, now: Instant) {
        let moment = self.moment(now);
        while let Some(alarm) = self.cluster.alarms.take_due(now) {
            self.cluster.ring(&alarm, moment);
        }
    }

    pub(super) fn moment(&self, now: Instant) -> Moment {
        let running = now.saturating_duration_since(self.started).as_millis();
        let started_ms = self.cluster.config.wall_clock_ms;
        let started_ms = started_ms.saturating_add(self.wall_jump_ms);
        let running = i64::try_from(running).unwrap_or(i64::MAX);
        Moment {
            now,
            wall_ms: started_ms.saturating_add(running),
        }
    }

    /// Lets those who wait know what happened to that for which they wait.
    fn settle(&mut self, now: Instant) {
        let moment = self.moment(now);
        self.cluster.settle(moment);
        if !self.cluster.has_news() {
            return;
        }
        for (ticket, response) in self.cluster.take_answers() {
            self.finish_parked(now, ticket, &response);
        }
        for event in self.cluster.take_events() {
            for id in self.purgatory.waiting_for(&event) {
                let due = match event {
                    Event::Appended { readable, .. } => {
                        match self.connections.get_mut(&id).map(|c| &mut c.state) {
                            Some(State::Fetching(parked)) => parked.wait.is_satisfied_by(readable),
                            _ => false,
                        }
                    }
                    Event::Changed { .. } => self.is_fetch_due(now, id),
                };
                if due {
                    self.wake(now, id);
                }
            }
        }
    }

    /// Ends the wait of a connection: its time has come, or what it waited for.
    fn wake(&mut self, now: Instant, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if let Some(due) = connection.deadline.take() {
            self.timers.remove(&(due, id));
        }
        if self.paused.contains(&connection.broker) {
            self.overdue.insert(id);
            return;
        }
        match std::mem::replace(&mut connection.state, State::Idle) {
            State::Fetching(parked) => {
                self.purgatory.remove(id, &parked.wait);
                self.finish_fetch(now, id, *parked);
            }
            State::HeldAnswer(answer) => self.send(id, answer),
            State::HeldRequest(frame, plan) => {
                self.receive(now, id, frame, Some(*plan));
                self.settle_departed(id);
            }
            State::Muted => {}
            state @ (State::Idle | State::Parked(_) | State::Silent) => connection.state = state,
        }
        self.runnable.push_back(id);
    }

    /// Leaves a connection waiting until `due`.
    fn wait(&mut self, id: ConnectionId, due: Instant, state: State) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.state = state;
            connection.deadline = Some(due);
            self.timers.insert((due, id));
        }
    }

    /// Removes a connection whose client is gone, once all that it sent is done.
    fn settle_departed(&mut self, id: ConnectionId) {
        let done = |connection: &Connection| {
            let held = matches!(connection.state, State::HeldRequest(..));
            connection.departed && !connection.has_requests() && !held
        };
        if self.connections.get(&id).is_some_and(done) {
            self.remove(id);
        }
    }

    fn close(&mut self, id: ConnectionId) {
        self.remove(id);
        self.outputs.push((id, Action::Close));
    }
}
