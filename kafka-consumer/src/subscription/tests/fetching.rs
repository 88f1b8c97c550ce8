use kafka_protocol::Uuid;
use kafka_protocol::messages::FetchResponse;

use super::world::{asked, id_of};
use super::*;
use crate::subscription::plan::FetchAsk;

/// A batch of about `bytes` bytes.
fn sized(base: i64, bytes: usize) -> bytes::Bytes {
    made(base, 1).padded(bytes).bytes()
}

#[test]
fn a_topic_is_asked_for_before_its_leader_is() {
    let mut world = World::new(config());
    world.assign([Assignment::new("t", 0, Start::Offset(5))]);
    let asks = world.plan();
    assert!(
        matches!(&asks[..], [Ask::Topic(name)] if *name == "t"),
        "{asks:?}"
    );
    assert!(world.plan().is_empty(), "one question at a time");

    world.lead("t", 0, 4);
    world.state.on_topic(world.now, &"t".into(), Ok(()));
    world.refresh();
    let ask = world.fetch();
    assert_eq!(ask.broker, 4);
    assert_eq!(asked(&ask.request), [("t".to_owned(), 0, 5)]);
    assert_eq!(ask.max_version, None);
    assert_eq!(ask.wait, ms(500));
    let request = &ask.request;
    assert_eq!((request.session_id, request.session_epoch), (0, -1));
    assert_eq!((request.min_bytes, request.max_wait_ms), (1, 500));
    let topic = &request.topics[0];
    assert_eq!(topic.topic_id, id_of("t"));
    assert_eq!(topic.partitions[0].current_leader_epoch, 3);
    assert_eq!(topic.partitions[0].partition_max_bytes, P as i32);
}

#[test]
fn without_a_topic_id_the_version_is_capped() {
    let mut world = World::new(config());
    world.place("t", 0, Some(1), Uuid::default());
    world.lead("u", 0, 1);
    world.assign(["t", "u"].map(|topic| Assignment::new(topic, 0, Start::Offset(0))));
    let ask = world.fetch();
    assert_eq!(ask.max_version, Some(12));
    // Answered by name, where the version knows no ids.
    let mut response = FetchResponse::new();
    let mut topic = kafka_protocol::messages::fetch::FetchableTopicResponse::new();
    topic.topic = "u".into();
    topic.partitions.push(records(made(0, 2).bytes()));
    response.responses.push(topic);
    world.respond(&ask, Ok(response));
    assert_eq!(world.next().unwrap().unwrap().topic(), "u");
}

#[test]
fn the_next_fetch_is_in_flight_while_the_caller_works() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    assert!(world.fetches().is_empty(), "one in flight to a broker");
    world.answer(&ask, |_, _, _| records(sized(0, P - 200)));
    let ask = world.fetch();
    assert_eq!(asked(&ask.request), [("t".to_owned(), 0, 1)]);
    world.answer(&ask, |_, _, _| records(sized(1, P - 200)));
    // Two fetches' worth wait: enough.
    assert!(world.fetches().is_empty());
    world.state.take_signals();
    assert!(world.next().is_some());
    assert!(world.state.take_signals().driver, "there is room again");
    assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 0, 2)]);
}

#[test]
fn every_leader_is_asked_for_its_own_and_at_once() {
    let mut world = World::new(config());
    for partition in 0..6 {
        world.lead("t", partition, partition % 3);
    }
    world.assign((0..6).map(|p| Assignment::new("t", p, Start::Offset(0))));
    let fetches = world.fetches();
    let summary: Vec<_> = fetches
        .iter()
        .map(|ask| {
            let partitions = asked(&ask.request);
            let partitions: Vec<i32> = partitions.iter().map(|(_, p, _)| *p).collect();
            (ask.broker, partitions)
        })
        .collect();
    assert_eq!(summary, [(0, vec![0, 3]), (1, vec![1, 4]), (2, vec![2, 5])]);
    // Each may bring no more than its part of the budget.
    for ask in &fetches {
        assert!(ask.request.max_bytes <= (20 * P / 3) as i32);
    }
}

