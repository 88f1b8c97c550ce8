//! No choice at all.

use kafka_net::Random;

use super::{PartitionChooser, Partitioner};
use crate::cluster::Topic;

/// Every record has to name its partition; one that does not is refused.
///
/// For programs that place records themselves, where a record placed by chance would be
/// a bug.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExplicitPartitioner;

impl Partitioner for ExplicitPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        Box::new(*self)
    }
}

impl PartitionChooser for ExplicitPartitioner {
    fn choose(&mut self, _key: Option<&[u8]>, _topic: &Topic, _random: &Random) -> i32 {
        -1
    }
}
