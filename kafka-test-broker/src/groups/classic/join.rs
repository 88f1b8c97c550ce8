//! JoinGroup: members come, and come back.

use bytes::Bytes;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::messages::join_group::JoinGroupResponseMember;
use kafka_protocol::{ErrorCode, StrBytes};

use super::{ClassicGroup, ClassicState, Member, Protocol, Waiter, milliseconds};
use crate::cluster::Moment;

/// A client that wants to be a member.
#[derive(Clone, Debug)]
pub(crate) struct Joining {
    pub waiter: Waiter,
    pub client_id: StrBytes,
    pub client_host: StrBytes,
    /// Empty for one that has no id yet.
    pub member_id: StrBytes,
    /// The id it gets in that case.
    pub fresh_id: StrBytes,
    pub instance_id: Option<StrBytes>,
    pub protocol_type: StrBytes,
    pub protocols: Vec<Protocol>,
    pub rebalance_timeout_ms: i32,
    pub session_timeout_ms: i32,
}

/// The first version in which a new member first gets an id, and then joins with
/// it (KIP-394).
const FIRST_VERSION_OF_MEMBER_ID: i16 = 4;

/// The first version in which there may be no protocol.
const FIRST_VERSION_OF_NULL_PROTOCOL: i16 = 7;

/// The first version in which a leader can be told not to assign (KIP-814).
const FIRST_VERSION_OF_SKIPPING: i16 = 9;

impl ClassicGroup {
    /// A client joins. The answer is among the replies, at once or later.
    pub(crate) fn join(&mut self, joining: Joining, moment: Moment) {
        if !self.accepts(&joining.member_id) {
            self.remove(&joining.member_id);
            let code = ErrorCode::GroupMaxSizeReached;
            self.reply_join(joining.waiter, refused(code));
        } else if !self.supports(&joining.protocol_type, &joining.protocols) {
            let code = ErrorCode::InconsistentGroupProtocol;
            self.reply_join(joining.waiter, refusal(joining.member_id, code));
        } else if joining.member_id.is_empty() {
            self.join_newcomer(joining, moment);
        } else {
            self.join_again(joining, moment);
        }
    }

    fn join_newcomer(&mut self, joining: Joining, moment: Moment) {
        let id = joining.fresh_id.clone();
        let known = joining.instance_id.as_ref();
        if let Some(old) = known.and_then(|instance| self.static_members.get(instance)) {
            let old = old.clone();
            return self.replace_static_member(&old, joining, moment);
        }
        let needs_no_id = joining.instance_id.is_some();
        if needs_no_id || joining.waiter.version < FIRST_VERSION_OF_MEMBER_ID {
            return self.add_member(id, joining, moment);
        }
        let due = moment.now + milliseconds(joining.session_timeout_ms);
        self.pending_joins.insert(id.clone(), due);
        self.reply_join(joining.waiter, refusal(id, ErrorCode::MemberIdRequired));
    }

    fn join_again(&mut self, joining: Joining, moment: Moment) {
        let id = joining.member_id.clone();
        let refuse =
            |group: &mut Self, code| group.reply_join(joining.waiter, refusal(id.clone(), code));
        if self.pending_joins.contains_key(&id) {
            if joining.instance_id.is_some() {
                let code = ErrorCode::UnknownServerError;
                return self.reply_join(joining.waiter, refused(code));
            }
            return self.add_member(id, joining, moment);
        }
        if let Err(code) = self.check_member(&id, joining.instance_id.as_deref()) {
            return refuse(self, code);
        }
        let member = self.members.get(&id);
        let same = member.is_some_and(|member| member.protocols == joining.protocols);
        let leads = self.leader.as_ref() == Some(&id);
        let told_again = match self.state {
            ClassicState::Empty => return refuse(self, ErrorCode::UnknownMemberId),
            ClassicState::PreparingRebalance => false,
            // It may not have got the answer it was sent.
            ClassicState::CompletingRebalance => same,
            // A leader that joins wants to assign anew.
            ClassicState::Stable => same && !leads,
        };
        if told_again {
            let response = self.joined(&id);
            return self.reply_join(joining.waiter, response);
        }
        self.update_member(&id, joining);
        self.rebalance(moment);
    }

    fn add_member(&mut self, id: StrBytes, joining: Joining, moment: Moment) {
        if self.state == ClassicState::PreparingRebalance && self.is_initial {
            self.new_member_added = true;
        }
        if let Some(instance) = &joining.instance_id {
            self.static_members.insert(instance.clone(), id.clone());
        }
        if self.members.is_empty() {
            self.protocol_type = Some(joining.protocol_type);
        }
        self.leader.get_or_insert_with(|| id.clone());
        self.pending_joins.remove(&id);
        let member = Member {
            id: id.clone(),
            instance_id: joining.instance_id,
            client_id: joining.client_id,
            client_host: joining.client_host,
            rebalance_timeout_ms: joining.rebalance_timeout_ms,
            session_timeout_ms: joining.session_timeout_ms,
            protocols: joining.protocols,
            assignment: Bytes::new(),
            joining: Some(joining.waiter),
            syncing: None,
            is_new: true,
            // It cannot heartbeat while it waits; if it is still there after
            // this time, it will ask again.
            session_due: Some(moment.now + super::NEW_MEMBER_JOIN_TIMEOUT),
        };
        self.members.insert(id, member);
        self.rebalance(moment);
    }

