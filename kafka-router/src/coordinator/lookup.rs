//! What is asked about coordinators, and what the answers say.

use kafka_net::{Error, ErrorKind};
use kafka_protocol::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};

/// From this version on, one request asks for several keys (KIP-699).
pub(crate) const BATCHED_SINCE: i16 = 4;

/// What a coordinator coordinates.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CoordinatorKind {
    /// A consumer group; the key is its id.
    Group,
    /// A producer's transactions; the key is the transactional id. Brokers from
    /// 0.11 on have them (FindCoordinator v1).
    Transaction,
    /// The state of a share partition (KIP-932); the key is the group id, the topic id
    /// and the partition, joined by colons (FindCoordinator v6). A share group itself has a [`CoordinatorKind::Group`].
    Share,
}

impl CoordinatorKind {
    /// The number that stands for it in FindCoordinator.
    #[must_use]
    pub fn key_type(self) -> i8 {
        match self {
            Self::Group => 0,
            Self::Transaction => 1,
            Self::Share => 2,
        }
    }

    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Group, Self::Transaction, Self::Share];

    /// The first version of FindCoordinator that has them.
    pub(crate) fn since_version(self) -> i16 {
        match self {
            Self::Group => 0,
            Self::Transaction => 1,
            Self::Share => 6,
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Transaction => "transactional id",
            Self::Share => "share partition",
        }
    }
}

/// A set of keys to look up, with one request where the broker can, else with
/// one request each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub(crate) kind: CoordinatorKind,
    pub(crate) keys: Vec<StrBytes>,
}

/// What a broker said about one key.
pub(crate) type Found = (StrBytes, Result<i32, Error>);

/// The request for these keys; versions before [`BATCHED_SINCE`] take one key.
pub(crate) fn request(
    kind: CoordinatorKind,
    keys: &[StrBytes],
    version: i16,
) -> FindCoordinatorRequest {
    let request = FindCoordinatorRequest::new().with_key_type(kind.key_type());
    if version >= BATCHED_SINCE {
        request.with_coordinator_keys(keys.to_vec())
    } else {
        request.with_key(keys.first().cloned().unwrap_or_default())
    }
}

/// What an answer says about the keys that were asked for.
pub(crate) fn answers(
    response: FindCoordinatorResponse,
    keys: &[StrBytes],
    version: i16,
) -> Vec<Found> {
    if version >= BATCHED_SINCE {
        return response
            .coordinators
            .into_iter()
            .map(|found| {
                let message = found.error_message.as_deref();
                let result = node(found.node_id, found.error_code, message);
                (found.key, result)
            })
            .collect();
    }
    let message = response.error_message.as_deref();
    let result = node(response.node_id, response.error_code, message);
    keys.first()
        .map(|key| (key.clone(), result))
        .into_iter()
        .collect()
}

fn node(id: i32, code: i16, message: Option<&str>) -> Result<i32, Error> {
    let code = ErrorCode::from(code);
    if !code.is_ok() {
        return Err(Error::broker_with_message(code, message).with_api(ApiKey::FindCoordinator));
    }
    if id < 0 {
        return Err(Error::new(ErrorKind::UnexpectedResponse)
            .with_message("the answer names no broker")
            .with_api(ApiKey::FindCoordinator));
    }
    Ok(id)
}
