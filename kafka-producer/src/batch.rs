//! A batch in the sender's hands, from when it was picked up to its outcome.
//!
//! ```text
//!           lend              number, stamp, send             Written / Fail
//!  Idle ──────────▶ Sealing ──────────────────────▶ InFlight ───────────────▶ gone
//!   ▲                  │ not its turn any more         │
//!   ├──────────────────┘                               │ try again, or split
//!   └──────────────────────────────────────────────────┘
//!  given up while its fate is open: Ghost, which only keeps its numbers' place
//! ```

use std::sync::Arc;
use std::time::Instant;

use kafka_net::Error;
use kafka_protocol::Uuid;
use kafka_protocol::records::{BatchBuilder, SealedBatch};

use crate::building::Building;
use crate::completion::{Completion, Outcome, Resolver};
use crate::idempotence::advance;
use crate::memory::Charge;

/// One batch: see the module.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) id: BatchId,
    pub(crate) state: State,
    body: Body,
    /// `None` once the outcome was told.
    resolver: Option<Resolver>,
    pub(crate) charge: Charge,
    pub(crate) topic_id: Uuid,
    pub(crate) created: Instant,
    pub(crate) records: u32,
    /// Bytes before compression, header included.
    pub(crate) size: usize,
    pub(crate) attempts: u32,
    /// An attempt may have left it in the log.
    pub(crate) maybe_written: bool,
    /// Number of its first record, once numbered.
    pub(crate) sequence: Option<i32>,
    /// Later batches that the leader has appended since this one was numbered.
    /// It knows a batch again only among the latest few of its producer.
    pub(crate) followers: usize,
    /// Why the latest attempt failed.
    pub(crate) last_error: Option<Error>,
}

/// A batch's number, unique in its producer.
pub(crate) type BatchId = u64;

/// Where a batch is: see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Idle,
    Sealing,
    InFlight(Flight),
    /// Its outcome was told; the request may still be out.
    Ghost(Option<Flight>),
}

/// A request that a batch is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) request: u64,
    pub(crate) broker: i32,
    /// The leader epoch that the broker was believed to lead in.
    pub(crate) leader_epoch: i32,
}

#[derive(Debug)]
enum Body {
    Building(BatchBuilder),
    Sealed(SealedBatch),
    /// Being sealed, or let go.
    Away,
}

/// What there is to seal.
#[derive(Debug)]
pub(crate) enum Content {
    Building(BatchBuilder),
    Sealed(SealedBatch),
}

/// A batch's outcome, to be told once no lock is held; its memory goes back
/// then, too.
#[derive(Debug)]
pub(crate) struct Finished {
    resolver: Option<Resolver>,
    outcome: Outcome,
    _charge: Option<Charge>,
}

impl Finished {
    pub(crate) fn tell(self) {
        let Self {
            resolver, outcome, ..
        } = self;
        if let Some(resolver) = resolver {
            resolver.resolve(outcome);
        }
    }

    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// What was never picked up fails.
    pub(crate) fn unsent(building: Building, error: Error) -> Self {
        Self {
            resolver: Some(building.resolver),
            outcome: Outcome::Failed(error),
            _charge: Some(building.charge),
        }
    }
}

impl Batch {
    pub(crate) fn new(id: BatchId, building: Building, now: Instant) -> Self {
        Self {
            id,
            state: State::Idle,
            records: building.builder.record_count(),
            size: building.builder.batch_len(),
            body: Body::Building(building.builder),
            resolver: Some(building.resolver),
            charge: building.charge,
            topic_id: building.topic_id,
            created: building.seen.unwrap_or(now),
            attempts: 0,
            maybe_written: false,
            sequence: None,
            followers: 0,
            last_error: None,
        }
    }

    /// The same records in these batches, numbered on as they were. `ids` are
    /// theirs.
    pub(crate) fn split(
        mut self,
        builders: Vec<BatchBuilder>,
        mut ids: impl FnMut() -> BatchId,
    ) -> Vec<Self> {
        let mut parts = Vec::with_capacity(builders.len());
        let last = builders.len().saturating_sub(1);
        for (at, builder) in builders.into_iter().enumerate() {
            let records = builder.record_count();
            let size = builder.batch_len();
            let (mine, rest) = match self.resolver.take() {
                Some(resolver) if at < last => {
                    let (mine, rest) = resolver.split(records);
                    (Some(mine), Some(rest))
                }
                all => (all, None),
            };
            self.resolver = rest;
            parts.push(Self {
                id: ids(),
                state: State::Idle,
                body: Body::Building(builder),
                resolver: mine,
                // What the batch was charged is shared out, though the parts
                // may take more until they are compressed again.
                charge: self.charge.split(if at < last { size } else { usize::MAX }),
                topic_id: self.topic_id,
                created: self.created,
                records,
                size,
                attempts: self.attempts,
                maybe_written: self.maybe_written,
                sequence: self.sequence,
                followers: self.followers,
                last_error: self.last_error.clone(),
            });
            self.sequence = self.sequence.map(|base| advance(base, records));
        }
        parts
    }

    /// Hands the content out for sealing.
    pub(crate) fn lend(&mut self) -> Option<Content> {
        match std::mem::replace(&mut self.body, Body::Away) {
            Body::Building(builder) => Some(Content::Building(builder)),
            Body::Sealed(sealed) => {
                self.body = Body::Sealed(sealed.clone());
                Some(Content::Sealed(sealed))
            }
            Body::Away => None,
        }
    }

    /// Takes the sealed content. What compression saved goes back.
    pub(crate) fn restore(&mut self, sealed: SealedBatch) {
        if sealed.encoded_len() < self.size {
            self.charge.shrink(sealed.encoded_len());
        }
        self.body = Body::Sealed(sealed);
    }

    pub(crate) fn sealed(&self) -> Option<&SealedBatch> {
        match &self.body {
            Body::Sealed(sealed) => Some(sealed),
            _ => None,
        }
    }

    /// Whether it has numbers that are not settled.
    pub(crate) fn is_numbered(&self) -> bool {
        self.sequence.is_some()
    }

    pub(crate) fn is_ghost(&self) -> bool {
        matches!(self.state, State::Ghost(_))
    }

    /// The request it is in, also when it was given up meanwhile.
    pub(crate) fn flight(&self) -> Option<Flight> {
        match self.state {
            State::InFlight(flight) => Some(flight),
            State::Ghost(flight) => flight,
            _ => None,
        }
    }

    /// What flush waits for; `None` once the outcome was told.
    pub(crate) fn completion(&self) -> Option<&Arc<Completion>> {
        self.resolver.as_ref().map(Resolver::completion)
    }

    /// Tells the outcome now and keeps the batch's place, and its memory while
    /// a request holds its bytes.
    pub(crate) fn give_up(&mut self, error: Error) -> Finished {
        let flight = self.flight();
        self.state = State::Ghost(flight);
        self.body = Body::Away;
        if flight.is_none() {
            self.charge.shrink(0);
        }
        Finished {
            resolver: self.resolver.take(),
            outcome: Outcome::Failed(error),
            _charge: None,
        }
    }

    pub(crate) fn finish(self, outcome: Outcome) -> Finished {
        Finished {
            resolver: self.resolver,
            outcome,
            _charge: Some(self.charge),
        }
    }
}
