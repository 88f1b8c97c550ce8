//! Names change, and some of a name's addresses are dead: it is resolved anew, and all
//! are tried.

use kafka_net::clock::now;
use kafka_net::{ErrorKind, Lane};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_47_dead_addresses_cost_a_short_wait() {
    let cluster = cluster(1);
    let world = World::of(&cluster);
    world.name(
        "kafka-1",
        &["[2001:db8::1]:9092", "10.0.0.8:9092", "10.0.0.1:9092"],
    );
    let pool = world.pool();
    let start = now();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    assert!(now() - start < millis(520), "{:?}", now() - start);
    assert_eq!(connection.address(), "10.0.0.1:9092".parse().unwrap());
    ask(&connection, seconds(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_47_a_name_that_changed_is_followed() {
    let cluster = cluster(1);
    let world = World::of(&cluster);
    let pool = world.pool();
    let before = connect(&pool, 1, Lane::Control).await.unwrap();
    // Also while the name leads nowhere for a time.
    world.clear("10.0.0.1:9092");
    cluster.stop_broker(1);
    tokio::time::sleep(millis(1)).await;
    assert!(before.is_closed());
    world.name("kafka-1", &[]);
    let attempt = pool.attempt(&broker(1), Lane::Control, now() + seconds(60));
    assert_eq!(attempt.await.unwrap_err().kind(), &ErrorKind::Resolve);
    cluster.start_broker(1);
    world.name("kafka-1", &["10.0.0.77:9092"]);
    world.place("10.0.0.77:9092", &cluster, 1);
    let after = connect(&pool, 1, Lane::Control).await.unwrap();
    assert_eq!(after.address(), "10.0.0.77:9092".parse().unwrap());
    ask(&after, seconds(1)).await.unwrap();
}
