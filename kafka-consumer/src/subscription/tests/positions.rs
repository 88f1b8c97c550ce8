use kafka_protocol::Uuid;

use super::world::asked;
use super::*;
use crate::offsets::OffsetFound;

fn at(offset: i64) -> OffsetFound {
    OffsetFound::At {
        offset,
        timestamp: -1,
    }
}

fn found(world: &mut World, ask: OffsetsAsk, found: impl IntoIterator<Item = OffsetFound>) {
    let answer = OffsetAnswer {
        broker: ask.broker,
        ticket: ask.ticket,
        items: ask.items,
        result: Ok(found.into_iter().collect()),
    };
    world.state.on_offsets(world.now, answer);
}

fn timestamps(ask: &OffsetsAsk) -> Vec<(i32, i64)> {
    let items = ask.items.iter();
    items
        .map(|item| (item.partition.partition, item.timestamp))
        .collect()
}

fn starting(config: ConsumerConfig, starts: &[Start]) -> World {
    let mut world = World::new(config);
    for partition in 0..starts.len() {
        world.lead("t", partition as i32, 1);
    }
    let starts = starts.iter().zip(0..);
    world.assign(starts.map(|(start, partition)| Assignment::new("t", partition, *start)));
    world
}

#[test]
fn starts_are_looked_up_together_and_then_fetched() {
    let mut world = starting(
        config(),
        &[Start::Earliest, Start::Latest, Start::Timestamp(77)],
    );
    let ask = world.offsets_ask();
    assert_eq!(timestamps(&ask), [(0, -2), (1, -1), (2, 77)]);
    assert_eq!(world.position(0), None);
    found(&mut world, ask, [at(4), at(90), at(50)]);
    assert_eq!(world.position(0), Some(4));
    let offsets: Vec<i64> = asked(&world.fetch().request)
        .iter()
        .map(|(_, _, offset)| *offset)
        .collect();
    assert_eq!(offsets, [4, 90, 50]);
}

#[test]
fn a_time_after_the_last_record_means_the_end() {
    let mut world = starting(config(), &[Start::Timestamp(77)]);
    let ask = world.offsets_ask();
    found(&mut world, ask, [OffsetFound::None]);
    let ask = world.offsets_ask();
    assert_eq!(timestamps(&ask), [(0, -1)]);
    found(&mut world, ask, [at(90)]);
    assert_eq!(world.position(0), Some(90));
}

#[test]
fn a_look_up_is_tried_again_for_the_partition_or_the_broker_that_failed() {
    let mut world = starting(config(), &[Start::Earliest, Start::Earliest]);
    let ask = world.offsets_ask();
    let retry = OffsetFound::of_code(ErrorCode::NotLeaderOrFollower);
    found(&mut world, ask, [retry, at(3)]);
    let asks = world.plan();
    assert!(
        matches!(&asks[..], [Ask::Fetch(_), Ask::Refresh(_)]),
        "{asks:?}"
    );
    world.pass(ms(120));
    let ask = world.offsets_ask();
    assert_eq!(timestamps(&ask), [(0, -2)]);
    let answer = OffsetAnswer {
        broker: ask.broker,
        ticket: ask.ticket,
        items: ask.items,
        result: Err(Error::new(ErrorKind::Timeout)),
    };
    world.state.on_offsets(world.now, answer);
    assert!(
        world
            .plan()
            .iter()
            .all(|ask| !matches!(ask, Ask::Offsets(_))),
        "the broker gets its pause"
    );
    world.pass(ms(120));
    let ask = world.offsets_ask();
    let refusal = OffsetFound::of_code(ErrorCode::TopicAuthorizationFailed);
    found(&mut world, ask, [refusal]);
    let error = world.next().unwrap().unwrap_err();
    assert_eq!(error.context().partition(), Some(0));
    assert_eq!(
        error.broker_error(),
        Some(ErrorCode::TopicAuthorizationFailed)
    );
}

fn committed_ask(world: &mut World) -> CommittedAsk {
    let mut asks = world.plan();
    assert_eq!(asks.len(), 1, "{asks:?}");
    match asks.remove(0) {
        Ask::Committed(ask) => ask,
        other => panic!("{other:?}"),
    }
}

fn committed(world: &mut World, ask: &CommittedAsk, offsets: Vec<Option<i64>>) {
    let asked: Vec<_> = ask.items.iter().map(|(p, _)| p.clone()).collect();
    let offsets = offsets.into_iter();
    let results = offsets.map(|offset| Ok(offset.map(OffsetAndMetadata::new)));
    let results = Ok(results.collect());
    world
        .state
        .on_committed_offsets(world.now, ask.ticket, &asked, results);
}

