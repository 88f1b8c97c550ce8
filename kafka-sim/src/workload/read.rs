//! Readers that note what they are handed, and the ground truth they are held against.

use kafka_client::{Assignment, Batch, Consumer, Kafka, OffsetReset, Start};
use kafka_protocol::records::BatchLimits;
use kafka_test_broker::TestCluster;

use super::{Failed, Plan, Shared, TOPIC};
use crate::world::World;

/// A consumer of all partitions from their beginning.
pub(super) struct Reader {
    consumer: Consumer,
    number: usize,
    /// Next offset by partition.
    next: Vec<i64>,
}

impl Reader {
    pub(super) async fn start(kafka: &Kafka, plan: &Plan, number: usize) -> Result<Self, Failed> {
        let consumer = kafka
            .consumer()
            .offset_reset(OffsetReset::Fail)
            .partition_fetch_bytes(plan.fetch_partition_bytes)
            .prefetch_bytes(plan.prefetch_bytes)
            .request_timeout(plan.request_timeout)
            .assign((0..plan.partitions).map(|p| Assignment::new(TOPIC, p, Start::Earliest)))
            .build()
            .await?;
        Ok(Self {
            consumer,
            number,
            next: vec![0; plan.partitions as usize],
        })
    }

    /// Reads on until it is aborted; what it reads is held against the log while it does,
    /// by way of the trace only, since it may be stopped anywhere.
    pub(super) async fn follow(mut self, world: World, _shared: Shared) {
        loop {
            match self.consumer.next_batch().await {
                Ok(Some(batch)) => self.advance(&batch, &world, |_, _, _| {}),
                Ok(None) => return,
                Err(error) => world
                    .trace()
                    .note(format_args!("reader {}: {error}", self.number)),
            }
        }
    }

    /// Reads until every partition has reached the end given.
    pub(super) async fn read_to(
        mut self,
        ends: Vec<i64>,
        world: World,
        shared: Shared,
    ) -> Result<(), Failed> {
        while self.next.iter().zip(&ends).any(|(next, end)| next < end) {
            let Some(batch) = self.consumer.next_batch().await? else {
                return Err(Failed::new("the consumer ended before the log did"));
            };
            let number = self.number;
            self.advance(&batch, &world, |partition, offset, value| {
                shared.lock().history.read(number, partition, offset, value);
            });
        }
        self.consumer
            .close(std::time::Duration::from_secs(10))
            .await?;
        Ok(())
    }

    fn advance(&mut self, batch: &Batch, world: &World, mut note: impl FnMut(i32, i64, String)) {
        let partition = batch.partition();
        for record in batch {
            note(partition, record.offset(), text(record.value()));
            if let Some(next) = self.next.get_mut(partition as usize) {
                *next = record.offset() + 1;
            }
        }
        world.trace().note(format_args!(
            "reader {} partition {partition}: {} records to {:?}",
            self.number,
            batch.len(),
            self.next.get(partition as usize),
        ));
    }
}

/// Offset and value of every record that a partition's log holds.
pub(super) fn stored(cluster: &TestCluster, topic: &str, partition: i32) -> Vec<(i64, String)> {
    let limits = BatchLimits::default();
    let mut found = Vec::new();
    for batch in cluster.log(topic, partition) {
        match batch.decompress(&limits) {
            Ok(records) => {
                for record in &records {
                    found.push((record.offset(), text(record.value())));
                }
            }
            Err(error) => found.push((batch.base_offset(), format!("unreadable batch: {error}"))),
        }
    }
    found
}

fn text(value: Option<&[u8]>) -> String {
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}
