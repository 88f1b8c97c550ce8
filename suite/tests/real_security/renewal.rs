//! Logins and tokens that end while records flow.

use std::time::Duration;

use kafka_client::{ErrorKind, Kafka, NewTopic, Record, Sasl, Start};
use kafka_net::{Environment, Lane, NetConfig, Pool, SendOptions, clock};
use kafka_protocol::messages::MetadataRequest;
use kafka_suite::BoxError;

use crate::broker::{LIFETIME, OPEN_LOGIN, SecureBroker};
use crate::logins::{Unsecured, as_alice, first_login};

/// Each login ends meanwhile.
const LOAD: Duration = Duration::from_secs(LIFETIME.as_secs() + 2);
const TOKEN_LIFETIME_MS: i64 = 20_000;
/// The loads leave the machine time for what has to be punctual.
const PAUSE: Duration = Duration::from_millis(20);
/// Of a token that nothing follows.
const LAST_TOKEN_LIFETIME_MS: i64 = 8_000;

pub(crate) async fn check(broker: &SecureBroker) -> Result<(), BoxError> {
    let (plain, scram_256, scram_512, bearer, refreshed, ended) = tokio::join!(
        check_load(broker, true, as_alice("PLAIN"), "plain-load"),
        check_load(broker, false, as_alice("SCRAM-SHA-256"), "scram-256-load"),
        check_load(broker, true, as_alice("SCRAM-SHA-512"), "scram-512-load"),
        check_load(broker, false, as_alice("OAUTHBEARER"), "bearer-load"),
        check_refreshed_tokens(broker),
        check_ended_token(broker),
    );
    plain?;
    scram_256?;
    scram_512?;
    bearer?;
    refreshed?;
    ended
}

/// Tokens end sooner than logins otherwise do: each is followed by the next in time.
async fn check_refreshed_tokens(broker: &SecureBroker) -> Result<(), BoxError> {
    let tokens = Unsecured::ending_after_ms(TOKEN_LIFETIME_MS);
    let sasl = Sasl::oauth_bearer(tokens.clone());
    check_load(broker, true, sasl, "refreshed-load").await?;
    assert!(tokens.given() >= 2, "{}", tokens.given());
    Ok(())
}

/// Records are produced and consumed while logins end: each once, in order, and over the
/// connections that were there. Without a new login in time the broker would close them.
async fn check_load(
    broker: &SecureBroker,
    by_tls: bool,
    sasl: Sasl,
    topic: &str,
) -> Result<(), BoxError> {
    let kafka = first_login(broker, by_tls, sasl).await?;
    load(&kafka, topic)
        .await
        .map_err(|error| format!("{topic}: {error}"))?;
    let stats = kafka.router().pool().stats();
    println!("{topic}: {stats:?}");
    assert_eq!((stats.reconnects, stats.traffic.lost), (0, 0), "{topic}");
    Ok(())
}

async fn load(kafka: &Kafka, topic: &str) -> Result<(), BoxError> {
    kafka
        .admin()
        .create_topic(NewTopic::new(topic, 1, 1))
        .await?;
    let consumer = kafka.consumer().assign_topic(topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    let producer = kafka.producer().build().await?;
    let end = clock::now() + LOAD;
    let (mut sent, mut seen) = (0_u32, 0_u32);
    while clock::now() < end {
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
        tokio::time::sleep(PAUSE).await;
    }
    assert!(seen > 100, "{seen}");
    Ok(())
}

/// A token that nothing follows: the login is good until the token's end, and then no
/// longer, of which the error tells the reason.
async fn check_ended_token(broker: &SecureBroker) -> Result<(), BoxError> {
    let tokens = Unsecured::ending_after_ms(LAST_TOKEN_LIFETIME_MS).once();
    let sasl = Sasl::oauth_bearer(tokens).dangerous_without_tls();
    let pool = Pool::new(NetConfig::default().with_sasl(sasl), Environment::system()?)?;
    let address = broker.address(OPEN_LOGIN).parse()?;
    let start = clock::now();
    let deadline = start + Duration::from_secs(30);
    let connection = pool.connection(&address, Lane::Control, deadline).await?;
    let options = SendOptions::new(Duration::from_secs(20));
    connection
        .request(&MetadataRequest::new(), &options)
        .await?;
    // Until the token has ended for certain. A request that is on its way then would be
    // judged by the broker's clock.
    tokio::time::sleep(Duration::from_millis(LAST_TOKEN_LIFETIME_MS as u64) + PAUSE).await;
    let asked = connection.request(&MetadataRequest::new(), &options).await;
    let text = format!("{}", asked.unwrap_err());
    println!("{text}");
    assert!(text.contains("could not be renewed"), "{text}");
    let again = pool.attempt(&address, Lane::Control, deadline).await;
    let error = again.unwrap_err();
    println!("{error}");
    assert_eq!(error.kind(), &ErrorKind::Credentials, "{error}");
    assert!(error.to_string().contains("out of tokens"), "{error}");
    assert_eq!(pool.stats().traffic.lost, 0);
    Ok(())
}
