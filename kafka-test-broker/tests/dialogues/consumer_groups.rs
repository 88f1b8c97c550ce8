//! ConsumerGroupHeartbeat and ConsumerGroupDescribe: groups of KIP-848, and what
//! the other APIs say of them.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::consumer_group_describe::DescribedGroup;
use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;
use kafka_protocol::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription,
};
use kafka_protocol::messages::join_group::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group::MemberIdentity;
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::OffsetFetchRequestGroup;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
    DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, ListGroupsRequest, OffsetCommitRequest,
    OffsetFetchRequest, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster};

use crate::client::{Client, NOW_MS, cluster, code};

struct Group {
    cluster: TestCluster,
    client: Client,
}

impl Group {
    /// Topic t has four partitions.
    async fn new() -> Self {
        Self::in_cluster(cluster(1)).await
    }

    async fn in_cluster(cluster: TestCluster) -> Self {
        cluster.create_topic("t", 4);
        let mut client = Client::dial(&cluster, 1);
        let find = FindCoordinatorRequest::new().with_key("g");
        assert_eq!(client.call(&find, 1).await.error_code, 0);
        Self { cluster, client }
    }

    async fn beat(
        &mut self,
        request: ConsumerGroupHeartbeatRequest,
    ) -> ConsumerGroupHeartbeatResponse {
        self.client.call(&request.with_group_id("g"), 1).await
    }

    /// A heartbeat's error, or epoch and the partitions of t that it assigns.
    async fn answer(
        &mut self,
        request: ConsumerGroupHeartbeatRequest,
    ) -> Result<(i32, Option<Vec<i32>>), ErrorCode> {
        let response = self.beat(request).await;
        if response.error_code != 0 {
            return Err(code(response.error_code));
        }
        assert_eq!(response.heartbeat_interval_ms, 5_000);
        let assigned = response.assignment.map(|assignment| {
            let topics = assignment.topic_partitions.into_iter();
            topics.flat_map(|topic| topic.partitions).collect()
        });
        Ok((response.member_epoch, assigned))
    }

    fn owning(
        &self,
        request: ConsumerGroupHeartbeatRequest,
        partitions: &[i32],
    ) -> ConsumerGroupHeartbeatRequest {
        let topic = TopicPartitions::new()
            .with_topic_id(self.cluster.topic_id("t").unwrap())
            .with_partitions(partitions.to_vec());
        request.with_topic_partitions(Some(vec![topic]))
    }

    async fn described(&mut self) -> DescribedGroup {
        let request = ConsumerGroupDescribeRequest::new().with_group_ids(vec!["g".into()]);
        self.client.call(&request, 1).await.groups.remove(0)
    }

    /// Type, state and protocol type of the group in the list.
    async fn listed(&mut self) -> Option<(String, String, String)> {
        let response = self.client.call(&ListGroupsRequest::new(), 5).await;
        let group = response.groups.first()?;
        Some((
            group.group_type.to_string(),
            group.group_state.to_string(),
            group.protocol_type.to_string(),
        ))
    }

    async fn commit(&mut self, member: &str, epoch: i32, version: i16) -> ErrorCode {
        let partition = OffsetCommitRequestPartition::new().with_committed_offset(5);
        let topic = OffsetCommitRequestTopic::new()
            .with_name("t")
            .with_topic_id(self.cluster.topic_id("t").unwrap())
            .with_partitions(vec![partition]);
        let topic = match version {
            10.. => topic.with_name(""),
            _ => topic.with_topic_id(kafka_protocol::Uuid::ZERO),
        };
        let request = OffsetCommitRequest::new()
            .with_group_id("g")
            .with_member_id(member.to_owned())
            .with_generation_id_or_member_epoch(epoch)
            .with_topics(vec![topic]);
        code(self.client.call(&request, version).await.topics[0].partitions[0].error_code)
    }

    async fn fetch_offsets(&mut self, member: Option<&str>, epoch: i32) -> ErrorCode {
        let group = OffsetFetchRequestGroup::new()
            .with_group_id("g")
            .with_member_id(member.map(StrBytes::from))
            .with_member_epoch(epoch)
            .with_topics(None);
        let request = OffsetFetchRequest::new().with_groups(vec![group]);
        code(self.client.call(&request, 9).await.groups[0].error_code)
    }

