//! From one snapshot and one answer to the next snapshot.
//!
//! What an answer may and may not change:
//!
//! - Topics it doesn't mention stay as they were: most answers are partial.
//! - A topic the brokers don't know drops out. If it comes back with the id it had,
//!   it was one broker's ignorance: its leader epochs are still known.
//! - A partition whose leader epoch is older than the one known stays as it was:
//!   the answer came from a broker that lags behind.
//!   Without topic ids it may also be a topic made anew, whose epochs begin again,
//!   so where eight answers in a row insist, they are believed.
//! - The same name with another topic id is another topic: nothing of the old
//!   one stays, epochs included.
//! - A topic id that the name has had before and shed comes from a broker that
//!   lags behind, too: what is known stays. The last four ids per topic in use
//!   are remembered. Only where eight answers in a row insist is the id believed
//!   after all, lest a first answer from the future were held to forever.
//! - A known partition that the answer leaves out stays, since a topic's
//!   partitions never become fewer; only without topic ids is the answer
//!   believed, because a recreated topic looks just the same.
//! - The brokers are those of the answer, never none where some were known.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use kafka_net::{Error, ErrorKind};
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};

use crate::cluster::{Broker, Cluster, Topic};

mod ids;
mod partitions;

pub(crate) use ids::Ids;
use partitions::{RELIABLE_EPOCHS_SINCE, is_known, next_partitions};

/// So many answers in a row with older epochs, of a topic without id, are no broker
/// that lags behind.
const SETBACKS_BELIEVED: u8 = 8;

/// What came of an answer.
pub(crate) struct Merged {
    pub(crate) cluster: Cluster,
    /// Whether anything but the generation differs from the snapshot before.
    pub(crate) changed: bool,
    /// Topics that the answer had an error for, whether or not they are in use.
    pub(crate) topic_errors: BTreeMap<StrBytes, ErrorCode>,
}

impl Cluster {
    /// The snapshot that one metadata answer alone makes.
    ///
    /// `version` is the version of the answer. For everyone who reads answers
    /// without a [`Router`](crate::Router).
    ///
    /// # Errors
    ///
    /// The broker's top-level error (Metadata v13), or
    /// [`ErrorKind::UnexpectedResponse`] when it names no broker.
    pub fn from_metadata(response: MetadataResponse, version: i16) -> Result<Self, Error> {
        check(&response)?;
        Ok(Self::default().merge(response, version, |_| true).cluster)
    }

    /// The snapshot after one more metadata answer, with every topic that it or this
    /// snapshot has: what it changes and what not is as with a
    /// [`Router`](crate::Router). A topic of which it tells nothing new keeps its
    /// `Arc`; that takes no allocation per partition.
    ///
    /// # Errors
    ///
    /// As [`Cluster::from_metadata`]; this snapshot is then still the best there is.
    pub fn updated(&self, response: MetadataResponse, version: i16) -> Result<Self, Error> {
        check(&response)?;
        Ok(self.merge(response, version, |_| true).cluster)
    }

