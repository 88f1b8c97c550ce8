//! DeleteAcls, versions 0–3: removes lines from the access control lists
//! (KIP-140).
//!
//! - 1: prefixed resources (KIP-290). 2: flexible. 3: users as resources.

use kafka_protocol::messages::delete_acls::{
    DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsMatchingAcl,
};
use kafka_protocol::messages::{DeleteAclsRequest, DeleteAclsResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{AclFilter, Need, Operation};

impl Handler for DeleteAclsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DeleteAclsResponse> {
        let refused = super::without_acls(context);
        let security = &mut context.cluster.security;
        let results = self.filters.into_iter().map(|asked| {
            if let Some((code, message)) = &refused {
                return DeleteAclsFilterResult::new()
                    .with_error_code(code.code())
                    .with_error_message(Some(message.clone()));
            }
            let removed = security.acls.remove(&filter(asked));
            let removed = removed.into_iter().map(|acl| {
                DeleteAclsMatchingAcl::new()
                    .with_error_message(None)
                    .with_resource_type(acl.resource_type)
                    .with_resource_name(acl.resource_name)
                    .with_pattern_type(acl.pattern_type)
                    .with_principal(acl.principal)
                    .with_host(acl.host)
                    .with_operation(acl.operation)
                    .with_permission_type(acl.permission)
            });
            DeleteAclsFilterResult::new()
                .with_error_message(None)
                .with_matching_acls(removed.collect::<Vec<_>>())
        });
        Outcome::Answer(DeleteAclsResponse::new().with_filter_results(results.collect::<Vec<_>>()))
    }
}

fn filter(asked: DeleteAclsFilter) -> AclFilter {
    AclFilter {
        resource_type: asked.resource_type_filter,
        resource_name: asked.resource_name_filter,
        pattern_type: asked.pattern_type_filter,
        principal: asked.principal_filter,
        host: asked.host_filter,
        operation: asked.operation,
        permission: asked.permission_type,
    }
}
