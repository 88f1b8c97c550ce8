//! What became of each send, and where what is in the logs came from.

use std::collections::BTreeMap;

use super::view::{Shown, Stray, View, Witness};
use super::words::at;
use super::{Anomaly, Evidence, Findings};
use crate::history::{LogId, Promise, Send, SendId, SendOutcome};

pub(super) fn check(view: &View<'_>, findings: &mut Findings) {
    check_offsets(view, findings);
    check_compaction(view, findings);
    let mut unseen = Unseen::default();
    for (index, send) in view.history.sends.iter().enumerate() {
        check_send(view, SendId::at(index), send, &mut unseen, findings);
    }
    for extra in &view.history.extra_outcomes {
        findings.add(Anomaly::ResolvedTwice, || {
            format!(
                "{}; then {} at {}",
                view.send(extra.send),
                view.outcome(extra.outcome),
                at(extra.at)
            )
        });
    }
    check_invented(view, findings);
    check_order(view, findings);
    check_reached(view, unseen, findings);
}

/// Values tell sends apart: of a history where they do not, nothing else can be said.
pub(super) fn check_usable(view: &View<'_>, findings: &mut Findings) -> bool {
    let mut usable = true;
    for (index, send) in view.history.sends.iter().enumerate() {
        let id = SendId::at(index);
        if view.sender(send.value) != Some(id) {
            usable = false;
            findings.add(Anomaly::UnusableHistory, || {
                format!("a value is sent twice: {}", view.send(id))
            });
        }
    }
    usable
}

/// Two values at one offset.
fn check_offsets(view: &View<'_>, findings: &mut Findings) {
    let mut told: BTreeMap<(LogId, i64), Vec<(u32, String)>> = BTreeMap::new();
    for log in view.history.logs.iter().enumerate() {
        let log = LogId::at(log.0);
        for pair in view.shown(log).windows(2) {
            if let [first, second] = pair
                && first.offset == second.offset
                && first.value != second.value
            {
                let values = told.entry((log, first.offset)).or_default();
                for Shown { value, .. } in [first, second] {
                    values.push((*value, "stored".to_owned()));
                }
            }
        }
    }
    let mut before: Option<&Stray> = None;
    for stray in &view.strays {
        let shown = view.shown_at(stray.log, stray.offset).first();
        let other = match (shown, before) {
            (Some(shown), _) => Some((shown.value, "stored".to_owned())),
            (None, Some(other)) if (other.log, other.offset) == (stray.log, stray.offset) => {
                Some((other.value, witness(view, other)))
            }
            _ => None,
        };
        if let Some(other) = other {
            let values = told.entry((stray.log, stray.offset)).or_default();
            values.extend([other, (stray.value, witness(view, stray))]);
        }
        before = Some(stray);
    }
    for ((log, offset), mut values) in told {
        values.sort();
        values.dedup_by_key(|(value, _)| *value);
        for (value, _) in &values {
            findings.explain(*value);
        }
        findings.add(Anomaly::InconsistentOffset, || {
            let values = values.iter();
            let values: Vec<String> = values
                .map(|(value, how)| format!("{} ({how})", view.value(*value)))
                .collect();
            format!(
                "{} is {}",
                view.place(log, Some(offset)),
                values.join(" and ")
            )
        });
    }
}

/// What compaction took out and had to leave: the last of a key, and what has none.
fn check_compaction(view: &View<'_>, findings: &mut Findings) {
    for log in (0..view.history.logs.len()).map(LogId::at) {
        for gone in view.gone(log) {
            let removed = gone.offset < view.removed_below(log);
            let allowed = removed || view.is_superseded(log, Some(gone.offset), gone.value);
            if !allowed && !findings.is_explained(gone.value) {
                findings.add_for(Anomaly::LostWrite, gone.value, || {
                    format!(
                        "{} is the last of its key, and compaction took it out at {}: {}",
                        view.place(log, Some(gone.offset)),
                        at(gone.until),
                        view.value(gone.value)
                    )
                });
            }
        }
    }
}

fn witness(view: &View<'_>, stray: &Stray) -> String {
    match stray.witness {
        Witness::Read(consumer, when) => {
            format!("read by {} at {}", view.consumer(consumer), at(when))
        }
        Witness::Acknowledged(send) => format!("acknowledged: {}", view.send(send)),
    }
}

