//! Every reaction of every kind, and that it hits what it should only.

use std::time::Duration;

use kafka_protocol::messages::{
    ApiVersionsRequest, CreateTopicsRequest, DeleteTopicsRequest, FetchRequest,
    FindCoordinatorRequest, InitProducerIdRequest, MetadataRequest, ProduceRequest,
    metadata::MetadataRequestTopic,
};
use kafka_protocol::records::{BatchLimits, RecordBatch};
use kafka_protocol::{ApiKey, ErrorCode, Uuid};
use kafka_test_broker::{Condition, Fault, FaultId, Reaction, TestCluster};
use tokio::time::Instant;

use crate::client::{
    Client, batch, cluster, code, fetch, logged, produce, records, the_data, the_partition,
};

fn one_broker() -> (TestCluster, Client) {
    let cluster = cluster(1);
    cluster.create_topic("t", 2);
    let client = Client::dial(&cluster, 1);
    (cluster, client)
}

/// The first produce request meets this.
fn first_produce(cluster: &TestCluster, reaction: Reaction) -> FaultId {
    cluster
        .faults()
        .add(Fault::new(Condition::api(ApiKey::Produce), reaction).once())
}

fn request() -> ProduceRequest {
    produce("t", Uuid::ZERO, 0, Some(batch(&["a"])))
}

#[tokio::test]
async fn error_hits_the_partition_it_is_for() {
    let (cluster, mut client) = one_broker();
    let condition = Condition::api(ApiKey::Produce)
        .topic("t")
        .partition(1)
        .nth(2);
    let id = cluster.faults().add(Fault::new(
        condition,
        Reaction::Error(ErrorCode::KafkaStorageError),
    ));
    let mut both = request();
    let data = both.topic_data[0].partition_data[0].clone();
    both.topic_data[0].partition_data.push(data.with_index(1));
    let mut answers = Vec::new();
    for _ in 0..3 {
        client.call(&request(), 9).await;
        let response = client.call(&both, 9).await;
        let codes = response.responses[0].partition_responses.iter();
        answers.push(
            codes
                .map(|partition| code(partition.error_code))
                .collect::<Vec<_>>(),
        );
    }
    let fine = [ErrorCode::None, ErrorCode::None];
    assert_eq!(
        answers,
        [fine, [ErrorCode::None, ErrorCode::KafkaStorageError], fine]
    );
    assert_eq!(
        (cluster.end_offset("t", 0), cluster.end_offset("t", 1)),
        (6, 2)
    );
    assert_eq!(cluster.faults().hits(id), 1);
}

#[tokio::test]
async fn error_before_and_after_it_is_done() {
    let (cluster, mut client) = one_broker();
    for (reaction, appended) in [
        (Reaction::Error(ErrorCode::NotEnoughReplicas), 0),
        (
            Reaction::ErrorAfterApply(ErrorCode::NotEnoughReplicasAfterAppend),
            1,
        ),
    ] {
        let id = first_produce(&cluster, reaction.clone());
        let before = cluster.end_offset("t", 0);
        let refused = the_partition(client.call(&request(), 9).await);
        let (Reaction::Error(expected) | Reaction::ErrorAfterApply(expected)) = reaction else {
            panic!("{reaction:?}")
        };
        assert_eq!(
            (code(refused.error_code), refused.base_offset),
            (expected, -1)
        );
        assert_eq!(cluster.end_offset("t", 0) - before, appended);
        let fine = the_partition(client.call(&request(), 9).await);
        assert_eq!(code(fine.error_code), ErrorCode::None);
        assert_eq!(cluster.faults().hits(id), 1);
    }
}

