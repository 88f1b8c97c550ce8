//! Who joins, who leaves, who is fenced.

use std::time::{Duration, Instant};

use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;
use kafka_protocol::{ErrorCode, StrBytes};

use super::member::{AWAY, Member, MemberState};
use super::{ConsumerGroup, Refusal, Rejoin, Timer};

impl ConsumerGroup {
    /// The member that a heartbeat is from, new or succeeding a static one that
    /// went away where it joins; in the second case with the id of the latter.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID` when it does not join and is not there,
    /// `FENCED_MEMBER_EPOCH` when it is at another epoch,
    /// `UNRELEASED_INSTANCE_ID` and `FENCED_INSTANCE_ID` when the static name is
    /// another member's.
    pub(super) fn find_or_join(
        &self,
        id: &StrBytes,
        epoch: i32,
        instance_id: Option<&str>,
        reported: Option<&[TopicPartitions]>,
    ) -> Result<(Member, Option<StrBytes>), Refusal> {
        let joins = epoch == 0;
        let Some(instance_id) = instance_id else {
            let member = match self.members.get(id) {
                Some(member) => member.clone(),
                None if joins => Member::new(id.detach()),
                None => return Err(self.unknown_member(id)),
            };
            check_epoch(&member, epoch, reported)?;
            return Ok((member, None));
        };
        let known = self.static_member(instance_id);
        if !joins {
            let member = known.ok_or_else(|| unknown_instance(instance_id))?;
            check_instance(member, id, instance_id)?;
            check_epoch(member, epoch, reported)?;
            return Ok((member.clone(), None));
        }
        let Some(known) = known else {
            let member = self.members.get(id).cloned();
            return Ok((member.unwrap_or_else(|| Member::new(id.detach())), None));
        };
        if !known.uses_classic_protocol() && known.epoch != AWAY {
            return Err(Refusal::new(
                ErrorCode::UnreleasedInstanceId,
                format!("{instance_id} still belongs to member {}", known.id),
            ));
        }
        Ok((known.succeeded_by(id.detach()), Some(known.id.clone())))
    }

    /// A member leaves: for good with epoch -1, a static one for a while with
    /// -2.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID` and `FENCED_INSTANCE_ID`.
    pub(crate) fn leave(
        &mut self,
        id: &StrBytes,
        epoch: i32,
        instance_id: Option<&str>,
    ) -> Result<(), Refusal> {
        let mut member = self.find(id, instance_id)?.clone();
        if epoch == AWAY && instance_id.is_some() {
            member.go_away();
            self.put(member);
        } else {
            self.fence(&[member.id]);
        }
        Ok(())
    }

    /// The member with this id, or with this static name and this id.
    pub(super) fn find(&self, id: &str, instance_id: Option<&str>) -> Result<&Member, Refusal> {
        let Some(instance_id) = instance_id else {
            return self.members.get(id).ok_or_else(|| self.unknown_member(id));
        };
        let known = self.static_member(instance_id);
        let member = known.ok_or_else(|| unknown_instance(instance_id))?;
        check_instance(member, id, instance_id)?;
        Ok(member)
    }

    pub(super) fn static_member(&self, instance_id: &str) -> Option<&Member> {
        let is_it = |member: &&Member| member.instance_id.as_deref() == Some(instance_id);
        self.members.values().find(is_it)
    }

    /// Removes members. The group gets a new epoch, or becomes a classic one.
    pub(super) fn fence(&mut self, ids: &[StrBytes]) {
        let known = ids.iter().any(|id| self.members.contains_key(id));
        let classic = known && self.is_classic_without(ids);
        for id in ids {
            self.timers.cancel_all(id);
            self.target.remove(id);
            if let Some(member) = self.take(id) {
                self.forget_regex(&member.regex);
            }
        }
        if classic {
            self.becomes_classic = Some(Rejoin::Yes);
        } else if known {
            self.epoch += 1;
            // The topics of those who are left are not a change on top of that.
            self.seen_is_old = true;
        }
    }

