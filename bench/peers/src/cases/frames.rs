//! Whole frames, header and body, without a look at their records.

use bytes::{Bytes, BytesMut};
use ours::frame;
use ours::wire::Limits;
use ours::{ApiKey, Message, Request, StrBytes};
use peer::messages::{self as peer_messages, RequestHeader, ResponseHeader};
use peer::protocol::{Decodable, Encodable, HeaderVersion};

use crate::data;
use crate::{Case, Column};

pub(super) fn cases() -> Vec<Case> {
    let batch = data::batch(&data::values(100, 100));
    let mut cases = Vec::new();
    for version in [4, 12, 16] {
        cases.extend(response::<_, peer_messages::FetchResponse>(
            ApiKey::Fetch,
            version,
            data::fetch_response(&batch),
            "100 partitions",
        ));
    }
    for version in [3, 9, 13] {
        cases.extend(request::<_, peer_messages::ProduceRequest>(
            version,
            data::produce_request(|_| batch.clone()),
            "100 partitions",
        ));
    }
    for version in [1, 8, 12] {
        cases.extend(response::<_, peer_messages::MetadataResponse>(
            ApiKey::Metadata,
            version,
            data::metadata_response(),
            "1,000 topics × 3 partitions",
        ));
    }
    for version in [0, 3] {
        cases.extend(response::<_, peer_messages::ApiVersionsResponse>(
            ApiKey::ApiVersions,
            version,
            data::api_versions_response(),
            "every key",
        ));
    }
    for version in [2, 8] {
        cases.extend(request::<_, peer_messages::OffsetCommitRequest>(
            version,
            data::offset_commit_request(),
            "100 partitions",
        ));
    }
    cases
}

fn named(what: &str, message: &str, version: i16, size: &str) -> Case {
    Case::new(format!("{what} {message} v{version}, {size}"), "frame", 1)
}

fn response<M, P>(key: ApiKey, version: i16, message: M, size: &str) -> [Case; 2]
where
    M: Message + 'static,
    P: Encodable + Decodable + HeaderVersion + 'static,
{
    let name = M::SCHEMA.name;
    let frame = frame::encode_response(key, version, 1, &message).unwrap();
    let bytes = data::body_of(frame);
    let (peer_header, mut peer_body) = (P::header_version(version), bytes.clone());
    ResponseHeader::decode(&mut peer_body, peer_header).unwrap();
    let peer_message = P::decode(&mut peer_body, version).unwrap();
    let (len, peer_bytes) = (bytes.len() + 4, bytes.clone());
    let decode = named("decode", name, version, size)
        .with(Column::Ours, move || {
            let (header, body) =
                frame::open_response(key, version, bytes.clone(), Limits::default()).unwrap();
            let message: M = frame::decode_body(body, version).unwrap();
            keep(message, header.correlation_id)
        })
        .with(Column::Peer, move || {
            let mut bytes = peer_bytes.clone();
            let header = ResponseHeader::decode(&mut bytes, peer_header).unwrap();
            keep(P::decode(&mut bytes, version).unwrap(), header.correlation_id)
        });
    let encode = named("encode", name, version, size)
        .with(Column::Ours, move || {
            let frame = frame::encode_response(key, version, 1, &message).unwrap();
            frame.len() as u64
        })
        .with(Column::Peer, move || {
            let header = ResponseHeader::default().with_correlation_id(1);
            peer_encode(len, &peer_message, version, |bytes| {
                header.encode(bytes, peer_header).unwrap();
            })
        });
    [decode, encode]
}

fn request<M, P>(version: i16, message: M, size: &str) -> [Case; 2]
where
    M: Request + 'static,
    P: Encodable + Decodable + HeaderVersion + 'static,
{
    let name = M::SCHEMA.name;
    let client_id = StrBytes::from_static("bench");
    let frame = frame::encode_request(&message, version, 1, Some(&client_id)).unwrap();
    let bytes = data::body_of(frame);
    let (peer_header, mut peer_body) = (P::header_version(version), bytes.clone());
    let header = RequestHeader::decode(&mut peer_body, peer_header).unwrap();
    let peer_message = P::decode(&mut peer_body, version).unwrap();
    let (len, peer_bytes) = (bytes.len() + 4, bytes.clone());
    let decode = named("decode", name, version, size)
        .with(Column::Ours, move || {
            let (header, body) = frame::open_request(bytes.clone(), Limits::default()).unwrap();
            let message: M = frame::decode_body(body, header.api_version).unwrap();
            keep(message, header.correlation_id)
        })
        .with(Column::Peer, move || {
            let mut bytes: Bytes = peer_bytes.clone();
            let header = RequestHeader::decode(&mut bytes, peer_header).unwrap();
            keep(P::decode(&mut bytes, version).unwrap(), header.correlation_id)
        });
    let encode = named("encode", name, version, size)
        .with(Column::Ours, move || {
            let frame = frame::encode_request(&message, version, 1, Some(&client_id)).unwrap();
            frame.len() as u64
        })
        .with(Column::Peer, move || {
            peer_encode(len, &peer_message, version, |bytes| {
                header.encode(bytes, peer_header).unwrap();
            })
        });
    [decode, encode]
}

/// Into a buffer that is large enough from the start.
fn peer_encode(
    len: usize,
    message: &impl Encodable,
    version: i16,
    header: impl FnOnce(&mut BytesMut),
) -> u64 {
    let mut bytes = BytesMut::with_capacity(len);
    bytes.extend_from_slice(&[0; 4]);
    header(&mut bytes);
    message.encode(&mut bytes, version).unwrap();
    let len = bytes.len() as i32 - 4;
    bytes[..4].copy_from_slice(&len.to_be_bytes());
    bytes.freeze().len() as u64
}

/// Keeps the decoded message from being optimised away.
fn keep<M>(message: M, correlation_id: i32) -> u64 {
    std::hint::black_box(message);
    correlation_id as u64
}
