//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup: members of classic groups.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::consumer_protocol::ConsumerProtocolSubscription;
use kafka_protocol::messages::join_group::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group::MemberIdentity;
use kafka_protocol::messages::sync_group::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, SyncGroupRequest,
    SyncGroupResponse,
};
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};

use crate::client::{Client, NOW_MS, cluster, code};

/// Group `g`, topic `t`, a session of 10 s and a rebalance timeout of 60 s.
pub(crate) fn join(member: &str) -> JoinGroupRequest {
    let subscription = ConsumerProtocolSubscription::new().with_topics(vec!["t".into()]);
    let range = JoinGroupRequestProtocol::new()
        .with_name("range")
        .with_metadata(subscription.to_bytes(1).unwrap());
    JoinGroupRequest::new()
        .with_group_id("g")
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(60_000)
        .with_member_id(member.to_owned())
        .with_protocol_type("consumer")
        .with_protocols(vec![range])
}

fn sync(member: &str, generation: i32, given: &[&str]) -> SyncGroupRequest {
    let given = given.iter().map(|id| {
        SyncGroupRequestAssignment::new()
            .with_member_id((*id).to_owned())
            .with_assignment(Bytes::copy_from_slice(id.as_bytes()))
    });
    SyncGroupRequest::new()
        .with_group_id("g")
        .with_generation_id(generation)
        .with_member_id(member.to_owned())
        .with_assignments(given.collect::<Vec<_>>())
}

async fn beat(client: &mut Client, member: &str, generation: i32) -> ErrorCode {
    let request = HeartbeatRequest::new()
        .with_group_id("g")
        .with_generation_id(generation)
        .with_member_id(member.to_owned());
    code(client.call(&request, 4).await.error_code)
}

