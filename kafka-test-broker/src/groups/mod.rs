//! Groups and what they committed, as their coordinators keep them.
//!
//! Each group is a state machine without sockets or alarms: it takes a moment and
//! an input, and what comes of it is fetched from it: answers to requests that
//! waited, when it wants to be called again, what it writes to the log. A
//! handler checks that its broker coordinates the group
//! ([`Cluster::check_group_coordinator`]), works on the group, and then calls
//! [`Cluster::touch_group`], which does the fetching.
//!
//! | file | holds |
//! |---|---|
//! | `classic/` | groups whose members agree among themselves |
//! | `consumer/` | groups to which the coordinator assigns (KIP-848) |
//! | `offsets.rs` | committed offsets, and those that transactions have pending |
//! | `expiry.rs` | the end of offsets and of groups |
//! | `coordination.rs` | which broker coordinates, and what happens when that changes |

pub(crate) mod classic;
pub(crate) mod consumer;
mod coordination;
mod expiry;
mod offsets;
mod requests;
mod settings;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use kafka_protocol::messages::AnyResponse;
use kafka_protocol::messages::list_groups::ListedGroup;
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::cluster::{Moment, random_uuid};
use crate::machine::Ticket;
use classic::ClassicGroup;
use consumer::ConsumerGroup;
use coordination::Coordinators;
use expiry::Expiry;
pub(crate) use offsets::{CommittedOffset, OffsetStore};
pub(crate) use settings::GroupSettings;
pub use view::{GroupView, MemberView};

/// Keeps what groups draw apart from what the cluster draws.
const GROUP_SEED: u64 = 0x6772_6f75_7073;

/// All groups of the cluster.
#[derive(Debug)]
pub(crate) struct Groups {
    pub offsets: OffsetStore,
    /// What was committed in version 0 while there is a ZooKeeper.
    pub zookeeper: OffsetStore,
    pub settings: GroupSettings,
    groups: BTreeMap<StrBytes, Group>,
    /// Answers that no group gives.
    replies: Vec<Reply>,
    coordinators: Coordinators,
    expiry: Expiry,
    /// Groups to which something was done: whose offsets may age anew.
    touched: BTreeSet<StrBytes>,
    random: fastrand::Rng,
}

/// A group of whatever protocol.
#[derive(Debug)]
pub(crate) enum Group {
    Classic(Box<ClassicGroup>),
    /// Of the protocol of KIP-848.
    Consumer(Box<ConsumerGroup>),
}

/// Who commits offsets, or says to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committer<'a> {
    pub member_id: &'a str,
    pub instance_id: Option<&'a str>,
    /// The generation, or the member's epoch; negative from outside the group.
    pub generation: i32,
    pub transactional: bool,
    /// The request's version, for what older ones cannot be told.
    pub version: i16,
}

/// An answer to a request that waited.
pub(crate) type Reply = (Ticket, AnyResponse);

impl Groups {
    pub(crate) fn new(settings: GroupSettings, seed: u64) -> Self {
        Self {
            offsets: OffsetStore::default(),
            zookeeper: OffsetStore::default(),
            settings,
            groups: BTreeMap::new(),
            replies: Vec::new(),
            coordinators: Coordinators::default(),
            expiry: Expiry::default(),
            touched: BTreeSet::new(),
            random: fastrand::Rng::with_seed(seed ^ GROUP_SEED),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Group> {
        self.groups.get_mut(id)
    }

    /// Every group, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&StrBytes, &Group)> {
        self.groups.iter()
    }

    fn insert(&mut self, id: &str, group: Group) {
        self.groups.insert(StrBytes::from(id), group);
    }

    /// The group, made as one that only keeps offsets where there is none.
    pub(crate) fn ensure(&mut self, id: &str, moment: Moment) -> &mut Group {
        let settings = self.settings;
        self.groups
            .entry(StrBytes::from(id))
            .or_insert_with(|| Group::classic(ClassicGroup::new(id, settings, moment.wall_ms)))
    }

    fn remove(&mut self, id: &str) -> Option<Group> {
        self.groups.remove(id)
    }

    /// A group to which offsets may be committed: made where there is none, and
    /// whoever commits is not in one.
    ///
    /// # Errors
    ///
    /// `GROUP_ID_NOT_FOUND` (in old versions `ILLEGAL_GENERATION`) to a member
    /// of a group that is not there, and what the group itself says of the
    /// member and its generation.
    pub(crate) fn check_commit(
        &mut self,
        id: &str,
        committer: Committer<'_>,
        moment: Moment,
    ) -> Result<&mut Group, ErrorCode> {
        if committer.generation >= 0 && !self.groups.contains_key(id) {
            return Err(if committer.transactional || committer.version < 9 {
                ErrorCode::IllegalGeneration
            } else {
                ErrorCode::GroupIdNotFound
            });
        }
        let group = self.ensure(id, moment);
        group.check_commit(committer, moment)?;
        Ok(group)
    }

    /// An id such as Kafka gives to members of consumer groups.
    pub(crate) fn random_id(&mut self) -> Uuid {
        random_uuid(&mut self.random)
    }

    /// A version 4 UUID as text, the way Kafka makes member ids unique.
    pub(crate) fn random_uuid(&mut self) -> String {
        let bits = self.random.u128(..) & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
        let hex = format!("{bits:032x}");
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
        let parts = parts.map(|range| hex.get(range).unwrap_or_default());
        parts.join("-")
    }
}

impl Group {
    fn classic(group: ClassicGroup) -> Self {
        Self::Classic(Box::new(group))
    }

