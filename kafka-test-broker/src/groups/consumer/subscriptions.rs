use std::collections::BTreeMap;

use kafka_protocol::StrBytes;

use super::member::Member;
use super::regex::Resolved;

/// What the members of a group subscribe to, counted.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    topics: BTreeMap<StrBytes, Subscribers>,
    /// How many members subscribe with each regular expression.
    regexes: BTreeMap<StrBytes, usize>,
}

/// Who subscribes to a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Subscribers {
    /// Members, by its name.
    members: usize,
    /// Regular expressions that match it.
    regexes: usize,
}

impl Subscriptions {
    pub(super) fn add_member(&mut self, member: &Member) {
        for topic in &member.topics {
            self.topics.entry(topic.clone()).or_default().members += 1;
        }
        if !member.regex.is_empty() {
            *self.regexes.entry(member.regex.clone()).or_default() += 1;
        }
    }

    pub(super) fn remove_member(&mut self, member: &Member) {
        for topic in &member.topics {
            self.change(topic, |subscribers| &mut subscribers.members);
        }
        if let Some(count) = self.regexes.get_mut(&member.regex) {
            *count -= 1;
            if *count == 0 {
                self.regexes.remove(&member.regex);
            }
        }
    }

    pub(super) fn add_resolved(&mut self, resolved: &Resolved) {
        for topic in &resolved.topics {
            self.topics.entry(topic.clone()).or_default().regexes += 1;
        }
    }

    pub(super) fn remove_resolved(&mut self, resolved: &Resolved) {
        for topic in &resolved.topics {
            self.change(topic, |subscribers| &mut subscribers.regexes);
        }
    }

    /// Every topic that is subscribed to, whether it exists or not.
    pub(super) fn topics(&self) -> impl Iterator<Item = &StrBytes> {
        self.topics.keys()
    }

    pub(super) fn has_topic(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    pub(super) fn regexes(&self) -> impl ExactSizeIterator<Item = &StrBytes> {
        self.regexes.keys()
    }

    /// How many members subscribe with `regex`.
    pub(super) fn of_regex(&self, regex: &str) -> usize {
        self.regexes.get(regex).copied().unwrap_or(0)
    }

    /// Whether all of `members` subscribe to the same topics: to the same names,
    /// or with one regular expression and no names.
    pub(super) fn are_alike(&self, members: usize) -> bool {
        match self.regexes.first_key_value() {
            None => self.topics.values().all(|topic| topic.members == members),
            Some((_, count)) => {
                *count == members
                    && self
                        .topics
                        .values()
                        .all(|topic| topic.regexes == 1 && topic.members == 0)
            }
        }
    }

    fn change(&mut self, topic: &StrBytes, which: impl Fn(&mut Subscribers) -> &mut usize) {
        if let Some(subscribers) = self.topics.get_mut(topic) {
            let count = which(subscribers);
            *count = count.saturating_sub(1);
            if *subscribers == Subscribers::default() {
                self.topics.remove(topic);
            }
        }
    }
}
