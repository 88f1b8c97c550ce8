//! By a hash of the key, as other clients compute it.

use kafka_net::Random;

use super::PartitionChooser;
use super::draw::Wishes;
use super::sticky::{Moving, Sticky};
use crate::cluster::Topic;

/// Places records where `place` says; those of which it says nothing stay with one
/// partition for a batch.
pub(super) struct Hashed<P> {
    place: P,
    keyless: Sticky,
}

impl<P: Fn(Option<&[u8]>, &Topic) -> Option<i32> + Send> Hashed<P> {
    pub(super) fn new(place: P) -> Self {
        let keyless = Sticky {
            ignores_keys: true,
            moving: Moving::Anywhere,
            wishes: Wishes::default(),
            current: None,
        };
        Self { place, keyless }
    }
}

impl<P: Fn(Option<&[u8]>, &Topic) -> Option<i32> + Send> PartitionChooser for Hashed<P> {
    fn choose(&mut self, key: Option<&[u8]>, topic: &Topic, random: &Random) -> i32 {
        let placed = (self.place)(key, topic);
        placed.unwrap_or_else(|| self.keyless.keyless(topic, random))
    }

    fn on_new_batch(
        &mut self,
        partition: i32,
        topic: &Topic,
        queued: &dyn Fn(i32) -> usize,
        random: &Random,
    ) {
        self.keyless.on_new_batch(partition, topic, queued, random);
    }
}
