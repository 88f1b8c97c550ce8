//! ElectLeaders, versions 0–2: gives partitions their preferred leader, or any
//! that is left.
//!
//! - 1: unclean elections (KIP-460), an error of the whole. 2: flexible.
//!
//! Every broker takes it: those that are not the controller pass it on.

use kafka_protocol::messages::elect_leaders::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::{ElectLeadersRequest, ElectLeadersResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

/// Who is to be elected: the first of the replicas, or any where nobody leads.
const PREFERRED: i8 = 0;
const UNCLEAN: i8 = 1;

impl Handler for ElectLeadersRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<ElectLeadersResponse> {
        let known = matches!(self.election_type, PREFERRED | UNCLEAN);
        let whole = context.plan.whole_error();
        let whole = whole.or((!known).then_some(ErrorCode::InvalidRequest));
        let all = self.topic_partitions.is_none();
        let wanted: Vec<(StrBytes, Vec<i32>)> = match self.topic_partitions {
            Some(topics) => topics
                .into_iter()
                .map(|topic| (topic.topic, topic.partitions))
                .collect(),
            None => every_partition(context.cluster),
        };
        let mut results = Vec::with_capacity(wanted.len());
        for (topic, partitions) in wanted {
            let mut answers = Vec::with_capacity(partitions.len());
            for partition in partitions {
                // What is wrong with the whole is said of each partition too.
                let elected = match whole {
                    Some(code) => Err(code),
                    None => elect(context, &topic, partition, self.election_type),
                };
                if all && elected == Err(ErrorCode::ElectionNotNeeded) {
                    continue;
                }
                let code = elected.err().unwrap_or(ErrorCode::None);
                let message =
                    (code != ErrorCode::None).then(|| StrBytes::from_static(code.description()));
                answers.push(
                    PartitionResult::new()
                        .with_partition_id(partition)
                        .with_error_code(code.code())
                        .with_error_message(message),
                );
            }
            results.push(
                ReplicaElectionResult::new()
                    .with_topic(topic)
                    .with_partition_result(answers),
            );
        }
        let code = whole.unwrap_or(ErrorCode::None);
        Outcome::Answer(
            ElectLeadersResponse::new()
                .with_error_code(code.code())
                .with_replica_election_results(results),
        )
    }
}

fn every_partition(cluster: &Cluster) -> Vec<(StrBytes, Vec<i32>)> {
    let topics = cluster.topics().map(|topic| {
        let partitions = (0..).take(topic.partitions.len()).collect();
        (topic.name.clone(), partitions)
    });
    topics.collect()
}

fn elect(
    context: &mut Context<'_>,
    topic: &str,
    index: i32,
    election_type: i8,
) -> Result<(), ErrorCode> {
    let partition = context.cluster.partition(topic, index);
    let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let moment = context.moment();
    if election_type == PREFERRED {
        let preferred = partition.replicas.first().copied().unwrap_or(-1);
        if partition.leader == Some(preferred) {
            return Err(ErrorCode::ElectionNotNeeded);
        }
        let moved = context.cluster.move_leader(topic, index, preferred, moment);
        return moved
            .then_some(())
            .ok_or(ErrorCode::PreferredLeaderNotAvailable);
    }
    if partition.leader.is_some() {
        return Err(ErrorCode::ElectionNotNeeded);
    }
    let replicas = partition.replicas.clone();
    let mut candidates = replicas.into_iter();
    candidates
        .any(|id| context.cluster.elect_unclean(topic, index, id, moment))
        .then_some(())
        .ok_or(ErrorCode::EligibleLeadersNotAvailable)
}
