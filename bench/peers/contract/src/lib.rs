//! What all peer programs have in common, so that they differ in the client alone:
//! the command line ([`Job`]), the records ([`Payload`]), what is measured and when
//! ([`Meter`]), the load of the latency runs ([`open_loop`]) and the one line of JSON
//! at the end ([`Report`]).
//!
//! README.md of `bench/peers` tells what each figure means. The programs in Go and
//! Java have the same in their own words.

mod clock;
mod job;
mod latency;
mod meter;
mod payload;
mod reading;
mod report;

pub use clock::now;
pub use job::{Acks, Codec, Job, Mode, Role, Texture};
pub use latency::{Latencies, open_loop};
pub use meter::Meter;
pub use payload::{Check, Payload};
pub use reading::Reading;
pub use report::Report;

/// Runs a peer program: its command line in, one line of JSON out, and an exit status
/// that is not 0 when the work was not done.
pub fn main(run: impl FnOnce(&Job) -> Result<Report, String>) -> std::process::ExitCode {
    let outcome = Job::parse(std::env::args().skip(1)).and_then(|job| {
        let report = run(&job)?;
        Ok(report.line(&job))
    });
    match outcome {
        Ok(line) => {
            println!("{line}");
            std::process::ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            std::process::ExitCode::FAILURE
        }
    }
}