    fn consumer(group: ConsumerGroup) -> Self {
        Self::Consumer(Box::new(group))
    }

    /// The name of the group's type, as ListGroups tells it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Classic(_) => "classic",
            Self::Consumer(_) => "consumer",
        }
    }

    /// The name of the group's state.
    pub(crate) fn state(&self) -> &'static str {
        match self {
            Self::Classic(group) => group.state().name(),
            Self::Consumer(group) => group.state().name(),
        }
    }

    /// What the group is of, `consumer` for consumers; empty when it only keeps
    /// offsets.
    pub(crate) fn protocol_type(&self) -> StrBytes {
        match self {
            Self::Classic(group) => group.protocol_type().cloned().unwrap_or_default(),
            Self::Consumer(_) => StrBytes::from_static(classic::CONSUMER),
        }
    }

    /// Whether it has no members.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.is_empty(),
            Self::Consumer(group) => group.is_empty(),
        }
    }

    /// Whether members are subscribed to a topic, so that its offsets stay.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match self {
            Self::Classic(group) => group.is_subscribed_to(topic),
            Self::Consumer(group) => group.is_subscribed_to(topic),
        }
    }

    /// Whether `committer` may commit. For a member it counts as a heartbeat.
    pub(crate) fn check_commit(
        &mut self,
        committer: Committer<'_>,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.check_commit(committer, moment),
            Self::Consumer(group) => group.check_commit(committer),
        }
    }

    /// Whether `committer`, who may commit, may do so for this partition.
    pub(crate) fn check_commit_of(
        &self,
        committer: Committer<'_>,
        topic: Uuid,
        partition: i32,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(_) => Ok(()),
            Self::Consumer(group) => group.check_commit_of(committer, topic, partition),
        }
    }

    /// Whether this member may ask for offsets; `None` and -1 from outside.
    pub(crate) fn check_fetch(
        &self,
        member_id: Option<&str>,
        member_epoch: i32,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(_) => Ok(()),
            Self::Consumer(group) => group.check_fetch(member_id, member_epoch),
        }
    }

    /// Whether the group may be deleted.
    pub(crate) fn check_delete(&self) -> Result<(), ErrorCode> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(ErrorCode::NonEmptyGroup)
        }
    }

    /// Whether single offsets of the group may be deleted: of consumers always,
    /// for it is known what they are subscribed to.
    pub(crate) fn check_offset_delete(&self) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) if !group.is_of_consumers() => self.check_delete(),
            Self::Classic(_) | Self::Consumer(_) => Ok(()),
        }
    }

    /// When offsets of the group begin to age: `None` while none may expire,
    /// otherwise the moment given here in place of the offset's own commit.
    pub(crate) fn offsets_age_from(&self) -> Option<AgeFrom> {
        match self {
            Self::Classic(group) => group.offsets_age_from(),
            Self::Consumer(_) => Some(AgeFrom::Commit),
        }
    }

    /// The group as ListGroups shows it.
    pub(crate) fn listed(&self, id: &StrBytes) -> ListedGroup {
        ListedGroup::new()
            .with_group_id(id.clone())
            .with_protocol_type(self.protocol_type())
            .with_group_state(self.state())
            .with_group_type(self.kind())
    }

    /// When [`Group::advance`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        match self {
            Self::Classic(group) => group.next_due(),
            Self::Consumer(group) => group.next_due(),
        }
    }

    /// Does what is due.
    pub(crate) fn advance(&mut self, moment: Moment) {
        match self {
            Self::Classic(group) => group.advance(moment),
            Self::Consumer(group) => group.advance(moment),
        }
        self.settle(moment);
    }

    /// A consumer group becomes a classic one when its last member of the new
    /// protocol is gone.
    pub(crate) fn settle(&mut self, moment: Moment) {
        let classic = match self {
            Self::Consumer(group) if group.has_become_classic() => group.to_classic(moment),
            _ => return,
        };
        *self = Self::classic(classic);
    }

    /// The answers that are ready.
    pub(crate) fn take_replies(&mut self) -> Vec<Reply> {
        match self {
            Self::Classic(group) => group.take_replies(),
            Self::Consumer(_) => Vec::new(),
        }
    }

    /// Its coordinator lost it: whoever waits is sent away, no timeout runs, and
    /// the group becomes what the log has of it. `None` when that is nothing.
    pub(crate) fn unload(self) -> (Vec<Reply>, Option<Group>) {
        match self {
            Self::Classic(group) => {
                let (replies, group) = group.unload();
                (replies, group.map(Group::classic))
            }
            Self::Consumer(group) => (Vec::new(), Some(Group::consumer(group.unload()))),
        }
    }

    /// A coordinator has read the group: timeouts run from now on.
    pub(crate) fn loaded(&mut self, moment: Moment) {
        match self {
            Self::Classic(group) => group.loaded(moment),
            Self::Consumer(group) => group.loaded(moment),
        }
    }
}

/// From when on offsets age: see [`Group::offsets_age_from`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgeFrom {
    /// From each one's commit.
    Commit,
    /// From this time, in milliseconds since 1970.
    Time(i64),
}
