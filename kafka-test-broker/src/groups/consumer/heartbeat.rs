//! What a heartbeat does: the member is made or changed, the target follows the
//! group's epoch, and the member takes its next step towards it.

use std::collections::BTreeMap;
use std::time::Instant;

use kafka_protocol::messages::consumer_group_heartbeat::{Assignment, TopicPartitions};
use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::assignor::{Assignor, Partitions};
use super::member::{AWAY, Member, Owned};
use super::reconcile::Reconciliation;
use super::{Client, ConsumerGroup, Refusal, Rejoin, Topics, regex};
use crate::cluster::Moment;

/// The first version whose members make their own ids (KIP-1082).
const FIRST_VERSION_OF_OWN_IDS: i16 = 1;

/// Refuses what no group would take.
///
/// # Errors
///
/// `INVALID_REQUEST` and `UNSUPPORTED_ASSIGNOR`.
pub(crate) fn validate(
    request: &ConsumerGroupHeartbeatRequest,
    version: i16,
) -> Result<(), Refusal> {
    let epoch = request.member_epoch;
    let invalid = |message: &str| Err(Refusal::new(ErrorCode::InvalidRequest, message));
    let blank = |text: Option<&str>| text.is_some_and(|text| text.trim().is_empty());
    let id_needed = version >= FIRST_VERSION_OF_OWN_IDS || epoch > 0 || epoch == -1;
    if id_needed && blank(Some(&request.member_id)) {
        return invalid("the member id is empty");
    }
    if blank(Some(&request.group_id)) {
        return invalid("the group id is empty");
    }
    if blank(request.instance_id.as_deref()) {
        return invalid("the instance id is empty");
    }
    if blank(request.rack_id.as_deref()) {
        return invalid("the rack id is empty");
    }
    if epoch == 0 {
        if request.rebalance_timeout_ms == -1 {
            return invalid("whoever joins says its rebalance timeout");
        }
        if request
            .topic_partitions
            .as_ref()
            .is_none_or(|owned| !owned.is_empty())
        {
            return invalid("whoever joins owns no partitions");
        }
        if request.subscribed_topic_names.is_none() && request.subscribed_topic_regex.is_none() {
            return invalid("whoever joins says what it subscribes to");
        }
    } else if epoch == AWAY && request.instance_id.is_none() {
        return invalid("only a static member leaves for a while");
    } else if epoch < AWAY {
        return invalid("there is no such epoch");
    }
    match request.server_assignor.as_deref() {
        Some(name) if Assignor::by_name(name).is_none() => {
            let known = Assignor::ALL.map(Assignor::name).join(", ");
            let message = format!("there is no assignor {name}, but: {known}");
            Err(Refusal::new(ErrorCode::UnsupportedAssignor, message))
        }
        _ => Ok(()),
    }
}

/// Whether a member's regular expression changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RegexChange {
    Same,
    /// What it matches is not known yet.
    Unresolved,
    /// What it matches is known, or it is none any more.
    Resolved,
}

/// A member before and after it told about itself.
pub(super) struct Change {
    pub before: Member,
    pub after: Member,
    /// The id of the static member it succeeds.
    pub predecessor: Option<StrBytes>,
    pub regex: RegexChange,
    /// The group becomes a classic one by it.
    pub downgrades: bool,
}

/// What decides whether regular expressions are looked at again.
struct LastRefresh {
    at: Option<Instant>,
    topics_created: usize,
    resolved: usize,
    /// Whether a member brought one that nobody had.
    forced: bool,
    /// Whether members subscribe with any.
    used: bool,
}