    /// Puts a member in the place of what it was before.
    pub(super) fn put(&mut self, member: Member) {
        let id = member.id.clone();
        let before = self.members.remove(&id);
        if let Some(before) = &before {
            self.forget_owned(before);
        }
        self.owned.extend(member.owned());
        // What it subscribes to rarely changes.
        let same = |before: &Member| before.topics == member.topics && before.regex == member.regex;
        if !before.as_ref().is_some_and(same) {
            self.subscriptions.add_member(&member);
            if let Some(before) = &before {
                self.subscriptions.remove_member(before);
                self.forget_regex(&before.regex);
            }
        }
        self.members.insert(id, member);
    }

    /// Puts a member in the place of the one it succeeds, whose target it gets.
    pub(super) fn succeed(&mut self, predecessor: &StrBytes, member: Member) {
        let before = self.take(predecessor);
        self.timers.cancel_all(predecessor);
        if let Some(target) = self.target.remove(predecessor) {
            self.target.insert(member.id.clone(), target);
        }
        self.put(member);
        if let Some(before) = before {
            self.forget_regex(&before.regex);
        }
    }

    /// Takes a member out of the group; what its regular expression matched is
    /// kept.
    fn take(&mut self, id: &StrBytes) -> Option<Member> {
        let member = self.members.remove(id)?;
        self.forget_owned(&member);
        self.subscriptions.remove_member(&member);
        Some(member)
    }

    /// Starts a member's session anew.
    pub(super) fn start_session(&mut self, id: &StrBytes, now: Instant) {
        let member = self.members.get(id);
        let timeout = match member.and_then(|member| member.classic.as_ref()) {
            Some(classic) => milliseconds(classic.session_timeout_ms),
            None => self.settings.consumer_session_timeout,
        };
        self.timers.set(id, Timer::Session, now + timeout);
    }

    /// A member that has to give up partitions may take its time, but not more.
    pub(super) fn time_revocation(&mut self, id: &StrBytes, now: Instant) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        if member.state == MemberState::UnrevokedPartitions && !member.uses_classic_protocol() {
            let due = now + milliseconds(member.rebalance_timeout_ms);
            self.timers.set(id, Timer::Rebalance, due);
        } else {
            self.timers.cancel(id, Timer::Rebalance);
        }
    }

    fn forget_owned(&mut self, member: &Member) {
        for partition in member.owned() {
            self.owned.remove(&partition);
        }
    }

    /// Nobody may subscribe with it any more.
    fn forget_regex(&mut self, regex: &StrBytes) {
        if self.subscriptions.of_regex(regex) == 0
            && let Some(resolved) = self.resolved.remove(regex)
        {
            self.subscriptions.remove_resolved(&resolved);
        }
    }

    fn unknown_member(&self, id: &str) -> Refusal {
        let message = format!("{id} is no member of group {}", self.id);
        Refusal::new(ErrorCode::UnknownMemberId, message)
    }
}

pub(super) fn milliseconds(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn unknown_instance(instance_id: &str) -> Refusal {
    let message = format!("no member has the instance id {instance_id}");
    Refusal::new(ErrorCode::UnknownMemberId, message)
}

fn check_instance(member: &Member, id: &str, instance_id: &str) -> Result<(), Refusal> {
    if member.id.as_str() == id {
        return Ok(());
    }
    let message = format!("{instance_id} belongs to member {}", member.id);
    Err(Refusal::new(ErrorCode::FencedInstanceId, message))
}

/// Whether a member may say that it is at `epoch`: the one it is at, or 0 to begin
/// again. The one before is as good while all it owns is still its own: then the
/// answer that told it the new one got lost.
fn check_epoch(
    member: &Member,
    epoch: i32,
    reported: Option<&[TopicPartitions]>,
) -> Result<(), Refusal> {
    let owns_only_its_own = || {
        let mut reported = reported?.iter();
        Some(reported.all(|topic| {
            let assigned = member.assigned.get(&topic.topic_id);
            assigned.is_some_and(|assigned| {
                let mut partitions = topic.partitions.iter();
                partitions.all(|partition| assigned.contains_key(partition))
            })
        }))
    };
    let lost_answer = epoch < member.epoch && epoch == member.previous_epoch;
    if epoch == 0 || epoch == member.epoch || lost_answer && owns_only_its_own() == Some(true) {
        return Ok(());
    }
    let message = format!(
        "the member is at epoch {}, not {epoch}; it has to join again without partitions",
        member.epoch
    );
    Err(Refusal::new(ErrorCode::FencedMemberEpoch, message))
}
