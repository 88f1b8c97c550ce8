//! Which protocol the members agree on, and what consumers say in it.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::consumer_protocol::ConsumerProtocolSubscription;
use kafka_protocol::wire::Reader;
use kafka_protocol::{Message, StrBytes};

use super::{ClassicGroup, ClassicState, Protocol};
use crate::cluster::java_string_hash;

impl ClassicGroup {
    /// Whether a member that knows these protocols can be in the group.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &[Protocol]) -> bool {
        if self.state == ClassicState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols
                .iter()
                .any(|protocol| self.all_know(&protocol.name))
    }

    /// The protocol that most members prefer among those that all know.
    pub(super) fn select_protocol(&self) -> Option<StrBytes> {
        let mut votes: BTreeMap<&StrBytes, usize> = BTreeMap::new();
        for member in self.members.values() {
            let mut known = member.protocols.iter().map(|protocol| &protocol.name);
            if let Some(choice) = known.find(|name| self.all_know(name)) {
                *votes.entry(choice).or_default() += 1;
            }
        }
        let most = votes.values().copied().max()?;
        let tied = votes.into_iter().filter(|(_, count)| *count == most);
        tied.map(|(name, _)| name.clone())
            .min_by_key(|name| bucket(name))
    }

    /// What the members subscribe to, if they are consumers.
    pub(super) fn read_subscriptions(&self) -> Option<BTreeSet<StrBytes>> {
        if !self.is_of_consumers() {
            return None;
        }
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            let metadata = member.metadata(self.protocol.as_ref());
            // Behind the version, all versions begin like the first.
            let mut reader = Reader::new(metadata.get(2..).map(|_| metadata.slice(2..))?);
            let subscription = ConsumerProtocolSubscription::decode(&mut reader, 0).ok()?;
            topics.extend(subscription.topics.iter().map(StrBytes::detach));
        }
        Some(topics)
    }

    fn all_know(&self, protocol: &StrBytes) -> bool {
        let knows = |protocols: &[Protocol]| protocols.iter().any(|known| known.name == *protocol);
        self.members.values().all(|member| knows(&member.protocols))
    }
}

/// Of protocols with equally many votes Kafka takes the one that comes first in
/// a Java hash map, of the size it has for up to twelve names.
fn bucket(name: &str) -> u32 {
    let hash = java_string_hash(name).cast_unsigned();
    (hash ^ (hash >> 16)) & 15
}
