//! ListTransactions, versions 0–2: the transactional ids that a broker
//! coordinates (KIP-664).
//!
//! - 1: those open for some time (KIP-994). 2: by pattern (KIP-1152).

use kafka_protocol::messages::list_transactions::TransactionState;
use kafka_protocol::messages::{ListTransactionsRequest, ListTransactionsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::security::{Need, Operation};
use crate::transactions::Filter;

impl Handler for ListTransactionsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<ListTransactionsResponse> {
        let response = ListTransactionsResponse::new();
        Outcome::Answer(match filter(&self, context) {
            Ok(filter) => {
                let states = list(context, &filter);
                response
                    .with_unknown_state_filters(filter.unknown_states)
                    .with_transaction_states(states)
            }
            Err(code) => response.with_error_code(code.code()),
        })
    }
}

fn filter(request: &ListTransactionsRequest, context: &Context<'_>) -> Result<Filter, ErrorCode> {
    if let Some(code) = context.plan.whole_error() {
        return Err(code);
    }
    Filter::new(
        &request.state_filters,
        &request.producer_id_filters,
        request.duration_filter,
        request.transactional_id_pattern.as_deref(),
    )
}

fn list(context: &Context<'_>, filter: &Filter) -> Vec<TransactionState> {
    let cluster = &context.cluster;
    let here = |id: &StrBytes| {
        cluster
            .check_transaction_coordinator(context.broker, id)
            .is_ok()
    };
    let shown =
        |id: &StrBytes| context.may(&Need::transactional_id(Operation::Describe, id.clone()));
    let wanted = cluster.transactions.iter().filter(|(id, transaction)| {
        filter.wants(id, transaction, context.wall_ms) && here(id) && shown(id)
    });
    let states = wanted.map(|(id, transaction)| {
        TransactionState::new()
            .with_transactional_id(id.clone())
            .with_producer_id(transaction.producer_id)
            .with_transaction_state(StrBytes::from_static(transaction.state.name()))
    });
    states.collect()
}
