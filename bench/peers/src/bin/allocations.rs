//! Allocations a unit of every case and side; reallocations count as well.
//!
//! Each line: case, side, allocations.

use std::alloc::System;

use kafka_peers::cases;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    for mut case in cases::all() {
        case.check();
        for (column, run) in &mut case.sides {
            let region = Region::new(ALLOCATOR);
            run();
            let stats = region.change();
            let count = stats.allocations + stats.reallocations;
            println!(
                "{}\t{column}\t{:.4}",
                case.name,
                count as f64 / case.units as f64
            );
        }
    }
}
