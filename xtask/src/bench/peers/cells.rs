//! What is measured: a baseline, and cells in which one factor differs from it.

use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Produce,
    Consume,
    Latency,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Produce => "produce",
            Self::Consume => "consume",
            Self::Latency => "latency",
        }
    }
}

/// One cell: the arguments that all programs get.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    /// What differs from the baseline, for people.
    pub(crate) about: &'static str,
    pub(crate) partitions: u32,
    pub(crate) size: u64,
    pub(crate) acks: &'static str,
    pub(crate) codec: &'static str,
    pub(crate) payload: &'static str,
    pub(crate) tasks: u32,
    pub(crate) linger_ms: Option<u32>,
    /// Bytes of the batches that are consumed; producers choose their own.
    pub(crate) fetched_batch_bytes: u64,
    pub(crate) produces: bool,
    pub(crate) consumes: bool,
    /// Records a second of a latency cell.
    pub(crate) rate: Option<u64>,
    records: u64,
    /// Why nobody is measured in it yet.
    pub(crate) missing: Option<&'static str>,
}

pub(crate) const BASELINE: Cell = Cell {
    name: "baseline",
    about: "100 bytes, 6 partitions, one task, no compression, plaintext, acks=all",
    partitions: 6,
    size: 100,
    acks: "all",
    codec: "none",
    payload: "random",
    tasks: 1,
    linger_ms: None,
    fetched_batch_bytes: 16 * 1024,
    produces: true,
    consumes: true,
    rate: None,
    records: 5_000_000,
    missing: None,
};

const LATENCY: Cell = Cell {
    name: "latency-10k",
    about: "10,000 records a second, each client's own linger",
    rate: Some(10_000),
    produces: false,
    consumes: false,
    records: 100_000,
    ..BASELINE
};

/// What is always measured besides the baseline.
pub(crate) const LATENCIES: &[Cell] = &[
    LATENCY,
    Cell {
        name: "latency-10k-linger-0",
        about: "10,000 records a second, linger 0",
        linger_ms: Some(0),
        ..LATENCY
    },
];

/// One factor at a time.
pub(crate) const MATRIX: &[Cell] = &[
    Cell {
        name: "10-bytes",
        about: "values of 10 bytes",
        size: 10,
        ..BASELINE
    },
    Cell {
        name: "1000-bytes",
        about: "values of 1,000 bytes",
        size: 1_000,
        records: 1_000_000,
        ..BASELINE
    },
    Cell {
        name: "10000-bytes",
        about: "values of 10,000 bytes",
        size: 10_000,
        records: 100_000,
        ..BASELINE
    },
    Cell {
        name: "1-partition",
        about: "one partition",
        partitions: 1,
        ..BASELINE
    },
    Cell {
        name: "100-partitions",
        about: "100 partitions",
        partitions: 100,
        ..BASELINE
    },
    Cell {
        name: "1000-partitions",
        about: "1,000 partitions",
        partitions: 1_000,
        ..BASELINE
    },
    Cell {
        name: "2-tasks",
        about: "two tasks; on two cores this shows contention, not scaling",
        tasks: 2,
        ..BASELINE
    },
    Cell {
        name: "8-tasks",
        about: "eight tasks; on two cores this shows contention, not scaling",
        partitions: 8,
        tasks: 8,
        ..BASELINE
    },
    compressed("lz4", "lz4, small JSON documents"),
    compressed("zstd", "zstd, small JSON documents"),
    compressed("snappy", "snappy, small JSON documents"),
    compressed("gzip", "gzip, small JSON documents"),
    Cell {
        name: "tls",
        about: "TLS",
        missing: Some("the peer programs speak plaintext only"),
        ..BASELINE
    },
    Cell {
        name: "fetched-1k",
        about: "consuming batches of 1 KB",
        fetched_batch_bytes: 1_000,
        produces: false,
        ..BASELINE
    },
    Cell {
        name: "fetched-1m",
        about: "consuming batches of 1 MB",
        fetched_batch_bytes: 1_000_000,
        produces: false,
        ..BASELINE
    },
    Cell {
        name: "latency-1k",
        about: "1,000 records a second, each client's own linger",
        rate: Some(1_000),
        records: 10_000,
        ..LATENCY
    },
    Cell {
        name: "latency-100k",
        about: "100,000 records a second, each client's own linger",
        rate: Some(100_000),
        records: 1_000_000,
        ..LATENCY
    },
];

