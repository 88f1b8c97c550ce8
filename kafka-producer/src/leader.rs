//! What a leader can take, and a batch in the form in which it can.
//!
//! Brokers before Kafka 0.11 know no record batches: to them goes a message set of
//! the same records, made anew at each attempt from the batch, which stays what it
//! is, should the partition move to a newer broker.

use kafka_net::{Connection, Error, ErrorKind};
use kafka_protocol::records::{
    BatchBuilder, Compression, Compressor, Magic, RecordError, SealedBatch,
};
use kafka_protocol::{ApiKey, RecordBytes};

use crate::batch::Content;

/// The first version that may carry zstd (KIP-110).
pub(crate) const ZSTD: i16 = 7;
/// The first version that carries record batches (magic 2).
const BATCHES: i16 = 3;
/// The first version whose message sets may have timestamps (magic 1).
const TIMESTAMPS: i16 = 2;
/// Kafka 1.0.
const REMEMBERS_FIVE: i16 = 5;
/// How many of a partition's numbered batches brokers know again from then on
/// (KAFKA-5494).
pub(crate) const USUALLY_REMEMBERED: usize = 5;

/// What the broker at the other end of a connection can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leader {
    /// The newest version of Produce that it speaks.
    newest: i16,
}

/// A batch ready for its leader.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) sealed: SealedBatch,
    pub(crate) form: Form,
}

/// How a batch goes to its leader.
#[derive(Debug)]
pub(crate) enum Form {
    /// As it is, with a stamp.
    Batch,
    /// As a message set, which has no place for numbers.
    Set(RecordBytes),
    /// Not as a whole: batches of those records that have headers, for which this
    /// leader is too old, and of those that have none.
    Apart(Vec<(bool, BatchBuilder)>),
}

impl Leader {
    pub(crate) fn of(connection: &Connection) -> Self {
        let produce = connection.api_versions().range(ApiKey::Produce);
        Self {
            // Without any, sending says so.
            newest: produce.map_or(i16::MAX, |range| range.max),
        }
    }

    #[cfg(test)]
    pub(crate) fn speaking(newest: i16) -> Self {
        Self { newest }
    }

    /// The format of what is sent to it.
    pub(crate) fn magic(self) -> Magic {
        match self.newest {
            ..TIMESTAMPS => Magic::V0,
            TIMESTAMPS..BATCHES => Magic::V1,
            _ => Magic::V2,
        }
    }

    /// How many of a producer's latest batches it knows again in a partition: one in
    /// Kafka 0.11, five from 1.0 on (KAFKA-5494).
    pub(crate) fn remembers(self) -> usize {
        match self.newest {
            ..REMEMBERS_FIVE => 1,
            _ => USUALLY_REMEMBERED,
        }
    }

    /// Seals what is not sealed yet and finds the form for this leader.
    ///
    /// # Errors
    ///
    /// What can't be encoded, and a codec that the leader does not know.
    pub(crate) fn fit(
        self,
        content: Content,
        compressor: &mut Compressor,
    ) -> Result<Fitted, Error> {
        let magic = self.magic();
        if compressor.compression() == Compression::Zstd && self.newest < ZSTD {
            return Err(too_old("zstd", "2.1"));
        }
        let sealed = match content {
            Content::Sealed(sealed) => sealed,
            Content::Building(builder) if magic == Magic::V2 => {
                builder.seal(compressor).map_err(unencodable)?
            }
            // What would be compressed now would be decompressed for the message set.
            Content::Building(builder) => {
                let plain = Compressor::new(Compression::None);
                let mut plain = plain.map_err(|error| unencodable(error.into()))?;
                builder.seal(&mut plain).map_err(unencodable)?
            }
        };
        if magic == Magic::V2 {
            let form = Form::Batch;
            return Ok(Fitted { sealed, form });
        }
        let form = match sealed.to_message_set(magic, compressor) {
            Ok(set) => Form::Set(set.raw().clone().into()),
            Err(RecordError::NotInFormat { .. }) => {
                let parts = sealed.split_where(|record| record.headers().len() > 0);
                Form::Apart(parts.map_err(unencodable)?)
            }
            Err(error) => return Err(unencodable(error)),
        };
        Ok(Fitted { sealed, form })
    }
}

