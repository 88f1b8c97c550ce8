//! The hash that Kafka's own clients use for keys.

/// 32-bit MurmurHash2 with Kafka's seed, as in Kafka's own clients: the same
/// key gives the same partition in every language.
///
/// ```
/// use kafka_router::partitioner::{murmur2, to_positive};
///
/// assert_eq!(murmur2(b"foobar"), -790_332_482);
/// let partition = to_positive(murmur2(b"foobar")) % 6;
/// assert_eq!(partition, 0);
/// ```
#[must_use]
pub fn murmur2(data: &[u8]) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;

    // Java's length is an int; a longer slice can't come from a record.
    #[allow(clippy::cast_possible_truncation)]
    let mut hash = SEED ^ (data.len() as u32);
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = word
            .iter()
            .rev()
            .fold(0_u32, |k, byte| (k << 8) | u32::from(*byte));
        k = k.wrapping_mul(M);
        k ^= k >> R;
        k = k.wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let tail = words.remainder();
    if !tail.is_empty() {
        let k = tail
            .iter()
            .rev()
            .fold(0_u32, |k, byte| (k << 8) | u32::from(*byte));
        hash = (hash ^ k).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    hash.cast_signed()
}

/// Clears the sign bit, as Kafka does before it takes the remainder. Not the
/// absolute value: −1 becomes 2,147,483,647.
#[must_use]
pub const fn to_positive(hash: i32) -> i32 {
    hash & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that Kafka's own unit tests hold murmur2 to.
    #[test]
    fn gives_the_published_values() {
        for (key, expected) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()), expected, "{key}");
        }
        assert_eq!(murmur2(b""), 275_646_681);
    }

    #[test]
    fn to_positive_clears_the_sign_bit_only() {
        for (hash, expected) in [
            (0, 0),
            (1, 1),
            (-1, i32::MAX),
            (i32::MIN, 0),
            (i32::MAX, i32::MAX),
            (-790_332_482, 1_357_151_166),
        ] {
            assert_eq!(to_positive(hash), expected);
        }
    }
}
