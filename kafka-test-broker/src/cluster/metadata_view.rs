//! What a broker tells of the cluster: as it is, or as it was when the broker last heard
//! of changes.

use std::collections::BTreeMap;

use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::{Broker, Cluster, Partition, Topic, is_internal};

/// What a broker knows that hears of no changes.
#[derive(Clone, Debug)]
pub(crate) struct MetadataView {
    pub brokers: Vec<MetadataResponseBroker>,
    pub controller: Option<i32>,
    pub topics: BTreeMap<StrBytes, MetadataResponseTopic>,
    pub names: BTreeMap<Uuid, StrBytes>,
    /// How many answers told of it.
    pub told: u64,
}

impl Cluster {
    /// The brokers that clients are told of.
    pub(crate) fn described_brokers(&self) -> Vec<MetadataResponseBroker> {
        let active = self.brokers().filter(|broker| broker.is_active());
        let described = active.map(|broker| {
            MetadataResponseBroker::new()
                .with_node_id(broker.id)
                .with_host(broker.host.clone())
                .with_port(i32::from(broker.port))
                .with_rack(broker.rack.clone())
        });
        described.collect()
    }

    /// A topic as `broker` sees it.
    pub(crate) fn described_topic(&self, broker: i32, topic: &Topic) -> MetadataResponseTopic {
        let partitions = topic.partitions.iter().zip(0..);
        let partitions =
            partitions.map(|(partition, index)| self.described_partition(broker, partition, index));
        MetadataResponseTopic::new()
            .with_name(topic.name.clone())
            .with_topic_id(topic.id)
            .with_is_internal(is_internal(&topic.name))
            .with_partitions(partitions.collect::<Vec<_>>())
    }

    /// From now on a broker tells of brokers, topics and leaders what is true now, or again
    /// what is true at the time. How often it told of what was true before.
    pub(crate) fn hold_back_metadata(&mut self, id: i32, hold: bool) -> u64 {
        let view = hold.then(|| MetadataView {
            brokers: self.described_brokers(),
            controller: self.controller(),
            topics: self
                .topics()
                .map(|topic| (topic.name.clone(), self.described_topic(id, topic)))
                .collect(),
            names: self.names.clone(),
            told: 0,
        });
        let Some(broker) = self.brokers.get_mut(&id).filter(|broker| broker.up) else {
            return 0;
        };
        let before = std::mem::replace(&mut broker.metadata_view, view.map(Box::new));
        before.map_or(0, |view| view.told)
    }

    /// A broker whose metadata may be held back has told of it.
    pub(crate) fn count_late_metadata(&mut self, id: i32) {
        let broker = self.brokers.get_mut(&id);
        if let Some(view) = broker.and_then(|broker| broker.metadata_view.as_deref_mut()) {
            view.told += 1;
        }
    }

    fn described_partition(
        &self,
        broker: i32,
        partition: &Partition,
        index: i32,
    ) -> MetadataResponsePartition {
        let partition = partition.seen_by(broker);
        let is_up = |id: i32| self.broker(id).is_some_and(Broker::can_lead);
        let replicas = partition.replicas.iter().copied();
        let offline: Vec<i32> = replicas.filter(|replica| !is_up(*replica)).collect();
        let error = match partition.leader {
            None => ErrorCode::LeaderNotAvailable,
            Some(_) => ErrorCode::None,
        };
        MetadataResponsePartition::new()
            .with_error_code(error.code())
            .with_partition_index(index)
            .with_leader_id(partition.leader.unwrap_or(-1))
            .with_leader_epoch(partition.leader_epoch)
            .with_replica_nodes(partition.replicas.clone())
            .with_isr_nodes(partition.isr.clone())
            .with_offline_replicas(offline)
    }
}
