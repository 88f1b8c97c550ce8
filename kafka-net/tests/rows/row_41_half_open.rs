//! Half-open TCP or a slow broker: the request's timeout closes the connection, other
//! brokers are not affected.

use kafka_net::clock::now;
use kafka_net::{ErrorKind, Lane, SendOptions};
use kafka_test_broker::Reaction;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_41_a_half_open_connection_ends_with_the_timeout() {
    let cluster = cluster(2);
    let world = World::of(&cluster);
    let pool = world.pool();
    let silent = connect(&pool, 1, Lane::Control).await.unwrap();
    let other = connect(&pool, 2, Lane::Control).await.unwrap();
    next_answer(&cluster, Reaction::Silence);

    let start = now();
    let first = silent.start(&question(), &SendOptions::new(seconds(5)));
    let second = silent.start(&question(), &SendOptions::new(seconds(50)));
    // Meanwhile the other broker answers.
    for _ in 0..10 {
        ask(&other, seconds(1)).await.unwrap();
    }
    assert_eq!(now(), start);
    let error = first.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.possibly_written());
    let waited = now() - start;
    assert!(waited >= seconds(5) && waited < millis(5100), "{waited:?}");
    // Kafka answers in order: nothing behind it could be answered any more.
    let error = second.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(error.possibly_written() && error.is_retriable());
    assert!(now() - start < millis(5100));
    assert!(silent.is_closed() && !other.is_closed());

    let again = connect(&pool, 1, Lane::Control).await.unwrap();
    ask(&again, seconds(1)).await.unwrap();
    assert_eq!(pool.stats().reconnects, 1);
}

#[tokio::test(start_paused = true)]
async fn row_41_a_slow_answer_in_time_is_taken() {
    let cluster = cluster(1);
    let pool = World::of(&cluster).pool();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    next_answer(&cluster, Reaction::Delay(seconds(4)));
    ask(&connection, seconds(5)).await.unwrap();
    assert!(!connection.is_closed());
}

#[tokio::test(start_paused = true)]
async fn row_41_a_connection_of_long_standing_is_opened_again() {
    let cluster = cluster(1);
    let pool = World::of(&cluster).pool();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    for _ in 0..20 {
        tokio::time::sleep(seconds(60)).await;
        ask(&connection, seconds(5)).await.unwrap();
    }
    next_answer(&cluster, Reaction::Silence);
    ask(&connection, seconds(5)).await.unwrap_err();
    assert!(connection.is_closed());
    let again = connect(&pool, 1, Lane::Control).await.unwrap();
    ask(&again, seconds(1)).await.unwrap();
    assert_eq!(pool.stats().reconnects, 1);
}