impl ConsumerGroup {
    /// A heartbeat of a member that joins (epoch 0) or stays. `id` is the
    /// request's, or where that is empty one that nobody has.
    ///
    /// # Errors
    ///
    /// `GROUP_MAX_SIZE_REACHED`, `INVALID_REGULAR_EXPRESSION`, and those of
    /// [`ConsumerGroup::find_or_join`]. The group is then as it was.
    pub(crate) fn heartbeat(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        id: &StrBytes,
        client: Client,
        topics: &dyn Topics,
        moment: Moment,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        self.check_size(&request.member_id)?;
        let epoch = request.member_epoch;
        let instance_id = request.instance_id.as_deref();
        let reported = request.topic_partitions.as_deref();
        let (before, predecessor) = self.find_or_join(id, epoch, instance_id, reported)?;
        let after = updated(&before, request, client);
        let regex = self.check_regex(&before, &after)?;
        let change = Change {
            before,
            after,
            predecessor,
            regex,
            downgrades: false,
        };
        let (before, after) = self.change(change, reported, topics, moment);
        self.start_session(&after.id, moment.now);
        let response = ConsumerGroupHeartbeatResponse::new()
            .with_member_id(Some(after.id.clone()))
            .with_member_epoch(after.epoch)
            .with_heartbeat_interval_ms(self.settings.consumer_heartbeat_interval_ms);
        let subscribes =
            request.subscribed_topic_names.is_some() || request.subscribed_topic_regex.is_some();
        let full = subscribes && request.rebalance_timeout_ms != -1 && reported.is_some();
        if epoch == 0 || full || before.assigned != after.assigned {
            return Ok(response.with_assignment(Some(assignment(&after.assigned))));
        }
        Ok(response)
    }

    /// Changes a member, and with it the group, and takes the member's next
    /// step. Returns it as it was and as it is now.
    pub(super) fn change(
        &mut self,
        change: Change,
        reported: Option<&[TopicPartitions]>,
        topics: &dyn Topics,
        moment: Moment,
    ) -> (Member, Member) {
        let Change {
            before,
            after,
            predecessor,
            regex,
            downgrades,
        } = change;
        let refresh = self.last_refresh(regex, &after.regex);
        let names_changed = before.topics != after.topics;
        let subscription_changed = names_changed || regex != RegexChange::Same;
        match predecessor {
            Some(predecessor) => self.succeed(&predecessor, after.clone()),
            None => self.put(after.clone()),
        }
        // With a classic member no regular expression is left to be looked at.
        let bump = names_changed
            || regex == RegexChange::Resolved
            || regex != RegexChange::Same && after.uses_classic_protocol();
        self.look_at_topics(bump, topics);
        if !downgrades {
            self.make_target(topics, moment.now);
        } else if self.target_epoch < self.epoch {
            // There will be no target: all join again.
            self.becomes_classic = Some(Rejoin::Yes);
            return (before, after);
        } else {
            self.becomes_classic = Some(Rejoin::No);
        }
        let after = self.reconcile(after, subscription_changed, reported, topics, moment.now);
        self.refresh_regexes(&refresh, topics, moment.now);
        (before, after)
    }

    /// Whether one more member is too many.
    pub(super) fn check_size(&self, id: &str) -> Result<(), Refusal> {
        let known = !id.is_empty() && self.members.contains_key(id);
        if known || self.members.len() < self.settings.consumer_max_size {
            return Ok(());
        }
        let message = format!("the group already has {} members", self.members.len());
        Err(Refusal::new(ErrorCode::GroupMaxSizeReached, message))
    }

    /// What became of a member's regular expression.
    pub(super) fn check_regex(
        &self,
        before: &Member,
        after: &Member,
    ) -> Result<RegexChange, Refusal> {
        if before.regex == after.regex {
            return Ok(RegexChange::Same);
        }
        if after.regex.is_empty() || self.resolved.contains_key(&after.regex) {
            return Ok(RegexChange::Resolved);
        }
        if regex::compile(&after.regex).is_none() {
            let message = format!("{:?} is no regular expression", after.regex.as_str());
            return Err(Refusal::new(ErrorCode::InvalidRegularExpression, message));
        }
        Ok(RegexChange::Unresolved)
    }

    /// Gives the group a new epoch where its topics changed, or `bump` says so.
    fn look_at_topics(&mut self, bump: bool, topics: &dyn Topics) {
        let was_old = self.seen_is_old;
        let changed = self.see_topics(topics) && !was_old;
        if bump || changed {
            self.epoch += 1;
        }
    }

