//! DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources.

use kafka_protocol::messages::alter_configs as whole;
use kafka_protocol::messages::describe_configs::{
    DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResult,
};
use kafka_protocol::messages::incremental_alter_configs::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    AlterConfigsRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest,
    ListConfigResourcesRequest,
};
use kafka_protocol::{ErrorCode, StrBytes};

use crate::client::{Client, batch, cluster, code};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

fn asked(kind: i8, name: &str, keys: &[&str]) -> DescribeConfigsRequest {
    let keys = keys.iter().map(|key| StrBytes::from((*key).to_owned()));
    let resource = DescribeConfigsResource::new()
        .with_resource_type(kind)
        .with_resource_name(name.to_owned())
        .with_configuration_keys(Some(keys.collect::<Vec<_>>()));
    DescribeConfigsRequest::new()
        .with_resources(vec![resource])
        .with_include_synonyms(true)
}

async fn describe(
    client: &mut Client,
    kind: i8,
    name: &str,
    keys: &[&str],
) -> DescribeConfigsResult {
    let response = client.call(&asked(kind, name, keys), 4).await;
    response.results.into_iter().next().unwrap()
}

/// Value, source, and the sources of the synonyms.
fn shown(setting: &DescribeConfigsResourceResult) -> (Option<&str>, i8, Vec<i8>) {
    let synonyms = setting.synonyms.iter().map(|synonym| synonym.source);
    (
        setting.value.as_deref(),
        setting.config_source,
        synonyms.collect(),
    )
}

fn changed(kind: i8, name: &str, changes: &[(&str, i8, Option<&str>)]) -> AlterConfigsResource {
    let configs = changes.iter().map(|(name, operation, value)| {
        AlterableConfig::new()
            .with_name((*name).to_owned())
            .with_config_operation(*operation)
            .with_value(value.map(|value| StrBytes::from(value.to_owned())))
    });
    AlterConfigsResource::new()
        .with_resource_type(kind)
        .with_resource_name(name.to_owned())
        .with_configs(configs.collect::<Vec<_>>())
}

async fn alter(
    client: &mut Client,
    kind: i8,
    name: &str,
    changes: &[(&str, i8, Option<&str>)],
) -> ErrorCode {
    let resources = vec![changed(kind, name, changes)];
    let request = IncrementalAlterConfigsRequest::new().with_resources(resources);
    let response = client.call(&request, 1).await;
    code(response.responses[0].error_code)
}

#[tokio::test]
async fn every_version_describes_a_topic() {
    let cluster = cluster(1);
    cluster.create_topic_on("t", &[&[1]], &[("retention.ms", "60000")]);
    let mut client = Client::dial(&cluster, 1);
    for version in 0..=4 {
        let keys = ["retention.ms", "max.message.bytes", "no.such"];
        let mut request = asked(TOPIC, "t", &keys);
        if version == 0 {
            request.include_synonyms = false;
        }
        let response = client.call(&request, version).await;
        let [bytes, retention] = &response.results[0].configs[..] else {
            panic!("{response:?}")
        };
        assert_eq!(retention.value.as_deref(), Some("60000"));
        assert_eq!(bytes.value.as_deref(), Some("1048588"));
        if version == 0 {
            assert!(bytes.is_default && !retention.is_default);
        } else {
            assert_eq!(shown(retention), (Some("60000"), 1, vec![1]));
            assert_eq!(shown(bytes), (Some("1048588"), 5, vec![5]));
            assert_eq!(bytes.synonyms[0].name.as_str(), "message.max.bytes");
        }
        let expected = if version >= 3 { (3, 5) } else { (0, 0) };
        assert_eq!((bytes.config_type, retention.config_type), expected);
    }
    let all = client.call(&asked(TOPIC, "t", &[]), 4).await;
    assert_eq!(all.results[0].configs.len(), 33);
}

