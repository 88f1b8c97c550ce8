//! Who leads, as told by a broker that was asked in vain (KIP-951).

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::{
    FetchResponse, ProduceResponse, ShareAcknowledgeResponse, ShareFetchResponse,
};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::cluster::{Broker, Cluster, Topic};
use crate::router::Router;

/// An answer in which a broker that does not lead a partition can tell who does:
/// Produce from v10 on, Fetch from v16 on, and those of share groups.
pub trait LeaderNews: news::Read {}

impl Router {
    /// Takes note of the leaders that an answer of this broker tells (KIP-951), so
    /// that a leader that moved costs one round trip and no metadata request.
    ///
    /// As in Kafka's own client, the news counts for a partition in the snapshot
    /// when its leader epoch is newer than the one known and the leader's address
    /// is known or told with it. A new snapshot is then there when this returns. (That
    /// client asks for the metadata besides; nothing here waits for it, so it is not.)
    ///
    /// An answer that gives a topic's name only must have been about the topic that
    /// bears it now: the caller knows, and leaves out what is not.
    ///
    /// Whatever the answer tells that is of no use is struck out of it: where
    /// `current_leader` still names a broker, the snapshot has a leader other than
    /// the broker that answered, or its newer epoch where the one asked with was too
    /// old, and the request can go there at once; everywhere else,
    /// [`Router::request_refresh`] is what helps.
    pub fn learn_leaders<A: LeaderNews>(&self, broker_id: i32, answer: &mut A) {
        let mut told = Vec::new();
        answer.each(&mut |part| {
            if part.tells_a_leader() {
                told.push(part.hint());
            } else {
                part.strike();
            }
        });
        if told.is_empty() {
            return;
        }
        let endpoints = answer.endpoints();
        self.shared()
            .with(|state| state.refresh.learn_leaders(&told, &endpoints));
        let cluster = self.cluster();
        answer.each(&mut |part| {
            if *part.leader >= 0 && !part.hint().is_settled(&cluster, broker_id) {
                part.strike();
            }
        });
    }
}

/// A partition's leader, as a broker told it.
#[derive(Clone, Debug)]
pub(crate) struct LeaderHint {
    /// Empty where the answer gives the id.
    pub(crate) topic: StrBytes,
    pub(crate) topic_id: Uuid,
    pub(crate) partition: i32,
    pub(crate) leader: i32,
    pub(crate) epoch: i32,
    /// The broker leads, or does not, but in another epoch than it was asked in.
    pub(crate) is_fenced: bool,
}

impl LeaderHint {
    fn topic_in<'a>(&self, cluster: &'a Cluster) -> Option<&'a Arc<Topic>> {
        if self.topic_id.is_zero() {
            cluster.topic(&self.topic)
        } else {
            cluster.topic_by_id(self.topic_id)
        }
    }

    /// Whether the snapshot knows whom to turn to in this broker's place.
    fn is_settled(&self, cluster: &Cluster, broker_id: i32) -> bool {
        self.topic_in(cluster)
            .and_then(|topic| topic.partition(self.partition))
            .filter(|partition| partition.leader_epoch >= self.epoch)
            .and_then(|partition| partition.leader)
            .is_some_and(|leader| leader != broker_id || self.is_fenced)
    }
}

