//! How fast simulated time runs.

use std::time::Duration;

use kafka_client::{Assignment, Error, Record, Start};

use crate::network::LinkProfile;
use crate::world::{Simulation, World};

/// What ran: see [`run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Virtual time.
    pub virtual_time: Duration,
    /// Records delivered.
    pub delivered: usize,
    /// Records read.
    pub read: usize,
}

/// Clients, each with a producer and a consumer.
const CLIENTS: i32 = 10;

/// Time between two records of a client.
const INTERVAL: Duration = Duration::from_millis(100);

/// Three brokers and ten clients, for so much virtual time: each client produces ten
/// records a second to a partition of its own and reads them all the while, from brokers
/// that hold a fetch until there is something.
///
/// # Errors
///
/// What a client said that could not go on.
pub fn run(seconds: u64) -> Result<Amount, Error> {
    let time = Duration::from_secs(seconds);
    let run = Simulation::new(1)
        .brokers(3)
        .watch_wire(false)
        .time_limit(time * 2 + Duration::from_secs(60))
        .run(move |world| async move {
            world.network().set_profile(LinkProfile::default());
            world.cluster().create_topic("events", CLIENTS);
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| tokio::spawn(client(world.clone(), number, time)))
                .collect();
            let (mut delivered, mut read) = (0, 0);
            for client in clients {
                let (sent, seen) = client
                    .await
                    .map_err(|_| Error::closed("a client's task"))??;
                delivered += sent;
                read += seen;
            }
            Ok(Amount {
                virtual_time: world.trace().virtual_time(),
                delivered,
                read,
            })
        });
    run.output
        .map_err(|stuck| Error::timeout(stuck, time * 2))?
}

async fn client(world: World, number: i32, time: Duration) -> Result<(usize, usize), Error> {
    let kafka = world.kafka().connect().await?;
    let producer = kafka.producer().build().await?;
    let own = Assignment::new("events", number, Start::Earliest);
    let mut consumer = kafka.consumer().assign([own]).build().await?;
    let records = (time.as_millis() / INTERVAL.as_millis()) as usize;
    let reading = tokio::spawn(async move {
        let mut read = 0;
        while read < records {
            match consumer.next_batch().await? {
                Some(batch) => read += batch.len(),
                None => break,
            }
        }
        Ok::<_, Error>(read)
    });
    let mut delivered = 0;
    let mut waiting = Vec::new();
    for n in 0..records {
        let record = Record::to("events")
            .partition(number)
            .value(format!("{number} {n}"));
        waiting.push(producer.send(record).await?);
        if waiting.len() == 100 {
            for delivery in waiting.drain(..) {
                delivery.await?;
                delivered += 1;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
    for delivery in waiting {
        delivery.await?;
        delivered += 1;
    }
    let read = reading
        .await
        .map_err(|_| Error::closed("a reader's task"))??;
    kafka.close(Duration::from_secs(10)).await?;
    Ok((delivered, read))
}
