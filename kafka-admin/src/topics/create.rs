//! Creating topics.

use std::collections::{BTreeMap, BTreeSet};

use kafka_net::{Connection, Error, ErrorKind};
use kafka_protocol::messages::CreateTopicsRequest;
use kafka_protocol::messages::create_topics::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::{ApiKey, ErrorCode, Uuid};
use kafka_router::{Call, Destination};

use super::{NewTopic, Results, fail_rest, left_out, only, refusal};
use crate::Admin;
use crate::admin::{Unsettled, broker_timeout_ms, controller, go_on};

const API: ApiKey = ApiKey::CreateTopics;

/// From this version on a request can ask for a check only.
const VALIDATE_SINCE: i16 = 1;

/// How to create topics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateTopicsOptions {
    validate_only: bool,
}

impl CreateTopicsOptions {
    /// Whether the controller is only to say whether it would create the topics
    /// (brokers from 0.10.2 on). Default false.
    #[must_use]
    pub fn validate_only(mut self, validate_only: bool) -> Self {
        self.validate_only = validate_only;
        self
    }
}

/// A topic that was created, or could be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicCreated {
    /// Its name.
    pub name: String,
    /// Its id; zero where brokers are older than 2.8 or it was a check only.
    pub id: Uuid,
    /// How many partitions it has; brokers from 2.4 on tell, if this client may
    /// see the topic's settings.
    pub partitions: Option<i32>,
    /// On how many brokers each is; told like the partitions.
    pub replication_factor: Option<i16>,
    /// Its settings by name, defaults included; told like the partitions.
    pub configs: Option<BTreeMap<String, TopicConfig>>,
}

/// A setting of a topic.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicConfig {
    /// Its value; `None` for a secret or where there is none.
    pub value: Option<String>,
    /// Whether it can't be changed.
    pub is_read_only: bool,
    /// Whether the value is a secret, which brokers don't tell.
    pub is_sensitive: bool,
}

/// Settings may hold what no log should.
impl std::fmt::Debug for TopicConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TopicConfig")
            .field("is_read_only", &self.is_read_only)
            .field("is_sensitive", &self.is_sensitive)
            .finish_non_exhaustive()
    }
}

impl Admin {
    /// Creates a topic.
    ///
    /// Returns once the controller has created it; a moment may pass until every
    /// broker knows it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Broker`] with what the controller says, for instance
    /// TOPIC_ALREADY_EXISTS; [`ErrorKind::UnsupportedVersion`] when the brokers
    /// are too old for what is asked; [`ErrorKind::Timeout`].
    pub async fn create_topic(&self, topic: NewTopic) -> Result<TopicCreated, Error> {
        only(self.create_topics(vec![topic]).await)
    }

    /// Creates topics with one request; what became of each, by name.
    pub async fn create_topics(&self, topics: Vec<NewTopic>) -> Results<TopicCreated> {
        self.create_topics_with(topics, CreateTopicsOptions::default())
            .await
    }

    /// Creates topics, or checks whether they could be.
    pub async fn create_topics_with(
        &self,
        topics: Vec<NewTopic>,
        options: CreateTopicsOptions,
    ) -> Results<TopicCreated> {
        let names: BTreeSet<String> = topics.iter().map(|t| t.name().to_owned()).collect();
        let work = async move |call| Ok(create(call, topics, options).await);
        match self.run(Destination::Controller, API, work).await {
            Ok(results) => results,
            Err(error) => fail_rest(Results::new(), names, &error),
        }
    }
}

