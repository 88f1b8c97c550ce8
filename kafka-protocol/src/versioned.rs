//! Messages that carry their version with them.
//!
//! Outside of requests and responses Kafka puts the version, an int16, in front
//! of the message: in the records of its internal topics and in the subscriptions
//! and assignments of consumers.

use bytes::Bytes;

use crate::wire::{Reader, Sink};
use crate::{DecodeError, EncodeError, Message};

/// Writes a message of `version` behind that version.
///
/// # Errors
///
/// See [`Message::encode`].
pub fn encode_versioned<M: Message>(message: &M, version: i16) -> Result<Bytes, EncodeError> {
    let mut sink = Sink::with_capacity(size_of::<i16>() + message.encoded_len(version)?);
    sink.put_i16(version);
    message.encode(&mut sink, version)?;
    Ok(sink.finish().into_bytes())
}

/// Reads a version and the message of that version behind it, and gives both.
///
/// # Errors
///
/// When there is no such version, when the bytes are not such a message, and when
/// bytes are left behind it.
pub fn decode_versioned<M: Message>(bytes: Bytes) -> Result<(M, i16), DecodeError> {
    let mut reader = Reader::new(bytes);
    let version = read_version::<M>(&mut reader)?;
    let message = M::decode(&mut reader, version)?;
    reader
        .expect_end()
        .map_err(|error| error.in_message(M::SCHEMA.name))?;
    Ok((message, version))
}

/// Reads as Kafka's consumers read each other: of a version newer than the newest
/// one known, that one's fields, and never what is behind the message.
pub(crate) fn decode_leniently<M: Message>(bytes: Bytes) -> Result<(M, i16), DecodeError> {
    let mut reader = Reader::new(bytes);
    let version = read_version::<M>(&mut reader)?.min(M::VERSIONS.max);
    Ok((M::decode(&mut reader, version)?, version))
}

fn read_version<M: Message>(reader: &mut Reader) -> Result<i16, DecodeError> {
    reader
        .read_i16()
        .map_err(|error| error.in_field("version").in_message(M::SCHEMA.name))
}
