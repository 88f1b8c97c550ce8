//! Batches that compaction takes records out of.

use bytes::BytesMut;

use super::batch::{RecordBatch, TimestampType};
use super::compression::{Compression, Compressor};
use super::crc::BodyCrc;
use super::error::RecordError;
use super::header::{BatchHeader, HEADER_LEN};
use super::limits::BatchLimits;
use super::magic::Magic;
use super::record::RecordView;
use super::rewrite::{in_batch, push_nullable, push_varint, timestamp_delta};

impl RecordBatch {
    /// The same batch with only those of its records that `keep` wants, as log
    /// compaction leaves it: the range of offsets, the producer and its sequence
    /// stay, and what is left lies where it lay.
    ///
    /// With a `delete_horizon`, in milliseconds since the Unix epoch, the batch
    /// says from when on its tombstones may go (KIP-534). One that says so already
    /// goes on with its own. With no record left, the batch is empty: a header.
    ///
    /// Every record is checked on the way, within `limits`. Refused for magic 0
    /// and 1, and for a horizon that timestamps cannot be told relative to.
    pub fn compacted(
        &self,
        mut keep: impl FnMut(&RecordView<'_>) -> bool,
        delete_horizon: Option<i64>,
        limits: &BatchLimits,
    ) -> Result<Self, RecordError> {
        if self.magic() != Magic::V2 {
            return Err(RecordError::UnsupportedMagic {
                base_offset: self.base_offset(),
                magic: self.magic().id(),
            });
        }
        let records = self.decompress(limits)?;
        let kept: Vec<RecordView<'_>> = records.iter().filter(|record| keep(record)).collect();
        let Some(first) = kept.first() else {
            return Ok(self.emptied());
        };
        let horizon = self.delete_horizon().or(delete_horizon);
        if kept.len() == records.len() && horizon == self.delete_horizon() {
            return Ok(self.clone());
        }
        let base_timestamp = horizon.unwrap_or(first.timestamp());
        let mut max_timestamp = first.timestamp();
        let mut body = Vec::with_capacity(records.memory_size());
        for record in &kept {
            let timestamp = record.timestamp();
            let delta = timestamp_delta(timestamp, base_timestamp)?;
            max_timestamp = max_timestamp.max(timestamp);
            push_record(
                &mut body,
                record,
                delta,
                record.offset() - self.base_offset(),
            );
        }
        if self.timestamp_type() == TimestampType::LogAppendTime {
            max_timestamp = self.max_timestamp();
        }
        let header = *self.header();
        let header = BatchHeader {
            attributes: match horizon {
                Some(_) => header.attributes.with_delete_horizon(),
                None => header.attributes,
            },
            base_timestamp,
            max_timestamp,
            // No more than there were.
            record_count: kept.len() as i32,
            ..header
        };
        in_batch(header, &body, &mut Compressor::new(self.compression())?)
    }

    /// The header alone, as it says that there are no records.
    fn emptied(&self) -> Self {
        let header = *self.header();
        let header = BatchHeader {
            attributes: header
                .attributes
                .with_codec(Compression::None)
                .without_delete_horizon(),
            base_timestamp: -1,
            record_count: 0,
            ..header
        };
        let written = header.write(0, |checked| BodyCrc::of(&[]).after(checked));
        let raw = BytesMut::from(&written[..HEADER_LEN]).freeze();
        Self::of(Magic::V2, raw, header, Compression::None)
    }
}

/// Appends a record of magic 2 with its headers.
fn push_record(
    body: &mut Vec<u8>,
    record: &RecordView<'_>,
    timestamp_delta: i64,
    offset_delta: i64,
) {
    let mut fields = Vec::with_capacity(record.encoded_len());
    // Its attributes, of which there are none.
    fields.push(0);
    push_varint(&mut fields, timestamp_delta);
    push_varint(&mut fields, offset_delta);
    push_nullable(&mut fields, record.key());
    push_nullable(&mut fields, record.value());
    push_varint(&mut fields, record.headers().count() as i64);
    for header in record.headers() {
        push_nullable(&mut fields, Some(header.key.as_bytes()));
        push_nullable(&mut fields, header.value);
    }
    push_varint(body, fields.len() as i64);
    body.extend_from_slice(&fields);
}

#[cfg(test)]
mod tests {
    use super::super::{BatchBuilder, BatchStamp, Header, NewRecord, Records};
    use super::*;

