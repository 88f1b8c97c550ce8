//! Who waits for metadata, for what, and until when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kafka_net::{BrokerAddress, Error, ErrorKind};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};

use super::question::Question;
use crate::cluster::Cluster;

/// Names one waiter; never used twice.
pub(crate) type WaiterId = u64;

/// What someone waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Any snapshot.
    Ready,
    /// A topic without an error and with partitions.
    Topic(StrBytes),
    /// The address of a broker.
    Broker(i32),
    /// A controller whose address is known.
    Controller,
    /// The answer to a question that was asked after the wait began. It asks for
    /// these topics, or for all in use when there are none here.
    Round(Vec<StrBytes>),
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) goal: Goal,
    since: Instant,
    deadline: Instant,
    /// Only answers to later questions count for [`Goal::Round`].
    after_question: u64,
    /// What the last answer said about the topic waited for.
    last_error: Option<ErrorCode>,
    tries: u32,
}

/// All waiters, by id and by deadline.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    by_id: BTreeMap<WaiterId, Waiter>,
    by_deadline: BTreeSet<(Instant, WaiterId)>,
    /// How many wait for each topic.
    by_topic: BTreeMap<StrBytes, usize>,
    rounds: usize,
    others: usize,
}

impl Waiters {
    pub(super) fn insert(
        &mut self,
        id: WaiterId,
        goal: Goal,
        now: Instant,
        deadline: Instant,
        after_question: u64,
    ) {
        match &goal {
            Goal::Topic(name) => *self.by_topic.entry(name.clone()).or_default() += 1,
            Goal::Round(_) => self.rounds += 1,
            Goal::Ready | Goal::Broker(_) | Goal::Controller => self.others += 1,
        }
        self.by_deadline.insert((deadline, id));
        let waiter = Waiter {
            goal,
            since: now,
            deadline,
            after_question,
            last_error: None,
            tries: 0,
        };
        self.by_id.insert(id, waiter);
    }

    pub(super) fn remove(&mut self, id: WaiterId) -> Option<Waiter> {
        let waiter = self.by_id.remove(&id)?;
        self.by_deadline.remove(&(waiter.deadline, id));
        match &waiter.goal {
            Goal::Topic(name) => {
                if let Some(count) = self.by_topic.get_mut(name) {
                    *count -= 1;
                    if *count == 0 {
                        self.by_topic.remove(name);
                    }
                }
            }
            Goal::Round(_) => self.rounds -= 1,
            Goal::Ready | Goal::Broker(_) | Goal::Controller => self.others -= 1,
        }
        Some(waiter)
    }

    /// The waiter whose deadline is first, if it has passed.
    pub(super) fn expired(&self, now: Instant) -> Option<WaiterId> {
        self.by_deadline
            .first()
            .filter(|(deadline, _)| *deadline <= now)
            .map(|(_, id)| *id)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn ids(&self) -> Vec<WaiterId> {
        self.by_id.keys().copied().collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether anyone waits for this topic.
    pub(super) fn is_sought(&self, topic: &str) -> bool {
        self.by_topic.contains_key(topic)
    }

    /// Whether anyone waits for this topic, or for news of it.
    pub(super) fn is_wanted(&self, topic: &str) -> bool {
        self.is_sought(topic)
            || (self.rounds > 0
                && self.by_id.values().any(|waiter| {
                    matches!(&waiter.goal, Goal::Round(_))
                        && waiter.goal.topics().iter().any(|name| **name == *topic)
                }))
    }

    /// The topics that someone waits for.
    pub(super) fn sought(&self) -> impl ExactSizeIterator<Item = &StrBytes> + '_ {
        self.by_topic.keys()
    }

    /// Whether anyone insists on a new answer.
    pub(super) fn any_round(&self) -> bool {
        self.rounds > 0
    }

    /// The topics that those who insist on a new answer want in it; whether one
    /// of them wants all in use.
    pub(super) fn rounds(&self) -> (BTreeSet<StrBytes>, bool) {
        let mut topics = BTreeSet::new();
        let mut all = false;
        for waiter in self.by_id.values() {
            if let Goal::Round(names) = &waiter.goal {
                all |= names.is_empty();
                topics.extend(names.iter().cloned());
            }
        }
        (topics, all)
    }

    /// Whether anyone waits for something other than topics and new answers.
    pub(super) fn any_other(&self) -> bool {
        self.others > 0
    }

    /// Judges every waiter by an answer: who is done, and how.
    pub(super) fn judge(
        &mut self,
        question: &Question,
        cluster: &Cluster,
        topic_errors: &BTreeMap<StrBytes, ErrorCode>,
    ) -> Vec<(WaiterId, Result<(), Error>)> {
        let mut done = Vec::new();
        for (id, waiter) in &mut self.by_id {
            if waiter.is_satisfied(cluster, Some(question)) {
                done.push((*id, Ok(())));
            } else if let Some(error) = waiter.refused(question, cluster, topic_errors) {
                done.push((*id, Err(error)));
            }
        }
        done
    }
}

impl Waiter {
    /// Whether the wait is over, given the snapshot and what it came from.
    fn is_satisfied(&self, cluster: &Cluster, question: Option<&Question>) -> bool {
        match (&self.goal, question) {
            (Goal::Round(topics), Some(question)) => {
                question.id > self.after_question && question.covers(topics)
            }
            (goal, _) => goal.is_met_by(cluster),
        }
    }

