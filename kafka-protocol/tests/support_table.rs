//! `SUPPORT.md` is what the schemas say.
//!
//! `UPDATE_SUPPORT=1 cargo test -p kafka-protocol --test support_table` writes it
//! anew.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::fmt::{self, Write as _};
use std::path::Path;
use std::{env, fs};

use kafka_protocol::header::{request_header_version, response_header_version};
use kafka_protocol::internal_topics;
use kafka_protocol::messages::{DATA_SCHEMAS, SCHEMAS};
use kafka_protocol::schema::{FieldKind, FieldSchema, MessageSchema};

#[test]
fn support_md_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SUPPORT.md");
    let table = table().unwrap();
    if env::var_os("UPDATE_SUPPORT").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(
        written == table,
        "SUPPORT.md is not what the schemas say: run with UPDATE_SUPPORT=1"
    );
}

fn table() -> Result<String, fmt::Error> {
    let mut out = String::from(
        "<!-- Written by tests/support_table.rs from the schemas; do not edit. -->\n\
         | key | API | versions | flexible | unstable | headers (request / response) | topic ids |\n\
         |---:|---|---|---|---|---|---|\n",
    );
    let mut messages = 0;
    for (request, response) in SCHEMAS {
        let key = request.key.unwrap();
        let headers = |header: fn(i16, i16) -> i16| {
            let versions = request.versions.iter().map(|v| header(key.code(), v));
            steps(request.versions.min, versions)
        };
        messages += 2 * request.versions.iter().count();
        writeln!(
            out,
            "| {} | {key} | {} | {} | {} | {} / {} | {} |",
            key.code(),
            request.versions,
            first(request.flexible.map(|range| range.min)),
            first(request.unstable.map(|range| range.min)),
            headers(request_header_version),
            headers(response_header_version),
            first(first_topic_id(request).or_else(|| first_topic_id(response))),
        )?;
    }
    writeln!(
        out,
        "\n{} APIs, {messages} messages and versions. Beside them:\n\n\
         | data | versions | flexible | where |\n|---|---|---|---|",
        SCHEMAS.len()
    )?;
    for schema in DATA_SCHEMAS {
        let place = match schema.name.strip_prefix("ConsumerProtocol") {
            Some("Subscription") => "JoinGroup, each member's metadata",
            Some("Assignment") => "SyncGroup, each member's assignment",
            _ => "control batches",
        };
        row(&mut out, schema, place)?;
    }
    for record in internal_topics::SCHEMAS {
        for schema in [record.key, record.value] {
            let place = format!("`{}`, type {}", record.topic, record.record_type);
            row(&mut out, schema, &place)?;
        }
    }
    Ok(out)
}

fn row(out: &mut String, schema: &MessageSchema, place: &str) -> fmt::Result {
    let flexible = first(schema.flexible.map(|range| range.min));
    let (name, versions) = (schema.name, schema.versions);
    writeln!(out, "| {name} | {versions} | {flexible} | {place} |")
}

fn first(version: Option<i16>) -> String {
    version.map_or_else(|| "–".to_owned(), |version| format!("{version}+"))
}

/// `1`, or `1, 2 from 9`: a value by version, told where it changes.
fn steps(mut version: i16, values: impl Iterator<Item = i16>) -> String {
    let mut out = String::new();
    let mut last = None;
    for value in values {
        match last {
            None => out = value.to_string(),
            Some(previous) if previous != value => {
                write!(out, ", {value} from {version}").unwrap();
            }
            Some(_) => {}
        }
        last = Some(value);
        version += 1;
    }
    out
}

/// The first version with a topic id in it, at any depth.
fn first_topic_id(schema: &MessageSchema) -> Option<i16> {
    let of_field = |field: &FieldSchema| {
        if field.name == "topic_id" {
            return Some(field.versions.min);
        }
        let inner = structure(&field.kind).and_then(first_topic_id)?;
        Some(inner.max(field.versions.min))
    };
    schema.fields.iter().filter_map(of_field).min()
}

fn structure(kind: &FieldKind) -> Option<&'static MessageSchema> {
    match kind {
        FieldKind::Struct(schema) => Some(schema),
        FieldKind::Array(element) => structure(element),
        _ => None,
    }
}
