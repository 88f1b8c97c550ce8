use super::world::asked;
use super::*;

fn t(partition: i32) -> TopicPartition {
    TopicPartition::new("t", partition)
}

/// Partitions with `batches` batches of one record each.
fn filled(config: ConsumerConfig, partitions: i32, batches: i64) -> World {
    let mut world = one_broker(config, partitions);
    let ask = world.fetch();
    let data = concat((0..batches).map(|base| made(base, 1).bytes()));
    world.answer(&ask, |_, _, _| records(data.clone()));
    world
}

#[test]
fn partitions_take_turns() {
    let mut world = filled(config(), 3, 2);
    assert_eq!(
        world.drain(),
        [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    );
    let counters = world.state.counters();
    assert_eq!((counters.batches, counters.records), (6, 6));
}

#[test]
fn a_paused_partition_keeps_its_data() {
    let mut world = filled(config(), 2, 2);
    world.state.pause(&[t(0)]).unwrap();
    assert_eq!(world.state.paused(), [t(0)]);
    assert_eq!(world.drain(), [(1, 0), (1, 1)]);
    assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 1, 2)]);
    world.state.take_signals();
    world.state.resume(&[t(0)]).unwrap();
    assert!(world.state.take_signals().callers);
    assert_eq!(world.drain(), [(0, 0), (0, 1)]);
}

#[test]
fn pausing_is_all_or_nothing() {
    let mut world = filled(config(), 2, 1);
    let error = world.state.pause(&[t(0), t(9)]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(world.state.paused(), []);
    assert!(world.state.seek(&t(9), Start::Earliest).is_err());
}

#[test]
fn data_that_come_for_a_paused_partition_are_kept() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    world.state.pause(&[t(0)]).unwrap();
    world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
    assert_eq!(world.drain(), []);
    assert!(world.fetches().is_empty());
    world.state.resume(&[t(0)]).unwrap();
    assert_eq!(world.drain().len(), 3);
}

#[test]
fn a_batch_that_is_decoded_as_its_partition_is_paused_is_not_handed_out() {
    let mut world = filled(config(), 1, 2);
    let Taken::Chunk(mut lease) = world.state.take() else {
        panic!("nothing to take");
    };
    let decoded = world.decode(&mut lease);
    world.state.pause(&[t(0)]).unwrap();
    let settled = world.state.settle(lease, decoded);
    assert!(matches!(settled, Settled::Nothing));
    assert_eq!(world.position(0), Some(0));
    world.state.resume(&[t(0)]).unwrap();
    assert_eq!(world.drain(), [(0, 0), (0, 1)]);
    assert_eq!(world.state.gauges().buffered_bytes, 0);
}

#[test]
fn a_batch_that_is_decoded_as_someone_seeks_is_dropped() {
    let mut world = filled(config(), 1, 2);
    let Taken::Chunk(mut lease) = world.state.take() else {
        panic!("nothing to take");
    };
    let decoded = world.decode(&mut lease);
    world.seek(0, Start::Offset(1));
    let settled = world.state.settle(lease, decoded);
    assert!(matches!(settled, Settled::Nothing));
    assert_eq!(world.position(0), Some(1));
    assert_eq!(world.state.gauges().buffered_bytes, 0);
}

#[test]
fn one_partition_is_in_one_hand_at_a_time() {
    let mut world = filled(config(), 2, 2);
    let Taken::Chunk(mut lease) = world.state.take() else {
        panic!("nothing to take");
    };
    let decoded = world.decode(&mut lease);
    assert_eq!(world.drain(), [(1, 0), (1, 1)]);
    let settled = world.state.settle(lease, decoded);
    assert!(matches!(settled, Settled::Batch(batch) if batch.first_offset() == 0));
    assert_eq!(world.drain(), [(0, 1)]);
}

