//! Buffers of ours, for Kafka to read.

use bytes::{Bytes, BytesMut};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, ControlRecordKind, Header,
    Magic, MessageSetBuilder, NewRecord, RecordBatch, RecordError,
};

use super::case::{Case, Shape, codecs};
use super::random::Random;
use super::text;

const NOW: i64 = 1_763_700_000_000;

/// Writes what the case asks for, and reads it again: what went in must come out.
pub(super) fn made(case: &Case, seed: u64) -> Result<Bytes, String> {
    let mut maker = MakerOfOne {
        random: Random::new(case.seed(seed)),
        next_offset: 0,
        written: Vec::new(),
        out: BytesMut::new(),
    };
    // What 0.8 and 0.9 sent counts from 0.
    maker.next_offset = maker.random.one_of(&[0, 1, 77_777, 1 << 40]);
    maker
        .make(case)
        .map_err(|error| format!("ours is refused: {error}"))?;
    let bytes = maker.out.freeze();
    check(&bytes, &maker.written)?;
    Ok(bytes)
}

/// A record as it was meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meant {
    offset: i64,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(&'static str, Option<Vec<u8>>)>,
}

/// All but what a cut batch has.
fn check(bytes: &Bytes, written: &[Meant]) -> Result<(), String> {
    let mut rest = bytes.clone();
    let mut left = written.iter();
    while let Some(batch) = text::parse(&mut rest)? {
        let records = batch
            .decompress(&BatchLimits::default())
            .map_err(|error| format!("ours is not read back: {error}"))?;
        for record in &records {
            let meant = left.next();
            let is_same =
                meant.is_some_and(|meant| {
                    meant.offset == record.offset()
                        && meant.timestamp == record.timestamp()
                        && meant.key.as_deref() == record.key()
                        && meant.value.as_deref() == record.value()
                        && meant.headers.len() == record.headers().len()
                        && meant.headers.iter().zip(record.headers()).all(
                            |((key, value), header)| {
                                *key == header.key && value.as_deref() == header.value
                            },
                        )
                });
            if !is_same {
                return Err(format!(
                    "the record at offset {} is read otherwise than it was written",
                    record.offset()
                ));
            }
        }
    }
    match left.next() {
        Some(meant) if rest.is_empty() => {
            Err(format!("the record at offset {} is gone", meant.offset))
        }
        _ => Ok(()),
    }
}

struct MakerOfOne {
    random: Random,
    next_offset: i64,
    written: Vec<Meant>,
    out: BytesMut,
}

impl MakerOfOne {
    fn make(&mut self, case: &Case) -> Result<(), RecordError> {
        let &Case {
            magic,
            codec,
            shape,
            ..
        } = case;
        match shape {
            Shape::One => self.batch(magic, codec, shape, 1),
            Shape::Many => self.batch(magic, codec, shape, 1_000),
            Shape::Large => self.batch(magic, codec, shape, 100),
            Shape::Several => (0..4).try_for_each(|_| self.few(magic, codec, shape)),
            Shape::Mixed => {
                let older = Magic::ALL.into_iter().filter(|older| *older <= magic);
                for older in older.clone().chain(older.rev()) {
                    let codec = codecs(older)
                        .find(|one| *one == codec)
                        .unwrap_or(Compression::Gzip);
                    for codec in [Compression::None, codec, Compression::Lz4] {
                        self.few(older, codec, shape)?;
                    }
                    self.few(older, Compression::None, Shape::AppendTime)?;
                }
                Ok(())
            }
            Shape::Partial => {
                self.few(magic, codec, shape)?;
                let whole = self.out.len();
                self.batch(magic, codec, shape, 1)?;
                let cut = self.random.below((self.out.len() - whole) as u64) as usize;
                self.out.truncate(whole + cut);
                // Not even that is left of it.
                if cut == 0 {
                    self.written.pop();
                }
                Ok(())
            }
            Shape::Control => self.control(codec),
            _ => {
                let count = 1 + self.random.below(20);
                self.batch(magic, codec, shape, count)
            }
        }
    }

    fn few(&mut self, magic: Magic, codec: Compression, shape: Shape) -> Result<(), RecordError> {
        let count = 1 + self.random.below(5);
        self.batch(magic, codec, shape, count)
    }

    fn batch(
        &mut self,
        magic: Magic,
        codec: Compression,
        shape: Shape,
        count: u64,
    ) -> Result<(), RecordError> {
        let base_offset = self.next_offset;
        let append_time = (shape == Shape::AppendTime && magic != Magic::V0).then_some(NOW + 5);
        let mut records: Vec<Meant> = (0..count)
            .map(|index| self.record(magic, shape, index))
            .collect();
        let bytes = match magic {
            Magic::V2 => self.batch_bytes(codec, shape, base_offset, append_time, &records)?,
            _ => message_set(magic, codec, append_time, &records)?,
        };
        self.out.extend_from_slice(&bytes);
        if let Some(time) = append_time {
            records
                .iter_mut()
                .for_each(|record| record.timestamp = time);
        }
        self.written.append(&mut records);
        Ok(())
    }

