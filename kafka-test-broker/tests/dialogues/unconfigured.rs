//! What brokers answer that are not set up for it: other directories, delegation
//! tokens, other voters. A real 4.3.1 with Kafka's defaults answers the same.

use kafka_protocol::messages::add_raft_voter::Listener;
use kafka_protocol::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic,
};
use kafka_protocol::messages::create_topics::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::{
    AddRaftVoterRequest, AlterReplicaLogDirsRequest, CreateDelegationTokenRequest,
    CreateTopicsRequest, DescribeClusterRequest, DescribeDelegationTokenRequest,
    DescribeLogDirsRequest, ExpireDelegationTokenRequest, RemoveRaftVoterRequest,
    RenewDelegationTokenRequest,
};
use kafka_protocol::{ErrorCode, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, cluster, code};

fn to(path: &str, topics: &[(&str, &[i32])]) -> AlterReplicaLogDir {
    let topic = |(name, partitions): &(&str, &[i32])| {
        AlterReplicaLogDirTopic::new()
            .with_name((*name).to_owned())
            .with_partitions(partitions.to_vec())
    };
    AlterReplicaLogDir::new()
        .with_path(path.to_owned())
        .with_topics(topics.iter().map(topic).collect::<Vec<_>>())
}

async fn move_to(
    client: &mut Client,
    dirs: Vec<AlterReplicaLogDir>,
) -> Vec<(String, i32, ErrorCode)> {
    let request = AlterReplicaLogDirsRequest::new().with_dirs(dirs);
    let response = client.call(&request, 2).await;
    let mut all = Vec::new();
    for topic in &response.results {
        for partition in &topic.partitions {
            let name = topic.topic_name.to_string();
            all.push((name, partition.partition_index, code(partition.error_code)));
        }
    }
    all
}

fn answers(expected: &[(&str, i32, ErrorCode)]) -> Vec<(String, i32, ErrorCode)> {
    let own = |(name, index, code): &(&str, i32, ErrorCode)| ((*name).to_owned(), *index, *code);
    expected.iter().map(own).collect()
}

#[tokio::test]
async fn a_broker_has_one_directory() {
    let cluster = cluster(2);
    let mut client = Client::dial(&cluster, 1);
    let on = |index: i32| {
        CreatableReplicaAssignment::new()
            .with_partition_index(index)
            .with_broker_ids(vec![index + 1])
    };
    let topic = CreatableTopic::new()
        .with_name("t")
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![on(0), on(1)]);
    let request = CreateTopicsRequest::new().with_topics(vec![topic]);
    assert_eq!(client.call(&request, 5).await.topics[0].error_code, 0);
    let (ours, other) = (0, 1);
    let request = DescribeLogDirsRequest::new().with_topics(None);
    let described = client.call(&request, 4).await;
    let here = described.results[0].log_dir.to_string();
    let long = "x".repeat(231);
    let asked = vec![
        to(
            &here,
            &[("t", &[ours, other, 9]), ("nope", &[0]), (&long, &[0])],
        ),
        to("/elsewhere", &[("u", &[0])]),
    ];
    let mut expected = answers(&[
        ("nope", 0, ErrorCode::UnknownTopicOrPartition),
        ("t", ours, ErrorCode::None),
        ("t", other, ErrorCode::ReplicaNotAvailable),
        ("t", 9, ErrorCode::UnknownTopicOrPartition),
        ("u", 0, ErrorCode::LogDirNotFound),
        (&long, 0, ErrorCode::InvalidTopicException),
    ]);
    expected.sort();
    assert_eq!(move_to(&mut client, asked).await, expected);
    // The last place named counts.
    for (first, last, expected) in [
        (here.as_str(), "/b", ErrorCode::LogDirNotFound),
        ("/b", here.as_str(), ErrorCode::None),
    ] {
        let both = vec![to(first, &[("t", &[ours])]), to(last, &[("t", &[ours])])];
        let expected = answers(&[("t", ours, expected)]);
        assert_eq!(move_to(&mut client, both).await, expected);
    }
    cluster.fail_disk(1);
    let asked = vec![to(&here, &[("t", &[ours])])];
    let expected = answers(&[("t", ours, ErrorCode::KafkaStorageError)]);
    assert_eq!(move_to(&mut client, asked).await, expected);
}

