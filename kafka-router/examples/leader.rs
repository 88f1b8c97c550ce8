//! Finds out who leads a partition:
//! `cargo run -p kafka-router --example leader -- localhost:9092 orders 0`

use std::error::Error;
use std::time::Duration;

use kafka_net::{Environment, NetConfig, Pool, clock};
use kafka_router::{Broker, Router, RouterConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(bootstrap), Some(topic)) = (arguments.next(), arguments.next()) else {
        return Err("usage: leader BOOTSTRAP TOPIC [PARTITION]".into());
    };
    let partition = arguments.next().unwrap_or_default().parse().unwrap_or(0);
    let leader = leader(&bootstrap, &topic, partition).await?;
    println!("{topic}-{partition} is led by {}", leader.address());
    Ok(())
}

/// The broker that leads a partition now.
pub(crate) async fn leader(
    bootstrap: &str,
    topic: &str,
    partition: i32,
) -> Result<Broker, Box<dyn Error>> {
    let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
    let config = RouterConfig::default()
        .with_bootstrap_servers(bootstrap)?
        .with_allow_auto_topic_creation(false);
    let router = Router::new(config, pool)?;

    let deadline = clock::now() + Duration::from_secs(10);
    let topic = router.topic(topic, deadline).await?;
    let partition = topic.partition(partition).ok_or("no such partition")?;
    let leader = partition.leader.ok_or("no leader at the moment")?;
    let cluster = router.cluster();
    Ok(cluster.broker(leader).ok_or("not a live broker")?.clone())
}
