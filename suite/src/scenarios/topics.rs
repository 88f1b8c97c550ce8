//! Topics: creating, deleting, growing, and what metadata tells of them.

use std::time::Duration;

use kafka_client::{
    Admin, CreateTopicsOptions, Error, NewTopic, Record, Start, TopicCreated, TopicPartition,
};
use kafka_protocol::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::describe_topic_partitions::{Cursor, TopicRequest};
use kafka_protocol::messages::{
    CreatePartitionsRequest, DescribeClusterRequest, DescribeTopicPartitionsRequest,
};

use super::ground::{EPOCH_MS, Ground, within};
use super::producing::short;
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

const SHORT: Duration = Duration::from_secs(5);

/// With all the settings that a new topic has.
pub(super) async fn creating(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let name = |of: &str| ground.name(of);
    for topic in [
        NewTopic::new(name("plain"), 3, 1),
        NewTopic::with_broker_defaults(name("defaults")),
        NewTopic::new(name("half"), 2, -1),
        NewTopic::with_replicas(name("placed"), [[1], [1]]),
        NewTopic::new(name("settings"), 1, 1)
            .config("cleanup.policy", "compact,delete")
            .config("retention.ms", "12345")
            .config("min.compaction.lag.ms", " 7 ")
            .config("compression.type", "zstd"),
        NewTopic::new(name("a.b"), 1, 1),
        NewTopic::new("x".repeat(249 - name("").len()) + &name(""), 1, 1),
    ] {
        created(
            &mut transcript,
            &ground.kafka().admin().create_topic(topic).await,
        );
    }
    Ok(transcript)
}

fn created(transcript: &mut Transcript, outcome: &std::result::Result<TopicCreated, Error>) {
    let made = match outcome {
        Ok(made) => made,
        Err(error) => return transcript.error("refused", error),
    };
    transcript.say(format_args!(
        "{}: {:?} partitions on {:?}, an id: {}",
        made.name,
        made.partitions,
        made.replication_factor,
        !made.id.is_zero()
    ));
    for (name, config) in made.configs.iter().flatten() {
        transcript.say(format_args!(
            "  {name} = {:?}, {}, {}",
            config.value, config.is_read_only, config.is_sensitive
        ));
    }
}

/// Names, counts, places and settings that can't be.
pub(super) async fn refused(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let admin = ground.kafka().admin();
    let name = |of: &str| ground.name(of);
    ground.create("there", 1).await?;
    ground.create("a.b", 1).await?;
    for topic in [
        NewTopic::new(name("there"), 1, 1),
        NewTopic::new(name("a_b"), 1, 1),
        NewTopic::new("", 1, 1),
        NewTopic::new(".", 1, 1),
        NewTopic::new("..", 1, 1),
        NewTopic::new("a b", 1, 1),
        NewTopic::new("größe", 1, 1),
        NewTopic::new("x".repeat(250), 1, 1),
        NewTopic::new("__consumer_offsets", 1, 1),
        NewTopic::new(name("t"), 0, 1),
        NewTopic::new(name("t"), -2, 1),
        NewTopic::new(name("t"), 1, 0),
        NewTopic::new(name("t"), 1, -2),
        NewTopic::new(name("t"), 1, 4),
        NewTopic::with_replicas(name("t"), [vec![77]]),
        NewTopic::with_replicas(name("t"), [vec![1, 1]]),
        NewTopic::with_replicas(name("t"), [vec![1], vec![]]),
        NewTopic::with_replicas(name("t"), [vec![1], vec![1, 2]]),
        NewTopic::with_replicas(name("t"), [vec![-1]]),
        NewTopic::new(name("t"), 1, 1).config("no.such.setting", "1"),
        NewTopic::new(name("t"), 1, 1).config("retention.ms", "long"),
        NewTopic::new(name("t"), 1, 1).config("retention.ms", "-2"),
        NewTopic::new(name("t"), 1, 1).config("cleanup.policy", "burn"),
        NewTopic::new(name("t"), 1, 1).config("segment.bytes", "3"),
        NewTopic::new(name("t"), 1, 1).config("compression.type", "rar"),
        NewTopic::new(name("t"), 1, 1).config("preallocate", "perhaps"),
        NewTopic::new(name("t"), 1, 1).config("min.insync.replicas", "0"),
        NewTopic::new(name("t"), 1, 1)
            .config("min.compaction.lag.ms", "10")
            .config("max.compaction.lag.ms", "5"),
    ] {
        let outcome = admin.create_topic(topic).await;
        transcript.outcome("create", &outcome.map(|made| made.name));
    }
    Ok(transcript)
}

