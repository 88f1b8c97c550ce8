//! What every message can do.

use std::fmt::Debug;

use crate::schema::MessageSchema;
use crate::wire::{Reader, Sink};
use crate::{ApiKey, VersionRange};

pub use crate::error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use crate::versioned::{decode_versioned, encode_versioned};
#[doc(hidden)]
pub use crate::wire::TaggedFields;

/// A message of Kafka's protocol, or a structure inside one.
///
/// Implemented by the derive of the same name, from the attributes of the
/// struct. The messages of Kafka are in [`crate::messages`]; one of your own is
/// declared in the same way:
///
/// ```
/// use kafka_protocol::wire::{Reader, Sink};
/// use kafka_protocol::{Message, StrBytes, TaggedFields};
///
/// /// Says hello.
/// #[derive(Clone, Debug, PartialEq, Message)]
/// #[kafka(versions = "0-2", flexible = "2+")]
/// #[non_exhaustive]
/// pub struct Greeting {
///     /// Who is meant.
///     pub name: StrBytes,
///     /// How often, from version 1 on; once before it.
///     #[kafka(versions = "1+", default = 1)]
///     pub times: i32,
///     /// Tagged fields this crate does not know.
///     pub unknown_tagged_fields: TaggedFields,
/// }
///
/// let greeting = Greeting::new().with_name("you").with_times(3);
/// let mut sink = Sink::new();
/// greeting.encode(&mut sink, 2)?;
/// let bytes = sink.finish().into_bytes();
/// assert_eq!(bytes, "\x04you\0\0\0\x03\0");
/// assert_eq!(Greeting::decode(&mut Reader::new(bytes), 2)?, greeting);
///
/// let error = greeting.encode(&mut Sink::new(), 0).unwrap_err();
/// assert_eq!(error.path(), "Greeting.times");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Message: Sized + Clone + Debug + Default + PartialEq {
    /// The message as data: fields, versions, defaults.
    const SCHEMA: &'static MessageSchema;

    /// The stable versions. Unstable ones ([`MessageSchema::unstable`]) can be
    /// written and read too, but must be asked for.
    const VERSIONS: VersionRange;

    /// Writes the message, without any header.
    ///
    /// # Errors
    ///
    /// When there is no such version, when a field is set that the version
    /// cannot carry and that is not ignorable, for a null where the version
    /// allows none, and for strings and arrays too long for their length
    /// prefix. The sink then holds part of the message and is of no use.
    fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError>;

    /// Reads the message, without any header, and leaves the reader behind it.
    ///
    /// Fields that the version does not carry get their defaults.
    ///
    /// # Errors
    ///
    /// When there is no such version, and when the bytes are not such a
    /// message or would cost more than the reader's limits.
    fn decode(reader: &mut Reader, version: i16) -> Result<Self, DecodeError>;

    /// The bytes that [`Message::encode`] writes for a message it can write.
    ///
    /// # Errors
    ///
    /// When there is no such version.
    fn encoded_len(&self, version: i16) -> Result<usize, EncodeError>;
}

/// Keeps what the derive emits for the feature `json`.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! if_json {
    ($($item:item)*) => { $($item)* };
}

/// Drops what the derive emits for the feature `json`.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! if_json {
    ($($item:item)*) => {};
}

/// A message that a client sends to a broker.
pub trait Request: Message {
    /// The API.
    const KEY: ApiKey;

    /// The answer, in the same version.
    type Response: Message;
}

/// What the derive emits for every structure, and calls on nested ones: the same
/// as [`Message`] without checks of the version and without the message's name.
#[doc(hidden)]
pub trait Fields: Default {
    fn encode_fields(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError>;
    /// Fills a structure that holds the defaults: what the version does not carry
    /// stays as it is.
    fn decode_fields(&mut self, reader: &mut Reader, version: i16) -> Result<(), DecodeError>;
    fn fields_len(&self, version: i16) -> usize;
    /// The least that any value takes on the wire.
    fn min_len(version: i16) -> usize;
}

/// Refuses a version that the message does not have.
#[doc(hidden)]
pub fn check_encode<M: Message>(version: i16) -> Result<(), EncodeError> {
    if supports::<M>(version) {
        return Ok(());
    }
    let kind = EncodeErrorKind::UnsupportedVersion {
        version,
        supported: M::VERSIONS,
    };
    Err(EncodeError::new(kind).in_message(M::SCHEMA.name, version))
}

/// Refuses a version that the message does not have.
#[doc(hidden)]
pub fn check_decode<M: Message>(version: i16) -> Result<(), DecodeError> {
    if supports::<M>(version) {
        return Ok(());
    }
    let kind = DecodeErrorKind::UnsupportedVersion {
        version,
        supported: M::VERSIONS,
    };
    Err(DecodeError::new(kind).in_message(M::SCHEMA.name))
}

fn supports<M: Message>(version: i16) -> bool {
    M::VERSIONS.contains(version)
        || M::SCHEMA
            .unstable
            .is_some_and(|range| range.contains(version))
}

/// The pieces that derived code is made of.
mod derived {
    use super::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Fields};
    use crate::wire::{Reader, Sink, make_room, unsigned_varint_len};

