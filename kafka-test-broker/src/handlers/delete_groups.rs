//! DeleteGroups, versions 0–2: empty groups and all they committed.
//!
//! - 1: throttled after the answer. 2: flexible.

use kafka_protocol::messages::delete_groups::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::security::{Need, Operation};

impl Handler for DeleteGroupsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<DeleteGroupsResponse> {
        let mut results: Vec<DeletableGroupResult> = Vec::new();
        for id in &self.groups_names {
            if results.iter().any(|result| result.group_id == *id) {
                continue;
            }
            let deleted = context.check_unapplied().and_then(|()| delete(context, id));
            let code = deleted.err().unwrap_or(ErrorCode::None);
            let code = context.plan.whole_error().unwrap_or(code);
            let result = DeletableGroupResult::new().with_group_id(id.clone());
            results.push(result.with_error_code(code.code()));
        }
        Outcome::Answer(DeleteGroupsResponse::new().with_results(results))
    }
}

fn delete(context: &mut Context<'_>, id: &StrBytes) -> Result<(), ErrorCode> {
    context.check_allowed(&Need::group(Operation::Delete, id.clone()))?;
    context.check_group(id)?;
    let group = context.cluster.groups.get(id);
    group.ok_or(ErrorCode::GroupIdNotFound)?.check_delete()?;
    context.cluster.delete_group(id);
    Ok(())
}
