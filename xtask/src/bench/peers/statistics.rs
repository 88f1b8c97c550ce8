//! Medians, ratios by pair and their intervals.

/// Least, median and most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

/// A ratio and what 95 of 100 resamples lie between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) mean: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

const RESAMPLES: usize = 10_000;

impl Spread {
    /// None of no figures.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied();
        let middle = sorted.len() / 2;
        let upper = at(middle)?;
        let lower = if sorted.len().is_multiple_of(2) {
            at(middle - 1)?
        } else {
            upper
        };
        Some(Self {
            least: at(0)?,
            median: f64::midpoint(lower, upper),
            most: *sorted.last()?,
        })
    }
}

impl Ratio {
    /// The geometric mean of the ratios, with the interval that a bootstrap over the
    /// pairs gives: the same for the same pairs. None where a figure is not positive.
    pub(crate) fn of_pairs(pairs: &[(f64, f64)]) -> Option<Self> {
        let logs: Vec<f64> = pairs.iter().map(|(of, to)| (of / to).ln()).collect();
        if logs.is_empty() || !logs.iter().all(|log| log.is_finite()) {
            return None;
        }
        let mean = |sum: f64| (sum / logs.len() as f64).exp();
        let mut random = Random(0x5eed);
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let drawn = (0..logs.len()).filter_map(|_| logs.get(random.below(logs.len())));
                mean(drawn.sum())
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means.get((share * (RESAMPLES - 1) as f64).round() as usize);
        Some(Self {
            mean: mean(logs.iter().sum()),
            low: *at(0.025)?,
            high: *at(0.975)?,
        })
    }
}

/// splitmix64, from a seed: runs are drawn alike each time.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        // The bias of the remainder is far below what a few rounds can tell.
        (self.next() % limit.max(1) as u64) as usize
    }

    /// In an order of its own.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_odd_and_even_numbers() {
        let median = |figures: &[f64]| Spread::of(figures.iter().copied()).map(|it| it.median);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        let spread = Spread::of([5.0, 1.0, 9.0]).unwrap();
        assert_eq!((spread.least, spread.most), (1.0, 9.0));
    }

    #[test]
    fn a_ratio_is_the_geometric_mean_of_its_pairs() {
        let ratio = Ratio::of_pairs(&[(2.0, 1.0), (8.0, 1.0)]).unwrap();
        assert!((ratio.mean - 4.0).abs() < 1e-9);
        assert!((ratio.low - 2.0).abs() < 1e-9 && (ratio.high - 8.0).abs() < 1e-9);
        assert_eq!(Ratio::of_pairs(&[]), None);
        assert_eq!(Ratio::of_pairs(&[(0.0, 1.0)]), None);
    }

    #[test]
    fn the_interval_holds_the_ratio_narrows_with_pairs_and_repeats() {
        let pair = |n: usize| (3.0 + 0.3 * (n % 5) as f64, 1.0);
        let few: Vec<_> = (0..5).map(pair).collect();
        let many: Vec<_> = (0..50).map(pair).collect();
        let (few, many) = (
            Ratio::of_pairs(&few).unwrap(),
            Ratio::of_pairs(&many).unwrap(),
        );
        for ratio in [few, many] {
            assert!(ratio.low < ratio.mean && ratio.mean < ratio.high);
        }
        assert!(many.high - many.low < (few.high - few.low) / 2.0);
        let again: Vec<_> = (0..5).map(pair).collect();
        assert_eq!(Ratio::of_pairs(&again), Some(few));
    }

    #[test]
    fn a_shuffle_keeps_everyone_and_repeats() {
        let shuffled = |seed| {
            let mut items: Vec<usize> = (0..20).collect();
            Random(seed).shuffle(&mut items);
            items
        };
        let mut sorted = shuffled(1);
        assert_eq!(shuffled(1), sorted);
        assert_ne!(shuffled(2), sorted);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..20));
    }
}
