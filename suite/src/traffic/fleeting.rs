//! The ledger of the topic that is deleted and created anew. Pure.
//!
//! Neither acknowledgements nor batches tell which incarnation of a topic they mean, and a
//! deleted one can't be read any more. So this is what can be held against the client:
//!
//! - each send has one outcome;
//! - a consumer is handed no record twice and each partition's in the order sent, its offsets
//!   without holes and, where it was made to begin anew, from 0: what it got of an incarnation
//!   is a beginning of its log, and of the last one the whole log;
//! - no record that was accepted before an incarnation was asked for is in the last one;
//! - in the last incarnation's log, nothing acknowledged is missing after the first record of a
//!   partition that went there, each is where it was acknowledged, and none is there whose
//!   send is said to have failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Acknowledged, at this offset where the broker told it.
    Delivered(Option<i64>),
    /// Not written, so the client says.
    Failed,
    /// Perhaps written.
    Unknown,
}

#[derive(Clone, Debug)]
struct Sent {
    partition: i32,
    /// When the producer had taken it.
    accepted: Option<Duration>,
    outcome: Option<Outcome>,
}

/// An offset, and the number of the record there; `None` for one of a witness.
type Entry = (i64, Option<usize>);

/// What was sent and read.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleeting {
    sent: Vec<Sent>,
    problems: Vec<String>,
    /// What the consumer was handed, by partition.
    read: BTreeMap<i32, Vec<Entry>>,
    /// What the last incarnation holds, by partition.
    held: BTreeMap<i32, Vec<Entry>>,
    /// When the last incarnation was asked for.
    created: Duration,
    /// How often it was created anew.
    recreated: u32,
}

/// How many sends ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Acknowledged.
    pub delivered: usize,
    /// Failed for certain.
    pub failed: usize,
    /// Perhaps written.
    pub unknown: usize,
}

impl Fleeting {
    /// The number of the record that is sent next, to this partition.
    pub(super) fn send(&mut self, partition: i32) -> usize {
        self.sent.push(Sent {
            partition,
            accepted: None,
            outcome: None,
        });
        self.sent.len() - 1
    }

    pub(super) fn value(number: usize) -> String {
        format!("record {number}")
    }

    pub(super) fn accepted(&mut self, now: Duration, number: usize) {
        if let Some(sent) = self.sent.get_mut(number) {
            sent.accepted = Some(now);
        }
    }

    pub(super) fn resolve(&mut self, number: usize, outcome: Outcome) {
        match self.sent.get_mut(number) {
            Some(sent) if sent.outcome.is_none() => sent.outcome = Some(outcome),
            _ => self
                .problems
                .push(format!("record {number} has a second outcome: {outcome:?}")),
        }
    }

    /// The topic, deleted before, is about to be asked for.
    pub(super) fn creating(&mut self, now: Duration) {
        self.created = now;
        self.recreated += 1;
    }

    /// When it was asked for, for the last time.
    pub(super) fn created(&self) -> Duration {
        self.created
    }

    /// How often it was created anew.
    pub(super) fn recreated(&self) -> u32 {
        self.recreated
    }

    /// The consumer was handed a record.
    pub(super) fn read(&mut self, partition: i32, offset: i64, value: &[u8]) {
        let entry = (offset, number(value));
        self.read.entry(partition).or_default().push(entry);
    }

    /// A fresh consumer found a record in the end.
    pub(super) fn held(&mut self, partition: i32, offset: i64, value: &[u8]) {
        let entry = (offset, number(value));
        self.held.entry(partition).or_default().push(entry);
    }

    /// Records of ours that a fresh consumer found in the end.
    pub(super) fn in_the_last(&self) -> usize {
        let entries = self.held.values().flatten();
        entries.filter(|(_, number)| number.is_some()).count()
    }

