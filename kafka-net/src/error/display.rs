use std::error::Error as StdError;
use std::fmt;

use kafka_protocol::ErrorCode;

use super::{Context, Error, ErrorKind};
use crate::text::Untrusted;

/// `where: what; whether it may have been applied; attempts; cause; hint`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        inner.context.fmt_place(f)?;
        let message = inner
            .message
            .as_deref()
            .unwrap_or_else(|| inner.kind.default_message());
        match inner.kind {
            ErrorKind::Broker(code) => fmt_refusal(f, code, inner.message.as_deref())?,
            _ => f.write_str(message)?,
        }
        match inner.possibly_written {
            Some(true) => f.write_str("; the request may have been applied")?,
            Some(false) => f.write_str("; it had no effect")?,
            None => {}
        }
        if let Some(attempts) = inner.context.attempts.filter(|attempts| *attempts > 1) {
            write!(f, "; tried {attempts} times")?;
        }
        if let Some(source) = self.source() {
            write!(f, "; cause: {source}")?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            self.0.fmt(f)
        } else {
            write!(f, "{self}")
        }
    }
}

fn fmt_refusal(f: &mut fmt::Formatter<'_>, code: ErrorCode, message: Option<&str>) -> fmt::Result {
    write!(f, "the broker answered {} ({})", code.name(), code.code())?;
    match message {
        Some(text) => write!(f, ": {text}"),
        None => write!(f, ": {}", code.description()),
    }
}

impl Context {
    /// `Produce to broker 2 (kafka-2:9092), orders-3: `, as far as it is known.
    fn fmt_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(api) = self.api {
            write!(f, "{api}")?;
        }
        if let Some(broker) = &self.broker {
            if self.api.is_some() {
                f.write_str(" to ")?;
            }
            match broker.id {
                Some(id) => write!(f, "broker {id} ({broker})")?,
                None => write!(f, "{broker}")?,
            }
        }
        let named_before = self.api.is_some() || self.broker.is_some();
        if named_before && (self.topic.is_some() || self.partition.is_some()) {
            f.write_str(", ")?;
        }
        match (&self.topic, self.partition) {
            (Some(topic), Some(partition)) => write!(f, "{}-{partition}", Untrusted(topic))?,
            (Some(topic), None) => write!(f, "topic {}", Untrusted(topic))?,
            (None, Some(partition)) => write!(f, "partition {partition}")?,
            (None, None) => {}
        }
        if named_before || self.topic.is_some() || self.partition.is_some() {
            f.write_str(": ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use kafka_protocol::ApiKey;

    use super::*;
    use crate::BrokerAddress;

    #[track_caller]
    fn check(error: &Error, text: &str) {
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn what_main_and_unwrap_print_is_the_text() {
        let error = Error::new(ErrorKind::Timeout).with_message("no answer");
        assert_eq!(format!("{error:?}"), "no answer");
        assert!(
            format!("{error:#?}").contains("kind: Timeout"),
            "{error:#?}"
        );
    }

    #[test]
    fn texts_say_where_what_and_what_to_do() {
        let broker = BrokerAddress::new("kafka-2", 9092).with_id(2);
        check(
            &Error::timeout("no answer", Duration::from_secs(30))
                .with_api(ApiKey::Produce)
                .with_broker(&broker)
                .with_topic("orders")
                .with_partition(3)
                .with_possibly_written(true)
                .with_attempts(2)
                .with_hint("raise delivery_timeout if the cluster is slow"),
            "Produce to broker 2 (kafka-2:9092), orders-3: no answer within 30s (timeout); \
             the request may have been applied; tried 2 times; \
             raise delivery_timeout if the cluster is slow",
        );
        check(
            &Error::new(ErrorKind::Connect)
                .with_broker(BrokerAddress::new("localhost", 9092))
                .with_source(io::Error::new(io::ErrorKind::ConnectionRefused, "refused"))
                .with_hint("check that a broker listens there"),
            "localhost:9092: no connection; cause: refused; check that a broker listens there",
        );
        check(
            &Error::broker(ErrorCode::NotLeaderOrFollower)
                .with_api(ApiKey::Fetch)
                .with_topic("orders"),
            &format!(
                "Fetch, topic orders: the broker answered NOT_LEADER_OR_FOLLOWER (6): {}",
                ErrorCode::NotLeaderOrFollower.description()
            ),
        );
        check(
            &Error::broker_with_message(ErrorCode::PolicyViolation, Some("no\nway"))
                .with_possibly_written(false),
            "the broker answered POLICY_VIOLATION (44): no\\nway; it had no effect",
        );
        check(&Error::closed("the producer"), "the producer is closed");
        check(
            &Error::config("linger_ms is negative"),
            "linger_ms is negative",
        );
        check(
            &Error::timeout("no metadata", Duration::from_micros(1_500_700)).with_partition(1),
            "partition 1: no metadata within 1.5s (timeout)",
        );
        for (micros, shown) in [
            (19_999_100, "20s"),
            (2_345_678, "2.35s"),
            (999_400, "999ms"),
            (300_000, "300ms"),
            (0, "0ns"),
        ] {
            let error = Error::timeout("x", Duration::from_micros(micros));
            check(&error, &format!("x within {shown} (timeout)"));
        }
        Error::timeout("x", Duration::MAX);
        check(
            &Error::new(ErrorKind::Timeout),
            "the deadline passed (timeout)",
        );
    }

    #[test]
    fn a_peer_cannot_forge_log_lines() {
        let error = Error::broker_with_message(ErrorCode::UnknownServerError, Some("a\r\nERROR b"))
            .with_topic("x\ny")
            .with_broker(BrokerAddress::new("h\n", 1));
        assert!(!error.to_string().contains(['\r', '\n']), "{error}");
    }
}
