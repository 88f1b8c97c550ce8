//! Settings of topics, brokers and groups.

use kafka_protocol::StrBytes;
use kafka_protocol::messages::describe_configs::{DescribeConfigsResource, DescribeConfigsResult};
use kafka_protocol::messages::incremental_alter_configs::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    DescribeConfigsRequest, DescribeConfigsResponse, IncrementalAlterConfigsRequest,
    ListConfigResourcesRequest,
};

use super::ground::Ground;
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const GROUP: i8 = 32;

/// The source of a setting that was made for one group.
const OF_A_GROUP: i8 = 8;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

/// Every setting of a new topic.
pub(super) async fn defaults(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let answer = describe(ground, TOPIC, &topic, None).await?;
    show(&mut transcript, &answer);
    Ok(transcript)
}

/// Set, appended, taken away, and back to the default.
pub(super) async fn altering(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let keys = [
        "retention.ms",
        "cleanup.policy",
        "max.message.bytes",
        "compression.type",
    ];
    let mut step = 0;
    for (changes, check) in [
        (&[("retention.ms", SET, Some("5000"))][..], false),
        (
            &[
                ("max.message.bytes", SET, Some("77")),
                ("compression.type", SET, Some("lz4")),
            ],
            false,
        ),
        (&[("cleanup.policy", APPEND, Some("compact"))], false),
        (&[("cleanup.policy", APPEND, Some("compact"))], false),
        (&[("cleanup.policy", SUBTRACT, Some("delete"))], false),
        (&[("retention.ms", SET, Some("1"))], true),
        (
            &[
                ("retention.ms", DELETE, None),
                ("cleanup.policy", DELETE, None),
            ],
            false,
        ),
        (&[("max.message.bytes", DELETE, Some("ignored"))], false),
        (&[("max.message.bytes", DELETE, None)], false),
    ] {
        let answer = alter(ground, TOPIC, &topic, changes, check).await?;
        transcript.say(format_args!("{changes:?}, a check: {check}"));
        transcript.answer("  altered", &answer)?;
        // Brokers learn of changes in their order: of this one before the next topic.
        step += 1;
        ground.create(&format!("behind-{step}"), 1).await?;
        show(
            &mut transcript,
            &describe(ground, TOPIC, &topic, Some(&keys)).await?,
        );
    }
    Ok(transcript)
}

/// Changes that are refused.
pub(super) async fn refused(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let unknown = ground.name("unknown");
    for (kind, name, changes) in [
        (TOPIC, topic.as_str(), &[("no.such", SET, Some("1"))][..]),
        (TOPIC, &topic, &[("retention.ms", SET, Some("soon"))]),
        (TOPIC, &topic, &[("retention.ms", SET, None)]),
        (TOPIC, &topic, &[("retention.ms", APPEND, Some("1"))]),
        (
            TOPIC,
            &topic,
            &[("cleanup.policy", SUBTRACT, Some("compact"))],
        ),
        (TOPIC, &topic, &[("cleanup.policy", APPEND, Some("burn"))]),
        (TOPIC, &topic, &[("retention.ms", 9, Some("1"))]),
        (
            TOPIC,
            &topic,
            &[
                ("retention.ms", SET, Some("1")),
                ("retention.ms", DELETE, None),
            ],
        ),
        (
            TOPIC,
            &topic,
            &[
                ("retention.ms", SET, Some("1")),
                ("segment.ms", SET, Some("0")),
            ],
        ),
        (TOPIC, &unknown, &[("retention.ms", SET, Some("1"))]),
        (TOPIC, "", &[("retention.ms", SET, Some("1"))]),
        (TOPIC, "a b", &[("retention.ms", SET, Some("1"))]),
        (BROKER, "1", &[("broker.id", SET, Some("9"))]),
        (BROKER, "one", &[("log.retention.ms", SET, Some("9"))]),
        (BROKER, "99", &[("log.retention.ms", SET, Some("9"))]),
        (
            GROUP,
            "g",
            &[("consumer.session.timeout.ms", SET, Some("1"))],
        ),
        (GROUP, "g", &[("no.such", SET, Some("1"))]),
        (
            GROUP,
            "",
            &[("consumer.session.timeout.ms", SET, Some("50000"))],
        ),
        (99, "x", &[("a", SET, Some("1"))]),
    ] {
        let answer = alter(ground, kind, name, changes, false).await?;
        transcript.answer(&format!("{kind} {changes:?}"), &answer)?;
    }
    for (kind, name) in [
        (TOPIC, unknown.as_str()),
        (TOPIC, "a b"),
        (TOPIC, ""),
        (99, "x"),
    ] {
        let answer = describe(ground, kind, name, None).await?;
        transcript.answer(&format!("describe {kind} {name:?}"), &answer)?;
    }
    let answer = describe(ground, TOPIC, &topic, Some(&["no.such", "segment.ms"])).await?;
    show(&mut transcript, &answer);
    Ok(transcript)
}

