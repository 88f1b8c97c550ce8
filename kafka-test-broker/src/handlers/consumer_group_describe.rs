//! ConsumerGroupDescribe, versions 0–1: what consumer groups are made of (KIP-848).
//!
//! - 1: the type of each member (KIP-1099).

use kafka_protocol::messages::consumer_group_describe::DescribedGroup;
use kafka_protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::describe_groups::ALL_OPERATIONS;
use super::{Context, Handler, Outcome};
use crate::security::{Need, Operation};

impl Handler for ConsumerGroupDescribeRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<ConsumerGroupDescribeResponse> {
        let groups = self.group_ids.iter().map(|id| {
            let described = match check(context, id) {
                Ok(()) => context.cluster.describe_consumer_group(id),
                Err(code) => return failed(id, code, None),
            };
            match described {
                Ok(group) if self.include_authorized_operations => {
                    group.with_authorized_operations(ALL_OPERATIONS)
                }
                Ok(group) => group,
                Err(refused) => failed(id, refused.code, Some(refused.message)),
            }
        });
        Outcome::Answer(
            ConsumerGroupDescribeResponse::new().with_groups(groups.collect::<Vec<_>>()),
        )
    }
}

fn check(context: &Context<'_>, id: &StrBytes) -> Result<(), ErrorCode> {
    if let Some(code) = context.plan.whole_error() {
        return Err(code);
    }
    context.check_allowed(&Need::group(Operation::Describe, id.clone()))?;
    if !context.cluster.has_consumer_groups() {
        return Err(ErrorCode::UnsupportedVersion);
    }
    if id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    context.check_group(id)
}

fn failed(id: &StrBytes, code: ErrorCode, message: Option<String>) -> DescribedGroup {
    DescribedGroup::new()
        .with_group_id(id.clone())
        .with_error_code(code.code())
        .with_error_message(message.map(StrBytes::from))
}
