//! The commands by name.

mod bench;
mod broker;
mod ci;
mod conformance;
mod fuzz;
mod nightly;
mod scenarios;
mod schema_audit;
mod sim;
mod soak;
mod test;
mod tidy;
mod transcripts;
mod vectors;

use crate::error::{Error, Result};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [SUITE ...]      what a contributor runs, or the named suites; --list names them all
  ci                    `test` and the checks: formatting, clippy, documentation, tidy
  nightly               `ci` with more seeds, cases and changes, fuzzing, and brokers of every era
  tidy                  the architecture's rules alone
  fuzz [TARGET ...] [--seconds N]
                        kafka-protocol under libFuzzer, each target 60 seconds; needs cargo-fuzz
  sim [--seeds A..B] [--jobs N] [--profile P] [--resume FILE] [--quiet]
                        simulation seeds (default 0..500 on two jobs) and what they met;
                        a seed that fails says how it is repeated, with --trace;
                        --shrink leaves out the faults that it does not need;
                        --speed tells how fast simulated time runs, in a release build
  sim --mutants [NAME ...]
                        planted bugs, each in a copy of the sources: who finds it?
  soak --minutes N [--seed S] [--brokers 3] [--rate R]
                        our clients on a real cluster under faults, their history checked;
                        an hour has at least 100 faults with requests in flight
  schema-audit          every message beside the definitions in Kafka's own jars
  conformance [messages] [records] [--seed S] [--per-version N] [--only VALUE]
              [--record FILE]
                        our codecs beside Kafka's own classes, on random values; a
                        failure tells the VALUE that shows it again; FILE keeps the
                        messages for `vectors`
  vectors FILE          message bodies in hex, decoded and encoded again; - is standard input
  bench protocol [--quick]
                        codecs beside a bare loop and other crates; writes bench/results
  bench layers [--record]
                        instructions a record of our own layers under valgrind, beside
                        those that bench/results/layers.tsv has
  bench peers [--quick] [--rounds N] [--records N] [--peers A,B]
              [--only CELL | --matrix | --nkafka]
                        our client beside every peer, on a real broker and on one that
                        stores nothing; writes bench/results/peers.md, with --quick only
                        shows that everything works. bench/peers/README.md tells the rest
  broker --version V [--nodes N] [--port P] [--property NAME=VALUE]...
                        a real Kafka until Ctrl-C; prints its bootstrap address
  transcripts [--record] [--bootstrap ADDRESS] [--profile P] [--jobs N] [NAME ...]
                        other people's clients on the embedded cluster, beside what a
                        real Kafka left; --record keeps what a real one leaves now; a
                        NAME is a scenario of suite/foreign or its beginning
  scenarios [--record | --bootstrap ADDRESS [--brokers N]] [NAME ...]
                        our own client on the embedded cluster, or on the one at ADDRESS,
                        beside what a real Kafka left; --record keeps what a real one
                        leaves now; a NAME is a scenario of suite/src/scenarios or its
                        beginning
";

/// Runs the command that the arguments name; `false` when something it checked failed.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let name = match arguments.next()? {
        Some(Value(name)) => name.string()?,
        Some(Long("help") | Short('h')) => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(Error::new(USAGE)),
    };
    match name.as_str() {
        "test" => test::run(arguments),
        "ci" => ci::run(arguments),
        "nightly" => nightly::run(arguments),
        "tidy" => tidy::run(arguments),
        "conformance" => conformance::run(arguments),
        "sim" => sim::run(arguments),
        "soak" => soak::run(arguments),
        "fuzz" => fuzz::run(arguments),
        "schema-audit" => schema_audit::run(arguments),
        "vectors" => vectors::run(arguments),
        "bench" => bench::run(arguments),
        "broker" => broker::run(arguments),
        "transcripts" => transcripts::run(arguments),
        "scenarios" => scenarios::run(arguments),
        "help" => {
            print!("{USAGE}");
            Ok(true)
        }
        unknown => Err(Error::new(format!("no command {unknown:?}\n\n{USAGE}"))),
    }
}

/// For commands that take no arguments.
fn expect_end(arguments: &mut lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        Some(argument) => Err(argument.unexpected().into()),
        None => Ok(()),
    }
}
