//! Requests about logs and leaders: DeleteRecords, OffsetForLeaderEpoch,
//! ElectLeaders, reassignments, DescribeLogDirs.

use kafka_protocol::messages::alter_partition_reassignments::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::delete_records::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::describe_log_dirs::DescribableLogDirTopic;
use kafka_protocol::messages::elect_leaders::TopicPartitions;
use kafka_protocol::messages::offset_for_leader_epoch::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, DeleteRecordsRequest, DescribeLogDirsRequest,
    ElectLeadersRequest, ListPartitionReassignmentsRequest, OffsetForLeaderEpochRequest,
};
use kafka_protocol::{ErrorCode, StrBytes};
use kafka_test_broker::TestCluster;

use crate::client::{Client, batch, cluster, code, fetch, the_data};

async fn filled(replicas: &[i32], settings: &[(&str, &str)]) -> (TestCluster, Client) {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[replicas], settings));
    let mut client = Client::dial(&cluster, replicas[0]);
    for value in ["a", "b", "c"] {
        client.produce("t", 0, batch(&[value])).await;
    }
    (cluster, client)
}

async fn delete(client: &mut Client, topic: &str, partition: i32, offset: i64) -> (ErrorCode, i64) {
    let wanted = DeleteRecordsPartition::new()
        .with_partition_index(partition)
        .with_offset(offset);
    let topic = DeleteRecordsTopic::new()
        .with_name(topic.to_owned())
        .with_partitions(vec![wanted]);
    let request = DeleteRecordsRequest::new().with_topics(vec![topic]);
    let mut answers = Vec::new();
    for version in 0..=2 {
        let response = client.call(&request, version).await;
        let result = &response.topics[0].partitions[0];
        answers.push((code(result.error_code), result.low_watermark));
    }
    assert!(
        answers.iter().all(|answer| answer == &answers[0]),
        "{answers:?}"
    );
    answers[0]
}

#[tokio::test]
async fn records_are_deleted_up_to_the_high_watermark() {
    let (cluster, mut client) = filled(&[1, 2], &[]).await;
    assert_eq!(delete(&mut client, "t", 0, 1).await, (ErrorCode::None, 1));
    let data = client.fetch("t", 0, 0).await;
    assert_eq!(code(data.error_code), ErrorCode::OffsetOutOfRange);
    assert_eq!(
        delete(&mut client, "t", 0, 0).await,
        (ErrorCode::None, 1),
        "no way back"
    );
    for wrong in [-2, 4] {
        let refused = delete(&mut client, "t", 0, wrong).await;
        assert_eq!(refused, (ErrorCode::OffsetOutOfRange, -1));
    }
    assert_eq!(delete(&mut client, "t", 0, -1).await, (ErrorCode::None, 3));
    assert_eq!(cluster.start_offset("t", 0), 3);
    let refused = delete(&mut client, "t", 1, 0).await;
    assert_eq!(refused, (ErrorCode::UnknownTopicOrPartition, -1));
    let mut other = Client::dial(&cluster, 2);
    let refused = delete(&mut other, "t", 0, 0).await;
    assert_eq!(refused, (ErrorCode::NotLeaderOrFollower, -1));
}

#[tokio::test]
async fn compacted_topics_keep_their_records() {
    let (_cluster, mut client) = filled(&[1], &[("cleanup.policy", "compact")]).await;
    let refused = delete(&mut client, "t", 0, 0).await;
    assert_eq!(refused, (ErrorCode::PolicyViolation, -1));
}

async fn end_of(
    client: &mut Client,
    current: i32,
    epoch: i32,
    version: i16,
) -> (ErrorCode, i32, i64) {
    let wanted = OffsetForLeaderPartition::new()
        .with_current_leader_epoch(current)
        .with_leader_epoch(epoch);
    let topic = OffsetForLeaderTopic::new()
        .with_topic("t")
        .with_partitions(vec![wanted]);
    let request = OffsetForLeaderEpochRequest::new()
        .with_replica_id(-1)
        .with_topics(vec![topic]);
    let response = client.call(&request, version).await;
    let end = &response.topics[0].partitions[0];
    (code(end.error_code), end.leader_epoch, end.end_offset)
}

