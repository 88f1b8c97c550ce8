//! `cargo xtask sim --seeds A..B` and `cargo xtask sim --mutants [NAME ...]`

use super::Result;
use crate::error::Error;
use crate::mutants;
use crate::suites::{self, Scale};

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut scale = Scale::EVERY_CHANGE;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seeds") => scale.seeds = seeds(&arguments.value()?.string()?)?,
            Long("mutants") => {
                let mut names = Vec::new();
                while let Some(argument) = arguments.next()? {
                    match argument {
                        Value(name) => names.push(name.string()?),
                        other => return Err(other.unexpected().into()),
                    }
                }
                return mutants::run(&names);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let chosen: Vec<_> = suites::ALL
        .iter()
        .filter(|suite| suite.name == "sim")
        .collect();
    suites::run_all(&chosen, &scale)
}

fn seeds(text: &str) -> Result<(u64, u64)> {
    let parsed = text
        .split_once("..")
        .and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
    match parsed {
        Some((first, end)) if first < end => Ok((first, end)),
        _ => Err(Error::new(format!(
            "--seeds wants A..B with A below B, not {text:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_seeds_is_not_empty() {
        assert_eq!(seeds("3..7").unwrap(), (3, 7));
        for wrong in ["7", "7..3", "3..3", "a..b", ""] {
            assert!(
                seeds(wrong).unwrap_err().to_string().contains("A..B"),
                "{wrong}"
            );
        }
    }
}
