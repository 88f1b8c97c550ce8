use bytes::Bytes;

use super::consumer_offsets::classic::{
    GroupMetadataKey, GroupMetadataValue, LegacyOffsetCommitKey, LegacyOffsetCommitValue,
    OffsetCommitKey, OffsetCommitValue,
};
use super::consumer_offsets::consumer::{
    ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue, ConsumerGroupPartitionMetadataKey,
    ConsumerGroupPartitionMetadataValue, ConsumerGroupRegularExpressionKey,
    ConsumerGroupRegularExpressionValue, ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue, ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
};
use super::consumer_offsets::share::{
    ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue, ShareGroupMetadataKey,
    ShareGroupMetadataValue, ShareGroupStatePartitionMetadataKey,
    ShareGroupStatePartitionMetadataValue, ShareGroupTargetAssignmentMemberKey,
    ShareGroupTargetAssignmentMemberValue, ShareGroupTargetAssignmentMetadataKey,
    ShareGroupTargetAssignmentMetadataValue,
};
use super::consumer_offsets::streams::{
    StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue,
    StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue, StreamsGroupMetadataKey,
    StreamsGroupMetadataValue, StreamsGroupTargetAssignmentMemberKey,
    StreamsGroupTargetAssignmentMemberValue, StreamsGroupTargetAssignmentMetadataKey,
    StreamsGroupTargetAssignmentMetadataValue, StreamsGroupTopologyKey, StreamsGroupTopologyValue,
};
use super::share_group_state::{
    ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue,
};
use super::transaction_state::{TransactionLogKey, TransactionLogValue};
use crate::codec::{decode_versioned, encode_versioned};
use crate::schema::MessageSchema;
use crate::wire::{Reader, Sink};
use crate::{DecodeError, EncodeError, Message};

/// A type of record in an internal topic.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordSchema {
    /// The topic.
    pub topic: &'static str,
    /// The number of the type, with which every key begins.
    pub record_type: i16,
    /// The fields of the key, which has but a version 0.
    pub key: &'static MessageSchema,
    /// The fields of the value, in all its versions.
    pub value: &'static MessageSchema,
}

/// The version that all fields of keys are in: the number in front of a key is
/// its record type.
const KEY_VERSION: i16 = 0;

