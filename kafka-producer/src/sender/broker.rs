//! What the sender knows of one broker.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use kafka_net::Error;

use crate::leader::USUALLY_REMEMBERED;

use super::partition::Place;

/// The partitions that a broker leads, by when they can be sent, and the
/// requests it owes answers to.
#[derive(Debug)]
pub(super) struct BrokerState {
    pub(super) in_flight: usize,
    pub(super) max_in_flight_seen: usize,
    /// How many of a partition's latest numbered batches it knows again.
    pub(super) remembers: usize,
    last_sent: Option<Instant>,
    /// The broker asked for a pause, or could not be reached.
    not_before: Option<Instant>,
    pub(super) failures: u32,
    pub(super) last_error: Option<Error>,
    /// In turn. A partition may have left in the meantime: it says itself where
    /// it is.
    pub(super) ready: VecDeque<u32>,
    lingering: BTreeSet<(Instant, u32)>,
    delayed: BTreeSet<(Instant, u32)>,
}

impl Default for BrokerState {
    fn default() -> Self {
        Self {
            in_flight: 0,
            max_in_flight_seen: 0,
            remembers: USUALLY_REMEMBERED,
            last_sent: None,
            not_before: None,
            failures: 0,
            last_error: None,
            ready: VecDeque::new(),
            lingering: BTreeSet::new(),
            delayed: BTreeSet::new(),
        }
    }
}

impl BrokerState {
    pub(super) fn enter(&mut self, key: u32, place: Place) {
        match place {
            Place::Ready => self.ready.push_back(key),
            Place::Lingering(until) => {
                self.lingering.insert((until, key));
            }
            Place::Delayed(until) => {
                self.delayed.insert((until, key));
            }
        }
    }

    pub(super) fn leave(&mut self, key: u32, place: Place) {
        match place {
            Place::Ready => {}
            Place::Lingering(until) => {
                self.lingering.remove(&(until, key));
            }
            Place::Delayed(until) => {
                self.delayed.remove(&(until, key));
            }
        }
    }

    /// The next partition whose pause is over.
    pub(super) fn next_delayed(&self, now: Instant) -> Option<u32> {
        let (until, key) = *self.delayed.first()?;
        (until <= now).then_some(key)
    }

    /// The next partition that has lingered enough, with `hurry` any.
    pub(super) fn next_lingering(&self, now: Instant, hurry: bool) -> Option<u32> {
        let (until, key) = *self.lingering.first()?;
        (hurry || until <= now).then_some(key)
    }

    /// Nothing is in flight and nothing was sent just now, so that there is no
    /// gain in gathering.
    pub(super) fn is_idle(&self, now: Instant, gather: Duration) -> bool {
        self.in_flight == 0 && self.last_sent.is_none_or(|sent| sent + gather <= now)
    }

    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|until| *until > now)
    }

    pub(super) fn pause(&mut self, until: Instant) {
        self.not_before = Some(self.not_before.map_or(until, |other| other.max(until)));
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.last_sent = Some(now);
    }

    /// Takes the place of one more request.
    pub(super) fn occupy(&mut self) {
        self.in_flight += 1;
        self.max_in_flight_seen = self.max_in_flight_seen.max(self.in_flight);
    }

    pub(super) fn release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// When something becomes ready by time alone.
    pub(super) fn next_time(&self, gather: Duration) -> Option<Instant> {
        let lingering = self
            .lingering
            .first()
            .map(|(until, _)| match self.last_sent {
                Some(sent) if self.in_flight == 0 => (sent + gather).min(*until),
                _ => *until,
            });
        let delayed = self.delayed.first().map(|(until, _)| *until);
        lingering.into_iter().chain(delayed).min()
    }
}
