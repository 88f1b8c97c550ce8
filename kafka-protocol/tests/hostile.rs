//! Bytes that are not what they claim: errors, never panics.
//!
//! Where each kind of hostile input is tested:
//!
//! | Input | Test |
//! |---|---|
//! | frame negative, 2 GiB, HTTP, TLS | `frame::decoder`: `lengths_that_are_none` |
//! | frame whose bytes do not come | `frame::decoder`: `memory_follows_the_bytes_received_not_the_claim` |
//! | frame shorter than its header | `frames_shorter_than_a_header` |
//! | frame changed at its header or anywhere | `mutations.rs`: `request_frames`, `response_frames`, `streams` |
//! | array count huge, -1, below | `wire::reader`: `counts_are_checked_before_allocation`, `element_limit` |
//! | sibling arrays, nested arrays | `wire::reader`: `siblings_share_one_budget`; `mutations.rs`: `wide_messages` |
//! | string overrun, bad UTF-8 | `wire::reader`: `refused_strings` |
//! | variable-length integers | `wire::primitives`: `varints_up_to_their_width`, `varlongs_up_to_their_width` |
//! | tagged fields huge, twice, unordered | `wire::tagged`: `hostile_sections_are_refused`, `unknown_fields_are_charged_before_they_are_kept` |
//! | trailing and missing bytes | `bytes_after_a_message_are_noticed`, `kafka_s_messages_cut_at_every_length_are_refused` |
//! | any body changed anywhere | `mutations.rs`: `messages`; `lengths_and_counts_out_of_bounds_at_every_place` |
//! | batch length, magic, counts | `records_hostile`: `headers_that_lie` |
//! | record length, headers, deltas | `records_hostile`: `records_that_lie` |
//! | a right checksum over lies | the two above, `fix_crc` and `batch_of` in `records_support` |
//! | sets of magic 0 and 1, wrappers | `records_hostile/message_sets.rs`: `messages_that_lie`, `wrappers_that_lie`, `lz4_checksums` |
//! | two abort markers | `records_hostile/control.rs`: `markers_that_come_twice` |
//! | unknown control types | `records_hostile/control.rs`: `kinds_that_nobody_knows` |
//! | bombs, in each format | `bombs` in `records_hostile/codecs.rs` and `message_sets.rs` |
//! | false sizes: gzip, snappy, lz4, zstd | `records_hostile/codecs.rs`: `gzip_members_that_lie`, `snappy_blocks_that_lie`, `lz4_frames_that_lie`, `zstd_frames_that_lie` |
//! | buffers that are used again | `records_hostile/codecs.rs`: `nothing_of_one_batch_is_in_the_next` |
//! | batches and sets changed anywhere | `mutations.rs`: `batches`, `message_sets`; `mutations` in `records_hostile` |
//! | any of these anywhere | the targets of `fuzz/` |
//!
//! Negative ids, epochs, offsets and ports are for those who know what they mean:
//! the codec hands them on.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod support;

use bytes::Bytes;
use kafka_protocol::ApiKey;
use kafka_protocol::frame::{self, FrameDecoder};
use kafka_protocol::messages::AnyRequest;
use kafka_protocol::wire::Limits;
use proptest::prelude::*;
use support::vectors::{self, Vector};

/// What was read from changed bytes must be a value like any other.
fn check(vector: &Vector, bytes: Bytes) {
    if let Ok(message) = vector.decode_as(bytes) {
        let written = vector
            .encode(&message)
            .unwrap_or_else(|error| panic!("{error}: {message:?}"));
        let read = vector.decode_as(written.clone());
        // By their bytes: a float that is no number does not equal itself.
        let again = read.map(|message| vector.encode(&message).unwrap());
        assert_eq!(again, Ok(written), "{message:?}");
    }
}

#[test]
fn kafka_s_messages_cut_at_every_length_are_refused() {
    for vector in vectors::all() {
        for len in 0..vector.bytes.len() {
            let cut = vector.decode_as(vector.bytes.slice(..len));
            assert!(cut.is_err(), "{vector:?} cut at {len} read as {cut:?}");
        }
    }
}

