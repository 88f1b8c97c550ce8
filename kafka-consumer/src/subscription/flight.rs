//! What a fetch on its way asked for, and finding that in its answer. Part of the
//! pure state machine.

use std::collections::BTreeMap;

use kafka_protocol::messages::fetch::FetchableTopicResponse;
use kafka_protocol::{StrBytes, Uuid};

/// A fetch on its way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) ticket: u64,
    /// What it may bring, charged to the budget.
    pub(super) reserved: usize,
    /// Whether the broker may hold it until there is data.
    pub(super) waits: bool,
    pub(super) items: Vec<FlightItem>,
}

/// What was asked of one partition.
#[derive(Debug)]
pub(super) struct FlightItem {
    pub(super) slot: usize,
    pub(super) topic: StrBytes,
    pub(super) topic_id: Uuid,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// How an answer names a topic: by id from v13 on, before by name.
pub(super) enum TopicKey {
    Name(StrBytes),
    Id(Uuid),
}

impl TopicKey {
    pub(super) fn of(topic: &FetchableTopicResponse) -> Self {
        if topic.topic_id == Uuid::default() {
            Self::Name(topic.topic.clone())
        } else {
            Self::Id(topic.topic_id)
        }
    }

    fn is(&self, item: &FlightItem) -> bool {
        match self {
            Self::Name(name) => item.topic == *name,
            Self::Id(id) => item.topic_id == *id,
        }
    }
}

/// Finds what was asked for, each once. Answers come in the order of the request
/// as a rule, so the next item is nearly always the one.
pub(super) struct Wanted<'a> {
    items: &'a [FlightItem],
    answered: Vec<bool>,
    next: usize,
    by_name: Option<BTreeMap<(&'a str, i32), usize>>,
    by_id: Option<BTreeMap<(Uuid, i32), usize>>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(flight: &'a Flight) -> Self {
        Self {
            items: &flight.items,
            answered: vec![false; flight.items.len()],
            next: 0,
            by_name: None,
            by_id: None,
        }
    }

    pub(super) fn take(&mut self, topic: &TopicKey, partition: i32) -> Option<&'a FlightItem> {
        let expected = self.items.get(self.next);
        let index = match expected {
            Some(item) if item.partition == partition && topic.is(item) => self.next,
            _ => self.find(topic, partition)?,
        };
        let answered = self.answered.get_mut(index)?;
        if std::mem::replace(answered, true) {
            return None;
        }
        self.next = index + 1;
        self.items.get(index)
    }

    /// What was not taken.
    pub(super) fn left_out(&self) -> impl Iterator<Item = &'a FlightItem> {
        let items = self.items.iter().zip(&self.answered);
        items
            .filter(|(_, answered)| !**answered)
            .map(|(item, _)| item)
    }

    fn find(&mut self, topic: &TopicKey, partition: i32) -> Option<usize> {
        let items = self.items.iter().enumerate();
        match topic {
            TopicKey::Name(name) => self
                .by_name
                .get_or_insert_with(|| {
                    items
                        .map(|(index, item)| ((item.topic.as_str(), item.partition), index))
                        .collect()
                })
                .get(&(name.as_str(), partition))
                .copied(),
            TopicKey::Id(id) => self
                .by_id
                .get_or_insert_with(|| {
                    items
                        .map(|(index, item)| ((item.topic_id, item.partition), index))
                        .collect()
                })
                .get(&(*id, partition))
                .copied(),
        }
    }
}
