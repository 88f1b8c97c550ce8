//! The uniform assignor for a group whose members all subscribe to the same
//! topics.

use kafka_protocol::{StrBytes, Uuid};

use super::{Assignments, GroupSpec, MemberSpec, Partitions, add, java_order, remove};

/// Each member keeps what it had up to its share; what is left over goes, in
/// turn, to those below theirs.
pub(super) fn assign(spec: &GroupSpec) -> Assignments {
    let Some(topics) = spec.members.first().map(|member| &member.topics) else {
        return Assignments::new();
    };
    if topics.is_empty() {
        return Assignments::new();
    }
    let mut unassigned = Vec::new();
    let mut total = 0;
    for topic in java_order::topics_of_set(topics) {
        let count = spec.partition_count(topic);
        total += usize::try_from(count).unwrap_or(0);
        let free = (0..count).filter(|partition| !spec.is_assigned(topic, *partition));
        unassigned.extend(free.map(|partition| (topic, partition)));
    }
    let members = java_order::members(&spec.members);
    let mut shares = Shares {
        minimum: total / members.len(),
        larger: total % members.len(),
    };
    let mut assignments = Assignments::new();
    let mut unfilled: Vec<(StrBytes, usize)> = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let (mut quota, larger) = shares.offer();
        let kept = keep(spec, member, &mut quota, &mut unassigned);
        let larger = larger && {
            // A member that would not use up the larger share leaves it to one
            // that may, unless as many must take it as are left.
            let give_up = quota > 0 && members.len() - index > shares.larger;
            quota -= usize::from(give_up);
            !give_up
        };
        shares.larger -= usize::from(larger);
        if quota > 0 {
            unfilled.push((member.id.clone(), quota));
        }
        assignments.insert(member.id.clone(), kept);
    }
    let mut unassigned = unassigned.into_iter();
    for (id, quota) in unfilled {
        let assignment = assignments.entry(id).or_default();
        for (topic, partition) in unassigned.by_ref().take(quota) {
            add(assignment, topic, partition);
        }
    }
    assignments
}

/// How many partitions a member shall have.
struct Shares {
    minimum: usize,
    /// How many members have yet to get one more.
    larger: usize,
}

impl Shares {
    /// What the next member may have, and whether that is one more.
    fn offer(&self) -> (usize, bool) {
        let larger = self.larger > 0;
        (self.minimum + usize::from(larger), larger)
    }
}

/// What a member keeps of what it had. What exceeds its quota becomes free.
fn keep(
    spec: &GroupSpec,
    member: &MemberSpec,
    quota: &mut usize,
    unassigned: &mut Vec<(Uuid, i32)>,
) -> Partitions {
    let mut kept = member.assigned.clone();
    for topic in java_order::topics_of_map(member.assigned.keys()) {
        let Some(partitions) = member.assigned.get(&topic) else {
            continue;
        };
        if !member.topics.contains(&topic) || !spec.partition_counts.contains_key(&topic) {
            kept.remove(&topic);
        } else if partitions.len() <= *quota {
            *quota -= partitions.len();
        } else {
            for partition in java_order::partitions(partitions).into_iter().skip(*quota) {
                remove(&mut kept, topic, partition);
                unassigned.push((topic, partition));
            }
            *quota = 0;
        }
    }
    kept
}