impl Cluster {
    /// The snapshot with these leaders, or `None` when they are no news.
    pub(crate) fn with_leaders(
        &self,
        hints: &[LeaderHint],
        endpoints: &BTreeMap<i32, Broker>,
    ) -> Option<Self> {
        let mut changed: BTreeMap<StrBytes, Vec<&LeaderHint>> = BTreeMap::new();
        let mut told = BTreeMap::new();
        for hint in hints {
            let Some(topic) = hint.topic_in(self) else {
                continue;
            };
            let known = topic.partition(hint.partition);
            if known.is_none_or(|known| known.leader_epoch >= hint.epoch) {
                continue;
            }
            let endpoint = endpoints.get(&hint.leader);
            told.extend(endpoint.map(|broker| (broker.id, broker.clone())));
            if endpoint.is_some() || self.brokers.contains_key(&hint.leader) {
                changed.entry(topic.name().clone()).or_default().push(hint);
            }
        }
        if changed.is_empty() {
            return None;
        }
        let mut next = self.clone();
        next.generation += 1;
        let Self {
            brokers, topics, ..
        } = &mut next;
        brokers.extend(told);
        for (name, hints) in changed {
            let Some(topic) = topics.get_mut(&name) else {
                continue;
            };
            let mut partitions = topic.partitions().to_vec();
            for hint in hints {
                let index = usize::try_from(hint.partition).ok();
                let Some(partition) = index.and_then(|index| partitions.get_mut(index)) else {
                    continue;
                };
                if partition.leader_epoch < hint.epoch {
                    partition.leader = Some(hint.leader);
                    partition.leader_epoch = hint.epoch;
                    partition.leader_rack = brokers
                        .get(&hint.leader)
                        .and_then(|broker| broker.rack.clone());
                    partition.error = None;
                }
            }
            *topic = Arc::new(Topic::build(
                topic.name().clone(),
                topic.id(),
                topic.is_internal(),
                topic.error(),
                partitions,
            ));
        }
        Some(next)
    }
}

/// How the answers tell it; each has types of its own for the same thing.
mod news {
    use super::*;

    /// Reads and amends an answer.
    pub trait Read {
        /// Shows every partition's part.
        fn each(&mut self, visit: &mut dyn FnMut(Part<'_>));

        /// Where the brokers listen that lead.
        fn endpoints(&self) -> BTreeMap<i32, Broker>;
    }

    /// What an answer says of one partition.
    pub struct Part<'a> {
        pub(super) topic: &'a StrBytes,
        pub(super) topic_id: Uuid,
        pub(super) partition: i32,
        pub(super) error_code: i16,
        pub(super) leader: &'a mut i32,
        pub(super) epoch: &'a mut i32,
    }

    impl Part<'_> {
        pub(super) fn tells_a_leader(&self) -> bool {
            let wrong_leader = matches!(
                ErrorCode::from(self.error_code),
                ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch
            );
            wrong_leader && *self.leader >= 0 && *self.epoch >= 0
        }

        pub(super) fn hint(&self) -> LeaderHint {
            LeaderHint {
                topic: self.topic.clone(),
                topic_id: self.topic_id,
                partition: self.partition,
                leader: *self.leader,
                epoch: *self.epoch,
                is_fenced: ErrorCode::from(self.error_code) == ErrorCode::FencedLeaderEpoch,
            }
        }

        pub(super) fn strike(self) {
            *self.leader = -1;
            *self.epoch = -1;
        }
    }

    macro_rules! news {
        ($response:ty: $topics:ident / $partitions:ident, $id:ident $(, $name:ident)?) => {
            impl Read for $response {
                fn each(&mut self, visit: &mut dyn FnMut(Part<'_>)) {
                    for topic in &mut self.$topics {
                        for partition in &mut topic.$partitions {
                            visit(Part {
                                topic: news!(@ topic $($name)?),
                                topic_id: topic.topic_id,
                                partition: partition.$id,
                                error_code: partition.error_code,
                                leader: &mut partition.current_leader.leader_id,
                                epoch: &mut partition.current_leader.leader_epoch,
                            });
                        }
                    }
                }

                fn endpoints(&self) -> BTreeMap<i32, Broker> {
                    let told = self.node_endpoints.iter().filter_map(|told| {
                        Broker::told(told.node_id, &told.host, told.port, told.rack.as_ref())
                    });
                    told.map(|broker| (broker.id, broker)).collect()
                }
            }

            impl LeaderNews for $response {}
        };
        (@ $topic:ident) => { &NO_NAME };
        (@ $topic:ident $name:ident) => { &$topic.$name };
    }

    static NO_NAME: StrBytes = StrBytes::from_static("");

    news!(ProduceResponse: responses / partition_responses, index, name);
    news!(FetchResponse: responses / partitions, partition_index, topic);
    news!(ShareFetchResponse: responses / partitions, partition_index);
    news!(ShareAcknowledgeResponse: responses / partitions, partition_index);
}

#[cfg(test)]
mod tests;
