//! What the log has of a group, and what becomes of it when another broker takes
//! over.

use bytes::Bytes;
use kafka_protocol::internal_topics::consumer_offsets::classic::{
    GroupMetadataValue, MemberMetadata,
};
use kafka_protocol::{ErrorCode, StrBytes};

use super::join::refused;
use super::{ClassicGroup, ClassicState, Member, Protocol};
use crate::cluster::Moment;
use crate::groups::{GroupSettings, Reply};

impl ClassicGroup {
    /// Its coordinator lost it: see [`crate::groups::Group::unload`].
    pub(crate) fn unload(mut self) -> (Vec<Reply>, Option<Self>) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            let response = refused(ErrorCode::NotCoordinator).with_member_id(id.clone());
            self.answer_join(&id, response);
            self.answer_sync(&id, ErrorCode::NotCoordinator);
        }
        let replies = self.take_replies();
        let group = self
            .logged
            .map(|record| Self::load(self.id, self.settings, record));
        (replies, group)
    }

    /// A coordinator has read the group: sessions begin anew.
    pub(crate) fn loaded(&mut self, moment: Moment) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            self.prolong(&id, moment.now);
        }
    }

    /// Writes the group to the log as it is now.
    pub(super) fn log(&mut self) {
        let members = self.members.values().map(|member| {
            MemberMetadata::new()
                .with_member_id(member.id.clone())
                .with_group_instance_id(member.instance_id.clone())
                .with_client_id(member.client_id.clone())
                .with_client_host(member.client_host.clone())
                .with_rebalance_timeout(member.rebalance_timeout_ms)
                .with_session_timeout(member.session_timeout_ms)
                .with_subscription(member.metadata(self.protocol.as_ref()))
                .with_assignment(member.assignment.clone())
        });
        let record = GroupMetadataValue::new()
            .with_protocol_type(self.protocol_type.clone().unwrap_or_default())
            .with_generation(self.generation)
            .with_protocol(self.protocol.clone())
            .with_leader(self.leader.clone())
            .with_current_state_timestamp(self.state_since_ms)
            .with_members(members.collect::<Vec<_>>());
        self.logged = Some(record);
    }

    /// Writes a new group to the log, whatever happens to it yet.
    pub(crate) fn log_new(&mut self) {
        let record = GroupMetadataValue::new()
            .with_protocol(None)
            .with_leader(None)
            .with_current_state_timestamp(self.state_since_ms);
        self.logged.get_or_insert(record);
    }

    /// The group as the log has it. No timeout runs.
    fn load(id: StrBytes, settings: GroupSettings, record: GroupMetadataValue) -> Self {
        let mut group = Self::new(&id, settings, record.current_state_timestamp);
        group.generation = record.generation;
        let of_nothing = record.protocol_type.is_empty();
        group.protocol_type = (!of_nothing).then(|| record.protocol_type.clone());
        group.protocol.clone_from(&record.protocol);
        group.leader.clone_from(&record.leader);
        for member in &record.members {
            let id = member.member_id.clone();
            if let Some(instance) = &member.group_instance_id {
                group.static_members.insert(instance.clone(), id.clone());
            }
            group.members.insert(id, read_member(member, &record));
        }
        if !group.members.is_empty() {
            group.state = ClassicState::Stable;
        }
        group.subscribed = group.read_subscriptions();
        group.logged = Some(record);
        group
    }
}

fn read_member(member: &MemberMetadata, record: &GroupMetadataValue) -> Member {
    Member {
        id: member.member_id.clone(),
        instance_id: member.group_instance_id.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        rebalance_timeout_ms: match member.rebalance_timeout {
            -1 => member.session_timeout,
            timeout => timeout,
        },
        session_timeout_ms: member.session_timeout,
        // Of all its protocols the log has the group's alone.
        protocols: vec![Protocol {
            name: record.protocol.clone().unwrap_or_default(),
            metadata: Bytes::clone(&member.subscription),
        }],
        assignment: member.assignment.clone(),
        joining: None,
        syncing: None,
        is_new: false,
        session_due: None,
    }
}
