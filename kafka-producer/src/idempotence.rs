//! Producer ids and sequence numbers (KIP-98, KIP-360): who we are to the
//! brokers, and how each partition's batches are numbered.
//!
//! ```text
//!            wanted            asked             answered
//!  Unset ───────────▶ Wanted ─────────▶ Asked ───────────▶ Known
//!                        ▲                │                  │ a partition can't go on
//!                        ├────────────────┘ failed, later    │ under it
//!                        └───────────────────────────────────┘
//!  refused for good: Off (Auto, with one warning) or Failed (Required)
//! ```

use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;

use crate::config::Idempotence;

/// A producer id with its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

/// The producer's identity: see the module.
#[derive(Debug)]
pub(crate) struct Identities {
    mode: Idempotence,
    state: State,
    /// The latest known, to be given up for a newer one.
    latest: Option<Identity>,
    attempts: u32,
    not_before: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Off,
    Unset,
    Wanted,
    Asked,
    Known,
    Failed(Error),
}

/// What batches are to be stamped with.
#[derive(Clone, Debug)]
pub(crate) enum Current {
    /// Nothing: no idempotence.
    Off,
    /// Not known yet.
    Pending,
    /// This.
    Known(Identity),
    /// There will be none.
    Failed(Error),
}

/// What an answer to InitProducerId means.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Batches can be stamped.
    Known,
    /// Ask again after the pause.
    Later,
    /// Go on without; warn once, with the reason.
    Off(Error),
    /// Nothing can be sent.
    Failed(Error),
}

impl Identities {
    /// `mode` is `Disabled` where the settings rule idempotence out.
    pub(crate) fn new(mode: Idempotence) -> Self {
        Self {
            mode,
            state: match mode {
                Idempotence::Disabled => State::Off,
                _ => State::Unset,
            },
            latest: None,
            attempts: 0,
            not_before: None,
        }
    }

    /// Whether nothing may go without numbers.
    pub(crate) fn is_required(&self) -> bool {
        self.mode == Idempotence::Required
    }

    pub(crate) fn current(&self) -> Current {
        match (&self.state, self.latest) {
            (State::Off, _) => Current::Off,
            (State::Known, Some(identity)) => Current::Known(identity),
            (State::Failed(error), _) => Current::Failed(error.clone()),
            _ => Current::Pending,
        }
    }

    /// There is something to send. True if that starts the asking.
    pub(crate) fn want(&mut self) -> bool {
        if matches!(self.state, State::Unset) {
            self.state = State::Wanted;
            return true;
        }
        false
    }

    /// A partition can't go on under `identity`. True if that starts the asking
    /// for another; not if a newer one is known or asked for already.
    pub(crate) fn distrust(&mut self, identity: Identity) -> bool {
        if matches!(self.state, State::Known) && self.latest == Some(identity) {
            self.state = State::Wanted;
            return true;
        }
        false
    }

    /// When to ask, if at all.
    pub(crate) fn ask_at(&self, now: Instant) -> Option<Instant> {
        matches!(self.state, State::Wanted).then(|| self.not_before.unwrap_or(now))
    }

    /// The question is being asked, naming this identity as the one to follow.
    pub(crate) fn asked(&mut self) -> Option<Identity> {
        self.state = State::Asked;
        self.latest
    }

    /// Which attempt comes next, from 0.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn answered(
        &mut self,
        now: Instant,
        answer: Result<Identity, Error>,
        pause: Duration,
    ) -> Answer {
        match answer {
            Ok(identity) => {
                self.latest = Some(identity);
                self.state = State::Known;
                self.attempts = 0;
                self.not_before = None;
                Answer::Known
            }
            Err(error) if *error.kind() == ErrorKind::Closed => {
                // Whatever the mode: there is no one to send to either.
                self.state = State::Failed(error.clone());
                Answer::Failed(error)
            }
            Err(error) if is_impossible(&error) => self.refused(error),
            // Below version 3 (KIP-360) there is no place for the identity to
            // follow. A new id serves as well.
            Err(error) if *error.kind() == ErrorKind::Encode && self.latest.take().is_some() => {
                self.state = State::Wanted;
                self.not_before = None;
                Answer::Later
            }
            Err(_) => {
                self.attempts = self.attempts.saturating_add(1);
                self.not_before = Some(now + pause);
                self.state = State::Wanted;
                Answer::Later
            }
        }
    }

    /// The cluster does not let this producer be idempotent.
    pub(crate) fn refused(&mut self, error: Error) -> Answer {
        if self.mode == Idempotence::Required {
            let hint = match error.kind() {
                ErrorKind::UnsupportedVersion => {
                    "idempotence is Required and needs Kafka 0.11 or later; with Auto the \
                     producer goes on without it"
                }
                _ => "idempotence is Required; with Auto the producer goes on without it",
            };
            let error = error.with_hint(hint);
            self.state = State::Failed(error.clone());
            Answer::Failed(error)
        } else {
            let first = !matches!(self.state, State::Off);
            self.state = State::Off;
            if first {
                Answer::Off(error)
            } else {
                Answer::Known
            }
        }
    }
}

