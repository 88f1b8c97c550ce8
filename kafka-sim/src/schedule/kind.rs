//! The kinds of fault.

use std::fmt;

use crate::chance::below;
use kafka_net::Random;

/// What a fault disturbs: swarms switch whole areas off, and profiles choose among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Area {
    /// Links, addresses, and who reaches whom.
    Network,
    /// Brokers and the leadership of partitions.
    Brokers,
    /// What produce requests meet.
    Produce,
    /// What fetches meet, and what becomes of logs.
    Fetch,
    /// Metadata, versions, and the bytes of answers to anything.
    Answers,
    /// Topics that change, and groups' offsets.
    Operations,
    /// The client's process and clocks.
    Client,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident $area:ident,)+) => {
        /// A kind of fault that a [`Schedule`](crate::Schedule) can hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FaultKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl FaultKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// What it disturbs.
            pub fn area(self) -> Area {
                match self {
                    $(Self::$kind => Area::$area,)+
                }
            }
        }
    };
}

kinds! {
    /// One connection is cut; what is under way is lost.
    CutLink Network,
    /// All connections are cut.
    CutAll Network,
    /// One connection stays open and carries nothing any more.
    SilenceLink Network,
    /// One connection carries nothing in one of its directions.
    SilenceOneWay Network,
    /// New connections are refused for a while, and the open ones cut.
    RefuseConnections Network,
    /// A broker can't be reached for a while: no packet comes or goes.
    CutOffBroker Network,
    /// All links become slow, and uneven.
    SlowLinks Network,
    /// All links become narrow.
    NarrowLinks Network,
    /// Every write breaks its connection with some probability.
    LossyLinks Network,
    /// Names get other addresses; nobody is at the old ones.
    ChangeAddresses Network,
    /// Names also have an address, the first, at which nobody is.
    DeadAddresses Network,
    /// A broker stops and starts again after a while.
    RestartBroker Brokers,
    /// Every broker stops, and starts again after a while.
    RestartAll Brokers,
    /// A broker freezes and goes on after a while.
    PauseBroker Brokers,
    /// A broker stops with the answer to a produce request unsent, and starts again.
    StopAtProduce Brokers,
    /// A broker freezes with the answer to a produce request unsent, and goes on.
    PauseAtProduce Brokers,
    /// The leadership of a partition moves to another broker.
    MoveLeader Brokers,
    /// The leadership moves while a produce request arrives, several times.
    MoveLeaderAtProduce Brokers,
    /// A broker is reached at another address from now on.
    MoveBroker Brokers,
    /// A broker is cut off from the other brokers, while clients reach it.
    CutOffFromOthers Brokers,
    /// The replicas that a broker follows with are held back.
    HoldBackReplicas Brokers,
    /// Leaders move, or a topic is created anew, and a broker hears of it late: its metadata
    /// tells of how things were before.
    HoldBackMetadata Brokers,
    /// A broker's disk fails for a while.
    FailDisk Brokers,
    /// The brokers restart as those of another release.
    ChangeRelease Brokers,
    /// The answer to a produce request is dropped after the append, and its connection closed.
    DropAnswerAfterAppend Produce,
    /// A produce request is dropped before the append, and its connection closed.
    DropRequestBeforeAppend Produce,
    /// Produce is refused with a retriable error.
    RefuseProduce Produce,
    /// Produce is refused with an error that comes after the append.
    RefuseAfterAppend Produce,
    /// Produce is refused with OUT_OF_ORDER_SEQUENCE_NUMBER.
    OutOfOrderSequence Produce,
    /// Produce is refused with UNKNOWN_PRODUCER_ID.
    UnknownProducer Produce,
    /// Produce is refused with MESSAGE_TOO_LARGE.
    TooLarge Produce,
    /// A produce answer leaves a partition out.
    OmitFromProduce Produce,
    /// A produce answer has a partition twice.
    RepeatInProduce Produce,
    /// Produce answers are delayed.
    DelayProduce Produce,
    /// Producing and reading a topic is not permitted for a while.
    RevokePermission Produce,
    /// Fetch answers are delayed.
    DelayFetch Fetch,
    /// Fetch answers have an error at the top.
    RefuseFetch Fetch,
    /// Fetch answers have errors at their partitions.
    RefuseFetchPartitions Fetch,
    /// Fetched batches are damaged on their way.
    CorruptRecords Fetch,
    /// A fetch answer leaves a partition out.
    OmitFromFetch Fetch,
    /// A fetch answer sends the reader to a broker that there is not.
    RedirectFetch Fetch,
    /// Records are deleted from the beginning of a log.
    DeleteRecords Fetch,
    /// A log is compacted.
    Compact Fetch,
    /// Answers are cut in half.
    TruncateAnswers Answers,
    /// Answers are random bytes.
    GarbageAnswers Answers,
    /// Answers carry the number of another request.
    WrongCorrelationIds Answers,
    /// Answers claim to be 2 GiB long.
    OversizedAnswers Answers,
    /// Answers come twice.
    RepeatAnswers Answers,
    /// Answers name a throttle time.
    Throttle Answers,
    /// Metadata leaves partitions out.
    OmitFromMetadata Answers,
    /// Metadata names no brokers.
    NoBrokers Answers,
    /// Metadata tells of the leaders before.
    StaleLeaders Answers,
    /// Metadata answers that topics are not ready.
    RefuseMetadata Answers,
    /// ApiVersions is refused with advice that does not help.
    RefuseVersions Answers,
    /// A topic is deleted and created anew.
    RecreateTopic Operations,
    /// A topic gets more partitions.
    GrowTopic Operations,
    /// Groups get another coordinator.
    MoveCoordinators Operations,
    /// Offset commits are refused.
    RefuseCommits Operations,
    /// A client's process stands still for a while.
    FreezeProcess Client,
    /// The clients' wall clock jumps.
    JumpClientClock Client,
    /// The brokers' wall clock jumps.
    JumpBrokerClock Client,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// Those of `kinds` that chance leaves on: each with even odds, so that the remaining
/// ones meet in combinations that a fair mix would hardly ever show.
pub(super) fn swarm(random: &Random, kinds: &[FaultKind]) -> Vec<FaultKind> {
    let kinds = kinds.iter().copied();
    match below(random, 3) {
        // Few kinds, often.
        0 => kinds.filter(|_| below(random, 8) == 0).collect(),
        // Whole areas off.
        1 => {
            let areas = random.u64();
            let on = |kind: &FaultKind| (areas >> (kind.area() as u32)) & 1 == 1;
            kinds.filter(on).filter(|_| below(random, 2) == 0).collect()
        }
        _ => kinds.filter(|_| below(random, 2) == 0).collect(),
    }
}
