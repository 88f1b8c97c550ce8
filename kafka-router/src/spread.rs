//! Requests for many brokers: to all of them, or split by who leads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use kafka_net::{Error, ErrorKind, Lane, SendOptions, Waiting, clock};
use kafka_protocol::{ApiKey, ErrorCode, Request, StrBytes};

use crate::cluster::Cluster;
use crate::destination::{Destination, later_by};
use crate::disposition::{Disposition, disposition, is_worth_another_attempt};
use crate::refresh::check_topic_name;
use crate::router::Router;
use crate::send::{attempts, unjudged};
use crate::shared::closed;

/// A topic's name and a partition's number.
pub type PartitionKey = (StrBytes, i32);

/// What came of a request for each of several partitions.
pub type ByPartition<T> = BTreeMap<PartitionKey, Result<T, Error>>;

/// What one leader's answer says of each of its partitions.
pub type Parts<T> = Vec<(PartitionKey, Result<T, ErrorCode>)>;

impl Router {
    /// The same request to each broker of the cluster, at the same time; what came of
    /// it by broker id. Each is tried as by [`Router::send`], so a broker that is down
    /// makes this last until the deadline.
    ///
    /// # Errors
    ///
    /// As [`Router::ready`]: when not even the brokers are known.
    pub fn send_to_all<R>(
        &self,
        request: R,
        deadline: Instant,
    ) -> Waiting<BTreeMap<i32, Result<R::Response, Error>>>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        let router = self.clone();
        let request = Arc::new(request);
        // Each ends by itself when the router is closed.
        self.run_to_its_end(deadline, async move {
            let cluster = router.ready(deadline).await?;
            let each = cluster.brokers().map(|broker| {
                let (id, request) = (broker.id, Arc::clone(&request));
                let work = async move |call| attempts(call, &*request, unjudged).await;
                let sent = router.call(Destination::Broker(id), R::KEY, deadline, work);
                async move { (id, sent.await) }
            });
            Ok(join_all(each).await.into_iter().collect())
        })
    }

    /// A request about many partitions: split by who leads them, sent to all leaders at
    /// the same time, the answers merged. Those partitions whose leader could not be
    /// asked, or whose code asks for it ([`disposition`]), are asked for again at whoever
    /// leads them then, after a backoff and with new metadata where that is what helps.
    ///
    /// `split` makes the request for some of the partitions; `merge` reads an answer.
    /// Every partition is in the result: one that no answer spoke of, or that did not
    /// succeed before the deadline, with the error of the last attempt.
    ///
    /// # Errors
    ///
    /// As [`Router::ready`]. Whatever befalls single partitions is in the result, also that
    /// the router was closed before they were settled.
    pub fn send_by_leader<R, T, S, M>(
        &self,
        partitions: impl IntoIterator<Item = PartitionKey>,
        split: S,
        merge: M,
        deadline: Instant,
    ) -> Waiting<ByPartition<T>>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
        T: Send + 'static,
        S: Fn(&[PartitionKey]) -> R + Send + Sync + 'static,
        M: Fn(R::Response) -> Parts<T> + Send + Sync + 'static,
    {
        let router = self.clone();
        let mut round = Round {
            left: partitions.into_iter().map(|key| (key, None)).collect(),
            in_doubt: BTreeSet::new(),
            done: ByPartition::new(),
            stale: BTreeSet::new(),
        };
        self.run_to_its_end(deadline, async move {
            let mut cluster = router.ready(deadline).await?;
            round.refuse_bad_names();
            let names = round.left.keys().map(|(topic, _)| topic);
            let is_new = |name: &&StrBytes| cluster.topic(name).is_none_or(|t| !t.is_usable());
            round.stale = names.filter(is_new).cloned().collect();
            let backoff = router.config().backoff();
            let mut attempts = 0;
            loop {
                let topics: Vec<&str> = round.stale.iter().map(|name| name.as_str()).collect();
                if !topics.is_empty() {
                    let patience = deadline.min(later_by(router.request_timeout()));
                    // If nobody answers, the partitions say so one by one. What this answer
                    // says of topics that cannot be used is not kept for later ones.
                    cluster = match router.refresh(&topics, patience).await {
                        Ok(told) => told,
                        Err(_) => router.cluster(),
                    };
                } else {
                    cluster = router.cluster();
                }
                if router.shared().has_ended() {
                    return Ok(round.cut_short().finish(R::KEY, attempts));
                }
                round.ask(&router, &cluster, &split, &merge, deadline).await;
                let delay = backoff.delay(attempts, router.env().random());
                attempts += 1;
                let left = deadline.saturating_duration_since(clock::now());
                if round.left.is_empty() || left <= delay {
                    return Ok(round.finish(R::KEY, attempts));
                }
                let pause = async {
                    tokio::time::sleep(delay).await;
                    Ok(())
                };
                // Closed or not is seen before the next round.
                let _ = router.shared().unless_closed(closed, pause).await;
            }
        })
    }
}

/// Where a request that is split by leader stands.
struct Round<T> {
    /// Partitions still to settle, with how they failed last.
    left: BTreeMap<PartitionKey, Option<Error>>,
    /// Partitions on which some attempt may have had its effect.
    in_doubt: BTreeSet<PartitionKey>,
    done: ByPartition<T>,
    /// Topics to ask news of before the next attempt.
    stale: BTreeSet<StrBytes>,
}

