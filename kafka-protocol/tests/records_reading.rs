//! Reading around batches: files of them, control records, records to keep.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod records_support;

use std::io::{self, Read};

use bytes::Bytes;
use kafka_protocol::Message;
use kafka_protocol::messages::control_records::{
    KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord,
    VotersRecord,
};
use kafka_protocol::records::{
    BatchLimits, BatchReadError, BatchReader, BatchStamp, Compression, Compressor, ControlRecord,
    ControlRecordKind, MessageSetBuilder, RecordBatch, RecordError,
};
use kafka_protocol::wire::Sink;
use records_support::{NOW, Numbers, Owned, built, encoded, sealed, shapes};

const LIMITS: BatchLimits = BatchLimits::DEFAULT;

/// Gives what it has a few bytes at a time.
struct Slowly<'a>(&'a [u8], Numbers);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (1 + self.1.below(700)).min(buffer.len());
        if self.1.below(10) == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.0.read(&mut buffer[..len])
    }
}

/// A log that began before 0.10, with a gap.
fn segment() -> (Vec<u8>, Vec<i64>) {
    let mut bytes = Vec::new();
    let mut offsets = Vec::new();
    let mut next = 0;
    for (_, records) in shapes() {
        for (builder, codec) in [
            (MessageSetBuilder::v0(), Compression::None),
            (MessageSetBuilder::v1(), Compression::Lz4),
        ] {
            let mut builder = builder.with_base_offset(next);
            for record in &records {
                builder.append(&record.borrowed(&[])).unwrap();
                offsets.push(next);
                next += 1;
            }
            bytes.extend(
                builder
                    .seal(&mut Compressor::new(codec).unwrap())
                    .unwrap()
                    .raw(),
            );
        }
        next += 10;
        let stamp = BatchStamp {
            base_offset: next,
            ..BatchStamp::default()
        };
        bytes.extend(
            sealed(&records, Compression::None)
                .to_record_bytes(&stamp)
                .into_bytes(),
        );
        offsets.extend(next..next + records.len() as i64);
        next += records.len() as i64;
    }
    (bytes, offsets)
}

fn offsets(reader: &mut BatchReader<impl Read>) -> Result<Vec<i64>, BatchReadError> {
    let mut offsets = Vec::new();
    for batch in reader {
        let records = batch?.decompress(&LIMITS).unwrap();
        offsets.extend(records.iter().map(|record| record.offset()));
    }
    Ok(offsets)
}

#[test]
fn a_segment_from_end_to_end() {
    let (bytes, expected) = segment();
    let mut reader = BatchReader::new(&bytes[..], LIMITS);
    assert_eq!(offsets(&mut reader).unwrap(), expected);
    assert_eq!(reader.position(), bytes.len() as u64);
    assert!(reader.next().is_none());
    let mut slow = BatchReader::new(Slowly(&bytes, Numbers::new(3)), LIMITS);
    assert_eq!(offsets(&mut slow).unwrap(), expected);
    assert_eq!(
        offsets(&mut BatchReader::new(io::empty(), LIMITS)).unwrap(),
        [0_i64; 0]
    );
}

#[test]
fn a_segment_allocated_in_advance_ends_in_zeros() {
    let (bytes, expected) = segment();
    for zeros in [1, 16, 17, 1 << 20] {
        let file = [&bytes[..], &vec![0; zeros]].concat();
        let mut reader = BatchReader::new(&file[..], LIMITS);
        assert_eq!(offsets(&mut reader).unwrap(), expected);
        assert_eq!(reader.position(), bytes.len() as u64);
    }
}

/// Blocks that a crash left unwritten are no end: what follows would be lost unsaid.
#[test]
fn zeros_within_a_segment_are_damage() {
    let (bytes, expected) = segment();
    for zeros in [17, 4 << 10, 1 << 20] {
        let file = [&bytes[..], &vec![0; zeros], &bytes[..]].concat();
        let mut reader = BatchReader::new(&file[..], LIMITS);
        let whole: Vec<_> = reader.by_ref().map_while(Result::ok).collect();
        let records = whole.iter().map(|batch| batch.decompress(&LIMITS).unwrap());
        assert_eq!(records.map(|all| all.len()).sum::<usize>(), expected.len());
        assert_eq!(reader.position(), bytes.len() as u64);

        let mut reader = BatchReader::new(&file[..], LIMITS);
        let error = offsets(&mut reader).unwrap_err();
        let BatchReadError::Invalid { position, error } = error else {
            panic!("{error}");
        };
        assert_eq!(position, bytes.len() as u64);
        assert!(matches!(
            error,
            RecordError::InvalidLength { length: 0, .. }
        ));
        assert!(reader.next().is_none());
    }
}

