//! CreateTopics and DeleteTopics.

use kafka_protocol::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics::DeleteTopicState;
use kafka_protocol::messages::{CreateTopicsRequest, DeleteTopicsRequest};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::client::{Client, batch, cluster, code};

fn topic(name: &str, partitions: i32, factor: i16) -> CreatableTopic {
    CreatableTopic::new()
        .with_name(name.to_owned())
        .with_num_partitions(partitions)
        .with_replication_factor(factor)
}

fn assigned(name: &str, replicas: &[(i32, &[i32])]) -> CreatableTopic {
    let assignments = replicas.iter().map(|(index, ids)| {
        CreatableReplicaAssignment::new()
            .with_partition_index(*index)
            .with_broker_ids(ids.to_vec())
    });
    topic(name, -1, -1).with_assignments(assignments.collect::<Vec<_>>())
}

fn setting(name: &str, value: Option<&str>) -> CreatableTopicConfig {
    let value = value.map(|value| StrBytes::from(value.to_owned()));
    CreatableTopicConfig::new()
        .with_name(name.to_owned())
        .with_value(value)
}

fn create(topics: Vec<CreatableTopic>) -> CreateTopicsRequest {
    CreateTopicsRequest::new().with_topics(topics)
}

#[tokio::test]
async fn every_version_creates_and_describes_as_far_as_it_can() {
    let cluster = cluster(3);
    let mut client = Client::dial(&cluster, 3);
    for version in 0..=7 {
        let name = format!("t{version}");
        let settings = vec![
            setting("retention.ms", Some("5")),
            setting("segment.ms", Some("9")),
        ];
        let request = create(vec![topic(&name, 4, 2).with_configs(settings)]);
        let response = client.call(&request, version).await;
        let [made] = &response.topics[..] else {
            panic!("{response:?}")
        };
        assert_eq!(
            (made.name.as_str(), code(made.error_code)),
            (&name[..], ErrorCode::None)
        );
        assert_eq!(cluster.partition_count(&name), 4);
        let id = cluster.topic_id(&name).unwrap();
        assert_eq!(made.topic_id, if version >= 7 { id } else { Uuid::ZERO });
        if version >= 5 {
            assert_eq!((made.num_partitions, made.replication_factor), (4, 2));
            let settings: Vec<_> = made
                .configs
                .iter()
                .flatten()
                .filter(|setting| setting.config_source == 1)
                .map(|setting| (setting.name.as_str(), setting.value.as_deref()))
                .collect();
            assert_eq!(
                settings,
                [("retention.ms", Some("5")), ("segment.ms", Some("9"))]
            );
        }
    }
}

#[tokio::test]
async fn defaults_assignments_and_dry_runs() {
    let cluster = cluster(3);
    let mut client = Client::dial(&cluster, 1);
    let made = client
        .call(&create(vec![topic("d", -1, -1)]), 5)
        .await
        .topics
        .remove(0);
    assert_eq!((made.num_partitions, made.replication_factor), (1, 3));
    let made = client
        .call(
            &create(vec![assigned("a", &[(1, &[3, 1]), (0, &[2, 3])])]),
            5,
        )
        .await
        .topics
        .remove(0);
    assert_eq!(code(made.error_code), ErrorCode::None);
    assert_eq!(
        (cluster.leader("a", 0), cluster.leader("a", 1)),
        (Some(2), Some(3))
    );
    let dry = create(vec![topic("dry", 5, 1), topic("d", 1, 1)]).with_validate_only(true);
    let tried = client.call(&dry, 7).await.topics;
    let codes: Vec<_> = tried.iter().map(|topic| code(topic.error_code)).collect();
    assert_eq!(codes, [ErrorCode::None, ErrorCode::TopicAlreadyExists]);
    assert_eq!(tried[0].num_partitions, 5);
    assert_eq!(cluster.topic_id("dry"), None);
}

