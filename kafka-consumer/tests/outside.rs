//! Handles work under any executor, futures may be dropped anywhere, and a runtime
//! that ends resolves who waits.

mod support;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::Thread;
use std::time::Duration;

use kafka_consumer::{ConsumerConfig, Start, TopicPartition};
use kafka_net::ErrorKind;

use support::{Bench, bench, dropped_after, next};

fn small() -> ConsumerConfig {
    ConsumerConfig::default()
        .partition_fetch_bytes(1_024)
        .group("g")
}

async fn filled(count: usize) -> Bench {
    let bench = bench();
    bench.cluster.create_topic("t", 1);
    for n in 0..count {
        bench.produce("t", 0, &[&n.to_string(), "second"]).await;
    }
    bench
}

/// An executor that knows nothing of tokio.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}

#[test]
fn everything_works_outside_of_the_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let bench = runtime.block_on(filled(20));
    let mut consumer = bench.consumer(small());
    block_on(consumer.assign_topic("t", Start::Earliest)).unwrap();
    let batch = block_on(consumer.next_batch()).unwrap().unwrap();
    assert_eq!(batch.first_offset(), 0);
    let record = block_on(consumer.next_record()).unwrap().unwrap();
    assert_eq!(record.offset, 2);
    block_on(consumer.commit()).unwrap();
    let committed = block_on(consumer.committed([("t", 0)])).unwrap();
    let committed = committed[&TopicPartition::new("t", 0)].as_ref().unwrap();
    assert_eq!(committed.offset, 3);
    let end = block_on(consumer.end_offsets([("t", 0)])).unwrap();
    assert_eq!(end[&TopicPartition::new("t", 0)], 40);
    consumer.seek("t", 0, Start::Offset(39)).unwrap();
    let mut stream = consumer.records();
    assert_eq!(block_on(stream.next_record()).unwrap().unwrap().offset, 39);
    block_on(consumer.close(Duration::from_secs(5))).unwrap();
    assert!(block_on(stream.next_record()).unwrap().is_none());
}

#[test]
fn a_runtime_that_ends_resolves_who_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bench = runtime.block_on(filled(1));
    let mut consumer = bench.reading(small(), Start::Latest);
    let mut waiting = consumer.clone();
    let thread = std::thread::spawn(move || block_on(waiting.next_batch()));
    runtime.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
    let commit = consumer.clone();
    let commit = std::thread::spawn(move || block_on(commit.commit_offsets([(("t", 0), 1)])));
    // The commit waits for a driver that runs no more.
    std::thread::sleep(Duration::from_millis(50));
    drop(runtime);
    assert_eq!(
        *thread.join().unwrap().unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert_eq!(
        *commit.join().unwrap().unwrap_err().kind(),
        ErrorKind::Closed
    );
    let later = [
        block_on(consumer.next_batch()).map(drop),
        block_on(consumer.commit()),
        block_on(consumer.assign_topic("other", Start::Latest)),
        block_on(consumer.end_offsets([("t", 0)])).map(drop),
        consumer.seek("t", 0, Start::Earliest),
    ];
    for result in later {
        assert_eq!(*result.unwrap_err().kind(), ErrorKind::Closed);
    }
    block_on(consumer.close(Duration::from_secs(5))).unwrap();
    // Built on a runtime that is gone: closed from the start.
    let mut late = bench.consumer(small());
    assert!(block_on(late.next_batch()).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_hand_out_dropped_at_any_poll_is_not_lost() {
    let bench = filled(40).await;
    let mut consumer = bench.reading(small(), Start::Earliest);
    let mut expected = 0;
    let mut polls = 0;
    while expected < 80 {
        let batches = expected % 3 == 0;
        let came = if batches {
            let batch = dropped_after(polls % 4, consumer.next_batch()).await;
            batch.map(|batch| {
                let batch = batch.unwrap().unwrap();
                (batch.first_offset(), batch.next_offset())
            })
        } else {
            let record = dropped_after(polls % 4, consumer.next_record()).await;
            record.map(|record| {
                let offset = record.unwrap().unwrap().offset;
                (offset, offset + 1)
            })
        };
        if let Some((first, next)) = came {
            assert_eq!(first, expected);
            expected = next;
        }
        assert_eq!(consumer.position("t", 0).unwrap_or(0), expected);
        polls += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_future_may_be_dropped_at_any_poll() {
    let bench = filled(5).await;
    for polls in 0..12 {
        let mut consumer = bench.consumer(small());
        let assigned = dropped_after(polls, consumer.assign_topic("t", Start::Earliest)).await;
        match assigned {
            Some(result) => result.unwrap(),
            None => {
                assert!(consumer.assignment().is_empty(), "{polls}");
                consumer.assign_topic("t", Start::Earliest).await.unwrap();
            }
        }
        let tp = || [TopicPartition::new("t", 0)];
        dropped_after(polls, consumer.beginning_offsets(tp())).await;
        dropped_after(polls, consumer.end_offsets(tp())).await;
        dropped_after(polls, consumer.offsets_for_times([(("t", 0), 0)])).await;
        dropped_after(polls, consumer.committed(tp())).await;
        let batch = next(&mut consumer).await.unwrap();
        assert_eq!(batch.first_offset(), 0, "{polls}");
        dropped_after(polls, consumer.commit_through(&batch)).await;
        dropped_after(polls, consumer.commit()).await;
        // All of it still works.
        assert_eq!(consumer.end_offsets(tp()).await.unwrap()[&tp()[0]], 10);
        consumer.commit_offsets([(("t", 0), 1)]).await.unwrap();
        assert_eq!(bench.cluster.committed_offset("g", "t", 0), Some(1));
        dropped_after(polls, consumer.close(Duration::from_secs(5))).await;
        if polls > 0 {
            assert!(consumer.next_batch().await.unwrap().is_none(), "{polls}");
        }
    }
}
