use std::fmt;

use crate::{ApiKey, VersionRange};

/// Bytes that are not what the message and version promise.
///
/// Says where and what: `FetchResponse.responses[3].partitions[0].records: 17
/// bytes missing`.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Located<DecodeErrorKind>>);

impl DecodeError {
    /// An error without a place yet.
    #[cold]
    pub fn new(kind: DecodeErrorKind) -> Self {
        Self(Box::new(Located::new(kind)))
    }

    /// What was wrong.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// Where, for example `FetchResponse.responses[3].partitions[0].records`.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    /// Names the field it happened in; called from the inside out.
    #[cold]
    #[must_use]
    pub fn in_field(mut self, field: &'static str) -> Self {
        self.0.path.steps.push(Step::Field(field));
        self
    }

    /// Gives the place in the array it happened in.
    #[cold]
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.0.path.steps.push(Step::Index(index));
        self
    }

    /// Names the message it happened in.
    #[cold]
    #[must_use]
    pub fn in_message(mut self, message: &'static str) -> Self {
        self.0.path.message = message;
        self
    }
}

/// What can be wrong with received bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end too early.
    #[error("{0} bytes missing")]
    Missing(usize),
    /// The value is complete, yet bytes are left.
    #[error("{0} bytes left over")]
    Trailing(usize),
    /// A string is not UTF-8.
    #[error("not valid UTF-8")]
    InvalidUtf8,
    /// A length or count below zero that does not stand for null.
    #[error("length {0} is negative")]
    NegativeLength(i64),
    /// A null where this version allows none.
    #[error("null is not allowed in this version")]
    UnexpectedNull,
    /// A string longer than the 32,767 bytes that Kafka allows.
    #[error("string of {0} bytes is longer than 32767")]
    StringTooLong(usize),
    /// A variable-length integer that does not end, or does not fit its type.
    #[error("variable-length integer does not fit {0} bits")]
    VarintOverflow(u32),
    /// An array that claims more elements than the bytes left can hold.
    #[error("{count} elements cannot fit into the {remaining} bytes left")]
    CountBeyondFrame {
        /// The claimed number of elements.
        count: usize,
        /// The bytes left in the frame.
        remaining: usize,
    },
    /// More elements or tagged fields than [`crate::wire::Limits`] allows.
    #[error(
        "{count} elements exceed the limit of {limit} (Limits::max_elements, max_tagged_fields)"
    )]
    TooManyElements {
        /// The claimed number.
        count: usize,
        /// The limit it exceeds.
        limit: usize,
    },
    /// The decoded structures would take more memory than
    /// [`crate::wire::Limits`] allows for this frame.
    #[error(
        "decoding needs {needed} more bytes of memory, {left} are left of the budget \
         (32 times the frame, at most Limits::max_allocation)"
    )]
    OverBudget {
        /// What the next array would take.
        needed: usize,
        /// What is left.
        left: usize,
    },
    /// Tagged fields not in ascending order, or one given twice.
    #[error("tag {tag} follows tag {previous}")]
    TagOrder {
        /// The offending tag.
        tag: u32,
        /// The tag before it.
        previous: u32,
    },
    /// A byte that must be one of a few values.
    #[error("{value} is not a valid {what}")]
    InvalidValue {
        /// What the byte stands for.
        what: &'static str,
        /// What was found.
        value: i64,
    },
    /// The message has no such version.
    #[error("version {version} is not one of {supported}")]
    UnsupportedVersion {
        /// The version asked for.
        version: i16,
        /// The versions there are.
        supported: VersionRange,
    },
    /// A request of an API that this crate does not know.
    #[error("no API has the key {0}")]
    UnknownApi(i16),
}

/// A message that cannot be written in the version asked for.
///
/// Names the field and the version:
/// `FetchRequest.replica_state (version 4): this version cannot carry it, and it
/// is not the default`.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodeError(Box<Located<EncodeErrorKind>>);

impl EncodeError {
    /// An error without a place yet.
    #[cold]
    pub fn new(kind: EncodeErrorKind) -> Self {
        Self(Box::new(Located::new(kind)))
    }

