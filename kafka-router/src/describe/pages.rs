//! What pages are left to ask for, and what those that came make: a state machine
//! without a clock or a socket.
//!
//! ```text
//!          request             on_page: the rest of the topic
//!  (left) ────────► in flight ───────────────────────────────► done
//!    ▲ ▲                │ on_page: a part, and a cursor to the next
//!    │ └── in part ◄────┘
//!    └──────────┘ another topic by that name: begun anew
//! ```
//!
//! It ends whatever the answers say: each settles a topic, adds partitions to the one that
//! is there in part, begins it anew, which is done [`MAX_RESTARTS`] times, or finds that
//! pages are refused, after which nobody asks for one; any other counts as a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::messages::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
    TopicRequest,
};
use kafka_protocol::messages::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};

use super::{Described, left_out, refusal};
use crate::cluster::{Cluster, EligibleLeaders, Partition, Topic};
use crate::disposition::{Disposition, disposition};

const API: ApiKey = ApiKey::DescribeTopicPartitions;

/// How often a topic is begun anew because it was recreated between two pages.
const MAX_RESTARTS: u32 = 5;
/// Partitions that an answer may leave out in a row. Kafka leaves out none; a lone
/// huge index must not buy a huge list.
const MAX_GAP: i32 = 16;
/// More partitions than any topic has.
const MAX_PARTITIONS: usize = 10_000_000;

/// The topics that are being described.
pub(super) struct Pages {
    limit: u16,
    left: BTreeSet<StrBytes>,
    /// The one of them that is there in part.
    part: Option<Part>,
    restarts: BTreeMap<StrBytes, u32>,
    /// A broker that said it knows pages refused them.
    refused: bool,
    done: Described,
}

/// The first partitions of a topic.
struct Part {
    name: StrBytes,
    id: Uuid,
    is_internal: bool,
    partitions: Vec<Partition>,
}