    /// The next snapshot. Only topics that `retain` holds for are in it.
    ///
    /// The answer has passed [`check`].
    pub(crate) fn merge(
        &self,
        response: MetadataResponse,
        version: i16,
        retain: impl Fn(&str) -> bool,
    ) -> Merged {
        let brokers = usable_brokers(&response);
        let mut topics: IndexMap<StrBytes, Arc<Topic>> = self
            .topics
            .iter()
            .filter(|(name, _)| retain(name))
            .map(|(name, topic)| (name.clone(), Arc::clone(topic)))
            .collect();
        let mut ids: BTreeMap<StrBytes, Ids> = self
            .ids
            .iter()
            .filter(|(name, _)| retain(name))
            .map(|(name, ids)| (name.clone(), ids.clone()))
            .collect();
        let mut setbacks: BTreeMap<StrBytes, u8> = self
            .setbacks
            .iter()
            .filter(|(name, _)| retain(name))
            .map(|(name, count)| (name.clone(), *count))
            .collect();
        let mut topic_errors = BTreeMap::new();
        for answer in response.topics {
            let Some(name) = answer.name.as_ref().filter(|name| !name.is_empty()) else {
                continue;
            };
            // Of its own: a view of the answer's buffer would keep all of that in
            // memory for as long as the snapshot lives.
            let name = match topics.get_key_value(&**name) {
                Some((known, _)) => known.clone(),
                None => name.detach(),
            };
            let error = error_of(answer.error_code);
            if let Some(error) = error {
                topic_errors.insert(name.clone(), error);
            }
            if !retain(&name) {
                continue;
            }
            let back = ids.get(&*name).and_then(|ids| ids.gone(answer.topic_id));
            let back = back.filter(|_| error.is_none());
            // One that an error left without partitions knows less than what was there before.
            let live = topics.get(&*name);
            let live = live.filter(|live| back.is_none() || !live.partitions().is_empty());
            let old = live.or(back.as_ref());
            if error.is_none() && !is_news(&mut ids, old, &name, answer.topic_id) {
                tracing::debug!(topic = %name, "an answer about the topic's predecessor ignored");
                continue;
            }
            let old = match old {
                Some(old) if goes_back(old, &answer, version) => {
                    let count = setbacks.entry(name.clone()).or_insert(0);
                    *count += 1;
                    if *count >= SETBACKS_BELIEVED {
                        tracing::info!(topic = %name, "the topic begins anew with older epochs");
                        setbacks.remove(&name);
                        None
                    } else {
                        Some(old)
                    }
                }
                old => {
                    setbacks.remove(&name);
                    old
                }
            };
            let next = next_topic(old, answer, name.clone(), version, &brokers);
            if let (Some(old), None) = (old, &next)
                && !old.id().is_zero()
            {
                // It may have been another broker's ignorance, so the id may
                // come back; after another one it may not.
                ids.entry(name.clone())
                    .or_insert_with(|| Ids::new(old.id()))
                    .drop_out(old);
            }
            match next {
                Some(topic) => {
                    if let Some(ids) = ids.get_mut(&*name).filter(|_| error.is_none()) {
                        ids.came_back();
                    }
                    drop(topics.insert(name, topic));
                }
                // Not swap_remove: the order of the rest is part of what a seed
                // reproduces.
                None => drop(topics.shift_remove(&*name)),
            }
        }
        let mut merged = self.next(
            response.cluster_id,
            response.controller_id,
            brokers,
            topics,
            ids,
            topic_errors,
        );
        merged.cluster.setbacks = setbacks;
        merged
    }

    /// The same snapshot without one topic.
    pub(crate) fn without_topic(&self, name: &str) -> Option<Self> {
        let mut next = self.clone();
        let topic = next.topics.shift_remove(name)?;
        next.names_by_id.shift_remove(&topic.id());
        next.ids.remove(name);
        next.setbacks.remove(name);
        next.generation += 1;
        Some(next)
    }

    fn next(
        &self,
        cluster_id: Option<StrBytes>,
        controller_id: i32,
        brokers: BTreeMap<i32, Broker>,
        topics: IndexMap<StrBytes, Arc<Topic>>,
        ids: BTreeMap<StrBytes, Ids>,
        topic_errors: BTreeMap<StrBytes, ErrorCode>,
    ) -> Merged {
        let cluster = Cluster {
            generation: self.generation + 1,
            // A broker of an older version doesn't tell; the id stays.
            cluster_id: cluster_id
                .as_ref()
                .map(StrBytes::detach)
                .or_else(|| self.cluster_id.clone()),
            controller_id: (controller_id >= 0).then_some(controller_id),
            names_by_id: topics
                .values()
                .filter(|topic| !topic.id().is_zero())
                .map(|topic| (topic.id(), topic.name().clone()))
                .collect(),
            brokers,
            topics,
            ids,
            setbacks: BTreeMap::new(),
        };
        let changed = self.generation == 0
            || self.cluster_id != cluster.cluster_id
            || self.controller_id != cluster.controller_id
            || self.brokers != cluster.brokers
            || !same_topics(&self.topics, &cluster.topics);
        Merged {
            cluster,
            changed,
            topic_errors,
        }
    }
}

/// Whether an answer can be used at all.
pub(crate) fn check(response: &MetadataResponse) -> Result<(), Error> {
    if let Some(code) = error_of(response.error_code) {
        return Err(Error::broker(code).with_api(ApiKey::Metadata));
    }
    if usable_brokers(response).is_empty() {
        return Err(Error::new(ErrorKind::UnexpectedResponse)
            .with_message("the metadata names no broker")
            .with_api(ApiKey::Metadata));
    }
    Ok(())
}

fn error_of(code: i16) -> Option<ErrorCode> {
    Some(ErrorCode::from(code)).filter(|code| !code.is_ok())
}

fn usable_brokers(response: &MetadataResponse) -> BTreeMap<i32, Broker> {
    response
        .brokers
        .iter()
        .filter_map(|broker| {
            Broker::told(
                broker.node_id,
                &broker.host,
                broker.port,
                broker.rack.as_ref(),
            )
        })
        .map(|broker| (broker.id, broker))
        .collect()
}

/// Unchanged topics keep their `Arc`, so comparing pointers is enough.
fn same_topics(old: &IndexMap<StrBytes, Arc<Topic>>, new: &IndexMap<StrBytes, Arc<Topic>>) -> bool {
    old.len() == new.len()
        && old
            .iter()
            .all(|(name, topic)| new.get(name).is_some_and(|new| Arc::ptr_eq(topic, new)))
}

