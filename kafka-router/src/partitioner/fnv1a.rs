/// 32-bit FNV-1a, which Sarama and librdkafka's `fnv1a` partitioner use for keys.
///
/// ```
/// assert_eq!(kafka_router::partitioner::fnv1a(b"foobar"), 0xbf9c_f968);
/// ```
#[must_use]
pub fn fnv1a(data: &[u8]) -> u32 {
    const OFFSET_BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    data.iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(PRIME)
    })
}