#[tokio::test]
async fn error_in_every_api() {
    let (cluster, mut client) = one_broker();
    let error = ErrorCode::RequestTimedOut;
    for reaction in [Reaction::Error(error), Reaction::TopLevelError(error)] {
        let id = cluster
            .faults()
            .add(Fault::new(Condition::always(), reaction.clone()));
        let topic = MetadataRequestTopic::new().with_name(Some("t".into()));
        let metadata = MetadataRequest::new().with_topics(vec![topic]);
        assert_eq!(
            code(client.call(&metadata, 12).await.topics[0].error_code),
            error
        );
        let response = client.call(&metadata, 13).await;
        if matches!(reaction, Reaction::TopLevelError(_)) {
            assert_eq!(
                (code(response.error_code), response.brokers.len()),
                (error, 0)
            );
        } else {
            assert_eq!(code(response.topics[0].error_code), error);
        }
        assert_eq!(
            code(the_partition(client.call(&request(), 9).await).error_code),
            error
        );
        assert_eq!(
            code(the_data(client.call(&fetch("t", 0, 0), 4).await).error_code),
            error
        );
        let response = client.call(&fetch("t", 0, 0), 12).await;
        if matches!(reaction, Reaction::TopLevelError(_)) {
            assert_eq!(
                (code(response.error_code), response.responses.len()),
                (error, 0)
            );
        } else {
            assert_eq!(code(the_data(response).error_code), error);
        }
        let response = client.call(&InitProducerIdRequest::new(), 4).await;
        assert_eq!(
            (code(response.error_code), response.producer_id),
            (error, -1)
        );
        let response = client
            .call(&FindCoordinatorRequest::new().with_key("g"), 3)
            .await;
        assert_eq!(code(response.error_code), error);
        let names = vec!["t".into()];
        let response = client
            .call(&DeleteTopicsRequest::new().with_topic_names(names), 5)
            .await;
        assert_eq!(code(response.responses[0].error_code), error);
        let create = kafka_protocol::messages::create_topics::CreatableTopic::new()
            .with_name("new")
            .with_num_partitions(1)
            .with_replication_factor(1);
        let response = client
            .call(&CreateTopicsRequest::new().with_topics(vec![create]), 7)
            .await;
        assert_eq!(code(response.topics[0].error_code), error);
        let software = ApiVersionsRequest::new()
            .with_client_software_name("a")
            .with_client_software_version("1");
        assert_eq!(code(client.call(&software, 4).await.error_code), error);
        assert_eq!(cluster.faults().hits(id), 10);
        cluster.faults().remove(id);
    }
    assert_eq!(
        (cluster.end_offset("t", 0), cluster.partition_count("t")),
        (0, 2)
    );
    assert_eq!(cluster.topic_id("new"), None);
}

#[tokio::test]
async fn error_in_offsets_and_places() {
    use crate::groups_requests::{commit, list, look_up};
    let (cluster, mut client) = one_broker();
    assert_eq!(cluster.coordinator("g"), Some(1));
    let error = ErrorCode::CoordinatorLoadInProgress;
    let only_zero = || Condition::Topic("t".into()).partition(0);
    let id = cluster
        .faults()
        .add(Fault::new(only_zero(), Reaction::Error(error)));
    assert_eq!(commit(&mut client, 0).await, error);
    assert_eq!(commit(&mut client, 1).await, ErrorCode::None);
    assert_eq!(look_up(&mut client, 0).await, error);
    assert_eq!(look_up(&mut client, 1).await, ErrorCode::None);
    assert_eq!(list(&mut client, 0).await, error);
    assert_eq!(list(&mut client, 1).await, ErrorCode::None);
    assert_eq!(cluster.faults().hits(id), 3);
    assert_eq!(cluster.committed_offset("g", "t", 0), None);
    cluster.faults().clear();
    let after = Fault::new(only_zero(), Reaction::ErrorAfterApply(error));
    cluster.faults().add(after);
    assert_eq!(commit(&mut client, 0).await, error);
    assert_eq!(cluster.committed_offset("g", "t", 0), Some(5));
}

#[tokio::test(start_paused = true)]
async fn delay_holds_the_answer_back_or_the_request() {
    let (cluster, mut client) = one_broker();
    let half = Duration::from_millis(500);
    for (reaction, appended_meanwhile) in [
        (Reaction::Delay(2 * half), 1),
        (Reaction::DelayBeforeApply(2 * half), 0),
    ] {
        let id = first_produce(&cluster, reaction);
        let before = cluster.end_offset("t", 0);
        let sent = Instant::now();
        client.send(&request(), 9).await;
        tokio::time::sleep(half).await;
        assert_eq!(cluster.end_offset("t", 0) - before, appended_meanwhile);
        let answer = the_partition(client.answer::<ProduceRequest>(9).await);
        assert_eq!(code(answer.error_code), ErrorCode::None);
        assert_eq!(sent.elapsed(), 2 * half);
        assert_eq!(cluster.end_offset("t", 0) - before, 1);
        assert_eq!(cluster.faults().hits(id), 1);
        let sent = Instant::now();
        client.call(&request(), 9).await;
        assert_eq!(sent.elapsed(), Duration::ZERO);
    }
    assert_eq!(cluster.requests_seen(ApiKey::Produce), 4);
}

