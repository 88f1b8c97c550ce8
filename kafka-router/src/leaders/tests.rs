use kafka_protocol::messages::produce::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};

use super::news::Read as _;
use super::*;
use crate::test_metadata::{id, response, topic};

/// Topic "t" with id 1: partition 0 led by broker 1 in epoch 5, partition 1 by
/// broker 2 in epoch 3. Brokers 1 and 2.
fn cluster() -> Cluster {
    let told = vec![topic("t", 1, &[(1, 5), (2, 3)]), topic("u", 2, &[(1, 1)])];
    Cluster::from_metadata(response(&[1, 2], told), 12).unwrap()
}

fn hint(partition: i32, leader: i32, epoch: i32) -> LeaderHint {
    LeaderHint {
        topic: StrBytes::default(),
        topic_id: id(1),
        partition,
        leader,
        epoch,
        is_fenced: false,
    }
}

fn at(id: i32) -> BTreeMap<i32, Broker> {
    BTreeMap::from([(id, Broker::new(id, "elsewhere", 9093))])
}

/// Leader and epoch of each partition after a hint; nothing when it is no news.
fn after(hints: &[LeaderHint], endpoints: &BTreeMap<i32, Broker>) -> Vec<(Option<i32>, i32)> {
    let next = cluster().with_leaders(hints, endpoints);
    next.map_or_else(Vec::new, |next| {
        assert_eq!(next.generation(), 2);
        assert_eq!(next.topic("u"), cluster().topic("u"));
        let topic = next.topic("t").unwrap();
        assert_eq!(topic.available(), [0, 1]);
        let partitions = topic.partitions().iter();
        partitions.map(|p| (p.leader, p.leader_epoch)).collect()
    })
}

#[test]
fn a_newer_epoch_counts_and_an_older_one_does_not() {
    let none = BTreeMap::new();
    assert_eq!(after(&[hint(0, 2, 6)], &none), [(Some(2), 6), (Some(2), 3)]);
    assert_eq!(after(&[hint(0, 2, 5)], &none), []);
    assert_eq!(after(&[hint(0, 2, 4)], &none), []);
    // The newest of several, in whatever order.
    let several = [hint(0, 2, 8), hint(0, 1, 7), hint(1, 1, 4)];
    assert_eq!(after(&several, &none), [(Some(2), 8), (Some(1), 4)]);
}

#[test]
fn a_leader_nobody_can_connect_to_does_not_count() {
    assert_eq!(after(&[hint(0, 3, 6)], &BTreeMap::new()), []);
    assert_eq!(
        after(&[hint(0, 3, 6)], &at(3)),
        [(Some(3), 6), (Some(2), 3)]
    );
    let next = cluster().with_leaders(&[hint(0, 3, 6)], &at(3)).unwrap();
    assert_eq!(&*next.broker(3).unwrap().host, "elsewhere");
    // An address that comes with no news is not taken.
    assert!(cluster().with_leaders(&[hint(0, 1, 5)], &at(1)).is_none());
}

#[test]
fn what_the_snapshot_does_not_have_is_passed_over() {
    let none = BTreeMap::new();
    for partition in [2, -1, i32::MAX, i32::MIN] {
        assert_eq!(after(&[hint(partition, 2, 9)], &none), []);
    }
    let mut other = hint(0, 2, 9);
    other.topic_id = id(9);
    assert_eq!(after(&[other.clone()], &none), [], "another topic's id");
    other.topic_id = id(0);
    other.topic = "t".into();
    assert_eq!(after(&[other], &none), [(Some(2), 9), (Some(2), 3)]);
}

#[test]
fn a_moved_leader_brings_its_rack() {
    let mut rack = Broker::new(2, "host-2", 9092);
    rack.rack = Some("east".into());
    let told = BTreeMap::from([(2, rack)]);
    let next = cluster().with_leaders(&[hint(0, 2, 6)], &told).unwrap();
    let partition = &next.topic("t").unwrap().partitions()[0];
    assert_eq!(partition.leader_rack.as_deref(), Some("east"));
}