#[tokio::test]
async fn brokers_show_their_own_settings_and_no_secrets() {
    let cluster = cluster(3);
    let mut client = Client::dial(&cluster, 2);
    let result = describe(
        &mut client,
        BROKER,
        "2",
        &["node.id", "ssl.key.password", "num.partitions"],
    )
    .await;
    let [id, partitions, password] = &result.configs[..] else {
        panic!("{result:?}")
    };
    assert_eq!(shown(id), (Some("2"), 4, vec![4]));
    assert_eq!(shown(partitions), (Some("1"), 5, vec![5]));
    assert!(password.is_sensitive && password.value.is_none() && id.read_only);
    for (kind, name) in [
        (BROKER, "1"),
        (BROKER, "x"),
        (LOGGER, "1"),
        (GROUP, ""),
        (CLIENT_METRICS, ""),
        (7, "x"),
    ] {
        let refused = describe(&mut client, kind, name, &[]).await;
        assert_eq!(
            code(refused.error_code),
            ErrorCode::InvalidRequest,
            "{kind} {name}"
        );
    }
    for (name, expected) in [
        ("nope", ErrorCode::UnknownTopicOrPartition),
        ("b c", ErrorCode::InvalidTopicException),
        ("", ErrorCode::InvalidTopicException),
    ] {
        let refused = describe(&mut client, TOPIC, name, &[]).await;
        assert_eq!(code(refused.error_code), expected, "{name}");
    }
}

#[tokio::test]
async fn single_settings_change_and_take_effect() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let produced = client
        .produce("t", 0, batch(&["a long enough value"]))
        .await;
    assert_eq!(code(produced.error_code), ErrorCode::None);
    let small = [("max.message.bytes", SET, Some("10"))];
    assert_eq!(
        alter(&mut client, TOPIC, "t", &small).await,
        ErrorCode::None
    );
    let produced = client
        .produce("t", 0, batch(&["a long enough value"]))
        .await;
    assert_eq!(code(produced.error_code), ErrorCode::MessageTooLarge);
    let back = [("max.message.bytes", DELETE, None)];
    assert_eq!(alter(&mut client, TOPIC, "t", &back).await, ErrorCode::None);
    let produced = client
        .produce("t", 0, batch(&["a long enough value"]))
        .await;
    assert_eq!(code(produced.error_code), ErrorCode::None);

    // All brokers' setting is what topics fall back to.
    let small = [("message.max.bytes", SET, Some("10"))];
    assert_eq!(
        alter(&mut client, BROKER, "", &small).await,
        ErrorCode::None
    );
    let produced = client
        .produce("t", 0, batch(&["a long enough value"]))
        .await;
    assert_eq!(code(produced.error_code), ErrorCode::MessageTooLarge);
    let result = describe(&mut client, TOPIC, "t", &["max.message.bytes"]).await;
    assert_eq!(shown(&result.configs[0]), (Some("10"), 3, vec![3, 5]));
    let result = describe(&mut client, BROKER, "", &[]).await;
    let names: Vec<_> = result
        .configs
        .iter()
        .map(|setting| setting.name.as_str())
        .collect();
    assert_eq!(names, ["message.max.bytes", "min.insync.replicas"]);
}

