//! The two headers as messages with a schema, like all others.

use kafka_protocol::header::{RequestHeader, ResponseHeader};
use kafka_protocol::schema::{DefaultValue, FieldKind, FieldSchema, MessageKind, MessageSchema};
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{DecodeError, EncodeError, Message, VersionRange};

macro_rules! head {
    ($head:ident $header:ident $max:literal $schema:ident) => {
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $head($header);

        impl Message for $head {
            const SCHEMA: &'static MessageSchema = &$schema;
            const VERSIONS: VersionRange = VersionRange::new(0, $max);

            fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError> {
                self.0.encode(sink, version)
            }

            fn decode(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
                $header::decode(reader, version).map(Self)
            }

            fn encoded_len(&self, version: i16) -> Result<usize, EncodeError> {
                let mut sink = Sink::new();
                self.0.encode(&mut sink, version)?;
                Ok(sink.len())
            }
        }
    };
}

head!(RequestHead RequestHeader 2 REQUEST);
head!(ResponseHead ResponseHeader 1 RESPONSE);

static REQUEST: MessageSchema = MessageSchema {
    name: "RequestHeader",
    key: None,
    kind: MessageKind::Data,
    versions: VersionRange::new(0, 2),
    unstable: None,
    flexible: Some(VersionRange::new(2, 2)),
    fields: &[
        field("api_key", "requestApiKey", FieldKind::Int16),
        field("api_version", "requestApiVersion", FieldKind::Int16),
        field("correlation_id", "correlationId", FieldKind::Int32),
        FieldSchema {
            versions: VersionRange::new(1, 2),
            nullable: Some(VersionRange::new(1, 2)),
            flexible: Some(None),
            ..field("client_id", "clientId", FieldKind::String)
        },
    ],
};

static RESPONSE: MessageSchema = MessageSchema {
    name: "ResponseHeader",
    key: None,
    kind: MessageKind::Data,
    versions: VersionRange::new(0, 1),
    unstable: None,
    flexible: Some(VersionRange::new(1, 1)),
    fields: &[field("correlation_id", "correlationId", FieldKind::Int32)],
};

const fn field(name: &'static str, kafka_name: &'static str, kind: FieldKind) -> FieldSchema {
    FieldSchema {
        name,
        kafka_name,
        kind,
        versions: VersionRange::new(0, 2),
        nullable: None,
        tag: None,
        ignorable: false,
        flexible: None,
        default: DefaultValue::Int(0),
    }
}
