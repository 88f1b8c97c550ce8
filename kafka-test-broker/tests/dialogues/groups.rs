//! FindCoordinator, OffsetCommit and OffsetFetch: offsets of groups without
//! members.

use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{FindCoordinatorRequest, OffsetCommitRequest, OffsetFetchRequest};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, cluster, code};

fn commit(group: &str, id: Uuid, partition: i32, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::new()
        .with_partition_index(partition)
        .with_committed_offset(offset)
        .with_committed_leader_epoch(4)
        .with_committed_metadata(Some("note".into()));
    let topic = OffsetCommitRequestTopic::new()
        .with_name("t")
        .with_topic_id(id)
        .with_partitions(vec![partition]);
    OffsetCommitRequest::new()
        .with_group_id(group.to_owned())
        .with_topics(vec![topic])
}

async fn committed(client: &mut Client, request: &OffsetCommitRequest, version: i16) -> ErrorCode {
    code(client.call(request, version).await.topics[0].partitions[0].error_code)
}

/// Offset, leader epoch, metadata and error of one partition.
type Found = (i64, i32, String, ErrorCode);

async fn fetched(
    client: &mut Client,
    version: i16,
    group: &str,
    id: Uuid,
    partitions: Option<Vec<i32>>,
) -> (ErrorCode, Vec<Found>) {
    let request = OffsetFetchRequest::new();
    let text = |metadata: &Option<StrBytes>| metadata.as_deref().unwrap_or("null").to_owned();
    if version < 8 {
        let topic = |indexes: Vec<i32>| {
            vec![
                OffsetFetchRequestTopic::new()
                    .with_name("t")
                    .with_partition_indexes(indexes),
            ]
        };
        let request = request
            .with_group_id(group.to_owned())
            .with_topics(partitions.map(topic));
        let response = client.call(&request, version).await;
        let all = response.topics.iter().flat_map(|topic| &topic.partitions);
        let found = all.map(|found| {
            let code = code(found.error_code);
            (
                found.committed_offset,
                found.committed_leader_epoch,
                text(&found.metadata),
                code,
            )
        });
        return (code(response.error_code), found.collect());
    }
    let topic = |indexes: Vec<i32>| {
        let topic = OffsetFetchRequestTopics::new()
            .with_name("t")
            .with_topic_id(id);
        vec![topic.with_partition_indexes(indexes)]
    };
    let wanted = OffsetFetchRequestGroup::new()
        .with_group_id(group.to_owned())
        .with_topics(partitions.map(topic));
    let response = client
        .call(&request.with_groups(vec![wanted]), version)
        .await;
    let [answer] = &response.groups[..] else {
        panic!("{response:?}")
    };
    assert_eq!(answer.group_id.as_str(), group);
    let all = answer.topics.iter().flat_map(|topic| {
        assert_eq!(topic.topic_id, if version >= 10 { id } else { Uuid::ZERO });
        &topic.partitions
    });
    let found = all.map(|found| {
        let code = code(found.error_code);
        (
            found.committed_offset,
            found.committed_leader_epoch,
            text(&found.metadata),
            code,
        )
    });
    (code(answer.error_code), found.collect())
}

fn one_broker() -> (TestCluster, Client, Uuid) {
    let cluster = cluster(1);
    cluster.create_topic("t", 3);
    assert_eq!(cluster.coordinator("g"), Some(1));
    let client = Client::dial(&cluster, 1);
    let id = cluster.topic_id("t").unwrap();
    (cluster, client, id)
}

#[tokio::test]
async fn every_version_commits_and_fetches() {
    let (cluster, mut client, id) = one_broker();
    for version in 0..=10 {
        let group = format!("g{version}");
        let topic_id = if version >= 10 { id } else { Uuid::ZERO };
        let request = commit(&group, topic_id, 1, 40 + i64::from(version));
        assert_eq!(
            committed(&mut client, &request, version).await,
            ErrorCode::None
        );
        assert_eq!(
            cluster.committed_offset(&group, "t", 1),
            Some(40 + i64::from(version))
        );
        // The leader epoch is kept from version 6 on, and told from 5 on.
        let epoch = if version >= 6 { 4 } else { -1 };
        let expected = [
            (
                40 + i64::from(version),
                epoch,
                "note".to_owned(),
                ErrorCode::None,
            ),
            (-1, -1, String::new(), ErrorCode::None),
        ];
        let (error, found) =
            fetched(&mut client, version, &group, topic_id, Some(vec![1, 2])).await;
        assert_eq!(
            (error, &found[..]),
            (ErrorCode::None, &expected[..]),
            "v{version}"
        );
        if version >= 2 {
            let (error, found) = fetched(&mut client, version, &group, topic_id, None).await;
            assert_eq!(
                (error, &found[..]),
                (ErrorCode::None, &expected[..1]),
                "v{version}"
            );
        }
    }
}

