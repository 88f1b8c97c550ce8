//! What was fetched of one partition and not handed out yet.

use std::collections::VecDeque;

use bytes::Bytes;
use kafka_net::Error;

use crate::batch::Batch;
use crate::budget::Budget;
use crate::decode::Chunk;

/// In the order in which the caller gets to it.
#[derive(Debug)]
pub(crate) enum Entry {
    Chunk(Chunk),
    /// Decoded already: given back by a stream, or taken as a partition was
    /// paused.
    Batch(Batch, Charge),
    /// The position goes to this offset without records in between: the policy
    /// moved it.
    Jump(i64),
    /// Reported once; nothing comes after it.
    Failure(Error),
}

/// What an entry counts for in the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) broker: i32,
    pub(crate) bytes: usize,
}

impl Entry {
    fn charge(&self) -> Charge {
        match self {
            Self::Chunk(chunk) => Charge {
                broker: chunk.broker,
                bytes: chunk.data.len(),
            },
            Self::Batch(_, charge) => *charge,
            Self::Jump(_) | Self::Failure(_) => Charge::default(),
        }
    }
}

/// Queue of entries whose bytes are charged to the budget as long as they are
/// here.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Buffer {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push_back(&mut self, entry: Entry, budget: &mut Budget) {
        self.charge(&entry, budget);
        self.entries.push_back(entry);
    }

    pub(crate) fn push_front(&mut self, entry: Entry, budget: &mut Budget) {
        self.charge(&entry, budget);
        self.entries.push_front(entry);
    }

    pub(crate) fn pop_front(&mut self, budget: &mut Budget) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        let Charge { broker, bytes } = entry.charge();
        self.bytes = self.bytes.saturating_sub(bytes);
        budget.remove(broker, bytes);
        Some(entry)
    }

    /// Empties it; returns the failure that was at its end, if there was one.
    pub(crate) fn take_failure(&mut self, budget: &mut Budget) -> Option<Error> {
        let mut failure = None;
        while let Some(entry) = self.pop_front(budget) {
            failure = match entry {
                Entry::Failure(error) => Some(error),
                _ => None,
            };
        }
        failure
    }

    pub(crate) fn clear(&mut self, budget: &mut Budget) {
        while self.pop_front(budget).is_some() {}
    }

    /// Gives the data memory of its own, so that it does not keep the rest of the
    /// answers that it came in: for what may stay here for long.
    pub(crate) fn detach(&mut self) {
        for entry in &mut self.entries {
            if let Entry::Chunk(chunk) = entry
                && chunk.frame > chunk.data.len()
            {
                chunk.data = Bytes::copy_from_slice(&chunk.data);
                chunk.frame = chunk.data.len();
            }
        }
    }

    fn charge(&mut self, entry: &Entry, budget: &mut Budget) {
        let Charge { broker, bytes } = entry.charge();
        self.bytes += bytes;
        if bytes > 0 {
            budget.add(broker, bytes);
        }
    }
}
