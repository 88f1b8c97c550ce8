//! `scenarios [--record | --real | --bootstrap ADDRESS --brokers N] [NAME ...]`: see
//! `kafka_suite::scenarios`.
//!
//! Exits with 1 when a transcript differs from the stored one.

use std::process::ExitCode;

use kafka_suite::BoxError;
use kafka_suite::scenarios::{self, Scenario};

const USAGE: &str = "usage: scenarios [--record | --bootstrap ADDRESS [--brokers N]] [NAME ...]\n\n\
    without options, on embedded clusters\n\n\
    --record              on real clusters, keeping their transcripts\n\
    --bootstrap ADDRESS   on the cluster at this address\n\
    --brokers N           that has so many brokers; 1 unless given\n\
    NAME                  scenarios, or beginnings of their names; all unless given";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match play(&arguments).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} scenarios failed");
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

async fn play(arguments: &[String]) -> Result<usize, BoxError> {
    let (mut record, mut bootstrap, mut brokers, mut names) = (false, None, 1, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--record" => record = true,
            "--bootstrap" => bootstrap = Some(value()?),
            "--brokers" => brokers = value()?.parse()?,
            option if option.starts_with('-') => {
                return Err(format!("unknown argument {option}").into());
            }
            name => names.push(name.to_owned()),
        }
    }
    let chosen = scenarios::choose(&names)?;
    if record {
        return scenarios::record(&chosen).await;
    }
    if let Some(bootstrap) = bootstrap {
        return Ok(compare(bootstrap, brokers, &chosen).await);
    }
    let mut failed = 0;
    for brokers in [1, 3] {
        let cluster = scenarios::embedded(brokers).start().await?;
        failed += compare(&cluster.bootstrap(), brokers, &chosen).await;
    }
    Ok(failed)
}

/// How many did not leave the stored transcript.
async fn compare(bootstrap: &str, brokers: u32, chosen: &[&'static Scenario]) -> usize {
    let outcomes = scenarios::run(bootstrap, brokers, chosen).await;
    let failures = outcomes.iter().filter(|outcome| {
        let failure = outcome.failure();
        let said = failure.as_deref().unwrap_or("equal");
        let took = outcome.took.as_secs_f64();
        println!("{:<32} {took:.1} s, {said}", outcome.scenario.name);
        failure.is_some()
    });
    failures.count()
}
