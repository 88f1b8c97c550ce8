//! The assignors that Kafka's group coordinator has built in (KIP-848), with
//! exactly Kafka's results.

mod heterogeneous;
mod homogeneous;
mod java_order;
mod least_and_most;
mod range;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::{StrBytes, Uuid};

/// Partitions by topic; no topic is without partitions.
pub(crate) type Partitions = BTreeMap<Uuid, BTreeSet<i32>>;

/// Each member's partitions; a member that is missing gets none.
pub(crate) type Assignments = BTreeMap<StrBytes, Partitions>;

/// A way to spread partitions over the members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignor {
    /// As many partitions for each member as for any other, moving as few as
    /// possible. The default.
    Uniform,
    /// The partitions of each topic in ranges, in the order of the members,
    /// static ones first. Topics with as many partitions are split alike.
    Range,
}

/// What an assignor works from.
#[derive(Clone, Debug)]
pub(crate) struct GroupSpec {
    pub members: Vec<MemberSpec>,
    /// Whether all members subscribe to the same topics.
    pub homogeneous: bool,
    /// How many partitions the subscribed topics have.
    pub partition_counts: BTreeMap<Uuid, i32>,
    /// The partitions that are some member's, by the assignment so far.
    pub assigned: Partitions,
}

/// One member and what it had so far.
#[derive(Clone, Debug)]
pub(crate) struct MemberSpec {
    pub id: StrBytes,
    /// The name of a static member.
    pub instance_id: Option<StrBytes>,
    /// The topics it subscribes to, of those that exist.
    pub topics: BTreeSet<Uuid>,
    /// Its assignment so far.
    pub assigned: Partitions,
}

impl Assignor {
    /// Every assignor, the default first.
    pub(crate) const ALL: [Self; 2] = [Self::Uniform, Self::Range];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|assignor| assignor.name() == name)
    }

    pub(crate) fn assign(self, spec: &GroupSpec) -> Assignments {
        match self {
            _ if spec.members.is_empty() => Assignments::new(),
            Self::Uniform if spec.homogeneous => homogeneous::assign(spec),
            Self::Uniform => heterogeneous::assign(spec),
            Self::Range => range::assign(spec),
        }
    }
}

impl GroupSpec {
    fn partition_count(&self, topic: Uuid) -> i32 {
        self.partition_counts.get(&topic).copied().unwrap_or(0)
    }

    fn is_assigned(&self, topic: Uuid, partition: i32) -> bool {
        self.assigned
            .get(&topic)
            .is_some_and(|partitions| partitions.contains(&partition))
    }
}

/// Gives a partition to a member.
fn add(assignment: &mut Partitions, topic: Uuid, partition: i32) {
    assignment.entry(topic).or_default().insert(partition);
}

/// Takes a partition from a member.
fn remove(assignment: &mut Partitions, topic: Uuid, partition: i32) {
    if let Some(partitions) = assignment.get_mut(&topic) {
        partitions.remove(&partition);
        if partitions.is_empty() {
            assignment.remove(&topic);
        }
    }
}