    /// An array with its count.
    #[inline]
    pub fn encode_array<T>(
        sink: &mut Sink,
        elements: &[T],
        flexible: bool,
        mut encode: impl FnMut(&mut Sink, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        sink.put_len(elements.len(), flexible)?;
        for (index, element) in elements.iter().enumerate() {
            encode(sink, element).map_err(|error| error.at_index(index))?;
        }
        Ok(())
    }

    /// A structure after the byte that says whether there is one, where the
    /// version allows null.
    pub fn decode_nullable<T: Fields>(
        reader: &mut Reader,
        place: &mut Option<T>,
        nullable: bool,
        version: i16,
    ) -> Result<(), DecodeError> {
        if nullable && !reader.read_presence()? {
            *place = None;
            return Ok(());
        }
        place.insert(T::default()).decode_fields(reader, version)
    }

    /// The same in a tagged field, where Kafka has another byte for it.
    pub fn decode_tagged_nullable<T: Fields>(
        reader: &mut Reader,
        place: &mut Option<T>,
        nullable: bool,
        version: i16,
    ) -> Result<(), DecodeError> {
        if nullable && reader.read_unsigned_varint()?.cast_signed() <= 0 {
            *place = None;
            return Ok(());
        }
        place.insert(T::default()).decode_fields(reader, version)
    }

    /// An array of structures.
    pub fn decode_array<T: Fields>(
        reader: &mut Reader,
        place: &mut Vec<T>,
        flexible: bool,
        version: i16,
    ) -> Result<(), DecodeError> {
        let count = reader.read_count::<T>(flexible, T::min_len(version))?;
        let count = count.ok_or_else(null_not_allowed)?;
        decode_elements(reader, place, count, version)
    }

    /// An array of structures or, where the version allows it, null.
    pub fn decode_nullable_array<T: Fields>(
        reader: &mut Reader,
        place: &mut Option<Vec<T>>,
        flexible: bool,
        nullable: bool,
        version: i16,
    ) -> Result<(), DecodeError> {
        match reader.read_count::<T>(flexible, T::min_len(version))? {
            Some(count) => decode_elements(reader, place.insert(Vec::new()), count, version),
            None if nullable => {
                *place = None;
                Ok(())
            }
            None => Err(null_not_allowed()),
        }
    }

    fn decode_elements<T: Fields>(
        reader: &mut Reader,
        elements: &mut Vec<T>,
        count: usize,
        version: i16,
    ) -> Result<(), DecodeError> {
        for index in 0..count {
            make_room(elements, count - index);
            elements.push(T::default());
            if let Some(element) = elements.last_mut() {
                element
                    .decode_fields(reader, version)
                    .map_err(|error| error.at_index(index))?;
            }
        }
        Ok(())
    }

    #[cold]
    fn null_not_allowed() -> DecodeError {
        DecodeError::new(DecodeErrorKind::UnexpectedNull)
    }

    /// Whether a nullable structure follows in a tagged field.
    pub fn put_tagged_presence(sink: &mut Sink, present: bool) {
        sink.put_unsigned_varint(present.into());
    }

    /// The error of a field that would be lost.
    #[cold]
    pub fn not_in_version(field: &'static str) -> EncodeError {
        EncodeError::new(EncodeErrorKind::FieldNotInVersion).in_field(field)
    }

    /// The error of a `None` that the version cannot carry.
    #[cold]
    pub fn unexpected_null() -> EncodeError {
        EncodeError::new(EncodeErrorKind::UnexpectedNull)
    }

    /// Bytes of the length in front of a string.
    #[inline]
    pub fn string_prefix_len(len: usize, flexible: bool) -> usize {
        if flexible {
            unsigned_varint_len((len as u32).wrapping_add(1))
        } else {
            2
        }
    }

    /// Bytes of a string with its length.
    #[inline]
    pub fn string_len(len: usize, flexible: bool) -> usize {
        string_prefix_len(len, flexible) + len
    }

    /// Bytes of the length or count in front of bytes, records and arrays.
    #[inline]
    pub fn prefix_len(len: usize, flexible: bool) -> usize {
        if flexible {
            unsigned_varint_len((len as u32).wrapping_add(1))
        } else {
            4
        }
    }

    /// Bytes of a byte field with its length.
    #[inline]
    pub fn bytes_len(len: usize, flexible: bool) -> usize {
        prefix_len(len, flexible) + len
    }

    /// Bytes of a tagged field with contents of `len` bytes.
    #[inline]
    pub fn tagged_field_len(tag: u32, len: usize) -> usize {
        unsigned_varint_len(tag) + unsigned_varint_len(len as u32) + len
    }
}

#[doc(hidden)]
pub use derived::*;
