//! What the broker was asked.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

#[derive(Debug, Default)]
pub(crate) struct Stats {
    produce_requests: AtomicU64,
    produce_bytes: AtomicU64,
    batches: AtomicU64,
    records: AtomicU64,
    fetch_requests: AtomicU64,
    fetch_bytes: AtomicU64,
    other_requests: AtomicU64,
    other_bytes: AtomicU64,
}

impl Stats {
    pub(crate) fn produced(&self, bytes: u64, batches: u64, records: u64) {
        add(&self.produce_requests, 1);
        add(&self.produce_bytes, bytes);
        add(&self.batches, batches);
        add(&self.records, records);
    }

    /// `bytes` were answered.
    pub(crate) fn fetched(&self, asked: u64, bytes: u64) {
        add(&self.fetch_requests, 1);
        add(&self.fetch_bytes, bytes);
        add(&self.other_bytes, asked);
    }

    pub(crate) fn other(&self, bytes: u64) {
        add(&self.other_requests, 1);
        add(&self.other_bytes, bytes);
    }

    /// All of it as JSON; counting starts anew.
    pub(crate) fn take(&self) -> String {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        json!({
            "produce_requests": take(&self.produce_requests),
            "produce_bytes": take(&self.produce_bytes),
            "batches": take(&self.batches),
            "records": take(&self.records),
            "fetch_requests": take(&self.fetch_requests),
            "fetch_bytes": take(&self.fetch_bytes),
            "other_requests": take(&self.other_requests),
            "other_bytes": take(&self.other_bytes),
        })
        .to_string()
    }
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
