//! The pool's attempts: a name's addresses, their turns and their time.

use std::time::Instant;

use kafka_net::clock::now;
use kafka_net::{BrokerAddress, ErrorKind, Lane, NetConfig};
use tokio::time::sleep;

use crate::support::*;

const ADDRESS: &str = "10.0.0.1:9092";

fn far() -> Instant {
    now() + seconds(600)
}

#[tokio::test(start_paused = true)]
async fn every_address_is_tried_and_the_name_resolved_anew() {
    let (network, mut acceptor) = Network::new();
    network.name(
        "kafka-1",
        &["10.0.0.1:9092", "10.0.0.2:9092", "10.0.0.3:9092"],
    );
    network.set("10.0.0.1:9092", Behaviour::Refuse);
    network.set("10.0.0.2:9092", Behaviour::Blackhole);
    let pool = network.pool(NetConfig::default());
    let start = now();
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let peer = acceptor.broker().await;
    assert_eq!(peer.address, "10.0.0.3:9092".parse().unwrap());
    waiting.await.unwrap();
    // One that refuses is followed at once, one that is silent a little later.
    let passed = now() - start;
    assert!(passed >= millis(250) && passed < millis(260), "{passed:?}");

    // The broker moves behind the same name.
    drop(peer);
    sleep(millis(1)).await;
    network.name("kafka-1", &["10.9.9.9:9092"]);
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let peer = acceptor.broker().await;
    assert_eq!(peer.address, "10.9.9.9:9092".parse().unwrap());
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_family_that_does_not_work_costs_one_short_wait() {
    let (network, mut acceptor) = Network::new();
    let v6 = ["[2001:db8::1]:9092", "[2001:db8::2]:9092"];
    network.name("kafka-1", &[v6[0], v6[1], "10.0.0.1:9092"]);
    for address in v6 {
        network.set(address, Behaviour::Blackhole);
    }
    let pool = network.pool(NetConfig::default());
    let start = now();
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let peer = acceptor.broker().await;
    waiting.await.unwrap();
    assert_eq!(peer.address, ADDRESS.parse().unwrap());
    assert!(now() - start < millis(260));
    let dialled: Vec<_> = network.dials().iter().map(|dial| dial.1).collect();
    assert_eq!(dialled, [v6[0].parse().unwrap(), peer.address]);
}

#[tokio::test(start_paused = true)]
async fn a_winner_that_is_no_broker_gives_way_to_those_still_on_their_way() {
    let (network, mut acceptor) = Network::new();
    network.name("kafka-1", &["10.0.0.2:9092", "10.0.0.3:9092"]);
    network.set("10.0.0.2:9092", Behaviour::Late(millis(400)));
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let mut other = acceptor.accept().await;
    assert_eq!(other.address, "10.0.0.3:9092".parse().unwrap());
    other.asked().await;
    other.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let peer = acceptor.broker().await;
    assert_eq!(peer.address, "10.0.0.2:9092".parse().unwrap());
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_no_broker_does_not_hide_the_next() {
    let (network, mut acceptor) = Network::new();
    network.name("localhost", &["[::1]:9092", "127.0.0.1:9092"]);
    let pool = network.pool(NetConfig::default());
    let address: BrokerAddress = "localhost:9092".parse().unwrap();
    let waiting = pool.connection(&address, Lane::Control, far());
    let mut other = acceptor.accept().await;
    assert!(other.address.is_ipv6());
    other.asked().await;
    other.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let _peer = acceptor.broker().await;
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_addresses_are_named_when_none_works() {
    let (network, _acceptor) = Network::new();
    network.name("kafka-1", &["10.0.0.1:9092", "10.0.0.2:9092"]);
    network.set("10.0.0.1:9092", Behaviour::Blackhole);
    network.set("10.0.0.2:9092", Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let error = pool
        .attempt(&broker(), Lane::Control, far())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "broker 1 (kafka-1:9092): no connection to 10.0.0.2:9092 (connection refused), \
         10.0.0.1:9092 (timed out after 10000 ms); check host and port, that the broker runs, \
         and that no firewall is in between"
    );

    network.name("kafka-1", &[]);
    let error = pool
        .attempt(&broker(), Lane::Control, far())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Resolve);
    assert_eq!(
        error.to_string(),
        "broker 1 (kafka-1:9092): the host name has no address; cause: entity not found; check \
         the spelling, and that this machine can resolve the name"
    );
}

#[tokio::test(start_paused = true)]
async fn of_very_many_addresses_some_are_tried_each_once() {
    let (network, _acceptor) = Network::new();
    let mut names: Vec<String> = (0..100).map(|n| format!("10.0.1.{n}:9092")).collect();
    names.insert(1, names[0].clone());
    for name in &names {
        network.set(name, Behaviour::Refuse);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    network.name("kafka-1", &names);
    let pool = network.pool(NetConfig::default());
    let error = pool.attempt(&broker(), Lane::Control, far()).await;
    assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
    let dialled: Vec<_> = network.dials().iter().map(|dial| dial.1).collect();
    assert_eq!(dialled.len(), 16);
    assert!(dialled.windows(2).all(|pair| pair[0] < pair[1]));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_moves_is_dialled_at_its_new_address() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let mut before = acceptor.broker().await;
    drop(waiting.await.unwrap());

    let moved = BrokerAddress::new("kafka-9", 9999).with_id(1);
    let waiting = pool.connection(&moved, Lane::Control, far());
    let after = acceptor.broker().await;
    assert_eq!(after.address.port(), 9999);
    assert_eq!(waiting.await.unwrap().broker(), &moved);
    // Nobody needs the old one any more.
    before.closed().await;
    assert_eq!(pool.stats().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn the_time_to_connect_grows_and_starts_anew_after_a_success() {
    let (network, mut acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Blackhole);
    let pool = network.pool(
        NetConfig::default()
            .with_connect_timeout(seconds(2))
            .with_connect_timeout_max(seconds(6)),
    );
    let took = async || {
        let begun = now();
        let error = pool.attempt(&broker(), Lane::Control, far()).await;
        assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
        // Its pause is part of it: up to 1.2 s.
        now() - begun
    };
    let all = [took().await, took().await, took().await, took().await];
    for (took, nominal) in all.into_iter().zip([2, 4, 6, 6]) {
        let range = seconds(nominal) * 8 / 10..=seconds(nominal) * 12 / 10 + millis(1210);
        assert!(range.contains(&took), "{all:?}");
    }
    network.set(ADDRESS, Behaviour::Accept);
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let peer = acceptor.broker().await;
    waiting.await.unwrap();
    drop(peer);
    sleep(millis(1)).await;
    network.set(ADDRESS, Behaviour::Blackhole);
    let first = took().await;
    assert!(first < millis(2010), "{first:?}");
}
