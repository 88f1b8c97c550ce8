use std::borrow::Cow;

use super::Compression;

/// Why records can't be compressed or decompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompressionError {
    /// The codec is a feature of this crate that is switched off.
    #[error("{codec} is not built in: switch on the feature `{codec}` of kafka-protocol")]
    NotBuilt {
        /// The codec.
        codec: Compression,
    },
    /// No codec has that name.
    #[error("there is no compression `{name}`: it is none, gzip, snappy, lz4 or zstd")]
    UnknownName {
        /// The name given.
        name: String,
    },
    /// The codec does not have that level in this build.
    #[error("{codec} has no compression level {level}: {supported}")]
    UnsupportedLevel {
        /// The codec.
        codec: Compression,
        /// The level asked for.
        level: i32,
        /// Which levels there are.
        supported: &'static str,
    },
    /// What was to be decompressed is malformed.
    #[error("malformed {codec} data: {reason}")]
    Malformed {
        /// The codec.
        codec: Compression,
        /// What is wrong.
        reason: Cow<'static, str>,
    },
    /// What was to be decompressed becomes larger than the limits allow.
    #[error("{codec} data decompress to more than the {limit} bytes that the limits allow")]
    TooLarge {
        /// The codec.
        codec: Compression,
        /// The bytes allowed: see [`BatchLimits`](crate::records::BatchLimits).
        limit: usize,
    },
    /// The encoder failed.
    #[error("{codec} can't compress: {reason}")]
    Failed {
        /// The codec.
        codec: Compression,
        /// What its encoder says.
        reason: Cow<'static, str>,
    },
}
