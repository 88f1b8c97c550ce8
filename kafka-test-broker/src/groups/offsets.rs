use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::{StrBytes, Uuid};

use crate::cluster::InternalTopic;

/// What groups committed: what counts, and what transactions still have pending.
///
/// Commits are numbered in their order. A transaction that ends brings its
/// offsets in only where no later commit went past it: in Kafka, whichever
/// record comes later in the log of `__consumer_offsets` counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OffsetStore {
    groups: BTreeMap<StrBytes, GroupOffsets>,
    /// By producer id and group.
    pending: BTreeMap<(i64, StrBytes), GroupOffsets>,
    commits: u64,
}

/// One group's offsets, by topic and partition.
pub(crate) type GroupOffsets = BTreeMap<(StrBytes, i32), CommittedOffset>;

/// Where a group stands in a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    pub offset: i64,
    /// The epoch of the last record consumed, -1 when the client did not say.
    pub leader_epoch: i32,
    /// Whatever the client noted beside the offset.
    pub metadata: StrBytes,
    /// When it was committed, in milliseconds since 1970.
    pub committed_ms: i64,
    /// When it expires, in milliseconds since 1970, where the client said so.
    pub expires_ms: Option<i64>,
    /// The topic's id where the client named it so, zero otherwise.
    pub topic_id: Uuid,
    /// Its place among all commits.
    pub number: u64,
}

impl OffsetStore {
    /// Remembers an offset.
    pub(crate) fn commit(
        &mut self,
        group: &str,
        topic: &str,
        partition: i32,
        offset: CommittedOffset,
    ) {
        let offset = self.numbered(offset);
        let place = (StrBytes::from(topic), partition);
        if let Some(offsets) = self.groups.get_mut(group) {
            offsets.insert(place, offset);
        } else {
            let offsets = BTreeMap::from([(place, offset)]);
            self.groups.insert(StrBytes::from(group), offsets);
        }
    }

    /// Remembers an offset that counts once the transaction of `producer_id`
    /// is committed. Until then it is only seen as unstable.
    pub(crate) fn stage(
        &mut self,
        producer_id: i64,
        group: &str,
        topic: &str,
        partition: i32,
        offset: CommittedOffset,
    ) {
        let offset = self.numbered(offset);
        self.pending
            .entry((producer_id, StrBytes::from(group)))
            .or_default()
            .insert((StrBytes::from(topic), partition), offset);
    }

    /// Ends the transaction of `producer_id` for all groups that are kept in
    /// `partition` of `__consumer_offsets`, as the marker does that is written
    /// there. Returns the groups that had offsets pending.
    pub(crate) fn complete(
        &mut self,
        producer_id: i64,
        partition: i32,
        committed: bool,
    ) -> Vec<StrBytes> {
        let first = (producer_id, StrBytes::default());
        let here = |group: &StrBytes| {
            InternalTopic::ConsumerOffsets.partition_of(group.as_str()) == partition
        };
        let ended: Vec<(i64, StrBytes)> = self
            .pending
            .range(first..)
            .map(|(key, _)| key)
            .take_while(|(id, _)| *id == producer_id)
            .filter(|(_, group)| here(group))
            .cloned()
            .collect();
        for key in &ended {
            let staged = self.pending.remove(key).unwrap_or_default();
            if !committed || staged.is_empty() {
                continue;
            }
            let offsets = self.groups.entry(key.1.clone()).or_default();
            for (place, offset) in staged {
                let present = offsets.get(&place).map_or(0, |present| present.number);
                if offset.number > present {
                    offsets.insert(place, offset);
                }
            }
        }
        ended.into_iter().map(|(_, group)| group).collect()
    }

    /// What `group` committed; `None` when there is nothing.
    pub(crate) fn group(&self, group: &str) -> Option<&GroupOffsets> {
        self.groups.get(group)
    }

    /// Whether a transaction has an offset pending for this partition.
    pub(crate) fn is_pending(&self, group: &str, topic: &str, partition: i32) -> bool {
        let place = (StrBytes::from(topic), partition);
        let mut pending = self.pending.iter();
        pending.any(|((_, name), offsets)| name.as_str() == group && offsets.contains_key(&place))
    }

    /// Whether any transaction has offsets pending for `group`.
    pub(crate) fn has_pending(&self, group: &str) -> bool {
        self.pending.keys().any(|(_, name)| name.as_str() == group)
    }

    /// Whether `group` has offsets, committed or pending.
    pub(crate) fn has_any(&self, group: &str) -> bool {
        self.groups.contains_key(group) || self.has_pending(group)
    }

