//! WriteTxnMarkers, versions 0–2: ends transactions in partitions.
//!
//! - 1: flexible. 2: the version of the transaction (KIP-1228).
//!
//! Here coordinators write without it; an administrator may send it to end a
//! transaction that hangs (KIP-664).

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerPartitionResult, WritableTxnMarkerResult,
    WritableTxnMarkerTopic, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::producer_state::Marker;
use crate::security::{Need, Operation};

impl Handler for WriteTxnMarkersRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let topics = self.markers.iter().flat_map(|marker| &marker.topics);
        let targets = topics.flat_map(|topic| {
            topic.partition_indexes.iter().map(|partition| Target {
                topic: topic.name.clone(),
                partition: Some(*partition),
            })
        });
        targets.collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<WriteTxnMarkersResponse> {
        // Several markers of one producer are answered together.
        let mut results: Vec<WritableTxnMarkerResult> = Vec::new();
        for marker in &self.markers {
            let topics = marker.topics.iter();
            let topics = topics.map(|topic| write_topic(context, marker, topic));
            let topics: Vec<_> = topics.collect();
            let same =
                |result: &&mut WritableTxnMarkerResult| result.producer_id == marker.producer_id;
            match results.iter_mut().find(same) {
                Some(result) => result.topics.extend(topics),
                None => results.push(
                    WritableTxnMarkerResult::new()
                        .with_producer_id(marker.producer_id)
                        .with_topics(topics),
                ),
            }
        }
        Outcome::Answer(WriteTxnMarkersResponse::new().with_markers(results))
    }
}

fn write_topic(
    context: &mut Context<'_>,
    marker: &WritableTxnMarker,
    topic: &WritableTxnMarkerTopic,
) -> WritableTxnMarkerTopicResult {
    let partitions = topic.partition_indexes.iter().map(|index| {
        let written = write(context, marker, &topic.name, *index);
        let code = written.err().unwrap_or(ErrorCode::None);
        WritableTxnMarkerPartitionResult::new()
            .with_partition_index(*index)
            .with_error_code(code.code())
    });
    WritableTxnMarkerTopicResult::new()
        .with_partitions(partitions.collect::<Vec<_>>())
        .with_name(topic.name.clone())
}

fn write(
    context: &mut Context<'_>,
    marker: &WritableTxnMarker,
    topic: &str,
    index: i32,
) -> Result<(), ErrorCode> {
    let injected = context.plan.error(topic, index);
    if let Some(injected) = injected.filter(|injected| !injected.applied) {
        return Err(injected.code);
    }
    if !context.may(&Need::cluster(Operation::Alter)) {
        context.check_allowed(&Need::cluster(Operation::ClusterAction))?;
    }
    let partition = context.cluster.partition(topic, index);
    // A broker knows of the partitions that it holds only.
    let held = partition.filter(|partition| partition.replicas.contains(&context.broker));
    let partition = held.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    partition.check_leader(context.broker, -1)?;
    let marker = Marker {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
        committed: marker.transaction_result,
        coordinator_epoch: marker.coordinator_epoch,
        transaction_version: i16::from(marker.transaction_version),
    };
    let moment = context.moment();
    context
        .cluster
        .write_marker(topic, index, &marker, moment)?;
    injected.map_or(Ok(()), |injected| Err(injected.code))
}
