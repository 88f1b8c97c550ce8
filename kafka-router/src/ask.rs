//! Putting questions to brokers.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::try_join_all;
use kafka_net::{BrokerAddress, Connection, Error, ErrorKind, Lane, Pool, SendOptions, clock};
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::{FindCoordinatorRequest, MetadataRequest};
use kafka_protocol::{ApiKey, ErrorCode};

use crate::candidates::{Candidate, Link, candidates};
use crate::cluster::Cluster;
use crate::coordinator::{self, BATCHED_SINCE, Found, Lookup};
use crate::merge;
use crate::race::{STAGGER, first_ok};
use crate::refresh::{Answer, Question};
use crate::shared::Shared;

/// From this version on a request says whether it may create topics.
const CREATION_FLAG_SINCE: i16 = 4;

/// The answer of the first broker that gives a usable one.
pub(crate) async fn metadata(shared: Arc<Shared>, question: Question) -> Result<Answer, Error> {
    let cluster = shared.cluster();
    let ask = |candidate| ask_metadata(&shared, candidate, &question, &cluster);
    if question.from_bootstrap {
        tracing::debug!("no known broker gives metadata: the bootstrap addresses come first");
        // They alone could be gone by the time that the others are back.
        let mut everyone = shared.candidates(&cluster, None);
        everyone.sort_by_key(|candidate| !candidate.is_bootstrap);
        return match first_ok(everyone, STAGGER, &ask)
            .await
            .map_err(nobody_answered)?
        {
            Told::Answer(answer) => Ok(*answer),
            Told::Rebootstrap => from_bootstrap(&shared, &cluster, ask).await,
        };
    }
    let everyone = shared.candidates(&cluster, None);
    let told = first_ok(everyone, STAGGER, &ask)
        .await
        .map_err(nobody_answered)?;
    match told {
        Told::Answer(answer) => Ok(*answer),
        Told::Rebootstrap => {
            tracing::info!("a broker asks for a new start from the bootstrap addresses");
            from_bootstrap(&shared, &cluster, ask).await
        }
    }
}

/// The same from the bootstrap addresses alone.
async fn from_bootstrap<F, Fut>(shared: &Shared, cluster: &Cluster, ask: F) -> Result<Answer, Error>
where
    F: Fn(Candidate) -> Fut,
    Fut: Future<Output = Result<Told, Error>>,
{
    let mut bootstrap = shared.candidates(cluster, None);
    bootstrap.retain(|candidate| candidate.is_bootstrap);
    match first_ok(bootstrap, STAGGER, ask)
        .await
        .map_err(nobody_answered)?
    {
        Told::Answer(answer) => Ok(*answer),
        Told::Rebootstrap => Err(Error::broker(ErrorCode::RebootstrapRequired)
            .with_api(ApiKey::Metadata)
            .with_hint("the bootstrap addresses lead to brokers that know no others")),
    }
}

/// The coordinators of some keys, from the first broker that answers.
pub(crate) async fn coordinators(shared: Arc<Shared>, lookup: Lookup) -> Result<Vec<Found>, Error> {
    let cluster = shared.cluster();
    let everyone = shared.candidates(&cluster, None);
    first_ok(everyone, STAGGER, |candidate| {
        ask_coordinators(&shared.pool, candidate.address, &lookup)
    })
    .await
    .map_err(nobody_answered)
}

/// A connection to the first broker that takes one.
pub(crate) async fn connect_any(
    shared: Arc<Shared>,
    lane: Lane,
    deadline: Instant,
    avoid: Option<i32>,
) -> Result<Connection, Error> {
    let everyone = shared.candidates(&shared.cluster(), avoid);
    first_ok(everyone, STAGGER, |candidate| {
        connect(&shared.pool, candidate.address, lane, deadline)
    })
    .await
    .map_err(nobody_answered)
}

impl Shared {
    fn candidates(&self, cluster: &Cluster, avoid: Option<i32>) -> Vec<Candidate> {
        let bootstrap = if self.config.rebootstraps() || cluster.brokers().len() == 0 {
            self.config.bootstrap()
        } else {
            &[]
        };
        candidates(
            cluster,
            bootstrap,
            |address| match self.pool.existing(address, Lane::Control) {
                None => Link::None,
                Some(connection) => connection
                    .throttled_until()
                    .map_or(Link::Free, Link::Throttled),
            },
            |id| self.loads.of(id),
            avoid,
            clock::now(),
            self.pool.env().random(),
        )
    }
}

enum Told {
    Answer(Box<Answer>),
    Rebootstrap,
}