#[tokio::test]
async fn groups_are_apart_and_unknown_ones_empty() {
    let (cluster, mut client, _) = one_broker();
    committed(&mut client, &commit("g", Uuid::ZERO, 0, 5), 8).await;
    committed(&mut client, &commit("g", Uuid::ZERO, 0, 6), 8).await;
    let (error, found) = fetched(&mut client, 8, "other", Uuid::ZERO, Some(vec![0])).await;
    assert_eq!((error, found[0].0), (ErrorCode::None, -1));
    let (error, found) = fetched(&mut client, 8, "other", Uuid::ZERO, None).await;
    assert_eq!((error, found.len()), (ErrorCode::None, 0));
    let (_, found) = fetched(&mut client, 8, "g", Uuid::ZERO, Some(vec![0])).await;
    assert_eq!(found[0].0, 6);
    cluster.delete_topic("t");
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
}

#[tokio::test]
async fn several_groups_at_once() {
    let (_cluster, mut client, _) = one_broker();
    committed(&mut client, &commit("a", Uuid::ZERO, 0, 1), 8).await;
    committed(&mut client, &commit("b", Uuid::ZERO, 2, 2), 8).await;
    let group = |name: &'static str| {
        OffsetFetchRequestGroup::new()
            .with_group_id(name)
            .with_topics(None)
    };
    let request = OffsetFetchRequest::new().with_groups(vec![group("a"), group("b")]);
    let response = client.call(&request, 9).await;
    let offsets: Vec<_> = response
        .groups
        .iter()
        .map(|group| {
            let partition = &group.topics[0].partitions[0];
            (
                group.group_id.as_str(),
                partition.partition_index,
                partition.committed_offset,
            )
        })
        .collect();
    assert_eq!(offsets, [("a", 0, 1), ("b", 2, 2)]);
}

#[tokio::test]
async fn commits_that_are_refused() {
    let (cluster, mut client, _) = one_broker();
    let unknown = commit("g", Uuid::ZERO, 3, 5);
    assert_eq!(
        committed(&mut client, &unknown, 8).await,
        ErrorCode::UnknownTopicOrPartition
    );
    let unknown = commit("g", Uuid::from_bytes([1; 16]), 0, 5);
    assert_eq!(
        committed(&mut client, &unknown, 10).await,
        ErrorCode::UnknownTopicId
    );
    let mut long = commit("g", Uuid::ZERO, 0, 5);
    long.topics[0].partitions[0].committed_metadata = Some("x".repeat(4097).into());
    assert_eq!(
        committed(&mut client, &long, 8).await,
        ErrorCode::OffsetMetadataTooLarge
    );
    // A member of a group that is not there, or without it, may not commit.
    let member = |group| {
        commit(group, Uuid::ZERO, 0, 5)
            .with_generation_id_or_member_epoch(1)
            .with_member_id("m")
    };
    assert_eq!(
        committed(&mut client, &member("absent"), 8).await,
        ErrorCode::IllegalGeneration
    );
    assert_eq!(
        committed(&mut client, &member("absent"), 9).await,
        ErrorCode::GroupIdNotFound
    );
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    committed(&mut client, &commit("g", Uuid::ZERO, 0, 5), 8).await;
    assert_eq!(
        committed(&mut client, &member("g"), 8).await,
        ErrorCode::UnknownMemberId
    );
    let (error, found) = fetched(
        &mut client,
        10,
        "g",
        Uuid::from_bytes([1; 16]),
        Some(vec![0]),
    )
    .await;
    assert_eq!(
        (error, found[0].3),
        (ErrorCode::None, ErrorCode::UnknownTopicId)
    );
}

