//! Who may do what: the answer of the ACLs to the needs of a request.

use kafka_protocol::{ErrorCode, StrBytes};

use super::acls::CLUSTER_NAME;
use super::{Operation, ResourceType, Security};
use crate::machine::ConnectionId;

/// What a request needs to be allowed, and what it is told otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub operation: Operation,
    pub resource: Resource,
}

/// What an operation is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Only what is about this topic is refused.
    Topic(StrBytes),
    Group(StrBytes),
    TransactionalId(StrBytes),
    Cluster,
}

impl Need {
    pub(crate) fn topic(operation: Operation, name: StrBytes) -> Self {
        let resource = Resource::Topic(name);
        Self {
            operation,
            resource,
        }
    }

    pub(crate) fn group(operation: Operation, name: StrBytes) -> Self {
        let resource = Resource::Group(name);
        Self {
            operation,
            resource,
        }
    }

    pub(crate) fn transactional_id(operation: Operation, name: StrBytes) -> Self {
        let resource = Resource::TransactionalId(name);
        Self {
            operation,
            resource,
        }
    }

    pub(crate) fn cluster(operation: Operation) -> Self {
        Self {
            operation,
            resource: Resource::Cluster,
        }
    }

    /// What is answered to whoever is not allowed it.
    pub(crate) fn refusal(&self) -> ErrorCode {
        match self.resource {
            Resource::Topic(_) => ErrorCode::TopicAuthorizationFailed,
            Resource::Group(_) => ErrorCode::GroupAuthorizationFailed,
            Resource::TransactionalId(_) => ErrorCode::TransactionalIdAuthorizationFailed,
            Resource::Cluster => ErrorCode::ClusterAuthorizationFailed,
        }
    }
}

impl Security {
    /// Whether whoever is connected here, from `host`, is allowed it.
    pub(crate) fn allows(&self, id: ConnectionId, host: &str, need: &Need) -> bool {
        if !self.settings.authorizes {
            return true;
        }
        let principal = self.principal(id);
        if self.settings.super_users.contains(principal) {
            return true;
        }
        // ACLs name hosts by address alone.
        let host = host.trim_start_matches('/');
        let (resource, name) = match &need.resource {
            Resource::Topic(name) => (ResourceType::Topic, name.as_str()),
            Resource::Group(name) => (ResourceType::Group, name.as_str()),
            Resource::TransactionalId(name) => (ResourceType::TransactionalId, name.as_str()),
            Resource::Cluster => (ResourceType::Cluster, CLUSTER_NAME),
        };
        let operation = need.operation;
        if self.acls.allow(principal, host, operation, resource, name) {
            return true;
        }
        match (operation, resource) {
            // Whoever may create any topic may create this one.
            (Operation::Create, ResourceType::Topic) => {
                let cluster = ResourceType::Cluster;
                self.acls
                    .allow(principal, host, operation, cluster, CLUSTER_NAME)
            }
            // Whoever may write anything may do so once only (KIP-679).
            (Operation::IdempotentWrite, _) if self.writers_may_be_idempotent => {
                let (write, topic) = (Operation::Write, ResourceType::Topic);
                self.acls.allow_any(principal, host, write, topic)
            }
            _ => false,
        }
    }
}
