//! Access control lists (KIP-11, KIP-290).

use std::collections::BTreeSet;

use kafka_protocol::StrBytes;

/// What an ACL is about, by Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResourceType {
    Topic = 2,
    Group = 3,
    Cluster = 4,
    TransactionalId = 5,
}

/// What somebody does, by Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Read = 3,
    Write = 4,
    Create = 5,
    Delete = 6,
    Alter = 7,
    Describe = 8,
    ClusterAction = 9,
    DescribeConfigs = 10,
    AlterConfigs = 11,
    IdempotentWrite = 12,
}

/// One line of the lists, as the protocol has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AclBinding {
    pub resource_type: i8,
    pub resource_name: StrBytes,
    pub pattern_type: i8,
    pub principal: StrBytes,
    pub host: StrBytes,
    pub operation: i8,
    pub permission: i8,
}

/// Which lines somebody asks for; `None` and ANY stand for all.
#[derive(Clone, Debug)]
pub(crate) struct AclFilter {
    pub resource_type: i8,
    pub resource_name: Option<StrBytes>,
    pub pattern_type: i8,
    pub principal: Option<StrBytes>,
    pub host: Option<StrBytes>,
    pub operation: i8,
    pub permission: i8,
}

/// The lists.
#[derive(Debug, Default)]
pub(crate) struct Acls(BTreeSet<AclBinding>);

const ANY: i8 = 1;
const ALL_OPERATIONS: i8 = 2;
const DENY: i8 = 2;
const ALLOW: i8 = 3;
const PATTERN_MATCH: i8 = 2;
const LITERAL: i8 = 3;
const PREFIXED: i8 = 4;

/// What fits every resource, and every user or host.
const WILDCARD: &str = "*";
const EVERYBODY: &str = "User:*";

/// The name of the one resource of type CLUSTER.
pub(super) const CLUSTER_NAME: &str = "kafka-cluster";

impl AclBinding {
    /// What is wrong with a line that is to be added.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        // Delegation tokens and users are resources of their own in Kafka.
        if !(2..=7).contains(&self.resource_type) {
            Some("the resource type is none that an ACL can be about")
        } else if !matches!(self.pattern_type, LITERAL | PREFIXED) {
            Some("the pattern type is neither LITERAL nor PREFIXED")
        } else if self.resource_name.is_empty() {
            Some("the resource has no name")
        } else if self.resource_type == ResourceType::Cluster as i8
            && self.resource_name.as_str() != CLUSTER_NAME
        {
            Some("the cluster's resource is called kafka-cluster")
        } else if !(ALL_OPERATIONS..=15).contains(&self.operation) {
            Some("the operation is none that an ACL can be about")
        } else if !matches!(self.permission, ALLOW | DENY) {
            Some("the permission type is neither ALLOW nor DENY")
        } else if !self.principal.contains(':') {
            Some("the principal is not of the form type:name")
        } else {
            None
        }
    }

    fn covers(&self, resource: ResourceType, name: &str) -> bool {
        let own = self.resource_name.as_str();
        self.resource_type == resource as i8
            && match self.pattern_type {
                PREFIXED => name.starts_with(own),
                _ => own == WILDCARD || own == name,
            }
    }

    fn is_for(&self, principal: &str, host: &str) -> bool {
        let fits = |own: &str, all: &str, other: &str| own == all || own == other;
        fits(&self.principal, EVERYBODY, principal) && fits(&self.host, WILDCARD, host)
    }
}

impl AclFilter {
    fn fits(&self, acl: &AclBinding) -> bool {
        let number = |filter: i8, own: i8| filter == ANY || filter == own;
        let text = |filter: &Option<StrBytes>, own: &StrBytes| {
            filter.as_ref().is_none_or(|filter| filter == own)
        };
        let resource = match (&self.resource_name, self.pattern_type) {
            (None, PATTERN_MATCH | ANY) => true,
            (Some(name), PATTERN_MATCH) => match acl.pattern_type {
                PREFIXED => name.starts_with(acl.resource_name.as_str()),
                _ => acl.resource_name == *name || acl.resource_name.as_str() == WILDCARD,
            },
            (name, pattern) => number(pattern, acl.pattern_type) && text(name, &acl.resource_name),
        };
        resource
            && number(self.resource_type, acl.resource_type)
            && number(self.operation, acl.operation)
            && number(self.permission, acl.permission)
            && text(&self.principal, &acl.principal)
            && text(&self.host, &acl.host)
    }
}

impl Acls {
    pub(crate) fn add(&mut self, acl: AclBinding) {
        self.0.insert(acl);
    }

    /// The lines that fit, in a fixed order.
    pub(crate) fn matching<'a>(
        &'a self,
        filter: &'a AclFilter,
    ) -> impl Iterator<Item = &'a AclBinding> {
        self.0.iter().filter(|acl| filter.fits(acl))
    }

    /// Removes the lines that fit, and returns them.
    pub(crate) fn remove(&mut self, filter: &AclFilter) -> Vec<AclBinding> {
        let removed: Vec<_> = self.matching(filter).cloned().collect();
        for acl in &removed {
            self.0.remove(acl);
        }
        removed
    }

    /// Whether the lists allow it: some line does, and none denies it.
    pub(super) fn allow(
        &self,
        principal: &str,
        host: &str,
        operation: Operation,
        resource: ResourceType,
        name: &str,
    ) -> bool {
        let about = |acl: &&AclBinding| acl.covers(resource, name) && acl.is_for(principal, host);
        let mut lines = self.0.iter().filter(about).peekable();
        let mut allowed = false;
        for acl in &mut lines {
            if acl.permission == DENY {
                if acl.operation == ALL_OPERATIONS || acl.operation == operation as i8 {
                    return false;
                }
            } else {
                allowed |= implies(acl.operation, operation);
            }
        }
        allowed
    }

    /// Whether the lists allow it for any resource of a type at all.
    pub(super) fn allow_any(
        &self,
        principal: &str,
        host: &str,
        operation: Operation,
        resource: ResourceType,
    ) -> bool {
        let names = self
            .0
            .iter()
            .filter(|acl| acl.permission == ALLOW && acl.resource_type == resource as i8);
        names
            .map(|acl| acl.resource_name.as_str())
            .any(|name| self.allow(principal, host, operation, resource, name))
    }
}

