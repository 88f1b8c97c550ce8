use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_protocol::records::{BatchLimits, RecordBatch};

use super::*;

const PRODUCER: i64 = 7;

fn batch(epoch: i16, base_sequence: i32, record_count: i32) -> SequencedBatch {
    SequencedBatch {
        producer_id: PRODUCER,
        producer_epoch: epoch,
        base_sequence,
        record_count,
        transactional: false,
        verified: false,
        rules: ProducerRules::Any,
    }
}

fn transactional(producer_id: i64, epoch: i16, base_sequence: i32) -> SequencedBatch {
    SequencedBatch {
        producer_id,
        transactional: true,
        verified: true,
        ..batch(epoch, base_sequence, 1)
    }
}

fn marker(producer_id: i64, epoch: i16, committed: bool) -> Marker {
    Marker {
        producer_id,
        producer_epoch: epoch,
        committed,
        coordinator_epoch: 0,
        transaction_version: 0,
    }
}

/// Feeds batches of (epoch, base sequence, count) to one partition, ten
/// offsets apart, and returns what became of each.
fn check(batches: &[(i16, i32, i32)]) -> Vec<&'static str> {
    let mut states = ProducerStates::default();
    let mut offset = 0;
    let mut outcomes = Vec::new();
    for &(epoch, base_sequence, record_count) in batches {
        let batch = batch(epoch, base_sequence, record_count);
        outcomes.push(match states.check(&batch) {
            Ok(Verdict::Append) => {
                states.appended(&batch, offset, 0);
                offset += 10;
                "append"
            }
            Ok(Verdict::Duplicate(seen)) => {
                assert_eq!(seen.base_sequence, base_sequence);
                "duplicate"
            }
            Err(ProducerError::OldEpoch { .. }) => "old epoch",
            Err(ProducerError::OutOfOrder { .. }) => "out of order",
            Err(error) => panic!("{error}"),
        });
    }
    outcomes
}

#[test]
fn sequence_goes_on_and_gaps_are_refused() {
    assert_eq!(
        check(&[(0, 0, 3), (0, 3, 1), (0, 5, 1), (0, 4, 2)]),
        ["append", "append", "out of order", "append"]
    );
}

#[test]
fn last_five_batches_are_duplicates_and_older_ones_out_of_order() {
    let five = [(0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 1)];
    assert_eq!(check(&[&five[..], &[(0, 0, 1)]].concat())[5], "duplicate");
    assert_eq!(
        check(&[&five[..], &[(0, 5, 1), (0, 0, 1), (0, 1, 1)]].concat())[6..],
        ["out of order", "duplicate"]
    );
    // The same start with another length is no duplicate.
    assert_eq!(check(&[(0, 0, 2), (0, 0, 1)])[1], "out of order");
}

#[test]
fn new_epoch_starts_at_zero_and_old_epochs_are_refused() {
    assert_eq!(
        check(&[
            (0, 0, 3),
            (1, 3, 1),
            (1, 0, 1),
            (0, 3, 1),
            (1, 1, 1),
            (1, 0, 1)
        ]),
        [
            "append",
            "out of order",
            "append",
            "old epoch",
            "append",
            "duplicate"
        ]
    );
}

#[test]
fn unknown_producer_may_start_anywhere() {
    assert_eq!(check(&[(4, 1_000, 2), (4, 1_002, 1)]), ["append", "append"]);
}

#[test]
fn old_brokers_want_to_know_a_producer() {
    let old = |epoch, base_sequence| SequencedBatch {
        rules: ProducerRules::Known,
        ..batch(epoch, base_sequence, 1)
    };
    let unknown = Err(ProducerError::Unknown {
        producer_id: PRODUCER,
    });
    let mut states = ProducerStates::default();
    assert_eq!(states.check(&old(0, 5)), unknown);
    assert_eq!(states.check(&old(0, 0)), Ok(Verdict::Append));
    // Of a producer that only a marker tells of nothing is known either.
    states.ended(&marker(PRODUCER, 0, true), 0, 0);
    assert_eq!(states.check(&old(0, 5)), unknown);
    assert!(matches!(
        states.check(&old(1, 5)),
        Err(ProducerError::OutOfOrder { .. })
    ));
}

