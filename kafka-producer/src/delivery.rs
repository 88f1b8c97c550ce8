//! What `send` hands out: a record's way to its acknowledgement.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use kafka_net::Error;

use crate::completion::{Completion, NO_SLOT};

/// Resolves once the record has its outcome: delivered, failed, or unknown.
///
/// The record belongs to the producer already; dropping this changes nothing
/// about it. It resolves exactly once, at the latest when
/// [`delivery_timeout`](crate::ProducerConfig::delivery_timeout) has passed, and
/// with an error if the producer's runtime ends first. It may be awaited in any
/// runtime, or outside one. Polled again after it resolved, it gives the same
/// answer again.
///
/// # Errors
///
/// [`Error::possibly_written`] tells a record that is not in the log from one
/// that may be.
#[must_use = "dropping a delivery hides whether the record was written"]
pub struct Delivery {
    completion: Arc<Completion>,
    index: u32,
    slot: u32,
    timestamp_ms: i64,
}

/// A delivered record's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ack {
    /// The partition it was written to.
    pub partition: i32,
    /// Its offset; `None` with [`Acks::None`](crate::Acks::None), and for some
    /// retries that found the record already written.
    pub offset: Option<i64>,
    /// Milliseconds since the Unix epoch: the broker's time of appending for
    /// topics that keep it, else the record's own; `None` if the record has
    /// none.
    pub timestamp: Option<i64>,
}

impl Delivery {
    pub(crate) fn new(completion: Arc<Completion>, index: u32, timestamp_ms: i64) -> Self {
        Self {
            completion,
            index,
            slot: NO_SLOT,
            timestamp_ms,
        }
    }

    /// A delivery that has failed already.
    pub(crate) fn failed(partition: i32, error: Error) -> Self {
        Self::new(Completion::failed(partition, error), 0, -1)
    }

    /// The partition that the record goes to.
    pub fn partition(&self) -> i32 {
        self.completion.partition()
    }
}

impl Future for Delivery {
    type Output = Result<Ack, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.completion
            .poll_record(this.index, &mut this.slot, cx)
            .map_ok(|written| Ack {
                partition: this.completion.partition(),
                offset: written.offset,
                timestamp: written
                    .log_append_ms
                    .or_else(|| (this.timestamp_ms >= 0).then_some(this.timestamp_ms)),
            })
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("partition", &self.partition())
            .field("index", &self.index)
            .field("done", &self.completion.is_done())
            .finish()
    }
}
