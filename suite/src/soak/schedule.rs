//! Which faults strike when: drawn from the seed alone.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// `kill -9` of a broker, and its restart.
    Kill,
    /// SIGSTOP of a broker, and SIGCONT.
    Stop,
    /// All connections to a broker are cut.
    Cut,
    /// All connections to all brokers are cut.
    CutAll,
    /// New connections to a broker are refused, after those there are were cut.
    Refuse,
    /// Nothing passes to or from a broker, and no connection ends.
    Silence,
    /// Nothing passes to a broker; its answers still come.
    SilenceRequests,
    /// Nothing comes from a broker; it still gets requests.
    SilenceAnswers,
    /// Every byte takes a while, both ways.
    Delay,
    /// A trickle of bytes, both ways.
    Slow,
    /// The leadership of a partition moves to another broker.
    MoveLeader,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Kill,
        Self::Stop,
        Self::Cut,
        Self::CutAll,
        Self::Refuse,
        Self::Silence,
        Self::SilenceRequests,
        Self::SilenceAnswers,
        Self::Delay,
        Self::Slow,
        Self::MoveLeader,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Cut => "cut",
            Self::CutAll => "cut-all",
            Self::Refuse => "refuse",
            Self::Silence => "silence",
            Self::SilenceRequests => "silence-requests",
            Self::SilenceAnswers => "silence-answers",
            Self::Delay => "delay",
            Self::Slow => "slow",
            Self::MoveLeader => "move-leader",
        })
    }
}

/// One fault of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Since the end of the one before.
    pub after: Duration,
    /// What.
    pub fault: Fault,
    /// Where, from 1.
    pub broker: u32,
    /// Whose leadership moves.
    pub partition: i32,
    /// For how long, where it lasts.
    pub lasts: Duration,
}

/// Faults of the processes and of the network, each an endless sequence.
#[derive(Debug)]
pub struct Schedule {
    /// Kills and stops: never two brokers at a time, which the cluster is not made for.
    pub processes: Strikes,
    /// All others.
    pub network: Strikes,
}

impl Schedule {
    /// The schedules of this seed.
    pub fn new(seed: u64, brokers: u32, partitions: i32) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut strikes = |kinds, pause, least, most| Strikes {
            random: random.fork(),
            kinds,
            pause,
            lasts: (least, most),
            brokers,
            partitions,
        };
        let (processes, network) = Fault::ALL.split_at(2);
        Self {
            // A broker that came back needs a while until its replicas are in sync.
            processes: strikes(processes, (8_000, 20_000), 500, 15_000),
            network: strikes(network, (2_000, 12_000), 500, 10_000),
        }
    }
}

/// An endless sequence of faults.
#[derive(Clone, Debug)]
pub struct Strikes {
    random: Rng,
    kinds: &'static [Fault],
    /// Milliseconds, at least and at most.
    pause: (u64, u64),
    lasts: (u64, u64),
    brokers: u32,
    partitions: i32,
}

impl Iterator for Strikes {
    type Item = Strike;

    fn next(&mut self) -> Option<Strike> {
        let random = &mut self.random;
        let mut between = |(least, most)| Duration::from_millis(random.u64(least..=most));
        let (after, lasts) = (between(self.pause), between(self.lasts));
        Some(Strike {
            after,
            fault: *random.choice(self.kinds.iter())?,
            broker: random.u32(1..=self.brokers.max(1)),
            partition: random.i32(0..self.partitions.max(1)),
            lasts,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn first(seed: u64) -> Vec<Strike> {
        let schedule = Schedule::new(seed, 3, 6);
        let processes = schedule.processes.take(50);
        processes.chain(schedule.network.take(200)).collect()
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }

    #[test]
    fn every_fault_and_every_broker_comes_up_often_enough() {
        let strikes = first(1);
        let kinds: BTreeSet<Fault> = strikes.iter().map(|strike| strike.fault).collect();
        assert_eq!(kinds.len(), Fault::ALL.len());
        let brokers: BTreeSet<u32> = strikes.iter().map(|strike| strike.broker).collect();
        assert_eq!(brokers, BTreeSet::from([1, 2, 3]));
        // An hour of the network's faults alone has more than asked for.
        let schedule = Schedule::new(1, 3, 6);
        let hour: Duration = schedule
            .network
            .take(200)
            .map(|strike| strike.after + strike.lasts)
            .sum();
        assert!(hour < Duration::from_secs(3600), "{hour:?}");
    }
}
