//! What answers do.

use kafka_net::ErrorKind;

use crate::config::{Acks, Idempotence};

use super::*;

fn config() -> ProducerConfig {
    ProducerConfig::default().linger(Duration::ZERO)
}

const LATER: Duration = Duration::from_secs(2);

fn all(deliveries: &mut [Delivery]) -> Vec<Stands> {
    deliveries.iter_mut().map(stands).collect()
}

#[test]
fn a_first_batch_that_is_refused_is_not_overtaken() {
    // The leader would take any number from a producer it does not know.
    let mut world = World::fresh(config(), &[1]);
    let _a = world.send_batch(0, &["a"]);
    let _b = world.send_batch(0, &["b"]);
    let first = world.request(1);
    assert!(world.next(1).is_none());
    world.answer(&first, &[(ErrorCode::NotEnoughReplicas, -1)]);
    world.pass(LATER);
    let again = world.request(1);
    assert_eq!(again.parts, first.parts);
    assert!(world.next(1).is_none());
    world.ack(&again, 0);
    assert_eq!(world.request(1).parts[0].sequence, 1);
}

#[test]
fn a_draft_whose_leader_moved_is_put_back() {
    let mut world = World::new(config(), &[1]);
    let _a = world.send_batch(0, &["a"]);
    let Step::Seal(drafts) = world.step(1) else {
        panic!("there is something to send");
    };
    world.lead(0, Some(2));
    assert!(world.next(2).is_none(), "it is being sealed");
    assert!(world.dispatch(1, drafts).is_none());
    let request = world.request(2);
    assert_eq!(request.parts[0].values, ["a"]);
    assert_eq!(world.sender.in_flight()[&1].0, 0);
}

#[test]
fn a_draft_behind_one_that_came_back_waits_for_it() {
    let mut world = World::new(config().acks(Acks::Leader), &[1]);
    let _a = world.send_batch(0, &["a"]);
    let first = world.request(1);
    let _b = world.send_batch(0, &["b"]);
    let Step::Seal(drafts) = world.step(1) else {
        panic!("there is something to send");
    };
    world.answer(&first, &[(ErrorCode::NotEnoughReplicas, -1)]);
    assert!(world.dispatch(1, drafts).is_none());
    world.pass(LATER);
    assert_eq!(world.request(1).parts[0].values, ["a"]);
    assert_eq!(world.request(1).parts[0].values, ["b"]);
}

#[test]
fn acknowledged_records_know_their_offsets() {
    let mut world = World::new(config(), &[1]);
    let mut sent = world.send_batch(0, &["a", "b", "c"]);
    let request = world.request(1);
    assert_eq!(
        all(&mut sent),
        [Stands::Pending, Stands::Pending, Stands::Pending]
    );
    world.ack(&request, 100);
    let at = |offset| Stands::At(Some(offset));
    assert_eq!(all(&mut sent), [at(100), at(101), at(102)]);
    assert_eq!(world.memory.used(), 0);
    assert!(world.sender.is_drained());
}

#[test]
fn a_leader_that_moved_gets_the_same_bytes_again_in_order() {
    let mut world = World::new(config(), &[1, 1]);
    let mut a = world.send_batch(0, &["a"]);
    let mut other = world.send_batch(1, &["x"]);
    let first = world.request(1);
    let mut b = world.send_batch(0, &["b"]);
    let second = world.request(1);
    world.answer(
        &first,
        &[(ErrorCode::NotLeaderOrFollower, -1), (ErrorCode::None, 5)],
    );
    assert_eq!(world.refreshed, ["t"]);
    assert_eq!(stands(&mut other[0]), Stands::At(Some(5)));
    world.answer(&second, &[(ErrorCode::NotLeaderOrFollower, -1)]);
    assert!(
        world.next(1).is_none(),
        "it waits for the metadata or the backoff"
    );
    world.lead(0, Some(2));
    let again = world.request(2);
    assert_eq!(again.parts[0], first.parts[0]);
    assert!(
        world.next(2).is_none(),
        "a leader that knows nothing of the producer would take the second without the first"
    );
    world.ack(&again, 10);
    let next = world.request(2);
    assert_eq!(next.parts[0], second.parts[0]);
    world.ack(&next, 11);
    assert_eq!(stands(&mut a[0]), Stands::At(Some(10)));
    assert_eq!(stands(&mut b[0]), Stands::At(Some(11)));
}

