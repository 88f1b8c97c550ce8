//! ApiVersions is refused with advice that leads nowhere: an error, not a loop.

use kafka_net::clock::now;
use kafka_net::{ErrorKind, Lane};
use kafka_protocol::ApiKey;
use kafka_test_broker::{Condition, Fault, Reaction};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn row_49_advice_that_is_not_lower_fails_at_once() {
    let cluster = cluster(1);
    let asked = cluster.faults().add(Fault::new(
        Condition::api(ApiKey::ApiVersions),
        Reaction::RefuseOwnVersions,
    ));
    let pool = World::of(&cluster).pool();
    let start = now();
    let error = connect(&pool, 1, Lane::Control).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnexpectedResponse);
    assert_eq!(now(), start);
    assert_eq!(cluster.faults().hits(asked), 1);
    assert_eq!(pool.stats().connect_failures, 1);
}
