//! The one place that asks for the time: how long a run takes, and its spread.

#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::{Case, Column};

/// Nanoseconds a unit.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub median: f64,
    pub lower_quartile: f64,
    pub upper_quartile: f64,
}

/// Measures all sides of a case, taking turns: whatever else the machine does
/// meets all of them alike. A sample is short against the scheduler's time slice,
/// so that the median sees few interruptions.
pub fn measure(case: &mut Case, rounds: usize) -> Vec<(Column, Spread)> {
    let units = case.units as f64;
    let iterations: Vec<u32> = case.sides.iter_mut().map(|(_, run)| enough(run)).collect();
    let mut samples = vec![Vec::with_capacity(rounds); case.sides.len()];
    for _ in 0..rounds {
        for (((_, run), iterations), samples) in
            case.sides.iter_mut().zip(&iterations).zip(&mut samples)
        {
            let took = time(run, *iterations).as_secs_f64() * 1e9;
            samples.push(took / f64::from(*iterations) / units);
        }
    }
    let columns = case.sides.iter().map(|(column, _)| *column);
    columns.zip(samples.into_iter().map(spread)).collect()
}

/// Iterations that make a sample of 200 microseconds or so.
fn enough(run: &mut dyn FnMut() -> u64) -> u32 {
    const SAMPLE: Duration = Duration::from_micros(200);
    time(run, 3);
    let once = (0..5).map(|_| time(run, 1)).min().unwrap_or_default();
    let iterations = SAMPLE.as_nanos() / once.as_nanos().max(1);
    u32::try_from(iterations.clamp(1, 100_000)).unwrap_or(1)
}

fn time(run: &mut dyn FnMut() -> u64, iterations: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        black_box(run());
    }
    start.elapsed()
}

fn spread(mut samples: Vec<f64>) -> Spread {
    samples.sort_by(f64::total_cmp);
    let at = |share: f64| samples[(share * (samples.len() - 1) as f64).round() as usize];
    Spread {
        median: at(0.5),
        lower_quartile: at(0.25),
        upper_quartile: at(0.75),
    }
}
