//! What callers and the sender share of a partition: the batch that is open for
//! appending, and those that are closed and wait to be sent.
//!
//! ```text
//!  append ──▶ open ──(full, flushed, or picked up)──▶ closed ──take──▶ sender
//! ```
//!
//! A plain structure behind one lock per partition. Nothing of the caller's
//! (partitioner, serializer, waker) runs under that lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::records::{BatchBuilder, NewRecord};
use kafka_protocol::{StrBytes, Uuid};

use crate::building::{BATCH_OVERHEAD, Building, needs_new_batch, refused};
use crate::completion::{Completion, Outcome};
use crate::inbox::Inbox;
use crate::memory::{Charge, Memory};
use crate::sync::{Mutex, MutexGuard, lock};

/// A partition as callers see it.
#[derive(Debug)]
pub(crate) struct Partition {
    /// The sender's number for it.
    pub(crate) key: u32,
    pub(crate) topic: StrBytes,
    pub(crate) index: i32,
    queue: Mutex<PartitionQueue>,
}

impl Partition {
    pub(crate) fn new(key: u32, topic: StrBytes, index: i32, queue: PartitionQueue) -> Self {
        Self {
            key,
            topic,
            index,
            queue: Mutex::new(queue),
        }
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, PartitionQueue> {
        lock(&self.queue)
    }

    /// Tells the sender's task about a change, if it must know: after the lock
    /// was let go.
    pub(crate) fn tell(&self, edge: Option<Arc<Inbox>>) {
        if let Some(inbox) = edge {
            inbox.push(self.key);
        }
    }
}

/// The state under the partition's lock.
#[derive(Debug)]
pub(crate) struct PartitionQueue {
    partition: i32,
    batch_size: usize,
    memory: Arc<Memory>,
    home: Arc<Inbox>,
    /// The task was told, and has not looked since.
    told: bool,
    topic_id: Uuid,
    open: Option<Building>,
    closed: VecDeque<Building>,
    /// Size of the latest batch that was taken: what the next one starts with.
    expected: usize,
    refusal: Option<Error>,
}

/// What became of an append.
#[derive(Debug)]
pub(crate) enum Append {
    /// In the open batch.
    Done {
        completion: Arc<Completion>,
        index: u32,
        edge: Option<Arc<Inbox>>,
    },
    /// A new batch would have to begin, and the caller wanted to know first.
    WouldOpen { edge: Option<Arc<Inbox>> },
    /// There is no memory: wait for this many bytes and append with them.
    NoRoom {
        bytes: usize,
        edge: Option<Arc<Inbox>>,
    },
    /// Not possible.
    Refused(Error),
}

/// What the sender sees when it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// Batches that are closed.
    pub(crate) closed: usize,
    /// When the open batch was first seen, if there is one.
    pub(crate) open_since: Option<Instant>,
    /// When the oldest of all was first seen.
    pub(crate) oldest: Option<Instant>,
}

/// The least that a batch is charged when it begins, memory permitting.
const FIRST_CHUNK: usize = 1024;
impl PartitionQueue {
    pub(crate) fn new(
        partition: i32,
        topic_id: Uuid,
        batch_size: usize,
        memory: Arc<Memory>,
        home: Arc<Inbox>,
    ) -> Self {
        Self {
            partition,
            batch_size,
            memory,
            home,
            told: false,
            topic_id,
            open: None,
            closed: VecDeque::new(),
            expected: FIRST_CHUNK,
            refusal: None,
        }
    }

    /// How many batches the sender has not taken yet, the open one included.
    pub(crate) fn batches(&self) -> usize {
        self.closed.len() + usize::from(self.open.is_some())
    }

