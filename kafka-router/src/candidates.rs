//! Whom to ask when any broker will do.

use std::time::{Duration, Instant};

use kafka_net::{BrokerAddress, Random};

use crate::cluster::Cluster;

/// Known brokers that are tried before the bootstrap addresses: should all of a
/// large cluster have moved elsewhere, its old addresses must not take forever.
const MAX_KNOWN: usize = 5;

/// A pause that is over sooner costs less than a new connection, with TLS and a login,
/// to a broker that may be dead.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// A broker that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) address: BrokerAddress,
    /// Named by the user, not by a cluster.
    pub(crate) is_bootstrap: bool,
}

/// How a broker is connected.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not at all.
    None,
    /// A request would be sent at once.
    Free,
    /// A request would wait until then, since the broker asked for it (KIP-219).
    Throttled(Instant),
}

/// Brokers worth a try, best first: those with a live connection, the least loaded of
/// them first; those whose pause is a [`SHORT_PAUSE`]; the other known ones; those that
/// ask for a longer pause; the bootstrap addresses (KIP-899: they count again once no
/// known broker answers). In random order otherwise, so that load spreads and no dead
/// address is always first; of pauses those that end soonest come first. `avoid` comes
/// last of the known ones, of which no more than [`MAX_KNOWN`] are tried.
pub(crate) fn candidates(
    cluster: &Cluster,
    bootstrap: &[BrokerAddress],
    link: impl Fn(&BrokerAddress) -> Link,
    load: impl Fn(i32) -> usize,
    avoid: Option<i32>,
    now: Instant,
    random: &Random,
) -> Vec<Candidate> {
    let mut live = Vec::new();
    let mut others = Vec::new();
    let mut throttled = Vec::new();
    let mut avoided = None;
    for broker in cluster.brokers() {
        let address = broker.address();
        if avoid == Some(broker.id) {
            avoided = Some(address);
            continue;
        }
        match link(&address) {
            Link::Free => live.push(address),
            Link::None => others.push(address),
            Link::Throttled(until) => throttled.push((until, address)),
        }
    }
    let mut bootstrap = bootstrap.to_vec();
    for group in [&mut live, &mut others, &mut bootstrap] {
        shuffle(group, random);
    }
    live.sort_by_cached_key(|address| address.id.map(&load));
    throttled.sort_by_key(|(until, _)| *until);
    let briefly = throttled.partition_point(|(until, _)| *until <= now + SHORT_PAUSE);
    let for_long = throttled.split_off(briefly);
    if !for_long.is_empty() {
        // Where nobody else is there, late is better than never.
        others.truncate(MAX_KNOWN - 1);
    }
    let addresses = |throttled: Vec<_>| throttled.into_iter().map(|(_, address)| address);
    let known = live.into_iter().chain(addresses(throttled));
    let known = known.chain(others).chain(addresses(for_long));
    let known = known.chain(avoided);
    known
        .take(MAX_KNOWN)
        .map(|address| (address, false))
        .chain(bootstrap.into_iter().map(|address| (address, true)))
        .map(|(address, is_bootstrap)| Candidate {
            address,
            is_bootstrap,
        })
        .collect()
}

