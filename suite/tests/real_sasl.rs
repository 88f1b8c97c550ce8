//! Logging in to real brokers by each mechanism, refusals, and logins that are
//! renewed under load.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use kafka_client::{
    BoxFuture, Credentials, ErrorKind, Kafka, NewTopic, OAuthToken, ProviderError, Record, Sasl,
    Start, TokenProvider, WallClock as _,
};
use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};
use kafka_net::{
    BrokerAddress, Environment, Lane, NetConfig, Pool, SendOptions, SystemWallClock, clock,
};
use kafka_protocol::messages::MetadataRequest;
use kafka_suite::{BoxError, NEWEST};
use tokio::task::block_in_place;

const LISTENER: &str = "SECURE";
/// Of a login. It is renewed at 85 to 95 % of it; the rest is for a machine that stops to think.
const LIFETIME: Duration = Duration::from_secs(12);

/// Tokens without a signature, which Kafka takes when nothing else is set up.
#[derive(Debug)]
struct Unsecured;

impl TokenProvider for Unsecured {
    fn token(&self) -> BoxFuture<'_, Result<OAuthToken, ProviderError>> {
        let now = SystemWallClock.now_ms() / 1000;
        let claims = format!(r#"{{"sub":"alice","iat":{now},"exp":{}}}"#, now + 3600);
        let encode = |part: &str| BASE64URL.encode(part);
        let token = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims));
        let token = OAuthToken::new(token).with_lifetime(Duration::from_secs(3600));
        Box::pin(std::future::ready(Ok(token)))
    }
}

fn alice() -> Credentials {
    Credentials::new("alice", "alice-secret")
}

fn plain(credentials: Credentials) -> Sasl {
    Sasl::plain(credentials).dangerous_without_tls()
}

/// One broker whose listener `SECURE` wants a login by one of these.
fn start(version: &str, mechanisms: &[&str], lifetime: Duration) -> Result<RealCluster, BoxError> {
    let mut options = ClusterOptions::default()
        .listener(LISTENER, "SASL_PLAINTEXT")
        .property("sasl.enabled.mechanisms", mechanisms.join(","))
        .property("connections.max.reauth.ms", lifetime.as_millis());
    for mechanism in mechanisms {
        let module = match *mechanism {
            "PLAIN" => {
                "org.apache.kafka.common.security.plain.PlainLoginModule required \
                 user_alice=\"alice-secret\" user_carol=\"a\\u00aab\";"
            }
            "OAUTHBEARER" => {
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                 unsecuredLoginStringClaim_sub=\"kafka\";"
            }
            _ => "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        };
        let name = mechanism.to_lowercase();
        options = options.property(
            &format!("listener.name.secure.{name}.sasl.jaas.config"),
            module,
        );
    }
    let installation = Installation::ensure(KafkaVersion::find(version)?)?;
    let cluster = block_in_place(|| RealCluster::start(&installation, 1, &options))?;
    let bootstrap = cluster.bootstrap();
    // One at a time: KRaft takes no two of the same user.
    for mechanism in mechanisms.iter().filter(|name| name.starts_with("SCRAM")) {
        let credential = format!("{mechanism}=[iterations=8192,password=alice-secret]");
        block_in_place(|| {
            installation.java_tool().run(
                "kafka.admin.ConfigCommand",
                &[
                    "--bootstrap-server",
                    &bootstrap,
                    "--alter",
                    "--add-config",
                    &credential,
                    "--entity-type",
                    "users",
                    "--entity-name",
                    "alice",
                ],
                b"",
            )
        })?;
    }
    Ok(cluster)
}

async fn connect(cluster: &RealCluster, sasl: Sasl) -> Result<Kafka, kafka_client::Error> {
    let address = cluster.listener(1, LISTENER).unwrap();
    Kafka::builder(address)
        .client_id("suite")
        .sasl(sasl)
        .connect_within(Duration::from_secs(20))
        .connect()
        .await
}

/// Wrong passwords, and mechanisms that are not enabled, are told at once.
async fn check_refusals(cluster: &RealCluster) {
    let wrong = || Credentials::new("alice", "not-hers");
    let nobody = || Credentials::new("nobody", "alice-secret");
    for sasl in [
        plain(wrong()),
        plain(nobody()),
        Sasl::scram_sha_256(wrong()),
        Sasl::scram_sha_512(nobody()),
    ] {
        let name = sasl.name().to_owned();
        let error = connect(cluster, sasl).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Authentication, "{name}: {error}");
        for part in [
            &name,
            "SASL_AUTHENTICATION_FAILED",
            "127.0.0.1:",
            "check user",
        ] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
    }
}

