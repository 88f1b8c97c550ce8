//! The records of internal topics, and the subscriptions and assignments of
//! consumers: in Kafka's own bytes, by hand, and at random.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod support;

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::codec::{decode_versioned, encode_versioned};
use kafka_protocol::internal_topics::consumer_offsets::classic::{
    OffsetCommitKey, OffsetCommitValue,
};
use kafka_protocol::internal_topics::transaction_state::{PartitionsSchema, TransactionLogValue};
use kafka_protocol::internal_topics::{
    ConsumerOffsetsKey, ConsumerOffsetsValue, RecordSchema, SCHEMAS, ShareGroupStateKey,
    ShareGroupStateValue, TransactionStateKey, TransactionStateValue,
};
use kafka_protocol::messages::DATA_SCHEMAS;
use kafka_protocol::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    ConsumerProtocolSubscriptionTopicPartition,
};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, NewRecord, RecordBatch,
};
use kafka_protocol::schema::MessageSchema;
use kafka_protocol::{DecodeError, DecodeErrorKind, EncodeErrorKind, Message};
use proptest::prelude::*;
use support::generator::{self, Choices};
use support::vectors::unhex;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What reading some bytes and writing them again gives.
struct Again {
    record_type: i16,
    version: i16,
    known: bool,
    bytes: Bytes,
}

fn key_again(topic: &str, key: Bytes) -> Result<Again, DecodeError> {
    macro_rules! topics {
        ($($key:ident)*) => {
            match topic {
                $($key::TOPIC => {
                    let decoded = $key::decode(key)?;
                    Ok(Again {
                        record_type: decoded.record_type(),
                        version: 0,
                        known: !matches!(decoded, $key::Unknown { .. }),
                        bytes: decoded.encode().unwrap(),
                    })
                })*
                other => panic!("{other}"),
            }
        };
    }
    topics!(ConsumerOffsetsKey TransactionStateKey ShareGroupStateKey)
}

fn value_again(topic: &str, key: Bytes, value: Bytes) -> Result<Again, DecodeError> {
    macro_rules! topics {
        ($($key:ident $value:ident)*) => {
            match topic {
                $($key::TOPIC => {
                    let key = $key::decode(key).unwrap();
                    let (decoded, version) = $value::decode(&key, value)?;
                    assert_eq!(decoded.record_type(), key.record_type());
                    Ok(Again {
                        record_type: decoded.record_type(),
                        version,
                        known: !matches!(decoded, $value::Unknown { .. }),
                        bytes: decoded.encode(version).unwrap(),
                    })
                })*
                other => panic!("{other}"),
            }
        };
    }
    topics! {
        ConsumerOffsetsKey ConsumerOffsetsValue
        TransactionStateKey TransactionStateValue
        ShareGroupStateKey ShareGroupStateValue
    }
}

/// `bytes` behind an int16.
fn behind(prefix: i16, bytes: &[u8]) -> Bytes {
    [&prefix.to_be_bytes(), bytes].concat().into()
}

fn default_key(record: &RecordSchema) -> Bytes {
    behind(record.record_type, &generator::defaults(record.key, 0))
}

fn check_key(record: &RecordSchema, key: Bytes) {
    let again = key_again(record.topic, key.clone()).unwrap();
    assert!(again.known, "{record:?}");
    assert_eq!(again.record_type, record.record_type);
    assert_eq!(again.bytes, key, "{}", record.key.name);
}

fn check_value(record: &RecordSchema, version: i16, value: Bytes) {
    let again = value_again(record.topic, default_key(record), value.clone())
        .unwrap_or_else(|error| panic!("{error} in {value:x?}"));
    assert!(again.known, "{record:?}");
    assert_eq!(
        (again.record_type, again.version),
        (record.record_type, version)
    );
    assert_eq!(again.bytes, value, "{} {version}", record.value.name);
}