#[tokio::test]
async fn ends_of_epochs() {
    let (cluster, mut client) = filled(&[1, 2], &[]).await;
    cluster.move_leader("t", 0, 2);
    cluster.move_leader("t", 0, 1);
    client.produce("t", 0, batch(&["d"])).await;
    for version in 2..=4 {
        let mut end = async |epoch| end_of(&mut client, -1, epoch, version).await;
        assert_eq!(end(0).await, (ErrorCode::None, 0, 3));
        assert_eq!(
            end(1).await,
            (ErrorCode::None, 0, 3),
            "nothing was written in it"
        );
        assert_eq!(end(2).await, (ErrorCode::None, 2, 4));
        assert_eq!(end(3).await, (ErrorCode::None, -1, -1));
        assert_eq!(end(-1).await, (ErrorCode::None, -1, -1));
    }
    // The first versions tell no epoch.
    assert_eq!(
        end_of(&mut client, -1, 0, 0).await,
        (ErrorCode::None, -1, 3)
    );
    let fenced = end_of(&mut client, 1, 0, 4).await;
    assert_eq!(fenced, (ErrorCode::FencedLeaderEpoch, -1, -1));
    let unknown = end_of(&mut client, 9, 0, 4).await;
    assert_eq!(unknown, (ErrorCode::UnknownLeaderEpoch, -1, -1));
    let mut other = Client::dial(&cluster, 2);
    let elsewhere = end_of(&mut other, -1, 0, 4).await;
    assert_eq!(elsewhere, (ErrorCode::NotLeaderOrFollower, -1, -1));
    // Of what is deleted, only where it ended is known.
    cluster.delete_records("t", 0, 3);
    assert_eq!(end_of(&mut client, -1, 0, 4).await, (ErrorCode::None, 0, 3));
}

async fn elect(client: &mut Client, kind: i8, partitions: Option<&[i32]>) -> Vec<(i32, ErrorCode)> {
    let named = partitions.map(|partitions| {
        let topic = TopicPartitions::new().with_topic("t");
        vec![topic.with_partitions(partitions.to_vec())]
    });
    let request = ElectLeadersRequest::new()
        .with_election_type(kind)
        .with_topic_partitions(named);
    let response = client.call(&request, 2).await;
    assert_eq!(response.error_code, 0);
    let results = response.replica_election_results.iter();
    let results = results.filter(|result| result.topic.as_str() == "t");
    results
        .flat_map(|result| &result.partition_result)
        .map(|result| (result.partition_id, code(result.error_code)))
        .collect()
}

#[tokio::test]
async fn leaders_are_elected_on_demand() {
    let (cluster, _) = filled(&[1, 2], &[]).await;
    let mut client = Client::dial(&cluster, 3);
    let (preferred, unclean) = (0, 1);
    let answer = elect(&mut client, preferred, Some(&[0, 7])).await;
    let unknown = ErrorCode::UnknownTopicOrPartition;
    assert_eq!(answer, [(0, ErrorCode::ElectionNotNeeded), (7, unknown)]);
    cluster.stop_broker(1);
    let answer = elect(&mut client, preferred, Some(&[0])).await;
    assert_eq!(answer, [(0, ErrorCode::PreferredLeaderNotAvailable)]);
    cluster.start_broker(1);
    assert_eq!(
        elect(&mut client, preferred, None).await,
        [(0, ErrorCode::None)]
    );
    assert_eq!(cluster.leader("t", 0), Some(1));
    assert_eq!(elect(&mut client, preferred, None).await, []);
    let answer = elect(&mut client, unclean, Some(&[0])).await;
    assert_eq!(answer, [(0, ErrorCode::ElectionNotNeeded)]);
    cluster.stop_broker(2);
    cluster.stop_broker(1);
    let answer = elect(&mut client, unclean, Some(&[0])).await;
    assert_eq!(answer, [(0, ErrorCode::EligibleLeadersNotAvailable)]);
    cluster.start_broker(2);
    assert_eq!(
        elect(&mut client, unclean, Some(&[0])).await,
        [(0, ErrorCode::None)]
    );
    assert_eq!(cluster.leader("t", 0), Some(2));
    // There is no other kind of election; every partition is told.
    let topic = TopicPartitions::new().with_topic("t");
    let request = ElectLeadersRequest::new()
        .with_election_type(5)
        .with_topic_partitions(Some(vec![topic.with_partitions(vec![0])]));
    let response = client.call(&request, 2).await;
    assert_eq!(code(response.error_code), ErrorCode::InvalidRequest);
    let told = &response.replica_election_results[0].partition_result[0];
    assert_eq!(code(told.error_code), ErrorCode::InvalidRequest);
}

