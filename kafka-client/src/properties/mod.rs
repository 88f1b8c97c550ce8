//! Settings under the Java client's names.
//!
//! What is understood is applied; what is known and can't be honoured is refused; what is
//! not known is refused too, with the nearest name. Nothing is ignored in silence, since a
//! setting that someone wrote down is one they rely on.

mod parse;
mod unknown;

use std::sync::Arc;
use std::time::Duration;

use kafka_consumer::{IsolationLevel, OffsetReset};
use kafka_net::{Error, SocketOptions};
use kafka_producer::{Acks, Idempotence, ProducerConfig};
use kafka_protocol::records::Compressor;
use kafka_router::{DefaultPartitioner, MetadataRecovery, RoundRobinPartitioner, RouterConfig};

use crate::builder::KafkaBuilder;
use crate::kafka::Kafka;
pub use parse::Properties;
use parse::bad_value;
use unknown::unknown;

/// Every name that [`apply`] reads.
const KNOWN: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "batch.size",
    "bootstrap.servers",
    "buffer.memory",
    "check.crcs",
    "client.id",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "connections.max.idle.ms",
    "default.api.timeout.ms",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.idempotence",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.id",
    "isolation.level",
    "key.deserializer",
    "key.serializer",
    "linger.ms",
    "max.block.ms",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.request.size",
    "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.class",
    "partitioner.ignore.keys",
    "receive.buffer.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "security.protocol",
    "send.buffer.bytes",
    "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms",
    "value.deserializer",
    "value.serializer",
];

/// A builder with every setting applied, or the first one that can't be.
pub(crate) fn apply(properties: &Properties) -> Result<KafkaBuilder, Error> {
    for name in properties.names() {
        if !KNOWN.contains(&name) {
            return Err(unknown(name));
        }
    }
    let bootstrap = properties
        .get("bootstrap.servers")
        .ok_or_else(|| Error::config("bootstrap.servers is missing"))?;
    let builder = Kafka::builder(bootstrap);
    let builder = connection(properties, builder)?;
    let builder = producer(properties, builder)?;
    consumer(properties, builder)
}

fn connection(properties: &Properties, mut builder: KafkaBuilder) -> Result<KafkaBuilder, Error> {
    if let Some(protocol) = properties.get("security.protocol")
        && !protocol.eq_ignore_ascii_case("PLAINTEXT")
    {
        return Err(bad_value(
            "security.protocol",
            protocol,
            "read from properties: set TLS by KafkaBuilder::tls and a login by KafkaBuilder::sasl; a \
             connection is never made less safe than asked for",
        ));
    }
    if let Some(id) = properties.get("client.id") {
        builder = builder.client_id(id);
    }
    if let Some(limit) = properties.millis("request.timeout.ms")? {
        builder = builder.request_timeout(limit);
    }
    if let Some(limit) = properties.millis("socket.connection.setup.timeout.ms")? {
        builder = builder.connect_timeout(limit);
    }
    if let Some(limit) = properties.millis("socket.connection.setup.timeout.max.ms")? {
        builder = builder.connect_timeout_max(limit);
    }
    builder = builder.socket(socket(properties)?);
    if let Some(age) = properties.millis("metadata.max.age.ms")? {
        builder = builder.metadata_max_age(age);
    }
    if let Some(trigger) = properties.millis("metadata.recovery.rebootstrap.trigger.ms")? {
        builder = builder.rebootstrap_trigger(trigger);
    }
    if let Some(strategy) = properties.get("metadata.recovery.strategy") {
        builder = builder.metadata_recovery(match strategy {
            _ if strategy.eq_ignore_ascii_case("rebootstrap") => MetadataRecovery::Rebootstrap,
            _ if strategy.eq_ignore_ascii_case("none") => MetadataRecovery::None,
            _ => {
                return Err(bad_value(
                    "metadata.recovery.strategy",
                    strategy,
                    "one of: rebootstrap, none",
                ));
            }
        });
    }
    if let Some(allow) = boolean(properties, "allow.auto.create.topics")? {
        builder = builder.allow_auto_topic_creation(allow);
    }
    if let Some(limit) = properties.millis("connections.max.idle.ms")? {
        builder = builder.net(|net| net.with_idle_timeout(limit));
    }
    let (first, most) = retry_backoff(properties)?;
    builder = builder.routing(|router| {
        let router = first
            .into_iter()
            .fold(router, RouterConfig::with_retry_backoff);
        most.into_iter()
            .fold(router, RouterConfig::with_retry_backoff_max)
    });
    let first = properties.millis("reconnect.backoff.ms")?;
    let most = properties.millis("reconnect.backoff.max.ms")?;
    builder = builder.net(|net| {
        let (first, most) = (
            first.unwrap_or(net.reconnect_backoff()),
            most.unwrap_or(net.reconnect_backoff_max()),
        );
        net.with_reconnect_backoff(first, most)
    });
    Ok(builder)
}

