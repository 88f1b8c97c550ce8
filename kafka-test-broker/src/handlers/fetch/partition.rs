use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch::{
    AbortedTransaction, EpochEndOffset, FetchPartition, PartitionData,
};
use kafka_protocol::{ErrorCode, RecordBytes};

use super::super::Context;
use crate::cluster::{Partition, WantedPartition};
use crate::log::{ReadLimit, corrupted, for_old_consumer};

/// The first version that can carry record batches of magic 2.
const FIRST_VERSION_OF_BATCHES: i16 = 4;

/// The last version that gets no message whole that is larger than the limit
/// (KIP-74).
const LAST_VERSION_OF_HARD_LIMITS: i16 = 2;

/// The first version whose clients know KAFKA_STORAGE_ERROR.
const FIRST_VERSION_OF_STORAGE_ERRORS: i16 = 6;

/// The first version that followers serve too, and leaders point to them.
const FIRST_VERSION_OF_FOLLOWERS: i16 = 11;

/// The isolation level of those who want committed records only.
const READ_COMMITTED: i8 = 1;

/// Reads one partition after the other under the limits of the whole request.
pub(super) struct PartitionReader<'a> {
    context: &'a Context<'a>,
    request: &'a FetchRequest,
    /// What the answer may still hold.
    room: usize,
    /// What it holds.
    pub bytes: usize,
    /// There was an error, a divergence, or a better replica to read from.
    pub at_once: bool,
}

impl<'a> PartitionReader<'a> {
    pub(super) fn new(context: &'a Context<'a>, request: &'a FetchRequest, room: usize) -> Self {
        Self {
            context,
            request,
            room,
            bytes: 0,
            at_once: false,
        }
    }

    /// Reads one partition, or says why not.
    pub(super) fn read(&mut self, wanted: &WantedPartition) -> PartitionData {
        let read = self.find(wanted).and_then(|partition| {
            let data = self.read_from(partition, &wanted.wanted);
            // Unlike places that do not exist, this ends the wait of all.
            self.at_once |= data.is_err();
            data
        });
        read.unwrap_or_else(|code| self.failed(code))
    }

