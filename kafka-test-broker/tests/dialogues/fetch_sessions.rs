//! Fetch sessions: what a broker remembers, and what it leaves out of answers.

use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::{ErrorCode, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, NOW_MS, batch, cluster, code, records};

/// One broker with "t" of four partitions, and "u" of one.
fn two_topics() -> (TestCluster, Client) {
    let cluster = cluster(1);
    cluster.create_topic("t", 4);
    cluster.create_topic("u", 1);
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

fn topic(name: &str, id: Uuid, partitions: &[(i32, i64)]) -> FetchTopic {
    let partitions = partitions.iter().map(|(index, offset)| {
        FetchPartition::new()
            .with_partition(*index)
            .with_fetch_offset(*offset)
            .with_partition_max_bytes(1 << 20)
    });
    FetchTopic::new()
        .with_topic(name.to_owned())
        .with_topic_id(id)
        .with_partitions(partitions.collect::<Vec<_>>())
}

/// A request in a session that changes what it asks of "t".
fn ask(session: (i32, i32), partitions: &[(i32, i64)]) -> FetchRequest {
    let topics = match partitions {
        [] => Vec::new(),
        some => vec![topic("t", Uuid::ZERO, some)],
    };
    FetchRequest::new()
        .with_replica_id(-1)
        .with_min_bytes(1)
        .with_session_id(session.0)
        .with_session_epoch(session.1)
        .with_topics(topics)
}

/// Partition, error and number of records of each answer, in their order.
fn told(response: &FetchResponse) -> Vec<(i32, ErrorCode, usize)> {
    let all = response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions);
    all.map(|data| {
        let count = records(data.records.clone()).len();
        (data.partition_index, code(data.error_code), count)
    })
    .collect()
}

const OK: ErrorCode = ErrorCode::None;

#[tokio::test]
async fn only_changes_are_asked_for_and_told() {
    let (_cluster, mut client) = two_topics();
    client.produce("t", 1, batch(&["a"])).await;
    let all = [(0, 0), (1, 0), (2, 0), (3, 0)];
    let response = client.call(&ask((0, 0), &all), 12).await;
    let id = response.session_id;
    assert!(id > 0);
    assert_eq!(
        told(&response),
        [(0, OK, 0), (1, OK, 1), (2, OK, 0), (3, OK, 0)]
    );
    // Nothing new, but what was not read on is told again.
    let response = client.call(&ask((id, 1), &[]), 12).await;
    assert_eq!(
        (response.session_id, told(&response)),
        (id, vec![(1, OK, 1)])
    );
    let response = client.call(&ask((id, 2), &[(1, 1)]), 12).await;
    assert_eq!((response.session_id, told(&response)), (id, Vec::new()));
    client.produce("t", 3, batch(&["b", "c"])).await;
    let response = client.call(&ask((id, 3), &[]), 12).await;
    assert_eq!(told(&response), [(3, OK, 2)]);
}

#[tokio::test]
async fn who_had_records_goes_to_the_end() {
    let (_cluster, mut client) = two_topics();
    for partition in 0..4 {
        client.produce("t", partition, batch(&["a"])).await;
    }
    let all = [(0, 0), (1, 0), (2, 0), (3, 0)];
    let id = client.call(&ask((0, 0), &all), 12).await.session_id;
    // Room for one batch each time.
    let mut order = Vec::new();
    for epoch in 1..=5 {
        let request = ask((id, epoch), &[]).with_max_bytes(1);
        let response = client.call(&request, 12).await;
        let with_records = told(&response)
            .into_iter()
            .filter(|(_, _, count)| *count > 0);
        order.extend(with_records.map(|(index, _, _)| index));
    }
    assert_eq!(order, [0, 1, 2, 3, 0]);
}

#[tokio::test]
async fn partitions_are_forgotten_and_the_last_ends_the_session() {
    let (_cluster, mut client) = two_topics();
    client.produce("t", 0, batch(&["a"])).await;
    client.produce("t", 1, batch(&["b"])).await;
    let id = client
        .call(&ask((0, 0), &[(0, 0), (1, 0)]), 12)
        .await
        .session_id;
    let forget = |partitions: &[i32]| {
        let topic = ForgottenTopic::new().with_topic("t");
        vec![topic.with_partitions(partitions.to_vec())]
    };
    let request = ask((id, 1), &[]).with_forgotten_topics_data(forget(&[0, 9]));
    assert_eq!(told(&client.call(&request, 12).await), [(1, OK, 1)]);
    let request = ask((id, 2), &[]).with_forgotten_topics_data(forget(&[1]));
    let response = client.call(&request, 12).await;
    assert_eq!((response.session_id, told(&response)), (0, Vec::new()));
    let response = client.call(&ask((id, 3), &[]), 12).await;
    assert_eq!(code(response.error_code), ErrorCode::FetchSessionIdNotFound);
}

