//! A classic group that becomes a consumer group, or was one (KIP-848).

use std::collections::BTreeMap;

use kafka_protocol::{ErrorCode, StrBytes};

use super::join::refused;
use super::{CONSUMER, ClassicGroup, ClassicState, Member};
use crate::cluster::Moment;
use crate::groups::{GroupSettings, Reply};

impl ClassicGroup {
    /// A stable group of what is left of a consumer group, with its epoch for a
    /// generation.
    pub(crate) fn of_consumers(
        id: &str,
        settings: GroupSettings,
        generation: i32,
        members: Vec<Member>,
        moment: Moment,
    ) -> Self {
        let mut group = Self::new(id, settings, moment.wall_ms);
        group.state = ClassicState::Stable;
        group.generation = generation;
        group.protocol_type = Some(StrBytes::from_static(CONSUMER));
        group.leader = members.first().map(|member| member.id.clone());
        let statics = members.iter().filter_map(|member| {
            let instance_id = member.instance_id.clone()?;
            Some((instance_id, member.id.clone()))
        });
        group.static_members = statics.collect::<BTreeMap<_, _>>();
        let members = members.into_iter();
        group.members = members.map(|member| (member.id.clone(), member)).collect();
        group.protocol = group.select_protocol();
        group.subscribed = group.read_subscriptions();
        group.log();
        group.loaded(moment);
        group
    }

    /// Has its members join again.
    pub(crate) fn rebalance_now(&mut self, moment: Moment) {
        self.prepare_rebalance(moment);
    }

    /// Gives way to a consumer group: whoever waits is told to join again.
    pub(crate) fn give_way(mut self) -> Vec<Reply> {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            let response = refused(ErrorCode::RebalanceInProgress).with_member_id(id.clone());
            self.answer_join(&id, response);
            self.answer_sync(&id, ErrorCode::RebalanceInProgress);
        }
        self.take_replies()
    }
}