    pub(super) fn outcomes(&self) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for sent in &self.sent {
            match sent.outcome {
                Some(Outcome::Delivered(_)) => outcomes.delivered += 1,
                Some(Outcome::Failed) => outcomes.failed += 1,
                Some(Outcome::Unknown) => outcomes.unknown += 1,
                None => {}
            }
        }
        outcomes
    }

    /// What is wrong.
    pub(super) fn judge(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        let open = self.sent.iter().filter(|sent| sent.outcome.is_none());
        match open.count() {
            0 => {}
            open => problems.push(format!("{open} sends have no outcome")),
        }
        for (partition, entries) in &self.read {
            self.judge_reading(*partition, entries, &mut problems);
        }
        for (partition, entries) in &self.held {
            self.judge_log(*partition, entries, &mut problems);
            let read = self
                .read
                .get(partition)
                .map_or(&[][..], |read| last_run(read));
            // What was written after the end was asked for may have been read as well.
            let end = entries.last().map_or(0, |(offset, _)| offset + 1);
            let read = &read[..read.partition_point(|(offset, _)| *offset < end)];
            if read != entries {
                problems.push(format!(
                    "of partition {partition}, the consumer was handed {} records from the last \
                     beginning on, and its log holds {} others: {:?}, {:?}",
                    read.len(),
                    entries.len(),
                    read.first(),
                    entries.first(),
                ));
            }
        }
        problems
    }

    fn judge_reading(&self, partition: i32, entries: &[Entry], problems: &mut Vec<String>) {
        let (mut next, mut last) = (0, None);
        for (offset, number) in entries {
            if *offset != next && *offset != 0 {
                problems.push(format!(
                    "the consumer was handed offset {offset} of partition {partition}, where \
                     {next} was to come"
                ));
            }
            next = offset + 1;
            let Some(number) = *number else { continue };
            if Some(number) <= last {
                problems.push(format!(
                    "the consumer was handed record {number} of partition {partition} after \
                     {last:?}"
                ));
            }
            last = Some(number);
            self.judge_entry(partition, *offset, number, problems);
        }
    }

    fn judge_entry(&self, partition: i32, offset: i64, number: usize, problems: &mut Vec<String>) {
        let place = format!("record {number} is at offset {offset} of partition {partition}");
        let Some(sent) = self.sent.get(number) else {
            problems.push(format!("{place} and was never sent"));
            return;
        };
        if sent.partition != partition {
            problems.push(format!("{place} and was sent to {}", sent.partition));
        }
        match sent.outcome {
            Some(Outcome::Failed) => problems.push(format!("{place} and was said to have failed")),
            Some(Outcome::Delivered(Some(told))) if told != offset => {
                problems.push(format!("{place} and was acknowledged for {told}"));
            }
            _ => {}
        }
    }

    fn judge_log(&self, partition: i32, entries: &[Entry], problems: &mut Vec<String>) {
        let numbers: Vec<usize> = entries.iter().filter_map(|(_, number)| *number).collect();
        for (offset, number) in entries {
            let Some(number) = *number else { continue };
            self.judge_entry(partition, *offset, number, problems);
            let accepted = self.sent.get(number).and_then(|sent| sent.accepted);
            if accepted.is_some_and(|accepted| accepted < self.created) {
                problems.push(format!(
                    "record {number} was accepted before the topic was created for the last \
                     time, and yet is in it: offset {offset} of partition {partition}"
                ));
            }
        }
        let there: BTreeSet<usize> = numbers.iter().copied().collect();
        let first = there.first().copied().unwrap_or(self.sent.len());
        let missing = (first..).zip(self.sent.iter().skip(first));
        let missing = missing.filter(|(number, sent)| {
            sent.partition == partition
                && matches!(sent.outcome, Some(Outcome::Delivered(_)))
                && !there.contains(number)
        });
        for (number, _) in missing {
            problems.push(format!(
                "record {number} was acknowledged and is not in partition {partition}, which \
                 holds records from {first} on"
            ));
        }
    }
}

/// What the consumer was handed since it began anew for the last time.
fn last_run(entries: &[Entry]) -> &[Entry] {
    let start = entries.iter().rposition(|(offset, _)| *offset == 0);
    start.map_or(&[], |start| &entries[start..])
}

