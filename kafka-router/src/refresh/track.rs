//! When the next question of one kind may be asked.

use std::time::{Duration, Instant};

use kafka_net::Random;

use crate::Backoff;

/// Spaces questions that follow each other without helping further and further
/// apart, and lets them start anew once there was peace for a while.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Questions answered in a row that did not help.
    streak: u32,
    answered: Option<Instant>,
    not_before: Option<Instant>,
}

impl Track {
    /// The earliest instant for another question; `None` for any time.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// The earliest instant for a question that someone insists on: however
    /// little the last ones helped, only the first backoff counts.
    pub(super) fn not_before_if_forced(&self, backoff: &Backoff) -> Option<Instant> {
        let spaced = later(self.answered?, backoff.initial.min(backoff.max));
        self.not_before.map(|gate| gate.min(spaced))
    }

    /// A question is asked.
    pub(super) fn on_ask(&mut self, now: Instant, backoff: &Backoff) {
        if self
            .not_before
            .is_some_and(|gate| now >= later(gate, backoff.max))
        {
            self.streak = 0;
        }
    }

    /// It was answered. `helped` when the one after it need not wait longer
    /// than this one had to.
    pub(super) fn on_answer(
        &mut self,
        now: Instant,
        helped: bool,
        backoff: &Backoff,
        random: &Random,
    ) {
        if helped {
            self.streak = 0;
        }
        self.answered = Some(now);
        self.not_before = Some(later(now, backoff.delay(self.streak, random)));
        self.streak = self.streak.saturating_add(1);
    }

    /// Nothing holds the next question back.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// `instant + delay`, or as far as the clock reaches.
pub(super) fn later(instant: Instant, delay: Duration) -> Instant {
    // Longer than any process lives, and addable on every platform.
    const LONG: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
    instant
        .checked_add(delay)
        .or_else(|| instant.checked_add(LONG))
        .unwrap_or(instant)
}
