//! Records on their way in.

use std::fmt;

use bytes::Bytes;
use kafka_net::Error;
use kafka_protocol::StrBytes;
use kafka_protocol::records::Header;
use smallvec::SmallVec;

/// A record to send, owned.
///
/// ```
/// use kafka_producer::Record;
///
/// let record = Record::to("orders")
///     .key("customer-7")
///     .value("{\"total\": 12}")
///     .header("trace", "4bf92f35");
/// assert_eq!(record.topic(), "orders");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) topic: StrBytes,
    key: Option<Bytes>,
    value: Option<Bytes>,
    headers: Vec<(StrBytes, Option<Bytes>)>,
    timestamp: Option<i64>,
    partition: Option<i32>,
}

impl Record {
    /// A record for `topic` with neither key nor value yet.
    #[must_use]
    pub fn to(topic: impl Into<StrBytes>) -> Self {
        Self {
            topic: topic.into(),
            key: None,
            value: None,
            headers: Vec::new(),
            timestamp: None,
            partition: None,
        }
    }

    /// Sets the key. Records of one key go to one partition, in order.
    ///
    /// Text or bytes that live on by themselves: a `String`, a `Vec<u8>`, [`Bytes`], or a
    /// literal. Of a `&str` or `&[u8]` that is borrowed, give `.to_owned()`; or send with
    /// [`TopicProducer::send`](crate::TopicProducer::send), which takes borrowed slices.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the value: text or bytes as with [`Record::key`].
    #[must_use]
    pub fn value(mut self, value: impl Into<Bytes>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Makes the value null: in a compacted topic, the key's end. What a record
    /// has unless it is given a value.
    #[must_use]
    pub fn null_value(mut self) -> Self {
        self.value = None;
        self
    }

    /// Adds a header; names may repeat (KIP-82).
    #[must_use]
    pub fn header(mut self, name: impl Into<StrBytes>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }

    /// Adds a header whose value is null.
    #[must_use]
    pub fn null_header(mut self, name: impl Into<StrBytes>) -> Self {
        self.headers.push((name.into(), None));
        self
    }

    /// Sets the time of the record, in milliseconds since the Unix epoch.
    /// Default: the wall clock's at the time of sending, to within about 10 ms.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Chooses the partition. Default: the partitioner does.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Where it goes.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Lends the record, topic apart, to `with`.
    pub(crate) fn lend<T>(&self, with: impl FnOnce(RecordRef<'_>) -> T) -> T {
        let headers: SmallVec<[Header<'_>; 4]> = self
            .headers
            .iter()
            .map(|(key, value)| Header {
                key,
                value: value.as_deref(),
            })
            .collect();
        with(RecordRef {
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: &headers,
            timestamp: self.timestamp,
            partition: self.partition,
        })
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("topic", &self.topic)
            .field("key_bytes", &self.key.as_ref().map(Bytes::len))
            .field("value_bytes", &self.value.as_ref().map(Bytes::len))
            .field("headers", &self.headers.len())
            .field("timestamp", &self.timestamp)
            .field("partition", &self.partition)
            .finish()
    }
}

/// A record to send, every part borrowed: what a
/// [`TopicProducer`](crate::TopicProducer) takes. It is encoded before the call
/// returns, so nothing needs to be copied for it.
///
/// ```
/// use kafka_producer::RecordRef;
///
/// let record = RecordRef::value(b"12").with_key(b"customer-7");
/// assert_eq!(record.key, Some(&b"customer-7"[..]));
/// ```
#[derive(Clone, Copy, Default)]
pub struct RecordRef<'a> {
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is null.
    pub value: Option<&'a [u8]>,
    /// The headers, in order (KIP-82).
    pub headers: &'a [Header<'a>],
    /// Milliseconds since the Unix epoch; `None` for now, to within about 10 ms.
    pub timestamp: Option<i64>,
    /// The partition; `None` lets the partitioner choose.
    pub partition: Option<i32>,
}

impl<'a> RecordRef<'a> {
    /// A record of this value alone.
    #[must_use]
    pub fn value(value: &'a [u8]) -> Self {
        Self {
            value: Some(value),
            ..Self::default()
        }
    }

    /// A record of this key and value.
    #[must_use]
    pub fn key_value(key: &'a [u8], value: &'a [u8]) -> Self {
        Self::value(value).with_key(key)
    }

    /// Sets the key.
    #[must_use]
    pub fn with_key(mut self, key: &'a [u8]) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the headers.
    #[must_use]
    pub fn with_headers(mut self, headers: &'a [Header<'a>]) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the time, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn with_timestamp_ms(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Chooses the partition.
    #[must_use]
    pub fn with_partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for RecordRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordRef")
            .field("key_bytes", &self.key.map(<[u8]>::len))
            .field("value_bytes", &self.value.map(<[u8]>::len))
            .field("headers", &self.headers.len())
            .field("timestamp", &self.timestamp)
            .field("partition", &self.partition)
            .finish()
    }
}

/// A record that was not taken, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The record, as it was given.
    pub record: Record,
    /// Why: of kind [`QueueFull`](kafka_net::ErrorKind::QueueFull) when it can
    /// be tried again.
    pub error: Error,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Rejected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        rejected.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_stay_out_of_debug() {
        let record = Record::to("t")
            .key("secret-key")
            .value("secret-value")
            .header("h", "secret-header");
        let shown = format!("{record:?}");
        assert!(!shown.contains("secret"), "{shown}");
        record.lend(|lent| assert!(!format!("{lent:?}").contains("secret")));
    }

    #[test]
    fn what_is_lent_is_what_was_given() {
        let record = Record::to("t")
            .key("k")
            .value("v")
            .header("a", "1")
            .null_header("b")
            .timestamp_ms(5)
            .partition(3);
        record.lend(|lent| {
            assert_eq!(lent.key, Some(&b"k"[..]));
            assert_eq!(lent.value, Some(&b"v"[..]));
            assert_eq!(lent.headers.len(), 2);
            assert_eq!(lent.headers[1].value, None);
            assert_eq!((lent.timestamp, lent.partition), (Some(5), Some(3)));
        });
        Record::to("t")
            .value("v")
            .null_value()
            .lend(|lent| assert_eq!(lent.value, None));
    }
}