    fn record(&mut self, magic: Magic, shape: Shape, index: u64) -> Meant {
        let random = &mut self.random;
        if shape == Shape::Gaps && index > 0 {
            self.next_offset += random.below(1_000_000) as i64;
        }
        let offset = self.next_offset;
        self.next_offset += 1;
        let near = NOW + index as i64 + random.below(10) as i64;
        let timestamp = match shape {
            _ if magic == Magic::V0 => -1,
            Shape::CreateTime => random.one_of(&[near, -1, 0, NOW - 1_000_000, 1 << 50]),
            _ => near,
        };
        let mut part = |most, nulls| {
            let len = random.below(most);
            (!random.one_in(nulls)).then(|| random.bytes(len))
        };
        let (mut key, mut value) = (part(12, 3), part(100, 8));
        match shape {
            Shape::Nulls => (key, value) = (part(2, 2), part(2, 2)),
            Shape::Large if index == 0 => value = Some(large(random)),
            Shape::Large => value = part(5_000, 100),
            _ => {}
        }
        let header_count = if shape == Shape::Headers {
            random.below(6)
        } else {
            0
        };
        let headers = (0..header_count).map(|_| {
            let key = random.one_of(&["", "a", "a", "trace-id", "ключ", "🔑"]);
            let value = match random.below(3) {
                0 => None,
                1 => Some(Vec::new()),
                _ => Some(random.bytes(200)),
            };
            (key, value)
        });
        Meant {
            offset,
            timestamp,
            headers: headers.collect(),
            key,
            value,
        }
    }

    fn batch_bytes(
        &mut self,
        codec: Compression,
        shape: Shape,
        base_offset: i64,
        append_time: Option<i64>,
        records: &[Meant],
    ) -> Result<Bytes, RecordError> {
        let mut stamp = BatchStamp {
            base_offset,
            ..BatchStamp::default()
        };
        if shape == Shape::Producer {
            let random = &mut self.random;
            stamp.producer_id = random.one_of(&[0, 4711, i64::MAX]);
            stamp.producer_epoch = random.one_of(&[0, 7, i16::MAX]);
            stamp.base_sequence = random.one_of(&[0, 99, i32::MAX - 2]);
            stamp.transactional = random.one_in(2);
            stamp.partition_leader_epoch = random.one_of(&[0, 42, i32::MAX]);
        }
        let bytes = batch_bytes(codec, &stamp, records)?;
        let batch = RecordBatch::parse(&mut bytes.clone(), &BatchLimits::default())?;
        match (append_time, batch) {
            (Some(time), Some(batch)) => Ok(batch.with_log_append_time(time)?.raw().clone()),
            _ => Ok(bytes),
        }
    }

    fn control(&mut self, codec: Compression) -> Result<(), RecordError> {
        let kind = self
            .random
            .one_of(&[ControlRecordKind::Commit, ControlRecordKind::Abort]);
        let epoch = self.random.below(1000) as i32;
        let marker = Meant {
            offset: self.next_offset,
            timestamp: NOW,
            key: Some(kind.to_key().to_vec()),
            value: Some(ControlRecordKind::end_transaction_value(epoch).to_vec()),
            headers: Vec::new(),
        };
        let stamp = BatchStamp {
            base_offset: self.next_offset,
            producer_id: 4711,
            producer_epoch: 3,
            transactional: true,
            control: true,
            ..BatchStamp::default()
        };
        let bytes = batch_bytes(codec, &stamp, std::slice::from_ref(&marker))?;
        self.out.extend_from_slice(&bytes);
        self.written.push(marker);
        Ok(())
    }
}

fn batch_bytes(
    codec: Compression,
    stamp: &BatchStamp,
    records: &[Meant],
) -> Result<Bytes, RecordError> {
    let mut builder = BatchBuilder::new();
    for record in records {
        let headers: Vec<Header<'_>> = record
            .headers
            .iter()
            .map(|(key, value)| Header {
                key,
                value: value.as_deref(),
            })
            .collect();
        builder.append(&NewRecord {
            headers: &headers,
            ..without_headers(record)
        })?;
    }
    let sealed = builder.seal(&mut Compressor::new(codec)?)?;
    Ok(sealed.to_record_bytes(stamp).into_bytes())
}

fn message_set(
    magic: Magic,
    codec: Compression,
    append_time: Option<i64>,
    records: &[Meant],
) -> Result<Bytes, RecordError> {
    let mut builder = match magic {
        Magic::V0 => MessageSetBuilder::v0(),
        _ => MessageSetBuilder::v1(),
    };
    if let Some(time) = append_time {
        builder = builder.with_log_append_time(time);
    }
    for record in records {
        builder.append_at(record.offset, &without_headers(record))?;
    }
    Ok(builder.seal(&mut Compressor::new(codec)?)?.raw().clone())
}

fn without_headers(record: &Meant) -> NewRecord<'_> {
    NewRecord {
        timestamp: record.timestamp,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &[],
    }
}

/// 1 MiB that compresses well, or not at all.
fn large(random: &mut Random) -> Vec<u8> {
    const LEN: u64 = 1 << 20;
    if random.one_in(2) {
        return random.bytes(LEN);
    }
    b"kafka "
        .iter()
        .copied()
        .cycle()
        .take(LEN as usize)
        .collect()
}
