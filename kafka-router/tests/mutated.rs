//! Metadata as no broker should send it: a smoke run of the fuzz target `router`.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/mutated.rs"]
mod mutated;

use mutated::{history, seeds};
use proptest::prelude::*;

#[test]
fn the_seeds_are_whole_histories() {
    for seed in seeds() {
        // All but the one without brokers.
        assert_eq!(history(&seed), 5);
    }
}

/// A byte that is replaced, a stretch that is taken out, or one that comes again.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    // Small numbers and their opposites are what lengths and counts are made of.
    let byte = prop_oneof![any::<u8>(), 0..8_u8, 248..=255_u8];
    let change = prop_oneof![
        8 => (any::<prop::sample::Index>(), byte).prop_map(|(at, to)| Change::Set(at, to)),
        1 => (any::<prop::sample::Index>(), 1..40_usize).prop_map(|(at, n)| Change::Cut(at, n)),
        1 => (any::<prop::sample::Index>(), 1..400_usize).prop_map(|(at, n)| Change::Repeat(at, n)),
    ];
    prop::collection::vec(change, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_metadata_breaks_a_snapshot(
        first in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let seeds = seeds();
        let mut bytes = [first.get(&seeds).as_slice(), second.get(&seeds).as_slice()].concat();
        for change in changes {
            if bytes.is_empty() {
                break;
            }
            match change {
                Change::Set(at, to) => *at.get_mut(&mut bytes) = to,
                Change::Cut(at, count) => {
                    let at = at.index(bytes.len());
                    bytes.drain(at..(at + count).min(bytes.len()));
                }
                Change::Repeat(at, count) => {
                    let at = at.index(bytes.len());
                    let again = bytes[at..(at + count).min(bytes.len())].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        history(&bytes);
    }

    #[test]
    fn no_bytes_break_a_snapshot(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        history(&bytes);
    }
}
