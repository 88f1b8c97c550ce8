//! OffsetCommit and OffsetFetch for a group that this consumer is no member of
//! (generation −1, no member id).

use std::collections::BTreeMap;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::assignment::TopicPartition;
use crate::commit::{Commit, CommitOutcome, OffsetAndMetadata};
use crate::error;

/// The last version of both requests that names topics instead of giving ids.
pub(crate) const LAST_BY_NAME: i16 = 9;
/// The first OffsetFetch for several groups at once.
const GROUPS: i16 = 8;
/// The first OffsetFetch that can ask for offsets without pending transactions.
const REQUIRE_STABLE: i16 = 7;

/// The newest version that can name all these topics.
pub(crate) fn ceiling(topic_ids: impl IntoIterator<Item = Uuid>) -> Option<i16> {
    let unknown = topic_ids.into_iter().any(|id| id == Uuid::default());
    unknown.then_some(LAST_BY_NAME)
}

/// Commits `commits`, which are in the order of their partitions.
pub(crate) fn commit_request(group: &StrBytes, commits: &[Commit]) -> OffsetCommitRequest {
    let mut request = OffsetCommitRequest::new();
    request.group_id = group.clone();
    for commit in commits {
        let mut stored = OffsetCommitRequestPartition::new();
        stored.partition_index = commit.partition.partition;
        stored.committed_offset = commit.value.offset;
        stored.committed_leader_epoch = commit.value.leader_epoch.unwrap_or(-1);
        // Old brokers want a text, if only an empty one.
        stored.committed_metadata = Some(commit.value.metadata.clone().unwrap_or_default());
        match request.topics.last_mut() {
            Some(last) if last.name == commit.partition.topic => last.partitions.push(stored),
            _ => {
                let mut topic = OffsetCommitRequestTopic::new();
                topic.name = commit.partition.topic.clone();
                topic.topic_id = commit.topic_id;
                topic.partitions.push(stored);
                request.topics.push(topic);
            }
        }
    }
    request
}

/// What became of each partition that the answer speaks of.
pub(crate) fn read_commit(
    commits: &[Commit],
    response: &OffsetCommitResponse,
) -> Vec<CommitOutcome> {
    let names: BTreeMap<Uuid, &StrBytes> = commits
        .iter()
        .map(|commit| (commit.topic_id, &commit.partition.topic))
        .collect();
    let mut outcomes = Vec::with_capacity(commits.len());
    for topic in &response.topics {
        let Some(name) = name_of(&names, &topic.name, topic.topic_id) else {
            continue;
        };
        outcomes.extend(topic.partitions.iter().map(|partition| {
            (
                TopicPartition::new(name.clone(), partition.partition_index),
                ErrorCode::from(partition.error_code),
            )
        }));
    }
    outcomes
}

/// Asks what was committed for these partitions, which are in order.
pub(crate) fn fetch_request(
    group: &StrBytes,
    wanted: &[(TopicPartition, Uuid)],
    version: i16,
) -> OffsetFetchRequest {
    let mut request = OffsetFetchRequest::new();
    request.require_stable = version >= REQUIRE_STABLE;
    if version >= GROUPS {
        let mut asked = OffsetFetchRequestGroup::new();
        asked.group_id = group.clone();
        asked.topics = Some(by_topic(wanted, |name, id, partitions| {
            let mut topic = OffsetFetchRequestTopics::new();
            topic.name = name;
            topic.topic_id = id;
            topic.partition_indexes = partitions;
            topic
        }));
        request.groups.push(asked);
    } else {
        request.group_id = group.clone();
        request.topics = Some(by_topic(wanted, |name, _, partitions| {
            let mut topic = OffsetFetchRequestTopic::new();
            topic.name = name;
            topic.partition_indexes = partitions;
            topic
        }));
    }
    request
}

/// What the group committed, or the partition's error code.
pub(crate) type Committed = Result<Option<OffsetAndMetadata>, ErrorCode>;