/// What asking again won't change.
fn is_impossible(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::UnsupportedVersion => true,
        ErrorKind::Broker(code) => matches!(
            code,
            ErrorCode::ClusterAuthorizationFailed
                | ErrorCode::UnsupportedVersion
                | ErrorCode::InvalidRequest
                | ErrorCode::TransactionalIdAuthorizationFailed
        ),
        _ => false,
    }
}

/// How a partition's batches are numbered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sequences {
    identity: Option<Identity>,
    next: i32,
    health: Health,
    /// When the leader last accepted a batch under the identity; `None` while it
    /// may know nothing of it. It takes any number then, so a second batch in
    /// flight could get in before a first that is refused.
    established: Option<Instant>,
}

/// A leader forgets a producer whose newest record is old enough
/// (`producer.id.expiration.ms`, a day unless somebody set less). After this long
/// without an accepted batch, one that goes alone delays nobody.
///
/// It judges by the records' timestamps. Whoever writes records that are older than
/// that can be forgotten at any time, between two of them; as with every client, a
/// retry at that moment can then be written twice.
const MAY_BE_FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// Whether new batches may be numbered on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Health {
    /// Yes.
    #[default]
    Good,
    /// A numbered batch was given up and may or may not be in the log: numbered
    /// ones behind it can be tried, new ones need a new identity.
    Doubtful,
    /// The broker refuses the numbers, or the topic is another one now: nothing
    /// more under this identity. A request that names topics may have reached
    /// the new topic before its id was known here, so its log may hold our
    /// numbers, and counting from zero again would pass new records off as
    /// duplicates.
    Broken,
}

impl Sequences {
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    pub(crate) fn health(&self) -> Health {
        self.health
    }

    /// Whether a numbered batch must be answered before the next is sent.
    pub(crate) fn is_one_at_a_time(&self) -> bool {
        self.identity.is_some() && self.established.is_none()
    }

    /// A batch was accepted: from now on the leader refuses gaps.
    pub(crate) fn accepted(&mut self, now: Instant) {
        self.established = Some(now);
    }

    /// Nothing is in flight, and a batch is about to be.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.established = self
            .established
            .filter(|at| now.saturating_duration_since(*at) < MAY_BE_FORGOTTEN_AFTER);
    }

    /// The leader is another one, or it may have lost what it knew.
    pub(crate) fn unsettle(&mut self) {
        self.established = None;
    }

    /// Gets ready to number a new batch; false if it must wait. `numbered` says
    /// whether numbered batches are unresolved.
    pub(crate) fn prepare(&mut self, current: &Current, numbered: bool) -> bool {
        if self.health == Health::Good && numbered {
            return true;
        }
        // From here on it may be another identity, which must not overtake.
        if numbered {
            return false;
        }
        match current {
            Current::Off => {
                *self = Self::default();
                true
            }
            Current::Known(identity) => {
                let known = self.identity == Some(*identity);
                let usable = match self.health {
                    Health::Good => true,
                    Health::Doubtful | Health::Broken => !known,
                };
                if usable && !known {
                    *self = Self {
                        identity: Some(*identity),
                        ..Self::default()
                    };
                }
                usable
            }
            Current::Pending => self.health == Health::Good && self.identity.is_some(),
            Current::Failed(_) => false,
        }
    }

    /// Numbers `records` records: the first one's number; `None` without an
    /// identity.
    pub(crate) fn assign(&mut self, records: u32) -> Option<i32> {
        self.identity?;
        let base = self.next;
        self.next = advance(base, records);
        Some(base)
    }

    /// The numbers from `base` on were never used.
    pub(crate) fn take_back(&mut self, base: i32) {
        self.next = base;
    }

    /// The state only ever gets worse, until an identity is adopted anew.
    pub(crate) fn degrade(&mut self, to: Health) {
        let rank = |health| match health {
            Health::Good => 0,
            Health::Doubtful => 1,
            Health::Broken => 2,
        };
        if rank(to) > rank(self.health) {
            self.health = to;
        }
    }

    /// The batches in doubt turned out to be in the log.
    pub(crate) fn recovered(&mut self) {
        if self.health == Health::Doubtful {
            self.health = Health::Good;
        }
    }
}

