//! The facade on an embedded cluster: three lines to start one, everything over one pool.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::time::Duration;

use kafka_client::{
    Acks, Assignment, Compression, Kafka, NewTopic, Properties, Record, RoundRobinPartitioner,
    Start,
};
use kafka_test_broker::TestCluster;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn three_lines_and_a_record_there_and_back() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka.producer().build().await?;

    let sent = Record::to("orders")
        .key("k")
        .value("v")
        .header("trace", "abc")
        .timestamp_ms(1_700_000_000_123);
    let ack = producer.send(sent).await?.await?;
    assert_eq!((ack.partition, ack.offset), (0, Some(0)));
    producer
        .send(Record::to("orders").key("k").null_value())
        .await?
        .await?;

    let mut consumer = kafka
        .consumer()
        .assign_topic("orders", Start::Earliest)
        .build()
        .await?;
    let mut records = Vec::new();
    while records.len() < 2 {
        records.push(consumer.next_record().await?.expect("open"));
    }
    assert_eq!(records[0].key.as_deref(), Some(&b"k"[..]));
    assert_eq!(records[0].value.as_deref(), Some(&b"v"[..]));
    assert_eq!(records[0].timestamp, 1_700_000_000_123);
    assert_eq!(records[0].headers.len(), 1);
    assert_eq!(records[1].value, None);
    consumer.close(Duration::from_secs(5)).await?;
    producer.close(Duration::from_secs(5)).await?;
    kafka.close(Duration::from_secs(5)).await?;
    Ok(())
}

#[tokio::test]
async fn every_codec_and_every_acks_over_three_brokers() -> Outcome {
    let cluster = TestCluster::builder()
        .brokers(3)
        .default_partitions(6)
        .start()
        .await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let mut topics = 0;
    for acks in [Acks::None, Acks::Leader, Acks::All] {
        for codec in [
            Compression::None,
            Compression::Gzip,
            Compression::Snappy,
            Compression::Lz4,
            Compression::Zstd,
        ] {
            let topic = format!("t{topics}");
            topics += 1;
            kafka
                .admin()
                .create_topic(NewTopic::new(&topic, 6, 1))
                .await?;
            let producer = kafka
                .producer()
                .acks(acks)
                .compression(codec)
                .partitioner(RoundRobinPartitioner::default())
                .build()
                .await?;
            let mut deliveries = Vec::new();
            for n in 0..60 {
                let record = Record::to(&topic).value(format!("record {n} of {topic}"));
                deliveries.push(producer.send(record).await?);
            }
            for delivery in deliveries {
                let ack = delivery.await?;
                assert_eq!(ack.offset.is_none(), acks == Acks::None, "{acks:?} {codec}");
            }
            producer.close(Duration::from_secs(10)).await?;

            let mut consumer = kafka
                .consumer()
                .assign_topic(&topic, Start::Earliest)
                .build()
                .await?;
            let mut found = Vec::new();
            while found.len() < 60 {
                let batch = consumer.next_batch().await?.expect("open");
                for record in &batch {
                    found.push(String::from_utf8(
                        record.value().unwrap_or_default().to_vec(),
                    )?);
                }
            }
            found.sort_by_key(|text| text.split(' ').nth(1).and_then(|n| n.parse::<u32>().ok()));
            let expected: Vec<_> = (0..60).map(|n| format!("record {n} of {topic}")).collect();
            assert_eq!(found, expected, "{acks:?} {codec}");
            for partition in 0..6 {
                assert_eq!(cluster.end_offset(&topic, partition), 10, "round robin");
                for batch in cluster.log(&topic, partition) {
                    assert_eq!(batch.compression(), codec);
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_that_is_through_with_its_batch_holds_nothing_back() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka.producer().build().await?;
    for n in 0..4 {
        // Each its own batch.
        producer
            .send(Record::to("t").value(format!("{n}")))
            .await?
            .await?;
    }
    let mut consumer = kafka
        .consumer()
        .assign([Assignment::new("t", 0, Start::Earliest)])
        .build()
        .await?;
    let mut batches = consumer.batches();
    for n in 0..2 {
        let record = consumer.next_record().await?.expect("open");
        assert_eq!(record.offset, 2 * n);
        // The stream behind next_record lives on; its batch is handed out whole.
        let next = tokio::time::timeout(Duration::from_secs(60), batches.next_batch());
        let batch = next.await.expect("the partition is free")?.expect("open");
        assert_eq!(batch.first_offset(), 2 * n + 1);
    }
    Ok(())
}

#[tokio::test]
async fn offsets_of_a_group_without_membership() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka.producer().build().await?;
    for n in 0..10 {
        producer
            .send(Record::to("t").value(format!("{n}")))
            .await?
            .await?;
    }
    let mut consumer = kafka
        .consumer()
        .group("billing")
        .assign([Assignment::new("t", 0, Start::Earliest)])
        .build()
        .await?;
    for _ in 0..4 {
        consumer.next_batch().await?.expect("open");
    }
    let position = consumer.position("t", 0).expect("assigned");
    consumer.commit().await?;
    consumer.close(Duration::from_secs(5)).await?;

    let mut next = kafka
        .consumer()
        .group("billing")
        .assign([Assignment::new("t", 0, Start::Committed)])
        .build()
        .await?;
    let batch = next.next_batch().await?.expect("open");
    assert_eq!(
        (&batch).into_iter().next().map(|r| r.offset()),
        Some(position)
    );
    Ok(())
}

#[tokio::test]
async fn settings_under_java_names() -> Outcome {
    let cluster = TestCluster::start().await?;
    let properties = Properties::parse(&format!(
        "bootstrap.servers={}\nclient.id=shop\nlinger.ms=0\ncompression.type=lz4\ngroup.id=g\n",
        cluster.bootstrap()
    ))?;
    let kafka = Kafka::from_properties(&properties)?.connect().await?;
    let producer = kafka.producer().build().await?;
    producer
        .send(Record::to("t").value("x".repeat(1000)))
        .await?
        .await?;
    assert_eq!(cluster.log("t", 0)[0].compression(), Compression::Lz4);
    Ok(())
}

/// A broker works on one request per connection at a time: were consumers to share one,
/// each would wait out the others' long polls.
#[tokio::test]
async fn a_consumer_that_waits_does_not_hold_up_another() -> Outcome {
    let cluster = TestCluster::start().await?;
    cluster.create_topic("empty", 1);
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let idle = kafka
        .consumer()
        .fetch_max_wait(Duration::from_secs(20))
        .assign_topic("empty", Start::Earliest)
        .build()
        .await?;
    while cluster.requests_seen(kafka_protocol::ApiKey::Fetch) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let producer = kafka.producer().build().await?;
    producer.send(Record::to("t").value("v")).await?.await?;
    let mut busy = kafka
        .consumer()
        .assign_topic("t", Start::Earliest)
        .build()
        .await?;
    let batch = tokio::time::timeout(Duration::from_secs(15), busy.next_batch()).await??;
    assert_eq!(batch.expect("open").len(), 1);
    drop(idle);
    Ok(())
}
