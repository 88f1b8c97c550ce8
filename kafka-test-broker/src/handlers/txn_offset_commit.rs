//! TxnOffsetCommit, versions 0–5: a group's offsets that count once a
//! transaction is committed.
//!
//! - 1: throttled after the answer. 2: leader epoch (KIP-320). 3: flexible, and
//!   the member with its generation (KIP-447). 4: TRANSACTION_ABORTABLE.
//! - 5: without AddOffsetsToTxn (KIP-890).

use std::collections::BTreeSet;

use kafka_protocol::messages::txn_offset_commit::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{TxnOffsetCommitRequest, TxnOffsetCommitResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::offset_commit::is_too_large;
use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, InternalTopic};
use crate::faults::Target;
use crate::groups::{CommittedOffset, Committer};
use crate::security::{Need, Operation};
use crate::transactions::{ProducerIdentity, TransactionUse};

/// The first version whose clients understand that a coordinator is loading.
const FIRST_VERSION_OF_LOADING: i16 = 2;

impl Handler for TxnOffsetCommitRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let targets = self.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|partition| Target {
                topic: topic.name.clone(),
                partition: Some(partition.partition_index),
            })
        });
        targets.collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let topics = self.topics.iter();
        let topics = topics.map(|topic| Need::topic(Operation::Read, topic.name.clone()));
        let id = self.transactional_id.clone();
        let whole = [
            Need::transactional_id(Operation::Write, id),
            Need::group(Operation::Read, self.group_id.clone()),
        ];
        whole.into_iter().chain(topics).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<TxnOffsetCommitResponse> {
        let mut admitted: Option<Result<(), ErrorCode>> = None;
        let mut topics = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let index = partition.partition_index;
                let known = context.cluster.partition(&topic.name, index).is_some();
                let committed = if known {
                    // Asked once, and only where there is something to commit.
                    let admitted = *admitted.get_or_insert_with(|| admit(context, &self));
                    commit(context, &self, &topic.name, partition, admitted)
                } else {
                    Err(ErrorCode::UnknownTopicOrPartition)
                };
                let code = committed.err().unwrap_or(ErrorCode::None);
                let code = match code {
                    ErrorCode::CoordinatorLoadInProgress
                        if context.version < FIRST_VERSION_OF_LOADING =>
                    {
                        ErrorCode::CoordinatorNotAvailable
                    }
                    code => code,
                };
                partitions.push(
                    TxnOffsetCommitResponsePartition::new()
                        .with_partition_index(index)
                        .with_error_code(code.code()),
                );
            }
            topics.push(
                TxnOffsetCommitResponseTopic::new()
                    .with_partitions(partitions)
                    .with_name(topic.name.clone()),
            );
        }
        context.cluster.touch_group(&self.group_id);
        Outcome::Answer(TxnOffsetCommitResponse::new().with_topics(topics))
    }
}

/// Whether the producer may commit for the group in its transaction.
fn admit(context: &mut Context<'_>, request: &TxnOffsetCommitRequest) -> Result<(), ErrorCode> {
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let offsets = InternalTopic::ConsumerOffsets;
    let partition = offsets.partition_of(&request.group_id);
    let place = (StrBytes::from_static(offsets.name()), partition);
    let led = context.cluster.partition(offsets.name(), partition);
    if led.and_then(|led| led.leader) != Some(context.broker) {
        return Err(ErrorCode::NotCoordinator);
    }
    let producer = ProducerIdentity {
        id: request.producer_id,
        epoch: request.producer_epoch,
    };
    let moment = context.moment();
    let usage = TransactionUse::of_offset_commit(context.version);
    if usage == TransactionUse::Add || context.cluster.config.era.verifies_transactions() {
        let places = BTreeSet::from([place.clone()]);
        let id = &request.transactional_id;
        let refused = context
            .cluster
            .use_in_transaction(id, producer, &places, usage, moment);
        if let Some(code) = refused.get(&place) {
            return Err(*code);
        }
    }
    let group = &request.group_id;
    context
        .cluster
        .check_group_coordinator(context.broker, group)?;
    let committer = committer(request, context.version);
    let groups = &mut context.cluster.groups;
    let member = groups.check_commit(group, committer, moment).map(|_| ());
    let member = member.and_then(|()| check_ownership(context, request));
    // A producer knows of generations only.
    member.map_err(|code| match code {
        ErrorCode::StaleMemberEpoch => ErrorCode::IllegalGeneration,
        code => code,
    })?;
    // Offsets are records of the producer, like those that it sends.
    let log = context.cluster.partition(offsets.name(), partition);
    let fenced = log.is_some_and(|log| log.producers.has_newer_epoch(producer.id, producer.epoch));
    match fenced {
        true => Err(ErrorCode::InvalidProducerEpoch),
        false => Ok(()),
    }
}

/// Whether the member may commit for each of the partitions: one that is not its
/// own spoils them all.
fn check_ownership(
    context: &Context<'_>,
    request: &TxnOffsetCommitRequest,
) -> Result<(), ErrorCode> {
    let groups = &context.cluster.groups;
    let Some(group) = groups.get(&request.group_id) else {
        return Ok(());
    };
    let committer = committer(request, context.version);
    for topic in &request.topics {
        let Some(known) = context.cluster.topic(&topic.name) else {
            continue;
        };
        for partition in &topic.partitions {
            let index = partition.partition_index;
            let metadata = partition.committed_metadata.as_deref().unwrap_or_default();
            // What is not kept anyway need not be its own.
            if known.partition(index).is_some() && !is_too_large(metadata, &groups.settings) {
                group.check_commit_of(committer, known.id, index)?;
            }
        }
    }
    Ok(())
}

fn committer(request: &TxnOffsetCommitRequest, version: i16) -> Committer<'_> {
    Committer {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
        generation: request.generation_id_or_member_epoch,
        transactional: true,
        version,
    }
}

fn commit(
    context: &mut Context<'_>,
    request: &TxnOffsetCommitRequest,
    topic: &StrBytes,
    partition: &TxnOffsetCommitRequestPartition,
    admitted: Result<(), ErrorCode>,
) -> Result<(), ErrorCode> {
    let index = partition.partition_index;
    let injected = context.plan.error(topic, index);
    if let Some(injected) = injected.filter(|injected| !injected.applied) {
        return Err(injected.code);
    }
    admitted?;
    let groups = &mut context.cluster.groups;
    let metadata = partition.committed_metadata.clone().unwrap_or_default();
    if is_too_large(&metadata, &groups.settings) {
        return Err(ErrorCode::OffsetMetadataTooLarge);
    }
    let offset = CommittedOffset {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata,
        committed_ms: context.wall_ms,
        ..CommittedOffset::default()
    };
    let producer_id = request.producer_id;
    let group = &request.group_id;
    groups
        .offsets
        .stage(producer_id, group, topic, index, offset);
    injected.map_or(Ok(()), |injected| Err(injected.code))
}
