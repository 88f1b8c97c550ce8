//! A frame that breaks off: an error of the connection, after which the request may be
//! made again.

use kafka_net::{ErrorKind, Lane};
use kafka_test_broker::Reaction;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_42_an_answer_that_breaks_off_fails_and_may_be_asked_again() {
    let cluster = cluster(1);
    let pool = World::of(&cluster).pool();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    next_answer(&cluster, Reaction::Truncate);
    let error = ask(&connection, seconds(30)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(
        error.to_string().contains("bytes into an answer"),
        "{error}"
    );
    assert!(error.is_retriable() && error.possibly_written());
    assert!(connection.is_closed());
    let again = connect(&pool, 1, Lane::Control).await.unwrap();
    ask(&again, seconds(30)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_42_a_length_that_cannot_be_takes_no_memory() {
    let cluster = cluster(1);
    let pool = World::of(&cluster).pool();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    next_answer(&cluster, Reaction::OversizedLength);
    let error = ask(&connection, seconds(30)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::FrameTooLarge);
    assert!(!error.is_retriable());
    assert!(connection.is_closed());
    let again = connect(&pool, 1, Lane::Control).await.unwrap();
    ask(&again, seconds(30)).await.unwrap();
}
