//! Producers that note each value's outcome.

use kafka_client::{Delivery, Error, Idempotence, Kafka, Record};

use super::{Failed, Plan, Shared, TOPIC};
use crate::history::{Promise, SendOutcome};
use crate::world::World;

/// Sends the plan's records and waits for each outcome.
pub(super) async fn run(
    world: World,
    kafka: Kafka,
    plan: Plan,
    number: usize,
    shared: Shared,
) -> Result<(), Failed> {
    let (idempotence, promise) = if plan.idempotent {
        (Idempotence::Required, Promise::ExactlyOnce)
    } else {
        (Idempotence::Disabled, Promise::AtLeastOnce)
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
    let id = shared
        .lock()
        .history
        .producer(format!("producer {number}"), promise);
    let mut waiting = Vec::with_capacity(plan.records);
    for n in 0..plan.records {
        let value = value(number, n, plan.value_size);
        let mut record = Record::to(TOPIC).value(value.clone());
        if plan.keyed {
            record = record.key(format!("key {}", n % 17));
        }
        let now = world.trace().virtual_time();
        let send = shared.lock().history.send(now, id, value);
        match producer.send(record).await {
            Ok(delivery) => waiting.push((n, send, delivery)),
            // Refused at the door: never accepted, so never written.
            Err(error) => {
                world
                    .trace()
                    .note(format_args!("send {number}.{n} refused: {error}"));
                let now = world.trace().virtual_time();
                let outcome = SendOutcome::Failed;
                shared.lock().history.resolve(now, send, outcome);
            }
        }
        if !plan.pause.is_zero() {
            tokio::time::sleep(plan.pause).await;
        }
    }
    for (n, send, delivery) in waiting {
        let outcome = outcome(delivery, &shared).await;
        world
            .trace()
            .note(format_args!("sent {number}.{n} {outcome:?}"));
        let now = world.trace().virtual_time();
        shared.lock().history.resolve(now, send, outcome);
    }
    producer.close(std::time::Duration::from_secs(30)).await?;
    Ok(())
}

async fn outcome(delivery: Delivery, shared: &Shared) -> SendOutcome {
    match delivery.await {
        Ok(ack) => SendOutcome::Acknowledged {
            log: shared.lock().log(ack.partition),
            offset: ack.offset,
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> SendOutcome {
    if error.possibly_written() {
        SendOutcome::Indeterminate
    } else {
        SendOutcome::Failed
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
