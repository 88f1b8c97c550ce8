//! Consuming, from the first record on.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::{Check, Job, Meter, Report, clock};

/// A run of consuming, shared by its consumers. Connecting ends, and the measured part
/// begins, when the first of them has its first record.
#[derive(Debug)]
pub struct Reading {
    began: Instant,
    first: OnceLock<(Instant, Meter)>,
}

impl Reading {
    /// The client is about to be made.
    pub fn begin() -> Arc<Self> {
        Arc::new(Self {
            began: clock::now(),
            first: OnceLock::new(),
        })
    }

    /// Records are there; to be called for each batch of them, before it is looked at.
    pub fn arrived(&self) {
        self.first.get_or_init(|| (clock::now(), Meter::start()));
    }

    /// The report of what all consumers read.
    ///
    /// # Errors
    ///
    /// When they did not read every record once.
    pub fn report(&self, job: &Job, version: &str, check: Check) -> Result<Report, String> {
        check.verify(job)?;
        self.counted(version, check.records, check.bytes)
    }

    /// The report of who looks at no record, only at how many there are.
    ///
    /// # Errors
    ///
    /// When nothing was read.
    pub fn counted(&self, version: &str, records: u64, bytes: u64) -> Result<Report, String> {
        let (at, meter) = self.first.get().ok_or("nothing was read")?;
        let first = at.duration_since(self.began).as_secs_f64() * 1e3;
        Ok(Report::new(version, meter, records, bytes).first_record_ms(first))
    }
}