fn number(value: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(value).ok()?;
    text.strip_prefix("record ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two records to partition 0, a new incarnation, two more.
    fn history() -> Fleeting {
        let mut fleeting = Fleeting::default();
        for n in 0..4 {
            if n == 2 {
                fleeting.creating(Duration::from_secs(10));
            }
            assert_eq!(fleeting.send(0), n);
            fleeting.accepted(Duration::from_secs(n as u64 * 6), n);
        }
        fleeting
    }

    fn read(fleeting: &mut Fleeting, entries: &[(i64, usize)]) {
        for (offset, n) in entries {
            fleeting.read(0, *offset, Fleeting::value(*n).as_bytes());
        }
    }

    fn held(fleeting: &mut Fleeting, entries: &[(i64, usize)]) {
        for (offset, n) in entries {
            fleeting.held(0, *offset, Fleeting::value(*n).as_bytes());
        }
    }

    fn resolve(fleeting: &mut Fleeting, outcomes: [Outcome; 4]) {
        for (n, outcome) in outcomes.into_iter().enumerate() {
            fleeting.resolve(n, outcome);
        }
    }

    const GOOD: [Outcome; 4] = [
        Outcome::Delivered(Some(0)),
        Outcome::Unknown,
        Outcome::Delivered(Some(0)),
        Outcome::Delivered(Some(1)),
    ];

    #[track_caller]
    fn check(fleeting: &Fleeting, wanted: &str) {
        let problems = fleeting.judge();
        assert!(
            problems.iter().any(|problem| problem.contains(wanted)),
            "{problems:?}"
        );
    }

    #[test]
    fn a_good_run_has_no_problem() {
        let mut fleeting = history();
        resolve(&mut fleeting, GOOD);
        read(&mut fleeting, &[(0, 0), (1, 1), (0, 2), (1, 3)]);
        held(&mut fleeting, &[(0, 2), (1, 3)]);
        assert_eq!(fleeting.judge(), Vec::<String>::new());
        let outcomes = fleeting.outcomes();
        assert_eq!((outcomes.delivered, outcomes.failed), (3, 0));
        assert_eq!((outcomes.unknown, fleeting.recreated()), (1, 1));
    }

    #[test]
    fn a_record_read_past_the_end_is_no_problem() {
        let mut fleeting = history();
        assert_eq!(fleeting.send(0), 4);
        resolve(&mut fleeting, GOOD);
        fleeting.resolve(4, Outcome::Unknown);
        read(&mut fleeting, &[(0, 0), (1, 1), (0, 2), (1, 3), (2, 4)]);
        held(&mut fleeting, &[(0, 2), (1, 3)]);
        assert_eq!(fleeting.judge(), Vec::<String>::new());
        assert_eq!(fleeting.in_the_last(), 2);
    }

    #[test]
    fn sends_without_an_outcome_or_with_two_are_found() {
        check(&history(), "4 sends have no outcome");
        let mut fleeting = history();
        fleeting.resolve(0, Outcome::Unknown);
        fleeting.resolve(0, Outcome::Failed);
        check(&fleeting, "second outcome");
    }

    #[test]
    fn what_a_consumer_repeats_leaves_out_or_mixes_is_found() {
        for (entries, wanted) in [
            (&[(0, 0), (1, 1), (0, 0)][..], "after Some(1)"),
            (&[(0, 0), (2, 1)], "where 1 was to come"),
            (&[(1, 0)], "where 0 was to come"),
            (&[(0, 2), (1, 1)], "after Some(2)"),
            (&[(0, 7)], "never sent"),
            (&[(0, 3)], "acknowledged for 1"),
        ] {
            let mut fleeting = history();
            resolve(&mut fleeting, GOOD);
            read(&mut fleeting, entries);
            check(&fleeting, wanted);
        }
    }

    #[test]
    fn what_the_last_log_lacks_or_should_not_hold_is_found() {
        for (entries, wanted) in [
            (&[(0, 1), (1, 2)][..], "yet is in it"),
            (&[(0, 2)], "record 3 was acknowledged and is not"),
            (&[(0, 2), (1, 3)], "the consumer was handed 0 records"),
        ] {
            let mut fleeting = history();
            resolve(&mut fleeting, GOOD);
            held(&mut fleeting, entries);
            check(&fleeting, wanted);
        }
        let mut fleeting = history();
        resolve(&mut fleeting, [GOOD[0], GOOD[1], Outcome::Failed, GOOD[3]]);
        held(&mut fleeting, &[(0, 2), (1, 3)]);
        check(&fleeting, "said to have failed");
    }
}
