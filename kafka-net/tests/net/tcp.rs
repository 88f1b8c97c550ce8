//! The same over the operating system's sockets and clock.

use kafka_net::clock::now;
use kafka_net::{BrokerAddress, Environment, ErrorKind, Lane, NetConfig, Pool};
use kafka_protocol::messages::ProduceRequest;
use tokio::net::TcpListener;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_large_and_small() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let large = produce(20_000_000);
    let expected = large.clone();
    let served = tokio::spawn(async move {
        let (stream, from) = listener.accept().await.unwrap();
        let mut peer = Peer::new(from, Box::new(stream));
        peer.handshake().await;
        let asked = peer.asked().await;
        assert_eq!(asked.decode::<ProduceRequest>(), expected);
        peer.serve().await
    });
    let pool = Pool::new(NetConfig::default(), Environment::system().unwrap()).unwrap();
    let broker = BrokerAddress::new(address.ip().to_string(), address.port());
    let deadline = now() + seconds(30);
    let connection = pool
        .connection(&broker, Lane::Control, deadline)
        .await
        .unwrap();
    let written = connection.start_oneway(&large, &options());
    let asking: Vec<_> = (0..50)
        .map(|n| connection.start(&question(&format!("q{n}")), &options()))
        .collect();
    written.await.unwrap();
    for (n, pending) in asking.into_iter().enumerate() {
        assert_eq!(echoed(pending.await), Ok(format!("q{n}")));
    }
    drop(connection);
    pool.close(deadline).await;
    assert_eq!(served.await.unwrap(), 50);
}

#[tokio::test]
async fn nothing_listens_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: BrokerAddress = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let pool = Pool::new(NetConfig::default(), Environment::system().unwrap()).unwrap();
    let deadline = now() + seconds(3);
    let error = pool
        .connection(&address, Lane::Control, deadline)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(now() < deadline + seconds(30));
    let text = error.to_string();
    assert!(text.contains(&address.to_string()), "{text}");
    assert!(text.contains("nothing listens there"), "{text}");
}