    fn batch(compression: Compression) -> RecordBatch {
        let mut builder = BatchBuilder::new();
        let headers = [Header {
            key: "h",
            value: None,
        }];
        for (index, value) in [Some(&b"a"[..]), None, Some(b"c")].into_iter().enumerate() {
            let record = NewRecord {
                timestamp: 1_000 + index as i64,
                key: Some(b"k"),
                value,
                headers: &headers[..index.min(1)],
            };
            builder.append(&record).unwrap();
        }
        let stamp = BatchStamp {
            producer_id: 7,
            producer_epoch: 1,
            base_sequence: 5,
            ..BatchStamp::default()
        };
        let sealed = builder.seal(&mut Compressor::new(compression).unwrap());
        let mut bytes = sealed.unwrap().to_record_bytes(&stamp).into_bytes();
        let batch = RecordBatch::parse(&mut bytes, &BatchLimits::default());
        let batch = batch.unwrap().unwrap();
        batch.with_base_offset_and_epoch(100, 3).unwrap()
    }

    /// What is read back from the bytes, offsets and times of each.
    fn read(batch: &RecordBatch) -> (RecordBatch, Records) {
        let limits = BatchLimits::default();
        let parsed = RecordBatch::parse(&mut batch.raw().clone(), &limits);
        let parsed = parsed.unwrap().unwrap();
        let records = parsed.decompress(&limits).unwrap();
        (parsed, records)
    }

    #[test]
    fn what_is_left_lies_where_it_lay() {
        for compression in [Compression::None, Compression::Gzip, Compression::Lz4] {
            let batch = batch(compression);
            let limits = BatchLimits::default();
            let kept = batch.compacted(|record| record.offset() != 100, None, &limits);
            let (parsed, records) = read(&kept.unwrap());
            let found: Vec<_> = records
                .iter()
                .map(|record| {
                    (
                        record.offset(),
                        record.timestamp(),
                        record.headers().count(),
                    )
                })
                .collect();
            assert_eq!(found, [(101, 1_001, 1), (102, 1_002, 1)], "{compression:?}");
            assert_eq!((parsed.base_offset(), parsed.last_offset()), (100, 102));
            assert_eq!((parsed.base_sequence(), parsed.record_count()), (5, 2));
            assert_eq!(parsed.compression(), compression);
            assert_eq!(parsed.partition_leader_epoch(), 3);
            assert_eq!(
                (parsed.max_timestamp(), parsed.delete_horizon()),
                (1_002, None)
            );
        }
    }

    #[test]
    fn horizon_is_set_once() {
        let batch = batch(Compression::None);
        let limits = BatchLimits::default();
        let first = batch.compacted(|_| true, Some(9_000), &limits).unwrap();
        let (parsed, records) = read(&first);
        assert_eq!(parsed.delete_horizon(), Some(9_000));
        let times: Vec<_> = records.iter().map(|record| record.timestamp()).collect();
        assert_eq!(times, [1_000, 1_001, 1_002]);
        let again = parsed.compacted(|record| record.value().is_some(), Some(99_000), &limits);
        let (parsed, records) = read(&again.unwrap());
        assert_eq!((parsed.delete_horizon(), records.len()), (Some(9_000), 2));
    }

    #[test]
    fn nothing_left_is_a_header_and_all_left_the_same_batch() {
        let batch = batch(Compression::Gzip);
        let limits = BatchLimits::default();
        let same = batch.compacted(|_| true, None, &limits).unwrap();
        assert_eq!(same.raw(), batch.raw());
        let empty = batch.compacted(|_| false, Some(9_000), &limits).unwrap();
        let (parsed, records) = read(&empty);
        assert_eq!((records.len(), parsed.encoded_len()), (0, HEADER_LEN));
        assert_eq!((parsed.base_offset(), parsed.last_offset()), (100, 102));
        assert_eq!((parsed.producer_id(), parsed.base_sequence()), (7, 5));
        assert_eq!(
            (parsed.base_timestamp(), parsed.max_timestamp()),
            (-1, 1_002)
        );
    }
}
