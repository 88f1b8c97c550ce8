//! What to ask of the cluster, and when: a state machine without a clock, a
//! socket or a task.
//!
//! ```text
//!   wait / nudge / age              ask                 on_answer
//!  ─────────────────────► wanted ─────────► in flight ────────────► snapshot,
//!                           ▲ not before its gate │                 waiters resolved
//!                           └─────────────────────┘
//!                                 on_failure (backoff)
//! ```
//!
//! One question is in flight at a time, whoever wanted it, so that a caller who
//! leaves takes nothing from the others. Questions for topics that are waited
//! for ([`Purpose::Seek`]) and questions that bring known things up to date have
//! gates of their own: a topic that stays missing doesn't hold up the news of a
//! leader.

mod nudges;
mod question;
mod schedule;
mod track;
mod waiters;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use kafka_net::{Error, ErrorKind, Random};
use kafka_protocol::{ErrorCode, StrBytes};

use nudges::Nudges;
pub(crate) use question::{Answer, Purpose, Question};
use track::{Track, later};
use waiters::Waiters;
pub(crate) use waiters::{Goal, WaiterId, check_topic_name};

use crate::Backoff;
use crate::cluster::{Broker, Cluster};
use crate::leaders::LeaderHint;

/// The settings that matter here.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_age: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) allow_auto_topic_creation: bool,
    /// How long known brokers are asked in vain before the bootstrap addresses are
    /// asked first; `None` for ever.
    pub(crate) rebootstrap_after: Option<Duration>,
}

/// What the driver is to do, in order.
#[derive(Debug)]
pub(crate) enum Output {
    /// Show everyone this snapshot.
    Publish(Arc<Cluster>),
    /// End a wait; the snapshot meets what was waited for.
    Resolve(WaiterId, Result<Arc<Cluster>, Error>),
}

/// The state of all metadata.
#[derive(Debug)]
pub(crate) struct Refresh {
    settings: Settings,
    random: Random,
    start: Instant,
    cluster: Arc<Cluster>,
    /// The topics asked for; true once one was usable, from when on it is kept
    /// up to date until it is forgotten.
    in_use: IndexMap<StrBytes, bool>,
    waiters: Waiters,
    nudges: Nudges,
    in_flight: Option<Question>,
    last_question: u64,
    last_purpose: Purpose,
    seek: Track,
    /// Someone waits for a topic that no question was asked for yet.
    seek_fresh: bool,
    update: Track,
    /// Attempts in a row that no broker answered, and the last one's error.
    failures: u32,
    failure: Option<Error>,
    failure_gate: Option<Instant>,
    /// When the first question since the last answer was asked.
    asking_since: Option<Instant>,
    last_full: Option<Instant>,
    outputs: Vec<Output>,
    closed: Option<Error>,
}

impl Refresh {
    pub(crate) fn new(now: Instant, settings: Settings, random: Random) -> Self {
        Self {
            settings,
            random,
            start: now,
            cluster: Arc::new(Cluster::default()),
            in_use: IndexMap::new(),
            waiters: Waiters::default(),
            nudges: Nudges::default(),
            in_flight: None,
            last_question: 0,
            last_purpose: Purpose::All,
            seek: Track::default(),
            seek_fresh: false,
            update: Track::default(),
            failures: 0,
            failure: None,
            failure_gate: None,
            asking_since: None,
            last_full: None,
            outputs: Vec::new(),
            closed: None,
        }
    }

    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// Begins a wait that ends with [`Output::Resolve`] at `deadline` at the
    /// latest, at once when the snapshot has what is waited for.
    pub(crate) fn wait(&mut self, now: Instant, id: WaiterId, goal: Goal, deadline: Instant) {
        if let Some(error) = &self.closed {
            self.outputs.push(Output::Resolve(id, Err(error.clone())));
            return;
        }
        let used = goal.topics();
        if let Some(error) = used.iter().find_map(|name| check_topic_name(name).err()) {
            self.outputs.push(Output::Resolve(id, Err(error)));
            return;
        }
        for name in used {
            let usable = Goal::Topic(name.clone()).is_met_by(&self.cluster);
            *self.in_use.entry(name.clone()).or_default() |= usable;
        }
        if goal.is_met_by(&self.cluster) {
            let cluster = Arc::clone(&self.cluster);
            self.outputs.push(Output::Resolve(id, Ok(cluster)));
            return;
        }
        if let Goal::Topic(name) = &goal {
            self.seek_fresh |= !self.waiters.is_sought(name);
        }
        self.waiters
            .insert(id, goal, now, deadline, self.last_question);
    }