    async fn join_classic(&mut self, member: &str, instance: Option<&str>) -> JoinGroupResponse {
        let subscription = ConsumerProtocolSubscription::new().with_topics(vec!["t".into()]);
        let protocol = JoinGroupRequestProtocol::new()
            .with_name("range")
            .with_metadata(subscription.to_bytes(3).unwrap());
        let request = JoinGroupRequest::new()
            .with_group_id("g")
            .with_member_id(member.to_owned())
            .with_group_instance_id(instance.map(StrBytes::from))
            .with_session_timeout_ms(10_000)
            .with_rebalance_timeout_ms(20_000)
            .with_protocol_type("consumer")
            .with_protocols(vec![protocol]);
        self.client.call(&request, 9).await
    }

    /// What SyncGroup assigns of t.
    async fn sync_classic(&mut self, member: &str, generation: i32) -> Result<Vec<i32>, ErrorCode> {
        let request = SyncGroupRequest::new()
            .with_group_id("g")
            .with_member_id(member.to_owned())
            .with_generation_id(generation)
            .with_protocol_type(Some("consumer".into()))
            .with_protocol_name(Some("range".into()));
        let response: SyncGroupResponse = self.client.call(&request, 5).await;
        match code(response.error_code) {
            ErrorCode::None => Ok(partitions(response.assignment)),
            code => Err(code),
        }
    }

    async fn beat_classic(&mut self, member: &str, generation: i32) -> ErrorCode {
        let request = HeartbeatRequest::new()
            .with_group_id("g")
            .with_member_id(member.to_owned())
            .with_generation_id(generation);
        code(self.client.call(&request, 4).await.error_code)
    }
}

fn partitions(assignment: Bytes) -> Vec<i32> {
    let (assignment, _) = ConsumerProtocolAssignment::from_bytes(assignment).unwrap();
    let topics = assignment.assigned_partitions.into_iter();
    topics.flat_map(|topic| topic.partitions).collect()
}

fn join(member: &str) -> ConsumerGroupHeartbeatRequest {
    stay(member, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec!["t".into()]))
        .with_topic_partitions(Some(Vec::new()))
}

