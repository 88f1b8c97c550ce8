//! kafka-net: connections and what waits for them.

use std::time::Duration;

use kafka_net::{
    BrokerAddress, Connector, Environment, Error, Lane, NetConfig, Pool, SendOptions,
    SocketOptions, TcpConnector,
};
use kafka_protocol::messages::{MetadataRequest, ProduceRequest};
use kafka_suite::{BoxError, at_every_await, polled};
use kafka_test_broker::TestCluster;

use super::{Outcome, deadline, in_time};

fn pool() -> Result<Pool, Error> {
    Pool::new(NetConfig::default(), Environment::system()?)
}

fn address(cluster: &TestCluster) -> Result<BrokerAddress, BoxError> {
    Ok(cluster.bootstrap().parse()?)
}

fn options() -> SendOptions {
    SendOptions::new(Duration::from_secs(10))
}

/// Something is answered on the lane.
async fn still_answers(pool: &Pool, broker: &BrokerAddress) -> Outcome {
    let connection = in_time(pool.connection(broker, Lane::Control, deadline())).await??;
    in_time(connection.request(&MetadataRequest::new(), &options())).await??;
    Ok(())
}

#[tokio::test]
async fn connecting_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    let broker = address(&cluster)?;
    at_every_await(
        "Pool::connection",
        async |polls| -> Result<bool, BoxError> {
            let pool = pool()?;
            let done = polled(polls, pool.connection(&broker, Lane::Control, deadline())).await;
            still_answers(&pool, &broker).await?;
            Ok(done.transpose()?.is_some())
        },
    )
    .await?;
    at_every_await("Pool::attempt", async |polls| -> Result<bool, BoxError> {
        let pool = pool()?;
        let done = polled(polls, pool.attempt(&broker, Lane::Control, deadline())).await;
        still_answers(&pool, &broker).await?;
        Ok(done.transpose()?.is_some())
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn requests_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    let broker = address(&cluster)?;
    let pool = pool()?;
    let connection = in_time(pool.connection(&broker, Lane::Control, deadline())).await??;
    at_every_await(
        "Connection::request",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(
                polls,
                connection.request(&MetadataRequest::new(), &options()),
            )
            .await;
            still_answers(&pool, &broker).await?;
            Ok(done.transpose()?.is_some())
        },
    )
    .await?;
    at_every_await(
        "Connection::start",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, connection.start(&MetadataRequest::new(), &options())).await;
            still_answers(&pool, &broker).await?;
            Ok(done.transpose()?.is_some())
        },
    )
    .await?;
    at_every_await(
        "Connection::start_oneway",
        async |polls| -> Result<bool, BoxError> {
            let produce = ProduceRequest::new().with_acks(0_i16).with_timeout_ms(1000);
            let done = polled(polls, connection.start_oneway(&produce, &options())).await;
            still_answers(&pool, &broker).await?;
            Ok(done.transpose()?.is_some())
        },
    )
    .await?;
    // The very connection on which futures were dropped is the one still in use.
    assert!(!connection.is_closed());
    Ok(())
}

#[tokio::test]
async fn closing_a_pool_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    let broker = address(&cluster)?;
    at_every_await("Pool::close", async |polls| -> Result<bool, BoxError> {
        let pool = pool()?;
        let connection = in_time(pool.connection(&broker, Lane::Control, deadline())).await??;
        let started = connection.start(&MetadataRequest::new(), &options());
        let done = polled(polls, pool.close(deadline())).await.is_some();
        // What was started is answered, and a second close ends.
        let answer = in_time(started).await?;
        in_time(pool.close(deadline())).await?;
        answer?;
        if polls > 0 && !connection.is_closed() {
            return Err("the connection is open after the pool was closed".into());
        }
        Ok(done)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn work_and_sockets_dropped_at_every_await() -> Outcome {
    let environment = Environment::system()?;
    at_every_await(
        "Environment::within",
        async |polls| -> Result<bool, BoxError> {
            let work = async {
                tokio::task::yield_now().await;
                Ok::<_, Error>(7)
            };
            let late = || Error::config("late");
            Ok(polled(polls, environment.within(deadline(), late, work))
                .await
                .transpose()?
                .is_some())
        },
    )
    .await?;
    let cluster = TestCluster::start().await?;
    let broker = address(&cluster)?;
    let connector = TcpConnector;
    at_every_await(
        "Connector::resolve",
        async |polls| -> Result<bool, BoxError> {
            Ok(polled(polls, connector.resolve("localhost", broker.port))
                .await
                .transpose()?
                .is_some())
        },
    )
    .await?;
    let resolved = in_time(connector.resolve("127.0.0.1", broker.port)).await??;
    let socket = *resolved.first().ok_or("no address")?;
    at_every_await(
        "Connector::connect",
        async |polls| -> Result<bool, BoxError> {
            Ok(polled(polls, connector.connect(socket))
                .await
                .transpose()?
                .is_some())
        },
    )
    .await?;
    let options = SocketOptions::default();
    at_every_await(
        "Connector::connect_with",
        async |polls| -> Result<bool, BoxError> {
            Ok(polled(polls, connector.connect_with(socket, &options))
                .await
                .transpose()?
                .is_some())
        },
    )
    .await?;
    still_answers(&pool()?, &broker).await
}

#[tokio::test]
async fn watched_values_dropped_at_every_await() -> Outcome {
    use kafka_net::watch;
    at_every_await(
        "watch::Receiver::changed",
        async |polls| -> Result<bool, BoxError> {
            let (sender, mut receiver) = watch::channel(0);
            let later = tokio::spawn(async move {
                tokio::task::yield_now().await;
                sender.send_replace(1);
                sender
            });
            let done = polled(polls, receiver.changed()).await.is_some();
            // Whoever was dropped has not taken the change along.
            let sender = later.await?;
            if !done {
                in_time(receiver.changed()).await?.map_err(|_| "gone")?;
            }
            drop(sender);
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "watch::Receiver::wait_for",
        async |polls| -> Result<bool, BoxError> {
            let (sender, mut receiver) = watch::channel(0);
            let later = tokio::spawn(async move {
                for value in 1..=3 {
                    tokio::task::yield_now().await;
                    sender.send_replace(value);
                }
                sender
            });
            let done = polled(polls, receiver.wait_for(|value| *value == 3))
                .await
                .is_some();
            in_time(receiver.wait_for(|value| *value == 3))
                .await?
                .map_err(|_| "gone")?;
            drop(later.await?);
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "watch::Sender::closed",
        async |polls| -> Result<bool, BoxError> {
            let (sender, receiver) = watch::channel(0);
            let later = tokio::spawn(async move {
                tokio::task::yield_now().await;
                drop(receiver);
            });
            let done = polled(polls, sender.closed()).await.is_some();
            in_time(sender.closed()).await?;
            later.await?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}
