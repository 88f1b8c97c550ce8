//! Draws that are the same on every machine, whatever the width of its `usize`.

use kafka_net::Random;

/// A number below `limit`, each about equally likely; 0 for a limit of 0.
pub(crate) fn below(random: &Random, limit: u64) -> u64 {
    // The high half of the product: as good as a remainder, and without a division.
    ((u128::from(random.u64()) * u128::from(limit)) >> 64) as u64
}

/// Whether something of this probability happens. Draws nothing for 0.
pub(crate) fn chance(random: &Random, probability: f64) -> bool {
    probability > 0.0 && random.f64() < probability
}

/// One of the list, each about equally likely; `None` of an empty one.
pub(crate) fn pick<'a, T>(random: &Random, from: &'a [T]) -> Option<&'a T> {
    from.get(below(random, from.len() as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_below_and_reach_all() {
        let random = Random::from_seed(1);
        let mut seen = [0; 7];
        for _ in 0..1000 {
            seen[below(&random, 7) as usize] += 1;
        }
        assert!(seen.iter().all(|times| *times > 80), "{seen:?}");
        assert_eq!(below(&random, 0), 0);
        assert_eq!(pick::<u8>(&random, &[]), None);
    }
}
