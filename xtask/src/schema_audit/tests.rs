//! An error of each kind, planted in what Kafka is made to say: each must be found.

use kafka_protocol::{Message, StrBytes, TaggedFields, Uuid};

use super::compare::{Audit, Jar, Ours, audit};
use super::findings::Shortfall;
use super::json;

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 1, versions = "0-4", unstable = "5", flexible = "3+", response = SampleResponse)]
#[non_exhaustive]
struct SampleRequest {
    #[kafka(versions = "0-1", ignorable)]
    old: i32,
    #[kafka(default = 0x7fff_ffff)]
    limit: i32,
    wait: i32,
    #[kafka(nullable = "2+")]
    topics: Option<Vec<Topic>>,
    #[kafka(versions = "3+", tag = 0, default = "x")]
    rack: StrBytes,
    #[kafka(versions = "1+", ignorable)]
    id: Uuid,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
struct Topic {
    #[kafka(flexible = "none")]
    name: StrBytes,
    partitions: Vec<i32>,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 1, versions = "0-4", unstable = "5", flexible = "3+")]
#[non_exhaustive]
struct SampleResponse {
    error: i16,
    unknown_tagged_fields: TaggedFields,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "none")]
#[non_exhaustive]
struct Note {
    #[kafka(versions = "1+")]
    owner: Option<Owner>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
struct Owner {
    name: StrBytes,
}

const REQUEST: &str = r#"{
  "apiKey": 1, // a comment
  "type": "request",
  "name": "SampleRequest",
  "validVersions": "1-5",
  "latestVersionUnstable": true,
  "flexibleVersions": "3+",
  "fields": [
    { "name": "Old", "type": "int32", "versions": "0-1", "ignorable": true },
    { "name": "Limit", "type": "int32", "versions": "0+", "default": "0x7fffffff" },
    { "name": "Wait", "type": "int32", "versions": "0+" },
    { "name": "Topics", "type": "[]Topic", "versions": "0+", "nullableVersions": "2+", "default": "null" },
    { "name": "Rack", "type": "string", "versions": "3+", "taggedVersions": "3+", "tag": 0, "default": "x" },
    { "name": "Id", "type": "uuid", "versions": "1+", "ignorable": true }
  ],
  "commonStructs": [
    { "name": "Topic", "versions": "0+", "fields": [
      { "name": "Name", "type": "string", "versions": "0+", "flexibleVersions": "none", "mapKey": true },
      { "name": "Partitions", "type": "[]int32", "versions": "0+" }
    ]}
  ]
}"#;

const RESPONSE: &str = r#"{
  "apiKey": 1, "type": "response", "name": "SampleResponse", "validVersions": "1-5",
  "flexibleVersions": "3+",
  "fields": [{ "name": "Error", "type": "int16", "versions": "0+" }]
}"#;

const NOTE: &str = r#"{
  "type": "data", "name": "Note", "validVersions": "0-1", "flexibleVersions": "none",
  "fields": [
    { "name": "Owner", "type": "Owner", "versions": "1+", "nullableVersions": "1+",
      "default": "null", "fields": [{ "name": "Name", "type": "string", "versions": "0+" }] }
  ]
}"#;

fn ours() -> Vec<Ours> {
    let one = |schema: &'static kafka_protocol::schema::MessageSchema| Ours {
        schema,
        api_key: schema.key.map(|key| key.code()),
        header_version: None,
    };
    vec![
        Ours {
            header_version: Some(|_, version| if version >= 3 { 2 } else { 1 }),
            ..one(SampleRequest::SCHEMA)
        },
        one(SampleResponse::SCHEMA),
        one(Note::SCHEMA),
    ]
}

fn jar(name: &str, texts: &[&str]) -> Jar {
    let specs = texts
        .iter()
        .filter_map(|text| json::read(text).unwrap_or_else(|error| panic!("{error}: {text}")));
    Jar {
        name: name.to_owned(),
        specs: specs.collect(),
    }
}

/// The release before: down to version 0, under another name, nothing unstable.
fn old() -> [String; 2] {
    let request = REQUEST
        .replace("1-5", "0-3")
        .replace("  \"latestVersionUnstable\": true,\n", "")
        .replace("SampleRequest", "EarlierRequest")
        .replace("\"Wait\"", "\"Pause\"");
    [request, RESPONSE.replace("1-5", "0-3")]
}

fn run(new: &[&str], old: &[String; 2]) -> Audit {
    let [request, response] = old;
    let jars = [jar("new", new), jar("old", &[request, response])];
    audit(&ours(), &jars)
}

#[test]
fn what_agrees_is_counted_and_leaves_nothing() {
    let audit = run(&[REQUEST, RESPONSE, NOTE], &old());
    assert_eq!(audit.findings.to_string(), "");
    let counts: Vec<_> = audit
        .compared
        .iter()
        .map(|(jar, count)| {
            let data = (count.data, count.data_versions);
            (jar.as_str(), (count.messages, count.versions), data)
        })
        .collect();
    assert_eq!(counts, [("new", (2, 10), (1, 2)), ("old", (2, 8), (0, 0))]);
}

