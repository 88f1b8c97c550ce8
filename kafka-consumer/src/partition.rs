//! One assigned partition.

use std::sync::Arc;
use std::time::Instant;

use kafka_protocol::Uuid;

use crate::assignment::{Start, TopicPartition};
use crate::budget::Budget;
use crate::buffer::{Buffer, Charge, Entry};
use crate::position::{Cursor, Gate, Phase, Retry};

/// Everything known of one assigned partition; see [`Phase`] for its states.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) name: TopicPartition,
    /// Changes with every seek and assignment, and is never used twice: what was
    /// taken from the buffer before is recognised and dropped.
    pub(crate) generation: u64,
    pub(crate) phase: Phase,
    pub(crate) cursor: Arc<Cursor>,
    pub(crate) paused: bool,
    pub(crate) topic_id: Uuid,
    /// Whether the metadata has the topic, but not this partition of it.
    pub(crate) missing: bool,
    pub(crate) leader: Option<i32>,
    pub(crate) leader_epoch: i32,
    /// Where the leader sent us to fetch instead, and until when that holds.
    pub(crate) read_replica: Option<(i32, Instant)>,
    pub(crate) buffer: Buffer,
    /// What of the data that someone is decoding or streaming still counts.
    pub(crate) lease: Option<Charge>,
    /// Whether it is in the queue of partitions that have something to take.
    pub(crate) queued: bool,
    /// The question in flight, for a position or for records; 0 for none. An
    /// answer to any other is dropped.
    pub(crate) ticket: u64,
    /// Whether the last answer brought nothing.
    pub(crate) caught_up: bool,
    /// How much a fetch asks for: more than configured where an old broker needs
    /// it to get a large batch through.
    pub(crate) fetch_bytes: usize,
    pub(crate) retry: Retry,
    /// Whether an error of this partition waits to be returned.
    pub(crate) reporting: bool,
    /// The offset after the last that can be read, as far as it is known: the
    /// high watermark, or the last stable offset under read committed.
    pub(crate) end_offset: Option<i64>,
    /// The last offset that is known to be committed for the group.
    pub(crate) committed: Option<i64>,
    /// Whether this consumer has begun a commit: what the group is told to have may then
    /// be what it had before.
    pub(crate) commit_begun: bool,
}

impl Partition {
    pub(crate) fn new(
        name: TopicPartition,
        start: Start,
        generation: u64,
        fetch_bytes: usize,
    ) -> Self {
        let phase = Phase::starting_at(start);
        Self {
            cursor: Arc::new(Cursor::new(position_of(phase), false)),
            name,
            generation,
            phase,
            paused: false,
            topic_id: Uuid::default(),
            missing: false,
            leader: None,
            leader_epoch: -1,
            read_replica: None,
            buffer: Buffer::default(),
            lease: None,
            queued: false,
            ticket: 0,
            caught_up: false,
            fetch_bytes,
            retry: Retry::default(),
            reporting: false,
            end_offset: None,
            committed: None,
            commit_begun: false,
        }
    }

    /// Begins anew in `phase`. What was fetched and every answer on its way is
    /// worthless.
    pub(crate) fn restart(&mut self, phase: Phase, generation: u64, budget: &mut Budget) {
        self.discard(budget);
        self.cursor.set_gate(Gate::Retired);
        self.cursor = Arc::new(Cursor::new(position_of(phase), self.paused));
        self.phase = phase;
        self.generation = generation;
        self.caught_up = false;
        self.retry = Retry::default();
        self.reporting = false;
    }

    /// Drops what was fetched and not handed out, and forgets what was asked.
    pub(crate) fn discard(&mut self, budget: &mut Budget) {
        self.buffer.clear(budget);
        if let Some(Charge { broker, bytes }) = self.lease.take() {
            budget.remove(broker, bytes);
        }
        self.ticket = 0;
    }

    /// Stops fetching. The caller finds `failure` behind what is buffered.
    pub(crate) fn fail(&mut self, failure: kafka_net::Error, budget: &mut Budget) {
        self.phase = Phase::Stopped;
        self.ticket = 0;
        self.buffer.push_back(Entry::Failure(failure), budget);
    }

    /// Bytes fetched and not handed out.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.buffer.bytes() + self.lease.map_or(0, |lease| lease.bytes)
    }

    /// Who is asked for records.
    pub(crate) fn source(&self, now: Instant) -> Option<i32> {
        match self.read_replica {
            Some((replica, until)) if now < until => Some(replica),
            _ => self.leader,
        }
    }

    /// Whether a caller may take something from it.
    pub(crate) fn has_work(&self) -> bool {
        !self.paused && self.lease.is_none() && !self.buffer.is_empty()
    }
}

fn position_of(phase: Phase) -> Option<i64> {
    match phase {
        Phase::Fetching { next_offset } => Some(next_offset),
        _ => None,
    }
}
