//! Every message of ours, by data, with the name of Kafka's class for it.

use bytes::Bytes;
use kafka_protocol::header::{RequestHeader, ResponseHeader};
use kafka_protocol::json::ToJson;
use kafka_protocol::messages::{AnyRequest, AnyResponse, DATA_SCHEMAS, SCHEMAS};
use kafka_protocol::schema::MessageSchema;
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{ApiKey, DecodeError, EncodeError, Message, internal_topics};
use serde_json::Value;

use super::tally::Side;
use crate::error::Error;

/// One message, told apart by data instead of by type.
pub(super) struct Codec {
    pub(super) schema: &'static MessageSchema,
    pub(super) side: Side,
    /// Kafka's class.
    pub(super) class: String,
    transcode: Transcode,
}

/// What was read, written again, and its values.
#[derive(Debug)]
pub(super) struct Transcoded {
    pub(super) bytes: Bytes,
    pub(super) json: Value,
}

enum Transcode {
    Request(ApiKey),
    Response(ApiKey),
    Message(fn(Bytes, i16) -> Result<Transcoded, String>),
}

impl Codec {
    /// Reads a message to its end.
    ///
    /// # Errors
    ///
    /// With what our codecs said.
    pub(super) fn transcode(&self, bytes: Bytes, version: i16) -> Result<Transcoded, String> {
        match self.transcode {
            Transcode::Request(key) => transcode(
                bytes,
                version,
                |reader| AnyRequest::decode(key, reader, version),
                |request, sink| request.encode(sink, version),
            ),
            Transcode::Response(key) => transcode(
                bytes,
                version,
                |reader| AnyResponse::decode(key, reader, version),
                |response, sink| response.encode(sink, version),
            ),
            Transcode::Message(transcode) => transcode(bytes, version),
        }
    }

    /// Stable and unstable versions.
    pub(super) fn versions(&self) -> impl Iterator<Item = i16> {
        let unstable = self.schema.unstable.into_iter();
        self.schema
            .versions
            .iter()
            .chain(unstable.flat_map(|range| range.iter()))
    }
}

/// All of them.
///
/// # Errors
///
/// When there is a schema that nothing here reads.
pub(super) fn all() -> Result<Vec<Codec>, Error> {
    let mut codecs = vec![header::<RequestHeader>(), header::<ResponseHeader>()];
    for (request, response) in SCHEMAS {
        let (Some(of_request), Some(of_response)) = (request.key, response.key) else {
            return Err(Error::new(format!("{} has no key", request.name)));
        };
        codecs.push(api(request, Side::Request, Transcode::Request(of_request)));
        codecs.push(api(
            response,
            Side::Response,
            Transcode::Response(of_response),
        ));
    }
    let known = data();
    let mut find = |schema: &'static MessageSchema, side, package: &str| {
        let found = known.iter().find(|(known, _)| *known == schema);
        let Some((_, transcode)) = found else {
            return Err(Error::new(format!(
                "{} is missing in xtask/src/conformance/codecs.rs",
                schema.name
            )));
        };
        codecs.push(Codec {
            schema,
            side,
            class: format!("org.apache.kafka.{package}.{}", schema.name),
            transcode: Transcode::Message(*transcode),
        });
        Ok(())
    };
    for schema in DATA_SCHEMAS {
        find(schema, Side::Data, "common.message")?;
    }
    for record in internal_topics::SCHEMAS {
        let package = match record.topic {
            "__consumer_offsets" => "coordinator.group.generated",
            "__transaction_state" => "coordinator.transaction.generated",
            _ => "coordinator.share.generated",
        };
        find(record.key, Side::InternalTopic, package)?;
        find(record.value, Side::InternalTopic, package)?;
    }
    Ok(codecs)
}

fn api(schema: &'static MessageSchema, side: Side, transcode: Transcode) -> Codec {
    Codec {
        schema,
        side,
        class: format!("org.apache.kafka.common.message.{}Data", schema.name),
        transcode,
    }
}

fn header<H: Header>() -> Codec {
    let transcode = |bytes, version| {
        transcode(
            bytes,
            version,
            |reader| H::decode(reader, version),
            |header, sink| header.encode(sink, version),
        )
    };
    api(H::SCHEMA, Side::Header, Transcode::Message(transcode))
}

fn message<M: Message + ToJson>(bytes: Bytes, version: i16) -> Result<Transcoded, String> {
    transcode(
        bytes,
        version,
        |reader| M::decode(reader, version),
        |message, sink| message.encode(sink, version),
    )
}

