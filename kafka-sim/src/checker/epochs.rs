//! What clients believed of the leaders of partitions.

use std::time::Duration;

use super::view::View;
use super::words::at;
use super::{Anomaly, Findings};
use crate::history::{ClientId, LogId, StatedEpoch};

/// Leader epochs only grow: who has known one and acts on a lower one later has believed
/// metadata that is older than what it had.
pub(super) fn check(view: &View<'_>, findings: &mut Findings) {
    let mut stated: Vec<&StatedEpoch> = view.history.stated_epochs.iter().collect();
    stated.sort_by_key(|stated| (stated.client, stated.log, stated.at));
    let mut last: Option<Known> = None;
    for one in stated {
        let who = (one.client, one.log);
        let known = match &mut last {
            Some(known) if known.who == who => known,
            _ => last.insert(Known::new(who, one.epoch, one.at)),
        };
        known.look(one.at);
        if let Some((epoch, since)) = known.before.filter(|(epoch, _)| one.epoch < *epoch) {
            findings.add(Anomaly::StaleMetadata, || {
                format!(
                    "{} stated leader epoch {} of {} at {}, and {epoch} at {} already",
                    view.client(one.client),
                    one.epoch,
                    view.log(one.log),
                    at(one.at),
                    at(since),
                )
            });
        }
        known.learn(one.epoch, one.at);
    }
}

/// The highest epochs that a client has stated of a log.
struct Known {
    who: (ClientId, LogId),
    /// Before this moment: what is stated in one moment is in no order.
    before: Option<(i32, Duration)>,
    highest: (i32, Duration),
}

impl Known {
    fn new(who: (ClientId, LogId), epoch: i32, at: Duration) -> Self {
        Self {
            who,
            before: None,
            highest: (epoch, at),
        }
    }

    fn look(&mut self, now: Duration) {
        if self.highest.1 < now {
            self.before = Some(self.highest);
        }
    }

    fn learn(&mut self, epoch: i32, now: Duration) {
        if epoch > self.highest.0 {
            self.highest = (epoch, now);
        }
    }
}