#[test]
fn sequence_wraps_to_zero() {
    assert_eq!(
        check(&[(0, i32::MAX - 1, 2), (0, 0, 1), (0, 1, 1)]),
        ["append", "append", "append"]
    );
    assert_eq!(batch(0, i32::MAX, 3).last_sequence(), 1);
    assert_eq!(
        check(&[(0, i32::MAX, 3), (0, 2, 1), (0, i32::MAX, 3)]),
        ["append", "append", "duplicate"]
    );
}

#[test]
fn transaction_needs_the_coordinator_once() {
    let mut states = ProducerStates::default();
    let unverified = SequencedBatch {
        verified: false,
        ..transactional(PRODUCER, 0, 0)
    };
    assert_eq!(
        states.check(&unverified),
        Err(ProducerError::NotInTransaction {
            producer_id: PRODUCER
        })
    );
    assert_eq!(states.begin_verification(&unverified, false), Ok(true));
    let first = transactional(PRODUCER, 0, 0);
    assert_eq!(states.check(&first), Ok(Verdict::Append));
    states.appended(&first, 10, 0);
    let next = SequencedBatch {
        verified: false,
        ..transactional(PRODUCER, 0, 1)
    };
    assert_eq!(states.begin_verification(&next, false), Ok(false));
    assert_eq!(states.check(&next), Ok(Verdict::Append));
    // Once it has ended, the next transaction has to be verified again.
    states.ended(&marker(PRODUCER, 0, true), 11, 0);
    assert!(matches!(
        states.check(&next),
        Err(ProducerError::NotInTransaction { .. })
    ));
    assert_eq!(states.begin_verification(&next, false), Ok(true));
    // What was written is still recognised.
    assert!(matches!(states.check(&first), Ok(Verdict::Duplicate(_))));
}

#[test]
fn open_transaction_admits_nothing_else_of_its_producer() {
    let mut states = ProducerStates::default();
    states.appended(&transactional(PRODUCER, 0, 0), 0, 0);
    assert_eq!(
        states.check(&batch(0, 1, 1)),
        Err(ProducerError::TransactionOpen {
            producer_id: PRODUCER
        })
    );
    states.ended(&marker(PRODUCER, 0, false), 1, 0);
    assert_eq!(states.check(&batch(0, 1, 1)), Ok(Verdict::Append));
}

#[test]
fn sequence_waits_for_the_lowest_that_was_verified() {
    let mut states = ProducerStates::default();
    // Without epoch bump an unknown producer may start anywhere …
    assert_eq!(
        states.begin_verification(&transactional(PRODUCER, 0, 3), false),
        Ok(true)
    );
    assert_eq!(
        states.check(&transactional(PRODUCER, 0, 3)),
        Ok(Verdict::Append)
    );
    // … but not after what was asked for before.
    assert!(states.check(&transactional(PRODUCER, 0, 4)).is_err());
    states
        .begin_verification(&transactional(PRODUCER, 0, 2), false)
        .unwrap();
    assert!(states.check(&transactional(PRODUCER, 0, 3)).is_err());
    // With epoch bump it starts at zero.
    let mut states = ProducerStates::default();
    states
        .begin_verification(&transactional(PRODUCER, 0, 3), true)
        .unwrap();
    assert!(matches!(
        states.check(&transactional(PRODUCER, 0, 3)),
        Err(ProducerError::OutOfOrder { got: 3, .. })
    ));
    states
        .begin_verification(&transactional(PRODUCER, 1, 0), true)
        .unwrap();
    assert_eq!(
        states.check(&transactional(PRODUCER, 1, 0)),
        Ok(Verdict::Append)
    );
}

