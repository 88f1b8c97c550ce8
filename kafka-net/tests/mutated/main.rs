//! A live connection whose broker's answers are mutated: what the fuzzer does for
//! longer, for each change of the code.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

#[allow(unreachable_pub, reason = "the fuzzer's, too")]
mod entry;

use entry::broker_answers;

#[test]
fn an_honest_broker_is_understood() {
    broker_answers(&[]);
}

/// Each thing a broker can do, to each of its first answers.
#[test]
fn one_thing_at_a_time() {
    for what in 1..14 {
        for how in [0, 1, 7, 64, 128, 200, 255] {
            for answer in 0..6 {
                let mut plan = vec![0; 2 * answer];
                plan.extend([what, how]);
                broker_answers(&plan);
            }
        }
    }
}

#[test]
fn many_things_by_chance() {
    let mut rng = fastrand::Rng::with_seed(20_260);
    for _ in 0..1500 {
        let plan: Vec<u8> = (0..rng.usize(..64)).map(|_| rng.u8(..)).collect();
        // Whoever sees it fail needs it.
        let shown = format!("{plan:?}");
        let run = std::panic::catch_unwind(|| broker_answers(&plan));
        assert!(run.is_ok(), "{shown}");
    }
}
