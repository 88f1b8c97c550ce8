//! The pool: one attempt for all who wait, pauses, addresses, lanes, closing.

use std::time::Instant;

use kafka_net::clock::now;
use kafka_net::{BrokerAddress, Connection, Error, ErrorKind, Lane, NetConfig, Pool};
use tokio::io::AsyncWriteExt;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::support::*;

const ADDRESS: &str = "10.0.0.1:9092";

fn far() -> Instant {
    now() + seconds(600)
}

#[tokio::test(start_paused = true)]
async fn lanes_and_brokers_have_connections_of_their_own() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let accepting = tokio::spawn(async move {
        let mut peers = Vec::new();
        for _ in 0..8 {
            peers.push(acceptor.broker().await);
        }
        peers
    });
    let other = BrokerAddress::new("kafka-2", 9093).with_id(2);
    for address in [broker(), other.clone()] {
        for lane in Lane::ALL {
            assert!(pool.existing(&address, lane).is_none());
            let connection = pool.connection(&address, lane, far()).await.unwrap();
            assert_eq!(connection.broker(), &address);
            assert!(pool.existing(&address, lane).is_some());
            // And again: the same, without a dial.
            pool.connection(&address, lane, far()).await.unwrap();
        }
    }
    assert_eq!(accepting.await.unwrap().len(), 8);
    assert_eq!(network.dials().len(), 8);
    let stats = pool.stats();
    assert_eq!(
        (stats.connections, stats.connects, stats.connect_failures),
        (8, 8, 0)
    );
    assert_eq!(stats.traffic.requests, 8);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_share_one_attempt() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let mut waiting: Vec<_> = (0..10)
        .map(|_| pool.connection(&broker(), Lane::Control, far()))
        .collect();
    let mut peer = acceptor.accept().await;
    // The first to ask leaves, and so does another.
    drop(waiting.remove(0));
    drop(waiting.remove(4));
    yield_now().await;
    peer.handshake().await;
    for waiting in waiting {
        waiting.await.unwrap();
    }
    assert_eq!(network.dials().len(), 1);
    assert_eq!(pool.stats().connects, 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_outlives_everyone_who_waited() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let mut peer = acceptor.accept().await;
    drop(waiting);
    peer.handshake().await;
    sleep(millis(1)).await;
    assert!(pool.existing(&broker(), Lane::Control).is_some());
    assert_eq!(network.dials().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn failed_attempts_are_not_repeated_for_nobody() {
    let (network, _acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    sleep(millis(10)).await;
    drop(waiting);
    sleep(seconds(60)).await;
    assert_eq!(network.dials().len(), 1);
    // The pause has passed: the next who asks is not held up.
    let start = now();
    let error = pool
        .attempt(&broker(), Lane::Control, far())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Connect);
    assert_eq!(now(), start);
}

#[tokio::test(start_paused = true)]
async fn pauses_double_with_jitter_up_to_the_longest() {
    let (network, _acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(10));
    waiting.await.unwrap_err();
    let dials = network.dials();
    let pauses: Vec<_> = dials.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(pauses.len() > 10);
    let mut exactly_nominal = 0;
    for (n, pause) in pauses.iter().enumerate() {
        let nominal = millis((50u64 << n.min(20)).min(1000));
        // The timer counts whole milliseconds.
        let range = nominal * 8 / 10..=nominal * 12 / 10 + millis(2);
        assert!(range.contains(pause), "pause {n} is {pause:?}");
        exactly_nominal += usize::from(*pause == nominal);
    }
    assert!(exactly_nominal < pauses.len() / 2, "no jitter: {pauses:?}");
    assert_eq!(network.resolved(), dials.len(), "resolved anew each time");
    assert_eq!(pool.stats().connect_failures, dials.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_names_the_address_and_what_to_check() {
    let (network, _acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let address: BrokerAddress = "localhost:9092".parse().unwrap();
    let start = now();
    let error = pool
        .connection(&address, Lane::Control, now() + millis(60))
        .await
        .unwrap_err();
    assert!(now() - start < millis(70));
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(error.context().attempts(), Some(2));
    assert_eq!(
        error.to_string(),
        "localhost:9092: no connection within 60ms (timeout); tried 2 times; cause: \
         localhost:9092: no connection to 10.0.0.1:9092 (connection refused); nothing listens \
         there: check host and port, and that the broker runs"
    );
    let source = std::error::Error::source(&error).unwrap();
    let last: &Error = source.downcast_ref().unwrap();
    assert_eq!(last.kind(), &ErrorKind::Connect);
    assert!(last.is_retriable());
}

#[tokio::test(start_paused = true)]
async fn one_attempt_is_enough_for_those_who_say_so() {
    let (network, mut acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let patient = pool.connection(&broker(), Lane::Control, far());
    let start = now();
    for _ in 0..3 {
        let error = pool
            .attempt(&broker(), Lane::Control, far())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Connect);
    }
    assert!(now() - start >= millis(40 + 80), "each waits for its turn");
    assert_eq!(network.dials().len(), 3);
    network.set(ADDRESS, Behaviour::Accept);
    let attempt = pool.attempt(&broker(), Lane::Control, far());
    let _peer = acceptor.broker().await;
    attempt.await.unwrap();
    patient.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_who_waits_has_a_deadline_of_their_own() {
    let (network, mut acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Blackhole);
    let pool = network.pool(NetConfig::default().with_connect_timeout(seconds(4)));
    let start = now();
    let short = pool.connection(&broker(), Lane::Control, start + seconds(1));
    let long = pool.connection(&broker(), Lane::Control, start + seconds(60));
    let error = short.await.unwrap_err();
    let passed = now() - start;
    assert!(passed >= seconds(1) && passed < millis(1100), "{passed:?}");
    assert!(
        error.to_string().ends_with(
            "no connection within 1s (timeout); 10.0.0.1:9092 does not respond: check host and \
             port, and that no firewall is in between"
        ),
        "{error}"
    );
    network.set(ADDRESS, Behaviour::Accept);
    let _peer = acceptor.broker().await;
    long.await.unwrap();
    let passed = now() - start;
    assert!(passed >= seconds(4) && passed < millis(4200), "{passed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_is_made_again() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let mut ids = Vec::new();
    for _ in 0..5 {
        let waiting = pool.connection(&broker(), Lane::Control, far());
        let peer = acceptor.broker().await;
        let connection = waiting.await.unwrap();
        drop(peer);
        sleep(millis(1)).await;
        assert!(connection.is_closed());
        assert!(pool.existing(&broker(), Lane::Control).is_none());
        ids.push(connection);
    }
    let stats = pool.stats();
    assert_eq!((stats.connections, stats.connects), (0, 5));
}

#[tokio::test(start_paused = true)]
async fn who_asks_during_a_pause_hears_why() {
    let (network, _acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pause = seconds(5);
    let config = NetConfig::default().with_reconnect_backoff(pause, pause);
    let pool = network.pool(config);
    let error = pool.attempt(&broker(), Lane::Control, far()).await;
    assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
    // Another lane, another caller, and no attempt of their own.
    let error = pool
        .connection(&broker(), Lane::Fetch, now() + seconds(1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(error.context().attempts(), None);
    let text = error.to_string();
    assert!(text.contains("connection refused"), "{text}");
    assert_eq!(network.dials().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_failed_is_not_forgotten_over_others() {
    let (network, mut acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let other = BrokerAddress::new("kafka-2", 9093).with_id(2);
    for failures in 1..=4 {
        let error = pool.attempt(&broker(), Lane::Control, far()).await;
        assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
        // Its pause passes, and others come and go.
        sleep(seconds(2)).await;
        let waiting = pool.connection(&other, Lane::Control, far());
        let peer = acceptor.broker().await;
        waiting.await.unwrap();
        drop(peer);
        sleep(millis(1)).await;
        assert_eq!(network.dials().len(), 2 * failures);
    }
    let begun = now();
    for _ in 0..2 {
        let error = pool.attempt(&broker(), Lane::Control, far()).await;
        assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
    }
    let pause = now() - begun;
    assert!(
        pause >= millis(640),
        "the fifth pause, not the first: {pause:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_for_those_who_come_later() {
    let (network, mut acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let start = now();
    let error = pool.attempt(&broker(), Lane::Control, far()).await;
    assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
    assert_eq!(now(), start);
    // Others come and go in between.
    let other = BrokerAddress::new("kafka-2", 9093).with_id(2);
    let waiting = pool.connection(&other, Lane::Control, far());
    let _peer = acceptor.broker().await;
    waiting.await.unwrap();
    let error = pool.attempt(&broker(), Lane::Fetch, far()).await;
    assert_eq!(error.unwrap_err().kind(), &ErrorKind::Connect);
    assert!(now() - start >= millis(40));
}

#[tokio::test(start_paused = true)]
async fn lanes_wait_out_the_same_pause() {
    let (network, _acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let waiting: Vec<_> = Lane::ALL
        .iter()
        .map(|lane| pool.connection(&broker(), *lane, now() + millis(500)))
        .collect();
    for waiting in waiting {
        waiting.await.unwrap_err();
    }
    // At 0, 50, 150 and 350 ms: where one lane has just failed, the others
    // need not.
    assert_eq!(network.dials().len(), 4);
}

async fn one_connection() -> (Pool, Connection, Peer) {
    connect().await
}

#[tokio::test(start_paused = true)]
async fn close_finishes_what_was_started() {
    let (pool, connection, mut peer) = one_connection().await;
    let pending = connection.start(&question("q"), &options());
    let start = now();
    let closing = {
        let pool = pool.clone();
        tokio::spawn(async move { pool.close(now() + seconds(10)).await })
    };
    yield_now().await;
    let error = connection
        .start(&question("more"), &options())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    sleep(seconds(1)).await;
    assert!(!closing.is_finished());
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("q".into()));
    closing.await.unwrap();
    assert!(now() - start < millis(1100));
    peer.closed().await;
    for lane in Lane::ALL {
        let error = pool.connection(&broker(), lane, far()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn close_is_bounded() {
    let (pool, connection, mut peer) = one_connection().await;
    let pending = connection.start(&question("q"), &options());
    let start = now();
    tokio::join!(
        pool.close(start + seconds(2)),
        pool.close(start + seconds(5))
    );
    let passed = now() - start;
    assert!(passed >= seconds(2) && passed < millis(2100), "{passed:?}");
    let error = pending.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(error.possibly_written());
    peer.asked().await;
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_dropped_goes_on() {
    let (pool, connection, mut peer) = one_connection().await;
    let pending = connection.start(&question("q"), &options());
    let closing = tokio::time::timeout(millis(1), pool.close(now() + seconds(2)));
    closing.await.unwrap_err();
    let start = now();
    assert_eq!(pending.await.unwrap_err().kind(), &ErrorKind::Closed);
    assert!(now() - start < millis(2100));
    peer.asked().await;
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn close_ends_attempts_and_who_waits_for_them() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let mut peer = acceptor.accept().await;
    peer.asked().await;
    let start = now();
    pool.close(start + seconds(5)).await;
    assert_eq!(waiting.await.unwrap_err().kind(), &ErrorKind::Closed);
    peer.closed().await;
    assert!(now() - start < millis(10), "at once");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_pool_leaves_no_task() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    {
        let (pool, connection, mut peer) = one_connection().await;
        let pending = connection.start(&question("q"), &options());
        peer.serve_next(1).await;
        pending.await.unwrap();
        drop((pool, connection));
        peer.closed().await;
    }
    {
        // While it connects, and while it pauses.
        let (network, mut acceptor) = Network::new();
        let pool = network.pool(NetConfig::default());
        let waiting = pool.connection(&broker(), Lane::Control, far());
        let mut peer = acceptor.accept().await;
        drop((pool, waiting));
        peer.handshake().await;
        peer.closed().await;

        network.set(ADDRESS, Behaviour::Refuse);
        let pool = network.pool(NetConfig::default());
        let waiting = pool.connection(&broker(), Lane::Control, far());
        sleep(millis(1)).await;
        drop((pool, waiting));
    }
    sleep(seconds(2)).await;
    assert_eq!(metrics.num_alive_tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_is_not_sat_out_for_nobody() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let (network, _acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Refuse);
    let config = NetConfig::default().with_reconnect_backoff(seconds(60), seconds(60));
    let pool = network.pool(config);
    let waiting = pool.connection(&broker(), Lane::Control, far());
    sleep(millis(1)).await;
    drop(waiting);
    sleep(millis(1)).await;
    assert_eq!(metrics.num_alive_tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_blocks_nobody_for_good() {
    let (network, mut acceptor) = Network::new();
    network.set(ADDRESS, Behaviour::Panic);
    let pool = network.pool(NetConfig::default());
    let first = pool.connection(&broker(), Lane::Control, now() + seconds(1));
    assert_eq!(first.await.unwrap_err().kind(), &ErrorKind::Timeout);
    network.set(ADDRESS, Behaviour::Accept);
    let second = pool.connection(&broker(), Lane::Control, now() + seconds(1));
    let _peer = acceptor.broker().await;
    second.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_dropped_pool_still_gets_an_answer() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    let mut peer = acceptor.accept().await;
    drop(pool);
    peer.handshake().await;
    let connection = waiting.await.unwrap();
    let pending = connection.start(&question("q"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();

    network.set(ADDRESS, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, far());
    drop(pool);
    assert!(waiting.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_configuration_is_refused() {
    let (network, _acceptor) = Network::new();
    let config = NetConfig::default().with_max_in_flight(0);
    let error = Pool::new(config, network.env()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn one_broker_that_hangs_does_not_hold_up_another() {
    let (network, mut acceptor) = Network::new();
    network.set("10.0.0.1:1", Behaviour::Blackhole);
    let pool = network.pool(NetConfig::default());
    let hanging = BrokerAddress::new("hangs", 1).with_id(7);
    let waiting = pool.connection(&hanging, Lane::Control, far());
    yield_now().await;
    let start = now();
    let other = pool.connection(&broker(), Lane::Control, far());
    let mut peer = acceptor.broker().await;
    let connection = other.await.unwrap();
    let pending = connection.start(&question("q"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    assert_eq!(now(), start);
    peer.stream.shutdown().await.unwrap();
    drop(waiting);
}

/// Nobody keeps the pauses of an address that the broker has left: whoever still asks for
/// it is told, and the attempt is not repeated for ever.
#[tokio::test(start_paused = true)]
async fn an_attempt_to_an_address_that_the_broker_has_left_ends() {
    let (network, mut acceptor) = Network::new();
    network.set("10.0.0.1:9093", Behaviour::Blackhole);
    let config = NetConfig::default().with_connect_timeout(seconds(1));
    let pool = network.pool(config);
    let left = BrokerAddress::new("kafka-1", 9093).with_id(1);
    let waiting = pool.connection(&left, Lane::Control, far());
    sleep(millis(10)).await;
    // Under way when the broker is found elsewhere.
    let there = BrokerAddress::new("kafka-1", 9092).with_id(1);
    let moved = pool.connection(&there, Lane::Control, far());
    let _peer = acceptor.broker().await;
    moved.await.unwrap();
    let start = now();
    waiting.await.unwrap_err();
    assert!(now() - start <= seconds(1));
    sleep(seconds(60)).await;
    let left = network.dials().into_iter();
    assert_eq!(
        left.filter(|(_, address)| address.port() == 9093).count(),
        1
    );
}