#[test]
fn paused_data_beyond_half_the_budget_are_fetched_again() {
    let config = config().prefetch_bytes(2 * P);
    let mut world = World::new(config);
    let assignments = (0..3).map(|p| Assignment::new("t", p, Start::Offset(0)));
    for partition in 0..3 {
        world.lead("t", partition, 1);
    }
    world.assign(assignments);
    let batch = |base| made(base, 1).padded(P / 2).bytes();
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(concat([batch(0), batch(1)])));
    // One record of each was handed out.
    for _ in 0..3 {
        world.next().unwrap().unwrap();
    }
    world.state.pause(&[t(0), t(1), t(2)]).unwrap();
    assert!(world.state.gauges().buffered_bytes <= P);
    let kept = world.state.gauges().buffered_bytes;
    assert!(kept > 0, "some of it fits");
    world.state.resume(&[t(0), t(1), t(2)]).unwrap();
    let mut seen = world.drain();
    let ask = world.fetch();
    world.answer(&ask, |_, _, offset| {
        if offset <= 1 {
            records(batch(1))
        } else {
            none()
        }
    });
    seen.extend(world.drain());
    seen.sort_unstable();
    assert_eq!(seen, [(0, 1), (1, 1), (2, 1)], "each once, none skipped");
}

#[test]
fn a_corrupt_batch_is_said_once_and_the_others_go_on() {
    let mut world = one_broker(config(), 2);
    let ask = world.fetch();
    let bad = concat([
        made(0, 2).bytes(),
        damaged(&made(2, 1).bytes()),
        made(3, 1).bytes(),
    ]);
    world.answer(&ask, |_, p, _| {
        records(if p == 0 {
            bad.clone()
        } else {
            made(0, 1).bytes()
        })
    });
    let (mut seen, mut errors) = (Vec::new(), Vec::new());
    while let Some(next) = world.next() {
        match next {
            Ok(batch) => seen.extend(batch.records().map(|r| (batch.partition(), r.offset()))),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(seen, [(0, 0), (0, 1), (1, 0)]);
    let [error] = &errors[..] else {
        panic!("{errors:?}");
    };
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert_eq!(world.position(0), Some(2), "not past it");
    assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 1, 1)]);
    assert_eq!(world.state.gauges().stopped, 1);
    assert_eq!(world.state.gauges().buffered_bytes, 0);
    world.seek(0, Start::Offset(3));
    assert_eq!(world.state.gauges().stopped, 0);
}

#[test]
fn a_prefetch_behind_a_corrupt_batch_is_dropped_when_it_arrives() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(damaged(&made(0, 1).bytes())));
    let prefetch = world.fetch();
    assert!(world.next().unwrap().is_err());
    world.answer(&prefetch, |_, _, _| records(made(1, 1).bytes()));
    assert!(world.next().is_none());
    assert_eq!(world.state.gauges().buffered_bytes, 0);
    assert!(world.fetches().is_empty());
}

#[test]
fn an_unassigned_partition_is_gone_at_once() {
    let mut world = filled(config(), 3, 2);
    let in_flight = world.fetch();
    let Taken::Chunk(mut lease) = world.state.take() else {
        panic!("nothing to take");
    };
    let decoded = world.decode(&mut lease);
    world.state.unassign(&[t(0), t(2), t(9)]);
    assert!(matches!(
        world.state.settle(lease, decoded),
        Settled::Nothing
    ));
    assert_eq!(world.drain(), [(1, 0), (1, 1)]);
    world.answer(&in_flight, |_, _, _| records(made(2, 1).bytes()));
    assert_eq!(world.drain(), [(1, 2)]);
    assert_eq!(world.state.assignment(), [t(1)]);
    assert_eq!(world.state.gauges().buffered_bytes, 0);
    // A place that is free is used again, without any of the old.
    world
        .state
        .assign_more(vec![
            Assignment::new("t", 5, Start::Offset(0)),
            Assignment::new("t", 1, Start::Offset(0)),
        ])
        .unwrap();
    assert_eq!(world.state.assignment(), [t(1), t(5)]);
    assert_eq!(world.position(1), Some(3), "it stays where it is");
    assert_eq!(world.position(5), Some(0));
}

