//! What a run shows.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kafka_client::ProducerMetrics;

use super::board::{Marks, Notes, Place};
use super::fleeting::Outcomes;
use super::gaps::{Gap, windows};
use super::schedule::Fault;
use super::{LONGEST_GAP, Options};
use crate::soak::Struck;

/// How a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Figures {
    /// What was asked for.
    pub options: Options,
    /// How long it took.
    pub took: Duration,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, Struck>,
    /// Records for the topics that stay: acknowledged, failed for certain, and of unknown
    /// outcome; those of the witnesses too.
    pub outcomes: (usize, usize, usize),
    /// Records for the topic that was deleted.
    pub fleeting: Outcomes,
    /// How often it was created anew.
    pub recreated: u32,
    /// Records of ours in the last incarnation's log.
    pub in_the_last: usize,
    /// Partitions in the end, of all topics.
    pub partitions: usize,
    /// Of the producer.
    pub metrics: ProducerMetrics,
    /// How steady the traffic to healthy brokers was.
    pub gaps: Gaps,
    /// Promises broken.
    pub problems: Vec<String>,
}

/// Times without traffic while the witness was served.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Gaps {
    /// Windows longer than a gap may be: only in these one could be found.
    pub windows: usize,
    /// Of these, those during which a broker was away for a time.
    pub struck: usize,
    /// Their lengths together.
    pub watched: Duration,
    /// The longest time without an acknowledgement: where, since when, how long.
    pub acknowledged: Option<(String, Duration, Duration)>,
    /// The longest time without a record for the consumer.
    pub read: Option<(String, Duration, Duration)>,
}

impl Gaps {
    /// Enters a partition; what is wrong with it.
    pub(super) fn enter(&mut self, place: Place, marks: &Marks, notes: &Notes) -> Vec<String> {
        let mut problems = Vec::new();
        for window in windows(&marks.ticks) {
            let name = format!("{}-{} at broker {}", place.0, place.1, window.leader.broker);
            if window.length() > LONGEST_GAP {
                self.windows += 1;
                self.watched += window.length();
                let mut faults = notes.faults.iter();
                let is_struck = faults.any(|(began, ended, name)| {
                    name.contains("of broker") && *began < window.to && *ended > window.from
                });
                self.struck += usize::from(is_struck);
            }
            for (what, marks, longest) in [
                ("acknowledged", &marks.acknowledged, &mut self.acknowledged),
                ("read", &marks.read, &mut self.read),
            ] {
                let Gap { length, from } = window.longest_gap(marks);
                if longest.as_ref().is_none_or(|(_, _, most)| length > *most) {
                    *longest = Some((name.clone(), from, length));
                }
                if length > LONGEST_GAP {
                    let to = from + length;
                    let faults = notes.faults.iter();
                    let about = faults.filter(|(began, ended, _)| *began < to && *ended > from);
                    problems.push(format!(
                        "{name}: nothing {what} from {from:?} to {to:?}, though its witness was \
                         served from {:?} to {:?}; meanwhile {:?}",
                        window.from,
                        window.to,
                        about.collect::<Vec<_>>()
                    ));
                }
            }
        }
        problems
    }
}

