//! LeaveGroup: members go, or are taken out.

use kafka_protocol::{ErrorCode, StrBytes};

use super::join::refused;
use super::{ClassicGroup, ClassicState};
use crate::cluster::Moment;

/// A member to be taken out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving<'a> {
    /// Empty where a static member is named by its instance alone.
    pub member_id: &'a str,
    pub instance_id: Option<&'a str>,
}

impl ClassicGroup {
    /// Takes members out. Returns what became of each.
    pub(crate) fn leave(
        &mut self,
        members: &[Leaving<'_>],
        moment: Moment,
    ) -> Vec<Result<(), ErrorCode>> {
        let left: Vec<_> = members
            .iter()
            .map(|member| self.leave_one(*member))
            .collect();
        if left.iter().any(Result::is_ok) {
            match self.state {
                ClassicState::Empty => {}
                _ => self.rebalance(moment),
            }
        }
        left
    }

    fn leave_one(&mut self, leaving: Leaving<'_>) -> Result<(), ErrorCode> {
        let Leaving {
            member_id,
            instance_id,
        } = leaving;
        let id = if member_id.is_empty() {
            let known = instance_id.and_then(|instance| self.static_members.get(instance));
            known.cloned().ok_or(ErrorCode::UnknownMemberId)?
        } else if self.pending_joins.remove(member_id).is_some() {
            return Ok(());
        } else {
            self.check_member(member_id, instance_id)?;
            StrBytes::from(member_id)
        };
        self.answer_join(&id, refused(ErrorCode::UnknownMemberId));
        self.remove(&id);
        Ok(())
    }

    /// Takes a member out, or whoever was to become one.
    pub(super) fn remove(&mut self, id: &str) {
        // Its SyncGroup would wait for ever.
        self.answer_sync(id, ErrorCode::UnknownMemberId);
        self.pending_joins.remove(id);
        self.pending_syncs.remove(id);
        let Some(member) = self.members.shift_remove(id) else {
            return;
        };
        if let Some(instance) = &member.instance_id {
            self.static_members.remove(instance);
        }
        if self.leader.as_deref() == Some(id) {
            self.leader = self.members.keys().next().cloned();
        }
    }
}
