//! Faults carried out, and counted where they met requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use kafka_client::{ErrorCode, Kafka};
use kafka_net::{Lane, SendOptions};
use kafka_protocol::Uuid;
use kafka_protocol::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use kafka_protocol::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use tokio::time::sleep;

use super::board::Board;
use super::crew::Crew;
use super::schedule::{self, Fault, Strike};
use super::{FLEETING, GROWING, RECOVERY, STEADY, topic};
use crate::soak::Struck;
use crate::soak::arena::Arena;
use crate::soak::leadership;
use crate::{BoxError, clock};

/// How long a strike waits for a request to be in flight.
const AIM: Duration = Duration::from_secs(3);
/// How long an operator's request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// No more partitions than this.
const GROWN: i32 = 8;
/// Windows in which a gap could have been found: a slow witness, on a slow machine, has few.
const WATCHED: usize = 30;
/// Slow machines take longer for the same faults.
const LONGEST: Duration = Duration::from_secs(900);

pub(super) struct Striker {
    pub(super) arena: Arc<Arena>,
    pub(super) crew: Arc<Crew>,
    pub(super) board: Arc<Board>,
    /// Of [`GROWING`].
    partitions: AtomicI32,
    operator: Kafka,
    /// Of [`FLEETING`]; zero until it was asked for. Held while that is created anew, and while
    /// a broker stands still: what a broker was asked before, it does when it goes on.
    incarnation: tokio::sync::Mutex<Uuid>,
    counts: Mutex<BTreeMap<Fault, Struck>>,
    processes_done: AtomicBool,
}

impl Striker {
    pub(super) fn new(
        arena: Arc<Arena>,
        crew: Arc<Crew>,
        board: Arc<Board>,
        operator: Kafka,
        partitions: i32,
    ) -> Self {
        Self {
            arena,
            crew,
            board,
            partitions: AtomicI32::new(partitions),
            operator,
            incarnation: tokio::sync::Mutex::default(),
            counts: Mutex::default(),
            processes_done: AtomicBool::new(false),
        }
    }

