//! Values that know their number: distinct, incompressible, checkable.

/// Length of every value.
pub const VALUE_BYTES: usize = 100;

/// Writes the value of record `n`: the number, then bytes that follow from it,
/// so that no two records share more than a byte here and there.
pub fn fill(value: &mut [u8; VALUE_BYTES], n: u64) {
    let (head, rest) = value.split_at_mut(8);
    head.copy_from_slice(&n.to_be_bytes());
    let mut state = n;
    for chunk in rest.chunks_mut(8) {
        // SplitMix64: neighbours of `n` have nothing in common.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        for (byte, source) in chunk.iter_mut().zip(mixed.to_be_bytes()) {
            *byte = source;
        }
    }
}

/// The number of the record with this value; `None` unless every byte is right.
pub fn number(value: &[u8]) -> Option<u64> {
    let n = u64::from_be_bytes(*value.first_chunk()?);
    let mut expected = [0; VALUE_BYTES];
    fill(&mut expected, n);
    (value == expected).then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_tells_its_number_and_any_wrong_byte_is_seen() {
        let mut value = [0; VALUE_BYTES];
        for n in [0, 1, 999_999, u64::MAX] {
            fill(&mut value, n);
            assert_eq!(number(&value), Some(n));
            for index in 0..VALUE_BYTES {
                let mut wrong = value;
                wrong[index] ^= 1;
                assert_eq!(number(&wrong), None, "byte {index}");
            }
            assert_eq!(number(&value[..99]), None);
        }
    }
}
