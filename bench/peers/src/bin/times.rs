//! `times [ROUNDS] [FILTER]`: nanoseconds a unit of every case and side.
//!
//! Each line: case, unit, side, median, lower quartile, upper quartile.

use kafka_peers::{cases, clock};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().map_or(300, |rounds| {
        rounds.parse().expect("the rounds are a number")
    });
    let filter = arguments.next().unwrap_or_default();
    for mut case in cases::all() {
        if !case.name.contains(&filter) {
            continue;
        }
        case.check();
        for (column, spread) in clock::measure(&mut case, rounds) {
            println!(
                "{}\t{}\t{column}\t{:.2}\t{:.2}\t{:.2}",
                case.name, case.unit, spread.median, spread.lower_quartile, spread.upper_quartile
            );
        }
    }
}
