use kafka_protocol::StrBytes;

use crate::cluster::{Cluster, Partition};

/// Who leads a partition, told to a client that asked the wrong broker
/// (KIP-951).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeaderHint {
    /// -1 when nobody does.
    pub leader_id: i32,
    pub leader_epoch: i32,
}

/// Where a leader that was hinted at is reached.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeaderAddress {
    pub id: i32,
    pub host: StrBytes,
    pub port: i32,
}

/// The hints of one answer, each leader's address once.
#[derive(Debug, Default)]
pub(super) struct LeaderHints {
    pub addresses: Vec<LeaderAddress>,
}

impl LeaderHints {
    /// The hint for one partition; notes its leader's address.
    pub(super) fn hint(&mut self, cluster: &Cluster, partition: &Partition) -> LeaderHint {
        let leader = partition.leader.and_then(|id| cluster.broker(id));
        if let Some(leader) = leader
            && !self.addresses.iter().any(|address| address.id == leader.id)
        {
            self.addresses.push(LeaderAddress {
                id: leader.id,
                host: leader.host.clone(),
                port: i32::from(leader.port),
            });
        }
        LeaderHint {
            leader_id: leader.map_or(-1, |leader| leader.id),
            leader_epoch: partition.leader_epoch,
        }
    }
}