impl Pages {
    pub(super) fn new(left: BTreeSet<StrBytes>, done: Described, partitions_per_page: u16) -> Self {
        Self {
            limit: partitions_per_page.max(1),
            left,
            part: None,
            restarts: BTreeMap::new(),
            refused: false,
            done,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    /// The topics without a result.
    pub(super) fn left(&self) -> &BTreeSet<StrBytes> {
        &self.left
    }

    /// Whether asking for pages is in vain.
    pub(super) fn are_refused(&self) -> bool {
        self.refused
    }

    /// Asks for the next page.
    pub(super) fn request(&self) -> DescribeTopicPartitionsRequest {
        let topics = self
            .asked()
            .map(|name| TopicRequest::new().with_name(name.clone()))
            .collect::<Vec<_>>();
        let cursor = self.part.as_ref().map(|part| {
            Cursor::new()
                .with_topic_name(part.name.clone())
                .with_partition_index(part.next())
        });
        DescribeTopicPartitionsRequest::new()
            .with_topics(topics)
            .with_response_partition_limit(self.limit.into())
            .with_cursor(cursor)
    }

    /// A page came. `cluster` knows racks.
    ///
    /// # Errors
    ///
    /// When it brought nothing: what the broker said of a topic, which may pass, or
    /// [`ErrorKind::UnexpectedResponse`].
    pub(super) fn on_page(
        &mut self,
        page: DescribeTopicPartitionsResponse,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        let asked: BTreeSet<StrBytes> = self.asked().cloned().collect();
        let before = self.progress();
        let mut part = self.part.take();
        // Those that stay though the page has come by them.
        let mut waiting: BTreeSet<StrBytes> = BTreeSet::new();
        let mut passing = None;
        for topic in page.topics {
            let name = topic.name.as_ref().and_then(|name| asked.get(&**name));
            let Some(name) = name.filter(|name| self.left.contains(*name)) else {
                continue;
            };
            // Of two the first counts.
            if waiting.contains(name) {
                continue;
            }
            let begun = part.take_if(|part| part.name == *name);
            let code = ErrorCode::from(topic.error_code);
            match code {
                ErrorCode::None => {}
                ErrorCode::UnsupportedVersion => {
                    self.refused = true;
                    return Ok(());
                }
                ErrorCode::UnknownTopicOrPartition if begun.is_some() => {
                    // Deleted, maybe to be created anew; or this broker lags behind.
                    if self.restart(name) {
                        waiting.insert(name.clone());
                    }
                    continue;
                }
                code if code != ErrorCode::UnknownTopicOrPartition
                    && disposition(code) != Disposition::Fail =>
                {
                    waiting.insert(name.clone());
                    passing = Some(refusal(API, name, code));
                    self.part = begun.or(self.part.take());
                    continue;
                }
                code => {
                    self.settle(name, Err(refusal(API, name, code)));
                    continue;
                }
            }
            let kept = begun.as_ref().map(|begun| begun.partitions.len());
            let mut part = match begun {
                Some(begun) if begun.id == topic.topic_id => begun,
                Some(_) => {
                    tracing::debug!(topic = %name, "recreated between two pages: begun anew");
                    if self.restart(name) {
                        waiting.insert(name.clone());
                    }
                    continue;
                }
                None => Part::begin(name.clone(), &topic),
            };
            let goes_on = page
                .next_cursor
                .as_ref()
                .filter(|cursor| cursor.topic_name == *name);
            match part.add(topic.partitions, goes_on, cluster) {
                Err(error) => self.settle(name, Err(error)),
                Ok(()) if goes_on.is_some() => {
                    waiting.insert(name.clone());
                    self.part = Some(part);
                }
                // A page says where the topic goes on only if it does: this broker lags
                // behind the one that said so.
                Ok(()) if kept == Some(part.partitions.len()) => {
                    waiting.insert(name.clone());
                    passing = Some(lagging(name));
                    self.part = Some(part);
                }
                Ok(()) => self.settle(name, Ok(Arc::new(part.finish()))),
            }
        }
        let end = page.next_cursor.map(|cursor| cursor.topic_name);
        // The answer has come by these and says nothing of them.
        let passed = asked
            .into_iter()
            .filter(|name| end.as_ref().is_none_or(|end| name < end))
            .filter(|name| self.left.contains(name) && !waiting.contains(name));
        for name in passed.collect::<Vec<_>>() {
            self.settle(&name, Err(left_out(API, &name)));
        }
        if self.progress() > before {
            return Ok(());
        }
        Err(passing.unwrap_or_else(|| {
            Error::new(ErrorKind::UnexpectedResponse)
                .with_message("the page brings nothing and its cursor does not advance")
                .with_api(API)
        }))
    }

    /// Another way brought these results.
    pub(super) fn settle_all(&mut self, described: Described) {
        for (name, result) in described {
            self.settle(&name, result);
        }
    }

    /// Gives every topic without a result this error.
    pub(super) fn fail_rest(&mut self, error: &Error) {
        for name in std::mem::take(&mut self.left) {
            let error = error.clone().with_topic(name.clone());
            self.done.insert(name, Err(error));
        }
    }

    pub(super) fn finish(self) -> Described {
        self.done
    }

    /// The topics that the next page is asked of: each has a partition, so more than
    /// fit on it need not be named. Whatever comes before a cursor, brokers pass over.
    fn asked(&self) -> impl Iterator<Item = &StrBytes> + '_ {
        let from = self.part.as_ref().map(|part| &part.name);
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        let names = self.left.range::<StrBytes, _>((from, Bound::Unbounded));
        names.take(self.limit.into())
    }

    /// Grows with everything that brings the end nearer.
    fn progress(&self) -> (usize, u32, usize) {
        let part = self.part.as_ref().map_or(0, |part| part.partitions.len());
        (self.done.len(), self.restarts.values().sum(), part)
    }

    fn settle(&mut self, name: &StrBytes, result: Result<Arc<Topic>, Error>) {
        if self.left.remove(name) {
            self.done.insert(name.clone(), result);
        }
    }

    /// Whether the topic is to be asked for from its first partition; else it is
    /// settled.
    fn restart(&mut self, name: &StrBytes) -> bool {
        let count = self.restarts.entry(name.clone()).or_default();
        *count += 1;
        if *count <= MAX_RESTARTS {
            return true;
        }
        let error = Error::new(ErrorKind::UnexpectedResponse)
            .with_message("the topic is another one with each page")
            .with_api(API)
            .with_topic(name.clone());
        self.settle(name, Err(error));
        false
    }
}

impl Part {
    fn begin(name: StrBytes, topic: &DescribeTopicPartitionsResponseTopic) -> Self {
        Self {
            name,
            id: topic.topic_id,
            is_internal: topic.is_internal,
            partitions: Vec::new(),
        }
    }

