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
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};

use crate::assignment::TopicPartition;
use crate::commit::{Commit, OffsetAndMetadata};
use crate::commit_queue::CommitOutcome;
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

/// An error code of the group, or of one of its partitions.
pub(crate) fn refused(
    api: ApiKey,
    group: &str,
    partition: Option<&TopicPartition>,
    code: ErrorCode,
) -> Error {
    let error = Error::broker(code).with_api(api);
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
        _ => error.with_hint(of_group(group)),
    }
}

/// The hint that tells whose offsets it was about.
pub(crate) fn of_group(group: &str) -> String {
    format!("the group is {group:?}")
}

/// Answered, but not for what was asked.
pub(crate) fn left_out() -> Error {
    Error::new(ErrorKind::UnexpectedResponse)
        .with_message("the coordinator's answer leaves partitions out")
        .with_api(ApiKey::OffsetCommit)
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

#[cfg(test)]
mod tests {
    use kafka_protocol::Message;
    use kafka_protocol::messages::offset_commit::{
        OffsetCommitResponsePartition, OffsetCommitResponseTopic,
    };
    use kafka_protocol::wire::{Reader, Sink};

    use super::*;

    fn id(byte: u8) -> Uuid {
        Uuid::from_bytes([byte; 16])
    }

    fn t(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition::new(topic, partition)
    }

    fn commits() -> Vec<Commit> {
        let commit = |topic: &str, partition, byte| Commit {
            partition: t(topic, partition),
            topic_id: id(byte),
            value: OffsetAndMetadata::new(7).with_leader_epoch(2),
        };
        vec![commit("a", 0, 1), commit("a", 1, 1), commit("b", 0, 2)]
    }

    #[test]
    fn every_version_carries_a_commit_from_outside_the_group() {
        for version in 0..=10 {
            let request = commit_request(&"g".into(), &commits());
            assert_eq!(request.topics.len(), 2);
            let mut sink = Sink::new();
            request.encode(&mut sink, version).unwrap();
            let mut reader = Reader::new(sink.finish().into_bytes());
            let read = OffsetCommitRequest::decode(&mut reader, version).unwrap();
            assert_eq!(read.group_id, "g");
            assert_eq!(read.generation_id_or_member_epoch, -1);
            assert_eq!(read.member_id, "");
            assert_eq!(read.topics[0].partitions[1].committed_offset, 7);
            if version >= 10 {
                assert_eq!(read.topics[1].topic_id, id(2));
            } else {
                assert_eq!(read.topics[1].name, "b");
            }
        }
    }

    #[test]
    fn commit_answers_are_read_by_name_and_by_id() {
        let topic = |name: &str, id: Uuid, codes: &[i16]| {
            let mut topic = OffsetCommitResponseTopic::new();
            topic.name = name.into();
            topic.topic_id = id;
            for (index, code) in (0..).zip(codes) {
                let mut partition = OffsetCommitResponsePartition::new();
                partition.partition_index = index;
                partition.error_code = *code;
                topic.partitions.push(partition);
            }
            topic
        };
        let expected = [
            (t("a", 0), ErrorCode::None),
            (t("a", 1), ErrorCode::NotCoordinator),
            (t("b", 0), ErrorCode::None),
        ];
        let zero = Uuid::default();
        for topics in [
            vec![topic("a", zero, &[0, 16]), topic("b", zero, &[0])],
            vec![
                topic("", id(1), &[0, 16]),
                topic("", id(2), &[0]),
                topic("", id(9), &[0]),
            ],
        ] {
            let mut response = OffsetCommitResponse::new();
            response.topics = topics;
            assert_eq!(read_commit(&commits(), &response), expected);
        }
    }

    #[test]
    fn every_version_asks_for_committed_offsets_and_is_understood() {
        use kafka_protocol::messages::offset_fetch as wire;
        let wanted = [(t("a", 0), id(1)), (t("a", 3), id(1)), (t("b", 0), id(2))];
        for version in 0..=10 {
            let request = fetch_request(&"g".into(), &wanted, version);
            let mut sink = Sink::new();
            request.encode(&mut sink, version).unwrap();
            let mut reader = Reader::new(sink.finish().into_bytes());
            let read = OffsetFetchRequest::decode(&mut reader, version).unwrap();
            assert_eq!(read.require_stable, version >= 7);
            let mut response = OffsetFetchResponse::new();
            if version >= 8 {
                let group = &read.groups[0];
                assert_eq!(group.group_id, "g");
                let mut answered = wire::OffsetFetchResponseGroup::new();
                for topic in group.topics.as_ref().unwrap() {
                    let mut found = wire::OffsetFetchResponseTopics::new();
                    found.name = topic.name.clone();
                    found.topic_id = topic.topic_id;
                    for index in &topic.partition_indexes {
                        let mut partition = wire::OffsetFetchResponsePartitions::new();
                        partition.partition_index = *index;
                        partition.committed_offset = if *index == 3 { -1 } else { 5 };
                        partition.metadata = Some("".into());
                        found.partitions.push(partition);
                    }
                    answered.topics.push(found);
                }
                response.groups.push(answered);
            } else {
                assert_eq!(read.group_id, "g");
                for topic in read.topics.as_ref().unwrap() {
                    let mut found = wire::OffsetFetchResponseTopic::new();
                    found.name = topic.name.clone();
                    for index in &topic.partition_indexes {
                        let mut partition = wire::OffsetFetchResponsePartition::new();
                        partition.partition_index = *index;
                        partition.committed_offset = if *index == 3 { -1 } else { 5 };
                        found.partitions.push(partition);
                    }
                    response.topics.push(found);
                }
            }
            let found = read_fetch(&wanted, response).unwrap();
            let five = || Ok(Some(OffsetAndMetadata::new(5)));
            assert_eq!(found, [five(), Ok(None), five()], "version {version}");
        }
    }

    #[test]
    fn an_error_of_the_group_or_of_a_partition_is_told_apart_from_nothing() {
        use kafka_protocol::messages::offset_fetch as wire;
        let wanted = [(t("a", 0), id(1)), (t("a", 1), id(1))];
        let mut response = OffsetFetchResponse::new();
        response.error_code = 16;
        assert_eq!(
            read_fetch(&wanted, response),
            Err(ErrorCode::NotCoordinator)
        );
        let mut response = OffsetFetchResponse::new();
        let mut group = wire::OffsetFetchResponseGroup::new();
        group.error_code = 30;
        response.groups.push(group);
        assert_eq!(
            read_fetch(&wanted, response),
            Err(ErrorCode::GroupAuthorizationFailed)
        );
        let mut response = OffsetFetchResponse::new();
        let mut topic = wire::OffsetFetchResponseTopic::new();
        topic.name = "a".into();
        let mut partition = wire::OffsetFetchResponsePartition::new();
        partition.error_code = 88;
        partition.committed_offset = -1;
        topic.partitions.push(partition);
        response.topics.push(topic);
        assert_eq!(
            read_fetch(&wanted, response),
            Ok(vec![
                Err(ErrorCode::UnstableOffsetCommit),
                // Left out: not the same as nothing committed.
                Err(ErrorCode::UnknownServerError),
            ])
        );
    }

    #[test]
    fn names_are_used_where_an_id_is_unknown() {
        assert_eq!(ceiling([id(1), id(2)]), None);
        assert_eq!(ceiling([id(1), Uuid::default()]), Some(9));
    }

    #[test]
    fn every_code_has_its_verdict() {
        for code in i16::MIN..=i16::MAX {
            let code = ErrorCode::from(code);
            let expected = match code.code() {
                7 | 15 | 16 => GroupVerdict::FindCoordinator,
                -1 => GroupVerdict::Retry,
                _ if code.is_retriable() => GroupVerdict::Retry,
                _ => GroupVerdict::Fail,
            };
            assert_eq!(verdict(code), expected, "{code:?}");
        }
        let text = refused(ApiKey::OffsetCommit, "g", None, ErrorCode::UnknownMemberId).to_string();
        assert!(text.contains("only they can commit"), "{text}");
    }
}
