//! What the tests of record batches share: a second encoder, and a text form of
//! batches that a few lines of Java make as well.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::fmt::Write;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Header, Magic,
    MessageSetBuilder, NewRecord, RecordBatch, RecordError, RecordView, SealedBatch, TimestampType,
};

pub(crate) const NOW: i64 = 1_763_700_000_000;

/// A record with all it takes, to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Owned {
    pub(crate) fn value(value: impl Into<Vec<u8>>) -> Self {
        Self {
            timestamp: NOW,
            value: Some(value.into()),
            ..Self::default()
        }
    }

    pub(crate) fn of(record: &RecordView<'_>) -> Self {
        Self {
            timestamp: record.timestamp(),
            key: record.key().map(<[u8]>::to_vec),
            value: record.value().map(<[u8]>::to_vec),
            headers: record
                .headers()
                .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
                .collect(),
        }
    }

    pub(crate) fn headers(&self) -> Vec<Header<'_>> {
        self.headers
            .iter()
            .map(|(key, value)| Header {
                key,
                value: value.as_deref(),
            })
            .collect()
    }

    pub(crate) fn borrowed<'a>(&'a self, headers: &'a [Header<'a>]) -> NewRecord<'a> {
        NewRecord {
            timestamp: self.timestamp,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers,
        }
    }

    /// The record as a batch holds it, written in the plainest way.
    pub(crate) fn encoded(&self, base_timestamp: i64, index: usize) -> Vec<u8> {
        let mut body = vec![0];
        varint(&mut body, self.timestamp - base_timestamp);
        varint(&mut body, index as i64);
        nullable(&mut body, self.key.as_deref());
        nullable(&mut body, self.value.as_deref());
        varint(&mut body, self.headers.len() as i64);
        for (key, value) in &self.headers {
            nullable(&mut body, Some(key.as_bytes()));
            nullable(&mut body, value.as_deref());
        }
        let mut record = Vec::new();
        varint(&mut record, body.len() as i64);
        record.extend(body);
        record
    }
}

pub(crate) fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = (value as u64) << 1 ^ (value >> 63) as u64;
    loop {
        let byte = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

fn nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    varint(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend(bytes.unwrap_or_default());
}

pub(crate) fn built(records: &[Owned]) -> BatchBuilder {
    let mut builder = BatchBuilder::new();
    for record in records {
        builder.append(&record.borrowed(&record.headers())).unwrap();
    }
    builder
}

pub(crate) fn sealed(records: &[Owned], codec: Compression) -> SealedBatch {
    built(records)
        .seal(&mut Compressor::new(codec).unwrap())
        .unwrap()
}

/// The batch's bytes, stamped with nothing.
pub(crate) fn encoded(records: &[Owned], codec: Compression) -> Bytes {
    sealed(records, codec)
        .to_record_bytes(&BatchStamp::default())
        .into_bytes()
}

/// The same records as a message set of magic 0 or 1, which has no headers.
pub(crate) fn message_set(magic: Magic, records: &[Owned], codec: Compression) -> Vec<u8> {
    let mut builder = match magic {
        Magic::V0 => MessageSetBuilder::v0(),
        _ => MessageSetBuilder::v1(),
    };
    for record in records {
        builder.append(&record.borrowed(&[])).unwrap();
    }
    let mut compressor = Compressor::new(codec).unwrap();
    builder.seal(&mut compressor).unwrap().raw().to_vec()
}

/// The codecs of magic 0 and 1.
pub(crate) const OLD_CODECS: [Compression; 4] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
];

/// Puts the checksum right that a change to a batch made wrong.
pub(crate) fn fix_crc(batch: &mut [u8]) {
    if batch.len() > 21 {
        let crc = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
    }
}