/// The buffers' sizes; -1 leaves them to the system, as without the setting here.
fn socket(properties: &Properties) -> Result<SocketOptions, Error> {
    let expected = "a whole number of bytes, or -1 for the system's own choice";
    let size = |name| match properties.typed::<i64>(name, expected)? {
        None | Some(-1) => Ok(None),
        Some(bytes) => match usize::try_from(bytes) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(bad_value(name, &bytes.to_string(), expected)),
        },
    };
    let options = size("send.buffer.bytes")?.into_iter().fold(
        SocketOptions::default(),
        SocketOptions::with_send_buffer_bytes,
    );
    Ok(size("receive.buffer.bytes")?
        .into_iter()
        .fold(options, SocketOptions::with_receive_buffer_bytes))
}

fn producer(properties: &Properties, mut builder: KafkaBuilder) -> Result<KafkaBuilder, Error> {
    let mut config = builder.producer;
    if let Some(text) = properties.get("acks") {
        config = config.acks(match text.trim() {
            "0" => Acks::None,
            "1" => Acks::Leader,
            "all" | "-1" => Acks::All,
            _ => return Err(bad_value("acks", text, "one of 0, 1, all, -1")),
        });
    }
    // Java's default is "on where it can be"; only a value written down is binding.
    if let Some(on) = boolean(properties, "enable.idempotence")? {
        config = config.idempotence(if on {
            Idempotence::Required
        } else {
            Idempotence::Disabled
        });
    }
    if let Some(linger) = properties.millis("linger.ms")? {
        config = config.linger(linger);
    }
    if let Some(bytes) = bytes(properties, "batch.size")? {
        config = config.batch_size(bytes);
    }
    if let Some(bytes) = bytes(properties, "buffer.memory")? {
        config = config.buffer_memory(bytes);
    }
    if let Some(bytes) = bytes(properties, "max.request.size")? {
        config = config.max_request_size(bytes);
    }
    if let Some(limit) = properties.millis("max.block.ms")? {
        config = config.max_block(limit);
    }
    if let Some(limit) = properties.millis("delivery.timeout.ms")? {
        config = config.delivery_timeout(limit);
    }
    let (first, most) = retry_backoff(properties)?;
    if first.is_some() || most.is_some() {
        config = config.retry_backoff(
            first.unwrap_or(RETRY_BACKOFF),
            most.unwrap_or(RETRY_BACKOFF_MAX),
        );
    }
    let in_flight = "max.in.flight.requests.per.connection";
    if let Some(requests) = properties.typed(in_flight, "a whole number")? {
        config = config.max_in_flight(requests);
    }
    config = partitioner(properties, config)?;
    serializers(properties, ["key.serializer", "value.serializer"])?;
    builder.producer = compression(properties, config)?;
    Ok(builder)
}

fn partitioner(properties: &Properties, config: ProducerConfig) -> Result<ProducerConfig, Error> {
    let mut default = DefaultPartitioner::new();
    if let Some(ignore) = boolean(properties, "partitioner.ignore.keys")? {
        default = default.ignore_keys(ignore);
    }
    if let Some(adaptive) = boolean(properties, "partitioner.adaptive.partitioning.enable")? {
        default = default.adaptive(adaptive);
    }
    let Some(class) = properties.get("partitioner.class") else {
        return Ok(config.partitioner(Arc::new(default)));
    };
    match class.rsplit('.').next() {
        Some("DefaultPartitioner") => Ok(config.partitioner(Arc::new(default))),
        Some("UniformStickyPartitioner") => {
            Ok(config.partitioner(Arc::new(default.ignore_keys(true))))
        }
        Some("RoundRobinPartitioner") => {
            let partitioner = RoundRobinPartitioner::new().ignoring_keys();
            Ok(config.partitioner(Arc::new(partitioner)))
        }
        _ => Err(bad_value(
            "partitioner.class",
            class,
            "a partitioner that this client has; give your own to ProducerBuilder::partitioner",
        )),
    }
}

fn compression(
    properties: &Properties,
    mut config: ProducerConfig,
) -> Result<ProducerConfig, Error> {
    let Some(codec) = properties.get("compression.type") else {
        return Ok(config);
    };
    let parsed = codec.trim().parse().map_err(|_| {
        bad_value(
            "compression.type",
            codec,
            "one of none, gzip, snappy, lz4, zstd",
        )
    })?;
    if let Err(error) = Compressor::new(parsed) {
        return Err(bad_value(
            "compression.type",
            codec,
            &format!("usable: {error}"),
        ));
    }
    config = config.compression(parsed);
    // Java reads the level of the codec in use and lets the others stand.
    let name = format!("compression.{parsed}.level");
    if let Some(level) = properties.typed(&name, "a whole number")? {
        if let Err(error) = Compressor::with_level(parsed, level) {
            let given = level.to_string();
            return Err(bad_value(&name, &given, &format!("usable: {error}")));
        }
        config = config.compression_level(level);
    }
    Ok(config)
}

