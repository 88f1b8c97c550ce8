//! Offsets that groups committed.

use std::collections::BTreeMap;

use kafka_protocol::StrBytes;

/// Every group's committed offsets.
#[derive(Clone, Debug, Default)]
pub(crate) struct OffsetStore {
    groups: BTreeMap<StrBytes, GroupOffsets>,
}

/// One group's offsets, by topic and partition.
pub(crate) type GroupOffsets = BTreeMap<(StrBytes, i32), CommittedOffset>;

/// Where a group stands in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    pub offset: i64,
    /// The epoch of the last record consumed, -1 when the client did not say.
    pub leader_epoch: i32,
    /// Whatever the client noted beside the offset.
    pub metadata: StrBytes,
}

impl OffsetStore {
    /// Remembers an offset, and with the first one the group.
    pub(crate) fn commit(
        &mut self,
        group: &str,
        topic: &StrBytes,
        partition: i32,
        offset: CommittedOffset,
    ) {
        // Copies, so that a small name does not keep a whole request alive.
        let topic = topic.detach();
        let offset = CommittedOffset {
            metadata: offset.metadata.detach(),
            ..offset
        };
        if let Some(offsets) = self.groups.get_mut(group) {
            offsets.insert((topic, partition), offset);
        } else {
            let offsets = BTreeMap::from([((topic, partition), offset)]);
            self.groups
                .insert(StrBytes::from(group.to_owned()), offsets);
        }
    }

    /// What `group` committed; `None` when it never did.
    pub(crate) fn group(&self, group: &str) -> Option<&GroupOffsets> {
        self.groups.get(group)
    }

    /// Drops every group's offsets for a topic that is deleted.
    pub(crate) fn forget_topic(&mut self, topic: &str) {
        for offsets in self.groups.values_mut() {
            offsets.retain(|(name, _), _| name.as_str() != topic);
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
            metadata: StrBytes::from_static("m"),
        }
    }

    #[test]
    fn groups_and_topics_are_apart() {
        let mut store = OffsetStore::default();
        let (a, b) = (StrBytes::from_static("a"), StrBytes::from_static("b"));
        store.commit("g", &a, 0, offset(1));
        store.commit("g", &a, 0, offset(2));
        store.commit("g", &b, 0, offset(3));
        store.commit("h", &a, 0, offset(4));
        let committed = |store: &OffsetStore, group: &str, topic: &StrBytes| {
            store
                .group(group)
                .and_then(|group| group.get(&(topic.clone(), 0)))
                .map(|o| o.offset)
        };
        assert_eq!(committed(&store, "g", &a), Some(2));
        assert_eq!(committed(&store, "g", &b), Some(3));
        assert_eq!(committed(&store, "h", &a), Some(4));
        assert!(store.group("i").is_none());
        store.forget_topic("a");
        assert_eq!(committed(&store, "g", &a), None);
        assert_eq!(committed(&store, "g", &b), Some(3));
        assert!(store.group("h").is_some_and(BTreeMap::is_empty));
    }
}