#[tokio::test]
async fn lists_grow_and_shrink() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    for (operation, items, expected) in [
        (APPEND, "compact", "delete,compact"),
        (APPEND, "compact", "delete,compact"),
        (SUBTRACT, "delete", "compact"),
        (SUBTRACT, "compact", ""),
    ] {
        let change = [("cleanup.policy", operation, Some(items))];
        assert_eq!(
            alter(&mut client, TOPIC, "t", &change).await,
            ErrorCode::None
        );
        let result = describe(&mut client, TOPIC, "t", &["cleanup.policy"]).await;
        assert_eq!(result.configs[0].value.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn wrong_changes_are_refused() {
    let cluster = cluster(2);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let (config, request) = (ErrorCode::InvalidConfig, ErrorCode::InvalidRequest);
    for (kind, name, setting, operation, value, expected) in [
        (TOPIC, "t", "no.such", SET, Some("1"), config),
        (TOPIC, "t", "no.such", DELETE, None, ErrorCode::None),
        (TOPIC, "t", "retention.ms", SET, Some("x"), config),
        (TOPIC, "t", "retention.ms", SET, Some("-2"), config),
        (TOPIC, "t", "retention.ms", SET, None, request),
        (TOPIC, "t", "retention.ms", APPEND, Some("5"), config),
        (
            TOPIC,
            "t",
            "retention.ms",
            9,
            Some("5"),
            ErrorCode::UnknownServerError,
        ),
        (
            TOPIC,
            "t",
            "remote.storage.enable",
            SET,
            Some("true"),
            config,
        ),
        (TOPIC, "", "retention.ms", SET, Some("5"), request),
        (
            TOPIC,
            "nope",
            "retention.ms",
            SET,
            Some("5"),
            ErrorCode::UnknownTopicOrPartition,
        ),
        (TOPIC, "nope", "retention.ms", SET, Some("x"), config),
        (7, "t", "retention.ms", SET, Some("5"), request),
        (
            BROKER,
            "1",
            "offsets.topic.num.partitions",
            SET,
            Some("5"),
            request,
        ),
        (BROKER, "1", "log.segment.bytes", SET, Some("x"), request),
        (BROKER, "1", "no.such", SET, Some("x"), ErrorCode::None),
        (
            BROKER,
            "2",
            "log.segment.bytes",
            SET,
            Some("2000000"),
            request,
        ),
        (
            BROKER,
            "x",
            "log.segment.bytes",
            SET,
            Some("2000000"),
            request,
        ),
        (BROKER, "1", "ssl.key.password", SET, Some("x"), request),
        (BROKER, "", "listeners", SET, Some("x"), request),
        (BROKER, "", "min.insync.replicas", DELETE, None, config),
        (BROKER, "1", "min.insync.replicas", SET, Some("1"), config),
        (
            GROUP,
            "g",
            "consumer.session.timeout.ms",
            SET,
            Some("5"),
            config,
        ),
        (
            GROUP,
            "",
            "consumer.session.timeout.ms",
            SET,
            Some("50000"),
            request,
        ),
        (GROUP, "g", "no.such", SET, Some("5"), config),
        (CLIENT_METRICS, "m", "interval.ms", SET, Some("5"), request),
        (CLIENT_METRICS, "m", "no.such", SET, Some("5"), request),
        (LOGGER, "1", "root", SET, Some("LOUD"), config),
        (LOGGER, "1", "root", SET, Some("DEBUG"), ErrorCode::None),
    ] {
        let change = [(setting, operation, value)];
        let result = alter(&mut client, kind, name, &change).await;
        assert_eq!(
            result, expected,
            "{kind} {name} {setting} {operation} {value:?}"
        );
    }
    let twice = [
        ("retention.ms", SET, Some("1")),
        ("retention.ms", SET, Some("2")),
    ];
    assert_eq!(alter(&mut client, TOPIC, "t", &twice).await, request);
    let lags = [
        ("min.compaction.lag.ms", SET, Some("10")),
        ("max.compaction.lag.ms", SET, Some("5")),
    ];
    assert_eq!(alter(&mut client, TOPIC, "t", &lags).await, config);
    let one = changed(TOPIC, "t", &[("retention.ms", SET, Some("1"))]);
    let both = IncrementalAlterConfigsRequest::new().with_resources(vec![one.clone(), one.clone()]);
    let response = client.call(&both, 0).await;
    assert!(
        response
            .responses
            .iter()
            .all(|result| code(result.error_code) == request)
    );
    let dry = IncrementalAlterConfigsRequest::new()
        .with_resources(vec![one])
        .with_validate_only(true);
    assert_eq!(client.call(&dry, 1).await.responses[0].error_code, 0);
    let result = describe(&mut client, TOPIC, "t", &["retention.ms"]).await;
    assert_eq!(shown(&result.configs[0]), (Some("604800000"), 5, vec![]));
}

#[tokio::test]
async fn what_nobody_knows_is_shown_as_a_secret() {
    let cluster = cluster(1);
    let mut client = Client::dial(&cluster, 1);
    let set = [("my.plugin", SET, Some("x"))];
    assert_eq!(alter(&mut client, BROKER, "1", &set).await, ErrorCode::None);
    let result = describe(&mut client, BROKER, "1", &["my.plugin"]).await;
    let shown_now = shown(&result.configs[0]);
    assert_eq!(shown_now, (None, 2, vec![2]));
    assert!(result.configs[0].is_sensitive && result.configs[0].read_only);
}

#[tokio::test]
async fn whole_configurations_are_replaced() {
    let cluster = cluster(1);
    cluster.create_topic_on("t", &[&[1]], &[("retention.ms", "60000")]);
    let mut client = Client::dial(&cluster, 1);
    for version in 0..=2 {
        let setting = whole::AlterableConfig::new()
            .with_name("segment.ms")
            .with_value(Some("7000".into()));
        let resource = whole::AlterConfigsResource::new()
            .with_resource_type(TOPIC)
            .with_resource_name("t")
            .with_configs(vec![setting]);
        let request = AlterConfigsRequest::new().with_resources(vec![resource]);
        let response = client.call(&request, version).await;
        assert_eq!(code(response.responses[0].error_code), ErrorCode::None);
        let result = describe(&mut client, TOPIC, "t", &["retention.ms", "segment.ms"]).await;
        assert_eq!(result.configs[0].config_source, 5);
        assert_eq!(shown(&result.configs[1]), (Some("7000"), 1, vec![1]));
    }
}

#[tokio::test]
async fn groups_and_subscriptions_are_listed_with_the_rest() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    let timeout = [("consumer.session.timeout.ms", SET, Some("50000"))];
    assert_eq!(
        alter(&mut client, GROUP, "g", &timeout).await,
        ErrorCode::None
    );
    let result = describe(&mut client, GROUP, "g", &["consumer.session.timeout.ms"]).await;
    assert_eq!(shown(&result.configs[0]), (Some("50000"), 8, vec![8, 5]));
    let interval = [("interval.ms", SET, Some("5000"))];
    assert_eq!(
        alter(&mut client, CLIENT_METRICS, "m", &interval).await,
        ErrorCode::None
    );
    let result = describe(&mut client, CLIENT_METRICS, "m", &[]).await;
    let values: Vec<_> = result.configs.iter().map(shown).collect();
    assert_eq!(
        values,
        [
            (Some("5000"), 7, vec![7]),
            (Some(""), 5, vec![]),
            (Some(""), 5, vec![])
        ]
    );
    let list = async |client: &mut Client, types: Vec<i8>, version| {
        let request = ListConfigResourcesRequest::new().with_resource_types(types);
        let response = client.call(&request, version).await;
        let resources = response.config_resources.iter();
        let names: Vec<_> = resources
            .map(|resource| (resource.resource_type, resource.resource_name.to_string()))
            .collect();
        (code(response.error_code), names)
    };
    let named = |kind, name: &str| (kind, name.to_owned());
    let everything = [
        named(GROUP, "g"),
        named(CLIENT_METRICS, "m"),
        named(LOGGER, "1"),
        named(BROKER, "1"),
        named(TOPIC, "t"),
    ];
    assert_eq!(
        list(&mut client, vec![], 1).await,
        (ErrorCode::None, everything.to_vec())
    );
    assert_eq!(
        list(&mut client, vec![TOPIC], 1).await.1,
        [named(TOPIC, "t")]
    );
    assert_eq!(
        list(&mut client, vec![], 0).await.1,
        [named(CLIENT_METRICS, "m")]
    );
    assert_eq!(
        list(&mut client, vec![3], 1).await,
        (ErrorCode::UnsupportedVersion, vec![])
    );
    // Without a setting a subscription is gone.
    assert_eq!(
        alter(
            &mut client,
            CLIENT_METRICS,
            "m",
            &[("interval.ms", DELETE, None)]
        )
        .await,
        ErrorCode::None
    );
    assert_eq!(list(&mut client, vec![], 0).await.1, []);
}