/// Plants one error in the newest definitions; `expected` is the line that tells.
fn planted(from: &str, to: &str, expected: &str) {
    let texts: Vec<String> = [REQUEST, RESPONSE, NOTE]
        .iter()
        .map(|text| text.replacen(from, to, 1))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_ne!(texts, [REQUEST, RESPONSE, NOTE], "{from} is nowhere");
    expect(&run(&texts, &old()), expected);
}

fn expect(audit: &Audit, expected: &str) {
    let found = audit.findings.to_string();
    assert!(
        found.lines().any(|line| line == expected),
        "wanted {expected:?} in\n{found}"
    );
    assert!(audit.findings.total() > 0);
}

#[test]
fn planted_layouts() {
    planted(
        r#""Wait", "type": "int32""#,
        r#""Wait", "type": "int64""#,
        "mismatch SampleRequest v1-5 wait: ours int32, new int64",
    );
    planted(
        "\"[]int32\"",
        "\"[]int16\"",
        "mismatch SampleRequest v1-5 topics.partitions: ours int32, new int16",
    );
    // Two neighbours of one type change places.
    let lines: Vec<&str> = REQUEST.lines().collect();
    let (limit, wait) = (lines[9], lines[10]);
    assert!(limit.contains("Limit") && wait.contains("Wait"));
    planted(
        &format!("{limit}\n{wait}"),
        &format!("{wait}\n{limit}"),
        "mismatch SampleRequest v2-5 limit: ours have it as plain field 1, new has it as plain field 2",
    );
    planted(
        &format!("{wait}\n"),
        "",
        "mismatch SampleRequest v1-5 wait: ours plain, new does not have it",
    );
    planted(
        wait,
        &format!("{wait}\n{{ \"name\": \"More\", \"type\": \"int8\", \"versions\": \"4+\" }},"),
        "mismatch SampleRequest v4-5 more: ours do not have it, new plain",
    );
    planted(
        r#""uuid", "versions": "1+""#,
        r#""uuid", "versions": "2+""#,
        "mismatch SampleRequest v1 id: ours plain, new does not have it",
    );
    planted(
        r#""Old", "type": "int32", "versions": "0-1""#,
        r#""Old", "type": "int32", "versions": "0-2""#,
        "mismatch SampleRequest v2 old: ours do not have it, new plain",
    );
}

#[test]
fn planted_nulls_and_tags() {
    planted(
        r#""nullableVersions": "2+""#,
        r#""nullableVersions": "3+""#,
        "mismatch SampleRequest v2 topics: ours may be null, new never null",
    );
    planted(
        r#""nullableVersions": "1+",
      "default": "null", "fields""#,
        r#""fields""#,
        "mismatch Note v1 owner: ours may be null, new never null",
    );
    planted(
        "\"tag\": 0",
        "\"tag\": 1",
        "mismatch SampleRequest v3-5 rack: ours tag 0, new tag 1",
    );
    planted(
        r#""taggedVersions": "3+""#,
        r#""taggedVersions": "4+""#,
        "mismatch SampleRequest v3 rack: ours tag 0, new plain",
    );
    planted(
        r#""flexibleVersions": "3+""#,
        r#""flexibleVersions": "4+""#,
        "mismatch SampleRequest v3: ours flexible, new not flexible",
    );
    planted(
        r#""flexibleVersions": "3+""#,
        r#""flexibleVersions": "4+""#,
        "mismatch SampleRequest v3: ours header version 2, new header version 1",
    );
    planted(
        r#", "flexibleVersions": "none", "mapKey""#,
        r#", "mapKey""#,
        "mismatch SampleRequest v3-5 topics.name: ours not compact, new compact",
    );
}

#[test]
fn planted_names_defaults_and_flags() {
    planted(
        "\"Wait\"",
        "\"Patience\"",
        "mismatch SampleRequest wait: ours name wait, new name patience",
    );
    let renamed = REQUEST.replace("Topic\"", "Subject\"");
    expect(
        &run(&[&renamed, RESPONSE, NOTE], &old()),
        "mismatch SampleRequest topics: ours structure Topic, new structure Subject",
    );
    planted(
        "0x7fffffff",
        "0x7ffffffe",
        "mismatch SampleRequest limit: ours default 2147483647, new default 2147483646",
    );
    planted(
        r#", "default": "null" }"#,
        " }",
        "mismatch SampleRequest topics: ours default null, new default empty",
    );
    planted(
        r#""0-1", "ignorable": true"#,
        r#""0-1""#,
        "mismatch SampleRequest old: ours ignorable true, new ignorable false",
    );
    planted(
        r#""versions": "0+", "default": "0x"#,
        r#""versions": "0+", "ignorable": true, "default": "0x"#,
        "mismatch SampleRequest limit: ours ignorable false, new ignorable true",
    );
    planted(
        "SampleResponse",
        "SimpleResponse",
        "mismatch SampleResponse: ours name SampleResponse, new name SimpleResponse",
    );
    let renumbered =
        [REQUEST, RESPONSE].map(|text| text.replace("\"apiKey\": 1,", "\"apiKey\": 2,"));
    let jars = [jar("new", &[&renumbered[0], &renumbered[1], NOTE])];
    expect(
        &audit(&ours(), &jars),
        "mismatch SampleRequest: ours apiKey 1, new apiKey 2",
    );
}