    /// The partition as this broker has it.
    fn find(&mut self, wanted: &WantedPartition) -> Result<&'a Partition, ErrorCode> {
        let context = self.context;
        let name = wanted.topic.as_deref().ok_or(ErrorCode::UnknownTopicId)?;
        let index = wanted.wanted.partition;
        if let Some(injected) = context.plan.error(name, index) {
            // A topic that one may not read is as one that does not exist.
            self.at_once |= context.plan.whole().is_some() || context.plan.refusal(name).is_none();
            return Err(injected.code);
        }
        let topic = context.cluster.topic(name);
        let found = topic.and_then(|topic| Some((topic.id, topic.partition(index)?)));
        let (id, partition) = found.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if !wanted.topic_id.is_zero() && wanted.topic_id != id {
            self.at_once = true;
            return Err(ErrorCode::InconsistentTopicId);
        }
        Ok(partition.seen_by(context.broker))
    }

    fn read_from(
        &mut self,
        partition: &Partition,
        wanted: &FetchPartition,
    ) -> Result<PartitionData, ErrorCode> {
        let context = self.context;
        // Replicas copy from the leader only, and old clients know no others.
        let from_any = context.version >= FIRST_VERSION_OF_FOLLOWERS && self.request.replica_id < 0;
        if from_any {
            partition.check_replica(context.broker, wanted.current_leader_epoch)?;
        } else {
            partition.check_leader(context.broker, wanted.current_leader_epoch)?;
        }
        let log = &partition.log;
        let replica = partition.replica(context.broker);
        let last_stable_offset = partition.last_stable_offset(replica.high_watermark);
        let mut data = empty()
            .with_high_watermark(replica.high_watermark)
            .with_last_stable_offset(last_stable_offset)
            .with_log_start_offset(log.start_offset());
        let preferred = (partition.leader == Some(context.broker) && from_any)
            .then(|| self.preferred_replica(partition, wanted.fetch_offset))
            .flatten();
        if let Some(preferred) = preferred {
            data.preferred_read_replica = preferred;
            self.at_once = true;
            return Ok(data);
        }
        let committed = reads_committed(self.request);
        if committed {
            data.aborted_transactions = Some(Vec::new());
        }
        if let Some(diverging) = divergence(partition, wanted, replica.end_offset)? {
            data.diverging_epoch = diverging;
            self.at_once = true;
            return Ok(data);
        }
        if !(log.start_offset()..=replica.end_offset).contains(&wanted.fetch_offset) {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        // Replicas, and who looks for faults, read to the very end.
        let end = if committed {
            last_stable_offset
        } else if self.request.replica_id == -1 {
            replica.high_watermark
        } else {
            replica.end_offset
        };
        // The oldest versions get as many bytes as they ask for, whatever these hold.
        let cut = context.version <= LAST_VERSION_OF_HARD_LIMITS;
        let records = log.read(
            wanted.fetch_offset,
            end,
            ReadLimit {
                max_bytes: usize::try_from(wanted.partition_max_bytes)
                    .unwrap_or(0)
                    .min(self.room),
                at_least_one_batch: self.bytes == 0 || cut,
                cut_last_batch: context.cluster.config.cut_last_batch,
            },
        );
        let records = if context.version < FIRST_VERSION_OF_BATCHES && !records.is_empty() {
            if !context.cluster.config.era.converts_records() {
                return Err(ErrorCode::UnsupportedVersion);
            }
            let records = for_old_consumer(records, context.version, wanted.fetch_offset)?;
            let most = usize::try_from(wanted.partition_max_bytes).unwrap_or(0);
            if cut && records.len() > most {
                RecordBytes::from(records.into_bytes().slice(..most))
            } else {
                records
            }
        } else {
            records
        };
        if committed && wanted.fetch_offset < end {
            data.aborted_transactions = Some(aborted(partition, wanted, records.len()));
        }
        self.room = self.room.saturating_sub(records.len());
        self.bytes += records.len();
        Ok(data.with_records(if context.plan.corrupt_records {
            corrupted(records)
        } else {
            records
        }))
    }

    /// The replica in the client's rack that it had better read from: of those
    /// in sync, the one that has most (KIP-392). `None` for the leader itself.
    fn preferred_replica(&self, partition: &Partition, offset: i64) -> Option<i32> {
        let rack = &self.request.rack_id;
        let brokers = &self.context.cluster;
        let nearby = |id: &i32| {
            let broker = brokers.broker(*id).filter(|broker| broker.is_active());
            broker.is_some_and(|broker| broker.rack.as_ref() == Some(rack))
        };
        if rack.is_empty() || nearby(&partition.leader?) {
            return None;
        }
        let has = |id: &i32| {
            let start = partition.log.start_offset();
            (start..=partition.replica(*id).end_offset).contains(&offset)
        };
        partition
            .isr
            .iter()
            .copied()
            .filter(|id| nearby(id) && has(id))
            .max_by_key(|id| (partition.replica(*id).end_offset, *id))
    }

    fn failed(&self, code: ErrorCode) -> PartitionData {
        // Kafka answers where places do not exist with another list.
        let unknown = [
            ErrorCode::UnknownTopicId,
            ErrorCode::UnknownTopicOrPartition,
            ErrorCode::TopicAuthorizationFailed,
        ];
        let aborted = unknown.contains(&code).then(Vec::new);
        let version = self.context.version;
        let code = match code {
            ErrorCode::KafkaStorageError if version < FIRST_VERSION_OF_STORAGE_ERRORS => {
                ErrorCode::NotLeaderOrFollower
            }
            code => code,
        };
        empty()
            .with_error_code(code.code())
            .with_high_watermark(-1)
            .with_aborted_transactions(aborted)
    }
}

fn empty() -> PartitionData {
    PartitionData::new()
        .with_aborted_transactions(None)
        .with_records(RecordBytes::new())
}

/// Whether a client wants committed records only. Replicas want all.
pub(super) fn reads_committed(request: &FetchRequest) -> bool {
    request.isolation_level == READ_COMMITTED && request.replica_id == -1
}

/// The transactions of which a reader that gets so many bytes has to know that
/// they were aborted.
fn aborted(partition: &Partition, wanted: &FetchPartition, len: usize) -> Vec<AbortedTransaction> {
    let from = wanted.fetch_offset;
    let to = partition.log.upper_bound(from, len);
    let aborted = partition.producers.aborted_between(from, to);
    let aborted = aborted.into_iter().map(|aborted| {
        AbortedTransaction::new()
            .with_producer_id(aborted.producer_id)
            .with_first_offset(aborted.first_offset)
    });
    aborted.collect()
}

/// Where the log parted from what the client has read, if it did (KIP-595).
fn divergence(
    partition: &Partition,
    wanted: &FetchPartition,
    log_end: i64,
) -> Result<Option<EpochEndOffset>, ErrorCode> {
    if wanted.last_fetched_epoch < 0 {
        return Ok(None);
    }
    let end = partition
        .epochs
        .end_of(wanted.last_fetched_epoch, log_end)
        .ok_or(ErrorCode::OffsetOutOfRange)?;
    if wanted.fetch_offset < partition.log.start_offset() {
        return Err(ErrorCode::OffsetOutOfRange);
    }
    let diverges = end.epoch < wanted.last_fetched_epoch || end.end_offset < wanted.fetch_offset;
    Ok(diverges.then(|| {
        EpochEndOffset::new()
            .with_epoch(end.epoch)
            .with_end_offset(end.end_offset)
    }))
}