#[tokio::test]
async fn wrong_epochs_and_ids_are_refused() {
    let (cluster, mut client) = two_topics();
    let id = client.call(&ask((0, 0), &[(0, 0)]), 12).await.session_id;
    let mut error = async |session, version| {
        let response = client.call(&ask(session, &[]), version).await;
        assert!(response.responses.is_empty() && response.session_id == 0);
        code(response.error_code)
    };
    assert_eq!(
        error((id, 2), 12).await,
        ErrorCode::InvalidFetchSessionEpoch
    );
    assert_eq!(
        error((id + 1, 1), 12).await,
        ErrorCode::FetchSessionIdNotFound
    );
    assert_eq!(
        error((id, 1), 13).await,
        ErrorCode::FetchSessionTopicIdError
    );
    // Opening another one, or asking for none, closes the one named.
    let mut client = Client::dial(&cluster, 1);
    let other = client.call(&ask((id, 0), &[(0, 0)]), 12).await.session_id;
    assert_ne!(other, id);
    let response = client.call(&ask((id, 1), &[]), 12).await;
    assert_eq!(code(response.error_code), ErrorCode::FetchSessionIdNotFound);
    let response = client.call(&ask((other, -1), &[(0, 0)]), 12).await;
    assert_eq!((response.session_id, told(&response).len()), (0, 1));
    let response = client.call(&ask((other, 1), &[]), 12).await;
    assert_eq!(code(response.error_code), ErrorCode::FetchSessionIdNotFound);
}

#[tokio::test]
async fn sessions_belong_to_one_broker_until_it_stops() {
    let cluster = cluster(2);
    cluster.create_topic_on("t", &[&[1, 2]], &[]);
    let mut client = Client::dial(&cluster, 1);
    let id = client.call(&ask((0, 0), &[(0, 0)]), 12).await.session_id;
    let elsewhere = Client::dial(&cluster, 2).call(&ask((id, 1), &[]), 12).await;
    assert_eq!(
        code(elsewhere.error_code),
        ErrorCode::FetchSessionIdNotFound
    );
    cluster.stop_broker(1);
    cluster.start_broker(1);
    let again = Client::dial(&cluster, 1).call(&ask((id, 1), &[]), 12).await;
    assert_eq!(code(again.error_code), ErrorCode::FetchSessionIdNotFound);
}

#[tokio::test]
async fn errors_are_told_as_long_as_they_last() {
    let (cluster, mut client) = two_topics();
    let id = client.call(&ask((0, 0), &[(0, 0), (1, 5)]), 12).await;
    assert_eq!(told(&id), [(0, OK, 0), (1, ErrorCode::OffsetOutOfRange, 0)]);
    let id = id.session_id;
    let response = client.call(&ask((id, 1), &[]), 12).await;
    assert_eq!(told(&response), [(1, ErrorCode::OffsetOutOfRange, 0)]);
    let response = client.call(&ask((id, 2), &[(1, 0)]), 12).await;
    assert_eq!(told(&response), [(1, OK, 0)], "its high watermark is news");
    assert_eq!(told(&client.call(&ask((id, 3), &[]), 12).await), []);
    // So is a log that starts later.
    client.produce("t", 0, batch(&["a", "b"])).await;
    client.call(&ask((id, 4), &[(0, 2)]), 12).await;
    cluster.delete_records("t", 0, 1);
    assert_eq!(
        told(&client.call(&ask((id, 5), &[]), 12).await),
        [(0, OK, 0)]
    );
}

#[tokio::test]
async fn what_does_not_exist_comes_last_and_holds_up_nobody() {
    let (cluster, mut client) = two_topics();
    let id = cluster.topic_id("t").unwrap();
    let nowhere = Uuid::from_bytes([7; 16]);
    let request = FetchRequest::new()
        .with_replica_id(-1)
        .with_session_epoch(0)
        .with_topics(vec![
            topic("", nowhere, &[(0, 0)]),
            topic("", id, &[(9, 0), (1, 0)]),
        ]);
    let response = client.call(&request, 13).await;
    let unknown = (
        ErrorCode::UnknownTopicId,
        ErrorCode::UnknownTopicOrPartition,
    );
    assert_eq!(
        told(&response),
        [(1, OK, 0), (0, unknown.0, 0), (9, unknown.1, 0)]
    );
    let ids: Vec<_> = response
        .responses
        .iter()
        .map(|topic| topic.topic_id)
        .collect();
    assert_eq!(ids, [id, nowhere, id]);
}

