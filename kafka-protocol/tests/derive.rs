//! What the derive offers beyond the first APIs: other types, nullable
//! structures, fields that become tagged, flexible overrides. Bytes are those of
//! Kafka's own classes where the message is Kafka's.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]
#![allow(missing_docs, reason = "messages of the test")]

mod support;

use bytes::Bytes;
use kafka_protocol::header::RequestHeader as HandWrittenHeader;
use kafka_protocol::schema::{DefaultValue, FieldKind, MessageKind};
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{DecodeErrorKind, Message, StrBytes, TaggedFields, Uuid, VersionRange};
use support::vectors::unhex;

fn encode<M: Message>(message: &M, version: i16) -> Result<Bytes, String> {
    let mut sink = Sink::new();
    message
        .encode(&mut sink, version)
        .map_err(|error| error.to_string())?;
    assert_eq!(message.encoded_len(version), Ok(sink.len()));
    Ok(sink.finish().into_bytes())
}

fn decode<M: Message>(bytes: &[u8], version: i16) -> Result<M, String> {
    let mut reader = Reader::new(Bytes::copy_from_slice(bytes));
    let message = M::decode(&mut reader, version).map_err(|error| error.to_string())?;
    reader.expect_end().map_err(|error| error.to_string())?;
    Ok(message)
}

