//! Both ways with Kafka's own tools and classes: what we write they read byte
//! for byte, and what they write we read, with every codec, headers, keys,
//! nulls and timestamps included.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use kafka_client::{Compression, Kafka, NewTopic, Record, Start};
use kafka_harness::ClusterOptions;
use kafka_suite::{BoxError, Broker, Line, java_file};
use tokio::task::block_in_place;
use tokio::time::timeout;

const PARTITIONS: i32 = 3;
const CODECS: [(Compression, &str); 5] = [
    (Compression::None, "none"),
    (Compression::Gzip, "gzip"),
    (Compression::Snappy, "snappy"),
    (Compression::Lz4, "lz4"),
    (Compression::Zstd, "zstd"),
];
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn java_reads_byte_for_byte_what_we_write() -> Result<(), BoxError> {
    let broker = Broker::start(&any_timestamp())?;
    let kafka = broker.connect().await?;
    for (codec, name) in CODECS {
        let topic = format!("ours-{name}");
        create(&kafka, &topic).await?;
        let written = write(&kafka, &topic, codec, &samples()).await?;
        let program = java_file("PrintRecords.java");
        let arguments = [broker.bootstrap(), topic.clone()];
        let printed =
            block_in_place(|| broker.java().java_program(&program, &arguments, b""))?.text();
        assert_same(name, &Line::parse_all(&printed)?, &written);
        let batches = block_in_place(|| broker.dump(&topic))?;
        assert!(
            batches
                .iter()
                .all(|batch| batch.codec == name && batch.is_valid),
            "{name}: {batches:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_read_byte_for_byte_what_java_writes() -> Result<(), BoxError> {
    let broker = Broker::start(&any_timestamp())?;
    let kafka = broker.connect().await?;
    for (_, name) in CODECS {
        let topic = format!("theirs-{name}");
        create(&kafka, &topic).await?;
        let mut expected = samples();
        let text: String = expected.iter().map(Line::to_write).collect();
        let program = java_file("WriteRecords.java");
        let arguments = [broker.bootstrap(), topic.clone(), name.to_owned()];
        let acks = block_in_place(|| {
            broker
                .java()
                .java_program(&program, &arguments, text.as_bytes())
        })?
        .text();
        for (line, ack) in expected.iter_mut().zip(acks.lines()) {
            let numbers: Vec<i64> = ack.split('\t').map(str::parse).collect::<Result<_, _>>()?;
            line.partition = Some(i32::try_from(numbers[0])?);
            line.offset = Some(numbers[1]);
            line.timestamp = Some(numbers[2]);
        }
        let batches = block_in_place(|| broker.dump(&topic))?;
        assert!(
            batches.iter().all(|batch| batch.codec == name),
            "{name}: {batches:?}"
        );
        assert_same(
            name,
            &read(&kafka, &topic, expected.len()).await?,
            &sorted(expected),
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_tools_read_and_write() -> Result<(), BoxError> {
    let broker = Broker::start(&ClusterOptions::default())?;
    let kafka = broker.connect().await?;
    create(&kafka, "console").await?;

    let stdin = b"h1:a,h2:b\tkey-1\tvalue one\nh1:c\tkey-2\tvalue two \xc3\xa4\n";
    let properties = ["parse.headers=true", "parse.key=true"];
    let mut arguments = vec!["--topic", "console"];
    arguments.extend(
        properties
            .iter()
            .flat_map(|property| ["--reader-property", property]),
    );
    block_in_place(|| broker.tool("org.apache.kafka.tools.ConsoleProducer", &arguments, stdin))?;
    let read = read(&kafka, "console", 2).await?;
    let mut seen: Vec<_> = read
        .iter()
        .map(|line| (line.key.clone().unwrap(), line.value.clone().unwrap()))
        .collect();
    seen.sort();
    assert_eq!(seen[0], (b"key-1".to_vec(), b"value one".to_vec()));
    assert_eq!(
        seen[1],
        (b"key-2".to_vec(), "value two ä".as_bytes().to_vec())
    );
    let first = read
        .iter()
        .find(|line| line.key.as_deref() == Some(b"key-1"))
        .unwrap();
    assert_eq!(
        first.headers,
        [
            ("h1".to_owned(), Some(b"a".to_vec())),
            ("h2".to_owned(), Some(b"b".to_vec()))
        ]
    );

    let producer = kafka.producer().build().await?;
    let record = Record::to("console")
        .partition(1)
        .key("key-3")
        .value("third")
        .header("h3", "z")
        .timestamp_ms(1_234_567);
    let third = producer.send(record).await?.await?;
    let fourth = producer
        .send(
            Record::to("console")
                .partition(1)
                .null_value()
                .timestamp_ms(8),
        )
        .await?
        .await?;
    let shown = [
        "print.timestamp",
        "print.key",
        "print.headers",
        "print.partition",
        "print.offset",
    ];
    let shown = shown.map(|property| format!("{property}=true"));
    let mut arguments = vec![
        "--topic",
        "console",
        "--from-beginning",
        "--max-messages",
        "4",
        "--timeout-ms",
        "30000",
    ];
    arguments.extend(
        shown
            .iter()
            .flat_map(|property| ["--formatter-property", property.as_str()]),
    );
    let text = block_in_place(|| {
        broker.tool(
            "org.apache.kafka.tools.consumer.ConsoleConsumer",
            &arguments,
            b"",
        )
    })?;
    let third = format!(
        "CreateTime:1234567\tPartition:1\tOffset:{}\th3:z\tkey-3\tthird",
        third.offset.unwrap()
    );
    let fourth = format!(
        "CreateTime:8\tPartition:1\tOffset:{}\tNO_HEADERS\tnull\tnull",
        fourth.offset.unwrap()
    );
    for wanted in [third, fourth] {
        assert!(
            text.lines().any(|line| line == wanted),
            "{wanted} in {text}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_performance_tools_read_and_write() -> Result<(), BoxError> {
    let broker = Broker::start(&ClusterOptions::default())?;
    let kafka = broker.connect().await?;
    for (codec, name) in CODECS {
        let topic = format!("perf-{name}");
        create(&kafka, &topic).await?;
        let compression = format!("compression.type={name}");
        let arguments = [
            "--topic",
            &topic,
            "--num-records",
            "50000",
            "--record-size",
            "100",
            "--throughput",
            "-1",
        ];
        let settings = ["--command-property", &compression];
        let arguments: Vec<&str> = arguments.into_iter().chain(settings).collect();
        block_in_place(|| {
            broker.tool(
                "org.apache.kafka.tools.ProducerPerformance",
                &arguments,
                b"",
            )
        })?;
        let theirs = read(&kafka, &topic, 50_000).await?;
        assert!(
            theirs
                .iter()
                .all(|line| line.key.is_none()
                    && line.value.as_ref().is_some_and(|v| v.len() == 100))
        );

        let producer = kafka.producer().compression(codec).build().await?;
        for n in 0..10_000 {
            let record = Record::to(&topic).value(vec![u8::try_from(n % 251)?; 100]);
            drop(producer.send(record).await?); // closing waits for its delivery
        }
        producer.close(Duration::from_secs(30)).await?;
        let arguments = [
            "--topic",
            &topic,
            "--num-records",
            "60000",
            "--timeout",
            "30000",
            "--hide-header",
        ];
        let text = block_in_place(|| {
            broker.tool(
                "org.apache.kafka.tools.ConsumerPerformance",
                &arguments,
                b"",
            )
        })?;
        // start, end, MB, MB/s, records, …
        let line = text.lines().last().ok_or("no figures")?;
        let records = line.split(',').nth(4).map(str::trim);
        assert_eq!(records, Some("60000"), "{name}: {text}");
    }
    Ok(())
}

/// By default a broker refuses records from more than an hour ahead.
fn any_timestamp() -> ClusterOptions {
    ClusterOptions::default().property("log.message.timestamp.after.max.ms", i64::MAX)
}

async fn create(kafka: &Kafka, topic: &str) -> Result<(), BoxError> {
    kafka
        .admin()
        .create_topic(NewTopic::new(topic, PARTITIONS, 1))
        .await?;
    Ok(())
}

/// Records of every shape that the format can carry.
fn samples() -> Vec<Line> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut bytes =
        move |length: usize| -> Vec<u8> { (0..length).map(|_| random.u8(..)).collect() };
    let some = |text: &str| Some(text.as_bytes().to_vec());
    let line = |key: Option<Vec<u8>>, value: Option<Vec<u8>>, timestamp: Option<i64>| Line {
        partition: None,
        offset: None,
        timestamp,
        key,
        value,
        headers: Vec::new(),
    };
    let mut all = vec![
        line(None, None, None),
        line(some(""), some(""), Some(0)),
        line(some("key"), None, Some(1)),
        line(None, some("value"), Some(1_700_000_000_000)),
        // Out of order, and further apart than 32 bits of milliseconds.
        line(some("later"), some("x"), Some(4_102_444_800_000)),
        line(some("earlier"), some("y"), Some(5)),
        line(some("ключ 鍵"), some("значение 値"), None),
        line(
            Some((0..=255).collect()),
            Some((0..=255).rev().collect()),
            None,
        ),
        line(Some(bytes(3_000)), Some(bytes(200_000)), None),
        line(None, Some(vec![b'a'; 300_000]), None),
    ];
    let headers = [
        vec![("one".to_owned(), some("1"))],
        vec![
            ("null".to_owned(), None),
            ("empty".to_owned(), some("")),
            (String::new(), some("no name")),
        ],
        vec![
            ("twice".to_owned(), some("a")),
            ("twice".to_owned(), some("b")),
            ("имя".to_owned(), Some(bytes(500))),
        ],
        (0..100)
            .map(|n| (format!("h{n}"), Some(bytes(n))))
            .collect(),
    ];
    for (index, headers) in headers.into_iter().enumerate() {
        all.push(Line {
            headers,
            ..line(some("headers"), Some(bytes(index * 10)), None)
        });
    }
    for length in 0..600 {
        let mut one = line(Some(bytes(length % 70)), Some(bytes(length)), None);
        one.partition = Some(i32::try_from(length).unwrap_or(0) % PARTITIONS);
        all.push(one);
    }
    all
}

/// Sends the lines with our producer; returns them with their places, sorted.
async fn write(
    kafka: &Kafka,
    topic: &str,
    codec: Compression,
    lines: &[Line],
) -> Result<Vec<Line>, BoxError> {
    let producer = kafka.producer().compression(codec).build().await?;
    let mut deliveries = Vec::new();
    for line in lines {
        let mut record = Record::to(topic);
        if let Some(key) = &line.key {
            record = record.key(key.clone());
        }
        record = match &line.value {
            Some(value) => record.value(value.clone()),
            None => record.null_value(),
        };
        for (name, value) in &line.headers {
            record = match value {
                Some(value) => record.header(name.as_str(), value.clone()),
                None => record.null_header(name.as_str()),
            };
        }
        if let Some(timestamp) = line.timestamp {
            record = record.timestamp_ms(timestamp);
        }
        if let Some(partition) = line.partition {
            record = record.partition(partition);
        }
        deliveries.push(producer.send(record).await?);
    }
    let mut written = Vec::new();
    for (line, delivery) in lines.iter().zip(deliveries) {
        let ack = timeout(LIMIT, delivery).await??;
        assert!(
            line.partition
                .is_none_or(|partition| partition == ack.partition)
        );
        assert!(
            line.timestamp
                .is_none_or(|timestamp| Some(timestamp) == ack.timestamp)
        );
        let mut line = line.clone();
        (line.partition, line.offset, line.timestamp) =
            (Some(ack.partition), ack.offset, ack.timestamp);
        written.push(line);
    }
    producer.close(Duration::from_secs(10)).await?;
    Ok(sorted(written))
}

/// Reads `count` records with our consumer, sorted by partition and offset.
async fn read(kafka: &Kafka, topic: &str, count: usize) -> Result<Vec<Line>, BoxError> {
    let mut consumer = kafka
        .consumer()
        .assign_topic(topic, Start::Earliest)
        .build()
        .await?;
    let mut lines = Vec::new();
    while lines.len() < count {
        let batch = timeout(LIMIT, consumer.next_batch())
            .await??
            .ok_or("the consumer ended")?;
        for record in &batch {
            lines.push(Line {
                partition: Some(batch.partition()),
                offset: Some(record.offset()),
                timestamp: Some(record.timestamp()),
                key: record.key().map(<[u8]>::to_vec),
                value: record.value().map(<[u8]>::to_vec),
                headers: record
                    .headers()
                    .map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec)))
                    .collect(),
            });
        }
    }
    consumer.close(Duration::from_secs(10)).await?;
    Ok(sorted(lines))
}

fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by_key(|line| (line.partition, line.offset));
    lines
}

/// One at a time: a difference of a few hundred kilobytes helps nobody.
fn assert_same(codec: &str, got: &[Line], expected: &[Line]) {
    assert_eq!(got.len(), expected.len(), "{codec}: records");
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            got == expected,
            "{codec}: {} is not {}",
            brief(got),
            brief(expected)
        );
    }
}

fn brief(line: &Line) -> String {
    let text = format!("offset {:?} {}", line.offset, line.to_write());
    text.chars().take(300).collect()
}
