use proptest::prelude::*;

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
fn an_id_that_was_shed_does_not_come_back() {
    let old = || vec![topic("a", 1, &[(1, 50)])];
    let before = first(old()).then(vec![topic("a", 9, &[(3, 0)])]).cluster;
    let after = before.then(old());
    assert!(!after.changed);
    assert!(Arc::ptr_eq(
        before.topic("a").unwrap(),
        after.cluster.topic("a").unwrap()
    ));
    assert!(after.cluster.topic_by_id(id(1)).is_none());
    // Its own news still count, and another successor is one.
    let after = after.cluster.then(vec![topic("a", 9, &[(2, 1)])]).cluster;
    assert_eq!(leaders(&after, "a"), [(Some(2), 1)]);
    let after = after.then(vec![topic("a", 10, &[(1, 0)])]).cluster;
    assert_eq!(after.topic("a").unwrap().id(), id(10));
    for shed in [1, 9] {
        let late = after.then(vec![topic("a", shed, &[(3, 70)])]);
        assert!(!late.changed, "{shed}");
    }
}

#[test]
fn an_id_is_shed_by_its_successor_not_by_a_broker_that_does_not_know_it() {
    let gone = || {
        let code = ErrorCode::UnknownTopicOrPartition.code();
        vec![topic("a", 0, &[]).with_error_code(code)]
    };
    let old = || vec![topic("a", 1, &[(1, 50)])];
    let back = first(old()).then(gone()).cluster.then(old()).cluster;
    assert_eq!(back.topic("a").unwrap().id(), id(1));
    let new = back
        .then(gone())
        .cluster
        .then(vec![topic("a", 9, &[(3, 0)])]);
    assert_eq!(new.cluster.topic("a").unwrap().id(), id(9));
    assert!(!new.cluster.then(old()).changed);
    // Nor does it come back in its successor's absence.
    let after = new.cluster.then(gone()).cluster.then(old());
    assert!(after.cluster.topic("a").is_none());
    // What nobody uses is not remembered.
    let unused = new.cluster.merge(response(&[1], vec![]), NEW, |_| false);
    assert!(unused.cluster.ids.is_empty());
    assert!(new.cluster.without_topic("a").unwrap().ids.is_empty());
}

#[test]
fn an_error_in_between_does_not_hide_what_was_there_before() {
    let refused = |code: ErrorCode| vec![topic("a", 0, &[]).with_error_code(code.code())];
    let before = first(vec![topic("a", 1, &[(1, 50)])]);
    let after = before.then(refused(ErrorCode::UnknownTopicOrPartition));
    let after = after.cluster.then(refused(ErrorCode::LeaderNotAvailable));
    let late = after.cluster.then(vec![topic("a", 1, &[(2, 40)])]).cluster;
    assert_eq!(leaders(&late, "a"), [(Some(1), 50)]);
    // That is kept no longer than needed.
    assert!(late.ids["a"].gone(id(1)).is_none());
}

