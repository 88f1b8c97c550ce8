//! Many records in one call.

use kafka_net::Error;

use crate::building::size_bound;
use crate::delivery::Delivery;
use crate::queue::Append;
use crate::record::RecordRef;

use super::{TopicProducer, new_record};

/// Records whose partitions are chosen ahead of taking a lock.
const RUN: usize = 64;

impl TopicProducer {
    /// Hands records to the producer in order, waiting for memory as needed;
    /// takes a partition's lock once for records that follow each other there.
    ///
    /// The handle of each record that was accepted is pushed to `deliveries`,
    /// also when a later one is not: so their number says how far it came, after
    /// an error and after this was dropped.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), for the first record that was not accepted.
    pub async fn send_batch(
        &mut self,
        records: &[RecordRef<'_>],
        deliveries: &mut Vec<Delivery>,
    ) -> Result<(), Error> {
        let mut rest = records;
        loop {
            let accepted = self.append_run(rest, deliveries);
            rest = rest.get(accepted..).unwrap_or_default();
            let Some((first, after)) = rest.split_first() else {
                return Ok(());
            };
            // The first one of a batch, or one that something is wrong with.
            deliveries.push(self.send(*first).await?);
            rest = after;
        }
    }

    /// Appends what has room in batches that are open, as far as the first
    /// record that has not; how many that were.
    fn append_run(&mut self, records: &[RecordRef<'_>], deliveries: &mut Vec<Delivery>) -> usize {
        self.refresh();
        let Some(first) = records.first() else {
            return 0;
        };
        let sticks = |record: &RecordRef<'_>| record.key.is_none() && record.partition.is_none();
        let Some(stay) = self.stay.filter(|_| sticks(first)) else {
            return 0;
        };
        let Some(partition) = self.view.partition(stay) else {
            return 0;
        };
        let topic = &self.view.topic;
        let mut run = 0;
        for record in records.iter().take(RUN) {
            if !sticks(record) {
                break;
            }
            let next = match self.ahead.take() {
                Some(ahead) => ahead,
                None => self.chooser.choose(None, topic, &self.random),
            };
            if next != stay {
                // A chooser that goes round must not lose a turn by being asked.
                self.ahead = Some(next);
                break;
            }
            run += 1;
        }
        let wall_ms = self.handle.shared().wall_ms();
        let mut accepted = 0;
        let mut told = None;
        {
            let mut queue = partition.queue();
            for record in records.iter().take(run) {
                let timestamp = record.timestamp.unwrap_or(wall_ms);
                let new = new_record(record, timestamp);
                match queue.append(&new, size_bound(&new), false, None) {
                    Append::Done {
                        completion, index, ..
                    } => {
                        deliveries.push(Delivery::new(completion, index, timestamp));
                        accepted += 1;
                    }
                    Append::WouldOpen { edge } | Append::NoRoom { edge, .. } => {
                        told = edge;
                        break;
                    }
                    Append::Refused(_) => break,
                }
            }
        }
        partition.tell(told);
        accepted
    }
}
