//! What else administrators ask for, through the layer below the client.

use kafka_client::Record;
use kafka_net::{Lane, SendOptions};
use kafka_protocol::messages::alter_client_quotas::{EntityData, OpData, RequestEntryData};
use kafka_protocol::messages::alter_partition_reassignments::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::create_acls::AclCreation;
use kafka_protocol::messages::describe_client_quotas::ComponentData;
use kafka_protocol::messages::describe_log_dirs::DescribableLogDirTopic;
use kafka_protocol::messages::describe_producers::TopicRequest;
use kafka_protocol::messages::elect_leaders::TopicPartitions;
use kafka_protocol::messages::offset_for_leader_epoch::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{
    AlterClientQuotasRequest, AlterPartitionReassignmentsRequest, CreateAclsRequest,
    DeleteAclsRequest, DescribeAclsRequest, DescribeClientQuotasRequest, DescribeLogDirsRequest,
    DescribeProducersRequest, DescribeUserScramCredentialsRequest, ElectLeadersRequest,
    ListPartitionReassignmentsRequest, ListTransactionsRequest, OffsetForLeaderEpochRequest,
};

use super::ground::{EPOCH_MS, Ground};
use super::transcript::Transcript;
use crate::{BoxError, clock};

type Result<T> = std::result::Result<T, BoxError>;

/// What brokers without an authorizer and without secrets answer.
pub(super) async fn security(ground: &Ground) -> Result<Transcript> {
    const ANY: i8 = 1;
    let mut transcript = Transcript::new();
    let request = DescribeAclsRequest::new()
        .with_resource_type_filter(ANY)
        .with_pattern_type_filter(ANY)
        .with_operation(ANY)
        .with_permission_type(ANY);
    transcript.answer("describe ACLs", &ground.any(request).await?)?;
    let acl = AclCreation::new()
        .with_resource_type(2)
        .with_resource_name("t")
        .with_resource_pattern_type(3)
        .with_principal("User:u")
        .with_host("*")
        .with_operation(3)
        .with_permission_type(3);
    let request = CreateAclsRequest::new().with_creations(vec![acl]);
    transcript.answer("create ACLs", &ground.any(request).await?)?;
    let request = DeleteAclsRequest::new();
    transcript.answer("delete no ACLs", &ground.any(request).await?)?;
    let users = vec![
        kafka_protocol::messages::describe_user_scram_credentials::UserName::new()
            .with_name("nobody"),
    ];
    let request = DescribeUserScramCredentialsRequest::new().with_users(Some(users));
    transcript.answer("describe credentials", &ground.any(request).await?)?;
    Ok(transcript)
}

/// Producers of partitions that do not exist, and of one that does.
pub(super) async fn producers(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let producer = ground.producer().await?;
    let record = Record::to(&topic).value("v").timestamp_ms(EPOCH_MS);
    producer.send(record).await?.await?;
    for topic in [topic.as_str(), &ground.name("unknown"), "a b"] {
        let asked = TopicRequest::new()
            .with_name(topic)
            .with_partition_indexes(vec![0, 4]);
        let request = DescribeProducersRequest::new().with_topics(vec![asked]);
        transcript.answer("producers", &ground.broker(1, &request).await?)?;
    }
    Ok(transcript)
}

/// Transactions that there are none of.
pub(super) async fn transactions(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let pattern = format!("{}.*", ground.name(""));
    for (states, pattern) in [
        (vec![], Some(pattern.as_str())),
        (vec!["Ongoing", "Nonsense"], Some(&pattern)),
        (vec![], Some("(")),
    ] {
        let states: Vec<_> = states
            .into_iter()
            .map(kafka_protocol::StrBytes::from)
            .collect();
        let request = ListTransactionsRequest::new()
            .with_state_filters(states)
            .with_transactional_id_pattern(pattern.map(Into::into));
        transcript.answer("list", &ground.any(request).await?)?;
    }
    Ok(transcript)
}

/// Elections and moves that there is no need for, and those that can't be.
pub(super) async fn leaders(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    let unknown = ground.name("unknown");
    for (kind, topic, partitions) in [
        (0, topic.as_str(), vec![0, 1, 7]),
        (1, &topic, vec![0]),
        (0, &unknown, vec![0]),
        (5, &topic, vec![0]),
    ] {
        let asked = TopicPartitions::new()
            .with_topic(topic)
            .with_partitions(partitions);
        let request = ElectLeadersRequest::new()
            .with_election_type(kind)
            .with_topic_partitions(Some(vec![asked]))
            .with_timeout_ms(30_000);
        transcript.answer(&format!("elect {kind}"), &ground.controller(request).await?)?;
    }
    for (topic, partition, replicas) in [
        (topic.as_str(), 0, Some(vec![1])),
        (&topic, 0, Some(vec![99])),
        (&topic, 0, Some(vec![1, 1])),
        (&topic, 0, Some(vec![])),
        (&topic, 0, None),
        (&topic, 9, Some(vec![1])),
        (&unknown, 0, Some(vec![1])),
    ] {
        let partition = ReassignablePartition::new()
            .with_partition_index(partition)
            .with_replicas(replicas.clone());
        let asked = ReassignableTopic::new()
            .with_name(topic)
            .with_partitions(vec![partition]);
        let request = AlterPartitionReassignmentsRequest::new()
            .with_topics(vec![asked])
            .with_timeout_ms(30_000);
        let answer = ground.controller(request).await?;
        transcript.answer(&format!("move to {replicas:?}"), &answer)?;
    }
    let request = ListPartitionReassignmentsRequest::new().with_timeout_ms(30_000);
    transcript.answer("moving", &ground.controller(request).await?)?;
    Ok(transcript)
}

