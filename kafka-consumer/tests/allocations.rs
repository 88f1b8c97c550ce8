//! Going through records allocates nothing per record.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use allocation_counter::measure;
use kafka_consumer::{ConsumerConfig, Start};
use kafka_protocol::records::{BatchBuilder, Compression, Header, NewRecord};

use support::{Bench, bench, next};

const RECORDS: usize = 5_000;
const BATCHES: usize = 4;

async fn filled(compression: Compression, headers: &[Header<'_>]) -> Bench {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    for _ in 0..BATCHES {
        let mut builder = BatchBuilder::new();
        for _ in 0..RECORDS {
            let record = NewRecord {
                timestamp: 1,
                key: Some(b"key"),
                value: Some(&[b'v'; 100]),
                headers,
            };
            builder.append(&record).unwrap();
        }
        bench.append("t", 0, builder, compression).await;
    }
    bench
}

#[tokio::test(start_paused = true)]
async fn iterating_a_batch_allocates_nothing() {
    let headers = [Header {
        key: "name",
        value: Some(b"value"),
    }];
    for compression in Compression::ALL {
        let bench = filled(compression, &headers).await;
        let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
        let batch = next(&mut consumer).await.unwrap();
        let mut bytes = 0;
        let counted = measure(|| {
            for record in &batch {
                bytes += record.key().unwrap_or_default().len();
                bytes += record.value().unwrap_or_default().len();
                for header in record.headers() {
                    bytes += header.key.len() + header.value.unwrap_or_default().len();
                }
            }
        });
        assert_eq!(bytes, RECORDS * (3 + 100 + 9));
        assert_eq!(counted.count_total, 0, "{compression}");
    }
}

#[tokio::test(start_paused = true)]
async fn batches_are_taken_with_a_few_allocations_each() {
    let bench = filled(Compression::None, &[]).await;
    let mut consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    next(&mut consumer).await.unwrap();
    let (mut records, mut allocations) = (0, 0);
    for _ in 1..BATCHES {
        let mut future = Box::pin(consumer.next_batch());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut batch = None;
        while batch.is_none() {
            let counted = measure(|| {
                if let std::task::Poll::Ready(ready) = future.as_mut().poll(&mut context) {
                    batch = ready.unwrap();
                }
            });
            allocations += counted.count_total;
            tokio::task::yield_now().await;
        }
        records += batch.map_or(0, |batch| batch.len());
    }
    assert_eq!(records, RECORDS * (BATCHES - 1));
    assert!(allocations <= 10 * BATCHES as u64, "{allocations}");
}

#[tokio::test(start_paused = true)]
async fn owned_records_share_their_allocations() {
    let bench = filled(Compression::None, &[]).await;
    let consumer = bench.reading(ConsumerConfig::default(), Start::Earliest);
    let mut stream = consumer.records();
    stream.next_record().await.unwrap().unwrap();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut kept = Vec::with_capacity(RECORDS);
    // To the end of the first batch, which is at hand.
    let counted = measure(|| {
        for _ in 1..RECORDS {
            let mut future = std::pin::pin!(stream.next_record());
            match future.as_mut().poll(&mut context) {
                std::task::Poll::Ready(Ok(Some(record))) => kept.push(record),
                other => panic!("{other:?}"),
            }
        }
    });
    assert_eq!(kept.len(), RECORDS - 1);
    assert!(
        kept.iter()
            .all(|record| record.value.as_deref() == Some(&[b'v'; 100]))
    );
    // 103 bytes each, in chunks of 4 KiB, of two allocations.
    assert!(counted.count_total < RECORDS as u64 / 15, "{counted:?}");
}
