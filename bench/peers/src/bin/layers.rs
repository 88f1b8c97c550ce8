//! `layers NAME RUNS`: our side of a case so many times and nothing else, for counting
//! its instructions. Prints how many units a run has.

use std::hint::black_box;

use kafka_peers::{Column, cases};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("a case's name");
    let runs: u32 = arguments
        .next()
        .and_then(|runs| runs.parse().ok())
        .expect("the runs are a number");
    let mut case = cases::all()
        .into_iter()
        .find(|case| case.name == name)
        .expect("a case of that name");
    let (_, run) = case
        .sides
        .iter_mut()
        .find(|(column, _)| *column == Column::Ours)
        .expect("our side of it");
    for _ in 0..runs {
        black_box(run());
    }
    println!("{}", case.units);
}
