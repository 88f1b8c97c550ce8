//! Versions, topics, coordinators.

use kafka_client::{CoordinatorKind, CreateTopicsOptions, NewTopic};
use kafka_net::Lane;
use kafka_protocol::{ApiKey, VersionRange};
use kafka_test_broker::Era;
use tokio::time::timeout;

use super::ground::{LIMIT, deadline, ensure, unless_too_old};
use super::{Ground, Mark, Release};
use crate::BoxError;

/// The connection holds what the broker said, which is what its release serves.
pub(super) async fn negotiation(ground: &Ground) -> Result<Mark, BoxError> {
    let connection = ground
        .kafka
        .router()
        .any_connection(Lane::Control, deadline());
    let connection = connection.await?;
    let versions = connection.api_versions();
    let era: Era = ground.number().parse()?;
    let real = era.api_versions();
    let served = |key: ApiKey| real.iter().find(|(other, _)| *other == key);
    for (key, range) in versions.ranges() {
        let key = ApiKey::from_code(key).ok_or("an API that nobody knows")?;
        let fits = served(key).is_some_and(|(_, real)| match versions.is_negotiated() {
            true => *real == range,
            // What the oldest have in common.
            false => real.min <= range.min && range.max <= real.max,
        });
        // 0.8.2 has no groups, but cannot be told from 0.9.
        let is_group = matches!(
            key,
            ApiKey::JoinGroup
                | ApiKey::SyncGroup
                | ApiKey::Heartbeat
                | ApiKey::LeaveGroup
                | ApiKey::DescribeGroups
                | ApiKey::ListGroups
        );
        let fits = fits || (is_group && !versions.is_negotiated());
        ensure(fits, || format!("{key} {range:?} is not of {era}"))?;
    }
    let produce = versions.range(ApiKey::Produce);
    let produce = produce.unwrap_or(VersionRange::new(-1, -1));
    ensure(produce.max >= 0, || "no Produce".to_owned())?;
    Ok(match versions.is_negotiated() {
        true => Mark::Works,
        false => Mark::Lacks,
    })
}

pub(super) async fn listed(ground: &Ground) -> Result<Mark, BoxError> {
    touch(ground, "listed").await?;
    let topics = ground.kafka.admin().list_topics().await?;
    ensure(topics.iter().any(|topic| topic.name == "listed"), || {
        format!("{topics:?}")
    })?;
    let topic = ground.kafka.admin().describe_topic("listed").await?;
    let leaders: Vec<_> = topic
        .partitions()
        .iter()
        .map(|partition| partition.leader)
        .collect();
    ensure(leaders == [Some(1)], || format!("leaders {leaders:?}"))?;
    Ok(Mark::Works)
}

pub(super) async fn topic_ids(ground: &Ground) -> Result<Mark, BoxError> {
    touch(ground, "ids").await?;
    let topic = ground.kafka.admin().describe_topic("ids").await?;
    Ok(match topic.id().is_zero() {
        true => Mark::Lacks,
        false => Mark::Works,
    })
}

pub(super) async fn made_and_deleted(ground: &Ground) -> Result<Mark, BoxError> {
    let admin = ground.kafka.admin();
    let deleted = timeout(LIMIT, admin.delete_topic("never-there")).await?;
    let is_missing = deleted
        .as_ref()
        .is_err_and(|error| error.broker_error().is_some());
    let can_delete = match deleted {
        _ if is_missing => true,
        deleted => unless_too_old(deleted, "0.10.1")?.is_some(),
    };
    let made = timeout(LIMIT, admin.create_topic(NewTopic::new("made", 3, 1))).await?;
    let can_make = unless_too_old(made, "0.10.1")?.is_some();
    ensure(can_make == can_delete, || {
        format!("make: {can_make}, delete: {can_delete}")
    })?;
    if !can_make {
        return Ok(Mark::Refused);
    }
    let partitions = ground.kafka.router().topic("made", deadline()).await?;
    let partitions = partitions.partitions().len();
    ensure(partitions == 3, || format!("{partitions} partitions"))?;
    admin.delete_topic("made").await?;
    Ok(Mark::Works)
}

pub(super) async fn only_checked(ground: &Ground) -> Result<Mark, BoxError> {
    let options = CreateTopicsOptions::default().validate_only(true);
    let new = vec![NewTopic::new("checked", 1, 1)];
    let results = ground.kafka.admin().create_topics_with(new, options).await;
    let result = results.into_values().next().ok_or("no result")?;
    refused_or(result, of_creating(ground, "0.10.2"))
}

pub(super) async fn by_defaults(ground: &Ground) -> Result<Mark, BoxError> {
    let new = NewTopic::with_broker_defaults("defaults");
    let made = ground.kafka.admin().create_topic(new).await;
    refused_or(made, of_creating(ground, "2.4"))
}

pub(super) async fn transaction_coordinator(ground: &Ground) -> Result<Mark, BoxError> {
    let router = ground.kafka.router();
    let found = router.coordinator(CoordinatorKind::Transaction, "matrix", deadline());
    refused_or(found.await, "0.11")
}

/// The release that is named for a special wish when topics are made: where none can be
/// made at all, that for this.
fn of_creating(ground: &Ground, since: &'static str) -> &'static str {
    let any = "0.10.1";
    if ground.release() < Release::of(any) {
        any
    } else {
        since
    }
}

fn refused_or<T>(result: Result<T, kafka_client::Error>, since: &str) -> Result<Mark, BoxError> {
    Ok(match unless_too_old(result, since)? {
        Some(_) => Mark::Works,
        None => Mark::Refused,
    })
}

/// Makes brokers create a topic, by asking for it as a producer does.
async fn touch(ground: &Ground, topic: &str) -> Result<(), BoxError> {
    ground.kafka.router().topic(topic, deadline()).await?;
    Ok(())
}
