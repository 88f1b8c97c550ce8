//! ListOffsets: either end of a log, and places by time.

use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsTopic,
};
use kafka_protocol::records::{BatchStamp, Compression};
use kafka_protocol::{ErrorCode, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, NOW_MS, batch, cluster, code, produce, the_partition, timed};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

fn ask(timestamp: i64) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::new().with_timestamp(timestamp);
    let topic = ListOffsetsTopic::new()
        .with_name("t")
        .with_partitions(vec![partition]);
    ListOffsetsRequest::new()
        .with_replica_id(-1)
        .with_topics(vec![topic])
}

async fn answer(
    client: &mut Client,
    request: &ListOffsetsRequest,
    version: i16,
) -> ListOffsetsPartitionResponse {
    client.call(request, version).await.topics[0].partitions[0].clone()
}

/// Offset, timestamp and leader epoch.
async fn look_up(client: &mut Client, timestamp: i64, version: i16) -> (i64, i64, i32) {
    let found = answer(client, &ask(timestamp), version).await;
    assert_eq!(
        code(found.error_code),
        ErrorCode::None,
        "v{version} {timestamp}"
    );
    (found.offset, found.timestamp, found.leader_epoch)
}

/// Timestamps by offset: 100, 300, 200 in epoch 0; 500, 500, 400 in epoch 1.
async fn filled() -> (TestCluster, Client) {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let mut client = Client::dial(&cluster, 1);
    let batch = |times: &[i64], codec| {
        let records: Vec<_> = times.iter().map(|at| (*at, "x")).collect();
        timed(&records, codec, &BatchStamp::default())
    };
    client
        .produce("t", 0, batch(&[100, 300], Compression::Zstd))
        .await;
    client
        .produce("t", 0, batch(&[200], Compression::None))
        .await;
    cluster.move_leader("t", 0, 1);
    client
        .produce("t", 0, batch(&[500, 500, 400], Compression::Gzip))
        .await;
    (cluster, client)
}

#[tokio::test]
async fn both_ends_in_every_version_from_1() {
    let (_cluster, mut client) = filled().await;
    for version in 1..=11 {
        let epoch = |epoch| if version >= 4 { epoch } else { -1 };
        assert_eq!(
            look_up(&mut client, EARLIEST, version).await,
            (0, -1, epoch(0))
        );
        assert_eq!(
            look_up(&mut client, LATEST, version).await,
            (6, -1, epoch(1))
        );
    }
}

#[tokio::test]
async fn first_record_at_or_after_a_time() {
    let (cluster, mut client) = filled().await;
    let mut check = async |timestamp, expected| {
        assert_eq!(
            look_up(&mut client, timestamp, 9).await,
            expected,
            "{timestamp}"
        );
    };
    check(0, (0, 100, 0)).await;
    check(100, (0, 100, 0)).await;
    check(101, (1, 300, 0)).await;
    check(201, (1, 300, 0)).await;
    check(301, (3, 500, 1)).await;
    check(500, (3, 500, 1)).await;
    check(501, (-1, -1, -1)).await;
    cluster.delete_records("t", 0, 2);
    check(0, (2, 200, 0)).await;
    check(201, (3, 500, 1)).await;
    cluster.delete_records("t", 0, 5);
    check(450, (-1, -1, -1)).await;
    check(400, (5, 400, 1)).await;
}

#[tokio::test]
async fn special_places_since_their_versions() {
    let (_cluster, mut client) = filled().await;
    for (place, since, expected) in [
        (-3, 7, (3, 500, 1)),
        (-4, 8, (0, -1, 0)),
        (-5, 9, (-1, -1, -1)),
        (-6, 11, (-1, -1, -1)),
    ] {
        for version in 1..=11 {
            if version >= since {
                assert_eq!(
                    look_up(&mut client, place, version).await,
                    expected,
                    "{place}"
                );
            } else {
                let refused = answer(&mut client, &ask(place), version).await;
                assert_eq!(
                    code(refused.error_code),
                    ErrorCode::UnsupportedVersion,
                    "{place}"
                );
            }
        }
    }
    let refused = answer(&mut client, &ask(-7), 11).await;
    assert_eq!(code(refused.error_code), ErrorCode::UnsupportedVersion);
}

