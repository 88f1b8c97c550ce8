//! A client that speaks in raw messages, for dialogues with the brokers.

use std::time::Duration;

use bytes::{Buf, Bytes};
use kafka_protocol::frame::{FrameDecoder, decode_body, encode_request, open_response};
use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic, PartitionData};
use kafka_protocol::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, TopicProduceData,
};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ProduceRequest, ProduceResponse};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, NewRecord, RecordBatch,
};
use kafka_protocol::wire::{Limits, Segments, Sink};
use kafka_protocol::{ErrorCode, RecordBytes, Request, StrBytes, Uuid};
use kafka_test_broker::{Era, TestCluster};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The wall clock of clusters under test, and the timestamp of test records.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One connection to one broker.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    decoder: FrameDecoder,
    correlation_id: i32,
}

impl Client {
    /// Connects inside the process.
    pub(crate) fn dial(cluster: &TestCluster, broker: i32) -> Self {
        let (host, port) = cluster.broker_address(broker).expect("a broker");
        Self::new(cluster.dial(&host, port).expect("a broker that is up"))
    }

    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        let decoder = FrameDecoder::new(1 << 30);
        Self {
            stream: Box::new(stream),
            decoder,
            correlation_id: 0,
        }
    }

    /// Sends a request; the answer is for later.
    pub(crate) async fn send<R: Request>(&mut self, request: &R, version: i16) {
        self.correlation_id += 1;
        let client_id = StrBytes::from_static("test");
        let frame = encode_request(request, version, self.correlation_id, Some(&client_id));
        self.send_frame(frame.expect("a request that can be encoded"))
            .await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Segments) {
        self.send_bytes(&frame.into_bytes()).await;
    }

    /// Sends header and body as a frame.
    pub(crate) async fn send_body(&mut self, body: Sink) {
        let body = body.finish().into_bytes();
        self.send_bytes(&(body.len() as i32).to_be_bytes()).await;
        self.send_bytes(&body).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .await
            .expect("an open connection");
    }

    /// The next frame, `None` when the connection is closed.
    pub(crate) async fn frame(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.decoder.next().expect("a length") {
                return Some(frame);
            }
            if self
                .stream
                .read_buf(self.decoder.buffer())
                .await
                .unwrap_or(0)
                == 0
            {
                assert_eq!(self.decoder.pending(), 0, "closed within a frame");
                return None;
            }
        }
    }

    /// Reads a length, or what stands in its place.
    pub(crate) async fn first_bytes(&mut self) -> [u8; 4] {
        let mut bytes = [0; 4];
        self.stream
            .read_exact(&mut bytes)
            .await
            .expect("four bytes");
        bytes
    }

    /// Reads to the end of the connection whatever comes.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = self.stream.read_to_end(&mut bytes).await;
        bytes
    }

    /// The answer to the request sent last.
    pub(crate) async fn answer<R: Request>(&mut self, version: i16) -> R::Response {
        let frame = self.frame().await.expect("an answer");
        let (header, body) =
            open_response(R::KEY, version, frame, Limits::default()).expect("a header");
        assert_eq!(header.correlation_id, self.correlation_id);
        decode_body(body, version).expect("a response")
    }

    pub(crate) async fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.send(request, version).await;
        self.answer::<R>(version).await
    }

    /// Nothing comes for a while, and the connection stays open.
    pub(crate) async fn expect_silence(&mut self) {
        let waited = tokio::time::timeout(Duration::from_secs(3600), self.frame()).await;
        assert!(waited.is_err(), "{waited:?}");
    }

    pub(crate) async fn expect_closed(&mut self) {
        assert_eq!(self.frame().await, None);
    }

    /// Produces to one partition by name in version 9.
    pub(crate) async fn produce(
        &mut self,
        topic: &str,
        partition: i32,
        records: RecordBytes,
    ) -> PartitionProduceResponse {
        let request = produce(topic, Uuid::ZERO, partition, Some(records));
        the_partition(self.call(&request, 9).await)
    }

    /// Fetches from one partition by name in version 12, at once.
    pub(crate) async fn fetch(
        &mut self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> PartitionData {
        the_data(self.call(&fetch(topic, partition, offset), 12).await)
    }
}

/// A cluster without sockets whose wall clock stands at [`NOW_MS`], which speaks
/// every version.
pub(crate) fn cluster(brokers: i32) -> TestCluster {
    TestCluster::builder()
        .era(Era::EveryVersion)
        .brokers(brokers)
        .wall_clock_ms(NOW_MS)
        .build_offline()
}

/// A batch of these values, uncompressed, from a producer without id.
pub(crate) fn batch(values: &[&str]) -> RecordBytes {
    stamped(values, Compression::None, &BatchStamp::default())
}

