//! Who may commit offsets of the group, and ask for them.

use kafka_protocol::{ErrorCode, Uuid};

use super::ConsumerGroup;
use super::member::Member;
use crate::groups::Committer;

/// The first version of OffsetCommit that knows member epochs.
const FIRST_COMMIT_WITH_EPOCHS: i16 = 9;

impl ConsumerGroup {
    /// Whether `committer` may commit at all; what for,
    /// [`ConsumerGroup::check_commit_of`] says.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID`, `STALE_MEMBER_EPOCH` (`ILLEGAL_GENERATION` to a member
    /// of the classic protocol) for an epoch to come, `UNSUPPORTED_VERSION`.
    pub(crate) fn check_commit(&self, committer: Committer<'_>) -> Result<(), ErrorCode> {
        if self.is_outsider(committer) {
            return Ok(());
        }
        let member = self
            .members
            .get(committer.member_id)
            .ok_or(ErrorCode::UnknownMemberId)?;
        let old = committer.version < FIRST_COMMIT_WITH_EPOCHS;
        if old && !committer.transactional && !member.uses_classic_protocol() {
            return Err(ErrorCode::UnsupportedVersion);
        }
        if committer.generation > member.epoch {
            return Err(wrong_epoch(member));
        }
        Ok(())
    }

    /// Whether `committer`, who may commit, may do so for this partition: at its
    /// current epoch, or one since which the partition has been its own
    /// (KIP-1251).
    ///
    /// # Errors
    ///
    /// `STALE_MEMBER_EPOCH`, `ILLEGAL_GENERATION` to a member of the classic
    /// protocol.
    pub(crate) fn check_commit_of(
        &self,
        committer: Committer<'_>,
        topic: Uuid,
        partition: i32,
    ) -> Result<(), ErrorCode> {
        let member = self.members.get(committer.member_id);
        let Some(member) = member.filter(|_| !self.is_outsider(committer)) else {
            return Ok(());
        };
        let since = member
            .owns_since(topic, partition)
            .filter(|_| self.settings.consumer_commits_at_old_epochs);
        if committer.generation == member.epoch
            || since.is_some_and(|since| committer.generation >= since)
        {
            return Ok(());
        }
        Err(wrong_epoch(member))
    }

    /// Whether this member may ask for offsets; no id and -1 come from outside.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID`, `STALE_MEMBER_EPOCH`, `ILLEGAL_GENERATION`; as in
    /// Kafka, an epoch without a member is an `UNKNOWN_SERVER_ERROR`.
    pub(crate) fn check_fetch(&self, id: Option<&str>, epoch: i32) -> Result<(), ErrorCode> {
        let Some(id) = id else {
            return match epoch < 0 {
                true => Ok(()),
                false => Err(ErrorCode::UnknownServerError),
            };
        };
        let member = self.members.get(id).ok_or(ErrorCode::UnknownMemberId)?;
        match member.epoch == epoch {
            true => Ok(()),
            false => Err(wrong_epoch(member)),
        }
    }

    /// Admins and consumers without a group commit to it while it is empty;
    /// transactions need not say who they are.
    fn is_outsider(&self, committer: Committer<'_>) -> bool {
        let anonymous = committer.member_id.is_empty() && committer.instance_id.is_none();
        committer.generation < 0 && self.members.is_empty()
            || committer.transactional && committer.generation == -1 && anonymous
    }
}

fn wrong_epoch(member: &Member) -> ErrorCode {
    match member.uses_classic_protocol() {
        true => ErrorCode::IllegalGeneration,
        false => ErrorCode::StaleMemberEpoch,
    }
}
