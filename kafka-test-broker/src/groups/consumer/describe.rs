use kafka_protocol::messages::consumer_group_describe as api;

use super::assignor::Partitions;
use super::member::{Member, without_epochs};
use super::{ConsumerGroup, Topics};

impl ConsumerGroup {
    /// The group as ConsumerGroupDescribe shows it.
    pub(crate) fn describe(&self, topics: &dyn Topics) -> api::DescribedGroup {
        let none = Partitions::new();
        let members = self.members.values().map(|member| {
            let target = self.target.get(&member.id).unwrap_or(&none);
            describe_member(member, target, topics)
        });
        api::DescribedGroup::new()
            .with_group_id(self.id.clone())
            .with_group_state(self.state().name())
            .with_group_epoch(self.epoch)
            .with_assignment_epoch(self.target_epoch)
            .with_assignor_name(self.assignor().name())
            .with_members(members.collect::<Vec<_>>())
    }
}

fn describe_member(member: &Member, target: &Partitions, topics: &dyn Topics) -> api::Member {
    // Until it has given them up, a member has its partitions.
    let mut has = without_epochs(&member.assigned);
    for (topic, partitions) in without_epochs(&member.revoking) {
        has.entry(topic).or_default().extend(partitions);
    }
    api::Member::new()
        .with_member_id(member.id.clone())
        .with_instance_id(member.instance_id.clone())
        .with_rack_id(member.rack_id.clone())
        .with_member_epoch(member.epoch)
        .with_client_id(member.client_id.clone())
        .with_client_host(member.client_host.clone())
        .with_subscribed_topic_names(member.topics.iter().cloned().collect::<Vec<_>>())
        .with_subscribed_topic_regex(Some(member.regex.clone()))
        .with_assignment(assignment(&has, topics))
        .with_target_assignment(assignment(target, topics))
        .with_member_type(i8::from(!member.uses_classic_protocol()))
}

/// The partitions of topics that still exist.
fn assignment(partitions: &Partitions, topics: &dyn Topics) -> api::Assignment {
    let topics = partitions.iter().filter_map(|(id, partitions)| {
        let topic = api::TopicPartitions::new()
            .with_topic_id(*id)
            .with_topic_name(topics.name_of(*id)?)
            .with_partitions(partitions.iter().copied().collect::<Vec<_>>());
        Some(topic)
    });
    api::Assignment::new().with_topic_partitions(topics.collect::<Vec<_>>())
}