/// A Produce answer about partition 0 of "t" with this code and leader.
fn answer(code: ErrorCode, leader: i32, epoch: i32) -> ProduceResponse {
    let leader = LeaderIdAndEpoch::new()
        .with_leader_id(leader)
        .with_leader_epoch(epoch);
    let partition = PartitionProduceResponse::new()
        .with_error_code(code.code())
        .with_current_leader(leader);
    let topic = TopicProduceResponse::new()
        .with_topic_id(id(1))
        .with_partition_responses(vec![partition]);
    let host = |id: i32, host: &str, port: i32| {
        let endpoint = NodeEndpoint::new().with_node_id(id).with_port(port);
        endpoint.with_host(StrBytes::from(host))
    };
    ProduceResponse::new()
        .with_responses(vec![topic])
        .with_node_endpoints(vec![
            host(-1, "a", 1),
            host(7, "", 1),
            host(8, "c", 0),
            host(9, "d", 65_536),
            host(3, "e", 9092),
        ])
}

#[test]
fn only_addresses_that_can_be_dialled_are_read() {
    let endpoints = answer(ErrorCode::None, -1, -1).endpoints();
    assert_eq!(endpoints.keys().copied().collect::<Vec<_>>(), [3]);
}

/// What is left of the leader told, with a snapshot in which broker 1 leads in
/// epoch 5 before.
async fn left(from: i32, code: ErrorCode, leader: i32, epoch: i32) -> (i32, Option<i32>) {
    let net = crate::test_net::FakeNet::default();
    let world = crate::test_net::World::on(&net, 3);
    world.with(|script| {
        let leaders = Ok((id(1), vec![(1, 5)]));
        script.topics.insert("t".into(), leaders);
    });
    let config = crate::RouterConfig::default().with_bootstrap_servers("b1:9092");
    let pool = net.pool(kafka_net::NetConfig::default());
    let router = Router::new(config.unwrap(), pool).unwrap();
    let deadline = kafka_net::clock::now() + std::time::Duration::from_secs(5);
    router.topic("t", deadline).await.unwrap();
    let mut answer = answer(code, leader, epoch);
    router.learn_leaders(from, &mut answer);
    let told = &answer.responses[0].partition_responses[0].current_leader;
    let snapshot = router.cluster();
    (
        told.leader_id,
        snapshot.topic("t").unwrap().partitions()[0].leader,
    )
}

#[tokio::test(start_paused = true)]
async fn what_is_left_in_the_answer_can_be_gone_by() {
    use ErrorCode::{FencedLeaderEpoch, NotLeaderOrFollower, UnknownTopicId};
    // News, told by the one who led before.
    assert_eq!(left(1, NotLeaderOrFollower, 2, 6).await, (2, Some(2)));
    assert_eq!(left(1, FencedLeaderEpoch, 2, 6).await, (2, Some(2)));
    // Known already, by way of another answer.
    assert_eq!(left(2, NotLeaderOrFollower, 1, 5).await, (1, Some(1)));
    // The snapshot knows no one but the one who refused.
    assert_eq!(left(1, NotLeaderOrFollower, 2, 4).await, (-1, Some(1)));
    assert_eq!(left(1, NotLeaderOrFollower, 1, 9).await, (-1, Some(1)));
    // A broker ahead of the snapshot names one nobody knows.
    assert_eq!(left(1, NotLeaderOrFollower, 8, 9).await, (-1, Some(1)));
    // Only the epoch it was asked in was too old.
    assert_eq!(left(1, FencedLeaderEpoch, 1, 9).await, (1, Some(1)));
    // Not why the request failed, or half told.
    assert_eq!(left(1, UnknownTopicId, 2, 6).await, (-1, Some(1)));
    assert_eq!(left(1, NotLeaderOrFollower, 2, -1).await, (-1, Some(1)));
}
