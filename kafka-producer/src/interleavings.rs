//! Threads against each other on what callers and the sender share, under a
//! scheduler that tries interleavings:
//! `cargo test -p kafka-producer --features shuttle --lib interleavings`.
//!
//! The same scenarios run as plain threads without the feature, many times.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use kafka_net::Error;
use kafka_protocol::records::NewRecord;
use kafka_protocol::{StrBytes, Uuid};

use crate::building::size_bound;
use crate::completion::{Completion, NO_SLOT, Outcome};
use crate::inbox::Inbox;
use crate::memory::{Charge, Memory};
use crate::queue::{Append, Partition, PartitionQueue};
use crate::sync::{AtomicUsize, Mutex, Ordering, lock};

#[cfg(feature = "shuttle")]
use shuttle::thread;
#[cfg(not(feature = "shuttle"))]
use std::thread;

#[cfg(feature = "shuttle")]
fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    shuttle::check_pct(scenario, 3000, 3);
}

#[cfg(not(feature = "shuttle"))]
fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    for _ in 0..2000 {
        scenario();
    }
}

/// A task that only notes that it was woken.
#[derive(Default)]
struct Flag(AtomicUsize);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Flag {
    fn take(&self) -> bool {
        self.0.swap(0, Ordering::SeqCst) > 0
    }
}

/// Polls until ready, only ever again after a wake-up: hangs if one is lost.
fn block_on<F: Future>(future: F) -> F::Output {
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(flag.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        while !flag.take() {
            thread::yield_now();
        }
    }
}

fn partition(memory: &Arc<Memory>, home: &Arc<Inbox>, batch_size: usize) -> Arc<Partition> {
    let queue = PartitionQueue::new(0, Uuid::default(), batch_size, memory.clone(), home.clone());
    Arc::new(Partition::new(0, StrBytes::from_static("t"), 0, queue))
}

fn record(value: &[u8]) -> NewRecord<'_> {
    NewRecord {
        value: Some(value),
        ..NewRecord::default()
    }
}

/// Takes everything there is, woken through the inbox alone.
fn drain(partition: &Partition, home: &Inbox, count: u32, memory: &Arc<Memory>) -> u32 {
    let now = kafka_net::clock::now();
    let mut seen = 0;
    let mut keys = Vec::new();
    while seen < count {
        block_on(std::future::poll_fn(|cx| home.poll_filled(cx)));
        keys.clear();
        home.take(&mut keys);
        let mut backlog = partition.queue().look(now);
        while backlog.oldest.is_some() {
            let Some((building, left)) = partition.queue().take(now) else {
                break;
            };
            backlog = left;
            seen += building.builder.record_count();
            building.resolver.resolve(Outcome::Written {
                base_offset: Some(0),
                log_append_ms: None,
            });
            drop(building.charge);
        }
    }
    assert!(memory.used() <= 1 << 20);
    seen
}

#[test]
fn no_edge_is_lost_between_appenders_and_the_sender() {
    explore(|| {
        let memory = Arc::new(Memory::new(1 << 20));
        let home = Arc::new(Inbox::default());
        let partition = partition(&memory, &home, 200);
        let appenders: Vec<_> = (0..2)
            .map(|_| {
                let partition = partition.clone();
                thread::spawn(move || {
                    for _ in 0..3 {
                        let record = record(&[b'x'; 60]);
                        let bound = size_bound(&record);
                        let appended = partition.queue().append(&record, bound, true, None);
                        let Append::Done { edge, .. } = appended else {
                            panic!("there is room");
                        };
                        partition.tell(edge);
                    }
                })
            })
            .collect();
        assert_eq!(drain(&partition, &home, 6, &memory), 6);
        for appender in appenders {
            appender.join().unwrap();
        }
        assert_eq!(memory.used(), 0);
    });
}

#[test]
fn a_refused_partition_takes_nothing_that_is_not_seen() {
    explore(|| {
        let memory = Arc::new(Memory::new(1 << 20));
        let home = Arc::new(Inbox::default());
        let partition = partition(&memory, &home, 1024);
        let appender = {
            let partition = partition.clone();
            thread::spawn(move || {
                let mut accepted = 0_u32;
                for _ in 0..3 {
                    let record = record(b"v");
                    let bound = size_bound(&record);
                    let appended = partition.queue().append(&record, bound, true, None);
                    accepted += u32::from(matches!(appended, Append::Done { .. }));
                }
                accepted
            })
        };
        partition.queue().refuse(Error::closed("it"));
        let found: u32 = partition
            .queue()
            .take_all()
            .into_iter()
            .map(|building| building.builder.record_count())
            .sum();
        assert_eq!(appender.join().unwrap(), found);
    });
}

#[test]
fn whoever_waits_for_an_outcome_is_woken() {
    explore(|| {
        let (completion, resolver) = Completion::new(0);
        let waiters: Vec<_> = (0..2)
            .map(|index| {
                let completion: Arc<Completion> = completion.clone();
                thread::spawn(move || {
                    let mut slot = NO_SLOT;
                    block_on(std::future::poll_fn(|cx| {
                        completion.poll_record(index, &mut slot, cx)
                    }))
                    .unwrap()
                    .offset
                })
            })
            .collect();
        let written = |base| Outcome::Written {
            base_offset: Some(base),
            log_append_ms: None,
        };
        let (first, rest) = resolver.split(1);
        rest.resolve(written(11));
        first.resolve(written(10));
        for (waiter, offset) in waiters.into_iter().zip([10, 11]) {
            assert_eq!(waiter.join().unwrap(), Some(offset));
        }
    });
}

#[test]
fn memory_is_granted_to_all_who_wait_and_comes_back() {
    explore(|| {
        let memory = Arc::new(Memory::new(100));
        let deadline = kafka_net::clock::now() + Duration::from_secs(3600);
        let mut held = Charge::none(&memory);
        assert!(held.try_grow(100, 100));
        let waiters: Vec<_> = (0..2)
            .map(|n| {
                let memory = memory.clone();
                thread::spawn(move || {
                    let (room, _) = memory.wait(60 + n, deadline);
                    drop(block_on(room).unwrap());
                })
            })
            .collect();
        let quitter = {
            let memory = memory.clone();
            thread::spawn(move || {
                let (mut room, _) = memory.wait(90, deadline);
                let mut cx = Context::from_waker(Waker::noop());
                drop(Pin::new(&mut room).poll(&mut cx));
                thread::yield_now();
                drop(room);
            })
        };
        thread::yield_now();
        drop(held);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        quitter.join().unwrap();
        assert_eq!(memory.used(), 0);
        assert!(!memory.is_short());
    });
}

#[test]
fn refused_memory_leaves_nobody_waiting() {
    explore(|| {
        let memory = Arc::new(Memory::new(100));
        let deadline = kafka_net::clock::now() + Duration::from_secs(3600);
        let mut held = Charge::none(&memory);
        assert!(held.try_grow(100, 100));
        let outcomes = Arc::new(Mutex::new(Vec::new()));
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let (memory, outcomes) = (memory.clone(), outcomes.clone());
                thread::spawn(move || {
                    let (room, _) = memory.wait(60, deadline);
                    let outcome = block_on(room).is_ok();
                    lock(&outcomes).push(outcome);
                })
            })
            .collect();
        memory.refuse(&Error::closed("it"));
        drop(held);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(lock(&outcomes).len(), 2);
        assert_eq!(memory.used(), 0);
    });
}
