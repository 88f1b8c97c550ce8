//! LeaveGroup, versions 0–5: members leave their group, or are taken out.
//!
//! - 1–2: throttle time. 3: several members, static ones by their instance
//!   (KIP-345). 4: flexible. 5: the reason (KIP-800).

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::leave_group::{MemberIdentity, MemberResponse};
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::groups::classic::Leaving;
use crate::security::{Need, Operation};

/// The first version that takes several members.
const FIRST_VERSION_OF_MEMBERS: i16 = 3;

impl Handler for LeaveGroupRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::group(Operation::Read, self.group_id.clone())]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<LeaveGroupResponse> {
        let response = LeaveGroupResponse::new();
        let members = match context.version {
            FIRST_VERSION_OF_MEMBERS.. => self.members.clone(),
            _ => vec![MemberIdentity::new().with_member_id(self.member_id.clone())],
        };
        let left = context
            .check_unapplied()
            .and_then(|()| leave(context, &self, &members));
        let left = match context.plan.whole_error() {
            Some(code) => Err(code),
            None => left,
        };
        Outcome::Answer(match left {
            Err(code) => response.with_error_code(code.code()),
            Ok(left) if context.version < FIRST_VERSION_OF_MEMBERS => {
                let code = left.into_iter().find_map(Result::err);
                response.with_error_code(code.unwrap_or(ErrorCode::None).code())
            }
            Ok(left) => {
                let told = members.iter().zip(left).map(|(member, left)| {
                    MemberResponse::new()
                        .with_member_id(member.member_id.clone())
                        .with_group_instance_id(member.group_instance_id.clone())
                        .with_error_code(left.err().unwrap_or(ErrorCode::None).code())
                });
                response.with_members(told.collect::<Vec<_>>())
            }
        })
    }
}

fn leave(
    context: &mut Context<'_>,
    request: &LeaveGroupRequest,
    members: &[MemberIdentity],
) -> Result<Vec<Result<(), ErrorCode>>, ErrorCode> {
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    context.check_group(&request.group_id)?;
    let moment = context.moment();
    let leaving = members.iter().map(|member| {
        tracing::debug!(
            group = %request.group_id,
            member = %member.member_id,
            reason = member.reason.as_deref().unwrap_or("not provided"),
            "leaves"
        );
        Leaving {
            member_id: &member.member_id,
            instance_id: member.group_instance_id.as_deref(),
        }
    });
    let leaving: Vec<_> = leaving.collect();
    let left = match context.cluster.groups.get_mut(&request.group_id) {
        Some(group) => group.leave(&leaving, moment),
        None => vec![Err(ErrorCode::UnknownMemberId); leaving.len()],
    };
    context.cluster.touch_group(&request.group_id);
    Ok(left)
}
