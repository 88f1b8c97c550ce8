//! The requests of the classic protocol, and which group they reach.

use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::classic::{Joining, Leaving, Syncing};
use super::{Group, Groups};
use crate::cluster::Moment;

impl Groups {
    /// A client joins a group that is classic, or none, or empty: one that is not
    /// there is made for a newcomer alone. The answer is among the group's replies.
    pub(super) fn join(&mut self, id: &StrBytes, joining: Joining, moment: Moment) {
        if matches!(self.groups.get(id), Some(Group::Consumer(_))) {
            self.groups.remove(id);
        }
        let is_new = !self.groups.contains_key(id);
        if is_new && !joining.member_id.is_empty() {
            let response = JoinGroupResponse::new()
                .with_error_code(ErrorCode::UnknownMemberId.code())
                .with_protocol_name((joining.waiter.version < 7).then(StrBytes::default))
                .with_member_id(joining.member_id);
            return self.replies.push((joining.waiter.ticket, response.into()));
        }
        if let Group::Classic(group) = self.ensure(id, moment) {
            group.join(joining, moment);
            if is_new {
                group.log_new();
            }
        }
    }

    /// A member of a classic group asks for its assignment. The answer is among
    /// the group's replies.
    pub(super) fn sync(&mut self, id: &str, syncing: Syncing, moment: Moment) {
        match self.groups.get_mut(id) {
            Some(Group::Classic(group)) => group.sync(syncing, moment),
            _ => {
                let code = ErrorCode::UnknownMemberId.code();
                let response = SyncGroupResponse::new().with_error_code(code);
                self.replies.push((syncing.waiter.ticket, response.into()));
            }
        }
    }
}

impl Group {
    /// See [`super::ClassicGroup::heartbeat`].
    pub(crate) fn heartbeat(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.heartbeat(member_id, instance_id, generation, moment),
            Self::Consumer(group) => {
                group.heartbeat_classic(member_id, instance_id, generation, moment)
            }
        }
    }

    /// See [`super::ClassicGroup::leave`].
    pub(crate) fn leave(
        &mut self,
        members: &[Leaving<'_>],
        moment: Moment,
    ) -> Vec<Result<(), ErrorCode>> {
        let left = match self {
            Self::Classic(group) => group.leave(members, moment),
            Self::Consumer(group) => group.leave_classic(members),
        };
        self.settle(moment);
        left
    }
}
