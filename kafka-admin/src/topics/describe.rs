//! Listing and describing topics.

use std::collections::BTreeSet;
use std::sync::Arc;

use kafka_net::Error;
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, Uuid};
use kafka_router::{Cluster, Topic};

use super::{Results, fail_rest, left_out, only, refusal};
use crate::Admin;
use crate::admin::Call;

const API: ApiKey = ApiKey::Metadata;

/// From this version on null asks for all topics; before, an empty list does.
const ALL_IS_NULL_SINCE: i16 = 1;
/// From this version on asking about a topic need not create it. Older brokers
/// are asked for all topics instead.
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
        let (response, _) = self.metadata(None).await?;
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
    /// sees them now. Does not create it.
    ///
    /// # Errors
    ///
    /// [`kafka_net::ErrorKind::Broker`] with what the broker says, for instance
    /// UNKNOWN_TOPIC_OR_PARTITION, also for a topic created a moment ago that
    /// this broker doesn't know yet; [`kafka_net::ErrorKind::Timeout`].
    pub async fn describe_topic(&self, name: &str) -> Result<Arc<Topic>, Error> {
        only(self.describe_topics([name]).await)
    }

    /// Describes topics with one request; what became of each, by name.
    pub async fn describe_topics<N>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Results<Arc<Topic>>
    where
        N: Into<String>,
    {
        let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Results::new();
        }
        let described = self.metadata(Some(names.clone())).await;
        match described.and_then(|(response, version)| describe(response, version, &names)) {
            Ok(results) => results,
            Err(error) => fail_rest(Results::new(), names, &error),
        }
    }

    /// The metadata of these topics, or of all, and the version it came in.
    async fn metadata(
        &self,
        names: Option<BTreeSet<String>>,
    ) -> Result<(MetadataResponse, i16), Error> {
        self.run(API, async move |mut call: Call| {
            loop {
                match attempt(&call, names.as_ref()).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => call.recover(error).await?,
                }
            }
        })
        .await
    }
}

async fn attempt(
    call: &Call,
    names: Option<&BTreeSet<String>>,
) -> Result<(MetadataResponse, i16), Error> {
    let connection = call.anyone().await?;
    let version = connection.version_of::<MetadataRequest>(None)?;
    let request = request(names, version);
    let response = call.ask(&connection, &request, version).await?;
    let code = ErrorCode::from(response.error_code);
    if !code.is_ok() {
        return Err(Error::broker(code)
            .with_api(API)
            .with_broker(connection.broker()));
    }
    Ok((response, version))
}

fn request(names: Option<&BTreeSet<String>>, version: i16) -> MetadataRequest {
    let named = names.filter(|_| version >= CREATION_FLAG_SINCE);
    let topics = named.map(|names| {
        names
            .iter()
            .map(|name| MetadataRequestTopic::new().with_name(Some(StrBytes::from(name))))
            .collect::<Vec<_>>()
    });
    let request = MetadataRequest::new();
    if version >= CREATION_FLAG_SINCE {
        request
            .with_topics(topics)
            .with_allow_auto_topic_creation(false)
    } else if version >= ALL_IS_NULL_SINCE {
        request.with_topics(None)
    } else {
        request.with_topics(Some(Vec::new()))
    }
}

fn describe(
    response: MetadataResponse,
    version: i16,
    names: &BTreeSet<String>,
) -> Result<Results<Arc<Topic>>, Error> {
    let mut results = Results::new();
    for topic in &response.topics {
        let code = ErrorCode::from(topic.error_code);
        if let Some(name) = topic.name.as_deref().and_then(|name| names.get(name))
            && !code.is_ok()
        {
            results.insert(name.clone(), Err(refusal(API, name, code, None)));
        }
    }
    let cluster = Cluster::from_metadata(response, version)?;
    for name in names {
        let result = match cluster.topic(name) {
            Some(topic) => Ok(Arc::clone(topic)),
            // A broker asked for all topics says nothing of those it lacks.
            None if version < CREATION_FLAG_SINCE => {
                let code = ErrorCode::UnknownTopicOrPartition;
                Err(refusal(API, name, code, None))
            }
            None => Err(left_out(API, name)),
        };
        results.entry(name.clone()).or_insert(result);
    }
    Ok(results)
}