#[test]
fn marker_of_the_last_transaction_leaves_the_verification_of_the_next() {
    let bumped = |epoch| Marker {
        transaction_version: 2,
        ..marker(PRODUCER, epoch, true)
    };
    let mut states = ProducerStates::default();
    states
        .begin_verification(&transactional(PRODUCER, 1, 5), true)
        .unwrap();
    states.ended(&bumped(1), 0, 0);
    assert!(states.check(&transactional(PRODUCER, 1, 5)).is_err());
    states.ended(&bumped(2), 1, 0);
    assert_eq!(
        states.check(&transactional(PRODUCER, 2, 0)),
        Ok(Verdict::Append)
    );
}

#[test]
fn markers_of_old_epochs_and_coordinators_are_refused() {
    let mut states = ProducerStates::default();
    states.appended(&transactional(PRODUCER, 3, 0), 0, 0);
    let at = |producer_epoch, coordinator_epoch, transaction_version| Marker {
        coordinator_epoch,
        transaction_version,
        ..marker(PRODUCER, producer_epoch, true)
    };
    assert!(matches!(
        states.check_marker(&at(2, 0, 0)),
        Err(ProducerError::OldEpoch {
            got: 2,
            newest: 3,
            ..
        })
    ));
    // With epoch bump a marker of the transaction's own epoch is of the one before.
    assert!(states.check_marker(&at(3, 0, 2)).is_err());
    assert_eq!(states.check_marker(&at(3, 0, 1)), Ok(()));
    assert_eq!(states.check_marker(&at(4, 0, 2)), Ok(()));
    states.ended(&at(4, 5, 2), 1, 0);
    // The same one again does no harm.
    assert_eq!(states.check_marker(&at(4, 5, 2)), Ok(()));
    assert_eq!(
        states.check_marker(&at(4, 4, 2)).map_err(|e| e.code()),
        Err(kafka_protocol::ErrorCode::TransactionCoordinatorFenced)
    );
    assert!(states.check_marker(&at(3, 5, 2)).is_err());
    // A producer that is not known may be ended all the same.
    assert_eq!(states.check_marker(&marker(99, 0, false)), Ok(()));
}

#[test]
fn epoch_of_a_marker_is_the_producers() {
    let mut states = ProducerStates::default();
    states.appended(&transactional(PRODUCER, 0, 0), 0, 0);
    states.ended(&marker(PRODUCER, 1, true), 1, 0);
    assert!(matches!(
        states.check(&transactional(PRODUCER, 0, 1)),
        Err(ProducerError::OldEpoch { .. })
    ));
    assert!(states.check(&transactional(PRODUCER, 1, 1)).is_err());
    assert_eq!(
        states.check(&transactional(PRODUCER, 1, 0)),
        Ok(Verdict::Append)
    );
}

#[test]
fn last_stable_offset_and_aborted_index() {
    let mut states = ProducerStates::default();
    states.appended(&transactional(1, 0, 0), 0, 0);
    states.appended(&transactional(2, 0, 0), 1, 0);
    assert_eq!(states.first_unstable_offset(2), Some(0));
    states.ended(&marker(2, 0, false), 2, 0);
    assert_eq!(states.first_unstable_offset(3), Some(0));
    states.ended(&marker(1, 0, false), 3, 0);
    assert_eq!(states.first_unstable_offset(3), Some(0));
    assert_eq!(states.first_unstable_offset(4), None);
    states.on_high_watermark(4);
    // An empty transaction leaves no trace, a committed one none in the index.
    states.ended(&marker(3, 0, false), 4, 0);
    states.appended(&transactional(1, 0, 1), 5, 0);
    states.ended(&marker(1, 0, true), 6, 0);
    let aborted: Vec<_> = states
        .aborted_between(0, 7)
        .iter()
        .map(|a| {
            (
                a.producer_id,
                a.first_offset,
                a.last_offset,
                a.last_stable_offset,
            )
        })
        .collect();
    assert_eq!(aborted, [(2, 1, 2, 0), (1, 0, 3, 4)]);
    states.on_log_start(3, ProducerRules::Any);
    assert_eq!(states.aborted_between(0, 7).len(), 1);
}

