//! CreatePartitions, DescribeCluster, DescribeTopicPartitions, DescribeQuorum,
//! UpdateFeatures.

use kafka_protocol::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_topics::CreatableTopic;
use kafka_protocol::messages::describe_quorum::{RequestPartitionData, RequestTopicData};
use kafka_protocol::messages::describe_topic_partitions::{Cursor, TopicRequest};
use kafka_protocol::messages::update_features::FeatureUpdateKey;
use kafka_protocol::messages::{
    ApiVersionsRequest, CreatePartitionsRequest, CreateTopicsRequest, DescribeClusterRequest,
    DescribeQuorumRequest, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    UpdateFeaturesRequest,
};
use kafka_protocol::{ErrorCode, StrBytes};
use kafka_test_broker::{Era, TestCluster};

use crate::client::{Client, cluster, code};

fn more(name: &str, count: i32, replicas: Option<&[&[i32]]>) -> CreatePartitionsTopic {
    let assignments = replicas.map(|replicas| {
        let one = |ids: &&[i32]| CreatePartitionsAssignment::new().with_broker_ids(ids.to_vec());
        replicas.iter().map(one).collect::<Vec<_>>()
    });
    CreatePartitionsTopic::new()
        .with_name(name.to_owned())
        .with_count(count)
        .with_assignments(assignments)
}

#[tokio::test]
async fn topics_get_more_partitions() {
    let cluster = cluster(3);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 2);
    for version in 0..=3 {
        let count = cluster.partition_count("t") + 2;
        let request = CreatePartitionsRequest::new().with_topics(vec![more("t", count, None)]);
        let response = client.call(&request, version).await;
        assert_eq!(code(response.results[0].error_code), ErrorCode::None);
        assert_eq!(cluster.partition_count("t"), count);
    }
    let dry = CreatePartitionsRequest::new()
        .with_topics(vec![more("t", 20, None)])
        .with_validate_only(true);
    assert_eq!(client.call(&dry, 3).await.results[0].error_code, 0);
    assert_eq!(cluster.partition_count("t"), 9);
    let request = CreatePartitionsRequest::new().with_topics(vec![
        more("t", 10, Some(&[&[3, 1, 2]])),
        more("nope", 10, None),
        more("u", 5, None),
        more("u", 6, None),
    ]);
    let response = client.call(&request, 3).await;
    let results: Vec<_> = response
        .results
        .iter()
        .map(|result| {
            (
                result.name.as_str(),
                code(result.error_code),
                result.error_message.is_some(),
            )
        })
        .collect();
    let unknown = ErrorCode::UnknownTopicOrPartition;
    let expected = [
        ("t", ErrorCode::None, false),
        ("nope", unknown, false),
        ("u", ErrorCode::InvalidRequest, true),
    ];
    assert_eq!(results, expected);
    assert_eq!(cluster.leader("t", 9), Some(3));
}

#[tokio::test]
async fn with_a_zookeeper_only_the_controller_makes_topics() {
    let cluster = TestCluster::builder()
        .brokers(2)
        .era(Era::V2_4)
        .build_offline();
    let topic = CreatableTopic::new()
        .with_name("t")
        .with_num_partitions(1)
        .with_replication_factor(1);
    let request = CreateTopicsRequest::new().with_topics(vec![topic]);
    let refused = Client::dial(&cluster, 2).call(&request, 5).await;
    assert_eq!(code(refused.topics[0].error_code), ErrorCode::NotController);
    let made = Client::dial(&cluster, 1).call(&request, 5).await;
    assert_eq!(code(made.topics[0].error_code), ErrorCode::None);
}

#[tokio::test]
async fn too_many_partitions_in_one_request_are_none() {
    let cluster = cluster(1);
    let topic = |name: &str, count| {
        CreatableTopic::new()
            .with_name(name.to_owned())
            .with_num_partitions(count)
            .with_replication_factor(1)
    };
    let request = CreateTopicsRequest::new().with_topics(vec![topic("a", 1), topic("b", 10_000)]);
    let response = Client::dial(&cluster, 1).call(&request, 7).await;
    assert!(
        response
            .topics
            .iter()
            .all(|topic| code(topic.error_code) == ErrorCode::PolicyViolation)
    );
    assert_eq!(cluster.partition_count("a"), 0);
}