/// A subscription or assignment.
fn check_consumer_protocol(name: &str, version: i16, bytes: Bytes) {
    fn check<M: Message>(version: i16, bytes: Bytes, lenient: Result<(M, i16), DecodeError>) {
        let (message, found) = decode_versioned::<M>(bytes.clone()).unwrap();
        assert_eq!(found, version);
        assert_eq!(lenient, Ok((message.clone(), version)));
        assert_eq!(encode_versioned(&message, version), Ok(bytes));
    }
    match name {
        "ConsumerProtocolSubscription" => {
            let lenient = ConsumerProtocolSubscription::from_bytes(bytes.clone());
            check(version, bytes, lenient);
        }
        "ConsumerProtocolAssignment" => {
            let lenient = ConsumerProtocolAssignment::from_bytes(bytes.clone());
            check(version, bytes, lenient);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn as_kafka_writes_them() {
    let mut seen: BTreeMap<(&str, i16), usize> = BTreeMap::new();
    for line in include_str!("vectors/versioned.tsv").lines() {
        let mut columns = line.split('\t');
        let name = columns.next().unwrap();
        let version: i16 = columns.next().unwrap().parse().unwrap();
        let bytes = Bytes::from(unhex(columns.next().unwrap()));
        let count = seen.entry((name, version)).or_default();
        let check_defaults = |schema: &MessageSchema| {
            if *count == 0 {
                assert_eq!(bytes[2..], generator::defaults(schema, version), "{line}");
            }
        };
        if let Some(record) = SCHEMAS.iter().find(|record| record.key.name == name) {
            check_defaults(record.key);
            check_key(record, bytes);
        } else if let Some(record) = SCHEMAS.iter().find(|record| record.value.name == name) {
            check_defaults(record.value);
            check_value(record, version, bytes);
        } else {
            let schema = DATA_SCHEMAS.iter().find(|schema| schema.name == name);
            check_defaults(schema.unwrap());
            check_consumer_protocol(name, version, bytes);
        }
        *count += 1;
    }
    for record in SCHEMAS {
        assert_eq!(seen.remove(&(record.key.name, 0)), Some(2));
        for version in record.value.versions.iter() {
            assert_eq!(seen.remove(&(record.value.name, version)), Some(5));
        }
    }
    let left: Vec<_> = seen.into_keys().collect();
    let expected = ["ConsumerProtocolAssignment", "ConsumerProtocolSubscription"]
        .into_iter()
        .flat_map(|name| (0..=3).map(move |version| (name, version)));
    assert_eq!(left, Vec::from_iter(expected));
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn every_record_in_every_version(choices in proptest::collection::vec(any::<u8>(), 0..400)) {
        for record in SCHEMAS {
            let mut choices = Choices(&choices);
            let key = generator::message(record.key, 0, &mut choices);
            check_key(record, behind(record.record_type, &key));
            for version in record.value.versions.iter() {
                let value = generator::message(record.value, version, &mut choices);
                check_value(record, version, behind(version, &value));
            }
        }
        for schema in DATA_SCHEMAS.iter().filter(|schema| schema.name.starts_with("Consumer")) {
            for version in schema.versions.iter() {
                let bytes = generator::message(schema, version, &mut Choices(&choices));
                check_consumer_protocol(schema.name, version, behind(version, &bytes));
            }
        }
    }

    #[test]
    fn unknown_types_are_passed_on(
        number in any::<i16>(),
        version in any::<i16>(),
        fields in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for topic in ["__consumer_offsets", "__transaction_state", "__share_group_state"] {
            let taken = SCHEMAS
                .iter()
                .any(|record| record.topic == topic && record.record_type == number);
            prop_assume!(!taken);
            let key = behind(number, &fields);
            let again = key_again(topic, key.clone()).unwrap();
            prop_assert_eq!((again.known, again.record_type, &again.bytes), (false, number, &key));
            let value = behind(version, &fields);
            let again = value_again(topic, key, value.clone()).unwrap();
            prop_assert_eq!((again.known, again.record_type), (false, number));
            prop_assert_eq!((again.version, again.bytes), (version, value));
        }
    }

    #[test]
    fn neither_less_nor_more_than_a_record(
        choices in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        for record in SCHEMAS {
            let mut choices = Choices(&choices);
            let fields = generator::message(record.key, 0, &mut choices);
            let key = behind(record.record_type, &fields);
            for len in 0..key.len() {
                prop_assert!(key_again(record.topic, key.slice(..len)).is_err());
            }
            let more = key_again(record.topic, [&key[..], b"x"].concat().into()).err().unwrap();
            prop_assert_eq!(more.kind(), &DecodeErrorKind::Trailing(1));
            prop_assert_eq!(more.path(), record.key.name);

            let version = record.value.versions.max;
            let fields = generator::message(record.value, version, &mut choices);
            let value = behind(version, &fields);
            for len in 0..value.len() {
                let part = value_again(record.topic, key.clone(), value.slice(..len));
                let part = part.err().unwrap();
                prop_assert!(part.path().starts_with(record.value.name), "{}", part);
            }
            let more = [&value[..], b"x"].concat().into();
            let more = value_again(record.topic, key.clone(), more).err().unwrap();
            prop_assert_eq!(more.kind(), &DecodeErrorKind::Trailing(1));
            prop_assert_eq!(more.path(), record.value.name);
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn damaged_values_are_refused_or_say_something_else(
        choices in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for record in SCHEMAS {
            for version in record.value.versions.iter() {
                let fields = generator::message(record.value, version, &mut Choices(&choices));
                let mut value = behind(version, &fields).to_vec();
                value[at.index(fields.len() + 2)] = byte;
                let value = Bytes::from(value);
                let Ok(again) = value_again(record.topic, default_key(record), value) else {
                    continue;
                };
                let same = value_again(record.topic, default_key(record), again.bytes.clone());
                prop_assert_eq!(same.unwrap().bytes, again.bytes);
            }
        }
    }
}

#[test]
fn numbers_are_kafkas() {
    let mut previous = None;
    for record in SCHEMAS {
        assert_eq!((record.key.versions.min, record.key.versions.max), (0, 0));
        assert_eq!(record.key.flexible, None);
        let stem = record.key.name.strip_suffix("Key").unwrap();
        assert_eq!(record.value.name.strip_suffix("Value"), Some(stem));
        if let Some((topic, number)) = previous
            && topic == record.topic
        {
            assert!(number < record.record_type, "{record:?}");
        }
        previous = Some((record.topic, record.record_type));
    }
    let of = |topic| {
        SCHEMAS
            .iter()
            .filter(|record| record.topic == topic)
            .count()
    };
    assert_eq!(of(ConsumerOffsetsKey::TOPIC), 22);
    assert_eq!(of(TransactionStateKey::TOPIC), 1);
    assert_eq!(of(ShareGroupStateKey::TOPIC), 2);
}

#[test]
fn no_such_version_of_a_value() {
    for record in SCHEMAS {
        for version in [-1, record.value.versions.max + 1, i16::MAX] {
            let value = behind(version, &[0; 40]);
            let error = value_again(record.topic, default_key(record), value)
                .err()
                .unwrap();
            let supported = record.value.versions;
            assert_eq!(
                error.kind(),
                &DecodeErrorKind::UnsupportedVersion { version, supported }
            );
        }
    }
    let value = ConsumerOffsetsValue::from(OffsetCommitValue::new());
    assert!(matches!(
        value.encode(5).unwrap_err().kind(),
        EncodeErrorKind::UnsupportedVersion { version: 5, .. }
    ));
}

/// The records of a partition, as a broker that starts reads them.
#[test]
fn a_tombstone_ends_what_its_key_names() {
    let at = |partition| {
        let key = OffsetCommitKey::new()
            .with_group("g")
            .with_topic("t")
            .with_partition(partition);
        ConsumerOffsetsKey::from(key).encode().unwrap()
    };
    let position = |offset| {
        let value = OffsetCommitValue::new().with_offset(offset);
        ConsumerOffsetsValue::from(value).encode(3).unwrap()
    };
    let written = [
        (at(0), Some(position(5))),
        (at(1), Some(position(7))),
        (at(0), None),
        (at(1), Some(position(9))),
    ];
    let mut builder = BatchBuilder::new();
    for (key, value) in &written {
        let record = NewRecord {
            timestamp: 0,
            key: Some(key),
            value: value.as_deref(),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let mut compressor = Compressor::new(Compression::None).unwrap();
    let sealed = builder.seal(&mut compressor).unwrap();
    let mut bytes = sealed.to_record_bytes(&BatchStamp::default()).into_bytes();
    let limits = BatchLimits::default();
    let batch = RecordBatch::parse(&mut bytes, &limits).unwrap().unwrap();
    let records = batch.decompress(&limits).unwrap();

    let mut positions = BTreeMap::new();
    for record in records.iter() {
        let key = ConsumerOffsetsKey::decode(records.share(record.key().unwrap())).unwrap();
        let value = record.value().map(|value| {
            let (value, _) = ConsumerOffsetsValue::decode(&key, records.share(value)).unwrap();
            value
        });
        let ConsumerOffsetsKey::OffsetCommit(key) = key else {
            panic!("{key:?}")
        };
        match value {
            Some(ConsumerOffsetsValue::OffsetCommit(value)) => {
                positions.insert(key.partition, value.offset);
            }
            None => {
                positions.remove(&key.partition);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(positions, BTreeMap::from([(1, 9)]));
}

#[test]
fn a_transaction_by_hand() {
    let key = TransactionStateKey::decode(Bytes::from_static(b"\0\0\0\x02tx")).unwrap();
    let TransactionStateKey::TransactionLog(named) = &key else {
        panic!("{key:?}")
    };
    assert_eq!(named.transactional_id, "tx");

    let partitions = PartitionsSchema::new()
        .with_topic("t")
        .with_partition_ids([3, 4]);
    let value = TransactionLogValue::new()
        .with_producer_id(1)
        .with_producer_epoch(2)
        .with_transaction_timeout_ms(60_000)
        .with_transaction_status(1)
        .with_transaction_partitions(Some(vec![partitions]))
        .with_transaction_last_update_timestamp_ms(0x102)
        .with_transaction_start_timestamp_ms(0x101);
    let oldest: &[u8] = b"\0\0\
        \0\0\0\0\0\0\0\x01\0\x02\0\0\xea\x60\x01\
        \0\0\0\x01\0\x01t\0\0\0\x02\0\0\0\x03\0\0\0\x04\
        \0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\x01\x01";
    let written = TransactionStateValue::from(value.clone());
    assert_eq!(written.encode(0).unwrap(), oldest);
    let read = TransactionStateValue::decode(&key, Bytes::from_static(oldest));
    assert_eq!(read, Ok((written, 0)));

    // In version 1 lengths are compact, and the client's version has tag 2.
    let value = TransactionStateValue::from(value.with_client_transaction_version(2));
    let newest: &[u8] = b"\0\x01\
        \0\0\0\0\0\0\0\x01\0\x02\0\0\xea\x60\x01\
        \x02\x02t\x03\0\0\0\x03\0\0\0\x04\0\
        \0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\x01\x01\
        \x01\x02\x02\0\x02";
    assert_eq!(value.encode(1).unwrap(), newest);
    assert_eq!(
        TransactionStateValue::decode(&key, Bytes::from_static(newest)),
        Ok((value.clone(), 1))
    );
    let error = value.encode(0).unwrap_err();
    assert_eq!(
        error.path(),
        "TransactionLogValue.client_transaction_version"
    );
}

fn subscription() -> ConsumerProtocolSubscription {
    let owned = ConsumerProtocolSubscriptionTopicPartition::new()
        .with_topic("t")
        .with_partitions([6]);
    ConsumerProtocolSubscription::new()
        .with_topics(["t".into()])
        .with_owned_partitions([owned])
        .with_generation_id(9)
        .with_rack_id(Some("r".into()))
}

/// Version 3, without the version.
const SUBSCRIPTION: &[u8] =
    b"\0\0\0\x01\0\x01t\xff\xff\xff\xff\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x06\0\0\0\x09\0\x01r";

#[test]
fn members_of_any_release_understand_each_other() {
    let message = subscription();
    assert_eq!(message.to_bytes(3).unwrap(), behind(3, SUBSCRIPTION));
    // From a newer member, which sends more.
    for version in [3, 4, i16::MAX] {
        let bytes = behind(version, &[SUBSCRIPTION, b"more"].concat());
        let read = ConsumerProtocolSubscription::from_bytes(bytes);
        assert_eq!(read, Ok((message.clone(), 3)));
    }
    // Older members send less.
    let (oldest, version) =
        ConsumerProtocolSubscription::from_bytes(message.to_bytes(0).unwrap()).unwrap();
    assert_eq!(version, 0);
    assert_eq!(
        oldest,
        ConsumerProtocolSubscription::new().with_topics(["t".into()])
    );

    let newer = ConsumerProtocolAssignment::from_bytes(behind(7, b"\0\0\0\0\0\0\0\x02ab.."));
    let (newer, version) = newer.unwrap();
    assert_eq!(version, 3);
    assert_eq!(newer.user_data, Some(Bytes::from_static(b"ab")));
}

#[test]
fn broken_subscriptions_are_refused() {
    let whole = behind(3, SUBSCRIPTION);
    for len in 0..whole.len() {
        let error = ConsumerProtocolSubscription::from_bytes(whole.slice(..len)).unwrap_err();
        assert!(
            error.path().starts_with("ConsumerProtocolSubscription"),
            "{error}"
        );
    }
    for version in [-1, i16::MIN] {
        let bytes = behind(version, SUBSCRIPTION);
        let error = ConsumerProtocolSubscription::from_bytes(bytes).unwrap_err();
        assert!(matches!(
            error.kind(),
            DecodeErrorKind::UnsupportedVersion { .. }
        ));
    }
    let error = subscription().to_bytes(4).unwrap_err();
    assert!(matches!(
        error.kind(),
        EncodeErrorKind::UnsupportedVersion { version: 4, .. }
    ));
}
