//! Which broker coordinates a group, a transactional id or a share partition: the cache, and what
//! to look up when, as a state machine without a clock or a socket.
//!
//! ```text
//!            wait                ask              on_answer: found
//!  (no key) ─────► to look up ───────► in flight ──────────────────► cached
//!                      ▲ after a backoff   │                           │
//!                      └───────────────────┴── not available           │
//!                      ▲ wait                                          │
//!                      └─────────────────────────────── forget ◄───────┘
//! ```

mod lookup;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind, Random};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};

pub use lookup::CoordinatorKind;
pub(crate) use lookup::{BATCHED_SINCE, Found, Lookup, answers, request};

use crate::Backoff;
use crate::disposition::is_worth_another_attempt;
use crate::refresh::WaiterId;

/// Keys asked for at once; the rest waits for the next request.
const MAX_KEYS: usize = 1000;

/// Keys whose coordinator is remembered. More than any client has groups and
/// transactional ids at work; a proxy or an administrator may come by many more.
const MAX_CACHED: usize = 10_000;

/// The coordinators known, and the look-ups under way.
#[derive(Debug)]
pub(crate) struct Coordinators {
    backoff: Backoff,
    random: Random,
    cache: CoordinatorCache,
    wanted: BTreeMap<(CoordinatorKind, StrBytes), Wanted>,
    waiters: BTreeMap<WaiterId, Waiter>,
    by_deadline: BTreeSet<(Instant, WaiterId)>,
    in_flight: BTreeSet<CoordinatorKind>,
    outputs: Vec<(WaiterId, Result<i32, Error>)>,
    closed: Option<Error>,
}

/// Brokers by what they coordinate: of [`MAX_CACHED`] keys at most, those looked up
/// last. A key that had to go costs one look-up when it is wanted again.
#[derive(Debug, Default)]
struct CoordinatorCache {
    by_key: BTreeMap<(CoordinatorKind, StrBytes), (i32, u64)>,
    /// The same by when they were looked up.
    by_age: BTreeMap<u64, (CoordinatorKind, StrBytes)>,
    last: u64,
}

impl CoordinatorCache {
    fn get(&self, kind: CoordinatorKind, key: &StrBytes) -> Option<i32> {
        self.by_key.get(&(kind, key.clone())).map(|(node, _)| *node)
    }

    fn insert(&mut self, kind: CoordinatorKind, key: StrBytes, node: i32) {
        self.forget(kind, &key);
        if self.by_age.len() >= MAX_CACHED
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_key.remove(&oldest);
        }
        self.last += 1;
        self.by_age.insert(self.last, (kind, key.clone()));
        self.by_key.insert((kind, key), (node, self.last));
    }

    fn forget(&mut self, kind: CoordinatorKind, key: &StrBytes) {
        if let Some((_, age)) = self.by_key.remove(&(kind, key.clone())) {
            self.by_age.remove(&age);
        }
    }
}

/// A key that someone waits for.
#[derive(Debug, Default)]
struct Wanted {
    waiters: BTreeSet<WaiterId>,
    asked: bool,
    /// What is in flight was asked before the last answer turned out wrong.
    stale: bool,
    attempts: u32,
    not_before: Option<Instant>,
    last_error: Option<Error>,
}

#[derive(Debug)]
struct Waiter {
    kind: CoordinatorKind,
    key: StrBytes,
    since: Instant,
    deadline: Instant,
}

impl Coordinators {
    pub(crate) fn new(backoff: Backoff, random: Random) -> Self {
        Self {
            backoff,
            random,
            cache: CoordinatorCache::default(),
            wanted: BTreeMap::new(),
            waiters: BTreeMap::new(),
            by_deadline: BTreeSet::new(),
            in_flight: BTreeSet::new(),
            outputs: Vec::new(),
            closed: None,
        }
    }

    /// The broker, if it is known.
    pub(crate) fn cached(&self, kind: CoordinatorKind, key: &StrBytes) -> Option<i32> {
        self.cache.get(kind, key)
    }

