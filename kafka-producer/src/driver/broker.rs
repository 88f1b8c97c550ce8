//! One broker's task: seals batches, sends requests, hands answers back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kafka_net::{Connection, Error, Lane, Pending, Waiting, clock};
use kafka_protocol::messages::ProduceResponse;
use kafka_protocol::records::{Compressor, Magic};

use crate::config::Acks;
use crate::inbox::Inbox;
use crate::leader::Leader;
use crate::request::{Asked, drop_news_of_others, read, tells_leaders};
use crate::sender::{Draft, Sealed, Step};
use crate::shared::Shared;
use crate::sync::lock;

use super::{Guard, filled, sleep_until};

pub(super) async fn run(guard: Guard, broker: i32, inbox: Arc<Inbox>) {
    let shared = guard.shared.clone();
    let mut task = Task {
        compressor: shared.compressor.clone(),
        shared,
        broker,
        in_flight: FuturesUnordered::new(),
        connecting: None,
        warned: false,
    };
    let mut keys = Vec::new();
    while !task.shared.has_ended() {
        inbox.take(&mut keys);
        let until = match task.step(clock::now(), &mut keys) {
            Turn::Again => continue,
            Turn::Wait(until) => until,
        };
        tokio::select! {
            biased;
            Some((flight, result)) = task.in_flight.next(), if !task.in_flight.is_empty() => {
                task.on_result(flight, result);
            }
            result = connected(&mut task.connecting) => task.on_connected(result),
            () = filled(&inbox) => {}
            () = sleep_until(until) => {}
        }
    }
    guard.disarm();
}

struct Task {
    shared: Arc<Shared>,
    broker: i32,
    compressor: Compressor,
    in_flight: FuturesUnordered<InFlight>,
    connecting: Option<Waiting<Connection>>,
    /// Of what the broker is too old for.
    warned: bool,
}

enum Turn {
    Again,
    Wait(Option<Instant>),
}

impl Task {
    fn step(&mut self, now: Instant, keys: &mut Vec<u32>) -> Turn {
        let connection = self.shared.router.existing(self.broker, Lane::Produce);
        let connection = connection.filter(|connection| !connection.is_closed());
        let short = self.shared.memory.is_short();
        let (step, effects) = {
            let mut sender = lock(&self.shared.sender);
            sender.on_edges(now, keys);
            let remembers = connection
                .as_ref()
                .map(|connection| Leader::of(connection).remembers());
            let step = sender.poll(now, self.broker, remembers, short);
            (step, sender.take_effects())
        };
        keys.clear();
        self.shared.perform(effects, Some(self.broker));
        match (step, connection) {
            (Step::Seal(drafts), Some(connection)) => {
                self.send(now, &connection, drafts);
                Turn::Again
            }
            // Not without a connection: `poll` was told.
            (Step::Seal(_), None) => Turn::Again,
            (Step::Connect, _) => {
                let deadline = now + self.shared.config.request_timeout;
                if self.connecting.is_none() {
                    let connecting =
                        self.shared
                            .router
                            .connection(self.broker, Lane::Produce, deadline);
                    self.connecting = Some(connecting);
                }
                Turn::Wait(None)
            }
            (Step::Wait(until), _) => Turn::Wait(until),
        }
    }

    fn send(&mut self, now: Instant, connection: &Connection, drafts: Vec<Draft>) {
        let leader = Leader::of(connection);
        self.warn_once(leader.magic());
        let sealed = drafts
            .into_iter()
            .map(|draft| Sealed {
                partition: draft.partition,
                batch: draft.batch,
                content: leader.fit(draft.content, &mut self.compressor),
            })
            .collect();
        let (dispatch, effects) = {
            let mut sender = lock(&self.shared.sender);
            let dispatch = sender.dispatch(now, self.broker, sealed);
            (dispatch, sender.take_effects())
        };
        self.shared.perform(effects, Some(self.broker));
        let Some(dispatch) = dispatch else {
            return;
        };
        let (request, options) = self.shared.template.build(leader.magic(), &dispatch.parts);
        let pending = if self.shared.config.acks == Acks::None {
            Answer::Written(connection.start_oneway(&request, &options))
        } else {
            Answer::Expected(connection.start(&request, &options))
        };
        self.in_flight.push(InFlight {
            flight: Some(Flight {
                request: dispatch.request,
                asked: dispatch.parts.iter().map(Asked::from).collect(),
            }),
            answer: pending,
        });
    }

