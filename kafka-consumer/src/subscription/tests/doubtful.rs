//! Answers and metadata that must not be taken at face value.

use kafka_net::Error;
use kafka_protocol::Uuid;
use kafka_protocol::messages::FetchResponse;

use super::*;
use crate::offsets::OffsetFound;

/// What is looked up finds this.
fn found(world: &mut World, ask: OffsetsAsk, found: OffsetFound) {
    let answer = OffsetAnswer {
        broker: ask.broker,
        ticket: ask.ticket,
        items: ask.items,
        result: Ok(vec![found]),
    };
    world.state.on_offsets(world.now, answer);
}

fn at(offset: i64) -> OffsetFound {
    OffsetFound::At {
        offset,
        timestamp: -1,
    }
}

#[test]
fn a_stopped_partition_commits_nothing_to_the_topic_created_anew() {
    for handed_out in [true, false] {
        let mut world = one_broker(config().group("g"), 1);
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
        if handed_out {
            world.drain();
        }
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| failed(ErrorCode::TopicAuthorizationFailed));
        world.place("t", 0, Some(1), Uuid::from_bytes([1; 16]));
        world.refresh();
        assert!(world.state.uncommitted().is_empty());
        assert_eq!(world.position(0), None);
        let error = world.next().unwrap().unwrap_err();
        assert_eq!(
            error.broker_error(),
            Some(ErrorCode::TopicAuthorizationFailed),
            "and no record of the old topic comes before"
        );
        assert!(world.next().is_none());
        assert_eq!(world.state.gauges().stopped, 1);
        assert_eq!(world.state.gauges().buffered_bytes, 0);
        world.seek(0, Start::Offset(0));
        assert_eq!(world.fetches().len(), 1);
    }
}

#[test]
fn what_is_left_out_of_an_answer_is_asked_for_again_after_a_while() {
    let mut world = one_broker(config(), 2);
    let ask = world.fetch();
    world.respond(&ask, Ok(FetchResponse::new()));
    let asks = world.plan();
    assert!(matches!(&asks[..], [Ask::Refresh(_)]), "{asks:?}");
    world.pass(ms(120));
    let ask = world.fetch();
    let asked = world::asked(&ask.request);
    assert_eq!(asked.len(), 2);
    world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
    assert_eq!(world.drain().len(), 6);
}

#[test]
fn a_broker_that_throttles_may_leave_out_everything() {
    let mut world = one_broker(config(), 1);
    let ask = world.fetch();
    let mut response = FetchResponse::new();
    response.throttle_time_ms = 50;
    world.respond(&ask, Ok(response));
    assert!(world.plan().is_empty());
    world.pass(ms(50));
    assert_eq!(world.fetches().len(), 1);
}

#[test]
fn an_end_of_the_log_that_is_not_told_is_asked_for_again_after_a_while() {
    for start in [Start::Earliest, Start::Latest] {
        let mut world = World::new(config().offset_reset(OffsetReset::Fail));
        world.lead("t", 0, 1);
        world.assign([Assignment::new("t", 0, start)]);
        let ask = world.offsets_ask();
        let timestamp = ask.items[0].timestamp;
        found(&mut world, ask, OffsetFound::None);
        let asks = world.plan();
        assert!(matches!(&asks[..], [Ask::Refresh(_)]), "{asks:?}");
        world.pass(ms(120));
        let ask = world.offsets_ask();
        assert_eq!(ask.items[0].timestamp, timestamp);
        found(&mut world, ask, at(90));
        assert_eq!(world.position(0), Some(90));
    }
}

#[test]
fn a_position_that_was_reset_is_committed_without_the_epoch_of_older_records() {
    for handed_out_before in [true, false] {
        let config = config().group("g").offset_reset(OffsetReset::Latest);
        let mut world = one_broker(config, 1);
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| records(made(0, 3).bytes()));
        if handed_out_before {
            world.drain();
            assert_eq!(world.state.uncommitted()[0].value.leader_epoch, Some(3));
        }
        let ask = world.fetch();
        world.answer(&ask, |_, _, _| failed(ErrorCode::OffsetOutOfRange));
        let ask = world.offsets_ask();
        found(&mut world, ask, at(90));
        world.drain();
        let commits = world.state.uncommitted();
        assert_eq!(commits[0].value.offset, 90);
        assert_eq!(commits[0].value.leader_epoch, None);
    }
}

#[test]
fn a_committed_position_keeps_its_epoch() {
    let mut world = World::new(config().group("g"));
    world.lead("t", 0, 1);
    world.assign([Assignment::new("t", 0, Start::Committed)]);
    let asks = world.plan();
    let [Ask::Committed(ask)] = &asks[..] else {
        panic!("{asks:?}");
    };
    let mut value = OffsetAndMetadata::new(7);
    value.leader_epoch = Some(2);
    let asked = [TopicPartition::new("t", 0)];
    let result: Result<_, Error> = Ok(vec![Ok(Some(value))]);
    world
        .state
        .on_committed_offsets(world.now, ask.ticket, &asked, result);
    assert_eq!(world.position(0), Some(7));
    let partition = world.state.iter().next().unwrap();
    assert_eq!(partition.cursor.leader_epoch(), 2);
}