/// Declares the enums over the records of each topic from one list.
macro_rules! internal_topics {
    ($($topic:literal $key:ident $value:ident {
        $($record_type:literal $kind:ident $key_fields:ident $value_fields:ident;)*
    })*) => {
        $(
            #[doc = concat!("The key of a record of `", $topic, "`: what it is about.")]
            #[derive(Clone, Debug, PartialEq)]
            #[non_exhaustive]
            pub enum $key {
                $(
                    #[doc = concat!("Record type ", $record_type, ".")]
                    $kind($key_fields),
                )*
                /// A record type that this crate does not know.
                Unknown {
                    /// The record type.
                    record_type: i16,
                    /// What follows it.
                    fields: Bytes,
                },
            }

            impl $key {
                /// The topic.
                pub const TOPIC: &'static str = $topic;

                /// Reads the key of a record.
                ///
                /// # Errors
                ///
                /// When the bytes are not such a key, and when bytes are left
                /// behind it.
                pub fn decode(key: Bytes) -> Result<Self, DecodeError> {
                    let mut reader = Reader::new(key);
                    let record_type = read_prefix(&mut reader, stringify!($key), "record_type")?;
                    match record_type {
                        $($record_type => decode_key(reader).map(Self::$kind),)*
                        _ => Ok(Self::Unknown { record_type, fields: reader.into_rest() }),
                    }
                }

                /// Writes the key of a record.
                ///
                /// # Errors
                ///
                /// See [`Message::encode`].
                pub fn encode(&self) -> Result<Bytes, EncodeError> {
                    match self {
                        $(Self::$kind(key) => encode_key($record_type, key),)*
                        Self::Unknown { record_type, fields } => Ok(prefixed(*record_type, fields)),
                    }
                }

                /// The number of the record's type.
                pub fn record_type(&self) -> i16 {
                    match self {
                        $(Self::$kind(_) => $record_type,)*
                        Self::Unknown { record_type, .. } => *record_type,
                    }
                }
            }

            #[doc = concat!("The value of a record of `", $topic, "`.")]
            ///
            /// A record without one, a tombstone, says that what its key names is
            /// no more.
            #[derive(Clone, Debug, PartialEq)]
            #[non_exhaustive]
            pub enum $value {
                $(
                    #[doc = concat!("Record type ", $record_type, ".")]
                    $kind($value_fields),
                )*
                /// A record type that this crate does not know.
                Unknown {
                    /// The record type.
                    record_type: i16,
                    /// What follows the version.
                    fields: Bytes,
                },
            }

            impl $value {
                /// Reads the value of a record with `key`; the number is the
                /// version it was written in.
                ///
                /// # Errors
                ///
                /// When the bytes are not the value of such a key, when there is
                /// no such version, and when bytes are left behind it.
                /// Of an unknown type only a version is demanded.
                pub fn decode(key: &$key, value: Bytes) -> Result<(Self, i16), DecodeError> {
                    match key {
                        $($key::$kind(_) => decode_versioned(value)
                            .map(|(value, version)| (Self::$kind(value), version)),)*
                        $key::Unknown { record_type, .. } => {
                            let mut reader = Reader::new(value);
                            let version = read_prefix(&mut reader, stringify!($value), "version")?;
                            let (record_type, fields) = (*record_type, reader.into_rest());
                            Ok((Self::Unknown { record_type, fields }, version))
                        }
                    }
                }

                /// Writes the value of a record in `version`.
                ///
                /// # Errors
                ///
                /// See [`Message::encode`].
                pub fn encode(&self, version: i16) -> Result<Bytes, EncodeError> {
                    match self {
                        $(Self::$kind(value) => encode_versioned(value, version),)*
                        Self::Unknown { fields, .. } => Ok(prefixed(version, fields)),
                    }
                }

                /// The number of the record's type.
                pub fn record_type(&self) -> i16 {
                    match self {
                        $(Self::$kind(_) => $record_type,)*
                        Self::Unknown { record_type, .. } => *record_type,
                    }
                }
            }

            $(
                impl From<$key_fields> for $key {
                    fn from(key: $key_fields) -> Self {
                        Self::$kind(key)
                    }
                }

                impl From<$value_fields> for $value {
                    fn from(value: $value_fields) -> Self {
                        Self::$kind(value)
                    }
                }
            )*
        )*

        /// Every type of record, topic by topic, in the order of the numbers.
        pub const SCHEMAS: &[RecordSchema] = &[$($(
            RecordSchema {
                topic: $topic,
                record_type: $record_type,
                key: <$key_fields as Message>::SCHEMA,
                value: <$value_fields as Message>::SCHEMA,
            },
        )*)*];
    };
}

