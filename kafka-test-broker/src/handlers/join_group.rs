//! JoinGroup, versions 0–9: a client becomes a member of a group, or stays one.
//!
//! - 1: rebalance timeout. 2–3: throttle time. 4: a new member gets an id first
//!   (KIP-394). 5: static members (KIP-345). 6: flexible. 7: protocol type.
//! - 8: the reason (KIP-800). 9: a leader may be told not to assign (KIP-814).

use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::groups::classic::{Joining, Protocol, Waiter};
use crate::security::{Need, Operation};

impl Handler for JoinGroupRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::group(Operation::Read, self.group_id.clone())]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<JoinGroupResponse> {
        if let Err(code) = check(context, &self) {
            return Outcome::Answer(refusal(context.version, self.member_id, code));
        }
        let injected = context.plan.whole_error();
        tracing::debug!(
            group = %self.group_id,
            member = %self.member_id,
            reason = self.reason.as_deref().unwrap_or("not provided"),
            "joins"
        );
        let moment = context.moment();
        let joining = joining(context, &self);
        context.cluster.join_group(&self.group_id, joining, moment);
        context.cluster.touch_group(&self.group_id);
        match injected {
            Some(code) => Outcome::Answer(refusal(context.version, self.member_id, code)),
            None => Outcome::Later,
        }
    }
}

fn check(context: &Context<'_>, request: &JoinGroupRequest) -> Result<(), ErrorCode> {
    context.check_unapplied()?;
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let settings = &context.cluster.groups.settings;
    let allowed = settings.min_session_timeout_ms..=settings.max_session_timeout_ms;
    if !allowed.contains(&request.session_timeout_ms) {
        return Err(ErrorCode::InvalidSessionTimeout);
    }
    context.check_group(&request.group_id)
}

fn joining(context: &mut Context<'_>, request: &JoinGroupRequest) -> Joining {
    let fresh_id = match request.member_id.is_empty() {
        true => {
            let name = request
                .group_instance_id
                .as_ref()
                .unwrap_or(&context.client_id);
            let unique = context.cluster.groups.random_uuid();
            StrBytes::from(format!("{name}-{unique}"))
        }
        false => StrBytes::default(),
    };
    let protocols = request.protocols.iter().map(|protocol| Protocol {
        name: protocol.name.detach(),
        metadata: bytes::Bytes::copy_from_slice(&protocol.metadata),
    });
    Joining {
        waiter: Waiter {
            ticket: context.ticket,
            version: context.version,
        },
        client_id: context.client_id.detach(),
        client_host: context.client_host.clone(),
        member_id: request.member_id.detach(),
        fresh_id,
        instance_id: request.group_instance_id.as_ref().map(StrBytes::detach),
        protocol_type: request.protocol_type.detach(),
        protocols: protocols.collect(),
        rebalance_timeout_ms: match context.version {
            0 => request.session_timeout_ms,
            _ => request.rebalance_timeout_ms,
        },
        session_timeout_ms: request.session_timeout_ms,
    }
}

fn refusal(version: i16, member_id: StrBytes, code: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse::new()
        .with_error_code(code.code())
        .with_protocol_name((version < 7).then(StrBytes::default))
        .with_member_id(member_id)
}
