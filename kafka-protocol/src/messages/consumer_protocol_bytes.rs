use bytes::Bytes;

use super::consumer_protocol::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use crate::codec::encode_versioned;
use crate::versioned::decode_leniently;
use crate::{DecodeError, EncodeError};

macro_rules! versioned_bytes {
    ($($message:ident $what:literal;)*) => {
        $(
            impl $message {
                #[doc = concat!("Reads ", $what, " as it travels, its version in front, ")]
                /// and gives the version it was read in.
                ///
                /// As in Kafka's own consumers, members of any release understand
                /// each other: of a version newer than this crate's newest the
                /// fields of that one are read, and whatever follows is ignored.
                ///
                /// # Errors
                ///
                /// When the version is below zero, and when the bytes are not such
                /// a message.
                pub fn from_bytes(bytes: Bytes) -> Result<(Self, i16), DecodeError> {
                    decode_leniently(bytes)
                }

                #[doc = concat!("Writes ", $what, " as it travels: the version, then the fields.")]
                ///
                /// Every reader understands every version, so the newest one,
                /// `VERSIONS.max`, is the one to take.
                ///
                /// # Errors
                ///
                /// See [`Message::encode`](crate::Message::encode).
                pub fn to_bytes(&self, version: i16) -> Result<Bytes, EncodeError> {
                    encode_versioned(self, version)
                }
            }
        )*
    };
}

versioned_bytes! {
    ConsumerProtocolSubscription "a subscription";
    ConsumerProtocolAssignment "an assignment";
}
