//! Deleting topics.

use std::collections::BTreeSet;

use kafka_net::Error;
use kafka_protocol::messages::DeleteTopicsRequest;
use kafka_protocol::messages::delete_topics::DeleteTopicState;
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};
use kafka_router::{Call, Destination};

use super::{Results, fail_rest, left_out, only, refusal};
use crate::Admin;
use crate::admin::{Unsettled, broker_timeout_ms, controller, go_on};

const API: ApiKey = ApiKey::DeleteTopics;

/// From this version on topics are named in structures of their own (KIP-516).
const STRUCTURED_SINCE: i16 = 6;

impl Admin {
    /// Deletes a topic with all its records.
    ///
    /// # Errors
    ///
    /// [`kafka_net::ErrorKind::Broker`] with what the controller says, for
    /// instance UNKNOWN_TOPIC_OR_PARTITION or TOPIC_DELETION_DISABLED;
    /// [`kafka_net::ErrorKind::Timeout`].
    pub async fn delete_topic(&self, name: &str) -> Result<(), Error> {
        only(self.delete_topics([name]).await)
    }

    /// Deletes topics with one request; what became of each, by name.
    pub async fn delete_topics<N>(&self, names: impl IntoIterator<Item = N>) -> Results<()>
    where
        N: Into<String>,
    {
        let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        let rest = names.clone();
        let work = async move |call| Ok(delete(call, rest).await);
        let results = match self.run(Destination::Controller, API, work).await {
            Ok(results) => results,
            Err(error) => fail_rest(Results::new(), names, &error),
        };
        for (name, result) in &results {
            if result.is_ok() {
                // Whoever shares the router learns of it.
                self.router().request_refresh(Some(name));
            }
        }
        results
    }
}

async fn delete(mut call: Call, mut rest: BTreeSet<String>) -> Results<()> {
    let mut results = Results::new();
    while !rest.is_empty() {
        let outcome = attempt(&call, &mut rest, &mut results).await;
        if rest.is_empty() {
            break;
        }
        if let Err(error) = go_on(&mut call, outcome).await {
            return fail_rest(results, rest, &error);
        }
    }
    results
}

/// Moves every topic that is settled from the rest to the results.
async fn attempt(
    call: &Call,
    rest: &mut BTreeSet<String>,
    results: &mut Results<()>,
) -> Result<Unsettled, Error> {
    let connection = controller::<DeleteTopicsRequest>(call).await?;
    let version = connection.version_of::<DeleteTopicsRequest>(None)?;
    let request = request(rest, version).with_timeout_ms(broker_timeout_ms(call));
    let response = call.ask(&connection, &request, Some(version)).await?;
    let mut unsettled = Unsettled::new(API);
    let mut left = BTreeSet::new();
    for answer in response.responses {
        let Some(name) = answer.name.as_deref().and_then(|name| rest.take(name)) else {
            continue;
        };
        let code = ErrorCode::from(answer.error_code);
        if unsettled.takes(code, response.throttle_time_ms) {
            left.insert(name);
            continue;
        }
        let result = match code {
            ErrorCode::None => Ok(()),
            _ => {
                let error = refusal(API, &name, code, answer.error_message.as_deref());
                Err(match code {
                    ErrorCode::UnknownTopicOrPartition if call.possibly_written() => error
                        .with_possibly_written(true)
                        .with_hint("an earlier attempt of this call may have deleted it"),
                    _ => error,
                })
            }
        };
        results.insert(name, result);
    }
    for name in std::mem::replace(rest, left) {
        let error = left_out(API, &name);
        results.insert(name, Err(error));
    }
    Ok(unsettled)
}

fn request(names: &BTreeSet<String>, version: i16) -> DeleteTopicsRequest {
    let names = names.iter().map(StrBytes::from);
    let request = DeleteTopicsRequest::new();
    if version >= STRUCTURED_SINCE {
        let topics: Vec<_> = names
            .map(|name| DeleteTopicState::new().with_name(Some(name)))
            .collect();
        request.with_topics(topics)
    } else {
        request.with_topic_names(names.collect::<Vec<_>>())
    }
}
