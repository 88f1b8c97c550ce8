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
mod track;
mod waiters;

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use kafka_net::{Error, Random};
use kafka_protocol::StrBytes;

use nudges::Nudges;
pub(crate) use question::{Answer, Purpose, Question};
use track::{Track, later};
use waiters::Waiters;
pub(crate) use waiters::{Goal, WaiterId, check_topic_name};

use crate::Backoff;
use crate::cluster::Cluster;

/// The settings that matter here.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_age: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) allow_auto_topic_creation: bool,
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
        for (id, result) in done {
            self.end(id);
            let result = result.map(|()| Arc::clone(&self.cluster));
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
        if self.cluster.generation() == 0 && !error.is_retriable() {
            // Nothing has ever worked and trying again can't help: a port that
            // speaks another protocol, say. Better told at once.
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

    fn seek_due(&self) -> Option<Instant> {
        if self.in_flight.is_some() || self.closed.is_some() || self.waiters.sought().len() == 0 {
            return None;
        }
        let gate = self.seek.not_before().filter(|_| !self.seek_fresh);
        Some(self.no_earlier_than(gate))
    }

    fn update_due(&self) -> Option<Instant> {
        if self.in_flight.is_some() || self.closed.is_some() {
            return None;
        }
        let gate = self.update.not_before();
        let wanted = (self.nudges.any() || self.waiters.any_other()).then_some(gate);
        let forced = self
            .waiters
            .any_round()
            .then(|| self.update.not_before_if_forced(&self.settings.backoff));
        let aged = self
            .last_full
            .map(|last| gate.max(Some(later(last, self.settings.max_age))));
        [wanted, forced, aged]
            .into_iter()
            .flatten()
            .map(|gate| self.no_earlier_than(gate))
            .min()
    }

    fn no_earlier_than(&self, gate: Option<Instant>) -> Instant {
        gate.max(self.failure_gate).unwrap_or(self.start)
    }

    fn ask_seek(&mut self, now: Instant) -> Question {
        self.seek.on_ask(now, &self.settings.backoff);
        self.seek_fresh = false;
        Question {
            id: self.next_question_id(),
            purpose: Purpose::Seek,
            topics: self.waiters.sought().cloned().collect(),
            allow_auto_topic_creation: self.settings.allow_auto_topic_creation,
        }
    }

    fn ask_update(&mut self, now: Instant) -> Question {
        self.update.on_ask(now, &self.settings.backoff);
        let (mut topics, rounds_want_all) = self.waiters.rounds();
        let (nudged, nudged_all) = self.nudges.take();
        topics.extend(nudged);
        let aged = self
            .last_full
            .is_none_or(|last| now >= later(last, self.settings.max_age));
        let all = aged || rounds_want_all || nudged_all;
        if all {
            topics = self.in_use.keys().cloned().collect();
        }
        Question {
            id: self.next_question_id(),
            purpose: if all { Purpose::All } else { Purpose::Part },
            topics,
            // Bringing a deleted topic up to date must not create it anew.
            allow_auto_topic_creation: false,
        }
    }

    fn next_question_id(&mut self) -> u64 {
        self.last_question += 1;
        self.last_question
    }

    fn space_out(&mut self, now: Instant, question: &Question, changed: bool) {
        let (backoff, random) = (&self.settings.backoff, &self.random);
        match question.purpose {
            Purpose::Seek if self.waiters.sought().len() == 0 => self.seek.reset(),
            Purpose::Seek => self.seek.on_answer(now, false, backoff, random),
            Purpose::Part | Purpose::All => {
                self.update.on_answer(now, changed, backoff, random);
            }
        }
        // The first answer, whatever it was to, starts the age of the view.
        if question.purpose == Purpose::All || self.last_full.is_none() {
            self.last_full = Some(now);
        }
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
            }
        }
        Some(waiter)
    }
}

#[cfg(test)]
mod tests;