impl<T> Round<T> {
    /// Asks every leader of what is left, once.
    async fn ask<R, S, M>(
        &mut self,
        router: &Router,
        cluster: &Cluster,
        split: &S,
        merge: &M,
        deadline: Instant,
    ) where
        R: Request,
        S: Fn(&[PartitionKey]) -> R,
        M: Fn(R::Response) -> Parts<T>,
    {
        self.stale.clear();
        let asked = self.by_leader(cluster).into_iter().map(|(leader, keys)| {
            let request = split(&keys);
            async move {
                let patience = deadline.min(later_by(router.request_timeout()));
                let answer = async {
                    let connection = router.attempt(leader, Lane::Control, patience).await?;
                    let left = patience.saturating_duration_since(clock::now());
                    let options = SendOptions::new(left);
                    let asking = router.ask(&connection, &request, &options);
                    let ended = || closed().with_possibly_written(true);
                    if router.shared().has_ended() {
                        return Err(closed());
                    }
                    router.shared().unless_closed(ended, asking).await
                };
                (keys, answer.await)
            }
        });
        for (keys, answer) in join_all(asked).await {
            match answer {
                Ok(answer) => self.settle(&keys, merge(answer)),
                Err(error) => {
                    for key in keys {
                        self.fail(key, error.clone());
                    }
                }
            }
        }
    }

    /// A name that no topic can have fails alone.
    fn refuse_bad_names(&mut self) {
        let bad = self.left.keys().filter_map(|key| {
            let error = check_topic_name(&key.0).err()?;
            Some((key.clone(), error))
        });
        for (key, error) in bad.collect::<Vec<_>>() {
            self.fail(key, error);
        }
    }

    /// What is left, by who leads it. What nobody leads waits for news.
    fn by_leader(&mut self, cluster: &Cluster) -> BTreeMap<i32, Vec<PartitionKey>> {
        let mut by_leader: BTreeMap<i32, Vec<PartitionKey>> = BTreeMap::new();
        let keys: Vec<PartitionKey> = self.left.keys().cloned().collect();
        for key in keys {
            let topic = cluster.topic(&key.0);
            let found = topic.and_then(|topic| topic.partition(key.1));
            match (found.and_then(|found| found.leader), found) {
                (Some(leader), _) => by_leader.entry(leader).or_default().push(key),
                (None, Some(_)) => self.fail(key, Error::broker(ErrorCode::LeaderNotAvailable)),
                (None, None) => {
                    let code = topic.and_then(|topic| topic.error());
                    let code = code.unwrap_or(ErrorCode::UnknownTopicOrPartition);
                    self.fail(key, Error::broker(code));
                }
            }
        }
        by_leader
    }

    /// An answer to a request for `keys`.
    fn settle(&mut self, keys: &[PartitionKey], parts: Parts<T>) {
        let mut silent: BTreeSet<&PartitionKey> = keys.iter().collect();
        for (key, result) in parts {
            // Of two the first counts, and what nobody asked about is passed over.
            if !silent.remove(&key) {
                continue;
            }
            match result {
                Ok(value) => {
                    self.left.remove(&key);
                    self.done.insert(key, Ok(value));
                }
                Err(code) => self.fail(key, Error::broker(code)),
            }
        }
        for key in silent.into_iter().cloned().collect::<Vec<_>>() {
            self.in_doubt.insert(key.clone());
            let error = Error::new(ErrorKind::UnexpectedResponse)
                .with_message("the answer leaves the partition out");
            self.left.insert(key, Some(error));
        }
    }

    /// It may succeed later, or never will.
    fn fail(&mut self, key: PartitionKey, error: Error) {
        if error.possibly_written() {
            self.in_doubt.insert(key.clone());
        }
        if !is_worth_another_attempt(&error) {
            self.left.remove(&key);
            self.done.insert(key, Err(error));
            return;
        }
        let again_there = error
            .broker_error()
            .is_some_and(|code| disposition(code) == Disposition::Retry);
        if !again_there {
            self.stale.insert(key.0.clone());
        }
        self.left.insert(key, Some(error));
    }

    /// The router is closed: what is left is not asked for any more.
    fn cut_short(mut self) -> Self {
        for error in self.left.values_mut() {
            *error = Some(closed());
        }
        self
    }

    /// The result; what is left has failed.
    fn finish(self, api: ApiKey, attempts: u32) -> ByPartition<T> {
        let Self {
            left,
            in_doubt,
            mut done,
            ..
        } = self;
        let failed = left.into_iter().map(|(key, error)| {
            let error = error.unwrap_or_else(|| Error::new(ErrorKind::Timeout));
            (key, Err(error.with_attempts(attempts)))
        });
        done.extend(failed);
        let described = done.into_iter().map(|(key, result)| {
            let result = result.map_err(|error: Error| {
                let error = error.with_api(api).with_topic(key.0.clone());
                let error = error.with_partition(key.1);
                error.with_possibly_written(in_doubt.contains(&key))
            });
            (key, result)
        });
        described.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_stays_in_the_result_whatever_comes_after_it() {
        let keys: [PartitionKey; 2] = [("t".into(), 0), ("t".into(), 1)];
        let mut round: Round<i64> = Round {
            left: keys.iter().map(|key| (key.clone(), None)).collect(),
            in_doubt: BTreeSet::new(),
            done: ByPartition::new(),
            stale: BTreeSet::new(),
        };
        let lost = Error::new(ErrorKind::Disconnected).with_possibly_written(true);
        round.fail(keys[0].clone(), lost);
        for key in &keys {
            round.fail(key.clone(), Error::new(ErrorKind::Connect));
        }
        let result = round.finish(ApiKey::DeleteRecords, 2);
        let possibly = keys.map(|key| result[&key].as_ref().unwrap_err().possibly_written());
        assert_eq!(possibly, [true, false]);
    }
}
