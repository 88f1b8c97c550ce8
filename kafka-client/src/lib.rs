//! An Apache Kafka client: one entry point, one connection pool, typed settings.
//!
//! Useful alone: this is the crate that most applications need. The layers below it
//! (`kafka-producer`, `kafka-consumer`, `kafka-router`, `kafka-net`, `kafka-protocol`) can
//! be used without it.
//!
//! ```
//! use kafka_client::{Kafka, Record, Start};
//! # use kafka_test_broker::TestCluster;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let cluster = TestCluster::start().await?;
//! # let address = cluster.bootstrap();
//! let kafka = Kafka::builder(address).client_id("shop").connect().await?;
//!
//! let producer = kafka.producer().build().await?;
//! let delivery = producer.send(Record::to("orders").key("k1").value("v1")).await?; // buffered, in order
//! let ack = delivery.await?; // partition, offset
//! assert_eq!(ack.offset, Some(0));
//!
//! let mut consumer = kafka
//!     .consumer()
//!     .assign_topic("orders", Start::Earliest)
//!     .build()
//!     .await?;
//! if let Some(batch) = consumer.next_batch().await? {
//!     for record in &batch {
//!         assert_eq!(record.value(), Some(&b"v1"[..]));
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # TLS
//!
//! With the cargo feature `tls` (off by default: the cryptography behind it needs a C
//! compiler), `KafkaBuilder::tls` encrypts every connection. Chain and host name are
//! checked, and nothing falls back to plain text; `TlsConfig` tells the details.
//!
//! # What dropping a future means
//!
//! | future | dropped before it is ready |
//! |---|---|
//! | [`KafkaBuilder::connect`] | nothing stays behind |
//! | [`ProducerBuilder::build`], [`ConsumerBuilder::build`] | nothing stays behind |
//! | [`Producer::send`] | the record was not accepted and is gone with the future |
//! | [`Producer::reserve`] | the space is given back |
//! | [`Delivery`] | the record is still delivered; only its outcome is no longer told |
//! | [`Producer::flush`] | what was accepted is still sent |
//! | [`Producer::close`] | closing goes on in the background |
//! | [`Consumer::next_batch`] | no record is lost: the next call hands it out |
//! | [`Consumer::commit`] | the commit goes on; whether it succeeded is no longer told |
//! | [`Kafka::close`] | closing goes on in the background |
//!
//! Every public async function and stream of the layers is listed in `xtask/cancel_safety.txt` with the test
//! that drops it at each await.

mod builder;
mod consumer;
mod kafka;
mod producer;
mod properties;

pub use builder::KafkaBuilder;
pub use consumer::ConsumerBuilder;
pub use kafka::Kafka;
pub use producer::ProducerBuilder;
pub use properties::Properties;

pub use kafka_admin::{
    Admin, AdminConfig, CreateTopicsOptions, DescribeTopicsOptions, NewTopic, TopicConfig,
    TopicCreated, TopicListing,
};
pub use kafka_consumer::{
    Assignment, Batch, BatchStream, Consumer, ConsumerConfig, ConsumerMetrics, IsolationLevel,
    OffsetAndMetadata, OffsetAndTimestamp, OffsetReset, OwnedHeader, OwnedRecord, Position,
    RecordStream, Start, TopicPartition,
};
#[cfg(feature = "tls")]
pub use kafka_net::TlsConfig;
pub use kafka_net::{
    AddressMap, ApiVersionsTable, BoxFuture, BrokerAddress, Connector, Environment, Error,
    ErrorKind, NetConfig, Proxy, Random, Release, SocketOptions, WallClock,
};
pub use kafka_net::{
    Credentials, CredentialsProvider, OAuthToken, ProviderError, Sasl, SaslExchange, SaslLogin,
    SaslMechanism, SaslStep, Secret, TokenProvider,
};
pub use kafka_producer::{
    Ack, Acks, BufferMemory, Delivery, Idempotence, InFlight, Permit, Producer, ProducerConfig,
    ProducerMetrics, Record, RecordRef, Rejected, TopicProducer,
};
pub use kafka_protocol::records::{
    Compression, Header, Headers, RecordIter, RecordView, TimestampType,
};
pub use kafka_protocol::{ErrorCode, StrBytes, Uuid};
pub use kafka_router::{
    CoordinatorKind, DefaultPartitioner, EligibleLeaders, ExplicitPartitioner,
    LeastLoadedPartitioner, LibrdkafkaPartitioner, MetadataRecovery, Partition, PartitionChooser,
    Partitioner, RoundRobinPartitioner, Router, RouterConfig, SaramaPartitioner, Topic,
};
