//! DescribeLogDirs, versions 0–5: how much a broker stores of each partition
//! (KIP-113).
//!
//! - 1: throttled after the answer. 2: flexible. 3: an error of the whole.
//! - 4: bytes in all and free (KIP-827), as if on a disk of one tebibyte. 5: cordoned
//!   directories (KIP-1066), of which there are none.

use kafka_protocol::messages::describe_log_dirs::{
    DescribableLogDirTopic, DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, Partition, Topic};
use crate::security::{Need, Operation};

/// The size of a broker's disk, which is memory.
const DISK_BYTES: i64 = 1 << 40;

impl Handler for DescribeLogDirsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Describe)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeLogDirsResponse> {
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(DescribeLogDirsResponse::new().with_error_code(code.code()));
        }
        let broker = context.broker;
        // A broker has one directory.
        let directory =
            DescribeLogDirsResult::new().with_log_dir(StrBytes::from(super::log_dir(broker)));
        let failed = context.cluster.broker(broker);
        let directory = if failed.is_some_and(|broker| broker.disk_failed) {
            directory.with_error_code(ErrorCode::KafkaStorageError.code())
        } else {
            let topics = context.cluster.topics().filter_map(|topic| {
                let partitions = stored(topic, broker, self.topics.as_deref());
                (!partitions.is_empty()).then(|| {
                    DescribeLogDirsTopic::new()
                        .with_name(topic.name.clone())
                        .with_partitions(partitions)
                })
            });
            let everything = context.cluster.topics();
            let everything = everything.flat_map(|topic| stored(topic, broker, None));
            let taken: i64 = everything.map(|one| one.partition_size).sum();
            directory
                .with_topics(topics.collect::<Vec<_>>())
                .with_total_bytes(DISK_BYTES)
                .with_usable_bytes((DISK_BYTES - taken).max(0))
        };
        Outcome::Answer(DescribeLogDirsResponse::new().with_results(vec![directory]))
    }
}

/// What `broker` stores of a topic, of the partitions wanted; of all where none
/// are named.
fn stored(
    topic: &Topic,
    broker: i32,
    wanted: Option<&[DescribableLogDirTopic]>,
) -> Vec<DescribeLogDirsPartition> {
    let is_wanted = |index: i32| {
        wanted.is_none_or(|wanted| {
            let mut named = wanted.iter();
            named.any(|named| named.topic == topic.name && named.partitions.contains(&index))
        })
    };
    let describe = |partition: &Partition, index: i32| {
        let partition = partition.seen_by(broker);
        let replica = partition.replica(broker);
        // What DeleteRecords hides stays on the disk until its segment goes.
        let start = partition.log.start_offset();
        let end = partition.log.end_offset();
        let lacking = partition
            .log
            .bytes_between(replica.end_offset.max(start), end);
        let size = partition.log.size().saturating_sub(lacking);
        let lag = partition.high_watermark() - replica.end_offset;
        DescribeLogDirsPartition::new()
            .with_partition_index(index)
            .with_partition_size(i64::try_from(size).unwrap_or(i64::MAX))
            .with_offset_lag(lag.max(0))
    };
    topic
        .partitions
        .iter()
        .zip(0..)
        .filter(|(partition, index)| partition.replicas.contains(&broker) && is_wanted(*index))
        .map(|(partition, index)| describe(partition, index))
        .collect()
}