fn stay(member: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::new()
        .with_member_id(member.to_owned())
        .with_member_epoch(epoch)
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn named(group_type: &str, state: &str) -> Option<(String, String, String)> {
    Some((
        group_type.to_owned(),
        state.to_owned(),
        "consumer".to_owned(),
    ))
}

#[tokio::test(start_paused = true)]
async fn members_join_share_and_leave() {
    let mut group = Group::new().await;
    assert_eq!(group.listed().await, None);
    assert_eq!(
        group.answer(join("m")).await,
        Ok((2, Some(vec![0, 1, 2, 3])))
    );
    assert_eq!(group.listed().await, named("consumer", "Stable"));
    pass(1_000).await;
    assert_eq!(group.answer(join("n")).await, Ok((3, Some(vec![]))));
    assert_eq!(group.listed().await, named("consumer", "Reconciling"));
    assert_eq!(group.answer(stay("m", 2)).await, Ok((2, Some(vec![0, 1]))));
    let given_up = group.owning(stay("m", 2), &[0, 1]);
    assert_eq!(group.answer(given_up).await, Ok((3, None)));
    assert_eq!(group.answer(stay("n", 3)).await, Ok((3, Some(vec![2, 3]))));
    let described = group.described().await;
    assert_eq!((described.group_epoch, described.assignment_epoch), (3, 3));
    let hosts = described
        .members
        .iter()
        .map(|member| (&*member.client_id, member.member_epoch));
    assert_eq!(hosts.collect::<Vec<_>>(), [("test", 3), ("test", 3)]);
    let left = group.beat(stay("n", -1)).await;
    assert_eq!((left.error_code, left.member_epoch), (0, -1));
    pass(1_000).await;
    assert_eq!(
        group.answer(stay("m", 3)).await,
        Ok((4, Some(vec![0, 1, 2, 3])))
    );
    // Nobody hears of a member that is late, but of what it had.
    pass(45_000).await;
    assert_eq!(group.listed().await, named("consumer", "Empty"));
    assert_eq!(
        group.answer(stay("m", 4)).await,
        Err(ErrorCode::UnknownMemberId)
    );
}

#[tokio::test(start_paused = true)]
async fn offsets_are_its_members_business() {
    let mut group = Group::new().await;
    group.answer(join("m")).await.unwrap();
    for version in [9, 10] {
        assert_eq!(group.commit("m", 2, version).await, ErrorCode::None);
        assert_eq!(
            group.commit("m", 1, version).await,
            ErrorCode::StaleMemberEpoch
        );
        assert_eq!(
            group.commit("m", 3, version).await,
            ErrorCode::StaleMemberEpoch
        );
        assert_eq!(
            group.commit("x", 2, version).await,
            ErrorCode::UnknownMemberId
        );
        assert_eq!(
            group.commit("", -1, version).await,
            ErrorCode::UnknownMemberId
        );
    }
    assert_eq!(group.commit("m", 2, 8).await, ErrorCode::UnsupportedVersion);
    assert_eq!(group.fetch_offsets(Some("m"), 2).await, ErrorCode::None);
    assert_eq!(group.fetch_offsets(None, -1).await, ErrorCode::None);
    assert_eq!(
        group.fetch_offsets(Some("m"), 1).await,
        ErrorCode::StaleMemberEpoch
    );
    assert_eq!(
        group.fetch_offsets(Some("x"), 2).await,
        ErrorCode::UnknownMemberId
    );
    // With members it stays; without, it goes with its offsets.
    let delete = DeleteGroupsRequest::new().with_groups_names(vec!["g".into()]);
    let deleted = group.client.call(&delete, 2).await.results[0].error_code;
    assert_eq!(code(deleted), ErrorCode::NonEmptyGroup);
    group.beat(stay("m", -1)).await;
    assert_eq!(group.commit("", -1, 9).await, ErrorCode::None);
    assert_eq!(group.client.call(&delete, 2).await.results[0].error_code, 0);
    assert_eq!(group.listed().await, None);
    assert_eq!(group.cluster.committed_offset("g", "t", 0), None);
}

#[tokio::test(start_paused = true)]
async fn the_other_apis_know_it_is_no_classic_group() {
    let mut group = Group::new().await;
    let missing = group.described().await;
    assert_eq!(code(missing.error_code), ErrorCode::GroupIdNotFound);
    assert_eq!(
        group.answer(stay("m", 1)).await,
        Err(ErrorCode::GroupIdNotFound)
    );
    assert_eq!(
        group.answer(stay("m", -1)).await,
        Err(ErrorCode::GroupIdNotFound)
    );
    group.answer(join("m")).await.unwrap();
    let request = DescribeGroupsRequest::new().with_groups(vec!["g".into()]);
    for (version, expected) in [(5, ErrorCode::None), (6, ErrorCode::GroupIdNotFound)] {
        let described = group.client.call(&request, version).await.groups.remove(0);
        assert_eq!(code(described.error_code), expected);
        assert_eq!(described.group_state, "Dead");
    }
    let of_type = |name: &'static str| {
        ListGroupsRequest::new().with_types_filter(vec![StrBytes::from_static(name)])
    };
    assert_eq!(
        group
            .client
            .call(&of_type("Consumer"), 5)
            .await
            .groups
            .len(),
        1
    );
    assert_eq!(
        group.client.call(&of_type("classic"), 5).await.groups.len(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn version_0_has_the_coordinator_name_members() {
    let mut group = Group::new().await;
    let request = join("").with_group_id("g");
    let response = group.client.call(&request, 0).await;
    assert_eq!(response.error_code, 0);
    assert_eq!(response.member_id.unwrap().len(), 22);
    assert_eq!(group.answer(join("")).await, Err(ErrorCode::InvalidRequest));
}

#[tokio::test(start_paused = true)]
async fn faults_come_before_and_after() {
    let mut group = Group::new().await;
    let code = ErrorCode::NotCoordinator;
    for (reaction, applied) in [
        (Reaction::Error(code), false),
        (Reaction::ErrorAfterApply(code), true),
    ] {
        let condition = Condition::api(ApiKey::ConsumerGroupHeartbeat).first(1);
        group.cluster.faults().add(Fault::new(condition, reaction));
        assert_eq!(group.answer(join("m")).await, Err(code));
        assert_eq!(group.listed().await.is_some(), applied);
    }
    let everything = Ok((2, Some(vec![0, 1, 2, 3])));
    assert_eq!(group.answer(join("m")).await, everything);
}

#[tokio::test(start_paused = true)]
async fn only_its_coordinator_knows_it_and_moves_keep_it() {
    let cluster = cluster(2);
    cluster.create_topic("t", 4);
    let mut client = Client::dial(&cluster, 1);
    let find = FindCoordinatorRequest::new().with_key("g");
    let first = client.call(&find, 1).await.node_id;
    let second = 3 - first;
    let mut group = Group {
        client: Client::dial(&cluster, first),
        cluster,
    };
    group.answer(join("m")).await.unwrap();
    group.client = Client::dial(&group.cluster, second);
    assert_eq!(
        group.answer(stay("m", 2)).await,
        Err(ErrorCode::NotCoordinator)
    );
    assert_eq!(
        code(group.described().await.error_code),
        ErrorCode::NotCoordinator
    );
    group.cluster.stop_broker(first);
    pass(1_000).await;
    assert_eq!(group.answer(stay("m", 2)).await, Ok((2, None)));
    assert_eq!(group.described().await.group_state, "Stable");
}

#[tokio::test(start_paused = true)]
async fn an_empty_group_changes_its_protocol() {
    let mut group = Group::new().await;
    assert_eq!(group.commit("", -1, 9).await, ErrorCode::None);
    assert_eq!(group.listed().await.unwrap().0, "classic");
    group.answer(join("m")).await.unwrap();
    assert_eq!(group.listed().await, named("consumer", "Stable"));
    assert_eq!(group.cluster.committed_offset("g", "t", 0), Some(5));
    group.beat(stay("m", -1)).await;
    let joined = group.join_classic("", None).await;
    assert_eq!(code(joined.error_code), ErrorCode::MemberIdRequired);
    assert_eq!(group.listed().await.unwrap().0, "classic");
    assert_eq!(group.cluster.committed_offset("g", "t", 0), Some(5));
}

#[tokio::test(start_paused = true)]
async fn classic_members_take_part_in_a_consumer_group() {
    let mut group = Group::new().await;
    group.answer(join("m")).await.unwrap();
    pass(1_000).await;
    let asked = group.join_classic("", None).await;
    assert_eq!(code(asked.error_code), ErrorCode::MemberIdRequired);
    let id = asked.member_id.as_str();
    let joined = group.join_classic(id, None).await;
    assert_eq!((joined.error_code, joined.generation_id), (0, 3));
    assert_eq!(joined.protocol_name.as_deref(), Some("range"));
    // It gets its partitions when the other has given them up.
    assert_eq!(group.sync_classic(id, 3).await, Ok(vec![]));
    assert_eq!(group.beat_classic(id, 3).await, ErrorCode::None);
    assert_eq!(group.answer(stay("m", 2)).await, Ok((2, Some(vec![0, 1]))));
    let given_up = group.owning(stay("m", 2), &[0, 1]);
    assert_eq!(group.answer(given_up).await, Ok((3, None)));
    assert_eq!(
        group.beat_classic(id, 3).await,
        ErrorCode::RebalanceInProgress
    );
    let joined = group.join_classic(id, None).await;
    assert_eq!(
        group.sync_classic(id, joined.generation_id).await,
        Ok(vec![2, 3])
    );
    assert_eq!(group.beat_classic(id, 3).await, ErrorCode::None);
    let described = group.described().await;
    let mut types: Vec<i8> = described
        .members
        .iter()
        .map(|member| member.member_type)
        .collect();
    types.sort_unstable();
    assert_eq!((&*described.group_state, types), ("Stable", vec![0, 1]));
    assert_eq!(group.commit(id, 3, 8).await, ErrorCode::None);
    assert_eq!(group.commit(id, 4, 8).await, ErrorCode::IllegalGeneration);
    assert_eq!(
        group.beat_classic(id, 2).await,
        ErrorCode::IllegalGeneration
    );
    assert_eq!(group.beat_classic("m", 3).await, ErrorCode::UnknownMemberId);
    // Its own session timeout counts, not the group's.
    pass(9_999).await;
    group.answer(stay("m", 3)).await.unwrap();
    assert_eq!(group.described().await.members.len(), 2);
    pass(1).await;
    assert_eq!(group.described().await.members.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_classic_group_is_upgraded_by_its_first_new_member_and_downgraded_by_its_last() {
    let mut group = Group::new().await;
    let asked = group.join_classic("", None).await;
    let id = asked.member_id.to_string();
    let joined = group.join_classic(&id, None).await;
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    let assignment = ConsumerProtocolAssignment::new().with_assigned_partitions(vec![
        kafka_protocol::messages::consumer_protocol::ConsumerProtocolAssignmentTopicPartition::new(
        )
        .with_topic("t")
        .with_partitions(vec![0, 1, 2, 3]),
    ]);
    let given = kafka_protocol::messages::sync_group::SyncGroupRequestAssignment::new()
        .with_member_id(id.clone())
        .with_assignment(assignment.to_bytes(3).unwrap());
    let request = SyncGroupRequest::new()
        .with_group_id("g")
        .with_member_id(id.clone())
        .with_generation_id(1)
        .with_protocol_type(Some("consumer".into()))
        .with_protocol_name(Some("range".into()))
        .with_assignments(vec![given]);
    assert_eq!(group.client.call(&request, 5).await.error_code, 0);
    // The upgrade: its generation is the epoch, its partitions are its own.
    assert_eq!(group.answer(join("m")).await, Ok((2, Some(vec![]))));
    assert_eq!(group.listed().await.unwrap().0, "consumer");
    assert_eq!(
        group.beat_classic(&id, 1).await,
        ErrorCode::RebalanceInProgress
    );
    let joined = group.join_classic(&id, None).await;
    assert_eq!(joined.generation_id, 2);
    assert_eq!(group.sync_classic(&id, 2).await.unwrap().len(), 2);
    assert_eq!(
        group.answer(stay("m", 2)).await.unwrap().1.unwrap().len(),
        2
    );
    // The downgrade: all join again, in a classic group.
    group.beat(stay("m", -1)).await;
    assert_eq!(group.listed().await, named("classic", "PreparingRebalance"));
    assert_eq!(
        group.beat_classic(&id, 2).await,
        ErrorCode::RebalanceInProgress
    );
    let joined = group.join_classic(&id, None).await;
    assert_eq!((joined.generation_id, joined.leader.as_str()), (3, &*id));
    let leave = LeaveGroupRequest::new()
        .with_group_id("g")
        .with_members(vec![MemberIdentity::new().with_member_id(id)]);
    assert_eq!(group.client.call(&leave, 5).await.members[0].error_code, 0);
    assert_eq!(group.listed().await, named("classic", "Empty"));
}

#[tokio::test(start_paused = true)]
async fn old_epochs_commit_nothing_in_4_0() {
    let of = |request: ConsumerGroupHeartbeatRequest| request.with_group_id("g");
    for (era, expected) in [
        (Era::V4_0, ErrorCode::StaleMemberEpoch),
        (Era::V4_3, ErrorCode::None),
    ] {
        let cluster = TestCluster::builder().era(era).brokers(1);
        let cluster = cluster.wall_clock_ms(NOW_MS).build_offline();
        let Group {
            cluster,
            mut client,
        } = Group::in_cluster(cluster).await;
        assert_eq!(
            client.call(&of(join("m")), 1).await.member_epoch,
            2,
            "{era}"
        );
        pass(1_000).await;
        client.call(&of(join("n")), 1).await;
        client.call(&of(stay("m", 2)), 1).await;
        let owned = TopicPartitions::new()
            .with_topic_id(cluster.topic_id("t").unwrap())
            .with_partitions(vec![0, 1]);
        let kept = stay("m", 2).with_topic_partitions(Some(vec![owned]));
        assert_eq!(client.call(&of(kept), 1).await.member_epoch, 3, "{era}");
        let partition = OffsetCommitRequestPartition::new().with_committed_offset(5);
        let topic = OffsetCommitRequestTopic::new()
            .with_name("t")
            .with_partitions(vec![partition]);
        let request = OffsetCommitRequest::new()
            .with_group_id("g")
            .with_member_id("m")
            .with_generation_id_or_member_epoch(2)
            .with_topics(vec![topic]);
        let answer = client.call(&request, 9).await;
        let committed = code(answer.topics[0].partitions[0].error_code);
        assert_eq!(committed, expected, "{era}");
    }
}
