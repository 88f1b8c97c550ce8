//! The end of offsets that nobody needs any more, and of groups without any.

use std::time::{Duration, Instant};

use kafka_protocol::StrBytes;

use super::{AgeFrom, CommittedOffset};
use crate::cluster::{Alarm, Cluster, Moment};

/// When offsets are looked through.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    /// When that was last, at the latest when the first group came.
    last: Option<Instant>,
    next: Option<Instant>,
}

impl Cluster {
    /// Deletes what has expired, and groups of which nothing is left.
    pub(crate) fn ring_offset_retention(&mut self, moment: Moment) {
        self.groups.expiry = Expiry {
            last: Some(moment.now),
            next: None,
        };
        let ids: Vec<StrBytes> = self.groups.groups.keys().cloned().collect();
        for id in ids {
            self.expire_offsets(&id, moment.wall_ms);
            self.watch_offset_retention(&id, moment);
        }
    }

    /// The wall clock was set: offsets expire by what it says now.
    pub(crate) fn reset_offset_retention(&mut self, moment: Moment) {
        self.groups.expiry.next = None;
        self.alarms.set(Alarm::OffsetRetention, None);
        let ids: Vec<StrBytes> = self.groups.groups.keys().cloned().collect();
        for id in ids {
            self.watch_offset_retention(&id, moment);
        }
    }

    /// Deletes what of a group has expired by `wall_ms`, and the group if nothing
    /// is left of it.
    pub(crate) fn expire_offsets(&mut self, id: &str, wall_ms: i64) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let retention = self.groups.settings.offsets_retention;
        let offsets = self.groups.offsets.group(id).into_iter().flatten();
        let age_from = group.offsets_age_from();
        let mut kept = 0;
        let mut expired = Vec::new();
        for ((topic, partition), offset) in offsets {
            let due = age_from.map(|from| expires_ms(offset, from, retention));
            let needed = group.is_subscribed_to(topic)
                || self.groups.offsets.is_pending(id, topic, *partition);
            if !needed && due.is_some_and(|due| due <= wall_ms) {
                expired.push((topic.clone(), *partition));
            } else {
                kept += 1;
            }
        }
        let is_over = kept == 0 && group.is_empty() && !self.groups.offsets.has_pending(id);
        for (topic, partition) in expired {
            tracing::debug!(group = id, %topic, partition, "offset has expired");
            self.groups.offsets.delete(id, &topic, partition);
        }
        if is_over {
            self.delete_group(id);
        }
    }

    /// Sees to it that offsets are looked through when the first one of this
    /// group expires: not sooner after the last time than Kafka would.
    pub(super) fn watch_offset_retention(&mut self, id: &str, moment: Moment) {
        let interval = self.groups.settings.offsets_retention_check_interval;
        let last = *self.groups.expiry.last.get_or_insert(moment.now);
        let Some(expires_ms) = self.first_to_expire(id) else {
            return;
        };
        let left = u64::try_from(expires_ms.saturating_sub(moment.wall_ms)).unwrap_or(0);
        let expires = moment.now.checked_add(Duration::from_millis(left));
        let Some(due) = expires.map(|expires| expires.max(last + interval)) else {
            return;
        };
        let next = &mut self.groups.expiry.next;
        if next.is_none_or(|next| due < next) {
            *next = Some(due);
            self.alarms.set(Alarm::OffsetRetention, Some(due));
        }
    }

    /// When the first offset of a group expires that may; at once, if there is
    /// nothing to wait for.
    fn first_to_expire(&self, id: &str) -> Option<i64> {
        let group = self.groups.get(id)?;
        let retention = self.groups.settings.offsets_retention;
        let Some(offsets) = self.groups.offsets.group(id) else {
            let is_over = group.is_empty() && !self.groups.offsets.has_pending(id);
            return is_over.then_some(0);
        };
        let from = group.offsets_age_from()?;
        let unneeded = offsets
            .iter()
            .filter(|((topic, _), _)| !group.is_subscribed_to(topic));
        unneeded
            .map(|(_, offset)| expires_ms(offset, from, retention))
            .min()
    }
}

fn expires_ms(offset: &CommittedOffset, from: AgeFrom, retention: Duration) -> i64 {
    let from = match from {
        AgeFrom::Commit => offset.committed_ms,
        AgeFrom::Time(ms) => ms,
    };
    let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
    let by_age = from.saturating_add(retention);
    offset.expires_ms.unwrap_or(by_age)
}