#[tokio::test]
async fn made_topics_come_with_all_their_settings() {
    let cluster = cluster(1);
    let topic = CreatableTopic::new()
        .with_name("t")
        .with_num_partitions(1)
        .with_replication_factor(1);
    let request = CreateTopicsRequest::new()
        .with_topics(vec![topic])
        .with_validate_only(true);
    let response = Client::dial(&cluster, 1).call(&request, 7).await;
    assert!(!response.topics[0].topic_id.is_zero());
    let settings = response.topics[0].configs.as_ref().unwrap();
    assert_eq!(settings.len(), 33);
    let replicas = settings
        .iter()
        .find(|setting| setting.name.as_str() == "min.insync.replicas");
    let replicas = replicas.unwrap();
    assert_eq!(
        (replicas.value.as_deref(), replicas.config_source),
        (Some("1"), 3)
    );
}

#[tokio::test]
async fn the_cluster_is_described() {
    let cluster = cluster(3);
    cluster.stop_broker(3);
    let mut client = Client::dial(&cluster, 1);
    for version in 0..=2 {
        let request =
            DescribeClusterRequest::new().with_include_cluster_authorized_operations(true);
        let response = client.call(&request, version).await;
        let ids: Vec<_> = response
            .brokers
            .iter()
            .map(|broker| broker.broker_id)
            .collect();
        assert_eq!((ids, response.controller_id), (vec![1, 2], 1));
        assert_eq!(response.cluster_authorized_operations, 8096);
    }
    let all = DescribeClusterRequest::new().with_include_fenced_brokers(true);
    let response = client.call(&all, 2).await;
    let fenced: Vec<_> = response
        .brokers
        .iter()
        .map(|broker| broker.is_fenced)
        .collect();
    assert_eq!(fenced, [false, false, true]);
    for (endpoint, expected) in [
        (2, ErrorCode::MismatchedEndpointType),
        (3, ErrorCode::UnsupportedEndpointType),
    ] {
        let request = DescribeClusterRequest::new().with_endpoint_type(endpoint);
        let response = client.call(&request, 1).await;
        assert_eq!(code(response.error_code), expected);
        assert_eq!(response.brokers.len(), 0);
    }
}

fn page(
    topics: &[&str],
    limit: i32,
    cursor: Option<(&str, i32)>,
) -> DescribeTopicPartitionsRequest {
    let topics = topics
        .iter()
        .map(|name| TopicRequest::new().with_name((*name).to_owned()));
    let cursor = cursor.map(|(topic, partition)| {
        Cursor::new()
            .with_topic_name(topic.to_owned())
            .with_partition_index(partition)
    });
    DescribeTopicPartitionsRequest::new()
        .with_topics(topics.collect::<Vec<_>>())
        .with_response_partition_limit(limit)
        .with_cursor(cursor)
}

type Page = (Vec<(String, ErrorCode, Vec<i32>)>, Option<(String, i32)>);

fn read(response: &DescribeTopicPartitionsResponse) -> Page {
    let topics = response.topics.iter().map(|topic| {
        let indexes = topic
            .partitions
            .iter()
            .map(|partition| partition.partition_index);
        let name = topic
            .name
            .as_ref()
            .map(StrBytes::to_string)
            .unwrap_or_default();
        (name, code(topic.error_code), indexes.collect())
    });
    let cursor = response.next_cursor.as_ref();
    let cursor = cursor.map(|cursor| (cursor.topic_name.to_string(), cursor.partition_index));
    (topics.collect(), cursor)
}

#[tokio::test]
async fn partitions_are_described_in_pages() {
    let cluster = cluster(1);
    cluster.create_topic("a", 3);
    cluster.create_topic("b", 2);
    let mut client = Client::dial(&cluster, 1);
    let none = ErrorCode::None;
    let topic = |name: &str, code, indexes: &[i32]| (name.to_owned(), code, indexes.to_vec());
    let at = |name: &str, index| Some((name.to_owned(), index));
    let unknown = ErrorCode::UnknownTopicOrPartition;
    for (request, expected) in [
        (
            page(&[], 2_000, None),
            (
                vec![topic("a", none, &[0, 1, 2]), topic("b", none, &[0, 1])],
                None,
            ),
        ),
        (
            page(&[], 2, None),
            (vec![topic("a", none, &[0, 1])], at("a", 2)),
        ),
        (
            page(&[], 2, Some(("a", 2))),
            (
                vec![topic("a", none, &[2]), topic("b", none, &[0])],
                at("b", 1),
            ),
        ),
        (
            page(&[], 3, None),
            (vec![topic("a", none, &[0, 1, 2])], at("b", 0)),
        ),
        (
            page(&["b", "nope", "b"], 9, None),
            (
                vec![topic("b", none, &[0, 1]), topic("nope", unknown, &[])],
                None,
            ),
        ),
        (
            page(&["a"], 0, None),
            (vec![topic("a", none, &[0])], at("a", 1)),
        ),
        (
            page(&["a"], 5, Some(("a", 50))),
            (vec![topic("a", none, &[])], None),
        ),
        (
            page(&["a"], 5, Some(("a", -1))),
            (vec![topic("a", ErrorCode::InvalidRequest, &[])], None),
        ),
        (
            page(&["a"], 5, Some(("b", 0))),
            (vec![topic("a", ErrorCode::InvalidRequest, &[])], None),
        ),
        (
            page(&["b c"], 5, None),
            (
                vec![topic("b c", ErrorCode::InvalidTopicException, &[])],
                None,
            ),
        ),
    ] {
        let response = client.call(&request, 0).await;
        assert_eq!(read(&response), expected, "{request:?}");
    }
}

