//! Admin requests to a real Kafka and to the embedded cluster: the answers are
//! the same, but for what differs between any two clusters.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use kafka_client::{DescribeTopicsOptions, ErrorCode, Kafka, NewTopic};
use kafka_harness::{ClusterOptions, Installation, KafkaVersion};
use kafka_suite::{BoxError, Broker, NEWEST, java_file};
use kafka_test_broker::TestCluster;
use tokio::task::block_in_place;

/// The requests, one a line, and pauses between them.
fn requests(name: &str) -> Result<String, BoxError> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("requests");
    Ok(fs::read_to_string(dir.join(name))?)
}

/// Sends requests, and pairs each with its answer.
fn answers(broker: &Broker, bootstrap: &str, requests: &str) -> Result<Vec<String>, BoxError> {
    let program = java_file("Requests.java");
    let output = broker
        .java()
        .java_program(&program, &[bootstrap], requests.as_bytes())?;
    let asked = requests.lines().filter(|line| !line.starts_with("pause"));
    let text = output.text();
    let pairs: Vec<_> = asked
        .zip(text.lines())
        .map(|(request, answer)| format!("{request}\n  {answer}"))
        .collect();
    Ok(pairs)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admin_requests_are_answered_as_by_a_real_broker() -> Result<(), BoxError> {
    let requests = requests("admin.txt")?;
    let broker = block_in_place(|| Broker::start(&ClusterOptions::default()))?;
    let expected = block_in_place(|| answers(&broker, &broker.bootstrap(), &requests))?;
    let cluster = TestCluster::start().await?;
    let embedded = block_in_place(|| answers(&broker, &cluster.bootstrap(), &requests))?;
    let asked = requests.lines().filter(|line| !line.starts_with("pause"));
    assert_eq!(expected.len(), asked.count());
    assert_eq!(embedded.len(), expected.len());
    for (expected, embedded) in expected.iter().zip(&embedded) {
        println!("{expected}");
        assert_eq!(expected, embedded);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafkas_admin_tools_work_on_the_embedded_cluster() -> Result<(), BoxError> {
    let cluster = TestCluster::builder().brokers(3).start().await?;
    let bootstrap = cluster.bootstrap();
    let java = Installation::ensure(KafkaVersion::find(NEWEST)?)?.java_tool();
    let run = |class: &str, arguments: &[&str]| -> Result<String, BoxError> {
        let place = ["--bootstrap-server", bootstrap.as_str()];
        let all = [arguments, &place].concat();
        Ok(block_in_place(|| java.run(class, &all, b""))?.text())
    };
    let topics = "org.apache.kafka.tools.TopicCommand";
    let made = [
        "--create",
        "--topic",
        "t",
        "--partitions",
        "2",
        "--config",
        "retention.ms=5",
    ];
    assert!(run(topics, &made)?.contains("Created topic t."));
    run(topics, &["--alter", "--topic", "t", "--partitions", "4"])?;
    let described = run(topics, &["--describe", "--topic", "t"])?;
    assert!(described.contains("PartitionCount: 4"), "{described}");
    assert!(described.contains("retention.ms=5"), "{described}");
    assert_eq!(cluster.partition_count("t"), 4);

    let configs = "kafka.admin.ConfigCommand";
    for (kind, name, setting) in [
        ("topics", "t", "max.message.bytes=7"),
        ("brokers", "1", "log.cleaner.threads=2"),
        ("groups", "g", "consumer.session.timeout.ms=50000"),
        ("clients", "c", "producer_byte_rate=5.0"),
    ] {
        let entity = ["--entity-type", kind, "--entity-name", name];
        let set = ["--alter", "--add-config", setting.trim_end_matches(".0")];
        run(configs, &[&entity[..], &set].concat())?;
        let shown = run(configs, &[&entity[..], &["--describe"]].concat())?;
        assert!(shown.contains(setting), "{shown}");
    }

    let id = run("org.apache.kafka.tools.ClusterTool", &["cluster-id"])?;
    assert!(id.starts_with("Cluster ID: "), "{id}");
    let status = ["describe", "--status"];
    let quorum = "org.apache.kafka.tools.MetadataQuorumCommand";
    let place = ["--bootstrap-server", bootstrap.as_str()];
    let status = [&place[..], &status].concat();
    let status = block_in_place(|| java.run(quorum, &status, b""))?.text();
    assert!(status.contains("LeaderId:"), "{status}");
    let features = "org.apache.kafka.tools.FeatureCommand";
    let feature = |arguments: &[&str]| -> Result<String, BoxError> {
        let all = [&place[..], arguments].concat();
        Ok(block_in_place(|| java.run(features, &all, b""))?.text())
    };
    feature(&["downgrade", "--feature", "transaction.version=1"])?;
    let shown = feature(&["describe"])?;
    let transactions = shown
        .lines()
        .find(|line| line.contains("transaction.version"));
    let level = transactions.is_some_and(|line| line.contains("FinalizedVersionLevel: 1"));
    assert!(level, "{shown}");
    let versions = run("org.apache.kafka.tools.BrokerApiVersionsCommand", &[])?;
    assert!(
        versions.contains("DescribeConfigs(32): 1 to 4"),
        "{versions}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_described_page_by_page() -> Result<(), BoxError> {
    let broker = block_in_place(|| Broker::start(&ClusterOptions::default()))?;
    let kafka = Kafka::builder(broker.bootstrap()).connect().await?;
    let admin = kafka.admin();
    for (name, partitions) in [("large", 25), ("small", 3)] {
        admin
            .create_topic(NewTopic::new(name, partitions, 1))
            .await?;
        // The controller has it; the broker hears of it a moment later.
        while admin.describe_topic(name).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let names = ["large", "none", "small"];
    let requests = || kafka.router().pool().stats().traffic.requests;
    let at_once = admin.describe_topics(names).await;
    let before = requests();
    let options = DescribeTopicsOptions::default().with_partitions_per_page(4);
    let by_page = admin.describe_topics_with(names, options).await;
    // 28 partitions.
    assert!(requests() - before >= 7);
    for (name, partitions) in [("large", 25), ("small", 3)] {
        let topic = by_page[name].as_ref().unwrap();
        assert_eq!(topic.partitions().len(), partitions);
        assert_eq!(topic, at_once[name].as_ref().unwrap());
        for partition in topic.partitions() {
            assert!(partition.leader.is_some() && partition.error.is_none());
            let eligible = partition.eligible_leaders.as_ref().unwrap();
            assert!(eligible.replicas.is_empty() && eligible.last_known.is_empty());
        }
    }
    let error = by_page["none"].as_ref().unwrap_err();
    let code = ErrorCode::UnknownTopicOrPartition;
    assert_eq!(error.broker_error(), Some(code));
    Ok(())
}
