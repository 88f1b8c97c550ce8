//! Each codec on a batch of 1,000 records of 100 bytes that compress as JSON does:
//! microseconds a batch are nanoseconds a record.
//!
//! `cargo bench -p kafka-protocol --bench codecs`

#![allow(missing_docs, reason = "criterion's macros make a public function")]
#![allow(clippy::expect_used, reason = "a benchmark may stop")]

mod data;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, RecordBatch, SealedBatch,
};

fn sealed(values: &[Vec<u8>], compressor: &mut Compressor) -> SealedBatch {
    let mut builder = BatchBuilder::new();
    for (index, value) in values.iter().enumerate() {
        let record = data::record(index, value);
        builder.append(&record).expect("a small record");
    }
    builder.seal(compressor).expect("not empty")
}

fn codecs(c: &mut Criterion) {
    let values = data::values(1_000, 100);
    let mut plain = Compressor::new(Compression::None).expect("always there");
    let plain = sealed(&values, &mut plain).body().clone();
    let limits = BatchLimits::default();
    for codec in Compression::ALL.into_iter().skip(1) {
        let mut group = c.benchmark_group(codec.to_string());
        group.throughput(Throughput::Bytes(plain.len() as u64));
        let mut compressor = Compressor::new(codec).expect("built in");
        group.bench_function("compress", |b| {
            b.iter(|| compressor.compress(black_box(&plain)).expect("compresses"));
        });
        let sealed = sealed(&values, &mut compressor);
        let mut bytes: Bytes = sealed.to_record_bytes(&BatchStamp::default()).into_bytes();
        let batch = RecordBatch::parse(&mut bytes, &limits)
            .expect("well-formed")
            .expect("whole");
        group.bench_function("decompress and check", |b| {
            b.iter(|| black_box(&batch).decompress(&limits).expect("well-formed"));
        });
        group.finish();
    }
}

criterion_group!(benches, codecs);
criterion_main!(benches);