/// Fisher and Yates: every order is equally likely.
fn shuffle<T>(items: &mut [T], random: &Random) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::cluster::Broker;

    fn cluster() -> Cluster {
        let brokers = (1..=4).map(|id| (id, Broker::new(id, format!("b{id}"), 9092)));
        Cluster {
            generation: 1,
            brokers: brokers.collect(),
            ..Cluster::default()
        }
    }

    fn bootstrap() -> Vec<BrokerAddress> {
        ["x:1", "y:1", "z:1"]
            .map(|text| text.parse().unwrap())
            .into()
    }

    fn hosts(avoid: Option<i32>, live: &[&str], random: &Random) -> Vec<String> {
        candidates(
            &cluster(),
            &bootstrap(),
            |address| match live.contains(&&*address.host) {
                true => Link::Free,
                false => Link::None,
            },
            |_| 0,
            avoid,
            kafka_net::clock::now(),
            random,
        )
        .into_iter()
        .map(|candidate| candidate.address.host.to_string())
        .collect()
    }

    #[test]
    fn live_ones_come_first_then_known_ones_then_the_bootstrap_addresses() {
        let random = Random::from_seed(1);
        for _ in 0..50 {
            let order = hosts(Some(1), &["b1", "b3", "b4"], &random);
            let group = |range: std::ops::Range<usize>| -> BTreeSet<&str> {
                order[range].iter().map(String::as_str).collect()
            };
            assert_eq!(group(0..2), BTreeSet::from(["b3", "b4"]));
            assert_eq!(group(2..3), BTreeSet::from(["b2"]));
            assert_eq!(group(3..4), BTreeSet::from(["b1"]));
            assert_eq!(group(4..7), BTreeSet::from(["x", "y", "z"]));
        }
    }

    #[test]
    fn the_least_loaded_comes_first_and_equals_take_turns() {
        let random = Random::from_seed(5);
        let loads = BTreeMap::from([(1, 3), (2, 0), (3, 0), (4, 1)]);
        let mut firsts = BTreeSet::new();
        for _ in 0..50 {
            let load = |id| loads[&id];
            let found = candidates(
                &cluster(),
                &bootstrap(),
                |_| Link::Free,
                load,
                None,
                kafka_net::clock::now(),
                &random,
            );
            let ids: Vec<_> = found.iter().filter_map(|c| c.address.id).collect();
            assert_eq!(ids[2..], [4, 1]);
            firsts.insert(ids[0]);
        }
        assert_eq!(firsts, BTreeSet::from([2, 3]));
    }

    #[test]
    fn who_asks_for_a_long_pause_comes_after_everyone_who_does_not() {
        let random = Random::from_seed(6);
        let now = kafka_net::clock::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let link = |address: &BrokerAddress| match &*address.host {
            "b1" => Link::Throttled(later(9)),
            "b2" => Link::Throttled(later(3)),
            "b3" => Link::None,
            _ => Link::Free,
        };
        for _ in 0..20 {
            let found = candidates(&cluster(), &bootstrap(), link, |_| 0, None, now, &random);
            let ids: Vec<_> = found.iter().filter_map(|c| c.address.id).collect();
            assert_eq!(ids, [4, 3, 2, 1]);
            let found = candidates(&cluster(), &bootstrap(), link, |_| 0, Some(4), now, &random);
            let ids: Vec<_> = found.iter().filter_map(|c| c.address.id).collect();
            assert_eq!(ids, [3, 2, 1, 4]);
        }
        // However many others there are, of which all may be dead.
        let brokers = (1..=100).map(|id| (id, Broker::new(id, format!("b{id}"), 9092)));
        let cluster = Cluster {
            generation: 1,
            brokers: brokers.collect(),
            ..Cluster::default()
        };
        let link = |address: &BrokerAddress| match &*address.host {
            "b7" => Link::Throttled(later(9)),
            _ => Link::None,
        };
        let found = candidates(&cluster, &bootstrap(), link, |_| 0, None, now, &random);
        assert_eq!(found[MAX_KNOWN - 1].address.id, Some(7));
    }

    #[test]
    fn a_short_pause_is_worth_more_than_a_broker_that_may_be_dead() {
        let random = Random::from_seed(7);
        let now = kafka_net::clock::now();
        let link = |address: &BrokerAddress| match &*address.host {
            "b1" => Link::Throttled(now + SHORT_PAUSE),
            "b2" => Link::Throttled(now + SHORT_PAUSE / 10),
            "b3" => Link::Free,
            _ => Link::None,
        };
        for _ in 0..20 {
            let found = candidates(&cluster(), &bootstrap(), link, |_| 0, None, now, &random);
            let ids: Vec<_> = found.iter().filter_map(|c| c.address.id).collect();
            assert_eq!(ids, [3, 2, 1, 4]);
        }
    }

    #[test]
    fn every_order_comes_up() {
        let random = Random::from_seed(2);
        let orders: BTreeSet<_> = (0..200)
            .map(|_| hosts(None, &[], &random)[4..].to_vec())
            .collect();
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn of_a_large_cluster_some_are_tried_before_the_bootstrap_addresses() {
        let random = Random::from_seed(4);
        let brokers = (1..=100).map(|id| (id, Broker::new(id, format!("b{id}"), 9092)));
        let cluster = Cluster {
            generation: 1,
            brokers: brokers.collect(),
            ..Cluster::default()
        };
        let now = kafka_net::clock::now();
        let mut tried = BTreeSet::new();
        for _ in 0..100 {
            let found = candidates(
                &cluster,
                &bootstrap(),
                |_| Link::None,
                |_| 0,
                None,
                now,
                &random,
            );
            assert_eq!(found.len(), MAX_KNOWN + 3);
            assert!(
                found[MAX_KNOWN..]
                    .iter()
                    .all(|candidate| candidate.is_bootstrap)
            );
            tried.extend(found[..MAX_KNOWN].iter().map(|c| c.address.id));
        }
        assert!(tried.len() > 90, "always the same ones: {tried:?}");
    }

    #[test]
    fn before_the_first_answer_only_the_bootstrap_addresses_count() {
        let random = Random::from_seed(3);
        let found = candidates(
            &Cluster::default(),
            &bootstrap(),
            |_| Link::Free,
            |_| 0,
            None,
            kafka_net::clock::now(),
            &random,
        );
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|candidate| candidate.is_bootstrap));
    }
}
