/// Bytes that lie between two entries at least, Kafka's `index.interval.bytes`.
const INTERVAL_BYTES: u64 = 4_096;

/// Where in the log some of its batches lie, as Kafka's sparse index says: what
/// it says of aborted transactions depends on it.
#[derive(Clone, Debug, Default)]
pub(super) struct OffsetIndex {
    entries: Vec<Entry>,
    /// Bytes of all batches.
    len: u64,
    /// Bytes of the batches since the one with the last entry, that one included.
    since_entry: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where the batch starts.
    position: u64,
    last_offset: i64,
}

impl OffsetIndex {
    /// Notes a batch of `len` bytes. Returns where it starts.
    pub(super) fn append(&mut self, last_offset: i64, len: usize) -> u64 {
        let position = self.len;
        if self.since_entry > INTERVAL_BYTES {
            self.entries.push(Entry {
                position,
                last_offset,
            });
            self.since_entry = 0;
        }
        self.len += len as u64;
        self.since_entry += len as u64;
        position
    }

    /// The last offset of the first listed batch that starts at `position` or
    /// beyond.
    pub(super) fn first_from(&self, position: u64) -> Option<i64> {
        let at = self
            .entries
            .partition_point(|entry| entry.position < position);
        self.entries.get(at).map(|entry| entry.last_offset)
    }

    /// Forgets all from `position` on.
    pub(super) fn truncate(&mut self, position: u64) {
        let left = self
            .entries
            .partition_point(|entry| entry.position < position);
        self.entries.truncate(left);
        self.len = position;
        // Kafka counts anew, too.
        self.since_entry = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_a_batch_after_more_than_so_many_bytes() {
        let mut index = OffsetIndex::default();
        // The third batch is the first with more than 4,096 bytes before it.
        let positions: Vec<_> = (0..6).map(|offset| index.append(offset, 2_049)).collect();
        assert_eq!(positions, [0, 2_049, 4_098, 6_147, 8_196, 10_245]);
        assert_eq!(index.first_from(0), Some(2));
        assert_eq!(index.first_from(4_098), Some(2));
        assert_eq!(index.first_from(4_099), Some(4));
        assert_eq!(index.first_from(8_197), None);
        index.truncate(8_196);
        assert_eq!(index.first_from(4_099), None);
        assert_eq!(index.append(4, 5_000), 8_196);
        assert_eq!(index.first_from(4_099), None);
        assert_eq!(index.append(5, 10), 13_196);
        assert_eq!(index.first_from(4_099), Some(5));
    }
}