/// How many bytes partitions take up.
pub(super) async fn log_dirs(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    ground.fill(&topic, 0, 3).await?;
    let asked = DescribableLogDirTopic::new()
        .with_topic(topic.as_str())
        .with_partitions(vec![0, 1, 5]);
    let unknown = DescribableLogDirTopic::new()
        .with_topic(ground.name("unknown"))
        .with_partitions(vec![0]);
    for topics in [vec![asked], vec![unknown], vec![]] {
        let request = DescribeLogDirsRequest::new().with_topics(Some(topics));
        transcript.answer("directories", &ground.broker(1, &request).await?)?;
    }
    Ok(transcript)
}

/// Quotas set, seen and taken back.
pub(super) async fn quotas(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let client = ground.name("c");
    let entity = |kind: &str| {
        let named = EntityData::new().with_entity_type(kind.to_owned());
        vec![named.with_entity_name(Some(client.as_str().into()))]
    };
    let op = |key: &str, value, remove| {
        OpData::new()
            .with_key(key.to_owned())
            .with_value(value)
            .with_remove(remove)
    };
    for (kind, op, check) in [
        ("client-id", op("producer_byte_rate", 1e6, false), false),
        ("client-id", op("request_percentage", 50.5, false), false),
        ("client-id", op("consumer_byte_rate", 5.0, false), true),
        ("client-id", op("no_such_rate", 5.0, false), false),
        ("client-id", op("producer_byte_rate", -1.0, false), false),
        ("client-id", op("producer_byte_rate", 0.0, true), false),
        ("nonsense", op("producer_byte_rate", 5.0, false), false),
        ("ip", op("connection_creation_rate", 5.0, false), false),
    ] {
        let entry = RequestEntryData::new()
            .with_entity(entity(kind))
            .with_ops(vec![op]);
        let request = AlterClientQuotasRequest::new()
            .with_entries(vec![entry])
            .with_validate_only(check);
        transcript.answer("alter", &ground.controller(request).await?)?;
    }
    let component = ComponentData::new()
        .with_entity_type("client-id")
        .with_match_type(0)
        .with_matches(Some(client.as_str().into()));
    for strict in [false, true] {
        let request = DescribeClientQuotasRequest::new()
            .with_components(vec![component.clone()])
            .with_strict(strict);
        let described = ground
            .until("the change is known", async || {
                let answer = ground.any(request.clone()).await?;
                let values = answer
                    .entries
                    .iter()
                    .flatten()
                    .flat_map(|entry| &entry.values);
                Ok((values.count() == 1).then_some(answer))
            })
            .await?;
        transcript.answer("describe", &described)?;
    }
    Ok(transcript)
}

/// Where leaders' epochs end.
pub(super) async fn epochs(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 3).await?;
    for (current, wanted) in [(-1, 0), (0, 0), (0, 1), (-1, 5), (1, 0), (-1, -1)] {
        let partition = |index| {
            OffsetForLeaderPartition::new()
                .with_partition(index)
                .with_current_leader_epoch(current)
                .with_leader_epoch(wanted)
        };
        let asked = OffsetForLeaderTopic::new()
            .with_topic(topic.as_str())
            .with_partitions(vec![partition(0), partition(3)]);
        let unknown = OffsetForLeaderTopic::new()
            .with_topic(ground.name("unknown"))
            .with_partitions(vec![partition(0)]);
        let request = OffsetForLeaderEpochRequest::new().with_topics(vec![asked, unknown]);
        let answer = ground.leader(&topic, 0, &request).await?;
        transcript.answer(&format!("epoch {wanted} under {current}"), &answer)?;
    }
    Ok(transcript)
}

/// The APIs that clients without share groups, streams and delegation tokens use.
const USED: [i16; 46] = [
    0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29,
    30, 31, 32, 33, 35, 36, 37, 42, 43, 44, 45, 46, 47, 48, 49, 60, 61, 65, 66, 68, 69,
];

/// The APIs on offer, and what the client says of versions that are not.
pub(super) async fn versions(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let deadline = clock::now() + std::time::Duration::from_secs(60);
    let router = ground.kafka().router();
    let connection = router.connection(1, Lane::Control, deadline).await?;
    let ranges = connection.api_versions().ranges();
    for (api, range) in ranges.filter(|(api, _)| USED.contains(api)) {
        transcript.say(format_args!("{api}: {} to {}", range.min, range.max));
    }
    let options = SendOptions::new(std::time::Duration::from_secs(60));
    for options in [options.with_version(99), options.with_max_version(-1)] {
        let answer = connection
            .request(&ListTransactionsRequest::new(), &options)
            .await;
        transcript.outcome("an unknown version", &answer.map(|_| ()));
    }
    Ok(transcript)
}
