//! Whom a request is for, and how to get to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka_net::{Connection, Error, Lane, clock};
use kafka_protocol::{ErrorCode, StrBytes};

use crate::coordinator::CoordinatorKind;
use crate::disposition::{Disposition, disposition};
use crate::router::Router;

/// Whom a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// Any broker: of those with a connection the one with the fewest routed requests
    /// on their way, else whichever takes a connection first. After a failure another
    /// one, if there is one.
    Any,
    /// The controller; in a KRaft cluster any broker, which passes the request on.
    Controller,
    /// The broker that leads a partition.
    Leader {
        /// The topic's name. It is in use from then on.
        topic: StrBytes,
        /// The partition's number.
        partition: i32,
    },
    /// The broker that coordinates a group, the transactions of a transactional id or a
    /// share partition, on the group lane.
    Coordinator {
        /// What is coordinated.
        kind: CoordinatorKind,
        /// Its key, as [`CoordinatorKind`] tells.
        key: StrBytes,
    },
    /// The broker with this id and no other.
    Broker(i32),
}

impl Destination {
    /// Where this request belongs, from what the router knows or finds out. One attempt
    /// only at a broker in whose place there may be another by now.
    pub(crate) async fn connect(
        &self,
        router: &Router,
        failed: Option<&Error>,
        deadline: Instant,
    ) -> Result<Connection, Error> {
        let patience = deadline.min(later_by(router.request_timeout()));
        match self {
            Self::Any => {
                // The broker that failed comes last this time.
                let avoid = failed.and_then(|error| error.context().broker()?.id);
                router
                    .any_connection_but(avoid, Lane::Control, deadline)
                    .await
            }
            Self::Controller => router.controller_connection(Lane::Control, deadline).await,
            Self::Leader { topic, partition } => {
                let view = router.topic(topic, deadline).await?;
                let found = view.partition(*partition);
                let Some(leader) = found.and_then(|found| found.leader) else {
                    let code = match found {
                        Some(_) => ErrorCode::LeaderNotAvailable,
                        None => ErrorCode::UnknownTopicOrPartition,
                    };
                    return Err(Error::broker(code).with_topic(topic.clone()));
                };
                router.attempt(leader, Lane::Control, patience).await
            }
            Self::Coordinator { kind, key } => {
                let node = router.coordinator(*kind, key, deadline).await?;
                router.attempt(node, Lane::Group, patience).await
            }
            Self::Broker(id) => router.connection(*id, Lane::Control, deadline).await,
        }
    }

    /// After a failure: what was known is looked up anew, as the failure asks for.
    pub(crate) async fn recover(&self, router: &Router, failed: &Error, deadline: Instant) {
        let patience = deadline.min(later_by(router.request_timeout()));
        let advice = failed.broker_error().map(disposition);
        // A connection that is lost says as little of the broker as a wrong one.
        let lost = advice.is_none();
        match self {
            Self::Coordinator { kind, key }
                if lost || advice == Some(Disposition::FindCoordinatorAndRetry) =>
            {
                router.forget_coordinator(*kind, key);
            }
            Self::Controller if lost || advice == Some(Disposition::FindControllerAndRetry) => {
                // If this fails, the next attempt does too, and says more.
                let _ = router.refresh(&[], patience).await;
            }
            Self::Leader { topic, .. } if lost || advice == Some(Disposition::RefreshAndRetry) => {
                let _ = router.refresh(&[topic.as_str()], patience).await;
            }
            _ if advice == Some(Disposition::RefreshAndRetry) => router.request_refresh(None),
            _ => {}
        }
    }
}

/// The number of routed requests that each broker has yet to answer.
#[derive(Debug, Default)]
pub(crate) struct Loads(Mutex<BTreeMap<i32, usize>>);

impl Loads {
    pub(crate) fn of(&self, broker: i32) -> usize {
        self.lock().get(&broker).copied().unwrap_or(0)
    }

    /// One more, until what is returned is dropped.
    pub(crate) fn begin(self: &Arc<Self>, broker: Option<i32>) -> Load {
        if let Some(broker) = broker {
            *self.lock().entry(broker).or_default() += 1;
        }
        Load(Arc::clone(self), broker)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A routed request that is on its way.
pub(crate) struct Load(Arc<Loads>, Option<i32>);

impl Drop for Load {
    fn drop(&mut self) {
        let Some(broker) = self.1 else { return };
        let mut loads = self.0.lock();
        if let Some(count) = loads.get_mut(&broker) {
            *count -= 1;
            if *count == 0 {
                loads.remove(&broker);
            }
        }
    }
}

pub(crate) fn later_by(delay: Duration) -> Instant {
    let now = clock::now();
    now.checked_add(delay).unwrap_or(now)
}
