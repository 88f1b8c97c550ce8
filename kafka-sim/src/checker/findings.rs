//! Violations as they are found.

use std::collections::BTreeMap;

use super::{Anomaly, Violation};

/// Violations of one kind that are told one by one.
const TOLD: u64 = 20;

pub(super) struct Findings {
    violations: Vec<Violation>,
    counts: BTreeMap<Anomaly, u64>,
    /// By value: already part of a finding, so that no other is made of the same cause.
    explained: Vec<bool>,
}

impl Findings {
    pub(super) fn new(values: usize) -> Self {
        Self {
            violations: Vec::new(),
            counts: BTreeMap::new(),
            explained: vec![false; values],
        }
    }

    /// `facts` is only asked for when it will be told.
    pub(super) fn add(&mut self, anomaly: Anomaly, facts: impl FnOnce() -> String) {
        let count = self.counts.entry(anomaly).or_default();
        *count += 1;
        if *count <= TOLD {
            self.violations.push(Violation::new(anomaly, facts()));
        }
    }

    /// As [`add`](Self::add), and the value needs no other finding.
    pub(super) fn add_for(&mut self, anomaly: Anomaly, value: u32, facts: impl FnOnce() -> String) {
        self.explain(value);
        self.add(anomaly, facts);
    }

    pub(super) fn explain(&mut self, value: u32) {
        if let Some(explained) = self.explained.get_mut(value as usize) {
            *explained = true;
        }
    }

    pub(super) fn is_explained(&self, value: u32) -> bool {
        self.explained.get(value as usize).copied().unwrap_or(false)
    }

    pub(super) fn into_violations(mut self) -> Vec<Violation> {
        for (anomaly, count) in self.counts {
            if let Some(more) = count.checked_sub(TOLD).filter(|more| *more > 0) {
                let facts = format!("and {more} more");
                self.violations.push(Violation::new(anomaly, facts));
            }
        }
        self.violations
    }
}
