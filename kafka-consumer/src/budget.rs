//! The bound on fetched data that waits to be handed out.

use std::collections::BTreeMap;

/// Counts bytes that wait in buffers and bytes that fetches in flight may bring,
/// per broker and together.
///
/// Brokers get equal shares, so that one with much data cannot keep the others
/// from being fetched. What was handed out is no longer counted: a caller that
/// holds on to batches never stops the fetcher.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    /// How many brokers lead an assigned partition; 0 counts as 1.
    sharers: usize,
    buffered: usize,
    reserved: usize,
    peak_buffered: usize,
    brokers: BTreeMap<i32, Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    buffered: usize,
    reserved: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            sharers: 1,
            buffered: 0,
            reserved: 0,
            peak_buffered: 0,
            brokers: BTreeMap::new(),
        }
    }

    /// `brokers` of them share the budget from now on.
    pub(crate) fn set_sharers(&mut self, brokers: usize) {
        self.sharers = brokers.max(1);
    }

    /// One broker's part.
    pub(crate) fn share(&self) -> usize {
        self.limit / self.sharers
    }

    /// How much a fetch from `broker` may bring now.
    pub(crate) fn room(&self, broker: i32) -> usize {
        let used = self
            .brokers
            .get(&broker)
            .map_or(0, |usage| usage.buffered + usage.reserved);
        let own = self.share().saturating_sub(used);
        own.min(self.limit.saturating_sub(self.buffered + self.reserved))
    }

    /// A fetch that may bring `bytes` goes out to `broker`.
    pub(crate) fn reserve(&mut self, broker: i32, bytes: usize) {
        self.reserved += bytes;
        self.brokers.entry(broker).or_default().reserved += bytes;
    }

    /// That fetch is over.
    pub(crate) fn release(&mut self, broker: i32, bytes: usize) {
        self.reserved = self.reserved.saturating_sub(bytes);
        if let Some(usage) = self.brokers.get_mut(&broker) {
            usage.reserved = usage.reserved.saturating_sub(bytes);
        }
        self.forget_idle(broker);
    }

    /// `bytes` from `broker` are kept until they are handed out.
    pub(crate) fn add(&mut self, broker: i32, bytes: usize) {
        self.buffered += bytes;
        self.peak_buffered = self.peak_buffered.max(self.buffered);
        self.brokers.entry(broker).or_default().buffered += bytes;
    }

    /// They were handed out, or dropped.
    pub(crate) fn remove(&mut self, broker: i32, bytes: usize) {
        self.buffered = self.buffered.saturating_sub(bytes);
        if let Some(usage) = self.brokers.get_mut(&broker) {
            usage.buffered = usage.buffered.saturating_sub(bytes);
        }
        self.forget_idle(broker);
    }

    /// Bytes that wait to be handed out.
    pub(crate) fn buffered(&self) -> usize {
        self.buffered
    }

    /// The most that ever waited.
    pub(crate) fn peak_buffered(&self) -> usize {
        self.peak_buffered
    }

    /// Bytes that fetches in flight may bring.
    pub(crate) fn reserved(&self) -> usize {
        self.reserved
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn forget_idle(&mut self, broker: i32) {
        if let Some(usage) = self.brokers.get(&broker)
            && usage.buffered == 0
            && usage.reserved == 0
        {
            self.brokers.remove(&broker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_the_share_and_the_whole_leave() {
        let mut budget = Budget::new(100);
        assert_eq!(budget.room(1), 100);
        budget.set_sharers(2);
        assert_eq!(budget.share(), 50);
        budget.reserve(1, 30);
        assert_eq!(budget.room(1), 20);
        assert_eq!(budget.room(2), 50);
        budget.release(1, 30);
        budget.add(1, 90);
        assert_eq!(budget.room(1), 0, "a batch above the share leaves nothing");
        assert_eq!(budget.room(2), 10, "and less for the others");
        budget.remove(1, 90);
        assert_eq!(budget.room(1), 50);
        assert_eq!(budget.peak_buffered(), 90);
        assert!(budget.brokers.is_empty());
    }

    #[test]
    fn no_broker_is_one_sharer() {
        let mut budget = Budget::new(100);
        budget.set_sharers(0);
        assert_eq!(budget.room(7), 100);
    }
}