/// Settings of a broker that do not depend on where it runs.
pub(super) async fn brokers(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let keys = [
        "auto.create.topics.enable",
        "background.threads",
        "compression.type",
        "default.replication.factor",
        "delete.topic.enable",
        "group.consumer.assignors",
        "group.initial.rebalance.delay.ms",
        "group.max.session.timeout.ms",
        "log.cleaner.threads",
        "log.message.timestamp.type",
        "log.retention.hours",
        "log.retention.ms",
        "log.segment.bytes",
        "max.connections",
        "message.max.bytes",
        "min.insync.replicas",
        "node.id",
        "num.io.threads",
        "num.partitions",
        "offset.metadata.max.bytes",
        "offsets.retention.minutes",
        "offsets.topic.num.partitions",
        "process.roles",
        "replica.lag.time.max.ms",
        "sasl.enabled.mechanisms",
        "socket.request.max.bytes",
        "ssl.keystore.password",
        "transactional.id.expiration.ms",
        "unclean.leader.election.enable",
    ];
    for name in ["1", ""] {
        let answer = describe_on(ground, 1, BROKER, name, Some(&keys)).await?;
        show(&mut transcript, &answer);
    }
    Ok(transcript)
}

/// Settings of groups, and what there is to describe.
pub(super) async fn groups(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let group = ground.name("g");
    let answer = describe(ground, GROUP, &group, None).await?;
    show(&mut transcript, &answer);
    let changes = [
        ("consumer.session.timeout.ms", SET, Some("50000")),
        ("consumer.heartbeat.interval.ms", SET, Some("6000")),
    ];
    let answer = alter(ground, GROUP, &group, &changes, false).await?;
    transcript.answer("altered", &answer)?;
    let keys = [
        "consumer.session.timeout.ms",
        "consumer.heartbeat.interval.ms",
    ];
    let described = ground
        .until("the change is known", async || {
            let answer = describe(ground, GROUP, &group, Some(&keys)).await?;
            let results = answer.results.iter().flat_map(|result| &result.configs);
            let set = results
                .filter(|config| config.config_source == OF_A_GROUP)
                .count();
            Ok((set == keys.len()).then_some(answer))
        })
        .await?;
    show(&mut transcript, &described);
    let request = ListConfigResourcesRequest::new().with_resource_types(vec![GROUP]);
    let mut answer = ground.any(request).await?;
    let own = ground.name("");
    answer
        .config_resources
        .retain(|found| found.resource_name.starts_with(&own));
    transcript.answer("groups with settings", &answer)?;
    Ok(transcript)
}

fn show(transcript: &mut Transcript, answer: &DescribeConfigsResponse) {
    for result in &answer.results {
        show_result(transcript, result);
    }
}

fn show_result(transcript: &mut Transcript, result: &DescribeConfigsResult) {
    transcript.say(format_args!(
        "type {}: code {}, a message: {}",
        result.resource_type,
        result.error_code,
        result
            .error_message
            .as_ref()
            .is_some_and(|text| !text.is_empty())
    ));
    let mut configs: Vec<_> = result.configs.iter().collect();
    configs.sort_by(|one, other| one.name.cmp(&other.name));
    for config in configs {
        let synonyms = config.synonyms.iter();
        let synonyms: Vec<_> = synonyms
            .map(|synonym| format!("{} {:?} {}", synonym.name, synonym.value, synonym.source))
            .collect();
        transcript.say(format_args!(
            "  {} = {:?}, source {}, type {}, read only {}, sensitive {}, {synonyms:?}",
            config.name,
            config.value,
            config.config_source,
            config.config_type,
            config.read_only,
            config.is_sensitive,
        ));
    }
}

async fn describe(
    ground: &Ground,
    kind: i8,
    name: &str,
    keys: Option<&[&str]>,
) -> Result<DescribeConfigsResponse> {
    ground.any(asked(kind, name, keys)).await
}

async fn describe_on(
    ground: &Ground,
    broker: i32,
    kind: i8,
    name: &str,
    keys: Option<&[&str]>,
) -> Result<DescribeConfigsResponse> {
    ground.broker(broker, &asked(kind, name, keys)).await
}

fn asked(kind: i8, name: &str, keys: Option<&[&str]>) -> DescribeConfigsRequest {
    let keys = keys.map(|keys| {
        keys.iter()
            .map(|key| StrBytes::from(*key))
            .collect::<Vec<_>>()
    });
    let resource = DescribeConfigsResource::new()
        .with_resource_type(kind)
        .with_resource_name(name)
        .with_configuration_keys(keys);
    DescribeConfigsRequest::new()
        .with_resources(vec![resource])
        .with_include_synonyms(true)
}

/// Changes settings: the name, the operation, and the value of each.
pub(super) async fn alter(
    ground: &Ground,
    kind: i8,
    name: &str,
    changes: &[(&str, i8, Option<&str>)],
    check: bool,
) -> Result<kafka_protocol::messages::IncrementalAlterConfigsResponse> {
    let changes = changes.iter().map(|(name, operation, value)| {
        AlterableConfig::new()
            .with_name(*name)
            .with_config_operation(*operation)
            .with_value(value.map(StrBytes::from))
    });
    let resource = AlterConfigsResource::new()
        .with_resource_type(kind)
        .with_resource_name(name)
        .with_configs(changes.collect::<Vec<_>>());
    let request = IncrementalAlterConfigsRequest::new()
        .with_resources(vec![resource])
        .with_validate_only(check);
    ground.any(request).await
}
