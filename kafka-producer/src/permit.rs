//! Space that was waited for before there is a record.

use std::fmt;
use std::sync::Arc;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::StrBytes;
use kafka_protocol::records::NewRecord;

use crate::building::{BATCH_OVERHEAD, size_bound};
use crate::delivery::Delivery;
use crate::memory::Charge;
use crate::producer::Handle;
use crate::record::{Record, RecordRef};
use crate::sync::{Mutex, lock};
use crate::topic::TopicProducer;

/// The right to send one record to a topic without waiting, from
/// [`Producer::reserve`](crate::Producer::reserve). Dropped, its space goes back.
#[must_use = "a permit holds memory until it is used or dropped"]
pub struct Permit {
    /// Keeps the producer open.
    _handle: Arc<Handle>,
    name: StrBytes,
    topic: Arc<Mutex<TopicProducer>>,
    charge: Charge,
}

impl Permit {
    pub(crate) fn new(
        handle: Arc<Handle>,
        name: StrBytes,
        topic: Arc<Mutex<TopicProducer>>,
        charge: Charge,
    ) -> Self {
        Self {
            _handle: handle,
            name,
            topic,
            charge,
        }
    }

    /// The topic it is for.
    pub fn topic(&self) -> &str {
        &self.name
    }

    /// Hands the record to the producer. Space that it does not need goes back.
    ///
    /// What is wrong with the record itself (another topic than the permit's, a
    /// partition that does not exist, larger than what was reserved or allowed),
    /// or a producer that was closed meanwhile, shows in the delivery.
    pub fn send(self, record: Record) -> Delivery {
        if record.topic() != &*self.name {
            let error = Error::new(ErrorKind::InvalidArgument)
                .with_topic(record.topic())
                .with_message(format!("the permit is for topic {}", &*self.name));
            return Delivery::failed(-1, error);
        }
        record.lend(|lent| lock(&self.topic).append_reserved(&lent, self.charge))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("topic", &self.name)
            .field("bytes", &self.charge.bytes())
            .finish()
    }
}

/// What a record takes at most when it begins a batch.
pub(crate) fn bytes_for(record: &RecordRef<'_>) -> usize {
    BATCH_OVERHEAD
        + size_bound(&NewRecord {
            timestamp: 0,
            key: record.key,
            value: record.value,
            headers: record.headers,
        })
}

/// The same, for a record whose parts take `payload` bytes.
pub(crate) fn room_for(payload: usize) -> usize {
    payload.saturating_add(BATCH_OVERHEAD + size_bound(&NewRecord::default()))
}
