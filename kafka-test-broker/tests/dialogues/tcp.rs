//! The same brokers over real sockets.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use kafka_protocol::messages::{FetchRequest, MetadataRequest, ProduceRequest};
use kafka_protocol::{ErrorCode, Uuid};
use kafka_test_broker::TestCluster;
use tokio::net::TcpStream;

use crate::client::{Client, batch, code, fetch, produce, records, the_data, the_partition};

async fn connect(cluster: &TestCluster, broker: i32) -> std::io::Result<Client> {
    let (host, port) = cluster.broker_address(broker).unwrap();
    Ok(Client::new(TcpStream::connect((host, port)).await?))
}

#[tokio::test]
async fn three_lines_are_enough() {
    let cluster = TestCluster::start().await.unwrap();
    cluster.create_topic("t", 1);
    let mut client = Client::new(TcpStream::connect(cluster.bootstrap()).await.unwrap());
    let request = produce("t", Uuid::ZERO, 0, Some(batch(&["a", "b"])));
    let answer = the_partition(client.call(&request, 9).await);
    assert_eq!(
        (code(answer.error_code), answer.base_offset),
        (ErrorCode::None, 0)
    );
    let read = records(client.fetch("t", 0, 0).await.records);
    assert_eq!(read, [(0, "a".to_owned()), (1, "b".to_owned())]);
}

#[tokio::test]
async fn every_broker_is_where_metadata_says() {
    let cluster = TestCluster::builder().brokers(3).start().await.unwrap();
    let mut client = connect(&cluster, 2).await.unwrap();
    let brokers = client.call(&MetadataRequest::new(), 9).await.brokers;
    let addresses: Vec<_> = brokers
        .iter()
        .map(|broker| format!("{}:{}", broker.host, broker.port))
        .collect();
    assert_eq!(addresses.join(","), cluster.bootstrap());
    for broker in brokers {
        let address = (broker.host.to_string(), broker.port as u16);
        assert_eq!(cluster.broker_address(broker.node_id), Some(address));
        let mut client = connect(&cluster, broker.node_id).await.unwrap();
        client.call(&MetadataRequest::new(), 9).await;
    }
}

#[tokio::test]
async fn ports_count_up_and_a_taken_one_is_an_error() {
    // Whoever else may take the ports meanwhile, some run of three is free.
    for _ in 0..20 {
        let free = TestCluster::start().await.unwrap();
        let (_, port) = free.broker_address(1).unwrap();
        drop(free);
        let first = SocketAddr::from(([127, 0, 0, 1], port));
        let builder = || TestCluster::builder().brokers(3).listen(first);
        let Ok(cluster) = builder().start().await else {
            continue;
        };
        let ports: Vec<_> = (1..=3)
            .map(|id| cluster.broker_address(id).unwrap().1)
            .collect();
        assert_eq!(ports, [port, port + 1, port + 2]);
        let taken = builder().start().await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        return;
    }
    panic!("no three ports in a row are free");
}