#[test]
fn planted_versions() {
    let behind = "behind SampleRequest: ours have version 4 as the last stable one, new has \
                  version 5 as the last stable one";
    planted("\"latestVersionUnstable\": true,", "", behind);
    planted("1-5", "1-6", behind);
    planted(
        "1-5",
        "1-4",
        "mismatch SampleRequest: ours have version 4 as the last stable one, new has version 3 \
         as the last stable one",
    );
    // Unstable here, stable in ours; and known as unstable to ours alone.
    let note = |from: &str, to: &str, expected: &str| {
        let text = NOTE.replace(from, to);
        assert_ne!(text, NOTE);
        expect(&run(&[REQUEST, RESPONSE, &text], &old()), expected);
    };
    note(
        "\"data\",",
        "\"data\", \"latestVersionUnstable\": true,",
        "mismatch Note: ours have version 1 as the last stable one, new has version 0 as the \
         last stable one",
    );
    note(
        "\"data\", \"name\": \"Note\", \"validVersions\": \"0-1\"",
        "\"data\", \"name\": \"Note\", \"validVersions\": \"0-2\", \"latestVersionUnstable\": true",
        "mismatch Note: ours have no version as unstable, new has version 2 as unstable",
    );
    note(
        "0-1",
        "1",
        "mismatch Note: ours begin with version 0, new with version 1",
    );
}

#[test]
fn planted_messages() {
    let other = NOTE.replace("Note", "Letter");
    let audit = run(&[REQUEST, RESPONSE, NOTE, &other], &old());
    expect(
        &audit,
        "missing Letter: ours do not have it, new has versions 0-1",
    );
    assert_eq!(audit.findings.count(Shortfall::Missing), 1);
    expect(
        &run(&[REQUEST, RESPONSE], &old()),
        "mismatch Note: ours have versions 0-1, the jars do not have it",
    );
}

#[test]
fn fields_that_nothing_carries() {
    // A version that has the field is no longer valid anywhere.
    let request = REQUEST.replace("\"versions\": \"0-1\"", "\"versions\": \"0\"");
    let response = RESPONSE.to_owned();
    let jars = [jar("new", &[&request, &response, NOTE])];
    let found = audit(&ours(), &jars);
    expect(
        &found,
        "mismatch SampleRequest SampleRequest.old: ours have it in versions 0-1, the jars carry it in none",
    );
}

#[test]
fn tagged_fields_that_came_later_are_no_difference() {
    let [request, response] = old();
    let rack = request
        .lines()
        .find(|line| line.contains("Rack"))
        .unwrap_or_default();
    let without = request.replace(rack, "");
    let found = run(&[REQUEST, RESPONSE, NOTE], &[without, response]);
    assert_eq!(found.findings.to_string(), "");
    planted(
        &format!("{rack}\n"),
        "",
        "mismatch SampleRequest v3-5 rack: ours tag 0, new does not have it",
    );
}

#[test]
fn a_flag_counts_where_a_version_lacks_the_field() {
    let [request, response] = old();
    let from = r#""uuid", "versions": "1+", "ignorable": true"#;
    let to = r#""uuid", "versions": "1+", "ignorable": false"#;
    assert!(request.contains(from));
    // All that the newest has carry the field.
    let idle = REQUEST.replace(from, to);
    let kept = [request.clone(), response.clone()];
    assert_eq!(
        run(&[&idle, RESPONSE, NOTE], &kept).findings.to_string(),
        ""
    );
    let found = run(
        &[REQUEST, RESPONSE, NOTE],
        &[request.replace(from, to), response],
    );
    expect(
        &found,
        "mismatch SampleRequest id: ours ignorable true, old ignorable false",
    );
}

#[test]
fn older_releases_count_where_they_must() {
    let [request, response] = old();
    // On the wire in a version that the newest no longer has.
    let wire = request.replace(r#""Pause", "type": "int32""#, r#""Pause", "type": "int16""#);
    let audit = run(&[REQUEST, RESPONSE, NOTE], &[wire, response.clone()]);
    expect(
        &audit,
        "mismatch SampleRequest v0-3 wait: ours plain, old does not have it",
    );
    // What is not on the wire is the newest's to say...
    let flags = request.replace("0x7fffffff", "5");
    let audit = run(&[REQUEST, RESPONSE, NOTE], &[flags, response.clone()]);
    assert_eq!(audit.findings.to_string(), "");
    // ...and so are nulls, but for versions that it lacks.
    let nulls = request.replace("\"2+\"", "\"0+\"");
    let audit = run(&[REQUEST, RESPONSE, NOTE], &[nulls, response]);
    assert_eq!(
        audit.findings.to_string(),
        "mismatch SampleRequest v0 topics: ours never null, old may be null\n"
    );
}
