//! Our codecs beside Kafka's own classes, on random values.
//!
//! A small Java program over Kafka's jars makes random messages and says what is
//! in them; we read and write them again. Then the other way round. Bytes must
//! agree to the last, values field by field in Kafka's JSON form.

mod codecs;
mod compare;
mod messages;
mod records;
mod tally;

use std::path::PathBuf;

use crate::error::{Error, Result};

pub(crate) use records::Table;
pub(crate) use tally::Tally;

/// What to compare, and how much of it.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// From which all random values follow.
    pub(crate) seed: u64,
    /// Random values of each version, each side and each direction.
    pub(crate) per_version: u32,
    /// One value only, to see a failure again.
    pub(crate) only: Option<Only>,
    /// Where to keep the requests and responses that Kafka made, for
    /// `cargo xtask vectors`.
    pub(crate) record: Option<PathBuf>,
}

/// Names one value: `FetchRequest:12:kafka:3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Only {
    pub(crate) message: String,
    pub(crate) version: i16,
    pub(crate) maker: Maker,
    pub(crate) index: u32,
}

/// Who makes the value that the other reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    Kafka,
    Us,
}

impl Options {
    /// The seed where none is asked for.
    pub(crate) const SEED: u64 = 1;
    /// How much proves a release.
    pub(crate) const FULL: u32 = 50;
    /// How much every change goes through: defaults, everything set, everything
    /// null or empty, and one of chance.
    pub(crate) const QUICK: u32 = 4;

    /// Buffers of each format, codec, shape, release and way: one where little is
    /// asked for.
    fn records_per_kind(&self) -> u32 {
        (self.per_version / 10).max(1)
    }
}

/// Compares messages, headers and the records of internal topics.
///
/// # Errors
///
/// Without the jars, and when the Java program stops.
pub(crate) fn messages(options: &Options) -> Result<Tally> {
    messages::run(options)
}

/// Compares record batches and message sets, as many of each kind as there are
/// [`records_per_kind`](Options::records_per_kind).
///
/// # Errors
///
/// Without the jars, and when a Java program stops.
pub(crate) fn records(options: &Options) -> Result<Table> {
    records::run(options.seed, options.records_per_kind())
}

impl Maker {
    fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Us => "us",
        }
    }
}

impl std::str::FromStr for Only {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = || {
            let mut words = text.split(':');
            let only = Self {
                message: words.next()?.to_owned(),
                version: words.next()?.parse().ok()?,
                maker: match words.next()? {
                    "kafka" => Maker::Kafka,
                    "us" => Maker::Us,
                    _ => return None,
                },
                index: words.next()?.parse().ok()?,
            };
            words.next().is_none().then_some(only)
        };
        parsed().ok_or_else(|| {
            Error::new(format!(
                "--only wants MESSAGE:VERSION:kafka|us:INDEX, not {text:?}"
            ))
        })
    }
}

impl std::fmt::Display for Only {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            message,
            version,
            maker,
            index,
        } = self;
        write!(f, "{message}:{version}:{}:{index}", maker.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_named_and_found_again() {
        let text = "FetchRequest:12:kafka:3";
        let only: Only = text.parse().unwrap();
        assert_eq!((only.version, only.index), (12, 3));
        assert_eq!(only.to_string(), text);
        for wrong in ["FetchRequest", "F:x:us:0", "F:1:them:0", "F:1:us:0:0"] {
            assert!(wrong.parse::<Only>().is_err(), "{wrong}");
        }
    }
}
