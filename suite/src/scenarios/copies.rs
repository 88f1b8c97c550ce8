//! Three brokers: leaders, copies, moves and elections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_client::{Acks, NewTopic, Record, Start, Topic};
use kafka_protocol::ErrorCode;
use kafka_protocol::messages::alter_partition_reassignments::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::elect_leaders::TopicPartitions;
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, DescribeClusterRequest, ElectLeadersRequest,
    ListPartitionReassignmentsRequest,
};

use super::ground::{EPOCH_MS, Ground};
use super::groups::{commit, listed};
use super::producing::short;
use super::transcript::Transcript;
use crate::{BoxError, clock};

type Result<T> = std::result::Result<T, BoxError>;

const LIMIT: Duration = Duration::from_secs(60);

/// The brokers.
pub(super) async fn cluster(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    for broker in ground.kafka().router().cluster().brokers() {
        transcript.say(format_args!("broker {}, rack {:?}", broker.id, broker.rack));
    }
    let mut answer = ground.any(DescribeClusterRequest::new()).await?;
    transcript.say(format_args!(
        "a controller among them: {}",
        answer
            .brokers
            .iter()
            .any(|one| one.broker_id == answer.controller_id)
    ));
    answer.controller_id = -1;
    transcript.answer("cluster", &answer)?;
    Ok(transcript)
}

/// Leaders and copies are spread evenly, and everything is read back.
pub(super) async fn spread(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    for copies in [1, 2, 3] {
        let topic = NewTopic::new(ground.name(&format!("t{copies}")), 6, copies);
        let topic = ground.make(topic.config("retention.ms", "-1")).await?;
        let found = ground.kafka().admin().describe_topic(&topic).await?;
        let (mut leading, mut holding) = (BTreeMap::new(), BTreeMap::new());
        for partition in found.partitions() {
            *leading.entry(partition.leader).or_insert(0) += 1;
            for replica in &partition.replicas {
                *holding.entry(*replica).or_insert(0) += 1;
            }
            let first = partition.replicas.first().copied();
            transcript.say(format_args!(
                "  {} copies, the first leads: {}",
                partition.replicas.len(),
                first == partition.leader
            ));
        }
        transcript.say(format_args!("leading {leading:?}, holding {holding:?}"));
        let producer = ground.producer().await?;
        for n in 0..18 {
            let record = Record::to(&topic).partition(n % 6).value(format!("{n}"));
            producer.send(record.timestamp_ms(EPOCH_MS)).await?.await?;
        }
        let consumer = ground.kafka().consumer();
        let consumer = consumer.assign_topic(&topic, Start::Earliest);
        let mut consumer = consumer.build().await?;
        transcript.records(&ground.take(&mut consumer, 18).await?);
    }
    Ok(transcript)
}

/// A topic whose partitions are placed by hand.
async fn placed_topic(ground: &Ground, of: &str, places: &[&[i32]]) -> Result<String> {
    let places = places.iter().map(|brokers| brokers.to_vec());
    let topic = NewTopic::with_replicas(ground.name(of), places);
    ground.make(topic.config("retention.ms", "-1")).await
}

