//! The offsets that groups have stored, in the end and on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use super::transactions::Fate;
use super::view::View;
use super::words::at;
use super::{Anomaly, Findings};
use crate::history::{Commit, CommitOutcome, GroupId, LogId, TransactionId};

pub(super) fn check(view: &View<'_>, fates: &[Fate], findings: &mut Findings) {
    let mut commits: BTreeMap<(GroupId, LogId), Vec<Tried>> = BTreeMap::new();
    for commit in &view.history.commits {
        commits
            .entry((commit.group, commit.log))
            .or_default()
            .push(Tried::new(view, fates, commit));
    }
    for stored in &view.history.stored_offsets {
        let tried = commits.get(&(stored.group, stored.log));
        let tried = tried.map_or(&[][..], Vec::as_slice);
        let tried: Vec<Tried> = tried.iter().filter_map(|t| t.by(stored.at)).collect();
        let comes_late = stored.offset.is_some_and(|offset| {
            let commit = (stored.group, stored.log, offset);
            view.history.abandoned_commits.contains(&commit)
        });
        let Some((anomaly, why)) = judge(&tried, stored.offset, comes_late) else {
            continue;
        };
        findings.add(anomaly, || {
            let why = match why {
                Why::Aborted(id) => format!("which only {} set", view.transaction(id)),
                Why::Behind(last) => format!(
                    "but offset {} was stored by a commit invoked at {}{}",
                    last.offset,
                    at(last.invoked),
                    last.transaction
                        .map(|id| format!(" ({})", view.transaction(id)))
                        .unwrap_or_default()
                ),
                Why::Invented => "which nobody committed".to_owned(),
            };
            let when = match stored.at {
                Duration::MAX => "in the end".to_owned(),
                moment => format!("at {}", at(moment)),
            };
            let offset = stored.offset.map_or("none".to_owned(), |o| o.to_string());
            format!(
                "group {} has offset {offset} of {} {when}, {why}",
                view.group(stored.group),
                view.log(stored.log)
            )
        });
    }
}

/// A commit, alone or part of a transaction.
#[derive(Clone, Copy)]
struct Tried {
    offset: i64,
    fate: Fate,
    transaction: Option<TransactionId>,
    /// When it can have taken effect.
    invoked: Duration,
    ended: Duration,
}

impl Tried {
    fn new(view: &View<'_>, fates: &[Fate], commit: &Commit) -> Self {
        let (fate, invoked, ended) = match commit.transaction {
            Some(id) => {
                let entry = view.history.transactions.get(id.index());
                (
                    fates.get(id.index()).copied().unwrap_or(Fate::Unknown),
                    entry.and_then(|e| e.end_invoked).unwrap_or(commit.invoked),
                    entry.and_then(|e| e.ended),
                )
            }
            None => {
                let fate = match commit.outcome {
                    Some(CommitOutcome::Stored) => Fate::Committed,
                    Some(CommitOutcome::Refused) => Fate::Aborted,
                    Some(CommitOutcome::Indeterminate) | None => Fate::Unknown,
                };
                (fate, commit.invoked, commit.ended)
            }
        };
        Self {
            offset: commit.offset,
            fate,
            transaction: commit.transaction,
            invoked,
            ended: ended.unwrap_or(Duration::MAX),
        }
    }

    /// What was known of it at a moment; `None` where it had not begun.
    fn by(&self, moment: Duration) -> Option<Self> {
        let known = match self.ended <= moment {
            true => *self,
            false => Self {
                fate: Fate::Unknown,
                ended: Duration::MAX,
                ..*self
            },
        };
        (self.invoked <= moment).then_some(known)
    }
}

enum Why {
    Aborted(TransactionId),
    Behind(Tried),
    Invented,
}

/// `comes_late`: a request to commit what is stored may have been carried out at any time.
fn judge(tried: &[Tried], stored: Option<i64>, comes_late: bool) -> Option<(Anomaly, Why)> {
    let done = || tried.iter().filter(|tried| tried.fate == Fate::Committed);
    let last = done().max_by_key(|tried| tried.invoked);
    let possible = |tried: &Tried| match tried.fate {
        // Of unknown end, it may be carried out at any time.
        Fate::Unknown if tried.transaction.is_some() => true,
        // Not if it was over before a later one, that was stored, was begun: a client that
        // has given up on a commit sends it no more.
        Fate::Committed | Fate::Unknown => {
            comes_late || last.is_none_or(|last| tried.ended >= last.invoked)
        }
        Fate::Aborted => false,
    };
    let explained = match stored {
        Some(offset) => tried
            .iter()
            .any(|tried| tried.offset == offset && possible(tried)),
        None => last.is_none(),
    };
    if explained {
        return None;
    }
    let aborted = tried.iter().find(|tried| {
        Some(tried.offset) == stored && tried.fate == Fate::Aborted && tried.transaction.is_some()
    });
    if let Some(id) = aborted.and_then(|tried| tried.transaction) {
        return Some((Anomaly::TornTransaction, Why::Aborted(id)));
    }
    Some(match last {
        // Its outputs are there and its inputs are not.
        Some(last) if last.transaction.is_some() => (Anomaly::TornTransaction, Why::Behind(*last)),
        Some(last) => (Anomaly::LostCommit, Why::Behind(*last)),
        None => (Anomaly::LostCommit, Why::Invented),
    })
}