#[test]
fn what_brought_data_goes_to_the_end_of_the_line() {
    let mut world = one_broker(config(), 4);
    let order =
        |ask: &FetchAsk| -> Vec<i32> { asked(&ask.request).iter().map(|(_, p, _)| *p).collect() };
    let ask = world.fetch();
    assert_eq!(order(&ask), [0, 1, 2, 3]);
    world.answer(&ask, |_, p, _| {
        if p <= 1 {
            records(sized(0, 100))
        } else {
            none()
        }
    });
    let ask = world.fetch();
    assert_eq!(order(&ask), [2, 3, 0, 1]);
    world.answer(&ask, |_, _, _| none());
    assert_eq!(order(&world.fetch()), [2, 3, 0, 1]);
}

#[test]
fn a_fetch_waits_at_the_broker_only_if_nobody_else_has_to() {
    let mut world = one_broker(config(), 2);
    let ask = world.fetch();
    assert_eq!(ask.wait, ms(500));
    // Partition 0 gets more than enough, partition 1 nothing.
    world.answer(&ask, |_, p, _| {
        if p == 0 {
            records(sized(0, P + 1))
        } else {
            none()
        }
    });
    let ask = world.fetch();
    assert_eq!(asked(&ask.request), [("t".to_owned(), 1, 0)]);
    assert_eq!((ask.wait, ask.request.max_wait_ms), (ms(0), 0));
    world.answer(&ask, |_, _, _| none());
    // Nothing there: not again at once, but before long.
    assert!(world.fetches().is_empty());
    assert_eq!(world.wake_at, Some(world.now + ms(50)));
    world.pass(ms(50));
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| none());
    // Room for the other ends it.
    world.next().unwrap().unwrap();
    let ask = world.fetch();
    assert_eq!(asked(&ask.request).len(), 2);
    assert_eq!(ask.wait, ms(500));
}

#[test]
fn a_throttled_broker_is_left_alone_and_the_others_are_not() {
    let mut world = World::new(config());
    world.lead("t", 0, 1);
    world.lead("t", 1, 2);
    world.assign((0..2).map(|p| Assignment::new("t", p, Start::Offset(0))));
    let fetches = world.fetches();
    let mut response = FetchResponse::new();
    response.throttle_time_ms = 300;
    world.respond(&fetches[0], Ok(response));
    world.answer(&fetches[1], |_, _, _| none());
    assert_eq!(world.fetch().broker, 2);
    assert_eq!(world.wake_at, Some(world.now + ms(300)));
    world.pass(ms(300));
    assert_eq!(world.fetch().broker, 1);
}

#[test]
fn a_broker_that_fails_is_asked_less_and_less_and_then_reported() {
    let mut world = World::new(config());
    world.lead("t", 0, 1);
    world.lead("t", 1, 2);
    world.assign((0..2).map(|p| Assignment::new("t", p, Start::Offset(0))));
    let fetches = world.fetches();
    let gone = || Err(Error::new(ErrorKind::Disconnected).with_message("gone"));
    world.respond(&fetches[0], gone());
    world.answer(&fetches[1], |_, _, _| none());
    let asks = world.plan();
    assert!(
        matches!(&asks[..], [Ask::Fetch(ask), Ask::Refresh(topic)] if ask.broker == 2 && *topic == "t"),
        "{asks:?}"
    );
    let start = world.now;
    let (mut tries, mut reports) = (0, Vec::new());
    while world.now < start + Duration::from_secs(125) {
        world.now = world.wake_at.unwrap();
        for ask in world.plan() {
            if let Ask::Fetch(ask) = ask {
                assert_eq!(ask.broker, 1, "the other one's is in flight");
                world.respond(&ask, gone());
                tries += 1;
            }
        }
        // As the driver does after every answer.
        world.plan();
        reports.extend(world.next().map(Result::unwrap_err));
    }
    assert!((110..140).contains(&tries), "{tries} tries in two minutes");
    assert_eq!(reports.len(), 2, "once a minute: {reports:?}");
    assert!(reports[0].is_retriable());
    assert!(reports[0].context().attempts().unwrap() > 50);
}

