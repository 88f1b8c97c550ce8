//! When which question is due, and what it asks for.

use std::time::Instant;

use super::Refresh;
use super::question::{Purpose, Question};
use super::track::later;

impl Refresh {
    pub(super) fn seek_due(&self) -> Option<Instant> {
        if self.in_flight.is_some() || self.closed.is_some() || self.waiters.sought().len() == 0 {
            return None;
        }
        let gate = self.seek.not_before().filter(|_| !self.seek_fresh);
        Some(self.no_earlier_than(gate))
    }

    pub(super) fn update_due(&self) -> Option<Instant> {
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

    pub(super) fn ask_seek(&mut self, now: Instant) -> Question {
        self.seek.on_ask(now, &self.settings.backoff);
        self.seek_fresh = false;
        Question {
            id: self.next_question_id(),
            purpose: Purpose::Seek,
            topics: self.waiters.sought().cloned().collect(),
            allow_auto_topic_creation: self.settings.allow_auto_topic_creation,
            from_bootstrap: self.is_rebootstrap_due(now),
        }
    }

    pub(super) fn ask_update(&mut self, now: Instant) -> Question {
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
            from_bootstrap: self.is_rebootstrap_due(now),
        }
    }

    /// Whether the known brokers were asked in vain for long enough (KIP-1102).
    fn is_rebootstrap_due(&self, now: Instant) -> bool {
        let (Some(trigger), Some(since)) = (self.settings.rebootstrap_after, self.asking_since)
        else {
            return false;
        };
        self.cluster.generation() > 0 && now >= later(since, trigger)
    }

    /// Time in which nobody wanted to know anything is no time of asking in vain: after
    /// a pause as long as the trigger the known brokers have all of it anew.
    pub(super) fn forget_old_failures(&mut self, now: Instant) {
        let pause = self.settings.rebootstrap_after.unwrap_or_default();
        let pause = pause.max(self.settings.backoff.max);
        let over = self.failure_gate.map(|gate| later(gate, pause));
        if self.in_flight.is_none() && over.is_some_and(|over| over < now) {
            self.asking_since = None;
        }
    }

    fn next_question_id(&mut self) -> u64 {
        self.last_question += 1;
        self.last_question
    }

    pub(super) fn space_out(&mut self, now: Instant, question: &Question, changed: bool) {
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
}