internal_topics! {
    "__consumer_offsets" ConsumerOffsetsKey ConsumerOffsetsValue {
        0 LegacyOffsetCommit LegacyOffsetCommitKey LegacyOffsetCommitValue;
        1 OffsetCommit OffsetCommitKey OffsetCommitValue;
        2 GroupMetadata GroupMetadataKey GroupMetadataValue;
        3 ConsumerGroupMetadata ConsumerGroupMetadataKey ConsumerGroupMetadataValue;
        4 ConsumerGroupPartitionMetadata
            ConsumerGroupPartitionMetadataKey ConsumerGroupPartitionMetadataValue;
        5 ConsumerGroupMemberMetadata
            ConsumerGroupMemberMetadataKey ConsumerGroupMemberMetadataValue;
        6 ConsumerGroupTargetAssignmentMetadata
            ConsumerGroupTargetAssignmentMetadataKey ConsumerGroupTargetAssignmentMetadataValue;
        7 ConsumerGroupTargetAssignmentMember
            ConsumerGroupTargetAssignmentMemberKey ConsumerGroupTargetAssignmentMemberValue;
        8 ConsumerGroupCurrentMemberAssignment
            ConsumerGroupCurrentMemberAssignmentKey ConsumerGroupCurrentMemberAssignmentValue;
        10 ShareGroupMemberMetadata ShareGroupMemberMetadataKey ShareGroupMemberMetadataValue;
        11 ShareGroupMetadata ShareGroupMetadataKey ShareGroupMetadataValue;
        12 ShareGroupTargetAssignmentMetadata
            ShareGroupTargetAssignmentMetadataKey ShareGroupTargetAssignmentMetadataValue;
        13 ShareGroupTargetAssignmentMember
            ShareGroupTargetAssignmentMemberKey ShareGroupTargetAssignmentMemberValue;
        14 ShareGroupCurrentMemberAssignment
            ShareGroupCurrentMemberAssignmentKey ShareGroupCurrentMemberAssignmentValue;
        15 ShareGroupStatePartitionMetadata
            ShareGroupStatePartitionMetadataKey ShareGroupStatePartitionMetadataValue;
        16 ConsumerGroupRegularExpression
            ConsumerGroupRegularExpressionKey ConsumerGroupRegularExpressionValue;
        17 StreamsGroupMetadata StreamsGroupMetadataKey StreamsGroupMetadataValue;
        19 StreamsGroupMemberMetadata StreamsGroupMemberMetadataKey StreamsGroupMemberMetadataValue;
        20 StreamsGroupTargetAssignmentMetadata
            StreamsGroupTargetAssignmentMetadataKey StreamsGroupTargetAssignmentMetadataValue;
        21 StreamsGroupTargetAssignmentMember
            StreamsGroupTargetAssignmentMemberKey StreamsGroupTargetAssignmentMemberValue;
        22 StreamsGroupCurrentMemberAssignment
            StreamsGroupCurrentMemberAssignmentKey StreamsGroupCurrentMemberAssignmentValue;
        23 StreamsGroupTopology StreamsGroupTopologyKey StreamsGroupTopologyValue;
    }
    "__transaction_state" TransactionStateKey TransactionStateValue {
        0 TransactionLog TransactionLogKey TransactionLogValue;
    }
    "__share_group_state" ShareGroupStateKey ShareGroupStateValue {
        0 ShareSnapshot ShareSnapshotKey ShareSnapshotValue;
        1 ShareUpdate ShareUpdateKey ShareUpdateValue;
    }
}

fn decode_key<M: Message>(mut reader: Reader) -> Result<M, DecodeError> {
    let key = M::decode(&mut reader, KEY_VERSION)?;
    reader
        .expect_end()
        .map_err(|error| error.in_message(M::SCHEMA.name))?;
    Ok(key)
}

fn encode_key<M: Message>(record_type: i16, key: &M) -> Result<Bytes, EncodeError> {
    let mut sink = Sink::with_capacity(size_of::<i16>() + key.encoded_len(KEY_VERSION)?);
    sink.put_i16(record_type);
    key.encode(&mut sink, KEY_VERSION)?;
    Ok(sink.finish().into_bytes())
}

fn read_prefix(
    reader: &mut Reader,
    of: &'static str,
    field: &'static str,
) -> Result<i16, DecodeError> {
    reader
        .read_i16()
        .map_err(|error| error.in_field(field).in_message(of))
}

fn prefixed(prefix: i16, fields: &Bytes) -> Bytes {
    let mut sink = Sink::with_capacity(size_of::<i16>() + fields.len());
    sink.put_i16(prefix);
    sink.put_slice(fields);
    sink.finish().into_bytes()
}
