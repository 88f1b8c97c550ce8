//! A broker's id moves to another host and port: connections are made there.

use kafka_net::clock::now;
use kafka_net::{BrokerAddress, Lane};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_46_a_broker_that_moved_is_dialled_at_its_new_place() {
    let cluster = cluster(1);
    let world = World::of(&cluster);
    let pool = world.pool();
    let before = connect(&pool, 1, Lane::Control).await.unwrap();
    ask(&before, seconds(1)).await.unwrap();

    world.clear("10.0.0.1:9092");
    world.name("elsewhere", &["10.9.9.9:19092"]);
    world.place("10.9.9.9:19092", &cluster, 1);
    let moved = BrokerAddress::new("elsewhere", 19092).with_id(1);
    let waiting = pool.connection(&moved, Lane::Control, now() + seconds(60));
    let after = waiting.await.unwrap();
    ask(&after, seconds(1)).await.unwrap();
    assert_eq!(world.dials(), ["10.0.0.1:9092", "10.9.9.9:19092"]);
    // What was under way at the old place may end there; nobody new is sent to it.
    drop(before);
    assert_eq!(pool.stats().connections, 1);
}
