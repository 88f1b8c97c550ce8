//! `seeds TARGET DIRECTORY`: writes the corpus that the target starts from.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(target), Some(directory)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: seeds TARGET DIRECTORY");
        return ExitCode::from(2);
    };
    let Some(seeds) = kafka_protocol_fuzz::seeds(&target) else {
        eprintln!("no target {target:?}");
        return ExitCode::from(2);
    };
    let directory = PathBuf::from(directory);
    for (index, seed) in seeds.iter().enumerate() {
        if let Err(error) = fs::write(directory.join(format!("seed-{index}")), seed) {
            eprintln!("{}: {error}", directory.display());
            return ExitCode::from(2);
        }
    }
    println!("{target}: {} seeds", seeds.len());
    ExitCode::SUCCESS
}
