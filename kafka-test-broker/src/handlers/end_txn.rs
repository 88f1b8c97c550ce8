//! EndTxn, versions 0–5: commits or aborts a transaction.
//!
//! - 1: throttled after the answer. 2: PRODUCER_FENCED (KIP-588). 3: flexible.
//! - 4: TRANSACTION_ABORTABLE. 5: every transaction has an epoch of its own, and
//!   the answer tells the next one (KIP-890).
//!
//! The answer tells that it is decided: the markers follow.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::{EndTxnRequest, EndTxnResponse};

use super::{Context, Handler, Outcome, fenced_since};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};
use crate::transactions::{ProducerIdentity, TransactionVersion};

/// The first version that knows PRODUCER_FENCED.
const FIRST_VERSION_OF_FENCED: i16 = 2;

/// The first version in which every transaction has an epoch of its own.
const FIRST_VERSION_OF_EPOCH_BUMP: i16 = 5;

impl Handler for EndTxnRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let id = self.transactional_id.clone();
        vec![Need::transactional_id(Operation::Write, id)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<EndTxnResponse> {
        let version = context.version;
        let bump = version >= FIRST_VERSION_OF_EPOCH_BUMP;
        let response = EndTxnResponse::new();
        Outcome::Answer(
            match context.unless_injected(|context| end(&self, context)) {
                Ok(next) if bump => response
                    .with_producer_id(next.id)
                    .with_producer_epoch(next.epoch),
                Ok(_) => response,
                Err(code) => {
                    let code = fenced_since(FIRST_VERSION_OF_FENCED, version, code);
                    response.with_error_code(code.code())
                }
            },
        )
    }
}

fn end(request: &EndTxnRequest, context: &mut Context<'_>) -> Result<ProducerIdentity, ErrorCode> {
    let producer = ProducerIdentity {
        id: request.producer_id,
        epoch: request.producer_epoch,
    };
    let version = if context.version >= FIRST_VERSION_OF_EPOCH_BUMP {
        TransactionVersion::V2
    } else {
        TransactionVersion::V0
    };
    let moment = context.moment();
    context.cluster.end_transaction(
        context.broker,
        &request.transactional_id,
        producer,
        request.committed,
        version,
        moment,
    )
}
