//! A connection to a broker, and the requests that are sent more than once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::consumer_protocol::ConsumerProtocolSubscription;
use kafka_protocol::messages::join_group::JoinGroupRequestProtocol;
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    JoinGroupRequest, JoinGroupResponse, OffsetCommitRequest, SyncGroupRequest,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{Request, StrBytes, Uuid};

/// A connection to one broker.
pub(crate) struct Connection {
    stream: TcpStream,
    correlation_id: i32,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            stream,
            correlation_id: 0,
        }
    }

    pub(crate) fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.send(request, version);
        self.answer::<R>(version)
    }

    pub(crate) fn send<R: Request>(&mut self, request: &R, version: i16) {
        self.correlation_id += 1;
        let client_id = StrBytes::from_static("suite");
        let frame = encode_request(request, version, self.correlation_id, Some(&client_id));
        self.stream.write_all(&frame.unwrap().into_bytes()).unwrap();
    }

    pub(crate) fn answer<R: Request>(&mut self, version: i16) -> R::Response {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).unwrap();
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
        self.stream.read_exact(&mut frame).unwrap();
        let frame = Bytes::from(frame);
        let (_, body) = open_response(R::KEY, version, frame, Limits::default()).unwrap();
        decode_body(body, version).unwrap()
    }
}

pub(crate) fn join(member: &str) -> JoinGroupRequest {
    JoinGroupRequest::new()
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(60_000)
        .with_member_id(member.to_owned())
        .with_protocol_type("consumer")
        .with_protocols(vec![knows("range")])
}

pub(crate) fn knows(name: &'static str) -> JoinGroupRequestProtocol {
    let subscription = ConsumerProtocolSubscription::new().with_topics(vec!["t".into()]);
    JoinGroupRequestProtocol::new()
        .with_name(name)
        .with_metadata(subscription.to_bytes(1).unwrap())
}

pub(crate) fn sync_nothing(group: &'static str, told: &JoinGroupResponse) -> SyncGroupRequest {
    SyncGroupRequest::new()
        .with_group_id(group)
        .with_generation_id(told.generation_id)
        .with_member_id(told.member_id.clone())
}

/// Topic `x` is not there, and partition 9 of topic `t` neither.
pub(crate) fn commit(
    group: &'static str,
    member: &str,
    generation: i32,
    id: Uuid,
) -> OffsetCommitRequest {
    let partition = |index, offset| {
        OffsetCommitRequestPartition::new()
            .with_partition_index(index)
            .with_committed_offset(offset)
            .with_committed_leader_epoch(3)
            .with_committed_metadata(Some("note".into()))
    };
    let known = OffsetCommitRequestTopic::new()
        .with_name("t")
        .with_topic_id(id)
        .with_partitions(vec![partition(0, 5), partition(9, 6)]);
    let unknown = OffsetCommitRequestTopic::new()
        .with_name("x")
        .with_topic_id(Uuid::from_bytes([7; 16]))
        .with_partitions(vec![partition(0, 7)]);
    OffsetCommitRequest::new()
        .with_group_id(group)
        .with_generation_id_or_member_epoch(generation)
        .with_member_id(member.to_owned())
        .with_topics(vec![known, unknown])
}
