//! DescribeTransactions, version 0: the state of transactional ids (KIP-664).

use kafka_protocol::messages::describe_transactions::{TopicData, TransactionState};
use kafka_protocol::messages::{DescribeTransactionsRequest, DescribeTransactionsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::security::{Need, Operation};
use crate::transactions::Transaction;

impl Handler for DescribeTransactionsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeTransactionsResponse> {
        let states = self.transactional_ids.into_iter().map(|id| {
            let state = TransactionState::new();
            let state = match find(context, &id) {
                Ok(transaction) => described(context, state, transaction),
                Err(code) => state.with_error_code(code.code()),
            };
            state.with_transactional_id(id)
        });
        let states: Vec<_> = states.collect();
        Outcome::Answer(DescribeTransactionsResponse::new().with_transaction_states(states))
    }
}

fn find<'a>(context: &'a Context<'_>, id: &StrBytes) -> Result<&'a Transaction, ErrorCode> {
    if let Some(code) = context.plan.whole_error() {
        return Err(code);
    }
    context.check_allowed(&Need::transactional_id(Operation::Describe, id.clone()))?;
    if id.is_empty() {
        return Err(ErrorCode::InvalidRequest);
    }
    let cluster = &context.cluster;
    cluster.check_transaction_coordinator(context.broker, id)?;
    let transaction = cluster.transactions.get(id);
    transaction.ok_or(ErrorCode::TransactionalIdNotFound)
}

fn described(
    context: &Context<'_>,
    state: TransactionState,
    transaction: &Transaction,
) -> TransactionState {
    let mut topics: Vec<TopicData> = Vec::new();
    for (topic, partition) in &transaction.partitions {
        match topics.last_mut().filter(|last| last.topic == *topic) {
            Some(last) => last.partitions.push(*partition),
            // Nobody learns of topics that they may not know of.
            None if !context.may(&Need::topic(Operation::Describe, topic.clone())) => {}
            None => topics.push(
                TopicData::new()
                    .with_topic(topic.clone())
                    .with_partitions(vec![*partition]),
            ),
        }
    }
    state
        .with_transaction_state(StrBytes::from_static(transaction.state.name()))
        .with_transaction_timeout_ms(transaction.timeout_ms)
        .with_transaction_start_time_ms(transaction.start_ms)
        .with_producer_id(transaction.producer_id)
        .with_producer_epoch(transaction.producer_epoch)
        .with_topics(topics)
}
