//! Describing topics: in pages where the brokers can (KIP-966), so that no answer is
//! larger than a page however many partitions a topic has; else by Metadata.

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, ErrorKind, Waiting};
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::{DescribeTopicPartitionsRequest, MetadataRequest};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};

use crate::call::Call;
use crate::cluster::{Cluster, Topic};
use crate::destination::Destination;
use crate::merge;
use crate::refresh::check_topic_name;
use crate::router::Router;
use pages::Pages;

/// From this version on asking about a topic need not create it. Older brokers are
/// asked for all topics instead.
const CREATION_FLAG_SINCE: i16 = 4;
/// From this version on null asks for all topics; before, an empty list does.
const ALL_IS_NULL_SINCE: i16 = 1;

/// What became of each topic, by name.
pub(crate) type Described = BTreeMap<StrBytes, Result<Arc<Topic>, Error>>;

/// How to describe topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeTopicsOptions {
    partitions_per_page: u16,
    request_timeout: Option<Duration>,
}

impl DescribeTopicsOptions {
    /// How many partitions one answer may tell of; brokers have a limit of their own,
    /// `max.request.partition.size.limit`, 2,000 by default. Default 2,000; zero counts as
    /// one. Brokers before Kafka 3.8 and those with ZooKeeper know no pages: they answer
    /// at once about everything.
    #[must_use]
    pub fn with_partitions_per_page(mut self, partitions: u16) -> Self {
        self.partitions_per_page = partitions;
        self
    }

    /// The time for one page, after which it is asked for again, elsewhere if possible.
    /// Default: the request timeout of the pool.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// The same, with this for the time of one page where none was given.
    #[must_use]
    pub fn or_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout.get_or_insert(timeout);
        self
    }
}

impl Default for DescribeTopicsOptions {
    fn default() -> Self {
        Self {
            partitions_per_page: 2_000,
            request_timeout: None,
        }
    }
}

impl Router {
    /// Describes topics as a broker sees them now: what became of each, by name. Neither
    /// creates them nor takes them in use.
    ///
    /// Asks any broker, page after page (KIP-966, DescribeTopicPartitions), and by
    /// Metadata where the brokers don't know that. Pages may come from different brokers
    /// and times: a topic that was recreated between two is begun anew, one that got
    /// partitions has them. Only pages tell [`Partition::eligible_leaders`].
    ///
    /// [`Partition::eligible_leaders`]: crate::Partition::eligible_leaders
    ///
    /// # Errors
    ///
    /// Per topic: [`ErrorKind::Broker`] with what the broker says, for instance
    /// UNKNOWN_TOPIC_OR_PARTITION, also for a topic created a moment ago that this
    /// broker doesn't know yet; [`ErrorKind::InvalidArgument`] for a name that no
    /// request can carry; [`ErrorKind::UnexpectedResponse`] when the pages lead nowhere
    /// or leave the topic out; [`ErrorKind::Timeout`] at the deadline, with the last
    /// failure as its source. For all of them: [`ErrorKind::Closed`].
    pub fn describe_topics<N>(
        &self,
        names: impl IntoIterator<Item = N>,
        options: &DescribeTopicsOptions,
        deadline: Instant,
    ) -> Waiting<BTreeMap<StrBytes, Result<Arc<Topic>, Error>>>
    where
        N: Into<StrBytes>,
    {
        let names: BTreeSet<StrBytes> = names.into_iter().map(Into::into).collect();
        let mut refused = Described::new();
        let mut left = BTreeSet::new();
        for name in names {
            match check_topic_name(&name) {
                Ok(()) => drop(left.insert(name)),
                Err(error) => drop(refused.insert(name, Err(error))),
            }
        }
        if left.is_empty() {
            return Waiting::ready(Ok(refused));
        }
        let request_timeout = options.request_timeout;
        let mut pages = Pages::new(left, refused, options.partitions_per_page);
        let work = async move |mut call: Call| {
            if let Some(timeout) = request_timeout {
                call = call.with_request_timeout(timeout);
            }
            while !pages.is_done() {
                match attempt(&call, &mut pages).await {
                    Ok(()) => call.progressed(),
                    Err(error) => match call.go_on(error, Duration::ZERO).await {
                        Ok(()) => {}
                        Err(closed) if *closed.kind() == ErrorKind::Closed => return Err(closed),
                        Err(error) => pages.fail_rest(&error),
                    },
                }
            }
            Ok(pages.finish())
        };
        let api = ApiKey::DescribeTopicPartitions;
        self.call(Destination::Any, api, deadline, work)
    }
}

