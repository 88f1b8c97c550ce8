use crate::schema::MessageSchema;
use crate::wire::{Reader, Sink};
use crate::{ApiKey, DecodeError, EncodeError, Message, Request};

use super::*;

/// Declares the enums over all APIs from one list.
macro_rules! any {
    ($($api:ident $request:ident $response:ident;)*) => {
        /// A request of any API, for code that handles whatever comes: brokers,
        /// proxies, fuzzers.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyRequest {
            $(
                #[doc = concat!("A request of ", stringify!($api), ".")]
                $api($request),
            )*
        }

        impl AnyRequest {
            /// Reads the body of a request; `None` when this crate has no
            /// messages for the API.
            ///
            /// # Errors
            ///
            /// See [`Message::decode`].
            pub fn decode(key: ApiKey, reader: &mut Reader, version: i16) -> Option<Result<Self, DecodeError>> {
                match key {
                    $(ApiKey::$api => Some($request::decode(reader, version).map(Self::$api)),)*
                    _ => None,
                }
            }

            /// Writes the body.
            ///
            /// # Errors
            ///
            /// See [`Message::encode`].
            pub fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(request) => request.encode(sink, version),)*
                }
            }

            /// The API.
            pub fn key(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => $request::KEY,)*
                }
            }
        }

        $(
            impl From<$request> for AnyRequest {
                fn from(request: $request) -> Self {
                    Self::$api(request)
                }
            }
        )*

        /// A response of any API.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyResponse {
            $(
                #[doc = concat!("A response of ", stringify!($api), ".")]
                $api($response),
            )*
        }

        impl AnyResponse {
            /// Reads the body of a response; `None` when this crate has no
            /// messages for the API.
            ///
            /// # Errors
            ///
            /// See [`Message::decode`].
            pub fn decode(key: ApiKey, reader: &mut Reader, version: i16) -> Option<Result<Self, DecodeError>> {
                match key {
                    $(ApiKey::$api => Some($response::decode(reader, version).map(Self::$api)),)*
                    _ => None,
                }
            }

            /// Writes the body.
            ///
            /// # Errors
            ///
            /// See [`Message::encode`].
            pub fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(response) => response.encode(sink, version),)*
                }
            }

            /// The API.
            pub fn key(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => $request::KEY,)*
                }
            }
        }

        $(
            impl From<$response> for AnyResponse {
                fn from(response: $response) -> Self {
                    Self::$api(response)
                }
            }
        )*

        /// The request and the response of every API that has messages here, in
        /// the order of the keys.
        pub const SCHEMAS: &[(&MessageSchema, &MessageSchema)] =
            &[$((<$request as Message>::SCHEMA, <$response as Message>::SCHEMA)),*];
    };
}

any! {
    Produce ProduceRequest ProduceResponse;
    Fetch FetchRequest FetchResponse;
    ListOffsets ListOffsetsRequest ListOffsetsResponse;
    Metadata MetadataRequest MetadataResponse;
    OffsetCommit OffsetCommitRequest OffsetCommitResponse;
    OffsetFetch OffsetFetchRequest OffsetFetchResponse;
    FindCoordinator FindCoordinatorRequest FindCoordinatorResponse;
    ApiVersions ApiVersionsRequest ApiVersionsResponse;
    CreateTopics CreateTopicsRequest CreateTopicsResponse;
    DeleteTopics DeleteTopicsRequest DeleteTopicsResponse;
    InitProducerId InitProducerIdRequest InitProducerIdResponse;
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn schemas_are_those_of_their_keys() {
        let mut previous = None;
        for (request, response) in SCHEMAS {
            assert_eq!(request.key, response.key);
            assert_eq!(
                (request.versions, request.flexible),
                (response.versions, response.flexible)
            );
            let key = request.key.unwrap();
            assert_eq!(request.name, format!("{key}Request"));
            assert_eq!(response.name, format!("{key}Response"));
            assert_eq!(
                request.flexible.map(|range| range.min),
                key.first_flexible(),
                "{key}"
            );
            assert!(previous < Some(key), "{key}");
            previous = Some(key);
        }
    }

    #[test]
    fn dispatched_by_key() {
        let mut reader = Reader::new(Bytes::from_static(b"\0\x01g"));
        let request = AnyRequest::decode(ApiKey::FindCoordinator, &mut reader, 0)
            .unwrap()
            .unwrap();
        assert_eq!(request, FindCoordinatorRequest::new().with_key("g").into());
        assert_eq!(request.key(), ApiKey::FindCoordinator);
        let mut sink = Sink::new();
        request.encode(&mut sink, 0).unwrap();
        assert_eq!(sink.finish().into_bytes(), "\0\x01g");
        assert_eq!(
            AnyRequest::decode(ApiKey::LeaderAndIsr, &mut Reader::new(Bytes::new()), 0),
            None
        );
    }
}
