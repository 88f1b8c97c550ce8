//! Control batches that say too much, or what nobody knows.

use bytes::Bytes;
use kafka_protocol::records::{
    BatchBuilder, BatchStamp, Compression, Compressor, ControlRecord, ControlRecordKind, NewRecord,
    RecordBatch, RecordError,
};

use crate::LIMITS;
use crate::records_support::NOW;

/// Reads every record of every batch, as a reader of transactions does.
fn kinds(mut bytes: Bytes) -> Result<Vec<ControlRecordKind>, RecordError> {
    let mut kinds = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &LIMITS)? {
        assert!(batch.is_control());
        for record in &batch.decompress(&LIMITS)? {
            kinds.push(ControlRecord::read(&record)?.kind());
        }
    }
    Ok(kinds)
}

fn batch(records: &[(&[u8], &[u8])]) -> Bytes {
    let mut builder = BatchBuilder::new();
    for (key, value) in records {
        let record = NewRecord {
            timestamp: NOW,
            key: Some(key),
            value: Some(value),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let stamp = BatchStamp {
        producer_id: 9,
        producer_epoch: 0,
        transactional: true,
        control: true,
        ..BatchStamp::default()
    };
    let mut plain = Compressor::new(Compression::None).unwrap();
    let sealed = builder.seal(&mut plain).unwrap();
    sealed.to_record_bytes(&stamp).into_bytes()
}

/// Two markers for one transaction, in one batch and in two, each as it is.
pub(crate) fn markers_that_come_twice() {
    use ControlRecordKind::{Abort, Commit};
    let value = ControlRecordKind::end_transaction_value(3);
    let (abort, commit) = (Abort.to_key(), Commit.to_key());
    let marker = (&abort[..], &value[..]);
    assert_eq!(kinds(batch(&[marker, marker])), Ok(vec![Abort, Abort]));
    let twice = batch(&[marker]).repeat(2);
    for _ in 0..2 {
        let read = kinds(Bytes::copy_from_slice(&twice));
        assert_eq!(read, Ok(vec![Abort, Abort]), "reading changes nothing");
    }
    let both = [marker, (&commit[..], &value[..])];
    assert_eq!(kinds(batch(&both)), Ok(vec![Abort, Commit]));
}

/// What is not known is kept and what follows it read; what is no key is refused.
pub(crate) fn kinds_that_nobody_knows() {
    use ControlRecordKind::{Commit, Unknown};
    let value = ControlRecordKind::end_transaction_value(3);
    let commit = Commit.to_key();
    for code in [7, 99, -1, i16::MIN, i16::MAX] {
        let key = [0_i16.to_be_bytes(), code.to_be_bytes()].concat();
        let records = [(&key[..], &b"anything"[..]), (&commit[..], &value[..])];
        assert_eq!(kinds(batch(&records)), Ok(vec![Unknown(code), Commit]));
    }
    for key in [&b""[..], &[0, 0, 0], &[0xff, 0xff, 0, 1]] {
        let read = kinds(batch(&[(key, &value)]));
        assert!(
            matches!(
                read,
                Err(RecordError::InvalidControlRecord {
                    offset: 0,
                    error: None
                })
            ),
            "{key:x?}: {read:?}"
        );
    }
    // A value that is cut, or of a version below any.
    for kind in 0..7_u8 {
        let key = [0, 0, 0, kind];
        for value in [&b""[..], &[0], &[0xff, 0xff], &[0x80, 0, 0, 0, 0, 0, 0, 0]] {
            let read = kinds(batch(&[(&key, value)]));
            assert!(
                matches!(
                    read,
                    Err(RecordError::InvalidControlRecord { error: Some(_), .. })
                ),
                "{kind} {value:x?}: {read:?}"
            );
        }
    }
}
