//! What there is to compare.

use std::fmt;

use kafka_protocol::records::{Compression, Magic};

use super::random::Random;

/// A release of Kafka whose classes are asked.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) version: &'static str,
    pub(super) program: &'static str,
    /// The formats that it writes.
    writes: &'static [Magic],
    /// The formats that it reads.
    reads: &'static [Magic],
}

const NEW: &str = "RecordOracle.java";
const OLD: &str = "OldRecordOracle.java";

/// Newest first; 4.x reads and writes no format that 3.9.1 does not. The reader of
/// 0.8.2, which had no consumer, takes for corrupt what a stream unpacks in pieces, so
/// 3.9.1 reads what its producer wrote.
pub(super) static RELEASES: [Release; 5] = [
    Release::JUDGE,
    Release::new("2.8.2", NEW, &Magic::ALL, &Magic::ALL),
    Release::new(
        "0.10.2.2",
        OLD,
        &[Magic::V0, Magic::V1],
        &[Magic::V0, Magic::V1],
    ),
    Release::new("0.9.0.1", OLD, &[Magic::V0], &[Magic::V0]),
    Release::new("0.8.2.2", OLD, &[Magic::V0], &[]),
];

impl Release {
    /// The last that writes every format.
    pub(super) const JUDGE: Self = Self::new("3.9.1", NEW, &Magic::ALL, &Magic::ALL);

    const fn new(
        version: &'static str,
        program: &'static str,
        writes: &'static [Magic],
        reads: &'static [Magic],
    ) -> Self {
        Self {
            version,
            program,
            writes,
            reads,
        }
    }

    pub(super) fn is_judge(&self) -> bool {
        self.version == Self::JUDGE.version
    }

    pub(super) fn is_reader(&self) -> bool {
        !self.reads.is_empty()
    }

    /// `count` of each shape of each format and codec.
    pub(super) fn cases(&'static self, maker: Maker, count: u32) -> Vec<Case> {
        let magics = match maker {
            Maker::Kafka => self.writes,
            Maker::Us => self.reads,
        };
        let mut cases = Vec::new();
        for &magic in magics {
            for codec in codecs(magic) {
                for shape in Shape::ALL {
                    let case = |index| Case {
                        release: self,
                        maker,
                        magic,
                        codec,
                        shape,
                        index,
                    };
                    if self.has(maker, shape) && shape.fits(magic, maker) {
                        cases.extend((0..count).map(case));
                    }
                }
            }
        }
        cases
    }

    fn has(&self, maker: Maker, shape: Shape) -> bool {
        let is_old = self.program == OLD;
        match (maker, shape) {
            // Takes its time, and is the same as in 3.9.1.
            (_, Shape::Large) => self.version != "2.8.2",
            (Maker::Kafka, Shape::Horizon) => !is_old && self.version != "2.8.2",
            (Maker::Kafka, Shape::Empty) => !is_old,
            // Before 0.10, no producer chooses offsets.
            (Maker::Kafka, Shape::Gaps) => {
                !self.version.starts_with("0.9") && !self.version.starts_with("0.8")
            }
            _ => true,
        }
    }
}

/// The codecs that a format has.
pub(super) fn codecs(magic: Magic) -> impl Iterator<Item = Compression> {
    [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ]
    .into_iter()
    .filter(move |codec| magic == Magic::V2 || *codec != Compression::Zstd)
}

/// Who makes what the other reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Maker {
    Kafka,
    Us,
}

/// What a buffer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// What compaction leaves of a batch, or nothing.
    Empty,
    One,
    /// A thousand records.
    Many,
    /// A record of 1 MiB and many blocks.
    Large,
    Headers,
    Nulls,
    /// Timestamps of all kinds, none among them.
    CreateTime,
    /// The broker's timestamp.
    AppendTime,
    /// Offsets as compaction leaves them.
    Gaps,
    /// The fields of idempotent and transactional producers.
    Producer,
    /// The end of a transaction, or what KRaft has.
    Control,
    /// The time from which the cleaner may remove markers.
    Horizon,
    /// Several batches in a row.
    Several,
    /// Batches of this format and older ones, of several codecs.
    Mixed,
    /// The last batch is cut.
    Partial,
}

impl Shape {
    pub(super) const ALL: [Self; 15] = [
        Self::Empty,
        Self::One,
        Self::Many,
        Self::Large,
        Self::Headers,
        Self::Nulls,
        Self::CreateTime,
        Self::AppendTime,
        Self::Gaps,
        Self::Producer,
        Self::Control,
        Self::Horizon,
        Self::Several,
        Self::Mixed,
        Self::Partial,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::One => "one",
            Self::Many => "many",
            Self::Large => "large",
            Self::Headers => "headers",
            Self::Nulls => "nulls",
            Self::CreateTime => "create-time",
            Self::AppendTime => "append-time",
            Self::Gaps => "gaps",
            Self::Producer => "producer",
            Self::Control => "control",
            Self::Horizon => "horizon",
            Self::Several => "several",
            Self::Mixed => "mixed",
            Self::Partial => "partial",
        }
    }

    fn fits(self, magic: Magic, maker: Maker) -> bool {
        match self {
            Self::Headers | Self::Producer | Self::Control => magic == Magic::V2,
            Self::Horizon => magic == Magic::V2 && maker == Maker::Kafka,
            // A producer leaves no gaps in batches, a log cleaner does.
            Self::Gaps => magic != Magic::V2 || maker == Maker::Kafka,
            Self::CreateTime | Self::AppendTime => magic != Magic::V0,
            Self::Empty => maker == Maker::Kafka,
            _ => true,
        }
    }
}

/// One buffer to compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) release: &'static Release,
    pub(super) maker: Maker,
    pub(super) magic: Magic,
    pub(super) codec: Compression,
    pub(super) shape: Shape,
    pub(super) index: u32,
}

impl Case {
    /// Differs from any other case's, and stays when others come or go.
    pub(super) fn seed(&self, seed: u64) -> u64 {
        let mut state = seed;
        for byte in self.to_string().bytes() {
            state = Random::new(state ^ u64::from(byte)).next();
        }
        state
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let maker = match self.maker {
            Maker::Kafka => "made by Kafka",
            Maker::Us => "made by us, read by Kafka",
        };
        write!(
            f,
            "{} {} {} {} {maker} {}",
            self.magic,
            self.codec,
            self.shape.name(),
            self.index,
            self.release.version
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_codec_and_shape_is_compared() {
        let all: Vec<Case> = [Maker::Kafka, Maker::Us]
            .into_iter()
            .flat_map(|maker| {
                RELEASES
                    .iter()
                    .flat_map(move |release| release.cases(maker, 1))
            })
            .collect();
        let has = |maker, magic, codec, shape| {
            all.iter().any(|case| {
                (case.maker, case.magic, case.codec, case.shape) == (maker, magic, codec, shape)
            })
        };
        for magic in Magic::ALL {
            for codec in codecs(magic) {
                for shape in [Shape::One, Shape::Many, Shape::Large, Shape::Nulls] {
                    assert!(has(Maker::Kafka, magic, codec, shape));
                    assert!(has(Maker::Us, magic, codec, shape));
                }
            }
        }
        for codec in codecs(Magic::V2) {
            for shape in [Shape::Headers, Shape::Control, Shape::Producer] {
                assert!(has(Maker::Us, Magic::V2, codec, shape));
            }
        }
        let mut seeds: Vec<u64> = all.iter().map(|case| case.seed(1)).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), all.len());
    }
}
