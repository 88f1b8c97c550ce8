//! Readers that note what they are handed, and the ground truth they are held against.

use kafka_client::{Assignment, Batch, Consumer, Kafka, OffsetReset, Start};
use kafka_protocol::records::BatchLimits;
use kafka_test_broker::TestCluster;

use super::{Failed, Plan, Shared, TOPIC};
use crate::history::{ConsumerId, Isolation};
use crate::world::World;

/// When a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    UnderFaults,
    /// After healing: what it reads is what there is.
    Healed,
}

/// A consumer of all partitions from their beginning.
pub(super) struct Reader {
    consumer: Consumer,
    id: ConsumerId,
    stage: Stage,
    /// Next offset by partition.
    next: Vec<i64>,
    world: World,
    shared: Shared,
}

impl Reader {
    pub(super) async fn start(
        world: &World,
        kafka: &Kafka,
        plan: &Plan,
        shared: &Shared,
        stage: Stage,
    ) -> Result<Self, Failed> {
        let consumer = kafka
            .consumer()
            .offset_reset(OffsetReset::Fail)
            .partition_fetch_bytes(plan.fetch_partition_bytes)
            .prefetch_bytes(plan.prefetch_bytes)
            .request_timeout(plan.request_timeout)
            .assign((0..plan.partitions).map(|p| Assignment::new(TOPIC, p, Start::Earliest)))
            .build()
            .await?;
        let isolation = Isolation::ReadUncommitted;
        let mut observed = shared.lock();
        let id = match stage {
            Stage::UnderFaults => observed.history.consumer("reader", isolation),
            Stage::Healed => observed.history.fresh_consumer("fresh reader", isolation),
        };
        let now = world.trace().virtual_time();
        for partition in 0..plan.partitions {
            let log = observed.log(partition);
            observed.history.assign(now, id, log, Some(0));
        }
        Ok(Self {
            consumer,
            id,
            stage,
            next: vec![0; plan.partitions as usize],
            world: world.clone(),
            shared: shared.clone(),
        })
    }

    /// Reads on until it is aborted.
    pub(super) async fn follow(mut self) {
        loop {
            match self.consumer.next_batch().await {
                Ok(Some(batch)) => self.note(&batch),
                Ok(None) => return,
                Err(error) => {
                    let trace = self.world.trace();
                    trace.note(format_args!("reader {:?}: {error}", self.stage));
                }
            }
        }
    }

    /// Reads until every partition has reached the end given.
    pub(super) async fn read_to(mut self, ends: Vec<i64>) -> Result<(), Failed> {
        while self.next.iter().zip(&ends).any(|(next, end)| next < end) {
            let Some(batch) = self.consumer.next_batch().await? else {
                return Err(Failed::new("the consumer ended before the log did"));
            };
            self.note(&batch);
        }
        self.consumer
            .close(std::time::Duration::from_secs(10))
            .await?;
        Ok(())
    }

    fn note(&mut self, batch: &Batch) {
        let partition = batch.partition();
        if let Some(next) = self.next.get_mut(partition as usize) {
            *next = batch.next_offset();
        }
        self.world.trace().note(format_args!(
            "reader {:?} partition {partition}: {} records to {}",
            self.stage,
            batch.len(),
            batch.next_offset(),
        ));
        let now = self.world.trace().virtual_time();
        let mut observed = self.shared.lock();
        let log = observed.log(partition);
        let records = batch.records();
        let records = records.map(|r| (r.offset(), r.value().unwrap_or_default()));
        observed.history.poll(now, self.id, log, records);
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