#[tokio::test]
async fn topic_made_anew_is_another_one_in_a_session() {
    let (cluster, mut client) = two_topics();
    let id = cluster.topic_id("t").unwrap();
    let open = FetchRequest::new()
        .with_replica_id(-1)
        .with_session_epoch(0)
        .with_topics(vec![topic("", id, &[(0, 0)])]);
    let session = client.call(&open, 13).await.session_id;
    cluster.delete_topic("t");
    let response = client.call(&ask((session, 1), &[]), 13).await;
    assert_eq!(
        told(&response),
        [(0, ErrorCode::UnknownTopicOrPartition, 0)]
    );
    cluster.create_topic("t", 1);
    let response = client.call(&ask((session, 2), &[]), 13).await;
    assert_eq!(told(&response), [(0, ErrorCode::InconsistentTopicId, 0)]);
    let response = client.call(&open, 13).await;
    assert_eq!(told(&response), [(0, ErrorCode::UnknownTopicId, 0)]);
}

#[tokio::test(start_paused = true)]
async fn sessions_are_few_and_old_ones_go_first() {
    let cluster = TestCluster::builder()
        .fetch_sessions_max(2)
        .wall_clock_ms(NOW_MS)
        .build_offline();
    cluster.create_topic("t", 4);
    let mut client = Client::dial(&cluster, 1);
    let first = client.call(&ask((0, 0), &[(0, 0)]), 12).await.session_id;
    let second = client.call(&ask((0, 0), &[(0, 0)]), 12).await.session_id;
    assert!(first > 0 && second > 0);
    // Both are young: there is none for a third.
    let third = client.call(&ask((0, 0), &[(0, 0), (1, 0)]), 12).await;
    assert_eq!((third.session_id, told(&third).len()), (0, 2));
    let minutes = |count: u64| tokio::time::sleep(std::time::Duration::from_secs(count * 60));
    minutes(1).await;
    client.call(&ask((second, 1), &[]), 12).await;
    minutes(2).await;
    // The first was not used for two minutes.
    let third = client
        .call(&ask((0, 0), &[(0, 0), (1, 0)]), 12)
        .await
        .session_id;
    assert!(third > 0);
    let gone = client.call(&ask((first, 1), &[]), 12).await;
    assert_eq!(code(gone.error_code), ErrorCode::FetchSessionIdNotFound);
    // The second one is old and in use: it goes for one that is not smaller.
    client.call(&ask((second, 2), &[]), 12).await;
    minutes(1).await;
    let fourth = client
        .call(&ask((0, 0), &[(0, 0), (1, 0)]), 12)
        .await
        .session_id;
    assert!(fourth > 0);
    let gone = client.call(&ask((second, 3), &[]), 12).await;
    assert_eq!(code(gone.error_code), ErrorCode::FetchSessionIdNotFound);
}

/// Every reader gets the same, session or not, whatever is asked in between.
#[tokio::test]
async fn session_reads_the_same_as_single_fetches() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (cluster, mut client) = two_topics();
        let mut single = Client::dial(&cluster, 1);
        let mut session = (0, 0);
        let mut asked = [0i64; 4];
        let mut read: [Vec<(i64, String)>; 4] = Default::default();
        let mut alone: [Vec<(i64, String)>; 4] = Default::default();
        let mut expected: [Vec<(i64, String)>; 4] = Default::default();
        let mut changes: Vec<(i32, i64)> = (0..4).map(|index| (index, 0)).collect();
        for turn in 0..30 {
            for _ in 0..random.usize(0..3) {
                let at = random.usize(0..4);
                let value = format!("{turn}");
                let answer = client.produce("t", at as i32, batch(&[&value])).await;
                expected[at].push((answer.base_offset, value));
            }
            if random.u8(0..10) == 0 {
                // It is lost, or closed: start again.
                session = (session.0, 0);
                changes = (0..4).map(|index| (index, asked[index as usize])).collect();
            }
            let limit = random.i32(1..300);
            let request = ask(session, &changes).with_max_bytes(limit);
            let response = client.call(&request, 12).await;
            assert_eq!(code(response.error_code), OK);
            session = (response.session_id, session.1 + 1);
            changes.clear();
            for data in response
                .responses
                .iter()
                .flat_map(|topic| &topic.partitions)
            {
                let at = data.partition_index as usize;
                let new = records(data.records.clone());
                if let Some((last, _)) = new.last() {
                    asked[at] = last + 1;
                    changes.push((at as i32, last + 1));
                }
                read[at].extend(new);
            }
        }
        // What is left, in the session and outside of it.
        for _ in 0..100 {
            let response = client
                .call(&ask(session, &changes).with_max_bytes(100), 12)
                .await;
            session.1 += 1;
            changes.clear();
            for data in response
                .responses
                .iter()
                .flat_map(|topic| &topic.partitions)
            {
                let new = records(data.records.clone());
                if let Some((last, _)) = new.last() {
                    changes.push((data.partition_index, last + 1));
                }
                read[data.partition_index as usize].extend(new);
            }
        }
        for (at, alone) in alone.iter_mut().enumerate() {
            *alone = records(single.fetch("t", at as i32, 0).await.records);
        }
        assert_eq!(read, alone, "seed {seed}");
        assert_eq!(read, expected, "seed {seed}");
    }
}
