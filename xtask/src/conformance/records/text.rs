//! What we find in a buffer, as the Java programs tell it.

use std::fmt::Write;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, Magic, RecordBatch, RecordView, TimestampType,
};

use super::hex;

/// As text, see `RecordOracle.java`.
pub(super) fn of(bytes: &Bytes) -> Result<String, String> {
    let limits = BatchLimits::default();
    let mut rest = bytes.clone();
    let mut text = String::new();
    while let Some(batch) = parse(&mut rest)? {
        let records = batch
            .decompress(&limits)
            .map_err(|error| format!("ours: {error}"))?;
        // A run of messages that nothing holds together is a batch for us, and as
        // many as there are messages for Kafka.
        if batch.magic() != Magic::V2 && batch.compression() == Compression::None {
            for record in &records {
                let (offset, time) = (record.offset(), record.timestamp());
                push_message(&mut text, &batch, offset, time, record.encoded_len());
                push_record(&mut text, &record);
                text.push('|');
            }
            continue;
        }
        if batch.magic() == Magic::V2 {
            push_batch(&mut text, &batch);
        } else {
            let (offset, time) = (batch.last_offset(), batch.max_timestamp());
            push_message(&mut text, &batch, offset, time, batch.encoded_len());
        }
        for record in &records {
            push_record(&mut text, &record);
        }
        text.push('|');
    }
    push(&mut text, format_args!("rest={}", rest.len()));
    Ok(text)
}

pub(super) fn parse(bytes: &mut Bytes) -> Result<Option<RecordBatch>, String> {
    RecordBatch::parse(bytes, &BatchLimits::default()).map_err(|error| format!("ours: {error}"))
}

fn push_message(text: &mut String, batch: &RecordBatch, offset: i64, time: i64, len: usize) {
    push(
        text,
        format_args!(
            "magic={} codec={} last={offset} clock={} max={time} len={len}",
            batch.magic().id(),
            batch.compression(),
            clock(batch),
        ),
    );
}

fn push_batch(text: &mut String, batch: &RecordBatch) {
    push(
        text,
        format_args!(
            "magic={} codec={} base={} last={} clock={} max={} first-time={} leader-epoch={} \
             producer={} producer-epoch={} sequence={} transactional={} control={} horizon={} \
             count={} len={}",
            batch.magic().id(),
            batch.compression(),
            batch.base_offset(),
            batch.last_offset(),
            clock(batch),
            batch.max_timestamp(),
            batch.base_timestamp(),
            batch.partition_leader_epoch(),
            batch.producer_id(),
            batch.producer_epoch(),
            batch.base_sequence(),
            batch.is_transactional(),
            batch.is_control(),
            batch
                .delete_horizon()
                .map_or("-".to_owned(), |time| time.to_string()),
            batch.record_count(),
            batch.encoded_len(),
        ),
    );
}

fn push_record(text: &mut String, record: &RecordView<'_>) {
    push(
        text,
        format_args!(
            ";offset={} time={} key={} value={}",
            record.offset(),
            record.timestamp(),
            part(record.key()),
            part(record.value())
        ),
    );
    for header in record.headers() {
        let (key, value) = (part(Some(header.key.as_bytes())), part(header.value));
        push(text, format_args!(" header={key}:{value}"));
    }
}

fn clock(batch: &RecordBatch) -> &'static str {
    match batch.timestamp_type() {
        TimestampType::CreateTime => "create",
        TimestampType::LogAppendTime => "log",
    }
}

fn part(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "-".to_owned(),
        Some(bytes) if bytes.len() <= 24 => hex::of(bytes),
        Some(bytes) => format!("#{}.{:08x}", bytes.len(), crc32c::crc32c(bytes)),
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = text.write_fmt(arguments);
}
