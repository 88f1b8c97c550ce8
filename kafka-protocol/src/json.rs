//! Messages as JSON, in the form of Kafka's own request log (KIP-673).
//!
//! Needs the feature `json`, which is off by default. For what people read:
//! dissectors, command line tools, the log of a proxy.
//!
//! ```
//! use kafka_protocol::json::ToJson;
//! use kafka_protocol::messages::FindCoordinatorRequest;
//!
//! let request = FindCoordinatorRequest::new().with_key("payments");
//! assert_eq!(request.to_json(3)?.to_string(), r#"{"key":"payments","keyType":0}"#);
//! # Ok::<(), kafka_protocol::EncodeError>(())
//! ```
//!
//! The form is that of Kafka's `…DataJsonConverter` classes: field names in camel
//! case, only the fields that the version carries, tagged fields only where they
//! differ from their default, ids as [`Uuid`](crate::Uuid) prints them, bytes in base64.
//! Numbers that JSON has no form for are the strings `"NaN"`, `"Infinity"` and
//! `"-Infinity"`. Tagged fields this crate does not know are left out. Secrets are
//! not: what logs this form leaves out SaslAuthenticate, the APIs of delegation
//! tokens and SCRAM credentials, and changes of configurations.

mod form;
mod view;

use serde_json::Value;

use crate::header::{RequestHeader, ResponseHeader};
use crate::messages::{AnyRequest, AnyResponse};
use crate::{EncodeError, Message};

use form::Records;

#[doc(hidden)]
pub use view::{AsView, Values, View};

/// What has a JSON form: every message, [`AnyRequest`], [`AnyResponse`], and the
/// headers.
pub trait ToJson {
    /// The JSON form in `version`, of records only their size, in bytes, as
    /// `recordsSizeInBytes`. So does Kafka write its request log.
    ///
    /// # Errors
    ///
    /// When there is no such version, when a field is set that the version
    /// cannot carry and that is not ignorable, and for a null where the version
    /// allows none.
    fn to_json(&self, version: i16) -> Result<Value, EncodeError>;

    /// As [`ToJson::to_json`], with the records themselves, raw, in base64.
    ///
    /// Here Kafka's classes, asked for the records, write an empty string.
    ///
    /// # Errors
    ///
    /// See [`ToJson::to_json`].
    fn to_json_with_records(&self, version: i16) -> Result<Value, EncodeError>;
}

impl<M: Message + Values> ToJson for M {
    fn to_json(&self, version: i16) -> Result<Value, EncodeError> {
        form::message(self, version, Records::Size)
    }

    fn to_json_with_records(&self, version: i16) -> Result<Value, EncodeError> {
        form::message(self, version, Records::Contents)
    }
}

macro_rules! to_json {
    ($($ty:ty: $values:expr;)*) => {
        $(
            impl ToJson for $ty {
                fn to_json(&self, version: i16) -> Result<Value, EncodeError> {
                    form::message($values(self), version, Records::Size)
                }

                fn to_json_with_records(&self, version: i16) -> Result<Value, EncodeError> {
                    form::message($values(self), version, Records::Contents)
                }
            }
        )*
    };
}

to_json! {
    AnyRequest: AnyRequest::values;
    AnyResponse: AnyResponse::values;
    RequestHeader: |header| header;
    ResponseHeader: |header| header;
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::messages::fetch::{FetchTopic, ReplicaState};
    use crate::messages::produce::{PartitionProduceData, TopicProduceData};
    use crate::messages::*;
    use crate::{EncodeErrorKind, RecordBytes, TaggedFields, Uuid};

    #[test]
    fn tagged_fields_are_there_when_set() {
        let mut request = FetchRequest::new();
        let names = |request: &FetchRequest, version| {
            let value = request.to_json(version).unwrap();
            let object = value.as_object().unwrap();
            object.contains_key("replicaState")
        };
        assert!(!names(&request, 16));
        request.replica_state = ReplicaState::new().with_replica_epoch(3);
        assert!(names(&request, 16));
        assert_eq!(
            request.to_json(16).unwrap()["replicaState"],
            json!({"replicaId": -1, "replicaEpoch": 3})
        );
        request.replica_state = ReplicaState::new()
            .with_unknown_tagged_fields(TaggedFields::from_iter([(9, Bytes::from_static(b"x"))]));
        assert!(names(&request, 16), "what a later version added is set too");
        let error = request.to_json(3).unwrap_err();
        assert_eq!(error.kind(), &EncodeErrorKind::FieldNotInVersion);
        assert_eq!(error.path(), "FetchRequest.replica_state");
    }

    #[test]
    fn fields_follow_the_version() {
        let topic = FetchTopic::new()
            .with_topic("t")
            .with_topic_id(Uuid::from_bytes([1; 16]));
        let request = FetchRequest::new().with_topics([topic]);
        let topics = |version| request.to_json(version).unwrap()["topics"].clone();
        assert_eq!(topics(12), json!([{"topic": "t", "partitions": []}]));
        assert_eq!(
            topics(13),
            json!([{"topicId": "AQEBAQEBAQEBAQEBAQEBAQ", "partitions": []}])
        );
        let error = request.to_json(99).unwrap_err();
        assert!(
            matches!(
                error.kind(),
                EncodeErrorKind::UnsupportedVersion { version: 99, .. }
            ),
            "{error}"
        );
    }

    #[test]
    fn records_as_size_or_contents() {
        let partition = |records| PartitionProduceData::new().with_records(records);
        let records = RecordBytes::from_segments([
            Bytes::from_static(b"ab"),
            Bytes::from_static(b"\xff\xfe"),
        ]);
        let topic = TopicProduceData::new()
            .with_partition_data([partition(Some(records)), partition(None)]);
        let request = ProduceRequest::new().with_topic_data([topic]);
        let partitions = |value: Value| value["topicData"][0]["partitionData"].clone();
        assert_eq!(
            partitions(request.to_json(9).unwrap()),
            json!([{"index": 0, "recordsSizeInBytes": 4}, {"index": 0, "records": null}])
        );
        assert_eq!(
            partitions(AnyRequest::from(request).to_json_with_records(9).unwrap()),
            json!([{"index": 0, "records": "YWL//g=="}, {"index": 0, "records": null}])
        );
    }

    #[test]
    fn a_null_that_the_version_forbids_is_an_error() {
        let request = MetadataRequest::new().with_topics(None);
        assert_eq!(request.to_json(1).unwrap()["topics"], Value::Null);
        let error = request.to_json(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            MetadataRequest::new()
                .with_topics(None)
                .encode(&mut crate::wire::Sink::new(), 0)
                .unwrap_err()
                .to_string()
        );
    }

    #[test]
    fn headers() {
        let header = RequestHeader {
            api_key: 3,
            api_version: 9,
            correlation_id: 7,
            client_id: Some("me".into()),
            ..RequestHeader::default()
        };
        assert_eq!(
            header.to_json(2).unwrap(),
            json!({"requestApiKey": 3, "requestApiVersion": 9, "correlationId": 7, "clientId": "me"})
        );
        assert_eq!(
            header.to_json(0).unwrap(),
            json!({"requestApiKey": 3, "requestApiVersion": 9, "correlationId": 7})
        );
        let response = ResponseHeader {
            correlation_id: 8,
            ..ResponseHeader::default()
        };
        assert_eq!(response.to_json(1).unwrap(), json!({"correlationId": 8}));
    }
}
