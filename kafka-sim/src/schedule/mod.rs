//! Which faults strike when: data, drawn from the seed before the run begins.

mod kind;
mod shrink;
mod strike;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kafka_net::Random;

use crate::chance::{below, pick};
use crate::world::World;
pub use kind::{Area, FaultKind};
pub use shrink::shrink;

/// How often each kind really happened.
pub type FaultCounts = BTreeMap<FaultKind, u64>;

/// One fault at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Since the start of the schedule.
    pub at: Duration,
    /// How long it lasts, for those that last.
    pub lasts: Duration,
    /// What happens.
    pub kind: FaultKind,
    /// Decides what is hit and how hard. Each fault has its own, so that leaving one out
    /// does not change the others.
    pub choice: u64,
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at {} ms for {} ms: {}",
            self.at.as_millis(),
            self.lasts.as_millis(),
            self.kind
        )
    }
}

/// Faults in the order of their times.
///
/// ```
/// use std::time::Duration;
/// use kafka_client::{Random, Record};
/// use kafka_sim::{Area, FaultKind, Schedule, Simulation};
///
/// let network: Vec<FaultKind> = FaultKind::ALL
///     .iter()
///     .copied()
///     .filter(|kind| kind.area() == Area::Network)
///     .collect();
/// let schedule = Schedule::draw(&Random::from_seed(7), &network, 8, Duration::from_secs(3));
///
/// let run = Simulation::new(7).brokers(3).run(|world| async move {
///     let kafka = world.kafka().connect().await?;
///     let producer = kafka.producer().build().await?;
///     let faults = tokio::spawn(schedule.strike(world.clone()));
///     let mut deliveries = Vec::new();
///     for n in 0..100 {
///         deliveries.push(producer.send(Record::to("orders").value(n.to_string())).await?);
///         tokio::time::sleep(Duration::from_millis(30)).await;
///     }
///     let happened = faults.await.unwrap();
///     world.heal();
///     for delivery in deliveries {
///         delivery.await?;
///     }
///     Ok::<_, kafka_client::Error>(happened)
/// });
/// println!("{:?}", run.output.unwrap().unwrap());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    strikes: Vec<Strike>,
    /// By strike: its place in the schedule that it was first part of.
    places: Vec<usize>,
}

impl Schedule {
    /// These faults.
    pub fn new(strikes: impl IntoIterator<Item = Strike>) -> Self {
        let mut strikes: Vec<Strike> = strikes.into_iter().collect();
        strikes.sort_by_key(|strike| strike.at);
        let places = (0..strikes.len()).collect();
        Self { strikes, places }
    }

    /// Up to `most` faults of `kinds` within a time. Each draw leaves out many of the
    /// kinds altogether, so that the remaining ones meet in combinations that a fair mix
    /// would hardly ever show. A fault that lasts does so for half of `within` at most, and
    /// no longer than 3 s: most are short, some outlive usual timeouts.
    pub fn draw(random: &Random, kinds: &[FaultKind], most: usize, within: Duration) -> Self {
        let kinds = kind::swarm(random, kinds);
        let count = match kinds.len() {
            0 => 0,
            _ => 1 + below(random, most.max(1) as u64),
        };
        let span_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let longest_ms = (span_ms / 2).clamp(1, 3000);
        Self::new((0..count).filter_map(|_| {
            let at = Duration::from_millis(below(random, span_ms));
            // Short ones are the most, long ones outlive timeouts.
            let longest_ms = longest_ms >> below(random, 6);
            let lasts = Duration::from_millis(5 + below(random, longest_ms.max(1)));
            Some(Strike {
                at,
                lasts,
                kind: *pick(random, &kinds)?,
                choice: random.u64(),
            })
        }))
    }

    /// The faults, by time.
    pub fn strikes(&self) -> &[Strike] {
        &self.strikes
    }

    /// Those of the faults whose places, from 0, are in the list. They are shown and traced
    /// by the places that they had in the schedule as it was first.
    pub fn only(&self, places: &[usize]) -> Self {
        let mut left: Vec<usize> = places.to_vec();
        left.sort_unstable();
        let left = left.into_iter().filter_map(|place| {
            let strike = self.strikes.get(place)?;
            Some((*strike, *self.places.get(place)?))
        });
        let (strikes, places) = left.unzip();
        Self { strikes, places }
    }

    /// Carries the faults out, each at its time; returns when the last is over, with how
    /// often each kind really happened: to how many requests, links or brokers.
    ///
    /// Dropping the future leaves what is under way as it is; [`World::heal`] ends it.
    pub async fn strike(self, world: World) -> FaultCounts {
        let started = tokio::time::Instant::now();
        let mut under_way = Vec::new();
        for (strike, place) in self.strikes.into_iter().zip(self.places) {
            tokio::time::sleep_until(started + strike.at).await;
            let Strike { kind, lasts, .. } = strike;
            world
                .trace()
                .note(format_args!("fault {place} {kind} for {lasts:?}"));
            let striking = strike::carry_out(world.clone(), place, strike);
            under_way.push((kind, tokio::spawn(striking)));
        }
        let mut counts = FaultCounts::new();
        for (kind, strike) in under_way {
            // A panic is found by whoever runs the world: see `Run::panics`.
            *counts.entry(kind).or_default() += strike.await.unwrap_or(0);
        }
        counts
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (strike, place) in self.strikes.iter().zip(&self.places) {
            writeln!(f, "{place:>4}  {strike}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seed: u64) -> Schedule {
        let random = Random::from_seed(seed);
        Schedule::draw(&random, FaultKind::ALL, 20, Duration::from_secs(5))
    }

    #[test]
    fn the_seed_decides_and_seeds_differ() {
        assert_eq!(of(1), of(1));
        assert!((0..20).any(|seed| of(seed) != of(1)));
        for schedule in (0..200).map(of) {
            assert!(schedule.strikes().len() <= 20);
            assert!(schedule.strikes().is_sorted_by_key(|strike| strike.at));
        }
    }

    #[test]
    fn every_kind_is_drawn_and_every_kind_is_left_out() {
        for kind in FaultKind::ALL {
            let has = |seed| of(seed).strikes().iter().any(|s| s.kind == *kind);
            assert!((0..400).any(has), "{kind} never drawn");
            assert!(!(0..100).all(has), "{kind} always drawn");
        }
    }

    #[test]
    fn some_are_left() {
        let all = of(3);
        assert_eq!(all.only(&[0]).strikes(), &all.strikes()[..1]);
        assert_eq!(all.only(&[999]).strikes(), []);
        // And keep their numbers.
        let (two, last) = (all.only(&[1, 2]), &all.strikes()[2]);
        assert_eq!(two.only(&[1]).to_string(), format!("{:>4}  {last}\n", 2));
    }
}
