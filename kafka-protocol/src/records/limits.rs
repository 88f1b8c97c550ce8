/// How far a received batch is trusted.
///
/// What a batch may decompress to is also what decompressing it may hold at any time:
/// the output is allocated once, and no larger than that. Beside it there are only the
/// decoder's tables: 64 KiB for gzip, 512 KiB for zstd, less than 4 KiB for snappy and
/// lz4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Whether the checksum of each batch is verified. Default: yes.
    pub check_crc: bool,
    /// The most bytes that the records of one batch may decompress to. Default:
    /// 128 MiB; Kafka itself has no bound, and accepts batches of up to
    /// `max.message.bytes` (1 MiB by default) *compressed*.
    pub max_decompressed: usize,
    /// How many times their compressed size the records of one batch may
    /// decompress to, beyond [`free_decompressed`](Self::free_decompressed).
    /// Default: 1,000. Ordinary data stay below 100; snappy can't exceed 22, lz4
    /// 255, gzip 1,032; zstd turns a long run of one byte into next to nothing.
    pub max_ratio: u32,
    /// Bytes that a batch may decompress to whatever the ratio, because a small
    /// batch of equal bytes is no attack. Default: 16 MiB.
    pub free_decompressed: usize,
}

impl BatchLimits {
    /// The defaults, as documented at each field.
    pub const DEFAULT: Self = Self {
        check_crc: true,
        max_decompressed: 128 << 20,
        max_ratio: 1_000,
        free_decompressed: 16 << 20,
    };

    /// Sets whether checksums are verified.
    #[must_use]
    pub const fn with_check_crc(mut self, check_crc: bool) -> Self {
        self.check_crc = check_crc;
        self
    }

    /// Sets the most bytes that one batch's records may decompress to.
    #[must_use]
    pub const fn with_max_decompressed(mut self, bytes: usize) -> Self {
        self.max_decompressed = bytes;
        self
    }

    /// Sets how many times the compressed size the decompressed may be.
    #[must_use]
    pub const fn with_max_ratio(mut self, ratio: u32) -> Self {
        self.max_ratio = ratio;
        self
    }

    /// Sets the decompressed bytes that are free of the ratio.
    #[must_use]
    pub const fn with_free_decompressed(mut self, bytes: usize) -> Self {
        self.free_decompressed = bytes;
        self
    }

    /// What `compressed` bytes may become.
    pub(super) fn budget(&self, compressed: usize) -> usize {
        compressed
            .saturating_mul(self.max_ratio as usize)
            .max(self.free_decompressed)
            .min(self.max_decompressed)
            .min(MAX_BUFFER)
    }
}

/// No buffer can be larger, and there may be a little room behind the output: what
/// comes to it on 32 bits is too large, not a panic.
const MAX_BUFFER: usize = isize::MAX as usize / 2;

impl Default for BatchLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_the_ratio_between_the_free_and_the_most() {
        let limits = BatchLimits::default()
            .with_max_ratio(10)
            .with_free_decompressed(100)
            .with_max_decompressed(1_000);
        for (compressed, budget) in [
            (0, 100),
            (10, 100),
            (11, 110),
            (100, 1_000),
            (101, 1_000),
            (usize::MAX, 1_000),
        ] {
            assert_eq!(limits.budget(compressed), budget, "{compressed}");
        }
        assert_eq!(limits.with_max_decompressed(50).budget(1), 50);
        let without_limit = limits.with_max_decompressed(usize::MAX);
        assert!(isize::try_from(without_limit.budget(usize::MAX)).is_ok());
    }
}
