/// Which leader epoch began at which offset (KIP-101), oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct EpochHistory {
    entries: Vec<EpochStart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EpochStart {
    epoch: i32,
    offset: i64,
}

/// Where an epoch ended, as leaders answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochEnd {
    /// The epoch itself, or the largest one before it that has records.
    pub epoch: i32,
    /// The first offset after it.
    pub end_offset: i64,
}

impl EpochHistory {
    /// A leader with `epoch` took over, its first record to get `offset`.
    pub(crate) fn begin(&mut self, epoch: i32, offset: i64) {
        // An epoch in which nothing was written leaves no trace.
        self.entries
            .retain(|entry| entry.offset < offset && entry.epoch < epoch);
        self.entries.push(EpochStart { epoch, offset });
    }

    /// The log was cut at `offset`: what began there or later never was.
    pub(crate) fn truncate(&mut self, offset: i64) {
        self.entries.retain(|entry| entry.offset < offset);
    }

    /// The log starts at `offset` now: of the epochs before, only the one that it
    /// starts in is known, and from there on.
    pub(crate) fn start_at(&mut self, offset: i64) {
        let before = self.entries.partition_point(|entry| entry.offset <= offset);
        let gone = before.saturating_sub(1);
        self.entries.drain(..gone);
        if let Some(first) = self.entries.first_mut() {
            first.offset = first.offset.max(offset);
        }
    }

    /// The newest epoch, `None` before the first leader.
    pub(crate) fn latest(&self) -> Option<i32> {
        self.entries.last().map(|entry| entry.epoch)
    }

    /// Where the newest epoch began.
    pub(crate) fn latest_start(&self) -> Option<i64> {
        self.entries.last().map(|entry| entry.offset)
    }

    /// The epoch in which the record at `offset` was written.
    pub(crate) fn at(&self, offset: i64) -> Option<i32> {
        let after = self.entries.partition_point(|entry| entry.offset <= offset);
        self.entries[..after].last().map(|entry| entry.epoch)
    }

    /// Where `epoch` ended in a log that ends at `log_end`; `None` for an epoch
    /// newer than all. One older than all ended, for all that is known, where
    /// the first one began.
    pub(crate) fn end_of(&self, epoch: i32, log_end: i64) -> Option<EpochEnd> {
        if epoch < 0 {
            return None;
        }
        if self.latest()? == epoch {
            return Some(EpochEnd {
                epoch,
                end_offset: log_end,
            });
        }
        let after = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let next = self.entries.get(after)?;
        let this = self.entries[..after].last();
        Some(EpochEnd {
            epoch: this.map_or(epoch, |this| this.epoch),
            end_offset: next.offset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_without_records_leave_no_trace() {
        let mut epochs = EpochHistory::default();
        assert_eq!(epochs.latest(), None);
        epochs.begin(0, 0);
        epochs.begin(1, 0);
        epochs.begin(2, 10);
        epochs.begin(5, 10);
        assert_eq!(epochs.latest(), Some(5));
        assert_eq!(epochs.at(0), Some(1));
        assert_eq!(epochs.at(9), Some(1));
        assert_eq!(epochs.at(10), Some(5));
        assert_eq!(epochs.at(-1), None);
    }

    #[test]
    fn start_of_the_log_takes_older_epochs_with_it() {
        let mut epochs = EpochHistory::default();
        epochs.begin(1, 0);
        epochs.begin(2, 10);
        epochs.begin(4, 20);
        epochs.start_at(15);
        let end = |epochs: &EpochHistory, epoch| {
            let end = epochs.end_of(epoch, 25).unwrap();
            (end.epoch, end.end_offset)
        };
        assert_eq!(end(&epochs, 1), (1, 15));
        assert_eq!(end(&epochs, 2), (2, 20));
        assert_eq!(epochs.at(14), None);
        epochs.start_at(25);
        assert_eq!(end(&epochs, 2), (2, 25));
        assert_eq!(end(&epochs, 4), (4, 25));
        epochs.truncate(3);
        assert_eq!(epochs.latest(), None);
    }

    #[test]
    fn end_of_an_epoch_is_the_start_of_the_next() {
        let mut epochs = EpochHistory::default();
        epochs.begin(1, 0);
        epochs.begin(4, 10);
        let end = |epoch| {
            epochs
                .end_of(epoch, 25)
                .map(|end| (end.epoch, end.end_offset))
        };
        assert_eq!(end(4), Some((4, 25)));
        assert_eq!(end(1), Some((1, 10)));
        assert_eq!(end(3), Some((1, 10)));
        assert_eq!(end(0), Some((0, 0)));
        assert_eq!(end(5), None);
        assert_eq!(end(-1), None);
    }
}
