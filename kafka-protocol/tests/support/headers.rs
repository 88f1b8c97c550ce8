//! The two headers as messages with a schema, like all others.

use kafka_protocol::header::{RequestHeader, ResponseHeader};
use kafka_protocol::schema::MessageSchema;
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{DecodeError, EncodeError, Message, VersionRange};

macro_rules! head {
    ($head:ident $header:ident) => {
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $head($header);

        impl Message for $head {
            const SCHEMA: &'static MessageSchema = $header::SCHEMA;
            const VERSIONS: VersionRange = $header::SCHEMA.versions;

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

head!(RequestHead RequestHeader);
head!(ResponseHead ResponseHeader);