/// Partitions are where they were put.
pub(super) async fn placed(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = placed_topic(ground, "t", &[&[2, 3], &[1, 3], &[3, 2], &[3, 1]]).await?;
    let router = ground.kafka().router();
    let cluster = router.refresh(&[&topic], clock::now() + LIMIT).await?;
    places(
        cluster.topic(&topic).ok_or("the topic is gone")?,
        &mut transcript,
    );
    let producer = ground.producer().await?;
    for partition in 0..4 {
        let record = Record::to(&topic).partition(partition).value("v");
        let ack = producer.send(record.timestamp_ms(EPOCH_MS)).await?.await;
        transcript.ack("sent", &ack);
    }
    let consumer = ground
        .kafka()
        .consumer()
        .assign_topic(&topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    transcript.records(&ground.take(&mut consumer, 4).await?);
    let all = (0..4).map(|partition| (topic.as_str(), partition));
    transcript.outcome("ends", &consumer.end_offsets(all).await.map(short));
    Ok(transcript)
}

/// Places and copies that can't be.
pub(super) async fn refused(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let admin = ground.kafka().admin();
    let name = || ground.name("t");
    for topic in [
        NewTopic::new(name(), 1, 4),
        NewTopic::with_replicas(name(), [vec![1, 2], vec![3]]),
        NewTopic::with_replicas(name(), [vec![2, 9]]),
        NewTopic::with_replicas(name(), [vec![3, 3]]),
    ] {
        let outcome = admin.create_topic(topic).await;
        transcript.outcome("create", &outcome.map(|made| made.name));
    }
    Ok(transcript)
}

/// Who leads each partition, and who has a copy.
fn places(topic: &Topic, transcript: &mut Transcript) {
    for partition in topic.partitions() {
        let mut in_sync = partition.isr.clone();
        in_sync.sort_unstable();
        transcript.say(format_args!(
            "  {}: leader {:?}, copies {:?}, in sync {in_sync:?}, offline {:?}",
            partition.id, partition.leader, partition.replicas, partition.offline
        ));
    }
}

async fn reassign(
    ground: &Ground,
    topic: &str,
    partition: i32,
    replicas: Option<Vec<i32>>,
) -> Result<kafka_protocol::messages::AlterPartitionReassignmentsResponse> {
    let partition = ReassignablePartition::new()
        .with_partition_index(partition)
        .with_replicas(replicas);
    let asked = ReassignableTopic::new()
        .with_name(topic)
        .with_partitions(vec![partition]);
    let request = AlterPartitionReassignmentsRequest::new()
        .with_topics(vec![asked])
        .with_timeout_ms(30_000);
    ground.controller(request).await
}

/// Waits until no move is under way and this broker leads; what was seen then, for
/// another broker may not know of it yet.
async fn settled(ground: &Ground, topic: &str, leader: i32, copies: &[i32]) -> Result<Arc<Topic>> {
    let router = ground.kafka().router();
    ground
        .until("the move is over", async || {
            let request = ListPartitionReassignmentsRequest::new().with_timeout_ms(30_000);
            let moving = ground.controller(request).await?.topics;
            let cluster = router.refresh(&[topic], clock::now() + LIMIT).await?;
            let found = cluster.topic(topic);
            let first = found.and_then(|topic| topic.partition(0));
            let there = first.is_some_and(|found| {
                let mut in_sync = found.isr.clone();
                in_sync.sort_unstable();
                let mut wanted = copies.to_vec();
                wanted.sort_unstable();
                found.leader == Some(leader) && found.replicas == copies && in_sync == wanted
            });
            let still = moving.iter().any(|moving| moving.name == topic);
            Ok(found.filter(|_| there && !still).cloned())
        })
        .await
}

/// A partition moves to other brokers, under a producer and a consumer.
pub(super) async fn moving(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = placed_topic(ground, "t", &[&[1, 2]]).await?;
    let producer = ground.producer().await?;
    let consumer = ground
        .kafka()
        .consumer()
        .assign_topic(&topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    let mut n = 0;
    for (copies, leader) in [(vec![3, 2], 3), (vec![2], 2), (vec![1, 2, 3], 1)] {
        for _ in 0..2 {
            let record = Record::to(&topic).value(format!("v{n}"));
            let ack = producer.send(record.timestamp_ms(EPOCH_MS)).await?.await;
            transcript.ack("sent", &ack);
            n += 1;
        }
        // The epochs are those of elections, which differ.
        for record in ground.take(&mut consumer, 2).await? {
            transcript.say(format_args!("  {}: {:?}", record.offset, record.value));
        }
        let answer = reassign(ground, &topic, 0, Some(copies.clone())).await?;
        transcript.answer("move", &answer)?;
        // Whoever leads keeps leading while it stays a copy.
        let leader = if leader == 1 { 2 } else { leader };
        places(
            &*settled(ground, &topic, leader, &copies).await?,
            &mut transcript,
        );
    }
    for (what, partition, replicas) in [
        ("nothing to cancel", 0, None),
        ("an unknown broker", 0, Some(vec![8])),
        ("a broker twice", 0, Some(vec![1, 1])),
        ("an unknown partition", 5, Some(vec![1])),
    ] {
        let answer = reassign(ground, &topic, partition, replicas).await?;
        transcript.answer(what, &answer)?;
    }
    Ok(transcript)
}

/// The preferred broker leads again.
pub(super) async fn electing(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = placed_topic(ground, "t", &[&[1, 2, 3]]).await?;
    let elect = async || {
        let asked = TopicPartitions::new()
            .with_topic(topic.as_str())
            .with_partitions(vec![0]);
        let request = ElectLeadersRequest::new()
            .with_topic_partitions(Some(vec![asked]))
            .with_timeout_ms(30_000);
        ground.controller(request).await
    };
    transcript.answer("elect", &elect().await?)?;
    transcript.answer(
        "move",
        &reassign(ground, &topic, 0, Some(vec![3, 1, 2])).await?,
    )?;
    settled(ground, &topic, 1, &[3, 1, 2]).await?;
    transcript.answer("elect", &elect().await?)?;
    places(
        &*settled(ground, &topic, 3, &[3, 1, 2]).await?,
        &mut transcript,
    );
    transcript.answer("elect", &elect().await?)?;
    ground.fill(&topic, 0, 2).await?;
    let mut consumer = ground.reader(&topic, 0).await?;
    for record in ground.take(&mut consumer, 2).await? {
        transcript.say(format_args!("  {}: {:?}", record.offset, record.value));
    }
    Ok(transcript)
}

/// More copies wanted in sync than there are.
pub(super) async fn in_sync(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    for (copies, wanted) in [(3, 3), (2, 2), (2, 3), (1, 2)] {
        let topic = NewTopic::new(ground.name(&format!("t{copies}{wanted}")), 1, copies)
            .config("retention.ms", "-1")
            .config("min.insync.replicas", wanted.to_string());
        let topic = ground.make(topic).await?;
        for acks in [Acks::All, Acks::Leader] {
            let producer = ground.kafka().producer().acks(acks);
            let producer = producer.build().await?;
            let record = Record::to(&topic).value("v").timestamp_ms(EPOCH_MS);
            let ack = producer.send(record).await?.await;
            transcript.ack(&format!("{wanted} of {copies}, {acks:?}"), &ack);
        }
    }
    Ok(transcript)
}

/// Groups on all brokers.
pub(super) async fn groups(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = NewTopic::new(ground.name("t"), 1, 3);
    let topic = ground.make(topic).await?;
    for n in 0..10 {
        commit(ground, &ground.name(&format!("g{n}")), &topic).await?;
    }
    let brokers: Vec<i32> = {
        let cluster = ground.kafka().router().cluster();
        cluster.brokers().map(|broker| broker.id).collect()
    };
    let mut all = Vec::new();
    for broker in brokers {
        // A broker may still be reading what it takes over.
        let (code, groups) = ground
            .until("the groups are read", async || {
                let (code, groups) = listed(ground, broker, &[], &[]).await?;
                let loading = code == ErrorCode::CoordinatorLoadInProgress.code();
                Ok((!loading).then_some((code, groups)))
            })
            .await?;
        transcript.say(format_args!("code {code}"));
        all.extend(groups.into_iter().map(|group| group.group_id));
    }
    all.sort();
    transcript.say(format_args!("{all:?}"));
    for n in 0..10 {
        let group = ground
            .kafka()
            .consumer()
            .group(ground.name(&format!("g{n}")));
        let committed = group.build().await?.committed([(topic.as_str(), 0)]).await;
        transcript.outcome("committed", &committed.map(short));
    }
    Ok(transcript)
}

/// A topic deleted and created anew, on other brokers.
pub(super) async fn recreated(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    // Clients of their own: neither learns of it from the other.
    let (sending, reading) = (
        ground.without_creation().await?,
        ground.without_creation().await?,
    );
    let topic = placed_topic(ground, "t", &[&[1], &[2]]).await?;
    let producer = sending.producer().build().await?;
    let consumer = reading.consumer().assign_topic(&topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    for partition in 0..2 {
        let record = Record::to(&topic).partition(partition).value("before");
        let ack = producer.send(record.timestamp_ms(EPOCH_MS)).await?.await;
        transcript.ack("sent", &ack);
    }
    transcript.records(&ground.take(&mut consumer, 2).await?);
    ground.kafka().admin().delete_topic(&topic).await?;
    ground.known(&topic, 0).await?;
    placed_topic(ground, "t", &[&[2], &[3]]).await?;
    // What was meant for the topic before is refused, by every partition's leader.
    for partition in [0, 0, 1, 1] {
        let record = Record::to(&topic).partition(partition).value("after");
        let ack = producer.send(record.timestamp_ms(EPOCH_MS)).await?.await;
        transcript.ack(&format!("to {partition}"), &ack);
    }
    transcript.records(&ground.take(&mut consumer, 3).await?);
    Ok(transcript)
}
