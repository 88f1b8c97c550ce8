//! Producers that note each value's outcome.

use kafka_client::{Delivery, Error, Idempotence, Kafka, Record};

use super::{Failed, Plan, Shared, TOPIC};
use crate::checker::Outcome;
use crate::world::World;

/// Sends the plan's records and waits for each outcome.
pub(super) async fn run(
    world: World,
    kafka: Kafka,
    plan: Plan,
    number: usize,
    shared: Shared,
) -> Result<(), Failed> {
    let idempotence = if plan.idempotent {
        Idempotence::Required
    } else {
        Idempotence::Disabled
    };
    let producer = kafka
        .producer()
        .idempotence(idempotence)
        .linger(plan.linger)
        .batch_size(plan.batch_size)
        .max_in_flight(plan.max_in_flight)
        .compression(plan.compression)
        .delivery_timeout(plan.delivery_timeout)
        .request_timeout(plan.request_timeout)
        .build()
        .await?;
    let mut waiting = Vec::with_capacity(plan.records);
    for n in 0..plan.records {
        let value = value(number, n, plan.value_size);
        let mut record = Record::to(TOPIC).value(value.clone());
        if plan.keyed {
            record = record.key(format!("key {}", n % 17));
        }
        let place = shared.lock().history.sent(number, value);
        match producer.send(record).await {
            Ok(delivery) => waiting.push((place, delivery)),
            // Refused at the door: never accepted, so never written.
            Err(error) => {
                world
                    .trace()
                    .note(format_args!("send {number}.{n} refused: {error}"));
                shared
                    .lock()
                    .history
                    .resolve(number, place, Outcome::NotWritten);
            }
        }
        if !plan.pause.is_zero() {
            tokio::time::sleep(plan.pause).await;
        }
    }
    for (place, delivery) in waiting {
        let outcome = outcome(delivery).await;
        world
            .trace()
            .note(format_args!("sent {number}.{place} {outcome:?}"));
        shared.lock().history.resolve(number, place, outcome);
    }
    producer.close(std::time::Duration::from_secs(30)).await?;
    Ok(())
}

async fn outcome(delivery: Delivery) -> Outcome {
    match delivery.await {
        Ok(ack) => Outcome::Delivered {
            partition: ack.partition,
            offset: ack.offset,
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> Outcome {
    if error.possibly_written() {
        Outcome::Unknown
    } else {
        Outcome::NotWritten
    }
}

/// A value that no other send of the run has.
fn value(producer: usize, n: usize, size: usize) -> String {
    let mut value = format!("producer {producer} record {n} ");
    while value.len() < size {
        value.push(char::from(b'a' + (value.len() % 26) as u8));
    }
    value
}
