use kafka_protocol::{ApiKey, StrBytes};

/// Which requests, or partitions of a request, a fault is about.
///
/// Conditions are put together with [`Condition::and`] and the methods named
/// after the kinds, [`Condition::or`] and [`Condition::not`]. Those on topic and partition pick partitions of the
/// request, so that a fault can hit one and spare its neighbours; the others
/// fit the request as a whole.
///
/// The counting ones ([`Condition::Nth`] and the like, also
/// [`Condition::Probability`]) count the requests that reach them: in an `All`,
/// those that meet what stands before. So put them last.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// The request is of this API.
    Api(ApiKey),
    /// The request came to this broker.
    Broker(i32),
    /// The partitions of this topic. Where a request names topics only (Metadata,
    /// CreateTopics, DeleteTopics), this topic.
    Topic(String),
    /// The partitions with this number, of any topic.
    Partition(i32),
    /// The client calls itself this.
    ClientId(String),
    /// Only the request with this number among those that reach it, from 1.
    Nth(u64),
    /// As many requests as this of those that reach it.
    First(u64),
    /// The request after this many that reach it, and every one from then on.
    After(u64),
    /// Every request whose number is a multiple of this.
    Every(u64),
    /// Each request with this probability, from 0 to 1, by the cluster's seed.
    Probability(f64),
    /// All of these; with none, every request.
    All(Vec<Condition>),
    /// Any of these; with none, no request.
    Any(Vec<Condition>),
    /// Those that do not meet this.
    Not(Box<Condition>),
}

impl Condition {
    /// Every request.
    pub fn always() -> Self {
        Self::All(Vec::new())
    }

    /// Every request of this API.
    pub fn api(api: ApiKey) -> Self {
        Self::Api(api)
    }

    /// And it came to this broker.
    #[must_use]
    pub fn broker(self, id: i32) -> Self {
        self.and(Self::Broker(id))
    }

    /// And only the partitions of this topic: see [`Condition::Topic`].
    #[must_use]
    pub fn topic(self, name: impl Into<String>) -> Self {
        self.and(Self::Topic(name.into()))
    }

    /// And only the partitions with this number.
    #[must_use]
    pub fn partition(self, number: i32) -> Self {
        self.and(Self::Partition(number))
    }

    /// And the client calls itself this.
    #[must_use]
    pub fn client_id(self, id: impl Into<String>) -> Self {
        self.and(Self::ClientId(id.into()))
    }

    /// And it is the one with this number, from 1, of those that meet what
    /// stands before.
    #[must_use]
    pub fn nth(self, number: u64) -> Self {
        self.and(Self::Nth(number))
    }

    /// And it is one of so many at first of those that meet what stands before.
    #[must_use]
    pub fn first(self, count: u64) -> Self {
        self.and(Self::First(count))
    }

    /// And so many have met what stands before already.
    #[must_use]
    pub fn after(self, count: u64) -> Self {
        self.and(Self::After(count))
    }

    /// And its number among those that meet what stands before is a multiple of
    /// this.
    #[must_use]
    pub fn every(self, count: u64) -> Self {
        self.and(Self::Every(count))
    }

    /// And chance wills it so, with this probability from 0 to 1.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        self.and(Self::Probability(probability))
    }

    /// Both this and `other`, which is looked at only if this one is met.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            first => Self::All(vec![first, other]),
        }
    }

    /// This or `other`, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut any) => {
                any.push(other);
                Self::Any(any)
            }
            first => Self::Any(vec![first, other]),
        }
    }

    /// What does not meet this.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "reads as the other combinators do"
    )]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// A partition that a request is about; no number where it names topics only.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub topic: StrBytes,
    pub partition: Option<i32>,
}

/// What a condition can ask about a request.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub api: ApiKey,
    pub broker: i32,
    pub client_id: &'a str,
    /// In the request's order; empty when it names none.
    pub targets: Vec<Target>,
}

/// Which targets of a subject meet a condition. A subject without targets
/// counts as one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hit(Vec<bool>);

impl Hit {
    pub(super) fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    /// The targets that meet the condition, by their place.
    pub(super) fn indices(&self) -> impl Iterator<Item = usize> {
        self.0
            .iter()
            .enumerate()
            .filter(|(_, hit)| **hit)
            .map(|(index, _)| index)
    }

    fn filter(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .enumerate()
                .map(|(index, hit)| *hit && keep(index))
                .collect(),
        )
    }

    fn if_so(&self, whole: bool) -> Self {
        self.filter(|_| whole)
    }
}

/// A condition with the state of its counters.
#[derive(Debug)]
pub(super) enum Evaluator {
    /// One without state.
    Plain(Condition),
    Counting {
        rule: Condition,
        reached: u64,
    },
    All(Vec<Evaluator>),
    Any(Vec<Evaluator>),
    Not(Box<Evaluator>),
}

impl Evaluator {
    pub(super) fn new(condition: &Condition) -> Self {
        let each = |conditions: &[Condition]| conditions.iter().map(Self::new).collect();
        match condition {
            Condition::All(all) => Self::All(each(all)),
            Condition::Any(any) => Self::Any(each(any)),
            Condition::Not(not) => Self::Not(Box::new(Self::new(not))),
            Condition::Nth(_) | Condition::First(_) | Condition::After(_) | Condition::Every(_) => {
                Self::Counting {
                    rule: condition.clone(),
                    reached: 0,
                }
            }
            plain => Self::Plain(plain.clone()),
        }
    }

