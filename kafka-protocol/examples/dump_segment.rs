//! Shows what is in a log segment: its batches, and what each codec makes of them.
//!
//! ```sh
//! cargo run --release -p kafka-protocol --example dump_segment -- 00000000000000000000.log
//! ```
//!
//! Works on any file of batches, of every format since Kafka 0.8. Each batch is
//! checked, checksum included; the first that does not hold ends the reading.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use kafka_protocol::records::{BatchLimits, BatchReader, Compression};

fn main() -> ExitCode {
    let mut paths = std::env::args_os().skip(1).peekable();
    if paths.peek().is_none() {
        eprintln!("usage: dump_segment FILE...");
        return ExitCode::FAILURE;
    }
    let mut out = io::stdout().lock();
    for path in paths {
        let name = path.display().to_string();
        let dumped = writeln!(out, "{name}").map_err(Into::into);
        if let Err(error) = dumped.and_then(|()| dump(File::open(path)?, &mut out)) {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Bytes of the batches of one codec.
#[derive(Clone, Copy, Default)]
struct Sum {
    records: u64,
    stored: u64,
    decompressed: u64,
}

/// Writes a line for each batch, and the sums by codec.
pub(crate) fn dump(segment: impl Read, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let limits = BatchLimits::default();
    let mut sums: BTreeMap<Compression, Sum> = BTreeMap::new();
    writeln!(
        out,
        "{:>14} {:>8} {:>5} {:<7} {:>10} {:>7}  what",
        "offset", "records", "magic", "codec", "bytes", "ratio"
    )?;
    for batch in BatchReader::new(segment, limits) {
        let batch = batch?;
        let records = batch.decompress(&limits)?;
        let decompressed: usize = records.iter().map(|record| record.encoded_len()).sum();
        let ratio = decompressed as f64 / batch.encoded_len() as f64;
        let what = match (batch.is_control(), batch.is_transactional()) {
            (true, _) => "control",
            (false, true) => "transactional",
            (false, false) => "",
        };
        writeln!(
            out,
            "{:>14} {:>8} {:>5} {:<7} {:>10} {ratio:>6.1}×  {what}",
            batch.base_offset(),
            records.len(),
            batch.magic().id(),
            batch.compression(),
            batch.encoded_len(),
        )?;
        let sum = sums.entry(batch.compression()).or_default();
        sum.records += records.len() as u64;
        sum.stored += batch.encoded_len() as u64;
        sum.decompressed += decompressed as u64;
    }
    let most = sums.values().map(|sum| sum.stored).max().unwrap_or(1);
    for (codec, sum) in &sums {
        let bar = "█".repeat((sum.stored * 30).div_ceil(most.max(1)) as usize);
        let (records, stored) = (sum.records, sum.stored);
        let ratio = sum.decompressed as f64 / stored.max(1) as f64;
        writeln!(
            out,
            "{codec:<7} {bar:<30} {stored} bytes, {records} records, {ratio:.1}×"
        )?;
    }
    Ok(())
}
