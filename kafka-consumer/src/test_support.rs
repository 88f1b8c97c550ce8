//! Record batches for tests.

use bytes::Bytes;
use kafka_protocol::records::{
    BatchBuilder, BatchStamp, Compression, Compressor, ControlRecordKind, NewRecord,
};

/// A batch to be made: values are `"{offset}"`.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) base: i64,
    pub(crate) count: i64,
    pub(crate) compression: Compression,
    pub(crate) producer: i64,
    pub(crate) transactional: bool,
    pub(crate) padding: usize,
}

/// A batch of `count` records from offset `base` on.
pub(crate) fn made(base: i64, count: i64) -> Made {
    Made {
        base,
        count,
        compression: Compression::None,
        producer: -1,
        transactional: false,
        padding: 0,
    }
}

impl Made {
    pub(crate) fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    pub(crate) fn in_transaction_of(mut self, producer: i64) -> Self {
        self.producer = producer;
        self.transactional = true;
        self
    }

    /// Keys of this many bytes.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    pub(crate) fn bytes(&self) -> Bytes {
        let mut builder = BatchBuilder::new();
        let key = vec![b'k'; self.padding];
        for offset in self.base..self.base + self.count {
            let value = offset.to_string();
            let record = NewRecord {
                timestamp: 1_000 + offset,
                key: Some(&key),
                value: Some(value.as_bytes()),
                headers: &[],
            };
            builder.append(&record).unwrap();
        }
        self.sealed(builder, false)
    }

    fn sealed(&self, builder: BatchBuilder, control: bool) -> Bytes {
        let mut compressor = Compressor::new(self.compression).unwrap();
        let stamp = BatchStamp {
            base_offset: self.base,
            partition_leader_epoch: 3,
            producer_id: self.producer,
            producer_epoch: 0,
            transactional: self.transactional,
            control,
            ..BatchStamp::default()
        };
        let sealed = builder.seal(&mut compressor).unwrap();
        sealed.to_record_bytes(&stamp).into_bytes()
    }
}

/// The marker that ends a transaction.
pub(crate) fn marker(offset: i64, producer: i64, kind: ControlRecordKind) -> Bytes {
    let mut builder = BatchBuilder::new();
    let key = kind.to_key();
    let value = ControlRecordKind::end_transaction_value(0);
    let record = NewRecord {
        timestamp: 0,
        key: Some(&key),
        value: Some(&value),
        headers: &[],
    };
    builder.append(&record).unwrap();
    let made = made(offset, 1).in_transaction_of(producer);
    made.sealed(builder, true)
}

/// A batch of which compaction left the header only.
pub(crate) fn emptied(base: i64, last: i64) -> Bytes {
    let mut bytes = made(base, 1).bytes()[..61].to_vec();
    bytes[8..12].copy_from_slice(&49_i32.to_be_bytes());
    let delta = i32::try_from(last - base).unwrap();
    bytes[23..27].copy_from_slice(&delta.to_be_bytes());
    bytes[57..61].copy_from_slice(&0_i32.to_be_bytes());
    seal(bytes)
}

/// `batch` as if its record were the last of many that compaction removed.
pub(crate) fn with_last_offset(batch: &Bytes, base: i64, last: i64) -> Bytes {
    let mut bytes = batch.to_vec();
    let delta = i32::try_from(last - base).unwrap();
    bytes[23..27].copy_from_slice(&delta.to_be_bytes());
    seal(bytes)
}

/// `batch` with one bit of its last value flipped.
pub(crate) fn damaged(batch: &Bytes) -> Bytes {
    let mut bytes = batch.to_vec();
    // Behind the value comes the number of headers.
    let value = bytes.len() - 2;
    bytes[value] ^= 1;
    Bytes::from(bytes)
}

pub(crate) fn concat(batches: impl IntoIterator<Item = Bytes>) -> Bytes {
    Bytes::from(batches.into_iter().flatten().collect::<Vec<u8>>())
}

fn seal(mut bytes: Vec<u8>) -> Bytes {
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    Bytes::from(bytes)
}

/// Bit by bit: slow, and independent of the one that is tested.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg())
        })
    })
}