    /// Ends a wait whose caller has left.
    pub(crate) fn cancel(&mut self, id: WaiterId) {
        self.end(id);
    }

    /// Asks for news of a topic in use, or of everything in use, for nobody in
    /// particular.
    pub(crate) fn nudge(&mut self, topic: Option<&str>) {
        match topic {
            None => self.nudges.everything(),
            // News of a topic that was forgotten meanwhile is of no use.
            Some(name) => {
                let used = self.in_use.get_key_value(name);
                self.nudges.part(used.map(|(name, _)| name.clone()));
            }
        }
    }

    /// Stops keeping a topic up to date. Who waits for it goes on waiting.
    pub(crate) fn forget(&mut self, name: &str) {
        if self.waiters.is_sought(name) {
            if let Some(established) = self.in_use.get_mut(name) {
                *established = false;
            }
        } else {
            self.in_use.shift_remove(name);
        }
        self.nudges.forget(name);
        if let Some(cluster) = self.cluster.without_topic(name) {
            self.publish(cluster);
        }
    }

    /// A broker told who leads some partitions, and where those brokers are.
    pub(crate) fn learn_leaders(
        &mut self,
        hints: &[LeaderHint],
        endpoints: &BTreeMap<i32, Broker>,
    ) {
        if let Some(cluster) = self.cluster.with_leaders(hints, endpoints) {
            self.publish(cluster);
        }
    }