#[tokio::test]
async fn refusals_come_with_a_sentence() {
    let cluster = cluster(2);
    cluster.create_topic("there", 1);
    let mut client = Client::dial(&cluster, 1);
    let wrong_setting =
        |name, value| topic("n", 1, 1).with_configs(vec![setting(name, Some(value))]);
    for (topic, expected) in [
        (topic("there", 1, 1), ErrorCode::TopicAlreadyExists),
        (topic("no name", 1, 1), ErrorCode::InvalidTopicException),
        (topic("n", 0, 1), ErrorCode::InvalidPartitions),
        (topic("n", -2, 1), ErrorCode::InvalidPartitions),
        (topic("n", 1, 0), ErrorCode::InvalidReplicationFactor),
        (topic("n", 1, 3), ErrorCode::InvalidReplicationFactor),
        (wrong_setting("no.such", "1"), ErrorCode::InvalidConfig),
        (
            wrong_setting("max.message.bytes", "many"),
            ErrorCode::InvalidConfig,
        ),
        (
            topic("n", 1, 1).with_configs(vec![setting("segment.ms", None)]),
            ErrorCode::InvalidConfig,
        ),
        (
            assigned("n", &[(0, &[1])]).with_num_partitions(1),
            ErrorCode::InvalidRequest,
        ),
        (
            assigned("n", &[(1, &[1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("n", &[(0, &[1]), (0, &[2])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("n", &[(0, &[1, 1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("n", &[(0, &[9])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
    ] {
        let name = topic.name.clone();
        let refused = client.call(&create(vec![topic]), 7).await.topics.remove(0);
        assert_eq!((refused.name, code(refused.error_code)), (name, expected));
        assert!(
            refused
                .error_message
                .is_some_and(|message| !message.is_empty())
        );
    }
    let twice = create(vec![topic("n", 1, 1), topic("m", 1, 1), topic("n", 2, 1)]);
    let answers: Vec<_> = client.call(&twice, 7).await.topics;
    let answers: Vec<_> = answers
        .iter()
        .map(|topic| (topic.name.as_str(), code(topic.error_code)))
        .collect();
    assert_eq!(
        answers,
        [("n", ErrorCode::InvalidRequest), ("m", ErrorCode::None)]
    );
    assert_eq!(cluster.partition_count("n"), 0);
}

#[tokio::test]
async fn every_version_deletes() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    for version in 0..=5 {
        cluster.create_topic("t", 1);
        let names = vec![StrBytes::from_static("t"), StrBytes::from_static("nope")];
        let request = DeleteTopicsRequest::new().with_topic_names(names);
        let response = client.call(&request, version).await;
        let answers: Vec<_> = response
            .responses
            .iter()
            .map(|topic| (topic.name.as_deref(), code(topic.error_code)))
            .collect();
        let unknown = ErrorCode::UnknownTopicOrPartition;
        assert_eq!(
            answers,
            [(Some("t"), ErrorCode::None), (Some("nope"), unknown)]
        );
        assert_eq!(response.responses[1].error_message.is_some(), version >= 5);
        assert_eq!(cluster.topic_id("t"), None);
    }
}

#[tokio::test]
async fn deletes_by_name_or_id() {
    let cluster = cluster(1);
    cluster.create_topic("a", 1);
    cluster.create_topic("b", 1);
    let (a, b) = (
        cluster.topic_id("a").unwrap(),
        cluster.topic_id("b").unwrap(),
    );
    let unknown = Uuid::from_bytes([8; 16]);
    let by_id = |id| DeleteTopicState::new().with_name(None).with_topic_id(id);
    let by_name = |name| DeleteTopicState::new().with_name(Some(StrBytes::from_static(name)));
    let topics = vec![
        by_name("b").with_topic_id(b),
        by_id(a),
        by_id(b),
        by_id(unknown),
        by_name("nope"),
        by_name("nope"),
        by_id(Uuid::ZERO),
    ];
    let mut client = Client::dial(&cluster, 1);
    let response = client
        .call(&DeleteTopicsRequest::new().with_topics(topics), 6)
        .await;
    let answers: Vec<_> = response
        .responses
        .iter()
        .map(|topic| {
            (
                topic.name.as_deref(),
                topic.topic_id,
                code(topic.error_code),
            )
        })
        .collect();
    assert_eq!(
        answers,
        [
            (Some("b"), b, ErrorCode::InvalidRequest),
            (Some("a"), a, ErrorCode::None),
            (Some("b"), b, ErrorCode::None),
            (None, unknown, ErrorCode::UnknownTopicId),
            (Some("nope"), Uuid::ZERO, ErrorCode::InvalidRequest),
            (None, Uuid::ZERO, ErrorCode::InvalidRequest),
        ]
    );
}

#[tokio::test]
async fn topic_made_again_is_another_one() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let old = cluster.topic_id("t").unwrap();
    let mut client = Client::dial(&cluster, 1);
    client.produce("t", 0, batch(&["a"])).await;
    cluster.delete_topic("t");
    cluster.create_topic("t", 1);
    assert_ne!(cluster.topic_id("t"), Some(old));
    assert_eq!(
        (cluster.end_offset("t", 0), cluster.log("t", 0).len()),
        (0, 0)
    );
    let request = crate::client::produce("t", old, 0, Some(batch(&["a"])));
    let partition = crate::client::the_partition(client.call(&request, 13).await);
    assert_eq!(code(partition.error_code), ErrorCode::UnknownTopicId);
}
