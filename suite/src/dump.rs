//! What Kafka's own log dump says of the stored batches.

use std::fs;
use std::path::{Path, PathBuf};

use kafka_harness::JavaTool;

use crate::BoxError;

/// One stored batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchDump {
    /// Records in it.
    pub count: u64,
    /// Format of the batch.
    pub magic: u8,
    /// Its codec by name.
    pub codec: String,
    /// Who wrote it; −1 without idempotence.
    pub producer_id: i64,
    /// Whether its checksum is right.
    pub is_valid: bool,
}

/// All batches of a topic, from the segment files below a broker's `data` directory.
pub fn dump_log(java: &JavaTool, data: &Path, topic: &str) -> Result<Vec<BatchDump>, BoxError> {
    let files = segments(data, topic)?;
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if names.is_empty() {
        return Err(format!("no segments of {topic} in {}", data.display()).into());
    }
    let output = java.run(
        "org.apache.kafka.tools.DumpLogSegments",
        &["--files", &names.join(",")],
        b"",
    )?;
    output
        .text()
        .lines()
        .filter(|line| line.starts_with("baseOffset:"))
        .map(batch)
        .collect()
}

fn segments(data: &Path, topic: &str) -> Result<Vec<PathBuf>, BoxError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(data)? {
        let dir = entry?.path();
        let name = dir
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let partition = name
            .strip_prefix(topic)
            .and_then(|rest| rest.strip_prefix('-'));
        if partition.is_none_or(|number| number.parse::<u32>().is_err()) {
            continue;
        }
        for file in fs::read_dir(&dir)? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// `baseOffset: 0 lastOffset: 9 count: 10 … compresscodec: zstd crc: 1 isvalid: true`
fn batch(line: &str) -> Result<BatchDump, BoxError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let value = |name: &str| {
        let at = words
            .iter()
            .position(|word| word.strip_suffix(':') == Some(name));
        at.and_then(|at| words.get(at + 1))
            .copied()
            .ok_or_else(|| format!("no {name} in {line:?}"))
    };
    Ok(BatchDump {
        count: value("count")?.parse()?,
        magic: value("magic")?.parse()?,
        codec: value("compresscodec")?.to_lowercase(),
        producer_id: value("producerId")?.parse()?,
        is_valid: value("isvalid")? == "true",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_line_of_a_batch() {
        let line = "baseOffset: 0 lastOffset: 9 count: 10 baseSequence: 0 lastSequence: 9 producerId: 4 \
            producerEpoch: 0 partitionLeaderEpoch: 0 isTransactional: false isControl: false \
            deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1234567 size: 93 magic: 2 \
            compresscodec: zstd crc: 2512986185 isvalid: true";
        let expected = BatchDump {
            count: 10,
            magic: 2,
            codec: "zstd".to_owned(),
            producer_id: 4,
            is_valid: true,
        };
        assert_eq!(batch(line).unwrap(), expected);
        assert!(batch("baseOffset: 0 count: 1").is_err());
    }
}
