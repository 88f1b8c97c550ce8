//! Topics.

mod create;
mod delete;
mod describe;
mod new_topic;

pub use create::{CreateTopicsOptions, TopicConfig, TopicCreated};
pub use describe::TopicListing;
pub use new_topic::NewTopic;

use std::collections::BTreeMap;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::{ApiKey, ErrorCode};

/// What became of each topic, by name.
type Results<T> = BTreeMap<String, Result<T, Error>>;

/// The result for the only topic asked about.
fn only<T>(results: Results<T>) -> Result<T, Error> {
    let result = results.into_values().next();
    result.unwrap_or_else(|| Err(Error::new(ErrorKind::Internal)))
}

/// Gives everyone without a result this error.
fn fail_rest<T>(
    mut results: Results<T>,
    rest: impl IntoIterator<Item = String>,
    error: &Error,
) -> Results<T> {
    for name in rest {
        let error = error.clone().with_topic(name.as_str());
        results.entry(name).or_insert(Err(error));
    }
    results
}

/// A broker's refusal of one topic.
fn refusal(api: ApiKey, name: &str, code: ErrorCode, message: Option<&str>) -> Error {
    let error = Error::broker_with_message(code, message)
        .with_api(api)
        .with_topic(name);
    match code {
        ErrorCode::RequestTimedOut => error
            .with_possibly_written(true)
            .with_hint("the controller took it up but has not finished in time"),
        ErrorCode::TopicAuthorizationFailed | ErrorCode::ClusterAuthorizationFailed => {
            error.with_hint("this client lacks the permission")
        }
        _ => error,
    }
}

/// A topic that was asked about and is missing from the answer.
fn left_out(api: ApiKey, name: &str) -> Error {
    Error::new(ErrorKind::UnexpectedResponse)
        .with_message("the answer leaves the topic out")
        .with_api(api)
        .with_topic(name)
}