/// Asks one broker once. An error settles nothing by itself.
async fn attempt(call: &Call, pages: &mut Pages) -> Result<(), Error> {
    let connection = call.connection().await?;
    if !pages.are_refused() {
        match connection.version_of::<DescribeTopicPartitionsRequest>(None) {
            Ok(version) => {
                let request = pages.request();
                let answer = call.ask(&connection, &request, Some(version)).await?;
                let cluster = call.router().cluster();
                return pages
                    .on_page(answer, &cluster)
                    .map_err(|error| error.with_broker(connection.broker()));
            }
            Err(error) if *error.kind() == ErrorKind::UnsupportedVersion => {}
            Err(error) => return Err(error),
        }
    }
    let described = by_metadata(call, &connection, pages.left())
        .await
        .map_err(|error| {
            error
                .with_api(ApiKey::Metadata)
                .with_broker(connection.broker())
        })?;
    pages.settle_all(described);
    Ok(())
}

/// The same with one answer about everything.
async fn by_metadata(
    call: &Call,
    connection: &Connection,
    names: &BTreeSet<StrBytes>,
) -> Result<Described, Error> {
    let version = connection.version_of::<MetadataRequest>(None)?;
    let request = metadata_request(names, version);
    let response = call.ask(connection, &request, Some(version)).await?;
    merge::check(&response)?;
    let mut described = Described::new();
    for topic in &response.topics {
        let code = ErrorCode::from(topic.error_code);
        if let Some(name) = topic.name.as_ref().and_then(|name| names.get(&**name))
            && !code.is_ok()
        {
            let error = refusal(ApiKey::Metadata, name, code);
            described.insert(name.clone(), Err(error));
        }
    }
    let cluster = Cluster::from_metadata(response, version)?;
    for name in names {
        let result = match cluster.topic(name) {
            Some(topic) => Ok(Arc::clone(topic)),
            // A broker asked for all topics says nothing of those it lacks.
            None if version < CREATION_FLAG_SINCE => {
                let code = ErrorCode::UnknownTopicOrPartition;
                Err(refusal(ApiKey::Metadata, name, code))
            }
            None => Err(left_out(ApiKey::Metadata, name)),
        };
        described.entry(name.clone()).or_insert(result);
    }
    Ok(described)
}

fn metadata_request(names: &BTreeSet<StrBytes>, version: i16) -> MetadataRequest {
    let request = MetadataRequest::new();
    if version >= CREATION_FLAG_SINCE {
        let topics = names
            .iter()
            .map(|name| MetadataRequestTopic::new().with_name(Some(name.clone())))
            .collect::<Vec<_>>();
        request
            .with_topics(Some(topics))
            .with_allow_auto_topic_creation(false)
    } else if version >= ALL_IS_NULL_SINCE {
        request.with_topics(None)
    } else {
        request.with_topics(Some(Vec::new()))
    }
}

/// A broker's refusal of one topic.
fn refusal(api: ApiKey, name: &StrBytes, code: ErrorCode) -> Error {
    let error = Error::broker(code).with_api(api).with_topic(name.clone());
    match code {
        ErrorCode::TopicAuthorizationFailed => {
            error.with_hint("this client needs the DESCRIBE permission on the topic")
        }
        _ => error,
    }
}

/// A topic that was asked about and is missing from the answer.
fn left_out(api: ApiKey, name: &StrBytes) -> Error {
    Error::new(ErrorKind::UnexpectedResponse)
        .with_message("the answer leaves the topic out")
        .with_api(api)
        .with_topic(name.clone())
}