#[test]
fn producers_expire_but_not_those_with_a_transaction() {
    let mut states = ProducerStates::default();
    states.appended(&transactional(1, 0, 0), 0, 1_000);
    states.appended(&batch(0, 0, 1), 1, 1_000);
    states.expire();
    let left: Vec<_> = states.producers().map(|(id, _)| id).collect();
    assert_eq!(left, [1]);
    // Forgotten: any sequence is taken again.
    assert_eq!(states.check(&batch(0, 5, 1)), Ok(Verdict::Append));
}

/// A batch of one record at an offset.
fn stored(offset: i64, stamp: &BatchStamp) -> RecordBatch {
    let mut builder = BatchBuilder::new();
    let record = NewRecord {
        timestamp: 100 + offset,
        key: None,
        value: Some(b"x"),
        headers: &[],
    };
    builder.append(&record).unwrap();
    let sealed = builder
        .seal(&mut Compressor::new(Compression::None).unwrap())
        .unwrap();
    let mut bytes = sealed.to_record_bytes(stamp).into_bytes();
    let batch = RecordBatch::parse(&mut bytes, &BatchLimits::default());
    batch
        .unwrap()
        .unwrap()
        .with_base_offset_and_epoch(offset, 0)
        .unwrap()
}

#[test]
fn log_tells_all_there_is_to_know() {
    let stamp = |producer_id, base_sequence, transactional| BatchStamp {
        producer_id,
        producer_epoch: 2,
        base_sequence,
        transactional,
        ..BatchStamp::default()
    };
    let end = |producer_id, offset, committed| {
        let stamp = BatchStamp {
            producer_id,
            producer_epoch: 3,
            ..BatchStamp::default()
        };
        let batch = RecordBatch::of_transaction_end(committed, 4, 100 + offset, &stamp);
        batch
            .unwrap()
            .with_base_offset_and_epoch(offset, 0)
            .unwrap()
    };
    let log = [
        stored(0, &BatchStamp::default()),
        stored(1, &stamp(1, 0, true)),
        stored(2, &stamp(2, 0, false)),
        stored(3, &stamp(3, 0, true)),
        end(1, 4, false),
        stored(5, &stamp(2, 1, false)),
    ];
    let mut live = ProducerStates::default();
    for (producer_id, base_sequence, offset) in [(1, 0, 1), (2, 0, 2), (3, 0, 3)] {
        let batch = SequencedBatch {
            transactional: producer_id != 2,
            ..transactional(producer_id, 2, base_sequence)
        };
        live.appended(&batch, offset, 100 + offset);
    }
    let ended = Marker {
        coordinator_epoch: 4,
        ..marker(1, 3, false)
    };
    live.ended(&ended, 4, 104);
    let second = SequencedBatch {
        transactional: false,
        ..transactional(2, 2, 1)
    };
    live.appended(&second, 5, 105);
    let rebuilt = ProducerStates::default().truncated(6, log.clone());
    assert_eq!(format!("{rebuilt:?}"), format!("{live:?}"));
    assert_eq!(rebuilt.first_unstable_offset(6), Some(3));
    // Cut anywhere, what is left is what a shorter log tells.
    for end in 0..=6 {
        let shorter = || log.iter().take(end).cloned();
        let cut = live.truncated(end as i64, shorter());
        let told = ProducerStates::default().truncated(end as i64, shorter());
        assert_eq!(format!("{cut:?}"), format!("{told:?}"), "cut at {end}");
    }
    let cut = live.truncated(4, log.iter().take(4).cloned());
    assert_eq!(cut.first_unstable_offset(4), Some(1));
    assert_eq!(cut.aborted_between(0, 4), []);
    // Batches that are gone do not matter where the producer stays.
    let cut = live.truncated(5, []);
    assert_eq!(
        cut.producers().map(|(id, _)| id).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(cut.aborted_between(0, 5).len(), 1);
}
