//! An embedded cluster on in-memory links under a paused clock, and a producer of
//! few words: time passes only when nothing else happens, so that every deadline
//! can be tested.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of it is test code"
)]

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use kafka_consumer::{Assignment, Batch, Consumer, ConsumerConfig, Start};
use kafka_net::{
    BoxFuture, BoxStream, Connector, Environment, Error, Lane, NetConfig, Pool, Random,
    SendOptions, SystemWallClock, clock,
};
use kafka_protocol::ErrorCode;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce::{PartitionProduceData, TopicProduceData};
use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_router::{Router, RouterConfig};
use kafka_test_broker::{TestCluster, TestClusterBuilder};

/// Longer than anything but a mistake.
pub(crate) const LONG: Duration = Duration::from_secs(600);

pub(crate) struct Bench {
    pub(crate) cluster: TestCluster,
    pub(crate) router: Router,
    /// The port that takes no new connections; 0 for none.
    pub(crate) refused: Arc<AtomicU16>,
}

/// Connects within the process.
#[derive(Debug)]
struct Links {
    cluster: TestCluster,
    refused: Arc<AtomicU16>,
}

impl Connector for Links {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let address = format!("{host}:{port}").parse().map_err(io::Error::other);
        Box::pin(async move { Ok(vec![address?]) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let cluster = self.cluster.clone();
        let refused = self.refused.load(Ordering::Relaxed) == addr.port();
        Box::pin(async move {
            if refused {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let stream = cluster.dial(&addr.ip().to_string(), addr.port())?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// A cluster of one broker.
pub(crate) fn bench() -> Bench {
    with(TestCluster::builder())
}

pub(crate) fn with(builder: TestClusterBuilder) -> Bench {
    let cluster = builder.build_offline();
    let refused = Arc::new(AtomicU16::new(0));
    let links = Links {
        cluster: cluster.clone(),
        refused: Arc::clone(&refused),
    };
    let env = Environment::new(
        tokio::runtime::Handle::current(),
        Arc::new(links),
        Arc::new(SystemWallClock),
        Random::from_seed(7),
    );
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default()
        .with_bootstrap_servers(&cluster.bootstrap())
        .unwrap();
    let router = Router::new(config, pool).unwrap();
    Bench {
        cluster,
        router,
        refused,
    }
}

impl Bench {
    pub(crate) fn consumer(&self, config: ConsumerConfig) -> Consumer {
        Consumer::new(config, self.router.clone()).unwrap()
    }

    /// A consumer of partition 0 of topic "t".
    pub(crate) fn reading(&self, config: ConsumerConfig, start: Start) -> Consumer {
        let consumer = self.consumer(config);
        consumer.assign([Assignment::new("t", 0, start)]).unwrap();
        consumer
    }

    /// Appends a batch of values; returns the first one's offset.
    pub(crate) async fn produce(&self, topic: &str, partition: i32, values: &[&str]) -> i64 {
        self.produce_as(topic, partition, values, Compression::None)
            .await
    }

    pub(crate) async fn produce_as(
        &self,
        topic: &str,
        partition: i32,
        values: &[&str],
        compression: Compression,
    ) -> i64 {
        let mut builder = BatchBuilder::new();
        for (n, value) in (0..).zip(values) {
            let record = NewRecord {
                timestamp: 1_000 + n,
                key: Some(b"key"),
                value: Some(value.as_bytes()),
                headers: &[],
            };
            builder.append(&record).unwrap();
        }
        self.append(topic, partition, builder, compression).await
    }

    /// Appends `count` batches of one record with a value of `bytes` bytes.
    pub(crate) async fn fill(&self, topic: &str, partition: i32, count: usize, bytes: usize) {
        let value = "v".repeat(bytes);
        for _ in 0..count {
            self.produce(topic, partition, &[&value]).await;
        }
    }

    pub(crate) async fn append(
        &self,
        topic: &str,
        partition: i32,
        builder: BatchBuilder,
        compression: Compression,
    ) -> i64 {
        let deadline = clock::now() + LONG;
        let found = self.router.topic(topic, deadline).await.unwrap();
        let mut compressor = Compressor::new(compression).unwrap();
        let sealed = builder.seal(&mut compressor).unwrap();
        let mut data = PartitionProduceData::new();
        data.index = partition;
        data.records = Some(sealed.to_record_bytes(&BatchStamp::default()));
        let mut wanted = TopicProduceData::new();
        wanted.name = topic.into();
        wanted.topic_id = found.id();
        wanted.partition_data.push(data);
        let mut request = ProduceRequest::new();
        request.acks = -1;
        request.timeout_ms = 10_000;
        request.topic_data.push(wanted);
        let leader = self.cluster.leader(topic, partition).unwrap();
        let connection = self.router.connection(leader, Lane::Produce, deadline);
        let connection = connection.await.unwrap();
        // By name, so that it does not matter when the router hears of a new topic.
        let options = SendOptions::new(Duration::from_secs(30)).with_max_version(12);
        let response = connection.request(&request, &options).await.unwrap();
        let answer = &response.responses[0].partition_responses[0];
        assert_eq!(ErrorCode::from(answer.error_code), ErrorCode::None);
        answer.base_offset
    }
}

/// The next batch, which must come.
pub(crate) async fn next(consumer: &mut Consumer) -> Result<Batch, Error> {
    let batch = tokio::time::timeout(LONG, consumer.next_batch()).await;
    batch
        .expect("nothing came")?
        .map_or_else(|| panic!("closed"), Ok)
}

/// The next error, which must come.
pub(crate) async fn next_error(consumer: &mut Consumer) -> Error {
    match next(consumer).await {
        Ok(batch) => panic!("{batch:?} came instead of an error"),
        Err(error) => error,
    }
}

/// That nothing comes for a while.
pub(crate) async fn nothing(consumer: &mut Consumer) {
    let wait = tokio::time::timeout(Duration::from_secs(5), consumer.next_batch());
    if let Ok(came) = wait.await {
        panic!("{came:?}");
    }
}

/// (partition, offset, value) of the next `count` records.
pub(crate) async fn read(consumer: &mut Consumer, count: usize) -> Vec<(i32, i64, String)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let batch = next(consumer).await.unwrap();
        for record in &batch {
            let value = String::from_utf8(record.value().unwrap().to_vec()).unwrap();
            seen.push((batch.partition(), record.offset(), value));
        }
    }
    seen
}

/// Offsets of the next `count` records.
pub(crate) async fn offsets(consumer: &mut Consumer, count: usize) -> Vec<i64> {
    let records = read(consumer, count).await;
    records.into_iter().map(|(_, offset, _)| offset).collect()
}

/// Waits until `holds`, which something under way brings about.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    let deadline = clock::now() + LONG;
    while !holds() {
        assert!(clock::now() < deadline, "it never came to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Polls a future `polls` times, with time for others in between, then drops it.
/// Returns its output if it was done by then.
pub(crate) async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    None
}