/// The topic as it is after this answer; `None` when there is none.
fn next_topic(
    old: Option<&Arc<Topic>>,
    answer: MetadataResponseTopic,
    name: StrBytes,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> Option<Arc<Topic>> {
    match old.filter(|old| tells_nothing_new(old, &answer, version, brokers)) {
        Some(old) => Some(Arc::clone(old)),
        None => built_topic(old, answer, name, version, brokers),
    }
}

fn built_topic(
    old: Option<&Arc<Topic>>,
    answer: MetadataResponseTopic,
    name: StrBytes,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> Option<Arc<Topic>> {
    let error = error_of(answer.error_code);
    match error {
        Some(ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopicId) => return None,
        // Whatever is wrong with the topic as a whole, its partitions are then
        // missing or unreliable: the last good view stays.
        Some(error) => {
            let kept = old.map_or_else(
                || {
                    Topic::build(
                        name,
                        answer.topic_id,
                        answer.is_internal,
                        Some(error),
                        Vec::new(),
                    )
                },
                |old| {
                    Topic::build(
                        old.name().clone(),
                        old.id(),
                        old.is_internal(),
                        Some(error),
                        old.partitions().to_vec(),
                    )
                },
            );
            return Some(unchanged_or(old, kept));
        }
        None => {}
    }
    let recreated = old.is_some_and(|old| is_recreated(old.id(), answer.topic_id));
    if recreated {
        tracing::info!(topic = %name, "the topic was recreated");
    }
    let same = old.filter(|_| !recreated);
    let id = match same {
        // A broker too old to tell ids says nothing against the known one.
        Some(old) if answer.topic_id.is_zero() => old.id(),
        _ => answer.topic_id,
    };
    let ids_known = !answer.topic_id.is_zero() && same.is_some_and(|old| !old.id().is_zero());
    let known = same.map_or(&[][..], |old| old.partitions());
    // Without ids a topic may be another one, with fewer partitions, but never with none.
    let keep_omitted = ids_known || answer.partitions.is_empty();
    let partitions = next_partitions(known, keep_omitted, answer.partitions, version, brokers);
    let next = Topic::build(name, id, answer.is_internal, None, partitions);
    Some(unchanged_or(old, next))
}

/// Whether the topic is after this answer what it was before, told without building
/// it: most answers to a refresh are like that. Where it says no, building tells.
fn tells_nothing_new(
    old: &Topic,
    answer: &MetadataResponseTopic,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> bool {
    let entries = &answer.partitions;
    let in_order = (0..)
        .zip(entries)
        .all(|(id, entry)| id == entry.partition_index);
    old.error().is_none()
        && answer.error_code == 0
        && old.is_internal() == answer.is_internal
        && old.id() == answer.topic_id
        && entries.len() == old.partitions().len()
        // Without an id, one that is left out would be gone.
        && (in_order || !old.id().is_zero())
        && entries.iter().all(|entry| {
            old.partition(entry.partition_index)
                .is_some_and(|known| is_known(known, entry, version, brokers))
        })
}

/// Whether an answer that names this id is about the topic that bears the name
/// now, or a later one.
fn is_news(
    ids: &mut BTreeMap<StrBytes, Ids>,
    old: Option<&Arc<Topic>>,
    name: &StrBytes,
    id: Uuid,
) -> bool {
    if id.is_zero() {
        return true;
    }
    if let Some(old) = old.filter(|old| is_recreated(old.id(), id)) {
        ids.entry(name.clone())
            .or_insert_with(|| Ids::new(old.id()));
    }
    ids.get_mut(&**name).is_none_or(|ids| ids.believe(id))
}

fn is_recreated(old: Uuid, new: Uuid) -> bool {
    !old.is_zero() && !new.is_zero() && old != new
}

fn unchanged_or(old: Option<&Arc<Topic>>, next: Topic) -> Arc<Topic> {
    match old {
        Some(old) if **old == next => Arc::clone(old),
        _ => Arc::new(next),
    }
}

/// Whether an answer without topic id knows an older epoch of some partition.
fn goes_back(old: &Topic, answer: &MetadataResponseTopic, version: i16) -> bool {
    let is_older = |entry: &MetadataResponsePartition| {
        let index = usize::try_from(entry.partition_index).ok();
        let known = index.and_then(|index| old.partitions().get(index));
        known.is_some_and(|known| (0..known.leader_epoch).contains(&entry.leader_epoch))
    };
    version >= RELIABLE_EPOCHS_SINCE
        && answer.topic_id.is_zero()
        && answer.error_code == 0
        && answer.partitions.iter().any(is_older)
}

#[cfg(test)]
mod tests;
