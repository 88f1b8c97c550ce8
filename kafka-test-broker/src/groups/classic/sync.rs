//! SyncGroup and Heartbeat: members get their assignments, and stay alive.

use bytes::Bytes;
use kafka_protocol::messages::SyncGroupResponse;
use kafka_protocol::{ErrorCode, StrBytes};

use super::{ClassicGroup, ClassicState, Waiter};
use crate::cluster::Moment;

/// A member that asks for its assignment.
#[derive(Clone, Debug)]
pub(crate) struct Syncing {
    pub waiter: Waiter,
    pub member_id: StrBytes,
    pub instance_id: Option<StrBytes>,
    pub generation: i32,
    pub protocol_type: Option<StrBytes>,
    pub protocol_name: Option<StrBytes>,
    /// What each member gets, from the leader.
    pub assignments: Vec<(StrBytes, Bytes)>,
}

impl ClassicGroup {
    /// A member asks for its assignment. The answer is among the replies, at
    /// once or later.
    pub(crate) fn sync(&mut self, syncing: Syncing, moment: Moment) {
        let id = syncing.member_id.clone();
        if let Err(code) = self.check_sync(&syncing) {
            return self.reply_sync(syncing.waiter, refused(code));
        }
        self.pending_syncs.remove(&id);
        if self.pending_syncs.is_empty() {
            self.sync_due = None;
        }
        if self.state == ClassicState::Stable {
            let response = self.synced(&id);
            return self.reply_sync(syncing.waiter, response);
        }
        if let Some(member) = self.members.get_mut(&id) {
            member.syncing = Some(syncing.waiter);
        }
        if self.leader.as_ref() == Some(&id) {
            self.assign(syncing.assignments, moment);
        }
    }

    /// A sign of life of a member.
    ///
    /// # Errors
    ///
    /// `REBALANCE_IN_PROGRESS` when it is to join again, and what is wrong with
    /// the member or its generation.
    pub(crate) fn heartbeat(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        self.check_member(member_id, instance_id)?;
        if generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        self.prolong(member_id, moment.now);
        match self.state {
            ClassicState::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    /// Answers all that wait for their assignment: with it, or with an error.
    pub(super) fn propagate(&mut self, code: ErrorCode, moment: Moment) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            if self.answer_sync(&id, code) {
                self.prolong(&id, moment.now);
            }
        }
    }

    /// Answers the SyncGroup of a member. Returns whether one waited.
    pub(super) fn answer_sync(&mut self, id: &str, code: ErrorCode) -> bool {
        let member = self.members.get_mut(id);
        let Some(waiter) = member.and_then(|member| member.syncing.take()) else {
            return false;
        };
        let response = match code {
            ErrorCode::None => self.synced(id),
            code => refused(code),
        };
        self.reply_sync(waiter, response);
        true
    }

    fn check_sync(&self, syncing: &Syncing) -> Result<(), ErrorCode> {
        self.check_member(&syncing.member_id, syncing.instance_id.as_deref())?;
        if syncing.generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        let differ = |said: &Option<StrBytes>, known: &Option<StrBytes>| {
            said.is_some() && known.is_some() && said != known
        };
        if differ(&syncing.protocol_type, &self.protocol_type)
            || differ(&syncing.protocol_name, &self.protocol)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        match self.state {
            ClassicState::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    /// The leader has assigned. Whom it left out gets nothing.
    fn assign(&mut self, assignments: Vec<(StrBytes, Bytes)>, moment: Moment) {
        for member in self.members.values_mut() {
            member.assignment = Bytes::new();
        }
        for (id, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = Bytes::copy_from_slice(&assignment);
            }
        }
        self.log();
        self.propagate(ErrorCode::None, moment);
        self.enter(ClassicState::Stable, moment);
    }

    fn synced(&self, id: &str) -> SyncGroupResponse {
        let assignment = self.members.get(id).map(|member| member.assignment.clone());
        SyncGroupResponse::new()
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(self.protocol.clone())
            .with_assignment(assignment.unwrap_or_default())
    }

    fn reply_sync(&mut self, waiter: Waiter, response: SyncGroupResponse) {
        self.replies.push((waiter.ticket, response.into()));
    }
}

fn refused(code: ErrorCode) -> SyncGroupResponse {
    SyncGroupResponse::new().with_error_code(code.code())
}
