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
    /// The answer names this throttle time, and the broker reads nothing more from
    /// the connection until it is over, as Kafka does with a client above its quota
    /// (KIP-219). In answers that have a place for it.
    Throttle(Duration),
    /// The partitions that meet the condition are left out of the answer: of
    /// Produce, Fetch and Metadata.
    OmitPartitions,
    /// The partitions that meet the condition stand in the answer twice: of
    /// Produce and Fetch.
    RepeatPartitions,
    /// A metadata answer names no brokers.
    NoBrokers,
    /// A metadata answer tells what was true one leader epoch ago: the epochs of
    /// the partitions that meet the condition are one lower, and another of their
    /// replicas leads them.
    StaleLeaders,
    /// The partitions of a fetch answer that meet the condition carry no records and
    /// send the client to this broker instead, as a leader does that knows a closer
    /// replica (KIP-392). From version 11 on.
    RedirectFetch(i32),
    /// ApiVersions is refused with UNSUPPORTED_VERSION, and the versions named
    /// include the one refused, so that heeding the advice changes nothing.
    RefuseOwnVersions,
    /// First of all the partitions that meet the condition get their next in-sync
    /// replica as leader. Where the request names topics only, every partition of
    /// those.
    MoveLeader,
    /// First of all every group and transactional id gets another coordinator: the
    /// partitions of the internal topics get their next in-sync replica as leader.
    MoveCoordinators,
    /// First of all the topics that meet the condition are deleted and created
    /// anew, with as many partitions and another id.
    RecreateTopic,
    /// First of all the brokers' wall clock moves by this many milliseconds.
    JumpWallClock(i64),
    /// What was asked for is done, but before the answer is sent the broker goes
    /// down, until [`TestCluster::start_broker`](crate::TestCluster::start_broker).
    StopBroker,
    /// What was asked for is done, but before the answer is sent the broker
    /// freezes, until [`TestCluster::resume_broker`](crate::TestCluster::resume_broker).
    PauseBroker,
    /// A fetch answer's records are damaged: a bit in the second half of each
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
