//! What each consumer was handed, in its order.

use std::collections::BTreeMap;
use std::time::Duration;

use super::view::{View, records_of};
use super::words::at;
use super::{Anomaly, Findings};
use crate::history::{
    ConsumerId, Event, GroupId, Isolation, LogId, TransactionOutcome, Visibility,
};

pub(super) fn check(view: &View<'_>, findings: &mut Findings) {
    let mut state = Positions::default();
    for event in &view.history.events {
        match event {
            Event::Assigned {
                now,
                consumer,
                log,
                from,
                by,
            } => {
                state.set(*now, *consumer, *log, Held::At(*from));
                if let Some(by) = by {
                    state.own(view, *now, *consumer, *log, *by, findings);
                }
            }
            Event::Revoked { now, consumer, log } => {
                state.set(*now, *consumer, *log, Held::GivenUp);
                if let Some(owners) = state.owners.get_mut(log) {
                    owners.retain(|owner| owner.consumer != *consumer);
                }
            }
            Event::Seek {
                now,
                consumer,
                log,
                to,
            } => state.set(*now, *consumer, *log, Held::At(*to)),
            Event::Poll {
                now,
                consumer,
                log,
                records,
            } => {
                let records = records_of(view.history, *records);
                state.poll(view, *now, *consumer, *log, records, findings);
            }
            Event::Commit {
                now,
                consumer,
                log,
                offset,
            } => state.commit(view, *now, *consumer, *log, *offset, findings),
            Event::Position {
                now,
                consumer,
                log,
                offset,
            } => state.tell(view, *now, *consumer, *log, *offset, findings),
        }
    }
}

#[derive(Default)]
struct Positions {
    positions: BTreeMap<(ConsumerId, LogId), Position>,
    owners: BTreeMap<LogId, Vec<Owner>>,
}

/// Where a consumer stands in a log.
struct Position {
    held: Held,
    /// When it was last set, other than by reading.
    set: Duration,
    /// It is where reading led.
    read: bool,
}

#[derive(Clone, Copy)]
enum Held {
    GivenUp,
    /// Before this offset; `None` where only the cluster knows.
    At(Option<i64>),
}

struct Owner {
    consumer: ConsumerId,
    group: GroupId,
    epoch: i32,
    since: Duration,
}

impl Positions {
    fn set(&mut self, now: Duration, consumer: ConsumerId, log: LogId, held: Held) {
        let position = Position {
            held,
            set: now,
            read: false,
        };
        self.positions.insert((consumer, log), position);
    }

    fn own(
        &mut self,
        view: &View<'_>,
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        (group, epoch): (GroupId, i32),
        findings: &mut Findings,
    ) {
        let owners = self.owners.entry(log).or_default();
        for other in owners.iter() {
            let same = (other.group, other.epoch) == (group, epoch);
            if same && other.consumer != consumer {
                findings.add(Anomaly::TwoOwners, || {
                    format!(
                        "{} of group {} in epoch {epoch}: {} since {} and {} from {}",
                        view.log(log),
                        view.group(group),
                        view.consumer(other.consumer),
                        at(other.since),
                        view.consumer(consumer),
                        at(now)
                    )
                });
            }
        }
        owners.retain(|owner| owner.consumer != consumer || owner.group != group);
        owners.push(Owner {
            consumer,
            group,
            epoch,
            since: now,
        });
    }

    fn poll(
        &mut self,
        view: &View<'_>,
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        records: &[(i64, u32)],
        findings: &mut Findings,
    ) {
        let position = self.positions.entry((consumer, log));
        let position = position.or_insert(Position {
            held: Held::At(None),
            set: now,
            read: false,
        });
        let who = || format!("{} at {}", view.consumer(consumer), at(now));
        let since = at(position.set);
        position.read |= !records.is_empty();
        let Held::At(position) = &mut position.held else {
            if let Some((offset, _)) = records.first() {
                findings.add(Anomaly::ReadAfterRevoke, || {
                    let place = view.place(log, Some(*offset));
                    format!("{}: {place}, given up at {since}", who())
                });
            }
            return;
        };
        let isolation = view.isolation(consumer);
        let removed_below = view.removed_below_by(now, log);
        for (offset, value) in records {
            if let Some(expected) = *position {
                let from = expected.max(removed_below);
                let visible = view.visible(log, isolation);
                if *offset < expected {
                    findings.add(Anomaly::NonmonotonicPoll, || {
                        let place = view.place(log, Some(*offset));
                        format!(
                            "{}: {place}, its position was {expected}; it was set at {since}",
                            who()
                        )
                    });
                } else if let Some((first, count)) = visible.between(from, *offset) {
                    findings.add(Anomaly::PollSkip, || {
                        format!(
                            "{}: {} from position {expected}, past {count} records, the first {}",
                            who(),
                            view.place(log, Some(*offset)),
                            view.place(log, Some(first))
                        )
                    });
                } else if let Some(gone) = view.still_there(log, isolation, (from, *offset), now) {
                    findings.add(Anomaly::PollSkip, || {
                        format!(
                            "{}: {} from position {expected}, past {}, which was there until {}",
                            who(),
                            view.place(log, Some(*offset)),
                            view.place(log, Some(gone.offset)),
                            at(gone.until)
                        )
                    });
                }
            }
            *position = Some(offset.saturating_add(1));
            if isolation == Isolation::ReadCommitted {
                check_committed(view, (now, consumer, log), (*offset, *value), findings);
            }
        }
    }

