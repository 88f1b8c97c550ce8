//! What a metadata refresh costs, and finding a record's leader.
//!
//! `cargo bench -p kafka-router --bench metadata`

#![allow(missing_docs, reason = "criterion's macros make a public function")]
#![allow(clippy::expect_used, reason = "a benchmark may stop")]

#[path = "../tests/support/large.rs"]
mod large;

use std::hint::black_box;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use kafka_protocol::Message;
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::wire::{Reader, Sink};
use kafka_router::Cluster;
use large::{VERSION, answer, topic_name};

fn encoded(response: &MetadataResponse) -> Bytes {
    let mut sink = Sink::with_capacity(1 << 20);
    response.encode(&mut sink, VERSION).expect("fits");
    sink.finish().into_bytes()
}

fn decoded(bytes: &Bytes) -> MetadataResponse {
    MetadataResponse::decode(&mut Reader::new(bytes.clone()), VERSION).expect("well-formed")
}

fn refresh(c: &mut Criterion) {
    let mut group = c.benchmark_group("10,000 partitions over 500 topics");
    let bytes = encoded(&answer(500, 20, |_| 0));
    group.bench_function("first answer: decode, build, swap", |b| {
        let shown = ArcSwap::from_pointee(Cluster::default());
        b.iter(|| {
            let next = Cluster::from_metadata(decoded(&bytes), VERSION).expect("brokers");
            shown.store(Arc::new(next));
        });
    });
    for (name, moved) in [
        ("refresh without news", 0),
        ("refresh, 1 partition of 100 moved", 100),
        ("refresh, every partition moved", 1),
    ] {
        let first = Cluster::from_metadata(decoded(&bytes), VERSION).expect("brokers");
        let later = answer(500, 20, |at| i32::from(moved > 0 && at % moved.max(1) == 0));
        let later = encoded(&later);
        group.bench_function(format!("{name}: decode, build, swap"), |b| {
            let shown = ArcSwap::from_pointee(Cluster::default());
            b.iter(|| {
                let next = first.updated(decoded(&later), VERSION).expect("brokers");
                shown.store(Arc::new(next));
            });
        });
    }
    group.bench_function("decode alone", |b| b.iter(|| decoded(black_box(&bytes))));
    group.finish();
}

fn route(c: &mut Criterion) {
    let mut group = c.benchmark_group("a record's leader, by topic name and partition");
    for topics in [5, 500, 5_000] {
        let cluster = Cluster::from_metadata(answer(topics, 20, |_| 0), VERSION);
        let shown = ArcSwap::from_pointee(cluster.expect("brokers"));
        let names: Vec<String> = (0..topics).map(topic_name).collect();
        let mut next = 0;
        group.bench_function(format!("{topics} topics"), |b| {
            b.iter(|| {
                next = (next + 7919) % names.len();
                let cluster = shown.load();
                let topic = cluster.topic(names.get(next)?)?;
                topic.partition(13)?.leader
            });
        });
    }
    group.finish();
}

criterion_group!(benches, refresh, route);
criterion_main!(benches);