/// A whole batch around a body that is compressed already.
pub(crate) fn batch_of(codec: Compression, count: i32, body: &[u8]) -> Vec<u8> {
    let mut batch = Vec::new();
    batch.extend(0_i64.to_be_bytes());
    batch.extend((49 + body.len() as i32).to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend([0; 4]);
    batch.extend(i16::from(codec.id()).to_be_bytes());
    batch.extend((count - 1).to_be_bytes());
    batch.extend(NOW.to_be_bytes());
    batch.extend(NOW.to_be_bytes());
    batch.extend((-1_i64).to_be_bytes());
    batch.extend((-1_i16).to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.extend(count.to_be_bytes());
    batch.extend(body);
    fix_crc(&mut batch);
    batch
}

/// The most memory that decompressing `len` bytes may hold: what they may become, and
/// the decoder's tables, as [`BatchLimits`] says.
pub(crate) fn most_memory(limits: &BatchLimits, codec: Compression, len: usize) -> usize {
    let tables = match codec {
        Compression::Gzip => 64 << 10,
        Compression::Zstd => 512 << 10,
        _ => 4 << 10,
    };
    let budget = len
        .saturating_mul(limits.max_ratio as usize)
        .max(limits.free_decompressed)
        .min(limits.max_decompressed);
    budget + tables
}

/// Reads all there is in `bytes`, to the last header.
pub(crate) fn read_all(mut bytes: Bytes, limits: &BatchLimits) -> Result<Vec<Owned>, RecordError> {
    let mut all = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, limits)? {
        let records = batch.decompress(limits)?;
        let before = all.len();
        all.extend(records.iter().map(|record| Owned::of(&record)));
        assert_eq!(
            all.len() - before,
            records.len(),
            "iterating does not stop early"
        );
        for record in &records {
            assert_eq!(record.headers().count(), record.headers().len());
        }
    }
    Ok(all)
}

/// Batches and their records as text.
pub(crate) fn rendered(mut bytes: Bytes) -> String {
    let limits = BatchLimits::default();
    let mut text = String::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &limits).unwrap() {
        if !text.is_empty() {
            text.push('|');
        }
        let kind = match (batch.is_transactional(), batch.is_control()) {
            (false, false) => "",
            (true, false) => "txn",
            (false, true) => "ctl",
            (true, true) => "txnctl",
        };
        let clock = match batch.timestamp_type() {
            TimestampType::CreateTime => "create",
            TimestampType::LogAppendTime => "log",
        };
        let horizon = batch
            .delete_horizon()
            .map_or("-".to_owned(), |time| time.to_string());
        write!(
            text,
            "{},{},{},{},{clock},{},{},{},{},{kind},{horizon},{},{}",
            batch.base_offset(),
            batch.last_offset(),
            batch.partition_leader_epoch(),
            batch.compression(),
            batch.max_timestamp(),
            batch.producer_id(),
            batch.producer_epoch(),
            batch.base_sequence(),
            batch.record_count(),
            batch.encoded_len(),
        )
        .unwrap();
        for record in &batch.decompress(&limits).unwrap() {
            let (key, value) = (part(record.key()), part(record.value()));
            write!(
                text,
                ";{} {} {key} {value}",
                record.offset(),
                record.timestamp()
            )
            .unwrap();
            for header in record.headers() {
                let (key, value) = (part(Some(header.key.as_bytes())), part(header.value));
                write!(text, " {key}:{value}").unwrap();
            }
        }
    }
    assert!(bytes.is_empty(), "whole batches only");
    text
}

pub(crate) fn part(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "-".to_owned(),
        Some(bytes) if bytes.len() <= 24 => format!("={}", hex(bytes)),
        Some(bytes) => format!("#{}.{:08x}", bytes.len(), crc32c::crc32c(bytes)),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Name, bytes and text form of each batch in a file of vectors.
pub(crate) fn vectors(
    file: &'static str,
) -> impl Iterator<Item = (&'static str, Bytes, &'static str)> {
    file.lines().map(|line| {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap();
        (field(), Bytes::from(unhex(field())), field())
    })
}

/// Numbers that only look random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Batches of every shape that matters to a codec.
pub(crate) fn shapes() -> Vec<(&'static str, Vec<Owned>)> {
    let mut numbers = Numbers::new(11);
    let words = ["shipped", "ordered", "paid", "état", "berlin", "customer"];
    let mut text = |len: usize| {
        let mut text = String::new();
        while text.len() < len {
            let word = words[numbers.below(words.len())];
            write!(text, "\"{word}\":{},", numbers.below(10_000)).unwrap();
        }
        text.into_bytes()
    };
    let many = (0..200).map(|i| Owned {
        timestamp: NOW + i / 10,
        key: (i % 3 != 0).then(|| format!("key-{i}").into_bytes()),
        value: Some(text(60 + i as usize % 50)),
        headers: Vec::new(),
    });
    let many = many.collect();
    let large = vec![Owned::value(text(150_000)), Owned::value("after")];
    let long_run = vec![Owned::value(vec![b'a'; 300_000])];
    let random = Numbers::new(5).bytes(100_000);
    vec![
        (
            "one",
            vec![Owned {
                key: Some(b"k".to_vec()),
                ..Owned::value("v")
            }],
        ),
        (
            "least",
            vec![Owned {
                timestamp: NOW,
                ..Owned::default()
            }],
        ),
        (
            "empty parts",
            vec![
                Owned {
                    key: Some(Vec::new()),
                    ..Owned::value("")
                };
                3
            ],
        ),
        (
            "nulls",
            vec![
                Owned {
                    timestamp: NOW,
                    ..Owned::default()
                };
                50
            ],
        ),
        (
            "headers",
            vec![
                Owned {
                    headers: vec![
                        ("a".into(), Some(b"1".to_vec())),
                        ("a".into(), None),
                        (String::new(), Some(Vec::new())),
                        ("ключ".into(), Some(vec![0xff; 300])),
                    ],
                    ..Owned::value("v")
                };
                20
            ],
        ),
        ("many", many),
        ("large", large),
        ("long run", long_run),
        (
            "random",
            vec![
                Owned::value(&random[..70_000]),
                Owned::value(&random[70_000..]),
            ],
        ),
        (
            "timestamps",
            [0, -1, 1, 8_191, -8_192, 8_192, 1 << 40, -(1 << 40), 3]
                .into_iter()
                .map(|delta| Owned {
                    timestamp: NOW + delta,
                    ..Owned::value("t")
                })
                .collect(),
        ),
    ]
}
