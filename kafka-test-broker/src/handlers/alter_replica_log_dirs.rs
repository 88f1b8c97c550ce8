//! AlterReplicaLogDirs, versions 0–2: replicas into other directories of their
//! broker (KIP-113).
//!
//! - 1: throttled after the answer. 2: flexible.
//!
//! A broker has one directory, the one that DescribeLogDirs tells of: what it has
//! is there already, and there is no other place.

use std::collections::BTreeMap;

use kafka_protocol::messages::alter_replica_log_dirs::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
};
use kafka_protocol::messages::{AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

/// Bytes of a directory's name, and what stands in it besides topic and partition
/// while a replica moves there: `-`, `.`, an id and `-future`.
const MAX_DIRECTORY_LEN: usize = 255;
const MOVING_LEN: usize = 41;

impl Handler for AlterReplicaLogDirsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AlterReplicaLogDirsResponse> {
        // Where a replica is to go to two places, the last counts.
        let mut wanted: BTreeMap<StrBytes, BTreeMap<i32, StrBytes>> = BTreeMap::new();
        for dir in self.dirs {
            for topic in dir.topics {
                let partitions = wanted.entry(topic.name).or_default();
                partitions.extend(topic.partitions.iter().map(|one| (*one, dir.path.clone())));
            }
        }
        let results = wanted.into_iter().map(|(topic, partitions)| {
            let results = partitions.into_iter().map(|(index, path)| {
                let code = match context.plan.whole_error() {
                    Some(code) => code,
                    None => moved(context, &topic, index, &path),
                };
                AlterReplicaLogDirPartitionResult::new()
                    .with_partition_index(index)
                    .with_error_code(code.code())
            });
            let results: Vec<_> = results.collect();
            AlterReplicaLogDirTopicResult::new()
                .with_topic_name(topic)
                .with_partitions(results)
        });
        Outcome::Answer(
            AlterReplicaLogDirsResponse::new().with_results(results.collect::<Vec<_>>()),
        )
    }
}

/// What is said of one replica.
fn moved(context: &Context<'_>, topic: &StrBytes, index: i32, path: &str) -> ErrorCode {
    let broker = context.broker;
    if topic.len() + index.to_string().len() + MOVING_LEN > MAX_DIRECTORY_LEN {
        return ErrorCode::InvalidTopicException;
    }
    if path != super::log_dir(broker) {
        return ErrorCode::LogDirNotFound;
    }
    let failed = context.cluster.broker(broker);
    if failed.is_some_and(|broker| broker.disk_failed) {
        return ErrorCode::KafkaStorageError;
    }
    let known = context
        .cluster
        .topic(topic)
        .zip(usize::try_from(index).ok());
    let partition = known.and_then(|(topic, index)| topic.partitions.get(index));
    match partition {
        None => ErrorCode::UnknownTopicOrPartition,
        Some(partition) if !partition.replicas.contains(&broker) => ErrorCode::ReplicaNotAvailable,
        Some(_) => ErrorCode::None,
    }
}
