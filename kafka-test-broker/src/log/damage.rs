use bytes::{Bytes, BytesMut};
use kafka_protocol::RecordBytes;
use kafka_protocol::records::RecordBatch;

/// The same batches, a bit of each flipped, so that checksums fail. A
/// piece of a batch at the end stays as it is.
pub(crate) fn corrupted(records: RecordBytes) -> RecordBytes {
    let mut rest = records.into_bytes();
    let mut damaged = Vec::new();
    while let Ok(Some(len)) = RecordBatch::encoded_len_of_next(&rest) {
        if len > rest.len() {
            break;
        }
        damaged.push(flip_a_bit(&rest.split_to(len)));
    }
    damaged.push(rest);
    RecordBytes::from_segments(damaged)
}

/// A copy of a batch with one bit flipped in its second half, where the records are:
/// mostly in a value, so that only a checksum can tell. Which bit depends on the batch's
/// checksum alone.
pub(super) fn flip_a_bit(bytes: &Bytes) -> Bytes {
    let mut copy = BytesMut::from(&bytes[..]);
    let choice = bytes.get(17..21).map_or(0, |crc| {
        crc.iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    });
    let half = copy.len() / 2;
    let place = half + choice % (copy.len() - half).max(1);
    if let Some(byte) = copy.get_mut(place) {
        *byte ^= 1;
    }
    copy.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_of_the_second_half_differs() {
        for len in [0, 1, 2, 61, 500] {
            let sound: Bytes = (0..len).map(|place| (place * 7) as u8).collect();
            let damaged = flip_a_bit(&sound);
            let differing: Vec<_> = (0..len).filter(|at| sound[*at] != damaged[*at]).collect();
            assert_eq!(differing.len(), len.min(1));
            assert!(differing.iter().all(|at| *at >= len / 2));
            assert_eq!(damaged, flip_a_bit(&sound));
        }
    }
}
