use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::StrBytes;

use super::record::{Header, NewRecord, RecordView};
use super::view::Records;

/// A record that owns its parts, to be kept when its batch is gone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OwnedRecord {
    /// The record's offset in its partition.
    pub offset: i64,
    /// Milliseconds since the Unix epoch; −1 for none.
    pub timestamp: i64,
    /// The key; `None` is null, which differs from empty.
    pub key: Option<Bytes>,
    /// The value; `None` is null, a tombstone in a compacted topic.
    pub value: Option<Bytes>,
    /// The headers, in order; keys may repeat (KIP-82).
    pub headers: Vec<(StrBytes, Option<Bytes>)>,
}

impl OwnedRecord {
    /// The record as one to be appended; `headers` holds its headers meanwhile.
    pub fn to_new<'r: 'a, 'a>(&'r self, headers: &'a mut Vec<Header<'r>>) -> NewRecord<'a> {
        headers.clear();
        headers.extend(self.headers.iter().map(|(key, value)| Header {
            key,
            value: value.as_deref(),
        }));
        NewRecord {
            timestamp: self.timestamp,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers,
        }
    }

    fn of(record: &RecordView<'_>, mut own: impl FnMut(&[u8]) -> Bytes) -> Self {
        Self {
            offset: record.offset(),
            timestamp: record.timestamp(),
            key: record.key().map(&mut own),
            value: record.value().map(&mut own),
            headers: record
                .headers()
                .map(|header| {
                    let key = own(header.key.as_bytes());
                    // It was UTF-8 when it was borrowed.
                    let key = StrBytes::try_from(key).unwrap_or_default();
                    (key, header.value.map(&mut own))
                })
                .collect(),
        }
    }
}

impl<'r> RecordView<'r> {
    /// The record as one to be appended elsewhere; `headers` holds its headers
    /// meanwhile.
    pub fn to_new<'a>(&self, headers: &'a mut Vec<Header<'r>>) -> NewRecord<'a>
    where
        'r: 'a,
    {
        headers.clear();
        headers.extend(self.headers());
        NewRecord {
            timestamp: self.timestamp(),
            key: self.key(),
            value: self.value(),
            headers,
        }
    }

    /// The record by itself: key, value and headers copied into one buffer of its
    /// own.
    pub fn to_owned_record(&self) -> OwnedRecord {
        let mut copied = BytesMut::with_capacity(self.encoded_len());
        OwnedRecord::of(self, |part| {
            copied.extend_from_slice(part);
            copied.split().freeze()
        })
    }
}

impl Records {
    /// The record by itself, sharing these records' buffer and keeping all of it
    /// in memory. `record` is one of these; the parts of others are copied.
    pub fn share_record(&self, record: &RecordView<'_>) -> OwnedRecord {
        OwnedRecord::of(record, |part| self.share(part))
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = |part: &Option<Bytes>| part.as_ref().map(Bytes::len);
        f.debug_struct("OwnedRecord")
            .field("offset", &self.offset)
            .field("timestamp", &self.timestamp)
            .field("key_bytes", &len(&self.key))
            .field("value_bytes", &len(&self.value))
            .field("headers", &self.headers.len())
            .finish()
    }
}
