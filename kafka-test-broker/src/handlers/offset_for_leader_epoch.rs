//! OffsetForLeaderEpoch, versions 0–4: where an epoch of leadership ended, for
//! who wants to know whether a log was truncated (KIP-101, KIP-320).
//!
//! - 1: the epoch in the answer. 2: throttle time, the leader's epoch.
//! - 3: replica id. 4: flexible.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderPartition, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::security::{Need, Operation};

impl Handler for OffsetForLeaderEpochRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let topics = self.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|wanted| Target {
                topic: topic.topic.clone(),
                partition: Some(wanted.partition),
            })
        });
        topics.collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let topics = self.topics.iter();
        topics
            .map(|topic| Need::topic(Operation::Describe, topic.topic.clone()))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<OffsetForLeaderEpochResponse> {
        let topics = self.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|wanted| {
                let found = find(context, &topic.topic, wanted);
                found
                    .unwrap_or_else(|code| EpochEndOffset::new().with_error_code(code.code()))
                    .with_partition(wanted.partition)
            });
            OffsetForLeaderTopicResult::new()
                .with_topic(topic.topic.clone())
                .with_partitions(partitions.collect::<Vec<_>>())
        });
        let topics: Vec<_> = topics.collect();
        Outcome::Answer(OffsetForLeaderEpochResponse::new().with_topics(topics))
    }
}

fn find(
    context: &Context<'_>,
    topic: &str,
    wanted: &OffsetForLeaderPartition,
) -> Result<EpochEndOffset, ErrorCode> {
    if let Some(injected) = context.plan.error(topic, wanted.partition) {
        return Err(injected.code);
    }
    let partition = context
        .cluster
        .partition_at(context.broker, topic, wanted.partition)
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    partition.check_leader(context.broker, wanted.current_leader_epoch)?;
    let end = partition
        .epochs
        .end_of(wanted.leader_epoch, partition.log.end_offset());
    // An epoch that is not known is no error.
    Ok(end.map_or_else(EpochEndOffset::new, |end| {
        EpochEndOffset::new()
            .with_leader_epoch(end.epoch)
            .with_end_offset(end.end_offset)
    }))
}