/// Requests are under way all the time while the login ends and is renewed twice.
/// Without that, the broker would close.
async fn check_renewal(cluster: &RealCluster, sasl: Sasl) -> Result<(), BoxError> {
    let name = sasl.name().to_owned();
    let pool = Pool::new(NetConfig::default().with_sasl(sasl), Environment::system()?)?;
    let broker: BrokerAddress = cluster.listener(1, LISTENER)?.parse()?;
    let deadline = clock::now() + Duration::from_secs(30);
    let connection = pool.connection(&broker, Lane::Control, deadline).await?;
    let options = SendOptions::new(Duration::from_secs(20));
    let start = clock::now();
    let mut pending = VecDeque::new();
    while clock::now() - start < 2 * LIFETIME + Duration::from_secs(2) {
        while pending.len() < 5 {
            pending.push_back(connection.start(&MetadataRequest::new(), &options));
        }
        if let Some(next) = pending.pop_front() {
            next.await.map_err(|error| format!("{name}: {error}"))?;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!connection.is_closed());
    assert_eq!(pool.stats().connects, 1, "{name}");
    assert_eq!(pool.stats().traffic.lost, 0, "{name}");
    Ok(())
}

/// Records are produced and consumed meanwhile: each once, in order.
async fn check_records(cluster: &RealCluster, sasl: Sasl) -> Result<(), BoxError> {
    let kafka = connect(cluster, sasl).await?;
    let topic = "renewed";
    kafka
        .admin()
        .create_topic(NewTopic::new(topic, 1, 1))
        .await?;
    let consumer = kafka.consumer().assign_topic(topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    let producer = kafka.producer().build().await?;
    let start: Instant = clock::now();
    let mut sent = 0_u32;
    let mut seen = 0_u32;
    while clock::now() - start < 2 * LIFETIME + Duration::from_secs(2) {
        let mut deliveries = Vec::new();
        for _ in 0..20 {
            let record = Record::to(topic).value(sent.to_string());
            deliveries.push(producer.send(record).await?);
            sent += 1;
        }
        for delivery in deliveries {
            delivery.await?;
        }
        while seen < sent {
            let batch = consumer.next_batch().await?.ok_or("the consumer ended")?;
            for record in &batch {
                assert_eq!(record.value(), Some(seen.to_string().as_bytes()));
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mechanism_on_the_newest() -> Result<(), BoxError> {
    let all = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];
    let cluster = start(NEWEST, &all, LIFETIME)?;
    let bearer = || Sasl::oauth_bearer(Unsecured).dangerous_without_tls();
    // Kafka does not prepare passwords: SASLprep would make this "aab".
    let kafka = connect(&cluster, plain(Credentials::new("carol", "a\u{aa}b"))).await?;
    drop(kafka);
    check_refusals(&cluster).await;
    let (a, b, c, d, e) = tokio::join!(
        check_renewal(&cluster, plain(alice())),
        check_renewal(&cluster, Sasl::scram_sha_256(alice())),
        check_renewal(&cluster, Sasl::scram_sha_512(alice())),
        check_renewal(&cluster, bearer()),
        check_records(&cluster, Sasl::scram_sha_256(alice())),
    );
    a.and(b).and(c).and(d).and(e)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_and_scram_on_2_8() -> Result<(), BoxError> {
    let cluster = start("2.8.2", &["PLAIN", "SCRAM-SHA-256"], LIFETIME)?;
    for sasl in [plain(alice()), Sasl::scram_sha_256(alice())] {
        connect(&cluster, sasl).await?;
    }
    check_refusals_of_mechanisms(&cluster).await;
    check_records(&cluster, Sasl::scram_sha_256(alice())).await
}

async fn check_refusals_of_mechanisms(cluster: &RealCluster) {
    let error = connect(cluster, Sasl::scram_sha_512(alice())).await;
    let error = error.map(drop).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Authentication, "{error}");
    assert!(error.to_string().contains("it enables: "), "{error}");
    assert!(error.to_string().contains("SCRAM-SHA-256"), "{error}");
}