/// Checks without effect, and several topics at once.
pub(super) async fn checking(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let admin = ground.kafka().admin();
    ground.create("there", 1).await?;
    let topics = || {
        vec![
            NewTopic::new(ground.name("new"), 2, 1).config("segment.ms", "99"),
            NewTopic::new(ground.name("there"), 1, 1),
            NewTopic::new(ground.name("wide"), 1, 9),
        ]
    };
    for check in [true, false, true] {
        let options = CreateTopicsOptions::default().validate_only(check);
        for (name, outcome) in admin.create_topics_with(topics(), options).await {
            transcript.say(format_args!("{name}, a check: {check}"));
            created(&mut transcript, &outcome);
        }
    }
    let twice = vec![
        NewTopic::new(ground.name("twice"), 1, 1),
        NewTopic::new(ground.name("twice"), 2, 1),
    ];
    for (name, outcome) in admin.create_topics(twice).await {
        transcript.outcome(&name, &outcome.map(|made| made.partitions));
    }
    Ok(transcript)
}

/// Deleting topics and asking for them afterwards.
pub(super) async fn deleting(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let kafka = ground.without_creation().await?;
    let admin = kafka.admin();
    let topic = ground.create("t", 2).await?;
    listing(ground, &admin, &mut transcript).await?;
    transcript.outcome("delete", &admin.delete_topic(&topic).await);
    ground.known(&topic, 0).await?;
    listing(ground, &admin, &mut transcript).await?;
    transcript.outcome("delete again", &admin.delete_topic(&topic).await);
    transcript.outcome("delete", &admin.delete_topic("").await);
    transcript.outcome("delete", &admin.delete_topic("a b").await);
    let described = admin.with_timeout(SHORT).describe_topic(&topic).await;
    transcript.outcome("describe", &described.map(|_| ()));
    ground.create("u", 1).await?;
    let both = [ground.name("u"), ground.name("unknown")];
    for (name, outcome) in admin.delete_topics(both).await {
        transcript.outcome(&name, &outcome);
    }
    Ok(transcript)
}

async fn listing(ground: &Ground, admin: &Admin, transcript: &mut Transcript) -> Result<()> {
    let own = ground.name("");
    for topic in admin.list_topics().await? {
        if topic.name.starts_with(&own) {
            transcript.say(format_args!(
                "  {}, internal: {}",
                topic.name, topic.is_internal
            ));
        }
    }
    Ok(())
}

