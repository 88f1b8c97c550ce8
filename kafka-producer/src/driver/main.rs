//! The producer's task: deadlines, metadata, the producer id, the end.

use std::sync::Arc;
use std::time::Instant;

use kafka_net::{Error, ErrorKind, Waiting, clock};
use kafka_protocol::ErrorCode;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};

use crate::idempotence::Identity;
use crate::shared::Shared;
use crate::sync::lock;

use super::{Guard, TICK, filled, sleep_until};

pub(super) async fn run(guard: Guard) {
    let shared = guard.shared.clone();
    let mut changes = shared.router.changes();
    let mut metadata_lives = true;
    let mut asking: Option<Waiting<InitProducerIdResponse>> = None;
    let mut keys = Vec::new();
    let mut generation = None;
    loop {
        let now = clock::now();
        shared.main.take(&mut keys);
        let newest = changes.with_latest(|generation| *generation);
        if generation.replace(newest) != Some(newest) {
            shared.update_topics(now);
        }
        let until = tend(&shared, now, &mut keys, &mut asking);
        if shared.is_closed_off()
            && let Some(outcome) = closed(&shared, now)
        {
            shared.end(outcome);
            break;
        }
        tokio::select! {
            biased;
            answer = answered(&mut asking) => {
                asking = None;
                let effects = {
                    let mut sender = lock(&shared.sender);
                    sender.on_identity(clock::now(), answer.and_then(identity));
                    sender.take_effects()
                };
                shared.perform(effects, None);
            }
            changed = changes.changed(), if metadata_lives => {
                // The router is closed; its connections say so to whoever asks.
                metadata_lives = changed.is_ok();
            }
            () = filled(&shared.main) => {}
            () = sleep_until(until) => {}
        }
    }
    guard.disarm();
}

/// Everything that time brings; until when there is nothing to do.
fn tend(
    shared: &Arc<Shared>,
    now: Instant,
    keys: &mut Vec<u32>,
    asking: &mut Option<Waiting<InitProducerIdResponse>>,
) -> Option<Instant> {
    shared.renew_wall_ms();
    let (effects, expiry, ask_at, is_busy) = {
        let mut sender = lock(&shared.sender);
        sender.on_edges(now, keys);
        sender.expire(now);
        // Under the lock: who charges memory after this tells the sender later,
        // and finds the clock stopped.
        let is_busy = shared.memory.used() > 0;
        if !is_busy {
            sender.stop_ticking();
        }
        let mut ask_at = sender.ask_at(now);
        if asking.is_none() && ask_at.is_some_and(|at| at <= now) {
            *asking = Some(ask(shared, now, sender.asking()));
            ask_at = None;
        }
        (sender.take_effects(), sender.next_expiry(), ask_at, is_busy)
    };
    keys.clear();
    shared.perform(effects, None);
    shared.memory.expire(now, || shared.no_room());
    if shared.memory.is_short() {
        // Nothing should linger while callers wait for its memory.
        shared.wake_brokers();
    }
    let tick = is_busy.then(|| now + TICK);
    let close = shared.close_deadline();
    [
        expiry,
        ask_at,
        shared.memory.next_deadline(),
        tick,
        close.filter(|_| shared.is_closed_off()),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// How a closing producer ends, if it does now.
fn closed(shared: &Arc<Shared>, now: Instant) -> Option<Result<(), Error>> {
    if lock(&shared.sender).is_drained() {
        return Some(Ok(()));
    }
    let deadline = shared.close_deadline()?;
    if deadline > now {
        return None;
    }
    let late = Error::new(ErrorKind::Timeout)
        .with_message("not all records were delivered before the deadline of close (timeout)");
    shared.fail_rest(&late);
    Some(Err(late))
}

/// Asks any broker for a producer id, naming the one to follow.
fn ask(
    shared: &Arc<Shared>,
    now: Instant,
    previous: Option<Identity>,
) -> Waiting<InitProducerIdResponse> {
    let mut request = InitProducerIdRequest::new()
        .with_transactional_id(None)
        // Only transactions time out.
        .with_transaction_timeout_ms(i32::MAX);
    if let Some(Identity { id, epoch }) = previous {
        request = request.with_producer_id(id).with_producer_epoch(epoch);
    }
    let deadline = now + shared.config.request_timeout;
    shared.router.send_any(request, deadline)
}

async fn answered(
    asking: &mut Option<Waiting<InitProducerIdResponse>>,
) -> Result<InitProducerIdResponse, Error> {
    match asking {
        Some(waiting) => waiting.await,
        None => std::future::pending().await,
    }
}

fn identity(response: InitProducerIdResponse) -> Result<Identity, Error> {
    let code = ErrorCode::from(response.error_code);
    if !code.is_ok() {
        return Err(Error::broker(code));
    }
    if response.producer_id < 0 || response.producer_epoch < 0 {
        return Err(Error::new(ErrorKind::UnexpectedResponse)
            .with_hint("the producer id or epoch is negative"));
    }
    Ok(Identity {
        id: response.producer_id,
        epoch: response.producer_epoch,
    })
}