    /// Adds a record to the open batch, beginning one where needed.
    ///
    /// `bound` is the most that the record can take
    /// ([`size_bound`](crate::building::size_bound)). With
    /// `may_open` false, a full batch is closed but none begun. `credit` is
    /// memory that the caller has waited for.
    #[inline]
    pub(crate) fn append(
        &mut self,
        record: &NewRecord<'_>,
        bound: usize,
        may_open: bool,
        credit: Option<Charge>,
    ) -> Append {
        if self.refusal.is_none()
            && credit.is_none()
            && let Some(open) = &mut self.open
        {
            let after = open.builder.batch_len() + bound;
            // What fits what the builder holds neither allocates nor needs more
            // memory. The charge is no measure of that: it is what the builder may
            // grow to, and it grows by the exact size.
            if after <= BATCH_OVERHEAD + open.builder.capacity()
                && after <= self.batch_size
                && let Ok(index) = open.builder.append(record)
            {
                return Append::Done {
                    completion: open.resolver.completion().clone(),
                    index,
                    edge: None,
                };
            }
        }
        self.append_slowly(record, bound, may_open, credit)
    }

    fn append_slowly(
        &mut self,
        record: &NewRecord<'_>,
        bound: usize,
        may_open: bool,
        credit: Option<Charge>,
    ) -> Append {
        if let Some(refusal) = &self.refusal {
            return Append::Refused(refusal.clone());
        }
        if let Some(open) = &mut self.open
            && open.builder.batch_len() + bound <= self.batch_size
            && open.make_room(bound)
        {
            match open.push(record) {
                Ok(index) => {
                    return Append::Done {
                        completion: open.resolver.completion().clone(),
                        index,
                        edge: None,
                    };
                }
                Err(error) if !needs_new_batch(&error) => return Append::Refused(refused(error)),
                Err(_) => {}
            }
        }
        self.close();
        if !may_open {
            return Append::WouldOpen { edge: self.edge() };
        }
        self.begin(record, bound, credit)
    }

    fn begin(&mut self, record: &NewRecord<'_>, bound: usize, credit: Option<Charge>) -> Append {
        let needed = BATCH_OVERHEAD + bound;
        let mut charge = credit.unwrap_or_else(|| Charge::none(&self.memory));
        let wanted = self.expected.min(self.batch_size).max(needed);
        if !charge.try_grow(needed, wanted) {
            return self.no_room(bound);
        }
        let builder = BatchBuilder::with_capacity(charge.bytes() - BATCH_OVERHEAD);
        let (_, resolver) = Completion::new(self.partition);
        let mut open = Building {
            builder,
            resolver,
            charge,
            topic_id: self.topic_id,
            seen: None,
        };
        match open.push(record) {
            Ok(index) => {
                let completion = open.resolver.completion().clone();
                self.open = Some(open);
                Append::Done {
                    completion,
                    index,
                    edge: self.edge(),
                }
            }
            Err(error) => {
                // Nobody holds a handle of it.
                open.resolver
                    .resolve(Outcome::Failed(Error::new(ErrorKind::Encode)));
                Append::Refused(refused(error))
            }
        }
    }

    fn no_room(&mut self, bound: usize) -> Append {
        // What is open can't grow either: let it go, so that room comes back.
        self.close();
        Append::NoRoom {
            bytes: BATCH_OVERHEAD + bound,
            edge: self.edge(),
        }
    }

    /// Closes the open batch, so that it is sent without lingering; the task to
    /// tell.
    pub(crate) fn flush(&mut self) -> Option<Arc<Inbox>> {
        if self.open.is_none() && self.closed.is_empty() {
            return None;
        }
        self.close();
        self.edge()
    }

    /// Refuses all appends from now on and closes the open batch.
    pub(crate) fn refuse(&mut self, error: Error) -> Option<Arc<Inbox>> {
        self.refusal.get_or_insert(error);
        self.flush()
    }

    /// What is there, stamped with the time it was first seen. From here on the
    /// next change is worth telling again.
    pub(crate) fn look(&mut self, now: Instant) -> Backlog {
        self.told = false;
        for batch in self.closed.iter_mut().chain(&mut self.open) {
            batch.seen.get_or_insert(now);
        }
        self.backlog()
    }

