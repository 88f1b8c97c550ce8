use kafka_net::Error;

use super::KNOWN;

/// Names of the Java client, or their beginnings, that stand for what is not there yet;
/// and what to say of them.
const JAVA_ONLY: &[(&str, &str)] = &[
    (
        "client.rack",
        "fetching from followers is not implemented yet",
    ),
    (
        "group.",
        "group membership is not implemented yet; group.id names the group whose offsets are used",
    ),
    (
        "heartbeat.interval.ms",
        "group membership is not implemented yet",
    ),
    ("interceptor.classes", "there are no interceptors"),
    (
        "max.poll.",
        "group membership is not implemented yet, and batches come as they were written",
    ),
    (
        "metadata.max.idle.ms",
        "topics are kept as long as the client is",
    ),
    (
        "partition.assignment.strategy",
        "group membership is not implemented yet",
    ),
    ("retries", "retries end with delivery.timeout.ms"),
    (
        "sasl.",
        "log in by KafkaBuilder::sasl: it is not taken from properties",
    ),
    (
        "session.timeout.ms",
        "group membership is not implemented yet",
    ),
    (
        "ssl.",
        "set TLS by KafkaBuilder::tls (feature tls): it is not taken from properties",
    ),
    ("transaction", "transactions are not implemented yet"),
];

/// The error for a name that can't be honoured, or is none.
pub(super) fn unknown(name: &str) -> Error {
    if let Some((_, why)) = JAVA_ONLY.iter().find(|(known, _)| name.starts_with(known)) {
        return Error::config(format!("{name} can't be honoured: {why}"));
    }
    let near = KNOWN
        .iter()
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    match near {
        Some((_, known)) => Error::config(format!(
            "{name} is not a known setting; did you mean {known}?"
        )),
        None => Error::config(format!(
            "{name} is not a setting of this client; the documentation of kafka_client::Kafka::from_properties lists those that are"
        )),
    }
}

/// Edits between two names (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