/// The leader is older than what is asked of it.
pub(crate) fn too_old(what: &str, since: &str) -> Error {
    Error::new(ErrorKind::UnsupportedVersion).with_message(format!(
        "the partition's leader is too old: {what} needs Kafka {since} or later"
    ))
}

fn unencodable(error: RecordError) -> Error {
    Error::new(ErrorKind::Encode).with_source(error)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kafka_protocol::records::{BatchLimits, Header, NewRecord, RecordBatch};

    use super::*;

    fn building(records: &[(&[u8], bool)]) -> Content {
        let mut builder = BatchBuilder::new();
        let header = [Header {
            key: "h",
            value: None,
        }];
        for (value, with_header) in records {
            builder
                .append(&NewRecord {
                    timestamp: 1_000,
                    value: Some(value),
                    headers: if *with_header { &header } else { &[] },
                    ..NewRecord::default()
                })
                .unwrap();
        }
        Content::Building(builder)
    }

    fn fit(newest: i16, codec: Compression, content: Content) -> Result<Fitted, Error> {
        Leader::speaking(newest).fit(content, &mut Compressor::new(codec).unwrap())
    }

    fn values(bytes: RecordBytes) -> (RecordBatch, Vec<Bytes>) {
        let limits = BatchLimits::default();
        let mut bytes = bytes.into_bytes();
        let batch = RecordBatch::parse(&mut bytes, &limits).unwrap().unwrap();
        assert!(bytes.is_empty());
        let records = batch.decompress(&limits).unwrap();
        let values = records
            .iter()
            .map(|record| Bytes::copy_from_slice(record.value().unwrap()));
        let values = values.collect();
        (batch, values)
    }

    #[test]
    fn older_leaders_get_message_sets_of_their_format_compressed_as_set() {
        for (newest, magic, timestamp) in [
            (0, Magic::V0, -1),
            (1, Magic::V0, -1),
            (2, Magic::V1, 1_000),
        ] {
            for codec in [
                Compression::None,
                Compression::Gzip,
                Compression::Snappy,
                Compression::Lz4,
            ] {
                let fitted = fit(newest, codec, building(&[(b"a", false), (b"b", false)])).unwrap();
                let Form::Set(bytes) = fitted.form else {
                    panic!("{:?}", fitted.form);
                };
                let (batch, values) = values(bytes);
                assert_eq!((batch.magic(), batch.compression()), (magic, codec));
                assert_eq!(batch.max_timestamp(), timestamp);
                assert_eq!(values, [&b"a"[..], b"b"]);
                // Tried again, it is made anew from the same batch.
                let again = fit(newest, codec, Content::Sealed(fitted.sealed)).unwrap();
                assert!(matches!(again.form, Form::Set(_)));
            }
        }
        for newest in [3, 7, 13] {
            let fitted = fit(newest, Compression::Gzip, building(&[(b"a", true)])).unwrap();
            assert!(matches!(fitted.form, Form::Batch));
            assert_eq!(fitted.sealed.compression(), Compression::Gzip);
        }
    }

    #[test]
    fn records_with_headers_are_set_apart_from_the_others() {
        let records: [(&[u8], bool); 4] =
            [(b"a", false), (b"b", true), (b"c", true), (b"d", false)];
        let fitted = fit(2, Compression::Gzip, building(&records)).unwrap();
        let Form::Apart(parts) = fitted.form else {
            panic!("{:?}", fitted.form);
        };
        let shape: Vec<_> = parts
            .iter()
            .map(|(with_headers, part)| (*with_headers, part.record_count()))
            .collect();
        assert_eq!(shape, [(false, 1), (true, 2), (false, 1)]);
    }

    #[test]
    fn zstd_is_refused_by_name_and_release() {
        for newest in [0, 2, 3, 6] {
            let error = fit(newest, Compression::Zstd, building(&[(b"a", false)])).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
            let text = error.to_string();
            assert!(text.contains("zstd needs Kafka 2.1"), "{text}");
        }
        assert!(fit(7, Compression::Zstd, building(&[(b"a", false)])).is_ok());
    }
}