#[tokio::test]
async fn advertised_host_is_told_and_topics_are_checked() {
    let builder = TestCluster::builder().advertised_host("localhost");
    let cluster = builder.start().await.unwrap();
    let port = cluster.broker_address(1).unwrap().1;
    assert_eq!(cluster.bootstrap(), format!("localhost:{port}"));
    let wrong = TestCluster::builder()
        .topic("no name", 1)
        .start()
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn stopped_broker_refuses_at_once_and_returns_to_its_port() {
    let cluster = TestCluster::builder().brokers(2).start().await.unwrap();
    cluster.create_topic_on("t", &[&[1]], &[]);
    for round in 0..3 {
        let mut client = connect(&cluster, 1).await.unwrap();
        let answer = the_partition(
            client
                .call(&produce("t", Uuid::ZERO, 0, Some(batch(&["a"]))), 9)
                .await,
        );
        assert_eq!(answer.base_offset, round);
        cluster.stop_broker(1);
        let refused = connect(&cluster, 1).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        client.expect_closed().await;
        assert!(connect(&cluster, 2).await.is_ok());
        assert!(cluster.start_broker(1));
    }
    assert_eq!(cluster.end_offset("t", 0), 3);
}

#[tokio::test]
async fn brokers_end_with_the_last_handle() {
    let cluster = TestCluster::start().await.unwrap();
    let address = cluster.bootstrap();
    let mut client = connect(&cluster, 1).await.unwrap();
    client.call(&MetadataRequest::new(), 9).await;
    let other = cluster.clone();
    drop(cluster);
    client.call(&MetadataRequest::new(), 9).await;
    drop(other);
    client.expect_closed().await;
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn start_outside_of_a_runtime_is_an_error() {
    let outside = std::thread::spawn(|| {
        let mut starting = std::pin::pin!(TestCluster::start());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        starting.as_mut().poll(&mut context)
    });
    let std::task::Poll::Ready(result) = outside.join().unwrap() else {
        panic!("it waits")
    };
    assert!(result.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabytes_there_and_back_over_several_connections() {
    let cluster = TestCluster::builder()
        .brokers(2)
        .default_partitions(2)
        .start()
        .await
        .unwrap();
    cluster.create_topic_on("t", &[&[1], &[2]], &[]);
    let value = "v".repeat(1_000);
    let values: Vec<&str> = std::iter::repeat_n(value.as_str(), 900).collect();
    let tasks: Vec<_> = (0..2)
        .map(|partition| {
            let (cluster, records) = (cluster.clone(), batch(&values));
            tokio::spawn(async move {
                let mut client = connect(&cluster, partition + 1).await.unwrap();
                let request = produce("t", Uuid::ZERO, partition, Some(records));
                for _ in 0..20 {
                    client.send(&request, 9).await;
                }
                for _ in 0..20 {
                    client.frame().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for partition in 0..2 {
        assert_eq!(cluster.end_offset("t", partition), 20 * 900);
        let mut client = connect(&cluster, partition + 1).await.unwrap();
        let mut offset = 0;
        while offset < 20 * 900 {
            let mut request = fetch("t", partition, offset);
            request.topics[0].partitions[0].partition_max_bytes = 10 << 20;
            let data = the_data(client.call(&request, 12).await);
            let mut bytes = data.records.unwrap().into_bytes();
            let limits = kafka_protocol::records::BatchLimits::default();
            while let Some(batch) =
                kafka_protocol::records::RecordBatch::parse(&mut bytes, &limits).unwrap()
            {
                assert_eq!(batch.base_offset(), offset);
                offset = batch.next_offset();
            }
        }
    }
}

#[tokio::test]
async fn client_that_does_not_read_holds_up_nobody() {
    let cluster = TestCluster::start().await.unwrap();
    cluster.create_topic("t", 1);
    let value = "v".repeat(1_000_000);
    let mut client = connect(&cluster, 1).await.unwrap();
    for _ in 0..8 {
        client.produce("t", 0, batch(&[&value])).await;
    }
    let mut request = fetch("t", 0, 0);
    request.topics[0].partitions[0].partition_max_bytes = 50 << 20;
    let mut deaf = connect(&cluster, 1).await.unwrap();
    for _ in 0..4 {
        deaf.send(&request, 12).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = client.produce("t", 0, batch(&["b"])).await;
    assert_eq!(code(answer.error_code), ErrorCode::None);
    // A broker that stops lets it go too.
    cluster.stop_broker(1);
    client.expect_closed().await;
    deaf.bytes().await;
}

#[tokio::test]
async fn long_poll_over_a_socket() {
    let cluster = TestCluster::start().await.unwrap();
    cluster.create_topic("t", 1);
    let mut consumer = connect(&cluster, 1).await.unwrap();
    let mut producer = connect(&cluster, 1).await.unwrap();
    consumer
        .send(&fetch("t", 0, 0).with_max_wait_ms(60_000), 12)
        .await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    producer
        .send(&produce("t", Uuid::ZERO, 0, Some(batch(&["a"]))), 9)
        .await;
    let read = records(the_data(consumer.answer::<FetchRequest>(12).await).records);
    assert_eq!(read, [(0, "a".to_owned())]);
    producer.answer::<ProduceRequest>(9).await;
}
