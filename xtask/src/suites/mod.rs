//! The suites: what `test`, `ci` and `nightly` are made of.

mod bench;
mod checks;
mod conformance;
mod features;
mod foreign;
mod fuzz;
mod optional;
mod quickstart;
mod real;
mod schema_audit;
mod sim;
mod soak;
mod unit;
mod vectors;

use std::{env, fmt};

use crate::clock::Stopwatch;
use crate::conformance::Options;
use crate::error::Result;
use crate::report::{Outcome, Report};

/// When a suite runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// In `test`, `ci` and `nightly`.
    Test,
    /// In `ci` and `nightly`.
    Check,
    /// In `nightly` only.
    Nightly,
}

/// One suite.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    pub(crate) about: &'static str,
    run: fn(&Scale) -> Outcome,
}

/// How much of it.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Simulation seeds, from the first up to but not including the second.
    pub(crate) seeds: (u64, u64),
    /// Cases of each property test; `None` leaves what the test says.
    pub(crate) property_cases: Option<u32>,
    /// Changes to each message version and entry point of the codecs; `None` leaves
    /// what the test says.
    pub(crate) mutations: Option<u32>,
    /// Random values of each version of each message, each way.
    pub(crate) values_per_version: u32,
    /// Minutes for which faults strike the real cluster.
    pub(crate) soak_minutes: u64,
}

impl Scale {
    /// What every change goes through.
    pub(crate) const EVERY_CHANGE: Self = Self {
        seeds: (0, 700),
        property_cases: None,
        mutations: None,
        values_per_version: Options::QUICK,
        soak_minutes: 1,
    };
    /// What runs before an issue ends.
    pub(crate) const NIGHTLY: Self = Self {
        seeds: (0, 2000),
        property_cases: Some(5_000),
        mutations: Some(10_000),
        values_per_version: Options::FULL,
        soak_minutes: 60,
    };
}

/// Every suite, in the order in which they run.
pub(crate) const ALL: &[Suite] = &[
    Suite {
        name: "fmt",
        tier: Tier::Check,
        about: "rustfmt has nothing to change",
        run: checks::fmt,
    },
    Suite {
        name: "tidy",
        tier: Tier::Check,
        about: "the architecture's rules",
        run: checks::tidy,
    },
    Suite {
        name: "clippy",
        tier: Tier::Check,
        about: "clippy without a warning",
        run: checks::clippy,
    },
    Suite {
        name: "docs",
        tier: Tier::Check,
        about: "documentation without a warning",
        run: checks::docs,
    },
    Suite {
        name: "unit",
        tier: Tier::Test,
        about: "unit, property, embedded-cluster and documentation tests of every crate",
        run: unit::run,
    },
    Suite {
        name: "vectors",
        tier: Tier::Test,
        about: "the message bodies kept from Kafka's classes, decoded and encoded again",
        run: vectors::run,
    },
    Suite {
        name: "schema-audit",
        tier: Tier::Test,
        about: "every message beside the definitions in Kafka's jars; needs Java 17+ and Maven",
        run: schema_audit::run,
    },
    Suite {
        name: "conformance",
        tier: Tier::Test,
        about: "our codecs beside Kafka's own classes; needs Java 17+ and Maven",
        run: conformance::run,
    },
    Suite {
        name: "features",
        tier: Tier::Test,
        about: "kafka-protocol with each codec alone, with none, and with the C library",
        run: features::run,
    },
    Suite {
        name: "optional",
        tier: Tier::Test,
        about: "the producer's threads under a scheduler, TLS of the client and of the embedded broker",
        run: optional::run,
    },
    Suite {
        name: "no-c",
        tier: Tier::Test,
        about: "the quickstart builds without a C compiler",
        run: quickstart::no_c,
    },
    Suite {
        name: "quickstart",
        tier: Tier::Test,
        about: "README's first command",
        run: quickstart::run,
    },
    Suite {
        name: "sim",
        tier: Tier::Test,
        about: "simulation seeds; some again in another process, trace hashes compared",
        run: sim::run,
    },
    Suite {
        name: "foreign",
        tier: Tier::Test,
        about: "librdkafka, franz-go and Kafka's tools see the embedded cluster as they see Kafka; needs Java 17+, Maven, Python 3 and Go",
        run: foreign::run,
    },
    Suite {
        name: "real",
        tier: Tier::Test,
        about: "real Kafka brokers and Kafka's own tools; needs Java 17+ and Maven",
        run: real::run,
    },
    Suite {
        name: "matrix",
        tier: Tier::Test,
        about: "the client at real brokers of eight releases, 0.8.2 to 4.3; needs Java 17+ and Maven",
        run: real::matrix,
    },
    Suite {
        name: "fuzz",
        tier: Tier::Nightly,
        about: "every fuzz target for a minute; needs cargo-fuzz and a nightly compiler",
        run: fuzz::run,
    },
    Suite {
        name: "eras",
        tier: Tier::Nightly,
        about: "every Kafka version of the harness downloads and starts; needs Java 17+ and Maven",
        run: real::eras,
    },
    Suite {
        name: "soak",
        tier: Tier::Nightly,
        about: "an hour of traffic under faults on three real brokers; needs Java 17+ and Maven",
        run: soak::run,
    },
    Suite {
        name: "bench",
        tier: Tier::Nightly,
        about: "the benchmarks of kafka-protocol, once; their release builds take minutes",
        run: bench::run,
    },
];

/// The suites of these tiers, in order.
pub(crate) fn of_tiers(tiers: &[Tier]) -> Vec<&'static Suite> {
    ALL.iter()
        .filter(|suite| tiers.contains(&suite.tier))
        .collect()
}

/// Runs them all, whatever fails, and prints the table; `true` when nothing failed.
pub(crate) fn run_all(suites: &[&Suite], scale: &Scale) -> Result<bool> {
    let mut report = Report::default();
    for suite in suites {
        println!("\n=== {}: {}", suite.name, suite.about);
        let watch = Stopwatch::start();
        let outcome = (suite.run)(scale);
        let took = watch.read();
        println!(
            "=== {}: {:.1} minutes",
            suite.name,
            took.as_secs_f64() / 60.0
        );
        report.add(suite.name, outcome, took);
    }
    print!("\n{report}");
    Ok(report.is_success())
}

/// The soak alone, of this length and with these options; `true` when it succeeded.
pub(crate) fn soak(minutes: u64, options: &[String]) -> bool {
    soak::with(minutes, options).failed() == 0
}

/// Whether a skip has to fail: `CI=true` in the environment.
fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"))
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Test => "test",
            Self::Check => "ci",
            Self::Nightly => "nightly",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nightly_has_everything_and_ci_has_the_tests() {
        let names = |tiers: &[Tier]| -> BTreeSet<&str> {
            of_tiers(tiers).iter().map(|suite| suite.name).collect()
        };
        let test = names(&[Tier::Test]);
        let ci = names(&[Tier::Check, Tier::Test]);
        assert!(test.is_subset(&ci) && ci.contains("tidy") && !test.contains("tidy"));
        assert_eq!(
            names(&[Tier::Check, Tier::Test, Tier::Nightly]).len(),
            ALL.len(),
            "names are distinct"
        );
    }
}
