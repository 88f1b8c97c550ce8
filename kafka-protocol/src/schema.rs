//! Descriptions of messages, as data.
//!
//! Each message carries one ([`crate::Message::SCHEMA`]), made from the same
//! attributes as its code. It is what the audit against Kafka's own definitions
//! reads, what property tests draw their values from, and what a dissector can
//! print.

use crate::{ApiKey, VersionRange};

/// A message, or a structure inside one.
#[derive(Debug, PartialEq)]
pub struct MessageSchema {
    /// Kafka's name: that of the Rust struct too, unless a module has two
    /// structures that Kafka calls the same.
    pub name: &'static str,
    /// The API it belongs to; `None` for structures and stand-alone data.
    pub key: Option<ApiKey>,
    /// What it is to its API.
    pub kind: MessageKind,
    /// The versions there are. Open-ended (`i16::MAX`) for structures.
    pub versions: VersionRange,
    /// Versions that exist but may still change: never negotiated.
    pub unstable: Option<VersionRange>,
    /// The versions with compact lengths and tagged fields (KIP-482).
    pub flexible: Option<VersionRange>,
    /// The fields, in the order of the wire.
    pub fields: &'static [FieldSchema],
}

/// What a message is to its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageKind {
    /// Sent to a broker.
    Request,
    /// A broker's answer.
    Response,
    /// A structure inside a message, or data outside requests and responses.
    Data,
}

/// One field.
#[derive(Debug, PartialEq)]
pub struct FieldSchema {
    /// Name of the Rust field: Kafka's name in snake case.
    pub name: &'static str,
    /// Kafka's name, as its JSON form has it: in camel case.
    pub kafka_name: &'static str,
    /// The type.
    pub kind: FieldKind,
    /// The versions that carry it.
    pub versions: VersionRange,
    /// The versions in which it may be null.
    pub nullable: Option<VersionRange>,
    /// Its tag, and the versions in which it is a tagged field.
    pub tag: Option<(u32, VersionRange)>,
    /// Whether a version that does not carry it drops it in silence.
    pub ignorable: bool,
    /// The versions in which it uses the compact encoding, where that differs
    /// from the message's own (`Some(None)` is never).
    pub flexible: Option<Option<VersionRange>>,
    /// What it is when absent.
    pub default: DefaultValue,
}

/// The type of a field.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is Kafka's type of that name")]
pub enum FieldKind {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
    String,
    Bytes,
    Records,
    Struct(&'static MessageSchema),
    Array(&'static FieldKind),
}

/// The default of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DefaultValue {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of the field's width.
    Int(i64),
    /// A floating point number.
    Float(f64),
    /// A string.
    String(&'static str),
    /// No bytes, no elements, the zero id, or a structure of defaults.
    Empty,
}

/// Whether a structure can be in a field of `versions` of a message that is
/// flexible in `outer`: it has all of them, and is flexible in the same ones.
#[doc(hidden)]
pub const fn nests(
    outer: Option<VersionRange>,
    inner: &MessageSchema,
    versions: VersionRange,
) -> bool {
    let (outer, inner_flexible) = (clip(outer, versions), clip(inner.flexible, versions));
    let agree = match (outer, inner_flexible) {
        (None, None) => true,
        (Some(a), Some(b)) => a.min == b.min && a.max == b.max,
        _ => false,
    };
    agree && inner.versions.covers(versions)
}

const fn clip(range: Option<VersionRange>, versions: VersionRange) -> Option<VersionRange> {
    match range {
        Some(range) => range.intersect(versions),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_must_fit_their_message() {
        let inner = |min, flexible: Option<i16>| MessageSchema {
            name: "Inner",
            key: None,
            kind: MessageKind::Data,
            versions: VersionRange::new(min, i16::MAX),
            unstable: None,
            flexible: flexible.map(|min| VersionRange::new(min, i16::MAX)),
            fields: &[],
        };
        let outer = Some(VersionRange::new(6, 9));
        let versions = VersionRange::new(3, 9);
        assert!(nests(outer, &inner(0, Some(6)), versions));
        assert!(nests(outer, &inner(0, None), VersionRange::new(3, 5)));
        assert!(!nests(outer, &inner(0, None), versions));
        assert!(!nests(outer, &inner(0, Some(5)), versions));
        assert!(!nests(outer, &inner(4, Some(6)), versions));
        assert!(!nests(None, &inner(0, Some(0)), versions));
    }
}