#[test]
fn bytes_after_a_message_are_noticed() {
    for vector in vectors::all() {
        let mut longer = vector.bytes.to_vec();
        longer.push(0);
        let error = vector.decode_as(longer.into()).unwrap_err();
        assert!(error.to_string().contains("1 bytes left over"), "{error}");
    }
}

#[test]
fn lengths_and_counts_out_of_bounds_at_every_place() {
    let lies: [&[u8]; 7] = [
        &[0x7f, 0xff, 0xff, 0xff],
        &[0x80, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xfe],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xff, 0xff, 0xff, 0xff],
        &[0, 0x0f, 0x42, 0x40],
        &[0x7f, 0xff],
    ];
    for vector in vectors::all() {
        for lie in lies {
            for at in 0..vector.bytes.len().saturating_sub(lie.len()) {
                let mut changed = vector.bytes.to_vec();
                changed[at..at + lie.len()].copy_from_slice(lie);
                check(&vector, changed.into());
            }
        }
    }
}

#[test]
fn frames_shorter_than_a_header() {
    let limits = Limits::default();
    // Metadata version 9, correlation id 7, client id "me", no tagged field.
    let header = [0, 3, 0, 9, 0, 0, 0, 7, 0, 2, b'm', b'e', 0];
    for len in 0..header.len() {
        let cut = Bytes::copy_from_slice(&header[..len]);
        assert!(frame::open_request(cut.clone(), limits).is_err(), "{len}");
        assert!(frame::decode_request(cut, limits).is_err(), "{len}");
    }
    let whole = frame::open_request(Bytes::copy_from_slice(&header), limits);
    assert_eq!(whole.unwrap().0.correlation_id, 7);
    let header = [0, 0, 0, 7, 0];
    for len in 0..header.len() {
        let cut = Bytes::copy_from_slice(&header[..len]);
        let opened = frame::open_response(ApiKey::Metadata, 9, cut.clone(), limits);
        assert!(opened.is_err(), "{len}");
        assert!(frame::decode_response(ApiKey::Metadata, 9, cut, limits).is_err());
    }
    let whole = Bytes::copy_from_slice(&header);
    assert!(frame::open_response(ApiKey::Metadata, 9, whole, limits).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        inserted in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        thread_local!(static VECTORS: Vec<Vector> = vectors::all());
        let vector = VECTORS.with(|vectors| which.get(vectors).clone());
        let mut changed = vector.bytes.to_vec();
        if !changed.is_empty() {
            for (place, byte) in &changes {
                *place.get_mut(&mut changed) = *byte;
            }
            let at = cut.index(changed.len());
            changed.splice(at..at, inserted);
        }
        check(&vector, changed.into());
    }

    #[test]
    fn noise_never_panics(
        which in any::<prop::sample::Index>(),
        noise in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        thread_local!(static VECTORS: Vec<Vector> = vectors::all());
        let vector = VECTORS.with(|vectors| which.get(vectors).clone());
        check(&vector, noise.into());
    }

    #[test]
    fn noise_as_request_frames_never_panics(
        key in 0..95i16,
        version in -1..20i16,
        noise in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut bytes = Vec::from(key.to_be_bytes());
        bytes.extend(version.to_be_bytes());
        bytes.extend(noise);
        if let Ok((header, mut body)) = frame::open_request(bytes.into(), Limits::default()) {
            prop_assert_eq!((header.api_key, header.api_version), (key, version));
            let key = ApiKey::from_code(key).unwrap();
            let decoded = AnyRequest::decode(key, &mut body, version);
            prop_assert!(decoded.is_err() || version >= 0);
        }
    }

    #[test]
    fn a_stream_of_noise_comes_out_as_frames_or_an_error(
        chunks in proptest::collection::vec(proptest::collection::vec(0..4u8, 0..40), 0..20),
    ) {
        let mut decoder = FrameDecoder::new(1000);
        let (mut frames, mut sent) = (0, 0);
        'stream: for chunk in &chunks {
            decoder.buffer().extend_from_slice(chunk);
            sent += chunk.len();
            loop {
                match decoder.next() {
                    Ok(Some(frame)) => frames += frame.len() + 4,
                    Ok(None) => break,
                    Err(_) => break 'stream,
                }
            }
        }
        prop_assert_eq!(frames + decoder.pending(), sent);
    }
}