async fn create(
    mut call: Call,
    topics: Vec<NewTopic>,
    options: CreateTopicsOptions,
) -> Results<TopicCreated> {
    let mut results = Results::new();
    let mut rest: BTreeMap<String, NewTopic> = BTreeMap::new();
    for topic in topics {
        let name = topic.name().to_owned();
        if rest.insert(name.clone(), topic).is_some() {
            results.insert(name.clone(), Err(named_twice(&name)));
        }
    }
    rest.retain(|name, _| !results.contains_key(name));
    while !rest.is_empty() {
        let outcome = attempt(&call, &mut rest, &options, &mut results).await;
        if rest.is_empty() {
            break;
        }
        if let Err(error) = go_on(&mut call, outcome).await {
            return fail_rest(results, rest.into_keys(), &error);
        }
    }
    results
}

/// Moves every topic that is settled from the rest to the results.
async fn attempt(
    call: &Call,
    rest: &mut BTreeMap<String, NewTopic>,
    options: &CreateTopicsOptions,
    results: &mut Results<TopicCreated>,
) -> Result<Unsettled, Error> {
    let connection = controller::<CreateTopicsRequest>(call).await?;
    let version = connection.version_of::<CreateTopicsRequest>(None)?;
    if options.validate_only && version < VALIDATE_SINCE {
        return Err(cannot_validate(&connection, version));
    }
    let mut topics = Vec::new();
    rest.retain(|name, topic| match topic.encode(version) {
        Ok(topic) => {
            topics.push(topic);
            true
        }
        Err(error) => {
            results.insert(name.clone(), Err(error));
            false
        }
    });
    let mut unsettled = Unsettled::new(API);
    if topics.is_empty() {
        return Ok(unsettled);
    }
    let request = CreateTopicsRequest::new()
        .with_topics(topics)
        .with_timeout_ms(broker_timeout_ms(call))
        .with_validate_only(options.validate_only);
    let response = call.ask(&connection, &request, Some(version)).await?;
    let mut left = BTreeMap::new();
    for answer in response.topics {
        let code = ErrorCode::from(answer.error_code);
        if let Some((name, topic)) = rest.remove_entry(&*answer.name) {
            if unsettled.takes(code, response.throttle_time_ms) {
                left.insert(name, topic);
            } else {
                let result = settle(answer, code, call.possibly_written());
                results.insert(name, result);
            }
        }
    }
    for name in std::mem::replace(rest, left).into_keys() {
        let error = left_out(API, &name);
        results.insert(name, Err(error));
    }
    Ok(unsettled)
}

fn settle(
    answer: CreatableTopicResult,
    code: ErrorCode,
    tried_before: bool,
) -> Result<TopicCreated, Error> {
    if !code.is_ok() {
        let message = answer.error_message.as_deref();
        let error = refusal(API, &answer.name, code, message);
        return Err(match code {
            ErrorCode::TopicAlreadyExists if tried_before => error
                .with_possibly_written(true)
                .with_hint("an earlier attempt of this call may have created it"),
            _ => error,
        });
    }
    let config = |config: CreatableTopicConfigs| {
        let value = TopicConfig {
            value: config.value.map(|value| value.to_string()),
            is_read_only: config.read_only,
            is_sensitive: config.is_sensitive,
        };
        (config.name.to_string(), value)
    };
    // Older versions carry no settings at all, which decodes as an empty list.
    let told = answer.num_partitions >= 0;
    let configs = answer.configs.filter(|_| told);
    Ok(TopicCreated {
        name: answer.name.to_string(),
        id: answer.topic_id,
        partitions: told.then_some(answer.num_partitions),
        replication_factor: told.then_some(answer.replication_factor),
        configs: configs.map(|configs| configs.into_iter().map(config).collect()),
    })
}

fn named_twice(name: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument)
        .with_message("the topic is named twice")
        .with_topic(name)
}

fn cannot_validate(connection: &Connection, version: i16) -> Error {
    Error::new(ErrorKind::UnsupportedVersion)
        .with_message(format!(
            "validate_only needs CreateTopics v{VALIDATE_SINCE}, the broker speaks v{version}"
        ))
        .with_hint("checking without creating needs Kafka 0.10.2 or later")
        .with_api(API)
        .with_broker(connection.broker())
}
