use std::time::Duration;

use kafka_protocol::ErrorCode;

/// What happens to a request that meets a fault's condition.
///
/// A request can meet several faults at once: their delays add up, each
/// partition gets the first error that fits it, and the first reaction that says
/// how the exchange ends (those from [`Reaction::DropBeforeApply`] on) decides.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reaction {
    /// The partitions that meet the condition are answered with this error and
    /// nothing is done for them. In an API whose answers tell no partitions
    /// apart, and where the condition names neither topic nor partition and the
    /// request holds none, the whole answer is this error.
    Error(ErrorCode),
    /// The same, but what was asked for is done before the error is answered, as
    /// when a broker gives up waiting for its replicas.
    ErrorAfterApply(ErrorCode),
    /// The whole answer is this error: at the top where the answer has a place
    /// for it there, at every partition otherwise. Nothing is done.
    TopLevelError(ErrorCode),
    /// The answer is held back for this long.
    Delay(Duration),
    /// The request is held back for this long before anything is done.
    DelayBeforeApply(Duration),
    /// A fetch answer's records are damaged: a bit in the last byte of each
    /// batch is flipped, so that checksums fail.
    CorruptRecords,
    /// The connection is closed, and nothing is done.
    DropBeforeApply,
    /// What was asked for is done, and the connection is closed instead of an
    /// answer.
    DropAfterApply,
    /// The request is answered, then the connection is closed.
    CloseConnection,
    /// Half of the answer is sent, then the connection is closed.
    Truncate,
    /// A frame of as many random bytes as the answer has is sent instead.
    Garbage,
    /// The answer carries the correlation id of another request.
    WrongCorrelationId,
    /// The answer claims to be 2 GiB long.
    OversizedLength,
    /// The answer is sent twice.
    DuplicateAnswer,
    /// Half-open: what was asked for is done, but neither this request nor any
    /// later one on the connection is answered, and the connection stays open.
    Silence,
}