    fn update_member(&mut self, id: &str, joining: Joining) {
        if let Some(member) = self.members.get_mut(id) {
            member.protocols = joining.protocols;
            member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
            member.session_timeout_ms = joining.session_timeout_ms;
            member.joining = Some(joining.waiter);
        }
    }

    /// A static member came back without its id: it takes the place of the old
    /// one, which is fenced, and keeps its assignment.
    fn replace_static_member(&mut self, old: &str, joining: Joining, moment: Moment) {
        let id = joining.fresh_id.clone();
        let waiter = joining.waiter;
        let old_leader = self.leader.clone();
        let fenced = refusal(StrBytes::from(old), ErrorCode::FencedInstanceId);
        self.answer_join(old, fenced);
        self.answer_sync(old, ErrorCode::FencedInstanceId);
        let Some(mut member) = self.members.shift_remove(old) else {
            return;
        };
        member.id = id.clone();
        member.is_new = false;
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), id.clone());
        }
        if self.leader.as_deref() == Some(old) {
            self.leader = Some(id.clone());
        }
        self.members.insert(id.clone(), member);
        self.prolong(&id, moment.now);
        self.update_member(&id, joining);
        match self.state {
            // Nothing changes for the others as long as the protocol stays.
            ClassicState::Stable if self.select_protocol() == self.protocol => {
                self.log();
                let mut response = self.joined(&id);
                if waiter.version >= FIRST_VERSION_OF_SKIPPING {
                    response.skip_assignment = self.leader.as_ref() == Some(&id);
                } else {
                    // By the old leader's id it sees no leader in itself, and
                    // does not assign.
                    response.members = Vec::new();
                    response.leader = old_leader.unwrap_or_default();
                }
                self.answer_join(&id, response);
            }
            ClassicState::Stable => self.rebalance(moment),
            // The leader may be assigning to the old id.
            ClassicState::CompletingRebalance => self.prepare_rebalance(moment),
            _ => self.complete_join_if_all_are_here(moment),
        }
    }

    /// Whether there is room for a member.
    fn accepts(&self, id: &str) -> bool {
        let known = self.members.get(id);
        match self.state {
            ClassicState::Empty => true,
            ClassicState::PreparingRebalance => {
                let joined = self.members.values().filter(|m| m.joining.is_some());
                known.is_some_and(|member| member.joining.is_some())
                    || joined.count() < self.settings.max_size
            }
            ClassicState::CompletingRebalance | ClassicState::Stable => {
                known.is_some() || self.members.len() < self.settings.max_size
            }
        }
    }

    /// The present generation, as a member is told of it.
    pub(super) fn joined(&self, id: &StrBytes) -> JoinGroupResponse {
        let mut members = Vec::new();
        if self.leader.as_ref() == Some(id) {
            members.extend(self.members.values().map(|member| {
                JoinGroupResponseMember::new()
                    .with_member_id(member.id.clone())
                    .with_group_instance_id(member.instance_id.clone())
                    .with_metadata(member.metadata(self.protocol.as_ref()))
            }));
        }
        JoinGroupResponse::new()
            .with_generation_id(self.generation)
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(self.protocol.clone())
            .with_leader(self.leader.clone().unwrap_or_default())
            .with_member_id(id.clone())
            .with_members(members)
    }

    /// Answers the JoinGroup of a member, if one waits.
    pub(super) fn answer_join(&mut self, id: &str, response: JoinGroupResponse) {
        let member = self.members.get_mut(id);
        if let Some(waiter) = member.and_then(|member| member.joining.take()) {
            self.reply_join(waiter, response);
        }
    }

    fn reply_join(&mut self, waiter: Waiter, mut response: JoinGroupResponse) {
        if response
            .protocol_name
            .as_deref()
            .unwrap_or_default()
            .is_empty()
        {
            let nullable = waiter.version >= FIRST_VERSION_OF_NULL_PROTOCOL;
            response.protocol_name = (!nullable).then(StrBytes::default);
        }
        self.replies.push((waiter.ticket, response.into()));
    }
}

/// An answer without a member's id.
pub(super) fn refused(code: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse::new().with_error_code(code.code())
}

fn refusal(member_id: StrBytes, code: ErrorCode) -> JoinGroupResponse {
    refused(code).with_member_id(member_id)
}
