//! Asks leaders for offsets.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kafka_net::{Error, Lane, SendOptions, clock};
use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::{ErrorCode, StrBytes};
use kafka_router::{Backoff, Router};
use tokio::time::sleep_until;

use crate::assignment::TopicPartition;
use crate::config::ConsumerConfig;
use crate::error;
use crate::offsets::{self, OffsetFound, Question};

/// A record's offset and timestamp, as [`offsets_for_times`] finds them.
///
/// [`offsets_for_times`]: crate::Consumer::offsets_for_times
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffsetAndTimestamp {
    /// The record's offset.
    pub offset: i64,
    /// Its timestamp, in milliseconds since 1970.
    pub timestamp: i64,
}

/// Asks one broker once. The answers are in the order of the questions.
pub(crate) async fn ask(
    router: &Router,
    config: &ConsumerConfig,
    broker: i32,
    questions: &[Question<'_>],
) -> Result<Vec<OffsetFound>, Error> {
    let limit = config.request_timeout;
    let deadline = clock::now() + limit;
    let connection = router.attempt(broker, Lane::Control, deadline).await?;
    let version = connection.version_of::<ListOffsetsRequest>(None)?;
    let timeout_ms = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    // What this version can't express gets an error of its own; the rest is asked.
    let (possible, impossible): (Vec<Question<'_>>, Vec<Question<'_>>) = questions
        .iter()
        .partition(|(_, _, timestamp)| version >= offsets::min_version(*timestamp));
    let refusal = if impossible.is_empty() {
        None
    } else {
        let least = offsets::min_version(0);
        let options = SendOptions::new(limit).with_min_version(least);
        let request = offsets::request(least, config.isolation, timeout_ms, impossible);
        // Nothing is sent: the broker has no such version, which the error says.
        connection.request(&request, &options).await.err()
    };
    let mut found = Vec::new();
    if !possible.is_empty() {
        let asked = possible.iter().copied();
        let request = offsets::request(version, config.isolation, timeout_ms, asked);
        let options = SendOptions::new(limit).with_version(version);
        let response = connection.request(&request, &options).await?;
        let partitions = possible.iter().map(|(partition, _, _)| *partition);
        found = offsets::read(partitions, &response);
    }
    let mut found = found.into_iter();
    let answers = questions.iter().map(|(_, _, timestamp)| match &refusal {
        Some(error) if version < offsets::min_version(*timestamp) => {
            OffsetFound::Failed(error.clone().with_hint(
                "finding offsets by time needs Kafka 0.10.1 or later; start from an offset",
            ))
        }
        _ => found.next().unwrap_or(OffsetFound::Later),
    });
    Ok(answers.collect())
}

/// What is asked for several partitions: their timestamps by partition.
pub(crate) type Wanted = BTreeMap<TopicPartition, i64>;

/// What was found; `None` where no record is that late.
pub(crate) type Found = BTreeMap<TopicPartition, Option<OffsetAndTimestamp>>;

/// Asks all leaders concerned, again and again until each has answered or the
/// deadline is near.
pub(crate) async fn query(
    router: Router,
    config: std::sync::Arc<ConsumerConfig>,
    mut wanted: Wanted,
    deadline: Instant,
) -> Result<Found, Error> {
    let backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
    let mut found = Found::new();
    let mut attempt = 0;
    while !wanted.is_empty() {
        let (by_leader, mut last_error) = by_leader(&router, &wanted, deadline).await?;
        let mut rounds = by_leader
            .into_iter()
            .map(|(broker, asked)| {
                let (router, config) = (&router, &config);
                async move {
                    let questions: Vec<_> = asked
                        .iter()
                        .map(|(partition, epoch, timestamp)| (partition, *epoch, *timestamp))
                        .collect();
                    let answers = ask(router, config, broker, &questions).await;
                    (asked, answers)
                }
            })
            .collect::<FuturesUnordered<_>>();
        while let Some((asked, answers)) = rounds.next().await {
            match answers {
                Ok(answers) => {
                    for ((partition, _, _), answer) in asked.into_iter().zip(answers) {
                        match answer {
                            OffsetFound::At { offset, timestamp } => {
                                wanted.remove(&partition);
                                let at = OffsetAndTimestamp { offset, timestamp };
                                found.insert(partition, Some(at));
                            }
                            OffsetFound::None => {
                                wanted.remove(&partition);
                                found.insert(partition, None);
                            }
                            OffsetFound::Failed(error) => {
                                return Err(error::at(&partition, error));
                            }
                            OffsetFound::Retry { error, .. } => {
                                router.request_refresh(Some(&partition.topic));
                                last_error = Some(error::at(&partition, error));
                            }
                            OffsetFound::Later => {}
                        }
                    }
                }
                Err(error) if error.is_retriable() => {
                    for (partition, _, _) in &asked {
                        router.request_refresh(Some(&partition.topic));
                    }
                    last_error = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        drop(rounds);
        if wanted.is_empty() {
            break;
        }
        let next = clock::now() + backoff.delay(attempt, router.env().random());
        attempt += 1;
        if next >= deadline {
            let error = last_error.unwrap_or_else(|| late(&config));
            return Err(error.with_attempts(attempt));
        }
        sleep_until(next.into()).await;
    }
    Ok(found)
}

/// The error at the deadline, when nothing more is known.
pub(crate) fn late(config: &ConsumerConfig) -> Error {
    Error::timeout("the offsets were not found out", config.api_timeout)
}

/// Partition, leader epoch, timestamp.
type Asked = Vec<(TopicPartition, i32, i64)>;

/// Groups the partitions by their leaders. Those without one are left out; the
/// error tells of them.
async fn by_leader(
    router: &Router,
    wanted: &Wanted,
    deadline: Instant,
) -> Result<(BTreeMap<i32, Asked>, Option<Error>), Error> {
    let mut by_leader: BTreeMap<i32, Asked> = BTreeMap::new();
    let mut last_error = None;
    let mut last_topic: Option<(StrBytes, std::sync::Arc<kafka_router::Topic>)> = None;
    for (partition, timestamp) in wanted {
        let topic = match &last_topic {
            Some((name, topic)) if *name == partition.topic => topic.clone(),
            _ => {
                let topic = router.topic(&partition.topic, deadline).await?;
                last_topic = Some((partition.topic.clone(), topic.clone()));
                topic
            }
        };
        let found = topic.partition(partition.partition);
        match found.and_then(|found| Some((found.leader?, found.leader_epoch))) {
            Some((leader, epoch)) => {
                let asked = by_leader.entry(leader).or_default();
                asked.push((partition.clone(), epoch, *timestamp));
            }
            None => {
                router.request_refresh(Some(&partition.topic));
                let code = match found {
                    Some(_) => ErrorCode::LeaderNotAvailable,
                    None => ErrorCode::UnknownTopicOrPartition,
                };
                last_error = Some(error::at(partition, Error::broker(code)));
            }
        }
    }
    Ok((by_leader, last_error))
}
