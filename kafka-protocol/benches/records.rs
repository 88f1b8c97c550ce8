//! Building a batch of 1,000 records and reading one: microseconds a batch are
//! nanoseconds a record.
//!
//! `cargo bench -p kafka-protocol --bench records`

#![allow(missing_docs, reason = "criterion's macros make a public function")]
#![allow(clippy::expect_used, reason = "a benchmark may stop")]

mod data;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Header, NewRecord, RecordBatch,
};

const RECORDS: usize = 1_000;
const NOW: i64 = 1_763_700_000_000;

fn filled(
    builder: &mut BatchBuilder,
    values: &[Vec<u8>],
    key: Option<&[u8]>,
    headers: &[Header<'_>],
) {
    for (index, value) in values.iter().enumerate() {
        let record = NewRecord {
            timestamp: NOW + (index / 100) as i64,
            key,
            value: Some(value),
            headers,
        };
        black_box(builder.append(black_box(&record)).expect("a small record"));
    }
}

fn sealed(values: &[Vec<u8>], compression: Compression) -> Bytes {
    let mut builder = BatchBuilder::new();
    filled(&mut builder, values, None, &[]);
    let mut compressor = Compressor::new(compression).expect("built in");
    let batch = builder.seal(&mut compressor).expect("not empty");
    batch.to_record_bytes(&BatchStamp::default()).into_bytes()
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    group.throughput(Throughput::Elements(RECORDS as u64));
    let mut plain = Compressor::new(Compression::None).expect("always there");
    for len in [10, 100, 1_000] {
        let values = data::values(RECORDS, len);
        group.bench_function(format!("append {len} B"), |b| {
            b.iter(|| {
                let mut builder = BatchBuilder::with_capacity(RECORDS * (len + 40));
                filled(&mut builder, &values, None, &[]);
                builder
            });
        });
        group.bench_function(format!("append {len} B, growing"), |b| {
            b.iter(|| {
                let mut builder = BatchBuilder::new();
                filled(&mut builder, &values, None, &[]);
                builder
            });
        });
        group.bench_function(format!("append, seal, stamp {len} B, growing"), |b| {
            b.iter(|| {
                let mut builder = BatchBuilder::new();
                filled(&mut builder, &values, None, &[]);
                let batch = builder.seal(&mut plain).expect("not empty");
                let header = batch.header(&BatchStamp::default());
                (batch, header)
            });
        });
    }
    let values = data::values(RECORDS, 100);
    group.bench_function("append 100 B with a key", |b| {
        b.iter(|| {
            let mut builder = BatchBuilder::with_capacity(RECORDS * 160);
            filled(&mut builder, &values, Some(b"customer-0815"), &[]);
            builder
        });
    });
    let headers = [
        Header {
            key: "trace",
            value: Some(b"0123456789abcdef"),
        },
        Header {
            key: "source",
            value: None,
        },
    ];
    group.bench_function("append 100 B with two headers", |b| {
        b.iter(|| {
            let mut builder = BatchBuilder::with_capacity(RECORDS * 200);
            filled(&mut builder, &values, None, &headers);
            builder
        });
    });
    group.finish();
}

fn read(bytes: &Bytes, limits: &BatchLimits) -> usize {
    let mut bytes = bytes.clone();
    let mut sum = 0;
    while let Some(batch) = RecordBatch::parse(&mut bytes, limits).expect("a good batch") {
        for record in &batch.decompress(limits).expect("a good batch") {
            sum += record.value().map_or(0, |value| usize::from(value[0]));
            sum += record.offset() as usize;
        }
    }
    sum
}

/// Values as shared buffers of their own.
fn own(bytes: &Bytes, limits: &BatchLimits) -> Vec<Bytes> {
    let mut bytes = bytes.clone();
    let batch = RecordBatch::parse(&mut bytes, limits).expect("a good batch");
    let records = batch
        .expect("whole")
        .decompress(limits)
        .expect("a good batch");
    let values = records.iter().filter_map(|record| record.value());
    values.map(|value| records.share(value)).collect()
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(RECORDS as u64));
    let limits = BatchLimits::default();
    for len in [10, 100, 1_000] {
        let bytes = sealed(&data::values(RECORDS, len), Compression::None);
        group.bench_function(format!("check and iterate {len} B"), |b| {
            b.iter(|| read(black_box(&bytes), &limits));
        });
        group.bench_function(format!("check, own each value {len} B"), |b| {
            b.iter(|| own(black_box(&bytes), &limits));
        });
        group.bench_function(format!("check and iterate {len} B, no CRC"), |b| {
            b.iter(|| read(black_box(&bytes), &limits.with_check_crc(false)));
        });
    }
    group.finish();
}

/// What no implementation can do without: copying and a checksum, or a checksum and
/// a look at each record.
fn bare(c: &mut Criterion) {
    let mut group = c.benchmark_group("bare loop");
    group.throughput(Throughput::Elements(RECORDS as u64));
    let values = data::values(RECORDS, 100);
    group.bench_function("copy and CRC-32C 100 B", |b| {
        b.iter(|| data::bare_encode(black_box(&values)));
    });
    let bytes = sealed(&values, Compression::None);
    group.bench_function("CRC-32C and iterate 100 B", |b| {
        b.iter(|| data::bare_read(black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, encode, decode, bare);
criterion_main!(benches);