#[tokio::test(start_paused = true)]
async fn delays_add_up_and_others_are_not_held_up() {
    let (cluster, mut client) = one_broker();
    let delay = |ms| Reaction::Delay(Duration::from_millis(ms));
    cluster
        .faults()
        .add(Fault::new(Condition::api(ApiKey::Produce), delay(200)).once());
    cluster
        .faults()
        .add(Fault::new(Condition::always().client_id("test"), delay(300)).once());
    let mut other = Client::dial(&cluster, 1);
    let sent = Instant::now();
    client.send(&request(), 9).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    other.call(&request(), 9).await;
    assert_eq!(sent.elapsed(), Duration::from_millis(1));
    client.answer::<ProduceRequest>(9).await;
    assert_eq!(sent.elapsed(), Duration::from_millis(500));
}

#[tokio::test]
async fn connection_lost_before_and_after_it_is_done() {
    for (reaction, appended) in [
        (Reaction::DropBeforeApply, 0),
        (Reaction::DropAfterApply, 1),
    ] {
        let (cluster, mut client) = one_broker();
        let id = first_produce(&cluster, reaction);
        client.send(&request(), 9).await;
        client.expect_closed().await;
        assert_eq!(cluster.end_offset("t", 0), appended);
        assert_eq!(cluster.faults().hits(id), 1);
        let mut client = Client::dial(&cluster, 1);
        assert_eq!(
            client.produce("t", 0, batch(&["b"])).await.base_offset,
            appended
        );
    }
}

#[tokio::test]
async fn unacknowledged_produce_meets_faults_too() {
    for (reaction, appended) in [
        (Reaction::DropBeforeApply, 0),
        (Reaction::DropAfterApply, 1),
        (Reaction::CloseConnection, 1),
        (Reaction::Error(ErrorCode::KafkaStorageError), 0),
    ] {
        let (cluster, mut client) = one_broker();
        first_produce(&cluster, reaction);
        client.send(&request().with_acks(0), 9).await;
        client.expect_closed().await;
        assert_eq!(cluster.end_offset("t", 0), appended);
    }
}

#[tokio::test]
async fn connection_closed_after_the_answer() {
    let (cluster, mut client) = one_broker();
    first_produce(&cluster, Reaction::CloseConnection);
    let answer = the_partition(client.call(&request(), 9).await);
    assert_eq!(code(answer.error_code), ErrorCode::None);
    client.expect_closed().await;
}

#[tokio::test]
async fn answers_that_are_none() {
    let whole = {
        let (_cluster, mut client) = one_broker();
        client.send(&request(), 9).await;
        client.frame().await.unwrap()
    };
    // Half of it.
    let (cluster, mut client) = one_broker();
    first_produce(&cluster, Reaction::Truncate);
    client.send(&request(), 9).await;
    let bytes = client.bytes().await;
    assert_eq!(bytes.len(), (4 + whole.len()) / 2);
    assert_eq!(bytes[..4], (whole.len() as i32).to_be_bytes());
    assert_eq!(bytes[4..], whole[..bytes.len() - 4]);
    // Bytes that mean nothing, as many of them.
    let (cluster, mut client) = one_broker();
    first_produce(&cluster, Reaction::Garbage);
    client.send(&request(), 9).await;
    let garbage = client.frame().await.unwrap();
    assert_eq!(garbage.len(), whole.len());
    assert_ne!(garbage, whole);
    // The answer to another.
    first_produce(&cluster, Reaction::WrongCorrelationId);
    client.send(&request(), 9).await;
    let other = client.frame().await.unwrap();
    assert_ne!(other[..4], whole[..4]);
    assert_eq!(other.len(), whole.len());
    // A length that cannot be.
    first_produce(&cluster, Reaction::OversizedLength);
    client.send(&request(), 9).await;
    assert_eq!(client.first_bytes().await, i32::MAX.to_be_bytes());
}

#[tokio::test]
async fn answer_that_comes_twice() {
    let (cluster, mut client) = one_broker();
    first_produce(&cluster, Reaction::DuplicateAnswer);
    client.send(&request(), 9).await;
    assert_eq!(client.frame().await, client.frame().await);
    assert_eq!(cluster.end_offset("t", 0), 1);
}

