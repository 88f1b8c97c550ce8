//! Brokers are upgraded, or downgraded, one after the other: each connection goes by what
//! it found itself.

use kafka_net::Lane;
use kafka_protocol::ApiKey;
use kafka_test_broker::{Era, TestCluster};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_50_versions_are_those_of_each_connection() {
    let world = World::new();
    world.name("kafka-1", &["10.0.0.1:9092"]);
    let pool = world.pool();
    // Up to the newest and back again, every step a restart.
    let eras = [
        Era::V0_10_0,
        Era::V0_11,
        Era::V2_4,
        Era::V4_3,
        Era::V2_8,
        Era::V1_1,
    ];
    for (restarts, era) in eras.into_iter().enumerate() {
        let cluster = TestCluster::builder().era(era).topic("orders", 1);
        let cluster = cluster.build_offline();
        world.place("10.0.0.1:9092", &cluster, 1);
        let connection = connect(&pool, 1, Lane::Control).await.unwrap();
        let offered: Vec<_> = era.api_versions();
        for api in [ApiKey::Metadata, ApiKey::Produce, ApiKey::Fetch] {
            let (_, range) = offered.iter().find(|(key, _)| *key == api).unwrap();
            assert_eq!(connection.api_versions().range(api), Some(*range), "{era}");
        }
        ask(&connection, seconds(1)).await.unwrap();
        assert_eq!(pool.stats().reconnects, restarts as u64);
        cluster.stop_broker(1);
        tokio::time::sleep(millis(1)).await;
        assert!(connection.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn row_50_brokers_that_cannot_be_asked_are_found_out() {
    for (era, groups) in [(Era::V0_8_2, false), (Era::V0_9, true)] {
        let cluster = TestCluster::builder().era(era).topic("orders", 1);
        let cluster = cluster.build_offline();
        let pool = World::of(&cluster).pool();
        let connection = connect(&pool, 1, Lane::Control).await.unwrap();
        let table = connection.api_versions();
        assert!(!table.is_negotiated());
        assert_eq!(table.range(ApiKey::JoinGroup).is_some(), groups, "{era}");
        let real: Vec<_> = era.api_versions();
        for (api, range) in table.ranges() {
            let served = real.iter().find(|(key, _)| key.code() == api);
            assert_eq!(served.map(|(_, range)| *range), Some(range), "{era} {api}");
        }
        ask(&connection, seconds(1)).await.unwrap();
    }
}
