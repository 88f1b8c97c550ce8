//! Which of the ids that a topic's name has had is its present one.

use std::sync::Arc;

use kafka_protocol::Uuid;

use crate::cluster::Topic;

/// How many ids a name has shed are remembered. Brokers lag by seconds, so
/// hardly more than one matters at a time.
const REMEMBERED: usize = 4;

/// How many answers in a row with an id that was shed are dismissed. The order
/// in which ids are seen is not proof: where the first answer came from a broker
/// ahead of the second, the id that was shed is the real one, and the brokers go
/// on saying so.
const DISMISSALS: u8 = 8;

/// The ids of a topic that was recreated or dropped out.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    /// The latest that was believed.
    present: Uuid,
    /// Those before it, the oldest first.
    shed: Vec<Uuid>,
    /// Answers in a row that were not believed.
    dismissed: u8,
    /// The topic as it was when a broker did not know it.
    gone: Option<Arc<Topic>>,
}

impl Ids {
    pub(super) fn new(present: Uuid) -> Self {
        Self {
            present,
            shed: Vec::new(),
            dismissed: 0,
            gone: None,
        }
    }

    /// A broker does not know the topic.
    pub(super) fn drop_out(&mut self, topic: &Arc<Topic>) {
        // One that an error left without partitions knows less than what was there before.
        if self.gone(topic.id()).is_none() || !topic.partitions().is_empty() {
            self.gone = Some(Arc::clone(topic));
        }
    }

    /// The topic of this id, if that is what a broker did not know.
    pub(super) fn gone(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.gone.clone().filter(|topic| topic.id() == id)
    }

    /// Whether to believe an answer that names this id; from then on it is the
    /// present one.
    pub(super) fn believe(&mut self, id: Uuid) -> bool {
        if id != self.present {
            if self.shed.contains(&id) && self.dismissed < DISMISSALS {
                self.dismissed += 1;
                return false;
            }
            self.shed.retain(|shed| *shed != id);
            self.shed.push(self.present);
            let surplus = self.shed.len().saturating_sub(REMEMBERED);
            self.shed.drain(..surplus);
            self.present = id;
            self.gone = None;
        }
        self.dismissed = 0;
        true
    }

    /// The topic is there again.
    pub(super) fn came_back(&mut self) {
        self.gone = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_metadata::id;

    #[test]
    fn only_so_many_ids_are_remembered() {
        let mut ids = Ids::new(id(1));
        for new in 2..=200 {
            assert!(ids.believe(id(new)));
            assert!(ids.shed.len() <= REMEMBERED);
        }
        assert_eq!(ids.shed, [id(196), id(197), id(198), id(199)]);
        assert!(!ids.believe(id(196)));
        assert!(ids.believe(id(195)), "forgotten");
    }

    #[test]
    fn brokers_that_insist_are_believed() {
        let mut ids = Ids::new(id(1));
        assert!(ids.believe(id(2)));
        for _ in 1..DISMISSALS {
            assert!(!ids.believe(id(1)));
        }
        assert!(ids.believe(id(2)), "which ends the row");
        for _ in 0..DISMISSALS {
            assert!(!ids.believe(id(1)));
        }
        assert!(ids.believe(id(1)));
        assert!(!ids.believe(id(2)), "shed in its turn");
    }
}
