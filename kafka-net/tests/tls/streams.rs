//! What travels inside, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use kafka_net::clock::now;
use kafka_net::{BoxStream, ErrorKind, Lane, NetConfig, SendOptions, TlsConfig};
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest};
use kafka_test_broker::TestCluster;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::authority::{Authority, Valid};
use crate::support::*;

/// The embedded broker's own TLS, on a socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_requests_on_sockets() {
    let authority = Authority::new("ours");
    let cluster = TestCluster::builder()
        .tls(authority.server(&["127.0.0.1", "localhost"]).listener())
        .start()
        .await
        .unwrap();
    let tls = TlsConfig::new().with_root_pem(authority.pem());
    let env = kafka_net::Environment::system().unwrap();
    let pool = kafka_net::Pool::new(NetConfig::default().with_tls(tls), env).unwrap();
    let broker = cluster.bootstrap().parse().unwrap();
    let deadline = now() + Duration::from_secs(60);
    let connection = pool
        .connection(&broker, Lane::Control, deadline)
        .await
        .unwrap();
    // Far more than TLS holds back, in one piece, and what follows it.
    let long = "x".repeat(30_000);
    let topics: Vec<_> = (0..300)
        .map(|n| {
            kafka_protocol::messages::metadata::MetadataRequestTopic::new()
                .with_name(Some(format!("{long}{n}").into()))
        })
        .collect();
    let large = MetadataRequest::new().with_topics(Some(topics));
    let options = SendOptions::new(Duration::from_secs(60));
    let first = connection.start(&large, &options);
    let rest: Vec<_> = (0..50)
        .map(|_| connection.start(&ApiVersionsRequest::new(), &options))
        .collect();
    assert_eq!(first.await.unwrap().topics.len(), 300);
    for answer in rest {
        answer.await.unwrap();
    }
    let sent = connection.stats().bytes_sent;
    assert!(sent > 9_000_000, "{sent}");
    pool.close(deadline).await;
}

/// Both the handshake and the requests are flushed through TLS, to the stream
/// below it.
#[tokio::test]
async fn streams_that_hold_back_are_flushed() {
    let (tls, config) = localhost();
    let network = Network::secured(config).await;
    network.hold_back();
    let connection = connect(&network.pool(tls), "localhost").await.unwrap();
    for _ in 0..3 {
        question(&connection).await.unwrap();
    }
}

/// A listener that serves one connection by hand, after the negotiation.
async fn by_hand<F>(
    config: Arc<ServerConfig>,
    serve: impl Fn(TlsStream<BoxStream>) -> F + Clone + Send + Sync + 'static,
) -> Arc<Network>
where
    F: Future<Output = ()> + Send + 'static,
{
    let network = Network::new().await;
    let weak = Arc::downgrade(&network);
    network.accept(move |stream| {
        let acceptor = TlsAcceptor::from(config.clone());
        let (weak, serve) = (weak.clone(), serve.clone());
        Box::pin(async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut broker = weak.upgrade().unwrap().broker();
            relay(&mut stream, &mut broker).await;
            relay(&mut broker, &mut stream).await;
            serve(stream).await;
        })
    });
    network
}

/// One frame.
async fn relay(from: &mut (impl AsyncReadExt + Unpin), to: &mut (impl AsyncWriteExt + Unpin)) {
    let len = from.read_u32().await.unwrap();
    let mut frame = vec![0; len as usize];
    from.read_exact(&mut frame).await.unwrap();
    to.write_u32(len).await.unwrap();
    to.write_all(&frame).await.unwrap();
    to.flush().await.unwrap();
}

fn localhost() -> (TlsConfig, Arc<ServerConfig>) {
    let authority = Authority::new("ours");
    let tls = TlsConfig::new().with_root_pem(authority.pem());
    (tls, authority.server(&["localhost"]).listener())
}

#[tokio::test]
async fn cut_off_in_the_middle_of_an_answer() {
    let (tls, config) = localhost();
    let network = by_hand(config, |mut stream| async move {
        let asked = stream.read_u32().await.unwrap();
        stream
            .read_exact(&mut vec![0; asked as usize])
            .await
            .unwrap();
        stream.write_all(&[0, 0, 0, 100, 0, 0]).await.unwrap();
        stream.flush().await.unwrap();
        // Without a farewell: the transport ends, TLS does not.
        drop(stream.into_inner());
    })
    .await;
    let connection = connect(&network.pool(tls), "localhost").await.unwrap();
    let error = question(&connection).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(error.possibly_written());
    let text = error.to_string();
    assert!(
        text.contains("closed the connection 6 bytes into an answer"),
        "{text}"
    );
}

