//! The codecs of record batches.

mod error;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "lz4")]
mod lz4;
#[allow(dead_code, reason = "each codec is a feature, and needs what it needs")]
mod output;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(all(feature = "zstd", not(feature = "zstd-c")))]
mod zstd;
#[cfg(feature = "zstd-c")]
#[path = "zstd_c.rs"]
mod zstd;
#[cfg(any(feature = "zstd", feature = "zstd-c"))]
mod zstd_frame;

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

pub use error::CompressionError;
use output::Scratch;

use super::magic::Magic;

/// How the records of a batch are compressed.
///
#[doc = include_str!("../../../COMPRESSION.md")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// Deflate in a gzip frame: compact and slow.
    Gzip,
    /// Snappy in the framing of its Java library, as Kafka's own client writes it.
    Snappy,
    /// LZ4 in its frame format: the fastest to read.
    Lz4,
    /// Zstandard (KIP-110); brokers know it since 2.1.
    Zstd,
}

impl Compression {
    /// All of them, in order of their numbers.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The number in a batch's attributes.
    pub const fn id(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// The codec of that number, if there is one.
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Snappy),
            3 => Some(Self::Lz4),
            4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The name that Kafka's `compression.type` has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// Whether this build can compress and decompress it: each codec is a feature
    /// of the crate, all of them on by default.
    pub const fn is_available(self) -> bool {
        match self {
            Self::None => true,
            Self::Gzip => cfg!(feature = "gzip"),
            Self::Snappy => cfg!(feature = "snappy"),
            Self::Lz4 => cfg!(feature = "lz4"),
            Self::Zstd => cfg!(any(feature = "zstd", feature = "zstd-c")),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads the names that Kafka's `compression.type` takes, in any case.
impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(name: &str) -> Result<Self, CompressionError> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| CompressionError::UnknownName { name: name.into() })
    }
}

/// Compresses batches with one codec, keeping its tables and buffers from one
/// batch to the next.
///
/// A clone has the same codec and level, and tables and buffers of its own.
pub struct Compressor {
    compression: Compression,
    level: Option<i32>,
    /// Made when first needed by a clone; never for [`Compression::None`].
    encoder: Option<Box<dyn Encode>>,
    scratch: Scratch,
}

impl Compressor {
    /// A compressor at the codec's default level, which is Kafka's: gzip 6, lz4 9
    /// (its fast encoder), zstd 3.
    ///
    /// Refused if the codec's feature is off.
    pub fn new(compression: Compression) -> Result<Self, CompressionError> {
        Self::build(compression, None)
    }

    /// A compressor at a level, in the numbers of Kafka's `compression.*.level`
    /// (KIP-390).
    ///
    /// gzip: 1 to 9, or −1 for the default. lz4: 1, or 9, which is Kafka's name for
    /// the same fast encoder; its slow levels do not exist here. zstd: −7 to 4, with
    /// the feature `zstd-c` −131072 to 22; 0 is its default. Snappy has none. All else
    /// is refused, as is a codec whose feature is off.
    pub fn with_level(compression: Compression, level: i32) -> Result<Self, CompressionError> {
        Self::build(compression, Some(level))
    }

    fn build(compression: Compression, level: Option<i32>) -> Result<Self, CompressionError> {
        let encoder = encoder(compression, level)?;
        Ok(Self {
            compression,
            level,
            encoder,
            scratch: Scratch::default(),
        })
    }

    /// The codec.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The level that was asked for, if any.
    pub fn level(&self) -> Option<i32> {
        self.level
    }

    /// `input` compressed, in a buffer of exactly its length.
    pub fn compress(&mut self, input: &[u8]) -> Result<Bytes, CompressionError> {
        if self.encoder.is_none() {
            self.encoder = encoder(self.compression, self.level)?;
        }
        match &mut self.encoder {
            None => Ok(Bytes::copy_from_slice(input)),
            Some(encoder) => {
                self.scratch.clear();
                encoder.compress(input, &mut self.scratch)?;
                Ok(Bytes::copy_from_slice(self.scratch.filled()))
            }
        }
    }
}

