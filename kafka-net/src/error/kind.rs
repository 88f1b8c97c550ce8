use kafka_protocol::ErrorCode;

/// Who is to blame for what; see each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    // The broker refused.
    /// The broker answered with an error code.
    Broker(ErrorCode),
    /// The broker does not let this client in, or could not show that it is the
    /// broker: wrong credentials, a mechanism that it does not enable.
    Authentication,

    // The broker misbehaved, or is none. The connection was closed.
    /// An answer that does not decode.
    Malformed,
    /// An answer that decodes but cannot be right, or that nothing asked for.
    UnexpectedResponse,
    /// An answer to another request than the one that was next.
    CorrelationMismatch,
    /// An answer whose claimed length is negative or above the limit.
    FrameTooLarge,

    // Transport.
    /// The host name has no address.
    Resolve,
    /// No address of the broker took the connection.
    Connect,
    /// The connection ended before the answer came.
    Disconnected,
    /// The broker and this client did not come to trust each other: a
    /// certificate refused by either side, no TLS version in common, or only one
    /// side speaks TLS.
    Tls,
    /// The deadline passed.
    Timeout,

    // The caller.
    /// What gives passwords or tokens had none to give.
    Credentials,
    /// A setting is invalid, or two contradict each other.
    Config,
    /// Used after `close`, or its runtime is gone.
    Closed,
    /// A bounded buffer is full: try again when there is room.
    QueueFull,
    /// A record above the size limit.
    RecordTooLarge,
    /// An argument that cannot work, whatever the cluster's state.
    InvalidArgument,
    /// The broker and this client have no version of the request in common, or
    /// none within the bounds asked for.
    UnsupportedVersion,
    /// A request that the version asked for cannot express.
    Encode,

    // The data.
    /// A record batch failed its checks.
    Corrupt,
    /// The offset asked for is not in the log, and the policy is to fail.
    OffsetOutOfRange,

    /// A mistake in this client; please report it.
    Internal,
}

impl ErrorKind {
    /// Whether the same call may succeed if it is made again.
    ///
    /// A malformed or oversized answer is not: the same question tends to bring
    /// the same answer. A producer whose records are numbered resends
    /// regardless, since the broker recognises what it already has.
    pub(super) fn is_retriable(self) -> bool {
        match self {
            Self::Broker(code) => code.is_retriable(),
            Self::CorrelationMismatch
            | Self::Resolve
            | Self::Connect
            | Self::Disconnected
            | Self::Timeout
            | Self::Credentials
            | Self::QueueFull => true,
            Self::Authentication
            | Self::Malformed
            | Self::UnexpectedResponse
            | Self::FrameTooLarge
            | Self::Tls
            | Self::Config
            | Self::Closed
            | Self::RecordTooLarge
            | Self::InvalidArgument
            | Self::UnsupportedVersion
            | Self::Encode
            | Self::Corrupt
            | Self::OffsetOutOfRange
            | Self::Internal => false,
        }
    }

    /// The text when the error brings none of its own.
    pub(super) fn default_message(self) -> &'static str {
        match self {
            Self::Broker(_) => "the broker refused",
            Self::Authentication => "the broker does not let this client in",
            Self::Malformed => "the broker's answer does not decode",
            Self::UnexpectedResponse => "the broker answered what was not asked",
            Self::CorrelationMismatch => "the broker answered another request than the next",
            Self::FrameTooLarge => "the broker's answer is larger than allowed",
            Self::Resolve => "the host name has no address",
            Self::Connect => "no connection",
            Self::Disconnected => "the connection ended before the answer came",
            Self::Tls => "no TLS connection",
            Self::Timeout => "the deadline passed (timeout)",
            Self::Credentials => "no credentials are to be had",
            Self::Config => "invalid configuration",
            Self::Closed => "closed",
            Self::QueueFull => "the queue is full",
            Self::RecordTooLarge => "the record is too large",
            Self::InvalidArgument => "invalid argument",
            Self::UnsupportedVersion => "no common version",
            Self::Encode => "the request cannot be encoded",
            Self::Corrupt => "a record batch failed its checks",
            Self::OffsetOutOfRange => "the offset is not in the log",
            Self::Internal => "a mistake in this client; please report it",
        }
    }
}

/// The codes after which Kafka's own client allows nothing but an abort.
pub(super) fn requires_abort(code: ErrorCode) -> bool {
    code == ErrorCode::TransactionAbortable
}