#[tokio::test(start_paused = true)]
async fn half_open_connection_stays_open_and_silent() {
    let (cluster, mut client) = one_broker();
    let id = first_produce(&cluster, Reaction::Silence);
    client.send(&request(), 9).await;
    client.expect_silence().await;
    client.send(&request(), 9).await;
    client.expect_silence().await;
    assert_eq!(
        (cluster.end_offset("t", 0), cluster.faults().hits(id)),
        (1, 1)
    );
    let mut other = Client::dial(&cluster, 1);
    assert_eq!(other.produce("t", 0, batch(&["b"])).await.base_offset, 1);
}

#[tokio::test]
async fn fetched_records_are_damaged_and_the_log_is_not() {
    let (cluster, mut client) = one_broker();
    client.produce("t", 0, batch(&["a", "b"])).await;
    client.produce("t", 0, batch(&["c"])).await;
    cluster
        .faults()
        .add(Fault::new(Condition::api(ApiKey::Fetch), Reaction::CorruptRecords).once());
    let damaged = client.fetch("t", 0, 0).await.records.unwrap();
    let mut bytes = damaged.clone().into_bytes();
    assert!(RecordBatch::parse(&mut bytes, &BatchLimits::default()).is_err());
    let lenient = BatchLimits::default().with_check_crc(false);
    let count = std::iter::from_fn(|| RecordBatch::parse(&mut bytes, &lenient).unwrap()).count();
    assert_eq!(count, 2);
    let sound = client.fetch("t", 0, 0).await.records;
    assert_eq!(
        sound.as_ref().map(|records| records.len()),
        Some(damaged.len())
    );
    assert_eq!(records(sound), logged(&cluster, "t", 0));
}

#[tokio::test(start_paused = true)]
async fn waiting_fetch_meets_its_fate_when_it_is_answered() {
    let (cluster, mut client) = one_broker();
    cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Fetch),
        Reaction::DropAfterApply,
    ));
    let sent = Instant::now();
    client
        .send(&fetch("t", 0, 0).with_max_wait_ms(700), 12)
        .await;
    client.expect_closed().await;
    assert_eq!(sent.elapsed(), Duration::from_millis(700));
    cluster.faults().clear();
    let delay = Reaction::Delay(Duration::from_millis(300));
    cluster
        .faults()
        .add(Fault::new(Condition::api(ApiKey::Fetch), delay));
    let mut client = Client::dial(&cluster, 1);
    let sent = Instant::now();
    client
        .send(&fetch("t", 0, 0).with_max_wait_ms(700), 12)
        .await;
    client.answer::<FetchRequest>(12).await;
    assert_eq!(sent.elapsed(), Duration::from_millis(1_000));
}

#[tokio::test]
async fn topics_named_by_id_are_met_by_name() {
    let (cluster, mut client) = one_broker();
    let error = Reaction::Error(ErrorCode::KafkaStorageError);
    let id = cluster
        .faults()
        .add(Fault::new(Condition::Topic("t".into()), error));
    let topic = cluster.topic_id("t").unwrap();
    let answer = client
        .call(&produce("", topic, 0, Some(batch(&["a"]))), 13)
        .await;
    assert_eq!(
        code(the_partition(answer).error_code),
        ErrorCode::KafkaStorageError
    );
    let mut request = fetch("", 0, 0);
    request.topics[0].topic_id = topic;
    let answer = client.call(&request, 13).await;
    assert_eq!(
        code(the_data(answer).error_code),
        ErrorCode::KafkaStorageError
    );
    // All topics are this one too.
    let answer = client
        .call(&MetadataRequest::new().with_topics(None), 9)
        .await;
    assert_eq!(
        code(answer.topics[0].error_code),
        ErrorCode::KafkaStorageError
    );
    assert_eq!(cluster.faults().hits(id), 3);
}

#[tokio::test]
async fn chance_follows_the_seed() {
    let outcomes = async |seed| {
        let fault = Fault::new(
            Condition::api(ApiKey::Produce).probability(0.5),
            Reaction::Error(ErrorCode::KafkaStorageError),
        );
        let builder = TestCluster::builder().seed(seed).fault(fault).topic("t", 1);
        let cluster = builder.build_offline();
        let mut client = Client::dial(&cluster, 1);
        let mut outcomes = Vec::new();
        for _ in 0..64 {
            outcomes.push(client.produce("t", 0, batch(&["a"])).await.error_code == 0);
        }
        outcomes
    };
    let first = outcomes(1).await;
    assert_eq!(first, outcomes(1).await);
    assert_ne!(first, outcomes(2).await);
    let fine = first.iter().filter(|fine| **fine).count();
    assert!((16..=48).contains(&fine), "{fine} of 64");
}
