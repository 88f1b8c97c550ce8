//! What one run of a program left.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};

/// The figures of the line that a program prints at its end, and what others saw of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    pub(crate) version: String,
    pub(crate) records: f64,
    pub(crate) bytes: f64,
    pub(crate) elapsed_s: f64,
    /// User and system, of the measured part.
    pub(crate) cpu_s: f64,
    /// Of the process from its start to its end.
    pub(crate) whole_cpu_s: f64,
    pub(crate) peak_rss_mb: f64,
    pub(crate) allocations: Option<f64>,
    pub(crate) first_record_ms: Option<f64>,
    pub(crate) latency: Option<Percentiles>,
    /// How late the sender itself was.
    pub(crate) late: Option<Percentiles>,
    /// The parity sheet.
    pub(crate) settings: BTreeMap<String, String>,
    /// The broker's processor seconds while it ran.
    pub(crate) broker_cpu_s: Option<f64>,
    /// Bytes a request, of requests that produced or of answers to fetches.
    pub(crate) bytes_per_request: Option<f64>,
}

/// In milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Run {
    /// From the last line of what a program printed.
    pub(crate) fn parse(printed: &str) -> Result<Self> {
        let line = printed.lines().last().unwrap_or_default();
        let wrong = || Error::new(format!("not a line of figures: {line:?}"));
        let value: Value = serde_json::from_str(line).map_err(|_| wrong())?;
        let number = |name: &str| value[name].as_f64().filter(|number| *number >= 0.0);
        let wanted = |name: &str| number(name).ok_or_else(wrong);
        let run = Self {
            version: value["version"].as_str().ok_or_else(wrong)?.to_owned(),
            records: wanted("records")?,
            bytes: wanted("bytes")?,
            elapsed_s: wanted("elapsed_s")?,
            cpu_s: wanted("user_s")? + wanted("system_s")?,
            whole_cpu_s: wanted("whole_user_s")? + wanted("whole_system_s")?,
            peak_rss_mb: wanted("peak_rss_kib")? * 1024.0 / 1e6,
            allocations: number("allocations"),
            first_record_ms: number("first_record_ms"),
            latency: Percentiles::of(&value["latency_us"]),
            late: Percentiles::of(&value["late_us"]),
            settings: settings(&value["settings"]).ok_or_else(wrong)?,
            broker_cpu_s: None,
            bytes_per_request: None,
        };
        if run.records < 1.0 || run.elapsed_s <= 0.0 {
            return Err(wrong());
        }
        Ok(run)
    }

    pub(crate) fn cpu_per_million(&self) -> f64 {
        self.cpu_s / self.records * 1e6
    }

    pub(crate) fn records_per_second(&self) -> f64 {
        self.records / self.elapsed_s
    }

    pub(crate) fn megabytes_per_second(&self) -> f64 {
        self.bytes / self.elapsed_s / 1e6
    }
}

impl Percentiles {
    fn of(micros: &Value) -> Option<Self> {
        let ms = |name: &str| Some(micros[name].as_f64()? / 1e3);
        Some(Self {
            p50: ms("p50")?,
            p99: ms("p99")?,
            p999: ms("p99.9")?,
            max: ms("max")?,
        })
    }
}

fn settings(value: &Value) -> Option<BTreeMap<String, String>> {
    let fields = value.as_object()?.iter();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    Some(
        fields
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"role":"produce","version":"1.2","records":2000,"bytes":200000,
        "elapsed_s":0.5,"user_s":0.2,"system_s":0.1,"whole_user_s":0.3,"whole_system_s":0.2,
        "peak_rss_kib":1000,"settings":{"acks":"all","in flight":5}}"#;

    #[test]
    fn the_line_of_a_program() {
        let run = Run::parse(&format!("a word before\n{}", LINE.replace('\n', ""))).unwrap();
        assert_eq!(run.version, "1.2");
        assert!((run.cpu_per_million() - 150.0).abs() < 1e-9);
        assert!((run.records_per_second() - 4_000.0).abs() < 1e-9);
        assert!((run.megabytes_per_second() - 0.4).abs() < 1e-9);
        assert!((run.peak_rss_mb - 1.024).abs() < 1e-9);
        assert_eq!(run.settings["in flight"], "5");
        assert_eq!((run.allocations, run.latency), (None, None));
    }

    #[test]
    fn latencies_are_told_in_milliseconds() {
        let with = r#""latency_us":{"p50":500,"p99":1500,"p99.9":2500,"max":9000},"settings""#;
        let run = Run::parse(&LINE.replace('\n', "").replace(r#""settings""#, with)).unwrap();
        let expected = Percentiles {
            p50: 0.5,
            p99: 1.5,
            p999: 2.5,
            max: 9.0,
        };
        assert_eq!(run.latency, Some(expected));
    }

    #[test]
    fn a_line_that_lacks_a_figure_is_none() {
        let line = LINE.replace('\n', "");
        for wrong in [
            String::new(),
            "Killed".to_owned(),
            line.replace("user_s", "x"),
            line.replace("2000,", "0,"),
            line.replace("0.5", "-1"),
            line.replace("settings", "set"),
        ] {
            assert!(Run::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
