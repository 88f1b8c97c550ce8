//! Consumer groups in their cluster: where a request finds its group, and what
//! groups see of the topics.

use kafka_protocol::messages::consumer_group_describe::DescribedGroup;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, JoinGroupResponse,
    SyncGroupResponse,
};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::member::AWAY;
use super::{Client, ConsumerGroup, Refusal, TopicInfo, Topics, heartbeat};
use crate::cluster::{Cluster, Moment};
use crate::groups::Group;
use crate::groups::classic::{Joining, Syncing, Waiter};

/// The feature without which there are no consumer groups.
const FEATURE: &str = "group.version";

/// The epoch of a member that leaves for good.
const LEAVES: i32 = -1;

/// The first version in which JoinGroup may answer without a protocol.
const FIRST_VERSION_OF_NULL_PROTOCOL: i16 = 7;

/// Where the group of a heartbeat comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Known,
    Made,
    /// It takes the place of a classic one.
    Classic,
}

impl Topics for Cluster {
    fn by_name(&self, name: &str) -> Option<TopicInfo> {
        let topic = self.topic(name)?;
        Some(TopicInfo {
            id: topic.id,
            partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
        })
    }

    fn name_of(&self, id: Uuid) -> Option<StrBytes> {
        self.name_of(id).cloned()
    }

    fn names(&self) -> Box<dyn Iterator<Item = &StrBytes> + '_> {
        Box::new(self.topics().map(|topic| &topic.name))
    }

    fn created(&self) -> usize {
        self.topics_created()
    }
}

impl Cluster {
    /// Whether the cluster has consumer groups at all.
    pub(crate) fn has_consumer_groups(&self) -> bool {
        self.features.level(FEATURE) > 0
    }

    /// A member of a consumer group joins, stays or leaves. A group is made for
    /// whoever joins one that is not there, or an empty one of the classic
    /// protocol.
    ///
    /// # Errors
    ///
    /// `GROUP_ID_NOT_FOUND`, and those of [`heartbeat::validate`],
    /// [`ConsumerGroup::heartbeat`] and [`ConsumerGroup::leave`].
    pub(crate) fn consumer_group_heartbeat(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        version: i16,
        client: Client,
        moment: Moment,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        heartbeat::validate(request, version)?;
        let answer = match request.member_epoch {
            LEAVES | AWAY => self.leave_consumer_group(request, moment),
            _ => self.stay_in_consumer_group(request, client, moment),
        };
        self.touch_group(&request.group_id);
        answer
    }

    fn stay_in_consumer_group(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        client: Client,
        moment: Moment,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        let id = &request.group_id;
        let (mut group, origin) = self.consumer_group_for(request, moment)?;
        let member_id = match request.member_id.is_empty() {
            true => StrBytes::from(self.groups.random_id().to_string()),
            false => request.member_id.clone(),
        };
        let answer = group.heartbeat(request, &member_id, client, self, moment);
        // Nothing is made, and nothing converted, for whoever is refused.
        if answer.is_ok()
            && origin == Origin::Classic
            && let Some(Group::Classic(classic)) = self.groups.remove(id)
        {
            self.groups.replies.extend(classic.give_way());
        }
        if answer.is_ok() || origin == Origin::Known {
            self.groups.insert(id, Group::consumer(group));
        }
        answer
    }

    /// The group that a heartbeat is for, made where there is none and the member
    /// joins.
    fn consumer_group_for(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        moment: Moment,
    ) -> Result<(ConsumerGroup, Origin), Refusal> {
        let id = &request.group_id;
        let joins = request.member_epoch == 0;
        let settings = self.groups.settings;
        match self.groups.get(id) {
            None if joins => Ok((ConsumerGroup::new(id, settings), Origin::Made)),
            None => Err(not_found(id)),
            Some(Group::Classic(classic)) if joins && classic.is_empty() => {
                Ok((ConsumerGroup::new(id, settings), Origin::Classic))
            }
            Some(Group::Classic(classic)) if joins => {
                let group = ConsumerGroup::from_classic(id, classic, settings, self, moment)?;
                Ok((group, Origin::Classic))
            }
            Some(Group::Classic(_)) => Err(not_of_consumers(id)),
            Some(Group::Consumer(_)) => match self.groups.remove(id) {
                Some(Group::Consumer(group)) => Ok((*group, Origin::Known)),
                _ => Err(not_found(id)),
            },
        }
    }

