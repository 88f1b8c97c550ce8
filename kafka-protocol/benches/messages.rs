//! Nanoseconds to encode, measure and decode the messages that clients live on.
//!
//! `cargo bench -p kafka-protocol --bench messages`

#![allow(missing_docs, reason = "criterion's macros make a public function")]
#![allow(clippy::expect_used, reason = "a benchmark may stop")]

mod data;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kafka_protocol::Message;
use kafka_protocol::wire::{Reader, Sink};

/// One message in some of its versions, the last plain and the newest among them.
fn message<M: Message>(c: &mut Criterion, size: &str, versions: &[i16], message: &M) {
    let mut group = c.benchmark_group(format!("{} of {size}", M::SCHEMA.name));
    for &version in versions {
        let len = message.encoded_len(version).expect("a version of it");
        group.bench_function(format!("encode v{version}"), |b| {
            b.iter(|| {
                let mut sink = Sink::with_capacity(512);
                black_box(message).encode(&mut sink, version).expect("fits");
                sink.finish()
            });
        });
        group.bench_function(format!("encoded_len v{version}"), |b| {
            b.iter(|| black_box(message).encoded_len(version).expect("fits"));
        });
        let mut sink = Sink::with_capacity(len);
        message.encode(&mut sink, version).expect("fits");
        let bytes = sink.finish().into_bytes();
        group.bench_function(format!("decode v{version}"), |b| {
            b.iter(|| M::decode(&mut Reader::new(bytes.clone()), version).expect("well-formed"));
        });
    }
    group.finish();
}

fn messages(c: &mut Criterion) {
    let batch = data::batch(&data::values(100, 100));
    let produce = data::produce_request(|_| batch.clone());
    message(c, "100 partitions", &[3, 8, 9, 13], &produce);
    message(
        c,
        "100 partitions",
        &[4, 11, 12, 18],
        &data::fetch_response(&batch),
    );
    message(
        c,
        "1,000 topics",
        &[1, 8, 9, 13],
        &data::metadata_response(),
    );
    message(c, "every key", &[0, 3], &data::api_versions_response());
    message(c, "50 members", &[5, 9], &data::join_group_response());
    message(
        c,
        "100 partitions",
        &[2, 8, 10],
        &data::offset_commit_request(),
    );
    message(c, "100 partitions", &[5, 7], &data::offset_fetch_response());
}

criterion_group!(benches, messages);
criterion_main!(benches);
