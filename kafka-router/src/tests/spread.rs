//! Requests for many brokers.

use kafka_net::ErrorKind;
use kafka_protocol::frame::{decode_body, encode_response};
use kafka_protocol::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsTopic, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};
use kafka_protocol::{ApiKey, ErrorCode, Message};

use super::sending::{hosts, serve_offsets};
use super::*;
use crate::test_net::Host;
use crate::{Destination, PartitionKey, Parts};

/// Answers ListOffsets for the partitions asked: whoever `leads` says leads them
/// gives 100 times its id, everyone else refuses.
fn serve_leaders(world: &World, leads: impl Fn(i32) -> &'static str + Send + 'static) {
    world.with(|script| {
        let range = ListOffsetsRequest::VERSIONS;
        script.versions.insert(ApiKey::ListOffsets, range);
        script.other = Some(Box::new(move |host, api, version, correlation, body| {
            let request: ListOffsetsRequest = decode_body(body, version).ok()?;
            let topics: Vec<_> = request
                .topics
                .iter()
                .map(|topic| {
                    let partitions = topic.partitions.iter().map(|partition| {
                        let index = partition.partition_index;
                        let answer =
                            ListOffsetsPartitionResponse::new().with_partition_index(index);
                        if leads(index) == host {
                            answer.with_offset(i64::from(100 * (index + 1)))
                        } else if leads(index) == "nobody" {
                            answer.with_error_code(ErrorCode::TopicAuthorizationFailed.code())
                        } else {
                            answer.with_error_code(ErrorCode::NotLeaderOrFollower.code())
                        }
                    });
                    ListOffsetsTopicResponse::new()
                        .with_name(topic.name.clone())
                        .with_partitions(partitions.collect::<Vec<_>>())
                })
                .collect();
            let answer = ListOffsetsResponse::new().with_topics(topics);
            encode_response(api, version, correlation, &answer).ok()
        }));
    });
}

fn offsets_of(keys: &[PartitionKey]) -> ListOffsetsRequest {
    let topics: Vec<_> = keys
        .iter()
        .map(|(topic, partition)| {
            let partition = ListOffsetsPartition::new().with_partition_index(*partition);
            ListOffsetsTopic::new()
                .with_name(topic.clone())
                .with_partitions(vec![partition])
        })
        .collect();
    ListOffsetsRequest::new().with_topics(topics)
}

fn read_offsets(answer: ListOffsetsResponse) -> Parts<i64> {
    let topics = answer.topics.into_iter();
    topics
        .flat_map(|topic| {
            let name = topic.name;
            topic.partitions.into_iter().map(move |partition| {
                let code = ErrorCode::from(partition.error_code);
                let key = (name.clone(), partition.partition_index);
                (key, code.ok().map(|()| partition.offset))
            })
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_split_by_leader_and_the_answers_are_merged() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1, 2, 1, 3]));
    router.topic("t", within(5)).await.unwrap();
    // Partition 2 moves to broker 3 unnoticed; of partition 3 nobody may be told.
    world.with(|script| {
        let topic = script.topics.get_mut("t").unwrap().as_mut().unwrap();
        topic.1[2] = (3, 1);
    });
    serve_leaders(&world, |partition| match partition {
        0 => "b1",
        1 => "b2",
        2 => "b3",
        _ => "nobody",
    });
    let keys = (0..4).map(|partition| ("t".into(), partition));
    let missing = [("t".into(), 9), ("gone".into(), 0)];
    let sent = router.send_by_leader(keys.chain(missing), offsets_of, read_offsets, within(5));
    let (time, result) = timed(sent).await;
    let result = result.unwrap();
    assert_eq!(result.len(), 6);
    let of = |topic: &str, partition| &result[&(topic.into(), partition)];
    for partition in 0..3 {
        let offset = of("t", partition).as_ref().unwrap();
        assert_eq!(*offset, i64::from(100 * (partition + 1)));
    }
    let refused = of("t", 3).as_ref().unwrap_err();
    let denied = Some(ErrorCode::TopicAuthorizationFailed);
    assert_eq!(refused.broker_error(), denied);
    for (topic, partition) in [("t", 9), ("gone", 0)] {
        let error = of(topic, partition).as_ref().unwrap_err();
        let unknown = Some(ErrorCode::UnknownTopicOrPartition);
        assert_eq!(error.broker_error(), unknown);
        assert_eq!(error.context().topic(), Some(topic));
        assert_eq!(error.context().partition(), Some(partition));
        assert!(error.context().attempts().unwrap() > 1);
    }
    assert!((3..=5).contains(&time.as_secs()), "{time:?}");
    // What succeeded or was refused is not asked again.
    let mut asked = hosts(&world, ApiKey::ListOffsets);
    asked.sort();
    assert_eq!(asked, ["b1", "b2", "b3", "b3"]);
}

