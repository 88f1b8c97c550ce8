//! The examples do what they say.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use bytes::Bytes;
use kafka_protocol::messages::metadata::{MetadataRequestTopic, MetadataResponseTopic};
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest, MetadataResponse};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchReader, BatchStamp, Compression, Compressor, NewRecord,
};
use kafka_protocol::wire::Segments;
use kafka_protocol::{ApiKey, Message, StrBytes, frame};
use rename_topic::Renaming;

#[allow(dead_code, reason = "its main is not called here")]
#[path = "../examples/dump_segment.rs"]
mod dump_segment;
#[allow(dead_code, reason = "its main is not called here")]
#[path = "../examples/recompress.rs"]
mod recompress;
#[allow(dead_code, reason = "its main is not called here")]
#[path = "../examples/rename_topic.rs"]
mod rename_topic;

fn unprefixed(frame: Segments) -> Bytes {
    frame.into_bytes().slice(4..)
}

#[test]
fn a_topic_is_renamed_in_metadata() {
    let asked_about = |name: &str| MetadataRequestTopic::new().with_name(StrBytes::from(name));
    let told_about = |name: &str| MetadataResponseTopic::new().with_name(StrBytes::from(name));
    for version in MetadataRequest::VERSIONS.iter() {
        let request = |name| {
            let topics = vec![asked_about(name), asked_about("other")];
            let request = MetadataRequest::new().with_topics(topics);
            unprefixed(frame::encode_request(&request, version, 5, None).unwrap())
        };
        let response = |name| {
            let response =
                MetadataResponse::new().with_topics([told_about("other"), told_about(name)]);
            unprefixed(frame::encode_response(ApiKey::Metadata, version, 5, &response).unwrap())
        };
        let renaming = Renaming::new("orders", "shop.orders");
        let asked = renaming.request(request("shop.orders")).unwrap();
        assert_eq!(asked, request("orders"), "version {version}");
        let told = renaming.response(response("orders")).unwrap();
        assert_eq!(told, response("shop.orders"), "version {version}");
        // The question has had its answer: what follows under its number is another's.
        let later = renaming.response(response("orders")).unwrap();
        assert_eq!(later, response("orders"), "version {version}");
    }
}

#[test]
fn what_the_proxy_does_not_know_goes_through() {
    let renaming = Renaming::new("orders", "shop.orders");
    let api_versions = ApiVersionsRequest::new().with_client_software_name("orders");
    let known = unprefixed(frame::encode_request(&api_versions, 3, 1, None).unwrap());
    let newer = Bytes::from_static(b"\0\x03\x7f\xff\0\0\0\x02\xff\xff\0something");
    let unknown = Bytes::from_static(b"\x7f\0\0\0\0\0\0\x03");
    for frame in [known, newer, unknown, Bytes::new()] {
        assert_eq!(renaming.request(frame.clone()).unwrap(), frame);
        assert_eq!(renaming.response(frame.clone()).unwrap(), frame);
    }
}

/// Two batches of 100 records of 100 bytes each, the first uncompressed.
fn segment() -> Vec<u8> {
    let value = [b'v'; 100];
    let mut segment = Vec::new();
    for (batch, codec) in [Compression::None, Compression::Gzip]
        .into_iter()
        .enumerate()
    {
        let mut builder = BatchBuilder::new();
        for _ in 0..100 {
            let record = NewRecord {
                value: Some(&value),
                ..NewRecord::default()
            };
            builder.append(&record).unwrap();
        }
        let sealed = builder.seal(&mut Compressor::new(codec).unwrap()).unwrap();
        let stamp = BatchStamp {
            base_offset: batch as i64 * 100,
            ..BatchStamp::default()
        };
        segment.extend(sealed.to_record_bytes(&stamp).into_bytes());
    }
    segment
}

#[test]
fn a_segment_is_shown_batch_by_batch_and_summed_up() {
    let mut shown = Vec::new();
    dump_segment::dump(&segment()[..], &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    let lines: Vec<Vec<&str>> = shown
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 1 + 2 + 2, "{shown}");
    assert_eq!(lines[1][..4], ["0", "100", "2", "none"]);
    assert_eq!(lines[2][..4], ["100", "100", "2", "gzip"]);
    assert!(shown.contains("100 records"), "{shown}");

    let mut damaged = segment();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let error = dump_segment::dump(&damaged[..], &mut Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("no batch at byte"), "{error}");
}

#[test]
fn a_recompressed_segment_holds_the_same_records() {
    let limits = BatchLimits::default();
    let contents = |segment: &[u8]| -> Vec<(i64, Vec<u8>)> {
        BatchReader::new(segment, limits)
            .flat_map(|batch| {
                let records = batch.unwrap().decompress(&limits).unwrap();
                records
                    .iter()
                    .map(|record| (record.offset(), record.value().unwrap().to_vec()))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let old = segment();
    for codec in Compression::ALL
        .into_iter()
        .filter(|codec| codec.is_available())
    {
        let mut new = Vec::new();
        let (before, after) = recompress::recompress(&old[..], &mut new, codec).unwrap();
        assert_eq!((before, after), (old.len() as u64, new.len() as u64));
        assert!(codec == Compression::None || after < before, "{codec}");
        assert_eq!(contents(&new), contents(&old), "{codec}");
    }
}
