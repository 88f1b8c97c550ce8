//! Metadata: brokers, topics, leaders, and topics that come of being asked for.

use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::{ErrorCode, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, NOW_MS, cluster, code};

fn named(names: &[&str]) -> MetadataRequest {
    let topic =
        |name: &&str| MetadataRequestTopic::new().with_name(Some((*name).to_owned().into()));
    MetadataRequest::new().with_topics(names.iter().map(topic).collect::<Vec<_>>())
}

fn by_id(id: Uuid) -> MetadataRequest {
    let topic = MetadataRequestTopic::new()
        .with_topic_id(id)
        .with_name(None);
    MetadataRequest::new().with_topics(vec![topic])
}

fn found(response: &MetadataResponse) -> Vec<(&str, ErrorCode)> {
    let topics = response.topics.iter();
    topics
        .map(|topic| (topic.name.as_deref().unwrap_or("-"), code(topic.error_code)))
        .collect()
}

#[tokio::test]
async fn every_version_describes_brokers_and_partitions() {
    let cluster = cluster(3);
    cluster.create_topic("t", 4);
    let id = cluster.topic_id("t").unwrap();
    let mut client = Client::dial(&cluster, 2);
    for version in 0..=13 {
        let response = client.call(&named(&["t"]), version).await;
        let brokers: Vec<_> = response
            .brokers
            .iter()
            .map(|broker| (broker.node_id, broker.port))
            .collect();
        assert_eq!(brokers, [(1, 9092), (2, 9093), (3, 9094)]);
        assert!(
            response
                .brokers
                .iter()
                .all(|broker| broker.host.as_str() == "127.0.0.1")
        );
        assert_eq!(response.cluster_id.is_some(), version >= 2);
        assert_eq!(response.controller_id, if version >= 1 { 1 } else { -1 });
        assert_eq!(found(&response), [("t", ErrorCode::None)]);
        let topic = &response.topics[0];
        assert_eq!(topic.topic_id, if version >= 10 { id } else { Uuid::ZERO });
        assert_eq!(topic.topic_authorized_operations, i32::MIN);
        let leaders: Vec<i32> = topic.partitions.iter().map(|p| p.leader_id).collect();
        assert_eq!(leaders, [1, 2, 3, 1], "v{version}");
        for (partition, index) in topic.partitions.iter().zip(0..) {
            assert_eq!(
                (partition.partition_index, code(partition.error_code)),
                (index, ErrorCode::None)
            );
            assert_eq!(partition.leader_epoch, if version >= 7 { 0 } else { -1 });
            assert_eq!(
                (partition.replica_nodes.len(), partition.isr_nodes.len()),
                (3, 3)
            );
            assert!(partition.offline_replicas.is_empty());
        }
    }
}

#[tokio::test]
async fn all_topics_none_and_one_twice() {
    let cluster = cluster(1);
    cluster.create_topic("a", 1);
    cluster.create_topic("b", 1);
    let mut client = Client::dial(&cluster, 1);
    let all = [("a", ErrorCode::None), ("b", ErrorCode::None)];
    // In version 0 an empty list means all, from 1 on null does.
    assert_eq!(found(&client.call(&named(&[]), 0).await), all);
    for version in 1..=13 {
        assert!(found(&client.call(&named(&[]), version).await).is_empty());
        let request = MetadataRequest::new().with_topics(None);
        assert_eq!(found(&client.call(&request, version).await), all);
        assert_eq!(
            found(&client.call(&named(&["b", "b"]), version).await),
            all[1..]
        );
    }
}

#[tokio::test]
async fn topics_by_id() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let id = cluster.topic_id("t").unwrap();
    let mut client = Client::dial(&cluster, 1);
    for version in [12, 13] {
        assert_eq!(
            found(&client.call(&by_id(id), version).await),
            [("t", ErrorCode::None)]
        );
        let unknown = Uuid::from_bytes([3; 16]);
        let response = client.call(&by_id(unknown), version).await;
        assert_eq!(found(&response), [("-", ErrorCode::UnknownTopicId)]);
        assert_eq!(response.topics[0].topic_id, unknown);
    }
    // Before that brokers refuse ids, and later what names nothing at all.
    let refused = client.call(&by_id(id), 11).await;
    assert_eq!(found(&refused), [("", ErrorCode::InvalidRequest)]);
    assert!(refused.brokers.is_empty());
    let refused = client.call(&by_id(Uuid::ZERO), 12).await;
    assert_eq!(found(&refused), [("", ErrorCode::UnknownServerError)]);
}

#[tokio::test]
async fn missing_topic_is_made_and_there_the_next_time() {
    let builder = TestCluster::builder().default_partitions(3).brokers(2);
    let cluster = builder.build_offline();
    let mut client = Client::dial(&cluster, 1);
    let response = client.call(&named(&["new"]), 13).await;
    assert_eq!(
        found(&response),
        [("new", ErrorCode::UnknownTopicOrPartition)]
    );
    assert!(response.topics[0].partitions.is_empty());
    let response = client.call(&named(&["new"]), 13).await;
    assert_eq!(found(&response), [("new", ErrorCode::None)]);
    assert_eq!(response.topics[0].partitions.len(), 3);
    assert_eq!(response.topics[0].partitions[0].replica_nodes.len(), 2);
}

