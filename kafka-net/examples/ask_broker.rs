//! Asks a broker what it speaks and which cluster it is of:
//! `cargo run -p kafka-net --example ask_broker [host:port]`.

use std::time::Duration;

use kafka_net::{Environment, Error, Lane, NetConfig, Pool, SendOptions, clock};
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, DescribeClusterResponse,
};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("localhost:9092");
    let (versions, cluster) = ask(address).await?;
    println!("{address} serves {} APIs", versions.api_keys.len());
    println!("It is of cluster {}", cluster.cluster_id);
    for broker in &cluster.brokers {
        println!("{} is {}:{}", broker.broker_id, broker.host, broker.port);
    }
    Ok(())
}

/// The whole of it.
pub async fn ask(broker: &str) -> Result<(ApiVersionsResponse, DescribeClusterResponse), Error> {
    let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
    let deadline = clock::now() + Duration::from_secs(10);
    let connecting = pool.connection(&broker.parse()?, Lane::Control, deadline);
    let connection = connecting.await?;
    let options = SendOptions::new(Duration::from_secs(5));

    // Brokers want to know from whom this comes (KIP-511).
    let versions = ApiVersionsRequest::new()
        .with_client_software_name("ask-broker")
        .with_client_software_version("1.0");
    let versions = connection.request(&versions, &options).await?;
    let cluster = DescribeClusterRequest::new();
    let cluster = connection.request(&cluster, &options).await?;
    pool.close(deadline).await;
    Ok((versions, cluster))
}