#[tokio::test]
async fn empty_partition() {
    let (_cluster, mut client) = filled().await;
    for (timestamp, expected) in [
        (EARLIEST, (0, -1, 0)),
        (LATEST, (0, -1, 0)),
        (-3, (-1, -1, -1)),
        (0, (-1, -1, -1)),
    ] {
        let mut request = ask(timestamp);
        request.topics[0].partitions[0].partition_index = 1;
        let found = answer(&mut client, &request, 9).await;
        assert_eq!(
            (found.offset, found.timestamp, found.leader_epoch),
            expected,
            "{timestamp}"
        );
    }
}

#[tokio::test]
async fn first_version_lists_ends_of_segments() {
    let (cluster, mut client) = filled().await;
    let mut check = async |timestamp, most, expected: &[i64]| {
        let mut request = ask(timestamp);
        request.topics[0].partitions[0].max_num_offsets = most;
        let found = answer(&mut client, &request, 0).await;
        assert_eq!(code(found.error_code), ErrorCode::None);
        assert_eq!(found.old_style_offsets, expected, "{timestamp}");
    };
    check(LATEST, 1, &[6]).await;
    check(LATEST, 5, &[6, 0]).await;
    check(EARLIEST, 5, &[0]).await;
    check(NOW_MS * 2, 1, &[6]).await;
    check(NOW_MS - 1, 1, &[]).await;
    check(LATEST, 0, &[]).await;
    cluster.delete_records("t", 0, 4);
    check(LATEST, 2, &[6, 4]).await;
    let refused = answer(&mut client, &ask(-3), 0).await;
    assert_eq!(code(refused.error_code), ErrorCode::UnsupportedVersion);
}

#[tokio::test]
async fn refusals() {
    let (cluster, mut client) = filled().await;
    let mut request = ask(LATEST);
    for (epoch, expected) in [
        (0, ErrorCode::FencedLeaderEpoch),
        (1, ErrorCode::None),
        (2, ErrorCode::UnknownLeaderEpoch),
    ] {
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        assert_eq!(
            code(answer(&mut client, &request, 4).await.error_code),
            expected
        );
    }
    let mut request = ask(LATEST);
    let twice = request.topics[0].partitions[0].clone();
    request.topics[0].partitions.push(twice);
    let response = client.call(&request, 9).await;
    let [once] = &response.topics[0].partitions[..] else {
        panic!("{response:?}")
    };
    assert_eq!(code(once.error_code), ErrorCode::InvalidRequest);
    let mut request = ask(LATEST);
    request.topics[0].partitions[0].partition_index = 2;
    let found = answer(&mut client, &request, 9).await;
    assert_eq!(code(found.error_code), ErrorCode::UnknownTopicOrPartition);
    assert_eq!((found.offset, found.timestamp), (-1, -1));
    cluster.delete_topic("t");
    let found = answer(&mut client, &ask(LATEST), 9).await;
    assert_eq!(code(found.error_code), ErrorCode::UnknownTopicOrPartition);
}

#[tokio::test]
async fn wrong_broker() {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[]);
    let found = answer(&mut Client::dial(&cluster, 2), &ask(LATEST), 9).await;
    assert_eq!(code(found.error_code), ErrorCode::NotLeaderOrFollower);
}

#[tokio::test(start_paused = true)]
async fn new_leader_does_not_know_the_end_before_its_replicas_do() {
    let cluster = cluster(3);
    assert!(cluster.create_topic_on("t", &[&[1, 2, 3]], &[]));
    let mut client = Client::dial(&cluster, 1);
    cluster.hold_back_replicas(3);
    let request = produce("t", Uuid::ZERO, 0, Some(batch(&["a"]))).with_acks(1);
    assert_eq!(the_partition(client.call(&request, 9).await).error_code, 0);
    cluster.stop_broker(1);
    let mut client = Client::dial(&cluster, 2);
    for (timestamp, version, expected) in [
        (LATEST, 5, ErrorCode::OffsetNotAvailable),
        (LATEST, 4, ErrorCode::LeaderNotAvailable),
        (NOW_MS, 6, ErrorCode::OffsetNotAvailable),
        (EARLIEST, 6, ErrorCode::None),
    ] {
        let found = answer(&mut client, &ask(timestamp), version).await;
        assert_eq!(code(found.error_code), expected, "{timestamp}");
    }
    // Who looks for faults is told all there is.
    let debugging = ask(LATEST).with_replica_id(-2);
    assert_eq!(answer(&mut client, &debugging, 6).await.offset, 1);
    cluster.release_replicas(3);
    assert_eq!(look_up(&mut client, LATEST, 6).await.0, 1);
}
