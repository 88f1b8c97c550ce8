//! Room in the byte budget: who waits for it, and who is woken when there is some.

use super::world::asked;
use super::*;

/// A batch of about `bytes` bytes.
fn sized(base: i64, bytes: usize) -> bytes::Bytes {
    made(base, 1).padded(bytes).bytes()
}

#[test]
fn taking_a_small_batch_wakes_the_driver_only_when_that_makes_room() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    let batches = (0..20).map(|base| sized(base, 900));
    world.answer(&ask, |_, _, _| records(concat(batches.clone())));
    assert!(
        world.fetches().is_empty(),
        "20 batches are more than enough"
    );
    world.state.take_signals();
    let mut woken = Vec::new();
    for taken in 1..=20 {
        world.next().unwrap().unwrap();
        if world.state.take_signals().driver {
            woken.push(taken);
        }
    }
    assert_eq!(
        woken,
        [10],
        "about 980 bytes each: 10 are left at the limit"
    );
}

#[test]
fn a_fetch_that_waits_for_room_goes_out_when_a_quarter_of_it_is_free() {
    let mut world = one_broker(config().prefetch_bytes(4 * P), 8);
    let ask = world.fetch();
    assert_eq!(ask.request.max_bytes, P as i32, "a quarter of the share");
    world.answer(&ask, |_, _, _| records(sized(0, P / 2 - 75)));
    assert!(world.fetches().is_empty(), "all of it is taken up");
    world.state.take_signals();
    world.next().unwrap().unwrap();
    assert!(!world.state.take_signals().driver);
    world.next().unwrap().unwrap();
    assert!(world.state.take_signals().driver);
    let max_bytes = world.fetch().request.max_bytes as usize;
    assert!((P..P + P / 10).contains(&max_bytes), "{max_bytes}");
}

#[test]
fn who_has_nothing_to_take_gets_a_fetch_though_there_is_no_room() {
    // What fills the budget is paused.
    let mut world = one_broker(config().prefetch_bytes(2 * P), 5);
    let ask = world.fetch();
    world.answer(&ask, |_, p, _| {
        if p < 4 {
            records(sized(0, P / 2 - 75))
        } else {
            none()
        }
    });
    let paused = (0..4).map(|p| TopicPartition::new("t", p));
    world.state.pause(&paused.collect::<Vec<_>>()).unwrap();
    let ask = world.fetch();
    assert_eq!(asked(&ask.request), [("t".to_owned(), 4, 0)]);
    assert!(ask.request.max_bytes <= P as i32);
}

/// Of broker 1, partitions 0 to 3 fill its half of the budget; partition 4 has
/// data that were not fetched yet.
fn filled_budget() -> World {
    let mut world = World::new(config().prefetch_bytes(4 * P));
    for partition in 0..6 {
        world.lead("t", partition, 1 + partition / 5);
    }
    world.assign((0..6).map(|p| Assignment::new("t", p, Start::Offset(0))));
    let ask = world.fetches().remove(0);
    world.answer(&ask, |_, p, _| match p {
        4 => none(),
        _ => records(sized(0, P / 2 - 75)),
    });
    assert!(world.fetches().is_empty(), "all of it is taken up");
    world.state.take_signals();
    world
}

fn pause(world: &mut World, partitions: std::ops::Range<i32>) {
    let paused = partitions.map(|p| TopicPartition::new("t", p));
    world.state.pause(&paused.collect::<Vec<_>>()).unwrap();
}

#[test]
fn pausing_what_fills_the_budget_wakes_the_driver_for_the_rest() {
    let mut world = filled_budget();
    pause(&mut world, 0..4);
    assert!(world.state.take_signals().driver);
    let ask = world.fetch();
    assert_eq!(asked(&ask.request), [("t".to_owned(), 4, 0)]);
}

#[test]
fn a_stream_that_takes_the_last_that_is_not_paused_wakes_the_driver() {
    let mut world = filled_budget();
    pause(&mut world, 0..3);
    assert!(world.fetches().is_empty(), "the caller has data left");
    world.state.take_signals();
    let Taken::Chunk(mut lease) = world.state.take() else {
        panic!("partition 3 has data");
    };
    let crate::decode::Decoded::Batch(batch) = world.decode(&mut lease) else {
        panic!("a batch");
    };
    let (lease, _) = world.state.hold(lease, batch).unwrap();
    world.state.give_back(lease, None);
    assert!(world.state.take_signals().driver);
    assert_eq!(world.fetch().request.topics[0].partitions.len(), 2);
}
