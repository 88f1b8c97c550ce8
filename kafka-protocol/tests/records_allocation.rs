//! Appending and reading allocate nothing for each record.
//!
//! What a thread allocates is counted, not what the process does: the test harness
//! allocates beside the test.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod records_support;

use std::io::Read;

use allocation_counter::measure;
use bytes::Bytes;
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchReader, BatchStamp, Compression, Compressor, Header,
    MessageSetBuilder, NewRecord, RecordBatch, RecordPosition, Records,
};
use records_support::NOW;

const COUNT: usize = 20_000;
const LIMITS: BatchLimits = BatchLimits::DEFAULT;

#[test]
fn nothing_is_allocated_for_a_record() {
    // The counter counts.
    assert_eq!(allocated(|| Vec::<u8>::with_capacity(10)).1, 10);
    let bytes = append();
    let records = check(bytes);
    iterate(&records);
    message_sets();
    sealing_copies_once_at_most();
    batches_kept_of_short_reads();
}

/// The most bytes held above what was held before: none if nothing was allocated,
/// not even for a moment.
fn allocated<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let mut result = None;
    let counted = measure(|| result = Some(run()));
    let most = usize::try_from(counted.bytes_max).expect("less than all memory");
    (result.expect("it ran"), most)
}

fn fill(builder: &mut BatchBuilder) {
    let headers = [
        Header {
            key: "trace",
            value: Some(b"0123"),
        },
        Header {
            key: "none",
            value: None,
        },
    ];
    let value = [b'v'; 100];
    for index in 0..COUNT {
        let record = NewRecord {
            timestamp: NOW + (index / 100) as i64,
            key: (index % 2 == 0).then_some(b"key"),
            value: (index % 5 != 0).then_some(&value),
            headers: if index % 7 == 0 { &headers } else { &[] },
        };
        let size = builder.record_size(&record);
        let before = builder.body_len();
        builder.append(&record).unwrap();
        assert_eq!(builder.body_len(), before + size);
    }
}

fn append() -> Bytes {
    let mut builder = BatchBuilder::with_capacity(COUNT * 140);
    let capacity = builder.capacity();
    let ((), bytes) = allocated(|| fill(&mut builder));
    assert_eq!(bytes, 0, "appending within the capacity");
    assert_eq!(builder.capacity(), capacity);

    // Without a capacity, only the buffer grows: the old and the new are held for
    // a moment.
    let mut growing = BatchBuilder::new();
    let ((), bytes) = allocated(|| fill(&mut growing));
    assert!(
        bytes <= growing.capacity() + growing.capacity() / 2,
        "{bytes}"
    );
    assert!(growing.capacity() < 2 * growing.body_len());

    let mut plain = Compressor::new(Compression::None).unwrap();
    let (sealed, bytes) = allocated(|| builder.seal(&mut plain).unwrap());
    assert!(
        bytes < 100,
        "sealing without a codec moves the buffer: {bytes}"
    );
    let (header, bytes) = allocated(|| sealed.header(&BatchStamp::default()));
    assert_eq!(bytes, 0, "stamping");
    assert_eq!(header[16], 2);
    let (parts, bytes) = allocated(|| sealed.to_record_bytes(&BatchStamp::default()));
    assert!(bytes < 200, "a header's worth: {bytes}");
    parts.into_bytes()
}

fn check(bytes: Bytes) -> Records {
    // Shared once, so that it is not the first slice that pays for sharing.
    let mut input = bytes.clone();
    let (batch, allocations) = allocated(|| RecordBatch::parse(&mut input, &LIMITS).unwrap());
    assert_eq!(allocations, 0, "parsing");
    let batch = batch.unwrap();
    let (records, allocations) = allocated(|| batch.decompress(&LIMITS).unwrap());
    assert_eq!(allocations, 0, "checking records that are not compressed");
    assert_eq!(records.len(), COUNT);
    records
}

