//! DescribeGroups, versions 0–6: what classic groups are made of.
//!
//! - 1–2: throttle time. 3: authorized operations. 4: static members (KIP-345).
//! - 5: flexible. 6: a group that is not there is an error (KIP-1043).

use kafka_protocol::messages::describe_groups::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::groups::Group;
use crate::groups::classic::{ClassicGroup, ClassicState};
use crate::security::{Need, Operation};

/// The first version in which a missing group is an error.
const FIRST_VERSION_OF_NOT_FOUND: i16 = 6;

/// Everything that can be done to a group, as bits: read, delete, describe,
/// describe its settings, change them.
pub(super) const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

impl Handler for DescribeGroupsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeGroupsResponse> {
        let groups = self.groups.iter().map(|id| {
            let described = DescribedGroup::new().with_group_id(id.clone());
            let checked = context
                .check_unapplied()
                .and_then(|()| context.check_allowed(&Need::group(Operation::Describe, id.clone())))
                .and_then(|()| context.check_group(id));
            if let Err(code) = checked {
                return described.with_error_code(code.code());
            }
            let described = describe(context, id, described);
            match self.include_authorized_operations && described.error_code == 0 {
                true => described.with_authorized_operations(ALL_OPERATIONS),
                false => described,
            }
        });
        Outcome::Answer(DescribeGroupsResponse::new().with_groups(groups.collect::<Vec<_>>()))
    }
}

fn describe(context: &Context<'_>, id: &StrBytes, described: DescribedGroup) -> DescribedGroup {
    let reason = match context.cluster.groups.get(id) {
        Some(Group::Classic(group)) => return describe_classic(group, described),
        Some(Group::Consumer(_)) => format!("Group {id} is not a classic group."),
        None => format!("Group {id} not found."),
    };
    let described = described.with_group_state("Dead");
    match context.version {
        FIRST_VERSION_OF_NOT_FOUND.. => described
            .with_error_code(ErrorCode::GroupIdNotFound.code())
            .with_error_message(Some(StrBytes::from(reason))),
        _ => described,
    }
}

fn describe_classic(group: &ClassicGroup, described: DescribedGroup) -> DescribedGroup {
    let is_stable = group.state() == ClassicState::Stable;
    let protocol = group.protocol().filter(|_| is_stable);
    let members = group.members().map(|member| {
        DescribedGroupMember::new()
            .with_member_id(member.id.clone())
            .with_group_instance_id(member.instance_id.clone())
            .with_client_id(member.client_id.clone())
            .with_client_host(member.client_host.clone())
            .with_member_metadata(
                protocol
                    .map(|_| member.metadata(protocol))
                    .unwrap_or_default(),
            )
            .with_member_assignment(member.assignment.clone())
    });
    described
        .with_group_state(group.state().name())
        .with_protocol_type(group.protocol_type().cloned().unwrap_or_default())
        .with_protocol_data(protocol.cloned().unwrap_or_default())
        .with_members(members.collect::<Vec<_>>())
}
