//! What is asked of the brokers, and what comes back.

use std::collections::BTreeSet;

use kafka_protocol::StrBytes;
use kafka_protocol::messages::MetadataResponse;

/// One metadata question, to be put to any broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Counts up from 1.
    pub(crate) id: u64,
    pub(crate) purpose: Purpose,
    /// The topics to ask for; none asks for the brokers only.
    pub(crate) topics: BTreeSet<StrBytes>,
    pub(crate) allow_auto_topic_creation: bool,
    /// The known brokers have had their time: the bootstrap addresses first.
    pub(crate) from_bootstrap: bool,
}

/// Why a question is asked.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Someone waits for topics that are not there yet. Only such a question
    /// may create topics.
    Seek,
    /// Brings some topics, or only the brokers, up to date.
    Part,
    /// Brings all topics in use up to date.
    All,
}

impl Question {
    /// Whether its answer tells about these topics; about all in use when there
    /// are none.
    pub(super) fn covers(&self, topics: &[StrBytes]) -> bool {
        self.purpose == Purpose::All
            || (!topics.is_empty() && topics.iter().all(|name| self.topics.contains(name)))
    }
}

/// A usable answer: it has passed [`crate::merge::check`].
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: MetadataResponse,
    pub(crate) version: i16,
    /// It came from a cluster with another id, by way of a bootstrap address:
    /// nothing of the snapshot applies to it.
    pub(crate) other_cluster: bool,
}
