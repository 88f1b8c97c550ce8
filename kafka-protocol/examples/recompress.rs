//! Writes a log segment anew with another codec, and tells what that saves.
//!
//! ```sh
//! cargo run --release -p kafka-protocol --example recompress -- zstd OLD.log NEW.log
//! ```
//!
//! Offsets, times, producers and sequences stay as they are. Control batches are
//! never compressed, so they are passed on.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::time::Instant;

use kafka_protocol::records::{BatchLimits, BatchReader, Compression, Compressor};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [codec, old, new] = arguments.as_slice() else {
        return Err("usage: recompress none|gzip|snappy|lz4|zstd OLD NEW".into());
    };
    let codec: Compression = codec.parse()?;
    let started = Instant::now();
    let mut written = BufWriter::new(File::create_new(new)?);
    let (before, after) = recompress(File::open(old)?, &mut written, codec)?;
    written.flush()?;
    println!(
        "{before} bytes became {after} ({:.1} %) in {:.1} s",
        after as f64 * 100.0 / before.max(1) as f64,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Copies the batches of `segment` to `out`, compressed by `codec`; how many bytes
/// they had, and have.
pub(crate) fn recompress(
    segment: impl Read,
    out: &mut impl Write,
    codec: Compression,
) -> Result<(u64, u64), Box<dyn Error>> {
    let limits = BatchLimits::default();
    let mut compressor = Compressor::new(codec)?;
    let (mut before, mut after) = (0, 0);
    for batch in BatchReader::new(segment, limits) {
        let mut batch = batch?;
        before += batch.encoded_len() as u64;
        if !batch.is_control() {
            batch = batch.recompress(&mut compressor, &limits)?;
        }
        out.write_all(batch.raw())?;
        after += batch.encoded_len() as u64;
    }
    Ok((before, after))
}