/// What was committed for each of `wanted`, in their order.
///
/// # Errors
///
/// The error of the group as a whole.
pub(crate) fn read_fetch(
    wanted: &[(TopicPartition, Uuid)],
    response: OffsetFetchResponse,
) -> Result<Vec<Committed>, ErrorCode> {
    let names = wanted
        .iter()
        .map(|(partition, id)| (*id, &partition.topic))
        .collect();
    let mut found: BTreeMap<(StrBytes, i32), Committed> = BTreeMap::new();
    if let Some(group) = response.groups.into_iter().next() {
        ErrorCode::from(group.error_code).ok()?;
        for topic in group.topics {
            let Some(name) = name_of(&names, &topic.name, topic.topic_id) else {
                continue;
            };
            for partition in topic.partitions {
                found.insert(
                    (name.clone(), partition.partition_index),
                    stored(
                        partition.error_code,
                        partition.committed_offset,
                        partition.committed_leader_epoch,
                        partition.metadata,
                    ),
                );
            }
        }
    } else {
        ErrorCode::from(response.error_code).ok()?;
        for topic in response.topics {
            for partition in topic.partitions {
                found.insert(
                    (topic.name.clone(), partition.partition_index),
                    stored(
                        partition.error_code,
                        partition.committed_offset,
                        partition.committed_leader_epoch,
                        partition.metadata,
                    ),
                );
            }
        }
    }
    let answers = wanted.iter().map(|(partition, _)| {
        let key = (partition.topic.clone(), partition.partition);
        // Left out: nothing is known of it, so nothing can be concluded.
        found
            .remove(&key)
            .unwrap_or(Err(ErrorCode::UnknownServerError))
    });
    Ok(answers.collect())
}

/// What an error code of either request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupVerdict {
    /// Another broker coordinates the group.
    FindCoordinator,
    Retry,
    Fail,
}

pub(crate) fn verdict(code: ErrorCode) -> GroupVerdict {
    match code {
        // The last is what a coordinator says that cannot write to its log; Kafka's
        // own client looks for another then.
        ErrorCode::NotCoordinator
        | ErrorCode::CoordinatorNotAvailable
        | ErrorCode::RequestTimedOut => GroupVerdict::FindCoordinator,
        ErrorCode::UnknownServerError => GroupVerdict::Retry,
        code if code.is_retriable() => GroupVerdict::Retry,
        _ => GroupVerdict::Fail,
    }
}

/// A refusal that trying again does not mend.
pub(crate) fn refused(group: &str, partition: Option<&TopicPartition>, code: ErrorCode) -> Error {
    let error = Error::broker(code);
    let error = match partition {
        Some(partition) => error::at(partition, error),
        None => error,
    };
    match code {
        ErrorCode::UnknownMemberId
        | ErrorCode::IllegalGeneration
        | ErrorCode::RebalanceInProgress
        | ErrorCode::FencedInstanceId
        | ErrorCode::StaleMemberEpoch => error.with_hint(format!(
            "group {group:?} has members; while it has, only they can commit for it"
        )),
        ErrorCode::GroupAuthorizationFailed | ErrorCode::InvalidGroupId => {
            error.with_hint(format!("the group is {group:?}"))
        }
        _ => error,
    }
}

/// Answered, but not for what was asked.
pub(crate) fn left_out() -> Error {
    Error::new(ErrorKind::UnexpectedResponse)
        .with_message("the coordinator's answer leaves partitions out")
}

fn by_topic<T>(
    wanted: &[(TopicPartition, Uuid)],
    make: impl Fn(StrBytes, Uuid, Vec<i32>) -> T,
) -> Vec<T> {
    wanted
        .chunk_by(|(a, _), (b, _)| a.topic == b.topic)
        .filter_map(|same| {
            let (first, id) = same.first()?;
            let partitions = same.iter().map(|(partition, _)| partition.partition);
            Some(make(first.topic.clone(), *id, partitions.collect()))
        })
        .collect()
}

/// Answers name topics by id where requests do, else by name.
fn name_of(names: &BTreeMap<Uuid, &StrBytes>, name: &StrBytes, id: Uuid) -> Option<StrBytes> {
    if id == Uuid::default() {
        return Some(name.clone());
    }
    names.get(&id).map(|name| (*name).clone())
}

fn stored(code: i16, offset: i64, epoch: i32, metadata: Option<StrBytes>) -> Committed {
    ErrorCode::from(code).ok()?;
    Ok((offset >= 0).then(|| OffsetAndMetadata {
        offset,
        leader_epoch: (epoch >= 0).then_some(epoch),
        // A view on the answer's frame, which need not stay for it.
        metadata: metadata
            .filter(|text| !text.is_empty())
            .map(|text| text.detach()),
    }))
}