    fn tell(
        &mut self,
        view: &View<'_>,
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        offset: i64,
        findings: &mut Findings,
    ) {
        let Some(position) = self.positions.get_mut(&(consumer, log)) else {
            return;
        };
        let Held::At(Some(held)) = &mut position.held else {
            return;
        };
        if position.read && offset < *held {
            findings.add(Anomaly::NonmonotonicPoll, || {
                format!(
                    "{} at {}: says that it stands at {}, was handed records up to {held}",
                    view.consumer(consumer),
                    at(now),
                    view.place(log, Some(offset)),
                )
            });
            return;
        }
        let from = (*held).max(view.removed_below_by(now, log));
        let isolation = view.isolation(consumer);
        let passed = view.visible(log, isolation).between(from, offset);
        let gone = view.still_there(log, isolation, (from, offset), now);
        let first = passed.map(|(first, _)| first);
        if let Some(first) = first.or(gone.map(|gone| gone.offset)) {
            findings.add(Anomaly::PollSkip, || {
                format!(
                    "{} at {}: says that it stands at {} from position {held}, past records, the \
                     first {}",
                    view.consumer(consumer),
                    at(now),
                    view.place(log, Some(offset)),
                    view.place(log, Some(first))
                )
            });
            *held = offset;
        }
    }

    fn commit(
        &mut self,
        view: &View<'_>,
        now: Duration,
        consumer: ConsumerId,
        log: LogId,
        offset: i64,
        findings: &mut Findings,
    ) {
        let position = self.positions.get(&(consumer, log));
        let Some(Held::At(Some(position))) = position.map(|position| position.held) else {
            return;
        };
        if offset <= position {
            return;
        }
        // Markers and what compaction removed are passed without being handed out, so the
        // position may be behind what the client knows: by nothing that is visible, and by
        // no more than one marker a transaction at the end.
        let from = position.max(view.removed_below_by(now, log));
        let passed = view
            .visible(log, view.isolation(consumer))
            .between(from, offset);
        let markers = view.history.transactions.len() as i64;
        let end = view.end(log).max(from).saturating_add(markers);
        if passed.is_some() || offset > end {
            findings.add(Anomaly::CommitBeyondDelivered, || {
                format!(
                    "{} at {}: committed {}, was handed records up to {position}",
                    view.consumer(consumer),
                    at(now),
                    view.place(log, Some(offset))
                )
            });
        }
    }
}

/// A read-committed consumer was handed this record: was it committed?
fn check_committed(
    view: &View<'_>,
    (now, consumer, log): (Duration, ConsumerId, LogId),
    (offset, value): (i64, u32),
    findings: &mut Findings,
) {
    if findings.is_explained(value) {
        return;
    }
    let Some(id) = view.transaction_of(value) else {
        return;
    };
    let Some(transaction) = view.history.transactions.get(id.index()) else {
        return;
    };
    let marked = view.shown_at(log, offset).iter();
    let marked = marked.map(|shown| shown.visibility).max();
    let anomaly = if transaction.outcome == Some(TransactionOutcome::Aborted)
        || marked == Some(Visibility::Aborted)
    {
        Anomaly::AbortedRead
    } else if transaction.end_invoked.is_none_or(|end| now < end) {
        Anomaly::PrecommittedRead
    } else {
        return;
    };
    findings.add_for(anomaly, value, || {
        let place = view.place(log, Some(offset));
        let consumer = view.consumer(consumer);
        let value = view.value(value);
        let transaction = view.transaction(id);
        format!(
            "{consumer} at {} read {value} as {place}: {transaction}",
            at(now)
        )
    });
}
