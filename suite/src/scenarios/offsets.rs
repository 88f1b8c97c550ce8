//! Committed offsets.

use kafka_client::{Kafka, OffsetAndMetadata, Start};
use kafka_protocol::messages::offset_delete::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{DeleteGroupsRequest, OffsetDeleteRequest};

use super::ground::Ground;
use super::producing::short;
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

/// Every way to commit, and what is kept.
pub(super) async fn commits(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    for partition in 0..3 {
        ground.fill(&topic, partition, 4).await?;
    }
    let group = ground.name("g");
    let consumer = ground.kafka().consumer().group(&group);
    let mut consumer = consumer
        .assign_topic(&topic, Start::Earliest)
        .build()
        .await?;
    told(ground, &mut transcript, "before", &group, &topic).await?;
    ground.take(&mut consumer, 12).await?;
    transcript.outcome("commit", &consumer.commit().await);
    told(ground, &mut transcript, "positions", &group, &topic).await?;
    transcript.outcome("commit again", &consumer.commit().await);
    consumer.seek(&topic, 1, Start::Earliest)?;
    let records = ground.take(&mut consumer, 2).await?;
    let second = records.get(1).ok_or("two records")?;
    transcript.outcome("commit_through", &consumer.commit_through(second).await);
    told(ground, &mut transcript, "one record", &group, &topic).await?;
    let with = OffsetAndMetadata::new(1)
        .with_metadata("for people")
        .with_leader_epoch(0);
    let offsets = [
        ((topic.as_str(), 0), with),
        (
            (topic.as_str(), 2),
            OffsetAndMetadata::new(1_000_000).with_metadata(""),
        ),
    ];
    transcript.outcome("commit_offsets", &consumer.commit_offsets(offsets).await);
    told(ground, &mut transcript, "with metadata", &group, &topic).await?;
    let back = consumer.commit_offsets([((topic.as_str(), 0), 0)]).await;
    transcript.outcome("commit of an older offset", &back);
    told(ground, &mut transcript, "older", &group, &topic).await?;
    Ok(transcript)
}

/// Reading goes on where the group committed.
pub(super) async fn resuming(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 9).await?;
    let group = ground.name("g");
    for _ in 0..3 {
        let consumer = ground.kafka().consumer().group(&group);
        let consumer = consumer.assign_topic(&topic, Start::Committed);
        let mut consumer = consumer.build().await?;
        transcript.say("a session");
        transcript.records(&ground.take(&mut consumer, 3).await?);
        transcript.outcome("commit", &consumer.commit().await);
    }
    let other = ground.kafka().consumer().group(ground.name("other"));
    let other = other.assign_topic(&topic, Start::Committed);
    transcript.say("another group");
    transcript.records(&ground.take(&mut other.build().await?, 1).await?);
    Ok(transcript)
}

/// Commits and look-ups that are refused.
pub(super) async fn refused(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let unknown = ground.name("unknown");
    let without = ground.kafka().consumer().build().await?;
    transcript.outcome("no group", &without.commit().await);
    let committed = without.committed([(topic.as_str(), 0)]).await;
    transcript.outcome("no group", &committed);
    let consumer = ground
        .kafka()
        .consumer()
        .group(ground.name("g"))
        .build()
        .await?;
    for (topic, partition) in [
        (topic.as_str(), 0),
        (topic.as_str(), 1),
        (unknown.as_str(), 0),
    ] {
        let kept = consumer.commit_offsets([((topic, partition), 5)]).await;
        transcript.outcome(&format!("commit to {partition}"), &kept);
        let committed = consumer.committed([(topic, partition)]).await;
        transcript.outcome("committed", &committed.map(short));
    }
    let negative = consumer.commit_offsets([((topic.as_str(), 0), -1)]).await;
    transcript.outcome("negative", &negative);
    for length in [4_096, 4_097] {
        let long = OffsetAndMetadata::new(1).with_metadata("m".repeat(length));
        let kept = consumer.commit_offsets([((topic.as_str(), 0), long)]).await;
        transcript.outcome(&format!("{length} bytes of metadata"), &kept);
    }
    let later = OffsetAndMetadata::new(2).with_leader_epoch(77);
    let kept = consumer
        .commit_offsets([((topic.as_str(), 0), later)])
        .await;
    transcript.outcome("an epoch to come", &kept);
    let empty = ground.kafka().consumer().group("").build().await;
    if let Ok(empty) = &empty {
        let kept = empty.commit_offsets([((topic.as_str(), 0), 1)]).await;
        transcript.outcome("a group without a name", &kept);
    }
    transcript.outcome("a group without a name", &empty.map(|_| ()));
    Ok(transcript)
}

