//! AddPartitionsToTxn, versions 0–5: makes partitions part of a transaction, or
//! tells whether they are.
//!
//! - 1: throttled after the answer. 2: PRODUCER_FENCED (KIP-588). 3: flexible.
//! - 4: from brokers, for any number of transactions, and to verify only
//!   (KIP-890). 5: TRANSACTION_ABORTABLE.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::add_partitions_to_txn::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopic,
    AddPartitionsToTxnTopicResult, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse};

use super::{Context, Handler, Outcome, fenced_since};
use crate::cluster::{Cluster, is_internal};
use crate::faults::Target;
use crate::security::{Need, Operation};
use crate::transactions::{ProducerIdentity, TopicPartition, TransactionVersion};

/// The first version that knows PRODUCER_FENCED.
const FIRST_VERSION_OF_FENCED: i16 = 2;

/// The first version that brokers send, and that carries several transactions.
const FIRST_VERSION_OF_BROKERS: i16 = 4;

impl Handler for AddPartitionsToTxnRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let batched = self.transactions.iter();
        let batched = batched.flat_map(|transaction| &transaction.topics);
        let topics = self.v3_and_below_topics.iter().chain(batched);
        let targets = topics.flat_map(|topic| {
            topic.partitions.iter().map(|partition| Target {
                topic: topic.name.clone(),
                partition: Some(*partition),
            })
        });
        targets.collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        if !self.transactions.is_empty() {
            return vec![Need::cluster(Operation::ClusterAction)];
        }
        let topics = self.v3_and_below_topics.iter();
        let topics = topics.map(|topic| Need::topic(Operation::Write, topic.name.clone()));
        let id = self.v3_and_below_transactional_id.clone();
        let id = Need::transactional_id(Operation::Write, id);
        std::iter::once(id).chain(topics).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AddPartitionsToTxnResponse> {
        let response = AddPartitionsToTxnResponse::new();
        Outcome::Answer(if context.version < FIRST_VERSION_OF_BROKERS {
            let transaction = AddPartitionsToTxnTransaction::new()
                .with_transactional_id(self.v3_and_below_transactional_id)
                .with_producer_id(self.v3_and_below_producer_id)
                .with_producer_epoch(self.v3_and_below_producer_epoch)
                .with_topics(self.v3_and_below_topics);
            response.with_results_by_topic_v3_and_below(one(context, &transaction))
        } else {
            let results = self.transactions.into_iter().map(|transaction| {
                let topics = one(context, &transaction);
                AddPartitionsToTxnResult::new()
                    .with_transactional_id(transaction.transactional_id)
                    .with_topic_results(topics)
            });
            response.with_results_by_transaction(results.collect::<Vec<_>>())
        })
    }
}

/// Serves one transaction.
fn one(
    context: &mut Context<'_>,
    transaction: &AddPartitionsToTxnTransaction,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let refused = refused(context, transaction);
    let code = |topic: &AddPartitionsToTxnTopic, index: i32| {
        let place = (topic.name.clone(), index);
        let refused = refused.get(&place).copied();
        let code = context
            .plan
            .error(&topic.name, index)
            .map(|error| error.code);
        let code = code.or(refused).unwrap_or(ErrorCode::None);
        fenced_since(FIRST_VERSION_OF_FENCED, context.version, code).code()
    };
    let result = |topic: &AddPartitionsToTxnTopic| {
        let partitions = topic.partitions.iter().map(|index| {
            AddPartitionsToTxnPartitionResult::new()
                .with_partition_index(*index)
                .with_partition_error_code(code(topic, *index))
        });
        AddPartitionsToTxnTopicResult::new()
            .with_name(topic.name.clone())
            .with_results_by_partition(partitions.collect::<Vec<_>>())
    };
    transaction.topics.iter().map(result).collect()
}

/// Adds or verifies all partitions, and tells which are not part of the
/// transaction and why.
fn refused(
    context: &mut Context<'_>,
    transaction: &AddPartitionsToTxnTransaction,
) -> BTreeMap<TopicPartition, ErrorCode> {
    let places = transaction.topics.iter().flat_map(|topic| {
        let partitions = topic.partitions.iter();
        partitions.map(|index| (topic.name.clone(), *index))
    });
    let places: BTreeSet<TopicPartition> = places.collect();
    let plan = context.plan;
    let injected = |(topic, index): &TopicPartition| {
        plan.error(topic, *index)
            .is_some_and(|injected| !injected.applied)
    };
    let unknown =
        |(topic, index): &&TopicPartition| context.cluster.partition(topic, *index).is_none();
    let unknown: BTreeSet<_> = places.iter().filter(unknown).cloned().collect();
    // Clients cannot write to internal topics, so they cannot in transactions.
    let from_client = context.version < FIRST_VERSION_OF_BROKERS;
    let internal = |(topic, _): &TopicPartition| from_client && is_internal(topic);
    if !unknown.is_empty() || places.iter().any(internal) || places.iter().any(injected) {
        // All of them or none.
        let code = |place: TopicPartition| {
            let code = if internal(&place) {
                ErrorCode::TopicAuthorizationFailed
            } else if unknown.contains(&place) {
                ErrorCode::UnknownTopicOrPartition
            } else {
                ErrorCode::OperationNotAttempted
            };
            (place, code)
        };
        return places.into_iter().map(code).collect();
    }
    let producer = ProducerIdentity {
        id: transaction.producer_id,
        epoch: transaction.producer_epoch,
    };
    let id = &transaction.transactional_id;
    if transaction.verify_only {
        let cluster = &context.cluster;
        return cluster.verify_in_transaction(context.broker, id, producer, &places);
    }
    let version = if context.version < FIRST_VERSION_OF_BROKERS {
        TransactionVersion::V0
    } else {
        TransactionVersion::V2
    };
    let moment = context.moment();
    let added =
        context
            .cluster
            .add_to_transaction(context.broker, id, producer, &places, version, moment);
    match added {
        Ok(()) => BTreeMap::new(),
        Err(code) => places.into_iter().map(|place| (place, code)).collect(),
    }
}
