//! A broker throttles: that broker only is left alone for so long, and heartbeats go on.

use kafka_net::Lane;
use kafka_net::SendOptions;
use kafka_net::clock::now;
use kafka_protocol::messages::HeartbeatRequest;
use kafka_test_broker::Reaction;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_48_a_pause_holds_for_one_lane_of_one_broker() {
    let cluster = cluster(2);
    let pool = World::of(&cluster).pool();
    let fetching = connect(&pool, 1, Lane::Fetch).await.unwrap();
    let group = connect(&pool, 1, Lane::Group).await.unwrap();
    let other = connect(&pool, 2, Lane::Fetch).await.unwrap();
    next_answer(&cluster, Reaction::Throttle(seconds(3)));
    ask(&fetching, seconds(1)).await.unwrap();

    let start = now();
    let held = fetching.start(&question(), &SendOptions::new(seconds(30)));
    ask(&other, seconds(1)).await.unwrap();
    let heartbeat = HeartbeatRequest::new().with_group_id("g");
    let options = SendOptions::new(seconds(1));
    group.request(&heartbeat, &options).await.unwrap();
    assert_eq!(now(), start);
    held.await.unwrap();
    let waited = now() - start;
    assert!(waited >= seconds(3) && waited < millis(3010), "{waited:?}");
    let stats = pool.stats().traffic;
    assert_eq!((stats.throttles, stats.throttle_time), (1, seconds(3)));
}
