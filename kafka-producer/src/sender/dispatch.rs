//! From sealed batches to a request: numbering and stamping.

use std::time::Instant;

use kafka_net::Error;
use kafka_protocol::records::{BatchBuilder, BatchStamp};
use kafka_protocol::{RecordBytes, StrBytes, Uuid};

use crate::batch::{BatchId, Flight, State};
use crate::leader::{Fitted, Form, too_old};
use crate::verdict::Trace;

use super::{Request, Sender};

/// A draft that was sealed, or could not be.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) partition: u32,
    pub(crate) batch: BatchId,
    pub(crate) content: Result<Fitted, Error>,
}

/// A request to send.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) request: u64,
    pub(crate) parts: Vec<Part>,
}

/// One partition's batch in a request.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) topic: StrBytes,
    /// The id that the batch was begun for; zero when unknown.
    pub(crate) topic_id: Uuid,
    pub(crate) partition: i32,
    pub(crate) records: RecordBytes,
}

impl Sender {
    /// Numbers and stamps what is still next in its partition. `None` when
    /// nothing is: the request's place is free again.
    pub(crate) fn dispatch(
        &mut self,
        now: Instant,
        broker: i32,
        sealed: Vec<Sealed>,
    ) -> Option<Dispatch> {
        self.next_request += 1;
        let flight = Flight {
            request: self.next_request,
            broker,
            leader_epoch: -1,
        };
        let mut parts = Vec::with_capacity(sealed.len());
        let mut members = Vec::with_capacity(sealed.len());
        for draft in sealed {
            let (key, id) = (draft.partition, draft.batch);
            if let Some(part) = self.stamp(now, flight, draft) {
                parts.push(part);
                members.push((key, id));
            }
            self.touch(now, key);
        }
        let state = self.brokers.entry(broker).or_default();
        if parts.is_empty() {
            state.release();
            return None;
        }
        state.sent(now);
        self.counters.requests += 1;
        self.requests.insert(
            flight.request,
            Request {
                broker,
                parts: members,
            },
        );
        Some(Dispatch {
            request: flight.request,
            parts,
        })
    }

    fn stamp(&mut self, now: Instant, flight: Flight, draft: Sealed) -> Option<Part> {
        let current = self.identities.current();
        let remembers = self.remembers(Some(flight.broker));
        let partition = self.partitions.get_mut(draft.partition as usize)?;
        // Given up while it was being sealed?
        let index = partition.position(draft.batch)?;
        let batch = partition.batches.get_mut(index)?;
        if batch.state != State::Sealing {
            return None;
        }
        batch.state = State::Idle;
        let form = match draft.content {
            Ok(Fitted { sealed, form }) => {
                batch.restore(sealed);
                form
            }
            Err(error) => {
                self.fail_batch(draft.partition, index, error, Trace::Nothing);
                self.tidy(draft.partition);
                return None;
            }
        };
        // The leader may have moved, or an earlier batch come back.
        if !partition.is_next(index, flight.broker, remembers) {
            return None;
        }
        let set = match form {
            Form::Batch => None,
            _ if !self.may_go_unnumbered(draft.partition, index) => return None,
            Form::Set(set) => Some(set),
            Form::Apart(parts) => {
                self.set_apart(draft.partition, index, parts);
                return None;
            }
        };
        let partition = self.partitions.get_mut(draft.partition as usize)?;
        let is_numbered = partition.batches.get(index)?.is_numbered();
        if !is_numbered && !partition.prepare(&current) {
            return None;
        }
        partition.begin_flight(now);
        let batch = partition.batches.get_mut(index)?;
        if batch.sequence.is_none() && set.is_none() {
            batch.followers = 0;
            batch.sequence = partition.sequences.assign(batch.records);
        }
        let identity = batch
            .sequence
            .and_then(|sequence| Some((partition.sequences.identity()?, sequence)));
        let stamp = match identity {
            Some((identity, base_sequence)) => BatchStamp {
                producer_id: identity.id,
                producer_epoch: identity.epoch,
                base_sequence,
                ..BatchStamp::default()
            },
            None => BatchStamp::default(),
        };
        let records = match set {
            Some(set) => set,
            None => batch.sealed()?.to_record_bytes(&stamp),
        };
        batch.state = State::InFlight(Flight {
            leader_epoch: partition.leader_epoch,
            ..flight
        });
        batch.attempts += 1;
        if batch.attempts == 1 {
            self.counters.batches += 1;
            self.counters.records_sent += u64::from(batch.records);
        } else {
            self.counters.retries += 1;
        }
        Some(Part {
            topic: partition.shared.topic.clone(),
            topic_id: batch.topic_id,
            partition: partition.shared.index,
            records,
        })
    }

    /// Whether a batch can go to a leader that knows no numbers. If not, it fails, or
    /// loses those it has before it is tried again.
    fn may_go_unnumbered(&mut self, key: u32, index: usize) -> bool {
        let partition = self.partitions.get(key as usize);
        let Some(batch) = partition.and_then(|partition| partition.batches.get(index)) else {
            return false;
        };
        if self.identities.is_required() {
            let error = too_old("idempotence (Required)", "0.11");
            self.fail_batch(key, index, error, Trace::Nothing);
        } else if !batch.is_numbered() {
            return true;
        } else if batch.maybe_written {
            // Without its numbers it could be there twice.
            let error = Error::new(kafka_net::ErrorKind::UnsupportedVersion).with_message(
                "the batch may be in the log already, and this leader is too old (Kafka 0.11 or \
                 later is needed) to recognise it: sending it again could double it",
            );
            self.fail_batch(key, index, error, Trace::Nothing);
        } else {
            self.break_numbers(key);
        }
        self.tidy(key);
        false
    }

    /// Puts these batches in the place of one. Those with headers fail.
    fn set_apart(&mut self, key: u32, index: usize, parts: Vec<(bool, BatchBuilder)>) {
        let (with_headers, builders): (Vec<bool>, Vec<BatchBuilder>) = parts.into_iter().unzip();
        self.replace(key, index, builders);
        // From the last on, so that the places of the others stay.
        for (at, with_headers) in with_headers.into_iter().enumerate().rev() {
            if with_headers {
                let error = too_old("a record with headers", "0.11");
                self.fail_batch(key, index + at, error, Trace::Nothing);
            }
        }
        self.tidy(key);
    }
}
