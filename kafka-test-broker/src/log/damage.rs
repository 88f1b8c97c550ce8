use bytes::{Bytes, BytesMut};
use kafka_protocol::RecordBytes;
use kafka_protocol::records::RecordBatch;

/// The same batches, the last bit of each flipped, so that checksums fail. A
/// piece of a batch at the end stays as it is.
pub(crate) fn corrupted(records: RecordBytes) -> RecordBytes {
    let mut rest = records.into_bytes();
    let mut damaged = Vec::new();
    while let Ok(Some(len)) = RecordBatch::encoded_len_of_next(&rest) {
        if len > rest.len() {
            break;
        }
        damaged.push(flip_last_bit(&rest.split_to(len)));
    }
    damaged.push(rest);
    RecordBytes::from_segments(damaged)
}

/// A copy with its last bit flipped.
pub(super) fn flip_last_bit(bytes: &Bytes) -> Bytes {
    let mut copy = BytesMut::from(&bytes[..]);
    if let Some(last) = copy.last_mut() {
        *last ^= 1;
    }
    copy.freeze()
}
