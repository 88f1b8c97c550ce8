//! Memory for decoding is bounded by a constant times the bytes received.
//!
//! One test only: the peak is the process's.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod support;

use bytes::Bytes;
use kafka_protocol::messages::{DeleteTopicsResponse, FetchResponse, MetadataRequest};
use kafka_protocol::wire::{Limits, Reader};
use kafka_protocol::{DecodeErrorKind, Message};
use peak_alloc::PeakAlloc;
use support::vectors;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What the documentation of [`Limits`] promises.
fn bound(frame_len: usize) -> usize {
    Limits::EXPANSION * frame_len + 64 * 1024
}

/// The most memory held above what was held before.
fn peak_of(run: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    run();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

fn with(prefix: &[u8], element: &[u8], count: usize, suffix: &[u8]) -> Bytes {
    let mut bytes = prefix.to_vec();
    bytes.extend(i32::try_from(count).unwrap().to_be_bytes());
    (0..count).for_each(|_| bytes.extend(element));
    bytes.extend(suffix);
    bytes.into()
}

#[test]
fn memory_follows_the_bytes_received() {
    every_vector_with_lies_in_it();
    arrays_of_the_smallest_elements();
    claims_without_elements();
}

fn every_vector_with_lies_in_it() {
    let lies: [&[u8]; 4] = [
        &[0x7f, 0xff, 0xff, 0xff],
        &[0, 0x0f, 0x42, 0x40],
        &[0xff, 0xff, 0xff, 0xff, 0x07],
        &[0xfe, 0x7f],
    ];
    for vector in vectors::all() {
        for lie in lies {
            for at in 0..vector.bytes.len().saturating_sub(lie.len()) {
                let mut changed = vector.bytes.to_vec();
                changed[at..at + lie.len()].copy_from_slice(lie);
                let frame = Bytes::from(changed);
                let limit = bound(frame.len());
                let peak = peak_of(|| drop(vector.decode_as(frame)));
                assert!(
                    peak <= limit,
                    "{peak} bytes for {}: {vector:?} with {lie:x?} at {at}",
                    vector.bytes.len()
                );
            }
        }
    }
}

/// Few bytes on the wire each, and as large in memory as they get.
fn arrays_of_the_smallest_elements() {
    // Names of one byte.
    let frame = with(&[], &[0, 1, b't'], 500_000, &[]);
    let limit = bound(frame.len());
    let peak = peak_of(|| {
        let request = MetadataRequest::decode(&mut Reader::new(frame), 0).unwrap();
        assert_eq!(request.topics.map(|topics| topics.len()), Some(500_000));
    });
    assert!(peak <= limit, "{peak} > {limit}");

    // Empty ones come nearest to the bound.
    let frame = with(&[], &[0, 0], 500_000, &[]);
    let limit = bound(frame.len());
    let peak = peak_of(|| drop(MetadataRequest::decode(&mut Reader::new(frame), 0).unwrap()));
    assert!(peak <= limit && peak > limit / 2, "{peak} > {limit}");

    let frame = with(&[], &[0, 0, 0, 0], 500_000, &[]);
    let limit = bound(frame.len());
    let peak = peak_of(|| drop(DeleteTopicsResponse::decode(&mut Reader::new(frame), 0).unwrap()));
    assert!(peak <= limit, "{peak} > {limit}");

    // The caller's own budget holds below that.
    let frame = with(&[], &[0, 1, b't'], 500_000, &[]);
    let limits = Limits {
        max_allocation: 1 << 20,
        ..Limits::default()
    };
    let peak = peak_of(|| {
        let error =
            MetadataRequest::decode(&mut Reader::with_limits(frame, limits), 0).unwrap_err();
        assert!(
            matches!(error.kind(), DecodeErrorKind::OverBudget { .. }),
            "{error}"
        );
    });
    assert!(peak <= 64 * 1024, "{peak}");
}

/// A count that the frame has bytes for, but whose elements are none.
fn claims_without_elements() {
    let element = [0xff; 22];
    let frame = with(&[0, 0, 0, 0], &element, 100_000, &[]);
    let peak = peak_of(|| {
        let error = FetchResponse::decode(&mut Reader::new(frame), 4).unwrap_err();
        assert_eq!(error.path(), "FetchResponse.responses[0].topic");
    });
    assert!(
        peak <= 1024 * 256,
        "{peak}: preparing for 100,000 elements that never come"
    );
}
