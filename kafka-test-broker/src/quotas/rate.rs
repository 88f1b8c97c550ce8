use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Kafka's `quota.window.size.seconds`.
const SAMPLE: Duration = Duration::from_secs(1);

/// Kafka's `quota.window.num`.
const SAMPLES: usize = 11;

/// How much of something there was in the last seconds, measured as Kafka does:
/// in samples of a second, over at least ten of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    /// When each sample began, and what fell into it.
    samples: VecDeque<(Instant, f64)>,
}

impl Rate {
    /// Counts `amount`, and says how long whoever caused it has to pause for the
    /// rate to come down to `limit` per second.
    pub(super) fn record(&mut self, now: Instant, amount: f64, limit: f64) -> Duration {
        self.add(now, amount);
        let window = self.window(now);
        let total: f64 = self.samples.iter().map(|(_, amount)| amount).sum();
        let rate = total / window.as_secs_f64();
        if rate <= limit || limit <= 0.0 {
            return Duration::ZERO;
        }
        let pause = window.as_secs_f64() * (rate - limit) / limit;
        Duration::try_from_secs_f64(pause)
            .unwrap_or(LONGEST_PAUSE)
            .min(LONGEST_PAUSE)
    }

    /// Takes back what was counted last: it was not done after all.
    pub(super) fn take_back(&mut self, amount: f64) {
        if let Some((_, last)) = self.samples.back_mut() {
            *last -= amount;
        }
    }

    fn add(&mut self, now: Instant, amount: f64) {
        let since = |start: Instant| now.saturating_duration_since(start);
        let kept = SAMPLE * u32::try_from(SAMPLES).unwrap_or(u32::MAX);
        while self
            .samples
            .front()
            .is_some_and(|(start, _)| since(*start) >= kept)
        {
            self.samples.pop_front();
        }
        match self.samples.back_mut() {
            Some((start, last)) if since(*start) < SAMPLE => *last += amount,
            _ => {
                self.samples.push_back((now, amount));
                if self.samples.len() > SAMPLES {
                    self.samples.pop_front();
                }
            }
        }
    }

    /// What the samples cover: as if there had been nothing before the first.
    fn window(&self, now: Instant) -> Duration {
        let first = self.samples.front().map_or(now, |(start, _)| *start);
        let elapsed = now.saturating_duration_since(first);
        let whole = elapsed.as_secs();
        let least = SAMPLES as u64 - 1;
        elapsed + Duration::from_secs(least.saturating_sub(whole))
    }
}

/// So that no quota, however small, mutes a client for ever.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_bring_the_rate_down() {
        let start = crate::clock::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rate = Rate::default();
        // Ten seconds' worth at once is no more than the rate.
        assert_eq!(rate.record(at(0), 1_000.0, 100.0), Duration::ZERO);
        // As much again has to wait for ten seconds.
        let pause = rate.record(at(500), 1_000.0, 100.0);
        assert_eq!(pause.as_millis(), 9_500);
        // What is old is forgotten.
        assert_eq!(rate.record(at(11_001), 1.0, 100.0), Duration::ZERO);
        rate.take_back(1.0);
        let pause = rate.record(at(11_100), 1_200.0, 100.0);
        assert_eq!(pause.as_millis(), 1_901);
        assert_eq!(Rate::default().record(at(0), 1e300, 1e-300), LONGEST_PAUSE);
    }
}
