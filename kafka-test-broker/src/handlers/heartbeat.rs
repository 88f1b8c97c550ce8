//! Heartbeat, versions 0–4: a member is alive, and hears whether it has to join
//! again.
//!
//! - 1–2: throttle time. 3: static members (KIP-345). 4: flexible.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for HeartbeatRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::group(Operation::Read, self.group_id.clone())]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<HeartbeatResponse> {
        let answered = context
            .check_unapplied()
            .and_then(|()| answer(context, &self));
        let code = match answered.err() {
            // It may be a member: whether it is will be known later.
            Some(ErrorCode::CoordinatorLoadInProgress) => ErrorCode::None,
            code => code.unwrap_or(ErrorCode::None),
        };
        let code = context.plan.whole_error().unwrap_or(code);
        Outcome::Answer(HeartbeatResponse::new().with_error_code(code.code()))
    }
}

fn answer(context: &mut Context<'_>, request: &HeartbeatRequest) -> Result<(), ErrorCode> {
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    context.check_group(&request.group_id)?;
    let moment = context.moment();
    let group = context.cluster.groups.get_mut(&request.group_id);
    let beaten = group.ok_or(ErrorCode::UnknownMemberId)?.heartbeat(
        &request.member_id,
        request.group_instance_id.as_deref(),
        request.generation_id,
        moment,
    );
    context.cluster.touch_group(&request.group_id);
    beaten
}