#[test]
fn an_answer_out_at_the_old_leader_comes_first() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let first = world.request(1);
    let mut b = world.send_batch(0, &["b"]);
    world.lead(0, Some(2));
    assert!(world.next(2).is_none());
    world.ack(&first, 0);
    let second = world.request(2);
    assert_eq!(second.parts[0].sequence, 2);
    world.ack(&second, 1);
    assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));
    assert_eq!(stands(&mut b[0]), Stands::At(Some(1)));
}

#[test]
fn a_lost_answer_is_asked_for_again_and_a_duplicate_is_a_success() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let first = world.request(1);
    world.lose(&first);
    assert_eq!(stands(&mut a[0]), Stands::Pending);
    world.pass(LATER);
    let again = world.request(1);
    assert_eq!(again.parts, first.parts);
    world.answer(&again, &[(ErrorCode::DuplicateSequenceNumber, -1)]);
    assert_eq!(stands(&mut a[0]), Stands::At(None));
    assert_eq!(world.sender.counters().lost_requests, 1);
    assert_eq!(world.sender.counters().retries, 1);
}

#[test]
fn what_was_refused_behind_a_failed_batch_follows_it() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let first = world.request(1);
    let mut b = world.send_batch(0, &["b"]);
    let second = world.request(1);
    world.answer(&first, &[(ErrorCode::NotEnoughReplicas, -1)]);
    world.answer(&second, &[(ErrorCode::OutOfOrderSequenceNumber, -1)]);
    // A third one does not overtake.
    let _c = world.send_batch(0, &["c"]);
    assert!(world.next(1).is_none());
    world.pass(LATER);
    let order: Vec<_> = (0..3).map(|_| world.request(1)).collect();
    assert_eq!(order[0].parts, first.parts);
    assert_eq!(order[1].parts, second.parts);
    assert_eq!(order[2].parts[0].values, ["c"]);
    for (request, offset) in order.iter().zip(0..) {
        world.ack(request, offset);
    }
    assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));
    assert_eq!(stands(&mut b[0]), Stands::At(Some(1)));
}

#[test]
fn a_real_gap_takes_a_new_identity_and_new_numbers() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let mut b = world.send_batch(0, &["b", "c"]);
    let first = world.request(1);
    let second = world.request(1);
    world.answer(&first, &[(ErrorCode::UnknownProducerId, -1)]);
    world.answer(&second, &[(ErrorCode::OutOfOrderSequenceNumber, -1)]);
    assert!(world.next(1).is_none(), "not under the old identity");
    world.identify(1, 1);
    let first = world.request(1);
    assert_eq!((first.parts[0].epoch, first.parts[0].sequence), (1, 0));
    assert!(
        world.next(1).is_none(),
        "the first under an identity goes alone"
    );
    world.ack(&first, 0);
    let second = world.request(1);
    assert_eq!((second.parts[0].epoch, second.parts[0].sequence), (1, 1));
    world.ack(&second, 1);
    assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));
    assert_eq!(stands(&mut b[1]), Stands::At(Some(2)));
}

#[test]
fn a_gap_at_a_batch_that_may_be_written_leaves_it_unknown() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let mut b = world.send_batch(0, &["b"]);
    let first = world.request(1);
    let second = world.request(1);
    world.lose(&first);
    world.fail(&second, Error::new(ErrorKind::Disconnected));
    world.pass(LATER);
    let again = world.request(1);
    assert!(world.next(1).is_none(), "it may have been restarted");
    world.answer(&again, &[(ErrorCode::OutOfOrderSequenceNumber, -1)]);
    assert_eq!(stands(&mut a[0]), UNKNOWN);
    // The one behind provably was not written, so it is sent anew.
    world.identify(2, 0);
    world.pass(LATER);
    let anew = world.request(1);
    assert_eq!(anew.parts[0].values, ["b"]);
    assert_eq!((anew.parts[0].producer_id, anew.parts[0].sequence), (2, 0));
    world.ack(&anew, 7);
    assert_eq!(stands(&mut b[0]), Stands::At(Some(7)));
}

#[test]
fn a_passed_epoch_takes_a_new_identity() {
    let mut world = World::new(config(), &[1, 1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.answer(&request, &[(ErrorCode::InvalidProducerEpoch, -1)]);
    world.identify(9, 0);
    let anew = world.request(1);
    assert_eq!((anew.parts[0].producer_id, anew.parts[0].sequence), (9, 0));
    world.ack(&anew, 0);
    assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));
}

