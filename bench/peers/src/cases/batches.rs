//! One batch: building it and reading it.

use bytes::{Bytes, BytesMut};
use ours::records::{BatchBuilder, BatchLimits, BatchStamp, Compressor, RecordBatch};
use peer::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, Record,
    RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};

use crate::data::{self, NOW};
use crate::sum::sum;
use crate::{Case, Column};

const RECORDS: usize = 1_000;
const VALUE_LEN: usize = 100;

pub(super) fn cases() -> Vec<Case> {
    vec![
        encode(false),
        encode(true),
        read(),
        read_and_sum(),
    ]
}

/// From borrowed values to a batch with header and checksum.
fn encode(reuse: bool) -> Case {
    let values = data::values(RECORDS, VALUE_LEN);
    let capacity = RECORDS * (VALUE_LEN + 12);
    let (ours_values, bare_values) = (values.clone(), values.clone());
    let mut plain = Compressor::new(ours::records::Compression::None).unwrap();
    let peer_records = peer_records(&values);
    let name = if reuse {
        "batch of 1,000 × 100 B: encode with CRC, capacity known"
    } else {
        "batch of 1,000 × 100 B: encode with CRC, growing"
    };
    let mut case = Case::new(name, "record", RECORDS).with(Column::Ours, move || {
        let mut builder = if reuse {
            BatchBuilder::with_capacity(capacity)
        } else {
            BatchBuilder::new()
        };
        for (index, value) in ours_values.iter().enumerate() {
            builder.append(&data::record(index, value)).unwrap();
        }
        let sealed = builder.seal(&mut plain).unwrap();
        let header = sealed.header(&BatchStamp::default());
        (header.len() + sealed.body().len()) as u64
    });
    case = case.with(Column::Bare, move || {
        data::bare_encode(&bare_values)
    });
    case.with(Column::Peer, move || {
        let mut batch = BytesMut::new();
        if reuse {
            batch.reserve(capacity);
        }
        peer_batch(&mut batch, &peer_records);
        batch.len() as u64
    })
}

/// Checks the checksum and every record, then goes over them.
fn read() -> Case {
    let bytes = data::batch(&data::values(RECORDS, VALUE_LEN)).into_bytes();
    let (bare, peer) = (bytes.clone(), bytes.clone());
    Case::new(
        "batch of 1,000 × 100 B: validate with CRC, iterate",
        "record",
        RECORDS,
    )
    .with(Column::Ours, move || {
        ours_read(bytes.clone(), |value| u64::from(value[0]))
    })
    .with(Column::Bare, move || data::bare_read(&bare))
    .with(Column::Peer, move || {
        peer_read(peer.clone(), |value| u64::from(value[0]))
    })
}

fn read_and_sum() -> Case {
    let bytes = data::batch(&data::values(RECORDS, VALUE_LEN)).into_bytes();
    let peer = bytes.clone();
    Case::new(
        "batch of 1,000 × 100 B: validate with CRC, iterate, sum all bytes",
        "record",
        RECORDS,
    )
    .with(Column::Ours, move || ours_read(bytes.clone(), sum))
    .with(Column::Peer, move || peer_read(peer.clone(), sum))
}

pub(super) fn ours_read(mut bytes: Bytes, look: impl Fn(&[u8]) -> u64) -> u64 {
    let limits = BatchLimits::default();
    let mut total = 0_u64;
    while let Some(batch) = RecordBatch::parse(&mut bytes, &limits).unwrap() {
        for record in &batch.decompress(&limits).unwrap() {
            total += record.value().map_or(0, &look) + record.offset() as u64;
        }
    }
    total
}

pub(super) fn peer_read(mut bytes: Bytes, look: impl Fn(&[u8]) -> u64) -> u64 {
    let mut total = 0_u64;
    for batch in RecordBatchDecoder::decode_all(&mut bytes).unwrap() {
        for record in &batch.records {
            total += record.value.as_deref().map_or(0, &look) + record.offset as u64;
        }
    }
    total
}

/// Records as the peer wants them, made ahead: that is not measured.
pub(super) fn peer_records(values: &[Vec<u8>]) -> Vec<Record> {
    let record = |(index, value): (usize, &Vec<u8>)| Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        timestamp_type: TimestampType::Creation,
        offset: index as i64,
        sequence: index as i32 - 1,
        timestamp: NOW + (index / 100) as i64,
        key: None,
        value: Some(Bytes::from(value.clone())),
        headers: Default::default(),
    };
    values.iter().enumerate().map(record).collect()
}

pub(super) fn peer_batch(batch: &mut BytesMut, records: &[Record]) {
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    RecordBatchEncoder::encode(batch, records, &options).unwrap();
}
