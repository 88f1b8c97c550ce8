//! Frames of 100 partitions with their records: every record checked, every byte
//! of it summed; or built from borrowed values.

use bytes::{Bytes, BytesMut};
use ours::frame;
use ours::messages::{FetchResponse, ProduceRequest};
use ours::records::{BatchBuilder, BatchStamp, Compression, Compressor};
use ours::wire::Limits;
use ours::{ApiKey, RecordBytes, StrBytes};
use peer::messages::produce_request as peer_produce;
use peer::messages::{self as peer_messages, RequestHeader, ResponseHeader};
use peer::protocol::{Decodable, Encodable, HeaderVersion};

use super::batches::{ours_read, peer_batch, peer_read, peer_records};
use crate::data::{self, PARTITIONS};
use crate::sum::sum;
use crate::{Case, Column};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for records in [10, 100] {
        cases.extend([4, 12, 16].map(|version| read_fetch(version, records)));
        cases.extend([3, 9, 13].map(|version| read_produce(version, records)));
        cases.extend([3, 9, 13].map(|version| build_produce(version, records)));
    }
    cases
}

fn named(what: &str, version: i16, records: usize) -> Case {
    Case::new(
        format!("{what} v{version}, 100 partitions × {records} × 100 B"),
        "record",
        PARTITIONS * records,
    )
}

fn read_fetch(version: i16, records: usize) -> Case {
    let response = data::fetch_response(&data::batch(&data::values(records, 100)));
    let frame = frame::encode_response(ApiKey::Fetch, version, 1, &response).unwrap();
    let bytes = data::body_of(frame);
    let peer = bytes.clone();
    named("read Fetch response", version, records)
        .with(Column::Ours, move || ours_fetch(bytes.clone(), version))
        .with(Column::Peer, move || peer_fetch(peer.clone(), version))
}

fn ours_fetch(bytes: Bytes, version: i16) -> u64 {
    let (_, body) =
        frame::open_response(ApiKey::Fetch, version, bytes, Limits::default()).unwrap();
    let response: FetchResponse = frame::decode_body(body, version).unwrap();
    let partitions = response.responses.into_iter().flat_map(|t| t.partitions);
    let records = partitions.filter_map(|partition| partition.records);
    records.map(|records| ours_read(records.into_bytes(), sum)).sum()
}

fn peer_fetch(mut bytes: Bytes, version: i16) -> u64 {
    let header = peer_messages::FetchResponse::header_version(version);
    ResponseHeader::decode(&mut bytes, header).unwrap();
    let response = peer_messages::FetchResponse::decode(&mut bytes, version).unwrap();
    let partitions = response.responses.into_iter().flat_map(|t| t.partitions);
    let records = partitions.filter_map(|partition| partition.records);
    records.map(|records| peer_read(records, sum)).sum()
}

fn read_produce(version: i16, records: usize) -> Case {
    let batch = data::batch(&data::values(records, 100));
    let request = data::produce_request(|_| batch.clone());
    let client_id = StrBytes::from("bench");
    let frame = frame::encode_request(&request, version, 1, Some(&client_id)).unwrap();
    let bytes = data::body_of(frame);
    let peer = bytes.clone();
    named("read Produce request", version, records)
        .with(Column::Ours, move || ours_produce(bytes.clone()))
        .with(Column::Peer, move || peer_produce_read(peer.clone(), version))
}

fn ours_produce(bytes: Bytes) -> u64 {
    let (header, body) = frame::open_request(bytes, Limits::default()).unwrap();
    let request: ProduceRequest = frame::decode_body(body, header.api_version).unwrap();
    let partitions = request.topic_data.into_iter().flat_map(|t| t.partition_data);
    let records = partitions.filter_map(|partition| partition.records);
    records.map(|records| ours_read(records.into_bytes(), sum)).sum()
}

fn peer_produce_read(mut bytes: Bytes, version: i16) -> u64 {
    let header = peer_messages::ProduceRequest::header_version(version);
    RequestHeader::decode(&mut bytes, header).unwrap();
    let request = peer_messages::ProduceRequest::decode(&mut bytes, version).unwrap();
    let partitions = request.topic_data.into_iter().flat_map(|t| t.partition_data);
    let records = partitions.filter_map(|partition| partition.records);
    records.map(|records| peer_read(records, sum)).sum()
}

/// The whole way to bytes for a socket. Topics are made ahead, and so are the peer's
/// records; ours are borrowed values. The peer's bytes are one buffer, of a size
/// known ahead; ours are pieces for a vectored write.
fn build_produce(version: i16, records: usize) -> Case {
    let values = data::values(records, 100);
    let peer_records = peer_records(&values);
    let template = template(version);
    let ours_template = data::produce_request(|_| RecordBytes::default());
    let mut plain = Compressor::new(Compression::None).unwrap();
    let capacity = records * 112;
    named("build Produce request", version, records)
        .with(Column::Ours, move || {
            ours_build(&ours_template, &values, version, capacity, &mut plain)
        })
        .with(Column::Peer, move || {
            let mut request = template.clone();
            for partition in request.topic_data.iter_mut().flat_map(|t| &mut t.partition_data) {
                let mut batch = BytesMut::with_capacity(capacity);
                peer_batch(&mut batch, &peer_records);
                partition.records = Some(batch.freeze());
            }
            let mut header = RequestHeader::default();
            header.request_api_version = version;
            header.client_id = Some(peer::protocol::StrBytes::from_static_str("bench"));
            let header_version = peer_messages::ProduceRequest::header_version(version);
            let mut bytes = BytesMut::with_capacity(PARTITIONS * capacity + 10_000);
            bytes.extend_from_slice(&[0; 4]);
            header.encode(&mut bytes, header_version).unwrap();
            request.encode(&mut bytes, version).unwrap();
            bytes.len() as u64
        })
}

fn ours_build(
    template: &ProduceRequest,
    values: &[Vec<u8>],
    version: i16,
    capacity: usize,
    plain: &mut Compressor,
) -> u64 {
    let mut request = template.clone();
    for partition in request.topic_data.iter_mut().flat_map(|t| &mut t.partition_data) {
        let mut builder = BatchBuilder::with_capacity(capacity);
        for (index, value) in values.iter().enumerate() {
            builder.append(&data::record(index, value)).unwrap();
        }
        let sealed = builder.seal(plain).unwrap();
        partition.records = Some(sealed.to_record_bytes(&BatchStamp::default()));
    }
    let client_id = StrBytes::from_static("bench");
    let frame = frame::encode_request(&request, version, 0, Some(&client_id)).unwrap();
    frame.len() as u64
}

/// The request without records.
fn template(version: i16) -> peer_produce::ProduceRequest {
    let request = data::produce_request(|_| RecordBytes::default());
    let frame = frame::encode_request(&request, version, 1, None).unwrap();
    let mut bytes = data::body_of(frame);
    let header = peer_messages::ProduceRequest::header_version(version);
    RequestHeader::decode(&mut bytes, header).unwrap();
    peer_messages::ProduceRequest::decode(&mut bytes, version).unwrap()
}
