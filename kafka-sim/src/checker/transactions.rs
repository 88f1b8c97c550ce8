//! Transactions: all of it or nothing.

use super::view::View;
use super::{Anomaly, Evidence, Findings};
use crate::history::{SendId, SendOutcome, TransactionId, TransactionOutcome, Visibility};

/// What is known of how a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    Aborted,
    Unknown,
}

/// By transaction: its fate.
pub(super) fn check(view: &View<'_>, findings: &mut Findings) -> Vec<Fate> {
    let mut parts = vec![Parts::default(); view.history.transactions.len()];
    for (index, send) in view.history.sends.iter().enumerate() {
        let Some(parts) = send.transaction.and_then(|id| parts.get_mut(id.index())) else {
            continue;
        };
        let Some(SendOutcome::Acknowledged { log, offset }) = send.outcome else {
            // Not known to be part of it; seen, it proves a commit all the same.
            parts.shown += u32::from(is_committed(view, send.value));
            continue;
        };
        parts.acknowledged += 1;
        let removed = offset.unwrap_or(0) < view.removed_below(log)
            || view.is_superseded(log, offset, send.value);
        let beyond = offset.is_some_and(|offset| offset >= view.known_up_to(log));
        if is_committed(view, send.value) {
            parts.shown += 1;
            parts.first_shown.get_or_insert(SendId::at(index));
        } else if !removed
            && !beyond
            && !findings.is_explained(send.value)
            && is_missing(view, send.value)
        {
            parts.missing += 1;
            parts.first_missing.get_or_insert(SendId::at(index));
        }
    }
    let entries = view.history.transactions.iter().enumerate().zip(&parts);
    entries
        .map(|((index, entry), parts)| {
            judge(
                view,
                TransactionId::at(index),
                entry.outcome,
                parts,
                findings,
            )
        })
        .collect()
}

/// The acknowledged sends of a transaction.
#[derive(Clone, Debug, Default)]
struct Parts {
    acknowledged: u32,
    shown: u32,
    missing: u32,
    first_shown: Option<SendId>,
    first_missing: Option<SendId>,
}

fn judge(
    view: &View<'_>,
    id: TransactionId,
    outcome: Option<TransactionOutcome>,
    parts: &Parts,
    findings: &mut Findings,
) -> Fate {
    let example = |send: Option<SendId>| {
        send.map_or_else(
            || "a send of unknown outcome".to_owned(),
            |id| view.send(id),
        )
    };
    let torn = || {
        format!(
            "{}: {} of {} acknowledged sends are not visible, the first {}",
            view.transaction(id),
            parts.missing,
            parts.acknowledged,
            example(parts.first_missing)
        )
    };
    match outcome {
        Some(TransactionOutcome::Committed) => {
            if parts.missing > 0 {
                findings.add(Anomaly::TornTransaction, torn);
            }
            Fate::Committed
        }
        Some(TransactionOutcome::Aborted) => {
            let told = parts.first_shown.and_then(|send| {
                let send = view.history.sends.get(send.index())?;
                Some(findings.is_explained(send.value))
            });
            if parts.shown > 0 && told != Some(true) && view.evidence == Evidence::Logs {
                findings.add(Anomaly::AbortedRead, || {
                    format!(
                        "{}: the log shows {} of its records as committed, the first {}",
                        view.transaction(id),
                        parts.shown,
                        example(parts.first_shown)
                    )
                });
            }
            Fate::Aborted
        }
        Some(TransactionOutcome::Indeterminate) | None => {
            if parts.shown > 0 && parts.missing > 0 {
                findings.add(Anomaly::TornTransaction, torn);
            }
            match (parts.shown, parts.missing) {
                (1.., _) => Fate::Committed,
                (0, 1..) => Fate::Aborted,
                (0, 0) => Fate::Unknown,
            }
        }
    }
}

/// Shown in a way that only a commit explains.
fn is_committed(view: &View<'_>, value: u32) -> bool {
    match view.evidence {
        Evidence::Logs => view
            .places(value)
            .iter()
            .any(|place| place.3 == Visibility::Committed),
        Evidence::FreshReaders => view.is_read_committed(value),
    }
}

/// Not shown, and the evidence would show it had it been committed.
fn is_missing(view: &View<'_>, value: u32) -> bool {
    match view.evidence {
        Evidence::Logs => !is_committed(view, value),
        // Readers of uncommitted records show what was aborted, too.
        Evidence::FreshReaders => view.places(value).is_empty(),
    }
}
