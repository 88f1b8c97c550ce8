//! The task that asks the brokers and keeps the deadlines.

use std::future::pending;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use kafka_net::{Error, clock};

use crate::ask;
use crate::coordinator::{Found, Lookup};
use crate::refresh::{Answer, Question};
use crate::shared::{Shared, State, closed};

/// What came of something that was asked.
enum Event {
    Metadata(Result<Answer, Error>),
    Coordinators(Lookup, Result<Vec<Found>, Error>),
}

/// What there is to ask.
enum Ask {
    Metadata(Question),
    Coordinators(Lookup),
}

/// Runs until the router is closed. However it ends, everyone who waits is told.
pub(crate) async fn run(guard: DriverGuard) {
    let shared = &guard.0;
    // One metadata question and one look-up per kind at most: the state
    // machines see to that.
    let mut running: FuturesUnordered<BoxFuture<'static, Event>> = FuturesUnordered::new();
    loop {
        let now = clock::now();
        let (asks, wake_at, is_closed) = shared.with(|state| {
            let asks = asks(state, now);
            (asks, wake_at(state), state.closed)
        });
        if is_closed {
            return;
        }
        running.extend(asks.into_iter().map(|ask| start(shared, ask)));
        let alarm = async {
            match wake_at {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shared.wake.notified() => {}
            Some(event) = running.next(), if !running.is_empty() => on_event(shared, event),
            () = alarm => {}
        }
    }
}

fn asks(state: &mut State, now: std::time::Instant) -> Vec<Ask> {
    let mut asks: Vec<Ask> = state
        .refresh
        .poll(now)
        .map(Ask::Metadata)
        .into_iter()
        .collect();
    while let Some(lookup) = state.coordinators.poll(now) {
        asks.push(Ask::Coordinators(lookup));
    }
    asks
}

fn wake_at(state: &State) -> Option<std::time::Instant> {
    [state.refresh.wake_at(), state.coordinators.wake_at()]
        .into_iter()
        .flatten()
        .min()
}

fn start(shared: &Arc<Shared>, ask: Ask) -> BoxFuture<'static, Event> {
    let shared = Arc::clone(shared);
    match ask {
        Ask::Metadata(question) => {
            Box::pin(async { Event::Metadata(ask::metadata(shared, question).await) })
        }
        Ask::Coordinators(lookup) => Box::pin(async {
            let result = ask::coordinators(shared, lookup.clone()).await;
            Event::Coordinators(lookup, result)
        }),
    }
}

fn on_event(shared: &Shared, event: Event) {
    let now = clock::now();
    shared.with(|state| match event {
        Event::Metadata(Ok(answer)) => state.refresh.on_answer(now, answer),
        Event::Metadata(Err(error)) => state.refresh.on_failure(now, error),
        Event::Coordinators(lookup, Ok(found)) => {
            state.coordinators.on_answer(now, &lookup, found);
        }
        Event::Coordinators(lookup, Err(error)) => {
            tracing::debug!(%error, "no broker answered a coordinator look-up");
            state.coordinators.on_failure(now, &lookup, &error);
        }
    });
}

/// Tells everyone when the driver ends, also when its runtime drops it, with or
/// without ever having polled it.
pub(crate) struct DriverGuard(pub(crate) Arc<Shared>);

impl Drop for DriverGuard {
    fn drop(&mut self) {
        self.0.close(&closed());
        self.0.driver_alive.send_replace(false);
    }
}