#[test]
fn a_segment_that_is_cut_or_damaged() {
    let one = encoded(&[Owned::value("v")], Compression::None);
    for cut in 1..one.len() {
        let file = [&one[..], &one[..cut]].concat();
        let mut reader = BatchReader::new(&file[..], LIMITS);
        assert!(reader.next().unwrap().is_ok());
        match reader.next() {
            Some(Err(BatchReadError::Truncated { position, len })) => {
                assert_eq!((position, len), (one.len() as u64, cut));
            }
            // The base offset is 0.
            None => assert!(cut <= 11, "{cut}"),
            other => panic!("{cut}: {other:?}"),
        }
        assert!(reader.next().is_none(), "an error is the end");
    }

    let mut damaged = [&one[..], &one[..]].concat();
    *damaged.last_mut().unwrap() ^= 1;
    let mut reader = BatchReader::new(&damaged[..], LIMITS);
    assert!(reader.next().unwrap().is_ok());
    let Some(Err(BatchReadError::Invalid { position, error })) = reader.next() else {
        panic!("not noticed");
    };
    assert_eq!(position, one.len() as u64);
    assert!(matches!(error, RecordError::CrcMismatch { .. }));
    assert!(reader.next().is_none());

    let mut lying = one.to_vec();
    lying[8..12].copy_from_slice(&i32::MAX.to_be_bytes());
    let mut reader = BatchReader::new(&lying[..], LIMITS);
    let Some(Err(BatchReadError::TooLong {
        position: 0,
        len,
        max,
    })) = reader.next()
    else {
        panic!("not noticed");
    };
    assert_eq!((len, max), ((1 << 31) - 1 + 12, 128 << 20));
    let mut reader = BatchReader::new(&lying[..], LIMITS).with_max_batch_len(usize::MAX);
    assert!(matches!(
        reader.next(),
        Some(Err(BatchReadError::Truncated { .. }))
    ));

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let mut reader = BatchReader::new(Broken, LIMITS);
    assert!(matches!(
        reader.next(),
        Some(Err(BatchReadError::Io { position: 0, .. }))
    ));
}