#[test]
fn an_id_that_was_shed_by_mistake_comes_back_in_the_end() {
    let new = || vec![topic("a", 9, &[(3, 0)])];
    // The first answer came from a broker ahead of the second.
    let mut cluster = first(new()).then(vec![topic("a", 1, &[(1, 50)])]).cluster;
    let mut answers = 0;
    while cluster.topic("a").unwrap().id() != id(9) {
        cluster = cluster.then(new()).cluster;
        answers += 1;
        assert!(answers < 20);
    }
    assert_eq!(answers, 9);
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
fn a_topic_that_one_broker_did_not_know_comes_back_with_its_epochs() {
    let before = first(vec![topic("a", 1, &[(1, 5), (2, 7)])]);
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let gone = before.then(vec![topic("a", 0, &[]).with_error_code(unknown)]);
    assert!(gone.cluster.topic("a").is_none());
    // From a broker that lags behind.
    let back = gone.cluster.then(vec![topic("a", 1, &[(3, 4), (3, 8)])]);
    assert!(back.changed);
    assert_eq!(leaders(&back.cluster, "a"), [(Some(1), 5), (Some(3), 8)]);
    // Another topic of that name begins anew.
    let other = gone.cluster.then(vec![topic("a", 2, &[(3, 0), (3, 0)])]);
    assert_eq!(leaders(&other.cluster, "a"), [(Some(3), 0), (Some(3), 0)]);
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
    // But no topic is without any partition.
    let after = after.then(vec![topic("a", 0, &[])]).cluster;
    assert_eq!(leaders(&after, "a"), [(Some(2), 6)]);
}

#[test]
fn partitions_that_were_added_are_there_and_the_old_ones_as_before() {
    let cluster = first(vec![topic("t", 1, &[(1, 4), (2, 5)])]);
    let grown = cluster.then(vec![topic("t", 1, &[(1, 4), (2, 5), (3, 0), (1, 0)])]);
    assert!(grown.changed);
    let old = [(Some(1), 4), (Some(2), 5)];
    let new = [(Some(3), 0), (Some(1), 0)];
    assert_eq!(leaders(&grown.cluster, "t"), [old, new].concat());
    assert_eq!(grown.cluster.topic("t").unwrap().available(), [0, 1, 2, 3]);
    // A broker that has not heard of it takes nothing back.
    let behind = grown.cluster.then(vec![topic("t", 1, &[(1, 4), (2, 5)])]);
    assert!(!behind.changed);
    assert_eq!(leaders(&behind.cluster, "t").len(), 4);
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

#[test]
fn older_epochs_without_a_topic_id_are_believed_when_answers_insist() {
    let nameless = |epoch| vec![topic("a", 1, &[(1, epoch), (2, 3)]).with_topic_id(Uuid::ZERO)];
    let mut cluster = first(nameless(5));
    // A broker that lags behind, and one that does not.
    for _ in 0..20 {
        cluster = cluster.then(nameless(0)).cluster;
        assert_eq!(leaders(&cluster, "a"), [(Some(1), 5), (Some(2), 3)]);
        cluster = cluster.then(nameless(5)).cluster;
    }
    // A topic made anew, of which all brokers say the same.
    for _ in 1..SETBACKS_BELIEVED {
        cluster = cluster.then(nameless(0)).cluster;
        assert_eq!(leaders(&cluster, "a")[0], (Some(1), 5));
        let other = vec![topic("b", 2, &[(1, 1)])];
        cluster = cluster.then(other).cluster;
    }
    let last = cluster.then(nameless(0));
    assert!(last.changed);
    assert_eq!(leaders(&last.cluster, "a"), [(Some(1), 0), (Some(2), 3)]);
    // With an id there is no doubt.
    let mut cluster = first(vec![topic("a", 1, &[(1, 5)])]);
    for _ in 0..20 {
        cluster = cluster.then(vec![topic("a", 1, &[(1, 0)])]).cluster;
        assert_eq!(leaders(&cluster, "a"), [(Some(1), 5)]);
    }
}

/// One partition as an answer tells it.
fn entry(index: i32) -> impl Strategy<Value = MetadataResponsePartition> {
    let rest = (0..4, 3..5, any::<bool>(), 0..10);
    rest.prop_map(move |(leader, epoch, other, error)| {
        let mut entry = partition(index, leader, epoch);
        if other {
            entry.replica_nodes.push(3);
        }
        entry.error_code = if error == 0 { 9 } else { 0 };
        entry
    })
}

/// A first answer, and the same again: in another order, one told in the place of
/// another, or otherwise.
fn two_answers() -> impl Strategy<Value = [Vec<MetadataResponsePartition>; 2]> {
    let first = (1..5).prop_flat_map(|count| (0..count).map(entry).collect::<Vec<_>>());
    let changes = (
        0..4_usize,
        prop::option::of((0..4_usize, 0..4_usize)),
        prop::option::of((0..4).prop_flat_map(entry)),
    );
    (first, changes).prop_map(|(first, (rotated, copied, other))| {
        let mut second = first.clone();
        if let Some((from, to)) = copied {
            second[to % first.len()] = first[from % first.len()].clone();
        }
        if let Some(other) = other {
            let at = rotated % first.len();
            second[at] = other;
        }
        second.rotate_left(rotated % first.len());
        [first, second]
    })
}

proptest! {
    #[test]
    fn what_tells_nothing_new_would_be_built_the_same(
        [first, second] in two_answers(),
        ids in prop_oneof![Just((0, 0)), Just((1, 1)), Just((0, 1)), Just((1, 0))],
        version in prop_oneof![Just(8), Just(NEW)],
    ) {
        let told = |id: u8, entries| topic("t", id, &[]).with_partitions(entries);
        let first = response(&[1, 2, 3], vec![told(ids.0, first)]);
        let cluster = Cluster::from_metadata(first, version).unwrap();
        let old = cluster.topic("t").unwrap();
        let answer = told(ids.1, second);
        if tells_nothing_new(old, &answer, version, &cluster.brokers) {
            let name = old.name().clone();
            let built = built_topic(Some(old), answer, name, version, &cluster.brokers);
            prop_assert_eq!(built.as_ref(), Some(old));
        }
    }
}