#[tokio::test(start_paused = true)]
async fn closing_keeps_what_leaders_have_answered() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1, 2]));
    router.topic("t", within(5)).await.unwrap();
    serve_leaders(&world, |partition| if partition == 0 { "b1" } else { "b9" });
    let keys = (0..2).map(|partition| ("t".into(), partition));
    let waiting = router.send_by_leader(keys, offsets_of, read_offsets, within(60));
    // The second partition is asked for again and again.
    sleep(2000).await;
    router.close(within(5)).await;
    let asked = hosts(&world, ApiKey::ListOffsets).len();
    assert!(asked > 2, "{asked}");
    let (time, result) = timed(waiting).await;
    let result = result.unwrap();
    assert_eq!(*result[&("t".into(), 0)].as_ref().unwrap(), 100);
    let error = result[&("t".into(), 1)].as_ref().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(!error.possibly_written(), "{error}");
    assert!(time < Duration::from_millis(10), "{time:?}");
    sleep(5000).await;
    assert_eq!(hosts(&world, ApiKey::ListOffsets).len(), asked);
}

#[tokio::test(start_paused = true)]
async fn requests_to_many_that_closing_leaves_without_an_answer_may_have_had_their_effect() {
    let (_net, world, router) = cluster(2);
    world.with(|script| script.topic("t", &[1, 2]));
    router.topic("t", within(5)).await.unwrap();
    serve_leaders(&world, |_| "b1");
    router
        .send_to_all(ListOffsetsRequest::new(), within(5))
        .await
        .unwrap();
    world.with(|script| script.delay = Duration::from_secs(20));
    let keys = (0..2).map(|partition| ("t".into(), partition));
    let split = router.send_by_leader(keys, offsets_of, read_offsets, within(60));
    let all = router.send_to_all(ListOffsetsRequest::new(), within(60));
    sleep(500).await;
    router.close(within(5)).await;
    let errors = split.await.unwrap().into_values().map(Result::unwrap_err);
    let errors = errors.chain(all.await.unwrap().into_values().map(Result::unwrap_err));
    let told: Vec<_> = errors.map(|e| (*e.kind(), e.possibly_written())).collect();
    assert_eq!(told, vec![(ErrorKind::Closed, true); 4]);
}

#[tokio::test(start_paused = true)]
async fn one_leader_is_found_and_followed() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1, 1]));
    router.topic("t", within(5)).await.unwrap();
    world.with(|script| script.topics.get_mut("t").unwrap().as_mut().unwrap().1[1] = (2, 1));
    serve_leaders(&world, |_| "b2");
    let key = ("t".into(), 1);
    let to = Destination::Leader {
        topic: "t".into(),
        partition: 1,
    };
    let code_of = |answer: &ListOffsetsResponse| answer.topics[0].partitions[0].error_code.into();
    let sent = router.send(to, offsets_of(&[key]), code_of, within(5));
    assert_eq!(sent.await.unwrap().topics[0].partitions[0].offset, 200);
    assert_eq!(hosts(&world, ApiKey::ListOffsets), ["b1", "b2"]);
}

#[tokio::test(start_paused = true)]
async fn all_brokers_are_asked_and_one_that_is_down_hides_no_other() {
    let (net, world, router) = cluster(3);
    serve_offsets(&world);
    router.ready(within(5)).await.unwrap();
    net.set("b2", Host::Refused);
    let (time, all) = timed(router.send_to_all(ListOffsetsRequest::new(), within(3))).await;
    let all = all.unwrap();
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(all[&1].is_ok() && all[&3].is_ok());
    assert_eq!(all[&2].as_ref().unwrap_err().kind(), &ErrorKind::Timeout);
    assert!((2..=3).contains(&time.as_secs()), "{time:?}");
    net.set("b2", Host::Broker(world.clone()));
    let all = router
        .send_to_all(ListOffsetsRequest::new(), within(30))
        .await;
    assert!(all.unwrap().values().all(Result::is_ok));
}
