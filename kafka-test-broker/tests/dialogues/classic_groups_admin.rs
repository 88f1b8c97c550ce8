//! DescribeGroups, ListGroups, DeleteGroups and OffsetDelete, the expiry of
//! offsets, and `__consumer_offsets` as others see it.

use std::time::Duration;

use kafka_protocol::messages::offset_delete::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, ListGroupsRequest,
    MetadataRequest, OffsetDeleteRequest,
};
use kafka_protocol::{ErrorCode, StrBytes};
use kafka_test_broker::TestCluster;

use crate::classic_groups::{alone, enter, join, one_broker};
use crate::client::{Client, NOW_MS, cluster, code};
use crate::groups_requests::commit;

async fn listed(
    client: &mut Client,
    states: &[&'static str],
    types: &[&'static str],
) -> Vec<String> {
    let names = |filter: &[&'static str]| -> Vec<StrBytes> {
        filter
            .iter()
            .map(|name| StrBytes::from_static(name))
            .collect()
    };
    let request = ListGroupsRequest::new()
        .with_states_filter(names(states))
        .with_types_filter(names(types));
    let response = client.call(&request, 5).await;
    let groups = response.groups.iter();
    groups
        .map(|g| {
            format!(
                "{} {} {} {}",
                g.group_id, g.protocol_type, g.group_state, g.group_type
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn groups_are_listed_by_state_and_type() {
    let (cluster, mut client) = one_broker();
    assert_eq!(listed(&mut client, &[], &[]).await, [""; 0]);
    alone(&mut client).await;
    client.call(&join("").with_group_id("h"), 9).await;
    let g = "g consumer Stable classic";
    let h = "h  Empty classic";
    assert_eq!(listed(&mut client, &[], &[]).await, [g, h]);
    assert_eq!(listed(&mut client, &[" stable "], &[]).await, [g]);
    assert_eq!(
        listed(&mut client, &["EMPTY", "Dead"], &["Classic"]).await,
        [h]
    );
    assert_eq!(listed(&mut client, &[], &["consumer"]).await, [""; 0]);
    for version in 0..4 {
        let response = client.call(&ListGroupsRequest::new(), version).await;
        assert_eq!(response.groups.len(), 2);
    }
    assert_eq!(cluster.group("h").unwrap().members, []);
}

#[tokio::test(start_paused = true)]
async fn groups_are_described() {
    let (_cluster, mut client) = one_broker();
    let id = alone(&mut client).await;
    for version in 0..=6 {
        let request = DescribeGroupsRequest::new()
            .with_groups(vec!["g".into(), "absent".into()])
            .with_include_authorized_operations(version >= 3);
        let response = client.call(&request, version).await;
        let [group, absent] = &response.groups[..] else {
            panic!("{response:?}")
        };
        assert_eq!(code(group.error_code), ErrorCode::None);
        let told = [
            &group.group_state,
            &group.protocol_type,
            &group.protocol_data,
        ];
        assert_eq!(told.map(StrBytes::as_str), ["Stable", "consumer", "range"]);
        let member = &group.members[0];
        assert_eq!(
            (member.member_id.as_str(), member.client_id.as_str()),
            (&id[..], "test")
        );
        assert_eq!(member.member_assignment, id.as_bytes());
        assert!(!member.member_metadata.is_empty());
        let allowed = if version >= 3 { 3_400 } else { i32::MIN };
        assert_eq!(group.authorized_operations, allowed);
        let (error, message) = match version {
            6 => (ErrorCode::GroupIdNotFound, Some("Group absent not found.")),
            _ => (ErrorCode::None, None),
        };
        assert_eq!(
            (code(absent.error_code), absent.error_message.as_deref()),
            (error, message)
        );
        assert_eq!(absent.group_state.as_str(), "Dead");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_of_members_is_shown_of_stable_groups_only() {
    let (cluster, mut client) = one_broker();
    alone(&mut client).await;
    let mut second = Client::dial(&cluster, 1);
    let id = enter(&mut second).await;
    second.send(&join(&id), 9).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let request = DescribeGroupsRequest::new().with_groups(vec!["g".into()]);
    let response = client.call(&request, 5).await;
    let group = &response.groups[0];
    assert_eq!(group.group_state.as_str(), "PreparingRebalance");
    assert!(group.protocol_data.is_empty() && group.members.len() == 2);
    assert!(
        group
            .members
            .iter()
            .all(|member| member.member_metadata.is_empty())
    );
}

#[tokio::test(start_paused = true)]
async fn only_empty_groups_are_deleted() {
    let (cluster, mut client) = one_broker();
    commit(&mut client, 0).await;
    alone(&mut client).await;
    for version in 0..=2 {
        let names = vec!["g".into(), "absent".into(), "g".into()];
        let request = DeleteGroupsRequest::new().with_groups_names(names);
        let response = client.call(&request, version).await;
        let codes = response
            .results
            .iter()
            .map(|result| code(result.error_code));
        let expected = [ErrorCode::NonEmptyGroup, ErrorCode::GroupIdNotFound];
        assert_eq!(codes.collect::<Vec<_>>(), expected);
    }
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(cluster.committed_offset("g", "t", 0), Some(5));
    let request = DeleteGroupsRequest::new().with_groups_names(vec!["g".into()]);
    let response = client.call(&request, 2).await;
    assert_eq!(code(response.results[0].error_code), ErrorCode::None);
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    assert!(cluster.group("g").is_none());
}

async fn delete_offset(
    client: &mut Client,
    topic: &'static str,
    partition: i32,
) -> Result<ErrorCode, ErrorCode> {
    let partition = OffsetDeleteRequestPartition::new().with_partition_index(partition);
    let topic = OffsetDeleteRequestTopic::new()
        .with_name(topic)
        .with_partitions(vec![partition]);
    let request = OffsetDeleteRequest::new()
        .with_group_id("g")
        .with_topics(vec![topic]);
    let response = client.call(&request, 0).await;
    match code(response.error_code) {
        ErrorCode::None => Ok(code(response.topics[0].partitions[0].error_code)),
        whole => Err(whole),
    }
}

#[tokio::test(start_paused = true)]
async fn single_offsets_are_deleted_unless_they_are_needed() {
    let (cluster, mut client) = one_broker();
    cluster.create_topic("u", 1);
    let nothing = delete_offset(&mut client, "t", 0).await;
    assert_eq!(nothing, Err(ErrorCode::GroupIdNotFound));
    commit(&mut client, 0).await;
    commit(&mut client, 1).await;
    alone(&mut client).await;
    let needed = delete_offset(&mut client, "t", 0).await;
    assert_eq!(needed, Ok(ErrorCode::GroupSubscribedToTopic));
    assert_eq!(
        delete_offset(&mut client, "u", 0).await,
        Ok(ErrorCode::None)
    );
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(
        delete_offset(&mut client, "t", 0).await,
        Ok(ErrorCode::None)
    );
    let unknown = delete_offset(&mut client, "t", 9).await;
    assert_eq!(unknown, Ok(ErrorCode::UnknownTopicOrPartition));
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    assert_eq!(cluster.committed_offset("g", "t", 1), Some(5));
    let mut connect = join("").with_protocol_type("connect");
    connect.protocols[0].name = "default".into();
    client.call(&connect, 3).await;
    let foreign = delete_offset(&mut client, "t", 1).await;
    assert_eq!(foreign, Err(ErrorCode::NonEmptyGroup));
}

#[tokio::test(start_paused = true)]
async fn offsets_expire_and_the_group_with_them() {
    let cluster = TestCluster::builder()
        .wall_clock_ms(NOW_MS)
        .offsets_retention(Duration::from_secs(3_600))
        .build_offline();
    cluster.create_topic("t", 2);
    cluster.coordinator("g");
    let mut client = Client::dial(&cluster, 1);
    commit(&mut client, 0).await;
    tokio::time::sleep(Duration::from_secs(1_800)).await;
    commit(&mut client, 1).await;
    tokio::time::sleep(Duration::from_secs(2_700)).await;
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    assert_eq!(cluster.committed_offset("g", "t", 1), Some(5));
    tokio::time::sleep(Duration::from_secs(1_800)).await;
    assert!(cluster.group("g").is_none());
    // By hand: not what members are subscribed to.
    commit(&mut client, 0).await;
    let id = alone(&mut client).await;
    cluster.expire_offsets("g");
    assert_eq!(cluster.committed_offset("g", "t", 0), Some(5));
    assert_eq!(cluster.group("g").unwrap().members[0].id, id);
    tokio::time::sleep(Duration::from_secs(11)).await;
    cluster.expire_offsets("g");
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    assert!(cluster.group("g").is_none());
}

#[tokio::test(start_paused = true)]
async fn offsets_of_a_group_age_from_its_last_member_on() {
    let (cluster, mut client) = one_broker();
    commit(&mut client, 0).await;
    alone(&mut client).await;
    let week = Duration::from_secs(7 * 24 * 3_600);
    tokio::time::sleep(week - Duration::from_secs(5)).await;
    assert_eq!(cluster.group("g").unwrap().state, "Empty");
    assert_eq!(cluster.committed_offset("g", "t", 0), Some(5));
    // It is looked at every ten minutes.
    tokio::time::sleep(Duration::from_secs(620)).await;
    assert!(cluster.group("g").is_none());
}

#[tokio::test]
async fn offsets_topic_is_made_when_it_is_first_needed() {
    let cluster = cluster(3);
    let mut client = Client::dial(&cluster, 1);
    assert_eq!(cluster.partition_count("__consumer_offsets"), 0);
    let request = FindCoordinatorRequest::new().with_coordinator_keys(vec![
        "a".into(),
        "b".into(),
        "a".into(),
    ]);
    let response = client.call(&request, 6).await;
    let found = response.coordinators.iter();
    let found: Vec<_> = found
        .map(|c| (c.key.as_str(), code(c.error_code)))
        .collect();
    let fine = ErrorCode::None;
    assert_eq!(found, [("a", fine), ("b", fine), ("a", fine)]);
    let response = client
        .call(&MetadataRequest::new().with_topics(None), 12)
        .await;
    let [topic] = &response.topics[..] else {
        panic!("{response:?}")
    };
    assert_eq!(topic.name.as_deref(), Some("__consumer_offsets"));
    assert!(topic.is_internal && topic.partitions.len() == 50);
    // "a" is 97 in Java's hash, so in partition 47.
    let leader = cluster.leader("__consumer_offsets", 47).unwrap();
    assert_eq!(response.topics[0].partitions[47].leader_id, leader);
    assert_eq!(cluster.coordinator("a"), Some(leader));
    assert_eq!(cluster.partition_count("__transaction_state"), 0);
    let transactional = FindCoordinatorRequest::new().with_key_type(1).with_key("x");
    let response = client.call(&transactional, 3).await;
    assert_eq!(code(response.error_code), fine);
    assert_eq!(cluster.partition_count("__transaction_state"), 50);
}