    fn backlog(&self) -> Backlog {
        let open_since = self.open.as_ref().and_then(|open| open.seen);
        let front = self.closed.front().and_then(|batch| batch.seen);
        Backlog {
            closed: self.closed.len(),
            open_since,
            oldest: front.or(open_since),
        }
    }

    /// Size of the batch that [`take`](Self::take) would give, its header
    /// included.
    pub(crate) fn next_size(&self) -> Option<usize> {
        let next = self.closed.front().or(self.open.as_ref())?;
        Some(next.builder.batch_len())
    }

    /// The oldest batch, the open one if there is no other.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(Building, Backlog)> {
        if self.closed.is_empty() {
            self.close();
        }
        let batch = self.closed.pop_front()?;
        // Follow sudden growth at once, decline slowly.
        self.expected = (batch.builder.batch_len() + 64).max(self.expected / 2 + FIRST_CHUNK / 2);
        Some((batch, self.look(now)))
    }

    /// Takes everything: batches of a topic that is gone, or of a producer that
    /// ends.
    pub(crate) fn take_all(&mut self) -> Vec<Building> {
        self.close();
        self.closed.drain(..).collect()
    }

    /// Takes the batches first seen at or before `seen`.
    pub(crate) fn take_seen_by(&mut self, seen: Instant) -> Vec<Building> {
        let mut taken = Vec::new();
        if self.open.as_ref().and_then(|open| open.seen) <= Some(seen)
            && self.open.as_ref().is_some_and(|open| open.seen.is_some())
        {
            self.close();
        }
        while self
            .closed
            .front()
            .is_some_and(|batch| batch.seen.is_some_and(|at| at <= seen))
        {
            taken.extend(self.closed.pop_front());
        }
        taken
    }

    /// Who is told from now on; asks it to look if there is anything.
    pub(crate) fn set_home(&mut self, home: Arc<Inbox>) {
        self.home = home;
        self.told = false;
    }

    /// The topic id for batches that begin from now on.
    pub(crate) fn set_topic_id(&mut self, topic_id: Uuid) {
        if self.topic_id != topic_id {
            self.close();
            self.topic_id = topic_id;
        }
    }

    /// The completions of all batches here.
    pub(crate) fn completions(&self) -> impl Iterator<Item = Arc<Completion>> + '_ {
        self.closed
            .iter()
            .chain(&self.open)
            .map(|batch| batch.resolver.completion().clone())
    }

    fn close(&mut self) {
        self.closed.extend(self.open.take());
    }

    fn edge(&mut self) -> Option<Arc<Inbox>> {
        if self.told || (self.open.is_none() && self.closed.is_empty()) {
            return None;
        }
        self.told = true;
        Some(self.home.clone())
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::records::Header;

    use super::*;
    use crate::building::size_bound;

    /// After a large record with many headers, far more is charged than the builder
    /// holds: the next ones must not grow it uncharged.
    #[test]
    fn what_a_batch_grows_to_is_always_charged() {
        for large in (3_000..60_000).step_by(1_501) {
            let memory = Arc::new(Memory::new(1 << 20));
            let home = Arc::<Inbox>::default();
            let mut queue = PartitionQueue::new(0, Uuid::default(), 1 << 18, memory, home);
            for size in [10, 10, large].into_iter().chain([30; 200]) {
                let value = vec![0; size];
                let header = Header {
                    key: "",
                    value: None,
                };
                let record = NewRecord {
                    value: Some(&value),
                    headers: &[header; 40][..if size == large { 40 } else { 0 }],
                    ..NewRecord::default()
                };
                let appended = queue.append(&record, size_bound(&record), true, None);
                assert!(matches!(appended, Append::Done { .. }), "{appended:?}");
                let open = queue.open.as_ref().unwrap();
                let held = BATCH_OVERHEAD + open.builder.capacity();
                assert!(open.charge.bytes() >= held, "{large}: {held} held");
            }
        }
    }
}