#[test]
fn one_partition_s_error_leaves_the_others_alone() {
    for (code, refreshes) in [
        (ErrorCode::NotLeaderOrFollower, true),
        (ErrorCode::FencedLeaderEpoch, true),
        (ErrorCode::UnknownTopicId, true),
        (ErrorCode::InconsistentTopicId, true),
        (ErrorCode::UnknownTopicOrPartition, true),
        (ErrorCode::KafkaStorageError, true),
        (ErrorCode::ReplicaNotAvailable, true),
        (ErrorCode::OffsetMovedToTieredStorage, true),
        (ErrorCode::UnknownLeaderEpoch, true),
        (ErrorCode::OffsetNotAvailable, false),
        (ErrorCode::UnknownServerError, false),
    ] {
        let mut world = one_broker(config(), 2);
        let ask = world.fetch();
        world.answer(&ask, |_, p, _| {
            if p == 0 {
                failed(code)
            } else {
                records(made(0, 1).bytes())
            }
        });
        let asks = world.plan();
        let fetched = asks.iter().find_map(|ask| match ask {
            Ask::Fetch(ask) => Some(asked(&ask.request)),
            _ => None,
        });
        assert_eq!(fetched, Some(vec![("t".to_owned(), 1, 1)]), "{code:?}");
        let refreshed = asks.iter().any(|ask| matches!(ask, Ask::Refresh(_)));
        assert_eq!(refreshed, refreshes, "{code:?}");
        assert_eq!(world.drain(), [(1, 0)], "{code:?}");
        // It is asked for again after its back-off.
        let in_flight = asks.into_iter().find_map(|ask| match ask {
            Ask::Fetch(ask) => Some(ask),
            _ => None,
        });
        world.answer(&in_flight.unwrap(), |_, _, _| none());
        world.pass(ms(120));
        assert_eq!(asked(&world.fetch().request).len(), 2, "{code:?}");
    }
}

#[test]
fn a_refusal_for_good_is_said_once_and_stops_the_partition() {
    for code in [
        ErrorCode::TopicAuthorizationFailed,
        ErrorCode::CorruptMessage,
        ErrorCode::UnsupportedCompressionType,
        ErrorCode::InvalidTopicException,
        ErrorCode::Unknown(12_345),
    ] {
        let mut world = one_broker(config(), 2);
        let ask = world.fetch();
        world.answer(&ask, |_, p, _| if p == 0 { failed(code) } else { none() });
        let error = world.next().unwrap().unwrap_err();
        assert_eq!(error.context().partition(), Some(0), "{error}");
        assert!(error.to_string().contains("until a seek"), "{error}");
        assert!(world.next().is_none());
        let ask = world.fetch();
        assert_eq!(asked(&ask.request), [("t".to_owned(), 1, 0)]);
        world.answer(&ask, |_, _, _| none());
        world.seek(0, Start::Offset(0));
        assert_eq!(asked(&world.fetch().request).len(), 2, "{code:?}");
    }
}

#[test]
fn a_leader_s_move_is_followed_and_the_old_leader_s_late_answer_is_dropped() {
    let mut world = one_broker(config(), 1);
    let old = world.fetch();
    world.lead("t", 0, 2);
    world.refresh();
    let new = world.fetch();
    assert_eq!(new.broker, 2);
    world.answer(&new, |_, _, _| records(made(0, 2).bytes()));
    world.answer(&old, |_, _, _| records(made(0, 3).bytes()));
    assert_eq!(world.drain(), [(0, 0), (0, 1)]);
    assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 0, 2)]);
}