#[tokio::test]
async fn who_has_not_logged_in_asks_for_no_tokens() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    let refused = ErrorCode::DelegationTokenRequestNotAllowed;
    for (owner, expected) in [(None, "ANONYMOUS"), (Some("bob"), "bob")] {
        let request = CreateDelegationTokenRequest::new()
            .with_owner_principal_type(owner.map(|_| "User".into()))
            .with_owner_principal_name(owner.map(Into::into));
        let made = client.call(&request, 3).await;
        assert_eq!(
            (code(made.error_code), made.principal_name.as_str()),
            (refused, expected)
        );
        assert_eq!(made.token_requester_principal_name.as_str(), "ANONYMOUS");
        assert_eq!((made.issue_timestamp_ms, made.hmac.len()), (-1, 0));
    }
    for version in 0..3 {
        let request = CreateDelegationTokenRequest::new();
        let made = client.call(&request, version).await;
        assert_eq!(code(made.error_code), refused);
    }
    let renewed = client.call(&RenewDelegationTokenRequest::new(), 2).await;
    assert_eq!(
        (code(renewed.error_code), renewed.expiry_timestamp_ms),
        (refused, -1)
    );
    let expired = client.call(&ExpireDelegationTokenRequest::new(), 2).await;
    assert_eq!(
        (code(expired.error_code), expired.expiry_timestamp_ms),
        (refused, -1)
    );
    let described = client.call(&DescribeDelegationTokenRequest::new(), 3).await;
    assert_eq!(
        (code(described.error_code), described.tokens.len()),
        (refused, 0)
    );
}

/// The code for each of the two, of a cluster, a voter and its directory.
async fn change(
    cluster: &TestCluster,
    (id, voter, directory): (Option<&str>, i32, Uuid),
    listener: &'static str,
) -> (ErrorCode, ErrorCode) {
    let mut client = Client::dial(cluster, 1);
    let id = id.map(|id| id.to_owned().into());
    let add = AddRaftVoterRequest::new()
        .with_cluster_id(id.clone())
        .with_voter_id(voter)
        .with_voter_directory_id(directory)
        .with_listeners(vec![Listener::new().with_name(listener)]);
    let remove = RemoveRaftVoterRequest::new()
        .with_cluster_id(id)
        .with_voter_id(voter)
        .with_voter_directory_id(directory);
    let added = client.call(&add, 1).await;
    let removed = client.call(&remove, 0).await;
    assert!(added.error_message.is_some() && removed.error_message.is_some());
    (code(added.error_code), code(removed.error_code))
}

#[tokio::test]
async fn the_quorum_is_static() {
    let cluster = cluster(1);
    let about = Client::dial(&cluster, 1)
        .call(&DescribeClusterRequest::new(), 0)
        .await;
    let (id, directory) = (about.cluster_id.to_string(), Uuid::from_bytes([7; 16]));
    let (invalid, fixed) = (ErrorCode::InvalidRequest, ErrorCode::UnsupportedVersion);
    let wrong = ErrorCode::InconsistentClusterId;
    for (asked, listener, expected) in [
        ((None, 7, directory), "CONTROLLER", (fixed, fixed)),
        (
            (Some(id.as_str()), 7, directory),
            "CONTROLLER",
            (fixed, fixed),
        ),
        ((Some("wrong"), 7, directory), "CONTROLLER", (wrong, wrong)),
        ((Some(""), -1, Uuid::ZERO), "OTHER", (wrong, wrong)),
        ((None, 7, directory), "OTHER", (invalid, fixed)),
        ((None, -1, directory), "CONTROLLER", (invalid, invalid)),
        ((None, 7, Uuid::ZERO), "CONTROLLER", (invalid, invalid)),
    ] {
        assert_eq!(
            change(&cluster, asked, listener).await,
            expected,
            "{asked:?}"
        );
    }
}