/// NKafka's own test.
pub(crate) const NKAFKA: Cell = Cell {
    name: "nkafka",
    about: "5,000,000 messages of 100 bytes, one partition, acks=1",
    partitions: 1,
    acks: "1",
    consumes: false,
    ..BASELINE
};

const fn compressed(codec: &'static str, about: &'static str) -> Cell {
    Cell {
        name: codec,
        about,
        codec,
        payload: "text",
        records: 2_000_000,
        ..BASELINE
    }
}

impl Cell {
    /// The cell that `--only` names.
    pub(crate) fn find(name: &str) -> Result<Self> {
        let all = [BASELINE, NKAFKA].into_iter();
        let mut all = all
            .chain(LATENCIES.iter().copied())
            .chain(MATRIX.iter().copied());
        let names = || {
            let varied = LATENCIES.iter().chain(MATRIX).map(|cell| cell.name);
            varied.collect::<Vec<_>>().join(", ")
        };
        all.find(|cell| cell.name == name).ok_or_else(|| {
            Error::new(format!(
                "no cell {name:?}; there are baseline, nkafka, {}",
                names()
            ))
        })
    }

    /// What is done in it.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let all = [
            (self.produces, Role::Produce),
            (self.consumes, Role::Consume),
            (self.rate.is_some(), Role::Latency),
        ];
        all.into_iter()
            .filter(|(does, _)| *does)
            .map(|(_, role)| role)
            .collect()
    }

    /// How many records a run has: few of them with `quick`, or as many as were asked
    /// for.
    pub(crate) fn records(&self, quick: bool, asked: Option<u64>) -> u64 {
        match (asked, quick) {
            (Some(asked), _) => asked,
            (None, true) => (self.records / 250).max(1_000),
            (None, false) => self.records,
        }
    }

    /// The arguments that all programs get, but for where the broker is.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            ("--partitions", self.partitions.to_string()),
            ("--size", self.size.to_string()),
            ("--acks", self.acks.to_owned()),
            ("--codec", self.codec.to_owned()),
            ("--payload", self.payload.to_owned()),
            ("--tasks", self.tasks.to_string()),
        ];
        if let Some(linger) = self.linger_ms {
            arguments.push(("--linger-ms", linger.to_string()));
        }
        if let Some(rate) = self.rate {
            arguments.push(("--rate", rate.to_string()));
        }
        let named = arguments.into_iter();
        named
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_found_by_its_name_and_has_something_to_do() {
        for cell in MATRIX.iter().chain(LATENCIES).chain([&BASELINE, &NKAFKA]) {
            assert_eq!(&Cell::find(cell.name).unwrap(), cell);
            assert!(!cell.roles().is_empty(), "{}", cell.name);
        }
        let refused = Cell::find("11-bytes").unwrap_err().to_string();
        assert!(refused.contains("1-partition"), "{refused}");
    }

    #[test]
    fn a_cell_differs_from_the_baseline_in_its_one_factor() {
        let factors = |cell: &Cell| {
            let varied = [
                cell.size != BASELINE.size,
                cell.codec != BASELINE.codec,
                // Eight tasks want as many partitions.
                cell.tasks != BASELINE.tasks || cell.partitions != BASELINE.partitions,
                cell.fetched_batch_bytes != BASELINE.fetched_batch_bytes,
                cell.rate.is_some(),
                cell.missing.is_some(),
            ];
            varied.into_iter().filter(|differs| *differs).count()
        };
        assert!(MATRIX.iter().all(|cell| factors(cell) == 1));
    }

    #[test]
    fn what_the_programs_are_told() {
        let told = LATENCIES[1].arguments().join(" ");
        assert!(told.contains("--linger-ms 0 --rate 10000"), "{told}");
        assert!(!BASELINE.arguments().join(" ").contains("linger"));
        assert_eq!(BASELINE.records(true, None), 20_000);
        assert_eq!(BASELINE.records(true, Some(7)), 7);
    }
}