/// What was committed for a topic is gone with it.
pub(super) async fn recreated(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let group = ground.name("g");
    let kafka = ground.without_creation().await?;
    for round in 0..2 {
        let topic = ground.create("t", 1).await?;
        ground.fill(&topic, 0, 3).await?;
        let consumer = fresh(&kafka, &group).await?;
        let committed = consumer.committed([(topic.as_str(), 0)]).await;
        transcript.outcome(
            &format!("committed in round {round}"),
            &committed.map(short),
        );
        let kept = consumer.commit_offsets([((topic.as_str(), 0), 2)]).await;
        transcript.outcome("commit", &kept);
        let committed = consumer.committed([(topic.as_str(), 0)]).await;
        transcript.outcome("committed", &committed.map(short));
        ground.kafka().admin().delete_topic(&topic).await?;
        ground.known(&topic, 0).await?;
        kafka.router().forget_topic(&topic);
        let consumer = fresh(&kafka, &group).await?;
        // The group's coordinator is told of the deletion in its own time.
        let committed = ground
            .until("the offset is gone", async || {
                let committed = consumer.committed([(topic.as_str(), 0)]).await;
                let kept = matches!(&committed, Ok(found) if found.values().any(Option::is_some));
                Ok((!kept).then_some(committed))
            })
            .await?;
        transcript.outcome("committed, without the topic", &committed.map(short));
    }
    Ok(transcript)
}

/// Offsets that an administrator deletes.
pub(super) async fn deleting(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    let unknown = ground.name("unknown");
    let group = ground.name("g");
    let consumer = fresh(ground.kafka(), &group).await?;
    let offsets = (0..3).map(|partition| ((topic.as_str(), partition), 7));
    consumer.commit_offsets(offsets).await?;
    for (topic, partitions) in [(&topic, vec![0, 2, 9]), (&unknown, vec![0])] {
        let partitions = partitions.into_iter();
        let partitions: Vec<_> = partitions
            .map(|index| OffsetDeleteRequestPartition::new().with_partition_index(index))
            .collect();
        let asked = OffsetDeleteRequestTopic::new()
            .with_name(topic.as_str())
            .with_partitions(partitions);
        for group in [group.as_str(), &ground.name("no-such-group")] {
            let request = OffsetDeleteRequest::new()
                .with_group_id(group)
                .with_topics(vec![asked.clone()]);
            transcript.answer("delete offsets", &ground.group(group, request).await?)?;
        }
    }
    told(ground, &mut transcript, "left", &group, &topic).await?;
    let request = DeleteGroupsRequest::new().with_groups_names(vec![group.as_str().into()]);
    transcript.answer("delete the group", &ground.group(&group, request).await?)?;
    told(ground, &mut transcript, "left", &group, &topic).await?;
    let kept = consumer.commit_offsets([((topic.as_str(), 1), 3)]).await;
    transcript.outcome("commit", &kept);
    told(ground, &mut transcript, "again", &group, &topic).await?;
    Ok(transcript)
}

async fn fresh(kafka: &Kafka, group: &str) -> Result<kafka_client::Consumer> {
    Ok(kafka.consumer().group(group).build().await?)
}

/// What the group has for three partitions.
async fn told(
    ground: &Ground,
    transcript: &mut Transcript,
    what: &str,
    group: &str,
    topic: &str,
) -> Result<()> {
    let consumer = fresh(ground.kafka(), group).await?;
    let committed = consumer
        .committed((0..3).map(|partition| (topic, partition)))
        .await;
    transcript.outcome(what, &committed.map(short));
    Ok(())
}