#[test]
fn no_leader_is_asked_for_and_then_reported() {
    let mut world = World::new(config());
    world.place("t", 0, None, id_of("t"));
    world.lead("t", 1, 1);
    // There is no partition 7.
    world.assign([0, 1, 7].map(|p| Assignment::new("t", p, Start::Offset(0))));
    let asks = world.plan();
    let refreshes = asks.iter().filter(|ask| matches!(ask, Ask::Refresh(_)));
    assert_eq!(refreshes.count(), 1, "{asks:?}");
    let start = world.now;
    let mut reports = Vec::new();
    while world.now < start + Duration::from_secs(70) {
        world.now = world.wake_at.unwrap();
        world.plan();
        reports.extend(world.next().map(Result::unwrap_err));
    }
    let said: Vec<_> = reports
        .iter()
        .map(|error| (error.context().partition(), error.broker_error()))
        .collect();
    assert_eq!(
        said,
        [
            (Some(0), Some(ErrorCode::LeaderNotAvailable)),
            (Some(7), Some(ErrorCode::UnknownTopicOrPartition)),
        ]
    );
    world.lead("t", 0, 1);
    world.refresh();
    assert!(
        world
            .plan()
            .iter()
            .all(|ask| !matches!(ask, Ask::Refresh(_)))
    );
}

#[test]
fn answers_are_taken_for_what_was_asked_only() {
    let mut world = one_broker(config(), 3);
    let ask = world.fetch();
    let mut response = FetchResponse::new();
    let partition = |p: i32, bytes: bytes::Bytes| {
        let mut data = records(bytes);
        data.partition_index = p;
        data
    };
    let topic = |id: Uuid, partitions| {
        let mut topic = kafka_protocol::messages::fetch::FetchableTopicResponse::new();
        topic.topic_id = id;
        topic.partitions = partitions;
        topic
    };
    response.responses = vec![
        topic(id_of("other"), vec![partition(0, made(0, 9).bytes())]),
        // Out of order, twice, never heard of; and nothing of partition 1.
        topic(
            id_of("t"),
            vec![
                partition(2, made(0, 1).bytes()),
                partition(0, made(0, 1).bytes()),
                partition(0, made(0, 5).bytes()),
                partition(9, made(0, 1).bytes()),
                partition(-1, made(0, 1).bytes()),
            ],
        ),
    ];
    world.respond(&ask, Ok(response));
    assert_eq!(world.drain(), [(2, 0), (0, 0)]);
    let asks = world.plan();
    let [Ask::Fetch(ask), Ask::Refresh(_)] = &asks[..] else {
        panic!("{asks:?}");
    };
    let mut next = asked(&ask.request);
    next.sort();
    let t = |p, offset| ("t".to_owned(), p, offset);
    assert_eq!(next, [t(0, 1), t(2, 1)]);
    // What was left out gets its turn after a while.
    world.answer(ask, |_, _, _| none());
    world.pass(ms(120));
    let mut next = asked(&world.fetch().request);
    next.sort();
    assert_eq!(next, [t(0, 1), t(1, 0), t(2, 1)]);
}

#[test]
fn a_batch_cut_off_at_the_end_is_fetched_again() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    let cut = made(2, 3).bytes();
    let data = concat([made(0, 2).bytes(), cut.slice(..cut.len() - 5)]);
    world.answer(&ask, |_, _, _| records(data.clone()));
    assert_eq!(world.drain(), [(0, 0), (0, 1)]);
    assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 0, 2)]);
}

#[test]
fn a_batch_too_large_for_the_fetch_makes_the_next_one_larger() {
    let mut world = one_broker(config(), 1);
    let large = sized(0, 15 * P);
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(large.slice(..P)));
    let ask = world.fetch();
    assert!(ask.request.topics[0].partitions[0].partition_max_bytes as usize >= large.len());
    world.answer(&ask, |_, _, _| records(large.clone()));
    assert_eq!(world.drain(), [(0, 0)]);
    let ask = world.fetch();
    let partition = &ask.request.topics[0].partitions[0];
    assert_eq!(
        (partition.partition_max_bytes, partition.fetch_offset),
        (P as i32, 1)
    );
}

#[test]
fn a_broker_that_never_sends_the_whole_batch_is_no_busy_loop() {
    let mut world = one_broker(config(), 1);
    let large = sized(0, 3 * P);
    for _ in 0..2 {
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| records(large.slice(..P)));
    }
    assert!(world.fetches().is_empty());
    assert!(world.wake_at.unwrap() > world.now);
}

