use kafka_protocol::ErrorCode;

use crate::log::{CheckedBatch, EpochHistory, PartitionLog};
use crate::producer_state::{ProducerStates, SequenceError, Verdict};

/// One partition: who holds it, who leads it, and what is in it.
///
/// There is one log for all replicas: replication is instantaneous, so the high
/// watermark is always the end of the log, and whoever leads next has it all.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Brokers that hold the partition, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Those of the replicas that are in sync: the ones that are up, or the last
    /// ones that were.
    pub isr: Vec<i32>,
    /// `None` while no in-sync replica is up.
    pub leader: Option<i32>,
    pub leader_epoch: i32,
    pub log: PartitionLog,
    pub epochs: EpochHistory,
    pub producers: ProducerStates,
}

/// Where a batch came to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub base_offset: i64,
    /// The batch was there already, and nothing was appended.
    pub duplicate_with_timestamp: Option<i64>,
}

impl Partition {
    /// An empty partition led by the first of `replicas` that is `up`.
    pub(crate) fn new(replicas: Vec<i32>, up: impl Fn(i32) -> bool) -> Self {
        let mut isr: Vec<i32> = replicas.iter().copied().filter(|id| up(*id)).collect();
        let leader = isr.first().copied();
        if leader.is_none() {
            isr.extend(replicas.first());
        }
        let mut epochs = EpochHistory::default();
        epochs.begin(0, 0);
        Self {
            leader,
            replicas,
            isr,
            leader_epoch: 0,
            log: PartitionLog::default(),
            epochs,
            producers: ProducerStates::default(),
        }
    }

    /// Whether `broker` may serve a client that believes the leader's epoch to
    /// be `epoch` (-1: it does not say; KIP-320).
    pub(crate) fn check_leader(&self, broker: i32, epoch: i32) -> Result<(), ErrorCode> {
        if !self.replicas.contains(&broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        if epoch >= 0 && epoch < self.leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if epoch > self.leader_epoch {
            return Err(ErrorCode::UnknownLeaderEpoch);
        }
        if self.leader != Some(broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        Ok(())
    }

    /// Appends `batch`, unless its producer's sequence forbids it.
    pub(crate) fn append(
        &mut self,
        batch: &CheckedBatch,
        wall_ms: i64,
    ) -> Result<Appended, SequenceError> {
        if let Some(sequenced) = &batch.sequenced
            && let Verdict::Duplicate(seen) = self.producers.check(sequenced)?
        {
            return Ok(Appended {
                base_offset: seen.base_offset,
                duplicate_with_timestamp: Some(seen.timestamp),
            });
        }
        let base_offset = self.log.append(batch, self.leader_epoch, wall_ms);
        if let Some(sequenced) = &batch.sequenced {
            self.producers
                .appended(sequenced, base_offset, batch.max_timestamp);
        }
        Ok(Appended {
            base_offset,
            duplicate_with_timestamp: None,
        })
    }

    /// Makes `leader` the leader, in a new epoch; `None` leaves the partition
    /// without one.
    pub(crate) fn elect(&mut self, leader: Option<i32>) {
        self.leader = leader;
        self.leader_epoch += 1;
        if leader.is_some() {
            self.epochs.begin(self.leader_epoch, self.log.end_offset());
        }
    }
}
