//! The line at the end.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::latency::Latencies;
use crate::meter::{Cpu, Meter, Taken, peak_rss_kib};
use crate::{Job, Role};

/// What a program has to say. Made when the measured part is over: it takes the figures
/// then.
#[derive(Debug)]
pub struct Report {
    version: String,
    records: u64,
    bytes: u64,
    taken: Taken,
    extra: Map<String, Value>,
    settings: BTreeMap<String, String>,
}

impl Report {
    /// The measured part, which `meter` began, is over: `records` with `bytes` of values
    /// are acknowledged, or read. `version` is the client's.
    pub fn new(version: impl Into<String>, meter: &Meter, records: u64, bytes: u64) -> Self {
        Self {
            taken: meter.taken(),
            version: version.into(),
            records,
            bytes,
            extra: Map::new(),
            settings: BTreeMap::new(),
        }
    }

    /// A line of the parity sheet: a setting as it was in effect.
    #[must_use]
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// Milliseconds from the program's start of consuming to its first record.
    #[must_use]
    pub fn first_record_ms(mut self, ms: f64) -> Self {
        self.extra.insert("first_record_ms".to_owned(), json!(ms));
        self
    }

    /// What the latency run met, and how late its own calls were.
    #[must_use]
    pub fn latency(mut self, latencies: &Latencies, late: [u32; 4]) -> Self {
        let named = |[p50, p99, p999, max]: [u32; 4]| json!({ "p50": p50, "p99": p99, "p99.9": p999, "max": max });
        self.extra
            .insert("latency_us".to_owned(), named(latencies.percentiles()));
        self.extra.insert("late_us".to_owned(), named(late));
        self
    }

    /// The whole as one line.
    pub fn line(&self, job: &Job) -> String {
        let whole = Cpu::so_far();
        let role = match job.role {
            Role::Produce => "produce",
            Role::Consume => "consume",
            Role::Latency => "latency",
        };
        let mut line = json!({
            "role": role,
            "version": self.version,
            "records": self.records,
            "bytes": self.bytes,
            "elapsed_s": self.taken.elapsed,
            "user_s": self.taken.cpu.user,
            "system_s": self.taken.cpu.system,
            "whole_user_s": whole.user,
            "whole_system_s": whole.system,
            "peak_rss_kib": peak_rss_kib(),
            "settings": self.settings,
        });
        if let Some(fields) = line.as_object_mut() {
            fields.extend(self.extra.clone());
            if self.taken.allocations > 0 {
                fields.insert("allocations".to_owned(), json!(self.taken.allocations));
            }
        }
        line.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_what_was_measured() {
        let line = "consume --bootstrap b:1 --topic t";
        let job = Job::parse(line.split_whitespace().map(str::to_owned)).unwrap();
        let report = Report::new("1.2", &Meter::start(), 5, 500)
            .setting("acks", "all")
            .first_record_ms(1.5);
        let line: Value = serde_json::from_str(&report.line(&job)).unwrap();
        assert_eq!(line["role"], "consume");
        assert_eq!(line["records"], 5);
        assert_eq!(line["first_record_ms"], 1.5);
        assert!(line["allocations"].is_null(), "nobody counts here");
        assert_eq!(line["settings"]["acks"], "all");
        assert!(line["peak_rss_kib"].as_u64() > Some(0));
        assert!(line["elapsed_s"].as_f64() >= Some(0.0));
    }
}