async fn ask_metadata(
    shared: &Shared,
    candidate: Candidate,
    question: &Question,
    cluster: &Cluster,
) -> Result<Told, Error> {
    let address = &candidate.address;
    let pool = &shared.pool;
    let timeout = pool.config().request_timeout();
    let connection = connect(pool, address.clone(), Lane::Control, clock::now() + timeout).await?;
    let version = connection.version_of::<MetadataRequest>(None)?;
    let request = metadata_request(question, version);
    let options = SendOptions::new(timeout).with_version(version);
    let response = connection.request(&request, &options).await?;
    if ErrorCode::from(response.error_code) == ErrorCode::RebootstrapRequired {
        if shared.config.rebootstraps() {
            return Ok(Told::Rebootstrap);
        }
        // The others are asked then: it may be this broker's opinion only.
        return Err(Error::broker(ErrorCode::RebootstrapRequired)
            .with_api(ApiKey::Metadata)
            .with_broker(address)
            .with_hint("metadata_recovery forbids to ask the bootstrap addresses again"));
    }
    // 0.8 names no broker, not even itself, while its cluster has no topic. Asking for
    // one makes it, and then there are brokers.
    let has_none = response
        .topics
        .iter()
        .all(|topic| topic.partitions.is_empty());
    let is_fresh = has_none && cluster.brokers().len() == 0 && is_of_0_8(&connection);
    if !(is_fresh && response.brokers.is_empty()) {
        merge::check(&response).map_err(|error| error.with_broker(address))?;
    }
    let other_cluster = match (cluster.cluster_id(), &response.cluster_id) {
        (Some(known), Some(told)) => known != told,
        _ => false,
    };
    if other_cluster && !candidate.is_bootstrap {
        // The address was taken over by another cluster's broker. Only the
        // addresses that the user named may move this client elsewhere.
        let error = Error::new(ErrorKind::UnexpectedResponse)
            .with_message("a broker of another cluster answered")
            .with_api(ApiKey::Metadata)
            .with_broker(address);
        connection.close_with(error.clone());
        return Err(error);
    }
    if other_cluster {
        tracing::warn!(broker = %address, "the bootstrap address leads to another cluster now");
    }
    Ok(Told::Answer(Box::new(Answer {
        response,
        version,
        other_cluster,
    })))
}

/// Alone among those that cannot be asked for their versions, it has no groups.
fn is_of_0_8(connection: &Connection) -> bool {
    let versions = connection.api_versions();
    !versions.is_negotiated() && versions.range(ApiKey::JoinGroup).is_none()
}

fn metadata_request(question: &Question, version: i16) -> MetadataRequest {
    let topics: Vec<MetadataRequestTopic> = question
        .topics
        .iter()
        .map(|name| MetadataRequestTopic::new().with_name(Some(name.clone())))
        .collect();
    // In version 0 no topics means all of them: such a broker can't be asked for
    // its peers alone. What it tells of topics not in use is left aside.
    let request = MetadataRequest::new().with_topics(Some(topics));
    if version >= CREATION_FLAG_SINCE {
        request.with_allow_auto_topic_creation(question.allow_auto_topic_creation)
    } else {
        request
    }
}

async fn ask_coordinators(
    pool: &Pool,
    address: BrokerAddress,
    lookup: &Lookup,
) -> Result<Vec<Found>, Error> {
    let timeout = pool.config().request_timeout();
    let connection = connect(pool, address, Lane::Control, clock::now() + timeout).await?;
    let version = connection.version_of::<FindCoordinatorRequest>(None)?;
    let needed = lookup.kind.since_version();
    if version < needed {
        return Err(Error::new(ErrorKind::UnsupportedVersion)
            .with_message(format!(
                "the broker's FindCoordinator is v{version}, v{needed} is needed"
            ))
            .with_api(ApiKey::FindCoordinator)
            .with_broker(connection.broker()));
    }
    let options = SendOptions::new(timeout).with_version(version);
    let keys_at_once = if version >= BATCHED_SINCE {
        lookup.keys.len()
    } else {
        1
    };
    let asked = lookup.keys.chunks(keys_at_once.max(1)).map(async |keys| {
        let request = coordinator::request(lookup.kind, keys, version);
        let response = connection.request(&request, &options).await?;
        Ok(coordinator::answers(response, keys, version))
    });
    let answers: Vec<Vec<Found>> = try_join_all(asked).await?;
    Ok(answers.into_iter().flatten().collect())
}

async fn connect(
    pool: &Pool,
    address: BrokerAddress,
    lane: Lane,
    deadline: Instant,
) -> Result<Connection, Error> {
    match pool.existing(&address, lane) {
        Some(connection) => Ok(connection),
        // One attempt: there are others to turn to.
        None => pool.attempt(&address, lane, deadline).await,
    }
}

/// One error for many attempts, with the others named: that this client is not let
/// in, which the next broker will say as well; else the last one that may pass.
fn nobody_answered(errors: Vec<Error>) -> Error {
    const MAX_NAMED: usize = 5;
    let chosen = errors
        .iter()
        .rposition(|error| *error.kind() == ErrorKind::Authentication)
        .or_else(|| errors.iter().rposition(Error::is_retriable))
        .or(errors.len().checked_sub(1));
    let Some((index, error)) = chosen.and_then(|index| Some((index, errors.get(index)?))) else {
        return Error::new(ErrorKind::Connect).with_message("no broker is known");
    };
    if errors.len() == 1 {
        return error.clone();
    }
    let others: Vec<String> = errors
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index)
        .take(MAX_NAMED)
        .map(|(_, error)| error.to_string())
        .collect();
    error
        .clone()
        .with_hint(format!("no broker answered; before: {}", others.join("; ")))
}