    /// The question to ask now, if there is one. Waiters whose deadline has
    /// passed are resolved on the way.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Question> {
        while let Some(id) = self.waiters.expired(now) {
            let allowed = self.settings.allow_auto_topic_creation;
            if let Some(waiter) = self.end(id) {
                let error = waiter.late(self.failure.as_ref(), allowed);
                self.outputs.push(Output::Resolve(id, Err(error)));
            }
        }
        self.forget_old_failures(now);
        let seek = self.seek_due().filter(|due| *due <= now);
        let update = self.update_due().filter(|due| *due <= now);
        let question = match (seek, update) {
            // In turns, so that neither starves the other.
            (Some(_), Some(_)) if self.last_purpose == Purpose::Seek => self.ask_update(now),
            (Some(_), _) => self.ask_seek(now),
            (None, Some(_)) => self.ask_update(now),
            (None, None) => return None,
        };
        self.last_purpose = question.purpose;
        self.asking_since.get_or_insert(now);
        self.in_flight = Some(question.clone());
        Some(question)
    }

    /// When [`Refresh::poll`] has something to do next, if nothing else happens.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        [
            self.waiters.next_deadline(),
            self.seek_due(),
            self.update_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The question in flight was answered.
    pub(crate) fn on_answer(&mut self, now: Instant, answer: Answer) {
        let Some(question) = self.in_flight.take() else {
            return;
        };
        self.failures = 0;
        self.asking_since = None;
        self.failure = None;
        self.failure_gate = None;
        let base = if answer.other_cluster {
            Cluster {
                generation: self.cluster.generation(),
                ..Cluster::default()
            }
        } else {
            Cluster::clone(&self.cluster)
        };
        let in_use = &self.in_use;
        let merged = base.merge(answer.response, answer.version, |name| {
            in_use.contains_key(name)
        });
        let changed = merged.changed || answer.other_cluster;
        self.publish(merged.cluster);
        for (name, established) in &mut self.in_use {
            *established |= self.cluster.topic(name).is_some_and(|t| t.is_usable());
        }
        let done = self
            .waiters
            .judge(&question, &self.cluster, &merged.topic_errors);
        // Who asked sees the errors of this answer, too, though they are gone from
        // the snapshot once nobody asks any more.
        let cluster = Arc::clone(&self.cluster);
        for (id, result) in done {
            self.end(id);
            let result = result.map(|()| Arc::clone(&cluster));
            self.outputs.push(Output::Resolve(id, result));
        }
        self.space_out(now, &question, changed);
    }

    /// Nobody answered the question in flight.
    pub(crate) fn on_failure(&mut self, now: Instant, error: Error) {
        let Some(question) = self.in_flight.take() else {
            return;
        };
        match question.purpose {
            Purpose::Seek => {}
            Purpose::Part => self.nudges.part(question.topics),
            Purpose::All => self.nudges.everything(),
        }
        let delay = self.settings.backoff.delay(self.failures, &self.random);
        self.failure_gate = Some(later(now, delay));
        self.failures = self.failures.saturating_add(1);
        if *error.kind() == ErrorKind::Closed {
            // Without connections there will never be an answer again.
            return self.close(&error);
        }
        if self.failures == 1 {
            tracing::warn!(%error, "no broker answers metadata requests; trying on");
        } else {
            tracing::debug!(%error, attempts = self.failures, "still no metadata");
        }
        let refused = *error.kind() == ErrorKind::Authentication;
        if refused || self.cluster.generation() == 0 && is_hopeless(&error) {
            // No broker lets this client in, or nothing has ever worked and trying
            // again can't help: better told at once than at everyone's deadline.
            for id in self.waiters.ids() {
                self.end(id);
                self.outputs.push(Output::Resolve(id, Err(error.clone())));
            }
        }
        self.failure = Some(error);
    }

    /// Resolves everyone who waits, now and later, with `error`.
    pub(crate) fn close(&mut self, error: &Error) {
        let error = self.closed.get_or_insert_with(|| error.clone()).clone();
        for id in self.waiters.ids() {
            self.end(id);
            self.outputs.push(Output::Resolve(id, Err(error.clone())));
        }
        self.in_flight = None;
        self.nudges = Nudges::default();
    }

    /// What happened since the last call, in order.
    pub(crate) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    fn publish(&mut self, cluster: Cluster) {
        self.cluster = Arc::new(cluster);
        self.outputs
            .push(Output::Publish(Arc::clone(&self.cluster)));
    }

    /// Removes a waiter and, when nobody is left who wants it, the interest in a
    /// topic that never was there.
    fn end(&mut self, id: WaiterId) -> Option<waiters::Waiter> {
        let waiter = self.waiters.remove(id)?;
        for name in waiter.goal.topics() {
            if self.in_use.get(name) == Some(&false) && !self.waiters.is_wanted(name) {
                self.in_use.shift_remove(name);
                if let Some(cluster) = self.cluster.without_topic(name) {
                    self.publish(cluster);
                }
            }
        }
        Some(waiter)
    }
}

/// Whether every later attempt would fail the same way: what listens there is no
/// Kafka broker, too old a one, or one that does not let this client in. An
/// answer that makes no sense may come from a broker that is just starting.
fn is_hopeless(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Broker(code) => matches!(
            code,
            ErrorCode::UnsupportedVersion
                | ErrorCode::ClusterAuthorizationFailed
                | ErrorCode::SaslAuthenticationFailed
                | ErrorCode::UnsupportedSaslMechanism
                | ErrorCode::IllegalSaslState
        ),
        ErrorKind::UnexpectedResponse => false,
        _ => !error.is_retriable(),
    }
}

#[cfg(test)]
mod tests;