impl Clone for Compressor {
    fn clone(&self) -> Self {
        Self {
            compression: self.compression,
            level: self.level,
            encoder: None,
            scratch: Scratch::default(),
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor")
            .field("compression", &self.compression)
            .field("level", &self.level)
            .finish()
    }
}

/// One codec's compressing half.
trait Encode: Send + Sync {
    /// Appends `input`, compressed as one whole, to `output`.
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError>;
}

fn encoder(
    compression: Compression,
    level: Option<i32>,
) -> Result<Option<Box<dyn Encode>>, CompressionError> {
    match compression {
        Compression::None => {
            refuse_level(compression, level)?;
            Ok(None)
        }
        #[cfg(feature = "gzip")]
        Compression::Gzip => Ok(Some(Box::new(gzip::Encoder::new(level)?))),
        #[cfg(feature = "snappy")]
        Compression::Snappy => {
            refuse_level(compression, level)?;
            Ok(Some(Box::new(snappy::Encoder::new())))
        }
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Ok(Some(Box::new(lz4::Encoder::new(level)?))),
        #[cfg(any(feature = "zstd", feature = "zstd-c"))]
        Compression::Zstd => Ok(Some(Box::new(zstd::Encoder::new(level)?))),
        #[allow(unreachable_patterns, reason = "reached when a codec's feature is off")]
        codec => Err(CompressionError::NotBuilt { codec }),
    }
}

fn refuse_level(codec: Compression, level: Option<i32>) -> Result<(), CompressionError> {
    match level {
        None => Ok(()),
        Some(level) => Err(CompressionError::UnsupportedLevel {
            codec,
            level,
            supported: "it has none",
        }),
    }
}

/// Which framing of LZ4 goes with a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// The frame format as it is specified.
    Current,
    /// That of Kafka 0.8 and 0.9, whose frames have a wrong header checksum
    /// (KIP-57).
    Kafka08,
}

impl Framing {
    pub(super) fn of(magic: Magic) -> Self {
        match magic {
            Magic::V0 => Self::Kafka08,
            Magic::V1 | Magic::V2 => Self::Current,
        }
    }
}

/// `input` compressed as messages of that framing are.
#[allow(unused_variables, reason = "without lz4 there is one framing")]
pub(super) fn compress(
    compressor: &mut Compressor,
    framing: Framing,
    input: &[u8],
) -> Result<Bytes, CompressionError> {
    let packed = compressor.compress(input)?;
    #[cfg(feature = "lz4")]
    if compressor.compression() == Compression::Lz4 && framing == Framing::Kafka08 {
        return Ok(lz4::with_wrong_header_checksum(&packed));
    }
    Ok(packed)
}

/// `input` decompressed, to no more than `budget` bytes.
///
/// Each codec allocates its output once, as large as the input can become but no
/// larger than the budget: a buffer that grows is there twice while it moves.
#[allow(
    unused_variables,
    reason = "without any codec there is no budget to keep"
)]
pub(super) fn decompress(
    compression: Compression,
    framing: Framing,
    input: &Bytes,
    budget: usize,
) -> Result<Bytes, CompressionError> {
    let output = match compression {
        Compression::None => return Ok(input.clone()),
        #[cfg(feature = "gzip")]
        Compression::Gzip => gzip::decompress(input, budget),
        #[cfg(feature = "snappy")]
        Compression::Snappy => snappy::decompress(input, budget),
        #[cfg(feature = "lz4")]
        Compression::Lz4 => lz4::decompress(input, framing, budget),
        #[cfg(any(feature = "zstd", feature = "zstd-c"))]
        Compression::Zstd => zstd::decompress(input, budget),
        #[allow(unreachable_patterns, reason = "reached when a codec's feature is off")]
        codec => Err(CompressionError::NotBuilt { codec }),
    };
    output.map(|output| output::without_waste(output, budget))
}