    /// The targets of `subject` that meet the condition.
    pub(super) fn evaluate(&mut self, subject: &Subject<'_>, random: &mut fastrand::Rng) -> Hit {
        let all = Hit(vec![true; subject.targets.len().max(1)]);
        self.narrow(subject, &all, random)
    }

    /// Those of `candidates` that meet the condition.
    fn narrow(
        &mut self,
        subject: &Subject<'_>,
        candidates: &Hit,
        random: &mut fastrand::Rng,
    ) -> Hit {
        if candidates.is_empty() {
            return candidates.clone();
        }
        match self {
            Self::All(all) => all.iter_mut().fold(candidates.clone(), |left, condition| {
                condition.narrow(subject, &left, random)
            }),
            Self::Any(any) => {
                let mut met = candidates.if_so(false);
                for condition in any {
                    // What one has picked, the next need not look at.
                    let left = candidates.filter(|index| !met.0[index]);
                    let more = condition.narrow(subject, &left, random);
                    met = candidates.filter(|index| met.0[index] || more.0[index]);
                }
                met
            }
            Self::Not(not) => {
                let met = not.narrow(subject, candidates, random);
                candidates.filter(|index| !met.0[index])
            }
            Self::Counting { rule, reached } => {
                *reached += 1;
                let number = *reached;
                candidates.if_so(match rule {
                    Condition::Nth(nth) => number == *nth,
                    Condition::First(first) => number <= *first,
                    Condition::After(after) => number > *after,
                    Condition::Every(every) => *every > 0 && number % *every == 0,
                    _ => false,
                })
            }
            Self::Plain(plain) => match plain {
                Condition::Api(api) => candidates.if_so(subject.api == *api),
                Condition::Broker(broker) => candidates.if_so(subject.broker == *broker),
                Condition::ClientId(id) => candidates.if_so(subject.client_id == id),
                Condition::Probability(probability) => {
                    candidates.if_so(random.f64() < *probability)
                }
                Condition::Topic(name) => candidates.filter(|index| {
                    subject
                        .targets
                        .get(index)
                        .is_some_and(|target| target.topic.as_str() == name)
                }),
                Condition::Partition(number) => candidates.filter(|index| {
                    subject
                        .targets
                        .get(index)
                        .and_then(|target| target.partition)
                        == Some(*number)
                }),
                _ => candidates.if_so(false),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject<'a>(api: ApiKey, targets: &[(&'static str, i32)]) -> Subject<'a> {
        let targets = targets.iter().map(|(topic, partition)| Target {
            topic: StrBytes::from_static(topic),
            partition: Some(*partition),
        });
        Subject {
            api,
            broker: 2,
            client_id: "me",
            targets: targets.collect(),
        }
    }

    /// Asks about each subject in turn; returns the places of the targets hit.
    fn check(condition: Condition, subjects: &[Subject<'_>], expected: &[&[usize]]) {
        let mut evaluator = Evaluator::new(&condition);
        let mut random = fastrand::Rng::with_seed(3);
        for (subject, expected) in subjects.iter().zip(expected) {
            let hit: Vec<usize> = evaluator.evaluate(subject, &mut random).indices().collect();
            assert_eq!(hit, *expected, "{condition:?} {subject:?}");
        }
    }

    #[test]
    fn whole_requests() {
        let metadata = || subject(ApiKey::Metadata, &[]);
        for (condition, met) in [
            (Condition::always(), true),
            (Condition::Any(Vec::new()), false),
            (Condition::api(ApiKey::Metadata), true),
            (Condition::api(ApiKey::Fetch), false),
            (Condition::api(ApiKey::Fetch).not(), true),
            (Condition::Broker(2), true),
            (
                Condition::Broker(1).or(Condition::ClientId("me".into())),
                true,
            ),
            (Condition::Broker(1).client_id("me"), false),
            (Condition::Broker(2).client_id("me"), true),
            (Condition::Topic("t".into()), false),
            (Condition::always().probability(1.0), true),
            (Condition::always().probability(0.0), false),
        ] {
            check(condition, &[metadata()], &[if met { &[0] } else { &[] }]);
        }
    }

    #[test]
    fn single_partitions() {
        let produce = || subject(ApiKey::Produce, &[("a", 0), ("a", 1), ("b", 0)]);
        let a = || Condition::Topic("a".into());
        let zero = || Condition::Partition(0);
        check(a(), &[produce()], &[&[0, 1]]);
        check(a().and(zero()), &[produce()], &[&[0]]);
        check(a().or(zero()), &[produce()], &[&[0, 1, 2]]);
        check(a().not(), &[produce()], &[&[2]]);
        check(a().and(Condition::api(ApiKey::Fetch)), &[produce()], &[&[]]);
    }

    #[test]
    fn counting_counts_the_requests_that_reach_it() {
        let produce = || subject(ApiKey::Produce, &[("a", 0), ("b", 0)]);
        let other = || subject(ApiKey::Produce, &[("b", 0)]);
        let requests = [other(), produce(), other(), produce(), produce(), produce()];
        let a = || Condition::Topic("a".into());
        check(a().nth(2), &requests, &[&[], &[], &[], &[0], &[], &[]]);
        check(a().first(2), &requests, &[&[], &[0], &[], &[0], &[], &[]]);
        check(a().after(2), &requests, &[&[], &[], &[], &[], &[0], &[0]]);
        check(a().every(2), &requests, &[&[], &[], &[], &[0], &[], &[0]]);
        check(Condition::Every(0), &requests[..1], &[&[]]);
    }
}
