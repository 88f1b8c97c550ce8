use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, open_response};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, DecodeError, ErrorCode, Message};

use super::versions::ApiVersionsTable;
use crate::{Error, ErrorKind};

/// Finding out what a broker speaks (KIP-35, KIP-511).
///
/// ```text
/// ask in version n ─► table: done
///        ▲        └─► UNSUPPORTED_VERSION, in version 0 whatever was asked
///        │                │ with the broker's range (2.4 on): its newest
///        └────────────────┘ without: version 0
/// ```
///
/// Each question is asked in a lower version than the one before, or not at
/// all, so that no answer can keep this going.
///
/// Pure: frames come in, what to ask next goes out.
#[derive(Debug)]
pub(super) struct Negotiation {
    version: i16,
}

/// What follows from an answer.
#[derive(Debug)]
pub(super) enum Next {
    Ask(Negotiation),
    /// And how long the broker wants this client to wait then.
    Done(ApiVersionsTable, Duration),
}

/// Version 5 (4.4) adds a check of the cluster's id, which a client that only
/// has an address cannot use; asking in it would cost a second round trip with
/// every older broker.
const NEWEST: i16 = 4;

impl Negotiation {
    pub(super) fn from_newest() -> Self {
        Self {
            version: NEWEST.min(ApiVersionsRequest::VERSIONS.max),
        }
    }

    /// For a broker that hung up on a newer version.
    pub(super) fn from_oldest() -> Self {
        Self { version: 0 }
    }

    /// The version to ask in.
    pub(super) fn version(&self) -> i16 {
        self.version
    }

    /// Takes the answer's frame, header included.
    pub(super) fn on_answer(self, frame: Bytes) -> Result<Next, Error> {
        let response = self.decode(&frame).map_err(|cause| {
            Error::new(ErrorKind::Malformed)
                .with_message(format!(
                    "the answer (version {}) does not decode",
                    self.version
                ))
                .with_source(cause)
                .with_hint("check that the address is a plaintext Kafka listener")
        })?;
        match ErrorCode::from(response.error_code) {
            ErrorCode::None => {
                let throttle = match self.version {
                    // Before version 2 the broker has waited (KIP-219).
                    ..2 => 0,
                    _ => u64::try_from(response.throttle_time_ms).unwrap_or(0),
                };
                let table = ApiVersionsTable::from_response(&response);
                Ok(Next::Done(table, Duration::from_millis(throttle)))
            }
            ErrorCode::UnsupportedVersion => self.ask_lower(&response).map(Next::Ask),
            code => Err(Error::broker(code)),
        }
    }

    /// The code comes first in every version, and tells in which the rest is.
    fn decode(&self, frame: &Bytes) -> Result<ApiVersionsResponse, DecodeError> {
        let open = |version| {
            open_response(
                ApiKey::ApiVersions,
                version,
                frame.clone(),
                Limits::default(),
            )
        };
        let code = open(self.version)?.1.read_i16()?;
        if ErrorCode::from(code) == ErrorCode::UnsupportedVersion
            && let Ok(response) = decode_body(open(0)?.1, 0)
        {
            return Ok(response);
        }
        decode_body(open(self.version)?.1, self.version)
    }

