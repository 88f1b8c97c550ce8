//! What a scenario leaves behind.

use std::fmt::{Debug, Display, Write as _};

use kafka_client::{Ack, Error, OwnedRecord};
use kafka_protocol::json::ToJson;
use kafka_protocol::{EncodeError, Message};
use serde_json::{Map, Value};

use super::ground::EPOCH_MS;
use crate::BoxError;

/// What happened, line by line, without what differs between any two clusters: ids,
/// addresses, times of day, how long something took and how often it was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    text: String,
}

impl Transcript {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lines.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A line.
    pub fn say(&mut self, line: impl Display) {
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }

    /// What an operation came to: its value, or kind and text of its error.
    pub fn outcome<T: Debug>(&mut self, what: &str, outcome: &Result<T, Error>) {
        match outcome {
            Ok(value) => self.say(format_args!("{what}: {value:?}")),
            Err(error) => self.error(what, error),
        }
    }

    /// Where a record was written, or why not.
    pub fn ack(&mut self, what: &str, outcome: &Result<Ack, Error>) {
        match outcome {
            Ok(ack) => self.say(format_args!(
                "{what}: partition {}, offset {:?}, {}",
                ack.partition,
                ack.offset,
                time(ack.timestamp.unwrap_or(-1)),
            )),
            Err(error) => self.error(what, error),
        }
    }

    /// An error: its kind, what a caller may do about it, and its text.
    pub fn error(&mut self, what: &str, error: &Error) {
        let retriable = if error.is_retriable() {
            "retriable, "
        } else {
            ""
        };
        self.say(format_args!(
            "{what}: {:?}, {retriable}possibly written {:?}\n    {}",
            error.kind(),
            error.possibly_written(),
            anonymous(&error.to_string()),
        ));
    }

    /// A record as it was read.
    pub fn record(&mut self, record: &OwnedRecord) {
        let mut line = format!(
            "  {}@{} epoch {}, {}, {} = {}",
            record.partition,
            record.offset,
            record.leader_epoch,
            time(record.timestamp),
            shown(record.key.as_deref()),
            shown(record.value.as_deref()),
        );
        for header in &record.headers {
            let value = shown(header.value.as_deref());
            let _ = write!(line, ", {:?}: {value}", header.key.as_str());
        }
        self.say(line);
    }

    /// Records as they were read.
    pub fn records<'a>(&mut self, records: impl IntoIterator<Item = &'a OwnedRecord>) {
        for record in records {
            self.record(record);
        }
    }

    /// A broker's answer, all its fields, one line for each element of its lists.
    pub fn answer<M: Message + ToJson>(&mut self, what: &str, answer: &M) -> Result<(), BoxError> {
        self.say(format_args!("{what}:"));
        let Value::Object(fields) = json(answer)? else {
            return Err("an answer is an object".into());
        };
        for (name, value) in sorted(&fields) {
            match value {
                Value::Array(elements) if !elements.is_empty() => {
                    for line in lines_of(elements) {
                        self.say(format_args!("  {name} {line}"));
                    }
                }
                other => self.say(format_args!("  {name} {}", print(name, other))),
            }
        }
        Ok(())
    }
}

/// In the newest version; later fields than the broker knows have their defaults.
fn json<M: Message + ToJson>(answer: &M) -> Result<Value, EncodeError> {
    answer.to_json(M::VERSIONS.max)
}

/// Without the fields that say nothing of what happened, in the order of their names.
fn sorted(fields: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| *name != "throttleTimeMs")
        .collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields
}

/// Kafka promises no order of topics, partitions, groups or settings.
fn lines_of(elements: &[Value]) -> Vec<String> {
    let mut lines: Vec<_> = elements.iter().map(|element| print("", element)).collect();
    if !elements.iter().all(Value::is_number) {
        lines.sort_unstable();
    }
    lines
}