impl Figures {
    /// Faults that met requests in flight.
    pub fn faults_in_flight(&self) -> u64 {
        self.faults.values().map(|struck| struck.in_flight).sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}, {:.0} s, {} partitions in the end",
            self.options.seed,
            self.took.as_secs_f64(),
            self.partitions
        )?;
        writeln!(
            f,
            "{:<16} {:>6} {:>20}",
            "fault", "times", "requests in flight"
        )?;
        for kind in Fault::ALL {
            let struck = self.faults.get(&kind).copied().unwrap_or_default();
            writeln!(f, "{kind:<16} {:>6} {:>20}", struck.times, struck.in_flight)?;
        }
        let times: u64 = self.faults.values().map(|struck| struck.times).sum();
        writeln!(
            f,
            "{:<16} {times:>6} {:>20}",
            "all",
            self.faults_in_flight()
        )?;
        let (acknowledged, failed, unknown) = self.outcomes;
        writeln!(
            f,
            "topics that stay: {acknowledged} records acknowledged, {failed} failed, {unknown} \
             of unknown outcome (of witnesses only); {} requests lost unacknowledged, {} batches \
             retried",
            self.metrics.requests_lost_unacknowledged, self.metrics.retries
        )?;
        writeln!(
            f,
            "the topic created anew {} times: {:?}, {} records in the last",
            self.recreated, self.fleeting, self.in_the_last
        )?;
        writeln!(
            f,
            "{} windows longer than {LONGEST_GAP:?}, {:.0} s together; {} while a broker was away",
            self.gaps.windows,
            self.gaps.watched.as_secs_f64(),
            self.gaps.struck
        )?;
        for (what, gap) in [
            ("an acknowledgement", &self.gaps.acknowledged),
            ("a record read", &self.gaps.read),
        ] {
            if let Some((place, from, length)) = gap {
                let (from, length) = (from.as_secs_f64(), length.as_secs_f64());
                writeln!(
                    f,
                    "longest without {what}: {length:.1} s from {from:.1} s on, {place}"
                )?;
            }
        }
        for problem in &self.problems {
            writeln!(f, "WRONG: {problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::Uuid;

    use super::super::gaps::{Leader, Tick};
    use super::*;

    /// Served every second for a minute; acknowledged and read every second but for so
    /// many after half of it.
    fn marks(unacknowledged: u64, unread: u64) -> Marks {
        let leader = Leader {
            topic_id: Uuid::default(),
            broker: 1,
            epoch: 5,
        };
        let seconds = |without| {
            let seconds = (0..60).filter(move |n| !(30..30 + without).contains(n));
            seconds.map(Duration::from_secs).collect::<Vec<_>>()
        };
        let ticks = seconds(0).into_iter().map(|from| Tick {
            leader: Some(leader),
            from,
            to: from + Duration::from_millis(20),
        });
        Marks {
            acknowledged: seconds(unacknowledged),
            own_read: true,
            read: seconds(unread),
            ticks: ticks.collect(),
        }
    }

    #[test]
    fn a_gap_that_the_witness_does_not_explain_is_found() {
        let mut notes = Notes::default();
        let (began, ended) = (Duration::from_secs(25), Duration::from_secs(35));
        notes
            .faults
            .push((began, ended, "kill of broker 2".to_owned()));
        let longest = LONGEST_GAP.as_secs();
        let check = |unacknowledged, unread, wanted: &[&str]| {
            let mut gaps = Gaps::default();
            let marks = marks(unacknowledged, unread);
            let problems = gaps.enter(("steady", 0), &marks, &notes);
            assert_eq!(problems.len(), wanted.len(), "{problems:?}");
            for (problem, wanted) in problems.iter().zip(wanted) {
                assert!(problem.contains(wanted), "{problem}");
                assert!(problem.contains("kill of broker 2"), "{problem}");
            }
            assert_eq!((gaps.windows, gaps.watched.as_secs()), (1, 59));
            assert_eq!(gaps.struck, 1);
        };
        check(0, 0, &[]);
        check(longest - 1, longest - 1, &[]);
        check(longest, 0, &["nothing acknowledged from 29s"]);
        check(0, longest, &["nothing read from 29s"]);
        check(longest, longest, &["nothing acknowledged", "nothing read"]);
    }

    #[test]
    fn nobody_is_blamed_while_the_witness_was_not_served() {
        let mut marks = marks(LONGEST_GAP.as_secs() + 5, 0);
        marks.ticks.retain(|tick| {
            tick.from < Duration::from_secs(31) || tick.from > Duration::from_secs(40)
        });
        let mut gaps = Gaps::default();
        let problems = gaps.enter(("steady", 0), &marks, &Notes::default());
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!((gaps.windows, gaps.struck), (2, 0));
    }

    #[test]
    fn a_partition_that_was_never_used_is_found() {
        let unused = |unacknowledged, own_read| {
            let marks = Marks {
                own_read,
                ..marks(unacknowledged, 0)
            };
            let marks = match unacknowledged {
                0 => marks,
                _ => Marks {
                    acknowledged: Vec::new(),
                    ..marks
                },
            };
            marks.unused(("growing", 3)).unwrap_or_default()
        };
        assert_eq!(unused(0, true), "");
        assert!(unused(1, true).contains("ever acknowledged"));
        assert!(unused(0, false).contains("ever read"));
    }
}
