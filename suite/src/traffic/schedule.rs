//! Which faults strike in which order: drawn from the seed alone.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// `kill -9` of a broker, and its start.
    Kill,
    /// SIGSTOP of a broker, and SIGCONT.
    Pause,
    /// A broker shuts down in good order, handing its leaderships over, and starts again.
    Restart,
    /// A partition's replicas are reassigned to another order, and the first one elected.
    MoveLeader,
    /// The growing topic gets one more partition.
    AddPartition,
    /// The fleeting topic is deleted and, a moment later, created again.
    RecreateTopic,
}

impl Fault {
    /// All of them: those of processes, then what an operator does.
    pub const ALL: [Self; 6] = [
        Self::Kill,
        Self::Pause,
        Self::Restart,
        Self::MoveLeader,
        Self::AddPartition,
        Self::RecreateTopic,
    ];

    /// How often each strikes at least.
    pub(super) fn wanted(self) -> u64 {
        match self {
            // Once a broker.
            Self::Kill | Self::Pause | Self::Restart => 3,
            Self::MoveLeader => 6,
            Self::AddPartition | Self::RecreateTopic => 3,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Restart => "restart",
            Self::MoveLeader => "move-leader",
            Self::AddPartition => "add-partition",
            Self::RecreateTopic => "recreate-topic",
        })
    }
}

/// A fault of a broker's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strike {
    /// How long everything is left in peace before.
    pub(super) after: Duration,
    pub(super) fault: Fault,
    /// From 1.
    pub(super) broker: u32,
    /// For how long the broker is away.
    pub(super) lasts: Duration,
}

/// Each fault at each broker once, the brokers in turn.
pub(super) fn processes(seed: u64) -> Vec<Strike> {
    let mut random = Rng::with_seed(seed);
    let mut strikes = Vec::new();
    let faults = [Fault::Kill, Fault::Pause, Fault::Restart];
    for round in 0..3 {
        for broker in 1..=3_u32 {
            let fault = faults[(round + broker as usize) % 3];
            let (least, most) = match fault {
                // Long enough for all others to go on without the broker for longer than
                // a gap may last: its session has to end first.
                Fault::Pause => (13_000, 16_000),
                Fault::Kill => (6_000, 9_000),
                _ => (0, 2_000),
            };
            strikes.push(Strike {
                after: Duration::from_millis(random.u64(500..1_500)),
                fault,
                broker,
                lasts: Duration::from_millis(random.u64(least..=most)),
            });
        }
    }
    strikes
}

/// What the operator does meanwhile, without end: after how long, and what.
pub(super) fn operations(seed: u64) -> impl Iterator<Item = (Duration, Fault)> {
    let mut random = Rng::with_seed(!seed);
    std::iter::repeat_with(move || {
        let after = Duration::from_millis(random.u64(1_500..4_000));
        let fault = match random.u32(0..10) {
            0..6 => Fault::MoveLeader,
            6..8 => Fault::AddPartition,
            _ => Fault::RecreateTopic,
        };
        (after, fault)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_seed_decides() {
        assert_eq!(processes(1), processes(1));
        assert_ne!(processes(1), processes(2));
        let first = |seed| operations(seed).take(30).collect::<Vec<_>>();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }

    #[test]
    fn every_broker_gets_every_fault() {
        let met: BTreeSet<_> = processes(1).iter().map(|s| (s.fault, s.broker)).collect();
        assert_eq!(met.len(), 9);
        for fault in Fault::ALL {
            let processes = processes(1);
            let processes = processes.iter().map(|strike| strike.fault);
            let operations = operations(1).take(60).map(|(_, fault)| fault);
            let times = processes.chain(operations).filter(|met| *met == fault);
            assert!(times.count() as u64 >= fault.wanted(), "{fault}");
        }
    }
}
