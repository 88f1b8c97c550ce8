use kafka_protocol::ErrorCode;

use super::reassignment::Reassignment;
use super::replication::Replication;
use crate::log::{CheckedBatch, EpochHistory, PartitionLog};
use crate::producer_state::{ProducerError, ProducerRules, ProducerStates, Verdict};

/// One partition: who holds it, who leads it, and what is in it.
///
/// There is one log, the leader's. Every replica has all of it or a beginning,
/// as [`Replication`] knows. Whoever leads next cuts it to what it has: what
/// other replicas had beyond is gone, as they give it up when they follow.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    /// Brokers that hold the partition, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Those of the replicas that are in sync: never empty, for the last ones
    /// stay when they go down.
    pub isr: Vec<i32>,
    /// `None` while no in-sync replica is up.
    pub leader: Option<i32>,
    pub leader_epoch: i32,
    pub log: PartitionLog,
    pub epochs: EpochHistory,
    pub producers: ProducerStates,
    pub replication: Replication,
    /// Where the partition is going, if it moves to other brokers.
    pub reassigning: Option<Reassignment>,
    /// Brokers whose disk with this partition failed.
    pub offline: Vec<i32>,
    /// The partition as leaders see it that were cut off, and do not know that
    /// they were replaced.
    stale: Vec<Partition>,
}

/// Where a batch came to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub base_offset: i64,
    /// The batch was there already, and nothing was appended.
    pub duplicate_with_timestamp: Option<i64>,
}

