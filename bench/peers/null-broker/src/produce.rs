//! Acknowledging: versions 3 to 8, whose layout has no varints, so that a request is
//! read as it comes and its batches never are.

use std::io;

use crate::Broker;
use crate::input::{Header, Input};

/// The newest version that is spoken.
pub(crate) const VERSION_MAX: i16 = 8;
/// What a batch's length does not count, and what is looked at of one.
const BEFORE_LENGTH: usize = 12;
const LOOKED_AT: usize = 27;

/// The answer, or nothing where none is wanted (acks=0).
pub(crate) fn acknowledge(
    input: &mut Input<'_>,
    header: &Header,
    broker: &Broker,
) -> io::Result<Vec<u8>> {
    let _client_id = input.string()?;
    let _transactional_id = input.string()?;
    let acks = input.i16()?;
    let _timeout = input.i32()?;
    let mut answer = vec![0; 4];
    answer.extend(header.correlation_id.to_be_bytes());
    let topics = input.i32()?;
    answer.extend(topics.to_be_bytes());
    let (mut batches, mut records) = (0, 0);
    for _ in 0..topics {
        let name = input.string()?;
        answer.extend((name.len() as i16).to_be_bytes());
        answer.extend(&name);
        let partitions = input.i32()?;
        answer.extend(partitions.to_be_bytes());
        for _ in 0..partitions {
            let partition = input.i32()?;
            let mut left = usize::try_from(input.i32()?).unwrap_or(0);
            let mut count = 0;
            while left > 0 {
                let (len, in_batch) = skip_batch(input)?;
                left = left.checked_sub(len).ok_or(io::ErrorKind::InvalidData)?;
                batches += 1;
                count += in_batch;
            }
            records += count;
            let base_offset = broker.cluster.append(partition, count);
            answer.extend(partition.to_be_bytes());
            answer.extend(0_i16.to_be_bytes());
            answer.extend(base_offset.to_be_bytes());
            answer.extend((-1_i64).to_be_bytes()); // no append time
            if header.api_version >= 5 {
                answer.extend(0_i64.to_be_bytes()); // where the log starts
            }
            if header.api_version >= 8 {
                answer.extend(0_i32.to_be_bytes()); // no errors of records
                answer.extend((-1_i16).to_be_bytes()); // nor a message
            }
        }
    }
    answer.extend(0_i32.to_be_bytes()); // not throttled
    broker.stats.produced(header.frame_len, batches, records);
    if acks == 0 {
        return Ok(Vec::new());
    }
    let len = answer.len() as i32 - 4;
    answer[..4].copy_from_slice(&len.to_be_bytes());
    Ok(answer)
}

/// The batch's bytes and records.
fn skip_batch(input: &mut Input<'_>) -> io::Result<(usize, u64)> {
    let head: [u8; LOOKED_AT] = input.bytes()?;
    let number = |at: usize| {
        let bytes = head[at..].first_chunk().copied().unwrap_or_default();
        usize::try_from(i32::from_be_bytes(bytes)).map_err(|_| io::ErrorKind::InvalidData)
    };
    let (len, last_offset_delta) = (number(8)? + BEFORE_LENGTH, number(23)?);
    let rest = len
        .checked_sub(LOOKED_AT)
        .ok_or(io::ErrorKind::InvalidData)?;
    input.discard(rest)?;
    Ok((len, last_offset_delta as u64 + 1))
}