#[tokio::test]
async fn missing_topic_is_not_made_where_that_is_unwanted_or_impossible() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    for version in 4..=13 {
        let request = named(&["new"]).with_allow_auto_topic_creation(false);
        let response = client.call(&request, version).await;
        assert_eq!(
            found(&response),
            [("new", ErrorCode::UnknownTopicOrPartition)]
        );
    }
    assert_eq!(cluster.partition_count("new"), 0);
    let response = client.call(&named(&["not a name"]), 13).await;
    assert_eq!(
        found(&response),
        [("not a name", ErrorCode::InvalidTopicException)]
    );

    let cluster = TestCluster::builder()
        .auto_create_topics(false)
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    for _ in 0..2 {
        let response = client.call(&named(&["new"]), 13).await;
        assert_eq!(
            found(&response),
            [("new", ErrorCode::UnknownTopicOrPartition)]
        );
    }
    assert_eq!(cluster.partition_count("new"), 0);
}

#[tokio::test]
async fn brokers_that_are_down() {
    let cluster = cluster(3);
    cluster.create_topic_on("t", &[&[2, 3]], &[]);
    cluster.create_topic_on("u", &[&[3]], &[]);
    cluster.stop_broker(3);
    let mut client = Client::dial(&cluster, 1);
    for version in 0..=13 {
        let response = client.call(&named(&["t", "u"]), version).await;
        let brokers: Vec<i32> = response
            .brokers
            .iter()
            .map(|broker| broker.node_id)
            .collect();
        assert_eq!(brokers, [1, 2]);
        let partition = |topic: usize| &response.topics[topic].partitions[0];
        let (led, leaderless) = (partition(0), partition(1));
        assert_eq!((led.leader_id, &led.isr_nodes[..]), (2, &[2][..]));
        let expected = if version == 0 {
            ErrorCode::ReplicaNotAvailable
        } else {
            ErrorCode::None
        };
        assert_eq!(code(led.error_code), expected);
        assert_eq!(
            led.replica_nodes,
            if version == 0 { vec![2] } else { vec![2, 3] }
        );
        assert_eq!(
            led.offline_replicas,
            if version >= 5 { vec![3] } else { vec![] }
        );
        assert_eq!(code(leaderless.error_code), ErrorCode::LeaderNotAvailable);
        assert_eq!(leaderless.leader_id, -1);
        assert_eq!(leaderless.leader_epoch, if version >= 7 { 1 } else { -1 });
    }
    cluster.stop_broker(1);
    let response = Client::dial(&cluster, 2).call(&named(&[]), 13).await;
    assert_eq!(response.controller_id, 2);
}

#[tokio::test]
async fn operations_are_told_to_those_who_ask() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    for version in 8..=13 {
        let asks_for_cluster = version <= 10;
        let request = named(&["t"])
            .with_include_topic_authorized_operations(true)
            .with_include_cluster_authorized_operations(asks_for_cluster);
        let response = client.call(&request, version).await;
        // What a Kafka without authorizer answers.
        assert_eq!(response.topics[0].topic_authorized_operations, 3576);
        let expected = if asks_for_cluster { 8096 } else { i32::MIN };
        assert_eq!(response.cluster_authorized_operations, expected);
    }
}

#[tokio::test]
async fn same_seed_gives_the_same_cluster() {
    let ids = |seed| {
        let builder = TestCluster::builder().seed(seed).wall_clock_ms(NOW_MS);
        builder.topic("t", 1).build_offline().topic_id("t")
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
}

#[tokio::test]
async fn a_broker_that_hears_of_changes_late() {
    let cluster = cluster(3);
    for topic in ["kept", "gone"] {
        assert!(cluster.create_topic_on(topic, &[&[1, 2, 3]], &[]));
    }
    let before = cluster.topic_id("gone").unwrap();
    cluster.hold_back_metadata(2);
    let mut late = Client::dial(&cluster, 2);
    let mut other = Client::dial(&cluster, 1);
    let all = MetadataRequest::new().with_topics(None);
    let then = late.call(&all, 12).await;
    assert_eq!(then, other.call(&all, 12).await);

    assert!(cluster.move_leader("kept", 0, 3));
    assert!(cluster.recreate_topic("gone"));
    assert!(cluster.create_topic("new", 1));
    assert!(cluster.move_broker(3, "127.0.0.1", 9999));
    assert_eq!(late.call(&all, 12).await, then, "it knows no better");
    let now = other.call(&all, 12).await;
    assert_eq!(now.brokers[2].port, 9999);
    assert_eq!(now.topics.len(), 3);
    let id = cluster.topic_id("gone").unwrap();
    let one = late.call(&named(&["gone"]), 12).await;
    assert_eq!(one.topics[0].topic_id, before);
    assert_eq!(
        found(&late.call(&by_id(before), 12).await),
        [("gone", ErrorCode::None)]
    );
    assert_eq!(
        found(&late.call(&by_id(id), 12).await),
        [("-", ErrorCode::UnknownTopicId)]
    );
    let new = late.call(&named(&["new"]), 12).await;
    assert_eq!(found(&new), [("new", ErrorCode::UnknownTopicOrPartition)]);
    assert_eq!(cluster.partition_count("new"), 1, "not made a second time");

    assert_eq!(cluster.release_metadata(2), 6, "answers of what was");
    assert_eq!(cluster.release_metadata(2), 0);
    assert_eq!(late.call(&all, 12).await, now);
    cluster.hold_back_metadata(2);
    assert!(cluster.move_leader("kept", 0, 1));
    cluster.stop_broker(2);
    cluster.start_broker(2);
    let mut late = Client::dial(&cluster, 2);
    let told = late.call(&named(&["kept"]), 12).await;
    assert_eq!(told.topics[0].partitions[0].leader_id, 1, "who starts asks");
}
