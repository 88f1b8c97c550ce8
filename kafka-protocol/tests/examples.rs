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
use kafka_protocol::wire::Segments;
use kafka_protocol::{ApiKey, Message, StrBytes, frame};
use rename_topic::Renaming;

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