    fn leave_consumer_group(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        moment: Moment,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        let id = &request.group_id;
        let epoch = request.member_epoch;
        let group = self.groups.get_mut(id).ok_or_else(|| not_found(id))?;
        let Group::Consumer(consumer) = group else {
            return Err(not_of_consumers(id));
        };
        consumer.leave(&request.member_id, epoch, request.instance_id.as_deref())?;
        group.settle(moment);
        let response = ConsumerGroupHeartbeatResponse::new();
        Ok(response
            .with_member_id(Some(request.member_id.clone()))
            .with_member_epoch(epoch))
    }

    /// A client of the classic protocol joins a group of whatever kind. The answer
    /// is among the groups' replies, at once or later.
    pub(crate) fn join_group(&mut self, id: &StrBytes, mut joining: Joining, moment: Moment) {
        let Some((mut group, waiter)) = self.take_for_classic(id, joining.waiter) else {
            return self.groups.join(id, joining, moment);
        };
        joining.fresh_id = StrBytes::from(self.groups.random_id().to_string());
        let joined = group.join_classic(&joining, self, moment);
        let response = joined.unwrap_or_else(|(code, member_id)| {
            JoinGroupResponse::new()
                .with_error_code(code.code())
                .with_protocol_name(
                    (waiter.version < FIRST_VERSION_OF_NULL_PROTOCOL).then(StrBytes::default),
                )
                .with_member_id(member_id)
        });
        self.groups.replies.push((waiter.ticket, response.into()));
        self.put_back(id, group, moment);
    }

    /// A member of the classic protocol asks for its assignment in a group of
    /// whatever kind. The answer is among the groups' replies, at once or later.
    pub(crate) fn sync_group(&mut self, id: &StrBytes, syncing: Syncing, moment: Moment) {
        let Some((mut group, waiter)) = self.take_for_classic(id, syncing.waiter) else {
            return self.groups.sync(id, syncing, moment);
        };
        let response = match group.sync_classic(&syncing, self, moment) {
            Err(code) => SyncGroupResponse::new().with_error_code(code.code()),
            Ok(assignment) => SyncGroupResponse::new()
                .with_protocol_type(syncing.protocol_type)
                .with_protocol_name(syncing.protocol_name)
                .with_assignment(assignment),
        };
        self.groups.replies.push((waiter.ticket, response.into()));
        self.put_back(id, group, moment);
    }

    /// Takes out the consumer group that a request of the classic protocol is for;
    /// an empty one is as good as none.
    fn take_for_classic(&mut self, id: &str, waiter: Waiter) -> Option<(ConsumerGroup, Waiter)> {
        match self.groups.get(id)? {
            Group::Consumer(group) if !group.is_empty() => match self.groups.remove(id)? {
                Group::Consumer(group) => Some((*group, waiter)),
                Group::Classic(_) => None,
            },
            _ => None,
        }
    }

    fn put_back(&mut self, id: &str, group: ConsumerGroup, moment: Moment) {
        let mut group = Group::consumer(group);
        group.settle(moment);
        self.groups.insert(id, group);
    }

    /// The group as ConsumerGroupDescribe shows it.
    ///
    /// # Errors
    ///
    /// `GROUP_ID_NOT_FOUND`.
    pub(crate) fn describe_consumer_group(&self, id: &str) -> Result<DescribedGroup, Refusal> {
        match self.groups.get(id) {
            Some(Group::Consumer(group)) => Ok(group.describe(self)),
            Some(_) => Err(not_of_consumers(id)),
            None => Err(not_found(id)),
        }
    }
}

/// In Kafka's words, which its tools show to people.
fn not_found(id: &str) -> Refusal {
    Refusal::new(ErrorCode::GroupIdNotFound, format!("Group {id} not found."))
}

/// See [`not_found`].
fn not_of_consumers(id: &str) -> Refusal {
    let message = format!("Group {id} is not a consumer group.");
    Refusal::new(ErrorCode::GroupIdNotFound, message)
}
