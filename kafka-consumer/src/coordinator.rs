//! Talks to the group's coordinator.

use std::time::Instant;

use kafka_net::{BrokerAddress, Connection, Error, Lane, SendOptions, clock};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetFetchRequest};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};
use kafka_router::{Backoff, CoordinatorKind, Router};
use tokio::time::sleep_until;

use crate::assignment::TopicPartition;
use crate::commit::{Commit, OffsetAndMetadata};
use crate::commit_queue::CommitOutcome;
use crate::config::ConsumerConfig;
use crate::error;
use crate::group::{self, GroupVerdict, verdict};

/// Sends one commit request and returns what became of each partition.
pub(crate) async fn commit(
    router: &Router,
    config: &ConsumerConfig,
    commits: &[Commit],
    deadline: Instant,
) -> Result<Vec<CommitOutcome>, Error> {
    let group = group_of(config)?;
    let connection = connect(router, &group, deadline).await?;
    let ceiling = group::ceiling(commits.iter().map(|commit| commit.topic_id));
    let version = connection.version_of::<OffsetCommitRequest>(ceiling)?;
    let request = group::commit_request(&group, commits);
    let options = SendOptions::new(config.request_timeout).with_version(version);
    let response = connection.request(&request, &options).await?;
    Ok(group::read_commit(commits, &response))
}

/// What the group committed for these partitions, each with its topic's id where
/// that is known. Tries again until the deadline is near.
pub(crate) async fn committed(
    router: &Router,
    config: &ConsumerConfig,
    wanted: &[(TopicPartition, Uuid)],
    deadline: Instant,
) -> Result<Vec<Result<Option<OffsetAndMetadata>, Error>>, Error> {
    let group = group_of(config)?;
    let backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
    let mut attempt = 0;
    let mut ceiling = group::ceiling(wanted.iter().map(|(_, id)| *id));
    loop {
        let failure = match ask(router, config, &group, wanted, ceiling, deadline).await {
            Ok((answers, broker)) => {
                let failed = |partition, code| {
                    group::refused(ApiKey::OffsetFetch, &group, partition, code)
                        .with_broker(&broker)
                };
                match last_retriable(&answers) {
                    None => {
                        let named = answers.into_iter().zip(wanted);
                        return Ok(named
                            .map(|(answer, (partition, _))| {
                                answer.map_err(|code| failed(Some(partition), code))
                            })
                            .collect());
                    }
                    Some((index, code)) => {
                        failed(wanted.get(index).map(|(partition, _)| partition), code)
                    }
                }
            }
            Err(error) => error,
        };
        if failure.broker_error() == Some(ErrorCode::UnknownTopicId) {
            // The id may be out of date, or the coordinator's metadata; the name is
            // what offsets are stored under.
            ceiling = Some(group::LAST_BY_NAME);
        }
        let again = match failure.broker_error() {
            Some(code) => verdict(code),
            None if failure.is_retriable() => GroupVerdict::FindCoordinator,
            None => GroupVerdict::Fail,
        };
        match again {
            GroupVerdict::Fail => return Err(failure),
            GroupVerdict::FindCoordinator => {
                router.forget_coordinator(CoordinatorKind::Group, &group);
            }
            GroupVerdict::Retry => {}
        }
        let next = clock::now() + backoff.delay(attempt, router.env().random());
        attempt += 1;
        if next >= deadline {
            return Err(failure.with_attempts(attempt));
        }
        sleep_until(next.into()).await;
    }
}

/// Asks once, and tells whom; an error code of the group as a whole is an error.
async fn ask(
    router: &Router,
    config: &ConsumerConfig,
    group: &StrBytes,
    wanted: &[(TopicPartition, Uuid)],
    ceiling: Option<i16>,
    deadline: Instant,
) -> Result<(Vec<group::Committed>, BrokerAddress), Error> {
    let connection = connect(router, group, deadline).await?;
    let version = connection.version_of::<OffsetFetchRequest>(ceiling)?;
    let request = group::fetch_request(group, wanted, version);
    let options = SendOptions::new(config.request_timeout).with_version(version);
    let response = connection.request(&request, &options).await?;
    let broker = connection.broker();
    match group::read_fetch(wanted, response) {
        Ok(answers) => Ok((answers, broker.clone())),
        Err(code) => {
            Err(group::refused(ApiKey::OffsetFetch, group, None, code).with_broker(broker))
        }
    }
}

/// Tries once: while a dead coordinator was dialled, another one may have been
/// elected. Whoever calls looks it up again after a failure.
async fn connect(
    router: &Router,
    group: &StrBytes,
    deadline: Instant,
) -> Result<Connection, Error> {
    let coordinator = router
        .coordinator(CoordinatorKind::Group, group, deadline)
        .await?;
    router.attempt(coordinator, Lane::Group, deadline).await
}

fn group_of(config: &ConsumerConfig) -> Result<StrBytes, Error> {
    config
        .group
        .clone()
        .ok_or_else(|| error::no_group("a committed offset"))
}

/// The last partition whose answer may be another one later.
fn last_retriable(answers: &[group::Committed]) -> Option<(usize, ErrorCode)> {
    let answers = answers.iter().enumerate().rev();
    answers
        .filter_map(|(index, answer)| Some((index, *answer.as_ref().err()?)))
        .find(|(_, code)| verdict(*code) != GroupVerdict::Fail)
}
