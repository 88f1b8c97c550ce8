//! An answer to another request: the connection closes, all in flight fail, and nothing
//! is delivered to the wrong one.

use kafka_net::{ErrorKind, Lane, SendOptions};
use kafka_test_broker::Reaction;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_43_an_answer_out_of_turn_reaches_nobody() {
    let cluster = cluster(1);
    let pool = World::of(&cluster).pool();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    next_answer(&cluster, Reaction::WrongCorrelationId);
    let options = SendOptions::new(seconds(30));
    let pending = [(); 3].map(|()| connection.start(&question(), &options));
    for (n, pending) in pending.into_iter().enumerate() {
        let error = pending.await.unwrap_err();
        let expected = match n {
            0 => ErrorKind::CorrelationMismatch,
            _ => ErrorKind::Disconnected,
        };
        assert_eq!(error.kind(), &expected, "{n}: {error}");
        assert!(error.possibly_written());
    }
    assert!(connection.is_closed());
    let again = connect(&pool, 1, Lane::Control).await.unwrap();
    ask(&again, seconds(30)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_43_a_second_answer_to_the_same_request_closes() {
    let cluster = cluster(1);
    let pool = World::of(&cluster).pool();
    let connection = connect(&pool, 1, Lane::Control).await.unwrap();
    next_answer(&cluster, Reaction::DuplicateAnswer);
    let options = SendOptions::new(seconds(30));
    let first = connection.start(&question(), &options);
    let second = connection.start(&question(), &options);
    first.await.unwrap();
    let error = second.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::CorrelationMismatch);
    assert!(connection.is_closed());
}