/// A topic that is deleted and created anew under a producer and a consumer.
pub(super) async fn recreated(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let before = ground.kafka().admin().describe_topic(&topic).await?.id();
    // Clients of their own: neither learns of it from the other.
    let (sending, reading) = (
        ground.without_creation().await?,
        ground.without_creation().await?,
    );
    let producer = sending.producer().build().await?;
    let consumer = reading.consumer().assign_topic(&topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    let send = async |text: &str| {
        let record = Record::to(&topic)
            .value(text.to_owned())
            .timestamp_ms(EPOCH_MS);
        Ok::<_, BoxError>(producer.send(record).await?.await)
    };
    for n in 0..3 {
        transcript.ack("before", &send(&format!("before {n}")).await?);
    }
    transcript.records(&ground.take(&mut consumer, 3).await?);
    ground.kafka().admin().delete_topic(&topic).await?;
    ground.known(&topic, 0).await?;
    ground.create("t", 1).await?;
    let after = ground.kafka().admin().describe_topic(&topic).await?.id();
    transcript.say(format_args!("another id: {}", before != after));
    for n in 0..3 {
        transcript.ack("after", &send(&format!("after {n}")).await?);
    }
    transcript.records(&ground.take(&mut consumer, 2).await?);
    Ok(transcript)
}

/// More partitions, and how a running producer comes to use them.
pub(super) async fn growing(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    let unknown = ground.name("unknown");
    let producer = ground.producer().await?;
    let to = |partition| {
        Record::to(&topic)
            .partition(partition)
            .value("v")
            .timestamp_ms(EPOCH_MS)
    };
    transcript.ack("before", &producer.send(to(1)).await?.await);
    transcript.outcome("before", &producer.send(to(3)).await.map(|_| ()));
    let of = |name: &str, count| {
        let topic = CreatePartitionsTopic::new()
            .with_name(name)
            .with_count(count);
        topic.with_assignments(None)
    };
    let on = |brokers: &[&[i32]]| {
        let brokers = brokers.iter();
        let brokers =
            brokers.map(|ids| CreatePartitionsAssignment::new().with_broker_ids(ids.to_vec()));
        Some(brokers.collect::<Vec<_>>())
    };
    for (what, asked, check) in [
        ("as many", of(&topic, 2), false),
        ("fewer", of(&topic, 1), false),
        ("none", of(&topic, 0), false),
        ("negative", of(&topic, -1), false),
        ("unknown", of(&unknown, 4), false),
        ("no place", of(&topic, 3).with_assignments(on(&[])), false),
        (
            "two for one",
            of(&topic, 3).with_assignments(on(&[&[1], &[1]])),
            false,
        ),
        ("nowhere", of(&topic, 3).with_assignments(on(&[&[]])), false),
        (
            "no broker",
            of(&topic, 3).with_assignments(on(&[&[99]])),
            false,
        ),
        (
            "a broker twice",
            of(&topic, 3).with_assignments(on(&[&[1, 1]])),
            false,
        ),
        ("a check", of(&topic, 9), true),
        ("placed", of(&topic, 3).with_assignments(on(&[&[1]])), false),
        ("two more", of(&topic, 5), false),
    ] {
        let request = CreatePartitionsRequest::new()
            .with_topics(vec![asked])
            .with_timeout_ms(30_000)
            .with_validate_only(check);
        transcript.answer(what, &ground.controller(request).await?)?;
    }
    let twice = CreatePartitionsRequest::new()
        .with_topics(vec![of(&topic, 6), of(&topic, 7)])
        .with_timeout_ms(30_000);
    transcript.answer("twice", &ground.controller(twice).await?)?;
    ground.known(&topic, 5).await?;
    // The producer's own task hears of it a moment later.
    let delivery = ground
        .until("the producer knows of the partition", async || {
            Ok(producer.send(to(4)).await.ok())
        })
        .await?;
    transcript.ack("after, to 4", &delivery.await);
    for partition in [2, 3, 5] {
        let outcome = match producer.send(to(partition)).await {
            Ok(delivery) => delivery.await,
            Err(error) => Err(error),
        };
        transcript.ack(&format!("after, to {partition}"), &outcome);
    }
    let consumer = ground
        .kafka()
        .consumer()
        .assign_topic(&topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    transcript.records(&ground.take(&mut consumer, 4).await?);
    Ok(transcript)
}

/// Topics that come into being when they are used.
pub(super) async fn auto_creation(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let sent = ground.name("sent");
    let producer = ground.producer().await?;
    transcript.ack(
        "sent",
        &producer.send(Record::to(&sent).value("v")).await?.await,
    );
    let read = ground.name("read");
    let consumer = ground.kafka().consumer();
    let mut consumer = consumer
        .assign_topic(&read, Start::Earliest)
        .build()
        .await?;
    transcript.ack(
        "sent",
        &producer.send(Record::to(&read).value("v")).await?.await,
    );
    transcript.records(&ground.take(&mut consumer, 1).await?);
    for topic in [&sent, &read] {
        let found = ground.kafka().admin().describe_topic(topic).await?;
        transcript.say(format_args!("{} partition(s)", found.partitions().len()));
    }
    for bad in ["a b", "", "..", &"x".repeat(250)] {
        let outcome = producer.send(Record::to(bad).value("v")).await;
        transcript.outcome("sent", &outcome.map(|_| ()));
    }
    let described = ground.kafka().admin().with_timeout(SHORT);
    let described = described.describe_topic(&ground.name("asked")).await;
    transcript.outcome("describe", &described.map(|_| ()));
    listing(ground, &ground.kafka().admin(), &mut transcript).await?;
    Ok(transcript)
}

/// Topics that are not there and must not come into being.
pub(super) async fn missing(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let kafka = ground.without_creation().await?;
    let topic = ground.name("t");
    let producer = kafka.producer().max_block(SHORT).build().await?;
    let outcome = producer.send(Record::to(&topic).value("v")).await;
    transcript.outcome("send", &outcome.map(|_| ()));
    transcript.outcome("topic", &producer.topic(&topic).await.map(|_| ()));
    let described = kafka.admin().describe_topic(&topic).await;
    transcript.outcome("describe", &described.map(|_| ()));
    let names = [ground.create("there", 2).await?, topic.clone()];
    for (name, outcome) in kafka.admin().describe_topics(names).await {
        transcript.outcome(&name, &outcome.map(|found| found.partitions().len()));
    }
    // A topic that goes while records are on their way to it.
    let doomed = ground.create("doomed", 1).await?;
    let producer = kafka.producer();
    let producer = producer.delivery_timeout(Duration::from_secs(10));
    let producer = producer.request_timeout(Duration::from_secs(5));
    let producer = producer.build().await?;
    let record = || Record::to(&doomed).value("v").timestamp_ms(EPOCH_MS);
    transcript.ack("sent", &producer.send(record()).await?.await);
    ground.kafka().admin().delete_topic(&doomed).await?;
    ground.known(&doomed, 0).await?;
    let outcome = match producer.send(record()).await {
        Ok(delivery) => within("an outcome", delivery).await?,
        Err(error) => Err(error),
    };
    transcript.ack("to a deleted topic", &outcome);
    Ok(transcript)
}

/// Brokers, leaders, replicas, epochs and ids.
pub(super) async fn metadata(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    let found = ground.kafka().admin().describe_topic(&topic).await?;
    transcript.say(format_args!(
        "internal: {}, error: {:?}",
        found.is_internal(),
        found.error()
    ));
    for partition in found.partitions() {
        transcript.say(format_args!("  {partition:?}"));
    }
    let cluster = ground.kafka().router().cluster();
    for broker in cluster.brokers() {
        transcript.say(format_args!("broker {}, rack {:?}", broker.id, broker.rack));
    }
    let id = cluster.cluster_id().map(|id| id.len());
    transcript.say(format_args!("an id of {id:?} characters"));
    transcript.say(format_args!("controller {:?}", cluster.controller_id()));
    for operations in [false, true] {
        let request =
            DescribeClusterRequest::new().with_include_cluster_authorized_operations(operations);
        transcript.answer("cluster", &ground.any(request).await?)?;
    }
    let request = DescribeClusterRequest::new().with_endpoint_type(2);
    transcript.answer("controllers", &ground.any(request).await?)?;
    let unknown = ground.name("unknown");
    let ask = |name: &str| TopicRequest::new().with_name(name);
    for cursor in [None, Some((topic.as_str(), 1)), Some((topic.as_str(), -1))] {
        let cursor = cursor.map(|(topic, partition)| {
            Cursor::new()
                .with_topic_name(topic)
                .with_partition_index(partition)
        });
        let request = DescribeTopicPartitionsRequest::new()
            .with_topics(vec![ask(&unknown), ask(&topic)])
            .with_response_partition_limit(2)
            .with_cursor(cursor);
        transcript.answer("partitions", &ground.any(request).await?)?;
    }
    let consumer = ground
        .kafka()
        .consumer()
        .group(ground.name("g"))
        .build()
        .await?;
    consumer.commit_offsets([((topic.as_str(), 0), 1)]).await?;
    let offsets = ground
        .kafka()
        .admin()
        .describe_topic("__consumer_offsets")
        .await?;
    transcript.say(format_args!(
        "{} partitions of offsets, internal: {}",
        offsets.partitions().len(),
        offsets.is_internal()
    ));
    let own: [TopicPartition; 1] = [(topic.as_str(), 0).into()];
    transcript.outcome("committed", &consumer.committed(own).await.map(short));
    Ok(transcript)
}