/// Sequence numbers wrap to 0 after 2³¹ − 1.
pub(crate) fn advance(base: i32, records: u32) -> i32 {
    let next = (i64::from(base) + i64::from(records)) % (1 << 31);
    i32::try_from(next).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Identity = Identity { id: 7, epoch: 0 };
    const B: Identity = Identity { id: 7, epoch: 1 };

    fn known(mode: Idempotence, identity: Identity) -> Identities {
        let mut identities = Identities::new(mode);
        assert!(identities.want());
        identities.asked();
        let now = kafka_net::clock::now();
        let answer = identities.answered(now, Ok(identity), Duration::ZERO);
        assert!(matches!(answer, Answer::Known));
        identities
    }

    #[test]
    fn numbers_wrap() {
        assert_eq!(advance(0, 5), 5);
        assert_eq!(advance(i32::MAX, 1), 0);
        assert_eq!(advance(i32::MAX - 1, 5), 3);
    }

    #[test]
    fn asking_starts_once_and_again_after_a_failure() {
        let now = kafka_net::clock::now();
        let mut identities = Identities::new(Idempotence::Auto);
        assert!(identities.ask_at(now).is_none());
        assert!(identities.want());
        assert!(!identities.want());
        assert_eq!(identities.ask_at(now), Some(now));
        assert_eq!(identities.asked(), None);
        assert!(identities.ask_at(now).is_none());
        let pause = Duration::from_millis(100);
        let failure = Error::broker(ErrorCode::CoordinatorLoadInProgress);
        assert!(matches!(
            identities.answered(now, Err(failure), pause),
            Answer::Later
        ));
        assert_eq!(identities.ask_at(now), Some(now + pause));
        assert_eq!(identities.attempts(), 1);
    }

    #[test]
    fn only_the_newest_identity_can_be_distrusted() {
        let mut identities = known(Idempotence::Auto, A);
        assert!(!identities.distrust(B));
        assert!(identities.distrust(A));
        assert!(!identities.distrust(A), "asked for already");
        assert_eq!(identities.asked(), Some(A), "named as the one to follow");
    }

    #[test]
    fn an_identity_that_cannot_be_named_is_forgotten() {
        let now = kafka_net::clock::now();
        let pause = Duration::from_millis(100);
        let unnamed = || Err(Error::new(ErrorKind::Encode));
        for mode in [Idempotence::Auto, Idempotence::Required] {
            let mut identities = known(mode, A);
            assert!(identities.distrust(A));
            assert_eq!(identities.asked(), Some(A));
            let answer = identities.answered(now, unnamed(), pause);
            assert!(matches!(answer, Answer::Later), "{answer:?}");
            assert_eq!(identities.ask_at(now), Some(now), "at once");
            assert_eq!(identities.asked(), None, "a new one");
            // Whatever else can't be encoded is not tried in a hot loop.
            identities.answered(now, unnamed(), pause);
            assert_eq!(identities.ask_at(now), Some(now + pause));
        }
    }

    #[test]
    fn a_refusal_switches_auto_off_once_and_fails_required() {
        let now = kafka_net::clock::now();
        let refusal = || Error::broker(ErrorCode::ClusterAuthorizationFailed);
        let mut auto = Identities::new(Idempotence::Auto);
        auto.want();
        auto.asked();
        assert!(matches!(
            auto.answered(now, Err(refusal()), Duration::ZERO),
            Answer::Off(_)
        ));
        assert!(matches!(auto.refused(refusal()), Answer::Known));
        assert!(matches!(auto.current(), Current::Off));

        let mut required = Identities::new(Idempotence::Required);
        required.want();
        required.asked();
        assert!(matches!(
            required.answered(now, Err(refusal()), Duration::ZERO),
            Answer::Failed(_)
        ));
        assert!(matches!(required.current(), Current::Failed(_)));
    }

    #[test]
    fn a_closed_router_is_the_end_in_every_mode() {
        let now = kafka_net::clock::now();
        for mode in [Idempotence::Auto, Idempotence::Required] {
            let mut identities = Identities::new(mode);
            identities.want();
            identities.asked();
            let closed = Error::closed("the router");
            assert!(matches!(
                identities.answered(now, Err(closed), Duration::ZERO),
                Answer::Failed(_)
            ));
            assert!(matches!(identities.current(), Current::Failed(_)));
        }
    }

    #[test]
    fn a_partition_adopts_a_new_identity_only_when_nothing_numbered_is_left() {
        let mut sequences = Sequences::default();
        assert!(sequences.prepare(&Current::Known(A), false));
        assert_eq!(sequences.assign(10), Some(0));
        assert_eq!(sequences.assign(10), Some(10));
        // A newer identity exists: go on under the old one meanwhile.
        assert!(sequences.prepare(&Current::Known(B), true));
        assert_eq!(sequences.assign(10), Some(20));
        assert_eq!(sequences.identity(), Some(A));
        assert!(sequences.prepare(&Current::Known(B), false));
        assert_eq!(sequences.identity(), Some(B));
        assert_eq!(sequences.assign(1), Some(0));
    }

    #[test]
    fn the_first_batch_under_an_identity_goes_alone() {
        let now = kafka_net::clock::now();
        let mut sequences = Sequences::default();
        assert!(!sequences.is_one_at_a_time());
        assert!(sequences.prepare(&Current::Known(A), false));
        assert!(sequences.is_one_at_a_time());
        sequences.accepted(now);
        assert!(!sequences.is_one_at_a_time());
        assert!(sequences.prepare(&Current::Known(B), false));
        assert!(sequences.is_one_at_a_time(), "a new identity, a new start");
        assert!(sequences.prepare(&Current::Off, false));
        assert!(!sequences.is_one_at_a_time());
    }

    #[test]
    fn the_first_batch_after_a_pause_or_for_another_leader_goes_alone() {
        let now = kafka_net::clock::now();
        let mut sequences = Sequences::default();
        assert!(sequences.prepare(&Current::Known(A), false));
        sequences.accepted(now);
        sequences.resume(now + MAY_BE_FORGOTTEN_AFTER / 2);
        assert!(!sequences.is_one_at_a_time());
        sequences.resume(now + MAY_BE_FORGOTTEN_AFTER);
        assert!(sequences.is_one_at_a_time());
        sequences.accepted(now);
        sequences.unsettle();
        assert!(sequences.is_one_at_a_time());
    }

    #[test]
    fn a_broken_identity_is_never_used_again() {
        for health in [Health::Doubtful, Health::Broken] {
            let mut sequences = Sequences::default();
            assert!(sequences.prepare(&Current::Known(A), false));
            sequences.assign(10);
            sequences.degrade(health);
            assert!(!sequences.prepare(&Current::Known(A), true));
            assert!(!sequences.prepare(&Current::Known(A), false));
            assert!(!sequences.prepare(&Current::Pending, false));
            assert!(sequences.prepare(&Current::Known(B), false));
            assert_eq!(sequences.assign(1), Some(0));
            assert_eq!(sequences.health(), Health::Good);
        }
    }

    #[test]
    fn health_only_gets_worse_until_recovered_from_doubt() {
        let mut sequences = Sequences::default();
        sequences.degrade(Health::Broken);
        sequences.degrade(Health::Doubtful);
        assert_eq!(sequences.health(), Health::Broken);
        sequences.recovered();
        assert_eq!(sequences.health(), Health::Broken);
        let mut sequences = Sequences::default();
        sequences.degrade(Health::Doubtful);
        sequences.recovered();
        assert_eq!(sequences.health(), Health::Good);
    }
}
