//! Leaders that know no record batches: before Kafka 0.11.

use kafka_net::ErrorKind;
use kafka_protocol::records::{Header, NewRecord};

use super::*;
use crate::config::Idempotence;

/// What 0.10 speaks.
const OLD: i16 = 2;

fn old_world(config: ProducerConfig) -> World {
    let mut world = World::unidentified(config, &[1]);
    world.leader = Leader::speaking(OLD);
    world
}

/// The cluster knows no producer ids.
fn refuse_identity(world: &mut World) {
    assert!(world.sender.ask_at(world.now).is_some());
    world.sender.asking();
    let refusal = Error::new(ErrorKind::UnsupportedVersion);
    world.sender.on_identity(world.now, Err(refusal));
    world.perform();
}

/// As `send_batch`, each record with a header where that is asked for.
fn send_with(world: &mut World, records: &[(&str, bool)]) -> Vec<Delivery> {
    let header = [Header {
        key: "h",
        value: None,
    }];
    let shared = world.partitions[0].clone();
    let deliveries = records.iter().map(|(value, with_header)| {
        let record = NewRecord {
            timestamp: 1000,
            value: Some(value.as_bytes()),
            headers: if *with_header { &header } else { &[] },
            ..NewRecord::default()
        };
        let bound = size_bound(&record);
        let Append::Done {
            completion,
            index,
            edge,
        } = shared.queue().append(&record, bound, true, None)
        else {
            panic!("no room");
        };
        shared.tell(edge);
        Delivery::new(completion, index, 1000)
    });
    let deliveries = deliveries.collect();
    let edge = shared.queue().flush();
    shared.tell(edge);
    deliveries
}

#[test]
fn auto_yields_with_a_warning_and_sends_message_sets() {
    let mut world = old_world(ProducerConfig::default());
    let mut sent = world.send_batch(0, &["a", "b"]);
    refuse_identity(&mut world);
    assert!(world.warned);
    let request = world.request(1);
    assert_eq!(request.parts[0].values, ["a", "b"]);
    assert_eq!(
        (request.parts[0].producer_id, request.parts[0].sequence),
        (-1, -1)
    );
    // Lost and sent again: the same records, made into a message set anew.
    world.lose(&request);
    world.pass(Duration::from_secs(2));
    let request = world.request(1);
    assert_eq!(request.parts[0].values, ["a", "b"]);
    world.ack(&request, 7);
    assert_eq!(stands(&mut sent[1]), Stands::At(Some(8)));
}

#[test]
fn required_idempotence_fails_at_a_leader_without_it() {
    let mut world = old_world(ProducerConfig::default().idempotence(Idempotence::Required));
    // The broker that was asked for the identity was a newer one.
    world.identify(1, 0);
    let mut sent = world.send_batch(0, &["a"]);
    assert!(world.next(1).is_none());
    let Poll::Ready(Err(error)) = poll(&mut sent[0]) else {
        panic!("not failed");
    };
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert!(!error.possibly_written());
    assert!(error.to_string().contains("needs Kafka 0.11"), "{error}");
}

#[test]
fn records_with_headers_fail_and_the_others_go() {
    let mut world = old_world(ProducerConfig::default());
    let mut sent = send_with(
        &mut world,
        &[("a", false), ("b", true), ("c", false), ("d", true)],
    );
    refuse_identity(&mut world);
    for (offset, value) in (0..).zip(["a", "c"]) {
        let mut request = world.next(1);
        while request.is_none() {
            // The batch was taken apart instead.
            request = world.next(1);
        }
        let request = request.unwrap();
        assert_eq!(request.parts[0].values, [value]);
        world.ack(&request, offset);
    }
    assert_eq!(stands(&mut sent[0]), Stands::At(Some(0)));
    assert_eq!(stands(&mut sent[2]), Stands::At(Some(1)));
    for at in [1, 3] {
        let Poll::Ready(Err(error)) = poll(&mut sent[at]) else {
            panic!("not failed");
        };
        assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
        assert!(!error.possibly_written());
        let text = error.to_string();
        assert!(text.contains("headers needs Kafka 0.11"), "{text}");
    }
}

#[test]
fn numbers_that_an_older_leader_does_not_know_are_taken_back_or_end_in_doubt() {
    for lost in [false, true] {
        let mut world = World::new(ProducerConfig::default(), &[1]);
        let mut sent = world.send_batch(0, &["a"]);
        let request = world.request(1);
        assert!(request.parts[0].sequence >= 0);
        if lost {
            world.lose(&request);
        } else {
            world.answer(&request, &[(ErrorCode::NotEnoughReplicas, -1)]);
        }
        world.pass(Duration::from_secs(2));
        // The partition moves to a broker that was not upgraded yet.
        world.leader = Leader::speaking(OLD);
        assert!(world.next(1).is_none());
        if lost {
            assert_eq!(stands(&mut sent[0]), UNKNOWN);
            continue;
        }
        world.identify(2, 0);
        let request = world.request(1);
        assert_eq!(
            (request.parts[0].producer_id, request.parts[0].sequence),
            (-1, -1)
        );
        world.ack(&request, 3);
        assert_eq!(stands(&mut sent[0]), Stands::At(Some(3)));
    }
}
