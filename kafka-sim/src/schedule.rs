//! Which faults strike when: drawn from the seed before the run begins.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kafka_net::Random;

use crate::chance::{below, pick};

/// A kind of fault that the schedule can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FaultKind {
    /// One connection is cut; what is under way is lost.
    CutLink,
    /// All connections are cut.
    CutAll,
    /// One connection stays open and carries nothing any more.
    SilenceLink,
    /// New connections are refused for a while.
    RefuseConnections,
    /// A broker stops and starts again after a while.
    RestartBroker,
    /// The leadership of a partition moves to another broker.
    MoveLeader,
    /// The answer to a produce request is dropped after the append, and its connection closed.
    DropAnswerAfterAppend,
    /// A produce request is dropped before the append, and its connection closed.
    DropRequestBeforeAppend,
    /// Produce is refused with a retriable error.
    RefuseProduce,
    /// Fetch answers are delayed.
    DelayFetch,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::CutLink,
        Self::CutAll,
        Self::SilenceLink,
        Self::RefuseConnections,
        Self::RestartBroker,
        Self::MoveLeader,
        Self::DropAnswerAfterAppend,
        Self::DropRequestBeforeAppend,
        Self::RefuseProduce,
        Self::DelayFetch,
    ];
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// How often each kind really happened.
pub type FaultCounts = BTreeMap<FaultKind, u64>;

/// One fault at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    /// Since the strike before.
    pub(crate) after: Duration,
    pub(crate) kind: FaultKind,
    /// How long it lasts, for those that last.
    pub(crate) lasts: Duration,
}

/// Draws a schedule. Each seed leaves out some kinds altogether, so that the remaining
/// ones meet in combinations that a fair mix would hardly ever show.
pub(crate) fn draw(random: &Random) -> Vec<Strike> {
    let kinds: Vec<FaultKind> = FaultKind::ALL
        .into_iter()
        .filter(|_| below(random, 2) == 1)
        .collect();
    if kinds.is_empty() {
        return Vec::new();
    }
    let strikes = 1 + below(random, 12);
    (0..strikes)
        .filter_map(|_| {
            let after = Duration::from_millis(1 + below(random, 400));
            let kind = *pick(random, &kinds)?;
            let lasts = Duration::from_millis(10 + below(random, 1500));
            Some(Strike { after, kind, lasts })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_and_seeds_differ() {
        let of = |seed| draw(&Random::from_seed(seed));
        assert_eq!(of(1), of(1));
        assert!((0..20).any(|seed| of(seed) != of(1)));
        assert!((0..200).map(of).all(|strikes| strikes.len() <= 12));
    }

    #[test]
    fn every_kind_is_drawn_and_every_kind_is_left_out() {
        for kind in FaultKind::ALL {
            let has = |seed| {
                draw(&Random::from_seed(seed))
                    .iter()
                    .any(|s| s.kind == kind)
            };
            assert!((0..100).any(has), "{kind} never drawn");
            assert!(!(0..100).all(has), "{kind} always drawn");
        }
    }
}
