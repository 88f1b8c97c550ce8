//! Replaying: versions 4 to 11 of Fetch, answered from one batch by a vectored write.

use std::io::{self, IoSlice, Write};

use bytes::Bytes;
use kafka_protocol::frame;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::records::{BatchBuilder, BatchStamp, Compressor, NewRecord};
use kafka_protocol::wire::Limits;
use peer_contract::{Job, Payload};

/// The newest version that is spoken.
pub(crate) const VERSION_MAX: i16 = 11;
/// The high watermark: no client gets there.
pub(crate) const END: i64 = 1 << 50;
const BATCH_BYTES: usize = 16 * 1024;
const BASE_OFFSET: usize = 8;

/// The batch.
pub(crate) struct Replay {
    bytes: Bytes,
    records: i64,
}

/// A part of the answer: bytes of its own, or the batch but for its base offset.
enum Part {
    Own(std::ops::Range<usize>),
    Batch,
}

impl Replay {
    pub(crate) fn of(job: &Job) -> Result<Self, String> {
        let payload = Payload::of(job);
        let wanted = job.batch_bytes.unwrap_or(BATCH_BYTES);
        let mut builder = BatchBuilder::new();
        let mut records = 0;
        while records == 0 || builder.batch_len() + job.size + 10 <= wanted {
            let record = NewRecord {
                timestamp: 1_763_700_000_000,
                key: None,
                value: Some(payload.value(records)),
                headers: &[],
            };
            builder.append(&record).map_err(|error| error.to_string())?;
            records += 1;
        }
        let codec = job
            .codec
            .name()
            .parse()
            .map_err(|error| format!("{error}"))?;
        let mut compressor = Compressor::new(codec).map_err(|error| error.to_string())?;
        let sealed = builder
            .seal(&mut compressor)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            bytes: sealed.to_record_bytes(&BatchStamp::default()).into_bytes(),
            records: records as i64,
        })
    }

    /// Answers a request; how many bytes that took.
    pub(crate) fn answer(&self, request: Bytes, to: &mut impl Write) -> io::Result<u64> {
        let (header, body) =
            frame::open_request(request, Limits::default()).map_err(io::Error::other)?;
        let version = header.api_version;
        let request: FetchRequest = frame::decode_body(body, version).map_err(io::Error::other)?;
        let (mut own, mut parts, mut from) = (vec![0; 4], Vec::new(), 0);
        own.extend(header.correlation_id.to_be_bytes());
        own.extend(0_i32.to_be_bytes()); // not throttled
        if version >= 7 {
            own.extend(0_i16.to_be_bytes());
            own.extend(0_i32.to_be_bytes()); // no session: every fetch is a full one
        }
        let mut budget = usize::try_from(request.max_bytes).unwrap_or(0);
        let mut replayed = 0;
        own.extend((request.topics.len() as i32).to_be_bytes());
        for topic in &request.topics {
            own.extend((topic.topic.len() as i16).to_be_bytes());
            own.extend(topic.topic.as_bytes());
            own.extend((topic.partitions.len() as i32).to_be_bytes());
            for partition in &topic.partitions {
                own.extend(partition.partition.to_be_bytes());
                own.extend(0_i16.to_be_bytes());
                own.extend(END.to_be_bytes());
                own.extend(END.to_be_bytes());
                if version >= 5 {
                    own.extend(0_i64.to_be_bytes()); // where the log starts
                }
                own.extend((-1_i32).to_be_bytes()); // nothing was aborted
                if version >= 11 {
                    own.extend((-1_i32).to_be_bytes()); // no closer replica
                }
                let most = usize::try_from(partition.partition_max_bytes).unwrap_or(0);
                let fit = most.min(budget) / self.bytes.len();
                // At least one batch in an answer, as a real broker has it.
                let batches = if replayed == 0 { fit.max(1) } else { fit };
                budget = budget.saturating_sub(batches * self.bytes.len());
                replayed += batches;
                own.extend(((batches * self.bytes.len()) as i32).to_be_bytes());
                let mut offset = partition.fetch_offset - partition.fetch_offset % self.records;
                for _ in 0..batches {
                    own.extend(offset.to_be_bytes());
                    parts.push(Part::Own(from..own.len()));
                    parts.push(Part::Batch);
                    from = own.len();
                    offset += self.records;
                }
            }
        }
        parts.push(Part::Own(from..own.len()));
        let len = own.len() + replayed * (self.bytes.len() - BASE_OFFSET);
        own[..4].copy_from_slice(&(len as i32 - 4).to_be_bytes());
        let mut slices: Vec<IoSlice<'_>> = parts
            .iter()
            .map(|part| match part {
                Part::Own(range) => IoSlice::new(&own[range.clone()]),
                Part::Batch => IoSlice::new(&self.bytes[BASE_OFFSET..]),
            })
            .collect();
        write_all(to, &mut slices)?;
        Ok(len as u64)
    }
}

fn write_all(to: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        // As many as the kernel takes at once.
        let some = slices.len().min(1024);
        match to.write_vectored(&slices[..some])? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut slices, written),
        }
    }
    Ok(())
}
