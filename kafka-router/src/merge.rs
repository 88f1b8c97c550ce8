//! From one snapshot and one answer to the next snapshot.
//!
//! What an answer may and may not change:
//!
//! - Topics it doesn't mention stay as they were: most answers are partial.
//! - A topic the brokers don't know drops out.
//! - A partition whose leader epoch is older than the one known stays as it was:
//!   the answer came from a broker that lags behind.
//! - The same name with another topic id is another topic: nothing of the old
//!   one stays, epochs included.
//! - A known partition that the answer leaves out stays, since a topic's
//!   partitions never become fewer; only without topic ids is the answer
//!   believed, because a recreated topic looks just the same.
//! - The brokers are those of the answer, never none.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use kafka_net::{Error, ErrorKind};
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};

use crate::cluster::{Broker, Cluster, Partition, Topic};

/// Below this version, leader epochs may be stale in a way that makes old look
/// new (KAFKA-9212), so they count as unknown.
const RELIABLE_EPOCHS_SINCE: i16 = 9;

/// Gaps a topic's list of partitions may have beyond twice its length. Brokers
/// list all partitions; a lone huge index must not buy a huge list.
const SPARE_PARTITIONS: usize = 16;

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
        let mut topic_errors = BTreeMap::new();
        for answer in response.topics {
            let Some(name) = answer.name.as_ref().filter(|name| !name.is_empty()) else {
                continue;
            };
            // Of its own: a view of the answer's buffer would keep all of that in
            // memory for as long as the snapshot lives.
            let name = name.detach();
            let error = error_of(answer.error_code);
            if let Some(error) = error {
                topic_errors.insert(name.clone(), error);
            }
            if !retain(&name) {
                continue;
            }
            let next = next_topic(topics.get(&*name), answer, name.clone(), version, &brokers);
            match next {
                Some(topic) => drop(topics.insert(name, topic)),
                // Not swap_remove: the order of the rest is part of what a seed
                // reproduces.
                None => drop(topics.shift_remove(&*name)),
            }
        }
        self.next(
            response.cluster_id,
            response.controller_id,
            brokers,
            topics,
            topic_errors,
        )
    }

    /// The same snapshot without one topic.
    pub(crate) fn without_topic(&self, name: &str) -> Option<Self> {
        let mut next = self.clone();
        let topic = next.topics.shift_remove(name)?;
        next.names_by_id.shift_remove(&topic.id());
        next.generation += 1;
        Some(next)
    }

    fn next(
        &self,
        cluster_id: Option<StrBytes>,
        controller_id: i32,
        brokers: BTreeMap<i32, Broker>,
        topics: IndexMap<StrBytes, Arc<Topic>>,
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
            let port = u16::try_from(broker.port).ok().filter(|port| *port != 0)?;
            if broker.node_id < 0 || broker.host.is_empty() {
                return None;
            }
            Some((
                broker.node_id,
                Broker {
                    id: broker.node_id,
                    host: broker.host.detach(),
                    port,
                    rack: broker.rack.as_ref().map(StrBytes::detach),
                },
            ))
        })
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
    let partitions = next_partitions(known, ids_known, answer.partitions, version, brokers);
    let next = Topic::build(name, id, answer.is_internal, None, partitions);
    Some(unchanged_or(old, next))
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

