//! What faults change in an answer that is otherwise right.

use std::any::Any;

use kafka_protocol::messages::{AnyResponse, FetchResponse, MetadataResponse, ProduceResponse};

use super::condition::Target;
use super::plan::Plan;
use super::throttle::tell_throttle;
use crate::cluster::Cluster;

impl Plan {
    /// Changes an answer as the faults want it. An answer of an API that a fault
    /// means nothing to stays as it is.
    pub(crate) fn edit(&self, cluster: &Cluster, response: &mut dyn Any) {
        if !self.throttle.is_zero() {
            tell_throttle(response, self.throttle);
        }
        if !self.omitted.is_empty() || !self.repeated.is_empty() || !self.redirected.is_empty() {
            self.edit_partitions(cluster, response);
        }
        if let Some(metadata) = response.downcast_mut::<MetadataResponse>() {
            if self.no_brokers {
                metadata.brokers.clear();
            }
            self.make_stale(metadata);
        }
    }

    /// The same, for an answer that was made elsewhere.
    pub(crate) fn edited(&self, cluster: &Cluster, response: &AnyResponse) -> Option<AnyResponse> {
        if self.throttle.is_zero() && self.omitted.is_empty() && self.repeated.is_empty() {
            return None;
        }
        let mut response = response.clone();
        match &mut response {
            AnyResponse::Produce(response) => self.edit(cluster, response),
            AnyResponse::JoinGroup(response) => self.edit(cluster, response),
            AnyResponse::SyncGroup(response) => self.edit(cluster, response),
            _ => return None,
        }
        Some(response)
    }

    fn edit_partitions(&self, cluster: &Cluster, response: &mut dyn Any) {
        if let Some(produce) = response.downcast_mut::<ProduceResponse>() {
            for topic in &mut produce.responses {
                let name = cluster
                    .name_of(topic.topic_id)
                    .unwrap_or(&topic.name)
                    .clone();
                self.edit_list(&name, &mut topic.partition_responses, |p| p.index);
            }
        } else if let Some(fetch) = response.downcast_mut::<FetchResponse>() {
            for topic in &mut fetch.responses {
                let name = cluster
                    .name_of(topic.topic_id)
                    .unwrap_or(&topic.topic)
                    .clone();
                self.edit_list(&name, &mut topic.partitions, |p| p.partition_index);
                for (target, to) in &self.redirected {
                    let wanted = |index| target.topic == name && target.partition == Some(index);
                    let partitions = topic.partitions.iter_mut();
                    for partition in partitions.filter(|p| wanted(p.partition_index)) {
                        partition.preferred_read_replica = *to;
                        partition.records = None;
                    }
                }
            }
        } else if let Some(metadata) = response.downcast_mut::<MetadataResponse>() {
            for topic in &mut metadata.topics {
                let name = topic.name.clone().unwrap_or_default();
                topic
                    .partitions
                    .retain(|p| !names(&self.omitted, &name, p.partition_index));
            }
        }
    }

    fn edit_list<P: Clone>(&self, topic: &str, partitions: &mut Vec<P>, index: fn(&P) -> i32) {
        partitions.retain(|p| !names(&self.omitted, topic, index(p)));
        let again: Vec<P> = partitions
            .iter()
            .filter(|p| names(&self.repeated, topic, index(p)))
            .cloned()
            .collect();
        partitions.extend(again);
    }

    fn make_stale(&self, metadata: &mut MetadataResponse) {
        for topic in &mut metadata.topics {
            let name = topic.name.clone().unwrap_or_default();
            for partition in &mut topic.partitions {
                if partition.leader_epoch < 1
                    || !names(&self.stale, &name, partition.partition_index)
                {
                    continue;
                }
                partition.leader_epoch -= 1;
                let leader = partition.leader_id;
                let other = partition.replica_nodes.iter().find(|id| **id != leader);
                partition.leader_id = other.copied().unwrap_or(leader);
            }
        }
    }
}

/// Whether a partition is among the targets; one without a number is all of its
/// topic.
fn names(targets: &[Target], topic: &str, partition: i32) -> bool {
    targets.iter().any(|target| {
        target.topic.as_str() == topic && target.partition.is_none_or(|number| number == partition)
    })
}