#[test]
fn a_committed_offset_is_where_reading_goes_on() {
    let mut world = starting(config().group("g"), &[Start::Committed, Start::Committed]);
    let ask = committed_ask(&mut world);
    assert_eq!(ask.items.len(), 2);
    committed(&mut world, &ask, vec![Some(7), None]);
    assert_eq!(world.position(0), Some(7));
    // The other one falls back to the policy.
    let asks = world.plan();
    let look_up = asks.iter().find_map(|ask| match ask {
        Ask::Offsets(ask) => Some(timestamps(ask)),
        _ => None,
    });
    assert_eq!(look_up, Some(vec![(1, -2)]));
    // What is committed already is not committed again.
    assert!(world.state.uncommitted().is_empty());
}

#[test]
fn nothing_committed_is_an_error_under_fail() {
    let config = config().group("g").offset_reset(OffsetReset::Fail);
    let mut world = starting(config, &[Start::Committed]);
    let ask = committed_ask(&mut world);
    committed(&mut world, &ask, vec![None]);
    let error = world.next().unwrap().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("\"g\"") && text.contains("t-0"), "{text}");
}

#[test]
fn an_offset_out_of_range_goes_to_where_the_policy_says() {
    for (policy, timestamp) in [(OffsetReset::Earliest, -2), (OffsetReset::Latest, -1)] {
        let mut world = one_broker(config().offset_reset(policy), 1);
        world.seek(0, Start::Offset(1_000));
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| failed(ErrorCode::OffsetOutOfRange));
        let ask = world.offsets_ask();
        assert_eq!(timestamps(&ask), [(0, timestamp)]);
        found(&mut world, ask, [at(42)]);
        assert_eq!(world.position(0), Some(42));
        assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 0, 42)]);
    }
}

#[test]
fn out_of_range_under_fail_names_the_offset_and_the_log() {
    let mut world = one_broker(config().offset_reset(OffsetReset::Fail), 2);
    world.seek(0, Start::Offset(1_000));
    let ask = world.fetch();
    world.answer(&ask, |_, p, _| {
        if p == 0 {
            failed(ErrorCode::OffsetOutOfRange)
        } else {
            none()
        }
    });
    for (timestamp, offset) in [(-2, 10), (-1, 60)] {
        let asks = world.plan();
        let ask = asks.into_iter().find_map(|ask| match ask {
            Ask::Offsets(ask) => Some(ask),
            _ => None,
        });
        let ask = ask.unwrap();
        assert_eq!(timestamps(&ask), [(0, timestamp)]);
        found(&mut world, ask, [at(offset)]);
    }
    let error = world.next().unwrap().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::OffsetOutOfRange);
    let text = error.to_string();
    for part in ["t-0", "1000", "10", "60"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(world.next().is_none(), "said once");
    assert_eq!(world.position(0), Some(1_000));
    world.seek(0, Start::Offset(20));
    assert_eq!(world.position(0), Some(20));
}

#[test]
fn what_was_fetched_before_the_reset_is_handed_out_before_it() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| failed(ErrorCode::OffsetOutOfRange));
    let ask = world.offsets_ask();
    found(&mut world, ask, [at(100)]);
    let ask = world.fetch();
    assert_eq!(world.position(0), Some(0), "nothing was handed out yet");
    world.answer(&ask, |_, _, _| records(made(100, 1).bytes()));
    assert_eq!(world.next().unwrap().unwrap().len(), 3);
    assert_eq!(world.position(0), Some(3));
    assert_eq!(world.next().unwrap().unwrap().first_offset(), 100);
    assert_eq!(world.position(0), Some(101));
}

#[test]
fn a_seek_wins_over_what_is_in_flight() {
    // Over a look-up,
    let mut world = starting(config(), &[Start::Earliest]);
    let ask = world.offsets_ask();
    world.seek(0, Start::Offset(5));
    found(&mut world, ask, [at(77)]);
    assert_eq!(world.position(0), Some(5));
    // a fetch,
    let ask = world.fetch();
    world.seek(0, Start::Offset(9));
    world.answer(&ask, |_, _, _| records(made(5, 2).bytes()));
    assert_eq!(world.drain(), []);
    let ask = world.fetch();
    assert_eq!(asked(&ask.request), [("t".to_owned(), 0, 9)]);
    // an error of a fetch,
    world.seek(0, Start::Offset(2));
    world.answer(&ask, |_, _, _| failed(ErrorCode::TopicAuthorizationFailed));
    assert!(world.next().is_none());
    // and what is buffered.
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(made(2, 2).bytes()));
    world.seek(0, Start::Offset(0));
    assert_eq!(world.drain(), []);
    assert_eq!(world.state.gauges().buffered_bytes, 0);
    assert_eq!(world.position(0), Some(0));
}

#[test]
fn a_committed_offset_that_comes_after_a_seek_is_not_taken() {
    let mut world = starting(config().group("g"), &[Start::Committed]);
    let ask = committed_ask(&mut world);
    world.seek(0, Start::Offset(3));
    committed(&mut world, &ask, vec![Some(70)]);
    assert_eq!(world.position(0), Some(3));
}