#[test]
fn what_is_no_batch_is_corrupt() {
    let mut world = one_broker(config(), 2);
    let ask = world.fetch();
    let mut garbage = made(5, 1).bytes().to_vec();
    garbage[16] = 9;
    world.answer(&ask, |_, p, _| {
        if p == 0 {
            records(garbage.clone().into())
        } else {
            records(made(0, 1).bytes())
        }
    });
    let error = world.next().unwrap().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("magic 9"), "{error}");
    assert_eq!(world.drain(), [(1, 0)]);
    assert_eq!(asked(&world.fetch().request), [("t".to_owned(), 1, 1)]);
}

#[test]
fn records_before_the_offset_asked_for_are_no_busy_loop() {
    let mut world = one_broker(config(), 1);
    world.seek(0, Start::Offset(10));
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| records(made(0, 5).bytes()));
    assert_eq!(world.drain(), []);
    assert!(world.plan().iter().all(|ask| !matches!(ask, Ask::Fetch(_))));
    assert!(world.wake_at.unwrap() > world.now);
}

#[test]
fn a_redirection_is_followed_while_it_holds() {
    let mut world = one_broker(config(), 1);
    world.add_broker(5);
    world.refresh();
    let redirect = |to: i32| {
        let mut data = none();
        data.preferred_read_replica = to;
        data
    };
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| redirect(5));
    let ask = world.fetch();
    assert_eq!(ask.broker, 5);
    world.answer(&ask, |_, _, _| records(made(0, 1).bytes()));
    let ask = world.fetch();
    assert_eq!(ask.broker, 5);
    // The follower is behind or gone: back to the leader.
    world.answer(&ask, |_, _, _| failed(ErrorCode::OffsetOutOfRange));
    world.pass(ms(120));
    assert_eq!(world.fetch().broker, 1);
}

#[test]
fn a_redirection_to_an_unknown_broker_does_not_strand_the_partition() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    world.answer(&ask, |_, _, _| {
        let mut data = none();
        data.preferred_read_replica = 77;
        data
    });
    let asks = world.plan();
    assert!(matches!(&asks[..], [Ask::Refresh(_)]), "{asks:?}");
    world.pass(ms(120));
    assert_eq!(world.fetch().broker, 1);
}

#[test]
fn a_failed_session_or_an_unknown_error_of_the_whole_answer_is_no_busy_loop() {
    for code in [70, 71, 106, -1, 999] {
        let mut world = one_broker(config(), 1);
        let ask = world.fetch();
        let mut response = FetchResponse::new();
        response.error_code = code;
        world.respond(&ask, Ok(response));
        assert!(world.plan().iter().all(|ask| !matches!(ask, Ask::Fetch(_))));
        world.pass(ms(120));
        world.fetch();
    }
}

#[test]
fn an_answer_that_makes_no_sense_is_asked_for_a_few_times_and_a_refusal_to_speak_is_final() {
    for (kind, expected) in [
        (ErrorKind::Malformed, 4),
        (ErrorKind::FrameTooLarge, 4),
        (ErrorKind::Tls, 4),
        (ErrorKind::UnsupportedVersion, 1),
        (ErrorKind::Closed, 1),
    ] {
        let mut world = one_broker(config(), 2);
        let mut tries = 0;
        let errors = loop {
            let fetch = world.plan().into_iter().find_map(|ask| match ask {
                Ask::Fetch(ask) => Some(ask),
                _ => None,
            });
            if let Some(ask) = fetch {
                tries += 1;
                world.respond(&ask, Err(Error::new(kind)));
            }
            let errors: Vec<_> = std::iter::from_fn(|| world.next()).collect();
            if !errors.is_empty() {
                break errors;
            }
            world.pass(Duration::from_secs(2));
        };
        assert_eq!(tries, expected, "{kind:?}");
        assert_eq!(errors.len(), 2, "each partition: {errors:?}");
        world.pass(Duration::from_secs(2));
        let asks = world.plan();
        assert!(asks.iter().all(|ask| !matches!(ask, Ask::Fetch(_))));
        world.seek(0, Start::Offset(0));
        assert_eq!(asked(&world.fetch().request).len(), 1);
    }
}