#[tokio::test]
async fn the_end_between_answers_is_an_end_with_or_without_farewell() {
    for farewell in [true, false] {
        let (tls, config) = localhost();
        let network = by_hand(config, move |mut stream| async move {
            if farewell {
                stream.shutdown().await.unwrap();
            }
        })
        .await;
        let connection = connect(&network.pool(tls), "localhost").await.unwrap();
        // Closed by itself, without being asked anything.
        while !connection.is_closed() {
            tokio::task::yield_now().await;
        }
        let error = question(&connection).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Disconnected);
        let text = error.to_string();
        assert!(text.contains("the broker closed the connection"), "{text}");
        assert!(!text.contains("into an answer"), "{text}");
        assert!(!error.possibly_written());
    }
}

/// The client says farewell when it closes, so that nobody takes it for cut off.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_with_a_farewell() {
    let (tls, config) = localhost();
    let (ended, end) = oneshot::channel();
    let ended = Arc::new(std::sync::Mutex::new(Some(ended)));
    let network = by_hand(config, move |mut stream| {
        let ended = ended.clone();
        async move {
            // An end without farewell would be an error.
            let result = stream
                .read(&mut [0; 1])
                .await
                .map_err(|error| error.to_string());
            let _ = ended.lock().unwrap().take().unwrap().send(result);
        }
    })
    .await;
    let config = NetConfig::default()
        .with_tls(tls)
        .with_idle_timeout(Duration::from_secs(60));
    let pool = network.pool_with(config);
    let connection = connect(&pool, "localhost").await.unwrap();
    assert_eq!(end.await.unwrap(), Ok(0));
    assert!(connection.is_closed());
}

#[tokio::test]
async fn bytes_changed_on_the_way_end_the_connection() {
    let (tls, config) = localhost();
    check_changed_bytes(tls, config).await;
    // Once the broker has answered, it has taken the client's certificate.
    let authority = Authority::new("ours");
    let client = authority.client(Valid::Now);
    let server = authority.server(&["localhost"]);
    let tls = TlsConfig::new()
        .with_root_pem(authority.pem())
        .with_client_pem(client.certificate, client.key);
    let mutual = server.listener_of(rustls::DEFAULT_VERSIONS, Some(&authority));
    check_changed_bytes(tls, mutual).await;
}

async fn check_changed_bytes(tls: TlsConfig, config: Arc<ServerConfig>) {
    let network = by_hand(config, |mut stream| async move {
        let asked = stream.read_u32().await.unwrap();
        stream
            .read_exact(&mut vec![0; asked as usize])
            .await
            .unwrap();
        let (mut below, _) = stream.into_inner();
        // A record of application data that no key of this session made.
        below.write_all(&[0x17, 3, 3, 0, 32]).await.unwrap();
        below.write_all(&[0x55; 32]).await.unwrap();
        let _ = below.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let connection = connect(&network.pool(tls), "localhost").await.unwrap();
    let error = question(&connection).await.unwrap_err();
    // Another connection may do better.
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(error.is_retriable());
    assert!(error.to_string().contains("TLS failed: "), "{error}");
}

/// Whoever asked leaves; closing the pool ends the handshake under way.
#[tokio::test]
async fn a_handshake_is_cut_short() {
    let network = Network::new().await;
    let (gone, end) = oneshot::channel();
    let gone = Arc::new(std::sync::Mutex::new(Some(gone)));
    network.accept(move |mut stream| {
        let gone = gone.clone();
        Box::pin(async move {
            let mut heard = Vec::new();
            let _ = stream.read_to_end(&mut heard).await;
            let _ = gone.lock().unwrap().take().unwrap().send(heard.len());
        })
    });
    let pool = network.pool(localhost().0);
    let attempt = tokio::spawn({
        let pool = pool.clone();
        async move { connect(&pool, "localhost").await }
    });
    while network.first_bytes().is_empty() {
        tokio::task::yield_now().await;
    }
    pool.close(now() + Duration::from_secs(60)).await;
    let error = attempt.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(end.await.unwrap() > 100, "the greeting, and then the end");
}