#[test]
fn a_broker_that_accepts_no_identity_is_not_asked_in_a_hot_loop() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let mut asked = 0;
    for id in 0..1_000_000 {
        let Some(request) = world.next(1) else {
            if world.now >= world.started + Duration::from_secs(60) {
                break;
            }
            world.pass(Duration::from_millis(10));
            continue;
        };
        world.answer(&request, &[(ErrorCode::InvalidProducerEpoch, -1)]);
        world.identify(100 + id, 0);
        asked += 1;
    }
    assert!((10..200).contains(&asked), "{asked} in a minute");
    assert_eq!(stands(&mut a[0]), Stands::Pending);

    // Without numbers there is nothing to renumber.
    let mut world = World::new(config().acks(Acks::Leader), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.answer(&request, &[(ErrorCode::InvalidProducerEpoch, -1)]);
    assert_eq!(stands(&mut a[0]), NOT_WRITTEN);
}

#[test]
fn another_partition_goes_on_under_the_old_identity() {
    let mut world = World::new(config(), &[1, 2]);
    let _healthy = world.send_batch(1, &["x"]);
    let flying = world.request(2);
    let _broken = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.answer(&request, &[(ErrorCode::UnknownProducerId, -1)]);
    // The old numbers are still good there, also while the new are asked for.
    let _more = world.send_batch(1, &["y"]);
    let more = world.request(2);
    assert_eq!((more.parts[0].producer_id, more.parts[0].sequence), (1, 2));
    world.identify(2, 0);
    world.ack(&flying, 0);
    world.ack(&more, 1);
    let _last = world.send_batch(1, &["z"]);
    let last = world.request(2);
    assert_eq!((last.parts[0].producer_id, last.parts[0].sequence), (2, 0));
}

#[test]
fn in_flight_past_the_deadline_is_unknown_and_its_answer_keeps_the_numbers() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.pass(Duration::from_secs(121));
    assert_eq!(stands(&mut a[0]), UNKNOWN);
    assert!(world.memory.used() > 0, "the request still holds the bytes");
    let mut b = world.send_batch(0, &["b"]);
    assert!(world.next(1).is_none(), "not behind a gap that may be");
    // The late answer: it was written, so there is no gap.
    world.ack(&request, 0);
    let next = world.request(1);
    assert_eq!((next.parts[0].producer_id, next.parts[0].sequence), (1, 2));
    world.ack(&next, 1);
    assert_eq!(stands(&mut b[0]), Stands::At(Some(1)));
    assert_eq!(world.memory.used(), 0);
}

#[test]
fn in_flight_past_the_deadline_without_an_answer_never_leaves_a_gap() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.pass(Duration::from_secs(121));
    world.lose(&request);
    assert_eq!(stands(&mut a[0]), UNKNOWN);
    assert_eq!(world.memory.used(), 0);
    let mut b = world.send_batch(0, &["b"]);
    assert!(
        world.next(1).is_none(),
        "not before there is another identity"
    );
    world.identify(5, 0);
    let next = world.request(1);
    assert_eq!((next.parts[0].producer_id, next.parts[0].sequence), (5, 0));
    world.ack(&next, 1);
    assert_eq!(stands(&mut b[0]), Stands::At(Some(1)));
}

#[test]
fn without_a_leader_records_wait_until_their_deadline() {
    let mut world = World::new(config(), &[1]);
    world.lead(0, None);
    let mut a = world.send(0, "a");
    let mut keys = Vec::new();
    world.main.take(&mut keys);
    world.sender.on_edges(world.now, &keys);
    world.pass(Duration::from_secs(119));
    assert_eq!(stands(&mut a), Stands::Pending);
    let mut b = world.send(0, "b");
    world.pass(Duration::from_secs(2));
    // Both are in the open batch, whose age is its first record's.
    assert_eq!(stands(&mut a), NOT_WRITTEN);
    assert_eq!(stands(&mut b), NOT_WRITTEN);
    assert_eq!(world.memory.used(), 0);
    let mut c = world.send(0, "c");
    world.main.take(&mut keys);
    world.sender.on_edges(world.now, &keys);
    world.lead(0, Some(3));
    let request = world.request(3);
    assert_eq!(request.parts[0].values, ["c"]);
    world.ack(&request, 0);
    assert_eq!(stands(&mut c), Stands::At(Some(0)));
}

