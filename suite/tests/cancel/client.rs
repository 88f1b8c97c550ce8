//! kafka-client, kafka-admin and the embedded broker: what begins and ends.

use kafka_client::{Kafka, NewTopic, Record, Start};
use kafka_suite::{BoxError, at_every_await, polled};
use kafka_test_broker::TestCluster;

use super::{LIMIT, Outcome, connected, expect, in_time};

#[tokio::test]
async fn connecting_a_client_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    at_every_await(
        "KafkaBuilder::connect",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, Kafka::builder(cluster.bootstrap()).connect())
                .await
                .transpose()?
                .is_some();
            connected(&cluster).await?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn building_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::builder().topic("t", 2).start().await?;
    let kafka = connected(&cluster).await?;
    at_every_await(
        "ProducerBuilder::build",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, kafka.producer().build())
                .await
                .transpose()?
                .is_some();
            let producer = in_time(kafka.producer().build()).await??;
            in_time(async { producer.send(Record::to("t").value("v")).await?.await }).await??;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "ConsumerBuilder::build",
        async |polls| -> Result<bool, BoxError> {
            let builder = || kafka.consumer().assign_topic("t", Start::Earliest);
            let done = polled(polls, builder().build())
                .await
                .transpose()?
                .is_some();
            let mut consumer = in_time(builder().build()).await??;
            in_time(consumer.next_batch()).await??.ok_or("ended")?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn closing_a_client_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    at_every_await("Kafka::close", async |polls| -> Result<bool, BoxError> {
        let kafka = connected(&cluster).await?;
        let done = polled(polls, kafka.close(LIMIT))
            .await
            .transpose()?
            .is_some();
        in_time(kafka.close(LIMIT)).await??;
        connected(&cluster).await?;
        Ok(done)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn administration_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = connected(&cluster).await?;
    let admin = kafka.admin();
    at_every_await(
        "Admin::create_topic",
        async |polls| -> Result<bool, BoxError> {
            let topic = format!("made-{polls}");
            let done = polled(polls, admin.create_topic(NewTopic::new(&topic, 2, 1)))
                .await
                .transpose()?
                .is_some();
            if !done {
                // It may have been made or not; asked again, it is there.
                let _ = in_time(admin.create_topic(NewTopic::new(&topic, 2, 1))).await?;
            }
            expect("partitions", cluster.partition_count(&topic), 2)?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Admin::delete_topic",
        async |polls| -> Result<bool, BoxError> {
            let topic = format!("gone-{polls}");
            cluster.create_topic(&topic, 1);
            let done = polled(polls, admin.delete_topic(&topic))
                .await
                .transpose()?
                .is_some();
            if !done {
                let _ = in_time(admin.delete_topic(&topic)).await?;
            }
            expect("partitions", cluster.partition_count(&topic), 0)?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn administration_of_many_dropped_at_every_await() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = connected(&cluster).await?;
    let admin = kafka.admin();
    let both = |polls| [format!("a-{polls}"), format!("b-{polls}")];
    let new = |polls| both(polls).map(|name| NewTopic::new(name, 2, 1)).to_vec();
    at_every_await(
        "Admin::create_topics",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, admin.create_topics(new(polls)))
                .await
                .is_some();
            if !done {
                let options = kafka_client::CreateTopicsOptions::default();
                let _ = in_time(admin.create_topics_with(new(polls), options)).await?;
            }
            for name in both(polls) {
                expect("partitions", cluster.partition_count(&name), 2)?;
            }
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Admin::list_topics",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, admin.list_topics())
                .await
                .transpose()?
                .is_some();
            expect(
                "topics",
                in_time(admin.list_topics()).await??.is_empty(),
                false,
            )?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Admin::describe_topics",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, admin.describe_topics(["a-1", "b-1"]))
                .await
                .is_some();
            let topic = in_time(admin.describe_topic("a-1")).await??;
            expect("partitions", topic.partitions().len(), 2)?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "Admin::delete_topics",
        async |polls| -> Result<bool, BoxError> {
            for name in both(polls) {
                cluster.create_topic(&name, 2);
            }
            let done = polled(polls, admin.delete_topics(both(polls)))
                .await
                .is_some();
            if !done {
                let _ = in_time(admin.delete_topics(both(polls))).await?;
            }
            for name in both(polls) {
                expect("partitions", cluster.partition_count(&name), 0)?;
            }
            Ok(done)
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn starting_an_embedded_cluster_dropped_at_every_await() -> Outcome {
    at_every_await(
        "TestCluster::start",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, TestCluster::start())
                .await
                .transpose()?
                .is_some();
            connected(&TestCluster::start().await?).await?;
            Ok(done)
        },
    )
    .await?;
    at_every_await(
        "TestClusterBuilder::start",
        async |polls| -> Result<bool, BoxError> {
            let done = polled(polls, TestCluster::builder().brokers(3).start())
                .await
                .transpose()?
                .is_some();
            connected(&TestCluster::builder().brokers(3).start().await?).await?;
            Ok(done)
        },
    )
    .await?;
    Ok(())
}
