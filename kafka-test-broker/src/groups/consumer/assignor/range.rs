//! The range assignor.

use std::collections::BTreeMap;

use kafka_protocol::{StrBytes, Uuid};

use super::{Assignments, GroupSpec, MemberSpec, Partitions};

/// Splits each topic into as many ranges as it has subscribers, the first ones
/// longer by one where it does not come out even.
pub(super) fn assign(spec: &GroupSpec) -> Assignments {
    let mut topics: BTreeMap<Uuid, Split> = BTreeMap::new();
    for topic in spec.members.iter().flat_map(|member| &member.topics) {
        let split = topics.entry(*topic).or_insert_with(|| Split {
            partitions: spec.partition_count(*topic),
            members_left: 0,
            next: 0,
        });
        split.members_left += 1;
    }
    let mut members: Vec<&MemberSpec> = spec.members.iter().collect();
    // A static member keeps its place, and with it its partitions, when it comes
    // back with another member id.
    members.sort_by(|a, b| place(a).cmp(&place(b)));
    let assignment = |member: &MemberSpec| {
        let mut assignment = Partitions::new();
        for topic in &member.topics {
            if let Some(range) = topics.get_mut(topic).map(Split::next_range)
                && !range.is_empty()
            {
                assignment.insert(*topic, range.collect());
            }
        }
        assignment
    };
    members
        .iter()
        .map(|member| member.id.clone())
        .zip(members.iter().copied().map(assignment))
        .collect()
}

/// Static members come first, by name.
fn place(member: &MemberSpec) -> (bool, &StrBytes) {
    let name = member.instance_id.as_ref();
    (name.is_none(), name.unwrap_or(&member.id))
}

/// A topic that is being split.
struct Split {
    partitions: i32,
    members_left: i32,
    next: i32,
}

impl Split {
    fn next_range(&mut self) -> std::ops::Range<i32> {
        let left = self.partitions - self.next;
        // Rounded up: the longer ranges come first.
        let len = (left + self.members_left - 1).div_euclid(self.members_left.max(1));
        let start = self.next;
        self.members_left -= 1;
        self.next += len;
        start..self.next
    }
}