fn print(name: &str, value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = sorted(fields).into_iter();
            let fields: Vec<_> = fields
                .map(|(name, value)| format!("{name} {}", print(name, value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(elements) => format!("[{}]", lines_of(elements).join(", ")),
        Value::Number(number) if number.as_i64().is_some_and(|number| number > 0) => {
            let varies = ["producerId", "port", "totalBytes", "usableBytes"];
            match varies.contains(&name) || name.to_lowercase().contains("timestamp") {
                true => name.to_uppercase(),
                false => number.to_string(),
            }
        }
        Value::String(text) => {
            // Each kind of cluster words its messages in its own way.
            let varies = ["topicId", "clusterId", "logDir", "host", "errorMessage"];
            let is_none = text.is_empty() || text == "AAAAAAAAAAAAAAAAAAAAAA";
            match varies.contains(&name) && !is_none {
                true => name.to_uppercase(),
                false => format!("{:?}", anonymous(text)),
            }
        }
        other => other.to_string(),
    }
}

/// A timestamp: those near [`EPOCH_MS`] are the scenarios' own.
pub(super) fn time(ms: i64) -> String {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    match ms {
        -1 => "no time".to_owned(),
        ms if (EPOCH_MS - DAY_MS..EPOCH_MS + DAY_MS).contains(&ms) => {
            format!("time {}", ms - EPOCH_MS)
        }
        ms if ms > EPOCH_MS => "time of writing".to_owned(),
        ms => format!("time {ms} since 1970"),
    }
}

/// Bytes as text where they are text, long ones by their length.
fn shown(bytes: Option<&[u8]>) -> String {
    const LONGEST: usize = 80;
    match bytes {
        None => "null".to_owned(),
        Some(bytes) if bytes.len() > LONGEST => {
            let sum = bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
            format!("{} bytes that sum to {sum}", bytes.len())
        }
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => format!("{text:?}"),
            Err(_) => format!("{bytes:?}"),
        },
    }
}

/// Without addresses, durations and counts of attempts.
fn anonymous(text: &str) -> String {
    let text = without_reasons(text);
    let text = replace(&text, "127.0.0.1:", |c| c.is_ascii_digit(), "ADDRESS");
    let text = replace(&text, " still so after ", |c| c != ';', " still so");
    let text = replace(&text, " within ", |c| !c.is_whitespace(), " within TIME");
    let text = replace(&text, "; tried ", |c| c != ';', "");
    let text = (0..10).fold(text, |text, id| {
        text.replace(&format!("broker {id} (ADDRESS)"), "ADDRESS")
    });
    text.replace("ADDRESS", "BROKER")
}

/// Without what a broker says beside its error code: each kind of cluster words that
/// in its own way.
fn without_reasons(text: &str) -> String {
    const SIGN: &str = "the broker answered ";
    const BEHIND: [&str; 4] = ["; it had no", "; the request may", "; still so", "; cause"];
    let Some((before, after)) = text.split_once(SIGN) else {
        return text.to_owned();
    };
    let (code, rest) = after.split_once("): ").unwrap_or((after, ""));
    let ends = BEHIND.iter().filter_map(|sign| rest.find(sign)).min();
    let rest = ends.and_then(|end| rest.get(end..)).unwrap_or_default();
    let rest = without_reasons(rest);
    format!("{before}{SIGN}{code}){rest}")
}

/// Every `sign` and what follows it as long as `goes_on` becomes `by`.
fn replace(text: &str, sign: &str, goes_on: impl Fn(char) -> bool, by: &str) -> String {
    let mut parts = text.split(sign);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        replaced.push_str(by);
        replaced.push_str(part.trim_start_matches(&goes_on));
    }
    replaced
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::DeleteRecordsResponse;
    use kafka_protocol::messages::delete_records::{
        DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
    };

    use super::*;

    #[test]
    fn what_differs_between_clusters_is_left_out() {
        let one = "Produce to broker 1 (127.0.0.1:34567), t-0: no answer within 1.23s (timeout); \
            tried 7 times; cause: 127.0.0.1:2: closed";
        let other = "Produce to broker 3 (127.0.0.1:9), t-0: no answer within 2s (timeout); \
            cause: 127.0.0.1:29092: closed";
        assert_eq!(anonymous(one), anonymous(other));
        assert_eq!(
            anonymous(one),
            "Produce to BROKER, t-0: no answer within TIME (timeout); cause: BROKER: closed"
        );
    }

    #[test]
    fn what_a_broker_says_is_left_out_but_for_its_code() {
        let text = "t-0: the broker answered A_B (3): so it is; or not; it had no effect; cause: \
            the broker answered C (4): because";
        let left = "t-0: the broker answered A_B (3); it had no effect; cause: \
            the broker answered C (4)";
        assert_eq!(anonymous(text), left);
    }

    #[test]
    fn answers_are_shown_whole_and_in_order() {
        let partition = |index| DeleteRecordsPartitionResult::new().with_partition_index(index);
        let topic = DeleteRecordsTopicResult::new()
            .with_name("t")
            .with_partitions(vec![partition(1).with_low_watermark(-1), partition(0)]);
        let answer = DeleteRecordsResponse::new()
            .with_throttle_time_ms(7)
            .with_topics(vec![topic]);
        let mut transcript = Transcript::new();
        transcript.answer("deleted", &answer).unwrap();
        assert_eq!(
            transcript.text(),
            "deleted:\n  topics {name \"t\", partitions [\
             {errorCode 0, lowWatermark -1, partitionIndex 1}, \
             {errorCode 0, lowWatermark 0, partitionIndex 0}]}\n"
        );
    }

    #[test]
    fn times_of_ones_own_are_told() {
        assert_eq!(time(EPOCH_MS + 5), "time 5");
        assert_eq!(time(-1), "no time");
        assert_eq!(time(0), "time 0 since 1970");
        assert_eq!(time(EPOCH_MS * 2), "time of writing");
    }
}