/// Bytes that came within the reach of consumers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readable {
    pub bytes: usize,
    /// For those who read committed records only.
    pub stable_bytes: usize,
}

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplicaEnd {
    /// The offset after its last record.
    pub end_offset: i64,
    /// The first offset that it gives to no consumer.
    pub high_watermark: i64,
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
            replication: Replication::default(),
            reassigning: None,
            offline: Vec::new(),
            stale: Vec::new(),
        }
    }

    /// The partition as `broker` sees it, which may not know of a new leader.
    pub(crate) fn seen_by(&self, broker: i32) -> &Self {
        let stale = self.stale.iter().find(|own| own.leader == Some(broker));
        stale.unwrap_or(self)
    }

    /// The partition as `broker` sees it, which may not know of a new leader.
    pub(crate) fn seen_by_mut(&mut self, broker: i32) -> &mut Self {
        let mut stale = self.stale.iter();
        match stale.position(|own| own.leader == Some(broker)) {
            Some(at) => &mut self.stale[at],
            None => self,
        }
    }

    /// Whether `broker` may serve, as the leader, a client that believes the
    /// leader's epoch to be `epoch` (-1: it does not say; KIP-320).
    pub(crate) fn check_leader(&self, broker: i32, epoch: i32) -> Result<(), ErrorCode> {
        self.check_replica(broker, epoch)?;
        if self.leader != Some(broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        Ok(())
    }

    /// Whether `broker` may serve such a client, be it leader or follower
    /// (KIP-392).
    pub(crate) fn check_replica(&self, broker: i32, epoch: i32) -> Result<(), ErrorCode> {
        if self.offline.contains(&broker) {
            return Err(ErrorCode::KafkaStorageError);
        }
        if !self.replicas.contains(&broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        if epoch >= 0 && epoch < self.leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if epoch > self.leader_epoch {
            return Err(ErrorCode::UnknownLeaderEpoch);
        }
        Ok(())
    }

    /// The first offset that a consumer does not get.
    pub(crate) fn high_watermark(&self) -> i64 {
        self.replication.high_watermark()
    }

    /// The first offset that those do not get who read committed records only,
    /// at a replica with this high watermark.
    pub(crate) fn last_stable_offset(&self, high_watermark: i64) -> i64 {
        let unstable = self.producers.first_unstable_offset(high_watermark);
        let unstable = unstable.map(|unstable| unstable.max(self.log.start_offset()));
        unstable.map_or(high_watermark, |unstable| unstable.min(high_watermark))
    }

    /// How far the replica of `broker` has come.
    pub(crate) fn replica(&self, broker: i32) -> ReplicaEnd {
        if self.leader == Some(broker) {
            return ReplicaEnd {
                end_offset: self.log.end_offset(),
                high_watermark: self.high_watermark(),
            };
        }
        ReplicaEnd {
            end_offset: self.replication.end_of(broker, self.log.end_offset()),
            high_watermark: self.replication.high_watermark_of(broker),
        }
    }

    /// Appends `batch`, unless its producer's sequence forbids it.
    pub(crate) fn append(
        &mut self,
        batch: &CheckedBatch,
        wall_ms: i64,
    ) -> Result<Appended, ProducerError> {
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

    /// Moves the high watermark up to what all in sync have, unless they are
    /// fewer than `least_in_sync` (KIP-966). Returns what consumers can read
    /// more.
    pub(crate) fn advance(&mut self, least_in_sync: usize) -> Readable {
        if self.leader.is_none() || self.isr.len() < least_in_sync {
            return Readable::default();
        }
        let before = self.high_watermark();
        let stable_before = self.last_stable_offset(before);
        if !self.replication.advance(&self.isr, self.log.end_offset()) {
            return Readable::default();
        }
        let after = self.high_watermark();
        self.producers.on_high_watermark(after);
        let stable_after = self.last_stable_offset(after);
        Readable {
            bytes: self.log.bytes_between(before, after),
            stable_bytes: self.log.bytes_between(stable_before, stable_after),
        }
    }

    /// Makes `leader` the leader, in a new epoch; `None` leaves the partition
    /// without one. What the new leader does not have is cut off.
    pub(crate) fn elect(&mut self, leader: Option<i32>) {
        self.leader_epoch += 1;
        self.leader = leader;
        let Some(leader) = leader else {
            return;
        };
        self.truncate(self.replication.end_of(leader, self.log.end_offset()));
        self.replication.catches_up(leader);
        if !self.isr.contains(&leader) {
            // An unclean election: nobody else can be told to have the same.
            self.isr = vec![leader];
        }
        self.epochs.begin(self.leader_epoch, self.log.end_offset());
    }

    /// Cuts off what lies at `offset` and beyond, at every replica.
    pub(crate) fn truncate(&mut self, offset: i64) {
        if offset >= self.log.end_offset() {
            return;
        }
        self.log.truncate(offset);
        self.epochs.truncate(offset);
        self.replication.truncate(self.log.end_offset());
        let end = self.log.end_offset();
        self.producers = self.producers.truncated(end, self.log.batches());
    }

    /// Forgets what is only known of records before the log's start.
    pub(crate) fn on_log_start(&mut self, rules: ProducerRules) {
        let start = self.log.start_offset();
        self.producers.on_log_start(start, rules);
        self.epochs.start_at(start);
    }

    /// Lets `broker`, which leads and is cut off, go on with a log of its own.
    pub(crate) fn fork(&mut self, broker: i32) {
        let own = Self {
            stale: Vec::new(),
            ..self.clone()
        };
        self.stale.retain(|stale| stale.leader != Some(broker));
        self.stale.push(own);
    }

    /// Ends what `broker` did for itself: it learns who leads. If nobody led
    /// meanwhile, and it was in sync, what it did is the partition's.
    pub(crate) fn rejoin(&mut self, broker: i32) {
        let mut stale = self.stale.iter();
        let Some(at) = stale.position(|own| own.leader == Some(broker)) else {
            return;
        };
        let own = self.stale.swap_remove(at);
        let nobody_led = self.epochs.latest() == Some(own.leader_epoch);
        if self.leader.is_none() && nobody_led && self.isr.contains(&broker) {
            self.log = own.log;
            self.epochs = own.epochs;
            self.producers = own.producers;
            self.replication = own.replication;
        }
    }
}
