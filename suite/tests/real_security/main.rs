//! TLS, mutual TLS and each way to log in, with a real broker of each era that has
//! them: records both ways, what is refused and with which words, certificates that
//! change, and logins that are renewed under load.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod authority;
mod broker;
mod logins;
mod renewal;
mod tls;

use kafka_client::{Kafka, Record, Start};
use kafka_suite::BoxError;

use broker::{NEWEST, OLDEST, SecureBroker, WITH_ZOOKEEPER};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_newest() -> Result<(), BoxError> {
    let mut broker = SecureBroker::start(&NEWEST)?;
    logins::check_passwords_as_they_are(&broker).await?;
    check_all(&mut broker).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_2_8() -> Result<(), BoxError> {
    let mut broker = SecureBroker::start(&WITH_ZOOKEEPER)?;
    check_all(&mut broker).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_0_10_2() -> Result<(), BoxError> {
    let mut broker = SecureBroker::start(&OLDEST)?;
    logins::check_each(&broker).await?;
    logins::check_closed_without_a_word(&broker).await;
    let clients = tls::check(&broker).await?;
    tls::check_change(&mut broker, &clients).await
}

/// The rest goes on while logins reach their ends.
async fn check_all(broker: &mut SecureBroker) -> Result<(), BoxError> {
    let rest = async {
        logins::check_each(broker).await?;
        logins::check_refusals(broker).await;
        tls::check(broker).await
    };
    let (renewed, clients) = tokio::join!(renewal::check(broker), rest);
    renewed?;
    tls::check_change(broker, &clients?).await
}

/// The topic's first `count` records are these.
async fn records_both_ways(kafka: &Kafka, topic: &str, count: usize) -> Result<(), BoxError> {
    let producer = kafka.producer().build().await?;
    let mut deliveries = Vec::new();
    for n in 0..count {
        let record = Record::to(topic).key("k").value(format!("{topic} {n}"));
        deliveries.push(producer.send(record).await?);
    }
    for delivery in deliveries {
        delivery.await?;
    }
    let consumer = kafka.consumer().assign_topic(topic, Start::Earliest);
    let mut consumer = consumer.build().await?;
    let mut next = 0;
    while next < count {
        let batch = consumer.next_batch().await?.ok_or("the consumer ended")?;
        for record in &batch {
            assert_eq!(record.value(), Some(format!("{topic} {next}").as_bytes()));
            next += 1;
        }
    }
    Ok(())
}
