//! Each release's own console tools: they read what we wrote, we what they write.

use kafka_client::{Compression, Record};
use kafka_harness::RealCluster;
use kafka_suite::BoxError;
use kafka_suite::matrix::{Ground, Release};
use tokio::task::block_in_place;

pub(crate) const THEY_READ: &str = "console consumer reads";
pub(crate) const THEY_WRITE: &str = "console producer writes";

/// Records of each codec in one topic, read by the release's own console consumer.
pub(crate) async fn they_read(ground: &Ground, cluster: &RealCluster) -> Result<(), BoxError> {
    let topic = "for-them";
    let mut expected = Vec::new();
    for codec in codecs(&ground.release()) {
        let producer = ground.kafka.producer().compression(codec).build().await?;
        let mut deliveries = Vec::new();
        for n in 0..20 {
            let (key, value) = (
                format!("{codec}-{n}"),
                format!("wärts {n} {}", "x".repeat(n)),
            );
            expected.push(format!("{key}\t{value}"));
            let record = Record::to(topic).key(key).value(value);
            deliveries.push(producer.send(record).await?);
        }
        for delivery in deliveries {
            delivery.await?;
        }
    }
    let count = expected.len().to_string();
    let whom = whom_to_ask(ground, cluster)?;
    let property = if ground.release() >= Release::of("4.0") {
        "--formatter-property"
    } else {
        "--property"
    };
    let mut arguments = whom.iter().map(String::as_str).collect::<Vec<_>>();
    arguments.extend([
        "--topic",
        topic,
        "--from-beginning",
        "--max-messages",
        &count,
    ]);
    arguments.extend([property, "print.key=true"]);
    let class = match cluster.installation().version().has_java_tools() {
        true => "org.apache.kafka.tools.consumer.ConsoleConsumer",
        false => "kafka.tools.ConsoleConsumer",
    };
    let java = cluster.installation().java_tool();
    let printed = block_in_place(|| java.run(class, &arguments, b""))?.text();
    let printed: Vec<&str> = printed.lines().filter(|line| line.contains('\t')).collect();
    if printed != expected {
        return Err(format!("{class} printed {printed:#?}").into());
    }
    Ok(())
}

/// Records with keys and without, by the release's own console producer.
pub(crate) async fn they_write(ground: &Ground, cluster: &RealCluster) -> Result<(), BoxError> {
    let codecs = codecs(&ground.release());
    // One JVM each is enough: releases take turns at the codecs.
    let turn = ground.number().bytes().map(usize::from).sum::<usize>();
    let codec = codecs.get(1 + turn % (codecs.len() - 1)).copied();
    let codec = codec.unwrap_or(Compression::Gzip);
    let topic = "from-them";
    let bootstrap = cluster.bootstrap();
    let release = ground.release();
    let whom = if release >= Release::of("2.5") {
        "--bootstrap-server"
    } else {
        "--broker-list"
    };
    let property = if release >= Release::of("4.0") {
        "--reader-property"
    } else {
        "--property"
    };
    let name = codec.to_string();
    let mut arguments = vec![whom, &bootstrap, "--topic", topic];
    arguments.extend([
        "--compression-codec",
        name.as_str(),
        property,
        "parse.key=true",
        // Else it sends again what is not confirmed in 1.5 s, and doubles it.
        "--request-timeout-ms",
        "60000",
    ]);
    if release < Release::of("0.9") {
        arguments.push("--new-producer");
    }
    if release < Release::of("1.0") {
        // Else the tools of that time wait for no answer.
        arguments.extend(["--request-required-acks", "1"]);
    }
    let class = match release >= Release::of("4.0") {
        true => "org.apache.kafka.tools.ConsoleProducer",
        false => "kafka.tools.ConsoleProducer",
    };
    // A tool of that time gives up on a topic that is only being made.
    ground
        .kafka
        .router()
        .topic(
            topic,
            kafka_net::clock::now() + std::time::Duration::from_secs(60),
        )
        .await?;
    let lines: Vec<String> = (0..50).map(|n| format!("k{n}\twert ü {n}\n")).collect();
    let java = cluster.installation().java_tool();
    let input = lines.concat();
    block_in_place(|| java.run(class, &arguments, input.as_bytes()))?;
    let read = ground.read(topic, lines.len()).await?;
    for (record, line) in read.iter().zip(&lines) {
        let key = record.key.as_deref().unwrap_or_default();
        let value = record.value.as_deref().unwrap_or_default();
        let text = [key, b"\t", value, b"\n"].concat();
        if text != line.as_bytes() {
            let text = String::from_utf8_lossy(&text);
            return Err(format!("{codec}: {text:?} instead of {line:?}").into());
        }
    }
    Ok(())
}

fn codecs(release: &Release) -> Vec<Compression> {
    let mut all = vec![
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
    ];
    if *release >= Release::of("2.1") {
        all.push(Compression::Zstd);
    }
    all
}

/// The oldest consumers find their brokers by ZooKeeper.
fn whom_to_ask(ground: &Ground, cluster: &RealCluster) -> Result<[String; 2], BoxError> {
    Ok(if ground.release() < Release::of("0.10.1") {
        ["--zookeeper".to_owned(), cluster.zookeeper()?]
    } else {
        ["--bootstrap-server".to_owned(), cluster.bootstrap()]
    })
}