    /// What was wrong.
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.0.kind
    }

    /// Where, for example `FetchRequest.topics[0].partitions`.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    /// Names the field it happened in; called from the inside out.
    #[cold]
    #[must_use]
    pub fn in_field(mut self, field: &'static str) -> Self {
        self.0.path.steps.push(Step::Field(field));
        self
    }

    /// Gives the place in the array it happened in.
    #[cold]
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.0.path.steps.push(Step::Index(index));
        self
    }

    /// The version that was being written, once known.
    pub fn version(&self) -> Option<i16> {
        self.0.path.version
    }

    /// Names the message and the version it happened in.
    #[cold]
    #[must_use]
    pub fn in_message(mut self, message: &'static str, version: i16) -> Self {
        self.0.path.message = message;
        self.0.path.version = Some(version);
        self
    }
}

/// Why a message cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The message has no such version.
    #[error("version {version} is not one of {supported}")]
    UnsupportedVersion {
        /// The version asked for.
        version: i16,
        /// The versions there are.
        supported: VersionRange,
    },
    /// A field is set that this version does not have and that means too much
    /// to be dropped in silence.
    #[error("this version cannot carry it, and it is not the default")]
    FieldNotInVersion,
    /// `None` where this version allows no null.
    #[error("null is not allowed in this version")]
    UnexpectedNull,
    /// A string above 32,767 bytes, or a byte field, array, tagged field or
    /// frame above 2,147,483,647.
    #[error("length {len} is more than the {max} that the format allows")]
    TooLong {
        /// The length or count found.
        len: usize,
        /// The largest one allowed.
        max: usize,
    },
    /// An unknown tagged field has the number of one that this version defines,
    /// set or not.
    #[error("unknown tagged field {0} has the tag of a field that this version defines")]
    TagCollision(u32),
    /// The header of a request names another API than its body belongs to.
    #[error("the header is of API {header}, the body of {body}")]
    OtherApi {
        /// The header's key.
        header: i16,
        /// The body's API.
        body: ApiKey,
    },
}

/// An error and the way to its place, innermost step first.
#[derive(Clone, PartialEq, Eq)]
struct Located<K> {
    path: Path,
    kind: K,
}

impl<K> Located<K> {
    fn new(kind: K) -> Self {
        Self {
            path: Path::default(),
            kind,
        }
    }
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Path {
    message: &'static str,
    version: Option<i16>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)?;
        let mut first = self.message.is_empty();
        for step in self.steps.iter().rev() {
            match step {
                Step::Field(name) if first => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
            first = false;
        }
        Ok(())
    }
}

impl<K: fmt::Display> fmt::Display for Located<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path != Path::default() {
            write!(f, "{}", self.path)?;
            if let Some(version) = self.path.version {
                write!(f, " (version {version})")?;
            }
            f.write_str(": ")?;
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({self})")
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for EncodeError {}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodeError({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_way_to_the_field() {
        let error = DecodeError::new(DecodeErrorKind::Missing(17))
            .in_field("records")
            .at_index(0)
            .in_field("partitions")
            .at_index(3)
            .in_field("responses")
            .in_message("FetchResponse");
        let expected = "FetchResponse.responses[3].partitions[0].records: 17 bytes missing";
        assert_eq!(error.to_string(), expected);
        assert_eq!(
            error.path(),
            "FetchResponse.responses[3].partitions[0].records"
        );
    }

    #[test]
    fn an_encode_error_names_the_version() {
        let error = EncodeError::new(EncodeErrorKind::FieldNotInVersion)
            .in_field("replica_state")
            .in_message("FetchRequest", 4);
        let expected = "FetchRequest.replica_state (version 4): \
                        this version cannot carry it, and it is not the default";
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.version(), Some(4));
    }

    #[test]
    fn a_place_is_optional() {
        let error = DecodeError::new(DecodeErrorKind::InvalidUtf8);
        assert_eq!(error.to_string(), "not valid UTF-8");
        assert_eq!(
            error.in_field("client_id").to_string(),
            "client_id: not valid UTF-8"
        );
    }
}