fn consumer(properties: &Properties, mut builder: KafkaBuilder) -> Result<KafkaBuilder, Error> {
    let mut config = builder.consumer;
    if let Some(id) = properties.get("group.id") {
        config = config.group(id);
    }
    if let Some(policy) = properties.get("auto.offset.reset") {
        config = config.offset_reset(match policy.trim() {
            "earliest" => OffsetReset::Earliest,
            "latest" => OffsetReset::Latest,
            "none" => OffsetReset::Fail,
            _ => {
                return Err(bad_value(
                    "auto.offset.reset",
                    policy,
                    "one of earliest, latest, none",
                ));
            }
        });
    }
    if let Some(level) = properties.get("isolation.level") {
        config = config.isolation(match level.trim() {
            "read_uncommitted" => IsolationLevel::ReadUncommitted,
            "read_committed" => IsolationLevel::ReadCommitted,
            _ => {
                return Err(bad_value(
                    "isolation.level",
                    level,
                    "one of read_uncommitted, read_committed",
                ));
            }
        });
    }
    if boolean(properties, "enable.auto.commit")? == Some(true) {
        return Err(bad_value(
            "enable.auto.commit",
            "true",
            "supported yet: commit with Consumer::commit",
        ));
    }
    if let Some(bytes) = bytes(properties, "fetch.min.bytes")? {
        config = config.fetch_min_bytes(bytes);
    }
    if let Some(wait) = properties.millis("fetch.max.wait.ms")? {
        config = config.fetch_max_wait(wait);
    }
    if let Some(bytes) = bytes(properties, "fetch.max.bytes")? {
        config = config.fetch_max_bytes(bytes);
    }
    if let Some(bytes) = bytes(properties, "max.partition.fetch.bytes")? {
        config = config.partition_fetch_bytes(bytes);
    }
    if let Some(limit) = properties.millis("default.api.timeout.ms")? {
        config = config.api_timeout(limit);
    }
    let (first, most) = retry_backoff(properties)?;
    if let Some(backoff) = first {
        config = config.retry_backoff(backoff);
    }
    if let Some(backoff) = most {
        config = config.retry_backoff_max(backoff);
    }
    if let Some(check) = boolean(properties, "check.crcs")? {
        config = config.check_crcs(check);
    }
    serializers(properties, ["key.deserializer", "value.deserializer"])?;
    builder.consumer = config;
    Ok(builder)
}

/// Keys and values are bytes here: Kafka's own classes that hand bytes or UTF-8 text
/// through say just that; any other would change what is written.
fn serializers(properties: &Properties, names: [&str; 2]) -> Result<(), Error> {
    for name in names {
        if let Some(class) = properties.get(name) {
            let simple = class.rsplit('.').next().unwrap_or_default();
            let plain = ["ByteArray", "Bytes", "ByteBuffer", "String"];
            let kind = simple
                .strip_suffix("Deserializer")
                .or_else(|| simple.strip_suffix("Serializer"));
            if !kind.is_some_and(|kind| plain.contains(&kind)) {
                return Err(bad_value(
                    name,
                    class,
                    "a class that passes bytes through; keys and values are bytes here",
                ));
            }
        }
    }
    Ok(())
}

/// Java's defaults, for when only one of the two is given.
const RETRY_BACKOFF: Duration = Duration::from_millis(100);
const RETRY_BACKOFF_MAX: Duration = Duration::from_secs(1);

fn retry_backoff(properties: &Properties) -> Result<(Option<Duration>, Option<Duration>), Error> {
    Ok((
        properties.millis("retry.backoff.ms")?,
        properties.millis("retry.backoff.max.ms")?,
    ))
}

fn boolean(properties: &Properties, name: &str) -> Result<Option<bool>, Error> {
    properties.typed(name, "true or false")
}

