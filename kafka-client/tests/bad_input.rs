//! What goes wrong is said clearly, within its deadline, and disturbs nothing else.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::time::Duration;

use kafka_client::{
    Acks, Assignment, Error, ErrorCode, ErrorKind, Idempotence, Kafka, OffsetReset, Record, Start,
};
use kafka_test_broker::TestCluster;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Longer than every deadline below: what takes this long hangs.
const HANG: Duration = Duration::from_secs(20);

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, work)
        .await
        .expect("done before the hang limit")
}

/// The error of connecting to an address, within three seconds; its whole text, sources included.
async fn connect_error(address: String) -> (Error, String) {
    let error = in_time(
        Kafka::builder(address)
            .connect_timeout(Duration::from_millis(400))
            .connect_within(Duration::from_secs(3))
            .connect(),
    )
    .await
    .expect_err("no Kafka there");
    let text = full_text(&error);
    (error, text)
}

fn full_text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

#[track_caller]
fn says(text: &str, needles: &[&str]) {
    for needle in needles {
        assert!(text.contains(needle), "{text:?} lacks {needle:?}");
    }
}

/// Answers every connection with `bytes` as soon as something was received.
async fn answering(bytes: Vec<u8>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut request = [0; 256];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&bytes).await;
                // Kept open: only what was sent can give it away.
                let _ = stream.read(&mut request).await;
                std::future::pending::<()>().await;
            });
        }
    });
    Ok(address)
}

#[tokio::test]
async fn no_broker_at_the_address() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    drop(listener);
    let (_, text) = connect_error(address.clone()).await;
    says(&text, &[&address, "refused"]);
    Ok(())
}

#[tokio::test]
async fn a_name_that_does_not_resolve() -> Outcome {
    let (_, text) = connect_error("no-such-host.invalid:9092".to_owned()).await;
    says(&text, &["no-such-host.invalid:9092"]);
    Ok(())
}

#[tokio::test]
async fn a_port_that_speaks_http() -> Outcome {
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    let address = answering(answer).await?;
    let (_, text) = connect_error(address.clone()).await;
    says(&text, &[&address, "HTTP"]);
    Ok(())
}

#[tokio::test]
async fn a_port_that_speaks_tls() -> Outcome {
    // A TLS alert record, as a TLS server answers to plain text.
    let address = answering(vec![0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]).await?;
    let (_, text) = connect_error(address.clone()).await;
    says(&text, &[&address, "TLS"]);
    Ok(())
}

#[tokio::test]
async fn a_port_that_accepts_and_stays_silent() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let _keep = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let (_, text) = connect_error(address.clone()).await;
    says(&text, &[&address, "answer"]);
    Ok(())
}

#[tokio::test]
async fn a_frame_that_claims_two_gibibytes() -> Outcome {
    let mut frame = i32::MAX.to_be_bytes().to_vec();
    frame.extend([0; 64]);
    let address = answering(frame).await?;
    let (_, text) = connect_error(address.clone()).await;
    says(&text, &[&address, "2147483647"]);
    Ok(())
}

#[tokio::test]
async fn unknown_topic_with_auto_creation_off() -> Outcome {
    let cluster = TestCluster::builder()
        .auto_create_topics(false)
        .start()
        .await?;
    cluster.create_topic("present", 1);
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka
        .producer()
        .max_block(Duration::from_secs(5))
        .build()
        .await?;
    let error = in_time(producer.send(Record::to("absent").value("x")))
        .await
        .expect_err("there is no such topic");
    says(
        &full_text(&error),
        &["absent", "UNKNOWN_TOPIC_OR_PARTITION"],
    );
    assert!(!error.possibly_written());
    // Nothing else is disturbed.
    in_time(producer.send(Record::to("present").value("x")))
        .await?
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_record_over_the_size_limit() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka
        .producer()
        .max_request_size(50_000)
        .batch_size(20_000)
        .build()
        .await?;
    let error = in_time(producer.send(Record::to("t").value(vec![b'x'; 60_000])))
        .await
        .expect_err("larger than a request may be");
    assert!(matches!(error.kind(), ErrorKind::RecordTooLarge), "{error}");
    says(&full_text(&error), &["t", "max_request_size", "50000"]);
    // Larger than a batch, smaller than a request: goes alone.
    in_time(producer.send(Record::to("t").value(vec![b'x'; 40_000])))
        .await?
        .await?;
    assert_eq!(cluster.end_offset("t", 0), 1);
    Ok(())
}

#[tokio::test]
async fn a_full_buffer_gives_the_record_back() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka
        .producer()
        .buffer_memory(64 * 1024)
        .batch_size(16 * 1024)
        .max_request_size(32 * 1024)
        .build()
        .await?;
    in_time(producer.send(Record::to("t").value("first")))
        .await?
        .await?;
    // Nothing is acknowledged any more, so the buffer fills.
    cluster.stop_broker(cluster.broker_ids()[0]);
    let mut accepted = Vec::new();
    let rejected = loop {
        match producer.try_send(Record::to("t").key("k").value(vec![b'x'; 1000])) {
            Ok(delivery) => accepted.push(delivery),
            Err(rejected) => break rejected,
        }
        assert!(accepted.len() < 1000, "the buffer has a bound");
    };
    assert!(!accepted.is_empty());
    assert!(
        matches!(rejected.error.kind(), ErrorKind::QueueFull),
        "{}",
        rejected.error
    );
    says(&full_text(&rejected.error), &["buffer_memory"]);
    assert!(rejected.error.is_retriable());
    // The record comes back whole, and can be sent once there is room.
    cluster.start_broker(cluster.broker_ids()[0]);
    in_time(producer.send(rejected.record)).await?.await?;
    for delivery in accepted {
        in_time(delivery).await?;
    }
    Ok(())
}