/// Whether being allowed one operation allows the other.
fn implies(allowed: i8, operation: Operation) -> bool {
    use Operation::{Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
    if allowed == ALL_OPERATIONS || allowed == operation as i8 {
        return true;
    }
    let implied_by: &[Operation] = match operation {
        Describe => &[Read, Write, Delete, Alter],
        DescribeConfigs => &[AlterConfigs],
        _ => &[],
    };
    implied_by.iter().any(|other| *other as i8 == allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(name: &'static str, pattern: i8, operation: i8, permission: i8) -> AclBinding {
        AclBinding {
            resource_type: ResourceType::Topic as i8,
            resource_name: StrBytes::from_static(name),
            pattern_type: pattern,
            principal: StrBytes::from_static("User:alice"),
            host: StrBytes::from_static(WILDCARD),
            operation,
            permission,
        }
    }

    fn allows(acls: &[AclBinding], principal: &str, operation: Operation, topic: &str) -> bool {
        let mut lists = Acls::default();
        acls.iter().cloned().for_each(|acl| lists.add(acl));
        lists.allow(
            principal,
            "127.0.0.1",
            operation,
            ResourceType::Topic,
            topic,
        )
    }

    #[test]
    fn what_is_allowed() {
        use Operation::{Describe, Read, Write};
        let read = acl("a", LITERAL, Read as i8, ALLOW);
        for (acls, principal, operation, topic, expected) in [
            (&[][..], "User:alice", Read, "a", false),
            (std::slice::from_ref(&read), "User:alice", Read, "a", true),
            (
                std::slice::from_ref(&read),
                "User:alice",
                Describe,
                "a",
                true,
            ),
            (std::slice::from_ref(&read), "User:alice", Write, "a", false),
            (std::slice::from_ref(&read), "User:bob", Read, "a", false),
            (std::slice::from_ref(&read), "User:alice", Read, "ab", false),
            (
                &[acl("a", PREFIXED, 3, ALLOW)],
                "User:alice",
                Read,
                "ab",
                true,
            ),
            (
                &[acl("*", LITERAL, 2, ALLOW)],
                "User:alice",
                Write,
                "x",
                true,
            ),
            (
                &[acl("*", LITERAL, 2, ALLOW), acl("x", LITERAL, 4, DENY)],
                "User:alice",
                Write,
                "x",
                false,
            ),
            (
                &[acl("*", LITERAL, 2, ALLOW), acl("x", LITERAL, 4, DENY)],
                "User:alice",
                Read,
                "x",
                true,
            ),
        ] {
            assert_eq!(
                allows(acls, principal, operation, topic),
                expected,
                "{acls:?} {principal} {operation:?} {topic}"
            );
        }
        let everybody = AclBinding {
            principal: StrBytes::from_static(EVERYBODY),
            ..read
        };
        assert!(allows(&[everybody], "User:bob", Read, "a"));
    }

    #[test]
    fn filters() {
        let mut lists = Acls::default();
        lists.add(acl("a", LITERAL, 3, ALLOW));
        lists.add(acl("a", PREFIXED, 3, ALLOW));
        lists.add(acl("*", LITERAL, 4, DENY));
        let filter = |name: Option<&'static str>, pattern: i8, operation: i8| AclFilter {
            resource_type: ANY,
            resource_name: name.map(StrBytes::from_static),
            pattern_type: pattern,
            principal: None,
            host: None,
            operation,
            permission: ANY,
        };
        for (asked, expected) in [
            (filter(None, ANY, ANY), 3),
            (filter(Some("a"), LITERAL, ANY), 1),
            (filter(Some("a"), ANY, ANY), 2),
            (filter(Some("ab"), PATTERN_MATCH, ANY), 2),
            (filter(Some("a"), PATTERN_MATCH, ANY), 3),
            (filter(None, ANY, 4), 1),
        ] {
            assert_eq!(lists.matching(&asked).count(), expected, "{asked:?}");
        }
        assert_eq!(lists.remove(&filter(None, PREFIXED, ANY)).len(), 1);
        assert_eq!(lists.matching(&filter(None, ANY, ANY)).count(), 2);
    }

    #[test]
    fn lines_that_make_no_sense() {
        let good = acl("a", LITERAL, 3, ALLOW);
        assert_eq!(good.problem(), None);
        for wrong in [
            AclBinding {
                resource_type: 1,
                ..good.clone()
            },
            AclBinding {
                pattern_type: PATTERN_MATCH,
                ..good.clone()
            },
            AclBinding {
                resource_name: StrBytes::default(),
                ..good.clone()
            },
            AclBinding {
                resource_type: 4,
                ..good.clone()
            },
            AclBinding {
                operation: ANY,
                ..good.clone()
            },
            AclBinding {
                permission: ANY,
                ..good.clone()
            },
            AclBinding {
                principal: StrBytes::from_static("alice"),
                ..good
            },
        ] {
            assert!(wrong.problem().is_some(), "{wrong:?}");
        }
    }
}