fn iterate(records: &Records) {
    let (sum, bytes) = allocated(|| {
        let mut sum = 0;
        for record in records {
            sum += record.key().map_or(0, <[u8]>::len) + record.value().map_or(0, <[u8]>::len);
            for header in record.headers() {
                sum += header.key.len() + header.value.map_or(0, <[u8]>::len);
            }
        }
        sum
    });
    assert_eq!(bytes, 0, "iterating");
    assert!(sum > COUNT * 80);
    let (count, bytes) = allocated(|| {
        let mut position = RecordPosition::default();
        let mut count = 0;
        while let Some(record) = records.next_at(&mut position) {
            count += usize::from(record.offset() >= 0);
        }
        count
    });
    assert_eq!((count, bytes), (COUNT, 0), "iterating without a borrow");
    let value = records.get(1).unwrap().value().unwrap();
    let (shared, bytes) = allocated(|| records.share(value));
    assert_eq!((shared.len(), bytes), (100, 0), "sharing a value");
}

/// Neither is anything for a message of the old formats.
fn message_sets() {
    for mut builder in [MessageSetBuilder::v0(), MessageSetBuilder::v1()] {
        for _ in 0..5_000 {
            let record = NewRecord {
                key: Some(b"key"),
                value: Some(&[b'v'; 90]),
                ..NewRecord::default()
            };
            builder.append(&record).unwrap();
        }
        let mut plain = Compressor::new(Compression::None).unwrap();
        let set = builder.seal(&mut plain).unwrap();
        let mut input = set.raw().clone();
        let (batch, bytes) = allocated(|| RecordBatch::parse(&mut input, &LIMITS).unwrap());
        assert_eq!(bytes, 0, "parsing a run");
        let batch = batch.unwrap();
        let (records, bytes) = allocated(|| batch.decompress(&LIMITS).unwrap());
        assert_eq!(bytes, 0, "messages that are not compressed");
        let (sum, bytes) = allocated(|| {
            let lens = records
                .iter()
                .map(|record| record.value().map_or(0, <[u8]>::len));
            lens.sum::<usize>()
        });
        assert_eq!((sum, bytes), (5_000 * 90, 0), "iterating");

        let mut gzip = Compressor::new(Compression::Gzip).unwrap();
        let packed = batch.recompress(&mut gzip, &LIMITS).unwrap();
        let (unpacked, bytes) = allocated(|| packed.decompress(&LIMITS).unwrap());
        assert!(bytes < 4 * unpacked.memory_size(), "{bytes}");
        let (count, bytes) = allocated(|| unpacked.iter().count());
        assert_eq!((count, bytes), (5_000, 0), "iterating what was compressed");
    }
}

/// A compressor in use holds its tables already: a batch costs what it comes to,
/// and a buffer that wastes nothing.
fn sealing_copies_once_at_most() {
    for codec in [Compression::Gzip, Compression::Snappy, Compression::Lz4] {
        let mut compressor = Compressor::new(codec).unwrap();
        let mut builders = [(); 3].map(|()| {
            let mut builder = BatchBuilder::new();
            fill(&mut builder);
            Some(builder)
        });
        for builder in &mut builders[..2] {
            builder.take().unwrap().seal(&mut compressor).unwrap();
        }
        let last = builders[2].take().unwrap();
        let (sealed, bytes) = allocated(|| last.seal(&mut compressor).unwrap());
        assert!(bytes <= sealed.body().len() + 64, "{codec}: {bytes}");
    }
}

/// A pipe or socket gives a little at a time: batches that are kept hold no more
/// than twice that.
fn batches_kept_of_short_reads() {
    struct Pipe<'a>(&'a [u8]);
    impl Read for Pipe<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let len = buffer.len().min(4 << 10);
            self.0.read(&mut buffer[..len])
        }
    }
    let mut builder = BatchBuilder::new();
    let value = [b'v'; 1_000];
    builder
        .append(&NewRecord {
            value: Some(&value),
            ..NewRecord::default()
        })
        .unwrap();
    let mut plain = Compressor::new(Compression::None).unwrap();
    let sealed = builder.seal(&mut plain).unwrap();
    let one = sealed.to_record_bytes(&BatchStamp::default()).into_bytes();
    let bytes = one.repeat(400);
    let mut kept = Vec::new();
    let counted = measure(|| {
        let reader = BatchReader::new(Pipe(&bytes), LIMITS);
        kept = reader.map(Result::unwrap).collect::<Vec<RecordBatch>>();
    });
    let held = usize::try_from(counted.bytes_current).expect("more is held than before");
    assert_eq!(kept.len(), 400);
    assert!(held < 3 * bytes.len(), "{held}");
}
