//! AddOffsetsToTxn, versions 0–4: makes a group's partition of
//! `__consumer_offsets` part of a transaction.
//!
//! - 1: throttled after the answer. 2: PRODUCER_FENCED (KIP-588). 3: flexible.
//! - 4: TRANSACTION_ABORTABLE (KIP-890).

use std::collections::BTreeSet;

use kafka_protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome, fenced_since};
use crate::cluster::{Cluster, InternalTopic};
use crate::security::{Need, Operation};
use crate::transactions::{ProducerIdentity, TransactionVersion};

/// The first version that knows PRODUCER_FENCED.
const FIRST_VERSION_OF_FENCED: i16 = 2;

impl Handler for AddOffsetsToTxnRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![
            Need::transactional_id(Operation::Write, self.transactional_id.clone()),
            Need::group(Operation::Read, self.group_id.clone()),
        ]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AddOffsetsToTxnResponse> {
        let version = context.version;
        let added = context.unless_injected(|context| add(&self, context));
        let code = added.err().unwrap_or(ErrorCode::None);
        let code = fenced_since(FIRST_VERSION_OF_FENCED, version, code);
        Outcome::Answer(AddOffsetsToTxnResponse::new().with_error_code(code.code()))
    }
}

fn add(request: &AddOffsetsToTxnRequest, context: &mut Context<'_>) -> Result<(), ErrorCode> {
    let offsets = InternalTopic::ConsumerOffsets;
    let partition = offsets.partition_of(&request.group_id);
    let place = (StrBytes::from_static(offsets.name()), partition);
    let producer = ProducerIdentity {
        id: request.producer_id,
        epoch: request.producer_epoch,
    };
    let moment = context.moment();
    // Producers whose transactions have epochs of their own do not send this.
    context.cluster.add_to_transaction(
        context.broker,
        &request.transactional_id,
        producer,
        &BTreeSet::from([place]),
        TransactionVersion::V0,
        moment,
    )
}
