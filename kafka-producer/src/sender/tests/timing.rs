//! When things are sent.

use super::*;

fn config() -> ProducerConfig {
    ProducerConfig::default()
}

#[test]
fn the_first_record_goes_at_once_then_an_idle_broker_is_given_a_moment() {
    let mut world = World::new(config(), &[1]);
    let _a = world.send(0, "a");
    let first = world.request(1);
    world.ack(&first, 0);
    // Just sent: gather for a fifth of linger.
    let _b = world.send(0, "b");
    let Step::Wait(Some(until)) = world.step(1) else {
        panic!("nothing is due yet");
    };
    assert_eq!(until, world.now + MS);
    world.pass(MS);
    let _c = world.send(0, "c");
    assert_eq!(world.request(1).parts[0].values, ["b", "c"]);
}

#[test]
fn with_a_request_in_flight_a_batch_lingers() {
    let mut world = World::new(config(), &[1]);
    let _a = world.send(0, "a");
    let _first = world.request(1);
    let _b = world.send(0, "b");
    world.pass(4 * MS);
    assert!(world.next(1).is_some_and(|_| false) || matches!(world.step(1), Step::Wait(_)));
    let Step::Wait(Some(until)) = world.step(1) else {
        panic!("it lingers");
    };
    assert!(until > world.now);
    world.now = until;
    assert_eq!(world.request(1).parts[0].values, ["b"]);
}

#[test]
fn without_linger_nothing_waits() {
    let mut world = World::new(config().linger(Duration::ZERO), &[1]);
    for n in 0..5 {
        let _delivery = world.send(0, &n.to_string());
        assert_eq!(world.request(1).parts[0].values, [n.to_string()]);
    }
    let _sixth = world.send(0, "5");
    assert!(world.next(1).is_none(), "five are in flight");
}

#[test]
fn a_full_batch_goes_beside_others_in_flight() {
    let mut world = World::new(config().batch_size(1024), &[1]);
    let _a = world.send(0, "a");
    let _first = world.request(1);
    let big = "x".repeat(400);
    for _ in 0..3 {
        let _big = world.send(0, &big);
    }
    assert_eq!(world.request(1).parts[0].values.len(), 2);
    assert!(world.next(1).is_none(), "the third lingers");
}

#[test]
fn short_memory_ends_all_lingering() {
    let mut world = World::new(config().buffer_memory(8192).batch_size(8192), &[1, 1]);
    let _a = world.send(0, "a");
    let first = world.request(1);
    let _b = world.send(1, "b");
    assert!(world.next(1).is_none());
    let deadline = world.now + Duration::from_secs(60);
    let (_room, _) = world.memory.clone().wait(8000, deadline);
    assert_eq!(world.request(1).parts[0].values, ["b"]);
    world.ack(&first, 0);
}

#[test]
fn requests_keep_to_their_size_with_one_batch_per_partition() {
    let config = config().batch_size(1024).max_request_size(2500);
    let mut world = World::new(config, &[1, 1, 1, 1]);
    let value = "x".repeat(900);
    for partition in 0..4 {
        for _ in 0..2 {
            let _delivery = world.send(partition, &value);
        }
    }
    let mut seen = Vec::new();
    while let Some(request) = world.next(1) {
        let bytes: usize = request.parts.iter().map(|part| part.bytes).sum();
        assert!(bytes <= 2500, "{bytes}");
        let mut partitions: Vec<_> = request.parts.iter().map(|p| p.partition).collect();
        seen.extend(partitions.clone());
        partitions.dedup();
        assert_eq!(partitions.len(), request.parts.len());
    }
    assert_eq!(seen, [0, 1, 2, 3], "in turn; the rest lingers");
}

#[test]
fn a_batch_larger_than_a_request_goes_alone() {
    let mut world = World::new(config().batch_size(1024).max_request_size(1024), &[1, 1]);
    let _a = world.send_batch(0, &["a"]);
    let _big = world.send_batch(1, &[&"x".repeat(950)]);
    assert_eq!(world.request(1).parts.len(), 1);
    assert_eq!(world.request(1).parts.len(), 1);
}

