//! One message of ours beside what Kafka's classes said of it.

use bytes::Bytes;
use serde_json::Value;

use super::codecs::{Codec, Transcoded};
use crate::vectors::{self, unhex};

/// What the Java program answered: a message's bytes and its values.
#[derive(Debug)]
pub(super) struct Answer {
    bytes: Bytes,
    json: Value,
}

impl Answer {
    /// Reads `HEX TAB JSON`; a line that begins with `!` tells what Kafka's
    /// classes threw.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        if let Some(thrown) = line.strip_prefix('!') {
            return Err(format!("Kafka's classes threw {thrown}"));
        }
        let unreadable = || format!("an answer that is none: {}", cut(line));
        let (hex, json) = line.split_once('\t').ok_or_else(unreadable)?;
        Ok(Self {
            bytes: unhex(hex).map_err(|_| unreadable())?.into(),
            json: serde_json::from_str(json)
                .map_err(|error| format!("{error} in {}", cut(json)))?,
        })
    }
}

/// Kafka made it: read, written again and looked at by us, it must be the same.
pub(super) fn theirs(codec: &Codec, version: i16, line: &str) -> Result<(), String> {
    let kafkas = Answer::parse(line)?;
    let ours = codec
        .transcode(kafkas.bytes.clone(), version)
        .map_err(|error| format!("{error}\n  Kafka's {}", shown(&kafkas.bytes)))?;
    agree(&ours, &kafkas)
}

/// We made it, and Kafka read it, wrote it again and looked at it.
pub(super) fn ours(made: &Transcoded, line: &str) -> Result<(), String> {
    let kafkas =
        Answer::parse(line).map_err(|error| format!("{error}\n  ours {}", shown(&made.bytes)))?;
    agree(made, &kafkas)
}

fn agree(ours: &Transcoded, kafkas: &Answer) -> Result<(), String> {
    let value = difference(&ours.json, &kafkas.json, String::new());
    let bytes = vectors::difference(&ours.bytes, &kafkas.bytes);
    if value.is_none() && bytes.is_none() {
        return Ok(());
    }
    let mut text: String = value.into_iter().collect();
    if let Some(offset) = bytes {
        if !text.is_empty() {
            text.push_str("\n  ");
        }
        text.push_str(&format!("bytes differ at offset {offset}"));
    }
    Err(format!(
        "{text}\n  ours    {}\n  Kafka's {}",
        shown(&ours.bytes),
        shown(&kafkas.bytes)
    ))
}

/// The first field whose values differ, and how.
fn difference(ours: &Value, kafkas: &Value, path: String) -> Option<String> {
    match (ours, kafkas) {
        (Value::Object(a), Value::Object(b)) => {
            let field = |name: &str| match path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            let missing = b.keys().find(|name| !a.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{} is missing in ours", field(name)));
            }
            a.iter().find_map(|(name, value)| match b.get(name) {
                Some(other) => difference(value, other, field(name)),
                None => Some(format!("{} is not in Kafka's", field(name))),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(index, (a, b))| difference(a, b, format!("{path}[{index}]"))),
        (a, b) if a == b => None,
        (a, b) => Some(format!(
            "{path}: ours {}, Kafka's {}",
            cut(&a.to_string()),
            cut(&b.to_string())
        )),
    }
}

/// The bytes in hex, and how many when not all are shown.
pub(super) fn shown(bytes: &[u8]) -> String {
    cut(&to_hex(bytes))
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cut(text: &str) -> String {
    const MAX: usize = 240;
    if text.chars().count() <= MAX {
        return text.to_owned();
    }
    let head: String = text.chars().take(MAX).collect();
    format!("{head}… ({} characters)", text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::super::codecs;
    use super::*;

    fn codec(name: &str) -> Codec {
        let found = codecs::all().unwrap().into_iter();
        found
            .into_iter()
            .find(|codec| codec.schema.name == name)
            .unwrap()
    }

    /// Lines as the Java program answers them, of our own making.
    const FIND_COORDINATOR_3: &str = "02670000\t{\"key\":\"g\",\"keyType\":0}";
    const DELETE_TOPICS_6: &str = "02026100000000000000000000000000000001000000000700\t\
         {\"topics\":[{\"name\":\"a\",\"topicId\":\"AAAAAAAAAAAAAAAAAAAAAQ\"}],\"timeoutMs\":7}";

    #[test]
    fn what_agrees_passes() {
        theirs(&codec("FindCoordinatorRequest"), 3, FIND_COORDINATOR_3).unwrap();
        theirs(&codec("DeleteTopicsRequest"), 6, DELETE_TOPICS_6).unwrap();
        let made = codec("FindCoordinatorRequest")
            .transcode(Bytes::from_static(b"\x02g\0\0"), 3)
            .unwrap();
        ours(&made, FIND_COORDINATOR_3).unwrap();
    }

    #[test]
    fn a_planted_error_of_each_kind_fails() {
        let check = |name: &str, version, line: &str, expected: &str| {
            let error = theirs(&codec(name), version, line).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        // Two fields swapped, as if ours were in the wrong order.
        check(
            "AddOffsetsToTxnRequest",
            0,
            "00017400000000000000050001000167\t{\"transactionalId\":\"g\",\"producerId\":5,\"producerEpoch\":1,\"groupId\":\"t\"}",
            "groupId: ours \"g\", Kafka's \"t\"",
        );
        check(
            "EndTxnRequest",
            0,
            "0001610000000000000005000001\t{}",
            "is not in Kafka's",
        );
        check(
            "OffsetDeleteRequest",
            0,
            "000167000000010001740000000100000007\t{\"groupId\":\"g\",\"topics\":[{\"name\":\"t\",\"partitions\":[{\"partitionIndex\":8}]}]}",
            "topics[0].partitions[0].partitionIndex: ours 7, Kafka's 8",
        );
        check(
            "FindCoordinatorRequest",
            3,
            "02670000\t{\"key\":\"g\",\"keyType\":0,\"more\":1}",
            "more is missing in ours",
        );
        check("FindCoordinatorRequest", 3, "026700\t{}", "cannot be read");
        check("FindCoordinatorRequest", 3, "0267000000\t{}", "left over");
        check(
            "FindCoordinatorRequest",
            3,
            "!java.lang.Error: no",
            "threw java.lang.Error: no",
        );
        check(
            "FindCoordinatorRequest",
            3,
            "nothing",
            "an answer that is none",
        );
    }

    #[test]
    fn what_kafka_writes_otherwise_is_shown_by_its_offset() {
        let made = codec("FindCoordinatorRequest")
            .transcode(Bytes::from_static(b"\x02g\0\0"), 3)
            .unwrap();
        let error = ours(&made, "02670100\t{\"key\":\"g\",\"keyType\":1}").unwrap_err();
        assert!(
            error.starts_with("keyType: ours 0, Kafka's 1\n  bytes differ at offset 2"),
            "{error}"
        );
        let error = ours(&made, "!java.lang.RuntimeException: broken").unwrap_err();
        assert!(
            error.contains("broken") && error.contains("02670000"),
            "{error}"
        );
    }

    #[test]
    fn long_bytes_are_cut() {
        assert_eq!(shown(b"\x01\xab"), "01ab");
        let text = shown(&[0; 1000]);
        assert!(
            text.len() < 300 && text.ends_with("(2000 characters)"),
            "{text}"
        );
    }
}