#[tokio::test]
async fn every_broker_votes() {
    let cluster = cluster(3);
    let mut client = Client::dial(&cluster, 1);
    let ask = |name: &str, partition| {
        let partition = RequestPartitionData::new().with_partition_index(partition);
        let topic = RequestTopicData::new()
            .with_topic_name(name.to_owned())
            .with_partitions(vec![partition]);
        DescribeQuorumRequest::new().with_topics(vec![topic])
    };
    for version in 0..=2 {
        let response = client.call(&ask("__cluster_metadata", 0), version).await;
        let partition = &response.topics[0].partitions[0];
        let voters: Vec<_> = partition
            .current_voters
            .iter()
            .map(|voter| voter.replica_id)
            .collect();
        assert_eq!((voters, partition.leader_id), (vec![1, 2, 3], 1));
        assert_eq!(response.nodes.len(), if version >= 2 { 3 } else { 0 });
    }
    for (name, index) in [("__cluster_metadata", 1), ("x", 0)] {
        let response = client.call(&ask(name, index), 2).await;
        let partition = &response.topics[0].partitions[0];
        assert_eq!(
            code(partition.error_code),
            ErrorCode::UnknownTopicOrPartition
        );
        assert_eq!(response.nodes.len(), 0);
    }
}

fn update(feature: &str, level: i16, kind: i8) -> UpdateFeaturesRequest {
    let update = FeatureUpdateKey::new()
        .with_feature(feature.to_owned())
        .with_max_version_level(level)
        .with_upgrade_type(kind);
    UpdateFeaturesRequest::new().with_feature_updates(vec![update])
}

#[tokio::test]
async fn features_rise_and_fall() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    let wrong = ErrorCode::InvalidUpdateVersion;
    for (feature, level, kind, expected) in [
        ("transaction.version", 1, 1, wrong),
        ("transaction.version", 0, 2, ErrorCode::None),
        ("transaction.version", 3, 1, wrong),
        ("transaction.version", 1, 1, ErrorCode::None),
        ("group.version", 0, 2, ErrorCode::None),
        ("nope", 1, 1, wrong),
        ("group.version", 1, 0, wrong),
        ("group.version", -1, 2, wrong),
        ("metadata.version", 29, 2, wrong),
        ("metadata.version", 30, 1, ErrorCode::None),
    ] {
        for version in [1, 2] {
            let response = client.call(&update(feature, level, kind), version).await;
            assert_eq!(
                code(response.error_code),
                expected,
                "{feature} {level} {kind}"
            );
            let results = if version == 1 && expected == ErrorCode::None {
                1
            } else {
                0
            };
            assert_eq!(response.results.len(), results);
        }
    }
    let request = ApiVersionsRequest::new()
        .with_client_software_name("t")
        .with_client_software_version("1");
    let response = client.call(&request, 4).await;
    let levels: Vec<_> = response
        .finalized_features
        .iter()
        .map(|feature| (feature.name.as_str(), feature.max_version_level))
        .filter(|(name, _)| ["transaction.version", "group.version"].contains(name))
        .collect();
    assert_eq!(levels, [("transaction.version", 1)]);
    let dry = update("group.version", 1, 1).with_validate_only(true);
    let epoch = response.finalized_features_epoch;
    assert_eq!(client.call(&dry, 2).await.error_code, 0);
    assert_eq!(
        client.call(&request, 4).await.finalized_features_epoch,
        epoch
    );
}
