//! kafka-router: metadata, look-ups and routed requests.

use kafka_net::Lane;
use kafka_protocol::messages::offset_fetch::OffsetFetchRequestGroup;
use kafka_protocol::messages::{CreateTopicsRequest, MetadataRequest, OffsetFetchRequest};
use kafka_router::{CoordinatorKind, Router};
use kafka_suite::{BoxError, at_every_await, polled};
use kafka_test_broker::TestCluster;

use super::{Outcome, connected, deadline, in_time};

async fn cluster() -> Result<TestCluster, BoxError> {
    Ok(TestCluster::builder()
        .brokers(2)
        .topic("known", 3)
        .start()
        .await?)
}

/// Metadata, a leader's connection and a coordinator can still be had.
async fn still_routes(router: &Router) -> Outcome {
    in_time(router.refresh(&["known"], deadline())).await??;
    let topic = in_time(router.topic("known", deadline())).await??;
    let leader = topic
        .partition(0)
        .and_then(|partition| partition.leader)
        .ok_or("no leader")?;
    in_time(router.connection(leader, Lane::Produce, deadline())).await??;
    in_time(router.coordinator(CoordinatorKind::Group, "g", deadline())).await??;
    Ok(())
}

/// A fresh router for each number of polls: nothing is known, all must be asked.
async fn each<T>(
    what: &str,
    cluster: &TestCluster,
    start: impl Fn(&Router) -> kafka_net::Waiting<T>,
) -> Outcome {
    at_every_await(what, async |polls| -> Result<bool, BoxError> {
        let kafka = connected(cluster).await?;
        let router = kafka.router();
        let done = polled(polls, start(router)).await;
        still_routes(router).await?;
        Ok(done.transpose()?.is_some())
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn metadata_dropped_at_every_await() -> Outcome {
    let cluster = cluster().await?;
    each("Router::ready", &cluster, |router| router.ready(deadline())).await?;
    each("Router::topic", &cluster, |router| {
        router.topic("known", deadline())
    })
    .await?;
    each("Router::refresh", &cluster, |router| {
        router.refresh(&["known"], deadline())
    })
    .await
}

#[tokio::test]
async fn one_who_leaves_does_not_take_the_others_along() -> Outcome {
    let cluster = cluster().await?;
    let kafka = connected(&cluster).await?;
    at_every_await(
        "Router::refresh beside another",
        async |polls| -> Result<bool, BoxError> {
            // Both share one request; whoever began it may be the one who leaves.
            let first = kafka.router().refresh(&["known"], deadline());
            let second = kafka.router().refresh(&["known"], deadline());
            let done = polled(polls, first).await;
            in_time(second).await??;
            Ok(done.transpose()?.is_some())
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn connections_dropped_at_every_await() -> Outcome {
    let cluster = cluster().await?;
    let any = cluster.broker_ids()[0];
    each("Router::connection", &cluster, |router| {
        router.connection(any, Lane::Fetch, deadline())
    })
    .await?;
    each("Router::attempt", &cluster, |router| {
        router.attempt(any, Lane::Fetch, deadline())
    })
    .await?;
    each("Router::any_connection", &cluster, |router| {
        router.any_connection(Lane::Fetch, deadline())
    })
    .await?;
    each("Router::controller_connection", &cluster, |router| {
        router.controller_connection(Lane::Fetch, deadline())
    })
    .await?;
    each("Router::coordinator", &cluster, |router| {
        router.coordinator(CoordinatorKind::Group, "g", deadline())
    })
    .await
}

#[tokio::test]
async fn routed_requests_dropped_at_every_await() -> Outcome {
    let cluster = cluster().await?;
    each("Router::send_any", &cluster, |router| {
        router.send_any(MetadataRequest::new(), deadline())
    })
    .await?;
    each("Router::send_controller", &cluster, |router| {
        router.send_controller(CreateTopicsRequest::new().with_timeout_ms(1000), deadline())
    })
    .await?;
    each("Router::send_coordinator", &cluster, |router| {
        let group = OffsetFetchRequestGroup::new().with_group_id("g");
        let request = OffsetFetchRequest::new().with_groups(vec![group]);
        router.send_coordinator(CoordinatorKind::Group, "g", request, deadline())
    })
    .await
}

#[tokio::test]
async fn closing_a_router_dropped_at_every_await() -> Outcome {
    let cluster = cluster().await?;
    at_every_await("Router::close", async |polls| -> Result<bool, BoxError> {
        let kafka = connected(&cluster).await?;
        let done = polled(polls, kafka.router().close(deadline()))
            .await
            .is_some();
        in_time(kafka.router().close(deadline())).await?;
        Ok(done)
    })
    .await?;
    Ok(())
}
