//! ListOffsets, versions 0–11: the offset at a time, or at either end.
//!
//! - 0: offsets of segments; from 1 on one offset and its timestamp (KIP-79).
//! - 2: isolation level. 4: leader epoch (KIP-320). 6: flexible.
//! - 7: the largest timestamp (KIP-734). 8: start of the local log. 9: end of
//!   the tiered log (KIP-1005). 10: timeout. 11: start of what is to be tiered
//!   (KIP-1023).

use std::collections::BTreeSet;

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsTopic, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, Partition};
use crate::faults::Target;
use crate::log::TimestampedOffset;
use crate::security::{Need, Operation};

/// What stands for a place instead of a time, and since which version.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: (i64, i16) = (-3, 7);
const EARLIEST_LOCAL: (i64, i16) = (-4, 8);
const LATEST_TIERED: (i64, i16) = (-5, 9);
const EARLIEST_PENDING_UPLOAD: (i64, i16) = (-6, 11);

/// The first version whose clients know OFFSET_NOT_AVAILABLE.
const FIRST_VERSION_OF_OFFSET_NOT_AVAILABLE: i16 = 5;

/// Who asks as a consumer, and as one that looks for faults.
const CONSUMER: i32 = -1;
const DEBUGGING_REPLICA: i32 = -2;

/// The isolation level of those who want committed records only.
const READ_COMMITTED: i8 = 1;

/// The answer where there is no such record.
const NOTHING: TimestampedOffset = TimestampedOffset {
    timestamp: -1,
    offset: -1,
    leader_epoch: -1,
};

impl Handler for ListOffsetsRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let target = |topic: &ListOffsetsTopic, wanted: &ListOffsetsPartition| Target {
            topic: topic.name.clone(),
            partition: Some(wanted.partition_index),
        };
        self.topics
            .iter()
            .flat_map(|topic| {
                topic
                    .partitions
                    .iter()
                    .map(move |wanted| target(topic, wanted))
            })
            .collect()
    }

    fn needs(&self, cluster: &Cluster) -> Vec<Need> {
        let targets = self.targets(cluster).into_iter();
        targets
            .map(|target| Need::topic(Operation::Describe, target.topic))
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<ListOffsetsResponse> {
        let twice = named_twice(&self.topics);
        let mut topics = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            let mut answered = BTreeSet::new();
            for wanted in &topic.partitions {
                // What is named twice is answered once.
                let index = wanted.partition_index;
                if !answered.insert(index) {
                    continue;
                }
                let found = if twice.contains(&(topic.name.as_str(), index)) {
                    Err(ErrorCode::InvalidRequest)
                } else {
                    find(context, &self, &topic.name, wanted)
                };
                let response = found.unwrap_or_else(|code| {
                    ListOffsetsPartitionResponse::new().with_error_code(code.code())
                });
                partitions.push(response.with_partition_index(index));
            }
            topics.push(
                ListOffsetsTopicResponse::new()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions),
            );
        }
        Outcome::Answer(ListOffsetsResponse::new().with_topics(topics))
    }
}

fn find(
    context: &Context<'_>,
    request: &ListOffsetsRequest,
    topic: &str,
    wanted: &ListOffsetsPartition,
) -> Result<ListOffsetsPartitionResponse, ErrorCode> {
    if let Some(injected) = context.plan.error(topic, wanted.partition_index) {
        return Err(injected.code);
    }
    if !is_supported(wanted.timestamp, context.version) {
        return Err(ErrorCode::UnsupportedVersion);
    }
    let partition = context
        .cluster
        .partition_at(context.broker, topic, wanted.partition_index)
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if request.replica_id == DEBUGGING_REPLICA {
        partition.check_replica(context.broker, wanted.current_leader_epoch)?;
    } else {
        partition.check_leader(context.broker, wanted.current_leader_epoch)?;
    }
    let response = ListOffsetsPartitionResponse::new();
    if context.version == 0 {
        let offsets = old_offsets(partition, wanted, context.wall_ms);
        return Ok(response.with_old_style_offsets(offsets));
    }
    let end = if request.replica_id != CONSUMER {
        partition.log.end_offset()
    } else if request.isolation_level == READ_COMMITTED {
        partition.last_stable_offset(partition.high_watermark())
    } else {
        partition.high_watermark()
    };
    let found = look_up(partition, wanted.timestamp, end);
    let at_end = match wanted.timestamp {
        LATEST => true,
        -3 | 0.. => found.is_none(),
        _ => false,
    };
    if at_end && request.replica_id == CONSUMER && is_unsettled(context, partition) {
        return Err(match context.version {
            FIRST_VERSION_OF_OFFSET_NOT_AVAILABLE.. => ErrorCode::OffsetNotAvailable,
            _ => ErrorCode::LeaderNotAvailable,
        });
    }
    let found = found.unwrap_or(NOTHING);
    let response = response
        .with_timestamp(found.timestamp)
        .with_offset(found.offset);
    Ok(if context.version >= 4 {
        response.with_leader_epoch(found.leader_epoch)
    } else {
        response
    })
}

