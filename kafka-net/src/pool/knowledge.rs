use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka_protocol::StrBytes;

use crate::BrokerAddress;
use crate::connection::dial::Known;

/// How long a broker stays known as what it was: after an upgrade from 0.9 or
/// older, new connections use its new versions this much later.
const KNOWN_FOR: Duration = Duration::from_secs(5 * 60);

/// What brokers were found to be, by host and port, and until when that counts: what a
/// pool and its branches tell each other, also of an address that has no id yet.
///
/// Not to ask is more than a saving: when 0.9 reads an ApiVersions, which it does not
/// know, it passes over every request as well that its network thread has read from
/// other connections at the same time. Those would wait out their timeouts.
#[derive(Clone, Debug, Default)]
pub(super) struct Knowledge(Arc<Mutex<ByPlace>>);

type ByPlace = BTreeMap<(StrBytes, u16), (Known, Instant)>;

impl Knowledge {
    pub(super) fn of(&self, now: Instant, broker: &BrokerAddress) -> Known {
        match self.lock().get(&place(broker)) {
            Some((known, until)) if now < *until => *known,
            _ => Known::Nothing,
        }
    }

    /// A connection found the broker to be this. What is out of date is forgotten.
    pub(super) fn learn(&self, now: Instant, broker: &BrokerAddress, known: Known) {
        let mut all = self.lock();
        all.retain(|_, (_, until)| now < *until);
        let before = all.get(&place(broker)).map(|(known, _)| *known);
        // Whoever was believed to be old is not found to be so again.
        if known == Known::Current || before != Some(known) {
            all.insert(place(broker), (known, now + KNOWN_FOR));
        }
    }

    /// An attempt failed: if it was believed to be old, it is asked the next time.
    pub(super) fn doubt(&self, broker: &BrokerAddress) {
        let mut all = self.lock();
        if matches!(all.get(&place(broker)), Some((Known::Old(_), _))) {
            all.remove(&place(broker));
        }
    }

    fn lock(&self) -> MutexGuard<'_, ByPlace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(broker: &BrokerAddress) -> (StrBytes, u16) {
    (broker.host.clone(), broker.port)
}