#[test]
fn a_new_assignment_replaces_the_old_with_all_that_was_fetched() {
    let mut world = filled(config(), 2, 2);
    world.assign([Assignment::new("t", 1, Start::Offset(7))]);
    assert_eq!(world.drain(), []);
    assert_eq!(world.state.gauges().buffered_bytes, 0);
    assert_eq!(world.position(0), None);
    assert_eq!(world.position(1), Some(7));
    let twice = ["t", "t"].map(|topic| Assignment::new(topic, 3, Start::Latest));
    assert!(world.state.assign(twice.to_vec()).is_err());
    assert_eq!(world.state.assignment(), [t(1)], "unchanged by a mistake");
}

#[test]
fn what_a_stream_gives_back_comes_again() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    let data = concat([made(0, 3).bytes(), made(3, 1).bytes()]);
    world.answer(&ask, |_, _, _| records(data.clone()));
    let Taken::Chunk(mut lease) = world.state.take() else {
        panic!("nothing to take");
    };
    let crate::decode::Decoded::Batch(batch) = world.decode(&mut lease) else {
        panic!("no batch");
    };
    let (lease, batch) = world.state.hold(lease, batch).unwrap();
    assert_eq!(world.position(0), Some(0), "it moves record by record");
    // The first record is handed out, the others come back.
    lease.cursor.move_to(1);
    let mut next = batch.start();
    batch.inner().next_at(&mut next);
    world.state.give_back(lease, batch.rest(next));
    assert_eq!(world.drain(), [(0, 1), (0, 2), (0, 3)]);
    assert_eq!(world.position(0), Some(4));
    assert_eq!(world.state.gauges().buffered_bytes, 0);
}

#[test]
fn one_broker_s_fetch_does_not_wait_for_another_broker_s_data_to_be_taken() {
    let mut world = World::new(config().prefetch_bytes(4 * P));
    for (partition, broker) in [(0, 1), (1, 1), (2, 2)] {
        world.lead("t", partition, broker);
    }
    world.assign((0..3).map(|p| Assignment::new("t", p, Start::Offset(0))));
    let sized = |base: i64, bytes: usize| made(base, 1).padded(bytes).bytes();
    for ask in world.fetches() {
        world.answer(&ask, |_, p, _| match p {
            0 => records(sized(0, P + P / 2)),
            1 => records(sized(0, P / 3)),
            _ => records(concat((0..50).map(|base| sized(base, 100)))),
        });
    }
    // What fills the first broker's share is paused, all but one batch.
    world.state.pause(&[t(0)]).unwrap();
    for ask in world.fetches() {
        assert_eq!(ask.broker, 2);
        world.answer(&ask, |_, _, _| none());
    }
    world.state.take_signals();
    while world.position(1) == Some(0) {
        assert!(!world.state.take_signals().driver);
        world.next().unwrap().unwrap();
    }
    assert!(world.state.take_signals().driver);
    let fetches = world.fetches();
    let first = fetches.iter().find(|ask| ask.broker == 1).unwrap();
    assert_eq!(asked(&first.request), [("t".to_owned(), 1, 1)]);
    assert!(world.next().is_some(), "there is more of the other broker");
}

#[test]
fn a_failure_before_a_pause_is_no_news_after_it() {
    let mut world = one_broker(config(), 2);
    let ask = world.fetch();
    world.answer(&ask, |_, p, _| match p {
        0 => failed(ErrorCode::NotLeaderOrFollower),
        _ => none(),
    });
    world.state.pause(&[t(0)]).unwrap();
    for _ in 0..10 {
        world.pass(Duration::from_secs(60));
        for ask in world.plan() {
            if let Ask::Fetch(ask) = ask {
                world.answer(&ask, |_, _, _| none());
            }
        }
        assert!(world.next().is_none());
    }
    world.state.resume(&[t(0)]).unwrap();
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| failed(ErrorCode::NotLeaderOrFollower));
    world.plan();
    assert!(world.next().is_none(), "one failure only");
}