    /// Begins a wait that ends with an output at `deadline` at the latest.
    pub(crate) fn wait(
        &mut self,
        now: Instant,
        id: WaiterId,
        kind: CoordinatorKind,
        key: StrBytes,
        deadline: Instant,
    ) {
        if let Some(error) = &self.closed {
            self.outputs.push((id, Err(error.clone())));
        } else if let Some(node) = self.cache.get(kind, &key) {
            self.outputs.push((id, Ok(node)));
        } else if let Err(error) = check_key(kind, &key) {
            self.outputs.push((id, Err(error)));
        } else {
            let wanted = self.wanted.entry((kind, key.clone())).or_default();
            wanted.waiters.insert(id);
            self.by_deadline.insert((deadline, id));
            let waiter = Waiter {
                kind,
                key,
                since: now,
                deadline,
            };
            self.waiters.insert(id, waiter);
        }
    }

    /// Ends a wait whose caller has left.
    pub(crate) fn cancel(&mut self, id: WaiterId) {
        self.end(id);
    }

    /// The broker known turned out not to be the coordinator: what was asked
    /// before counts no more.
    pub(crate) fn forget(&mut self, kind: CoordinatorKind, key: &StrBytes) {
        self.cache.forget(kind, key);
        if let Some(wanted) = self.wanted.get_mut(&(kind, key.clone())) {
            wanted.stale = wanted.asked;
        }
    }

    /// The keys to look up now, if there are any. Waiters whose deadline has
    /// passed are resolved on the way.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Lookup> {
        while let Some((deadline, id)) = self.by_deadline.first().copied() {
            if deadline > now {
                break;
            }
            if let Some(error) = self.late(id) {
                self.outputs.push((id, Err(error)));
            }
            self.end(id);
        }
        CoordinatorKind::ALL
            .into_iter()
            .filter(|kind| !self.in_flight.contains(kind))
            .find_map(|kind| {
                let keys: Vec<StrBytes> = self
                    .wanted
                    .iter()
                    .filter(|((wanted, _), state)| {
                        *wanted == kind && state.not_before.is_none_or(|at| at <= now)
                    })
                    .map(|((_, key), _)| key.clone())
                    .take(MAX_KEYS)
                    .collect();
                (!keys.is_empty()).then_some(Lookup { kind, keys })
            })
            .inspect(|lookup| self.on_ask(lookup))
    }

    /// When [`Coordinators::poll`] has something to do next.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let deadline = self.by_deadline.first().map(|(deadline, _)| *deadline);
        let retry = self
            .wanted
            .iter()
            .filter(|((kind, _), _)| !self.in_flight.contains(kind))
            .filter_map(|(_, state)| state.not_before)
            .min();
        [deadline, retry].into_iter().flatten().min()
    }

    /// A broker answered a look-up.
    pub(crate) fn on_answer(&mut self, now: Instant, lookup: &Lookup, found: Vec<Found>) {
        self.in_flight.remove(&lookup.kind);
        let mut found: BTreeMap<StrBytes, Result<i32, Error>> = found.into_iter().collect();
        for key in &lookup.keys {
            let result = found.remove(key).unwrap_or_else(|| {
                Err(Error::new(ErrorKind::UnexpectedResponse)
                    .with_message("the answer leaves the key out")
                    .with_api(ApiKey::FindCoordinator))
            });
            self.settle(now, lookup.kind, key, result);
        }
    }

    /// No broker answered a look-up.
    pub(crate) fn on_failure(&mut self, now: Instant, lookup: &Lookup, error: &Error) {
        self.in_flight.remove(&lookup.kind);
        for key in &lookup.keys {
            self.settle(now, lookup.kind, key, Err(error.clone()));
        }
    }

    /// Resolves everyone who waits, now and later, with `error`.
    pub(crate) fn close(&mut self, error: &Error) {
        let error = self.closed.get_or_insert_with(|| error.clone()).clone();
        let ids: Vec<WaiterId> = self.waiters.keys().copied().collect();
        for id in ids {
            self.end(id);
            self.outputs.push((id, Err(error.clone())));
        }
    }

    /// Who is done since the last call, and how.
    pub(crate) fn take_outputs(&mut self) -> Vec<(WaiterId, Result<i32, Error>)> {
        std::mem::take(&mut self.outputs)
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    fn on_ask(&mut self, lookup: &Lookup) {
        self.in_flight.insert(lookup.kind);
        for key in &lookup.keys {
            if let Some(wanted) = self.wanted.get_mut(&(lookup.kind, key.clone())) {
                wanted.asked = true;
                wanted.stale = false;
                wanted.not_before = None;
            }
        }
    }

    fn settle(
        &mut self,
        now: Instant,
        kind: CoordinatorKind,
        key: &StrBytes,
        result: Result<i32, Error>,
    ) {
        // Whoever waits now began after the question: theirs comes next.
        let wanted = self.wanted.get_mut(&(kind, key.clone()));
        let Some(wanted) = wanted.filter(|wanted| wanted.asked) else {
            return;
        };
        wanted.asked = false;
        if std::mem::take(&mut wanted.stale) {
            return;
        }
        if let Err(error) = &result
            && may_pass(error)
        {
            let delay = self.backoff.delay(wanted.attempts, &self.random);
            wanted.attempts = wanted.attempts.saturating_add(1);
            wanted.not_before = now.checked_add(delay);
            wanted.last_error = Some(error.clone());
            return;
        }
        if let Ok(node) = &result {
            self.cache.insert(kind, key.clone(), *node);
        }
        let result = result.map_err(|error| explained(error, kind, key));
        for id in std::mem::take(&mut wanted.waiters) {
            self.end(id);
            self.outputs.push((id, result.clone()));
        }
        self.wanted.remove(&(kind, key.clone()));
    }

    fn late(&self, id: WaiterId) -> Option<Error> {
        let waiter = self.waiters.get(&id)?;
        let waited: Duration = waiter.deadline.saturating_duration_since(waiter.since);
        let what = format!(
            "no coordinator of {} \"{}\"",
            waiter.kind.noun(),
            waiter.key.escape_debug()
        );
        let error = Error::timeout(what, waited).with_api(ApiKey::FindCoordinator);
        let wanted = self.wanted.get(&(waiter.kind, waiter.key.clone()));
        Some(match wanted.and_then(|wanted| wanted.last_error.clone()) {
            Some(last) => error
                .with_source(last)
                .with_attempts(wanted.map_or(0, |wanted| wanted.attempts)),
            None => error,
        })
    }

    fn end(&mut self, id: WaiterId) {
        let Some(waiter) = self.waiters.remove(&id) else {
            return;
        };
        self.by_deadline.remove(&(waiter.deadline, id));
        let key = (waiter.kind, waiter.key);
        if let Some(wanted) = self.wanted.get_mut(&key) {
            wanted.waiters.remove(&id);
            if wanted.waiters.is_empty() {
                self.wanted.remove(&key);
            }
        }
    }
}

