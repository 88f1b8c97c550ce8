//! Names and times for the text of a finding.

use std::time::Duration;

use super::view::View;
use crate::history::{
    ClientId, ConsumerId, GroupId, Incarnation, LogId, SendId, SendOutcome, TransactionId,
};

/// Characters of a value that are shown.
const SHOWN: usize = 60;

impl View<'_> {
    pub(super) fn value(&self, value: u32) -> String {
        let bytes = self.history.values.get_index(value as usize);
        let text = String::from_utf8_lossy(bytes.map_or(&[][..], |bytes| bytes));
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        format!("{shown:?}")
    }

    pub(super) fn log(&self, log: LogId) -> String {
        let found = self.history.logs.get_index(log.index());
        found.map(Incarnation::to_string).unwrap_or_default()
    }

    /// `orders-3@17`.
    pub(super) fn place(&self, log: LogId, offset: Option<i64>) -> String {
        match offset {
            Some(offset) => format!("{}@{offset}", self.log(log)),
            None => format!("{} at an unknown offset", self.log(log)),
        }
    }

    pub(super) fn consumer(&self, consumer: ConsumerId) -> &str {
        let found = self.history.consumers.get(consumer.index());
        found.map_or("?", |consumer| &consumer.name)
    }

    pub(super) fn client(&self, client: ClientId) -> &str {
        let found = self.history.clients.get_index(client.index());
        found.map_or("?", |client| client)
    }

    pub(super) fn group(&self, group: GroupId) -> &str {
        let found = self.history.groups.get_index(group.index());
        found.map_or("?", |group| group)
    }

    /// The value, who sent it and when, and what came of it.
    pub(super) fn send(&self, send: SendId) -> String {
        let Some(entry) = self.history.sends.get(send.index()) else {
            return "?".to_owned();
        };
        let producer = self.history.producers.get(entry.producer.index());
        let producer = producer.map_or("?", |producer| &producer.name);
        let end = match entry.outcome {
            Some(outcome) => format!("{} at {}", self.outcome(outcome), at(entry.resolved)),
            None => "without outcome".to_owned(),
        };
        let value = self.value(entry.value);
        format!(
            "{value} of {producer}, sent at {}, {end}",
            at(entry.invoked)
        )
    }

    pub(super) fn outcome(&self, outcome: SendOutcome) -> String {
        match outcome {
            SendOutcome::Acknowledged { log, offset } => {
                format!("acknowledged as {}", self.place(log, offset))
            }
            SendOutcome::Failed => "failed for certain".to_owned(),
            SendOutcome::Indeterminate => "of unknown outcome".to_owned(),
        }
    }

    pub(super) fn transaction(&self, id: TransactionId) -> String {
        let Some(entry) = self.history.transactions.get(id.index()) else {
            return "?".to_owned();
        };
        let producer = self.history.producers.get(entry.producer.index());
        let producer = producer.map_or("?", |producer| &producer.name);
        let outcome = match (entry.outcome, entry.ended) {
            (Some(outcome), Some(ended)) => format!("{outcome:?} at {}", at(ended)),
            _ => "without outcome".to_owned(),
        };
        format!(
            "transaction {} of {producer}, begun at {}, {outcome}",
            id.index(),
            at(entry.begun)
        )
    }
}

pub(super) fn at(time: Duration) -> String {
    format!("{:.3}s", time.as_secs_f64())
}