#[test]
fn throttling_delays_that_broker_alone() {
    let mut world = World::new(config().linger(Duration::ZERO), &[1, 2]);
    let _a = world.send(0, "a");
    let request = world.request(1);
    let answers = vec![Some(part_answer(ErrorCode::None, 0))];
    let throttle = Duration::from_millis(300);
    let id = request.id;
    world.sender.on_answer(world.now, id, answers, throttle);
    world.perform();
    let _b = world.send(0, "b");
    let _c = world.send(1, "c");
    let Step::Wait(Some(until)) = world.step(1) else {
        panic!("throttled");
    };
    assert_eq!(until, world.now + throttle);
    world.request(2);
    world.pass(throttle);
    world.request(1);
}

#[test]
fn without_a_connection_nothing_is_taken_and_failures_back_off() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send(0, "a");
    world.step(9);
    let mut keys = Vec::new();
    world.inboxes[&1].take(&mut keys);
    world.sender.on_edges(world.now, &keys);
    assert!(matches!(
        world.sender.poll(world.now, 1, None, false),
        Step::Connect
    ));
    let refused = Error::new(kafka_net::ErrorKind::Connect);
    world.sender.on_unreachable(world.now, 1, refused);
    world.perform();
    assert_eq!(world.refreshed, ["t"]);
    assert!(matches!(
        world.sender.poll(world.now, 1, None, false),
        Step::Wait(Some(_))
    ));
    // It never was with a broker, and says what stood in the way.
    world.pass(Duration::from_secs(121));
    let Poll::Ready(Err(error)) = poll(&mut a) else {
        panic!("expired");
    };
    assert!(!error.possibly_written());
    assert!(error.to_string().contains("no connection"), "{error}");
}

#[test]
fn a_closed_pool_fails_everything() {
    let mut world = World::new(config(), &[1, 2]);
    let mut a = world.send(0, "a");
    let mut b = world.send(1, "b");
    let _flying = world.request(2);
    world.step(1);
    let closed = Error::closed("the pool");
    world.sender.on_unreachable(world.now, 1, closed);
    world.perform();
    assert_eq!(stands(&mut a), NOT_WRITTEN);
    assert_eq!(stands(&mut b), UNKNOWN);
    assert!(world.try_send(0, "c").is_none());
}

#[test]
fn nothing_goes_before_the_identity_is_known() {
    let mut world = World::unidentified(config(), &[1]);
    let _a = world.send(0, "a");
    assert!(world.next(1).is_none());
    world.identify(42, 3);
    let request = world.request(1);
    assert_eq!(
        (request.parts[0].producer_id, request.parts[0].epoch),
        (42, 3)
    );
    assert_eq!(request.parts[0].sequence, 0);
}

#[test]
fn a_leader_named_in_the_refusal_is_tried_at_once_and_unasked() {
    // The metadata takes the news in before the refusal is dealt with, or after it.
    for moved_first in [true, false] {
        let mut world = World::new(config().linger(Duration::ZERO), &[1]);
        let mut a = world.send_batch(0, &["a"]);
        let first = world.request(1);
        let mut b = world.send_batch(0, &["b"]);
        let second = world.request(1);
        if moved_first {
            world.lead(0, Some(2));
        }
        world.redirect(&first);
        if !moved_first {
            world.lead(0, Some(2));
        }
        // What comes after the move does not make it wait either.
        world.redirect(&second);
        assert!(world.refreshed.is_empty(), "{:?}", world.refreshed);
        let again = world.request(2);
        assert_eq!(again.parts[0], first.parts[0]);
        world.ack(&again, 10);
        let next = world.request(2);
        assert_eq!(next.parts[0], second.parts[0]);
        world.ack(&next, 11);
        assert_eq!(stands(&mut a[0]), Stands::At(Some(10)));
        assert_eq!(stands(&mut b[0]), Stands::At(Some(11)));
    }
}