/// The message is written as these bytes and read back from them.
fn check<M: Message>(message: &M, version: i16, hex: &str) {
    let bytes = unhex(&hex.replace(' ', ""));
    assert_eq!(
        encode(message, version).as_deref(),
        Ok(&bytes[..]),
        "{message:?}"
    );
    assert_eq!(decode(&bytes, version).as_ref(), Ok(message));
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
struct DescribeTopicPartitionsRequest {
    topics: Vec<TopicRequest>,
    #[kafka(default = 2000)]
    response_partition_limit: i32,
    cursor: Option<Cursor>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
struct TopicRequest {
    name: StrBytes,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
struct Cursor {
    topic_name: StrBytes,
    partition_index: i32,
    unknown_tagged_fields: TaggedFields,
}

#[test]
fn a_nullable_structure() {
    let request = DescribeTopicPartitionsRequest::new()
        .with_topics([TopicRequest::new().with_name("orders")])
        .with_response_partition_limit(7);
    check(&request, 0, "02076f72646572730000000007ff00");
    let cursor = Cursor::new().with_topic_name("x").with_partition_index(3);
    check(
        &request.with_cursor(cursor),
        0,
        "02076f72646572730000000007010278000000030000",
    );
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "1+")]
#[non_exhaustive]
struct DescribeClientQuotasResponse {
    throttle_time_ms: i32,
    error_code: i16,
    #[kafka(default = "")]
    error_message: Option<StrBytes>,
    #[kafka(default = [])]
    entries: Option<Vec<EntryData>>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
struct EntryData {
    entity: Vec<EntityData>,
    values: Vec<ValueData>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
struct EntityData {
    entity_type: StrBytes,
    #[kafka(default = "")]
    entity_name: Option<StrBytes>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
struct ValueData {
    key: StrBytes,
    value: f64,
    unknown_tagged_fields: TaggedFields,
}

#[test]
fn floating_point_numbers_and_nullable_arrays() {
    let entry = EntryData::new()
        .with_entity([EntityData::new()
            .with_entity_type("user")
            .with_entity_name(None)])
        .with_values([ValueData::new().with_key("rate").with_value(1.5)]);
    let response = DescribeClientQuotasResponse::new().with_entries(vec![entry]);
    check(
        &response,
        0,
        "00000000000000000000000100000001000475736572ffff000000010004726174653ff8000000000000",
    );
    check(
        &response,
        1,
        "000000000000010202057573657200000205726174653ff8000000000000000000",
    );
    let failed = DescribeClientQuotasResponse::new()
        .with_error_code(3)
        .with_error_message(StrBytes::from("no"))
        .with_entries(None);
    check(&failed, 1, "000000000003036e6f0000");
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-4", flexible = "0+")]
#[non_exhaustive]
struct BrokerRegistrationRequest {
    broker_id: i32,
    cluster_id: StrBytes,
    incarnation_id: Uuid,
    listeners: Vec<Listener>,
    features: Vec<Feature>,
    #[kafka(default = "")]
    rack: Option<StrBytes>,
    #[kafka(versions = "1+")]
    is_migrating_zk_broker: bool,
    #[kafka(versions = "2+")]
    log_dirs: Vec<Uuid>,
    #[kafka(versions = "3+", default = -1, ignorable)]
    previous_broker_epoch: i64,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
struct Listener {
    name: StrBytes,
    host: StrBytes,
    port: u16,
    security_protocol: i16,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
struct Feature {
    name: StrBytes,
    min_supported_version: i16,
    max_supported_version: i16,
    unknown_tagged_fields: TaggedFields,
}

fn uuid(high: u64, low: u64) -> Uuid {
    Uuid::from_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

fn registration() -> BrokerRegistrationRequest {
    let listener = Listener::new()
        .with_name("L")
        .with_host("h")
        .with_port(65535)
        .with_security_protocol(1);
    let feature = Feature::new()
        .with_name("f")
        .with_min_supported_version(1)
        .with_max_supported_version(2);
    BrokerRegistrationRequest::new()
        .with_broker_id(1)
        .with_cluster_id("c")
        .with_incarnation_id(uuid(1, 2))
        .with_listeners([listener])
        .with_features([feature])
        .with_rack(StrBytes::from("r"))
        .with_log_dirs([uuid(3, 4)])
}

#[test]
fn unsigned_ports_and_arrays_of_ids() {
    check(
        &registration(),
        4,
        "0000000102630000000000000001000000000000000202024c0268ffff00010002026600010002000272000200000000\
         000000030000000000000004ffffffffffffffff00",
    );
}

#[test]
fn what_a_version_cannot_carry() {
    // Set, and not ignorable.
    assert_eq!(
        encode(&registration(), 1).unwrap_err(),
        "BrokerRegistrationRequest.log_dirs (version 1): \
         this version cannot carry it, and it is not the default"
    );
    // Ignorable: dropped.
    let plain = registration().with_log_dirs([]);
    let later = plain.clone().with_previous_broker_epoch(9);
    assert_eq!(encode(&later, 2), encode(&plain, 2));
    assert_ne!(encode(&later, 3), encode(&plain, 3));
    // At its default: absent.
    assert_eq!(
        decode::<BrokerRegistrationRequest>(&encode(&plain, 0).unwrap(), 0),
        Ok(plain)
    );
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-9", flexible = "6+")]
#[non_exhaustive]
struct JoinGroupRequest {
    group_id: StrBytes,
    session_timeout_ms: i32,
    #[kafka(versions = "1+", default = -1, ignorable)]
    rebalance_timeout_ms: i32,
    member_id: StrBytes,
    #[kafka(versions = "5+")]
    group_instance_id: Option<StrBytes>,
    protocol_type: StrBytes,
    protocols: Vec<JoinGroupRequestProtocol>,
    #[kafka(versions = "8+", ignorable)]
    reason: Option<StrBytes>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
struct JoinGroupRequestProtocol {
    name: StrBytes,
    metadata: Bytes,
    unknown_tagged_fields: TaggedFields,
}

#[test]
fn byte_fields() {
    let protocol = JoinGroupRequestProtocol::new()
        .with_name("p")
        .with_metadata(&[1, 2, 3][..]);
    let request = JoinGroupRequest::new()
        .with_group_id("g")
        .with_protocol_type("consumer")
        .with_session_timeout_ms(5)
        .with_protocols([protocol]);
    check(
        &request,
        5,
        "00016700000005ffffffff0000ffff0008636f6e73756d65720000000100017000000003010203",
    );
    let reasoned = request.with_reason(StrBytes::from("why"));
    check(
        &reasoned,
        9,
        "026700000005ffffffff010009636f6e73756d657202027004010203000477687900",
    );
    let frame = Bytes::from(unhex(
        "026700000005ffffffff010009636f6e73756d657202027004010203000477687900",
    ));
    let read = JoinGroupRequest::decode(&mut Reader::new(frame.clone()), 9).unwrap();
    let metadata = read.protocols[0].metadata.as_ptr();
    assert!(
        frame.as_ptr_range().contains(&metadata),
        "a view on the frame"
    );
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1-2", flexible = "2+")]
#[non_exhaustive]
struct RequestHeader {
    request_api_key: i16,
    request_api_version: i16,
    correlation_id: i32,
    #[kafka(default = "", flexible = "none")]
    client_id: Option<StrBytes>,
    unknown_tagged_fields: TaggedFields,
}

#[test]
fn a_field_that_never_becomes_flexible() {
    let header = RequestHeader::new()
        .with_request_api_key(3)
        .with_request_api_version(12)
        .with_correlation_id(9)
        .with_client_id(StrBytes::from("me"));
    check(&header, 1, "0003000c0000000900026d65");
    check(&header, 2, "0003000c0000000900026d6500");
    let tagged = TaggedFields::from_iter([(5, Bytes::from_static(&[1, 2]))]);
    check(
        &header.with_unknown_tagged_fields(tagged),
        2,
        "0003000c0000000900026d650105020102",
    );
    check(
        &RequestHeader::new().with_client_id(None),
        2,
        "0000000000000000ffff00",
    );
    // The one that every frame starts with is written by hand.
    for hex in [
        "0003000c0000000900026d6500",
        "0003000c0000000900026d650105020102",
        "0000000000000000ffff00",
    ] {
        let mut sink = Sink::new();
        let mut reader = Reader::new(unhex(hex).into());
        HandWrittenHeader::decode(&mut reader, 2)
            .unwrap()
            .encode(&mut sink, 2)
            .unwrap();
        assert_eq!(sink.finish().into_bytes(), unhex(hex));
    }
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-5", flexible = "2+")]
#[non_exhaustive]
struct Mixed {
    #[kafka(versions = "1+", tag = 1, tagged = "3+", default = 7)]
    level: u32,
    #[kafka(versions = "2+", tag = 0, default = "none")]
    word: StrBytes,
    #[kafka(versions = "3+", nullable = "4+", default = "some")]
    maybe: Option<StrBytes>,
    #[kafka(versions = "2+", tag = 2)]
    shared: Option<Cursor>,
    #[kafka(versions = "0-1")]
    old: Vec<OldCursor>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "none")]
#[non_exhaustive]
struct OldCursor {
    topic_name: StrBytes,
    partition_index: i32,
}

#[test]
fn a_field_that_becomes_tagged() {
    let mixed = Mixed::new().with_level(9);
    check(&mixed, 1, "0000000900000000");
    check(&mixed, 2, "0000000900");
    check(
        &mixed,
        3,
        "05736f6d65010104 00000009".replace(' ', "").as_str(),
    );
    assert_eq!(
        encode(&Mixed::new(), 3),
        Ok(Bytes::from_static(b"\x05some\x00")),
        "a default is left out"
    );
    assert!(
        encode(&mixed, 0)
            .unwrap_err()
            .starts_with("Mixed.level (version 0)")
    );
}

#[test]
fn known_and_unknown_tags_in_order() {
    let unknown = TaggedFields::from_iter([(3, Bytes::from_static(b"z"))]);
    let mixed = Mixed::new()
        .with_word("w")
        .with_level(1)
        .with_shared(Cursor::new().with_topic_name("t"))
        .with_unknown_tagged_fields(unknown);
    check(
        &mixed,
        4,
        "05736f6d65040002027701040000000102080102740000000000 03017a"
            .replace(' ', "")
            .as_str(),
    );
    // In version 2 tag 1 is not known yet, so it may be anything.
    let early = Mixed::new()
        .with_unknown_tagged_fields(TaggedFields::from_iter([(1, Bytes::from_static(b"?"))]));
    check(&early, 2, "00000007 0101013f".replace(' ', "").as_str());
    // From 3 on it would be read as `level`, whether that is set or not.
    for level in [3, Mixed::new().level] {
        let error = encode(&early.clone().with_level(level), 3).unwrap_err();
        assert!(
            error.contains("level (version 3): unknown tagged field 1 has the tag"),
            "{error}"
        );
    }
}

#[test]
fn nulls_only_where_they_are_allowed() {
    let null = Mixed::new().with_maybe(None);
    assert_eq!(
        encode(&null, 3).unwrap_err(),
        "Mixed.maybe (version 3): null is not allowed in this version"
    );
    check(&null, 4, "0000");
    assert_eq!(
        decode::<Mixed>(&[0, 0], 3).unwrap_err(),
        "Mixed.maybe: null is not allowed in this version"
    );
    let mut reader = Reader::new(Bytes::from_static(&[0, 0]));
    assert_eq!(
        Mixed::decode(&mut reader, 3).unwrap_err().kind(),
        &DecodeErrorKind::UnexpectedNull
    );
}

#[test]
fn unknown_tagged_fields_need_a_flexible_version() {
    let unknown = TaggedFields::from_iter([(9, Bytes::new())]);
    let error = encode(&Mixed::new().with_unknown_tagged_fields(unknown), 1).unwrap_err();
    assert!(
        error.starts_with("Mixed.unknown_tagged_fields (version 1): this version cannot carry it"),
        "{error}"
    );
}

#[test]
fn errors_lead_to_the_element() {
    let cursor = OldCursor::new().with_topic_name("x".repeat(40_000));
    let error = encode(&Mixed::new().with_old([OldCursor::new(), cursor]), 1).unwrap_err();
    assert_eq!(
        error,
        "Mixed.old[1].topic_name (version 1): length 40000 is more than the 32767 that the format allows"
    );
    let error = decode::<Mixed>(&unhex("000000070000000200000000000000010361"), 1).unwrap_err();
    assert_eq!(
        error,
        "Mixed.old: 2 elements cannot fit into the 10 bytes left"
    );
    let error = decode::<Mixed>(&unhex("0000000700000002000000000001000561616161"), 1).unwrap_err();
    assert_eq!(error, "Mixed.old[1].topic_name: 1 bytes missing");
}

#[test]
fn defaults_and_setters() {
    let mixed = Mixed::new();
    assert_eq!(
        (mixed.level, &*mixed.word, mixed.maybe.as_deref()),
        (7, "none", Some("some"))
    );
    assert_eq!(mixed, Mixed::default());
    assert_eq!(mixed.shared, None);
    assert_eq!(
        mixed.with_maybe(StrBytes::from("x")).maybe.as_deref(),
        Some("x")
    );
}

#[test]
fn the_schema_says_what_the_attributes_say() {
    let schema = Mixed::SCHEMA;
    assert_eq!(
        (schema.name, schema.kind, schema.key),
        ("Mixed", MessageKind::Data, None)
    );
    assert_eq!(schema.flexible, Some(VersionRange::new(2, 5)));
    let [level, word, maybe, shared, old] = schema.fields else {
        panic!("{schema:?}")
    };
    assert_eq!(level.versions, VersionRange::new(1, 5));
    assert_eq!(level.tag, Some((1, VersionRange::new(3, 5))));
    assert_eq!(
        (level.default, word.default),
        (DefaultValue::Int(7), DefaultValue::String("none"))
    );
    assert_eq!(maybe.nullable, Some(VersionRange::new(4, 5)));
    assert_eq!(shared.kind, FieldKind::Struct(Cursor::SCHEMA));
    assert_eq!(
        old.kind,
        FieldKind::Array(&FieldKind::Struct(OldCursor::SCHEMA))
    );
    assert_eq!(RequestHeader::SCHEMA.fields[3].flexible, Some(None));
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "1+")]
#[non_exhaustive]
struct Positioned {
    /// Plain at first, tagged later.
    #[kafka(tag = 3, tagged = "1+")]
    cursor: Option<Place>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
struct Place {
    partition_index: i32,
    unknown_tagged_fields: TaggedFields,
}

/// Whether there is one is told in a byte of 1 or -1, but in a tagged field in one
/// of 1 or 0.
#[test]
fn a_nullable_structure_with_a_tag() {
    let nowhere = Positioned::new();
    check(&nowhere, 0, "ff");
    check(&nowhere, 1, "00");
    let somewhere = nowhere.with_cursor(Place::new().with_partition_index(3));
    check(&somewhere, 0, "0100000003");
    check(&somewhere, 1, "010306010000000300");
    let null: Positioned = decode(&unhex("01030100"), 1).unwrap();
    assert_eq!(null.cursor, None);
}

/// Fields named as the derived code names its own variables.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "1+")]
#[non_exhaustive]
struct Shadowing {
    version: i16,
    flexible: bool,
    reader: i8,
    sink: i8,
    r#type: i8,
    voters: Vec<ShadowedVoter>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
struct ShadowedVoter {
    id: i8,
    #[kafka(versions = "1+")]
    epoch: i8,
    unknown_tagged_fields: TaggedFields,
}

#[test]
fn fields_may_have_any_name() {
    let message = Shadowing::new()
        .with_version(7)
        .with_flexible(true)
        .with_voters([ShadowedVoter::new().with_id(3)]);
    check(&message, 0, "0007 01 00 00 00 00000001 03");
    let message = Shadowing::new().with_voters([ShadowedVoter::new().with_id(3).with_epoch(4)]);
    check(&message, 1, "0000 00 00 00 00 02 03 04 00 00");
    let field = &Shadowing::SCHEMA.fields[4];
    assert_eq!((field.name, field.kafka_name), ("type", "type"));
    assert_eq!(Shadowing::new().with_type(3).r#type, 3);
}
