//! DescribeAcls, versions 0–3: what the access control lists say (KIP-140).
//!
//! - 1: prefixed resources (KIP-290). 2: flexible. 3: users as resources.

use kafka_protocol::messages::describe_acls::{AclDescription, DescribeAclsResource};
use kafka_protocol::messages::{DescribeAclsRequest, DescribeAclsResponse};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{AclFilter, Need, Operation};

impl Handler for DescribeAclsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Describe)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeAclsResponse> {
        let response = DescribeAclsResponse::new();
        if let Some((code, message)) = super::without_acls(context) {
            return Outcome::Answer(
                response
                    .with_error_code(code.code())
                    .with_error_message(Some(message)),
            );
        }
        let filter = AclFilter {
            resource_type: self.resource_type_filter,
            resource_name: self.resource_name_filter,
            pattern_type: self.pattern_type_filter,
            principal: self.principal_filter,
            host: self.host_filter,
            operation: self.operation,
            permission: self.permission_type,
        };
        let mut resources: Vec<DescribeAclsResource> = Vec::new();
        // Ordered by resource.
        for acl in context.cluster.security.acls.matching(&filter) {
            let line = AclDescription::new()
                .with_principal(acl.principal.clone())
                .with_host(acl.host.clone())
                .with_operation(acl.operation)
                .with_permission_type(acl.permission);
            match resources.last_mut() {
                Some(last)
                    if last.resource_type == acl.resource_type
                        && last.resource_name == acl.resource_name
                        && last.pattern_type == acl.pattern_type =>
                {
                    last.acls.push(line);
                }
                _ => resources.push(
                    DescribeAclsResource::new()
                        .with_resource_type(acl.resource_type)
                        .with_resource_name(acl.resource_name.clone())
                        .with_pattern_type(acl.pattern_type)
                        .with_acls(vec![line]),
                ),
            }
        }
        Outcome::Answer(response.with_error_message(None).with_resources(resources))
    }
}
