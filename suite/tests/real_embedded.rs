//! Kafka's own console tools, and its producer and consumer classes, against
//! the embedded broker over TCP.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use kafka_harness::{Installation, JavaTool, KafkaVersion};
use kafka_suite::{BoxError, Line, NEWEST, java_file};
use kafka_test_broker::TestCluster;
use tokio::task::block_in_place;

fn java() -> Result<JavaTool, BoxError> {
    Ok(Installation::ensure(KafkaVersion::find(NEWEST)?)?.java_tool())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_tools_talk_to_the_embedded_broker() -> Result<(), BoxError> {
    let cluster = TestCluster::start().await?;
    let java = java()?;
    let bootstrap = cluster.bootstrap();
    let stdin = b"k1\tone\nk2\ttwo\nk1\tthree\n";
    let produce = [
        "--bootstrap-server",
        &bootstrap,
        "--topic",
        "console",
        "--reader-property",
        "parse.key=true",
    ];
    block_in_place(|| java.run("org.apache.kafka.tools.ConsoleProducer", &produce, stdin))?;

    // By partition, without a group: groups are not served yet.
    let mut seen = Vec::new();
    for partition in 0..cluster.partition_count("console") {
        let number = partition.to_string();
        let end = cluster.end_offset("console", partition);
        if end == 0 {
            continue;
        }
        let consume = [
            "--bootstrap-server",
            &bootstrap,
            "--topic",
            "console",
            "--partition",
            &number,
            "--offset",
            "earliest",
            "--max-messages",
            &end.to_string(),
            "--timeout-ms",
            "20000",
            "--formatter-property",
            "print.key=true",
        ];
        let output = block_in_place(|| {
            java.run(
                "org.apache.kafka.tools.consumer.ConsoleConsumer",
                &consume,
                b"",
            )
        })?;
        seen.extend(output.text().lines().map(str::to_owned));
    }
    let of = |key: &str| -> Vec<&str> {
        seen.iter()
            .filter_map(|line| line.strip_prefix(key))
            .collect()
    };
    assert_eq!(of("k1\t"), ["one", "three"], "{seen:?}");
    assert_eq!(of("k2\t"), ["two"], "{seen:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafkas_own_classes_write_and_read_every_codec() -> Result<(), BoxError> {
    let cluster = TestCluster::builder()
        .brokers(3)
        .default_partitions(6)
        .start()
        .await?;
    let java = java()?;
    let line = |n: u32| Line {
        partition: None,
        offset: None,
        timestamp: Some(i64::from(n)),
        key: (!n.is_multiple_of(7)).then(|| n.to_string().into_bytes()),
        value: (!n.is_multiple_of(5)).then(|| vec![b'v'; usize::try_from(n).unwrap_or(0)]),
        headers: (0..n % 3)
            .map(|h| (format!("h{h}"), Some(vec![0; 3])))
            .collect(),
    };
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("java-{codec}");
        cluster.create_topic(&topic, 6);
        let mut sent: Vec<Line> = (0..1_000).map(line).collect();
        let text: String = sent.iter().map(Line::to_write).collect();
        let arguments = [cluster.bootstrap(), topic.clone(), codec.to_owned()];
        let written = block_in_place(|| {
            java.java_program(&java_file("WriteRecords.java"), &arguments, text.as_bytes())
        })?;
        for (line, ack) in sent.iter_mut().zip(written.text().lines()) {
            let numbers: Vec<i64> = ack.split('\t').map(str::parse).collect::<Result<_, _>>()?;
            line.partition = Some(i32::try_from(numbers[0])?);
            line.offset = Some(numbers[1]);
        }
        sent.sort_by_key(|line| (line.partition, line.offset));
        let arguments = [cluster.bootstrap(), topic];
        let printed =
            block_in_place(|| java.java_program(&java_file("PrintRecords.java"), &arguments, b""))?;
        assert_eq!(Line::parse_all(&printed.text())?, sent, "{codec}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafkas_topic_command_sees_the_embedded_cluster() -> Result<(), BoxError> {
    let cluster = TestCluster::builder().brokers(3).start().await?;
    cluster.create_topic("seen", 4);
    let bootstrap = cluster.bootstrap();
    let list = ["--bootstrap-server", &bootstrap, "--list"];
    let output = block_in_place(|| {
        java()?
            .run("org.apache.kafka.tools.TopicCommand", &list, b"")
            .map_err(BoxError::from)
    })?;
    assert_eq!(output.text().trim(), "seen");
    Ok(())
}
