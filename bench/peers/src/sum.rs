/// The sum of all bytes; proof that a record was looked at, at little cost to any
/// side.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    const EVERY_SECOND: u64 = 0x00ff_00ff_00ff_00ff;
    let mut total = 0;
    // Four sums of 16 bits in a word, which 128 words can't overflow.
    for block in bytes.chunks(128 * 8) {
        let (words, rest) = block.as_chunks::<8>();
        let lanes = words.iter().fold(0_u64, |lanes, word| {
            let word = u64::from_le_bytes(*word);
            lanes + (word & EVERY_SECOND) + (word >> 8 & EVERY_SECOND)
        });
        total += (0..4).map(|lane| lanes >> (16 * lane) & 0xffff).sum::<u64>();
        total += rest.iter().copied().map(u64::from).sum::<u64>();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_every_byte() {
        for len in [0, 1, 7, 8, 100, 1023, 1024, 1025, 5000] {
            for byte in [1, 0xff] {
                assert_eq!(sum(&vec![byte; len]), u64::from(byte) * len as u64);
            }
        }
    }
}