    /// Remembers the topics as they are now. Returns whether they were others.
    pub(super) fn see_topics(&mut self, topics: &dyn Topics) -> bool {
        let infos = self.subscriptions.topics();
        let seen: BTreeMap<_, _> = infos
            .filter_map(|name| Some((name.clone(), topics.by_name(name)?)))
            .collect();
        let changed = self.seen != seen;
        self.seen = seen;
        self.seen_is_old = false;
        changed
    }

    fn reconcile(
        &mut self,
        member: Member,
        subscription_changed: bool,
        reported: Option<&[TopicPartitions]>,
        topics: &dyn Topics,
        now: Instant,
    ) -> Member {
        if !subscription_changed && member.is_reconciled_to(self.target_epoch) {
            return member;
        }
        let none = Partitions::new();
        let reconciliation = Reconciliation {
            target_epoch: self.target_epoch,
            target: self.target.get(&member.id).unwrap_or(&none),
            subscribed: &self.subscribed_topics(&member, topics),
            subscription_changed,
            owned: &self.owned,
            reported,
        };
        let before = member.clone();
        let member = reconciliation.step(member);
        if member != before {
            self.put(member.clone());
            self.time_revocation(&member.id, now);
        }
        member
    }

    fn last_refresh(&self, change: RegexChange, regex: &str) -> LastRefresh {
        let first = self.resolved.values().next();
        LastRefresh {
            at: first.map(|resolved| resolved.at),
            topics_created: first.map_or(0, |resolved| resolved.topics_created),
            resolved: self.resolved.len(),
            forced: change == RegexChange::Unresolved && self.subscriptions.of_regex(regex) == 0,
            used: self.subscriptions.regexes().len() > 0,
        }
    }

    /// Looks what the regular expressions match, when it is time to. All are
    /// looked at together, so that the group rebalances once.
    fn refresh_regexes(&mut self, last: &LastRefresh, topics: &dyn Topics, now: Instant) {
        let older_than = |age| last.at.is_none_or(|at| now > at + age);
        let due = last.forced
            || self.subscriptions.regexes().len() != last.resolved
            || last.topics_created < topics.created()
            || older_than(self.settings.consumer_regex_refresh_interval);
        if !(last.forced || last.used) || !older_than(regex::MIN_REFRESH) || !due {
            return;
        }
        let mut changed = false;
        let regexes: Vec<StrBytes> = self.subscriptions.regexes().cloned().collect();
        for regex in regexes {
            let resolved = regex::resolve(&regex, topics, now);
            let before = self.resolved.get(&regex).map(|before| &before.topics);
            changed |= match before {
                Some(before) => *before != resolved.topics,
                None => !resolved.topics.is_empty(),
            };
            self.subscriptions.add_resolved(&resolved);
            if let Some(before) = self.resolved.insert(regex, resolved) {
                self.subscriptions.remove_resolved(&before);
            }
        }
        self.look_at_topics(changed, topics);
    }
}

/// The member with what the request tells about it.
fn updated(member: &Member, request: &ConsumerGroupHeartbeatRequest, client: Client) -> Member {
    let mut member = member.clone();
    if let Some(instance_id) = &request.instance_id {
        member.instance_id = Some(instance_id.detach());
    }
    if let Some(rack_id) = &request.rack_id {
        member.rack_id = Some(rack_id.detach());
    }
    if request.rebalance_timeout_ms != -1 {
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
    }
    if let Some(assignor) = request
        .server_assignor
        .as_deref()
        .and_then(Assignor::by_name)
    {
        member.assignor = Some(assignor);
    }
    if let Some(names) = &request.subscribed_topic_names {
        member.topics = names.iter().map(StrBytes::detach).collect();
    }
    if let Some(regex) = &request.subscribed_topic_regex {
        member.regex = regex.detach();
    }
    member.client_id = client.id.detach();
    member.client_host = client.host;
    member.classic = None;
    member
}

fn assignment(assigned: &Owned) -> Assignment {
    let topics = assigned.iter().map(|(topic, partitions)| {
        TopicPartitions::new()
            .with_topic_id(*topic)
            .with_partitions(partitions.keys().copied().collect::<Vec<_>>())
    });
    Assignment::new().with_topic_partitions(topics.collect::<Vec<_>>())
}
