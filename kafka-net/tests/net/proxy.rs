//! Brokers behind a proxy, and brokers that are dialled elsewhere than they say.

use kafka_net::clock::now;
use kafka_net::{
    AddressMap, BrokerAddress, Connection, Environment, Error, ErrorKind, Lane, NetConfig, Pool,
    Proxy, Waiting,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

const PROXY: &str = "10.0.0.9:1080";

fn socks5() -> Proxy {
    Proxy::socks5("proxy", 1080)
}

fn http() -> Proxy {
    Proxy::http_connect("proxy", 1080)
}

/// A client that connects to [`broker`] through `proxy`.
fn dial(proxy: Proxy) -> (Pool, Acceptor, Waiting<Connection>) {
    let (network, acceptor) = Network::new();
    network.name("proxy", &[PROXY]);
    let pool = network.pool(NetConfig::default().with_proxy(proxy));
    let waiting = pool.attempt(&broker(), Lane::Control, now() + seconds(60));
    (pool, acceptor, waiting)
}

impl Peer {
    async fn expects(&mut self, bytes: &[u8]) {
        let mut heard = vec![0; bytes.len()];
        self.stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(
            heard.escape_ascii().to_string(),
            bytes.escape_ascii().to_string()
        );
    }
}

async fn check_failure(waiting: Waiting<Connection>, kind: ErrorKind, text: &str) {
    let error = waiting.await.unwrap_err();
    assert_eq!(error.kind(), &kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
    assert_eq!(error.context().broker(), Some(&broker()));
    assert!(!format!("{error} {error:?} {error:#?}").contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn socks5_with_a_login_leads_to_the_broker() {
    let (pool, mut acceptor, waiting) = dial(socks5().with_credentials("me", "s3cret"));
    let mut peer = acceptor.accept().await;
    assert_eq!(peer.address, PROXY.parse().unwrap());
    peer.expects(&[5, 2, 0, 2]).await;
    peer.send([5, 2]).await;
    peer.expects(b"\x01\x02me\x06s3cret").await;
    peer.send([1, 0]).await;
    // The name, for the proxy to resolve.
    peer.expects(b"\x05\x01\0\x03\x07kafka-1\x23\x84").await;
    peer.send(b"\x05\0\0\x01\0\0\0\0\0\0").await;
    peer.handshake().await;
    let connection = waiting.await.unwrap();
    let pending = connection.start(&question("a"), &options());
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("a".to_owned()));
    assert!(!format!("{pool:?} {:?}", pool.config()).contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn http_connect_with_a_login_leads_to_the_broker() {
    let (_pool, mut acceptor, waiting) = dial(http().with_credentials("me", "s3cret"));
    let mut peer = acceptor.accept().await;
    peer.expects(
        b"CONNECT kafka-1:9092 HTTP/1.1\r\nHost: kafka-1:9092\r\n\
          Proxy-Authorization: Basic bWU6czNjcmV0\r\n\r\n",
    )
    .await;
    peer.send(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n").await;
    peer.handshake().await;
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_lets_nobody_in_fails_at_once() {
    let (_pool, mut acceptor, waiting) = dial(http().with_credentials("me", "s3cret"));
    let mut peer = acceptor.accept().await;
    peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        .await;
    check_failure(waiting, ErrorKind::Authentication, "proxy proxy:1080").await;

    let (_pool, mut acceptor, waiting) = dial(socks5().with_credentials("me", "s3cret"));
    let mut peer = acceptor.accept().await;
    peer.send([5, 2, 1, 1]).await;
    check_failure(
        waiting,
        ErrorKind::Authentication,
        "refuses user and password",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_does_not_reach_the_broker_says_why() {
    let (_pool, mut acceptor, waiting) = dial(socks5());
    let mut peer = acceptor.accept().await;
    peer.send([5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    check_failure(waiting, ErrorKind::Connect, "host unreachable").await;

    let (_pool, mut acceptor, waiting) = dial(http());
    let mut peer = acceptor.accept().await;
    peer.send(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").await;
    check_failure(waiting, ErrorKind::Connect, "503 Service Unavailable").await;

    let (_pool, mut acceptor, waiting) = dial(http());
    drop(acceptor.accept().await);
    check_failure(
        waiting,
        ErrorKind::Connect,
        "no connection through the proxy",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_proxy_is_told_from_a_broker() {
    let (_pool, mut acceptor, waiting) = dial(socks5());
    let mut peer = acceptor.accept().await;
    peer.send(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    check_failure(
        waiting,
        ErrorKind::Malformed,
        "proxy:1080 does not answer as a proxy does; check that it is a SOCKS5 proxy",
    )
    .await;

    // What follows the tunnel's opening unasked is not a broker's.
    let (_pool, mut acceptor, waiting) = dial(http());
    let mut peer = acceptor.accept().await;
    peer.send(b"HTTP/1.1 200 OK\r\n\r\nHello").await;
    check_failure(waiting, ErrorKind::Malformed, "HTTP proxy").await;

    let (_pool, mut acceptor, waiting) = dial(http());
    let _peer = acceptor.accept().await;
    check_failure(waiting, ErrorKind::Timeout, "no tunnel by the proxy").await;
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_not_there_is_named() {
    let (network, _acceptor) = Network::new();
    network.name("proxy", &[PROXY]);
    network.set(PROXY, Behaviour::Refuse);
    let pool = network.pool(NetConfig::default().with_proxy(socks5()));
    let waiting = pool.attempt(&broker(), Lane::Control, now() + seconds(60));
    let text = "no connection to the proxy proxy:1080 at 10.0.0.9:1080 (connection refused); \
                check the proxy's host";
    check_failure(waiting, ErrorKind::Connect, text).await;
    network.name("proxy", &[]);
    let waiting = pool.attempt(&broker(), Lane::Control, now() + seconds(60));
    check_failure(waiting, ErrorKind::Resolve, "the name of the proxy").await;
}

#[tokio::test(start_paused = true)]
async fn a_mapped_address_is_dialled_and_the_advertised_one_known() {
    let (network, mut acceptor) = Network::new();
    network.name("forward", &["10.0.0.7:19092"]);
    let map = AddressMap::new(|broker| match broker.host.as_str() {
        "kafka-1" => BrokerAddress::new("forward", 10_000 + broker.port),
        _ => broker.clone(),
    });
    let pool = network.pool(NetConfig::default().with_address_map(map.clone()));
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(60));
    let peer = acceptor.broker().await;
    assert_eq!(peer.address, "10.0.0.7:19092".parse().unwrap());
    assert_eq!(waiting.await.unwrap().broker(), &broker());

    let other = BrokerAddress::new("kafka-2", 9092);
    let waiting = pool.connection(&other, Lane::Control, now() + seconds(60));
    let peer = acceptor.broker().await;
    assert_eq!(peer.address, "10.0.0.1:9092".parse().unwrap());
    waiting.await.unwrap();

    network.set("10.0.0.7:19092", Behaviour::Refuse);
    let waiting = pool.attempt(&broker(), Lane::Fetch, now() + seconds(60));
    let text = "broker 1 (kafka-1:9092): no connection to forward:19092 (by address_map) at \
                10.0.0.7:19092 (connection refused)";
    check_failure(waiting, ErrorKind::Connect, text).await;

    // A proxy is told the address to dial.
    network.name("proxy", &[PROXY]);
    let config = NetConfig::default().with_proxy(http());
    let pool = network.pool(config.with_address_map(map));
    let waiting = pool.attempt(&broker(), Lane::Control, now() + seconds(60));
    let mut peer = acceptor.accept().await;
    peer.expects(b"CONNECT forward:19092 HTTP/1.1\r\nHost: forward:19092\r\n\r\n")
        .await;
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n").await;
    peer.handshake().await;
    assert_eq!(waiting.await.unwrap().broker(), &broker());
}

/// One connection of a client to the broker behind it, over real sockets.
async fn relay(listener: TcpListener, broker: TcpListener) -> Result<(), std::io::Error> {
    let (mut client, _) = listener.accept().await?;
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        heard.push(client.read_u8().await?);
    }
    assert!(heard.starts_with(b"CONNECT kafka.invalid:9092 HTTP/1.1\r\n"));
    let mut tunnel = TcpStream::connect(broker.local_addr()?).await?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    let serving = async {
        let (stream, from) = broker.accept().await.unwrap();
        let mut peer = Peer::new(from, Box::new(stream));
        peer.handshake().await;
        peer.serve().await
    };
    let (copied, served) = tokio::join!(copy_bidirectional(&mut client, &mut tunnel), serving);
    copied?;
    assert_eq!(served, 1);
    Ok(())
}

#[tokio::test]
async fn over_real_sockets_too() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = proxy.local_addr().unwrap().port();
    let relaying = tokio::spawn(relay(proxy, behind));
    let config = NetConfig::default().with_proxy(Proxy::http_connect("127.0.0.1", port));
    let pool = Pool::new(config, Environment::system().unwrap()).unwrap();
    // Only the proxy could know this name.
    let broker = BrokerAddress::new("kafka.invalid", 9092);
    let deadline = now() + seconds(60);
    let connection = pool.connection(&broker, Lane::Control, deadline).await;
    let connection = connection.unwrap();
    let answer: Result<_, Error> = connection.request(&question("a"), &options()).await;
    assert_eq!(echoed(answer), Ok("a".to_owned()));
    drop(connection);
    pool.close(deadline).await;
    relaying.await.unwrap().unwrap();
}
