//! What clients saw, held against what Kafka promises.
//!
//! The rules are those of Jepsen's Kafka workload, with two differences. Where the
//! cluster's own logs are known, they are the truth, and nothing is inferred. And what
//! Kafka does not promise is no finding: writes of several transactions interleave, offsets
//! have gaps (transaction markers, compaction), a send of unknown outcome is there or not,
//! a producer that is not idempotent writes twice.

mod epochs;
mod findings;
mod groups;
mod reads;
mod sends;
#[cfg(test)]
mod tests;
mod transactions;
mod view;
mod words;

use std::fmt;

use crate::history::History;
use findings::Findings;
use view::View;

/// By what a history is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The cluster's own logs, all of them given with [`History::stored`].
    Logs,
    /// What consumers made with [`History::fresh_consumer`] read, after healing: all that
    /// can be known of a cluster whose disks one can't look at.
    FreshReaders,
}

/// A kind of broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Anomaly {
    /// Two values at one offset of one log.
    InconsistentOffset,
    /// A value of an idempotent producer at two offsets.
    Duplicate,
    /// An acknowledged value, or one that somebody read, is gone.
    LostWrite,
    /// A value stands elsewhere than an acknowledgement or a consumer told.
    Misplaced,
    /// Acknowledged or stored, and not reached by fresh readers.
    Unseen,
    /// Written though the client said that it was not.
    WrittenAfterFailure,
    /// In the log, or read, and never sent.
    Invented,
    /// Acknowledged sends of an idempotent producer out of order.
    NonmonotonicSend,
    /// A send without an outcome.
    Unresolved,
    /// A send with more than one outcome.
    ResolvedTwice,
    /// A consumer jumped over records.
    PollSkip,
    /// A consumer went back.
    NonmonotonicPoll,
    /// A consumer was handed records of a log that it had given up.
    ReadAfterRevoke,
    /// A read-committed consumer was handed a record of an aborted transaction.
    AbortedRead,
    /// A read-committed consumer was handed a record before its commit was asked for.
    PrecommittedRead,
    /// Parts of a transaction took effect and others did not.
    TornTransaction,
    /// An offset was committed beyond what the consumer was handed.
    CommitBeyondDelivered,
    /// A group's stored offset is not that of its last commit.
    LostCommit,
    /// Two members of a group owned a log in one epoch.
    TwoOwners,
    /// A client believed metadata that is older than what it had: it stated a lower leader
    /// epoch than before.
    StaleMetadata,
    /// The run did not end, or something failed that must succeed after healing.
    Liveness,
    /// The history contradicts itself (a value sent twice): it can't be judged.
    UnusableHistory,
}

impl Anomaly {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::InconsistentOffset,
        Self::Duplicate,
        Self::LostWrite,
        Self::Misplaced,
        Self::Unseen,
        Self::WrittenAfterFailure,
        Self::Invented,
        Self::NonmonotonicSend,
        Self::Unresolved,
        Self::ResolvedTwice,
        Self::PollSkip,
        Self::NonmonotonicPoll,
        Self::ReadAfterRevoke,
        Self::AbortedRead,
        Self::PrecommittedRead,
        Self::TornTransaction,
        Self::CommitBeyondDelivered,
        Self::LostCommit,
        Self::TwoOwners,
        Self::StaleMetadata,
        Self::Liveness,
        Self::UnusableHistory,
    ];
}

impl fmt::Display for Anomaly {
    /// In words: `lost write`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InconsistentOffset => "inconsistent offset",
            Self::Duplicate => "duplicate",
            Self::LostWrite => "lost write",
            Self::Misplaced => "misplaced",
            Self::Unseen => "unseen",
            Self::WrittenAfterFailure => "written after failure",
            Self::Invented => "invented",
            Self::NonmonotonicSend => "nonmonotonic send",
            Self::Unresolved => "unresolved",
            Self::ResolvedTwice => "resolved twice",
            Self::PollSkip => "poll skip",
            Self::NonmonotonicPoll => "nonmonotonic poll",
            Self::ReadAfterRevoke => "read after revoke",
            Self::AbortedRead => "aborted read",
            Self::PrecommittedRead => "precommitted read",
            Self::TornTransaction => "torn transaction",
            Self::CommitBeyondDelivered => "commit beyond delivered",
            Self::LostCommit => "lost commit",
            Self::TwoOwners => "two owners",
            Self::StaleMetadata => "stale metadata",
            Self::Liveness => "liveness",
            Self::UnusableHistory => "unusable history",
        })
    }
}

/// A promise broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    anomaly: Anomaly,
    facts: String,
}

impl Violation {
    pub(crate) fn new(anomaly: Anomaly, facts: impl Into<String>) -> Self {
        let facts = facts.into();
        Self { anomaly, facts }
    }

    /// Something that should have happened and did not: for what runs the history, since
    /// the history itself does not know when it is over.
    pub fn liveness(facts: impl Into<String>) -> Self {
        Self::new(Anomaly::Liveness, facts)
    }

    /// Which promise.
    pub fn anomaly(&self) -> Anomaly {
        self.anomaly
    }

    /// Who, which value, where and when.
    pub fn facts(&self) -> &str {
        &self.facts
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.anomaly, self.facts)
    }
}

impl History {
    /// Every broken promise, each anomaly at most 20 times and then how many more there
    /// are; empty when all promises held. Takes O(n log n) for a history of n operations.
    ///
    /// One cause gives one finding where it can be told: a value at an offset that shows
    /// another value, for example, is not also reported as lost. A history that
    /// [contradicts itself](Anomaly::UnusableHistory) has no other findings.
    pub fn check(&self, evidence: Evidence) -> Vec<Violation> {
        let view = View::new(self, evidence);
        let mut findings = Findings::new(self.values.len());
        if !sends::check_usable(&view, &mut findings) {
            return findings.into_violations();
        }
        sends::check(&view, &mut findings);
        reads::check(&view, &mut findings);
        let fates = transactions::check(&view, &mut findings);
        groups::check(&view, &fates, &mut findings);
        epochs::check(&view, &mut findings);
        findings.into_violations()
    }
}