#[test]
fn a_batch_too_large_is_halved_until_one_record_fails_alone() {
    let mut world = World::new(config(), &[1]);
    let big = "x".repeat(5000);
    let mut sent = world.send_batch(0, &["a", &big, "c"]);
    let mut behind = world.send_batch(0, &["d"]);
    let whole = world.request(1);
    let last = world.request(1);
    world.answer(&whole, &[(ErrorCode::MessageTooLarge, -1)]);
    world.answer(&last, &[(ErrorCode::OutOfOrderSequenceNumber, -1)]);
    let mut log = Vec::new();
    for _ in 0..20 {
        world.pass(LATER);
        world.identify(3, 0);
        while let Some(request) = world.next(1) {
            let part = &request.parts[0];
            if part.bytes > 2000 {
                world.answer(&request, &[(ErrorCode::MessageTooLarge, -1)]);
            } else if part.producer_id == 1 && part.sequence > 1 + log.len() as i32 {
                world.answer(&request, &[(ErrorCode::OutOfOrderSequenceNumber, -1)]);
            } else {
                let offset = log.len() as i64;
                log.extend(part.values.clone());
                world.ack(&request, offset);
            }
        }
    }
    assert_eq!(log, ["a", "c", "d"]);
    assert_eq!(
        all(&mut sent),
        [Stands::At(Some(0)), NOT_WRITTEN, Stands::At(Some(1))]
    );
    assert_eq!(stands(&mut behind[0]), Stands::At(Some(2)));
    assert_eq!(world.memory.used(), 0);
}

#[test]
fn a_lone_refusal_gives_its_numbers_back() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.answer(&request, &[(ErrorCode::InvalidRecord, -1)]);
    assert_eq!(stands(&mut a[0]), NOT_WRITTEN);
    let mut b = world.send_batch(0, &["b"]);
    let next = world.request(1);
    assert_eq!((next.parts[0].producer_id, next.parts[0].sequence), (1, 1));
    world.ack(&next, 0);
    assert_eq!(stands(&mut b[0]), Stands::At(Some(0)));
}

#[test]
fn a_partition_left_out_of_the_answer_is_asked_for_again() {
    let mut world = World::new(config(), &[1, 1]);
    let mut a = world.send_batch(0, &["a"]);
    let mut b = world.send_batch(1, &["b"]);
    let request = world.request(1);
    let answers = vec![Some(part_answer(ErrorCode::None, 3)), None];
    let id = request.id;
    world
        .sender
        .on_answer(world.now, id, answers, Duration::ZERO);
    world.perform();
    assert_eq!(stands(&mut a[0]), Stands::At(Some(3)));
    assert_eq!(stands(&mut b[0]), Stands::Pending);
    world.pass(LATER);
    let again = world.request(1);
    assert_eq!(again.parts, request.parts[1..]);
    world.ack(&again, 9);
    assert_eq!(stands(&mut b[0]), Stands::At(Some(9)));

    // Without numbers nobody could tell a duplicate.
    let mut world = World::new(config().idempotence(Idempotence::Disabled), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    let id = request.id;
    world
        .sender
        .on_answer(world.now, id, vec![], Duration::ZERO);
    world.perform();
    assert_eq!(stands(&mut a[0]), UNKNOWN);
}

#[test]
fn a_topic_created_anew_never_gets_the_old_ones_records() {
    let mut world = World::new(config(), &[1]);
    let mut flying = world.send_batch(0, &["a"]);
    let request = world.request(1);
    let mut waiting = world.send_batch(0, &["b"]);
    let mut open = world.send(0, "c");
    let anew = Uuid::from_bytes([8; 16]);
    world.sender.set_topic_id(world.now, 0, anew);
    world.perform();
    assert_eq!(stands(&mut waiting[0]), NOT_WRITTEN);
    assert_eq!(stands(&mut open), NOT_WRITTEN);
    assert_eq!(stands(&mut flying[0]), Stands::Pending);
    world.answer(&request, &[(ErrorCode::UnknownTopicId, -1)]);
    assert_eq!(stands(&mut flying[0]), NOT_WRITTEN);
    // The new one is counted from zero, under an identity its log can't know.
    let _d = world.send_batch(0, &["d"]);
    assert!(matches!(world.step(1), Step::Wait(_)));
    world.identify(2, 0);
    let Step::Seal(drafts) = world.step(1) else {
        panic!("the new topic's batch");
    };
    let mut compressor = Compressor::new(Compression::None).unwrap();
    let sealed = drafts
        .into_iter()
        .map(|draft| Sealed {
            partition: draft.partition,
            batch: draft.batch,
            content: world.leader.fit(draft.content, &mut compressor),
        })
        .collect();
    let dispatch = world.sender.dispatch(world.now, 1, sealed).unwrap();
    assert_eq!(dispatch.parts[0].topic_id, anew);
    let mut bytes = dispatch.parts[0].records.clone().into_bytes();
    let batch = RecordBatch::parse(&mut bytes, &BatchLimits::default())
        .unwrap()
        .unwrap();
    assert_eq!((batch.producer_id(), batch.base_sequence()), (2, 0));
}

#[test]
fn a_principal_that_may_not_number_goes_on_without() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.answer(&request, &[(ErrorCode::ClusterAuthorizationFailed, -1)]);
    assert!(world.warned);
    let again = world.request(1);
    assert_eq!(
        (again.parts[0].producer_id, again.parts[0].sequence),
        (-1, -1)
    );
    world.ack(&again, 0);
    assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));

    let required = config().idempotence(Idempotence::Required);
    let mut world = World::new(required, &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.answer(&request, &[(ErrorCode::ClusterAuthorizationFailed, -1)]);
    assert_eq!(stands(&mut a[0]), NOT_WRITTEN);
    let mut b = world.send_batch(0, &["b"]);
    assert!(world.next(1).is_none());
    assert_eq!(stands(&mut b[0]), NOT_WRITTEN);
}

