//! Version negotiation with brokers of every era, and with what is no broker.

use kafka_net::clock::now;
use kafka_net::{
    ApiVersionsTable, BrokerAddress, Connection, Error, ErrorKind, Lane, NetConfig, Pool, Release,
    Waiting,
};
use kafka_protocol::messages::{ApiVersionsRequest, ListOffsetsResponse};
use kafka_protocol::{ApiKey, ErrorCode, VersionRange};

use crate::support::*;

fn dial() -> (Pool, Acceptor, Waiting<Connection>) {
    let (network, acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    (pool, acceptor, waiting)
}

/// The first request of a connection, which must be ApiVersions.
async fn greeted(peer: &mut Peer, version: i16) -> Asked {
    let asked = peer.asked().await;
    assert_eq!((asked.key, asked.version), (ApiKey::ApiVersions, version));
    asked
}

#[tokio::test(start_paused = true)]
async fn the_client_introduces_itself() {
    let (network, mut acceptor) = Network::new();
    let config = NetConfig::default()
        .with_client_id("shop")
        .with_client_software("shop-client", "1.2.3");
    let pool = network.pool(config);
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(10));
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 4).await;
    assert_eq!(asked.client_id.as_deref(), Some("shop"));
    let request: ApiVersionsRequest = asked.decode();
    assert_eq!(request.client_software_name, "shop-client");
    assert_eq!(request.client_software_version, "1.2.3");
    let body = versions(&DEFAULT_VERSIONS);
    peer.answer(&asked, &body).await;
    let connection = waiting.await.unwrap();
    assert!(connection.api_versions().is_negotiated());
    assert_eq!(connection.broker(), &broker());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_names_its_range_is_asked_in_it() {
    let (_pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 4).await;
    refuse_version(&mut peer, &asked, &[(ApiKey::ApiVersions, 0, 3)]).await;
    let asked = greeted(&mut peer, 3).await;
    peer.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_names_none_is_asked_in_version_0() {
    let (_pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 4).await;
    refuse_version(&mut peer, &asked, &[]).await;
    let asked = greeted(&mut peer, 0).await;
    peer.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_is_not_lower_fails_at_once() {
    let (_pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 4).await;
    refuse_version(&mut peer, &asked, &[(ApiKey::ApiVersions, 0, 4)]).await;
    let error = waiting.await.unwrap_err();
    // It contradicts itself, which is no difference in versions.
    assert_eq!(error.kind(), &ErrorKind::UnexpectedResponse);
    assert_eq!(
        error.to_string(),
        "ApiVersions to broker 1 (kafka-1:9092): the broker refused version 4 and offers \
         versions 0 to 4"
    );
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_another_reason_fails_at_once() {
    let (_pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 4).await;
    let refusal = versions(&[]).with_error_code(ErrorCode::ClusterAuthorizationFailed.code());
    peer.answer(&asked, &refusal).await;
    let error = waiting.await.unwrap_err();
    assert_eq!(
        error.broker_error(),
        Some(ErrorCode::ClusterAuthorizationFailed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_breaks_off_its_answer_is_not_taken_for_old() {
    let (_pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, 4).await;
    peer.send([0, 0, 0, 100, 0]).await;
    drop(peer);
    let start = now();
    let mut peer = acceptor.accept().await;
    assert!(
        now() - start >= millis(40),
        "another attempt, after its pause"
    );
    let asked = greeted(&mut peer, 4).await;
    peer.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
    waiting.await.unwrap();
}

/// Plays 0.8.2: hangs up on ApiVersions, answers ListOffsets v0.
async fn answer_probe(acceptor: &mut Acceptor) -> Peer {
    let mut peer = acceptor.accept().await;
    let asked = peer.asked().await;
    assert_eq!((asked.key, asked.version), (ApiKey::ListOffsets, 0));
    peer.answer(&asked, &ListOffsetsResponse::new()).await;
    peer
}

async fn hang_up(acceptor: &mut Acceptor, version: i16) {
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, version).await;
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_hangs_up_on_api_versions_is_of_the_oldest_era() {
    let (pool, mut acceptor, waiting) = dial();
    hang_up(&mut acceptor, 4).await;
    hang_up(&mut acceptor, 0).await;
    let mut peer = answer_probe(&mut acceptor).await;
    hang_up(&mut acceptor, 0).await;
    let connection = waiting.await.unwrap();
    let table = connection.api_versions();
    assert!(!table.is_negotiated());
    let zero = Some(VersionRange::new(0, 0));
    assert_eq!(table.range(ApiKey::Produce), zero);
    assert_eq!(table.range(ApiKey::Metadata), zero);
    assert_eq!(table.range(ApiKey::ApiVersions), None);
    assert_eq!(table.range(ApiKey::JoinGroup), None, "0.8.2 has no groups");
    let pending = connection.start(&question("q"), &options());
    assert_eq!(pending.version(), 0);
    let asked = peer.asked().await;
    assert_eq!(asked.topic(), "q");

    // The other lanes need not find out again, while the one that asked is connected and
    // for five minutes. Those that did not ask prove nothing.
    let waiting = pool.connection(&broker(), Lane::Fetch, now() + seconds(60));
    let _other = answer_probe(&mut acceptor).await;
    let _believed = waiting.await.unwrap();
    drop(peer);
    tokio::time::sleep(seconds(301)).await;
    let waiting = pool.connection(&broker(), Lane::Produce, now() + seconds(60));
    let _upgraded = acceptor.broker().await;
    assert!(waiting.await.unwrap().api_versions().is_negotiated());
}

/// Asked after a second of silence: describe no group.
async fn probed(peer: &mut Peer) -> Asked {
    let asked = peer.asked().await;
    assert_eq!((asked.key, asked.version), (ApiKey::DescribeGroups, 0));
    assert_eq!(asked.body.clone().into_rest(), [0; 4].as_slice());
    asked
}

/// An answer of an empty list, in version 0.
async fn describe_nothing(peer: &mut Peer, asked: &Asked) {
    let mut frame = vec![0, 0, 0, 8];
    frame.extend(asked.correlation_id.to_be_bytes());
    frame.extend([0; 4]);
    peer.send(frame).await;
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_passes_over_api_versions_is_of_the_oldest_era() {
    let (_pool, mut acceptor, waiting) = dial();
    let start = now();
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, 4).await;
    let asked = probed(&mut peer).await;
    assert!(now() - start >= seconds(1));
    describe_nothing(&mut peer, &asked).await;
    peer.closed().await;
    let _peer = answer_probe(&mut acceptor).await;
    // Once more, to be sure.
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, 0).await;
    let asked = probed(&mut peer).await;
    describe_nothing(&mut peer, &asked).await;
    let connection = waiting.await.unwrap();
    let table = connection.api_versions();
    assert!(!table.is_negotiated());
    assert!(now() - start < millis(2200));
    // That is how 0.9 does it, which has groups.
    assert_eq!(table, &ApiVersionsTable::of_release(Release::V0_9));
    assert_eq!(
        table.range(ApiKey::JoinGroup),
        Some(VersionRange::new(0, 0))
    );
    assert_eq!(table.range(ApiKey::Fetch), Some(VersionRange::new(0, 1)));
}

/// 0.9 passes over other connections' requests along with what it does not know.
#[tokio::test(start_paused = true)]
async fn what_passes_over_api_versions_is_not_asked_again_while_it_lives() {
    let (pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, 4).await;
    let asked = probed(&mut peer).await;
    describe_nothing(&mut peer, &asked).await;
    let _probed = answer_probe(&mut acceptor).await;
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, 0).await;
    let asked = probed(&mut peer).await;
    describe_nothing(&mut peer, &asked).await;
    let _live = waiting.await.unwrap();
    let with_id = BrokerAddress {
        id: Some(7),
        ..broker()
    };
    let mut peers = Vec::new();
    for (pool, broker, lane) in [
        (&pool, broker(), Lane::Fetch),
        (&pool, with_id.clone(), Lane::Control),
        (&pool.branch(), with_id, Lane::Fetch),
    ] {
        let waiting = pool.connection(&broker, lane, now() + seconds(60));
        peers.push(answer_probe(&mut acceptor).await);
        let connection = waiting.await.unwrap();
        assert!(!connection.api_versions().is_negotiated());
    }
    // Nor later, while a connection shows that it was not replaced.
    tokio::time::sleep(seconds(400)).await;
    let waiting = pool.connection(&broker(), Lane::Produce, now() + seconds(60));
    peers.push(answer_probe(&mut acceptor).await);
    assert!(!waiting.await.unwrap().api_versions().is_negotiated());
}

#[tokio::test(start_paused = true)]
async fn assumed_versions_are_not_asked_for() {
    let (network, mut acceptor) = Network::new();
    let table = ApiVersionsTable::of_release(Release::V0_10_1);
    let pool = network.pool(NetConfig::default().with_assumed_versions(table.clone()));
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    let mut peer = acceptor.accept().await;
    let connection = waiting.await.unwrap();
    assert_eq!(connection.api_versions(), &table);
    let pending = connection.start(&question("q"), &options());
    assert_eq!(pending.version(), 2);
    let asked = peer.asked().await;
    assert_eq!((asked.key, asked.version), (ApiKey::Metadata, 2));
    peer.echo(&asked).await;
    assert_eq!(echoed(pending.await), Ok("q".to_owned()));
    // And again, without the pool taking it for old.
    drop(peer);
    tokio::time::sleep(millis(1)).await;
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    let mut peer = acceptor.accept().await;
    let pending = waiting.await.unwrap().start(&question("r"), &options());
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("r".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_rolling_upgrade_and_a_downgrade_are_taken_up_by_the_next_connection() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    for newest in [9, 12, 7] {
        let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
        let mut peer = acceptor.accept().await;
        let asked = greeted(&mut peer, 4).await;
        let ranges = [(ApiKey::Metadata, 0, newest), (ApiKey::ApiVersions, 0, 4)];
        peer.answer(&asked, &versions(&ranges)).await;
        let connection = waiting.await.unwrap();
        let pending = connection.start(&question("q"), &options());
        assert_eq!(pending.version(), newest);
        let asked = peer.asked().await;
        assert_eq!(asked.version, newest);
        peer.echo(&asked).await;
        pending.await.unwrap();
        // The broker restarts.
        drop(peer);
        tokio::time::sleep(millis(1)).await;
        assert!(connection.is_closed());
    }
    assert_eq!(pool.stats().reconnects, 2);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_cuts_connections_makes_no_broker_old() {
    let (_pool, mut acceptor, waiting) = dial();
    hang_up(&mut acceptor, 4).await;
    hang_up(&mut acceptor, 0).await;
    // Brokers up to 3.9 answer this too.
    let _probed = answer_probe(&mut acceptor).await;
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 0).await;
    peer.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
    assert!(waiting.await.unwrap().api_versions().is_negotiated());
}

#[tokio::test(start_paused = true)]
async fn a_slow_broker_is_not_taken_for_old() {
    let (_pool, mut acceptor, waiting) = dial();
    let mut peer = acceptor.accept().await;
    let first = greeted(&mut peer, 4).await;
    let second = probed(&mut peer).await;
    tokio::time::sleep(seconds(5)).await;
    peer.answer(&first, &versions(&DEFAULT_VERSIONS)).await;
    let connection = waiting.await.unwrap();
    assert!(connection.api_versions().is_negotiated());
    // What was asked meanwhile is answered too, and disturbs nothing.
    let pending = connection.start(&question("q"), &options());
    describe_nothing(&mut peer, &second).await;
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("q".into()));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_was_only_restarting_is_not_taken_for_old() {
    let (_pool, mut acceptor, waiting) = dial();
    hang_up(&mut acceptor, 4).await;
    let mut peer = acceptor.accept().await;
    let asked = greeted(&mut peer, 0).await;
    peer.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
    assert!(waiting.await.unwrap().api_versions().is_negotiated());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_told_its_versions_is_not_old_whatever_happens() {
    let (pool, mut acceptor, waiting) = dial();
    let _first = acceptor.broker().await;
    waiting.await.unwrap();
    let waiting = pool.connection(&broker(), Lane::Fetch, now() + seconds(60));
    for _ in 0..3 {
        hang_up(&mut acceptor, 4).await;
        hang_up(&mut acceptor, 0).await;
    }
    let _second = acceptor.broker().await;
    assert!(waiting.await.unwrap().api_versions().is_negotiated());
}

#[tokio::test(start_paused = true)]
async fn an_old_broker_that_was_upgraded_is_asked_again() {
    let (pool, mut acceptor, waiting) = dial();
    hang_up(&mut acceptor, 4).await;
    hang_up(&mut acceptor, 0).await;
    let probed = answer_probe(&mut acceptor).await;
    hang_up(&mut acceptor, 0).await;
    drop(waiting.await);
    drop(probed);
    // It now hangs up on what only old brokers speak.
    let waiting = pool.connection(&broker(), Lane::Fetch, now() + seconds(60));
    let mut peer = acceptor.accept().await;
    assert_eq!(peer.asked().await.key, ApiKey::ListOffsets);
    drop(peer);
    let _peer = acceptor.broker().await;
    assert!(waiting.await.unwrap().api_versions().is_negotiated());
}

#[tokio::test(start_paused = true)]
async fn a_port_that_always_hangs_up_is_retried_until_the_deadline() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(3));
    tokio::spawn(async move {
        loop {
            drop(acceptor.accept().await);
        }
    });
    let error = waiting.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    let text = error.to_string();
    assert!(
        text.contains("the broker closes connections without an answer"),
        "{text}"
    );
    assert!(
        text.contains("check that the address is a plaintext Kafka listener"),
        "{text}"
    );
    // Three connections an attempt, and pauses between the attempts.
    assert!(network.dials().len() < 3 * 10, "{}", network.dials().len());
}

/// Bytes from something that is no Kafka broker end the wait at once.
async fn check_no_broker(bytes: &[u8], kind: ErrorKind, texts: &[&str]) {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default());
    let start = now();
    let address: BrokerAddress = "example.org:80".parse().unwrap();
    let waiting = pool.connection(&address, Lane::Control, now() + seconds(60));
    let mut peer = acceptor.accept().await;
    peer.asked().await;
    peer.send(bytes).await;
    let error = waiting.await.unwrap_err();
    assert_eq!(error.kind(), &kind, "{error}");
    assert!(now() - start < seconds(1));
    for text in texts {
        assert!(error.to_string().contains(text), "{error}");
    }
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_speak_kafka_fails_at_once() {
    check_no_broker(
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        ErrorKind::FrameTooLarge,
        &[
            "ApiVersions to example.org:80: frame of 1213486160 bytes is above the limit",
            "the peer seems to speak HTTP",
            "check that the address is a plaintext Kafka listener",
        ],
    )
    .await;
    check_no_broker(
        &[0x15, 3, 1, 0, 2, 2, 0x16],
        ErrorKind::Tls,
        &["looks like a TLS listener", "turn TLS on"],
    )
    .await;
    check_no_broker(
        b"SSH-2.0-OpenSSH_9.6\r\n",
        ErrorKind::FrameTooLarge,
        &["is this a Kafka listener?"],
    )
    .await;
    check_no_broker(
        &[0, 0, 0, 4, 0x7f, 1, 2, 3],
        ErrorKind::CorrelationMismatch,
        &["answered request 2130772483 when 0 was next"],
    )
    .await;
    check_no_broker(
        &[0, 0, 0, 5, 0, 0, 0, 0, 0],
        ErrorKind::Malformed,
        &[
            "ApiVersions to example.org:80: the answer (version 4) does not decode",
            "1 bytes missing",
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_port_is_a_timeout_that_says_so() {
    let (network, mut acceptor) = Network::new();
    let pool = network.pool(NetConfig::default().with_connect_timeout(seconds(4)));
    let start = now();
    let waiting = pool.attempt(&broker(), Lane::Control, start + seconds(60));
    let mut peer = acceptor.accept().await;
    greeted(&mut peer, 4).await;
    assert_eq!(peer.asked().await.key, ApiKey::DescribeGroups);
    let error = waiting.await.unwrap_err();
    let passed = now() - start;
    assert!(passed >= seconds(4) && passed < millis(4100), "{passed:?}");
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "ApiVersions to broker 1 (kafka-1:9092): no answer within 4s (timeout); \
         10.0.0.1:9092 accepts connections and stays silent: check that it is a plaintext Kafka listener"
    );
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_port_does_not_outlast_the_deadline() {
    let (_pool, mut acceptor, waiting) = dial();
    drop(waiting);
    let (network, mut silent) = Network::new();
    let pool = network.pool(NetConfig::default());
    let start = now();
    let waiting = pool.connection(&broker(), Lane::Control, start + seconds(3));
    let peer = silent.accept().await;
    let error: Error = waiting.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "broker 1 (kafka-1:9092): no connection within 3s (timeout); 10.0.0.1:9092 accepts \
         connections and stays silent: check that it is a plaintext Kafka listener"
    );
    assert!(now() - start < millis(3100));
    drop((peer, acceptor.accept().await));
}

#[tokio::test(start_paused = true)]
async fn a_byte_at_a_time_is_enough() {
    let shape = Shape {
        max_write: 1,
        max_read: 1,
        buffer: 1,
        ..Shape::default()
    };
    connected(NetConfig::default(), shape).await;
}