    fn ask_lower(&self, response: &ApiVersionsResponse) -> Result<Self, Error> {
        let offered = ApiVersionsTable::from_response(response).range(ApiKey::ApiVersions);
        let lower = match offered {
            Some(offered) => offered.max,
            None => 0,
        };
        let known = offered.is_none_or(|offered| offered.min < self.version);
        if known && lower < self.version {
            return Ok(Self { version: lower });
        }
        let offer = match offered {
            Some(offered) => format!("offers versions {} to {}", offered.min, offered.max),
            None => "offers no other".to_owned(),
        };
        // A broker that offers only later versions will not do anything else. One
        // that refuses what it offers, or what every broker knows, contradicts
        // itself: another connection may meet it in a better state.
        let kind = match offered {
            Some(offered) if offered.min > self.version => ErrorKind::UnsupportedVersion,
            _ => ErrorKind::UnexpectedResponse,
        };
        Err(Error::new(kind).with_message(format!(
            "the broker refused version {} and {offer}",
            self.version
        )))
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::frame::encode_response;
    use kafka_protocol::messages::api_versions::ApiVersion;

    use super::*;

    fn frame(version: i16, code: ErrorCode, ranges: &[(ApiKey, i16, i16)]) -> Bytes {
        let entry = |&(key, min, max): &(ApiKey, i16, i16)| {
            ApiVersion::new()
                .with_api_key(key.code())
                .with_min_version(min)
                .with_max_version(max)
        };
        let response = ApiVersionsResponse::new()
            .with_error_code(code.code())
            .with_api_keys(ranges.iter().map(entry).collect::<Vec<_>>());
        let segments = encode_response(ApiKey::ApiVersions, version, 7, &response).unwrap();
        segments.into_bytes().slice(4..)
    }

    #[track_caller]
    fn asks(next: Result<Next, Error>, version: i16) -> Negotiation {
        match next {
            Ok(Next::Ask(negotiation)) if negotiation.version == version => negotiation,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_current_broker_answers_at_once() {
        let ranges = [(ApiKey::Produce, 3, 13), (ApiKey::ApiVersions, 0, 4)];
        let answer = frame(4, ErrorCode::None, &ranges);
        let Ok(Next::Done(table, _)) = Negotiation::from_newest().on_answer(answer) else {
            panic!("not done");
        };
        assert_eq!(table.range(ApiKey::Produce).unwrap().max, 13);
        assert!(table.is_negotiated());
    }

    #[test]
    fn a_broker_of_2_4_tells_its_range() {
        let refusal = frame(
            0,
            ErrorCode::UnsupportedVersion,
            &[(ApiKey::ApiVersions, 0, 3)],
        );
        let second = asks(Negotiation::from_newest().on_answer(refusal), 3);
        let answer = frame(3, ErrorCode::None, &[(ApiKey::Produce, 0, 8)]);
        assert!(matches!(second.on_answer(answer), Ok(Next::Done(..))));
    }

    #[test]
    fn a_broker_of_0_10_is_asked_in_version_0() {
        let refusal = frame(0, ErrorCode::UnsupportedVersion, &[]);
        let second = asks(Negotiation::from_newest().on_answer(refusal.clone()), 0);
        let error = second.on_answer(refusal).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::UnexpectedResponse);
        assert_eq!(
            error.to_string(),
            "the broker refused version 0 and offers no other"
        );
    }

    #[test]
    fn a_hint_that_is_not_lower_ends_it() {
        for max in [4, 5, i16::MAX] {
            let ranges = [(ApiKey::ApiVersions, 0, max)];
            let refusal = frame(0, ErrorCode::UnsupportedVersion, &ranges);
            let error = Negotiation::from_newest().on_answer(refusal).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::UnexpectedResponse);
        }
    }

    #[test]
    fn a_broker_that_offers_later_versions_only_has_none_in_common() {
        let newest = Negotiation::from_newest().version();
        let ranges = [(ApiKey::ApiVersions, newest + 1, newest + 3)];
        let refusal = frame(0, ErrorCode::UnsupportedVersion, &ranges);
        let error = Negotiation::from_newest().on_answer(refusal).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    }

    #[test]
    fn whatever_a_broker_answers_it_ends() {
        for max in 0..=6 {
            let ranges = [(ApiKey::ApiVersions, 0, max)];
            let refusal = frame(0, ErrorCode::UnsupportedVersion, &ranges);
            let mut negotiation = Negotiation::from_newest();
            for question in 0.. {
                assert!(question < 6);
                match negotiation.on_answer(refusal.clone()) {
                    Ok(Next::Ask(next)) => negotiation = next,
                    Ok(Next::Done(table, _)) => panic!("{table:?}"),
                    Err(_) => break,
                }
            }
        }
    }

    #[test]
    fn other_refusals_and_garbage_fail_with_their_reason() {
        let answer = frame(4, ErrorCode::InvalidRequest, &[]);
        let error = Negotiation::from_newest().on_answer(answer).unwrap_err();
        assert_eq!(error.broker_error(), Some(ErrorCode::InvalidRequest));

        let whole = frame(4, ErrorCode::None, &[(ApiKey::Produce, 3, 13)]);
        for cut in 0..whole.len() {
            let error = Negotiation::from_newest()
                .on_answer(whole.slice(..cut))
                .unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Malformed, "cut at {cut}");
        }
        let mut longer = whole.to_vec();
        longer.push(0);
        let error = Negotiation::from_newest()
            .on_answer(longer.into())
            .unwrap_err();
        assert!(error.to_string().contains("1 bytes left over"), "{error}");
    }
}
