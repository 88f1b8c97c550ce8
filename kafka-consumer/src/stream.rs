//! Batches and records as streams.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use kafka_net::Error;
use kafka_protocol::records::RecordPosition;

use crate::batch::Batch;
use crate::consumer::Handle;
use crate::position::Gate;
use crate::record::{Copier, OwnedRecord};
use crate::subscription::Lease;

/// The consumer's batches, as [`Consumer::next_batch`](crate::Consumer::next_batch)
/// hands them out. Ends when the consumer is closed.
///
/// An error is an item like any other: the stream goes on behind it. Dropping the
/// stream, or a future of its next item, loses nothing.
#[must_use = "a stream does nothing unless it is polled"]
pub struct BatchStream {
    handle: Arc<Handle>,
    waiter: Option<u64>,
}

impl BatchStream {
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        Self {
            handle,
            waiter: None,
        }
    }

    /// The next batch, or `None` once the consumer is closed. Dropping the future
    /// loses nothing.
    ///
    /// # Errors
    ///
    /// As [`Consumer::next_batch`](crate::Consumer::next_batch).
    pub async fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        poll_fn(|cx| self.poll_batch(cx)).await
    }

    pub(crate) fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Batch>, Error>> {
        self.handle.shared.poll_batch(cx, &mut self.waiter)
    }
}

impl Stream for BatchStream {
    type Item = Result<Batch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_batch(cx).map(Result::transpose)
    }
}

impl Drop for BatchStream {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter {
            self.handle.shared.forget_waiter(waiter);
        }
    }
}

impl fmt::Debug for BatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchStream").finish_non_exhaustive()
    }
}

/// The consumer's records one by one, each owning what it holds. Ends when the
/// consumer is closed.
///
/// The position moves with each record, so a commit covers exactly those that were
/// handed out. While the stream is in the middle of a batch, nobody else is handed
/// records of that partition. Dropping the stream gives the rest of the batch back:
/// whoever takes from the consumer next gets it, and nothing is lost.
///
/// A seek, a pause or a change of the assignment holds from the next record on. An
/// error is an item like any other: the stream goes on behind it.
#[must_use = "a stream does nothing unless it is polled"]
pub struct RecordStream {
    handle: Arc<Handle>,
    waiter: Option<u64>,
    current: Option<Current>,
    copier: Copier,
}

/// The batch that a stream is in the middle of.
struct Current {
    lease: Lease,
    batch: Batch,
    at: RecordPosition,
}

impl RecordStream {
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        Self {
            handle,
            waiter: None,
            current: None,
            copier: Copier::new(),
        }
    }

    /// The next record, or `None` once the consumer is closed. Dropping the future
    /// loses nothing.
    ///
    /// # Errors
    ///
    /// As [`Consumer::next_batch`](crate::Consumer::next_batch).
    pub async fn next_record(&mut self) -> Result<Option<OwnedRecord>, Error> {
        poll_fn(|cx| self.poll_record(cx)).await
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<OwnedRecord>, Error>> {
        loop {
            if let Some(record) = self.next_of_current() {
                return Poll::Ready(Ok(Some(record)));
            }
            let next = match self.handle.shared.poll_lease(cx, &mut self.waiter) {
                Poll::Ready(Ok(Some(next))) => next,
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(None)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            };
            let (lease, batch) = next;
            let at = batch.start();
            self.current = Some(Current { lease, batch, at });
        }
    }

    /// The next record of the batch at hand, if there is one that may be handed
    /// out; else lets go of the batch.
    #[inline]
    fn next_of_current(&mut self) -> Option<OwnedRecord> {
        let current = self.current.as_mut()?;
        match current.lease.cursor.gate() {
            Gate::Open => {}
            Gate::Paused | Gate::Retired => {
                self.give_back();
                return None;
            }
        }
        let Some(view) = current.batch.inner().next_at(&mut current.at) else {
            self.give_back();
            return None;
        };
        let last = current.at.index() == current.batch.inner().len();
        let next = if last {
            current.batch.next_offset()
        } else {
            view.offset().saturating_add(1)
        };
        let record = OwnedRecord::of(&current.batch, &view, &mut self.copier);
        current.lease.cursor.move_to(next);
        if last {
            // Through: others may go on with the partition, whether or not anybody
            // asks this stream for more.
            self.give_back();
        }
        Some(record)
    }

    /// Ends the lease, with what is left of the batch.
    fn give_back(&mut self) {
        if let Some(Current { lease, batch, at }) = self.current.take() {
            let rest = batch.rest(at);
            self.handle.shared.with(|state| {
                if let Some(rest) = &rest {
                    state.subscription.uncount(rest);
                }
                state.subscription.give_back(lease, rest);
            });
        }
    }
}

impl Stream for RecordStream {
    type Item = Result<OwnedRecord, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_record(cx).map(Result::transpose)
    }
}

impl Drop for RecordStream {
    fn drop(&mut self) {
        self.give_back();
        if let Some(waiter) = self.waiter {
            self.handle.shared.forget_waiter(waiter);
        }
    }
}

impl fmt::Debug for RecordStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStream").finish_non_exhaustive()
    }
}
