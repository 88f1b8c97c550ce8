//! Faults as data: when a [`Condition`] fits a request, the cluster behaves as
//! the [`Reaction`] says.

mod condition;
mod edit;
mod plan;
mod reaction;
mod throttle;

use std::collections::BTreeMap;

pub use condition::Condition;
use condition::Evaluator;
pub(crate) use condition::{Subject, Target};
pub(crate) use plan::{BrokerFault, Change, Ending, Plan};
pub use reaction::Reaction;

/// One fault: a condition on requests and what happens to those that meet it.
///
/// ```
/// use kafka_protocol::ApiKey;
/// use kafka_test_broker::{Condition, Fault, Reaction};
///
/// // The answer to the third produce request to "orders" gets lost, after the
/// // records were appended.
/// let fault = Fault::new(
///     Condition::api(ApiKey::Produce).topic("orders").nth(3),
///     Reaction::DropAfterApply,
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    condition: Condition,
    reaction: Reaction,
    times: Option<u64>,
}

impl Fault {
    /// `reaction` to every request that meets `condition`.
    pub fn new(condition: Condition, reaction: Reaction) -> Self {
        Self {
            condition,
            reaction,
            times: None,
        }
    }

    /// Only the first `times` requests that meet the condition. Default: all.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// [`Fault::times`] with 1.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }
}

/// Names a fault that was added to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(u64);

/// The faults of a cluster, and how often each happened.
#[derive(Debug)]
pub(crate) struct FaultSet {
    active: BTreeMap<FaultId, ActiveFault>,
    /// Of faults that were removed.
    past_hits: BTreeMap<FaultId, u64>,
    added: u64,
    random: fastrand::Rng,
}

#[derive(Debug)]
struct ActiveFault {
    evaluator: Evaluator,
    reaction: Reaction,
    times: Option<u64>,
    hits: u64,
}

impl FaultSet {
    /// No faults; `random` decides those that are a matter of probability.
    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Self {
            active: BTreeMap::new(),
            past_hits: BTreeMap::new(),
            added: 0,
            random,
        }
    }

    pub(crate) fn add(&mut self, fault: Fault) -> FaultId {
        self.added += 1;
        let id = FaultId(self.added);
        let active = ActiveFault {
            evaluator: Evaluator::new(&fault.condition),
            reaction: fault.reaction,
            times: fault.times,
            hits: 0,
        };
        self.active.insert(id, active);
        id
    }

    /// Ends a fault; its hits stay known.
    pub(crate) fn remove(&mut self, id: FaultId) {
        if let Some(fault) = self.active.remove(&id) {
            self.past_hits.insert(id, fault.hits);
        }
    }

    pub(crate) fn clear(&mut self) {
        for (id, fault) in std::mem::take(&mut self.active) {
            self.past_hits.insert(id, fault.hits);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// How many requests the fault happened to.
    pub(crate) fn hits(&self, id: FaultId) -> u64 {
        let active = self.active.get(&id).map(|fault| fault.hits);
        active
            .or_else(|| self.past_hits.get(&id).copied())
            .unwrap_or(0)
    }

    /// What happens to a request, all faults together, in the order in which
    /// they were added.
    pub(crate) fn plan(&mut self, subject: &Subject<'_>) -> Plan {
        let mut plan = Plan::default();
        for fault in self.active.values_mut() {
            if fault.times.is_some_and(|times| fault.hits >= times) {
                continue;
            }
            let hit = fault.evaluator.evaluate(subject, &mut self.random);
            if hit.is_empty() {
                continue;
            }
            fault.hits += 1;
            plan.add(&fault.reaction, subject, &hit);
        }
        plan
    }

    /// Bytes that mean nothing.
    pub(crate) fn garbage(&mut self, len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.random.u8(..))
            .take(len)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::{ApiKey, ErrorCode};

    use super::*;

    fn plan(faults: &mut FaultSet, api: ApiKey) -> Plan {
        let subject = Subject {
            api,
            broker: 1,
            client_id: "me",
            targets: Vec::new(),
        };
        faults.plan(&subject)
    }

    #[test]
    fn hits_are_counted_and_stay_known() {
        let mut faults = FaultSet::new(fastrand::Rng::with_seed(1));
        let error = Reaction::Error(ErrorCode::RequestTimedOut);
        let id = faults.add(Fault::new(Condition::api(ApiKey::Metadata), error).times(2));
        for _ in 0..3 {
            plan(&mut faults, ApiKey::Fetch);
            plan(&mut faults, ApiKey::Metadata);
        }
        assert_eq!(faults.hits(id), 2);
        faults.clear();
        assert!(faults.is_empty());
        assert_eq!(faults.hits(id), 2);
        assert!(plan(&mut faults, ApiKey::Metadata).whole_error().is_none());
    }

    #[test]
    fn removed_fault_no_longer_happens() {
        let mut faults = FaultSet::new(fastrand::Rng::with_seed(1));
        let id = faults.add(Fault::new(Condition::always(), Reaction::CloseConnection));
        let other = faults.add(Fault::new(Condition::always(), Reaction::Silence));
        assert_eq!(
            plan(&mut faults, ApiKey::Fetch).ending,
            Some(Ending::CloseAfterAnswer)
        );
        faults.remove(id);
        assert_eq!(
            plan(&mut faults, ApiKey::Fetch).ending,
            Some(Ending::Silence)
        );
        assert_eq!((faults.hits(id), faults.hits(other)), (1, 2));
    }

    #[test]
    fn garbage_depends_on_the_seed_only() {
        let garbage = |seed| FaultSet::new(fastrand::Rng::with_seed(seed)).garbage(32);
        assert_eq!(garbage(5), garbage(5));
        assert_ne!(garbage(5), garbage(6));
    }
}
