//! The fewest faults with which a run still fails.

use super::Schedule;

/// Leaves out as many faults as it can while `fails` stays true of the rest: delta
/// debugging. Of the result, no single fault can be left out any more, and none of the
/// chunks that were tried. Returns the places that remain, in `schedule`; all of them if
/// the whole does not fail.
///
/// `fails` runs the application under the faults given, and should tell whether it fails
/// in the same way as at first. It is called at most about n² times for n faults, and
/// mostly some n·log n times.
///
/// ```
/// use std::time::Duration;
/// use kafka_client::Random;
/// use kafka_sim::{FaultKind, Schedule, shrink};
///
/// let schedule = Schedule::draw(&Random::from_seed(3), FaultKind::ALL, 40, Duration::from_secs(5));
/// let kinds = |schedule: &Schedule| -> Vec<FaultKind> {
///     schedule.strikes().iter().map(|strike| strike.kind).collect()
/// };
/// // An application that fails whenever the first fault's kind is there.
/// let culprit = kinds(&schedule)[0];
/// let left = shrink(&schedule, |faults| kinds(faults).contains(&culprit));
/// assert_eq!(kinds(&schedule.only(&left)), [culprit]);
/// ```
pub fn shrink(schedule: &Schedule, mut fails: impl FnMut(&Schedule) -> bool) -> Vec<usize> {
    let mut left: Vec<usize> = (0..schedule.strikes().len()).collect();
    if !fails(schedule) {
        return left;
    }
    if fails(&Schedule::default()) {
        return Vec::new();
    }
    let mut chunk = left.len().div_ceil(2);
    while chunk > 0 && !left.is_empty() {
        let mut start = 0;
        let mut shorter = false;
        while start < left.len() {
            let without: Vec<usize> = left
                .iter()
                .enumerate()
                .filter(|(at, _)| *at < start || *at >= start + chunk)
                .map(|(_, place)| *place)
                .collect();
            if !without.is_empty() && fails(&schedule.only(&without)) {
                left = without;
                shorter = true;
            } else {
                start += chunk;
            }
        }
        if chunk > 1 {
            chunk = chunk.div_ceil(2);
        } else if !shorter {
            break;
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{FaultKind, Strike};
    use super::*;

    fn schedule(count: u64) -> Schedule {
        Schedule::new((0..count).map(|n| Strike {
            at: Duration::from_millis(n),
            lasts: Duration::ZERO,
            kind: FaultKind::CutLink,
            choice: n,
        }))
    }

    fn check(count: u64, needed: &[u64]) {
        let has =
            |faults: &Schedule, choice: &u64| faults.strikes().iter().any(|s| s.choice == *choice);
        let mut runs = 0;
        let left = shrink(&schedule(count), |faults| {
            runs += 1;
            needed.iter().all(|choice| has(faults, choice))
        });
        let left: Vec<u64> = left.into_iter().map(|place| place as u64).collect();
        assert_eq!(left, needed);
        assert!(runs <= 4 * count + 10, "{runs} runs for {count} faults");
    }

    #[test]
    fn what_is_needed_is_left() {
        check(30, &[7]);
        check(30, &[0, 29]);
        check(31, &[3, 4, 17]);
        check(2, &[0, 1]);
        check(5, &[]);
    }

    #[test]
    fn what_does_not_fail_is_left_whole() {
        assert_eq!(shrink(&schedule(3), |_| false), [0, 1, 2]);
    }
}
