use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::ProduceRequest;

use super::{Context, name_of};
use crate::log::{Rejection, transactional_batch};
use crate::transactions::{ProducerIdentity, TopicPartition, TransactionUse};

/// What the transaction coordinator says of the partitions that a produce
/// request writes to (KIP-890).
#[derive(Debug, Default)]
pub(super) struct InTransaction {
    verified: BTreeSet<TopicPartition>,
    refused: BTreeMap<TopicPartition, ErrorCode>,
    /// Whether the request itself is what adds partitions.
    adds: bool,
}

impl InTransaction {
    /// Asks the coordinator about the partitions in which no transaction of the
    /// producer is open; from version 12 on, to add them.
    ///
    /// # Errors
    ///
    /// `INVALID_PRODUCER_ID_MAPPING` where batches are of several producers.
    pub(super) fn new(
        request: &ProduceRequest,
        context: &mut Context<'_>,
    ) -> Result<Self, ErrorCode> {
        let usage = TransactionUse::of_produce(context.version);
        let mut all = Self {
            adds: usage == TransactionUse::Add,
            ..Self::default()
        };
        let Some(id) = &request.transactional_id else {
            return Ok(all);
        };
        let mut producer = None;
        let mut unknown = BTreeSet::new();
        for topic in &request.topic_data {
            let Some(name) = name_of(context.cluster, &topic.name, topic.topic_id) else {
                continue;
            };
            for data in &topic.partition_data {
                let batch = data.records.as_ref().and_then(transactional_batch);
                let Some(batch) = batch else {
                    continue;
                };
                let identity = ProducerIdentity {
                    id: batch.producer_id,
                    epoch: batch.producer_epoch,
                };
                if *producer.get_or_insert(identity) != identity {
                    return Err(ErrorCode::InvalidProducerIdMapping);
                }
                let injected = context.plan.error(&name, data.index);
                if injected.is_some_and(|injected| !injected.applied) {
                    continue;
                }
                let place = (name.clone(), data.index);
                if !all.adds && !context.cluster.config.era.verifies_transactions() {
                    all.verified.insert(place);
                    continue;
                }
                let begun = context.cluster.begin_verification(
                    context.broker,
                    &place.0,
                    place.1,
                    &batch,
                    all.adds,
                );
                match begun {
                    Ok(true) => {
                        unknown.insert(place);
                    }
                    Ok(false) => {}
                    Err(code) => {
                        all.refused.insert(place, code);
                    }
                }
            }
        }
        if let Some(producer) = producer.filter(|_| !unknown.is_empty()) {
            let moment = context.moment();
            let refused = context
                .cluster
                .use_in_transaction(id, producer, &unknown, usage, moment);
            unknown.retain(|place| !refused.contains_key(place));
            all.verified = unknown;
            all.refused.extend(refused);
        }
        Ok(all)
    }

    /// Whether the coordinator vouches for a partition; that it refuses to is
    /// why not to write.
    pub(super) fn verified(&self, topic: &str, partition: i32) -> Result<bool, Rejection> {
        let here = |place: &TopicPartition| place.0.as_str() == topic && place.1 == partition;
        match self.refused.iter().find(|(place, _)| here(place)) {
            Some((_, code)) => Err(self.rejection(*code)),
            None => Ok(self.verified.iter().any(here)),
        }
    }

    /// How a producer is told that the coordinator refused.
    fn rejection(&self, code: ErrorCode) -> Rejection {
        let told = |code, message: String| Rejection {
            told: true,
            ..Rejection::new(code, message)
        };
        match code {
            ErrorCode::InvalidTxnState => {
                told(code, "Partition was not added to the transaction".into())
            }
            // Producers know how to come again after this one, and older ones
            // not after the others.
            ErrorCode::CoordinatorLoadInProgress
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator => told(ErrorCode::NotEnoughReplicas, unverified(code)),
            ErrorCode::ConcurrentTransactions if !self.adds => {
                told(ErrorCode::NotEnoughReplicas, unverified(code))
            }
            code => code.into(),
        }
    }
}

fn unverified(code: ErrorCode) -> String {
    let name = code.name();
    format!(
        "Unable to verify the partition has been added to the transaction. \
         Underlying error: {name}"
    )
}