/// A key that no request can carry is refused before anyone is asked.
fn check_key(kind: CoordinatorKind, key: &StrBytes) -> Result<(), Error> {
    if key.len() > i16::MAX.unsigned_abs().into() {
        return Err(Error::new(ErrorKind::InvalidArgument)
            .with_message(format!("the {} is longer than 32,767 bytes", kind.noun())));
    }
    Ok(())
}

fn may_pass(error: &Error) -> bool {
    is_worth_another_attempt(error) || *error.kind() == ErrorKind::UnexpectedResponse
}

fn explained(error: Error, kind: CoordinatorKind, key: &StrBytes) -> Error {
    match error.broker_error() {
        Some(ErrorCode::GroupAuthorizationFailed) => error.with_hint(format!(
            "this client needs the READ permission on group \"{}\"",
            key.escape_debug()
        )),
        Some(ErrorCode::TransactionalIdAuthorizationFailed) => error.with_hint(format!(
            "this client needs the WRITE permission on transactional id \"{}\"",
            key.escape_debug()
        )),
        _ if *error.kind() == ErrorKind::UnsupportedVersion
            && kind == CoordinatorKind::Transaction =>
        {
            error.with_hint("transactions need Kafka 0.11 or later")
        }
        _ if *error.kind() == ErrorKind::UnsupportedVersion && kind == CoordinatorKind::Share => {
            error.with_hint("the state of share groups needs brokers of Kafka 4")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests;