    /// A default that an old broker can't hold yields, but not silently.
    fn warn_once(&mut self, magic: Magic) {
        let lost = match magic {
            Magic::V0 => "timestamps (they need Kafka 0.10) and idempotence (0.11)",
            Magic::V1 => "idempotence (it needs Kafka 0.11)",
            Magic::V2 => return,
        };
        if !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(
                broker = self.broker,
                "an old broker takes records without {lost}"
            );
        }
    }

    fn on_result(&mut self, flight: Flight, mut result: Result<Option<Answered>, Error>) {
        if let Ok(Some(answered)) = &mut result {
            let router = &self.shared.router;
            let response = &mut answered.response;
            if tells_leaders(response) {
                let cluster = router.cluster();
                drop_news_of_others(&flight.asked, response, |topic| {
                    cluster.topic(topic).map(|topic| topic.id())
                });
                router.learn_leaders(self.broker, response);
            }
        }
        let now = clock::now();
        let effects = {
            let mut sender = lock(&self.shared.sender);
            match result {
                Ok(Some(Answered { version, response })) => {
                    let (answers, throttle) = read(version, &flight.asked, response);
                    if !throttle.is_zero() {
                        // Others produce over the same connection.
                        self.throttle(throttle);
                    }
                    sender.on_answer(now, flight.request, answers, throttle);
                }
                Ok(None) => sender.on_sent(now, flight.request),
                Err(error) => sender.on_failure(now, flight.request, &error),
            }
            sender.take_effects()
        };
        self.shared.perform(effects, Some(self.broker));
    }

    fn throttle(&self, pause: Duration) {
        let connection = self.shared.router.existing(self.broker, Lane::Produce);
        if let Some(connection) = connection {
            connection.throttle(pause);
        }
    }

    fn on_connected(&mut self, result: Result<Connection, Error>) {
        self.connecting = None;
        let Err(error) = result else {
            return;
        };
        let effects = {
            let mut sender = lock(&self.shared.sender);
            sender.on_unreachable(clock::now(), self.broker, error);
            sender.take_effects()
        };
        self.shared.perform(effects, Some(self.broker));
    }
}

/// Resolves when a connection attempt has, if there is one.
async fn connected(connecting: &mut Option<Waiting<Connection>>) -> Result<Connection, Error> {
    match connecting {
        Some(waiting) => waiting.await,
        None => std::future::pending().await,
    }
}

/// A request on its way.
struct InFlight {
    flight: Option<Flight>,
    answer: Answer,
}

/// What to know of a request when its answer comes.
struct Flight {
    request: u64,
    asked: Vec<Asked>,
}

enum Answer {
    Expected(Pending<ProduceResponse>),
    /// Only that it is in the socket.
    Written(Pending<()>),
}

struct Answered {
    version: i16,
    response: ProduceResponse,
}

impl Future for InFlight {
    type Output = (Flight, Result<Option<Answered>, Error>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let result = match &mut this.answer {
            Answer::Expected(pending) => {
                let version = pending.version();
                std::task::ready!(Pin::new(pending).poll(cx))
                    .map(|response| Some(Answered { version, response }))
            }
            Answer::Written(pending) => {
                std::task::ready!(Pin::new(pending).poll(cx)).map(|()| None)
            }
        };
        match this.flight.take() {
            Some(flight) => Poll::Ready((flight, result)),
            // Polled again after it resolved, which the set never does.
            None => Poll::Pending,
        }
    }
}