#[tokio::test]
async fn coordinator_is_found_and_others_send_away() {
    let cluster = cluster(3);
    cluster.create_topic("t", 3);
    let mut client = Client::dial(&cluster, 1);
    let mut coordinators = Vec::new();
    for group in ["a", "b", "c", "d"] {
        let key = || vec![StrBytes::from(group.to_owned())];
        let mut found = Vec::new();
        for version in 0..=6 {
            let request = FindCoordinatorRequest::new();
            let (node, port) = if version < 4 {
                let response = client
                    .call(&request.with_key(group.to_owned()), version)
                    .await;
                assert_eq!(code(response.error_code), ErrorCode::None);
                (response.node_id, response.port)
            } else {
                let response = client
                    .call(&request.with_coordinator_keys(key()), version)
                    .await;
                let [answer] = &response.coordinators[..] else {
                    panic!("{response:?}")
                };
                assert_eq!(
                    (answer.key.as_str(), code(answer.error_code)),
                    (group, ErrorCode::None)
                );
                (answer.node_id, answer.port)
            };
            assert_eq!(port, 9091 + node);
            found.push(node);
        }
        found.dedup();
        let [coordinator] = found[..] else {
            panic!("{found:?}")
        };
        let elsewhere = coordinator % 3 + 1;
        let (mut right, mut wrong) = (
            Client::dial(&cluster, coordinator),
            Client::dial(&cluster, elsewhere),
        );
        let request = commit(group, Uuid::ZERO, 0, 7);
        assert_eq!(
            committed(&mut wrong, &request, 8).await,
            ErrorCode::NotCoordinator
        );
        assert_eq!(committed(&mut right, &request, 8).await, ErrorCode::None);
        let (_, found) = fetched(&mut wrong, 1, group, Uuid::ZERO, Some(vec![0])).await;
        assert_eq!((found[0].0, found[0].3), (-1, ErrorCode::NotCoordinator));
        for version in 2..=9 {
            let answer = fetched(&mut wrong, version, group, Uuid::ZERO, Some(vec![0])).await;
            assert_eq!(answer, (ErrorCode::NotCoordinator, Vec::new()));
        }
        // The oldest versions ask whomever they like.
        let (error, found) = fetched(&mut wrong, 0, group, Uuid::ZERO, Some(vec![0])).await;
        assert_eq!((error, found[0].0), (ErrorCode::None, 7));
        coordinators.push(coordinator);
    }
    coordinators.sort_unstable();
    coordinators.dedup();
    assert!(coordinators.len() > 1, "all groups at one broker");
}

#[tokio::test]
async fn offsets_survive_their_coordinator() {
    let cluster = cluster(2);
    cluster.create_topic("t", 1);
    let find = FindCoordinatorRequest::new().with_key("g");
    let first = Client::dial(&cluster, 1).call(&find, 3).await.node_id;
    let request = commit("g", Uuid::ZERO, 0, 7);
    committed(&mut Client::dial(&cluster, first), &request, 8).await;
    cluster.stop_broker(first);
    let other = first % 2 + 1;
    let mut client = Client::dial(&cluster, other);
    assert_eq!(client.call(&find, 3).await.node_id, other);
    let (_, found) = fetched(&mut client, 8, "g", Uuid::ZERO, Some(vec![0])).await;
    assert_eq!(found[0].0, 7);
}

#[tokio::test]
async fn coordinators_of_other_kinds_are_refused() {
    let (_cluster, mut client, _) = one_broker();
    for (kind, expected) in [
        (2, ErrorCode::InvalidRequest),
        (9, ErrorCode::InvalidRequest),
    ] {
        let request = FindCoordinatorRequest::new().with_key_type(kind);
        let old = client.call(&request.clone().with_key("k"), 3).await;
        assert_eq!(
            (code(old.error_code), old.node_id, old.port),
            (expected, -1, -1)
        );
        let new = client
            .call(&request.with_coordinator_keys(vec!["k".into()]), 6)
            .await;
        assert_eq!(code(new.coordinators[0].error_code), expected);
    }
}
