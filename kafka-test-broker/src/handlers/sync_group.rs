//! SyncGroup, versions 0–5: a member gets its assignment, from the leader's
//! SyncGroup.
//!
//! - 1–2: throttle time. 3: static members (KIP-345). 4: flexible. 5: the
//!   protocol (KIP-559).

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::groups::classic::{Syncing, Waiter};
use crate::security::{Need, Operation};

/// The first version that has to name the protocol.
const FIRST_VERSION_OF_PROTOCOL: i16 = 5;

impl Handler for SyncGroupRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::group(Operation::Read, self.group_id.clone())]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<SyncGroupResponse> {
        let refuse = |code: ErrorCode| {
            Outcome::Answer(SyncGroupResponse::new().with_error_code(code.code()))
        };
        if let Err(code) = check(context, &self) {
            return refuse(code);
        }
        let injected = context.plan.whole_error();
        let assignments = self.assignments.iter();
        let syncing = Syncing {
            waiter: Waiter {
                ticket: context.ticket,
                version: context.version,
            },
            member_id: self.member_id.detach(),
            instance_id: self.group_instance_id.clone(),
            generation: self.generation_id,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            assignments: assignments
                .map(|given| (given.member_id.clone(), given.assignment.clone()))
                .collect(),
        };
        let moment = context.moment();
        context.cluster.sync_group(&self.group_id, syncing, moment);
        context.cluster.touch_group(&self.group_id);
        match injected {
            Some(code) => refuse(code),
            None => Outcome::Later,
        }
    }
}

fn check(context: &Context<'_>, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
    context.check_unapplied()?;
    let nameless = request.protocol_type.is_none() || request.protocol_name.is_none();
    if context.version >= FIRST_VERSION_OF_PROTOCOL && nameless {
        return Err(ErrorCode::InconsistentGroupProtocol);
    }
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    context.check_group(&request.group_id)
}
