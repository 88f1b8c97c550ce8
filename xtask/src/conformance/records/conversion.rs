//! Batches converted to older and newer formats, by Kafka and by us.

use bytes::{Bytes, BytesMut};
use kafka_protocol::records::{Compression, Converter, Magic};

use crate::error::Result;

use super::case::{Case, Shape};
use super::oracle::{Answer, Oracle};
use super::{difference, text};

/// Converts `bytes`, which are of this case, to every other format, and compares
/// what the judge finds in ours and in Kafka's.
pub(super) fn check(judge: &mut Oracle, case: &Case, bytes: &Bytes) -> Result<Answer<()>> {
    // One release's large ones are enough of what takes its time.
    if case.shape == Shape::Large && !case.release.is_judge() {
        return Ok(Ok(()));
    }
    for to in Magic::ALL {
        let first_offset = match to {
            // Kafka converts up what producers send: one batch, never a cut one.
            Magic::V2 if !is_produced(case) => continue,
            Magic::V2 => 0,
            to if to >= case.magic => continue,
            // Some of what is not compressed precedes it.
            _ => match first_offset(bytes) {
                Ok(offset) => offset,
                Err(error) => return Ok(Err(error)),
            },
        };
        let kafkas = match to {
            Magic::V2 => judge.convert_up(bytes)?,
            to => judge.convert_down(bytes, to, first_offset)?,
        };
        let ours = convert(bytes, to, first_offset);
        let checked = match (ours, kafkas) {
            (Ok(ours), Ok(kafkas)) => match (judge.read(&ours)?, judge.read(&kafkas)?) {
                (Ok(ours), Ok(kafkas)) => difference::check_remade(&ours, &kafkas),
                (Err(thrown), _) | (_, Err(thrown)) => Err(thrown),
            },
            (Err(_), Err(_)) => Ok(()),
            (Err(error), Ok(_)) => Err(format!("refused by us only: {error}")),
            (Ok(_), Err(thrown)) => Err(format!("not refused by us: {thrown}")),
        };
        if let Err(error) = checked {
            return Ok(Err(format!(
                "converted to {to} from offset {first_offset} on: {error}"
            )));
        }
    }
    Ok(Ok(()))
}

fn is_produced(case: &Case) -> bool {
    use Shape::{Empty, Large, Mixed, Partial, Several};
    // We take no more than 1 MiB of uncompressed messages for one batch.
    let is_too_large = case.shape == Large && case.codec == Compression::None;
    case.magic != Magic::V2
        && !is_too_large
        && ![Empty, Mixed, Partial, Several].contains(&case.shape)
}

fn first_offset(bytes: &Bytes) -> Answer<i64> {
    let first = text::parse(&mut bytes.clone())?;
    Ok(first.map_or(0, |batch| batch.base_offset() + 2))
}

/// Batch by batch, as far as they are whole. Down, what is old already stays.
fn convert(bytes: &Bytes, to: Magic, first_offset: i64) -> Answer<Bytes> {
    let mut converter = Converter::new(to).with_first_offset(first_offset);
    let mut rest = bytes.clone();
    let mut out = BytesMut::new();
    while let Some(batch) = text::parse(&mut rest)? {
        if batch.magic() < to && to != Magic::V2 {
            out.extend_from_slice(batch.raw());
            continue;
        }
        let conversion = converter
            .convert(&batch)
            .map_err(|error| error.to_string())?;
        if let Some(batch) = conversion.batch {
            out.extend_from_slice(batch.raw());
        }
    }
    Ok(out.freeze())
}