    /// Drops one offset, pending ones too. Returns whether there was one.
    pub(crate) fn delete(&mut self, group: &str, topic: &str, partition: i32) -> bool {
        let place = (StrBytes::from(topic), partition);
        let mut deleted = false;
        if let Some(offsets) = self.groups.get_mut(group) {
            deleted |= offsets.remove(&place).is_some();
            if offsets.is_empty() {
                self.groups.remove(group);
            }
        }
        for ((_, name), offsets) in &mut self.pending {
            if name.as_str() == group {
                deleted |= offsets.remove(&place).is_some();
            }
        }
        deleted
    }

    /// Drops all that a group committed, or has pending.
    pub(crate) fn delete_group(&mut self, group: &str) {
        self.groups.remove(group);
        self.pending.retain(|(_, name), _| name.as_str() != group);
    }

    /// Drops every group's offsets for a topic that is deleted. Returns the
    /// groups that had some.
    pub(crate) fn forget_topic(&mut self, topic: &str) -> BTreeSet<StrBytes> {
        let mut touched = BTreeSet::new();
        let mut forget = |group: &StrBytes, offsets: &mut GroupOffsets| {
            let before = offsets.len();
            offsets.retain(|(name, _), _| name.as_str() != topic);
            if offsets.len() < before {
                touched.insert(group.clone());
            }
            !offsets.is_empty()
        };
        self.groups.retain(&mut forget);
        for ((_, group), offsets) in &mut self.pending {
            forget(group, offsets);
        }
        touched
    }

    /// A copy of `offset` that has its place among all commits, and does not
    /// keep a whole request alive.
    fn numbered(&mut self, offset: CommittedOffset) -> CommittedOffset {
        self.commits += 1;
        CommittedOffset {
            metadata: offset.metadata.detach(),
            number: self.commits,
            ..offset
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(offset: i64) -> CommittedOffset {
        CommittedOffset {
            offset,
            leader_epoch: -1,
            ..CommittedOffset::default()
        }
    }

    fn committed(store: &OffsetStore, group: &str, topic: &'static str) -> Option<i64> {
        let place = (StrBytes::from_static(topic), 0);
        store.group(group)?.get(&place).map(|found| found.offset)
    }

    #[test]
    fn groups_and_topics_are_apart() {
        let mut store = OffsetStore::default();
        store.commit("g", "a", 0, offset(1));
        store.commit("g", "a", 0, offset(2));
        store.commit("g", "b", 0, offset(3));
        store.commit("h", "a", 0, offset(4));
        assert_eq!(committed(&store, "g", "a"), Some(2));
        assert_eq!(committed(&store, "g", "b"), Some(3));
        assert_eq!(committed(&store, "h", "a"), Some(4));
        assert!(store.group("i").is_none());
        assert_eq!(store.forget_topic("a").len(), 2);
        assert_eq!(committed(&store, "g", "a"), None);
        assert_eq!(committed(&store, "g", "b"), Some(3));
        assert!(store.group("h").is_none());
        assert!(store.delete("g", "b", 0) && !store.delete("g", "b", 0));
        assert!(!store.has_any("g"));
    }

    #[test]
    fn transaction_brings_in_what_no_later_commit_replaced() {
        let partition = InternalTopic::ConsumerOffsets.partition_of("g");
        let mut store = OffsetStore::default();
        store.commit("g", "a", 0, offset(1));
        store.stage(7, "g", "a", 0, offset(2));
        store.stage(7, "g", "b", 0, offset(3));
        store.stage(8, "g", "c", 0, offset(4));
        store.commit("g", "b", 0, offset(5));
        assert!(store.is_pending("g", "a", 0) && !store.is_pending("g", "a", 1));
        assert_eq!(committed(&store, "g", "a"), Some(1));
        // A marker in another partition is none of this group's.
        assert_eq!(store.complete(7, partition + 1, true).len(), 0);
        assert_eq!(store.complete(7, partition, true).len(), 1);
        assert_eq!(committed(&store, "g", "a"), Some(2));
        assert_eq!(committed(&store, "g", "b"), Some(5));
        assert!(store.has_pending("g"));
        assert_eq!(store.complete(8, partition, false).len(), 1);
        assert_eq!(committed(&store, "g", "c"), None);
        assert!(!store.has_pending("g"));
        assert_eq!(store.complete(8, partition, true).len(), 0);
    }

    #[test]
    fn deleting_reaches_what_is_pending() {
        let partition = InternalTopic::ConsumerOffsets.partition_of("g");
        let mut store = OffsetStore::default();
        store.stage(7, "g", "a", 0, offset(2));
        assert!(store.delete("g", "a", 0));
        store.complete(7, partition, true);
        assert_eq!(committed(&store, "g", "a"), None);
        store.stage(7, "g", "a", 0, offset(2));
        store.commit("g", "a", 0, offset(3));
        store.delete_group("g");
        store.complete(7, partition, true);
        assert!(!store.has_pending("g") && committed(&store, "g", "a").is_none());
    }
}
