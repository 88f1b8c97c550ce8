use kafka_protocol::records::Compression;

const HOUR_MS: i64 = 3_600_000;

/// How a topic's log is kept: those of its settings that say so. Times are in
/// milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogRules {
    /// `segment.bytes`: a segment that would get larger is followed by another.
    pub segment_bytes: usize,
    /// `segment.ms`: and one that would span more time.
    pub segment_ms: i64,
    /// `retention.ms`; `None` for ever.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`; `None` without a limit.
    pub retention_bytes: Option<usize>,
    /// Whether `cleanup.policy` has `delete`.
    pub delete: bool,
    /// Whether `cleanup.policy` has `compact`.
    pub compact: bool,
    /// `delete.retention.ms`: how long tombstones and transaction markers stay
    /// after they were compacted first.
    pub delete_retention_ms: i64,
    /// `min.compaction.lag.ms`: how old a segment has to be to be compacted.
    pub min_compaction_lag_ms: i64,
    /// `compression.type`, unless it is the producer's.
    pub compression: Option<Compression>,
    pub gzip_level: i32,
    pub lz4_level: i32,
    pub zstd_level: i32,
}

impl Default for LogRules {
    /// Kafka's.
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * HOUR_MS,
            retention_ms: Some(7 * 24 * HOUR_MS),
            retention_bytes: None,
            delete: true,
            compact: false,
            delete_retention_ms: 24 * HOUR_MS,
            min_compaction_lag_ms: 0,
            compression: None,
            gzip_level: -1,
            lz4_level: 9,
            zstd_level: 3,
        }
    }
}

impl LogRules {
    /// Takes a setting by Kafka's name. What is not about the log, or is no
    /// value, changes nothing.
    pub(crate) fn apply(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name {
            "segment.bytes" => set(&mut self.segment_bytes, value),
            "segment.ms" => set(&mut self.segment_ms, value),
            "retention.ms" => {
                if let Ok(ms) = value.parse::<i64>() {
                    self.retention_ms = (ms >= 0).then_some(ms);
                }
            }
            "retention.bytes" => {
                if let Ok(bytes) = value.parse::<i64>() {
                    self.retention_bytes = usize::try_from(bytes).ok();
                }
            }
            "cleanup.policy" => {
                let has = |policy| value.split(',').any(|part| part.trim() == policy);
                self.delete = has("delete");
                self.compact = has("compact");
            }
            "delete.retention.ms" => set(&mut self.delete_retention_ms, value),
            "min.compaction.lag.ms" => set(&mut self.min_compaction_lag_ms, value),
            "compression.type" => {
                self.compression = match value {
                    "uncompressed" => Some(Compression::None),
                    "gzip" => Some(Compression::Gzip),
                    "snappy" => Some(Compression::Snappy),
                    "lz4" => Some(Compression::Lz4),
                    "zstd" => Some(Compression::Zstd),
                    _ => None,
                }
            }
            "compression.gzip.level" => set(&mut self.gzip_level, value),
            "compression.lz4.level" => set(&mut self.lz4_level, value),
            "compression.zstd.level" => set(&mut self.zstd_level, value),
            _ => {}
        }
    }
}

fn set<T: std::str::FromStr>(to: &mut T, value: &str) {
    if let Ok(value) = value.parse() {
        *to = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_by_kafkas_names() {
        let mut rules = LogRules::default();
        for (name, value) in [
            ("segment.bytes", "1000"),
            ("segment.ms", "5"),
            ("retention.ms", "-1"),
            ("retention.bytes", "7"),
            ("cleanup.policy", "compact, delete"),
            ("compression.type", "zstd"),
            ("max.message.bytes", "1"),
            ("segment.ms", "soon"),
        ] {
            rules.apply(name, value);
        }
        let expected = LogRules {
            segment_bytes: 1_000,
            segment_ms: 5,
            retention_ms: None,
            retention_bytes: Some(7),
            compact: true,
            compression: Some(Compression::Zstd),
            ..LogRules::default()
        };
        assert_eq!(rules, expected);
        rules.apply("cleanup.policy", "compact");
        assert!(!rules.delete);
        rules.apply("compression.type", "producer");
        assert_eq!(rules.compression, None);
    }
}
