use std::time::{Duration, Instant};

use crate::clock::after;

/// When a broker may be dialled again.
///
/// ```text
///  ready ──failed──► waiting ──time passes──► ready ──connected──► ready, as new
///                       ▲                       │
///                       └──── failed, longer ───┘
/// ```
///
/// Shared by the lanes of a broker, since they fail together. Pure.
#[derive(Clone, Debug, Default)]
pub(super) struct Reconnect {
    failures: u32,
    failed_at: Option<Instant>,
    not_before: Option<Instant>,
}

/// The pauses between attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    pub(super) first: Duration,
    pub(super) max: Duration,
}

/// How far a pause or a timeout strays from its nominal length, either way.
const JITTER: f64 = 0.2;

impl Reconnect {
    /// When an attempt may be made; not later than `now` if at once.
    pub(super) fn not_before(&self, now: Instant) -> Instant {
        self.not_before.unwrap_or(now)
    }

    /// Whether a pause is still to be kept.
    pub(super) fn is_waiting(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|instant| instant > now)
    }

    /// When the last attempt failed; `None` after one that succeeded.
    pub(super) fn failed_at(&self) -> Option<Instant> {
        self.failed_at
    }

    /// The time for the next attempt: `first`, doubled by each failure up to `max`.
    /// `random` is in `[0, 1)`.
    pub(super) fn setup_timeout(&self, first: Duration, max: Duration, random: f64) -> Duration {
        if self.failures == 0 {
            return first;
        }
        let doubled = 2u32.saturating_pow(self.failures);
        strayed(first.saturating_mul(doubled).min(max), random)
    }

    pub(super) fn connected(&mut self) {
        *self = Self::default();
    }

    /// An attempt that began at `began` has failed. `random` is in `[0, 1)`.
    ///
    /// Lanes that fail at the same time count once.
    pub(super) fn failed(&mut self, now: Instant, began: Instant, pauses: Pauses, random: f64) {
        if self.failed_at.is_some_and(|before| began <= before) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.failed_at = Some(now);
        let doubled = 2u32.saturating_pow(self.failures - 1);
        let nominal = pauses.first.saturating_mul(doubled).min(pauses.max);
        self.not_before = Some(after(now, strayed(nominal, random)));
    }
}

/// So that clients that failed together do not return together.
fn strayed(nominal: Duration, random: f64) -> Duration {
    let factor = 1.0 + JITTER * (2.0 * random - 1.0);
    Duration::try_from_secs_f64(nominal.as_secs_f64() * factor).unwrap_or(nominal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const PAUSES: Pauses = Pauses {
        first: Duration::from_millis(50),
        max: Duration::from_secs(1),
    };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut now = clock::now();
        let mut reconnect = Reconnect::default();
        assert_eq!(reconnect.not_before(now), now);
        for pause in [50, 100, 200, 400, 800, 1000, 1000] {
            reconnect.failed(now, now, PAUSES, 0.5);
            assert_eq!(reconnect.not_before(now) - now, ms(pause));
            assert!(reconnect.is_waiting(now));
            now = reconnect.not_before(now);
            assert!(!reconnect.is_waiting(now));
        }
        reconnect.connected();
        assert_eq!(reconnect.not_before(now), now);
        reconnect.failed(now, now, PAUSES, 0.5);
        assert_eq!(reconnect.not_before(now) - now, ms(50));
    }

    #[test]
    fn pauses_stray_by_a_fifth() {
        let now = clock::now();
        let pause = |random| {
            let mut reconnect = Reconnect::default();
            reconnect.failed(now, now, PAUSES, random);
            reconnect.not_before(now) - now
        };
        assert_eq!(pause(0.0), ms(40));
        assert!(pause(0.999) > ms(59) && pause(0.999) < ms(60));
    }

    #[test]
    fn the_time_for_an_attempt_doubles_up_to_the_longest() {
        let (first, max) = (Duration::from_secs(10), Duration::from_secs(30));
        let mut now = clock::now();
        let mut reconnect = Reconnect::default();
        assert_eq!(
            reconnect.setup_timeout(first, max, 0.9),
            first,
            "not strayed"
        );
        for expected in [20, 30, 30] {
            reconnect.failed(now, now, PAUSES, 0.5);
            now = reconnect.not_before(now);
            let timeout = |random| reconnect.setup_timeout(first, max, random);
            assert_eq!(timeout(0.5), Duration::from_secs(expected));
            assert_eq!(timeout(0.0), Duration::from_secs(expected) * 8 / 10);
            assert!(timeout(0.999) < Duration::from_secs(expected) * 12 / 10);
        }
        assert_eq!(
            reconnect.setup_timeout(Duration::MAX, Duration::MAX, 0.9),
            Duration::MAX
        );
        reconnect.connected();
        assert_eq!(reconnect.setup_timeout(first, max, 0.5), first);
    }

    #[test]
    fn lanes_that_fail_together_count_once() {
        let start = clock::now();
        let mut reconnect = Reconnect::default();
        for lane in 0..4 {
            reconnect.failed(start + ms(10 + lane), start, PAUSES, 0.5);
        }
        assert_eq!(reconnect.not_before(start), start + ms(60));
        let second = start + ms(60);
        reconnect.failed(second + ms(1), second, PAUSES, 0.5);
        assert_eq!(reconnect.not_before(start), second + ms(101));
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let mut now = clock::now();
        let mut reconnect = Reconnect::default();
        for _ in 0..100 {
            now = reconnect.not_before(now);
            reconnect.failed(now, now, PAUSES, 0.5);
        }
        assert_eq!(reconnect.not_before(now) - now, ms(1000));
        now = reconnect.not_before(now);
        let endless = Pauses {
            first: Duration::MAX,
            max: Duration::MAX,
        };
        reconnect.failed(now, now, endless, 0.99);
        assert!(reconnect.is_waiting(now));
    }
}
