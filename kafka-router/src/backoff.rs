//! How long to wait before trying again.

use std::time::Duration;

use kafka_net::Random;

/// Exponential backoff with jitter: the wait before attempt `n` is
/// `initial · multiplier^n`, spread by ± `jitter`, never more than `max`.
///
/// The defaults are Kafka's own for `retry.backoff.ms` and
/// `retry.backoff.max.ms` (KIP-580): 100 ms, at most 1 s, doubling, ± 20 %.
///
/// ```
/// use std::time::Duration;
/// use kafka_net::Random;
/// use kafka_router::Backoff;
///
/// let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
/// let random = Random::from_seed(7);
/// let first = backoff.delay(0, &random);
/// assert!(first >= Duration::from_millis(80) && first <= Duration::from_millis(120));
/// assert!(backoff.delay(30, &random) <= Duration::from_secs(1));
/// ```
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Backoff {
    /// The wait before the first retry (attempt 0). Default 100 ms.
    pub initial: Duration,
    /// No wait is longer. Default 1 s. Where it is below `initial`, it wins.
    pub max: Duration,
    /// Growth from one attempt to the next. Default 2; values below 1 (and
    /// NaN) count as 1.
    pub multiplier: f64,
    /// Share of the wait by which it is spread at random, so that many clients
    /// do not come back at the same moment. Default 0.2; kept within 0..=1.
    pub jitter: f64,
}

impl Backoff {
    /// Doubling waits from `initial` up to `max` with the default jitter.
    #[must_use]
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self {
            initial,
            max,
            multiplier: 2.0,
            jitter: 0.2,
        }
    }

    /// The wait before retry number `attempt`, counted from 0.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: &Random) -> Duration {
        let max = self.max.as_secs_f64();
        // f64::max returns the other operand for NaN.
        let multiplier = self.multiplier.max(1.0);
        let exponent = i32::try_from(attempt).unwrap_or(i32::MAX);
        let term = (self.initial.as_secs_f64() * multiplier.powi(exponent)).min(max);
        let jitter = self.jitter.clamp(0.0, 1.0);
        let jitter = if jitter.is_nan() { 0.0 } else { jitter };
        let spread = 1.0 + jitter * (2.0 * random.f64() - 1.0);
        let seconds = (term * spread).clamp(0.0, max);
        // Capping at `max` keeps this within what a Duration holds.
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(self.max)
            .min(self.max)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn doubles_up_to_the_maximum_within_the_jitter() {
        let backoff = Backoff::new(millis(100), millis(1000));
        let random = Random::from_seed(1);
        for (attempt, expected) in [
            (0, 100),
            (1, 200),
            (2, 400),
            (3, 800),
            (4, 1000),
            (31, 1000),
        ] {
            for _ in 0..1000 {
                let delay = backoff.delay(attempt, &random);
                let low = millis(expected).mul_f64(0.799);
                let high = millis(expected).mul_f64(1.201).min(millis(1000));
                assert!(
                    delay >= low && delay <= high,
                    "attempt {attempt}: {delay:?} outside {low:?}..={high:?}"
                );
            }
        }
    }

    #[test]
    fn the_jitter_really_spreads() {
        let backoff = Backoff::default();
        let random = Random::from_seed(2);
        let delays: Vec<_> = (0..200).map(|_| backoff.delay(0, &random)).collect();
        assert!(delays.iter().any(|d| *d < millis(90)));
        assert!(delays.iter().any(|d| *d > millis(110)));
    }

    #[test]
    fn strange_settings_stay_within_bounds() {
        let random = Random::from_seed(3);
        for (initial, max) in [
            (Duration::ZERO, Duration::ZERO),
            (Duration::MAX, Duration::MAX),
            (millis(10), Duration::ZERO),
        ] {
            for multiplier in [f64::NAN, -3.0, 0.0, 1.0, 2.0, f64::INFINITY] {
                for jitter in [f64::NAN, -1.0, 0.0, 0.5, 9.0, f64::INFINITY] {
                    let backoff = Backoff {
                        initial,
                        max,
                        multiplier,
                        jitter,
                    };
                    for attempt in [0, 1, 7, u32::MAX] {
                        assert!(backoff.delay(attempt, &random) <= max);
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let backoff = Backoff::default();
        let (a, b) = (Random::from_seed(9), Random::from_seed(9));
        for attempt in 0..10 {
            assert_eq!(backoff.delay(attempt, &a), backoff.delay(attempt, &b));
        }
    }
}
