//! Brokers of both eras are started, killed, restarted, paused, and their
//! tools run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};

fn installation(version: &str) -> Installation {
    Installation::ensure(KafkaVersion::find(version).unwrap()).unwrap()
}

/// An ApiVersions v0 request; every broker from 0.10 on answers it.
fn answers(address: &str, patience: Duration) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    stream.set_read_timeout(Some(patience)).unwrap();
    let request = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];
    let mut answer = [0; 8];
    stream.write_all(&request).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer[4..] == [0, 0, 0, 7]
}

fn create_topic(cluster: &RealCluster, name: &str) {
    let java = cluster.installation().java_tool();
    let (class, place, address) = if cluster.installation().version().has_java_tools() {
        (
            "org.apache.kafka.tools.TopicCommand",
            "--bootstrap-server",
            cluster.bootstrap(),
        )
    } else {
        (
            "kafka.admin.TopicCommand",
            "--bootstrap-server",
            cluster.bootstrap(),
        )
    };
    java.run(
        class,
        &[
            "--create",
            "--topic",
            name,
            "--partitions",
            "3",
            place,
            &address,
        ],
        b"",
    )
    .unwrap();
}

fn kill_restart_pause(version: &str) {
    let mut cluster =
        RealCluster::start(&installation(version), 1, &ClusterOptions::default()).unwrap();
    let address = cluster.address(1).unwrap();
    let patience = Duration::from_secs(60);
    assert!(answers(&address, patience));
    create_topic(&cluster, "kept");

    cluster.kill_hard(1).unwrap();
    assert!(!cluster.is_running(1));
    assert!(
        TcpStream::connect(&address).is_err(),
        "nobody listens after kill -9"
    );
    cluster.kill_hard(1).unwrap_err();
    cluster.restart(1).unwrap();
    cluster.restart(1).unwrap_err();
    assert!(answers(&address, patience));
    assert!(
        cluster.data_dir(1).join("kept-2").is_dir(),
        "the topic's data is still there"
    );

    cluster.pause(1).unwrap();
    assert!(
        !answers(&address, Duration::from_millis(500)),
        "a paused broker accepts and stays silent"
    );
    cluster.resume(1).unwrap();
    assert!(answers(&address, patience));

    let dir = cluster.dir().to_path_buf();
    drop(cluster);
    assert!(TcpStream::connect(&address).is_err() && !dir.exists());
}

#[test]
fn a_kraft_broker_is_killed_restarted_and_paused() {
    kill_restart_pause("4.3.1");
}

#[test]
fn a_zookeeper_era_broker_is_killed_restarted_and_paused() {
    kill_restart_pause("2.8.2");
}

#[test]
fn three_nodes_go_on_without_one_and_take_it_back() {
    let mut cluster =
        RealCluster::start(&installation("4.3.1"), 3, &ClusterOptions::default()).unwrap();
    cluster.kill_hard(2).unwrap();
    create_topic(&cluster, "made-by-two");
    cluster.restart(2).unwrap();
    assert!(answers(
        &cluster.address(2).unwrap(),
        Duration::from_secs(60)
    ));
    assert_eq!(cluster.bootstrap().split(',').count(), 3);
}

#[test]
fn a_property_the_broker_refuses_is_shown_with_its_log() {
    let options = ClusterOptions::default().property("num.partitions", "none");
    let error = RealCluster::start(&installation("4.3.1"), 1, &options)
        .unwrap_err()
        .to_string();
    assert!(error.contains("num.partitions"), "{error}");
}

#[test]
fn a_tool_that_fails_or_never_ends_is_reported() {
    let java = installation("4.3.1").java_tool();
    let class = "org.apache.kafka.tools.TopicCommand";
    let error = java
        .run(class, &["--list", "--wrong"], b"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("TopicCommand failed") && error.contains("wrong"),
        "{error}"
    );
    // Nobody listens there: the tool would retry for a minute.
    let short = java.timeout(Duration::from_secs(3));
    let error = short
        .run(class, &["--list", "--bootstrap-server", "127.0.0.1:1"], b"")
        .unwrap_err()
        .to_string();
    assert!(error.contains("was killed"), "{error}");
}
