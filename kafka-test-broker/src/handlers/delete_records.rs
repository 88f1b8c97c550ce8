//! DeleteRecords, versions 0–2: makes what lies before an offset unreadable
//! (KIP-107).
//!
//! - 1: throttled after the answer. 2: flexible.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, is_internal};
use crate::faults::Target;
use crate::security::{Need, Operation};

/// Stands for the high watermark.
const HIGH_WATERMARK: i64 = -1;

impl Handler for DeleteRecordsRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let topics = self.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|wanted| Target {
                topic: topic.name.clone(),
                partition: Some(wanted.partition_index),
            })
        });
        topics.collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let topics = self.topics.iter();
        topics
            .map(|topic| Need::topic(Operation::Delete, topic.name.clone()))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DeleteRecordsResponse> {
        let mut topics = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let partitions = topic.partitions.iter().map(|wanted| {
                let result = DeleteRecordsPartitionResult::new()
                    .with_partition_index(wanted.partition_index);
                match delete(context, &topic.name, wanted) {
                    Ok(low_watermark) => result.with_low_watermark(low_watermark),
                    Err(code) => result.with_low_watermark(-1).with_error_code(code.code()),
                }
            });
            topics.push(
                DeleteRecordsTopicResult::new()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions.collect::<Vec<_>>()),
            );
        }
        Outcome::Answer(DeleteRecordsResponse::new().with_topics(topics))
    }
}

/// Deletes from one partition; returns where it starts now.
fn delete(
    context: &mut Context<'_>,
    topic: &str,
    wanted: &DeleteRecordsPartition,
) -> Result<i64, ErrorCode> {
    let index = wanted.partition_index;
    let injected = context.plan.error(topic, index);
    if let Some(injected) = injected.filter(|injected| !injected.applied) {
        return Err(injected.code);
    }
    let found = context.cluster.topic(topic);
    let found = found.and_then(|state| Some((state, state.partition(index)?)));
    let (state, partition) = found.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if is_internal(topic) {
        return Err(ErrorCode::InvalidTopicException);
    }
    partition
        .seen_by(context.broker)
        .check_leader(context.broker, -1)?;
    if !state.config.log.delete {
        return Err(ErrorCode::PolicyViolation);
    }
    let high_watermark = partition.high_watermark();
    let offset = match wanted.offset {
        HIGH_WATERMARK => high_watermark,
        offset => offset,
    };
    if !(0..=high_watermark).contains(&offset) {
        return Err(ErrorCode::OffsetOutOfRange);
    }
    context.cluster.delete_records(topic, index, offset);
    if let Some(injected) = injected {
        return Err(injected.code);
    }
    let partition = context.cluster.partition(topic, index);
    Ok(partition.map_or(offset, |partition| partition.log.start_offset()))
}
