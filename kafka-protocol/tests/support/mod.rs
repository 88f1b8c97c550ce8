//! What the tests over all messages share.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod generator;
pub(crate) mod vectors;

use kafka_protocol::Message;

/// Something to do with every message type.
pub(crate) trait EachMessage {
    fn visit<M: Message>(&mut self);
}

pub(crate) fn each_message(visitor: &mut impl EachMessage) {
    use kafka_protocol::messages::*;
    macro_rules! visit {
        ($($message:ident)*) => {
            $(visitor.visit::<$message>();)*
        };
    }
    visit! {
        ApiVersionsRequest ApiVersionsResponse
        CreateTopicsRequest CreateTopicsResponse
        DeleteTopicsRequest DeleteTopicsResponse
        FetchRequest FetchResponse
        FindCoordinatorRequest FindCoordinatorResponse
        InitProducerIdRequest InitProducerIdResponse
        ListOffsetsRequest ListOffsetsResponse
        MetadataRequest MetadataResponse
        OffsetCommitRequest OffsetCommitResponse
        OffsetFetchRequest OffsetFetchResponse
        ProduceRequest ProduceResponse
    }
}

/// Stable and unstable versions.
pub(crate) fn all_versions<M: Message>() -> impl Iterator<Item = i16> {
    M::VERSIONS.iter().chain(
        M::SCHEMA
            .unstable
            .into_iter()
            .flat_map(|range| range.iter()),
    )
}
