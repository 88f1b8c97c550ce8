use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::{StrBytes, Uuid};

use super::assignor::{Assignor, Partitions};
use crate::groups::classic::Protocol;

/// A member's partitions with the epoch at which each became its own.
pub(crate) type Owned = BTreeMap<Uuid, BTreeMap<i32, i32>>;

/// The epoch of a static member that has left and may be back.
pub(crate) const AWAY: i32 = -2;

/// How far a member has come towards its target.
///
/// ```text
///            target without some of its partitions
///        ┌────────────────────────────────────────────┐
///        │                                            ▼
///     Stable ◄──────────────────────────── UnrevokedPartitions
///      ▲  │      they are given up, and          │     ▲
///      │  │      all of the target is free       │     │
///      │  │                                      │     │ target
///      │  │ some of the target is another's      │     │ changed
///      │  └──────────► UnreleasedPartitions ◄────┘     │
///      └───────────────┘      └────────────────────────┘
///       the rest is free
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberState {
    /// It has its target of the epoch it is at.
    Stable,
    /// It has yet to give up partitions, and stays at its epoch till then.
    UnrevokedPartitions,
    /// It waits for partitions that others have yet to give up.
    UnreleasedPartitions,
}

/// A member of a consumer group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub id: StrBytes,
    /// The epoch of the target it has, or has begun to get; 0 for a new one,
    /// [`AWAY`] for a static one that will be back.
    pub epoch: i32,
    /// The epoch before, -1 at first. A heartbeat may still carry it when an
    /// answer was lost.
    pub previous_epoch: i32,
    pub state: MemberState,
    pub instance_id: Option<StrBytes>,
    pub rack_id: Option<StrBytes>,
    /// How long it may take to give up partitions; -1 when it never said.
    pub rebalance_timeout_ms: i32,
    pub client_id: StrBytes,
    pub client_host: StrBytes,
    pub topics: BTreeSet<StrBytes>,
    /// Empty for none.
    pub regex: StrBytes,
    pub assignor: Option<Assignor>,
    /// What it may use.
    pub assigned: Owned,
    /// What it has to give up, and so still counts as its own.
    pub revoking: Owned,
    /// What a member that speaks the classic protocol told about itself.
    pub classic: Option<ClassicTraits>,
}

/// A member that speaks the classic protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicTraits {
    pub session_timeout_ms: i32,
    /// The protocols it knows, best first; never empty.
    pub protocols: Vec<Protocol>,
}

impl Member {
    /// One that nothing is known of yet.
    pub(crate) fn new(id: StrBytes) -> Self {
        Self {
            id,
            epoch: 0,
            previous_epoch: -1,
            state: MemberState::Stable,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            client_id: StrBytes::default(),
            client_host: StrBytes::default(),
            topics: BTreeSet::new(),
            regex: StrBytes::default(),
            assignor: None,
            assigned: Owned::new(),
            revoking: Owned::new(),
            classic: None,
        }
    }

    /// The same static member under another id: it takes over what the one
    /// before had.
    pub(crate) fn succeeded_by(&self, id: StrBytes) -> Self {
        Self {
            id,
            epoch: 0,
            previous_epoch: 0,
            ..self.clone()
        }
    }

    /// It leaves, to come back under the same static name. What it had stays
    /// reserved; commits under its old id are refused from now on.
    pub(crate) fn go_away(&mut self) {
        self.epoch = AWAY;
        self.revoking.clear();
        for epochs in self.assigned.values_mut() {
            epochs.values_mut().for_each(|epoch| *epoch = 0);
        }
    }

    pub(crate) fn uses_classic_protocol(&self) -> bool {
        self.classic.is_some()
    }

    pub(crate) fn is_reconciled_to(&self, epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == epoch
    }

    /// Every partition that counts as its own.
    pub(crate) fn owned(&self) -> impl Iterator<Item = (Uuid, i32)> + '_ {
        pairs(&self.assigned).chain(pairs(&self.revoking))
    }

    /// Since which epoch a partition is its own, if it is.
    pub(crate) fn owns_since(&self, topic: Uuid, partition: i32) -> Option<i32> {
        let of = |owned: &Owned| owned.get(&topic)?.get(&partition).copied();
        of(&self.assigned).or_else(|| of(&self.revoking))
    }
}

/// The partitions without their epochs.
pub(crate) fn without_epochs(owned: &Owned) -> Partitions {
    let topics = owned.iter();
    topics
        .map(|(topic, epochs)| (*topic, epochs.keys().copied().collect()))
        .collect()
}

fn pairs(owned: &Owned) -> impl Iterator<Item = (Uuid, i32)> + '_ {
    owned
        .iter()
        .flat_map(|(topic, epochs)| epochs.keys().map(|partition| (*topic, *partition)))
}
