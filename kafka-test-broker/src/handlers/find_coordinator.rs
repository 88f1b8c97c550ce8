//! FindCoordinator, versions 0–6: which broker speaks for a group or for a
//! transactional id.
//!
//! - 1: transactional ids too. 2: throttled after the answer. 3: flexible.
//! - 4: several keys at once (KIP-699). 6: share groups (KIP-932).
//!
//! Share groups are not served: their coordinators are asked for in vain, as in
//! a cluster where the feature is off.

use kafka_protocol::messages::find_coordinator::Coordinator;
use kafka_protocol::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::{Broker, InternalTopic};
use crate::security::{Need, Operation};

/// The first version that asks for several keys.
const FIRST_VERSION_OF_KEYS: i16 = 4;

impl Handler for FindCoordinatorRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<FindCoordinatorResponse> {
        if context.version < FIRST_VERSION_OF_KEYS {
            let response = FindCoordinatorResponse::new();
            return Outcome::Answer(match find(context, self.key_type, &self.key) {
                Ok(broker) => response
                    // Kafka's, which the later versions leave empty.
                    .with_error_message(StrBytes::from_static(ErrorCode::None.name()))
                    .with_node_id(broker.id)
                    .with_host(broker.host.clone())
                    .with_port(i32::from(broker.port)),
                Err(code) => response
                    .with_error_code(code.code())
                    .with_error_message(StrBytes::from_static(code.description()))
                    .with_node_id(-1)
                    .with_port(-1),
            });
        }
        let found = self.coordinator_keys.iter().map(|key| {
            let coordinator = Coordinator::new().with_key(key.clone());
            match find(context, self.key_type, key) {
                Ok(broker) => coordinator
                    .with_node_id(broker.id)
                    .with_host(broker.host.clone())
                    .with_port(i32::from(broker.port)),
                Err(code) => coordinator
                    .with_error_code(code.code())
                    .with_error_message(message(self.key_type, code))
                    .with_node_id(-1)
                    .with_port(-1),
            }
        });
        let found: Vec<Coordinator> = found.collect();
        Outcome::Answer(FindCoordinatorResponse::new().with_coordinators(found))
    }
}

/// What people are told: since several keys can be asked for, only that there is
/// no such type.
fn message(key_type: i8, code: ErrorCode) -> StrBytes {
    match key_type {
        0..=2 => StrBytes::default(),
        _ => StrBytes::from_static(code.description()),
    }
}

fn find<'a>(
    context: &'a mut Context<'_>,
    key_type: i8,
    key: &str,
) -> Result<&'a Broker, ErrorCode> {
    if let Some(code) = context.plan.whole_error() {
        return Err(code);
    }
    let name = || StrBytes::from(key.to_owned());
    match key_type {
        0 => context.check_allowed(&Need::group(Operation::Describe, name()))?,
        1 => context.check_allowed(&Need::transactional_id(Operation::Describe, name()))?,
        _ => {}
    }
    match key_type {
        0 => context
            .cluster
            .find_coordinator(InternalTopic::ConsumerOffsets, key),
        1 => context
            .cluster
            .find_coordinator(InternalTopic::TransactionState, key),
        _ => Err(ErrorCode::InvalidRequest),
    }
}
