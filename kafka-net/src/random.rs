use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Error, ErrorKind};

/// The source of all randomness: jitter, partition choices, start points.
///
/// Clones share one stream, so a client built with [`Random::from_seed`] makes
/// the same choices on every run. [`Random::fork`] gives a component a stream of
/// its own, which others' use does not disturb.
///
/// Not for secrets, except by [`Random::fill_secret`]: the generator is fast, not
/// cryptographic.
#[derive(Clone, Debug)]
pub struct Random {
    rng: Arc<Mutex<fastrand::Rng>>,
    repeats: bool,
}

impl Random {
    /// A stream that this seed determines, secrets included: for tests and
    /// simulations.
    pub fn from_seed(seed: u64) -> Self {
        Self::seeded(seed, true)
    }

    fn seeded(seed: u64, repeats: bool) -> Self {
        Self {
            rng: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))),
            repeats,
        }
    }

    /// A stream seeded from the operating system's randomness.
    pub fn from_os() -> Self {
        // The keys of std's hash maps are the one portable source in std.
        Self::seeded(RandomState::new().build_hasher().finish(), false)
    }

    /// A new, independent stream, determined by this one's state.
    pub fn fork(&self) -> Self {
        Self::seeded(self.u64(), self.repeats)
    }

    /// Fills `bytes` with what nobody can guess, such as a nonce: from the
    /// operating system's generator. One made by [`Random::from_seed`] draws from
    /// its own stream instead, so that a run repeats.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] where the operating system has none to give.
    pub fn fill_secret(&self, bytes: &mut [u8]) -> Result<(), Error> {
        if self.repeats {
            self.with(|rng| rng.fill(bytes));
            return Ok(());
        }
        getrandom::fill(bytes).map_err(|cause| {
            Error::new(ErrorKind::Internal)
                .with_message(format!("the operating system gives no randomness: {cause}"))
        })
    }

    /// Any 32-bit number, all equally likely.
    pub fn u32(&self) -> u32 {
        self.with(|rng| rng.u32(..))
    }

    /// Any 64-bit number, all equally likely.
    pub fn u64(&self) -> u64 {
        self.with(|rng| rng.u64(..))
    }

    /// A number below `bound`, all equally likely; 0 when `bound` is 0.
    pub fn below(&self, bound: usize) -> usize {
        if bound == 0 {
            return 0;
        }
        self.with(|rng| rng.usize(..bound))
    }

    /// A number in `[0, 1)`.
    pub fn f64(&self) -> f64 {
        self.with(fastrand::Rng::f64)
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_clones_share() {
        let a = Random::from_seed(7);
        let b = Random::from_seed(7);
        let drawn: Vec<u64> = (0..100).map(|_| a.u64()).collect();
        let shared = b.clone();
        let again: Vec<u64> = (0..50).flat_map(|_| [b.u64(), shared.u64()]).collect();
        assert_eq!(drawn, again);
    }

    #[test]
    fn a_fork_is_undisturbed_by_its_parent() {
        let parent = Random::from_seed(7);
        let fork = parent.fork();
        let first: Vec<u32> = (0..10).map(|_| fork.u32()).collect();

        let parent = Random::from_seed(7);
        let fork = parent.fork();
        let second: Vec<u32> = (0..10)
            .map(|_| {
                parent.u64();
                fork.u32()
            })
            .collect();
        assert_eq!(first, second);
    }

    #[test]
    fn secrets_repeat_only_from_a_seed() {
        let secret = |random: &Random| {
            let mut bytes = [0; 24];
            random.fill_secret(&mut bytes).unwrap();
            bytes
        };
        let seeded = || Random::from_seed(7).fork();
        assert_eq!(secret(&seeded()), secret(&seeded()));
        let real = Random::from_os();
        assert_ne!(secret(&real), secret(&real.clone()));
        assert_ne!(secret(&real.fork()), [0; 24]);
    }

    #[test]
    fn bounds_hold() {
        let random = Random::from_os();
        assert_eq!(random.below(0), 0);
        for _ in 0..1000 {
            assert!(random.below(3) < 3);
            let f = random.f64();
            assert!((0.0..1.0).contains(&f));
        }
    }

    #[test]
    fn two_streams_from_the_system_differ() {
        assert_ne!(Random::from_os().u64(), Random::from_os().u64());
    }
}