fn transcode<T: ToJson>(
    bytes: Bytes,
    version: i16,
    decode: impl FnOnce(&mut Reader) -> Result<T, DecodeError>,
    encode: impl FnOnce(&T, &mut Sink) -> Result<(), EncodeError>,
) -> Result<Transcoded, String> {
    let mut reader = Reader::new(bytes);
    let message = decode(&mut reader).map_err(|error| format!("cannot be read: {error}"))?;
    reader
        .expect_end()
        .map_err(|error| format!("cannot be read: {error}"))?;
    let mut sink = Sink::new();
    encode(&message, &mut sink).map_err(|error| format!("cannot be written: {error}"))?;
    let json = message
        .to_json(version)
        .map_err(|error| format!("cannot be shown: {error}"))?;
    Ok(Transcoded {
        bytes: sink.finish().into_bytes(),
        json,
    })
}

/// What both headers can do.
trait Header: ToJson + Sized {
    const SCHEMA: &'static MessageSchema;
    fn decode(reader: &mut Reader, version: i16) -> Result<Self, DecodeError>;
    fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError>;
}

macro_rules! headers {
    ($($header:ident)*) => {
        $(
            impl Header for $header {
                const SCHEMA: &'static MessageSchema = $header::SCHEMA;

                fn decode(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
                    $header::decode(reader, version)
                }

                fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError> {
                    $header::encode(self, sink, version)
                }
            }
        )*
    };
}

headers!(RequestHeader ResponseHeader);

type Named = (
    &'static MessageSchema,
    fn(Bytes, i16) -> Result<Transcoded, String>,
);

macro_rules! named {
    ($($message:ident)*) => {
        vec![$((<$message as Message>::SCHEMA, message::<$message> as _)),*]
    };
}

/// The messages that are not requests or responses.
fn data() -> Vec<Named> {
    use kafka_protocol::internal_topics::consumer_offsets::classic::*;
    use kafka_protocol::internal_topics::consumer_offsets::consumer::*;
    use kafka_protocol::internal_topics::consumer_offsets::share::*;
    use kafka_protocol::internal_topics::consumer_offsets::streams::*;
    use kafka_protocol::internal_topics::share_group_state::*;
    use kafka_protocol::internal_topics::transaction_state::*;
    use kafka_protocol::messages::consumer_protocol::*;
    use kafka_protocol::messages::control_records::*;
    named! {
        ConsumerProtocolSubscription ConsumerProtocolAssignment
        ControlRecordTypeSchema EndTxnMarker LeaderChangeMessage SnapshotHeaderRecord
        SnapshotFooterRecord KRaftVersionRecord VotersRecord
        LegacyOffsetCommitKey LegacyOffsetCommitValue
        OffsetCommitKey OffsetCommitValue
        GroupMetadataKey GroupMetadataValue
        ConsumerGroupMetadataKey ConsumerGroupMetadataValue
        ConsumerGroupPartitionMetadataKey ConsumerGroupPartitionMetadataValue
        ConsumerGroupMemberMetadataKey ConsumerGroupMemberMetadataValue
        ConsumerGroupTargetAssignmentMetadataKey ConsumerGroupTargetAssignmentMetadataValue
        ConsumerGroupTargetAssignmentMemberKey ConsumerGroupTargetAssignmentMemberValue
        ConsumerGroupCurrentMemberAssignmentKey ConsumerGroupCurrentMemberAssignmentValue
        ConsumerGroupRegularExpressionKey ConsumerGroupRegularExpressionValue
        ShareGroupMemberMetadataKey ShareGroupMemberMetadataValue
        ShareGroupMetadataKey ShareGroupMetadataValue
        ShareGroupTargetAssignmentMetadataKey ShareGroupTargetAssignmentMetadataValue
        ShareGroupTargetAssignmentMemberKey ShareGroupTargetAssignmentMemberValue
        ShareGroupCurrentMemberAssignmentKey ShareGroupCurrentMemberAssignmentValue
        ShareGroupStatePartitionMetadataKey ShareGroupStatePartitionMetadataValue
        StreamsGroupMetadataKey StreamsGroupMetadataValue
        StreamsGroupMemberMetadataKey StreamsGroupMemberMetadataValue
        StreamsGroupTargetAssignmentMetadataKey StreamsGroupTargetAssignmentMetadataValue
        StreamsGroupTargetAssignmentMemberKey StreamsGroupTargetAssignmentMemberValue
        StreamsGroupCurrentMemberAssignmentKey StreamsGroupCurrentMemberAssignmentValue
        StreamsGroupTopologyKey StreamsGroupTopologyValue
        TransactionLogKey TransactionLogValue
        ShareSnapshotKey ShareSnapshotValue ShareUpdateKey ShareUpdateValue
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_schema_has_its_codec() {
        let codecs = all().unwrap();
        let classes: BTreeSet<&str> = codecs.iter().map(|codec| codec.class.as_str()).collect();
        assert_eq!(classes.len(), codecs.len(), "classes are distinct");
        let expected =
            2 + 2 * SCHEMAS.len() + DATA_SCHEMAS.len() + 2 * internal_topics::SCHEMAS.len();
        assert_eq!(codecs.len(), expected);
    }
}