/// A cluster of one broker that coordinates group `g`, and a client.
pub(crate) fn one_broker() -> (TestCluster, Client) {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    assert_eq!(cluster.coordinator("g"), Some(1));
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

/// Makes the client a member, the only one if it is the first. Returns its id.
pub(crate) async fn enter(client: &mut Client) -> String {
    let told = client.call(&join(""), 9).await;
    assert_eq!(code(told.error_code), ErrorCode::MemberIdRequired);
    told.member_id.to_string()
}

/// Makes the client the only member of a stable group. Returns its id.
pub(crate) async fn alone(client: &mut Client) -> String {
    let id = enter(client).await;
    let told = client.call(&join(&id), 9).await;
    assert_eq!(
        (code(told.error_code), told.leader.as_str()),
        (ErrorCode::None, &id[..])
    );
    let synced = client.call(&sync(&id, told.generation_id, &[&id]), 4).await;
    assert_eq!(synced.assignment, id.as_bytes());
    id
}

async fn joined(client: &mut Client) -> JoinGroupResponse {
    client.answer::<JoinGroupRequest>(9).await
}

async fn synced(client: &mut Client) -> SyncGroupResponse {
    client.answer::<SyncGroupRequest>(4).await
}

#[tokio::test(start_paused = true)]
async fn every_version_joins_and_leaves() {
    let (cluster, mut client) = one_broker();
    for version in 0..=9 {
        let mut told = client.call(&join(""), version).await;
        if version >= 4 {
            assert_eq!(code(told.error_code), ErrorCode::MemberIdRequired);
            let id = told.member_id.to_string();
            told = client.call(&join(&id), version).await;
        }
        assert_eq!(code(told.error_code), ErrorCode::None, "v{version}");
        let id = told.member_id.to_string();
        assert!(id.starts_with("test-"), "{id}");
        assert_eq!((told.leader.as_str(), told.members.len()), (&id[..], 1));
        assert_eq!(told.protocol_name.as_deref(), Some("range"));
        let kind = (version >= 7).then_some("consumer");
        assert_eq!(told.protocol_type.as_deref(), kind);
        let generation = told.generation_id;
        let request = sync(&id, generation, &[&id])
            .with_protocol_type(Some("consumer".into()))
            .with_protocol_name(Some("range".into()));
        let answer = client.call(&request, version.min(5)).await;
        assert_eq!(answer.assignment, id.as_bytes(), "v{version}");
        let request = HeartbeatRequest::new()
            .with_group_id("g")
            .with_generation_id(generation)
            .with_member_id(id.clone());
        let answer = client.call(&request, version.min(4)).await;
        assert_eq!(code(answer.error_code), ErrorCode::None);
        assert_eq!(cluster.group("g").unwrap().state, "Stable");
        let request = LeaveGroupRequest::new().with_group_id("g");
        let version = version.min(5);
        let answer = if version < 3 {
            client.call(&request.with_member_id(id), version).await
        } else {
            let members = vec![MemberIdentity::new().with_member_id(id)];
            client.call(&request.with_members(members), version).await
        };
        assert_eq!(code(answer.error_code), ErrorCode::None);
        assert!(answer.members.iter().all(|member| member.error_code == 0));
        let group = cluster.group("g").unwrap();
        assert_eq!(
            (&group.state[..], group.generation),
            ("Empty", generation + 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn two_members_rebalance() {
    let (cluster, mut first) = one_broker();
    let a = alone(&mut first).await;
    let mut second = Client::dial(&cluster, 1);
    let b = enter(&mut second).await;
    second.send(&join(&b), 9).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        beat(&mut first, &a, 1).await,
        ErrorCode::RebalanceInProgress
    );
    let told = first.call(&join(&a), 9).await;
    let ids: Vec<_> = told
        .members
        .iter()
        .map(|member| member.member_id.as_str())
        .collect();
    assert_eq!((told.generation_id, ids), (2, vec![&a[..], &b]));
    let told = joined(&mut second).await;
    assert_eq!((told.leader.as_str(), told.members.len()), (&a[..], 0));
    second.send(&sync(&b, 2, &[]), 4).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(beat(&mut first, &a, 2).await, ErrorCode::None);
    let answer = first.call(&sync(&a, 2, &[&a, &b]), 4).await;
    assert_eq!(answer.assignment, a.as_bytes());
    assert_eq!(synced(&mut second).await.assignment, b.as_bytes());
    let group = cluster.group("g").unwrap();
    assert_eq!((&group.state[..], &group.protocol[..]), ("Stable", "range"));
    let members: Vec<_> = group.members.iter().map(|m| (&m.id, m.leads)).collect();
    assert_eq!(members, [(&a, true), (&b, false)]);
    assert_eq!(group.members[0].client_id, "test");
}

#[tokio::test(start_paused = true)]
async fn silent_member_is_taken_out_when_its_session_is_over() {
    let (cluster, mut client) = one_broker();
    let id = alone(&mut client).await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(9_900)).await;
        assert_eq!(beat(&mut client, &id, 1).await, ErrorCode::None);
    }
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    assert_eq!(cluster.group("g").unwrap().state, "Empty");
    assert_eq!(beat(&mut client, &id, 1).await, ErrorCode::UnknownMemberId);
}

#[tokio::test(start_paused = true)]
async fn group_waits_for_its_members_as_long_as_they_said() {
    let (cluster, mut first) = one_broker();
    let a = alone(&mut first).await;
    let mut second = Client::dial(&cluster, 1);
    let b = enter(&mut second).await;
    second.send(&join(&b), 9).await;
    let started = tokio::time::Instant::now();
    let beats = async {
        loop {
            tokio::time::sleep(Duration::from_secs(3)).await;
            if beat(&mut first, &a, 1).await != ErrorCode::RebalanceInProgress {
                break;
            }
        }
    };
    let (told, ()) = tokio::join!(joined(&mut second), beats);
    assert_eq!((told.generation_id, told.leader.as_str()), (2, &b[..]));
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn static_member_bounces_without_a_rebalance() {
    let (cluster, mut client) = one_broker();
    let named = |id: &str| join(id).with_group_instance_id(Some("i".into()));
    let told = client.call(&named(""), 9).await;
    let id = told.member_id.to_string();
    assert!(id.starts_with("i-"), "{id}");
    client.call(&sync(&id, 1, &[&id]), 4).await;
    let told = client.call(&named(""), 9).await;
    assert_eq!((told.generation_id, told.skip_assignment), (1, true));
    let new = told.member_id.to_string();
    assert_ne!(new, id);
    let answer = client.call(&sync(&new, 1, &[]), 4).await;
    assert_eq!(answer.assignment, id.as_bytes());
    let fenced = client.call(&named(&id), 9).await;
    assert_eq!(code(fenced.error_code), ErrorCode::FencedInstanceId);
    assert_eq!(
        cluster.group("g").unwrap().members[0]
            .instance_id
            .as_deref(),
        Some("i")
    );
}

#[tokio::test(start_paused = true)]
async fn joins_that_are_refused() {
    let cluster = TestCluster::builder()
        .wall_clock_ms(NOW_MS)
        .group_max_size(1)
        .group_session_timeouts(Duration::from_secs(1), Duration::from_secs(20))
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    let asked = client.call(&join(""), 9).await;
    assert_eq!(
        code(asked.error_code),
        ErrorCode::NotCoordinator,
        "not looked up"
    );
    assert_eq!(cluster.coordinator("g"), Some(1));
    for (request, expected) in [
        (join("").with_group_id(""), ErrorCode::InvalidGroupId),
        (
            join("").with_session_timeout_ms(999),
            ErrorCode::InvalidSessionTimeout,
        ),
        (
            join("").with_session_timeout_ms(20_001),
            ErrorCode::InvalidSessionTimeout,
        ),
        (join("nobody"), ErrorCode::UnknownMemberId),
        (
            join("").with_protocols(Vec::new()),
            ErrorCode::InconsistentGroupProtocol,
        ),
        (
            join("").with_protocol_type(""),
            ErrorCode::InconsistentGroupProtocol,
        ),
    ] {
        for version in [0, 6, 7, 9] {
            let told = client.call(&request, version).await;
            assert_eq!(code(told.error_code), expected, "v{version}");
            assert_eq!((told.generation_id, told.leader.as_str()), (-1, ""));
            let protocol = if version < 7 { Some("") } else { None };
            assert_eq!(told.protocol_name.as_deref(), protocol);
        }
    }
    alone(&mut client).await;
    let told = client.call(&join(""), 9).await;
    assert_eq!(code(told.error_code), ErrorCode::GroupMaxSizeReached);
    let nameless = client.call(&sync("x", 1, &[]), 5).await;
    assert_eq!(
        code(nameless.error_code),
        ErrorCode::InconsistentGroupProtocol
    );
    let unknown = client.call(&sync("x", 1, &[]).with_group_id("h"), 4).await;
    let here = cluster.coordinator("h") == Some(1);
    assert!(here && code(unknown.error_code) == ErrorCode::UnknownMemberId);
}

#[tokio::test(start_paused = true)]
async fn members_are_sent_to_the_new_coordinator_and_go_on_there() {
    let cluster = TestCluster::builder()
        .brokers(2)
        .wall_clock_ms(NOW_MS)
        .coordinator_load_time(Duration::from_secs(5))
        .build_offline();
    cluster.create_topic("t", 1);
    let first = cluster.coordinator("g").unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut client = Client::dial(&cluster, first);
    let id = alone(&mut client).await;
    let mut waiting = Client::dial(&cluster, first);
    let pending = enter(&mut waiting).await;
    waiting.send(&join(&pending), 9).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(cluster.move_coordinator("g", 3 - first));
    assert_eq!(
        code(joined(&mut waiting).await.error_code),
        ErrorCode::NotCoordinator
    );
    assert_eq!(beat(&mut client, &id, 1).await, ErrorCode::NotCoordinator);
    let mut client = Client::dial(&cluster, 3 - first);
    let told = client.call(&join(&id), 9).await;
    assert_eq!(code(told.error_code), ErrorCode::CoordinatorLoadInProgress);
    // A heartbeat is taken on trust while the group is read.
    assert_eq!(beat(&mut client, &id, 1).await, ErrorCode::None);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(beat(&mut client, &id, 1).await, ErrorCode::None);
    let answer = client.call(&sync(&id, 1, &[]), 4).await;
    assert_eq!(answer.assignment, id.as_bytes(), "as the log has it");
    assert_eq!(
        beat(&mut client, &pending, 1).await,
        ErrorCode::UnknownMemberId
    );
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    assert_eq!(cluster.group("g").unwrap().state, "Empty");
}

#[tokio::test(start_paused = true)]
async fn group_without_coordinator_stands_still() {
    let cluster = cluster(1);
    assert_eq!(cluster.coordinator("g"), Some(1));
    let id = alone(&mut Client::dial(&cluster, 1)).await;
    cluster.stop_broker(1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(cluster.group("g").unwrap().state, "Stable");
    assert!(cluster.start_broker(1));
    let mut client = Client::dial(&cluster, 1);
    assert_eq!(beat(&mut client, &id, 1).await, ErrorCode::None);
}

#[tokio::test(start_paused = true)]
async fn faults_before_and_after() {
    let (cluster, mut client) = one_broker();
    let error = ErrorCode::CoordinatorNotAvailable;
    for (api, after) in [
        (ApiKey::JoinGroup, false),
        (ApiKey::JoinGroup, true),
        (ApiKey::Heartbeat, false),
    ] {
        let reaction = match after {
            true => Reaction::ErrorAfterApply(error),
            false => Reaction::Error(error),
        };
        let id = cluster
            .faults()
            .add(Fault::new(Condition::api(api), reaction));
        match api {
            ApiKey::JoinGroup => {
                let told = client.call(&join(""), 3).await;
                assert_eq!(code(told.error_code), error);
                let group = cluster.group("g");
                assert_eq!(group.is_some_and(|group| group.members.len() == 1), after);
            }
            _ => assert_eq!(beat(&mut client, "m", 1).await, error),
        }
        cluster.faults().remove(id);
    }
}
