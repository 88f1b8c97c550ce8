//! When a partition could be used, by its witness, and how long nothing of ours went
//! through meanwhile. Pure.

use std::time::Duration;

use kafka_protocol::Uuid;

/// Who led a partition, of which incarnation of its topic, since which election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) topic_id: Uuid,
    pub(super) broker: i32,
    pub(super) epoch: i32,
}

/// A record that the witness wrote and read back, in time, or tried to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tick {
    /// Who served it; `None` if nobody did.
    pub(super) leader: Option<Leader>,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// A time through which one leader served its witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) leader: Leader,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// A time without traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gap {
    pub(super) length: Duration,
    pub(super) from: Duration,
}

/// A witness that says nothing for longer than this, after its pause, has nothing to say
/// of that time: perhaps this whole process did not run.
const SILENCE: Duration = Duration::from_millis(1_500);

impl Window {
    pub(super) fn length(&self) -> Duration {
        self.to - self.from
    }

    /// The longest time without any of `marks`, which are in order: from the beginning
    /// of the window, between two of them, or up to its end.
    pub(super) fn longest_gap(&self, marks: &[Duration]) -> Gap {
        let inside = marks.iter().copied();
        let inside = inside.filter(|mark| (self.from..=self.to).contains(mark));
        let mut last = self.from;
        let gaps = inside.chain([self.to]).map(|mark| {
            let from = std::mem::replace(&mut last, mark);
            Gap {
                length: mark - from,
                from,
            }
        });
        gaps.max().unwrap_or_default()
    }
}

/// The windows of a partition, in order, from what its witness saw, in order.
pub(super) fn windows(ticks: &[Tick]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let mut is_open = false;
    for tick in ticks {
        let Some(leader) = tick.leader else {
            is_open = false;
            continue;
        };
        match windows.last_mut() {
            Some(window)
                if is_open && window.leader == leader && tick.from <= window.to + SILENCE =>
            {
                window.to = tick.to;
            }
            // Before the end of its first tick, the leader may have waited for followers.
            _ => windows.push(Window {
                leader,
                from: tick.to,
                to: tick.to,
            }),
        }
        is_open = true;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn led_by(broker: i32) -> Leader {
        Leader {
            topic_id: Uuid::default(),
            broker,
            epoch: broker,
        }
    }

    fn ticks(seconds: impl IntoIterator<Item = (i32, u64)>) -> Vec<Tick> {
        let ticks = seconds.into_iter().map(|(broker, from)| Tick {
            leader: Some(led_by(broker)),
            from: at(from),
            to: at(from) + Duration::from_millis(10),
        });
        ticks.collect()
    }

    #[test]
    fn a_window_ends_with_its_leader_and_when_the_witness_is_not_served() {
        let seen = windows(&ticks([(1, 0), (1, 1), (1, 2), (2, 3), (2, 4), (2, 9)]));
        let short: Vec<_> = seen
            .iter()
            .map(|window| {
                let (from, to) = (window.from.as_secs(), window.to.as_secs());
                (window.leader.broker, from, to)
            })
            .collect();
        assert_eq!(short, [(1, 0, 2), (2, 3, 4), (2, 9, 9)]);
        assert_eq!(windows(&[]), []);
    }

    #[test]
    fn an_election_begins_a_new_window_though_the_broker_is_the_same() {
        let mut ticks = ticks([(1, 0), (1, 1)]);
        ticks[1].leader = Some(Leader {
            epoch: 2,
            ..led_by(1)
        });
        assert_eq!(windows(&ticks).len(), 2);
    }

    #[test]
    fn a_refusal_ends_a_window_however_soon_the_witness_is_served_again() {
        let mut ticks = ticks([(1, 0), (1, 1), (1, 2), (1, 3)]);
        ticks[1].leader = None;
        let seen = windows(&ticks);
        let seen: Vec<_> = seen.iter().map(|w| (w.from, w.to)).collect();
        let end = |n: usize| ticks[n].to;
        assert_eq!(seen, [(end(0), end(0)), (end(2), end(3))]);
    }

    #[test]
    fn a_window_begins_when_its_first_record_was_read_back() {
        let mut ticks = ticks([(1, 0), (1, 4)]);
        ticks[0].to = at(3);
        let seen = windows(&ticks);
        assert_eq!((seen.len(), seen[0].from), (1, at(3)));
    }

    #[test]
    fn the_longest_gap_may_be_at_either_end() {
        let window = Window {
            leader: led_by(1),
            from: at(10),
            to: at(20),
        };
        let check = |marks: &[u64], from, length| {
            let marks: Vec<_> = marks.iter().copied().map(at).collect();
            let gap = window.longest_gap(&marks);
            assert_eq!((gap.from, gap.length), (at(from), at(length)), "{marks:?}");
        };
        check(&[], 10, 10);
        // What lies outside does not count.
        check(&[5, 9, 21], 10, 10);
        check(&[14, 15, 16], 16, 4);
        check(&[15, 16, 19], 10, 5);
        check(&[11, 12, 18, 19], 12, 6);
    }
}
