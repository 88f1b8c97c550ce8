//! What a test does to brokers and replicas, beyond stopping and starting them.

use crate::test_cluster::TestCluster;

impl TestCluster {
    /// The first offset of a partition that consumers do not get yet: the end of
    /// what every in-sync replica has. 0 when there is no such partition.
    pub fn high_watermark(&self, topic: &str, partition: i32) -> i64 {
        self.look_at(topic, partition, |partition| partition.high_watermark())
            .unwrap_or(0)
    }

    /// The brokers whose replicas of a partition are in sync. Empty when there
    /// is no such partition.
    pub fn in_sync_replicas(&self, topic: &str, partition: i32) -> Vec<i32> {
        self.look_at(topic, partition, |partition| partition.isr.clone())
            .unwrap_or_default()
    }

    /// Cuts a broker off from the other brokers and from the controller, while
    /// clients still reach it.
    ///
    /// Nobody copies from it, nor it from anybody. After `broker.session.timeout.ms`
    /// (9 s) the controller gives what it leads to other in-sync replicas; the
    /// broker itself goes on as the leader until [`TestCluster::reconnect_broker`].
    /// What it took with acks=1 meanwhile is lost then, and acks=all times out,
    /// unless it alone was in sync and nobody took its place. Nothing happens to
    /// one that is down, cut off already, or does not exist.
    pub fn cut_off_broker(&self, id: i32) {
        self.change_now(|cluster, moment| cluster.cut_off(id, moment));
    }

    /// Joins a broker that was cut off to the others again. It learns who leads,
    /// and is in sync at once.
    pub fn reconnect_broker(&self, id: i32) {
        self.change_now(|cluster, moment| cluster.rejoin(id, moment));
    }

    /// Holds back all replicas that a broker follows, until
    /// [`TestCluster::release_replicas`]. They stay in sync for as long as
    /// `replica.lag.time.max.ms` (30 s) allows, and then leave the in-sync
    /// replicas. Meanwhile the high watermark stands still, and acks=all waits.
    pub fn hold_back_replicas(&self, broker: i32) {
        self.change_now(|cluster, moment| cluster.hold_back(broker, true, moment));
    }

    /// Lets replicas that were held back go on: they have everything, and are
    /// in sync, at once.
    pub fn release_replicas(&self, broker: i32) {
        self.change_now(|cluster, moment| cluster.hold_back(broker, false, moment));
    }

    /// Holds back from a broker what the controller decides: until
    /// [`TestCluster::release_metadata`], or until it stops, its metadata answers tell of
    /// the brokers, topics and leaders that there are now. So it is with a KRaft broker that
    /// reads the metadata log late. It leads and follows as before, and nothing happens to
    /// one that is down.
    pub fn hold_back_metadata(&self, broker: i32) {
        self.change_now(|cluster, _| {
            let _ = cluster.hold_back_metadata(broker, true);
        });
    }

    /// Lets a broker whose metadata was held back learn all at once. Returns how many of
    /// its metadata answers told of how things were; none if it stopped in between.
    pub fn release_metadata(&self, broker: i32) -> u64 {
        self.change_now(|cluster, _| cluster.hold_back_metadata(broker, false))
    }

    /// Fails the disk of a broker: it serves, but answers KAFKA_STORAGE_ERROR for
    /// all its partitions, and others lead them. So it is when a disk is full.
    pub fn fail_disk(&self, broker: i32) {
        self.change_now(|cluster, moment| cluster.fail_disk(broker, true, moment));
    }

    /// Mends the disk of a broker, with all that was on it.
    pub fn mend_disk(&self, broker: i32) {
        self.change_now(|cluster, moment| cluster.fail_disk(broker, false, moment));
    }

    /// Makes broker `to` the leader of a partition, in sync or not, in a new
    /// epoch: an unclean election. What `to` does not have is lost. Returns
    /// whether it did: not when `to` holds no replica, is down, cut off for long,
    /// or its disk failed.
    pub fn elect_unclean(&self, topic: &str, partition: i32, to: i32) -> bool {
        self.change_now(|cluster, moment| cluster.elect_unclean(topic, partition, to, moment))
    }

    /// Cuts off the records of a partition at `offset` and beyond, and begins a
    /// new leader epoch there, as if a replica that has no more were elected.
    /// Returns whether there is such a partition, with a leader.
    pub fn truncate(&self, topic: &str, partition: i32, offset: i64) -> bool {
        self.change_now(|cluster, moment| cluster.truncate(topic, partition, offset, moment))
    }

    /// Begins a new segment of a partition's log, so that what is there can be
    /// removed and compacted. Returns whether there is such a partition.
    pub fn roll_segment(&self, topic: &str, partition: i32) -> bool {
        self.change_now(|cluster, moment| cluster.roll(topic, partition, moment))
    }

    /// Removes the segments of a partition that `retention.ms` and
    /// `retention.bytes` of its topic no longer keep, by the brokers' wall
    /// clock. Returns whether any went.
    pub fn expire(&self, topic: &str, partition: i32) -> bool {
        self.change_now(|cluster, moment| cluster.expire(topic, partition, moment))
    }

    /// Compacts all segments of a partition but the last one, if the
    /// `cleanup.policy` of its topic has `compact`: of each key the last record
    /// stays; tombstones and transaction markers go `delete.retention.ms` after
    /// they were compacted first. Returns whether there was anything to do.
    pub fn compact(&self, topic: &str, partition: i32) -> bool {
        self.change_now(|cluster, moment| cluster.compact(topic, partition, moment))
    }
}
