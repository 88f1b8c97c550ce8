//! Kafka's batches, written anew by us from the records in them.

use bytes::{Bytes, BytesMut};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Header, Magic,
    MessageSetBuilder, NewRecord, RecordBatch, RecordError, RecordView, Records, TimestampType,
};

use super::{hex, text};

/// The same batches, a cut one at the end included. What is not compressed has one
/// form only, so bytes that differ there are an error.
pub(super) fn rewritten(bytes: &Bytes) -> Result<Bytes, String> {
    let mut rest = bytes.clone();
    let mut out = BytesMut::with_capacity(bytes.len());
    while let Some(batch) = text::parse(&mut rest)? {
        let ours = of(&batch).map_err(|error| format!("writing again: {error}"))?;
        if batch.compression() == Compression::None && ours != *batch.raw() {
            return Err(format!(
                "written again, the batch at offset {} differs from byte {} on\n  ours {}",
                batch.base_offset(),
                same(&ours, batch.raw()),
                hex::shown(&ours)
            ));
        }
        out.extend_from_slice(&ours);
    }
    out.extend_from_slice(&rest);
    Ok(out.freeze())
}

fn of(batch: &RecordBatch) -> Result<Bytes, RecordError> {
    let records = batch.decompress(&BatchLimits::default())?;
    match batch.magic() {
        Magic::V2 if has_gaps(batch, &records) || batch.delete_horizon().is_some() => {
            // Only a log cleaner leaves that.
            let mut compressor = Compressor::new(batch.compression())?;
            let again = batch.recompress(&mut compressor, &BatchLimits::default())?;
            Ok(again.raw().clone())
        }
        Magic::V2 => batch_of(batch, &records),
        magic => message_set_of(magic, batch, &records),
    }
}

fn has_gaps(batch: &RecordBatch, records: &Records) -> bool {
    batch.last_offset() - batch.base_offset() + 1 != records.len() as i64
}

fn batch_of(batch: &RecordBatch, records: &Records) -> Result<Bytes, RecordError> {
    let is_append_time = batch.timestamp_type() == TimestampType::LogAppendTime;
    let mut builder = BatchBuilder::new();
    for (index, record) in records.iter().enumerate() {
        let headers: Vec<Header<'_>> = record.headers().collect();
        let mut new = new(&record, &headers);
        if is_append_time {
            // The broker's time hides the producer's, which the Java program counts up.
            new.timestamp = batch.base_timestamp() + index as i64;
        }
        builder.append(&new)?;
    }
    let sealed = builder.seal(&mut Compressor::new(batch.compression())?)?;
    let stamp = BatchStamp {
        base_offset: batch.base_offset(),
        partition_leader_epoch: batch.partition_leader_epoch(),
        producer_id: batch.producer_id(),
        producer_epoch: batch.producer_epoch(),
        base_sequence: batch.base_sequence(),
        transactional: batch.is_transactional(),
        control: batch.is_control(),
        timestamp_type_log_append: false,
    };
    let bytes = sealed.to_record_bytes(&stamp).into_bytes();
    if !is_append_time {
        return Ok(bytes);
    }
    let ours = RecordBatch::parse(&mut bytes.clone(), &BatchLimits::default())?;
    match ours {
        Some(ours) => {
            let ours = ours.with_log_append_time(batch.max_timestamp())?;
            Ok(ours.raw().clone())
        }
        None => Ok(bytes),
    }
}

fn message_set_of(
    magic: Magic,
    batch: &RecordBatch,
    records: &Records,
) -> Result<Bytes, RecordError> {
    let mut builder = match magic {
        Magic::V0 => MessageSetBuilder::v0(),
        _ => MessageSetBuilder::v1(),
    };
    if batch.timestamp_type() == TimestampType::LogAppendTime {
        builder = builder.with_log_append_time(batch.max_timestamp());
    }
    for record in records {
        builder.append_at(record.offset(), &new(&record, &[]))?;
    }
    let set = builder.seal(&mut Compressor::new(batch.compression())?)?;
    Ok(set.raw().clone())
}

fn new<'a>(record: &RecordView<'a>, headers: &'a [Header<'a>]) -> NewRecord<'a> {
    NewRecord {
        timestamp: record.timestamp(),
        key: record.key(),
        value: record.value(),
        headers,
    }
}

fn same(ours: &[u8], kafkas: &[u8]) -> usize {
    ours.iter().zip(kafkas).take_while(|(a, b)| a == b).count()
}
