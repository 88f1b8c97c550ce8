//! Closing a client goes on when nobody waits for it.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use kafka_client::Kafka;
use kafka_protocol::ApiKey;
use kafka_protocol::messages::ListOffsetsRequest;
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};

/// A client with a request under way that is not answered in time.
async fn busy(cluster: &TestCluster) -> Result<Kafka, Box<dyn std::error::Error>> {
    cluster.faults().add(Fault::new(
        Condition::api(ApiKey::ListOffsets),
        Reaction::Delay(Duration::from_secs(60)),
    ));
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let far = kafka_net::clock::now() + Duration::from_secs(60);
    kafka
        .router()
        .send_any(ListOffsetsRequest::new(), far)
        .detach();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(kafka.router().pool().stats().connections > 0);
    Ok(kafka)
}

#[tokio::test]
async fn a_close_that_is_dropped_completes() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = TestCluster::start().await?;
    for polls in [1, 0] {
        let kafka = busy(&cluster).await?;
        {
            let mut closing = pin!(kafka.close(Duration::from_millis(500)));
            for _ in 0..polls {
                let mut context = Context::from_waker(Waker::noop());
                assert!(closing.as_mut().poll(&mut context).is_pending());
            }
        }
        let gone = async {
            while kafka.router().pool().stats().connections > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let soon = Duration::from_secs(20);
        assert!(tokio::time::timeout(soon, gone).await.is_ok(), "{polls}");
        // And again, however long it may take.
        kafka.close(Duration::MAX).await?;
    }
    Ok(())
}
