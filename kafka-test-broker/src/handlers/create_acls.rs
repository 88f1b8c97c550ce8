//! CreateAcls, versions 0–3: adds lines to the access control lists (KIP-140).
//!
//! - 1: prefixed resources (KIP-290). 2: flexible. 3: users as resources.

use kafka_protocol::messages::create_acls::{AclCreation, AclCreationResult};
use kafka_protocol::messages::{CreateAclsRequest, CreateAclsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{AclBinding, Need, Operation};

impl Handler for CreateAclsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<CreateAclsResponse> {
        let refused = super::without_acls(context);
        let security = &mut context.cluster.security;
        let results = self.creations.into_iter().map(|creation| {
            let acl = binding(creation);
            let problem = refused.clone().or_else(|| {
                let problem = acl.problem()?;
                Some((ErrorCode::InvalidRequest, StrBytes::from_static(problem)))
            });
            match problem {
                Some((code, message)) => AclCreationResult::new()
                    .with_error_code(code.code())
                    .with_error_message(Some(message)),
                None => {
                    security.acls.add(acl);
                    AclCreationResult::new().with_error_message(None)
                }
            }
        });
        Outcome::Answer(CreateAclsResponse::new().with_results(results.collect::<Vec<_>>()))
    }
}

/// Copies, so that a small name does not keep a whole request alive.
fn binding(creation: AclCreation) -> AclBinding {
    AclBinding {
        resource_type: creation.resource_type,
        resource_name: creation.resource_name.detach(),
        pattern_type: creation.resource_pattern_type,
        principal: creation.principal.detach(),
        host: creation.host.detach(),
        operation: creation.operation,
        permission: creation.permission_type,
    }
}