fn next_partitions(
    known: &[Partition],
    keep_omitted: bool,
    answer: Vec<MetadataResponsePartition>,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> Vec<Partition> {
    let limit = 2 * answer.len().max(known.len()) + SPARE_PARTITIONS;
    let mut slots: Vec<Option<Partition>> = known.iter().cloned().map(Some).collect();
    let mut count = if keep_omitted { slots.len() } else { 0 };
    for entry in answer {
        let Some(index) = usize::try_from(entry.partition_index)
            .ok()
            .filter(|index| *index < limit)
        else {
            tracing::warn!(
                partition = entry.partition_index,
                "impossible partition ignored"
            );
            continue;
        };
        count = count.max(index + 1);
        if slots.len() <= index {
            slots.resize(index + 1, None);
        }
        let next = partition_of(entry, version, brokers);
        if let Some(slot) = slots.get_mut(index)
            && slot.as_ref().is_none_or(|old| !is_older(&next, old))
        {
            *slot = Some(next);
        }
    }
    slots.truncate(count);
    (0..)
        .zip(slots)
        .map(|(id, slot)| slot.unwrap_or_else(|| missing(id)))
        .collect()
}

fn is_older(new: &Partition, old: &Partition) -> bool {
    new.leader_epoch >= 0 && new.leader_epoch < old.leader_epoch
}

fn partition_of(
    entry: MetadataResponsePartition,
    version: i16,
    brokers: &BTreeMap<i32, Broker>,
) -> Partition {
    let mut error = error_of(entry.error_code);
    let leader = Some(entry.leader_id).filter(|id| brokers.contains_key(id));
    if leader.is_none() && error.is_none() {
        error = Some(ErrorCode::LeaderNotAvailable);
    }
    Partition {
        id: entry.partition_index,
        leader,
        leader_epoch: if version >= RELIABLE_EPOCHS_SINCE {
            entry.leader_epoch.max(-1)
        } else {
            -1
        },
        replicas: entry.replica_nodes,
        isr: entry.isr_nodes,
        offline: entry.offline_replicas,
        error,
    }
}

/// A partition that must exist, since a later one does.
fn missing(id: i32) -> Partition {
    Partition {
        error: Some(ErrorCode::UnknownTopicOrPartition),
        ..Partition::new(id, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_metadata::{id, partition, response, topic};

    /// Versions that tell everything.
    const NEW: i16 = 13;

    fn all(_: &str) -> bool {
        true
    }

    fn first(topics: Vec<MetadataResponseTopic>) -> Cluster {
        Cluster::from_metadata(response(&[1, 2, 3], topics), NEW).unwrap()
    }

    impl Cluster {
        fn then(&self, topics: Vec<MetadataResponseTopic>) -> Merged {
            self.merge(response(&[1, 2, 3], topics), NEW, all)
        }
    }

    fn leaders(cluster: &Cluster, name: &str) -> Vec<(Option<i32>, i32)> {
        let topic = cluster.topic(name).unwrap();
        let partitions = topic.partitions().iter();
        partitions.map(|p| (p.leader, p.leader_epoch)).collect()
    }

    #[test]
    fn a_first_answer_is_taken_as_it_is() {
        let answer = response(
            &[3, 1, 2],
            vec![topic("a", 1, &[(1, 5), (2, 6)]), topic("b", 2, &[(-1, 7)])],
        )
        .with_controller_id(2);
        let cluster = Cluster::from_metadata(answer, NEW).unwrap();
        assert_eq!(cluster.generation(), 1);
        assert_eq!(cluster.cluster_id().map(|id| &**id), Some("cluster"));
        assert_eq!(cluster.controller_id(), Some(2));
        let ids: Vec<_> = cluster.brokers().map(|broker| broker.id).collect();
        assert_eq!(ids, [1, 2, 3]);
        assert_eq!(&*cluster.broker(3).unwrap().host, "host-3");
        assert_eq!(leaders(&cluster, "a"), [(Some(1), 5), (Some(2), 6)]);
        assert_eq!(leaders(&cluster, "b"), [(None, 7)]);
        let b = cluster.topic("b").unwrap();
        assert_eq!(b.available(), [] as [i32; 0]);
        assert_eq!(b.partitions()[0].error, Some(ErrorCode::LeaderNotAvailable));
        assert!(Arc::ptr_eq(cluster.topic_by_id(id(2)).unwrap(), b));
        assert!(cluster.topic_by_id(id(9)).is_none());
        assert!(cluster.topic_by_id(Uuid::default()).is_none());
    }

    #[test]
    fn an_answer_about_one_topic_leaves_the_others() {
        let before = first(vec![topic("a", 1, &[(1, 5)]), topic("b", 2, &[(2, 5)])]);
        let after = before.then(vec![topic("b", 2, &[(3, 6)])]);
        assert!(after.changed);
        let after = after.cluster;
        assert_eq!(after.generation(), 2);
        assert_eq!(leaders(&after, "b"), [(Some(3), 6)]);
        assert!(Arc::ptr_eq(
            before.topic("a").unwrap(),
            after.topic("a").unwrap()
        ));
        assert!(after.topic_by_id(id(1)).is_some());
    }

    #[test]
    fn an_answer_with_nothing_new_changes_nothing_but_the_generation() {
        let topics = || vec![topic("a", 1, &[(1, 5)])];
        let before = first(topics());
        let after = before.then(topics());
        assert!(!after.changed);
        assert_eq!(after.cluster.generation(), 2);
        assert!(Arc::ptr_eq(
            before.topic("a").unwrap(),
            after.cluster.topic("a").unwrap()
        ));
        assert!(before.then(vec![]).cluster.topic("a").is_some());
        assert!(!before.then(vec![]).changed);
    }

    #[test]
    fn an_older_leader_epoch_is_ignored() {
        let before = first(vec![topic("a", 1, &[(1, 5), (2, 5)])]);
        let after = before.then(vec![topic("a", 1, &[(3, 4), (3, 6)])]);
        assert_eq!(leaders(&after.cluster, "a"), [(Some(1), 5), (Some(3), 6)]);
        // The same epoch is news: the leader may have come back.
        let after = before.then(vec![topic("a", 1, &[(-1, 5), (2, 5)])]);
        assert_eq!(leaders(&after.cluster, "a"), [(None, 5), (Some(2), 5)]);
    }

    #[test]
    fn epochs_that_cannot_be_relied_on_count_as_unknown() {
        let before = first(vec![topic("a", 1, &[(1, 5)])]);
        let older = before.merge(response(&[1, 2, 3], vec![topic("a", 1, &[(3, 4)])]), 8, all);
        assert_eq!(leaders(&older.cluster, "a"), [(Some(3), -1)]);
        // And what is known to be unknown never blocks anything.
        let newer = older.cluster.then(vec![topic("a", 1, &[(2, 3)])]);
        assert_eq!(leaders(&newer.cluster, "a"), [(Some(2), 3)]);
        let hostile = before.then(vec![topic("a", 1, &[(2, i32::MIN)])]);
        assert_eq!(leaders(&hostile.cluster, "a"), [(Some(2), -1)]);
    }

    #[test]
    fn a_recreated_topic_starts_anew() {
        let before = first(vec![topic("a", 1, &[(1, 50), (2, 50), (3, 50)])]);
        let after = before.then(vec![topic("a", 9, &[(3, 0)])]).cluster;
        assert_eq!(leaders(&after, "a"), [(Some(3), 0)]);
        assert_eq!(after.topic("a").unwrap().id(), id(9));
        assert!(after.topic_by_id(id(1)).is_none());
        assert!(after.topic_by_id(id(9)).is_some());
    }

    #[test]
    fn an_id_that_a_broker_does_not_tell_stays() {
        let before = first(vec![topic("a", 1, &[(1, 5)])]);
        let after = before.then(vec![topic("a", 0, &[(2, 6)])]).cluster;
        assert_eq!(after.topic("a").unwrap().id(), id(1));
        assert_eq!(leaders(&after, "a"), [(Some(2), 6)]);
        // Learning the id of a known topic is no new topic.
        let before = first(vec![topic("a", 0, &[(1, 5)])]);
        let after = before.then(vec![topic("a", 7, &[(2, 4)])]).cluster;
        assert_eq!(after.topic("a").unwrap().id(), id(7));
        assert_eq!(leaders(&after, "a"), [(Some(1), 5)]);
    }

    #[test]
    fn a_deleted_topic_drops_out() {
        let before = first(vec![topic("a", 1, &[(1, 5)]), topic("b", 2, &[(2, 5)])]);
        for code in [
            ErrorCode::UnknownTopicOrPartition,
            ErrorCode::UnknownTopicId,
        ] {
            let gone = topic("a", 0, &[]).with_error_code(code.code());
            let after = before.then(vec![gone]);
            assert!(after.changed);
            assert!(after.cluster.topic("a").is_none());
            assert!(after.cluster.topic_by_id(id(1)).is_none());
            assert!(after.cluster.topic("b").is_some());
            assert_eq!(after.topic_errors["a"], code);
        }
    }

    #[test]
    fn another_topic_error_keeps_the_last_good_partitions() {
        let before = first(vec![topic("a", 1, &[(1, 5)])]);
        let code = ErrorCode::TopicAuthorizationFailed;
        let refused = || vec![topic("a", 0, &[]).with_error_code(code.code())];
        let after = before.then(refused());
        assert!(after.changed);
        assert_eq!(after.topic_errors["a"], code);
        let a = after.cluster.topic("a").unwrap();
        assert_eq!(
            (a.error(), a.id(), a.partitions().len()),
            (Some(code), id(1), 1)
        );
        assert!(!after.cluster.then(refused()).changed);
        // It ends with the first good answer.
        let again = after.cluster.then(vec![topic("a", 1, &[(1, 5)])]).cluster;
        assert_eq!(again.topic("a").unwrap().error(), None);
        // Without a last good answer there is only the error.
        let unknown = first(refused());
        assert_eq!(unknown.topic("a").unwrap().error(), Some(code));
        assert!(!unknown.topic("a").unwrap().is_usable());
    }

    #[test]
    fn a_partition_left_out_stays_unless_the_topic_may_be_another() {
        let before = first(vec![topic("a", 1, &[(1, 5), (2, 5), (3, 5)])]);
        let after = before.then(vec![topic("a", 1, &[(2, 6)])]).cluster;
        assert_eq!(
            leaders(&after, "a"),
            [(Some(2), 6), (Some(2), 5), (Some(3), 5)]
        );
        // Without ids a smaller topic is all there is to see of a recreated one.
        let before = first(vec![topic("a", 0, &[(1, 5), (2, 5), (3, 5)])]);
        let after = before.then(vec![topic("a", 0, &[(2, 6)])]).cluster;
        assert_eq!(leaders(&after, "a"), [(Some(2), 6)]);
    }

    #[test]
    fn gaps_are_partitions_without_a_leader() {
        let mut answer = topic("a", 1, &[(1, 5)]);
        answer.partitions.push(partition(2, 2, 6));
        let cluster = first(vec![answer]);
        assert_eq!(
            leaders(&cluster, "a"),
            [(Some(1), 5), (None, -1), (Some(2), 6)]
        );
        let gap = &cluster.topic("a").unwrap().partitions()[1];
        assert_eq!(
            (gap.id, gap.error),
            (1, Some(ErrorCode::UnknownTopicOrPartition))
        );
    }

    #[test]
    fn impossible_partitions_buy_no_memory() {
        let mut answer = topic("a", 1, &[(1, 5)]);
        for index in [-1, i32::MIN, i32::MAX, 1_000_000] {
            answer.partitions.push(partition(index, 1, 1));
        }
        let cluster = first(vec![answer]);
        assert_eq!(leaders(&cluster, "a"), [(Some(1), 5)]);
    }

    #[test]
    fn of_a_partition_named_twice_the_newer_epoch_counts() {
        let mut answer = topic("a", 1, &[(1, 5)]);
        answer.partitions.push(partition(0, 2, 6));
        answer.partitions.push(partition(0, 3, 4));
        assert_eq!(leaders(&first(vec![answer]), "a"), [(Some(2), 6)]);
    }

    #[test]
    fn a_leader_that_is_no_live_broker_is_none() {
        let cluster = first(vec![topic("a", 1, &[(9, 5)])]);
        assert_eq!(leaders(&cluster, "a"), [(None, 5)]);
    }

    #[test]
    fn brokers_are_those_of_the_answer_but_never_none() {
        let before = first(vec![]);
        let after = before.merge(response(&[2, 4], vec![]), NEW, all);
        assert!(after.changed);
        let ids: Vec<_> = after.cluster.brokers().map(|broker| broker.id).collect();
        assert_eq!(ids, [2, 4]);

        let none = check(&response(&[], vec![])).unwrap_err();
        assert_eq!(none.kind(), &ErrorKind::UnexpectedResponse);
        let mut unusable = response(&[1, 2, 3, -1], vec![]);
        unusable.brokers[0].port = 0;
        unusable.brokers[1].port = 65_536;
        unusable.brokers[2].host = StrBytes::from("");
        assert!(check(&unusable).is_err());
        let refused = response(&[1], vec![]).with_error_code(ErrorCode::RebootstrapRequired.code());
        assert_eq!(
            check(&refused).unwrap_err().broker_error(),
            Some(ErrorCode::RebootstrapRequired)
        );
    }

    #[test]
    fn a_moved_broker_and_a_new_controller_are_changes() {
        let before = first(vec![]);
        let mut moved = response(&[1, 2, 3], vec![]);
        moved.brokers[1].port = 7777;
        let after = before.merge(moved, NEW, all);
        assert!(after.changed);
        assert_eq!(after.cluster.broker(2).unwrap().address().port, 7777);
        assert!(
            before
                .merge(response(&[1, 2, 3], vec![]).with_controller_id(3), NEW, all)
                .changed
        );
    }

    #[test]
    fn only_topics_in_use_are_kept() {
        let before = first(vec![topic("a", 1, &[(1, 5)]), topic("b", 2, &[(2, 5)])]);
        let answer = response(
            &[1],
            vec![topic("b", 2, &[(1, 6)]), topic("c", 3, &[(1, 1)])],
        );
        let after = before.merge(answer, NEW, |name| name == "b").cluster;
        let names: Vec<_> = after
            .topics()
            .map(|topic| topic.name().to_string())
            .collect();
        assert_eq!(names, ["b"]);
        let without = after.without_topic("b").unwrap();
        assert_eq!((without.generation(), without.topics().len()), (3, 0));
        assert!(without.topic_by_id(id(2)).is_none());
        assert!(without.without_topic("b").is_none());
    }

    #[test]
    fn topics_without_a_name_are_passed_over() {
        let cluster = first(vec![
            topic("a", 1, &[(1, 5)]).with_name(None),
            topic("", 2, &[(1, 5)]),
        ]);
        assert_eq!(cluster.topics().len(), 0);
    }
}