#[test]
fn a_committed_offset_that_may_be_older_than_a_commit_is_not_taken_for_committed() {
    let mut world = starting(config().group("g"), &[Start::Committed]);
    let ask = committed_ask(&mut world);
    let commit = Commit {
        partition: TopicPartition::new("t", 0),
        topic_id: world.state.topic_id(&TopicPartition::new("t", 0)).unwrap(),
        value: OffsetAndMetadata::new(90),
    };
    world.state.on_commit(&commit);
    world.state.on_committed(&commit);
    committed(&mut world, &ask, vec![Some(70)]);
    assert_eq!(world.position(0), Some(70));
    let left = world.state.uncommitted();
    let offsets: Vec<_> = left.iter().map(|commit| commit.value.offset).collect();
    assert_eq!(offsets, [70], "the group is at 90, and this consumer at 70");
}

#[test]
fn a_group_that_someone_set_back_is_committed_to_again() {
    let mut world = starting(config().group("g"), &[Start::Offset(90)]);
    let commit = world.state.uncommitted().remove(0);
    world.state.on_commit(&commit);
    world.state.on_committed(&commit);
    assert!(world.state.uncommitted().is_empty());
    world.seek(0, Start::Committed);
    let ask = committed_ask(&mut world);
    committed(&mut world, &ask, vec![Some(70)]);
    world.seek(0, Start::Offset(90));
    let left = world.state.uncommitted();
    assert_eq!(left.len(), 1, "the group is at 70: {left:?}");
}

#[test]
fn a_topic_created_anew_is_not_read_from_the_old_offset() {
    for (policy, looks_up) in [
        (OffsetReset::Earliest, Some(-2)),
        (OffsetReset::Latest, Some(-1)),
        (OffsetReset::Fail, None),
    ] {
        let mut world = one_broker(config().offset_reset(policy), 1);
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
        let in_flight = world.fetch();
        world.place("t", 0, Some(1), Uuid::from_bytes([1; 16]));
        world.refresh();
        world.answer(&in_flight, |_, _, _| records(made(3, 3).bytes()));
        match looks_up {
            Some(timestamp) => {
                let ask = world.offsets_ask();
                assert_eq!(timestamps(&ask), [(0, timestamp)]);
                assert_eq!(world.drain(), [], "no record of the old topic");
                assert_eq!(world.position(0), None);
                assert!(world.state.uncommitted().is_empty());
            }
            None => {
                let error = world.next().unwrap().unwrap_err();
                assert!(error.to_string().contains("created anew"), "{error}");
            }
        }
    }
}

#[test]
fn a_topic_that_is_refused_stops_its_partitions_and_is_not_asked_for_again() {
    let mut world = World::new(config());
    world.assign((0..2).map(|p| Assignment::new("t", p, Start::Offset(0))));
    assert_eq!(world.plan().len(), 1);
    let refused = Error::broker(ErrorCode::TopicAuthorizationFailed);
    world.state.on_topic(world.now, &"t".into(), Err(refused));
    for partition in 0..2 {
        let error = world.next().unwrap().unwrap_err();
        assert_eq!(error.context().partition(), Some(partition));
    }
    assert!(world.plan().is_empty());
    world.seek(1, Start::Offset(0));
    assert!(matches!(&world.plan()[..], [Ask::Topic(_)]));
}

#[test]
fn a_topic_that_does_not_come_is_reported_and_asked_for_again() {
    let mut world = World::new(config());
    world.assign([Assignment::new("t", 0, Start::Offset(0))]);
    assert_eq!(world.plan().len(), 1);
    let missing = Error::broker(ErrorCode::UnknownTopicOrPartition);
    world.state.on_topic(world.now, &"t".into(), Err(missing));
    let error = world.next().unwrap().unwrap_err();
    assert_eq!(error.context().topic(), Some("t"));
    assert!(world.plan().is_empty());
    world.now = world.wake_at.unwrap();
    assert!(matches!(&world.plan()[..], [Ask::Topic(_)]));
}

#[test]
fn positions_are_committed_once_they_moved() {
    let mut world = one_broker(config().group("g"), 2);
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
    let all = world.state.uncommitted();
    assert_eq!(
        all.iter().map(|c| c.value.offset).collect::<Vec<_>>(),
        [0, 0],
        "fetched is not handed out"
    );
    for commit in &all {
        world.state.on_committed(commit);
    }
    world.next().unwrap().unwrap();
    let moved = world.state.uncommitted();
    let [moved] = &moved[..] else {
        panic!("{moved:?}");
    };
    assert_eq!((moved.partition.partition, moved.value.offset), (0, 3));
    assert_eq!(moved.value.leader_epoch, Some(3));
}

#[test]
fn the_lag_is_the_way_from_the_position_to_the_end() {
    let mut world = one_broker(config(), 1);
    let partition = TopicPartition::new("t", 0);
    assert_eq!(world.state.lag(&partition), None);
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
    assert_eq!(world.state.lag(&partition), Some(1_000));
    world.drain();
    assert_eq!(world.state.lag(&partition), Some(997));
}