fn bytes(properties: &Properties, name: &str) -> Result<Option<usize>, Error> {
    properties.typed(name, "a whole number of bytes, 0 or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Properties {
        Properties::new().set("bootstrap.servers", "localhost:9092")
    }

    fn refused(properties: Properties, needles: &[&str]) {
        let error = apply(&properties).unwrap_err().to_string();
        for needle in needles {
            assert!(error.contains(needle), "{error:?} lacks {needle:?}");
        }
    }

    #[test]
    fn a_typical_file_is_understood() {
        let text = "bootstrap.servers=a:9092,b:9092\nclient.id=shop\nacks=all\nlinger.ms=20\n\
            compression.type=zstd\ncompression.zstd.level=1\nenable.idempotence=true\n\
            group.id=billing\nauto.offset.reset=earliest\nenable.auto.commit=false\n\
            key.serializer=org.apache.kafka.common.serialization.StringSerializer\n";
        let builder = apply(&Properties::parse(text).unwrap());
        assert!(builder.is_ok(), "{builder:?}");
    }

    #[test]
    fn sockets_are_set_up_as_said() {
        let set = base()
            .set("send.buffer.bytes", 131_072)
            .set("receive.buffer.bytes", -1)
            .set("socket.connection.setup.timeout.ms", 5000)
            .set("socket.connection.setup.timeout.max.ms", 20_000);
        let net = apply(&set).unwrap().net;
        assert_eq!(net.socket().send_buffer_bytes(), Some(131_072));
        assert_eq!(net.socket().receive_buffer_bytes(), None);
        assert_eq!(net.connect_timeout().as_secs(), 5);
        assert_eq!(net.connect_timeout_max().as_secs(), 20);
        for bad in ["-2", "x", "1.5"] {
            refused(base().set("send.buffer.bytes", bad), &["send.buffer.bytes"]);
        }
    }

    #[test]
    fn partitioners_are_those_of_java() {
        let chosen = |set: &[(&str, &str)]| {
            let properties = set
                .iter()
                .fold(base(), |all, (name, value)| all.set(*name, value));
            format!("{:?}", apply(&properties).unwrap().producer)
        };
        let class = "org.apache.kafka.clients.producer.UniformStickyPartitioner";
        for (set, told) in [
            (
                &[][..],
                "DefaultPartitioner { ignores_keys: false, adaptive: true",
            ),
            (
                &[("partitioner.class", class)],
                "DefaultPartitioner { ignores_keys: true",
            ),
            (
                &[("partitioner.ignore.keys", "true")],
                "DefaultPartitioner { ignores_keys: true",
            ),
            (
                &[("partitioner.adaptive.partitioning.enable", "false")],
                "adaptive: false",
            ),
            (
                &[("partitioner.class", "RoundRobinPartitioner")],
                "RoundRobinPartitioner { key_hash: None",
            ),
        ] {
            let chosen = chosen(set);
            assert!(chosen.contains(told), "{set:?}: {chosen}");
        }
        refused(
            base().set("partitioner.class", "com.shop.Mine"),
            &["com.shop.Mine"],
        );
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name() {
        refused(Properties::new(), &["bootstrap.servers"]);
        refused(base().set("lingerms", 5), &["lingerms", "linger.ms"]);
        refused(base().set("foo", 5), &["foo"]);
        refused(base().set("linger.ms", "soon"), &["linger.ms", "soon"]);
        refused(base().set("acks", "2"), &["acks", "2"]);
        refused(
            base().set("security.protocol", "SASL_SSL"),
            &["security.protocol", "SASL_SSL"],
        );
        refused(
            base().set("enable.auto.commit", true),
            &["enable.auto.commit"],
        );
        refused(
            base().set("compression.type", "brotli"),
            &["compression.type", "brotli"],
        );
        refused(
            base()
                .set("compression.type", "gzip")
                .set("compression.gzip.level", 12),
            &["compression.gzip.level", "\"12\"", "1 to 9"],
        );
        refused(
            base()
                .set("compression.type", "ZSTD")
                .set("compression.zstd.level", 23),
            &[
                "compression.zstd.level",
                "\"23\"",
                "no compression level 23",
            ],
        );
        refused(
            base().set("auto.offset.reset", "smallest"),
            &["auto.offset.reset"],
        );
        refused(
            base().set("value.serializer", "io.confluent.KafkaAvroSerializer"),
            &["value.serializer", "bytes"],
        );
    }

    #[test]
    fn what_java_has_and_we_lack_is_never_taken_for_a_slip() {
        for name in [
            "sasl.jaas.config",
            "ssl.truststore.location",
            "transactional.id",
            "session.timeout.ms",
            "metadata.max.idle.ms",
            "retries",
        ] {
            let error = apply(&base().set(name, "x")).unwrap_err().to_string();
            assert!(error.contains("can't be honoured"), "{error}");
            assert!(!error.contains("did you mean"), "{error}");
        }
        refused(
            base().set("compression.snappy.level", 1),
            &["not a setting"],
        );
    }

    #[test]
    fn the_documentation_lists_every_name() {
        let documented = include_str!("../kafka.rs");
        for name in KNOWN {
            assert!(
                documented.contains(&format!("`{name}`")),
                "{name} is not documented"
            );
        }
    }

    #[test]
    fn known_names_are_sorted_and_unique() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