#[tokio::test]
async fn contradictory_settings_are_refused_by_name() -> Outcome {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let check = async |builder: kafka_client::ProducerBuilder, names: &[&str]| {
        let error = in_time(builder.build())
            .await
            .map(|_| ())
            .expect_err("a contradiction");
        assert!(matches!(error.kind(), ErrorKind::Config), "{error}");
        says(&full_text(&error), names);
    };
    check(
        kafka
            .producer()
            .idempotence(Idempotence::Required)
            .acks(Acks::Leader),
        &["idempotence", "acks"],
    )
    .await;
    check(
        kafka
            .producer()
            .idempotence(Idempotence::Required)
            .max_in_flight(6),
        &["idempotence", "max_in_flight"],
    )
    .await;
    check(
        kafka
            .producer()
            .delivery_timeout(Duration::from_secs(10))
            .request_timeout(Duration::from_secs(30)),
        &["delivery_timeout", "request_timeout"],
    )
    .await;
    check(
        kafka.producer().buffer_memory(1000).batch_size(100_000),
        &["buffer_memory", "batch_size"],
    )
    .await;
    Ok(())
}

/// A cluster whose log holds ten records, and its client.
async fn ten_records() -> Result<(TestCluster, Kafka), Box<dyn std::error::Error>> {
    let cluster = TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka.producer().build().await?;
    for n in 0..10 {
        in_time(producer.send(Record::to("t").value(format!("{n}"))))
            .await?
            .await?;
    }
    Ok((cluster, kafka))
}

#[tokio::test]
async fn an_offset_out_of_range_under_each_policy() -> Outcome {
    let (_cluster, kafka) = ten_records().await?;
    let beyond = || [Assignment::new("t", 0, Start::Offset(1_000))];

    let mut earliest = kafka
        .consumer()
        .offset_reset(OffsetReset::Earliest)
        .assign(beyond())
        .build()
        .await?;
    let batch = in_time(earliest.next_batch()).await?.expect("open");
    assert_eq!(batch.into_iter().next().map(|r| r.offset()), Some(0));

    let mut latest = kafka
        .consumer()
        .offset_reset(OffsetReset::Latest)
        .assign(beyond())
        .build()
        .await?;
    let producer = kafka.producer().build().await?;
    let next = async {
        // Until the reset has happened there is nothing to see; then only what is new.
        loop {
            producer.send(Record::to("t").value("new")).await?.await?;
            tokio::select! {
                biased;
                batch = latest.next_batch() => return batch,
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
    };
    let batch = in_time(next).await?.expect("open");
    assert!(
        (&batch)
            .into_iter()
            .all(|r| r.offset() >= 10 && r.value() == Some(b"new"))
    );

    let mut fail = kafka
        .consumer()
        .offset_reset(OffsetReset::Fail)
        .assign(beyond())
        .build()
        .await?;
    let error = in_time(fail.next_batch())
        .await
        .map(|_| ())
        .expect_err("out of range");
    says(&full_text(&error), &["t-0", "1000"]);
    assert!(
        matches!(error.kind(), ErrorKind::OffsetOutOfRange)
            || error.broker_error() == Some(ErrorCode::OffsetOutOfRange),
        "{error}"
    );
    // The consumer lives: a seek sets it going again.
    fail.seek("t", 0, Start::Offset(3))?;
    let batch = in_time(fail.next_batch()).await?.expect("open");
    assert_eq!((&batch).into_iter().next().map(|r| r.offset()), Some(3));
    Ok(())
}

#[tokio::test]
async fn a_batch_with_a_broken_checksum() -> Outcome {
    let (cluster, kafka) = ten_records().await?;
    cluster.create_topic("sound", 1);
    let producer = kafka.producer().build().await?;
    in_time(producer.send(Record::to("sound").value("x")))
        .await?
        .await?;
    cluster.corrupt("t", 0, 4);
    let mut consumer = kafka
        .consumer()
        .assign([
            Assignment::new("t", 0, Start::Earliest),
            Assignment::new("sound", 0, Start::Earliest),
        ])
        .build()
        .await?;
    let (mut offsets, mut sound, mut errors) = (Vec::new(), 0, Vec::new());
    while sound == 0 || errors.is_empty() {
        match in_time(consumer.next_batch()).await {
            Ok(batch) => {
                let batch = batch.expect("open");
                if batch.topic() == "sound" {
                    sound += batch.len();
                } else {
                    offsets.extend((&batch).into_iter().map(|r| r.offset()));
                }
            }
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(
        offsets,
        [0, 1, 2, 3],
        "what comes before is handed out, nothing is skipped"
    );
    assert!(
        matches!(errors[0].kind(), ErrorKind::Corrupt),
        "{}",
        errors[0]
    );
    says(&full_text(&errors[0]), &["t-0", "4", "CRC"]);
    // Said once, and the partition stays where it is until told to go on.
    let again = tokio::time::timeout(Duration::from_millis(700), consumer.next_batch()).await;
    assert!(again.is_err(), "nothing more comes by itself");
    consumer.seek("t", 0, Start::Offset(5))?;
    let batch = in_time(consumer.next_batch()).await?.expect("open");
    assert_eq!((&batch).into_iter().next().map(|r| r.offset()), Some(5));
    Ok(())
}
