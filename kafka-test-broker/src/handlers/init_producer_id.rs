//! InitProducerId, versions 0–5: an id and epoch for an idempotent producer.
//!
//! - 2: flexible. 3: the producer may name the id and epoch it had (KIP-360).
//!   4: PRODUCER_FENCED. 5: TRANSACTION_ABORTABLE (KIP-890).
//!
//! Transactions are not served: a transactional id is answered as by a cluster
//! that authorizes nobody to use one.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for InitProducerIdRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![match &self.transactional_id {
            Some(id) => Need::transactional_id(Operation::Write, id.clone()),
            None => Need::cluster(Operation::IdempotentWrite),
        }]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<InitProducerIdResponse> {
        let half_named = (self.producer_id == -1) != (self.producer_epoch == -1);
        let error = if let Some(code) = context.plan.whole_error() {
            code
        } else if self.transactional_id.is_some() {
            ErrorCode::TransactionalIdAuthorizationFailed
        } else if half_named {
            ErrorCode::InvalidRequest
        } else {
            ErrorCode::None
        };
        let response = InitProducerIdResponse::new().with_error_code(error.code());
        // Without a transactional id there is nothing to go on from: always a
        // new id, whatever the producer had.
        Outcome::Answer(if error.is_ok() {
            response
                .with_producer_id(context.cluster.new_producer_id())
                .with_producer_epoch(0)
        } else {
            response.with_producer_id(-1).with_producer_epoch(-1)
        })
    }
}