fn check_send(
    view: &View<'_>,
    id: SendId,
    send: &Send,
    unseen: &mut Unseen,
    findings: &mut Findings,
) {
    let value = send.value;
    if send.outcome.is_none() {
        findings.add(Anomaly::Unresolved, || view.send(id));
    }
    if findings.is_explained(value) {
        return;
    }
    let places = view.places(value);
    let stray = view.stray_read(value);
    if send.outcome == Some(SendOutcome::Failed) {
        if let Some((log, offset)) = places
            .first()
            .map(|place| (place.1, place.2))
            .or(stray.map(|stray| (stray.log, stray.offset)))
        {
            findings.add_for(Anomaly::WrittenAfterFailure, value, || {
                format!("{}; it is {}", view.send(id), view.place(log, Some(offset)))
            });
        }
        return;
    }
    if places.len() > 1 && view.promise(id) == Promise::ExactlyOnce {
        findings.add_for(Anomaly::Duplicate, value, || {
            let places = places.iter();
            let places: Vec<String> = places
                .map(|place| view.place(place.1, Some(place.2)))
                .collect();
            format!("{}; it is {}", view.send(id), places.join(" and "))
        });
        return;
    }
    let acknowledged = match send.outcome {
        Some(SendOutcome::Acknowledged { log, offset })
            if view.promise(id) != Promise::BestEffort =>
        {
            Some((log, offset))
        }
        _ => None,
    };
    let read = stray.map(|stray| (stray.log, Some(stray.offset)));
    for (log, offset) in acknowledged.into_iter().chain(read) {
        let there = |place: &(_, LogId, i64, _)| {
            place.1 == log && offset.is_none_or(|offset| place.2 == offset)
        };
        let removed = offset.unwrap_or(0) < view.removed_below(log);
        if places.iter().any(there) || removed || view.is_superseded(log, offset, value) {
            continue;
        }
        let how = || match stray {
            Some(stray) => format!("{}; {}", view.send(id), witness(view, &stray)),
            None => view.send(id),
        };
        if let Some(place) = places.first() {
            findings.add_for(Anomaly::Misplaced, value, || {
                let told = view.place(log, offset);
                let found = view.place(place.1, Some(place.2));
                format!("told as {told}, found as {found}: {}", how())
            });
            return;
        }
        if send.transaction.is_some() {
            continue;
        }
        if let Some(offset) = offset.filter(|offset| *offset >= view.known_up_to(log)) {
            unseen.add(log, offset, value);
        } else {
            findings.add_for(Anomaly::LostWrite, value, || {
                format!("{} is not there: {}", view.place(log, offset), how())
            });
        }
        return;
    }
}

fn check_invented(view: &View<'_>, findings: &mut Findings) {
    let logs = (0..view.history.logs.len()).map(LogId::at);
    let shown = logs.flat_map(|log| {
        let shown = view.shown(log).iter();
        shown.map(move |shown| (log, shown.offset, shown.value))
    });
    let read = view.strays.iter();
    let read = read.map(|stray| (stray.log, stray.offset, stray.value));
    for (log, offset, value) in shown.chain(read) {
        if view.sender(value).is_none() && !findings.is_explained(value) {
            findings.add_for(Anomaly::Invented, value, || {
                let place = view.place(log, Some(offset));
                format!("{} is {place} and nobody sent it", view.value(value))
            });
        }
    }
}

fn check_order(view: &View<'_>, findings: &mut Findings) {
    // By producer and log: the latest so far.
    let mut latest: BTreeMap<(u32, LogId), (i64, SendId)> = BTreeMap::new();
    for (index, send) in view.history.sends.iter().enumerate() {
        let id = SendId::at(index);
        let Some(SendOutcome::Acknowledged { log, offset }) = send.outcome else {
            continue;
        };
        if view.promise(id) != Promise::ExactlyOnce || findings.is_explained(send.value) {
            continue;
        }
        let found = || match view.places(send.value) {
            [(_, at, offset, _)] if *at == log => Some(*offset),
            _ => None,
        };
        let Some(offset) = offset.or_else(found) else {
            continue;
        };
        let last = latest
            .entry((send.producer.index() as u32, log))
            .or_insert((offset, id));
        if offset < last.0 {
            let last = *last;
            findings.add(Anomaly::NonmonotonicSend, || {
                format!(
                    "{}; before it in the sending, {} behind it in the log: {}",
                    view.send(id),
                    view.place(log, Some(last.0)),
                    view.send(last.1)
                )
            });
        } else {
            *last = (offset, id);
        }
    }
}

/// By log: how many, and the first of them.
#[derive(Default)]
struct Unseen(BTreeMap<LogId, (usize, i64, u32)>);

impl Unseen {
    fn add(&mut self, log: LogId, offset: i64, value: u32) {
        let entry = self.0.entry(log).or_insert((0, offset, value));
        entry.0 += 1;
        if offset < entry.1 {
            (entry.1, entry.2) = (offset, value);
        }
    }
}

fn check_reached(view: &View<'_>, mut unseen: Unseen, findings: &mut Findings) {
    if view.evidence == Evidence::Logs {
        for log in (0..view.history.logs.len()).map(LogId::at) {
            let Some(end) = view.fresh_end(log) else {
                continue;
            };
            let from = end.max(view.removed_below(log));
            if let Some((first, count)) = view.fresh_visible(log).between(from, i64::MAX) {
                let value = view.shown_at(log, first).first().map_or(0, |at| at.value);
                unseen.0.insert(log, (count, first, value));
            }
        }
    }
    for (log, (count, first, value)) in unseen.0 {
        findings.add(Anomaly::Unseen, || {
            format!(
                "fresh readers of {} ended before offset {}; {count} records are missing, \
                 the first at {first}: {}",
                view.log(log),
                view.fresh_end(log).unwrap_or(0),
                view.sender(value)
                    .map_or_else(|| view.value(value), |send| view.send(send))
            )
        });
    }
}