#[test]
fn without_numbers_a_batch_in_doubt_is_sent_again() {
    let mut world = World::new(config().acks(Acks::Leader), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    assert_eq!(request.parts[0].producer_id, -1);
    world.lose(&request);
    let _b = world.send_batch(0, &["b"]);
    assert!(world.next(1).is_none(), "b does not overtake");
    world.pass(LATER);
    assert_eq!(world.request(1).parts[0].values, ["a"]);
    assert_eq!(world.request(1).parts[0].values, ["b"]);
    world.pass(Duration::from_secs(121));
    assert_eq!(stands(&mut a[0]), UNKNOWN);
}

#[test]
fn without_answers_the_socket_decides() {
    let mut world = World::new(config().acks(Acks::None), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.sender.on_sent(world.now, request.id);
    world.perform();
    assert_eq!(stands(&mut a[0]), Stands::At(None));

    // Some of it went out: nobody will ever tell.
    let mut b = world.send_batch(0, &["b"]);
    let request = world.request(1);
    world.lose(&request);
    assert_eq!(stands(&mut b[0]), UNKNOWN);

    // None of it did: again.
    let mut c = world.send_batch(0, &["c"]);
    let request = world.request(1);
    world.fail(&request, Error::new(ErrorKind::Disconnected));
    assert_eq!(stands(&mut c[0]), Stands::Pending);
    world.pass(LATER);
    assert_eq!(world.request(1).parts[0].values, ["c"]);
}

#[test]
fn an_impossible_version_fails_at_once() {
    let mut world = World::new(config(), &[1]);
    let mut a = world.send_batch(0, &["a"]);
    let request = world.request(1);
    world.fail(&request, Error::new(ErrorKind::UnsupportedVersion));
    assert_eq!(stands(&mut a[0]), NOT_WRITTEN);
}

#[test]
fn the_end_fails_what_is_left_and_says_what_is_unknown() {
    let mut world = World::new(config(), &[1, 1]);
    let mut flying = world.send_batch(0, &["a"]);
    let request = world.request(1);
    let mut waiting = world.send_batch(1, &["b"]);
    let ended = Sender::ended(&Error::closed("the producer"));
    world.sender.fail_all(&ended, true);
    world.perform();
    assert_eq!(stands(&mut flying[0]), UNKNOWN);
    assert_eq!(stands(&mut waiting[0]), NOT_WRITTEN);
    assert!(world.try_send(0, "c").is_none());
    assert!(world.sender.is_drained());
    // An answer that comes after all changes nothing.
    world.ack(&request, 0);
    assert_eq!(stands(&mut flying[0]), UNKNOWN);
    assert_eq!(world.memory.used(), 0);
}

#[test]
fn flush_waits_for_everything_there_is() {
    let mut world = World::new(config(), &[1, 1]);
    let _a = world.send_batch(0, &["a"]);
    let _b = world.send(1, "b");
    let request = world.request(1);
    assert_eq!(world.sender.outstanding().len(), 2);
    world.ack(&request, 0);
    assert!(world.sender.outstanding().iter().all(|c| c.is_done()));
}
