//! ListGroups, versions 0–5: the groups that the broker coordinates.
//!
//! - 1–2: throttle time. 3: flexible. 4: by state (KIP-518). 5: by type (KIP-848).

use kafka_protocol::StrBytes;
use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};

use super::{Context, Handler, Outcome};
use crate::security::{Need, Operation};

impl Handler for ListGroupsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<ListGroupsResponse> {
        let response = ListGroupsResponse::new();
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(response.with_error_code(code.code()));
        }
        let wanted = |filter: &[StrBytes], value: &str| {
            let mut names = filter.iter();
            filter.is_empty() || names.any(|name| name.trim().eq_ignore_ascii_case(value))
        };
        let cluster = &context.cluster;
        let here = |id: &str| cluster.check_group_coordinator(context.broker, id).is_ok();
        // Whoever may look at the cluster may look at its groups.
        let all = context.may(&Need::cluster(Operation::Describe));
        let shown =
            |id: &StrBytes| all || context.may(&Need::group(Operation::Describe, id.clone()));
        let groups = cluster.groups.iter().filter(|(id, group)| {
            here(id)
                && shown(id)
                && wanted(&self.states_filter, group.state())
                && wanted(&self.types_filter, group.kind())
        });
        let listed = groups.map(|(id, group)| group.listed(id));
        Outcome::Answer(response.with_groups(listed.collect::<Vec<_>>()))
    }
}
