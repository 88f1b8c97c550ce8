//! Nanoseconds a record to build a batch and to read one.
//!
//! `cargo bench -p kafka-protocol --bench records`

#![allow(missing_docs, reason = "criterion's macros make a public function")]
#![allow(clippy::expect_used, reason = "a benchmark may stop")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Header, NewRecord, RecordBatch,
};

const RECORDS: usize = 2_000;
const NOW: i64 = 1_763_700_000_000;

/// Values that compress about as well as JSON does.
fn values(len: usize) -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..RECORDS)
        .map(|_| {
            let mut value = Vec::with_capacity(len + 32);
            while value.len() < len {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                value.extend_from_slice(format!("{{\"id\":{},\"state\":", state >> 44).as_bytes());
                value.extend_from_slice(b"\"shipped\"},");
            }
            value.truncate(len);
            value
        })
        .collect()
}

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
        let values = values(len);
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
    let values = values(100);
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

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(RECORDS as u64));
    let limits = BatchLimits::default();
    for len in [10, 100, 1_000] {
        let bytes = sealed(&values(len), Compression::None);
        group.bench_function(format!("check and iterate {len} B"), |b| {
            b.iter(|| read(black_box(&bytes), &limits));
        });
        group.bench_function(format!("check and iterate {len} B, no CRC"), |b| {
            b.iter(|| read(black_box(&bytes), &limits.with_check_crc(false)));
        });
    }
    group.finish();
}

fn codecs(c: &mut Criterion) {
    let values = values(100);
    let mut group = c.benchmark_group("codecs");
    let mut builder = BatchBuilder::new();
    filled(&mut builder, &values, None, &[]);
    let plain = builder
        .seal(&mut Compressor::new(Compression::None).expect("always there"))
        .expect("not empty");
    group.throughput(Throughput::Bytes(plain.body().len() as u64));
    for codec in Compression::ALL.into_iter().skip(1) {
        let mut compressor = Compressor::new(codec).expect("built in");
        group.bench_function(format!("compress {codec}"), |b| {
            b.iter(|| {
                compressor
                    .compress(black_box(plain.body()))
                    .expect("compresses")
            });
        });
        let bytes = sealed(&values, codec);
        group.bench_function(format!("decompress and iterate {codec}"), |b| {
            b.iter(|| read(black_box(&bytes), &BatchLimits::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, encode, decode, codecs);
criterion_main!(benches);