/// A batch of an idempotent producer.
pub(crate) fn sequenced(
    producer_id: i64,
    epoch: i16,
    sequence: i32,
    values: &[&str],
) -> RecordBytes {
    let stamp = BatchStamp {
        producer_id,
        producer_epoch: epoch,
        base_sequence: sequence,
        ..BatchStamp::default()
    };
    stamped(values, Compression::None, &stamp)
}

pub(crate) fn stamped(
    values: &[&str],
    compression: Compression,
    stamp: &BatchStamp,
) -> RecordBytes {
    let records: Vec<_> = values.iter().map(|value| (NOW_MS, *value)).collect();
    timed(&records, compression, stamp)
}

pub(crate) fn timed(
    records: &[(i64, &str)],
    compression: Compression,
    stamp: &BatchStamp,
) -> RecordBytes {
    let mut builder = BatchBuilder::new();
    for (timestamp, value) in records {
        let value = Some(value.as_bytes());
        let record = NewRecord {
            timestamp: *timestamp,
            key: None,
            value,
            headers: &[],
        };
        builder.append(&record).expect("room");
    }
    let mut compressor = Compressor::new(compression).expect("a codec");
    builder
        .seal(&mut compressor)
        .expect("a batch")
        .to_record_bytes(stamp)
}

/// The same bytes after `change` to them.
pub(crate) fn changed(records: RecordBytes, change: impl FnOnce(&mut Vec<u8>)) -> RecordBytes {
    let mut bytes = records.into_bytes().to_vec();
    change(&mut bytes);
    RecordBytes::from(Bytes::from(bytes))
}

/// The same bytes after `change` to them, with a checksum that fits again.
pub(crate) fn resealed(records: RecordBytes, change: impl FnOnce(&mut Vec<u8>)) -> RecordBytes {
    changed(records, |bytes| {
        change(bytes);
        let crc = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    })
}

pub(crate) fn produce(
    topic: &str,
    id: Uuid,
    partition: i32,
    records: Option<RecordBytes>,
) -> ProduceRequest {
    let data = PartitionProduceData::new()
        .with_index(partition)
        .with_records(records);
    let topic = TopicProduceData::new()
        .with_name(topic.to_owned())
        .with_topic_id(id)
        .with_partition_data(vec![data]);
    ProduceRequest::new()
        .with_acks(-1)
        .with_timeout_ms(1_000)
        .with_topic_data(vec![topic])
}

/// A fetch that does not wait.
pub(crate) fn fetch(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let partition = FetchPartition::new()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::new()
        .with_topic(topic.to_owned())
        .with_partitions(vec![partition]);
    FetchRequest::new()
        .with_replica_id(-1)
        .with_min_bytes(1)
        .with_max_bytes(50 << 20)
        .with_topics(vec![topic])
}

/// The only partition of an answer.
pub(crate) fn the_partition(response: ProduceResponse) -> PartitionProduceResponse {
    let [topic] = &response.responses[..] else {
        panic!("{response:?}")
    };
    let [partition] = &topic.partition_responses[..] else {
        panic!("{response:?}")
    };
    partition.clone()
}

/// The only partition of an answer.
pub(crate) fn the_data(response: FetchResponse) -> PartitionData {
    let [topic] = &response.responses[..] else {
        panic!("{response:?}")
    };
    let [partition] = &topic.partitions[..] else {
        panic!("{response:?}")
    };
    partition.clone()
}

/// Offsets and values of whole batches.
pub(crate) fn records(bytes: Option<RecordBytes>) -> Vec<(i64, String)> {
    let mut bytes = bytes.unwrap_or_default().into_bytes();
    let limits = BatchLimits::default();
    let mut found = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &limits).expect("a batch") {
        for record in &batch.decompress(&limits).expect("records") {
            let value = record.value().unwrap_or_default();
            found.push((record.offset(), String::from_utf8_lossy(value).into_owned()));
        }
    }
    found
}

/// How many bytes are left when whole batches are taken off.
pub(crate) fn leftover(bytes: Option<RecordBytes>) -> usize {
    let mut bytes = bytes.unwrap_or_default().into_bytes();
    while RecordBatch::parse(&mut bytes, &BatchLimits::default())
        .expect("a batch")
        .is_some()
    {}
    bytes.remaining()
}

/// What the partition's log holds.
pub(crate) fn logged(cluster: &TestCluster, topic: &str, partition: i32) -> Vec<(i64, String)> {
    let batches = cluster.log(topic, partition);
    batches
        .into_iter()
        .flat_map(|batch| records(Some(batch.into())))
        .collect()
}

pub(crate) fn code(code: i16) -> ErrorCode {
    ErrorCode::from(code)
}