/// A control batch with that key and value.
fn control(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<ControlRecord, RecordError> {
    let record = Owned {
        timestamp: NOW,
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: Vec::new(),
    };
    let sealed = sealed(&[record], Compression::None);
    let stamp = BatchStamp {
        base_offset: 70,
        control: true,
        ..BatchStamp::default()
    };
    let batch = RecordBatch::parse(&mut sealed.to_record_bytes(&stamp).into_bytes(), &LIMITS);
    let records = batch.unwrap().unwrap().decompress(&LIMITS).unwrap();
    ControlRecord::read(&records.get(0).unwrap())
}

#[test]
fn the_end_of_a_transaction() {
    let stamp = BatchStamp {
        base_offset: 99,
        partition_leader_epoch: 6,
        producer_id: 1 << 40,
        producer_epoch: 3,
        base_sequence: 17,
        ..BatchStamp::default()
    };
    for committed in [true, false] {
        let batch = RecordBatch::of_transaction_end(committed, 12, NOW, &stamp).unwrap();
        let parsed = RecordBatch::parse(&mut batch.raw().clone(), &LIMITS);
        assert_eq!(parsed.unwrap().unwrap(), batch);
        assert!(batch.is_control() && batch.is_transactional());
        assert_eq!(
            (batch.base_offset(), batch.partition_leader_epoch()),
            (99, 6)
        );
        assert_eq!((batch.producer_id(), batch.producer_epoch()), (1 << 40, 3));
        assert_eq!((batch.base_sequence(), batch.max_timestamp()), (-1, NOW));
        let records = batch.decompress(&LIMITS).unwrap();
        let record = ControlRecord::read(&records.get(0).unwrap()).unwrap();
        let marker = match &record {
            ControlRecord::Commit(marker) if committed => marker,
            ControlRecord::Abort(marker) if !committed => marker,
            other => panic!("{other:?}"),
        };
        assert_eq!(marker.coordinator_epoch, 12);
        assert!(record.kind().is_end_transaction());
    }
}

fn value_of<M: Message>(message: &M, version: i16) -> Vec<u8> {
    let mut sink = Sink::new();
    message.encode(&mut sink, version).unwrap();
    sink.finish().into_bytes().to_vec()
}

#[test]
fn control_records_of_every_kind() {
    let leader = LeaderChangeMessage::new().with_version(1).with_leader_id(4);
    let header = SnapshotHeaderRecord::new().with_last_contained_log_timestamp(NOW);
    let footer = SnapshotFooterRecord::new();
    let version = KRaftVersionRecord::new();
    let voters = VotersRecord::new();
    let values = [
        (ControlRecordKind::LeaderChange, value_of(&leader, 1)),
        (ControlRecordKind::SnapshotHeader, value_of(&header, 0)),
        (ControlRecordKind::SnapshotFooter, value_of(&footer, 0)),
        (ControlRecordKind::KRaftVersion, value_of(&version, 0)),
        (ControlRecordKind::KRaftVoters, value_of(&voters, 0)),
        (ControlRecordKind::Unknown(77), b"anything".to_vec()),
    ];
    for (kind, value) in values {
        let record = control(Some(&kind.to_key()), Some(&value)).unwrap();
        assert_eq!(record.kind(), kind);
        match record {
            ControlRecord::LeaderChange(read) => assert_eq!(read, leader),
            ControlRecord::SnapshotHeader(read) => assert_eq!(read, header),
            ControlRecord::SnapshotFooter(read) => assert_eq!(read, footer),
            ControlRecord::KRaftVersion(read) => assert_eq!(read, version),
            ControlRecord::KRaftVoters(read) => assert_eq!(read, voters),
            ControlRecord::Unknown(code) => assert_eq!(code, 77),
            other => panic!("{other:?}"),
        }
        if !matches!(kind, ControlRecordKind::Unknown(_)) {
            for len in 0..value.len() {
                let error = control(Some(&kind.to_key()), Some(&value[..len])).unwrap_err();
                assert!(
                    matches!(
                        error,
                        RecordError::InvalidControlRecord {
                            offset: 70,
                            error: Some(_)
                        }
                    ),
                    "{error}"
                );
            }
        }
    }
    // A newer version has more behind what is known.
    let commit = ControlRecordKind::Commit.to_key();
    let newer = control(Some(&commit), Some(&[0, 5, 0, 0, 0, 8, 1, 2, 3]));
    let Ok(ControlRecord::Commit(marker)) = newer else {
        panic!("{newer:?}");
    };
    assert_eq!(marker.coordinator_epoch, 8);

    for value in [None, Some(&[0, 0, 1][..]), Some(&[0xff, 0xff, 0, 0, 0, 1])] {
        let error = control(Some(&commit), value).unwrap_err();
        assert!(
            matches!(
                error,
                RecordError::InvalidControlRecord {
                    offset: 70,
                    error: Some(_)
                }
            ),
            "{error}"
        );
    }
    for key in [None, Some(&[0, 0, 0][..]), Some(&[0xff, 0, 0, 1])] {
        let error = control(key, Some(&[0, 0, 0, 0, 0, 1])).unwrap_err();
        assert_eq!(
            error,
            RecordError::InvalidControlRecord {
                offset: 70,
                error: None
            }
        );
        assert!(error.to_string().contains("its key"), "{error}");
    }
}

#[test]
fn records_to_keep_and_to_append_again() {
    for (name, expected) in shapes() {
        for codec in Compression::ALL {
            let batch = sealed(&expected, codec).view();
            let records = batch.decompress(&LIMITS).unwrap();
            let mut again = Vec::new();
            for (record, expected) in records.iter().zip(&expected) {
                let copied = record.to_owned_record();
                let shared = records.share_record(&record);
                assert_eq!(copied, shared, "{name}");
                assert_eq!(
                    (copied.offset, copied.timestamp),
                    (record.offset(), record.timestamp())
                );
                if let Some(value) = record.value().filter(|value| !value.is_empty()) {
                    let at = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| bytes.as_ptr());
                    assert_eq!(at(&shared.value), Some(value.as_ptr()));
                    assert_ne!(at(&copied.value), Some(value.as_ptr()));
                }
                let mut headers = Vec::new();
                let new = copied.to_new(&mut headers);
                let mut same = Vec::new();
                let view = record.to_new(&mut same);
                assert_eq!(
                    (new.timestamp, new.key, new.value),
                    (view.timestamp, view.key, view.value)
                );
                assert_eq!(new.headers, view.headers);
                again.push(Owned {
                    timestamp: new.timestamp,
                    key: new.key.map(<[u8]>::to_vec),
                    value: new.value.map(<[u8]>::to_vec),
                    headers: new
                        .headers
                        .iter()
                        .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
                        .collect(),
                });
                assert_eq!(again.last(), Some(expected), "{name}");
                assert!(!format!("{copied:?}").contains("berlin"));
            }
            assert_eq!(built(&again).batch_len(), built(&expected).batch_len());
        }
    }
}
