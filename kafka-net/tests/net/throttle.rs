//! A broker that asks for a pause (KIP-219), and what the connection counts.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_net::clock::now;
use kafka_net::{Connection, ErrorKind, Lane, NetConfig, SendOptions};
use kafka_protocol::messages::MetadataResponse;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::support::*;

/// An echo that asks for a pause.
async fn echo_and_throttle(peer: &mut Peer, ms: i32) {
    let asked = peer.asked().await;
    let body = MetadataResponse::new()
        .with_cluster_id(Some(asked.topic().into()))
        .with_throttle_time_ms(ms);
    peer.answer(&asked, &body).await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_during_the_pause_waits() {
    let (_pool, connection, mut peer) = connect().await;
    assert_eq!(connection.throttled_until(), None);
    let first = connection.start(&question("a"), &options());
    echo_and_throttle(&mut peer, 700).await;
    let start = now();
    assert_eq!(echoed(first.await), Ok("a".to_owned()));
    // To be seen by whoever has the answer.
    let until = connection.throttled_until().unwrap();
    assert!(until >= start + millis(700) && until < start + millis(710));
    let pending = connection.start(&question("b"), &options());
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("b".to_owned()));
    let waited = now() - start;
    assert!(waited >= millis(700) && waited < millis(710), "{waited:?}");
    // It is over.
    assert_eq!(connection.throttled_until(), None);
    let start = now();
    let pending = connection.start(&question("c"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    assert_eq!(now(), start);
    let stats = connection.stats();
    assert_eq!((stats.throttles, stats.throttle_time), (1, millis(700)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_waits_for_counts() {
    let (_pool, connection, mut peer) = connect().await;
    drop(connection.start(&question("a"), &options()));
    echo_and_throttle(&mut peer, 700).await;
    let start = now();
    tokio::task::yield_now().await;
    let pending = connection.start(&question("b"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    assert!(now() - start >= millis(700));
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_answered_meanwhile() {
    let (_pool, connection, mut peer) = connect().await;
    let pending = ["a", "b"].map(|topic| connection.start(&question(topic), &options()));
    let asked = [peer.asked().await, peer.asked().await];
    let start = now();
    for asked in asked {
        let body = MetadataResponse::new()
            .with_cluster_id(Some(asked.topic().into()))
            .with_throttle_time_ms(60_000);
        peer.answer(&asked, &body).await;
    }
    for pending in pending {
        pending.await.unwrap();
    }
    assert_eq!(now(), start);
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_given_the_time_that_the_broker_reads_nothing() {
    let (_pool, connection, mut peer) = connect().await;
    let options = SendOptions::new(seconds(10));
    let [first, second] = ["a", "b"].map(|topic| connection.start(&question(topic), &options));
    let asked = [peer.asked().await, peer.asked().await];
    let body = |asked: &Asked, throttle| {
        MetadataResponse::new()
            .with_cluster_id(Some(asked.topic().into()))
            .with_throttle_time_ms(throttle)
    };
    peer.answer(&asked[0], &body(&asked[0], 60_000)).await;
    first.await.unwrap();
    // As brokers do: what they have been sent is read after the pause.
    tokio::time::sleep(seconds(69)).await;
    peer.answer(&asked[1], &body(&asked[1], 0)).await;
    second.await.unwrap();
    // And then no longer.
    let late = connection.start(&question("c"), &options);
    let _unanswered = peer.asked().await;
    let start = now();
    assert_eq!(late.await.unwrap_err().kind(), &ErrorKind::Timeout);
    assert_eq!((now() - start).as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_held_back_too_long_says_so() {
    let (_pool, connection, mut peer) = connect().await;
    let first = connection.start(&question("a"), &options());
    // However long a broker says, it counts for 5 minutes.
    echo_and_throttle(&mut peer, i32::MAX).await;
    first.await.unwrap();
    let start = now();
    let longest = start + Connection::MAX_THROTTLE;
    assert!(
        connection
            .throttled_until()
            .is_some_and(|until| until <= longest)
    );
    let error = connection
        .start(&question("b"), &SendOptions::new(seconds(2)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(!error.possibly_written());
    assert!(
        error.to_string().contains(
            "not sent, because the broker throttles this client, within 2s (timeout); it had no \
             effect"
        ),
        "{error}"
    );
    assert!(!connection.is_closed());
    peer.misses_one();
    let pending = connection.start(&question("c"), &SendOptions::new(seconds(600)));
    peer.serve_next(1).await;
    pending.await.unwrap();
    let waited = now() - start;
    assert!(
        waited >= seconds(300) && waited < seconds(301),
        "{waited:?}"
    );
    assert_eq!(connection.stats().errors, 1);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_was_asked_in_an_old_version_has_waited_itself() {
    let (_pool, connection, mut peer) = connect().await;
    let pending = connection.start(&question("a"), &options().with_version(5));
    echo_and_throttle(&mut peer, 700).await;
    pending.await.unwrap();
    let start = now();
    let pending = connection.start(&question("b"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    assert_eq!(now(), start);
}

#[tokio::test(start_paused = true)]
async fn the_handshake_can_throttle_and_so_can_the_caller() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    let mut peer = acceptor.accept().await;
    let asked = peer.asked().await;
    let body = versions(&DEFAULT_VERSIONS).with_throttle_time_ms(400);
    peer.answer(&asked, &body).await;
    let connection = waiting.await.unwrap();
    let start = now();
    let pending = connection.start(&question("a"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    assert!(now() - start >= millis(399), "{:?}", now() - start);

    let start = now();
    connection.throttle(millis(300));
    // Before the connection's task has run.
    assert_eq!(connection.throttled_until(), Some(start + millis(300)));
    let pending = connection.start(&question("b"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    assert!(now() - start >= millis(300));
}

#[tokio::test(start_paused = true)]
async fn other_lanes_and_brokers_go_on() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let mut ends = Vec::new();
    for lane in [Lane::Fetch, Lane::Group] {
        let waiting = pool.connection(&broker(), lane, now() + seconds(60));
        let peer = acceptor.broker().await;
        ends.push((waiting.await.unwrap(), peer));
    }
    let (fetch, mut fetch_peer) = ends.remove(0);
    let pending = fetch.start(&question("a"), &options());
    echo_and_throttle(&mut fetch_peer, 5000).await;
    pending.await.unwrap();
    let start = now();
    let (group, mut group_peer) = ends.remove(0);
    let pending = group.start(&question("heartbeat"), &options());
    group_peer.serve_next(1).await;
    pending.await.unwrap();
    assert_eq!(now(), start);
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_the_pause() {
    let (pool, connection, mut peer) = connect().await;
    connection.throttle(seconds(2));
    let pending = connection.start(&question("a"), &options());
    let closing = pool.close(now() + seconds(60));
    drop(connection);
    let start = now();
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("a".to_owned()));
    assert!(now() - start >= seconds(2));
    closing.await;
}

#[tokio::test(start_paused = true)]
async fn latencies_errors_and_reconnects_are_counted() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    let mut peer = acceptor.broker().await;
    let connection = waiting.await.unwrap();
    for ms in [3, 30, 300] {
        let pending = connection.start(&question("a"), &options());
        let asked = peer.asked().await;
        tokio::time::sleep(millis(ms)).await;
        peer.echo(&asked).await;
        pending.await.unwrap();
    }
    let lost = connection.start(&question("b"), &options());
    peer.asked().await;
    let all = pool.connection_stats();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].0, all[0].1), (&broker(), Lane::Control));
    assert_eq!((all[0].2.requests, all[0].2.in_flight), (5, 1));
    drop(peer);
    lost.await.unwrap_err();
    let stats = connection.stats();
    assert_eq!((stats.answers, stats.errors, stats.lost), (4, 1, 1));
    assert_eq!(stats.latency.count(), 4);
    assert!(stats.latency.total() >= millis(333));
    let bounds: Vec<_> = stats
        .latency
        .buckets()
        .filter(|(_, count)| *count > 0)
        .filter_map(|(bound, _)| bound)
        .collect();
    assert_eq!(
        bounds[1..],
        [millis(5), millis(50), millis(500)],
        "{bounds:?}"
    );
    assert!(bounds[0] <= Duration::from_millis(1));
    assert_eq!(pool.stats().traffic.latency, stats.latency);

    assert_eq!(pool.stats().reconnects, 0);
    assert!(pool.connection_stats().is_empty());
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    let _peer = acceptor.broker().await;
    waiting.await.unwrap();
    let waiting = pool.connection(&broker(), Lane::Fetch, now() + seconds(60));
    let _other = acceptor.broker().await;
    waiting.await.unwrap();
    let stats = pool.stats();
    assert_eq!((stats.connects, stats.reconnects), (3, 1));
}

/// Keeps the fields of every warning of this thread.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() == &Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push(text);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn long_pauses_are_warned_of_once_a_minute() {
    let warnings = Warnings::default();
    let _here = tracing::subscriber::set_default(warnings.clone());
    let (_pool, connection, mut peer) = connect().await;
    let start = now();
    for ms in [999, 1000, 50_000, 8_000, 7_000, 1_500] {
        let pending = connection.start(&question("a"), &options());
        echo_and_throttle(&mut peer, ms).await;
        pending.await.unwrap();
        tokio::time::sleep(millis(u64::from(ms.unsigned_abs()))).await;
    }
    assert!(now() - start > seconds(65));
    let told = warnings.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "{told:?}");
    for (text, pause) in told.iter().zip(["pause=1s", "pause=1.5s"]) {
        for part in [
            pause,
            &format!("broker={}", broker()),
            "throttles this client",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
