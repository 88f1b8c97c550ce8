//! The order in which Java's hash tables are iterated.
//!
//! Kafka's uniform assignor favours whichever member or topic its hash tables
//! yield first. To assign as Kafka does is to iterate as they do: by bucket, and
//! within a bucket in the order of insertion, for which the natural order stands
//! here.

use std::collections::BTreeSet;

use kafka_protocol::{StrBytes, Uuid};

use super::MemberSpec;

/// The smallest table.
const MIN_CAPACITY: usize = 16;

/// Members, as a map that grew member by member yields them.
pub(super) fn members(members: &[MemberSpec]) -> Vec<&MemberSpec> {
    let mut members: Vec<&MemberSpec> = members.iter().collect();
    members.sort_by(|a, b| a.id.cmp(&b.id));
    let capacity = grown(members.len());
    members.sort_by_key(|member| bucket(string_hash(&member.id), capacity));
    members
}

/// Topics, as a map that grew topic by topic yields them.
pub(super) fn topics_of_map<'a>(topics: impl IntoIterator<Item = &'a Uuid>) -> Vec<Uuid> {
    topics_in(topics, grown)
}

/// Topics, as a set that was made from a collection yields them.
pub(super) fn topics_of_set(topics: &BTreeSet<Uuid>) -> Vec<Uuid> {
    topics_in(topics, copied)
}

/// Partitions, as a set that was made from a collection yields them.
pub(super) fn partitions(partitions: &BTreeSet<i32>) -> Vec<i32> {
    let capacity = copied(partitions.len());
    let mut partitions: Vec<i32> = partitions.iter().copied().collect();
    partitions.sort_by_key(|partition| bucket(*partition, capacity));
    partitions
}

fn topics_in<'a>(
    topics: impl IntoIterator<Item = &'a Uuid>,
    capacity: impl Fn(usize) -> usize,
) -> Vec<Uuid> {
    let mut topics: Vec<Uuid> = topics.into_iter().copied().collect();
    let capacity = capacity(topics.len());
    topics.sort_by_key(|topic| bucket(uuid_hash(*topic), capacity));
    topics
}

/// The capacity of a table into which `len` keys were put: it doubles when more
/// than three quarters full.
fn grown(len: usize) -> usize {
    let mut capacity = MIN_CAPACITY;
    while len > capacity / 4 * 3 {
        capacity *= 2;
    }
    capacity
}

/// The capacity of a set that is made from a collection of `len`.
fn copied(len: usize) -> usize {
    (len * 4 / 3 + 1).max(MIN_CAPACITY).next_power_of_two()
}

fn bucket(hash: i32, capacity: usize) -> u32 {
    let hash = hash.cast_unsigned();
    let mask = u32::try_from(capacity - 1).unwrap_or(u32::MAX);
    (hash ^ (hash >> 16)) & mask
}

/// `String.hashCode`.
fn string_hash(text: &StrBytes) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

/// The hash of Kafka's `Uuid`.
fn uuid_hash(id: Uuid) -> i32 {
    let words = id.as_bytes().chunks_exact(4).map(|word| {
        word.iter()
            .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte))
    });
    words.fold(0, |sum, word| sum ^ word).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_as_large_as_in_java() {
        assert_eq!([0, 12, 13, 24, 25].map(grown), [16, 16, 32, 32, 64]);
        assert_eq!([0, 11, 12, 23, 24].map(copied), [16, 16, 32, 32, 64]);
    }

    #[test]
    fn partitions_wrap_around_the_table() {
        let set = BTreeSet::from([0, 3, 17, 35]);
        assert_eq!(partitions(&set), [0, 17, 3, 35]);
    }
}
