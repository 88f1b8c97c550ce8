//! Quotas of users and clients (KIP-13, KIP-55, KIP-124, KIP-546): how much they
//! may produce and fetch, and how busy they may keep brokers.

mod rate;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::StrBytes;

use rate::Rate;

/// Bytes a second that are produced, for each broker.
pub(crate) const PRODUCER_BYTE_RATE: &str = "producer_byte_rate";

/// Bytes a second that are fetched, for each broker.
pub(crate) const CONSUMER_BYTE_RATE: &str = "consumer_byte_rate";

/// Percents of one thread's time that requests take, for each broker.
pub(crate) const REQUEST_PERCENTAGE: &str = "request_percentage";

/// Topics and partitions made and deleted a second. Kept and shown, but nobody
/// is throttled for it here.
pub(crate) const CONTROLLER_MUTATION_RATE: &str = "controller_mutation_rate";

/// Connections a second from one address. Kept and shown, but nobody is
/// throttled for it here.
pub(crate) const CONNECTION_CREATION_RATE: &str = "connection_creation_rate";

/// What a request is said to take of a thread's time, in percents of a second:
/// a tenth of a millisecond. Brokers here take no time at all.
const REQUEST_COST: f64 = 0.01;

/// The longest pause for keeping a broker too busy: one window, as in Kafka.
const LONGEST_REQUEST_PAUSE: Duration = Duration::from_secs(1);

/// Whom a quota is for. In each place nothing, `Some(None)` for whoever has none
/// of its own, or a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QuotaEntity {
    pub user: Option<Option<StrBytes>>,
    pub client_id: Option<Option<StrBytes>>,
    pub ip: Option<Option<StrBytes>>,
}

/// Who is counted together.
type Counted = (i32, &'static str, Option<StrBytes>, Option<StrBytes>);

/// Every quota, and what was used of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotas {
    limits: BTreeMap<QuotaEntity, BTreeMap<String, f64>>,
    rates: BTreeMap<Counted, Rate>,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requester<'a> {
    /// The broker that was asked: each counts for itself.
    pub broker: i32,
    pub user: &'a StrBytes,
    pub client_id: &'a StrBytes,
}

impl Quotas {
    /// Every entity that has quotas, and which.
    pub(crate) fn limits(&self) -> impl Iterator<Item = (&QuotaEntity, &BTreeMap<String, f64>)> {
        self.limits.iter()
    }

    /// Sets a quota; `None` takes it away.
    pub(crate) fn set(&mut self, entity: &QuotaEntity, key: &str, limit: Option<f64>) {
        let limits = self.limits.entry(entity.clone()).or_default();
        match limit {
            Some(limit) => {
                limits.insert(key.to_owned(), limit);
            }
            None => {
                limits.remove(key);
            }
        }
        if limits.is_empty() {
            self.limits.remove(entity);
        }
        // Whoever was above a limit that is gone begins anew.
        self.rates.clear();
    }

    /// Whether there is any quota at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Counts bytes, and says for how long the client has to pause.
    pub(crate) fn record_bytes(
        &mut self,
        now: Instant,
        who: Requester<'_>,
        key: &'static str,
        bytes: usize,
    ) -> Duration {
        self.record(now, who, key, bytes as f64)
    }

    /// Takes back what was counted last, which was not sent after all.
    pub(crate) fn take_back_bytes(&mut self, who: Requester<'_>, key: &'static str, bytes: usize) {
        if let Some((_, counted)) = self.limit(who, key)
            && let Some(rate) = self.rates.get_mut(&counted)
        {
            rate.take_back(bytes as f64);
        }
    }

    /// Counts a request, and says for how long the client has to pause.
    pub(crate) fn record_request(&mut self, now: Instant, who: Requester<'_>) -> Duration {
        self.record(now, who, REQUEST_PERCENTAGE, REQUEST_COST)
            .min(LONGEST_REQUEST_PAUSE)
    }

    fn record(
        &mut self,
        now: Instant,
        who: Requester<'_>,
        key: &'static str,
        amount: f64,
    ) -> Duration {
        let Some((limit, counted)) = self.limit(who, key) else {
            return Duration::ZERO;
        };
        self.rates
            .entry(counted)
            .or_default()
            .record(now, amount, limit)
    }

    /// The quota that holds for a client, the most special one there is, and
    /// with whom it is counted.
    fn limit(&self, who: Requester<'_>, key: &'static str) -> Option<(f64, Counted)> {
        let user = || Some(Some(who.user.clone()));
        let client = || Some(Some(who.client_id.clone()));
        let places = [
            (user(), client()),
            (user(), Some(None)),
            (user(), None),
            (Some(None), client()),
            (Some(None), Some(None)),
            (Some(None), None),
            (None, client()),
            (None, Some(None)),
        ];
        places.into_iter().find_map(|(user, client_id)| {
            let counted_user = user.is_some().then(|| who.user.detach());
            let counted_client = client_id.is_some().then(|| who.client_id.detach());
            let entity = QuotaEntity {
                user,
                client_id,
                ip: None,
            };
            let limit = *self.limits.get(&entity)?.get(key)?;
            Some((limit, (who.broker, key, counted_user, counted_client)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &'static str) -> Option<Option<StrBytes>> {
        Some(Some(StrBytes::from_static(text)))
    }

    #[test]
    fn the_most_special_quota_holds() {
        let mut quotas = Quotas::default();
        let (user, client) = (StrBytes::from_static("u"), StrBytes::from_static("c"));
        let who = Requester {
            broker: 1,
            user: &user,
            client_id: &client,
        };
        let key = PRODUCER_BYTE_RATE;
        let limit = |quotas: &Quotas| quotas.limit(who, key).map(|(limit, _)| limit);
        assert_eq!(limit(&quotas), None);
        let entities = [
            (None, Some(None)),
            (None, name("c")),
            (Some(None), None),
            (Some(None), Some(None)),
            (Some(None), name("c")),
            (name("u"), None),
            (name("u"), Some(None)),
            (name("u"), name("c")),
        ];
        for ((user, client_id), bytes) in entities.into_iter().zip(1..) {
            let entity = QuotaEntity {
                user,
                client_id,
                ip: None,
            };
            quotas.set(&entity, key, Some(f64::from(bytes)));
            assert_eq!(limit(&quotas), Some(f64::from(bytes)), "{entity:?}");
        }
        let (_, counted) = quotas.limit(who, key).unwrap();
        assert_eq!(counted, (1, key, Some(user.clone()), Some(client.clone())));
        assert_eq!(quotas.limits().count(), 8);
        let special = QuotaEntity {
            user: name("u"),
            client_id: name("c"),
            ip: None,
        };
        quotas.set(&special, key, None);
        assert_eq!(limit(&quotas), Some(7.0));
        assert_eq!(quotas.limits().count(), 7);
    }
}
