//! Listing and describing topics.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kafka_net::Error;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};
use kafka_router::{Call, DescribeTopicsOptions, Destination, Topic};

use super::{Results, fail_rest, only};
use crate::Admin;

const API: ApiKey = ApiKey::Metadata;

/// From this version on null asks for all topics; before, an empty list does.
const ALL_IS_NULL_SINCE: i16 = 1;
/// From this version on a request says whether it may create topics.
const CREATION_FLAG_SINCE: i16 = 4;

/// A topic that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicListing {
    /// Its name.
    pub name: String,
    /// Its id; zero where brokers are older than 2.8.
    pub id: Uuid,
    /// Whether Kafka keeps its own state in it, such as `__consumer_offsets`.
    /// Brokers older than 0.10 don't tell.
    pub is_internal: bool,
}

impl Admin {
    /// All topics that this client may see, internal ones included, by name.
    ///
    /// # Errors
    ///
    /// [`kafka_net::ErrorKind::Timeout`] when no broker answered in time.
    pub async fn list_topics(&self) -> Result<Vec<TopicListing>, Error> {
        let work = async move |mut call: Call| {
            loop {
                match attempt(&call).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => call.go_on(error, Duration::ZERO).await?,
                }
            }
        };
        let response = self.run(Destination::Any, API, work).await?;
        let mut topics: Vec<_> = response
            .topics
            .iter()
            .filter(|topic| {
                // Being without a leader, say, is no reason to be left out.
                ErrorCode::from(topic.error_code) != ErrorCode::UnknownTopicOrPartition
            })
            .filter_map(|topic| {
                Some(TopicListing {
                    name: topic.name.as_ref()?.to_string(),
                    id: topic.topic_id,
                    is_internal: topic.is_internal,
                })
            })
            .collect();
        topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// Describes a topic: its id, partitions, leaders and replicas, as a broker
    /// sees them now. Does not create it. However many partitions it has, each answer
    /// tells of a page of them (brokers from 3.8 on, KIP-966).
    ///
    /// # Errors
    ///
    /// [`kafka_net::ErrorKind::Broker`] with what the broker says, for instance
    /// UNKNOWN_TOPIC_OR_PARTITION, also for a topic created a moment ago that
    /// this broker doesn't know yet; [`kafka_net::ErrorKind::Timeout`].
    pub async fn describe_topic(&self, name: &str) -> Result<Arc<Topic>, Error> {
        only(self.describe_topics([name]).await)
    }

    /// Describes topics; what became of each, by name.
    pub async fn describe_topics<N>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Results<Arc<Topic>>
    where
        N: Into<String>,
    {
        self.describe_topics_with(names, DescribeTopicsOptions::default())
            .await
    }

    /// Describes topics in pages of a given size; what became of each, by name.
    ///
    /// As [`Router::describe_topics`](kafka_router::Router::describe_topics), within the
    /// times of [`AdminConfig`](crate::AdminConfig) unless the options have another for a
    /// request.
    pub async fn describe_topics_with<N>(
        &self,
        names: impl IntoIterator<Item = N>,
        options: DescribeTopicsOptions,
    ) -> Results<Arc<Topic>>
    where
        N: Into<String>,
    {
        let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        let options = options.or_request_timeout(self.config().request_timeout);
        let asked = names.iter().map(StrBytes::from);
        let described = self
            .router()
            .describe_topics(asked, &options, self.deadline());
        match described.await {
            Ok(described) => described
                .into_iter()
                .map(|(name, result)| (name.to_string(), result))
                .collect(),
            Err(error) => fail_rest(Results::new(), names, &error),
        }
    }
}

async fn attempt(call: &Call) -> Result<MetadataResponse, Error> {
    let connection = call.connection().await?;
    let version = connection.version_of::<MetadataRequest>(None)?;
    let all = (version < ALL_IS_NULL_SINCE).then(Vec::new);
    let request = MetadataRequest::new().with_topics(all);
    let request = if version >= CREATION_FLAG_SINCE {
        request.with_allow_auto_topic_creation(false)
    } else {
        request
    };
    let response = call.ask(&connection, &request, Some(version)).await?;
    let code = ErrorCode::from(response.error_code);
    if !code.is_ok() {
        return Err(Error::broker(code)
            .with_api(API)
            .with_broker(connection.broker()));
    }
    Ok(response)
}