    /// Takes note of what the answer says about the topic waited for; the error
    /// when waiting longer cannot help.
    fn refused(
        &mut self,
        question: &Question,
        cluster: &Cluster,
        topic_errors: &BTreeMap<StrBytes, ErrorCode>,
    ) -> Option<Error> {
        let Goal::Topic(name) = &self.goal else {
            return None;
        };
        if !question.topics.contains(name) {
            return None;
        }
        let code = topic_errors
            .get(name)
            .copied()
            .or_else(|| cluster.topic(name).and_then(|topic| topic.error()))
            .unwrap_or(ErrorCode::UnknownTopicOrPartition);
        self.last_error = Some(code);
        self.tries = self.tries.saturating_add(1);
        let hint = match code {
            ErrorCode::InvalidTopicException => {
                "topic names have 1 to 249 letters, digits, '.', '_' and '-'"
            }
            ErrorCode::TopicAuthorizationFailed => {
                "this client needs the DESCRIBE permission on the topic"
            }
            ErrorCode::ClusterAuthorizationFailed => {
                "create the topic, or give this client the permission to create it"
            }
            // Everything else may pass: brokers start, creation takes time.
            _ => return None,
        };
        let error = Error::broker(code)
            .with_api(ApiKey::Metadata)
            .with_topic(name.clone())
            .with_hint(hint);
        Some(error)
    }

    /// The error for a wait whose deadline has passed.
    pub(super) fn late(&self, failure: Option<&Error>, creation_allowed: bool) -> Error {
        let waited = self.deadline.saturating_duration_since(self.since);
        let timeout = |what: &str| Error::timeout(what, waited).with_api(ApiKey::Metadata);
        let error = match &self.goal {
            Goal::Topic(name) => match self.last_error {
                Some(code) => return self.missing(name, code, waited, creation_allowed),
                None => timeout("no metadata of the topic").with_topic(name.clone()),
            },
            Goal::Ready => {
                let error = timeout("no bootstrap address answered");
                error.with_hint(match failure.map(Error::kind) {
                    None => "check the bootstrap addresses and that a broker listens there",
                    Some(ErrorKind::Disconnected) => {
                        "a listener that closes what it has accepted may want TLS or SASL"
                    }
                    Some(_) => "check the bootstrap addresses",
                })
            }
            Goal::Broker(id) => timeout(&format!("no metadata that names broker {id}"))
                .with_hint("the broker may be down or gone"),
            Goal::Controller => timeout("no metadata that names a controller").with_hint(
                "the cluster has none at the moment, or its brokers are older than 0.10",
            ),
            Goal::Round(_) => timeout("no answer to a metadata refresh"),
        };
        match failure {
            Some(failure) => error.with_source(failure.clone()),
            None => error,
        }
    }

    /// The brokers answered, but the topic isn't there, or not usable.
    fn missing(
        &self,
        name: &StrBytes,
        code: ErrorCode,
        waited: Duration,
        creation_allowed: bool,
    ) -> Error {
        let advice = match (code, creation_allowed) {
            (ErrorCode::UnknownTopicOrPartition, true) => {
                "create the topic, or enable auto.create.topics.enable on the brokers"
            }
            (ErrorCode::UnknownTopicOrPartition, false) => {
                "create the topic, or allow its creation: allow_auto_topic_creation here and \
                 auto.create.topics.enable on the brokers"
            }
            _ => "check the topic's partitions and the brokers that hold them",
        };
        Error::broker(code)
            .with_api(ApiKey::Metadata)
            .with_topic(name.clone())
            .with_attempts(self.tries)
            .with_hint(format!("still so after {:?}; {advice}", to_millis(waited)))
    }
}

/// To the nearest one: what is left of a deadline comes in nanoseconds.
fn to_millis(waited: Duration) -> Duration {
    let millis = waited.as_micros().saturating_add(500) / 1000;
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

impl Goal {
    /// The topics it is about.
    pub(super) fn topics(&self) -> &[StrBytes] {
        match self {
            Self::Topic(name) => std::slice::from_ref(name),
            Self::Round(names) => names,
            Self::Ready | Self::Broker(_) | Self::Controller => &[],
        }
    }

    /// Where the broker listens that the goal is about.
    pub(crate) fn address_in(&self, cluster: &Cluster) -> Option<BrokerAddress> {
        let id = match self {
            Self::Broker(id) => *id,
            Self::Controller => cluster.controller_id()?,
            Self::Ready | Self::Topic(_) | Self::Round(_) => return None,
        };
        Some(cluster.broker(id)?.address())
    }

    /// Whether this snapshot is what the goal asks for. Never true for
    /// [`Goal::Round`], which is about the answer.
    pub(crate) fn is_met_by(&self, cluster: &Cluster) -> bool {
        match self {
            Self::Ready => cluster.generation() > 0,
            Self::Topic(name) => cluster.topic(name).is_some_and(|topic| topic.is_usable()),
            Self::Broker(_) | Self::Controller => self.address_in(cluster).is_some(),
            Self::Round(_) => false,
        }
    }
}

/// A name that no request can carry: refused before anyone is asked.
pub(crate) fn check_topic_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > i16::MAX.unsigned_abs().into() {
        return Err(Error::new(ErrorKind::InvalidArgument)
            .with_message("the topic name is empty or longer than 32,767 bytes")
            .with_hint("topic names have 1 to 249 letters, digits, '.', '_' and '-'"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_to_the_millisecond() {
        for (nanos, shown) in [
            (59_999_995_974, "60s"),
            (1_234_567_890, "1.235s"),
            (400_400_000, "400ms"),
            (0, "0ns"),
        ] {
            let waited = to_millis(Duration::from_nanos(nanos));
            assert_eq!(format!("{waited:?}"), shown);
        }
    }
}