async fn reassign(client: &mut Client, replicas: Option<&[i32]>) -> ErrorCode {
    let partition = ReassignablePartition::new()
        .with_partition_index(0)
        .with_replicas(replicas.map(<[i32]>::to_vec));
    let topic = ReassignableTopic::new()
        .with_name("t")
        .with_partitions(vec![partition]);
    let request = AlterPartitionReassignmentsRequest::new().with_topics(vec![topic]);
    let response = client.call(&request, 0).await;
    assert_eq!(response.error_code, 0);
    code(response.responses[0].partitions[0].error_code)
}

#[tokio::test]
async fn partitions_move_to_other_brokers() {
    let (cluster, mut client) = filled(&[1, 2], &[]).await;
    assert_eq!(reassign(&mut client, Some(&[2, 3])).await, ErrorCode::None);
    assert_eq!(cluster.leader("t", 0), Some(2));
    let mut new = Client::dial(&cluster, 3);
    let data = new.fetch("t", 0, 0).await;
    assert_eq!(code(data.error_code), ErrorCode::None, "it has everything");
    let data = the_data(client.call(&fetch("t", 0, 0), 12).await);
    assert_eq!(code(data.error_code), ErrorCode::NotLeaderOrFollower);
    // Nothing goes on, unless a broker is down.
    let list = ListPartitionReassignmentsRequest::new().with_topics(None);
    assert!(new.call(&list, 0).await.topics.is_empty());
    cluster.stop_broker(1);
    assert_eq!(reassign(&mut new, Some(&[1])).await, ErrorCode::None);
    let going_on = new.call(&list, 0).await.topics;
    let going_on = &going_on[0].partitions[0];
    assert_eq!(going_on.replicas, [1, 2, 3]);
    assert_eq!(
        (&*going_on.adding_replicas, &*going_on.removing_replicas),
        (&[1][..], &[2, 3][..])
    );
    assert_eq!(reassign(&mut new, None).await, ErrorCode::None);
    assert_eq!(
        reassign(&mut new, None).await,
        ErrorCode::NoReassignmentInProgress
    );
    assert_eq!(
        reassign(&mut new, Some(&[7])).await,
        ErrorCode::InvalidReplicaAssignment
    );
}

#[tokio::test]
async fn log_directories_tell_what_each_broker_stores() {
    let (cluster, mut client) = filled(&[1, 2], &[]).await;
    let size = 3 * batch(&["a"]).len() as i64;
    let mut follower = Client::dial(&cluster, 2);
    cluster.hold_back_replicas(2);
    client.produce("t", 0, batch(&["d"])).await;
    let named = |topic: &'static str| {
        let topic = DescribableLogDirTopic::new().with_topic(StrBytes::from_static(topic));
        DescribeLogDirsRequest::new().with_topics(Some(vec![topic.with_partitions(vec![0])]))
    };
    for version in 1..=5 {
        let response = follower.call(&named("t"), version).await;
        let [directory] = &response.results[..] else {
            panic!("{response:?}")
        };
        assert_eq!(directory.error_code, 0);
        let partition = &directory.topics[0].partitions[0];
        assert_eq!((partition.partition_size, partition.offset_lag), (size, 0));
    }
    let response = client.call(&named("t"), 5).await;
    let whole = response.results[0].topics[0].partitions[0].partition_size;
    assert_eq!(whole, size / 3 * 4);
    // What is deleted stays on the disk until its segment goes.
    cluster.delete_records("t", 0, 3);
    let response = client.call(&named("t"), 5).await;
    let left = response.results[0].topics[0].partitions[0].partition_size;
    assert_eq!(left, whole);
    let elsewhere = Client::dial(&cluster, 3).call(&named("t"), 5).await;
    assert!(elsewhere.results[0].topics.is_empty());
    cluster.fail_disk(2);
    let response = follower.call(&named("t"), 5).await;
    let failed = ErrorCode::KafkaStorageError;
    assert_eq!(code(response.results[0].error_code), failed);
}
