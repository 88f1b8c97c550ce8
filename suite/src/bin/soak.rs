//! `soak --minutes N [--seed S] [--brokers 3] [--rate 600]`: see `kafka_suite::soak`.
//!
//! Exits with 1 when a promise was broken, when fewer faults met requests than expected,
//! or when traffic did not flow again after healing.

use std::process::ExitCode;
use std::time::Duration;

use kafka_suite::soak::{self, Options};

const USAGE: &str = "usage: soak --minutes N [--seed S] [--brokers B] [--rate R]\n\n\
    --minutes N   for how long faults strike\n\
    --seed S      what the schedule of faults is drawn from; 1 unless given\n\
    --brokers B   3 unless given\n\
    --rate R      records a second of all producers together; 600 unless given";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = match parse(&arguments) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match soak::run(&options).await {
        Ok(figures) => {
            println!("\n{figures}");
            if figures.is_success() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("the run could not be carried out: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::new(Duration::ZERO);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || -> Result<u64, String> {
            let text = rest.next().ok_or(format!("{argument} needs a number"))?;
            let number = text.parse();
            number.map_err(|_| format!("{argument} needs a number, not {text:?}"))
        };
        let too_large = |_| format!("{argument}: the number is too large");
        match argument.as_str() {
            "--minutes" => options.duration = Duration::from_secs(number()?.saturating_mul(60)),
            "--seed" => options.seed = number()?,
            "--brokers" => options.brokers = number()?.try_into().map_err(too_large)?,
            "--rate" => options.rate = number()?.try_into().map_err(too_large)?,
            _ => return Err(format!("unknown argument {argument}")),
        }
    }
    if options.duration.is_zero() {
        return Err("--minutes is missing".to_owned());
    }
    Ok(options)
}