/// Whether it is open how far consumers may read: the leader is new, and what it
/// found in its log is not known to be with all in sync (KIP-207).
fn is_unsettled(context: &Context<'_>, partition: &Partition) -> bool {
    let began = partition.epochs.latest_start();
    context.cluster.config.era.admits_unsettled_offsets()
        && began.is_some_and(|began| began > partition.high_watermark())
}

/// Finds a place before `end`, or that itself.
fn look_up(partition: &Partition, timestamp: i64, end: i64) -> Option<TimestampedOffset> {
    let log = &partition.log;
    let place = |offset, leader_epoch: Option<i32>| {
        Some(TimestampedOffset {
            timestamp: -1,
            offset,
            leader_epoch: leader_epoch.unwrap_or(-1),
        })
    };
    match timestamp {
        LATEST => place(end, Some(partition.leader_epoch)),
        EARLIEST | -4 => place(log.start_offset(), partition.epochs.at(log.start_offset())),
        -3 => log.latest_by_time().filter(|found| found.offset < end),
        // Nothing is tiered.
        ..0 => None,
        timestamp => log
            .first_at_or_after(timestamp)
            .filter(|found| found.offset < end),
    }
}

/// What the first version answers: starts of segments and the end of the log,
/// newest first, up to the high watermark.
fn old_offsets(partition: &Partition, wanted: &ListOffsetsPartition, wall_ms: i64) -> Vec<i64> {
    let log = &partition.log;
    let mut places: Vec<(i64, i64)> = log
        .segments()
        .iter()
        .map(|segment| {
            (
                segment.base_offset.max(log.start_offset()),
                segment.modified_ms,
            )
        })
        .collect();
    if places.is_empty() {
        places.push((log.start_offset(), wall_ms));
    }
    if log.segments().back().is_some_and(|last| last.bytes > 0) {
        places.push((log.end_offset(), wall_ms));
    }
    let count = match wanted.timestamp {
        LATEST => places.len(),
        EARLIEST => 1,
        timestamp => places
            .iter()
            .rposition(|(_, since)| *since <= timestamp)
            .map_or(0, |at| at + 1),
    };
    let most = usize::try_from(wanted.max_num_offsets).unwrap_or(0);
    let found = places[..count].iter().rev().map(|(offset, _)| *offset);
    let mut offsets: Vec<i64> = found.take(most).collect();
    let high_watermark = partition.high_watermark();
    if offsets.iter().any(|offset| *offset > high_watermark) {
        offsets.retain(|offset| *offset <= high_watermark);
        offsets.insert(0, high_watermark);
    }
    offsets
}

fn is_supported(timestamp: i64, version: i16) -> bool {
    let places = [
        MAX_TIMESTAMP,
        EARLIEST_LOCAL,
        LATEST_TIERED,
        EARLIEST_PENDING_UPLOAD,
    ];
    timestamp >= EARLIEST
        || places
            .iter()
            .any(|(place, since)| timestamp == *place && version >= *since)
}

/// The partitions that a request names more than once.
fn named_twice(topics: &[ListOffsetsTopic]) -> BTreeSet<(&str, i32)> {
    let all = topics.iter().flat_map(|topic| {
        topic
            .partitions
            .iter()
            .map(|wanted| (topic.name.as_str(), wanted.partition_index))
    });
    let mut once = BTreeSet::new();
    all.filter(|partition| !once.insert(*partition)).collect()
}