    /// Brokers go away and come back, one at a time.
    pub(super) async fn processes(&self, seed: u64) -> Result<(), BoxError> {
        for strike in schedule::processes(seed) {
            sleep(strike.after).await;
            self.in_sync().await?;
            self.process(strike).await?;
        }
        self.in_sync().await?;
        self.processes_done.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The operator works on until there were faults enough of each kind.
    pub(super) async fn operations(&self, seed: u64, wanted: u64) -> Result<(), BoxError> {
        let end = clock::now() + LONGEST;
        let mut random = Rng::with_seed(seed);
        for (after, fault) in schedule::operations(seed) {
            sleep(after).await;
            if self.is_done(wanted) {
                break;
            }
            if clock::now() >= end {
                return Err(format!("not done in {LONGEST:?}: {:?}", self.counts()).into());
            }
            let began = self.board.now();
            let met = match fault {
                Fault::AddPartition => self.add_partition().await?,
                Fault::RecreateTopic => self.recreate_topic(&mut random).await?,
                _ => self.move_leader(&mut random).await,
            };
            if let Some(met) = met {
                self.count(fault, began, met, &fault.to_string());
            }
        }
        Ok(())
    }

    pub(super) fn counts(&self) -> BTreeMap<Fault, Struck> {
        self.lock().clone()
    }

    fn is_done(&self, wanted: u64) -> bool {
        let counts = self.lock();
        let in_flight: u64 = counts.values().map(|count| count.in_flight).sum();
        let mut kinds = Fault::ALL.into_iter();
        let enough = kinds.all(|fault| {
            let times = counts.get(&fault).map_or(0, |count| count.times);
            times >= fault.wanted()
        });
        self.processes_done.load(Ordering::Relaxed)
            && in_flight >= wanted
            && enough
            && self.board.long_windows() >= WATCHED
    }

    fn count(&self, fault: Fault, began: Duration, met: usize, name: &str) {
        let now = self.board.with(|notes, now| {
            notes.faults.push((began, now, name.to_owned()));
            now
        });
        println!(
            "{:6.1} to {:6.1} s: {name}, {met} requests in flight",
            began.as_secs_f64(),
            now.as_secs_f64()
        );
        let mut counts = self.lock();
        let count = counts.entry(fault).or_default();
        count.times += 1;
        count.in_flight += u64::from(met > 0);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Fault, Struck>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn process(&self, strike: Strike) -> Result<(), BoxError> {
        let broker = strike.broker;
        let _held = match strike.fault {
            Fault::Pause => Some(self.incarnation.lock().await),
            _ => None,
        };
        let mut met = self.aim(Some(broker)).await;
        let lost = self.crew.senders.metrics().requests_lost_unacknowledged;
        let began = self.board.now();
        match strike.fault {
            Fault::Pause => {
                let paused = self
                    .arena
                    .with_cluster(move |cluster| cluster.pause(broker));
                paused.await?;
                // What the broker answered before it stood still has arrived soon.
                sleep(Duration::from_millis(100)).await;
                met = self.crew.senders.in_flight(Some(broker));
                sleep(strike.lasts).await;
                let resumed = self
                    .arena
                    .with_cluster(move |cluster| cluster.resume(broker));
                resumed.await?;
            }
            fault => {
                let ended = self.arena.with_cluster(move |cluster| match fault {
                    Fault::Kill => cluster.kill_hard(broker),
                    _ => cluster.shut_down(broker),
                });
                ended.await?;
                sleep(strike.lasts).await;
                if fault == Fault::Kill {
                    let now = self.crew.senders.metrics().requests_lost_unacknowledged;
                    met = usize::try_from(now - lost)?;
                }
                let started = self
                    .arena
                    .with_cluster(move |cluster| cluster.restart(broker));
                started.await?;
            }
        }
        let name = format!("{} of broker {broker}", strike.fault);
        self.count(strike.fault, began, met, &name);
        Ok(())
    }

    /// Waits until each partition that stays has all its replicas in sync: with another
    /// broker away, too few would be left.
    pub(super) async fn in_sync(&self) -> Result<(), BoxError> {
        let deadline = clock::now() + RECOVERY;
        loop {
            let refresh = self.operator.router();
            let refresh = refresh.refresh(&[STEADY, GROWING], deadline.min(soon()));
            let is_whole = refresh.await.is_ok_and(|cluster| {
                [STEADY, GROWING].into_iter().all(|name| {
                    cluster.topic(name).is_some_and(|topic| {
                        let mut partitions = topic.partitions().iter();
                        partitions.all(|one| one.leader.is_some() && one.isr.len() == 3)
                    })
                })
            });
            if is_whole {
                return Ok(());
            }
            if clock::now() >= deadline {
                return Err("the replicas did not get in sync".into());
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// How many requests it met; `None` if it could not be carried out, as while brokers are
    /// away.
    async fn move_leader(&self, random: &mut Rng) -> Option<usize> {
        let mut places = self.crew.places();
        places.retain(|(name, _)| *name != FLEETING);
        let (name, partition) = *random.choice(&places)?;
        let leader = leadership::leader(&self.operator, name, partition).await;
        let leader = u32::try_from(leader.ok()??).ok()?;
        let moved = leadership::move_away(&self.operator, name, partition, || {
            self.crew.senders.in_flight(Some(leader))
        });
        moved.await.ok()?
    }

    async fn add_partition(&self) -> Result<Option<usize>, BoxError> {
        let next = self.partitions.load(Ordering::Relaxed);
        if next >= GROWN {
            return Ok(None);
        }
        let met = self.aim(None).await;
        if self.grow(next + 1).await.is_err() {
            // Whether it was done is asked of those who know.
            let cluster = self.operator.router().refresh(&[GROWING], soon()).await;
            let there = cluster.ok().and_then(|cluster| {
                let topic = cluster.topic(GROWING)?;
                topic.partition(next).map(|_| ())
            });
            if there.is_none() {
                return Ok(None);
            }
        }
        self.partitions.store(next + 1, Ordering::Relaxed);
        self.crew.add((GROWING, next))?;
        Ok(Some(met))
    }

    async fn grow(&self, count: i32) -> Result<(), BoxError> {
        let controller = self.operator.router();
        let controller = controller.controller_connection(Lane::Control, soon());
        let request = CreatePartitionsRequest::new()
            .with_topics(vec![
                CreatePartitionsTopic::new()
                    .with_name(GROWING)
                    .with_count(count)
                    .with_assignments(None),
            ])
            .with_timeout_ms(i32::try_from(PATIENCE.as_millis())?);
        let options = SendOptions::new(PATIENCE);
        let answer = controller.await?.request(&request, &options).await?;
        match answer.results.first().map(|result| result.error_code) {
            Some(0) => Ok(()),
            code => Err(format!("partitions were not added: {code:?}").into()),
        }
    }

    async fn recreate_topic(&self, random: &mut Rng) -> Result<Option<usize>, BoxError> {
        let Ok(mut incarnation) = self.incarnation.try_lock() else {
            return Ok(None);
        };
        let met = self.aim(None).await;
        if incarnation.is_zero() {
            *incarnation = self.another_than(Uuid::default()).await?;
        }
        let former = *incarnation;
        until_done(async || self.delete(former).await).await?;
        sleep(Duration::from_millis(random.u64(0..1_500))).await;
        self.board.with(|notes, now| notes.fleeting.creating(now));
        let admin = self.operator.admin().with_timeout(PATIENCE);
        until_done(async || match admin.create_topic(topic(FLEETING)).await {
            // By an earlier attempt.
            Err(error) if error.broker_error() == Some(ErrorCode::TopicAlreadyExists) => Ok(()),
            created => Ok(created.map(|_| ())?),
        })
        .await?;
        *incarnation = self.another_than(former).await?;
        Ok(Some(met))
    }

    /// By id, so that a request that is late never meets the next incarnation.
    async fn delete(&self, id: Uuid) -> Result<(), BoxError> {
        let controller = self.operator.router();
        let controller = controller.controller_connection(Lane::Control, soon());
        let request = DeleteTopicsRequest::new()
            .with_topics(vec![DeleteTopicState::new().with_topic_id(id)])
            .with_timeout_ms(i32::try_from(PATIENCE.as_millis())?);
        let options = SendOptions::new(PATIENCE);
        let answer = controller.await?.request(&request, &options).await?;
        let code = answer.responses.first().map(|result| result.error_code);
        match code.map(ErrorCode::from) {
            // The latter: by an earlier attempt.
            Some(ErrorCode::None | ErrorCode::UnknownTopicId) => Ok(()),
            code => Err(format!("the topic was not deleted: {code:?}").into()),
        }
    }

    /// Waits until [`FLEETING`] is there, with another id than its former one.
    async fn another_than(&self, former: Uuid) -> Result<Uuid, BoxError> {
        let deadline = clock::now() + RECOVERY;
        loop {
            let cluster = self.operator.router().refresh(&[FLEETING], soon()).await;
            let found = cluster
                .ok()
                .and_then(|cluster| Some(cluster.topic(FLEETING)?.id()));
            match found {
                Some(id) if !id.is_zero() && id != former => return Ok(id),
                _ if clock::now() >= deadline => {
                    return Err(format!("no other incarnation than {former}: {found:?}").into());
                }
                _ => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Waits for the moment at which requests are in flight to a broker, or to any, and tells
    /// how many.
    async fn aim(&self, broker: Option<u32>) -> usize {
        let deadline = clock::now() + AIM;
        loop {
            let met = self.crew.senders.in_flight(broker);
            if met > 0 || clock::now() >= deadline {
                return met;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

fn soon() -> Instant {
    clock::now() + PATIENCE
}

/// Tries again and again.
async fn until_done(mut change: impl AsyncFnMut() -> Result<(), BoxError>) -> Result<(), BoxError> {
    let deadline = clock::now() + RECOVERY;
    loop {
        match change().await {
            Ok(()) => return Ok(()),
            Err(error) if clock::now() >= deadline => return Err(error),
            Err(error) => println!("the operator tries again: {error}"),
        }
        sleep(Duration::from_millis(200)).await;
    }
}
