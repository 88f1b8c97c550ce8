//! InitProducerId, versions 0–5: an id and epoch for an idempotent or a
//! transactional producer.
//!
//! - 2: flexible. 3: the producer may name the id and epoch it had (KIP-360).
//!   4: PRODUCER_FENCED. 5: TRANSACTION_ABORTABLE (KIP-890).
//!
//! Two-phase commit (version 6) is not stable in Kafka, and not served.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};

use super::{Context, Handler, Outcome, fenced_since};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};
use crate::transactions::ProducerIdentity;

/// The first version that knows PRODUCER_FENCED.
const FIRST_VERSION_OF_FENCED: i16 = 4;

/// A producer that has no id, or no epoch.
const NONE: ProducerIdentity = ProducerIdentity { id: -1, epoch: -1 };

impl Handler for InitProducerIdRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![match &self.transactional_id {
            Some(id) => Need::transactional_id(Operation::Write, id.clone()),
            None => Need::cluster(Operation::IdempotentWrite),
        }]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<InitProducerIdResponse> {
        let version = context.version;
        let (code, producer) = match context.unless_injected(|context| initialize(&self, context)) {
            Ok(producer) => (ErrorCode::None, producer),
            Err(code) => (fenced_since(FIRST_VERSION_OF_FENCED, version, code), NONE),
        };
        Outcome::Answer(
            InitProducerIdResponse::new()
                .with_error_code(code.code())
                .with_producer_id(producer.id)
                .with_producer_epoch(producer.epoch),
        )
    }
}

fn initialize(
    request: &InitProducerIdRequest,
    context: &mut Context<'_>,
) -> Result<ProducerIdentity, ErrorCode> {
    let expected = ProducerIdentity {
        id: request.producer_id,
        epoch: request.producer_epoch,
    };
    if (expected.id == NONE.id) != (expected.epoch == NONE.epoch) {
        return Err(ErrorCode::InvalidRequest);
    }
    let Some(id) = &request.transactional_id else {
        // There is nothing to go on from: always a new id, whatever the producer
        // had.
        return Ok(ProducerIdentity {
            id: context.cluster.new_producer_id(),
            epoch: 0,
        });
    };
    let moment = context.moment();
    context.cluster.initialize_producer(
        context.broker,
        id,
        (expected != NONE).then_some(expected),
        request.transaction_timeout_ms,
        moment,
    )
}