    /// The first partition that is not there.
    fn next(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// Takes in what a page has of the topic, and where the next one goes on.
    fn add(
        &mut self,
        mut told: Vec<DescribeTopicPartitionsResponsePartition>,
        goes_on: Option<&Cursor>,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        let before = self.next();
        told.sort_by_key(|partition| partition.partition_index);
        for partition in told {
            let index = partition.partition_index;
            // Of two the first counts, also if that was on an earlier page.
            if index < self.next() {
                continue;
            }
            self.fill_up_to(index)?;
            self.partitions.push(partition_of(partition, cluster));
        }
        match goes_on {
            Some(cursor) if self.next() == before || cursor.partition_index < self.next() => {
                Err(self.impossible("the cursor does not advance"))
            }
            Some(cursor) => self.fill_up_to(cursor.partition_index),
            None => Ok(()),
        }
    }

    /// Partitions that must exist, since a later one does.
    fn fill_up_to(&mut self, index: i32) -> Result<(), Error> {
        let next = self.next();
        if index.saturating_sub(next) > MAX_GAP || self.partitions.len() >= MAX_PARTITIONS {
            return Err(self.impossible("impossible partition"));
        }
        let missing = (next..index).map(|id| Partition {
            error: Some(ErrorCode::UnknownTopicOrPartition),
            ..Partition::new(id, None)
        });
        self.partitions.extend(missing);
        Ok(())
    }

    fn impossible(&self, what: &'static str) -> Error {
        Error::new(ErrorKind::UnexpectedResponse)
            .with_message(what)
            .with_api(API)
            .with_topic(self.name.clone())
    }

    fn finish(self) -> Topic {
        Topic::build(self.name, self.id, self.is_internal, None, self.partitions)
    }
}

/// A broker that doesn't know yet of partitions that another one has told of.
fn lagging(name: &StrBytes) -> Error {
    Error::broker(ErrorCode::UnknownTopicOrPartition)
        .with_message("the broker knows fewer partitions than the one asked before")
        .with_api(API)
        .with_topic(name.clone())
}

fn partition_of(told: DescribeTopicPartitionsResponsePartition, cluster: &Cluster) -> Partition {
    let leader = Some(told.leader_id).filter(|id| *id >= 0);
    let code = Some(ErrorCode::from(told.error_code)).filter(|code| !code.is_ok());
    // Kafka gives no code for a partition without a leader here.
    let missing = leader.is_none().then_some(ErrorCode::LeaderNotAvailable);
    let eligible = match (told.eligible_leader_replicas, told.last_known_elr) {
        (None, None) => None,
        (replicas, last_known) => Some(Box::new(EligibleLeaders {
            replicas: replicas.unwrap_or_default(),
            last_known: last_known.unwrap_or_default(),
        })),
    };
    Partition {
        id: told.partition_index,
        leader,
        leader_epoch: told.leader_epoch.max(-1),
        leader_rack: leader
            .and_then(|id| cluster.broker(id))
            .and_then(|broker| broker.rack.clone()),
        replicas: told.replica_nodes,
        isr: told.isr_nodes,
        offline: told.offline_replicas,
        eligible_leaders: eligible,
        error: code.or(missing),
    }
}

#[cfg(test)]
mod tests;
