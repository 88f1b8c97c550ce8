//! What the command line says.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use kafka_sim::workload::{self, Options, Profile};

pub(crate) enum Task {
    Help,
    Seeds(Arguments),
    Shrink(Arguments),
    /// Simulated seconds.
    Speed(u64),
}

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) seeds: Range<u64>,
    pub(crate) jobs: usize,
    pub(crate) profile: Profile,
    pub(crate) options: Options,
    pub(crate) resume: Option<PathBuf>,
    pub(crate) quiet: bool,
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut rest = arguments.into_iter().peekable();
    let mut seeds = None;
    let mut parsed = Arguments {
        seeds: 0..0,
        jobs: 1,
        profile: Profile::default(),
        options: Options::default(),
        resume: None,
        quiet: false,
    };
    let mut shrink = false;
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--seeds" => seeds = Some(range(&value()?)?),
            "--jobs" => {
                let jobs: Result<NonZeroUsize, _> = value()?.parse();
                parsed.jobs = jobs.map_err(|_| "--jobs needs a number above 0")?.get();
            }
            "--profile" => {
                parsed.profile = value()?
                    .parse()
                    .map_err(|unknown: workload::UnknownProfile| unknown.to_string())?;
            }
            "--resume" => parsed.resume = Some(value()?.into()),
            "--only" => parsed.options.only = Some(parse_places(&value()?)?),
            "--trace" => parsed.options.keep_events = true,
            "--quiet" => parsed.quiet = true,
            "--shrink" => shrink = true,
            "--help" | "-h" => return Ok(Task::Help),
            "--speed" => {
                let seconds = rest.next().map(|text| text.parse());
                return match seconds.unwrap_or(Ok(600)) {
                    Ok(seconds) => Ok(Task::Speed(seconds)),
                    Err(_) => Err("--speed needs a number of seconds".to_owned()),
                };
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    parsed.seeds = seeds.ok_or("--seeds is missing")?;
    parsed.options.profile = parsed.profile;
    if parsed.options.only.is_some() && parsed.resume.is_some() {
        return Err("--resume counts whole seeds: not with --only".to_owned());
    }
    known_places(&parsed)?;
    if shrink {
        return Ok(Task::Shrink(parsed));
    }
    Ok(Task::Seeds(parsed))
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let number = |part: &str| {
        part.parse::<u64>()
            .map_err(|_| format!("{part:?} is not a seed"))
    };
    match text.split_once("..") {
        Some((first, end)) => match number(first)?..number(end)? {
            seeds if seeds.is_empty() => Err(format!("there is no seed in {text}")),
            seeds => Ok(seeds),
        },
        None => {
            let seed = number(text)?;
            let end = seed
                .checked_add(1)
                .ok_or("the last seed has no successor")?;
            Ok(seed..end)
        }
    }
}

/// Each place of `--only` is one of every seed's schedule.
fn known_places(parsed: &Arguments) -> Result<(), String> {
    let Some(only) = &parsed.options.only else {
        return Ok(());
    };
    for seed in parsed.seeds.clone() {
        let schedule = workload::schedule(seed, parsed.profile);
        let faults = schedule.strikes().len();
        if let Some(unknown) = only.iter().find(|place| **place >= faults) {
            return Err(format!(
                "seed {seed} has {faults} faults in profile {}, numbered from 0: none at {unknown}",
                parsed.profile
            ));
        }
    }
    Ok(())
}

fn parse_places(text: &str) -> Result<Vec<usize>, String> {
    if text == "-" {
        return Ok(Vec::new());
    }
    text.split(',')
        .map(|place| {
            place
                .parse()
                .map_err(|_| format!("{place:?} is not a place"))
        })
        .collect()
}

/// Places as `--only` takes them.
pub(crate) fn places(places: &[usize]) -> String {
    if places.is_empty() {
        return "-".to_owned();
    }
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    places.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn lines_are_understood() {
        let line = "--seeds 3..9 --jobs 2 --profile heavy --resume a/b --quiet";
        let Ok(Task::Seeds(arguments)) = parsed(line) else {
            unreachable!("{line}");
        };
        assert_eq!(arguments.seeds, 3..9);
        assert_eq!(arguments.jobs, 2);
        assert_eq!(arguments.options.profile, Profile::Heavy);
        let Ok(Task::Shrink(arguments)) = parsed("--seeds 7 --only 0,1 --shrink") else {
            unreachable!("--shrink");
        };
        assert_eq!(arguments.seeds, 7..8);
        assert_eq!(arguments.options.only, Some(vec![0, 1]));
        assert!(matches!(parsed("--speed 5"), Ok(Task::Speed(5))));
        assert!(matches!(parsed("--help"), Ok(Task::Help)));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "--jobs 0 --seeds 1",
            "--seeds x",
            "--what",
            "--seeds 1 --only a",
            "--seeds 5..3",
            "--seeds 5..5",
            "--seeds 7 --only 0,9999",
            "--seeds 7 --only 0 --resume a/b",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn places_are_read_as_written() {
        for list in [vec![], vec![3], vec![0, 12]] {
            assert_eq!(parse_places(&places(&list)), Ok(list));
        }
    }
}
