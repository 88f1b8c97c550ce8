//! Writes a log segment anew with another codec, and tells what that saves.
//!
//! ```sh
//! cargo run --release -p kafka-protocol --example recompress -- zstd OLD.log NEW.log
//! ```
//!
//! Offsets, times, producers and sequences stay as they are. Control batches are
//! never compressed, so they are passed on. zstd is younger than message sets
//! (magic 0 and 1): a segment with some is refused. After an error there is no NEW.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::process::ExitCode;

use kafka_protocol::records::{BatchLimits, BatchReader, Compression, Compressor};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [codec, old, new] = arguments.as_slice() else {
        eprintln!("usage: recompress none|gzip|snappy|lz4|zstd OLD NEW");
        return ExitCode::FAILURE;
    };
    match rewrite(codec, old, new) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn rewrite(codec: &str, old: &str, new: &str) -> Result<(), Box<dyn Error>> {
    let codec: Compression = codec.parse()?;
    let segment = File::open(old).map_err(|error| format!("{old}: {error}"))?;
    let file = File::create_new(new).map_err(|error| format!("{new}: {error}"))?;
    let mut written = BufWriter::new(file);
    let copied = recompress(segment, &mut written, codec)
        .and_then(|sizes| Ok(written.flush().map(|()| sizes)?));
    let (before, after) = match copied {
        Ok(sizes) => sizes,
        Err(error) => {
            // Half a segment looks like a whole one.
            drop(written);
            fs::remove_file(new)?;
            return Err(format!("{old}: {error}").into());
        }
    };
    let share = after as f64 * 100.0 / before.max(1) as f64;
    println!("{before} bytes became {after} ({share:.1} %)");
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
            let offset = batch.base_offset();
            batch = batch
                .recompress(&mut compressor, &limits)
                .map_err(|error| format!("the batch at offset {offset}: {error}"))?;
        }
        out.write_all(batch.raw())?;
        after += batch.encoded_len() as u64;
    }
    Ok((before, after))
}
